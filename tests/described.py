"""The operations of the API's description with requests that can be sent, and validators for what comes back.

``python -m tests.described`` sends them to a small fair and writes what was answered into the description's examples.
"""

import json
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from jsonschema_rs import Draft202012Validator
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.config import Config
from portal.core.database import database_uri, db
from portal.web.operations import EXAMPLES, JSON_TYPE, documented_path
from tests.fair import Fair, build_fair
from tests.oauth_personas import CALLBACK, PRINTER, SECRET, UNUSED_CODE
from tests.personas import REACHED, Persona, everybody, expected
from tests.routes import Place, Route, all_routes, furnish

Json = Any


@dataclass(frozen=True)
class Operation:
    """An operation as it is described, with its route."""

    route: Route
    name: str
    described: dict[str, Json] = field(repr=False)
    document: dict[str, Json] = field(repr=False)

    @property
    def takes_body(self) -> bool:
        """Whether it reads one."""
        return "requestBody" in self.described

    @property
    def sends_forms(self) -> bool:
        """Whether it reads no JSON."""
        return self.takes_body and JSON_TYPE not in self.described["requestBody"]["content"]

    def response(self, status: int) -> dict[str, Json]:
        """What is described for a status."""
        found: dict[str, Json] = self.described["responses"].get(str(status), {})
        if "$ref" in found:
            found = self.document["components"]["responses"][found["$ref"].rpartition("/")[2]]
        return found

    def body(self, place: Place) -> Json:
        """A body that will be accepted: one made for the fair, else what the schema says."""
        made = bodies(place.fair)
        if self.name in made:
            return made[self.name]
        schema = next(iter(self.described["requestBody"]["content"].values()))["schema"]
        return invented(schema, self.document)

    def credentials(self, persona: Persona) -> dict[str, str]:
        """The headers of somebody, or of the application where one is asked for."""
        named = {name for each in self.described.get("security", ()) for name in each}
        return APPLICATION if "oauth_client" in named else dict(persona.headers)

    def send(self, app: Flask, persona: Persona, place: Place, **options: Any) -> TestResponse:
        """A request that the door should accept; ``options`` replace parts of it."""
        if self.takes_body and not {"json", "data"} & options.keys():
            options["data" if self.sends_forms else "json"] = self.body(place)
        csrf = {"X-CSRFToken": persona.csrf} if self.route.rule.browser else {}
        headers = self.credentials(persona) | csrf | options.pop("headers", {})
        query = QUERIES.get(self.name, {}) | dict(persona.query) | options.pop("query", {})
        method, path = options.pop("method", self.route.method), options.pop("path", self.route.path)
        client = app.test_client()
        if self.route.rule.browser:
            client.set_cookie("portal", persona.cookie)
        return client.open(path, method=method, headers=headers, query_string=query, **options)

    def problems(self, answer: TestResponse) -> Iterator[str]:
        """Where an answer differs from the description."""
        status, text = answer.status_code, answer.get_data(as_text=True)
        where = f"{self.route} → {status}"
        described = self.response(status)
        if not described:
            yield f"{where} is not described: {text[:200]}"
            return
        for name, header in described.get("headers", {}).items():
            if header.get("required") and name not in answer.headers:
                yield f"{where} has no {name}"
        content = described.get("content")
        if not content:
            if text:
                yield f"{where} has a body: {text[:200]}"
            return
        if answer.mimetype not in content:
            yield f"{where} is {answer.mimetype}"
            return
        if answer.mimetype == JSON_TYPE:
            schema = content[JSON_TYPE]["schema"] | {"components": self.document["components"]}
            yield from (
                f"{where}: {error.message} at {error.instance_path}"
                for error in Draft202012Validator(schema, validate_formats=True).iter_errors(answer.get_json())
            )


def description(app: Flask) -> dict[str, Json]:
    """The API's description."""
    found: dict[str, Json] = app.test_client().get("/api/openapi.json").get_json()
    return found


def operations(app: Flask, place: Place, document: Mapping[str, Json]) -> list[Operation]:
    """All described operations, those of check-in on both of their prefixes."""
    found = []
    for route in all_routes(app, place):
        described = document["paths"].get(documented_path(route.pattern), {}).get(route.method.lower())
        if described is not None:
            found.append(Operation(route, described["operationId"], described, dict(document)))
    return found


def entitled(people: Iterable[Persona], route: Route) -> Persona:
    """Somebody who may; for a page somebody who is signed in."""
    able = (persona for persona in people if expected(persona, route) == REACHED)
    return next(persona for persona in able if not route.rule.browser or persona.kind == "user")


# --------------------------------------------------------------------------------------------- requests for the fair

#: An application's id and secret.
APPLICATION = {"Authorization": "Basic " + b64encode(f"{PRINTER}:{SECRET}".encode()).decode()}
#: Parameters of the query without which an answer would say little, by operation.
QUERIES: dict[str, dict[str, str]] = {
    "seats_list_seats": {"page_size": "1", "expand": "orderposition"},
    "seats_list_seats_in_subevent": {"page_size": "1"},
    "checkin_search_tickets": {"query": "Mill"},
    "checkin_search_tickets_in_subevent": {"query": "Mill"},
    **dict.fromkeys(
        ("oauth_consent_authorize_by_get", "oauth_consent_authorize_by_post"),
        {"client_id": PRINTER, "response_type": "code", "scope": "read", "redirect_uri": CALLBACK, "state": "xyz"},
    ),
}


