"""Schemathesis finds nothing: whatever the description allows, and much that it does not, is answered as it says."""

from collections.abc import Iterator
from io import BytesIO
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from portal.web.idempotency import HEADER
from portal.web.operations import documented_path
from tests.described import Operation, description, entitled, operations
from tests.fair import Fair
from tests.personas import everybody
from tests.routes import Place, furnish
from tests.services import SmtpServer
from tests.working import mailing

# The doors' own tests run on both databases; what is found here is found on one.
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")]

#: Checks that do not fit: doors take more spellings than a schema says (booleans as words, unknown fields) and have
#: rules that it cannot say (a voucher of this event, an address that mail reaches); who may what is the matrix's.
LEFT_OUT = {
    "negative_data_rejection",
    "positive_data_acceptance",
    "ignored_auth",
    "object_level_authorization",
}
SEED = 20261120
_KEYS = count()


@pytest.fixture
def place(app: Flask, fair: Fair, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    # The test client writes large uploads to files that it leaves open.
    monkeypatch.setattr("werkzeug.test.TemporaryFile", lambda _mode: BytesIO())
    with app.app_context():
        furnished = furnish(fair)
    with mailing(app, smtp_server):
        yield furnished


def checks() -> list[Any]:
    """Those that fit."""
    load_all_checks()
    return [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]


def cases(operation: Any, known: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Cases as described and not, at the fair's own things and elsewhere."""
    own = {name: known[name] for name in ("organizer", "event", "prefix") if name in known}
    return st.one_of(
        operation.as_strategy(path_parameters=known),
        operation.as_strategy(path_parameters=own),
        operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=known),
        operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=own),
        operation.as_strategy(),
    )


def fuzz(app: Flask, place: Place, examples: int) -> list[str]:
    """Problems by operation."""
    people, document = everybody(app, place), description(app)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    found: list[str] = []
    wanted = checks()
    for operation in sorted(operations(app, place, document), key=lambda one: one.route.method == "DELETE"):
        found += _fuzz_one(schema, operation, place, entitled(people, operation.route), wanted, examples)
    return found


def _fuzz_one(
    schema: Any, operation: Operation, place: Place, persona: Any, wanted: list[Any], examples: int
) -> Iterator[str]:
    path = operation.route.pattern
    described = schema[documented_path(path)][operation.route.method]
    names = operation.route.parameters
    values = place.values(operation.route.endpoint, names)
    known = {name: str(values[name]) for name in names}
    if "prefix" in operation.route.parameters:
        known["prefix"] = operation.route.path.split("/")[1]

    @seed(SEED)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(described, known))
    def run(case: Any) -> None:
        if persona.query:
            case.query = {**(case.query or {}), **persona.query}
        headers = {**operation.credentials(persona), "Accept-Encoding": "identity"}
        if case.headers and HEADER in case.headers:
            headers[HEADER] = str(next(_KEYS))  # one that was used would be answered as its first request was
        case.call_and_validate(headers=headers, checks=wanted)

    try:
        run()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        yield f"{operation.route.method} {path}: {error!r} {getattr(error, 'exceptions', '')}"


def test_schemathesis_finds_nothing(app: Flask, place: Place) -> None:
    """A small part, and always the same."""
    found = fuzz(app, place, 5)
    assert not found, "\n\n".join(found)


@pytest.mark.soak
def test_schemathesis_finds_nothing_for_long(app: Flask, place: Place) -> None:
    """More than 1,000 cases for each API (the smallest has five operations)."""
    found = fuzz(app, place, 250)
    assert not found, "\n\n".join(found)
