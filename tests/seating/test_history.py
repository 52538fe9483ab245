"""Taking changes of seats back, and reading what changed: by whom, when, why."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.actors import Actor, EventScope
from portal.core.database import db, set_writing
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.core.models import AuditEntry
from portal.events.queries import token_scope
from portal.seating.models import Seat, SeatChange
from portal.seating.queries.reasons import reasons
from portal.seating.services import blocking, history
from tests.fair import Fair
from tests.seating.conftest import Api, Series
from tests.statements import statements


class Desk:
    """An organizer's member at the seats of an event: ``desk.block(1, 2)``. Each act is a transaction."""

    def __init__(self, fair: Fair, event: str = "sampleconf", subevent: int | None = None) -> None:
        found = token_scope(fair.token, "bigevents", event)
        assert found is not None
        assert found[1] is not None
        self.actor: Actor = found[0]
        self.scope: EventScope = found[1]
        self.subevent = subevent
        db.session.commit()

    def change(self, seats: list[int], *, blocked: bool, reason: str = "") -> blocking.Change:
        """Block or free."""
        change = blocking.change_seats(
            actor=self.actor,
            scope=self.scope,
            subevent_id=self.subevent,
            seat_ids=seats,
            blocked=blocked,
            reason=reason,
        )
        db.session.commit()
        return change

    def block(self, *seats: int, reason: str = "") -> int:
        """Block; the id of the change."""
        id_ = self.change(list(seats), blocked=True, reason=reason).id
        assert id_ is not None
        return id_

    def free(self, *seats: int) -> int:
        """Free; the id of the change."""
        id_ = self.change(list(seats), blocked=False).id
        assert id_ is not None
        return id_

    def undo(self, change: int) -> history.Undone:
        """Take a change back."""
        try:
            undone = history.undo(actor=self.actor, scope=self.scope, change_id=change)
        finally:
            db.session.commit()
        return undone

    def latest(self, **values: int) -> list[history.Entry]:
        """The history."""
        return history.latest(scope=self.scope, subevent_id=self.subevent, **values)


def blocked_seats(event: int) -> set[int]:
    """The ids of an event's blocked seats."""
    return set(db.session.scalars(sa.select(Seat.id).where(Seat.event_id == event, Seat.blocked)))


@pytest.fixture
def desk(session: object, fair: Fair) -> Desk:
    """Ada at the fair's seats."""
    return Desk(fair)


def test_undo_restores_exactly_what_changed(desk: Desk, fair: Fair) -> None:
    """The fourth seat is blocked before: the change does not change it, and its undo leaves it blocked."""
    change = desk.change(fair.seats[2:6], blocked=True)
    assert change.changed == [fair.seats[2], *fair.seats[4:6]]
    assert change.unchanged == [fair.seats[3]]
    assert change.id is not None
    undone = desk.undo(change.id)
    assert undone.restored == change.changed
    assert undone.left_alone == []
    assert blocked_seats(fair.event) == {fair.seats[3]}


def test_what_someone_changed_since_is_left_alone(desk: Desk, fair: Fair) -> None:
    one, two, three = fair.seats[10:13]
    change = desk.block(one, two, three)
    desk.free(two)
    desk.block(two)
    undone = desk.undo(change)
    assert (undone.restored, undone.left_alone) == ([one, three], [two])
    assert blocked_seats(fair.event) == {fair.seats[3], two}


def test_a_change_made_elsewhere_is_left_alone(desk: Desk, fair: Fair) -> None:
    """A bundle frees a seat without a change of its own."""
    change = desk.block(*fair.seats[10:12])
    db.session.execute(sa.update(Seat).where(Seat.id == fair.seats[10]).values(blocked=False))
    assert desk.undo(change).left_alone == [fair.seats[10]]


def test_nothing_left_to_undo(desk: Desk, fair: Fair) -> None:
    seat = fair.seats[10]
    change = desk.block(seat)
    desk.free(seat)
    entries = db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    undone = desk.undo(change)
    assert (undone.id, undone.restored, undone.left_alone) == (None, [], [seat])
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == entries


def test_undoing_twice_says_so(desk: Desk, fair: Fair) -> None:
    change = desk.block(fair.seats[10])
    desk.undo(change)
    with pytest.raises(Conflict, match="undone already"):
        desk.undo(change)


def test_undo_of_an_undo_brings_the_change_back(desk: Desk, fair: Fair) -> None:
    seats = set(fair.seats[10:12])
    change = desk.block(*seats)
    first = desk.undo(change)
    assert first.id is not None
    second = desk.undo(first.id)
    assert second.id is not None
    assert blocked_seats(fair.event) == {fair.seats[3], *seats}
    marks = {entry.id: (entry.undoes, entry.undone) for entry in desk.latest()}
    assert marks == {change: (None, False), first.id: (change, True), second.id: (first.id, False)}
    desk.undo(change)
    assert blocked_seats(fair.event) == {fair.seats[3]}


def test_undo_steps_back_through_many_changes(desk: Desk, fair: Fair) -> None:
    """What was undone is as if it had not been: the change before it can be undone then."""
    seat = fair.seats[10]
    first, second, third = desk.block(seat), desk.free(seat), desk.block(seat)
    for change, blocked in ((third, False), (second, True), (first, False)):
        assert desk.undo(change).restored == [seat]
        assert (seat in blocked_seats(fair.event)) is blocked
    with pytest.raises(Conflict):
        desk.undo(third)


