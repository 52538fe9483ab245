"""Doors for those who run the portal: is it alive, is it ready, what does it count."""

import os
from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.core import health, outbox
from portal.web.access import metrics_token, public_api
from portal.web.errors import json_response

blueprint = Blueprint("ops", __name__)

_NEVER_KEPT = {"Cache-Control": "no-store"}


@blueprint.get("/healthz")
@public_api
def healthz() -> Response:
    """Alive: this process answers. Asks nobody else."""
    return json_response({"status": "ok"}, 200, _NEVER_KEPT)


@blueprint.get("/readyz")
@public_api
def readyz() -> Response:
    """Ready: the database answers, its schema is the newest, a worker is behind the queue."""
    found = health.problems()
    if found:
        return json_response({"status": "not ready", "problems": found}, 503, _NEVER_KEPT)
    return json_response({"status": "ok"}, 200, _NEVER_KEPT)


class _Outbox(Collector):
    """The outbox as it stands, read when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        gauge = GaugeMetricFamily("portal_outbox", "Rows of the outbox", labels=("kind", "status"))
        for kind, status, count in outbox.counts():
            gauge.add_metric((kind, status), count)
        yield gauge


@blueprint.get("/metrics")
@metrics_token
def metrics() -> Response:
    """Requests, latency and jobs of all processes of this machine, and the outbox."""
    own = CollectorRegistry()
    own.register(_Outbox())
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(own)  # type: ignore[no-untyped-call]
        body = generate_latest(own)
    else:
        body = generate_latest(REGISTRY) + generate_latest(own)
    return Response(body, 200, _NEVER_KEPT, content_type=CONTENT_TYPE_LATEST)
