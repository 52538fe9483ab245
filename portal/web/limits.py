"""Limits on guessing: counted over all processes, in Redis where there is one, else in the database."""

import hmac
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import NoReturn, TypeVar, cast

import structlog
from flask import Flask, current_app, request
from flask_babel import gettext
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string

from portal.config import Config
from portal.core.actors import ANONYMOUS
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import TooManyRequests
from portal.core.limits import DatabaseStorage

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in so many seconds, from the first one on."""

    name: str
    amount: int
    seconds: int


#: Different wrong codes from one address; a whole hall may share one.
CODES_BY_ADDRESS = Limit("codes", 30, 600)
#: Different wrong codes from everywhere; beyond them wrong codes are answered slowly: so many a second.
CODES_EVERYWHERE = Limit("codes-everywhere", 300, 600)
CODES_SLOWED = Limit("codes-slowed", 5, 1)
SLOWED_WAIT = 5
#: Passwords for one account from one address, and for all accounts from one address.
PASSWORDS = Limit("passwords", 10, 900)
PASSWORDS_BY_ADDRESS = Limit("passwords-by-address", 60, 900)
#: Wrong secrets of applications from one address.
CLIENTS_BY_ADDRESS = Limit("clients", 30, 600)

_SEEN = Limit("code-seen", 1, CODES_BY_ADDRESS.seconds)


class _Counters:
    """Where the counts are. Without an answer from Redis the database counts: a limit is never off by accident."""

    def __init__(self, config: Config) -> None:
        self.enabled = config.ratelimit_enabled
        self.key = config.secret_key.encode()
        self.own: Storage = DatabaseStorage()
        self.shared: Storage | None = None
        if config.redis_url:
            options: dict[str, float] = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
            found = storage_from_string(config.redis_url, wrap_exceptions=True, **options)
            self.shared = cast(Storage, found)

    def __call__(self, work: Callable[[Storage], T]) -> T:
        if self.shared is not None:
            try:
                return work(self.shared)
            except StorageError as problem:
                log.warning("limits.redis_unreachable", problem=str(problem))
        return work(self.own)


def init_app(app: Flask, config: Config) -> None:
    """Say where this app counts."""
    app.extensions["portal_limits"] = _Counters(config)


def _counters() -> _Counters:
    return cast(_Counters, current_app.extensions["portal_limits"])


def _key(limit: Limit, parts: tuple[str, ...]) -> str:
    """Neither addresses nor half-right codes lie around in the counters: only a keyed hash of them."""
    secret = hmac.new(_counters().key, "\0".join(parts).encode(), sha256).hexdigest()
    return f"portal/{limit.name}/{secret[:40]}"


# --------------------------------------------------------------------------------------------------- any limit


def count(limit: Limit, *parts: str, by: int = 1) -> int:
    """Count it, and say how often it happened in its window. 0 where limits are switched off.

    Call it while the request has no writing transaction.
    """
    counters = _counters()
    if not counters.enabled:
        return 0
    key = _key(limit, parts)
    return counters(lambda storage: storage.incr(key, limit.seconds, by))


def counted(limit: Limit, *parts: str) -> int:
    """How often it happened in its window, without counting."""
    counters = _counters()
    return counters(lambda storage: storage.get(_key(limit, parts))) if counters.enabled else 0


def wait(limit: Limit, *parts: str) -> int:
    """The seconds until the window closes, at least one."""
    closes = _counters()(lambda storage: storage.get_expiry(_key(limit, parts)))
    return max(1, min(limit.seconds, ceil(closes - time.time())))


def forget(limit: Limit, *parts: str) -> None:
    """Begin again at nothing."""
    counters = _counters()
    if counters.enabled:
        counters(lambda storage: storage.clear(_key(limit, parts)))


def client_address() -> str:
    """Where a request comes from: an IPv4 address, or an IPv6 network of 64 bits, which is what one subscriber gets."""
    try:
        address = ipaddress.ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def refuse(message: str, seconds: int) -> NoReturn:
    """Answer 429; ``message`` is for the person, already translated."""
    raise TooManyRequests(message, retry_after=seconds)


def note(limit: Limit, reached: int) -> None:
    """Write once for each window in the audit log that a limit was reached; the request writes nothing else."""
    if reached == limit.amount + 1:
        record(actor=ANONYMOUS, action="limit.reached", data={"limit": limit.name, "address": client_address()})
        db.session.commit()


# ---------------------------------------------------------------------------------------------------- the doors


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that is about to be checked; it has been counted as a wrong one."""

    address: str
    email: str

    def forgive(self) -> None:
        """It was right: it does not count."""
        forget(PASSWORDS, self.address, self.email)
        count(PASSWORDS_BY_ADDRESS, self.address, by=-1)


def password_attempt(email: str) -> Attempt:
    """Count an attempt before the password is looked at, so that many at once do not get past the limit.

    Raises `TooManyRequests` where there were too many.
    """
    attempt = Attempt(client_address(), email.strip().lower())
    for limit, parts in ((PASSWORDS, (attempt.address, attempt.email)), (PASSWORDS_BY_ADDRESS, (attempt.address,))):
        reached = count(limit, *parts)
        if reached > limit.amount:
            note(limit, reached)
            refuse(gettext("There were too many attempts to sign in. Nobody was signed in."), wait(limit, *parts))
    return attempt


def wrong_code(code: str, *, exempt: bool) -> None:
    """Count a code that opens nothing. The same one again from the same address does not count.

    Raises `TooManyRequests` where there were too many. A code that works never comes here, and ``exempt`` browsers
    (signed in already) are counted but not refused.
    """
    address = client_address()
    new = count(_SEEN, address, code) <= 1
    here = count(CODES_BY_ADDRESS, address) if new else counted(CODES_BY_ADDRESS, address)
    everywhere = count(CODES_EVERYWHERE) if new else 0
    if new:
        note(CODES_BY_ADDRESS, here)
        note(CODES_EVERYWHERE, everywhere)
    if exempt:
        return
    if here > CODES_BY_ADDRESS.amount:
        refuse(
            gettext(
                "This code is not known, and too many wrong ones were tried from this network. "
                "Compare it with your mail or badge. The right code works at any time."
            ),
            wait(CODES_BY_ADDRESS, address),
        )
    if everywhere > CODES_EVERYWHERE.amount and count(CODES_SLOWED) > CODES_SLOWED.amount:
        refuse(
            gettext(
                "This code is not known, and many wrong ones are being tried just now. "
                "Compare it with your mail or badge. The right code works at any time."
            ),
            SLOWED_WAIT,
        )


def wrong_client() -> None:
    """Count an application that did not show the right secret; one that does never comes here.

    Raises `TooManyRequests` where there were too many. Call it when the request's transaction is over.
    """
    address = client_address()
    reached = count(CLIENTS_BY_ADDRESS, address)
    note(CLIENTS_BY_ADDRESS, reached)
    if reached > CLIENTS_BY_ADDRESS.amount:
        refuse(gettext("Too many wrong secrets came from this network."), wait(CLIENTS_BY_ADDRESS, address))
