"""The colour of an event: readable whatever it is, and on the pages of its organizers and exhibitors alone."""

import colorsys
from itertools import product

import pytest
from flask.testing import FlaskClient

from portal.core.database import db
from portal.events.models import Event
from portal.web.accent import contrast, tokens
from tests.browserless import post_form, sign_in, sign_in_code
from tests.fair import Fair

GROUNDS = {False: ("#f8f7f3", "#ffffff"), True: ("#121518", "#1a1e22", "#252a30")}


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_becomes_readable(dark: bool) -> None:
    for hue, light, full in product(range(0, 360, 30), (0.0, 0.2, 0.5, 0.8, 1.0), (0.0, 0.5, 1.0)):
        parts = colorsys.hls_to_rgb(hue / 360, light, full)
        colour = "#" + "".join(f"{round(part * 255):02x}" for part in parts)
        made = tokens(colour, dark=dark)
        for ground in (*GROUNDS[dark], made["--accent-tint"]):
            assert contrast(made["--accent"], ground) >= 4.5, (colour, made)
            assert contrast(made["--accent-strong"], ground) >= 4.5, (colour, made)
        assert contrast(made["--accent"], made["--on-accent"]) >= 4.5, (colour, made)
    assert tokens("#0b5566", dark=False)["--accent"] == "#0b5566", "what is readable stays as it is"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_an_event_has_its_colour_on_its_own_pages(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    settings = "/organizer/bigevents/sampleconf/settings/"
    values = {"name-en": "Sample", "locale": "en", "locales": "en", "date_from": "2026-11-20T10:00"}
    values |= {"timezone": "Europe/Berlin", "currency": "EUR", "accent": "red"}
    answer = post_form(client, settings, values)
    assert (answer.status_code, 'id="f-accent-error"' in answer.text) == (422, True)
    assert "/accent/" not in client.get(settings).text
    assert post_form(client, settings, values | {"accent": "#FF9900"}).status_code == 303
    with client.application.app_context():
        assert db.session.get_one(Event, fair.event).settings["accent"] == "#ff9900"
    assert 'href="/accent/ff9900.css"' in client.get(settings).text
    assert "/accent/" not in client.get("/organizer/bigevents/otherconf/").text
    exhibitor = client.application.test_client()
    sign_in_code(exhibitor, fair.full_code)
    assert 'href="/accent/ff9900.css"' in exhibitor.get("/exhibitor/vouchers").text
    sheet = client.application.test_client().get("/accent/ff9900.css")
    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert "--on-accent" in sheet.text
    for wrong in ("ff990", "ff99000", "gggggg", "}body{"):
        assert client.get(f"/accent/{wrong}.css").status_code == 404, wrong
