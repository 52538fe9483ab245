"""Leads' doors, the stranger first."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair
from tests.leads.pages import LEADS, by_form, by_htmx, names, stored

HTMX = {"HX-Request": "true"}


def test_nobody_is_sent_to_the_code_form(client: FlaskClient, fair: Fair) -> None:
    for path in (LEADS, f"{LEADS}/{fair.leads[0]}", f"{LEADS}/{fair.leads[0]}/note"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert answer.location.startswith("/e/")
    assert client.get(LEADS, headers=HTMX).status_code == 401


def test_an_organizer_is_no_exhibitor(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    assert client.get(LEADS).location.startswith("/e/")


def test_the_scanning_code_opens_no_lead(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.scanning_code)
    for path in (LEADS, f"{LEADS}/{fair.leads[0]}", f"{LEADS}/{fair.leads[0]}/note?edit=1"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "Miller" not in answer.text


@pytest.mark.parametrize("stranger", ["rival_code", "foreign_code"])
def test_a_stranger_finds_none_of_them(app: Flask, client: FlaskClient, fair: Fair, stranger: str) -> None:
    sign_in_code(client, getattr(fair, stranger))
    lead = fair.leads[0]
    assert names(client.get(LEADS)) == (["Olu Ade"] if stranger == "rival_code" else [])
    assert "Miller" not in client.get(f"{LEADS}?q=miller").text
    for path in (f"{LEADS}/{lead}", f"{LEADS}/{lead}/note?edit=1"):
        answer = client.get(path, headers=HTMX)
        assert answer.status_code == 404
        assert "newsletter" not in answer.text


def test_a_stranger_changes_none_of_them(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.rival_code)
    own, lead = fair.leads[5], fair.leads[0]
    token = _token(client, own)
    for data in ({"rating": "1"}, {"notes": "mine"}, {"add_tag": "mine"}):
        answer = client.post(f"{LEADS}/{lead}", data=data, headers=HTMX | {"X-CSRFToken": token})
        assert answer.status_code == 404
    after = stored(app, lead)
    assert (after.rating, after.notes, after.tags) == (4, "Wants our newsletter", ["foo"])


def test_an_id_that_no_database_has_is_not_found(exhibitor: FlaskClient) -> None:
    for lead_id in ("0", "9007199254740991", "9" * 30, "x"):
        assert exhibitor.get(f"{LEADS}/{lead_id}").status_code == 404


def test_a_change_needs_the_token(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    assert exhibitor.post(f"{LEADS}/{lead}", data={"rating": "1"}).status_code == 400
    wrong = HTMX | {"X-CSRFToken": "made-up"}
    assert exhibitor.post(f"{LEADS}/{lead}", data={"rating": "1"}, headers=wrong).status_code == 400
    assert stored(app, lead).rating == 4


def test_closed_leads_say_so_and_stay_closed(
    app: Flask, exhibitor: FlaskClient, fair: Fair, allow: Callable[..., None]
) -> None:
    token = _token(exhibitor, fair.leads[0])
    allow(allow_lead_access=False)
    for path in (LEADS, f"{LEADS}/{fair.leads[0]}"):
        answer = exhibitor.get(path)
        assert answer.status_code == 403
        assert "Ask the organizer" in answer.text
        assert "Miller" not in answer.text
        assert f'href="{LEADS}"' not in answer.text
        assert 'href="/exhibitor/vouchers"' in answer.text
    answer = exhibitor.post(f"{LEADS}/{fair.leads[0]}", data={"rating": "1"}, headers=HTMX | {"X-CSRFToken": token})
    assert answer.status_code == 403
    assert stored(app, fair.leads[0]).rating == 4


def test_without_scanning_the_leads_stay_readable(exhibitor: FlaskClient, allow: Callable[..., None]) -> None:
    allow(allow_lead_scanning=False)
    assert len(names(exhibitor.get(LEADS))) == 5


def test_switched_off_notes_are_neither_shown_nor_written_nor_found(
    app: Flask, exhibitor: FlaskClient, fair: Fair, settings: Callable[..., None]
) -> None:
    lead = fair.leads[0]
    settings(lead_notes=False)
    assert "newsletter" not in exhibitor.get(LEADS).text
    assert "newsletter" not in exhibitor.get(f"{LEADS}/{lead}").text
    assert names(exhibitor.get(f"{LEADS}?q=newsletter")) == []
    assert len(names(exhibitor.get(f"{LEADS}?note=1"))) == 5
    assert exhibitor.get(f"{LEADS}/{lead}/note?edit=1", headers=HTMX).status_code == 403
    assert by_htmx(exhibitor, lead, notes="all the same").status_code == 403
    assert by_form(exhibitor, lead, rating="2").status_code == 303
    assert stored(app, lead).notes == "Wants our newsletter"
    assert stored(app, lead).rating == 2


def test_fields_that_are_not_shown_are_not_found_either(
    exhibitor: FlaskClient, fair: Fair, settings: Callable[..., None]
) -> None:
    assert names(exhibitor.get(f"{LEADS}?q=peter@example.org")) == ["Peter Miller"]
    settings(lead_fields=["company"])
    for word in ("peter@example.org", "peter"):
        answer = exhibitor.get(f"{LEADS}?q={word}")
        assert "No lead matches" in answer.text
    answer = exhibitor.get(f"{LEADS}?q=miller&sort=name")
    assert "Miller Ltd" in answer.text
    assert "Peter" not in answer.text
    assert by_htmx(exhibitor, fair.leads[0], notes="peter was here").status_code == 200
    assert "Miller Ltd" in exhibitor.get(f"{LEADS}?q=peter was here").text
    assert "No lead matches" in exhibitor.get(f"{LEADS}?q=peter@example.org").text


def _token(client: FlaskClient, lead_id: int) -> str:
    return client.get(f"{LEADS}/{lead_id}").text.split('name="csrf_token" value="')[1].split('"')[0]
