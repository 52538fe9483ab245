"""A rate for each API token: so many requests a minute, counted over all processes, and cheap below it."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from flask import Flask
from flask.globals import request_ctx

from portal.config import Config
from portal.core.codes import hash_token
from portal.core.database import db
from portal.core.errors import Forbidden, TooManyRequests
from portal.web.limits import Limit, count

T = TypeVar("T")
R = TypeVar("R")

SECONDS = 60
#: A process tells the others after so many requests of a token, this part of the rate: up to a rate of 50 after each
#: one, so that it holds exactly; above it, a process may let through 2 % more.
SHARE = 50

#: Where the rate holds, and for which credentials: programs that can wait. Phones at a gate cannot.
PREFIXES = ("/api/v1/organizers/", "/api/v1/var/")
SCHEMES = ("token", "bearer")


class Throttle:
    """What this process knows of the tokens that are in use this minute."""

    def __init__(self, rate: int, now: Callable[[], float] = time.time) -> None:
        self._rate = rate
        self._batch = max(1, rate // SHARE)
        self._limit = Limit("api", rate, SECONDS)
        self._now = now
        self._lock = threading.Lock()
        self._minute = 0
        self._known: dict[str, tuple[int, int]] = {}  # how many all processes had told, and how many came here since

    def spend(self) -> None:
        """Count this request for its token, which has been found good.

        Raises `TooManyRequests` where the token has had its requests of this minute.
        """
        current = request_ctx.request
        if not current.path.startswith(PREFIXES):
            return
        scheme, _, token = current.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() not in SCHEMES:
            return
        # As the access rules read it: another spelling is no other token.
        credentials = f"{scheme.lower()} {token.strip()}"
        now = self._now()
        minute = int(now // SECONDS)
        with self._lock:
            if minute != self._minute:
                self._minute, self._known = minute, {}
            told, here = self._known.get(credentials, (0, 0))
            here += 1
            over = told + here > self._rate
            tell = not over and here >= self._batch
            if not over:
                self._known[credentials] = (told, 0 if tell else here)
        if tell:
            # What the access rules read: the count is a transaction of its own, which on SQLite would wait for it.
            db.session.rollback()
            total = count(self._limit, str(minute), hash_token(credentials), by=here)
            with self._lock:
                if minute == self._minute:
                    told, since = self._known.get(credentials, (0, 0))
                    self._known[credentials] = (max(told, total), since)
            over = total > self._rate
        if over:
            seconds = max(1, SECONDS - int(now % SECONDS))
            message = f"This token has made its requests of this minute. Please try again in {seconds} s."
            raise TooManyRequests(message, retry_after=seconds)

    def counted(self, check: Callable[[T], R], rule: T) -> R:
        """Ask an access rule, and count the request where the credentials were good, whatever they may do."""
        try:
            answer = check(rule)
        except Forbidden:
            self.spend()
            raise
        self.spend()
        return answer

    def forget(self) -> None:
        """Know nothing of any token, as a process that has just started."""
        with self._lock:
            self._known = {}


def of(app: Flask) -> Throttle | None:
    """The throttle of ``app``; None where its settings name no rate."""
    config: Config = app.config["PORTAL"]
    if not config.api_rate or not config.ratelimit_enabled:
        return None
    throttle = app.extensions["portal_throttle"] = Throttle(config.api_rate)
    return throttle
