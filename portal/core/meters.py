"""What is counted and measured, for `/metrics`: one place, since several processes share the files behind it."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("portal_requests", "Requests answered", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "portal_request_seconds",
    "Time to an answer",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
JOBS = Counter("portal_jobs", "Attempts at work of the outbox", ("kind", "outcome"))
JOB_SECONDS = Histogram(
    "portal_job_seconds",
    "Time of an attempt",
    ("kind",),
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60),
)
