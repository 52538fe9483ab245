"""Lists that say when they last changed: ETag, Last-Modified, 304, and counts that hold as long as nothing changes."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime, timedelta

from flask import Response, request
from werkzeug.http import http_date

from portal.core import clock
from portal.web.rest import empty, reply

#: How long a change is too fresh to be told from the next one: dates have whole seconds, and a transaction that
#: began before this one may commit after it. Longer transactions touch their event's `modified` last.
SETTLING = timedelta(seconds=2)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Stamp:
    """When the things that a list shows last changed: one time for each kind of thing, None where there is none."""

    __slots__ = ("latest", "settled", "times")

    def __init__(self, times: Iterable[datetime | None]) -> None:
        self.times = tuple(times)
        self.latest = max((time for time in self.times if time is not None), default=_LONG_AGO)
        self.settled = clock.now() - self.latest >= SETTLING

    def with_changes(self, *times: datetime | None) -> "Stamp":
        """The stamp of a list that shows more things."""
        return Stamp((*self.times, *times)) if any(times) else self

    @property
    def last_modified(self) -> str:
        """The header's value. A date under which more may still change is put a second back, so that it never holds."""
        return http_date(self.latest if self.settled else self.latest - timedelta(seconds=1))


def not_modified(stamp: Stamp) -> Response | None:
    """304 where the caller's date says that it has seen all this; asked before the list is read.

    `If-None-Match` goes before `If-Modified-Since`, which then does not count.
    """
    since = request.if_modified_since
    if since is None or "If-None-Match" in request.headers or not stamp.settled:
        return None
    if stamp.latest.replace(microsecond=0) > since:
        return None
    return _bare({"Last-Modified": stamp.last_modified})


def answer(body: bytes, stamp: Stamp) -> Response:
    """The list with its validators; 304 where the caller has this very body."""
    headers = {"Last-Modified": stamp.last_modified, "ETag": etag(body)}
    given = request.headers.get("If-None-Match")
    if given is not None and (given.strip() == "*" or request.if_none_match.contains_weak(headers["ETag"][1:-1])):
        return _bare(headers)
    return reply(body, headers=headers)


def etag(body: bytes) -> str:
    """The strong validator of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def _bare(headers: dict[str, str]) -> Response:
    return empty(304, headers)


class Counts:
    """Counts of lists, each true as long as the stamp it was taken under. Fresh changes are counted anew every time."""

    def __init__(self, size: int = 2000) -> None:
        self._size = size
        self._known: OrderedDict[Hashable, tuple[tuple[datetime | None, ...], int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, stamp: Stamp, count: Callable[[], int]) -> int:
        """The count under ``key``, taken now unless nothing changed since it was."""
        if not stamp.settled:
            return count()
        known = self._known.get(key)
        if known is not None and known[0] == stamp.times:
            return known[1]
        value = count()
        with self._lock:
            self._known[key] = (stamp.times, value)
            self._known.move_to_end(key)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return value
