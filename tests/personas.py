"""Who may knock at every door, and what each rule answers them: the expected side of the matrix.

A new rule of `portal.web.access` gets its line in `EXPECTED`, a new kind of credentials its person in `everybody`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.models import PERMISSIONS
from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair
from tests.routes import SERIES_KEY, Place, Route

#: What a rule answers: a status, or that the door's own code was reached, or that the sign-in page was shown instead.
REACHED, SIGN_IN = 0, 1
Answer = int

_ALL = frozenset(PERMISSIONS)
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True)
class Persona:
    """Somebody with credentials of one kind: a browser's session, a header, or a key in the query."""

    name: str
    kind: str = "nobody"  # user, exhibitor (both sessions), token, bearer, code (of an app), device
    cookie: str = ""
    csrf: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    organizers: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    admin: bool = False
    code: str = ""  # full or scanning
    owner: bool = True  # of the leads and vouchers that routes name
    scopes: frozenset[str] = frozenset()
    reseller: bool = False

    def member_of(self, route: Route) -> bool:
        """Whether the event of a route is one of theirs."""
        return self.admin or route.event in self.events

    def may(self, route: Route) -> bool:
        """Whether they have the permission that the rule names."""
        return self.admin or route.rule.opens(self.permissions)

    def ask(self, app: Flask, route: Route) -> TestResponse:
        """Send a request without a body (a form of nothing but the token against forgery where it is a page's)."""
        client = app.test_client()
        if self.cookie:
            client.set_cookie("portal", self.cookie)
        headers = dict(self.headers)
        if route.rule.browser and route.writes and self.csrf:
            headers["X-CSRFToken"] = self.csrf
        answer = client.open(route.path, method=route.method, headers=headers, query_string=dict(self.query))
        location = answer.headers.get("Location", "")
        page = location.partition("?")[0].partition("#")[0]
        if route.rule.browser and not route.writes and page not in ("", "/") and route.path.startswith(page):
            return client.get(location)  # a fragment that is asked for without htmx: its page answers for it
        return answer


# ------------------------------------------------------------------------------------------------------ everybody


def _browser(app: Flask, name: str, kind: str, enter: Callable[[FlaskClient], object], **facts: Any) -> Persona:
    client = app.test_client()
    enter(client)
    found = _CSRF.search(client.get("/e/").text)
    cookie = client.get_cookie("portal")
    assert found is not None
    assert cookie is not None
    return Persona(name, kind, cookie=cookie.value, csrf=found[1], **facts)


def _members(fair: Fair) -> Iterable[tuple[str, str, str, dict[str, Any]]]:
    both = frozenset(("sampleconf", "seriesconf"))
    ours = frozenset(("bigevents",))
    crew: dict[str, Any] = {"events": both, "organizers": ours, "permissions": _ALL}
    yield "member of the crew", fair.organizer_email, fair.token, crew
    yield "member without permissions", fair.helper_email, fair.weak_token, crew | {"permissions": frozenset()}
    other: dict[str, Any] = {"organizers": ours, "permissions": _ALL}
    yield "member of another event", fair.other_event_email, fair.other_event_token, other
    yield "member of another organizer", fair.stranger_email, fair.foreign_token, {"permissions": _ALL}


def _applications(place: Place) -> Iterable[Persona]:
    """Applications that act for people, with the scopes that they were given."""
    holders, crew = place.applications, next(iter(_members(place.fair)))[3]
    both, reads = frozenset(("read", "write")), frozenset(("read",))
    for name, token, facts in (
        ("read-only application of the crew", holders.read_token, crew | {"scopes": reads}),
        ("application of the crew", holders.write_token, crew | {"scopes": both}),
        ("application for another organizer alone", holders.narrow_token, {"scopes": both, "permissions": _ALL}),
        ("application of a stranger", holders.stranger_token, {"scopes": both, "permissions": _ALL}),
        ("application of the admin for the organizer", holders.admin_here_token, {"scopes": both, "admin": True}),
        # “All my organizers” are those whose member they are: for an admin none.
        ("application of the admin", holders.admin_token, {"scopes": both}),
        ("application of the reseller", holders.reseller_token, {"scopes": both, "reseller": True}),
        (
            "read-only application of the reseller",
            holders.reseller_read_token,
            {"scopes": frozenset(("read",)), "reseller": True},
        ),
    ):
        yield Persona(name, "bearer", headers=holders.bearer(token), **facts)


