"""Sending codes from pages, to one and to many: a real mail server that accepts, refuses, stalls and breaks off."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.actors import Actor, EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.queue import queue_of
from portal.events.models import Event
from portal.exhibitors.models import CodeMailing, CodeMailingRecipient, Exhibitor
from portal.exhibitors.services import mailings
from tests.browserless import sign_in
from tests.exhibitors.organizing import LIST, audited, flashes, post, stored, words
from tests.fair import Fair, make_exhibitor
from tests.services import SmtpServer, free_port
from tests.working import mailing, pass_time, setting, work

RECIPIENTS = sa.select(CodeMailingRecipient.state, CodeMailingRecipient.error, CodeMailingRecipient.attempt).order_by(
    CodeMailingRecipient.id
)
SENT = sa.select(Exhibitor.code_sent, Exhibitor.code_sent_error).order_by(Exhibitor.id)


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


@pytest.fixture(autouse=True)
def quiet_queue(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker listens here: tests deliver what is due themselves."""
    monkeypatch.setattr(queue_of(app), "wake", lambda rows: None)


def start(ada: FlaskClient, fair: Fair, *numbers: int, **more: str) -> str:
    """Ask for the mails; the address of the mailing."""
    wanted = ",".join(str(each) for each in numbers or (fair.exhibitor, fair.rival))
    answer = post(ada, f"{LIST}bulk", {"do": "send", "ids": wanted, "key": "k", **more})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.location)


def states(app: Flask) -> list[Any]:
    return [tuple(row) for row in stored(app, RECIPIENTS)]


# ------------------------------------------------------------------------------------------------------- to one


