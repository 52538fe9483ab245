"""Administrators' pages and an organizer's settings: for whom they exist, and what they do."""

from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import User, team_members
from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Organizer
from tests.accounts.conftest import is_signed_in
from tests.browserless import csrf_token, post_form, sign_in, sign_in_code
from tests.fair import Fair

Audit = Callable[[], list[AuditEntry]]
SETTINGS = "/organizer/bigevents/-/settings/"


def user_id(app: Flask, email: str) -> int:
    with app.app_context():
        return db.session.execute(sa.select(User.id).where(User.email == email)).scalar_one()


def test_for_everybody_else_these_pages_do_not_exist(app: Flask, fair: Fair) -> None:
    target = user_id(app, fair.helper_email)
    for who, status in (("organizer_email", 404), ("stranger_email", 404), ("code", 303), ("nobody", 303)):
        client = app.test_client()
        if who == "code":
            sign_in_code(client, fair.full_code)
        elif who != "nobody":
            sign_in(client, getattr(fair, who))
        token = csrf_token(client.get("/e/"))
        for path in ("organizers/", "organizers/new", "users/", f"users/{target}/"):
            assert client.get(f"/admin/{path}", headers=fair.auth()).status_code == status, (who, path)
        data = {"csrf_token": token, "active": "0", "admin": "1", "name": "Mine", "slug": "mine"}
        for path in ("organizers/new", *(f"users/{target}/{what}" for what in ("active", "admin", "sessions/end"))):
            assert client.post(f"/admin/{path}", data=data).status_code == status, (who, path)
    with app.app_context():
        assert db.session.get_one(User, target).is_active
        assert not db.session.get_one(User, target).is_admin


def test_an_administrator_finds_and_makes_organizers(app: Flask, client: FlaskClient, fair: Fair, audit: Audit) -> None:
    sign_in(client, fair.admin_email)
    assert "Foreign Fairs" in client.get("/admin/organizers/").text
    found = client.get("/admin/organizers/?q=BIG+ev").text
    assert "Big Events" in found
    assert "Foreign Fairs" not in found
    assert "No organizer has all these words" in client.get("/admin/organizers/?q=50%25").text
    path = "/admin/organizers/new"
    for data, field in (
        ({"name": "", "slug": "new"}, "name"),
        ({"name": "New", "slug": "a b"}, "slug"),
        ({"name": "New", "slug": "BIGEVENTS"}, "slug"),
        ({"name": "New", "slug": "new", "email": "nobody@example.org"}, "email"),
    ):
        refused = post_form(client, path, data)
        assert refused.status_code == 422
        assert f'id="f-{field}-error"' in refused.text
    made = post_form(client, path, {"name": "New Fairs", "slug": "new.fairs", "email": fair.stranger_email})
    assert made.location == "/organizer/new.fairs/-/"
    assert client.get(made.location).status_code == 200
    eve = app.test_client()
    sign_in(eve, fair.stranger_email)
    assert eve.get("/organizer/new.fairs/-/teams/").status_code == 200
    entry = next(entry for entry in audit() if entry.action == "organizer.created")
    assert (entry.actor_label, entry.data["administrator"]) == ("Root", True)


def test_an_administrator_acts_at_every_organizer_and_is_marked(
    app: Flask, client: FlaskClient, fair: Fair, audit: Audit
) -> None:
    sign_in(client, fair.admin_email)
    assert post_form(client, "/organizer/foreign/-/teams/new", {"name": "Auditors"}).status_code == 303
    entry = next(entry for entry in audit() if entry.action == "team.created")
    assert (entry.actor_label, entry.data["administrator"]) == ("Root", True)
    sign_in(client.application.test_client(), fair.organizer_email)
    assert "administrator" not in audit()[-1].data


def test_users_are_found_switched_off_and_made_administrators(
    app: Flask, client: FlaskClient, fair: Fair, audit: Audit
) -> None:
    sign_in(client, fair.admin_email)
    listed = client.get("/admin/users/?q=BOB").text
    assert fair.helper_email in listed
    assert fair.stranger_email not in listed
    assert fair.helper_email not in client.get("/admin/users/?admins=1").text
    bob, ada, root = (user_id(app, email) for email in (fair.helper_email, fair.organizer_email, fair.admin_email))
    page = f"/admin/users/{bob}/"
    browser = app.test_client()
    sign_in(browser, fair.helper_email)
    assert "Helpers" in client.get(page).text
    assert post_form(client, f"{page}sessions/end", page=page).status_code == 303
    assert not is_signed_in(browser)
    assert post_form(client, f"{page}active", {"active": "0"}, page=page).status_code == 303
    assert "Switched off" in client.get(page).text
    assert post_form(client, f"{page}active", {"active": "1"}, page=page).status_code == 303
    assert post_form(client, f"{page}admin", {"admin": "1"}, page=page).status_code == 303
    sign_in(browser, fair.helper_email)
    assert browser.get("/admin/users/").status_code == 200
    assert post_form(client, f"{page}admin", {"admin": "0"}, page=page).status_code == 303
    assert browser.get("/admin/users/").status_code == 404
    with app.app_context():
        db.session.execute(sa.delete(team_members).where(team_members.c.user_id != ada))
        db.session.commit()
    for target, path, data in (
        (ada, "active", {"active": "0"}),
        (root, "admin", {"admin": "0"}),
        (root, "active", {"active": "0"}),
    ):
        own = f"/admin/users/{target}/"
        assert post_form(client, f"{own}{path}", data, page=own).status_code == 303
        assert "This is the last" in client.get(own).text
    assert client.get("/admin/users/999999/").status_code == 404
    assert {entry.action for entry in audit()} >= {
        "user.deactivated",
        "user.activated",
        "user.made_admin",
        "user.no_admin",
    }


# ------------------------------------------------------------------------------------------ an organizer's settings


def test_settings_are_for_those_who_may_change_them(app: Flask, fair: Fair) -> None:
    for who, status in (("helper_email", 403), ("stranger_email", 404), ("code", 303), ("nobody", 303)):
        client = app.test_client()
        if who == "code":
            sign_in_code(client, fair.full_code)
        elif who != "nobody":
            sign_in(client, getattr(fair, who))
        token = csrf_token(client.get("/e/"))
        assert client.get(SETTINGS, headers=fair.auth()).status_code == status, who
        assert client.post(SETTINGS, data={"csrf_token": token, "name": "Mine"}).status_code == status, who


def test_the_name_and_the_contact_address(app: Flask, client: FlaskClient, fair: Fair, audit: Audit) -> None:
    sign_in(client, fair.organizer_email)
    for data, field in (
        ({"name": " ", "email": ""}, "name"),
        ({"name": "x" * 250, "email": ""}, "name"),
        ({"name": "Big", "email": "nobody"}, "email"),
        ({"name": "Big", "email": "a@b.example\r\nBcc: c@d.example"}, "email"),
    ):
        refused = post_form(client, SETTINGS, data)
        assert refused.status_code == 422
        assert f'id="f-{field}-error"' in refused.text
    assert post_form(client, SETTINGS, {"name": "Bigger Events", "email": "", "slug": "stolen"}).status_code == 303
    with app.app_context():
        row = db.session.get_one(Organizer, fair.organizer)
        assert (row.name, row.email, row.slug) == ("Bigger Events", None, "bigevents")
    entry = audit()[-1]
    assert (entry.action, entry.organizer_id) == ("organizer.changed", fair.organizer)
    assert entry.data["changed"]["name"] == ["Big Events", "Bigger Events"]
