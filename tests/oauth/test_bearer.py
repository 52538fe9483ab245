"""OAuth tokens at the organizers' API: whose they are, what they may and where, and that reading leaves no trace."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team, TeamToken
from portal.accounts.oauth.models import OAuthGrant, OAuthToken
from portal.core import clock
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.web.access import rule_of
from tests.fair import Fair
from tests.oauth_personas import OAuthPeople
from tests.statements import statements

WRITING = ("POST", "PUT", "PATCH", "DELETE")


def rest_routes(app: Flask, fair: Fair) -> Iterator[tuple[str, str]]:
    """Every method and address of the organizers' API and the resellers'."""
    adapter = app.url_map.bind("localhost")
    known: dict[str, Any] = {"organizer": "bigevents", "event": "sampleconf", "exhibitor_id": fair.exhibitor}
    known |= {"seat_id": fair.seats[10], "voucher_id": fair.vouchers[0]}
    for route in app.url_map.iter_rules():
        rule = rule_of(app, route.endpoint) if route.endpoint != "static" else None
        if rule is None or rule.kind not in ("api_event", "api_user"):
            continue
        path = adapter.build(route.endpoint, {name: known.get(name, 4711) for name in route.arguments})
        for method in sorted((route.methods or set()) - {"OPTIONS"}):
            yield method, path


def test_scopes_hold_on_every_route(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    client, audited = app.test_client(), sa.select(sa.func.count()).select_from(AuditEntry)
    routes = list(rest_routes(app, fair))
    assert len(routes) > 25
    assert {method for method, _ in routes} == {"GET", "HEAD", *WRITING}
    with app.app_context():
        before = db.session.scalar(audited)
    for method, path in routes:
        lacking = people.read_token if method in WRITING else people.write_only_token
        enough = people.read_token if method not in WRITING else people.write_only_token
        refused = client.open(path, method=method, headers=people.bearer(lacking), json={})
        wanted = "write" if method in WRITING else "read"
        assert refused.status_code == 403, (method, path)
        assert refused.headers["WWW-Authenticate"] == (
            f'Bearer realm="api", error="insufficient_scope", scope="{wanted}"'
        )
        if method not in WRITING:
            allowed = client.open(path, method=method, headers=people.bearer(enough))
            assert allowed.status_code in (200, 404), (method, path)
            assert allowed.headers.get("WWW-Authenticate") is None
    with app.app_context():
        assert db.session.scalar(audited) == before, "who is refused leaves no trace"


def test_a_refused_write_is_refused_whatever_exists(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    client = app.test_client()
    answers = {
        client.post(f"/api/v1/organizers/{where}/seats/bulk_block/", json={}, headers=people.bearer(token)).get_data()
        for where in ("bigevents/events/sampleconf", "bigevents/events/nowhere", "nobody/events/sampleconf")
        for token in (people.read_token,)
    }
    assert answers == {b'{"detail": "This token lacks the scope write."}'}


NO_TOKENS = ("Bearer", "Bearer ", "Bearer " + "x" * 64, "bearer {access}x", "Bearer {refresh}", "Token {access}")


def test_what_is_no_token(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    for header, path in product(NO_TOKENS, (f"{fair.base}/seats/", "/api/v1/var/")):
        given = header.format(access=people.write_token, refresh=f"refresh of {people.write_token}")
        answer = app.test_client().get(path, headers={"Authorization": given})
        assert answer.status_code == 401
        assert set(answer.get_json()) == {"detail"}
        challenge = answer.headers["WWW-Authenticate"]
        if given.startswith("Token"):
            assert challenge == "Token"
        elif len(given) > 10:
            assert challenge == 'Bearer realm="api", error="invalid_token"'
        else:
            assert challenge == ('Bearer realm="api"' if "var" in path else 'Token, Bearer realm="api"')


def test_any_case_of_the_scheme_and_an_old_token(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    client, path = app.test_client(), f"{fair.base}/seats/"
    assert client.get(path, headers={"Authorization": f"bEaReR {people.read_token}"}).status_code == 200
    with app.app_context():
        db.session.execute(sa.update(OAuthToken).where(OAuthToken.kind == "access").values(expires=clock.now()))
        db.session.commit()
    for target in (path, "/api/v1/var/"):
        assert client.get(target, headers=people.bearer(people.read_token)).status_code == 401


#: By token: here (an event of hers), another organizer's event of the same slug, one that does not exist.
PLACES = {
    "read_token": (200, 403, 403),
    "write_token": (200, 403, 403),
    "narrow_token": (403, 403, 403),  # Ada named an organizer whose member she is not
    "stranger_token": (403, 200, 403),
    "admin_token": (403, 403, 403),  # all organizers that the admin works for: none
    "admin_here_token": (200, 403, 403),
    "reseller_token": (403, 403, 403),
    "reseller_narrow_token": (403, 403, 403),
}


def test_where_a_token_opens(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    places = (fair.base, fair.base.replace("bigevents", "foreign"), fair.base.replace("sampleconf", "nowhere"))
    shouted = fair.base.replace("bigevents", "BigEvents").replace("sampleconf", "SAMPLECONF")
    client, bodies = app.test_client(), set()
    for name, expected in PLACES.items():
        headers = people.bearer(getattr(people, name))
        answers = [client.get(f"{base}/exhibitors/", headers=headers) for base in (*places, shouted)]
        assert [answer.status_code for answer in answers] == [*expected, expected[0]], name
        bodies |= {answer.get_data() for answer in answers if answer.status_code == 403}
    assert bodies == {b'{"detail": "You do not have permission to perform this action."}'}


def test_a_token_may_what_its_user_may_by_all_teams(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    client, headers = app.test_client(), people.bearer(people.write_token)
    path = f"{fair.base}/exhibitors/"

    def team(**values: Any) -> None:
        with app.app_context():
            db.session.execute(sa.update(Team).where(Team.name == "Crew").values(**values))
            db.session.commit()

    assert client.get(path, headers=headers).get_json()["results"][0]["access_code"] == fair.full_code
    team(can_change_event_settings=False)
    assert client.get(path, headers=headers).get_json()["results"][0]["access_code"] is None
    assert client.post(path, json={"name": "New"}, headers=headers).status_code == 403
    team(can_change_event_settings=True, all_events=False)
    assert client.get(path, headers=headers).status_code == 403
    team(all_events=True)
    assert client.post(path, json={"name": "New"}, headers=headers).status_code == 201


def test_the_history_names_the_user_and_the_application(
    app: Flask, fair: Fair, people: OAuthPeople, stored: Callable[[Any], list[Any]]
) -> None:
    made = app.test_client().patch(
        f"{fair.base}/seats/{fair.seats[9]}/", json={"blocked": True}, headers=people.bearer(people.write_token)
    )
    assert made.status_code == 200
    rows = stored(
        sa.select(AuditEntry.actor_kind, AuditEntry.actor_id, AuditEntry.actor_label).where(
            AuditEntry.action == "seat.blocked"
        )
    )
    assert rows == [("application", people.application, "Ada (Floor planner)")]


def test_use_is_stamped_without_a_write_a_request(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    client, headers = app.test_client(), people.bearer(people.read_token)
    used = sa.select(OAuthGrant.last_used).where(OAuthGrant.last_used.is_not(None))

    def stamps() -> list[Any]:
        with app.app_context():
            return list(db.session.scalars(used))

    assert stamps() == []
    assert client.get(f"{fair.base}/seats/", headers=headers).status_code == 200
    first = stamps()
    assert len(first) == 1
    with statements() as seen:
        client.get("/api/v1/var/", headers=headers)
        client.get(f"{fair.base}/seats/", headers=headers)
    assert stamps() == first
    assert not any(statement.startswith("UPDATE") for statement in seen)


def test_an_application_costs_what_a_team_does(app: Flask, fair: Fair, people: OAuthPeople) -> None:
    """One query that says who asks, for both; and a team's says nothing of applications."""
    client = app.test_client()
    with app.app_context():
        db.session.execute(sa.update(TeamToken).values(last_used=clock.now()))
        db.session.execute(sa.update(OAuthGrant).values(last_used=clock.now()))
        db.session.commit()
    path = f"{fair.base}/vouchers/{fair.vouchers[0]}/"
    with statements() as by_team:
        client.get(path, headers=fair.auth())
    with statements() as by_application:
        client.get(path, headers=people.bearer(people.read_token))
    assert by_application[1:] == by_team[1:]
    assert "oauth_tokens" in by_application[0]
    assert not any("oauth" in statement for statement in by_team)


def test_no_page_opens_by_a_token(client: FlaskClient, fair: Fair, people: OAuthPeople) -> None:
    for path in ("/organizer/", "/organizer/bigevents/sampleconf/"):
        assert client.get(path, headers=people.bearer(people.write_token)).status_code == 303