def test_one_is_told_whether_it_was_sent(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    assert post(ada, f"{LIST}{fair.exhibitor}/send").location == f"{LIST}{fair.exhibitor}/"
    assert "The code is sent." in flashes(ada, f"{LIST}{fair.exhibitor}/")
    assert fair.full_code in smtp.messages[0].message.as_string()
    assert audited(app)[0][:2] == ("exhibitor.code_sent", fair.exhibitor)
    smtp.behaviour = "refuse"
    post(ada, f"{LIST}{fair.exhibitor}/send")
    text = flashes(ada, f"{LIST}{fair.exhibitor}/")
    assert "The email could not be sent." in text
    assert "550 5.1.1 No such mailbox" in text
    assert ada.get(f"{LIST}?sent=failed").text.count("Aperture Science") >= 1


def test_one_without_an_address_or_a_server(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    post(ada, f"{LIST}{fair.rival}/send")
    assert "No mail server is set (SMTP_URL)." in flashes(ada, f"{LIST}{fair.rival}/")
    with app.app_context():
        db.session.get_one(Exhibitor, fair.rival).contact_email = None
        db.session.commit()
    post(ada, f"{LIST}{fair.rival}/send")
    assert "has no e-mail address" in flashes(ada, f"{LIST}{fair.rival}/")
    assert post(ada, f"{LIST}{fair.foreign_exhibitor}/send").status_code == 404


# ------------------------------------------------------------------------------------------------------ to many


def test_many_get_their_own_mail(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    with app.app_context():
        make_exhibitor(db.session.get_one(Event, fair.event), "Silent Ltd", "SLNT23456", contact_email=None)
        db.session.commit()
    asked = words(ada.get(f"{LIST}bulk?do=send&all=1").text)
    assert "2 exhibitors get a mail" in asked
    assert "1 has no e-mail address and gets none: Silent Ltd" in asked
    address = start(ada, fair, fair.exhibitor, fair.rival, fair.rival + 2, fair.foreign_exhibitor)
    page = ada.get(address).text
    assert "Codes are on their way." in page
    assert 'hx-trigger="load delay:1s"' in page
    assert [outcome.status for outcome in work(app)] == ["done", "done"]
    to = sorted(each.message["To"] for each in smtp.messages)
    assert to == ["black@as.example.org", "johnson@as.example.org"]
    assert states(app) == [("sent", None, 1), ("sent", None, 1)]
    assert [row[0] is not None for row in stored(app, SENT)] == [True, True, False, False]
    actions = [(action, object_id) for action, object_id, _ in audited(app)]
    assert actions[0][0] == "code_mailing.started"
    assert sorted(actions[1:]) == [("exhibitor.code_sent", fair.exhibitor), ("exhibitor.code_sent", fair.rival)]
    fragment = ada.get(address, headers={"HX-Request": "true", "HX-Target": "mailing"}).text
    assert "All 2 codes are sent." in words(fragment)
    assert "hx-get" not in fragment
    assert "<html" not in fragment
    assert "2 / 2" in words(ada.get(f"{LIST}mailings").text)
    assert "Leave out 2 who got the code already" in words(ada.get(f"{LIST}bulk?do=send&all=1").text)


def test_the_same_form_twice_is_one_mailing(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    first = start(ada, fair)
    assert start(ada, fair) == first
    work(app)
    assert start(ada, fair) == first
    work(app)
    assert len(smtp.messages) == 2
    again = post(ada, f"{LIST}bulk", {"do": "send", "ids": str(fair.rival), "key": "other", "only_new": "1"})
    assert again.status_code == 422
    assert "Nobody is left to write to" in again.text
    assert start(ada, fair, fair.rival, key="other") != first
    assert post(ada, f"{LIST}bulk", {"do": "send", "ids": str(fair.rival), "key": "third"}).status_code == 422
    work(app)
    assert len(smtp.messages) == 3


def test_eight_clicks_at_once_send_one_mail_each(app: Flask, fair: Fair, smtp: SmtpServer, scope: EventScope) -> None:
    found: list[int] = []
    refused: list[str] = []

    def click(number: int) -> None:
        with app.app_context():
            try:
                made = mailings.start(
                    actor=Actor("user", 1, "Ada"),
                    event=scope,
                    exhibitor_ids=[fair.exhibitor, fair.rival],
                    key=f"key {number % 2}",
                    base_url="http://localhost",
                )
                db.session.commit()
                found.append(made)
            except InvalidInput as error:
                db.session.rollback()
                refused.append(error.message)

    threads = [threading.Thread(target=click, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) + len(refused) == 8
    assert len(set(found)) == 1
    work(app)
    assert len(smtp.messages) == 2


def test_a_refusal_fails_and_is_tried_again(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    smtp.behaviour = "refuse"
    address = start(ada, fair)
    assert [outcome.status for outcome in work(app)] == ["failed", "failed"]
    assert [state for state, _, _ in states(app)] == ["failed", "failed"]
    text = words(ada.get(address).text)
    assert "2 mails failed." in text
    assert "SMTPRecipientsRefused: 550 5.1.1 No such mailbox" in text
    assert [row[1] is not None for row in stored(app, SENT)] == [True, True, False]
    smtp.behaviour = "accept"
    for _ in range(2):
        assert post(ada, f"{address}/retry").location == address
    work(app)
    assert states(app) == [("sent", None, 2), ("sent", None, 2)]
    assert len(smtp.messages) == 2
    assert [row[1] for row in stored(app, SENT)] == [None, None, None]
    assert "No mail is left to try again." in flashes(ada) or post(ada, f"{address}/retry").status_code == 303


@pytest.mark.parametrize("behaviour", ["refuse later", "break off"])
def test_what_may_pass_is_tried_again_by_itself_or_at_once(
    app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer, behaviour: Any
) -> None:
    smtp.behaviour = behaviour
    address = start(ada, fair, fair.rival)
    assert [outcome.status for outcome in work(app)] == ["waiting"]
    ((state, error, _),) = states(app)
    assert state == "waiting"
    assert error is not None
    page = ada.get(address).text
    assert "Is tried again" in page
    assert 'hx-trigger="load delay:10s"' in page
    smtp.behaviour = "accept"
    if behaviour == "refuse later":
        pass_time(app, minutes=2)
    else:
        post(ada, f"{address}/retry")
    work(app)
    assert [state for state, _, _ in states(app)] == ["sent"]
    pass_time(app, minutes=2)
    work(app)
    assert len(smtp.messages) == 1


def test_a_server_that_stalls_or_is_gone(
    app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.core.mail.PATIENCE", 0.3)
    smtp.behaviour = "stall"
    start(ada, fair, fair.rival)
    assert [outcome.status for outcome in work(app)] == ["waiting"]
    smtp.resume()
    with mailing(app, SmtpServer(port=free_port())):
        pass_time(app, minutes=2)
        assert [outcome.status for outcome in work(app)] == ["waiting"]
    ((state, error, _),) = states(app)
    assert (state, "refused" in str(error).lower()) == ("waiting", True)
    for minutes in (6, 31, 121):
        with mailing(app, SmtpServer(port=free_port())):
            pass_time(app, minutes=minutes)
            work(app)
    assert [state for state, _, _ in states(app)] == ["failed"]


def test_what_is_taken_back_is_not_sent(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    address = start(ada, fair)
    assert post(ada, f"{address}/cancel").location == address
    assert [outcome.status for outcome in work(app)] == ["done", "done"]
    assert smtp.messages == []
    assert [state for state, _, _ in states(app)] == ["cancelled", "cancelled"]
    assert audited(app)[-1][0] == "code_mailing.cancelled"
    post(ada, f"{address}/cancel")
    assert len(audited(app)) == 2


def test_changes_on_the_way(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    """The mail holds what is true when it is written; who lost its address or is gone gets none."""
    start(ada, fair)
    post(ada, f"{LIST}bulk", {"do": "rotate", "ids": str(fair.exhibitor), "kinds": ["full", "scanning"]})
    with app.app_context():
        db.session.get_one(Exhibitor, fair.rival).contact_email = None
        db.session.commit()
    assert sorted(outcome.status for outcome in work(app)) == ["done", "failed"]
    assert fair.full_code not in smtp.messages[0].message.as_string()
    assert states(app)[1][:2] == ("failed", "This exhibitor has no email address.")
    post(ada, f"{LIST}bulk", {"do": "delete", "ids": str(fair.exhibitor), "confirm": "Aperture Science"})
    assert len(states(app)) == 1


def test_without_a_server_nothing_begins(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    assert "No mail server is set" in ada.get(f"{LIST}bulk?do=send&all=1").text
    answer = post(ada, f"{LIST}bulk", {"do": "send", "ids": str(fair.rival), "key": "k"})
    assert answer.status_code == 422
    assert "No mail server is set (SMTP_URL)." in answer.text
    assert stored(app, sa.select(CodeMailing.id)) == []
    with setting(app, env="development"):
        start(ada, fair, fair.rival)
        work(app)
    assert [state for state, _, _ in states(app)] == ["sent"]


def test_the_mailing_of_another_event(app: Flask, ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    address = start(ada, fair)
    other = address.replace("sampleconf", "otherconf")
    assert ada.get(other).status_code == 404
    for step in ("retry", "cancel"):
        assert post(ada, f"{other}/{step}").status_code == 404
    assert [state for state, _, _ in states(app)] == ["waiting", "waiting"]
