"""What the platform promises of every JSON door, asked at every one of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from portal.config import Config
from portal.core.database import db
from portal.core.models import AuditEntry, LimitHit
from portal.web.cors import ANSWER_HEADERS, REQUEST_HEADERS
from tests.described import Operation, description, entitled, operations
from tests.fair import Fair
from tests.personas import Persona, everybody
from tests.routes import Place, Route, all_routes, furnish
from tests.working import another

# One implementation serves all doors; what of it hangs on the database has tests of its own on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

SCANNER = "https://scan.example.org"
STRANGER = "https://evil.example"


@dataclass
class Platform:
    """An app with the fair in it, and everybody who calls its doors."""

    app: Flask
    place: Place
    people: list[Persona]
    routes: list[Route]
    operations: dict[tuple[str, str], Operation]

    def ask(self, route: Route, **options: Any) -> TestResponse:
        """A request by somebody who may, with the body that the description wants."""
        persona = entitled(self.people, route)
        found = self.operations.get((route.method, route.path))
        if found is not None:
            return found.send(self.app, persona, self.place, **options)
        headers = dict(persona.headers) | options.pop("headers", {})
        options["query_string"] = dict(persona.query) | options.pop("query", {})
        method = options.pop("method", route.method)
        return self.app.test_client().open(route.path, method=method, headers=headers, **options)


def _platform(app: Flask, place: Place) -> Platform:
    found = operations(app, place, description(app))
    by_route = {(one.route.method, one.route.path): one for one in found}
    # What deletes comes last, so that the others find their things.
    routes = sorted(all_routes(app, place), key=lambda route: route.method == "DELETE")
    return Platform(app, place, everybody(app, place), [one for one in routes if one.api], by_route)


@pytest.fixture
def place(app: Flask, fair: Fair) -> Place:
    with app.app_context():
        return furnish(fair)


@pytest.fixture
def platform(app: Flask, place: Place) -> Platform:
    return _platform(app, place)


Concern = Callable[[Platform, Route], Iterator[str]]


def _is_json(answer: TestResponse) -> bool:
    return answer.mimetype == "application/json" and isinstance(json.loads(answer.text), dict)


def other_methods(platform: Platform, route: Route) -> Iterator[str]:
    """405 with what is allowed; OPTIONS says the same to anybody."""
    allowed = {one.method for one in platform.routes if one.path == route.path}
    allowed |= {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set())
    client = platform.app.test_client()
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "BREW"} - allowed:
        answer = client.open(route.path, method=method)
        if answer.status_code != 405 or not _is_json(answer):
            yield f"{method}: {answer.status_code}"
        elif set(answer.headers["Allow"].split(", ")) != allowed:
            yield f"{method}: Allow {answer.headers['Allow']}"
    answer = client.options(route.path)
    if answer.status_code != 200 or answer.data or set(answer.headers["Allow"].split(", ")) != allowed:
        yield f"OPTIONS: {answer.status_code} {answer.headers.get('Allow')}"


def head(platform: Platform, route: Route) -> Iterator[str]:
    """HEAD is GET without the body."""
    if route.writes:
        return
    full, bare = platform.ask(route), platform.ask(route, method="HEAD")
    if bare.data or bare.status_code != full.status_code:
        yield f"HEAD: {bare.status_code} {bare.data[:50]!r}"
    for name in ("Content-Type", "ETag", "Last-Modified", "Cache-Control", "Vary"):
        if bare.headers.get(name) != full.headers.get(name):
            yield f"HEAD: {name} {bare.headers.get(name)}"


def too_large(platform: Platform, route: Route) -> Iterator[str]:
    """413 before anything is read."""
    size = platform.app.config["MAX_CONTENT_LENGTH"] + 1
    answer = platform.ask(route, data=b"", environ_overrides={"CONTENT_LENGTH": str(size)})
    if answer.status_code != 413 or not _is_json(answer):
        yield f"{answer.status_code}"


def other_types(platform: Platform, route: Route) -> Iterator[str]:
    """415 for a body of another type, 406 where the REST API's caller takes no JSON."""
    found = platform.operations.get((route.method, route.path))
    if found is not None and found.takes_body and found.response(415):
        answer = platform.ask(route, data=b"<a/>", headers={"Content-Type": "application/xml"})
        if answer.status_code != 415 or not _is_json(answer):
            yield f"a body of XML: {answer.status_code}"
    if route.rest:
        answer = platform.ask(route, headers={"Accept": "text/html"})
        if answer.status_code != 406 or not _is_json(answer):
            yield f"a caller who wants HTML: {answer.status_code}"