def test_the_history_tells_who_what_and_why(desk: Desk, fair: Fair) -> None:
    block = desk.block(*fair.seats[40:45], reason="  Camera \n platform ")
    free = desk.free(fair.seats[41])
    later, earlier = desk.latest()
    assert (later.id, later.blocked, later.count, later.seats) == (free, False, 1, ["Balcony/3/2"])
    assert (earlier.id, earlier.blocked, earlier.count, earlier.reason) == (block, True, 5, "Camera platform")
    assert earlier.seats == ["Balcony/3/1", "Balcony/3/2", "Balcony/3/3"]
    assert earlier.author == "Ada’s script"
    assert [entry.id for entry in desk.latest(limit=1)] == [free]
    assert [entry.id for entry in desk.latest(before=free)] == [block]
    assert [entry.id for entry in desk.latest(seat_id=fair.seats[42])] == [block]
    assert [entry.id for entry in desk.latest(seat_id=fair.seats[41])] == [free, block]
    assert desk.latest(seat_id=fair.seats[50]) == []


def test_reasons_follow_the_state_of_a_seat(desk: Desk, fair: Fair) -> None:
    def given(seats: list[int] = fair.seats) -> dict[int, str]:
        return reasons(seats)

    one, two, three = fair.seats[10], fair.seats[41], fair.seats[42]
    desk.block(one, two, reason="Camera")
    desk.block(three)
    assert given() == {one: "Camera", two: "Camera"}
    assert given(fair.seats[40:]) == {two: "Camera"}
    free = desk.free(one)
    assert given() == {two: "Camera"}
    desk.undo(free)
    assert given() == {one: "Camera", two: "Camera"}


def test_strangers(desk: Desk, fair: Fair, series: Series) -> None:
    """Other events' seats and changes do not exist here."""
    change = desk.block(fair.seats[10])
    other = Desk(fair, "seriesconf", series.dates[0])
    with pytest.raises(NotFound):
        other.undo(change)
    with pytest.raises(InvalidInput, match="does not exist"):
        other.block(fair.seats[11])
    with pytest.raises(InvalidInput, match="does not exist"):
        desk.block(fair.foreign_seat)
    with pytest.raises(NotFound):
        desk.undo(10**9)
    assert other.latest() == []
    assert blocked_seats(fair.event) == {fair.seats[3], fair.seats[10]}


def test_dates_of_a_series_are_kept_apart(desk: Desk, fair: Fair, series: Series) -> None:
    first, second = (Desk(fair, "seriesconf", date) for date in series.dates)
    change = first.block(series.seats[0][0])
    with pytest.raises(InvalidInput, match="does not exist"):
        second.block(series.seats[0][1])
    assert [entry.id for entry in first.latest()] == [change]
    assert second.latest() == []
    for wrong in (Desk(fair, "seriesconf"), Desk(fair, "sampleconf", series.dates[0])):
        with pytest.raises(NotFound):
            wrong.latest()
        with pytest.raises(NotFound):
            wrong.block(series.seats[0][1])
    with pytest.raises(NotFound):
        Desk(fair, "seriesconf", 10**6).latest()
    assert first.undo(change).restored == [series.seats[0][0]]


def test_refused_input(desk: Desk, fair: Fair) -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        desk.change([], blocked=True)
    with pytest.raises(InvalidInput, match="At most 100,000"):
        desk.change(list(range(100_001)), blocked=True)
    with pytest.raises(InvalidInput, match="300"):
        desk.block(fair.seats[10], reason="x" * 301)


def test_page_and_api_leave_the_same_rows(app: Flask, api: Api, fair: Fair) -> None:
    def rows() -> list[object]:
        entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        links = db.session.execute(
            sa.select(SeatChange.seat_id, SeatChange.before, SeatChange.after, SeatChange.made_by == entry.id)
            .where(SeatChange.audit_id == entry.id)
            .order_by(SeatChange.seat_id)
        ).all()
        kept = ("organizer_id", "event_id", "actor_kind", "actor_label", "action", "object_kind", "object_id", "data")
        return [{name: getattr(entry, name) for name in kept}, [tuple(link) for link in links]]

    for seats in ([fair.seats[10]], fair.seats[:6]):
        assert api.call("POST", "/seats/bulk_block/", json={"ids": seats}).status_code == 200
        with app.app_context():
            set_writing(True)
            by_api, blocked_by_api = rows(), blocked_seats(fair.event)
            desk = Desk(fair)
            desk.undo(desk.latest()[0].id)
            desk.change(seats, blocked=True)
            assert rows() == by_api
            assert blocked_seats(fair.event) == blocked_by_api
            desk.undo(desk.latest()[0].id)
    seat = fair.seats[20]
    assert api.call("PATCH", f"/seats/{seat}/", json={"blocked": True}).status_code == 200
    with app.app_context():
        set_writing(True)
        by_api = rows()
        desk = Desk(fair)
        desk.undo(desk.latest()[0].id)
        desk.block(seat)
        assert rows() == by_api


def test_the_number_of_statements_is_fixed(desk: Desk, fair: Fair) -> None:
    counts = set()
    for seats in (fair.seats[10:11], fair.seats[10:60]):
        with statements() as seen:
            change = desk.block(*seats)
        blocking_takes = sum("pg_advisory" not in statement for statement in seen)
        with statements() as seen:
            desk.undo(change)
        undoing_takes = sum("pg_advisory" not in statement for statement in seen)
        with statements() as seen:
            desk.latest()
        counts.add((blocking_takes, undoing_takes, len(seen)))
    assert counts == {(4, 6, 3)}
