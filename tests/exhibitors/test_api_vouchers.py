"""The vouchers of an exhibitor by the REST API: the list, attaching one or many, and races for one voucher."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import NotFound
from portal.events.models import Event
from portal.exhibitors.models import Exhibitor, ExhibitorVoucher
from portal.exhibitors.schemas import ExhibitorVoucherSchema
from portal.exhibitors.services import vouchers as services
from portal.vouchers.models import Voucher
from tests.exhibitors.conftest import ACTOR
from tests.fair import Fair, make_exhibitor
from tests.seating.conftest import Api
from tests.statements import statements
from tests.vouchers.contract import first_voucher

Stored = Callable[[Any], list[Any]]
Audited = Callable[[], list[Any]]

LINKS = sa.select(
    ExhibitorVoucher.voucher_id, ExhibitorVoucher.exhibitor_id, ExhibitorVoucher.exhibitor_comment
).order_by(ExhibitorVoucher.voucher_id)


def attach(api: Api, exhibitor: int, body: Any) -> tuple[int, Any]:
    response = api.call("POST", f"/exhibitors/{exhibitor}/vouchers/attach/", json=body)
    return response.status_code, response.get_json()


def bulk(api: Api, exhibitor: int, body: Any) -> tuple[int, Any]:
    response = api.call("POST", f"/exhibitors/{exhibitor}/vouchers/bulk_attach/", json=body)
    return response.status_code, response.get_json()


@pytest.fixture
def foreign_voucher(app: Flask, fair: Fair) -> int:
    """A voucher of the organizer's other event."""
    with app.app_context():
        voucher = Voucher(event_id=fair.other_event, code="OTHER")
        db.session.add(voucher)
        db.session.commit()
        return voucher.id


# -------------------------------------------------------------------------------------------------------- the list


def test_a_voucher_as_the_contract_prints_it(api: Api, fair: Fair) -> None:
    """Contract decision 7: `exhibitor_comment` is always there."""
    body = api.get(f"/exhibitors/{fair.exhibitor}/vouchers/").get_json()
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    assert body["results"][0] == first_voucher(fair) | {"exhibitor_comment": "Free ticket"}
    assert [entry["id"] for entry in body["results"]] == fair.vouchers[:2]
    schema = ExhibitorVoucherSchema()
    assert schema.validate(body["results"], many=True) == {}
    assert [tuple(entry) for entry in body["results"]] == [tuple(schema.fields)] * 2


def test_the_number_of_statements_does_not_grow(app: Flask, api: Api, fair: Fair) -> None:
    counts = set()
    for number in (1, 3, 50):
        with app.app_context():
            have = db.session.scalar(sa.select(sa.func.count()).where(ExhibitorVoucher.exhibitor_id == fair.rival))
            for each in range(number - (have or 0)):
                voucher = Voucher(event_id=fair.event, code=f"MANY{number}-{each}")
                db.session.add(voucher)
                db.session.flush()
                db.session.add(ExhibitorVoucher(exhibitor_id=fair.rival, voucher_id=voucher.id))
            db.session.commit()
        with statements() as seen:
            assert len(api.results(f"/exhibitors/{fair.rival}/vouchers/")) == number
        counts.add(len([each for each in seen if each.lstrip().startswith("SELECT")]))
    assert len(counts) == 1, counts
    first = api.get(f"/exhibitors/{fair.rival}/vouchers/?page_size=20").get_json()
    second = api.get(f"/exhibitors/{fair.rival}/vouchers/?page_size=20&page=2").get_json()
    ids = [entry["id"] for entry in first["results"] + second["results"]]
    assert (first["count"], len(ids)) == (50, 40)
    assert ids == sorted(set(ids))


# ------------------------------------------------------------------------------------------------------ attach one


@pytest.mark.parametrize("field", ["id", "code"])
def test_attach(api: Api, fair: Fair, stored: Stored, audited: Audited, field: str) -> None:
    value = fair.vouchers[3] if field == "id" else "VOUCHER3"
    assert attach(api, fair.rival, {field: value, "exhibitor_comment": "Free", "redeemed": 99}) == (200, {})
    assert (fair.vouchers[3], fair.rival, "Free") in stored(LINKS)
    assert api.results(f"/exhibitors/{fair.rival}/vouchers/")[-1]["exhibitor_comment"] == "Free"
    assert audited() == [("exhibitor.vouchers_attached", "Ada’s script", fair.rival, {"vouchers": [fair.vouchers[3]]})]


def test_attach_again_changes_the_comment_or_leaves_it(api: Api, fair: Fair, stored: Stored, audited: Audited) -> None:
    voucher = fair.vouchers[0]
    assert attach(api, fair.exhibitor, {"id": voucher}) == (200, {})
    assert stored(LINKS)[0] == (voucher, fair.exhibitor, "Free ticket")
    assert audited() == []
    assert attach(api, fair.exhibitor, {"id": voucher, "exhibitor_comment": "Other"}) == (200, {})
    assert stored(LINKS)[0] == (voucher, fair.exhibitor, "Other")
    assert attach(api, fair.exhibitor, {"id": str(voucher), "code": None}) == (200, {})
    assert stored(LINKS)[0] == (voucher, fair.exhibitor, "Other")
    assert attach(api, fair.exhibitor, {"code": "43K6LKM37FBVR2YG", "exhibitor_comment": ""}) == (200, {})
    assert stored(LINKS)[0] == (voucher, fair.exhibitor, "")
    assert [entry[3] for entry in audited()] == [{"vouchers": [], "commented": [voucher]}] * 2


