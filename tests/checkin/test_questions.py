"""Questions at the gate: which are asked, what answers them, and the forms in which answers are stored."""

from typing import Any

import pytest

from portal.checkin.models import CheckinList
from portal.core.database import db, set_writing
from portal.events.models import Question
from portal.tickets import orders
from portal.tickets.models import OrderPosition
from portal.tickets.queries import order_positions
from tests.checkin.conftest import Gate
from tests.conftest import sweep
from tests.exchange.files import dump, load, without_identity

#: Type, what is sent, and what is stored; None where it stays asked.
FORMS: list[tuple[str, str, str | None]] = [
    *[("N", text, stored) for text, stored in (("24", "24"), ("-1.50", "-1.50"), (" 7 ", "7"), (".5", "0.5"))],
    *[("N", text, None) for text in ("", "many", "1e5", "NaN", "1,5", "٣", "9" * 100)],
    *[("S", text, stored) for text, stored in (("a line", "a line"), ("  trimmed ", "trimmed"), ("%_'\"", "%_'\""))],
    *[("S", text, None) for text in ("", "   ", "two\nlines", "x" * 2000, "nul\0l")],
    *[("T", text, stored) for text, stored in (("two\nlines", "two\nlines"), ("x", "x"))],
    *[("T", text, None) for text in ("", "x" * 20_000)],
    *[("B", text, stored) for text, stored in (("True", "True"), ("true", "True"))],
    *[("B", text, None) for text in ("False", "", "maybe", "1")],
    *[("D", "2018-02-21", "2018-02-21")],
    *[("D", text, None) for text in ("2018-02-30", "21.02.2018", "20180221", "2018-02-21T10:00")],
    *[("H", text, stored) for text, stored in (("18:30", "18:30:00"), ("07:05:09", "07:05:09"))],
    *[("H", text, None) for text in ("25:00", "18", "6 pm")],
    *[("W", "2018-02-21T18:30", "2018-02-21T17:30:00+00:00"), ("W", "2018-02-21T18:30Z", "2018-02-21T18:30:00+00:00")],
    *[("W", text, None) for text in ("2018-02-21", "soon")],
]


def test_answers_are_read_by_type_and_stored_in_the_bundles_forms(gate: Gate, subtests: pytest.Subtests) -> None:
    items = {kind: gate.item(kind) for kind in "NSTBDHW"}
    asked = {kind: gate.question(kind, items=[item])[0] for kind, item in items.items()}
    for kind, sent, stored in FORMS:
        with subtests.test(f"{kind} {sent[:20]!r}"):
            secret = gate.ticket(item_id=items[kind])
            answer = gate.redeem(secret, questions_supported="true", **{f"answer_{asked[kind]}": sent})
            if stored is None:
                assert answer["status"] == "incomplete"
                assert [question["id"] for question in answer["questions"]] == [asked[kind]]
                assert gate.answers(secret) == {}
            else:
                assert answer["status"] == "ok"
                assert gate.answers(secret) == {asked[kind]: (stored, [])}


def test_options_are_answered_by_id_and_stored_with_their_texts(gate: Gate) -> None:
    one, several = gate.item("One"), gate.item("Several")
    question, (small, large) = gate.question("C", options=("M", "L"), items=[one])
    other, (red, green, blue) = gate.question("M", options=("Red", "Green", "Blue"), items=[several])

    def answered(item: int, number: int, sent: str) -> tuple[str, Any]:
        secret = gate.ticket(item_id=item)
        answer = gate.redeem(secret, questions_supported="true", **{f"answer_{number}": sent})
        return answer["status"], gate.answers(secret).get(number)

    assert answered(one, question, str(large)) == ("ok", ("L", [large]))
    for wrong in ("M", f"{small},{large}", "0", str(red), "", "-1", "9" * 30):
        assert answered(one, question, wrong) == ("incomplete", None)
    assert answered(several, other, f"{blue},{red}") == ("ok", ("Red, Blue", [red, blue]))
    assert answered(several, other, f" {green} , {green} ,") == ("ok", ("Green", [green]))
    for wrong in ("Red", f"{red},{small}", ",", ""):
        assert answered(several, other, wrong) == ("incomplete", None)


def test_only_what_is_asked_at_check_in_for_this_product_and_known_to_the_phones_is_asked(gate: Gate) -> None:
    gate.question(ask_during_checkin=False)
    gate.question(items=[gate.item()])
    for kind in ("F", "CC", "TEL"):
        gate.question(kind)
    later, _ = gate.question(position=9)
    sooner, _ = gate.question(position=3, required=False)
    answer = gate.redeem(gate.ticket(), questions_supported="true")
    assert [(question["id"], question["required"]) for question in answer["questions"]] == [
        (sooner, False),
        (later, True),
    ]
    assert all(question["options"] == [] for question in answer["questions"])


def test_an_optional_question_is_asked_until_an_answer_is_sent_which_may_be_empty(gate: Gate) -> None:
    question, _ = gate.question(required=False)
    secret = gate.ticket()
    assert gate.redeem(secret, questions_supported="true")["status"] == "incomplete"
    assert gate.redeem(secret, questions_supported="true", **{f"answer_{question}": ""})["status"] == "ok"
    assert gate.answers(secret) == {question: ("", [])}
    assert gate.redeem(secret, questions_supported="true")["reason"] == "already_redeemed", "nobody asks again"
    gate.change(Question, Question.id == question, required=True)
    assert gate.redeem(secret, questions_supported="true")["status"] == "incomplete"