def bodies(fair: Fair) -> dict[str, Json]:
    """Bodies that name things of the fair, by operation."""
    seats = {"ids": fair.seats[20:22]}
    voucher = {"id": fair.vouchers[3], "exhibitor_comment": "For your best customer"}
    return {
        "exhibitors_api_create_exhibitor": _EXHIBITOR,
        "exhibitors_api_put_exhibitor": _EXHIBITOR,
        "exhibitors_api_patch_exhibitor": {"booth": "B7", "allow_lead_access": False},
        "exhibitors_api_attach_voucher": voucher,
        "exhibitors_api_bulk_attach_vouchers": [voucher],
        "exhibitors_app_scan": {
            "code": "PSEUDO0006",
            "notes": "Wants our newsletter",
            "scanned": "2026-11-20T10:15:00+01:00",
            "scan_type": "lead",
            "tags": ["foo"],
            "rating": 4,
            "device_name": "DEV1",
            "device_uuid": "d8c2ec53-d602-4a08-882d-db4cf54344a2",
        },
        "exhibitors_scanner_auth": {"key": fair.full_code},
        "exhibitors_scanner_create_lead": {"lead": "PSEUDO0007", "scanned": "null", "scan_type": "lead"},
        "exhibitors_scanner_update_lead": {"note": "Wants our newsletter", "tags": ["foo"]},
        "seats_bulk_block_by_post": seats,
        "seats_bulk_block_by_patch": seats,
        "seats_bulk_unblock_by_post": {"seat_guids": ["1-11", "1-12"]},
        "seats_bulk_unblock_by_patch": seats,
        **{
            f"seats_bulk_{way}_in_subevent_by_{method}": {"seat_guids": ["s-1"]}
            for way in ("block", "unblock")
            for method in ("post", "patch")
        },
        "oauth_consent_authorize_by_post": {"decision": "allow", "organizers": "all"},
        "oauth_token": {"grant_type": "authorization_code", "code": UNUSED_CODE, "redirect_uri": CALLBACK},
        "checkin_redeem_ticket": {"secret": f"secret{fair.event}x0002abcdefgh", "questions_supported": "true"},
    }


_EXHIBITOR = {
    "name": "Aperture Science",
    "internal_id": "AS-7",
    "contact_name_parts": {"_scheme": "given_family", "given_name": "Cave", "family_name": "Johnson"},
    "contact_email": "johnson@as.example.org",
    "booth": "A2",
    "locale": "de",
    "allow_lead_scanning": True,
    "allow_lead_access": True,
    "allow_voucher_access": True,
    "exhibitor_tags": ["Gold Sponsor"],
}


def invented(schema: Mapping[str, Json], document: Mapping[str, Json]) -> Json:
    """A value that a schema allows: its example, or what must be there."""
    if "$ref" in schema:
        return invented(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    for key in ("example", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = schema.get("required") or list(properties)[:1]
        return {name: invented(properties[name], document) for name in wanted}
    if kind == "array":
        return [invented(schema["items"], document)]
    return {"integer": 1, "number": 1, "boolean": True, "null": None}.get(
        kind, "2026-11-20T10:15:00Z" if schema.get("format") == "date-time" else "text"
    )


# ------------------------------------------------------------------------------------------------------- the examples


def _short(value: Json) -> Json:
    """An answer with one entry of each list of objects."""
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in (value[:1] if value and isinstance(value[0], dict) else value)]
    return value


def record(app: Flask, place: Place) -> dict[str, Json]:
    """What each operation takes and answers, by its name."""
    people, document = everybody(app, place), description(app)
    found: dict[str, Json] = {}
    # What deletes comes last, so that all the others find their things.
    for operation in sorted(operations(app, place, document), key=lambda one: one.route.method == "DELETE"):
        answer = operation.send(app, entitled(people, operation.route), place)
        if operation.name.startswith("oauth_"):
            continue  # tokens, told by hand
        if answer.status_code >= 400:
            if operation.route.known and answer.status_code != 503:
                sys.stderr.write(
                    f"{operation.route} ({operation.name}) answers {answer.status_code}: {answer.text[:200]}\n"
                )
            continue
        example: dict[str, Json] = {"request": operation.body(place)} if operation.takes_body else {}
        if answer.mimetype == JSON_TYPE:
            example["answers"] = {str(answer.status_code): _short(answer.get_json())}
        found[operation.name] = example
    return dict(sorted(found.items()))


def main() -> None:
    """Write the file."""
    with TemporaryDirectory() as folder:
        config = Config(
            database_uri=database_uri(f"sqlite:///{folder}/fair.sqlite3"),
            instance_path=Path(folder),
            secret_key="for examples only",
            ratelimit_enabled=False,
            base_url="https://fair.example.org",
        )
        app = create_app(config)
        with app.app_context():
            upgrade(directory="migrations")
            place = furnish(build_fair())
        examples = record(app, replace(place))
        with app.app_context():
            db.engine.dispose()
    EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
