"""From the commit to the mailbox: once, however many workers, and again where it failed."""

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask

from portal.config import SmtpServer as SmtpSetting
from portal.core import clock, mail, outbox
from portal.core.database import db, side_write
from portal.core.models import OutboxMessage
from portal.core.queue import EACH, Queue, queue_of
from tests.services import SmtpServer, free_port
from tests.working import pass_time, rows, setting, soon, work

Greet = Callable[..., int]


@pytest.fixture
def queue(app: Flask) -> Queue:
    """The app's queue, empty."""
    queue = queue_of(app)
    queue.open().storage.flush_all()
    return queue


def waiting(queue: Queue) -> int:
    return int(queue.open().storage.queue_size())


# ---------------------------------------------------------------------------------------------- after the commit


def test_a_commit_rings_and_a_rollback_does_not(app: Flask, queue: Queue, greeting: None) -> None:
    with app.app_context():
        outbox.put("greeting", {"to": "a@example.org"})
        db.session.flush()
        assert waiting(queue) == 0
        db.session.rollback()
        db.session.commit()
        assert waiting(queue) == 0
        with db.session.begin_nested() as savepoint:
            outbox.put("greeting", {"to": "b@example.org"})
            savepoint.rollback()
        with db.session.begin_nested():
            outbox.put("greeting", {"to": "c@example.org"})
        assert waiting(queue) == 0
        db.session.commit()
        assert waiting(queue) == 1
        db.session.commit()
        assert waiting(queue) == 1
    assert [row.payload["to"] for row in rows(app)] == ["c@example.org"]


def test_nothing_is_sent_for_a_transaction_that_was_rolled_back(app: Flask, greeting: None, smtp: SmtpServer) -> None:
    with app.app_context():
        outbox.put("greeting", {"to": "a@example.org"})
        db.session.flush()
        db.session.rollback()
    assert work(app) == []
    assert smtp.messages == []


def test_many_rows_ring_once_and_a_sweep_finds_them_all(app: Flask, queue: Queue, greeting: None) -> None:
    with app.app_context():
        for number in range(EACH + 1):
            outbox.put("greeting", {"to": f"a{number}@example.org"})
        db.session.commit()
    assert waiting(queue) == 1
    huey = queue.open()
    huey.execute(huey.dequeue())
    assert waiting(queue) == EACH + 1


def test_a_queue_that_does_not_answer_costs_nothing(
    app: Flask, queue: Queue, greet: Greet, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ConnectionError("no queue")

    monkeypatch.setattr(queue.open().storage, "enqueue", broken)
    greet()
    monkeypatch.undo()
    assert waiting(queue) == 0
    queue.sweep.call_local()
    assert waiting(queue) == 1
    huey = queue.open()
    huey.execute(huey.dequeue())
    assert len(smtp.messages) == 1


def test_what_is_not_due_yet_waits(app: Flask, greet: Greet, smtp: SmtpServer) -> None:
    message_id = greet(not_before=soon(hours=1))
    assert work(app) == []
    with app.app_context():
        assert outbox.deliver(message_id) == outbox.Outcome("skipped")
    pass_time(app, hours=1)
    assert [outcome.status for outcome in work(app)] == ["done"]
    assert len(smtp.messages) == 1


# ------------------------------------------------------------------------------------------------- exactly once


def test_two_workers_send_a_mail_once(app: Flask, greet: Greet, smtp: SmtpServer) -> None:
    ids = [greet(f"booth{number}@example.org") for number in range(10)]
    barrier = threading.Barrier(4)
    outcomes: list[str] = []

    def worker() -> None:
        barrier.wait(5)
        for message_id in ids:
            with app.app_context():
                outcomes.append(outbox.deliver(message_id).status)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(one.recipients[0] for one in smtp.messages) == [f"booth{number}@example.org" for number in range(10)]
    assert outcomes.count("done") == 10
    assert outcomes.count("skipped") == 30


def test_a_row_whose_worker_died_is_taken_again(app: Flask, greet: Greet, smtp: SmtpServer) -> None:
    message_id = greet()
    with app.app_context():
        assert outbox._claim(message_id) is not None
        assert outbox.due() == []
        assert outbox.deliver(message_id).status == "skipped"
    pass_time(app, seconds=outbox.LEASE.total_seconds() + 1)
    assert [outcome.status for outcome in work(app)] == ["done"]
    assert len(smtp.messages) == 1
    assert rows(app)[0].attempts == 2


def test_a_worker_that_was_taken_for_dead_changes_nothing_any_more(app: Flask, greet: Greet, smtp: SmtpServer) -> None:
    message_id = greet()
    with app.app_context():
        late = outbox._claim(message_id)
        assert late is not None
    pass_time(app, seconds=outbox.LEASE.total_seconds() + 1)
    work(app)
    with app.app_context():
        assert outbox._failed(late, OSError("late")) == outbox.Outcome("waiting", None)
    assert rows(app)[0].status == "done"


# ---------------------------------------------------------------------------------------------- when it goes wrong


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("refuse", "SMTPRecipientsRefused: 550 5.1.1 No such mailbox"),
        ("refuse later", "SMTPRecipientsRefused: 451 4.3.0 Try again later"),
        ("break off", "SMTPServerDisconnected: Connection unexpectedly closed"),
    ],
)
def test_a_failure_is_tried_again_later(app: Flask, greet: Greet, smtp: SmtpServer, behaviour: str, error: str) -> None:
    greet()
    smtp.behaviour = behaviour  # type: ignore[assignment]
    before = clock.now()
    outcome = work(app)[0]
    assert outcome.status == "waiting"
    assert outcome.retry_at is not None
    assert dt.timedelta(seconds=59) < outcome.retry_at - before < dt.timedelta(seconds=70)
    row = rows(app)[0]
    assert (row.status, row.attempts, row.last_error) == ("waiting", 1, error)
    assert work(app) == []
    smtp.reset()
    pass_time(app, minutes=2)
    assert [one.status for one in work(app)] == ["done"]
    row = rows(app)[0]
    assert (row.status, row.last_error) == ("done", None)
    assert row.finished is not None
    assert len(smtp.messages) == 1