EITHER = {"non_field_errors": ["Please pass either id or code."]}
WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, EITHER),
    ({"id": 1, "code": "VOUCHER3"}, EITHER),
    ({"id": None}, EITHER),
    ({"id": "x"}, {"id": ["A valid integer is required."]}),
    ({"id": True}, {"id": ["A valid integer is required."]}),
    ({"id": 1.5}, {"id": ["A valid integer is required."]}),
    ({"id": [1]}, {"id": ["A valid integer is required."]}),
    ({"id": 999_999}, {"id": ["Voucher “999999” does not exist."]}),
    ({"id": -1}, {"id": ["Voucher “-1” does not exist."]}),
    ({"id": 10**30}, {"id": [f"Voucher “{10**30}” does not exist."]}),
    ({"id": "9" * 40}, {"id": [f"Voucher “{'9' * 40}” does not exist."]}),
    ({"id": 2**64}, {"id": [f"Voucher “{2**64}” does not exist."]}),
    ({"code": "NOPE"}, {"code": ["Voucher “NOPE” does not exist."]}),
    ({"code": ""}, {"code": ["Voucher “” does not exist."]}),
    ({"code": 1}, {"code": ["Not a valid string."]}),
    ({"code": "a\0b"}, {"code": ["Null characters are not allowed."]}),
    ({"code": "OTHER"}, {"code": ["Voucher “OTHER” does not exist."]}),
    ({"code": "VOUCHER2"}, {"code": ["Voucher “VOUCHER2” belongs to the exhibitor “Black Mesa”."]}),
    ({"code": "VOUCHER3", "exhibitor_comment": None}, {"exhibitor_comment": ["This field may not be null."]}),
    ({"code": "VOUCHER3", "exhibitor_comment": 1}, {"exhibitor_comment": ["Not a valid string."]}),
    ({"code": "VOUCHER3", "exhibitor_comment": "\0"}, {"exhibitor_comment": ["Null characters are not allowed."]}),
]


@pytest.mark.usefixtures("foreign_voucher")
def test_what_cannot_be_attached(api: Api, fair: Fair, stored: Stored, audited: Audited) -> None:
    before = stored(LINKS)
    for body, errors in WRONG:
        status, found = attach(api, fair.exhibitor, body)
        assert status == 400, body
        assert found == errors or (set(found) == set(errors) and any(... in each for each in errors.values())), body
        assert bulk(api, fair.exhibitor, [body]) == (400, [found])
    assert (stored(LINKS), audited()) == (before, [])


def test_a_voucher_of_another_exhibitor_is_named_with_it(api: Api, fair: Fair) -> None:
    """Contract decision 17."""
    expected = {"id": [f"Voucher “{fair.vouchers[0]}” belongs to the exhibitor “Aperture Science”."]}
    assert attach(api, fair.rival, {"id": fair.vouchers[0]}) == (400, expected)


# ----------------------------------------------------------------------------------------------------- attach many


def test_attach_many(api: Api, fair: Fair, stored: Stored, audited: Audited) -> None:
    body = [
        {"id": fair.vouchers[3], "exhibitor_comment": "New"},
        {"id": fair.vouchers[0], "exhibitor_comment": "Changed"},
        {"id": fair.vouchers[1]},
    ]
    assert bulk(api, fair.exhibitor, body) == (200, {})
    assert stored(LINKS) == [
        (fair.vouchers[0], fair.exhibitor, "Changed"),
        (fair.vouchers[1], fair.exhibitor, "Free ticket"),
        (fair.vouchers[2], fair.rival, "Free ticket"),
        (fair.vouchers[3], fair.exhibitor, "New"),
    ]
    assert audited()[-1][3] == {"vouchers": [fair.vouchers[3]], "commented": [fair.vouchers[0]]}
    assert bulk(api, fair.exhibitor, []) == (200, {})


def test_errors_come_in_the_order_sent_and_nothing_is_attached(
    api: Api, fair: Fair, stored: Stored, audited: Audited
) -> None:
    """`{}` stands for an entry that is good."""
    before = stored(LINKS)
    body = [
        {"code": "VOUCHER3"},
        {"code": "NOPE"},
        {"code": "VOUCHER0", "exhibitor_comment": None},
        {"id": fair.vouchers[0]},
        {"code": "43K6LKM37FBVR2YG", "exhibitor_comment": "?"},
        {"code": "VOUCHER2"},
        {"code": "VOUCHER3", "exhibitor_comment": "again"},
        "VOUCHER3",
    ]
    assert bulk(api, fair.exhibitor, body) == (
        400,
        [
            {},
            {"code": ["Voucher “NOPE” does not exist."]},
            {"exhibitor_comment": ["This field may not be null."]},
            {"non_field_errors": ["The first entry has “code”. Please pass the same field in all entries."]},
            {},
            {"code": ["Voucher “VOUCHER2” belongs to the exhibitor “Black Mesa”."]},
            {"code": ["Voucher “VOUCHER3” is in this list twice."]},
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
        ],
    )
    assert (stored(LINKS), audited()) == (before, [])


