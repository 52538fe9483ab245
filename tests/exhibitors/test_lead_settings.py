"""What an event's exhibitors see and are told: the form, its errors, the preview, and that all of it holds."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.events.models import Event, Question
from portal.leads.models import Lead
from tests.browserless import sign_in
from tests.exhibitors.organizing import LIST, audited, flashes, post, stored, words
from tests.fair import Fair, add
from tests.services import SmtpServer

PAGE = f"{LIST}settings"
FORM = {
    "show.attendee_name": "1",
    "place.attendee_name": "2",
    "show.company": "1",
    "place.company": "1",
    "show.question_DIET": "1",
    "lead_notes": "1",
    "lead_tags": "hot\n\n follow up \nhot",
    "imprint_url": "https://fair.example.org/imprint",
    "mail_subject.en": "Your code, {exhibitor}",
    "mail_text.de": "Guten Tag {contact_name},\r\nIhr Stand: {booth}\r\n\r\n{code}",
}


@pytest.fixture
def ada(app: Flask, client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything; the event has a question and settings of an older portal."""
    with app.app_context():
        add(Question(event_id=fair.event, question={"en": "Diet"}, type="S", identifier="DIET"))
        event = db.session.get_one(Event, fair.event)
        event.settings = event.settings | {"unknown": {"kept": True}, "mail_text": {"fr": "Bonjour {code}"}}
        db.session.commit()
    sign_in(client, fair.organizer_email)
    return client


def settings(app: Flask, fair: Fair) -> dict[str, Any]:
    found: dict[str, Any] = stored(app, sa.select(Event.settings).where(Event.id == fair.event))[0][0]
    return found


def test_all_of_it_is_stored_in_its_order(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    before = stored(app, sa.select(Event.modified).where(Event.id == fair.event))
    assert post(ada, PAGE, FORM, page=PAGE).location == PAGE
    assert "The settings are saved." in flashes(ada, PAGE)
    assert settings(app, fair) == {
        "unknown": {"kept": True},
        "lead_fields": ["company", "attendee_name", "question_DIET"],
        "lead_notes": True,
        "lead_tags": ["hot", "follow up"],
        "imprint_url": "https://fair.example.org/imprint",
        "mail_subject": {"en": "Your code, {exhibitor}"},
        "mail_text": {
            "fr": "Bonjour {code}",
            "de": "Guten Tag {contact_name},\nIhr Stand: {booth}\n\n{code}",
        },
    }
    assert stored(app, sa.select(Event.modified).where(Event.id == fair.event)) > before
    ((action, _, data),) = audited(app)
    assert action == "event.lead_settings_changed"
    assert data["changed"]["lead_tags"] == [["foo", "bar"], ["hot", "follow up"]]
    assert data["changed"]["mail_text"] is None
    post(ada, PAGE, FORM, page=PAGE)
    assert "it was so already" in flashes(ada, PAGE)
    assert len(audited(app)) == 1


def test_exhibitors_see_and_find_it_at_once(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    post(ada, PAGE, FORM, page=PAGE)
    profile = ada.get("/exhibitors/api/v1/profile", headers={"Authorization": f"Exhibitor {fair.full_code}"}).get_json()
    assert profile["tags"] == ["hot", "follow up"]
    assert profile["event"]["imprint_url"] == "https://fair.example.org/imprint"
    leads = ada.get(f"{fair.base}/exhibitors/{fair.exhibitor}/leads/", headers=fair.auth()).get_json()["results"]
    assert [each["id"] for each in leads[0]["data"]] == ["company", "attendee_name", "question_DIET"]
    texts = stored(app, sa.select(Lead.search_text).where(Lead.id == fair.leads[0]))
    assert "peter@example.org" not in texts[0][0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"imprint_url": "javascript:alert(1)"}, "imprint_url", "This is no address that starts with"),
        ({"logo_url": "https://" + "x" * 500}, "logo_url", "This is no address that starts with"),
        ({"mail_text.de": "{nonsense}"}, "mail_text.de", "The text names {nonsense}, which nothing stands for."),
        ({"mail_subject.en": "x" * 201}, "mail_subject.en", "has 201 characters, at most 200"),
        ({"lead_tags": "t" * 191}, "lead_tags", "This cannot be stored"),
    ],
)
def test_errors_stand_at_their_fields(
    app: Flask, ada: FlaskClient, fair: Fair, change: dict[str, str], field: str, said: str
) -> None:
    before = settings(app, fair)
    answer = post(ada, PAGE, FORM | change, page=PAGE)
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert said in words(answer.text)
    assert "Your code, {exhibitor}" in answer.text or "mail_subject.en" in change
    assert settings(app, fair) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_preview_is_the_mail_as_typed(ada: FlaskClient, fair: Fair) -> None:
    form = {**FORM, "preview": "de", "mail_subject.de": "Code für {exhibitor}"}
    text = post(ada, f"{PAGE}/preview", form, page=PAGE).text
    assert "<html" not in text
    shown = words(text)
    for part in ("Code für Aperture Science", "Guten Tag Cave Johnson,", "Ihr Stand: A2", "ABCDEFGH2", "Zugangscode:"):
        assert part in shown, part
    assert "data:image/png;base64," in text
    wrong = words(post(ada, f"{PAGE}/preview", {"preview": "de", "mail_text.de": "{x} <b>"}, page=PAGE).text)
    assert "names {x}, which nothing stands for" in wrong
    own = words(post(ada, f"{PAGE}/preview", {"preview": "en"}, page=PAGE).text)
    assert "Your access code for Sample conference" in own
    assert "Big Events sent this mail. An answer goes to them." in own
    assert post(ada, f"{PAGE}/preview", {"preview": "<script>", "mail_text.x": "y"}, page=PAGE).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_words_are_sent(ada: FlaskClient, fair: Fair, smtp: SmtpServer) -> None:
    post(ada, PAGE, FORM, page=PAGE)
    post(ada, f"{LIST}{fair.exhibitor}/send")
    body = smtp.messages[0].message.get_body(("plain",))
    assert body is not None
    assert str(body.get_content()).replace("\r\n", "\n").startswith("Guten Tag Dr Cave Johnson,\nIhr Stand: A2\n\n")
