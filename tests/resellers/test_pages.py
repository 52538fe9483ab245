"""Pages of resellers and admins: members alone, admins alone, and the same rules as the API's."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Organizer
from portal.resellers.models import Reseller, reseller_members, reseller_organizers
from tests.browserless import post_form, sign_in
from tests.fair import Fair, add, make_event
from tests.oauth_personas import OAuthPeople
from tests.statements import statements

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

Stored = Callable[[Any], list[Any]]
ADMIN = "/admin/resellers/"
TOKEN_PAGE = "/account/applications/new"


@pytest.fixture
def browser(app: Flask, fair: Fair, people: OAuthPeople) -> Callable[[str], FlaskClient]:
    """Opens browsers that are signed in."""

    def open_browser(email: str) -> FlaskClient:
        client = app.test_client()
        sign_in(client, email)
        return client

    return open_browser


@pytest.fixture
def clients(app: Flask, people: OAuthPeople) -> list[int]:
    """Twelve clients of the reseller; the first has two events, one of them public and not over."""
    with app.app_context():
        made = [add(Organizer(slug=f"client{n:02d}", name=f"Messe Kö{n:02d}")) for n in range(12)]
        make_event(made[0], "over", live=True)
        make_event(made[0], "hidden", live=False)
        rows = [{"reseller_id": people.reseller, "organizer_id": each.id} for each in made]
        db.session.execute(sa.insert(reseller_organizers), rows)
        db.session.commit()
        return [each.id for each in made]


def test_strangers(
    client: FlaskClient, browser: Callable[[str], FlaskClient], fair: Fair, people: OAuthPeople, stored: Stored
) -> None:
    one, admins = f"/reseller/{people.reseller}/", f"{ADMIN}{people.reseller}/"
    pages = (one, f"{one}new", f"{one}contact")
    posts = (f"{one}new", f"{one}contact")
    admin_pages = (ADMIN, f"{ADMIN}new", admins, f"{admins}edit")
    admin_posts = (f"{ADMIN}new", f"{admins}edit", f"{admins}members", f"{admins}members/1/remove")
    for path in (*pages, *admin_pages):
        assert client.get(path).headers["Location"].startswith("/login")
    form = {"name": "x", "slug": "x", "email": fair.organizer_email}
    for email in (fair.organizer_email, people.reseller_email):
        person = browser(email)
        mine = email == people.reseller_email
        for path in (*(() if mine else pages), *admin_pages, f"/reseller/{people.other_reseller}/", "/reseller/4711/"):
            assert person.get(path).status_code == 404, path
        for path in (*(() if mine else posts), *admin_posts, f"/reseller/{people.other_reseller}/new"):
            assert post_form(person, path, form, page=TOKEN_PAGE).status_code == 404, path
        start = person.get("/organizer/").text
        assert ('href="/reseller/"' in start) is mine
        assert f'href="{ADMIN}"' not in start
    assert f'href="{ADMIN}"' in browser(fair.admin_email).get("/organizer/").text
    assert browser(fair.admin_email).get(f"{ADMIN}4711/").status_code == 404
    assert len(stored(sa.select(Reseller.id))) == 2
    assert len(stored(sa.select(Organizer.id))) == 2


def test_clients_are_counted_searched_and_paged(
    app: Flask,
    browser: Callable[[str], FlaskClient],
    fair: Fair,
    people: OAuthPeople,
    clients: list[int],
) -> None:
    rita, one = browser(people.reseller_email), f"/reseller/{people.reseller}/"
    sent = rita.get("/reseller/")
    assert (sent.status_code, sent.headers["Location"]) == (303, one)
    with statements() as all_rows:
        page = rita.get(one).text
    assert page.count("Messe Kö") == 12
    assert 'href="/organizer/client00/-/"' not in page, "she is in none of its teams"
    with statements() as one_row:
        found = rita.get(f"{one}?q=KO00 messe").text
    assert len(one_row) == len(all_rows)
    assert found.count("Messe Kö") == 1
    assert '<td data-label="Events" class="num">2</td>' in found
    assert "No client matches" in rita.get(f"{one}?q=nothing").text
    shown = browser(fair.admin_email).get(one).text
    assert 'href="/organizer/client00/-/"' in shown, "an admin may open them all"


def test_a_client_is_made_as_by_the_api(
    browser: Callable[[str], FlaskClient], people: OAuthPeople, stored: Stored
) -> None:
    rita, path = browser(people.reseller_email), f"/reseller/{people.reseller}/new"
    for form, message in (
        ({"name": "", "slug": "New client"}, "Use 1 to 50 letters"),
        ({"name": "New", "slug": "BIGEVENTS"}, "taken already"),
        ({"name": "New", "slug": ""}, "Enter a short name"),
        ({"name": "n" * 201, "slug": "ok"}, "at most 200"),
        ({"name": "\0", "slug": "ok"}, "Enter a name"),
        ({"name": "New", "slug": "a\0b"}, "Use 1 to 50 letters"),
    ):
        answer = post_form(rita, path, form)
        assert (answer.status_code, message in answer.text) == (422, True), form
    answer = post_form(rita, path, {"name": "New client", "slug": "New.client"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/organizer/New.client/-/")
    assert "New client" in rita.get("/organizer/New.client/-/").text
    assert len(stored(sa.select(reseller_organizers))) == 1
    assert stored(sa.select(Team.name).where(Team.name == "Administrators")) == [("Administrators",)]
    labels = stored(sa.select(AuditEntry.actor_label).where(AuditEntry.action == "organizer.created"))
    assert labels == [("Rita",)]


def test_members_change_contact_data_and_not_the_name(
    browser: Callable[[str], FlaskClient], people: OAuthPeople, stored: Stored
) -> None:
    rita, path = browser(people.reseller_email), f"/reseller/{people.reseller}/contact"
    good = {
        "name": "Taken over",
        "public_name": " Shop ",
        "public_url": "https://shop.example.org",
        "support_email": "help@shop.example.org",
        "support_phone": "112",
        "communication_language": "",
    }
    for form in (
        {"public_url": "javascript:alert(1)"},
        {"public_url": "shop"},
        {"public_url": "https://[x"},
        {"support_email": "nobody"},
        {"communication_language": "??"},
        {"communication_language": "x" * 17},
        {"public_name": "x" * 191},
    ):
        answer = post_form(rita, path, good | form)
        assert answer.status_code == 422, form
        assert answer.text.count('aria-invalid="true"') == 1
    assert post_form(rita, path, good).status_code == 303
    shop = stored(sa.select(*Reseller.__table__.c).where(Reseller.id == people.reseller))[0]
    assert {"ticketshop Ltd & Co. KG", "Shop", "https://shop.example.org", "112", "en"} <= set(map(str, shop))


def test_admins_make_resellers_and_say_who_belongs_to_them(
    browser: Callable[[str], FlaskClient], fair: Fair, people: OAuthPeople, stored: Stored
) -> None:
    admin = browser(fair.admin_email)
    assert post_form(admin, f"{ADMIN}new", {"name": " "}).status_code == 422
    taken = post_form(admin, f"{ADMIN}new", {"name": "Somebody else"})
    assert (taken.status_code, "with this name already" in taken.text) == (422, True)
    made = post_form(admin, f"{ADMIN}new", {"name": "Third", "communication_language": "de"})
    one = made.headers["Location"]
    number = int(one.removeprefix(ADMIN).strip("/"))
    for email in ("nobody@example.org", "", "a\0b"):
        answer = post_form(admin, f"{one}members", {"email": email}, page=one)
        assert (answer.status_code, "no user with this" in answer.text) == (422, True)
    for email in (fair.organizer_email.upper(), fair.organizer_email):
        assert post_form(admin, f"{one}members", {"email": email}, page=one).status_code == 303
    assert fair.organizer_email in admin.get(one).text
    ada = browser(fair.organizer_email)
    assert ada.get(f"/reseller/{number}/").status_code == 200
    members = sa.select(reseller_members.c.user_id).where(reseller_members.c.reseller_id == number)
    ((user,),) = stored(members)
    assert post_form(admin, f"{one}members/4711/remove", page=one).status_code == 404
    assert post_form(admin, f"{one}members/{user}/remove", page=one).status_code == 303
    assert stored(members) == []
    assert ada.get(f"/reseller/{number}/").status_code == 404
    assert post_form(admin, f"{one}edit", {"name": "Somebody else"}).status_code == 422
    assert post_form(admin, f"{one}edit", {"name": "Fourth", "communication_language": "de"}).status_code == 303
    assert "Fourth" in admin.get(f"{ADMIN}?q=FOUR").text
    assert "No reseller matches" in admin.get(f"{ADMIN}?q=nothing").text
    written = stored(sa.select(AuditEntry.action).where(AuditEntry.object_kind == "reseller").order_by(AuditEntry.id))
    names = ["created", "member_added", "member_removed", "changed"]
    assert written == [(f"reseller.{name}",) for name in names]
