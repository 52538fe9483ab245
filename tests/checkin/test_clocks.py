"""Phones whose clocks are wrong: what they let in counts, and the figures of the day stay those of the day."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from babel import Locale

from portal.checkin.models import CheckinRefusal
from portal.core import clock
from portal.core.database import db
from portal.tickets.models import Checkin
from portal.web.filters import format_day
from tests.checkin.conftest import Gate
from tests.checkin.pages import BASE, member

A_MINUTE = dt.timedelta(minutes=1)


def read(page: str) -> str:
    """A page's text in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def sent(moment: dt.datetime) -> str:
    """A moment as the phones send it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ")


@pytest.mark.parametrize("moment", ["9999-12-31T23:59Z", "0001-01-01T00:00Z", "1970-01-01T00:03Z", "two days ahead"])
def test_a_time_that_no_clock_can_mean_is_now(gate: Gate, moment: str) -> None:
    if moment == "two days ahead":
        moment = sent(clock.now() + dt.timedelta(days=2))
    secret = gate.ticket()
    begun = clock.now()
    assert gate.redeem(secret, force="true", nonce="n", datetime=moment)["status"] == "ok", "it leaves the phone"
    assert gate.redeem(secret, force="true", nonce="n", datetime=moment)["status"] == "ok"
    (entry,) = gate.entries(secret)
    assert begun <= entry.datetime <= clock.now()
    for _ in range(3):
        assert gate.redeem("of nobody", force="true", datetime=moment)["reason"] == "unknown_ticket"
    with gate.app.app_context():
        (refused,) = db.session.scalars(sa.select(CheckinRefusal.datetime))
    assert begun <= refused <= clock.now()
    ada = member(gate.app, gate.fair, "can_checkin_orders", "can_view_orders")
    desk = f"{BASE}lists/{gate.fair.checkin_list}/"
    pages = (BASE.removesuffix("checkin/"), f"{desk}figures", f"{BASE}log", f"{BASE}log.xlsx", f"{BASE}log.csv")
    for path in (*pages, f"{desk}?ticket={gate.id_of(secret)}"):
        answer = ada.get(path)
        assert (answer.status_code, len(answer.data) > 3) == (200, True), path


def test_a_time_that_a_clock_can_mean_is_kept(gate: Gate) -> None:
    for moment in (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), clock.now() + dt.timedelta(hours=23)):
        secret = gate.ticket()
        gate.redeem(secret, force="true", datetime=sent(moment))
        (entry,) = gate.entries(secret)
        assert abs(entry.datetime - moment) < A_MINUTE


def test_a_phone_ahead_does_not_hide_the_day(gate: Gate, subtests: pytest.Subtests) -> None:
    """Entries of today, and one that another clock dates tomorrow; a bundle may even bring one of next year."""
    ada = member(gate.app, gate.fair, "can_checkin_orders", "can_view_orders")
    with gate.app.app_context():
        db.session.execute(sa.delete(Checkin))
        db.session.commit()
    tickets = [gate.ticket() for _ in range(3)]
    gate.redeem(tickets[0])
    gate.redeem("nobody")
    zone = ZoneInfo("Europe/Berlin")
    today = format_day(clock.now(), zone, Locale("en"), clock.now())
    for ahead in (dt.timedelta(days=1), dt.timedelta(days=400)):
        with subtests.test(str(ahead)):
            gate.redeem(tickets[1], force="true")
            later = clock.now() + ahead
            gate.change(Checkin, Checkin.position_id == gate.id_of(tickets[1]), datetime=later)
            day = format_day(later, zone, Locale("en"), clock.now())
            figures = read(ada.get(f"{BASE}lists/{gate.fair.checkin_list}/figures").text)
            assert f"Entries an hour, {today}" in figures
            assert f"{today} 1 {day} 1" in figures, "its day can be chosen"
            assert f"Refused 1 {today}" in figures
            assert "A minute, now 0.2 " in figures, "one in five minutes"
            home = read(ada.get(BASE.removesuffix("checkin/")).text)
            assert f"Check-ins an hour, {today}" in home
            assert "1 in the last hour" in home
