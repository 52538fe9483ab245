"""What operators do with users, tokens, devices and resellers from a shell."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.core.models import AuditEntry
from tests.browserless import post_form, sign_in
from tests.fair import PASSWORD, Fair

Run = Callable[..., str]


@pytest.fixture
def run(app: Flask) -> Run:
    """A command; what it says. ``fails`` is a word of its error."""

    def call(*arguments: object, fails: str | None = None) -> str:
        ended = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
        assert ended.exit_code == (0 if fails is None else 1), ended.output
        assert fails is None or fails in ended.output, ended.output
        assert "Traceback" not in ended.output
        return ended.output

    return call


def rows(said: str) -> list[list[str]]:
    """The lines of a list by their fields."""
    return [line.split("\t") for line in said.splitlines()]


def actions(app: Flask) -> list[tuple[str, str]]:
    """What the audit log says, the newest first."""
    with app.app_context():
        newest = sa.select(AuditEntry.actor_kind, AuditEntry.action).order_by(AuditEntry.id.desc())
        return [(kind, action) for kind, action in db.session.execute(newest)]


def test_users(app: Flask, client: FlaskClient, fair: Fair, run: Run) -> None:
    people = {row[0]: row[1:3] for row in rows(run("user", "list"))}
    assert people[fair.admin_email] == ["Root", "admin"]
    assert people[fair.helper_email] == ["Bob", "-"]
    assert list(people) == sorted(people)
    assert "cannot sign in" in run("user", "deactivate", "BOB@example.org")
    assert fair.helper_email not in run("user", "list")
    assert [fair.helper_email, "Bob", "deactivated"] in [row[:3] for row in rows(run("user", "list", "--all"))]
    refused = post_form(client, "/login", {"email": fair.helper_email, "password": PASSWORD})
    assert refused.status_code == 422
    run("user", "activate", fair.helper_email)
    sign_in(client, fair.helper_email)
    assert ("system", "user.deactivated") in actions(app)
    for command in ("deactivate", "activate"):
        run("user", command, "nobody@example.org", fails="There is no user")


def test_the_last_who_can_manage_stays(fair: Fair, run: Run) -> None:
    run("user", "deactivate", fair.admin_email, fails="last administrator")
    assert "admin" in run("user", "list")


def test_tokens(app: Flask, client: FlaskClient, fair: Fair, run: Run) -> None:
    token = run("token", "create", "bigevents", "Crew", "Badge printer").strip()
    headers = {"Authorization": f"Token {token}"}
    assert client.get(f"{fair.base}/seats/", headers=headers).status_code == 200
    found = {row[2]: row for row in rows(run("token", "list", "BigEvents"))}
    assert "old" not in found, "it was revoked"
    assert found["Badge printer"][1] == "Crew"
    assert found["Badge printer"][3].startswith("used ")
    assert token not in run("token", "list", "bigevents", "--all")
    number = found["Badge printer"][0]
    run("token", "revoke", "foreign", number, fails="has no token")
    assert "Badge printer" in run("token", "revoke", "bigevents", number)
    assert client.get(f"{fair.base}/seats/", headers=headers).status_code == 401
    assert "revoked" in [row[3] for row in rows(run("token", "list", "bigevents", "--all")) if row[0] == number]
    run("token", "revoke", "bigevents", number, fails="already")
    run("token", "list", "nobody", fails="There is no organizer")
    assert actions(app)[0] == ("system", "token.revoked")


def test_devices(app: Flask, client: FlaskClient, fair: Fair, run: Run) -> None:
    event = ("bigevents", "sampleconf")

    def status(key: str) -> int:
        return client.get(f"/pretixdroid/api/bigevents/sampleconf/status/?key={key}").status_code

    key = run("device", "create", *event, "Main entrance", "Gate 7").strip()
    assert status(key) == 200
    found = {row[1]: row for row in rows(run("device", "list", *event))}
    assert found["Gate 7"][2] == "Main entrance"
    assert found["Gate 7"][3].startswith("seen ")
    assert found["Gate 1"][3] == "never seen"
    number = found["Gate 7"][0]
    other = run("device", "rotate", *event, number).strip()
    assert (status(key), status(other)) == (403, 200)
    assert "Gate 7" in run("device", "revoke", *event, number)
    assert status(other) == 403
    assert "revoked" in [row[3] for row in rows(run("device", "list", *event)) if row[0] == number]
    blind = run("device", "create", *event, "Main entrance", "Gate 8", "--no-figures").strip()
    assert status(blind) == 403
    run("device", "create", *event, "Back door", "Gate 9", fails="has no lists")
    run("device", "create", *event, "Main entrance", " ", fails="name")
    run("device", "revoke", "foreign", "sampleconf", number, fails="another event")
    run("device", "list", "bigevents", "nothing", fails="has no event")
    assert ("system", "device.revoked") in actions(app)
    assert key not in str(actions(app))


def test_resellers(app: Flask, fair: Fair, run: Run) -> None:
    assert "The reseller Ticket & Co. has" in run("reseller", "create", "Ticket & Co.", "--public-name", "ticketco")
    run("reseller", "create", "Ticket & Co.", fails="name")
    run("reseller", "create", "Other", "--support-email", "nobody", fails="e-mail")
    assert [row[1:] for row in rows(run("reseller", "list"))] == [["Ticket & Co.", "0", "-"]]
    run("reseller", "add-member", "Ticket & Co.", "BOB@example.org")
    run("reseller", "add-member", "Ticket & Co.", "nobody@example.org", fails="no user")
    run("reseller", "add-member", "Nobody", fair.helper_email, fails="no reseller")
    assert [row[3] for row in rows(run("reseller", "list"))] == [fair.helper_email]
    run("reseller", "remove-member", "Ticket & Co.", fair.helper_email)
    run("reseller", "remove-member", "Ticket & Co.", fair.helper_email, fails="no member")
    assert [row[3] for row in rows(run("reseller", "list"))] == ["-"]
    assert actions(app)[0] == ("system", "reseller.member_removed")
