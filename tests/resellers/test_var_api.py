"""The reseller API: for users' OAuth tokens alone, each account for its members alone, one organizer a slug."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import PERMISSIONS, Team, User, team_members
from portal.core import clock
from portal.core.actors import SYSTEM
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Organizer
from portal.resellers import services
from portal.resellers.models import Reseller, reseller_members, reseller_organizers
from tests.fair import Fair
from tests.oauth_personas import OAuthPeople, user_id

LIST = "/api/v1/var/"
NOT_FOUND = (404, {"detail": "Not found."})
EXAMPLE = {"name": "My new client", "slug": "New-client"}
Stored = Callable[[Any], list[Any]]


def doors(people: OAuthPeople) -> list[tuple[str, str]]:
    one = f"{LIST}{people.reseller}/"
    return [("GET", LIST), ("GET", one), ("POST", f"{one}create_organizer/")]


def test_nobody_gets_in_and_a_team_neither(client: FlaskClient, fair: Fair, people: OAuthPeople) -> None:
    """Contract decision 25."""
    for method, path in doors(people):
        for header, status in (
            (None, 401),
            ("Basic dTpw", 401),
            (f"Exhibitor {fair.full_code}", 401),
            ("Token " + "x" * 64, 401),
            (f"Token {fair.revoked_token}", 401),
            ("Bearer " + "x" * 64, 401),
            (f"Token {fair.token}", 403),
            (f"Token {fair.weak_token}", 403),
        ):
            answer = client.open(path, method=method, headers={"Authorization": header} if header else {})
            assert answer.status_code == status, (method, path, header)
            assert set(answer.get_json()) == {"detail"}
            assert ("WWW-Authenticate" in answer.headers) is (status == 401)


def test_each_sees_their_own_accounts(client: FlaskClient, fair: Fair, people: OAuthPeople) -> None:
    shown = {
        "id": people.reseller,
        "name": "ticketshop Ltd & Co. KG",
        "public_name": "ticketshop",
        "public_url": "https://ticketshop.example.org",
        "support_email": "support@ticketshop.example.org",
        "support_phone": "+4962213217750",
        "communication_language": "de",
    }
    headers = people.bearer(people.reseller_read_token)
    answer = client.get(LIST, headers=headers)
    assert answer.get_json() == {"count": 1, "next": None, "previous": None, "results": [shown]}
    one = client.get(f"{LIST}{people.reseller}/", headers=headers)
    assert (one.status_code, list(one.get_json().items())) == (200, list(shown.items()))
    for token in (people.read_token, people.admin_token, people.stranger_token):
        strangers = people.bearer(token)
        assert client.get(LIST, headers=strangers).get_json()["results"] == []
    for name in (people.other_reseller, 4711, 0, -1, 10**30, "abc", "1.5"):
        for method, path in (("GET", f"{LIST}{name}/"), ("POST", f"{LIST}{name}/create_organizer/")):
            for token in (people.reseller_token, people.reseller_narrow_token):
                found = client.open(path, method=method, json=EXAMPLE, headers=people.bearer(token))
                assert (found.status_code, found.get_json()) == NOT_FOUND, (method, path)
    for token in (people.write_token, people.admin_token):
        for method, path in doors(people)[1:]:
            found = client.open(path, method=method, json=EXAMPLE, headers=people.bearer(token))
            assert (found.status_code, found.get_json()) == NOT_FOUND


def test_a_created_organizer(client: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored) -> None:
    path = doors(people)[2][1]
    answer = client.post(path, json=EXAMPLE | {"id": 1, "email": "x"}, headers=people.bearer(people.reseller_token))
    assert answer.status_code == 201
    made = answer.get_json()
    assert made == EXAMPLE | {"id": made["id"]}
    assert stored(sa.select(reseller_organizers)) == [(people.reseller, made["id"])]
    (team,) = stored(
        sa.select(Team.id, Team.all_events, *(getattr(Team, name) for name in PERMISSIONS)).where(
            Team.organizer_id == made["id"]
        )
    )
    assert all(team[1:])
    assert stored(
        sa.select(User.email)
        .join(team_members, team_members.c.user_id == User.id)
        .where(team_members.c.team_id == team[0])
    ) == [(people.reseller_email,)]
    written = stored(
        sa.select(AuditEntry.action, AuditEntry.actor_label)
        .where(AuditEntry.organizer_id == made["id"])
        .order_by(AuditEntry.id)
    )
    who = "Rita (Floor planner)"
    assert written == [("organizer.created", who), ("team.created", who), ("reseller.client_created", who)]


def test_what_a_new_organizer_must_not_be(client: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored) -> None:
    """Contract decision 6: the example's own slug is none."""
    path, headers = doors(people)[2][1], people.bearer(people.reseller_token)
    bodies: list[tuple[Any, set[str]]] = [
        ({"name": "My new client", "slug": "New client"}, {"slug"}),
        ({"name": "Taken", "slug": "BigEvents"}, {"slug"}),
        ({"name": "Taken", "slug": "bigevents"}, {"slug"}),
        ({"name": "", "slug": "x"}, {"name"}),
        ({"name": "   ", "slug": ""}, {"name", "slug"}),
        ({"name": "n" * 201, "slug": "s" * 51}, {"name", "slug"}),
        *(({"name": "Space", "slug": slug}, {"slug"}) for slug in ("a\n", "a ", " a", "\ta", "a\r\n", "a\u2028", " ")),
        ({"name": "No slug"}, {"slug"}),
        ({"slug": "no-name"}, {"name"}),
        ({}, {"name", "slug"}),
        ({"name": None, "slug": None}, {"name", "slug"}),
        ({"name": 5, "slug": ["x"]}, {"name", "slug"}),
        ({"name": "a\0b", "slug": "a\0b"}, {"name", "slug"}),
        ([], {"non_field_errors"}),
    ]
    before = stored(sa.select(Organizer.id))
    for body, fields in bodies:
        answer = client.post(path, json=body, headers=headers)
        assert (answer.status_code, set(answer.get_json())) == (400, fields), body
    for data, kind, status in (
        (b"{", "application/json", 400),
        (b"<x/>", "text/xml", 415),
        (b'{"name": "x", "slug": "\xff"}', "application/json", 400),
    ):
        assert client.post(path, data=data, content_type=kind, headers=headers).status_code == status
    assert stored(sa.select(Organizer.id)) == before
    form = client.post(path, data={"name": "By form", "slug": "by-form"}, headers=headers)
    assert form.status_code == 201


