"""Any sequence of blocking, freeing and undoing keeps seats and history consistent; callers on the same seats too."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from portal.core.database import db, set_writing
from portal.core.errors import Conflict
from portal.core.models import AuditEntry
from portal.seating.models import Seat, SeatChange
from tests.fair import Fair
from tests.seating.test_history import Desk, blocked_seats

SEATS = 5
picks = st.lists(st.integers(0, SEATS - 1), min_size=1, max_size=SEATS, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("block"), picks),
        st.tuples(st.just("free"), picks),
        st.tuples(st.just("undo"), st.integers(0, 30)),
    ),
    min_size=1,
    max_size=14,
)


class Model:
    """What should be: each seat's states one after the other, and which change brought about the one it has."""

    def __init__(self, blocked: dict[int, bool]) -> None:
        self.blocked = blocked
        #: By seat, all changes: (id, before, after, made by).
        self.past: dict[int, list[tuple[int, bool, bool, int | None]]] = {seat: [] for seat in blocked}

    def change(self, id_: int | None, seats: list[int], blocked: bool) -> list[int]:
        """Block or free; the seats that change."""
        changed = [seat for seat in seats if self.blocked[seat] is not blocked]
        for seat in changed:
            assert id_ is not None
            self.past[seat].append((id_, self.blocked[seat], blocked, id_))
            self.blocked[seat] = blocked
        return changed

    def undo(self, id_: int | None, change: int) -> tuple[list[int], list[int]]:
        """Take a change back; the seats restored, and those left alone."""
        restored, left = [], []
        for seat, past in self.past.items():
            at = next((number for number, entry in enumerate(past) if entry[0] == change), None)
            if at is None:
                continue
            if past[-1][3] != past[at][3]:
                left.append(seat)
                continue
            restored.append(seat)
            if id_ is not None:
                past.append((id_, self.blocked[seat], past[at][1], past[at - 1][3] if at else None))
                self.blocked[seat] = past[at][1]
        return sorted(restored), sorted(left)


@seed(20261123)
@settings(
    max_examples=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sequence=steps)
def test_any_sequence(session: object, fair: Fair, sequence: list[tuple[str, object]]) -> None:
    """Each example starts from the same five free seats without a past."""
    seats = fair.seats[10 : 10 + SEATS]
    db.session.execute(sa.delete(SeatChange))
    db.session.execute(sa.delete(AuditEntry))
    db.session.execute(sa.update(Seat).where(Seat.id.in_(seats)).values(blocked=False))
    db.session.commit()
    desk, model = Desk(fair), Model(dict.fromkeys(seats, False))
    changes: list[int] = []
    for kind, value in sequence:
        if kind == "undo":
            assert isinstance(value, int)
            if not changes:
                continue
            change = changes[value % len(changes)]
            expected = model.undo(None, change)
            try:
                undone = desk.undo(change)
            except Conflict:
                assert not expected[0]
                continue
            assert (undone.restored, undone.left_alone) == expected
            if undone.id is not None:
                model.undo(undone.id, change)
                changes.append(undone.id)
        else:
            assert isinstance(value, list)
            wanted = [seats[at] for at in value]
            done = desk.change(wanted, blocked=kind == "block")
            assert done.changed == sorted(model.change(done.id, wanted, kind == "block"))
            if done.id is not None:
                changes.append(done.id)
    check(fair, desk, model, changes)


def check(fair: Fair, desk: Desk, model: Model, changes: list[int]) -> None:
    """Seats, links and the history say the same."""
    assert blocked_seats(fair.event) - {fair.seats[3]} == {seat for seat, blocked in model.blocked.items() if blocked}
    rows = db.session.execute(
        sa.select(SeatChange.seat_id, SeatChange.audit_id, SeatChange.before, SeatChange.after, SeatChange.made_by)
        .order_by(SeatChange.audit_id)
    )  # fmt: skip
    past: dict[int, list[tuple[int, bool, bool, int | None]]] = {seat: [] for seat in model.past}
    for row in rows:
        past[row.seat_id].append((row.audit_id, row.before, row.after, row.made_by))
    assert past == model.past
    for own in past.values():
        assert all(first[2] is second[1] for first, second in zip(own, own[1:], strict=False))
    told = desk.latest(limit=200)
    assert [entry.id for entry in told] == changes[::-1]
    assert all(entry.count == sum(entry.id == link[0] for seat in past.values() for link in seat) for entry in told)
    db.session.commit()


