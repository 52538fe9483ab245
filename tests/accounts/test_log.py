"""An organizer's log: who reads it, what of it, how it is narrowed down and paged, and the same as files."""

import datetime as dt
import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from portal.accounts.models import Team, User, team_events, team_members
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db, set_writing
from portal.core.models import AuditEntry
from portal.events import log
from portal.events.models import Event
from tests.browserless import sign_in, sign_in_code, speak
from tests.fair import Fair

LOG = "/organizer/bigevents/-/log/"
NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


def write(app: Flask, *entries: tuple[str, int | None, int | None, str, dict[str, object]]) -> None:
    """Entries of (action, organizer, event, actor's name, data), a minute apart."""
    with app.app_context():
        set_writing(True)
        for number, (action, organizer, event, who, data) in enumerate(entries):
            entry = record(
                actor=Actor("user", 77, who), action=action, organizer_id=organizer, event_id=event, data=data
            )
            moment = NOW + dt.timedelta(minutes=number)
            db.session.execute(sa.update(AuditEntry).where(AuditEntry.id == entry).values(datetime=moment))
        db.session.commit()


@pytest.fixture
def entries(app: Flask, fair: Fair) -> None:
    write(
        app,
        ("frame.repainted", fair.organizer, fair.event, "Ada", {"name": "Café Zoë"}),
        ("seat.blocked", fair.organizer, fair.event, "=Bob()", {"ids": [1, 2, 3]}),
        ("organizer.changed", fair.organizer, None, "Ada", {"changed": {"name": ["Old Name", "New Name"]}}),
        ("seat.blocked", fair.organizer, fair.other_event, "Cleo", {"ids": [1]}),
        ("seat.blocked", None, fair.foreign_event, "Mallory", {"ids": list(range(7))}),
        ("user.signed_in", None, None, "Ada", {}),
    )


def shown(page: str) -> str:
    return page.split("<tbody>", 1)[1] if "<tbody>" in page else ""


def test_who_may_not_read_it(app: Flask, fair: Fair, entries: None) -> None:
    for who, status in (("helper_email", 403), ("stranger_email", 404), ("code", 303), ("nobody", 303)):
        client = app.test_client()
        if who == "code":
            sign_in_code(client, fair.full_code)
        elif who != "nobody":
            sign_in(client, getattr(fair, who))
        for path in (LOG, *(f"{LOG}export.{kind}" for kind in ("csv", "xlsx", "json"))):
            answer = client.get(path, headers=fair.auth())
            assert answer.status_code == status, (who, path)
            assert b"Old Name" not in answer.data


def test_each_of_two_permissions_opens_it(app: Flask, client: FlaskClient, fair: Fair, entries: None) -> None:
    sign_in(client, fair.helper_email)
    for permission in ("can_change_teams", "can_change_organizer_settings"):
        with app.app_context():
            set_writing(True)
            for name in ("can_change_teams", "can_change_organizer_settings"):
                values = {name: name == permission}
                db.session.execute(sa.update(Team).where(Team.name == "Helpers").values(**values))
            db.session.commit()
        assert client.get(LOG).status_code == 200, permission


def test_it_holds_the_organizers_entries_as_sentences(client: FlaskClient, fair: Fair, entries: None) -> None:
    sign_in(client, fair.organizer_email)
    text = shown(client.get(LOG).text)
    order = [text.index(words) for words in ("Cleo", "Renamed the organizer from Old Name", "Blocked 3 seats")]
    assert order == sorted(order)
    assert "Mallory" not in text
    assert "Signed in" not in text
    assert "Frame repainted" in text


def test_entries_of_events_are_for_those_who_may_see_the_event(client: FlaskClient, fair: Fair, entries: None) -> None:
    sign_in(client, fair.other_event_email)
    text = shown(client.get(LOG).text)
    assert "Cleo" in text
    assert "Renamed the organizer" in text
    assert "=Bob()" not in text
    exported = client.get(f"{LOG}export.json?event=sampleconf").json
    assert exported is not None
    assert {entry["event"] for entry in exported} == {"otherconf", None}


FILTERS: tuple[tuple[str, set[str]], ...] = (
    ("event=otherconf", {"Cleo"}),
    ("event=nothing", {"Ada", "=Bob()", "Cleo"}),
    ("who=user", {"Ada", "=Bob()", "Cleo"}),
    ("who=user-77", {"Ada", "=Bob()", "Cleo"}),
    ("who=user-78", set()),
    ("who=exhibitor", set()),
    ("kind=seat", {"=Bob()", "Cleo"}),
    ("kind=sea", set()),
    ("kind=%25", {"Ada", "=Bob()", "Cleo"}),
    ("q=cafe+ZOE", {"Ada"}),
    ("q=blocked+seats", {"=Bob()"}),
    ("q=nobody", set()),
    ("since=2026-11-20&until=2026-11-20", {"Ada", "=Bob()", "Cleo"}),
    ("since=2026-11-21", set()),
    ("until=2026-11-19", set()),
    ("since=never&until=%00", {"Ada", "=Bob()", "Cleo"}),
    ("before=0", set()),
    ("before=x", {"Ada", "=Bob()", "Cleo"}),
)