def everybody(app: Flask, place: Place) -> list[Persona]:
    """All personas of the fair, signed in."""
    fair = place.fair
    people = [_browser(app, "nobody", "nobody", lambda _client: None)]
    facts: dict[str, Any]
    for name, code, facts in (
        ("exhibitor", fair.full_code, {"code": "full"}),
        ("scanning code", fair.scanning_code, {"code": "scanning"}),
        ("rival exhibitor", fair.rival_code, {"code": "full", "owner": False}),
    ):
        enter = lambda client, code=code: sign_in_code(client, code)  # noqa: E731
        people.append(_browser(app, name, "exhibitor", enter, **facts))
        app_headers = {"Authorization": f"Exhibitor {code}", "Exhibitor": code}
        people.append(Persona(f"app of the {name}", "code", headers=app_headers, **facts))
    for name, email, token, member_facts in _members(fair):
        enter = lambda client, email=email: sign_in(client, email)  # noqa: E731
        people.append(_browser(app, name, "user", enter, **member_facts))
        people.append(Persona(f"token of a {name}", "token", headers=fair.auth(token), **member_facts))
    people.append(_browser(app, "admin", "user", lambda client: sign_in(client, fair.admin_email), admin=True))
    reseller = place.applications.reseller_email
    people.append(_browser(app, "reseller", "user", lambda client: sign_in(client, reseller), reseller=True))
    people += _applications(place)
    people.append(Persona("revoked token", headers=fair.auth(fair.revoked_token)))
    people.append(Persona("device", "device", query={"key": fair.device_key}, events=frozenset(("sampleconf",))))
    people.append(Persona("device of a series", "device", query={"key": SERIES_KEY}, events=frozenset(("seriesconf",))))
    return people


# ------------------------------------------------------------------------------------------- what rules answer them


def _user(persona: Persona, route: Route) -> Answer:
    if persona.kind != "user":
        return SIGN_IN
    if "application_id" in route.parameters and persona.name != "member of the crew":
        return 404  # an application is its owner's
    return REACHED


def _admin(persona: Persona, route: Route) -> Answer:
    if persona.kind != "user":
        return SIGN_IN
    return REACHED if persona.admin else 404


def _event_member(persona: Persona, route: Route) -> Answer:
    if persona.kind != "user":
        return SIGN_IN
    if not persona.member_of(route):
        return 404
    return REACHED if persona.may(route) else 403


def _organizer_member(persona: Persona, route: Route) -> Answer:
    if persona.kind != "user":
        return SIGN_IN
    if not persona.admin and "bigevents" not in persona.organizers:
        return 404
    return REACHED if persona.may(route) else 403


def _exhibitor(persona: Persona, route: Route) -> Answer:
    if persona.kind != "exhibitor":
        return SIGN_IN
    if route.rule.permission == "full" and persona.code != "full":
        return 403
    return REACHED if persona.owner or not route.parameters & OWNED else 404


def _api_event(persona: Persona, route: Route) -> Answer:
    if persona.kind not in ("token", "bearer"):
        return 401
    if persona.kind == "bearer" and ("write" if route.writes else "read") not in persona.scopes:
        return 403
    return REACHED if persona.member_of(route) and persona.may(route) else 403


def _api_user(persona: Persona, route: Route) -> Answer:
    if persona.kind == "token":
        return 403
    if persona.kind != "bearer":
        return 401
    if ("write" if route.writes else "read") not in persona.scopes:
        return 403
    return REACHED if persona.reseller or "reseller_id" not in route.parameters else 404


