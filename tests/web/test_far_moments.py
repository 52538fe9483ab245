"""Moments at the ends of the calendar, which an older version or a script may have stored: every page shows them."""

import datetime as dt
import logging
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from portal.checkin.models import CheckinList, CheckinRefusal, CheckinUndone
from portal.core.database import Base, UTCDateTime, db
from portal.events.models import Event
from portal.tickets.models import OrderPosition
from portal.web.fields import read_moment
from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair, add
from tests.personas import REACHED, everybody, expected
from tests.routes import Place, all_routes, furnish

TABLES = (
    *("orders", "order_positions", "cart_positions", "checkins", "checkin_refusals", "checkins_undone"),
    *("events", "subevents", "leads", "vouchers"),
)
#: What the portal itself notes.
OURS = ("modified", "created")
FIRST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
LAST = dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def store(place: Place, moment: dt.datetime, zone: str) -> None:
    """Everything that has a time from outside has this one."""
    position = db.session.scalars(sa.select(OrderPosition.id)).first()
    gates = db.session.scalars(sa.select(CheckinList.id).where(CheckinList.event_id == place.fair.event)).first()
    here = {"event_id": place.fair.event, "list_id": gates, "datetime": moment}
    add(CheckinRefusal(**here, reason="unknown_ticket"))
    add(CheckinUndone(**here, position_id=position, entered=moment, reason="wrong"))
    db.session.execute(sa.update(Event).values(timezone=zone))
    for name in TABLES:
        table = Base.metadata.tables[name]
        columns = [each.name for each in table.c if isinstance(each.type, UTCDateTime) and each.name not in OURS]
        db.session.execute(sa.update(table).values(dict.fromkeys(columns, moment)))
    db.session.commit()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize(("moment", "zone"), [(FIRST, "America/New_York"), (LAST, "Europe/Berlin")])
def test_every_page_shows_them(app: Flask, fair: Fair, moment: dt.datetime, zone: str) -> None:
    app.testing = False  # a fault is a 500, as a browser sees it
    try:
        with app.app_context():
            place = furnish(fair)
        people = everybody(app, place)
        with app.app_context():
            store(place, moment, zone)
        problems, shown = [], 0
        for route in all_routes(app, place):
            who = next((each for each in people if expected(each, route) == REACHED), None)
            if route.writes or not route.known or who is None:
                continue
            answer = who.ask(app, route)
            shown += answer.status_code == 200 and len(answer.data) > 3
            if answer.status_code == 500 or answer.data == b"\xef\xbb\xbf":
                problems.append(f"{route}: {answer.status_code}")
        ada = app.test_client()
        sign_in(ada, fair.organizer_email)
        desk = f"/organizer/bigevents/sampleconf/checkin/lists/{fair.checkin_list}/"
        assert "Is in" in ada.get(f"{desk}?ticket={fair.positions[0]}").text
        assert problems == []
        assert shown > 100
    finally:
        app.testing = True


def test_forms_do_not_take_them() -> None:
    for text, zone in (
        ("0001-01-01 00:00", "Europe/Berlin"),
        ("9999-12-31", "America/New_York"),
        ("31.12.9999 23:59", "Europe/Berlin"),
        ("1899-12-31", "UTC"),
    ):
        with pytest.raises(ValueError, match=r"far away|out of range"):
            read_moment(text, ZoneInfo(zone), end=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_addresses_may_name_them(app: Flask, fair: Fair) -> None:
    ada, exhibitor = app.test_client(), app.test_client()
    sign_in(ada, fair.organizer_email)
    sign_in_code(exhibitor, fair.full_code)
    for day in ("0001-01-01", "9999-12-31"):
        for client, path in (
            (ada, f"/organizer/bigevents/sampleconf/checkin/log?since={day}T00:00&until={day}T23:59"),
            (ada, f"/organizer/bigevents/sampleconf/checkin/log?before={day}T12:00:00%2B14:00~checkin~1"),
            (ada, f"/organizer/bigevents/sampleconf/checkin/log?before={day}T12:00:00-14:00~refusal~1"),
            (ada, f"/organizer/bigevents/sampleconf/leads/?day={day}"),
            (ada, f"/organizer/bigevents/-/log/?since={day}&until={day}"),
            (exhibitor, f"/exhibitor/leads?day={day}"),
            (exhibitor, f"/exhibitor/leads/figures?day={day}"),
        ):
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.location)
