"""Users' sessions: how they end, how long they live, and what using one writes."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import passwords, queries, services
from portal.accounts.models import Session, User
from portal.core.actors import SYSTEM
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.models import AuditEntry
from tests.accounts.conftest import is_signed_in
from tests.browserless import post_form, sign_in
from tests.fair import PASSWORD, Fair

Rows = Callable[[], list[Session]]
Audit = Callable[[], list[AuditEntry]]
START = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


def user(email: str) -> User:
    found = queries.user_by_email(email)
    assert found
    return found


def test_deactivating_a_user_ends_their_sessions_for_good(app: Flask, client: FlaskClient, fair: Fair) -> None:
    phone = app.test_client()
    sign_in(client, fair.organizer_email)
    sign_in(phone, fair.organizer_email)
    with app.app_context():
        services.set_active(actor=SYSTEM, user=user(fair.organizer_email), active=False)
        db.session.commit()
    assert not is_signed_in(client)
    with app.app_context():
        services.set_active(actor=SYSTEM, user=user(fair.organizer_email), active=True)
        db.session.commit()
    assert not is_signed_in(client)
    assert not is_signed_in(phone)


def test_a_user_who_is_switched_off_behind_our_back_is_out_at_once(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    with app.app_context():
        db.session.execute(sa.update(User).values(is_active=False))
        db.session.commit()
    assert not is_signed_in(client)


def test_a_new_password_ends_all_sessions_of_this_user_alone(
    app: Flask, client: FlaskClient, fair: Fair, audit: Audit
) -> None:
    other = app.test_client()
    sign_in(client, fair.organizer_email)
    sign_in(other, fair.helper_email)
    with app.app_context():
        services.set_password(actor=SYSTEM, user=user(fair.organizer_email), password="another pass phrase")
        db.session.commit()
    assert not is_signed_in(client)
    assert is_signed_in(other)
    assert post_form(client, "/login", {"email": fair.organizer_email, "password": PASSWORD}).status_code == 422
    sign_in(client, fair.organizer_email, "another pass phrase")
    assert [entry.action for entry in audit()][2:4] == ["user.sessions_ended", "user.password_changed"]


def test_a_deleted_user_is_out(app: Flask, client: FlaskClient, fair: Fair, sessions: Rows) -> None:
    sign_in(client, fair.stranger_email)
    with app.app_context():
        db.session.execute(sa.delete(User).where(User.email == fair.stranger_email))
        db.session.commit()
    assert not is_signed_in(client)
    assert sessions() == []


def test_a_password_that_changes_during_the_sign_in_signs_nobody_in(app: Flask, fair: Fair, sessions: Rows) -> None:
    with app.app_context():
        verified = services.authenticate(email=fair.organizer_email, password=PASSWORD)
        assert verified
        services.set_password(actor=SYSTEM, user=user(fair.organizer_email), password="another pass phrase")
        db.session.commit()
        with pytest.raises(services.SignInRefused):
            services.start_session(verified=verified, client=services.Client())
        db.session.rollback()
    assert sessions() == []


def test_nothing_is_locked_while_a_password_is_hashed(app: Flask, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = passwords.verify, []

    def verify(stored: str | None, password: str) -> bool:
        seen.append(db.session().in_transaction())
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify", verify)
    sign_in(app.test_client(), fair.organizer_email)
    assert seen == [False]


# ---------------------------------------------------------------------------------------------------- lifetimes


def test_a_users_session_lives_on_while_it_is_used(client: FlaskClient, fair: Fair) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        sign_in(client, fair.organizer_email)
        for days in (13.9, 27.8, 41.7):
            traveller.move_to(START + dt.timedelta(days=days))
            assert is_signed_in(client)
        traveller.move_to(START + dt.timedelta(days=41.7 + 14))
        assert not is_signed_in(client)


def test_a_cookie_is_worth_nothing_once_it_is_too_old_or_another(
    app: Flask, client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where this process has found it good before."""
    monkeypatch.setitem(app.config, "PERMANENT_SESSION_LIFETIME", dt.timedelta(minutes=1))
    with time_machine.travel(START, tick=False) as traveller:
        sign_in(client, fair.organizer_email)
        assert is_signed_in(client)
        cookie = client.get_cookie("portal")
        assert cookie is not None
        client.set_cookie("portal", cookie.value[:-4] + "AAAA")
        assert not is_signed_in(client)
        client.set_cookie("portal", cookie.value)
        traveller.shift(dt.timedelta(seconds=60))
        assert is_signed_in(client)
        traveller.shift(dt.timedelta(seconds=1))
        assert not is_signed_in(client)


def test_the_stamp_is_written_every_five_minutes_at_most(client: FlaskClient, fair: Fair, sessions: Rows) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        sign_in(client, fair.organizer_email)
        traveller.shift(dt.timedelta(minutes=5))
        client.get("/")
        assert sessions()[0].last_used == START
        traveller.shift(dt.timedelta(seconds=1))
        client.get("/")
        stamped = sessions()[0]
        assert stamped.last_used == START + dt.timedelta(minutes=5, seconds=1)
        assert stamped.expires == stamped.last_used + services.USER_IDLE
        traveller.shift(dt.timedelta(minutes=4))
        client.get("/")
        assert sessions()[0].last_used == stamped.last_used


def test_a_sign_in_sweeps_away_what_has_expired(app: Flask, client: FlaskClient, fair: Fair, sessions: Rows) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        sign_in(client, fair.organizer_email)
        traveller.shift(dt.timedelta(days=15))
        sign_in(app.test_client(), fair.helper_email)
        assert [row.created for row in sessions()] == [START + dt.timedelta(days=15)]


# -------------------------------------------------------------------------------------------------------- users


def test_a_new_user_can_sign_in_and_is_in_the_audit_log(
    app: Flask, client: FlaskClient, fair: Fair, audit: Audit
) -> None:
    with app.app_context():
        services.create_user(actor=SYSTEM, email=" Grace@Example.ORG ", password="eight888", name=" Grace ")
        db.session.commit()
    sign_in(client, "grace@example.org", "eight888")
    created = audit()[0]
    assert (created.action, created.actor_kind) == ("user.created", "system")
    assert created.data == {"email": "grace@example.org", "name": "Grace", "is_admin": False}


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("ADA@example.org", "long enough", "email"),
        ("no address", "long enough", "email"),
        ("a@b\r\nBcc: c@d.example", "long enough", "email"),
        ("x" * 300 + "@example.org", "long enough", "email"),
        ("new@example.org", "seven77", "password"),
        ("new@example.org", "x" * 2000, "password"),
    ],
)
def test_a_user_that_cannot_be(app: Flask, fair: Fair, email: str, password: str, field: str) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as refused:
        services.create_user(actor=SYSTEM, email=email, password=password)
    assert list(refused.value.fields) == [field]


def test_a_user_without_a_password_cannot_sign_in(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        services.create_user(actor=SYSTEM, email="later@example.org")
        db.session.commit()
    assert post_form(client, "/login", {"email": "later@example.org", "password": "x"}).status_code == 422
