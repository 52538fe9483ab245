"""Commands: users, passwords and team tokens."""

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import TeamToken, User
from portal.core.codes import hash_token
from portal.core.database import db
from tests.accounts.conftest import is_signed_in
from tests.browserless import sign_in
from tests.fair import Fair


def test_a_user_is_created_and_signs_in(app: Flask, client: FlaskClient, fair: Fair) -> None:
    made = app.test_cli_runner().invoke(
        args=["user", "create", "Grace@example.org", "--name", "Grace", "--password-stdin"], input="pass phrase\n"
    )
    assert made.exit_code == 0, made.output
    assert made.output == "grace@example.org can sign in now.\n"
    sign_in(client, "grace@example.org", "pass phrase")


def test_the_password_is_asked_for_twice_and_not_shown(app: Flask, client: FlaskClient, fair: Fair) -> None:
    made = app.test_cli_runner().invoke(
        args=["user", "create", "root@example.org", "--admin"], input="pass phrase\npass phrase\n"
    )
    assert made.exit_code == 0, made.output
    assert "pass phrase" not in made.output
    assert "as an admin" in made.output
    with app.app_context():
        assert db.session.scalars(sa.select(User.is_admin).where(User.email == "root@example.org")).one()


def test_what_is_wrong_is_said_and_nothing_is_written(app: Flask, fair: Fair) -> None:
    runner = app.test_cli_runner()
    short = runner.invoke(args=["user", "create", "new@example.org", "--password-stdin"], input="short\n")
    assert short.exit_code == 1
    assert "at least 8 characters" in short.output
    twice = runner.invoke(args=["user", "create", "ADA@example.org", "--password-stdin"], input="long enough\n")
    assert twice.exit_code == 1
    assert "already" in twice.output
    with app.app_context():
        assert not db.session.scalars(sa.select(User).where(User.email == "new@example.org")).all()


def test_another_password_signs_out_everywhere(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    runner = app.test_cli_runner()
    changed = runner.invoke(args=["user", "password", "ADA@example.org", "--password-stdin"], input="pass phrase\n")
    assert changed.exit_code == 0, changed.output
    assert not is_signed_in(client)
    sign_in(client, fair.organizer_email, "pass phrase")
    unknown = runner.invoke(args=["user", "password", "nobody@example.org", "--password-stdin"], input="pass phrase\n")
    assert unknown.exit_code == 1
    assert "no user" in unknown.output


def test_a_token_is_printed_once_and_kept_as_a_hash(app: Flask, fair: Fair) -> None:
    made = app.test_cli_runner().invoke(args=["token", "create", "BigEvents", "Crew", "Badge printer"])
    assert made.exit_code == 0, made.output
    token = made.output.strip()
    assert len(token) == 64
    with app.app_context():
        stored = db.session.scalars(sa.select(TeamToken).where(TeamToken.name == "Badge printer")).one()
        assert stored.token_hash == hash_token(token)


def test_a_token_for_a_team_that_is_not_there(app: Flask, fair: Fair) -> None:
    made = app.test_cli_runner().invoke(args=["token", "create", "foreign", "Crew", "script"])
    assert made.exit_code == 1
    assert "no team Crew" in made.output