def test_filters(client: FlaskClient, fair: Fair, entries: None) -> None:
    sign_in(client, fair.organizer_email)
    for query, found in FILTERS:
        answer = client.get(f"{LOG}?{query}")
        assert answer.status_code == 200, query
        text = shown(answer.text)
        assert {name for name in ("Ada", "=Bob()", "Cleo") if name in text} == found, query


def test_pages_follow_each_other_and_leave_nothing_out(
    app: Flask, client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch, statements: Callable
) -> None:
    write(app, *((f"seat.n{number}", fair.organizer, None, f"w{number % 2}", {}) for number in range(120)))
    monkeypatch.setattr(log, "WINDOW", 20)
    sign_in(client, fair.organizer_email)
    for query, expected in (("", range(120)), ("kind=seat", range(120)), ("q=w1", range(1, 120, 2)), ("q=w9", [])):
        seen: list[int] = []
        address, pages = f"{LOG}?{query}", 0
        while address:
            text = client.get(address).text
            seen += [number for number in range(120) if f">Seat n{number}<" in text]
            links = [part.split('"')[0] for part in text.split('href="') if "before=" in part.split('"')[0]]
            address = links[-1].replace("&amp;", "&") if links else ""
            pages += 1
            assert pages < 10
        assert sorted(seen) == list(expected), query
    with statements() as sent:
        client.get(f"{LOG}?q=w9")
    assert len(sent) < 45


def test_files(client: FlaskClient, fair: Fair, entries: None) -> None:
    sign_in(client, fair.organizer_email)
    speak(client, "en")
    text = client.get(f"{LOG}export.csv?kind=seat").data.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Time,Who,Kind of actor,Administrator,Event,Action")
    assert ",'=Bob(),user,false," in text
    assert "Old Name" not in text
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{LOG}export.xlsx").data)).get_sheet_by_index(0)
    rows = book.to_python()
    assert [row[1] for row in rows] == ["Who", "Cleo", "Ada", "=Bob()", "Ada"]
    answer = client.get(f"{LOG}export.json?q=zoe")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.json is not None
    assert [(entry["action"], entry["event"], entry["data"]) for entry in answer.json] == [
        ("frame.repainted", "sampleconf", {"name": "Café Zoë"})
    ]
    assert client.get(f"{LOG}export.exe").status_code == 404