def test_read_tokens_and_narrow_ones_create_nothing(
    client: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored
) -> None:
    path, before = doors(people)[2][1], stored(sa.select(Organizer.id))
    for token, word in ((people.reseller_read_token, "write"), (people.reseller_narrow_token, "restricted")):
        for body in (EXAMPLE, {}):
            answer = client.post(path, json=body, headers=people.bearer(token))
            assert answer.status_code == 403
            assert word in answer.get_json()["detail"]
    assert stored(sa.select(Organizer.id)) == before
    assert client.get(LIST, headers=people.bearer(people.reseller_narrow_token)).get_json()["count"] == 1


def test_methods(client: FlaskClient, people: OAuthPeople) -> None:
    headers = people.bearer(people.reseller_token)
    for path, allowed in zip((path for _, path in doors(people)), ("GET", "GET", "POST"), strict=True):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {allowed}:
            answer = client.open(path, method=method, headers=headers)
            assert answer.status_code == 405, (method, path)
            assert allowed in answer.headers["Allow"]
    assert client.get(LIST.rstrip("/"), headers=headers).status_code == 301


def test_a_repeated_request_creates_once(client: FlaskClient, fair: Fair, people: OAuthPeople, stored: Stored) -> None:
    path = doors(people)[2][1]
    headers = people.bearer(people.reseller_token) | {"X-Idempotency-Key": "k1"}
    first = client.post(path, json=EXAMPLE, headers=headers)
    again = client.post(path, json=EXAMPLE, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    refused = headers | {"X-Idempotency-Key": "k2"}
    assert client.post(path, json=EXAMPLE, headers=refused).status_code == 400
    assert client.post(path, json=EXAMPLE, headers=refused).status_code == 400
    assert len(stored(sa.select(Organizer.id).where(Organizer.slug == "New-client"))) == 1


def test_racing_requests_make_one_organizer(app: Flask, fair: Fair, people: OAuthPeople, stored: Stored) -> None:
    path, headers = doors(people)[2][1], people.bearer(people.reseller_token)
    barrier, answers = threading.Barrier(4), list[Any]()

    def create(slug: str) -> None:
        barrier.wait()
        answers.append(app.test_client().post(path, json={"name": "Racer", "slug": slug}, headers=headers))

    threads = [threading.Thread(target=create, args=(slug,)) for slug in ("racer", "RACER", "racer", "Racer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert all(set(answer.get_json()) == {"slug"} for answer in answers if answer.status_code == 400)
    assert len(stored(sa.select(Organizer.id).where(Organizer.name == "Racer"))) == 1
    assert len(stored(sa.select(reseller_organizers))) == 1
    assert len(stored(sa.select(Team.id).where(Team.name == "Administrators"))) == 1


def test_pages_of_the_list(app: Flask, client: FlaskClient, people: OAuthPeople) -> None:
    with app.app_context():
        rita = user_id(people.reseller_email)
        db.session.add_all(Reseller(name=f"Reseller {number:02d}") for number in range(54))
        db.session.flush()
        more = db.session.scalars(sa.select(Reseller.id).where(Reseller.name.startswith("Reseller ")))
        db.session.execute(sa.insert(reseller_members), [{"reseller_id": pk, "user_id": rita} for pk in more])
        db.session.commit()
    headers = people.bearer(people.reseller_token)
    first = client.get(LIST, headers=headers).get_json()
    assert (first["count"], len(first["results"]), first["previous"]) == (55, 50, None)
    assert first["next"].endswith("/api/v1/var/?page=2")
    second = client.get(first["next"], headers=headers).get_json()
    assert (len(second["results"]), second["next"]) == (5, None)
    assert len(client.get(f"{LIST}?page_size=7&page=8", headers=headers).get_json()["results"]) == 6
    missing = client.get(f"{LIST}?page=9", headers=headers)
    assert (missing.status_code, missing.get_json()) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize("change", ["changed", "left", "joined"])
def test_conditional_lists(app: Flask, client: FlaskClient, people: OAuthPeople, change: str) -> None:
    """A member who leaves takes an old account out of the list: an old date must not say that nothing changed."""
    long_ago = clock.now() - dt.timedelta(days=30)
    with app.app_context():
        db.session.execute(sa.update(Reseller).values(modified=long_ago))
        db.session.commit()
    headers = people.bearer(people.reseller_token)
    first = client.get(LIST, headers=headers)
    by_date, by_tag = ({"If-Modified-Since": first.headers["Last-Modified"]}, {"If-None-Match": first.headers["ETag"]})
    for condition in (by_date, by_tag):
        same = client.get(LIST, headers=headers | condition)
        assert (same.status_code, same.get_data()) == (304, b"")
    with app.app_context():
        mine = db.session.get_one(Reseller, people.reseller)
        other = db.session.get_one(Reseller, people.other_reseller)
        if change == "changed":
            services.change_reseller(actor=SYSTEM, reseller=mine, values={"support_phone": "112"})
        elif change == "left":
            user = user_id(people.reseller_email)
            services.remove_member(actor=SYSTEM, reseller=mine, user_id=user, email=people.reseller_email)
        else:
            services.add_member(actor=SYSTEM, reseller=other, email=people.reseller_email.upper())
        db.session.commit()
    for condition in (by_date, by_tag):
        assert client.get(LIST, headers=headers | condition).status_code == 200
