"""Who holds a seat, and what of them is shown: availability, `expand`, holders that end."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.core import clock
from portal.core.database import db
from portal.events.models import Question, QuestionOption
from portal.tickets.models import Answer, CartPosition, Order, OrderPosition, answer_options
from portal.vouchers.models import Voucher
from tests.fair import Fair, add
from tests.recordings import BASE, HOST, entries
from tests.seating.conftest import Api

HOLDERS = ("orderposition", "cartposition", "voucher")


def change(app: Flask, model: Any, row: int, **values: Any) -> None:
    """Change a row."""
    with app.app_context():
        db.session.execute(sa.update(model).where(model.id == row).values(**values))
        db.session.commit()


def holders(api: Api, seat: int) -> tuple[Any, ...]:
    """The three fields of a seat, as list, detail and availability say in agreement."""
    one = api.get(f"/seats/{seat}/").get_json()
    listed = next(entry for entry in api.results("/seats/") if entry["id"] == seat)
    assert one == listed
    free = one["blocked"] is False and all(one[name] is None for name in HOLDERS)
    assert (seat in api.ids("/seats/?is_available=true&page=1")) is free
    assert (seat in api.ids("/seats/?is_available=false")) is not free
    for flag in ("true", "false"):
        found = api.get(f"/seats/?is_available={flag}").get_json()
        pages = [*found["results"], *(api.results(f"/seats/?is_available={flag}&page=2") if found["next"] else [])]
        assert found["count"] == len(pages)
        assert api.get(f"/seats/{seat}/?is_available={flag}").status_code == (200 if free is (flag == "true") else 404)
    return tuple(one[name] for name in HOLDERS)


def order_of(app: Flask, position: int) -> int:
    """The order of a position."""
    with app.app_context():
        return db.session.get_one(OrderPosition, position).order_id


def test_an_order_holds_until_it_ends(app: Flask, api: Api, fair: Fair) -> None:
    seat, position = fair.seats[0], fair.positions[0]
    order = order_of(app, position)
    for status, held in (("p", position), ("n", position), ("e", None), ("c", None)):
        change(app, Order, order, status=status)
        assert holders(api, seat) == (held, None, None), status
    change(app, Order, order, status="p")
    change(app, OrderPosition, position, canceled=True)
    assert holders(api, seat) == (None, None, None)


def test_a_cart_holds_until_it_expires(app: Flask, api: Api, fair: Fair) -> None:
    seat = fair.seats[1]
    cart = holders(api, seat)[1]
    assert cart is not None
    change(app, CartPosition, cart, expires=clock.now() - dt.timedelta(seconds=1))
    assert holders(api, seat) == (None, None, None)


def test_a_voucher_holds_while_it_can_be_redeemed(app: Flask, api: Api, fair: Fair) -> None:
    seat, voucher = fair.seats[2], fair.vouchers[3]
    assert holders(api, seat) == (None, None, voucher)
    change(app, Voucher, voucher, redeemed=4)
    assert holders(api, seat) == (None, None, None)
    change(app, Voucher, voucher, redeemed=3, valid_until=clock.now() - dt.timedelta(seconds=1))
    assert holders(api, seat) == (None, None, None)
    change(app, Voucher, voucher, valid_until=clock.now() + dt.timedelta(hours=1))
    assert holders(api, seat) == (None, None, voucher)


def test_blocked_is_not_available(api: Api, fair: Fair) -> None:
    """Decision 14."""
    assert holders(api, fair.seats[3]) == (None, None, None)
    assert fair.seats[3] not in api.ids("/seats/?is_available=true")


def test_the_lowest_id_where_several_hold(app: Flask, api: Api, fair: Fair) -> None:
    seat = fair.seats[0]
    change(app, OrderPosition, fair.positions[1], seat_id=seat)
    change(app, Voucher, fair.vouchers[0], seat_id=seat)
    change(app, Voucher, fair.vouchers[1], seat_id=seat)
    assert holders(api, seat) == (fair.positions[0], None, fair.vouchers[0])
    change(app, OrderPosition, fair.positions[0], canceled=True)
    assert holders(api, seat) == (fair.positions[1], None, fair.vouchers[0])


def test_an_order_position_as_the_contract_prints_it(app: Flask, api: Api, fair: Fair) -> None:
    recorded = next(entry for entry in entries("seats_detail") if entry["name"] == "expand=orderposition")
    with app.app_context():
        question = db.session.scalars(sa.select(Question).where(Question.event_id == fair.event)).one()
        option = db.session.scalars(sa.select(QuestionOption).where(QuestionOption.question_id == question.id)).one()
        large = add(
            QuestionOption(question_id=question.id, identifier="L", answer={"de": "Groß", "en": "Large"}, position=1)
        )
        answer = add(Answer(position_id=fair.positions[0], question_id=question.id, answer="M, L"))
        for chosen in (large, option):
            db.session.execute(answer_options.insert().values(answer_id=answer.id, option_id=chosen.id))
        code = db.session.get_one(Order, db.session.get_one(OrderPosition, fair.positions[0]).order_id).code
        expected_answer = {
            "question": question.id,
            "answer": "M, Large",
            "question_identifier": "SIZE",
            "options": [option.id, large.id],
            "option_identifiers": ["M", "L"],
        }
        db.session.commit()
    position = api.get(f"/seats/{fair.seats[0]}/?expand=orderposition").get_json()["orderposition"]
    unknown = {"print_logs", "plugin_data", "tax_code"}
    assert set(position) == set(recorded["response"]["json"]["orderposition"]) - unknown
    assert position["order"] == {"code": code, "event": "sampleconf"}
    assert (position["price"], position["tax_rate"], position["variation"]) == ("60.00", "0.00", fair.variation)
    assert position["attendee_name"] == "Peter Miller"
    assert position["attendee_name_parts"]["_scheme"] == "given_family"
    assert position["answers"] == [expected_answer]
    (checkin,) = position["checkins"]
    assert (checkin["list"], checkin["datetime"]) == (fair.checkin_list, "2026-11-20T09:00:00Z")
    assert (checkin["type"], checkin["auto_checked_in"]) == ("entry", False)
    assert position["downloads"] == []
    assert "seat" not in position


def test_a_cart_position_as_the_rules_print_it(api: Api, fair: Fair) -> None:
    cart = api.get(f"/seats/{fair.seats[1]}/?expand=cartposition").get_json()["cartposition"]
    recorded = next(entry for entry in entries("seats_detail") if entry["name"] == "expand=cartposition")
    assert set(cart) == set(recorded["response"]["json"]["cartposition"]) - {"is_bundled"}
    assert (cart["price"], cart["expires"]) == ("60.00", "2099-01-01T00:00:00Z")


def test_a_voucher_is_what_the_voucher_doors_show(api: Api, fair: Fair) -> None:
    nested = api.get(f"/seats/{fair.seats[2]}/?expand=voucher").get_json()["voucher"]
    assert nested == api.get(f"/vouchers/{fair.vouchers[3]}/").get_json()


def test_expand_alone_together_and_unknown(api: Api, fair: Fair) -> None:
    """A free seat has null there, always; the parameter counts for each value that it is given with."""
    for query in ("expand=orderposition", "expand=orderposition&expand=voucher&expand=cartposition", "expand=x"):
        seats = api.results(f"/seats/?{query}")
        named = set(query.replace("expand=", "").split("&"))
        for number, name in enumerate(HOLDERS):
            assert isinstance(seats[number][name], dict) is (name in named)
            assert seats[10][name] is None
        assert api.get(f"/seats/{fair.seats[10]}/?{query}").get_json() == seats[10]
    assert api.results("/seats/?expand=orderposition,voucher")[0]["orderposition"] == fair.positions[0]


def test_an_empty_name_has_its_scheme(app: Flask, api: Api, fair: Fair) -> None:
    change(app, OrderPosition, fair.positions[0], attendee_name=None, attendee_name_parts={"_scheme": "given_family"})
    position = api.get(f"/seats/{fair.seats[0]}/?expand=orderposition").get_json()["orderposition"]
    assert (position["attendee_name"], position["attendee_name_parts"]) == ("", {"_scheme": "given_family"})
    change(app, OrderPosition, fair.positions[0], attendee_name_parts={})
    position = api.get(f"/seats/{fair.seats[0]}/?expand=orderposition").get_json()["orderposition"]
    assert (position["attendee_name"], position["attendee_name_parts"]) == (None, {})


def test_expanded_lists_as_a_real_server_answers(api: Api) -> None:
    """Each holder is a number or is written out exactly where the real server does so, with its fields.

    An expanded holder that is not there is null here, as in the contract; the real server leaves the field out.
    """
    later = {"print_logs", "plugin_data", "tax_code"}
    for entry in entries("seats_expand"):
        recorded = entry["response"]["json"]
        found = api.get(entry["request"]["path"].partition(BASE)[2]).get_json()
        assert list(found) == list(recorded)
        assert found["next"] in (None, recorded["next"].replace(HOST, "http://localhost"))
        assert (found["next"] is None) is (found["count"] == len(found["results"]))
        seat = next(each for each in recorded["results"] if isinstance(each, dict))
        assert {*seat, *HOLDERS} == set(found["results"][0])
        for name in HOLDERS:
            holder = next((each[name] for each in found["results"] if each[name] is not None), None)
            if isinstance(seat.get(name), dict):
                assert isinstance(holder, dict), (entry["name"], name)
                assert set(holder) == set(seat[name]) - later
            elif seat.get(name) is not None:
                assert isinstance(holder, int), (entry["name"], name)
