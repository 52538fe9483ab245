"""Transactions that lose nothing, on both databases, with real threads and processes."""

import datetime as dt
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.core.database import db, set_writing, side_write
from portal.events.models import Event, Item, Organizer
from tests.fair import add, make_event


@pytest.fixture
def item(app: Flask) -> int:
    with app.app_context():
        organizer = add(Organizer(slug="bigevents", name="Big Events"))
        event = make_event(organizer, "sampleconf")
        item = add(Item(event_id=event.id, name={"en": "Ticket"}, default_price=Decimal("19.99")))
        db.session.commit()
        return item.id


def increment(app: Flask, item: int) -> None:
    with app.app_context():
        set_writing(True)
        position = db.session.scalars(sa.select(Item.position).where(Item.id == item).with_for_update()).one()
        db.session.execute(sa.update(Item).where(Item.id == item).values(position=position + 1))
        db.session.commit()


def test_no_increment_is_lost_between_threads(app: Flask, item: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: increment(app, item), range(80)))
    with app.app_context():
        assert db.session.get_one(Item, item).position == 80


_PROCESS = """
import sys
from portal.app import create_app
from portal.config import Config
from pathlib import Path
from tests.core.test_database import increment
app = create_app(Config(database_uri=sys.argv[1], instance_path=Path(sys.argv[2]), secret_key="x" * 16))
for _ in range(25):
    increment(app, int(sys.argv[3]))
"""


def test_no_increment_is_lost_between_processes(app: Flask, item: int) -> None:
    config = app.config["PORTAL"]
    arguments = [sys.executable, "-c", _PROCESS, config.database_uri, str(config.instance_path), str(item)]
    processes = [subprocess.Popen(arguments, stderr=subprocess.PIPE) for _ in range(3)]
    errors = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    with app.app_context():
        assert db.session.get_one(Item, item).position == 75


def test_a_reading_transaction_does_not_wait_for_a_writer(app: Flask, item: int) -> None:
    started, finish = threading.Event(), threading.Event()

    def write() -> None:
        with app.app_context():
            set_writing(True)
            db.session.execute(sa.update(Item).where(Item.id == item).values(position=7))
            started.set()
            finish.wait(10)
            db.session.rollback()

    writer = threading.Thread(target=write)
    writer.start()
    assert started.wait(10)
    try:
        with app.app_context():
            set_writing(False)
            assert db.session.scalars(sa.select(Item.position)).all() == [0]
            set_writing(True)
    finally:
        finish.set()
        writer.join()


def test_a_reading_transaction_on_sqlite_sees_one_state(app: Flask, item: int) -> None:
    """Reads of one request are consistent where that is free; PostgreSQL's go statement by statement."""
    with app.app_context():
        set_writing(False)
        before = db.session.scalars(sa.select(Item.position)).one()
        worker = threading.Thread(target=increment, args=(app, item))
        worker.start()
        worker.join(10)
        after = db.session.scalars(sa.select(Item.position)).one()
        assert (after == before) is (db.engine.dialect.name == "sqlite")
        set_writing(True)


def test_a_side_write_is_a_transaction_of_its_own(app: Flask, item: int) -> None:
    with app.app_context():
        set_writing(False)
        with side_write() as connection:
            connection.execute(sa.update(Item).where(Item.id == item).values(position=3))
        assert db.session.scalars(sa.select(Item.position)).one() == 3
        set_writing(True)


def test_money_and_datetimes_come_back_as_they_went_in(app: Flask, item: int) -> None:
    with app.app_context():
        assert db.session.get_one(Item, item).default_price == Decimal("19.99")
        event = db.session.scalars(sa.select(Event)).one()
        moment = dt.datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=2)))
        event.date_to = moment
        db.session.commit()
        db.session.expire_all()
        assert event.date_to == moment
        assert event.date_to.utcoffset() == dt.timedelta(0)


def test_a_datetime_without_a_zone_is_refused(app: Flask, item: int) -> None:
    with app.app_context(), pytest.raises(sa.exc.StatementError, match="without a zone"):
        db.session.execute(sa.update(Event).values(date_to=dt.datetime(2026, 1, 1)))  # noqa: DTZ001


def test_slugs_are_unique_without_regard_to_case(app: Flask, item: int) -> None:
    with app.app_context():
        organizer = db.session.scalars(sa.select(Organizer)).one()
        with pytest.raises(IntegrityError):
            make_event(organizer, "SampleConf")
        db.session.rollback()
        with pytest.raises(IntegrityError):
            add(Organizer(slug="BigEvents", name="Other"))
        db.session.rollback()