@pytest.mark.parametrize("turn", range(4))
def test_callers_on_overlapping_seats(app: Flask, fair: Fair, turn: int) -> None:
    """Two block and free overlapping seats through pages and API, a third undoes: nobody sees a lock, all adds up."""
    start, failures, statuses = threading.Barrier(3), [], []
    mine, others = fair.seats[10:40], fair.seats[25:55][::-1]

    def page() -> None:
        with app.app_context():
            set_writing(True)
            desk = Desk(fair)
            start.wait()
            for number in range(5):
                try:
                    desk.change(mine, blocked=number % 2 == 0)
                except Exception as problem:  # noqa: BLE001
                    failures.append(problem)

    def api() -> None:
        client = app.test_client()
        start.wait()
        for number in range(5):
            door = "bulk_unblock" if number % 2 else "bulk_block"
            answer = client.post(f"{fair.base}/seats/{door}/", json={"ids": others}, headers=fair.auth())
            statuses.append(answer.status_code)

    def back() -> None:
        with app.app_context():
            set_writing(True)
            desk = Desk(fair)
            start.wait()
            for _ in range(5):
                try:
                    entries = desk.latest(limit=1)
                    db.session.commit()
                    if entries:
                        desk.undo(entries[0].id)
                except Conflict:
                    db.session.rollback()
                except Exception as problem:  # noqa: BLE001
                    failures.append(problem)

    threads = [threading.Thread(target=work) for work in (page, api, back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert statuses == [200] * 5
    with app.app_context():
        set_writing(True)
        rows = db.session.execute(
            sa.select(SeatChange.seat_id, SeatChange.before, SeatChange.after).order_by(SeatChange.audit_id)
        ).all()
        state: dict[int, bool] = {}
        for seat, before, after in rows:
            assert state.get(seat, False) is before
            state[seat] = after
        assert {seat for seat, blocked in state.items() if blocked} | {fair.seats[3]} == blocked_seats(fair.event)


@pytest.mark.parametrize("kind", ["ids", "seat_guids"])
def test_two_bulk_calls_twenty_times(app: Flask, fair: Fair, kind: str) -> None:
    """Each seat ends as one of the two said, as a whole where they overlap."""
    numbers = (list(range(10, 50)), list(range(30, 60))[::-1])
    with app.app_context():
        guids = {id_: guid for id_, guid in db.session.execute(sa.select(Seat.id, Seat.seat_guid))}
    named = [[fair.seats[at] if kind == "ids" else guids[fair.seats[at]] for at in part] for part in numbers]
    statuses: list[int] = []

    def send(door: str, seats: list[int | str], start: threading.Barrier) -> None:
        client = app.test_client()
        start.wait()
        answer = client.post(f"{fair.base}/seats/{door}/", json={kind: seats}, headers=fair.auth())
        statuses.append(answer.status_code)

    both = {fair.seats[at] for at in set(numbers[0]) & set(numbers[1])}
    only = [{fair.seats[at] for at in part} - both for part in numbers]
    for _ in range(20):
        start = threading.Barrier(2)
        doors = ("bulk_block", "bulk_unblock")
        threads = [
            threading.Thread(target=send, args=(door, seats, start)) for door, seats in zip(doors, named, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with app.app_context():
            blocked = blocked_seats(fair.event)
        assert only[0] <= blocked
        assert not only[1] & blocked
        assert blocked & both in (set(), both)
    assert statuses == [200] * 40
