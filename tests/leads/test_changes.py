"""Changes to leads: in place and by forms, with their history, by two colleagues at once."""

import re
import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.actors import ExhibitorScope
from portal.core.database import db, set_writing
from portal.core.models import AuditEntry
from portal.exhibitors import queries as exhibitors
from portal.leads.models import LeadVersion
from portal.leads.services import LeadChanges, note_mark, update_lead
from tests.browserless import sign_in_code
from tests.fair import Fair
from tests.leads.pages import LEADS, by_form, by_htmx, names, stored, versions

FIRST = ("Wants our newsletter", 4, ["foo"])
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("send", [by_htmx, by_form])
@pytest.mark.parametrize(
    ("data", "after"),
    [
        ({"rating": "2"}, ("Wants our newsletter", 2, ["foo"])),
        ({"rating": ""}, ("Wants our newsletter", None, ["foo"])),
        ({"notes": "Ünder\r\nway"}, ("Ünder\nway", 4, ["foo"])),
        ({"notes": ""}, ("", 4, ["foo"])),
        ({"add_tag": "bar"}, ("Wants our newsletter", 4, ["foo", "bar"])),
        ({"menu_add": "bar"}, ("Wants our newsletter", 4, ["foo", "bar"])),
        ({"remove_tag": "foo"}, ("Wants our newsletter", 4, [])),
        ({"menu_remove": "foo"}, ("Wants our newsletter", 4, [])),
    ],
)
def test_each_edit(app: Flask, exhibitor: FlaskClient, fair: Fair, send: object, data: dict, after: tuple) -> None:
    lead = fair.leads[0]
    before = stored(app, lead)
    answer = send(exhibitor, lead, **data)  # type: ignore[operator]
    assert answer.status_code == (200 if send is by_htmx else 303)
    now = stored(app, lead)
    assert (now.notes, now.rating, now.tags) == after
    assert now.modified > before.modified
    assert now.scanned == before.scanned
    assert versions(app, lead) == [FIRST, after]