def request_ids(platform: Platform, route: Route) -> Iterator[str]:
    """A given id is kept where it is well-formed, else there is a new one; on every answer."""
    for given, kept in (
        ("from-the-proxy.1", True),
        ("short", False),
        ("x" * 65, False),
        ("a b c d e f", False),
        ("<script>x", False),
    ):
        answer = platform.app.test_client().open(route.path, method=route.method, headers={"X-Request-ID": given})
        found = answer.headers.getlist("X-Request-ID")
        if len(found) != 1 or (found[0] == given) != kept or len(found[0]) < 8:
            yield f"{given}: {found}"


def strangers(platform: Platform, route: Route) -> Iterator[str]:
    """Without credentials an error in JSON that names them, and headers that keep browsers from guessing."""
    answer = platform.app.test_client().open(route.path, method=route.method)
    if route.rule.kind != "public" and answer.status_code not in (401, 403, 404):
        yield f"{answer.status_code}"
    if answer.status_code == 401 and not answer.headers.get("WWW-Authenticate"):
        yield "401 without WWW-Authenticate"
    if answer.status_code >= 400 and not _is_json(answer):
        yield f"{answer.mimetype}"
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "default-src 'none'",
    }
    yield from (
        f"{name}: {answer.headers.get(name)}" for name, value in headers.items() if answer.headers.get(name) != value
    )
    if "Set-Cookie" in answer.headers:
        yield "a cookie"


def _is_list(answer: TestResponse) -> bool:
    body = answer.get_json(silent=True)
    return isinstance(body, dict) and {"count", "next", "previous", "results"} == set(body)


def lists(platform: Platform, route: Route) -> Iterator[str]:
    """Pages of at most 50 that lead to each other; in the REST API also validators, and 304 where nothing changed."""
    if route.writes or not _is_list(first := platform.ask(route, query={"page_size": "1", "x": "y"})):
        return
    body = first.get_json()
    if len(body["results"]) != min(1, body["count"]):
        yield f"{len(body['results'])} entries with page_size=1"
    if body["count"] > 1 and not (
        body["next"].startswith("http") and "page=2" in body["next"] and "x=y" in body["next"]
    ):
        yield f"next: {body['next']}"
    for page in ("0", "4711", "x", "-1"):
        answer = platform.ask(route, query={"page": page})
        if answer.status_code != 404 or answer.get_json() != {"detail": "Invalid page."}:
            yield f"page {page}: {answer.status_code}"
    if len(platform.ask(route, query={"page_size": "500"}).get_json()["results"]) > 50:
        yield "page_size raises the page"
    if not route.rest:
        return
    answer = platform.ask(route)
    if not {"ETag", "Last-Modified"} <= set(answer.headers.keys()):
        yield "no validators"
        return
    for etag, status in ((answer.headers["ETag"], 304), (f"W/{answer.headers['ETag']}", 304), ('"other"', 200)):
        again = platform.ask(route, headers={"If-None-Match": etag})
        if again.status_code != status or (status == 304 and again.data):
            yield f"If-None-Match {etag}: {again.status_code}"
    if platform.ask(route, headers={"If-Modified-Since": "Mon, 03 Jan 2000 10:00:00 GMT"}).status_code != 200:
        yield "nothing is newer than the year 2000"


def repeated(platform: Platform, route: Route) -> Iterator[str]:
    """A key's second request is answered as its first one, and leaves no trace."""
    if not route.rest or not route.writes:
        return
    headers = {"X-Idempotency-Key": f"{route.method} {route.path}"}
    first = platform.ask(route, headers=headers)
    before = _traces(platform.app)
    again = platform.ask(route, headers=headers)
    if first.status_code >= 500:
        return  # it may work next time
    if (again.status_code, again.data) != (first.status_code, first.data):
        yield f"{first.status_code}, then {again.status_code}"
    if _traces(platform.app) != before:
        yield "it was executed twice"
    if platform.ask(route, headers={"X-Idempotency-Key": "k" * 256}).status_code != 400:
        yield "a key that is too long"