def test_a_list_is_expected(api: Api, fair: Fair) -> None:
    for body in ({}, {"id": 1}, "x", 1):
        status, errors = bulk(api, fair.exhibitor, body)
        assert status == 400
        assert errors["non_field_errors"][0].startswith("Expected a list of items but got type")


def test_bodies_that_cannot_be_read(api: Api, fair: Fair) -> None:
    path = f"/exhibitors/{fair.exhibitor}/vouchers/bulk_attach/"
    assert api.call("POST", path, data="[", content_type="application/json").status_code == 400
    assert api.call("POST", path).status_code == 415
    assert api.call("POST", path, data={"id": 1}).status_code == 415


def test_ten_thousand_at_once_and_no_more(app: Flask, api: Api, fair: Fair, stored: Stored) -> None:
    with app.app_context():
        rows = [{"event_id": fair.event, "code": f"BULK{number:05d}"} for number in range(10_000)]
        db.session.execute(sa.insert(Voucher), rows)
        db.session.commit()
    body = [{"code": row["code"], "exhibitor_comment": "Many"} for row in rows]
    too_many = {"non_field_errors": ["Please do not pass more than 10,000 entries."]}
    assert bulk(api, fair.rival, [*body, {"code": "VOUCHER3"}]) == (400, too_many)
    with statements() as seen:
        assert bulk(api, fair.rival, body) == (200, {})
    assert len(seen) < 20
    assert len(stored(LINKS)) == 10_003


# ----------------------------------------------------------------------------------------- operations and races


def test_detach(session: Any, fair: Fair, scope: EventScope) -> None:
    gone = services.detach(actor=ACTOR, event=scope, exhibitor_id=fair.exhibitor, voucher_ids=[*fair.vouchers, 999_999])
    assert gone == fair.vouchers[:2]
    assert session.execute(LINKS).all() == [(fair.vouchers[2], fair.rival, "Free ticket")]
    with pytest.raises(NotFound):
        services.detach(actor=ACTOR, event=scope, exhibitor_id=fair.foreign_exhibitor, voucher_ids=[1])


def test_of_two_attaches_at_once_one_wins_and_the_other_is_told_who(
    app: Flask, api: Api, fair: Fair, stored: Stored
) -> None:
    with app.app_context():
        event = db.session.get_one(Event, fair.event)
        rivals = [make_exhibitor(event, f"Rival {number}", f"RIVAL{number}") for number in range(4)]
        names = {rival.id: rival.name for rival in rivals}
        db.session.commit()
    for field in ("id", "code"):
        with app.app_context():
            voucher = Voucher(event_id=fair.event, code=f"RACE{field}")
            db.session.add(voucher)
            db.session.commit()
            voucher_id = voucher.id
        barrier = threading.Barrier(4)
        answers: dict[int, tuple[int, Any]] = {}
        body = {"id": voucher_id} if field == "id" else {"code": "RACEcode"}

        def race(rival: int, body: Any = body, barrier: Any = barrier, answers: Any = answers) -> None:
            caller = Api(app.test_client(), fair)
            barrier.wait(5)
            answers[rival] = attach(caller, rival, body)

        threads = [threading.Thread(target=race, args=(rival,)) for rival in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(status for status, _ in answers.values()) == [200, 400, 400, 400]
        winner = next(rival for rival, (status, _) in answers.items() if status == 200)
        for rival, (_, errors) in answers.items():
            if rival != winner:
                assert f"belongs to the exhibitor “{names[winner]}”" in errors[field][0]
        owner = sa.select(ExhibitorVoucher.exhibitor_id).where(ExhibitorVoucher.voucher_id == voucher_id)
        assert stored(owner) == [(winner,)]


def test_attaching_while_the_exhibitor_is_deleted(app: Flask, fair: Fair, stored: Stored) -> None:
    for _ in range(5):
        with app.app_context():
            event = db.session.get_one(Event, fair.event)
            target = make_exhibitor(event, "Short-lived", "SHORT2345").id
            db.session.commit()
        barrier = threading.Barrier(2)
        answers: list[int] = []

        def race(
            method: str, path: str, body: Any, target: int = target, barrier: Any = barrier, answers: Any = answers
        ) -> None:
            caller = Api(app.test_client(), fair)
            barrier.wait(5)
            answers.append(caller.call(method, f"/exhibitors/{target}/{path}", json=body).status_code)

        threads = [
            threading.Thread(target=race, args=("DELETE", "", None)),
            threading.Thread(target=race, args=("POST", "vouchers/attach/", {"id": fair.vouchers[3]})),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(answers) in ([200, 204], [204, 403])
        assert stored(sa.select(Exhibitor.id).where(Exhibitor.id == target)) == []
        assert fair.vouchers[3] not in [row[0] for row in stored(LINKS)]