def test_what_does_not_change_writes_nothing(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    before = stored(app, lead).modified
    for data in ({"rating": "4"}, {"notes": "Wants our newsletter"}, {"add_tag": "foo"}, {"remove_tag": "bar"}):
        assert by_htmx(exhibitor, lead, **data).status_code == 200
    assert versions(app, lead) == []
    assert stored(app, lead).modified == before


def test_the_answer_is_the_part_that_changed(exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    rated = by_htmx(exhibitor, lead, rating="5")
    assert f'id="lead-{lead}-rating"' in rated.text
    assert "<html" not in rated.text
    assert 'value="5" checked' in rated.text
    tagged = by_htmx(exhibitor, lead, menu_add="bar")
    assert f'id="lead-{lead}-tags"' in tagged.text
    assert re.search(r'<details class="menu"\s+data-menu\s+open>', tagged.text)
    noted = by_htmx(exhibitor, lead, notes="<b>bold</b>")
    assert f'id="lead-{lead}-note"' in noted.text
    assert "&lt;b&gt;bold" in noted.text
    assert "HX-Trigger" not in noted.headers
    on_its_page = by_htmx(exhibitor, lead, rating="1", detail="1")
    assert 'id="lead-history" hx-swap-oob="true"' in on_its_page.text


def test_the_menu_of_tags_comes_when_it_is_opened(exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    menu = " ".join(exhibitor.get(f"{LEADS}/{lead}/tags", headers=HTMX).text.split())
    assert 'name="menu_remove" value="foo" aria-pressed="true"' in menu
    assert 'name="menu_add" value="bar" aria-pressed="false"' in menu
    assert exhibitor.get(f"{LEADS}/{lead}/tags").location == f"{LEADS}/{lead}"
    assert exhibitor.get(f"{LEADS}/{fair.leads[5]}/tags", headers=HTMX).status_code == 404


def test_a_form_goes_back_to_where_it_stood(exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    assert by_form(exhibitor, lead, rating="5").location == f"{LEADS}/{lead}"
    there = by_form(exhibitor, lead, rating="4", next=f"{LEADS}?q=mill&page=2")
    assert there.location == f"{LEADS}?q=mill&page=2"
    assert by_form(exhibitor, lead, rating="3", next="https://evil.example/").location == f"{LEADS}/{lead}"


def test_a_note_is_opened_and_left_in_place(exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    read = exhibitor.get(f"{LEADS}/{lead}/note", headers=HTMX).text
    assert "<textarea" not in read
    assert "Wants our newsletter" in read
    assert "<textarea" in exhibitor.get(f"{LEADS}/{lead}/note?edit=1", headers=HTMX).text
    assert exhibitor.get(f"{LEADS}/{lead}/note?edit=1").location == f"{LEADS}/{lead}#note"


@pytest.mark.parametrize("rating", ["6", "-1", "x", "1.5", "99999999999999999999"])
def test_a_rating_that_is_none_is_refused(app: Flask, exhibitor: FlaskClient, fair: Fair, rating: str) -> None:
    assert by_htmx(exhibitor, fair.leads[0], rating=rating).status_code == 400
    assert stored(app, fair.leads[0]).rating == 4


def test_a_note_that_is_too_long_comes_back_with_its_words(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    for answer in (by_htmx(exhibitor, lead, notes="x" * 10_001), by_form(exhibitor, lead, notes="x" * 10_001)):
        assert answer.status_code == 422
        assert "x" * 10_001 in answer.text
        assert "at most 10000" in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert stored(app, lead).notes == "Wants our newsletter"
    assert by_htmx(exhibitor, lead, notes="ÿ" * 10_000 + "\x00").status_code == 200
    assert stored(app, lead).notes == "ÿ" * 10_000


def test_tags_have_limits(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    for tag in ("", "   ", "x" * 191):
        assert by_htmx(exhibitor, fair.leads[0], add_tag=tag).status_code == 400
    assert by_htmx(exhibitor, fair.leads[0], add_tag=[f"tag {number}" for number in range(60)]).status_code == 400
    assert stored(app, fair.leads[0]).tags == ["foo"]


def test_a_removed_note_can_be_taken_back(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    removed = by_htmx(exhibitor, lead, notes="")
    assert '"notes_of_version"' in removed.headers["HX-Trigger"]
    with app.app_context():
        first = db.session.scalars(sa.select(LeadVersion.id).order_by(LeadVersion.id)).first()
    by_htmx(exhibitor, lead, rating="1")
    assert by_htmx(exhibitor, lead, notes_of_version=first).status_code == 200
    assert stored(app, lead).notes == "Wants our newsletter"
    assert stored(app, lead).rating == 1


def test_anothers_version_is_not_to_be_had(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    rival = app.test_client()
    sign_in_code(rival, fair.rival_code)
    by_htmx(rival, fair.leads[5], notes="a secret of Black Mesa")
    with app.app_context():
        theirs = db.session.scalars(sa.select(LeadVersion.id).order_by(LeadVersion.id.desc())).first()
    assert by_htmx(exhibitor, fair.leads[0], notes_of_version=theirs).status_code == 404
    assert stored(app, fair.leads[0]).notes == "Wants our newsletter"


def test_the_history_says_what_when_and_from_where(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    lead = fair.leads[0]
    untouched = exhibitor.get(f"{LEADS}/{lead}").text
    assert untouched.count("<li>") >= 1
    assert "DEV1" in untouched
    for change in ({"notes": "second"}, {"rating": "1"}, {"add_tag": "bar"}, {"notes": "third"}):
        by_form(exhibitor, lead, **change)
    page = exhibitor.get(f"{LEADS}/{lead}").text
    history = page.split('id="lead-history"')[1]
    assert history.count("<time") == 5
    for text in ("second", "third", "Wants our newsletter", "bar", "DEV1", "Aperture Science"):
        assert text in history
    with app.app_context():
        kept = db.session.scalars(sa.select(LeadVersion).order_by(LeadVersion.id)).all()
        assert [(version.device_name, version.actor_label) for version in kept[:2]] == [
            ("DEV1", ""),
            (None, "Aperture Science"),
        ]


def test_every_change_is_in_the_audit_log_without_the_note(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    by_form(exhibitor, fair.leads[0], notes="private words", rating="5")
    with app.app_context():
        entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "lead.changed")).one()
        assert entry.event_id == fair.event
        assert entry.object_id == fair.leads[0]
        assert entry.actor_kind == "exhibitor"
        assert entry.data["changed"] == ["notes", "rating"]
        assert entry.data["rating"] == [4, 5]
        assert "private" not in str(entry.data)


def test_a_search_finds_what_was_just_written(exhibitor: FlaskClient, fair: Fair) -> None:
    by_form(exhibitor, fair.leads[1], notes="Große Bühne", add_tag="späte Post")
    assert names(exhibitor.get(f"{LEADS}?q=grosse buhne")) == ["Zoë O’Neill"]
    assert names(exhibitor.get(f"{LEADS}?q=spate")) == ["Zoë O’Neill"]
    by_form(exhibitor, fair.leads[1], remove_tag="späte Post")
    assert names(exhibitor.get(f"{LEADS}?q=spate")) == []


# ------------------------------------------------------------------------------------------------- two colleagues


def test_a_colleagues_note_is_not_overwritten_unseen(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    lead, seen = fair.leads[0], note_mark("Wants our newsletter")
    assert by_htmx(exhibitor, lead, notes="first", notes_before=seen).status_code == 200
    refused = by_htmx(exhibitor, lead, notes="second", notes_before=seen)
    assert refused.status_code == 422
    for text in ("first", "second", note_mark("first")):
        assert text in refused.text
    assert by_form(exhibitor, lead, notes="second", notes_before=seen).status_code == 422
    assert stored(app, lead).notes == "first"
    assert by_htmx(exhibitor, lead, notes="second", notes_before=note_mark("first")).status_code == 200
    assert by_htmx(exhibitor, lead, notes="second", notes_before=seen).status_code == 200
    assert [notes for notes, _, _ in versions(app, lead)] == ["Wants our newsletter", "first", "second"]


def test_changes_of_different_parts_at_once_all_stay(app: Flask, fair: Fair) -> None:
    lead = fair.leads[0]
    changes = [
        LeadChanges(notes="at once"),
        LeadChanges(rating=1),
        *(LeadChanges(add_tags=(f"tag {number}",)) for number in range(6)),
    ]
    start = threading.Barrier(len(changes))
    errors: list[BaseException] = []

    def run(change: LeadChanges) -> None:
        try:
            with app.app_context():
                set_writing(True)
                start.wait(20)
                scope = exhibitors.scope_by_code(fair.full_code)
                assert isinstance(scope, ExhibitorScope)
                update_lead(actor=scope.actor, exhibitor=scope, lead_id=lead, changes=change)
                db.session.commit()
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    after = stored(app, lead)
    assert (after.notes, after.rating) == ("at once", 1)
    assert set(after.tags) == {"foo", *(f"tag {number}" for number in range(6))}
    kept = versions(app, lead)
    assert len(kept) == len(changes) + 1
    assert kept[0] == FIRST