def test_a_server_that_stalls_is_left(
    app: Flask, greet: Greet, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.5)
    greet()
    smtp.behaviour = "stall"
    started = time.monotonic()
    assert [one.status for one in work(app)] == ["waiting"]
    assert time.monotonic() - started < 3
    assert str(rows(app)[0].last_error).startswith(("TimeoutError", "SMTPServerDisconnected"))


def test_nobody_listens(app: Flask, greet: Greet) -> None:
    greet()
    with setting(app, smtp=SmtpSetting("127.0.0.1", free_port())):
        assert [one.status for one in work(app)] == ["waiting"]
    assert rows(app)[0].last_error == "ConnectionRefusedError: Connection refused"


def test_patience_ends(app: Flask, greet: Greet, smtp: SmtpServer) -> None:
    greet()
    smtp.behaviour = "refuse later"
    waits = []
    for _ in range(len(outbox.BACKOFF) + 1):
        outcome = work(app)[0]
        if outcome.retry_at is not None:
            waits.append(round((outcome.retry_at - clock.now()).total_seconds() / 60))
        pass_time(app, hours=3)
    assert waits == [1, 5, 30, 120]
    row = rows(app)[0]
    assert (row.status, row.attempts) == ("failed", 5)
    assert row.last_error == "SMTPRecipientsRefused: 451 4.3.0 Try again later"
    assert work(app) == []
    assert smtp.messages == []


def test_an_error_in_preparing_says_nothing_of_the_payload(app: Flask, greet: Greet) -> None:
    greet("VKHZ2FU84 is no address")
    assert [one.status for one in work(app)] == ["waiting"]
    assert rows(app)[0].last_error == "BadAddress"


def test_a_kind_nobody_knows_waits_for_a_newer_version(app: Flask) -> None:
    with app.app_context():
        outbox.put("unknown", {})
        db.session.commit()
    assert [one.status for one in work(app)] == ["waiting"]
    assert rows(app)[0].last_error == "LookupError"


def test_what_can_never_succeed_is_not_tried_again(app: Flask) -> None:
    def never(_job: outbox.Job) -> outbox.Work:
        raise outbox.Abandon("The contact address cannot be used.")

    outbox.register(app, "never", never)
    try:
        with app.app_context():
            outbox.put("never", {})
            db.session.commit()
        assert [one.status for one in work(app)] == ["failed"]
    finally:
        del app.extensions["outbox"]["never"]
    assert rows(app)[0].last_error == "The contact address cannot be used."


def test_no_mail_goes_out_while_a_transaction_is_open(app: Flask, smtp: SmtpServer) -> None:
    with app.app_context():
        db.session.execute(db.text("SELECT 1"))
        message = mail.build(mail.Mail(["a@example.org"], "Hello", "Hello"))
        with pytest.raises(RuntimeError, match="commit, then send"):
            mail.send(message)
    assert smtp.attempts == 0


def test_preparing_may_only_read(app: Flask) -> None:
    """On SQLite the preparing transaction begins as a reading one, so that mails never hold up the hall."""
    seen: list[bool] = []

    def look(_job: outbox.Job) -> outbox.Work:
        from portal.core.database import is_writing  # noqa: PLC0415 - asked where it matters

        seen.append(is_writing())
        return None

    outbox.register(app, "look", look)
    try:
        with app.app_context():
            outbox.put("look", {})
            db.session.commit()
        assert [one.status for one in work(app)] == ["done"]
    finally:
        del app.extensions["outbox"]["look"]
    assert seen == [False]


def test_old_rows_are_tidied_up(app: Flask, greet: Greet, smtp: SmtpServer) -> None:
    greet()
    greet("b@example.org")
    work(app)
    first = rows(app)[0].id
    with app.app_context():
        assert outbox.purge() == 0
        with side_write() as connection:
            values = {"finished": clock.now() - dt.timedelta(days=31)}
            connection.execute(db.update(OutboxMessage).where(OutboxMessage.id == first).values(values))
        assert outbox.purge() == 1
    assert len(rows(app)) == 1
