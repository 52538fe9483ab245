"""“Send me my code”: one mail for those who are known, the same answer for everybody."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.config import Config
from portal.core.database import db
from portal.core.models import OutboxMessage
from portal.events.models import Event, Organizer
from portal.exhibitors.models import Exhibitor
from tests.browserless import csrf_token, post_form, sign_in_code
from tests.fair import DAY, Fair, make_event, make_exhibitor
from tests.services import SmtpServer
from tests.working import another, mailing, pass_time, rows, setting, work

KNOWN = "johnson@as.example.org"


def ask(client: FlaskClient, email: str) -> TestResponse:
    return post_form(client, "/e/send", {"email": email})


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.fixture
def limited(app: Flask, config: Config) -> Iterator[Flask]:
    """The app with limits, on the same database."""
    with another(config, ratelimit_enabled=True) as limited:
        yield limited


# ------------------------------------------------------------------------------------------------------ the answer


def test_the_answer_and_the_work_are_the_same_for_everybody(app: Flask, client: FlaskClient, fair: Fair) -> None:
    known, unknown = ask(client, KNOWN), ask(client, "nobody@example.org")
    for answer in (known, unknown):
        assert (answer.status_code, answer.location) == (303, "/e/sent")
    assert known.data == unknown.data
    first, second = rows(app)
    assert (first.kind, first.status) == (second.kind, second.status) == ("code_request", "waiting")
    assert set(first.payload) == set(second.payload) == {"email", "base_url"}
    page = client.get("/e/sent")
    assert page.status_code == 200
    assert "If the organizer has this address" in page.text


def test_the_outbox_holds_no_code(app: Flask, client: FlaskClient, fair: Fair) -> None:
    ask(client, KNOWN)
    work(app)
    for row in rows(app):
        said = f"{row.payload} {row.last_error}"
        assert fair.full_code not in said
        assert fair.scanning_code not in said


NO_ADDRESSES = ["", "johnson", "johnson@", "a@b c", "a@example.org, b@example.org", "x" * 300 + "@y.org"]


@pytest.mark.parametrize("typed", NO_ADDRESSES)
def test_what_is_no_address_is_said_at_the_field(app: Flask, client: FlaskClient, typed: str) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert rows(app) == []


def test_a_signed_in_exhibitor_may_ask_too(client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    assert ask(client, KNOWN).status_code == 303


def test_a_form_without_its_token_does_nothing(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert client.post("/e/send", data={"email": KNOWN}).status_code == 400
    assert rows(app) == []


# -------------------------------------------------------------------------------------------------------- the mail


def test_one_mail_with_both_codes_and_their_links(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    with app.app_context():
        db.session.query(Exhibitor).filter_by(id=fair.exhibitor).update({"locale": "en"})
        db.session.commit()
    ask(client, "  Johnson@AS.example.org ")
    with mailing(app, smtp_server):
        assert [outcome.status for outcome in work(app)] == ["done"]
    (received,) = smtp_server.messages
    message = received.message
    assert received.recipients == [KNOWN]
    assert message["Subject"] == "Your access codes for Sample conference"
    assert message["Content-Language"] == "en"
    for kind in ("plain", "html"):
        said = text_of(message, kind)
        for expected in ("Sample conference", "Aperture Science", "Booth A2", "Access code", "Scanning code"):
            assert expected in said
        for code in (fair.full_code, fair.scanning_code):
            assert f"http://localhost/e/{code}" in said
    links = re.findall(r"http://localhost(/e/\S+)", text_of(message))
    assert len(links) == 2
    assert client.get(links[0]).status_code == 200
    assert "gold" not in text_of(message).lower()


def test_the_mail_speaks_the_exhibitors_language(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    post_form(client, "/e/send", {"email": KNOWN})
    with mailing(app, smtp_server):
        work(app)
    message = smtp_server.messages[0].message
    assert message["Content-Language"] == "de"
    assert "Beispielkonferenz" in message["Subject"]
    assert '<html lang="de">' in text_of(message, "html")
    assert "Zugangscode" in text_of(message)
    assert "Access code" not in text_of(message)


def test_all_booths_of_an_address_are_in_one_mail(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    with app.app_context():
        later = make_event(db.session.get_one(Organizer, fair.organizer), "laterconf", name={"en": "Later"})
        later.date_from = DAY.replace(year=2027)
        make_exhibitor(later, "Aperture <b>Labs</b>", "LATER2345", contact_email="JOHNSON@as.example.org", locale="fr")
        foreign = db.session.get_one(Event, fair.foreign_event)
        make_exhibitor(foreign, "Aperture Abroad", "ABRD23456", contact_email=KNOWN, locale="de")
        make_exhibitor(foreign, "No codes", "", contact_email=KNOWN)
        db.session.commit()
    ask(client, KNOWN)
    with mailing(app, smtp_server):
        work(app)
    (received,) = smtp_server.messages
    message = received.message
    said = text_of(message)
    assert message["Subject"] == "Your access codes"
    assert message["Content-Language"] == "en"
    assert said.index("LATER2345") < said.index(fair.full_code)
    for expected in ("ABRD23456", fair.scanning_code, "Aperture Abroad"):
        assert expected in said
    assert fair.rival_code not in said
    assert "No codes" not in said
    assert "Aperture &lt;b&gt;Labs&lt;/b&gt;" in text_of(message, "html")
    assert received.recipients == ["JOHNSON@as.example.org"]


def test_nobody_gets_a_mail_for_an_unknown_address(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    for email in ("nobody@example.org", "miller@as.example.org", "%@as.example.org", "johnson@as.example.org.evil.org"):
        ask(client, email)
    with mailing(app, smtp_server):
        assert [outcome.status for outcome in work(app)] == ["done"] * 4
    assert smtp_server.messages == []


def test_the_links_begin_with_the_public_address(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    with setting(app, base_url="https://fair.example.org/portal"):
        ask(client, KNOWN)
    with mailing(app, smtp_server):
        work(app)
    said = text_of(smtp_server.messages[0].message)
    assert f"https://fair.example.org/portal/e/{fair.full_code}" in said
    assert "localhost/" not in said


def test_a_strangers_host_gets_no_link(app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer) -> None:
    """Whoever asks may name any host; a link to it would carry the code there."""
    token = csrf_token(client.get("/e/send", base_url="http://evil.example"))
    form = {"email": KNOWN, "csrf_token": token}
    assert client.post("/e/send", data=form, base_url="http://evil.example").status_code == 303
    with mailing(app, smtp_server):
        work(app)
    said = text_of(smtp_server.messages[0].message)
    assert fair.full_code in said
    assert "evil.example" not in str(smtp_server.messages[0].message)
    assert "/e/" not in said


def test_a_mail_sent_again_is_known_as_the_same(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    ask(client, KNOWN)
    with mailing(app, smtp_server):
        work(app)
        with app.app_context():
            db.session.query(OutboxMessage).update({"status": "waiting"})
            db.session.commit()
        pass_time(app, minutes=5)
        work(app)
    first, again = (received.message["Message-ID"] for received in smtp_server.messages)
    assert first == again


def test_an_event_cannot_break_the_subject(
    app: Flask, client: FlaskClient, fair: Fair, smtp_server: SmtpServer
) -> None:
    with app.app_context():
        db.session.query(Event).filter_by(id=fair.event).update({"name": {"en": "Fair\r\nBcc: victim@example.org"}})
        db.session.commit()
    ask(client, KNOWN)
    with mailing(app, smtp_server):
        assert [outcome.status for outcome in work(app)] == ["done"]
    message = smtp_server.messages[0].message
    assert message["Bcc"] is None
    assert "Fair Bcc: victim@example.org" in message["Subject"]


def test_a_contact_address_that_cannot_be_used_is_left(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        odd = "cave@as..example.org"
        db.session.query(Exhibitor).filter_by(id=fair.exhibitor).update({"contact_email": odd})
        db.session.add(OutboxMessage(kind="code_request", payload={"email": odd, "base_url": "http://localhost"}))
        db.session.commit()
    assert [outcome.status for outcome in work(app)] == ["failed"]
    assert str(rows(app)[0].last_error).startswith("The contact address cannot be used")


# ------------------------------------------------------------------------------------------------------ the limits


@pytest.mark.parametrize("email", [KNOWN, "nobody@example.org"], ids=["known", "unknown"])
def test_three_an_hour_and_then_the_same_answer(
    limited: Flask, fair: Fair, email: str, smtp_server: SmtpServer
) -> None:
    spellings = (email, email.upper(), f" {email}", email, email)
    answers = [ask(limited.test_client(), spelling) for spelling in spellings]
    assert {(answer.status_code, answer.location, answer.data) for answer in answers} == {
        (303, "/e/sent", answers[0].data)
    }
    assert len(rows(limited)) == 3
    with mailing(limited, smtp_server):
        work(limited)
    assert len(smtp_server.messages) == (3 if email == KNOWN else 0)


def test_another_process_counts_with_it(limited: Flask, config: Config, fair: Fair) -> None:
    for _ in range(3):
        ask(limited.test_client(), KNOWN)
    with another(config, ratelimit_enabled=True) as other:
        assert ask(other.test_client(), KNOWN).status_code == 303
        assert len(rows(other)) == 3


def test_one_network_cannot_ask_for_ever(limited: Flask, fair: Fair) -> None:
    client = limited.test_client()
    for number in range(60):
        assert ask(client, f"a{number}@example.org").status_code == 303
    refused = ask(client, "a60@example.org")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 60
    assert "No mail was sent" in refused.text
    assert len(rows(limited)) == 60
