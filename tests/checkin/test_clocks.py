"""Phones whose clocks are wrong: what they let in counts, and the figures of the day stay those of the day."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal.checkin.models import CheckinRefusal
from portal.core import clock
from portal.core.database import db
from tests.checkin.conftest import Gate
from tests.checkin.pages import BASE, member

A_MINUTE = dt.timedelta(minutes=1)


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
