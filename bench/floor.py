"""The floor: an empty flask-smorest route that replays recorded statements by the bare driver.

It sends what they found; of answers that are kept ready, what was kept.
"""

import os
import pickle
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg
from flask import Flask, Response, request
from flask_smorest import Api, Blueprint

from bench.record import RETURNED, VARYING

_local = threading.local()


def create_app() -> Flask:
    """The app; `FLOOR_ROWS` names the recorded rows, `FLOOR_DATABASE` the database."""
    rows = pickle.loads(Path(os.environ["FLOOR_ROWS"]).read_bytes())  # noqa: S301 - written by the bench itself
    url = os.environ["FLOOR_DATABASE"]
    app = Flask("floor")
    app.config.update(API_TITLE="floor", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api, blueprint = Api(app), Blueprint("floor", "floor")
    run = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)

    @blueprint.route("/<int:row>/<int:variant>/<varying>", methods=["GET", "POST", "PATCH"])
    def answer(row: int, variant: int, varying: str) -> Response:
        request.get_data()  # a server closes the connection of a request whose body nobody read
        found = run(rows[row][variant], int(varying) if varying.isdecimal() else varying)
        body = rows[row][variant]["body"] or orjson.dumps(found, default=str)
        return Response(body, content_type="application/json")

    api.register_blueprint(blueprint)
    return app


def _filled(parameters: Any, varying: Any, returned: Any) -> Any:
    if isinstance(parameters, dict):
        return {key: _value(value, varying, returned) for key, value in parameters.items()}
    return [_value(value, varying, returned) for value in parameters]


def _value(value: Any, varying: Any, returned: Any) -> Any:
    return varying if value == VARYING else returned if value == RETURNED else value


def _sqlite(url: str) -> Callable[[dict[str, Any], Any], list[Any]]:
    path = url.partition("///")[2]

    def connection() -> sqlite3.Connection:
        if not hasattr(_local, "connection"):
            _local.connection = sqlite3.connect(path, isolation_level=None)
            for pragma in ("busy_timeout=15000", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
                _local.connection.execute(f"PRAGMA {pragma}")
        return _local.connection  # type: ignore[no-any-return]

    def run(row: dict[str, Any], varying: Any) -> list[Any]:
        database = connection()
        found: list[Any] = []
        database.execute("BEGIN IMMEDIATE" if row["writes"] else "BEGIN")
        returned: Any = None
        for statement, parameters in row["statements"]:
            cursor = database.execute(statement, _filled(parameters, varying, returned))
            found = cursor.fetchall() or found
            returned = cursor.lastrowid if statement.startswith("INSERT") else returned
        database.execute("COMMIT")
        return found

    return run


def _postgresql(url: str) -> Callable[[dict[str, Any], Any], list[Any]]:
    def connection() -> psycopg.Connection[Any]:
        if not hasattr(_local, "connection"):
            _local.connection = psycopg.connect(url, autocommit=True)
        return _local.connection  # type: ignore[no-any-return]

    def run(row: dict[str, Any], varying: Any) -> list[Any]:
        database = connection()
        found: list[Any] = []
        database.autocommit = not row["writes"]
        returned: Any = None
        for statement, parameters in row["statements"]:
            cursor = database.execute(statement, _filled(parameters, varying, returned))
            if cursor.description:
                found = cursor.fetchall() or found
                returned = found[0][0] if found and "RETURNING" in statement else returned
        if row["writes"]:
            database.commit()
        return found

    return run
