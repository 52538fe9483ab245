"""The API's description is true: what every operation answers, asked rightly and wrongly, is what it says."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema_rs import Draft202012Validator

from portal.web.operations import EXAMPLES, undescribed
from tests.described import Operation, description, entitled, operations
from tests.fair import Fair
from tests.personas import Persona, everybody
from tests.routes import ABSENT, Place, furnish
from tests.services import SmtpServer
from tests.working import mailing

# Descriptions do not hang on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def place(app: Flask, fair: Fair, smtp_server: SmtpServer) -> Iterator[Place]:
    with app.app_context():
        furnished = furnish(fair)
    with mailing(app, smtp_server):
        yield furnished


@pytest.fixture
def people(app: Flask, place: Place) -> list[Persona]:
    return everybody(app, place)


@pytest.fixture
def all_operations(app: Flask, place: Place) -> list[Operation]:
    # What deletes comes last, so that the others find their things.
    return sorted(operations(app, place, description(app)), key=lambda one: one.route.method == "DELETE")


def test_every_json_door_is_described(app: Flask) -> None:
    assert undescribed(app, description(app)) == []


def test_what_is_asked_rightly(
    app: Flask, place: Place, people: list[Persona], all_operations: list[Operation]
) -> None:
    problems: list[str] = []
    for operation in all_operations:
        answer = operation.send(app, entitled(people, operation.route), place)
        problems += operation.problems(answer)
        if answer.status_code >= 400 and operation.route.known:
            problems.append(f"{operation.route} refuses what tests.described sends: {answer.text[:200]}")
    assert not problems, "\n".join(problems)


def _wrongly(operation: Operation) -> Iterator[dict[str, Any]]:
    """Requests that cannot be answered as they wish, or are asked in another way."""
    yield {"headers": {"Authorization": ""}, "query": {"key": ""}}
    yield {"headers": {"Accept": "text/html"}}
    yield {"method": "TRACE" if operation.route.method != "TRACE" else "GET"}
    yield {
        "query": {"page": "0", "page_size": "junk", "blocked": "perhaps", "value": "x", "item": "0", "ordering": "x"}
    }
    yield {"headers": {"X-Idempotency-Key": "k" * 300}}
    yield {"headers": {"If-Modified-Since": "Fri, 20 Nov 2099 10:00:00 GMT"}}
    yield {"headers": {"If-None-Match": "*"}}
    for name, value in (
        ("organizer", "nobody"),
        ("event", "nothing"),
        *((name, str(ABSENT)) for name in operation.route.parameters),
    ):
        if name in operation.route.parameters and name != "prefix":
            yield {"path": _elsewhere(operation, name, value)}
    if operation.takes_body:
        yield {"data": b"<a/>", "headers": {"Content-Type": "application/xml"}}
        yield {"data": b"{", "headers": {"Content-Type": "application/json"}}
        yield {"data": b" " * (10 * 1024 * 1024 + 1), "headers": {"Content-Type": "application/json"}}
        for body in ([], {}, {"code": 7, "ids": "x", "name": None, "secret": None}, [{}, 7], None):
            yield {"json": body} if not operation.sends_forms else {"data": {"datetime": "never"}}


def _elsewhere(operation: Operation, name: str, value: str) -> str:
    """The path with another value of a parameter."""
    parts = operation.route.pattern.split("/")
    filled = operation.route.path.split("/")
    return "/".join(value if part.endswith((f":{name}>", f"<{name}>")) else filled[at] for at, part in enumerate(parts))


def test_what_is_asked_wrongly(
    app: Flask, place: Place, people: list[Persona], all_operations: list[Operation]
) -> None:
    problems: dict[str, None] = {}
    of_each_kind = {persona.kind: persona for persona in people if not persona.admin}
    for operation in all_operations:
        may = entitled(people, operation.route)
        for other in of_each_kind.values():
            if other is not may:
                problems |= dict.fromkeys(operation.problems(operation.send(app, other, place, json={})))
        for options in _wrongly(operation):
            problems |= dict.fromkeys(operation.problems(operation.send(app, may, place, **options)))
    assert not problems, "\n".join(problems)


def test_what_applications_and_their_users_are_answered(
    app: Flask, place: Place, people: list[Persona], all_operations: list[Operation]
) -> None:
    found = {operation.name: operation for operation in all_operations}
    nobody, user = people[0], entitled(people, found["oauth_consent_authorize_by_get"].route)
    stranger = {"Authorization": "Basic bm9ib2R5OnNlY3JldA=="}
    unknown = {"query": {"client_id": "nobody"}}
    html = {"headers": {"Accept": "text/html"}}
    problems: list[str] = []
    for name, persona, options, status in (
        ("oauth_consent_authorize_by_get", nobody, {}, 303),
        ("oauth_consent_authorize_by_get", user, {"query": {"scope": "write"}}, 200),
        ("oauth_consent_authorize_by_get", user, {}, 302),
        ("oauth_consent_authorize_by_get", user, {"query": {"response_type": "token"}}, 302),
        ("oauth_consent_authorize_by_get", user, unknown, 400),
        ("oauth_consent_authorize_by_get", user, unknown | html, 400),
        ("oauth_consent_authorize_by_post", user, {"data": {"decision": "allow"}}, 422),
        ("oauth_consent_authorize_by_post", user, {"data": {"decision": "deny"}}, 302),
        ("oauth_consent_authorize_by_post", user, {}, 302),
        ("oauth_consent_authorize_by_post", user, {"headers": {"X-CSRFToken": ""}}, 400),
        ("oauth_token", nobody, {"headers": stranger}, 401),
        ("oauth_token", nobody, {"data": {}}, 400),
        ("oauth_token", nobody, {"data": {"grant_type": "password"}}, 400),
        ("oauth_token", nobody, {}, 200),
        ("oauth_token", nobody, {}, 400),
        ("oauth_revoke_token", nobody, {"headers": stranger}, 401),
        ("oauth_revoke_token", nobody, {"data": {}}, 400),
        ("oauth_revoke_token", nobody, {"data": {"token": "never there"}}, 200),
    ):
        answer = found[name].send(app, persona, place, **options)
        problems += found[name].problems(answer)
        if answer.status_code != status:
            problems.append(f"{name} {options}: {answer.status_code}, not {status}")
    assert not problems, "\n".join(problems)


def test_what_the_scanner_is_refused_with_is_what_it_is_told(
    app: Flask, place: Place, people: list[Persona], all_operations: list[Operation]
) -> None:
    scanner = {
        each.name.removeprefix("exhibitors_scanner_"): each for each in all_operations if "_scanner_" in each.name
    }
    full = entitled(people, scanner["retrieve_leads"].route)
    unknown, small = {"headers": {"Exhibitor": "NEVER2345"}}, {"headers": {"Exhibitor": place.fair.scanning_code}}
    xml = {"data": b"<a/>", "headers": {"Content-Type": "application/xml"}}
    asked: list[tuple[str, dict[str, Any], int]] = [
        ("auth", {"json": {"key": "NEVER2345"}}, 401),
        ("auth", {"json": {}}, 400),
        ("create_lead", {"json": {}}, 400),
        ("create_lead", {"json": {"lead": "nobody’s"}}, 404),
        ("retrieve_leads", small, 403),
        *((name, unknown, 401) for name in scanner if name != "auth"),
        *((name, xml, 415) for name in ("auth", "create_lead", "update_lead")),
    ]
    for name, options, status in asked:
        answer = scanner[name].send(app, full, place, **options)
        example = scanner[name].response(status)["content"]["application/json"]["example"]
        assert (answer.status_code, answer.get_json()) == (status, example), name
    for operation in scanner.values():
        told = operation.described["responses"]
        assert {"401", "429"} <= set(told), operation.name
        assert all("headers" in told[status] for status in ("401", "429")), operation.name


def test_examples_are_real_and_as_described(app: Flask, all_operations: list[Operation]) -> None:
    """They are what a small fair was asked and answered; ``python -m tests.described`` writes them."""
    problems, document = [], description(app)
    for operation in all_operations:
        contents = [
            (200, content) for content in operation.described.get("requestBody", {}).get("content", {}).values()
        ]
        for status in operation.described["responses"]:
            contents += [
                (int(status), content) for content in operation.response(int(status)).get("content", {}).values()
            ]
        for _status, content in contents:
            if "example" not in content:
                problems.append(f"{operation.name} has no example: run python -m tests.described")
                continue
            schema = content["schema"] | {"components": document["components"]}
            errors = Draft202012Validator(schema, validate_formats=True).iter_errors(content["example"])
            problems += [f"{operation.name}: {error.message}" for error in errors]
    assert not problems, "\n".join(problems)
    assert EXAMPLES.stat().st_size < 400_000
