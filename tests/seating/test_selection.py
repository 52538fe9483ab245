"""Which seats lists of guids, expressions and filters mean."""

import pytest

from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.seating.models import Seat
from portal.seating.services import selection
from tests.fair import Fair, add
from tests.seating.conftest import Series
from tests.seating.test_history import Desk
from tests.statements import statements


@pytest.fixture
def desk(session: object, fair: Fair) -> Desk:
    """Ada at the fair's seats."""
    return Desk(fair)


def read(desk: Desk, text: str) -> list[selection.Line]:
    """A list, read."""
    return selection.read_lines(scope=desk.scope, subevent_id=desk.subevent, text=text)


def test_guids_and_expressions(desk: Desk, fair: Fair) -> None:
    seats = fair.seats
    meant = {
        "1-1": seats[:1],
        "Balcony": seats[40:],
        "balcony": seats[40:],
        "Ground floor/2": seats[20:40],
        "Ground floor/1-2": seats[:40],
        "Balcony/3/1-12": seats[40:52],
        "Balcony / 3 / 12 - 1": seats[40:52],
        "Balcony/3/1,5,7–9": [seats[40], seats[44], *seats[46:49]],
        "Balcony/3/5,5,4-5": [seats[44], seats[43]],
        "Balcony/3/15-99": seats[54:60],
    }
    for text, wanted in meant.items():
        (line,) = read(desk, f"\n  {text}\n\n")
        assert (line.text, line.seat_ids, line.problem) == (text, wanted, None)


def test_what_is_not_there_is_named(desk: Desk) -> None:
    problems = {
        "Stalls": "There is no seat and no zone “Stalls”.",
        "9-9": "There is no seat and no zone “9-9”.",
        "Balcony/4": "There is no row “4” in Balcony.",
        "Balcony/4/1": "There is no row “4” in Balcony.",
        "Balcony/3/21": "There is no seat “21” in row 3 in Balcony.",
        "Balcony/3/30-40": "There is no seat “30-40” in row 3 in Balcony.",
        "Balcony/3/1,,2": "Something is missing between commas.",
        "Balcony/3/a-b": "There is no seat “a-b” in row 3 in Balcony.",
        "Balcony/3/1-99999999999999999999": "There is no seat “1-99999999999999999999” in row 3 in Balcony.",
        "x" * 501: "The line has more than 500 characters.",
    }
    lines = read(desk, "\n".join(problems))
    assert [line.problem for line in lines] == list(problems.values())
    assert not any(line.seat_ids for line in lines)


def test_names_with_slashes_and_without_a_zone(desk: Desk, fair: Fair) -> None:
    def seat(zone: str, row: str, number: str) -> int:
        values = {"zone_name": zone, "row_name": row, "seat_number": number}
        return add(Seat(event_id=fair.event, seat_guid=f"{zone}|{row}|{number}", **values)).id

    left, right = seat("Balcony/left", "3", "1"), seat("Balcony/left", "A/B", "A10")
    table, stool = seat("", "T", "1"), seat("", "", "S")
    db.session.commit()
    meant = {
        "Balcony/left/3/1": [left],
        "balcony/LEFT/A/B/A1-A12": [right],
        "T/1": [table],
        "Balcony/3/1": [fair.seats[40]],
    }
    for text, wanted in meant.items():
        assert read(desk, text)[0].seat_ids == wanted, text
    assert read(desk, "|" + "|S")[0].seat_ids == [stool]


def test_a_whole_hall_at_most(desk: Desk, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MOST_CHOSEN", 25)
    lines = read(desk, "Balcony\nGround floor/1\nBalcony/3\nGround floor/1/1-5")
    assert [len(line.seat_ids) for line in lines] == [20, 0, 20, 5]
    assert lines[1].problem == "With this line there are more than 25 seats."
    with pytest.raises(InvalidInput, match="100,000 lines"):
        read(desk, "1-1\n" * 100_001)


def test_matching(desk: Desk, fair: Fair) -> None:
    def matching(**values: object) -> list[int]:
        return selection.matching(scope=desk.scope, subevent_id=desk.subevent, **values)  # type: ignore[arg-type]

    seats = fair.seats
    assert matching() == seats
    for state, wanted in (("sold", seats[:1]), ("cart", seats[1:2]), ("voucher", seats[2:3]), ("blocked", seats[3:4])):
        assert matching(state=state) == wanted
    assert matching(state="free") == seats[4:]
    assert matching(zone="Ground floor", row="1", state="free") == seats[4:20]
    assert matching(zone="Balcony", product_id=fair.item) == seats[40:]
    assert matching(product_id=10**12) == []
    assert matching(zone="Nowhere") == []
    with pytest.raises(InvalidInput, match="Must be one of"):
        matching(state="gone")


def test_dates_and_strangers(desk: Desk, fair: Fair, series: Series) -> None:
    first, second = (Desk(fair, "seriesconf", date) for date in series.dates)
    assert read(first, "g0\nZ")[1].seat_ids == series.seats[0]
    assert read(second, "g0")[0].seat_ids == series.seats[1][:1]
    assert selection.matching(scope=second.scope, subevent_id=second.subevent) == series.seats[1]
    for wrong in (Desk(fair, "seriesconf"), Desk(fair, "sampleconf", series.dates[0]), Desk(fair, "seriesconf", 10**6)):
        with pytest.raises(NotFound):
            read(wrong, "Z")
        with pytest.raises(NotFound):
            selection.matching(scope=wrong.scope, subevent_id=wrong.subevent)


def test_one_statement(desk: Desk) -> None:
    for text in ("1-1", "Balcony\nGround floor/1/1-9\nnope"):
        with statements() as seen:
            read(desk, text)
        assert len(seen) == 1