def _traces(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0


CONCERNS: tuple[Concern, ...] = (other_methods, head, too_large, other_types, request_ids, strangers, lists, repeated)


@pytest.mark.parametrize("concern", CONCERNS, ids=lambda concern: concern.__name__)
def test_every_endpoint(concern: Concern, platform: Platform) -> None:
    problems = [f"{route}: {problem}" for route in platform.routes for problem in concern(platform, route)]
    assert not problems, "\n".join(problems)
    assert len(platform.routes) > 40


# ------------------------------------------------------------------------------------------------- what settings say


def test_other_origins(config: Config, place: Place) -> None:
    """Scripts of the sites that the setting names may call every JSON door, scripts of others none."""
    problems = []
    with another(config, cors_origins=(SCANNER,)) as app:
        platform = _platform(app, place)
        for route in platform.routes:
            for origin in (SCANNER, STRANGER):
                problems += [f"{route} from {origin}: {problem}" for problem in _origin(platform, route, origin)]
        page = app.test_client().get("/e/", headers={"Origin": SCANNER})
        assert "Access-Control-Allow-Origin" not in page.headers, "pages are nobody else's"
        unknown = app.test_client().get("/api/nothing", headers={"Origin": SCANNER})
        assert (unknown.status_code, unknown.headers["Access-Control-Allow-Origin"]) == (404, SCANNER)
    assert not problems, "\n".join(problems)


def _origin(platform: Platform, route: Route, origin: str) -> Iterator[str]:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": route.method,
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = platform.app.test_client().options(route.path, headers=asked)
    answers = [
        preflight,
        platform.ask(route, headers={"Origin": origin}, method="GET"),
        platform.app.test_client().open(route.path, method=route.method, headers={"Origin": origin}),
    ]
    if preflight.status_code != 204 or preflight.data:
        yield f"the preflight: {preflight.status_code}"
    for answer in answers:
        allowed = answer.headers.getlist("Access-Control-Allow-Origin")
        if allowed != ([SCANNER] if origin == SCANNER else []) or "Origin" not in answer.vary:
            yield f"{answer.status_code}: {allowed}, {answer.headers.get('Vary')}"
        if "Access-Control-Allow-Credentials" in answer.headers:
            yield "cookies are among the credentials"
    if origin == SCANNER:
        if route.method not in preflight.headers["Access-Control-Allow-Methods"].split(", "):
            yield f"methods: {preflight.headers['Access-Control-Allow-Methods']}"
        if set(REQUEST_HEADERS) - set(preflight.headers["Access-Control-Allow-Headers"].split(", ")):
            yield "headers"
        if set(ANSWER_HEADERS) - set(answers[1].headers["Access-Control-Expose-Headers"].split(", ")):
            yield "exposed headers"


def test_without_the_setting_no_other_site_may_call(platform: Platform) -> None:
    for route in platform.routes[:5]:
        headers = {"Origin": SCANNER, "Access-Control-Request-Method": route.method}
        for answer in (
            platform.app.test_client().options(route.path, headers=headers),
            platform.ask(route, headers=headers),
        ):
            assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118


def test_any_origin(config: Config, place: Place) -> None:
    with another(config, cors_origins=("*",)) as app:
        answer = app.test_client().get(f"{place.fair.base}/seats", headers={"Origin": STRANGER})
        assert answer.status_code == 301, "the redirect to the slash may be followed"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        preflight = app.test_client().options(
            f"{place.fair.base}/seats", headers={"Origin": STRANGER, "Access-Control-Request-Method": "GET"}
        )
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_a_rate_for_each_token(config: Config, place: Place) -> None:
    """Three requests a minute wherever a token is taken, and the fourth waits; phones and other tokens do not."""
    problems = []
    with another(config, api_rate=3, ratelimit_enabled=True) as app:
        platform = _platform(app, place)
        for route in platform.routes:
            statuses = []
            for _ in range(4):
                answer = platform.ask(route)
                statuses.append(answer.status_code)
            limited = route.rest and route.rule.kind != "public"
            if 429 in statuses[:3] or (statuses[3] == 429) != limited:
                problems.append(f"{route}: {statuses}")
            if limited and not (1 <= int(answer.headers.get("Retry-After", 0)) <= 60 and _is_json(answer)):
                problems.append(f"{route}: Retry-After {answer.headers.get('Retry-After')}")
            _forget(app)
        weak = {"Authorization": f"Token {place.fair.weak_token}"}
        seats = f"{place.fair.base}/seats/"
        for _ in range(3):
            assert app.test_client().patch(f"{seats}{place.fair.seats[0]}/", headers=weak).status_code == 403
        assert app.test_client().get(seats, headers=weak).status_code == 429, "refusals count too"
        assert app.test_client().get(seats, headers=place.fair.auth()).status_code == 200, "another token is another's"
        assert app.test_client().options(seats, headers=weak).status_code == 200
    assert not problems, "\n".join(problems)


def _forget(app: Flask) -> None:
    """Begin another minute."""
    app.extensions["portal_throttle"].forget()
    with app.app_context():
        db.session.execute(sa.delete(LimitHit))
        db.session.commit()