def test_what_an_administrator_did_is_marked(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        set_writing(True)
        record(actor=Actor("user", 1, "Root", is_admin=True), action="team.created", organizer_id=fair.organizer)
        db.session.commit()
    sign_in(client, fair.organizer_email)
    assert "Administrator" in shown(client.get(LOG).text)


def test_details_about_attendees_are_for_those_who_may_see_orders(
    app: Flask, client: FlaskClient, fair: Fair, entries: None
) -> None:
    write(app, ("order.repainted", fair.organizer, fair.event, "Ada", {"attendee_name": ["Peter", "Pete"]}))
    with app.app_context():
        set_writing(True)
        db.session.execute(sa.update(Team).where(Team.name == "Helpers").values(can_change_teams=True))
        db.session.commit()
    for who, sees in ((fair.organizer_email, True), (fair.helper_email, False)):
        browser = app.test_client()
        sign_in(browser, who)
        assert ("Pete" in browser.get(f"{LOG}export.json").text) is sees
        assert ("Pete" in browser.get(f"{LOG}export.csv").text) is sees
        assert ("Order repainted" in shown(browser.get(f"{LOG}?q=pete").text)) is sees
        assert "Order repainted" in shown(browser.get(LOG).text)


def test_each_event_has_its_own_rules_of_what_is_seen(app: Flask, client: FlaskClient, fair: Fair) -> None:
    """The helper sees orders and vouchers of the other event; of this one the sentences, without code and reason."""
    write(
        app,
        ("voucher.created", fair.organizer, fair.event, "Ada", {"code": "SECRETX-A"}),
        ("checkin.undone", fair.organizer, fair.event, "Ada", {"reason": "Secretx Person"}),
        ("lead.changed", fair.organizer, fair.event, "Ada", {"notes": ["", "Secretx note"]}),
        ("leads.changed", fair.organizer, fair.event, "Ada", {"leads": {"1": {"tags": ["Secretx tag"]}}}),
        ("voucher.created", fair.organizer, fair.other_event, "Ada", {"code": "SHOWN-B"}),
        ("lead.changed", fair.organizer, fair.other_event, "Ada", {"notes": ["", "Shown note"]}),
    )
    with app.app_context():
        set_writing(True)
        may = {"can_change_teams": True, "can_change_event_settings": True}
        helpers = db.session.scalars(sa.select(Team).where(Team.name == "Helpers")).one()
        helper = db.session.scalars(sa.select(User).where(User.email == fair.helper_email)).one()
        for name, value in may.items():
            setattr(helpers, name, value)
        other = Team(
            organizer_id=fair.organizer, name="Others", all_events=False, can_view_orders=True, can_view_vouchers=True
        )
        db.session.add(other)
        db.session.flush()
        db.session.execute(sa.insert(team_events).values(team_id=other.id, event_id=fair.other_event))
        db.session.execute(sa.insert(team_members).values(team_id=other.id, user_id=helper.id))
        helpers_events = sa.select(team_events.c.event_id).where(team_events.c.team_id == helpers.id)
        assert helpers.all_events or fair.event in db.session.scalars(helpers_events).all()
        db.session.commit()
    sign_in(client, fair.helper_email)
    for path in (LOG, f"{LOG}export.json", f"{LOG}export.csv", "/organizer/bigevents/sampleconf/"):
        text = client.get(path).text
        assert "secretx" not in text.lower(), path
    text = client.get(f"{LOG}export.json").text
    assert "SHOWN-B" in text
    assert "Shown note" in text
    for words in ("secretx-a", "secretx person", "secretx"):
        assert "<tbody>" not in client.get(f"{LOG}?q={words}").text, words
    client = app.test_client()
    sign_in(client, fair.organizer_email)
    assert "SECRETX-A" in client.get(LOG).text
    assert "SECRETX-A" in client.get("/organizer/bigevents/sampleconf/").text


def test_all_times_of_a_list_are_of_one_zone_which_is_named(
    app: Flask, client: FlaskClient, fair: Fair, entries: None
) -> None:
    sign_in(client, fair.organizer_email)
    speak(client, "en")
    page = client.get(LOG).text
    assert "Time zone: Europe/Berlin" in page
    assert [time in shown(page) for time in ("10:00", "10:01", "10:02", "10:03")] == [True] * 4
    with app.app_context():
        set_writing(True)
        db.session.get_one(Event, fair.other_event).timezone = "Asia/Tokyo"
        db.session.commit()
    page = client.get(f"{LOG}?event=otherconf").text
    assert "Time zone: Asia/Tokyo" in page
    assert "18:03" in shown(page)
    assert "18:03" not in shown(client.get(f"{LOG}?event=otherconf&since=2026-11-21").text)
    page = client.get(LOG).text
    assert ("Time zone: Europe/Berlin" in page) != ("Time zone: Asia/Tokyo" in page)
    assert ("10:00" in shown(page)) == ("10:02" in shown(page)) == ("10:03" in shown(page))
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{LOG}export.xlsx?event=otherconf").data))
    assert book.get_sheet_by_index(0).to_python()[1][0] == dt.datetime(2026, 11, 20, 18, 3)  # noqa: DTZ001


def test_nobodies_are_named_and_numbers_grouped_in_the_readers_language(
    app: Flask, client: FlaskClient, fair: Fair
) -> None:
    with app.app_context():
        set_writing(True)
        for action, data in (("bundle.loaded", {"created": 13819}), ("leads.changed", {}), ("lead.changed", {})):
            who = Actor("system", label="command line")
            record(actor=who, action=action, organizer_id=fair.organizer, event_id=fair.event, data=data)
        db.session.commit()
    sign_in(client, fair.organizer_email)
    speak(client, "de")
    page = client.get(LOG).text
    assert "Ein Bündel geladen: 13.819 Datensätze" in page
    assert "Kommandozeile" in shown(page)
    assert "command line" not in page
    assert shown(client.get(f"{LOG}?q=kommandozeile").text).count("Kommandozeile") == 3
    choice = page.split('name="kind"', 1)[1].split("</select>", 1)[0]
    words = [option.split("<", 1)[0].strip() for option in choice.split(">")[1:]]
    assert [word for word in words if word.startswith("Leads")] == ["Leads", "Leads, mehrere zugleich"]
    exported = client.get(f"{LOG}export.json").json
    assert exported is not None
    assert exported[0]["actor"]["label"] == "command line"
