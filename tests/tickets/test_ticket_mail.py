"""Tickets by mail: what it holds, in which language, and when there is none."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.tickets.models import Order
from tests.browserless import post_form, sign_in
from tests.fair import Fair
from tests.services import SmtpServer
from tests.tickets.conftest import Desk
from tests.working import mailing, rows, work

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
ORDERS = "/organizer/bigevents/sampleconf/orders/"


def test_all_tickets_of_an_order_in_one_mail(
    app: Flask, client: FlaskClient, fair: Fair, desk: Desk, smtp_server: SmtpServer
) -> None:
    sign_in(client, fair.organizer_email)
    person = {"attendee_name_parts": {"_scheme": "full", "full_name": "Ida <b>\r\nNoddack"}}
    made = desk.sell(
        desk.position(person=person, seat_id=fair.seats[12]), desk.position(), desk.position(), email="ida@example.org"
    )
    desk.cancel(made.id, desk.tickets(made.id)[2].id)
    with app.app_context():
        db.session.get_one(Order, made.id).locale = "de"
        db.session.commit()
    page = f"{ORDERS}{made.id}/"
    assert post_form(client, f"{page}send", page=page).status_code == 303
    text = client.get(page).text
    assert "on their way to ida@example.org" in text
    assert "Sent the tickets of order" in text
    (row,) = rows(app)
    assert row.payload == {"order": made.id}, "neither a name nor a secret waits there"
    with mailing(app, smtp_server):
        assert [outcome.status for outcome in work(app)] == ["done"]
    (received,) = smtp_server.wait_for(1)
    message = received.message
    assert received.recipients == ["ida@example.org"]
    assert "Beispielkonferenz" in message["Subject"]
    assert message["Reply-To"] == "hello@bigevents.example.org"
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    first, second, third = desk.tickets(made.id)
    assert first.secret in plain.get_content()
    assert second.secret in plain.get_content()
    assert third.secret not in plain.get_content()
    assert "Ground floor/1/13" in plain.get_content()
    assert "Ida &lt;b&gt;" in html.get_content()
    assert [part.get_content_type() for part in message.walk()].count("image/png") == 2


def test_no_mail_where_nobody_would_come_in(app: Flask, client: FlaskClient, fair: Fair, desk: Desk) -> None:
    sign_in(client, fair.organizer_email)
    made = desk.sell()
    page = f"{ORDERS}{made.id}/"
    post_form(client, f"{page}send", page=page)
    assert "no e-mail address" in client.get(page).text
    with app.app_context():
        db.session.get_one(Order, made.id).email = "ida@example.org"
        db.session.commit()
    post_form(client, f"{page}send", page=page)
    desk.cancel(made.id)
    assert [outcome.status for outcome in work(app)] == ["done"], "cancelled since: nothing is sent"
    assert not list((app.config["PORTAL"].instance_path / "mail").glob("*"))
    post_form(client, f"{page}send", page=page)
    assert len(rows(app)) == 1
