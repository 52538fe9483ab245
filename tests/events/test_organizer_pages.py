"""The list of events and an event's home: what they show, in which order, and at which cost."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.events.models import Event, Item, Organizer, SubEvent
from portal.seating.models import Seat
from portal.seating.queries import Place
from portal.seating.services import bulk_set_blocked
from portal.tickets.models import Checkin, Order, OrderPosition
from tests.browserless import sign_in
from tests.fair import DAY, Fair, add, make_event, make_exhibitor, make_position, make_team, make_user
from tests.statements import statements

HOME = "/organizer/bigevents/sampleconf/"
NOON = DAY + dt.timedelta(hours=3)


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon at the fair."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


def figure(text: str, label: str) -> str:
    """The value of a tile, with its whole, and the note below it."""
    tile = re.search(rf'<span class="stat-label">{label}</span>(.*?)</(?:div|a)>', text, re.DOTALL)
    assert tile, label
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", tile[1], flags=re.DOTALL)).split())


def table(text: str, label: str) -> dict[str, str]:
    """The numbers behind a picture."""
    found = re.search(rf"<figcaption[^>]*>{label}[^<]*</figcaption>(.*?)</figure>", text, re.DOTALL)
    assert found, label
    return dict(re.findall(r'<th scope="row">([^<]*)</th><td class="num">([^<]*)</td>', found[1]))


# ------------------------------------------------------------------------------------------------------------ home


@pytest.mark.usefixtures("at_noon")
def test_the_figures_of_an_event(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        event, item = db.session.get_one(Event, fair.event), db.session.get_one(Item, fair.item)
        order = db.session.scalars(db.select(Order).where(Order.code == "ORD07")).one()
        order.status = "n"
        for number, values in ((20, {"status": "c"}), (21, {"testmode": True}), (22, {"canceled": True})):
            position = make_position(event, item, number, ("Nobody", "Counts"), **values)
            add(Checkin(position_id=position.id, list_id=fair.checkin_list, datetime=DAY))
        shirt = db.session.scalars(db.select(Item).where(Item.admission.is_(False), Item.event_id == event.id)).one()
        add(_add_on(fair, shirt))
        db.session.commit()
    sign_in(client, fair.organizer_email)
    text = client.get(HOME).text
    assert figure(text, "Tickets") == "8 7 paid, 1 pending"
    assert figure(text, "Checked in") == "1 / 7 14% of all tickets"
    assert figure(text, "Exhibitors") == "2 2 have scanned"
    assert figure(text, "Leads") == "6 6 today"
    assert figure(text, "Vouchers used") == "0 / 10 with 4 vouchers"
    assert 'aria-label="Seats: Sold 1, In a cart 1, For a voucher 1, Blocked 1, Free 56"' in text
    assert table(text, "Leads an hour") == {"10:00": "6"}


def _add_on(fair: Fair, shirt: Item) -> OrderPosition:
    first = db.session.get_one(OrderPosition, fair.positions[0])
    return OrderPosition(
        event_id=first.event_id,
        order_id=first.order_id,
        positionid=2,
        item_id=shirt.id,
        price=shirt.default_price,
        secret="shirt",
        addon_to_id=first.id,
    )


@pytest.mark.usefixtures("at_noon")
def test_the_rate_counts_the_last_hour_and_the_picture_the_last_day(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        for position, back in zip(fair.positions[1:], (5, 20, 70, 26 * 60), strict=False):
            came = NOON - dt.timedelta(minutes=back)
            add(Checkin(position_id=position, list_id=fair.checkin_list, datetime=came))
        again = NOON - dt.timedelta(minutes=1)
        add(Checkin(position_id=fair.positions[1], list_id=fair.checkin_list, datetime=again, first=False))
        db.session.commit()
    sign_in(client, fair.organizer_email)
    text = client.get(HOME).text
    assert figure(text, "Checked in") == "5 / 8 2 in the last hour"
    assert table(text, "Check-ins an hour") == {"10:00": "1", "11:00": "1", "12:00": "2"}


def test_orders_of_the_last_two_weeks(client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = DAY - dt.timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: ordered + dt.timedelta(days=2))
    sign_in(client, fair.organizer_email)
    recent = table(client.get(HOME).text, "Orders a day")
    assert len(recent) == 14
    assert {day: count for day, count in recent.items() if count != "0"} == {"Oct 21": "8"}
    monkeypatch.setattr(clock, "now", lambda: ordered + dt.timedelta(days=40))
    sign_in(client, fair.organizer_email)
    much_later = list(table(client.get(HOME).text, "Orders a day").items())
    assert much_later[-1] == ("Oct 21", "8")


def test_an_event_that_marks_no_admission_products_counts_all_tickets(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        db.session.execute(db.update(Item).values(admission=False))
        db.session.commit()
    sign_in(client, fair.organizer_email)
    assert figure(client.get(HOME).text, "Tickets").startswith("8 ")


def test_an_empty_event_has_a_calm_home(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    text = client.get("/organizer/bigevents/otherconf/").text
    assert figure(text, "Tickets") == "0"
    assert figure(text, "Checked in") == "0 / 0 nobody yet"
    assert "Orders a day" not in text
    assert "Vouchers used" not in text
    assert "Nothing was changed yet." in text


@pytest.mark.parametrize(
    ("permission", "shown", "hidden"),
    [
        ("can_view_orders", {"Tickets", "Checked in", "Leads"}, {"Vouchers used", "Latest changes"}),
        ("can_checkin_orders", {"Tickets", "Checked in"}, {"Leads", "Vouchers used", "Latest changes"}),
        ("can_view_vouchers", {"Vouchers used"}, {"Tickets", "Checked in", "Leads", "Latest changes"}),
        ("can_change_event_settings", {"Latest changes"}, {"Tickets", "Checked in", "Leads", "Vouchers used"}),
    ],
)
def test_each_figure_needs_its_permission(
    client: FlaskClient, fair: Fair, permission: str, shown: set[str], hidden: set[str]
) -> None:
    with client.application.app_context():
        helpers = db.session.scalars(db.select(Team).where(Team.name == "Helpers")).one()
        setattr(helpers, permission, True)
        db.session.commit()
    sign_in(client, fair.helper_email)
    text = client.get(HOME).text
    assert {word for word in shown | hidden if re.search(rf">\s*{word}\s*<", text)} == shown


def test_the_latest_changes_are_those_of_organizers(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        where: dict[str, Any] = {"organizer_id": fair.organizer, "event_id": fair.event}
        ada, exhibitor = Actor("user", 1, "Ada"), Actor("exhibitor", 1, "Aperture Science")
        place = Place(fair.event, None)
        bulk_set_blocked(actor=ada, organizer_id=fair.organizer, place=place, blocked=True, ids=fair.seats[10:22])
        bulk_set_blocked(actor=ada, organizer_id=fair.organizer, place=place, blocked=False, ids=fair.seats[10:11])
        record(actor=ada, action="exhibitor.updated", **where)
        record(actor=exhibitor, action="lead.changed", **where)
        record(actor=ada, action="user.signed_in", **where)
        record(actor=ada, action="elsewhere.changed", organizer_id=fair.organizer, event_id=fair.other_event)
        db.session.commit()
    sign_in(client, fair.organizer_email)
    text = client.get(HOME).text
    entries = [" ".join(each.split()) for each in re.findall(r"</time><span>(.*?)</span>", text)]
    assert entries == ["Ada: Exhibitor updated", "Ada: Freed 1 seat", "Ada: Blocked 12 seats"]


def test_a_page_speaks_german_and_the_events_zone(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        event = db.session.get_one(Event, fair.event)
        event.date_from = dt.datetime(2026, 11, 19, 23, 30, tzinfo=dt.UTC)
        event.date_to = None
        db.session.commit()
    sign_in(client, fair.organizer_email)
    text = client.get(HOME, headers={"Accept-Language": "de"}).text
    assert "<h1>Beispielkonferenz</h1>" in text
    assert "20. Nov" in text
    assert "Beispielkonferenz" in client.get("/organizer/", headers={"Accept-Language": "de"}).text


# ---------------------------------------------------------------------------------------------------------- series


def _series(fair: Fair, dates: int) -> None:
    organizer = db.session.get_one(Organizer, fair.organizer)
    event = make_event(organizer, "seriesconf", has_subevents=True, date_from=DAY, date_to=None)
    item = add(Item(event_id=event.id, name={"en": "Seat"}, default_price=Decimal(10), admission=True))
    for number in range(dates):
        start = DAY + dt.timedelta(days=number)
        evening = add(
            SubEvent(
                event_id=event.id,
                name={"en": f"Evening {number}"},
                date_from=start,
                date_to=start + dt.timedelta(hours=2),
            )
        )
        seat = add(Seat(event_id=event.id, subevent_id=evening.id, seat_guid="1-1", blocked=number == 1))
        add(Seat(event_id=event.id, subevent_id=evening.id, seat_guid="1-2"))
        if number == 0:
            make_position(event, item, 1, ("Ada", "King"), subevent_id=evening.id, seat_id=seat.id)
    db.session.commit()


@pytest.mark.usefixtures("at_noon")
def test_a_series_lists_its_dates_with_figures(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        _series(fair, 2)
    sign_in(client, fair.organizer_email)
    text = client.get("/organizer/bigevents/seriesconf/").text
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)]
    assert "Evening 0 Fri 10:00 Over 1 0 of 1 1 of 2" in rows
    assert "Evening 1 Sat 10:00 Coming 0 0 1 of 2" in rows


@pytest.mark.usefixtures("at_noon")
def test_a_long_series_opens_at_its_next_date(client: FlaskClient, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    with client.application.app_context():
        _series(fair, 120)
    monkeypatch.setattr(clock, "now", lambda: DAY + dt.timedelta(days=60, hours=6))
    sign_in(client, fair.organizer_email)
    text = client.get("/organizer/bigevents/seriesconf/").text
    assert "Evening 61" in text
    assert "Evening 49<" not in text
    assert "Evening 119" in client.get("/organizer/bigevents/seriesconf/?page=99").text
    assert "Evening 0<" in client.get("/organizer/bigevents/seriesconf/?page=1").text


# ------------------------------------------------------------------------------------------------------ the events


def names(text: str) -> list[str]:
    """The events of a list in their order."""
    return re.findall(r'<a href="/organizer/[^/"]+/([^/"]+)/">[^<]*</a>\s*<span class="second">', text)


@pytest.mark.usefixtures("at_noon")
def test_running_events_first_then_what_comes_then_what_is_over(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        for slug, start, end in (
            ("longago", -90, -88),
            ("lately", -9, -8),
            ("nextyear", 200, 202),
            ("soon", 3, None),
            ("today", 0, None),
        ):
            make_event(
                organizer,
                slug,
                date_from=NOON + dt.timedelta(days=start) - dt.timedelta(minutes=1),
                date_to=None if end is None else NOON + dt.timedelta(days=end),
            )
        db.session.commit()
        _series(fair, 2)
    sign_in(client, fair.organizer_email)
    text = client.get("/organizer/").text
    assert names(text)[-4:] == ["soon", "nextyear", "lately", "longago"]
    assert set(names(text)[:-4]) == {"sampleconf", "otherconf", "today", "seriesconf"}
    assert "Not public" not in text


def test_events_stand_with_their_organizers(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.admin_email)
    text = client.get("/organizer/").text
    assert [" ".join(each.split()) for each in re.findall(r"<h2[^>]*>\s*<a[^>]*>([^<]*)</a>", text)] == [
        "Big Events",
        "Foreign Fairs",
    ]
    assert "Administrator" in text


def test_the_figures_of_the_list(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    text = client.get("/organizer/").text
    row = next(each for each in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL) if ">sampleconf<" in each)
    assert re.findall(r'class="num">([^<]*)<', row) == ["8", "1", "2"]


def test_figures_stand_beside_the_events_whose_orders_one_may_see(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        bob = db.session.scalars(db.select(Team).where(Team.name == "Helpers")).one().members[0]
        team = make_team(organizer, "Other gate", all_events=False, permissions=("can_checkin_orders",))
        team.members.append(bob)
        db.session.execute(
            Team.metadata.tables["team_events"].insert().values(team_id=team.id, event_id=fair.other_event)
        )
        db.session.commit()
    sign_in(client, fair.helper_email)
    text = client.get("/organizer/").text
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    figures = {
        slug: re.findall(r'class="num">([^<]*)<', next(row for row in rows if f">{slug}<" in row))
        for slug in ("sampleconf", "otherconf")
    }
    assert figures == {"sampleconf": ["", "", "2"], "otherconf": ["0", "0", "0"]}


def test_who_is_in_no_team_is_told_what_to_do(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        make_user("new@example.org", "New")
        db.session.commit()
    sign_in(client, "new@example.org")
    text = client.get("/organizer/").text
    assert "You are in no team yet." in text
    assert 'type="search"' not in text


def _more_events(fair: Fair, count: int, name: str = "more") -> None:
    organizer = db.session.get_one(Organizer, fair.organizer)
    for number in range(count):
        event = make_event(organizer, f"{name}{number:03d}", name={"en": f"Fair {number}", "de": f"Häuser {number}"})
        make_exhibitor(event, f"Somebody {number}", f"{name}{number:05d}")
    db.session.commit()


def test_many_events_are_searched_and_paged(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    assert 'type="search"' not in client.get("/organizer/").text
    with client.application.app_context():
        _more_events(fair, 60)
    text = client.get("/organizer/").text
    assert 'type="search"' in text
    assert len(names(text)) == 50
    assert len(names(client.get("/organizer/?page=2").text)) == 12
    assert len(names(client.get("/organizer/?page=999").text)) == 12
    assert names(client.get("/organizer/?q=hauser+17").text) == ["more017"]
    assert names(client.get("/organizer/?q=BIG+otherconf").text) == ["otherconf"]
    nothing = client.get("/organizer/?q=%25%00")
    assert nothing.status_code == 200
    assert "No event matches" in nothing.text


@pytest.mark.usefixtures("at_noon")
def test_the_list_costs_the_same_for_one_three_and_fifty_events(app: Flask, client: FlaskClient, fair: Fair) -> None:
    def cost(email: str) -> int:
        browser = app.test_client()
        sign_in(browser, email)
        browser.get("/organizer/")
        with statements() as seen:
            assert browser.get("/organizer/").status_code == 200
        return len(seen)

    one = cost(fair.stranger_email)
    with app.app_context():
        _more_events(fair, 1)
    three = cost(fair.organizer_email)
    with app.app_context():
        _more_events(fair, 47, "again")
    assert one == three == cost(fair.organizer_email)


@pytest.mark.parametrize("page", [HOME, "/organizer/"])
def test_reading_pages_write_nothing(client: FlaskClient, fair: Fair, page: str) -> None:
    sign_in(client, fair.organizer_email)
    with statements() as seen:
        client.get(page)
    assert not [sql for sql in seen if not sql.lstrip().upper().startswith(("SELECT", "BEGIN"))]