def _reseller_member(persona: Persona, route: Route) -> Answer:
    if persona.kind != "user":
        return SIGN_IN
    return REACHED if persona.reseller or persona.admin else 404


def _app_api(persona: Persona, route: Route) -> Answer:
    if persona.kind != "code":
        return 401
    if route.rule.permission == "full" and persona.code != "full":
        return 403
    return REACHED if persona.owner or not route.parameters & OWNED else 404


def _scanner_api(persona: Persona, route: Route) -> Answer:
    if persona.kind != "code":
        return 401
    return REACHED if persona.owner or not route.parameters & OWNED else 404


def _device(persona: Persona, route: Route) -> Answer:
    return REACHED if persona.kind == "device" and persona.member_of(route) else 403


#: Parameters that name what belongs to one exhibitor.
OWNED = frozenset(("badge", "lead_id", "voucher_id"))

#: What each kind of rule answers whom.
EXPECTED: dict[str, Callable[[Persona, Route], Answer]] = {
    "public": lambda _persona, _route: REACHED,
    "user": _user,
    "admin": _admin,
    "event_member": _event_member,
    "organizer_member": _organizer_member,
    "exhibitor": _exhibitor,
    "api_event": _api_event,
    "api_user": _api_user,
    "reseller_member": _reseller_member,
    "app_api": _app_api,
    "scanner_api": _scanner_api,
    "device": _device,
    "metrics_token": lambda _persona, _route: 404,  # the fair's server has no token for it
}

#: What doors refuse after their rule, by endpoint and persona: where several permissions would do, or a flag decides.
_ONLY_FULL = {"app of the scanning code": 403}
_ORDERS_OR_CHECKIN = {"member without permissions": 403}
_REACHES_FURTHER = {"member of another event": 403}  # the team is for all events: nobody grants more than they have
REFUSED_INSIDE: dict[str, dict[str, Answer]] = {
    "exhibitors_app.list_leads": _ONLY_FULL,
    "exhibitors_app.list_vouchers": _ONLY_FULL,
    "exhibitors_app.get_voucher": _ONLY_FULL,
    "exhibitors_scanner.retrieve_leads": _ONLY_FULL,
    **{
        f"teams.{name}": _REACHES_FURTHER
        for name in ("edit", "send_again", "withdraw", "remove", "create_token", "revoke_token")
    },
    "gate.index": _ORDERS_OR_CHECKIN,
    "gate.figures": _ORDERS_OR_CHECKIN,
    "gate.show_log": _ORDERS_OR_CHECKIN,
    "gate.export_log": _ORDERS_OR_CHECKIN,
}


def expected(persona: Persona, route: Route) -> Answer:
    """What the rule of a route, and the door behind it, answers somebody."""
    assert route.rule.kind in EXPECTED, f"{route}: tests/personas.py does not know the rule “{route.rule.kind}”"
    if route.rule.browser and route.writes and not persona.csrf:
        return 400  # no form of ours was open there
    answer = EXPECTED[route.rule.kind](persona, route)
    return REFUSED_INSIDE.get(route.endpoint, {}).get(persona.name, answer) if answer == REACHED else answer


def wrong(persona: Persona, route: Route, answer: TestResponse) -> str:
    """What is wrong with an answer; empty where it is as expected."""
    wanted, status = expected(persona, route), answer.status_code
    to_sign_in = status == 303 and answer.headers.get("Location", "").startswith(("/login", "/e/?", "/e/"))
    if wanted == SIGN_IN:
        return "" if to_sign_in else f"{status} in place of the sign-in page"
    if wanted != REACHED:
        return "" if status == wanted else f"{status} in place of {wanted}"
    if status in (401, 403, 500):
        return f"{status}, although they may"
    if status == 404 and route.known and not (route.rule.browser and route.writes):  # an empty form names nothing
        return "404, although it is there"
    if to_sign_in and route.rule.kind != "public":
        return "the sign-in page, although they are signed in"
    return ""