def test_an_empty_answer_takes_the_place_of_another_and_shows_nowhere_but_in_the_bundle(gate: Gate) -> None:
    several, (red, _) = gate.question("M", options=("Red", "Blue"), required=False)
    line, _ = gate.question(required=False)
    secret = gate.ticket()
    for sent in (f"{red}", " , "):
        answers = {f"answer_{several}": sent, f"answer_{line}": "kept"}
        gate.redeem(secret, force="true", **answers)
    assert gate.answers(secret) == {several: ("", []), line: ("kept", [])}
    with gate.app.app_context():
        ticket = gate.id_of(secret)
        shown, _ = order_positions([ticket], event_slug="sampleconf", locale="en")
        assert [(each["question"], each["answer"]) for each in shown[ticket]["answers"]] == [(line, "kept")]
        (row,) = orders.tickets(db.session.get_one(OrderPosition, ticket).order)
        assert [text for _, text in row.answers] == ["kept"]
        bundle = dump()
        assert b'"answer":""' in bundle
    sweep(gate.app)
    with gate.app.app_context():
        set_writing(True)
        load(bundle)
        again = dump()
    assert without_identity(again) == without_identity(bundle)


def test_an_invalid_answer_stays_asked_and_valid_ones_are_kept(gate: Gate) -> None:
    line, _ = gate.question()
    number, _ = gate.question("N", required=False)
    secret = gate.ticket()
    answer = gate.redeem(secret, questions_supported="true", **{f"answer_{line}": "yes", f"answer_{number}": "many"})
    assert [question["id"] for question in answer["questions"]] == [number]
    assert gate.answers(secret) == {line: ("yes", [])}
    assert gate.redeem(secret, questions_supported="true", **{f"answer_{number}": "3"})["status"] == "ok"
    assert gate.answers(secret) == {line: ("yes", []), number: ("3", [])}


def test_an_answer_replaces_the_earlier_one_with_its_options(gate: Gate) -> None:
    question, (small, large) = gate.question("C", options=("M", "L"))
    secret = gate.ticket()
    for option, text in ((small, "M"), (large, "L")):
        gate.redeem(secret, force="true", **{f"answer_{question}": str(option)})
        assert gate.answers(secret) == {question: (text, [option])}


def test_a_required_yes_that_was_answered_by_no_is_asked_again(gate: Gate) -> None:
    question, _ = gate.question("B", required=False)
    secret = gate.ticket()
    assert gate.redeem(secret, questions_supported="true", **{f"answer_{question}": "False"})["status"] == "ok"
    assert gate.answers(secret) == {question: ("False", [])}

    gate.change(Question, Question.id == question, required=True)
    assert gate.redeem(secret, questions_supported="true")["status"] == "incomplete"


@pytest.mark.parametrize(
    "how", ["pending", "cancelled", "redeemed", "force", "version 2", "not supported", "not listed"]
)
def test_valid_answers_are_saved_whatever_becomes_of_the_redemption(gate: Gate, how: str) -> None:
    secret = gate.ticket()
    form = {"force": "true"} if how == "force" else {}
    if how in ("pending", "cancelled"):
        gate.order(secret, status="n" if how == "pending" else "c")
    if how == "redeemed":
        gate.redeem(secret)
    if how != "not supported":
        form["questions_supported"] = "true"
    good, _ = gate.question()
    bad, _ = gate.question("N")
    if how == "not listed":
        gate.change(CheckinList, CheckinList.id == gate.fair.checkin_list, all_products=False)
    version = 2 if how == "version 2" else 3
    answer = gate.redeem(secret, version=version, **form, **{f"answer_{good}": "kept", f"answer_{bad}": "no number"})
    expected = {"pending": "unpaid", "cancelled": "unpaid", "redeemed": "incomplete", "not listed": "product"}.get(
        how, "ok"
    )
    assert answer.get("reason", answer["status"]) == expected
    assert gate.answers(secret) == {good: ("kept", [])}


def test_a_device_answers_nothing_for_products_it_may_not_redeem(gate: Gate) -> None:
    question, _ = gate.question()
    secret = gate.ticket()
    other = gate.device("second key", all_items=False)
    assert other.redeem(secret, **{f"answer_{question}": "changed"})["reason"] == "product"
    assert gate.answers(secret) == {}


def test_a_repeated_nonce_records_no_answers_either(gate: Gate) -> None:
    question, _ = gate.question()
    secret = gate.ticket()
    gate.redeem(secret, nonce="n", **{f"answer_{question}": "first"})
    assert gate.redeem(secret, nonce="n", **{f"answer_{question}": "second"})["status"] == "ok"
    assert gate.answers(secret) == {question: ("first", [])}


def test_answers_to_other_questions_are_left_alone(gate: Gate) -> None:
    asked, _ = gate.question()
    other, _ = gate.question(items=[gate.item()])
    secret = gate.ticket()
    form = {f"answer_{asked}": "yes", f"answer_{other}": "no", "answer_x": "?", "answer_": "?", "answer_999999": "?"}
    assert gate.redeem(secret, questions_supported="true", **form)["status"] == "ok"
    assert gate.answers(secret) == {asked: ("yes", [])}
