"""Idempotency keys: a repeated request is answered with what the first one was told, and not executed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g, request
from flask.globals import app_ctx, request_ctx
from sqlalchemy.dialects import postgresql, sqlite

from portal.core import clock, queue
from portal.core.codes import hash_token
from portal.core.database import db, side_write
from portal.core.errors import Conflict, InvalidInput
from portal.core.models import IdempotencyKey
from portal.core.statements import run
from portal.web.access import SAFE_METHODS, actor

HEADER = "X-Idempotency-Key"
#: Where keys are taken (platform rules, Idempotency).
PREFIXES = ("/api/v1/organizers/", "/api/v1/var/")
LIFETIME = timedelta(hours=24)
#: A request that took longer than this has died with its server: the next one with its key is executed.
TAKEOVER = timedelta(seconds=60)
NOT_REMEMBERED = frozenset((409, 429, 500, 503))

_keys: sa.Table = IdempotencyKey.metadata.tables["idempotency_keys"]


@dataclass(slots=True)
class Claim:
    """This request's hold on its key: nobody else executes it as long as the row says so."""

    id: int
    created: datetime
    settled: bool = False


def init_app(app: Flask) -> None:
    """Honour keys on every request of ``app``: call it after `portal.web.access.init_app`."""
    app.before_request(_begin)
    app.after_request(_finish)
    queue.hourly(app, "idempotency", purge)


def _given() -> str | None:
    current = request_ctx.request
    if current.method in SAFE_METHODS or not current.path.startswith(PREFIXES):
        return None
    return current.headers.get(HEADER) or None


def _scope() -> str:
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    return hash_token(f"{scheme.lower()} {value.strip()}")


def _begin() -> Response | None:
    key = _given()
    if key is None or request.endpoint is None:
        return None
    if len(key) > 255 or "\0" in key:
        raise InvalidInput({HEADER: ["Ensure this value has at most 255 characters."]})
    db.session.rollback()  # the access rules have read; on SQLite their transaction would keep the key's out
    found = _claim(key)
    if isinstance(found, Response):
        return found
    g.idempotency = found
    return None


def _insert() -> Any:
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(_keys).on_conflict_do_nothing()


def _row(key: str, now: datetime) -> dict[str, Any]:
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode(errors="replace"))
    digest.update(request.get_data(cache=True))
    return {"scope": _scope(), "key": key, "request": digest.hexdigest(), "created": now, "headers": {}}


def _claim(key: str) -> Claim | Response:
    """Take the key, or answer as its first request was; `Conflict` while that one runs."""
    now = clock.now()
    values = _row(key, now)
    with side_write() as connection:
        claimed = connection.execute(_insert().returning(_keys.c.id), values).scalar()
        if claimed is not None:
            return Claim(claimed, now)
        row = connection.execute(
            sa.select(_keys).where(_keys.c.scope == values["scope"], _keys.c.key == key)
        ).one_or_none()
        if row is None:
            raise _under_way()
        alive = now - row.created < (TAKEOVER if row.status is None else LIFETIME)
        if alive and row.status is None:
            raise _under_way()
        if alive:
            return Response(row.body or b"", row.status, row.headers)
        taken = connection.execute(
            _keys.update()
            .where(_keys.c.id == row.id, _keys.c.created == row.created)
            .values(created=now, request=values["request"], status=None, headers={}, body=None)
        ).rowcount
        if not taken:
            raise _under_way()
        return Claim(row.id, now)


def _under_way() -> Conflict:
    return Conflict("The first request with this idempotency key has not been answered yet. Please try again.")


def _answer(response: Response) -> dict[str, Any]:
    kept = {name: response.headers[name] for name in ("Content-Type", "Location", "Vary") if name in response.headers}
    return {"status": response.status_code, "headers": kept, "body": response.get_data()}


def _mine(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    return _keys.c.id == claim.id, _keys.c.created == claim.created, _keys.c.status.is_(None)


def remember(response: Response) -> None:
    """Store the answer in the transaction of the work it speaks of, so that both are committed or neither."""
    claim: Claim | None = g.get("idempotency")
    if claim is None:
        return
    if run(_keys.update().where(*_mine(claim)).values(**_answer(response))).rowcount == 0:
        raise _under_way()
    claim.settled = True


def _finish(response: Response) -> Response:
    claim: Claim | None = app_ctx.g.get("idempotency")
    if claim is None:
        if response.status_code == 403 and (key := _given()) and len(key) <= 255 and actor().kind != "anonymous":
            _store_refusal(key, response)
        return response
    if claim.settled and response.status_code < 400:
        return response
    db.session.rollback()
    with side_write() as connection:
        if response.status_code in NOT_REMEMBERED:
            connection.execute(_keys.delete().where(*_mine(claim)))
        else:
            connection.execute(_keys.update().where(*_mine(claim)).values(**_answer(response)))
    return response


def _store_refusal(key: str, response: Response) -> None:
    db.session.rollback()
    with side_write() as connection:
        connection.execute(_insert(), _row(key, clock.now()) | _answer(response))


def purge() -> int:
    """Forget keys that are older than a day; how many there were. The worker calls it every hour."""
    with side_write() as connection:
        return connection.execute(_keys.delete().where(_keys.c.created < clock.now() - LIFETIME)).rowcount
