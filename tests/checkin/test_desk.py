"""Checking in by hand: the gates' own rules in words, questions, overrides, taking back; with and without htmx."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.checkin.models import CheckinUndone
from portal.core.database import db
from portal.events.models import Event, Item, SubEvent
from portal.tickets.models import Checkin
from tests.browserless import csrf_token, sign_in
from tests.checkin.conftest import Gate
from tests.checkin.pages import BASE
from tests.checkin.test_races import at_once
from tests.fair import DAY, add


class Desk:
    """A member at the console of the main entrance."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.client: FlaskClient = gate.app.test_client()
        sign_in(self.client, gate.fair.organizer_email)
        self.url = f"{BASE}lists/{gate.fair.checkin_list}/"
        self.token = csrf_token(self.client.get(f"{self.url}?q=nobody+has+this"))

    def post(self, path: str, *, htmx: Any = True, **form: Any) -> TestResponse:
        headers = {"HX-Request": "true", "HX-Target": "gate"} if htmx else {}
        return self.client.post(self.url + path, data={"csrf_token": self.token, **form}, headers=headers)

    def redeem(self, secret: str, **form: Any) -> str:
        answer = self.post("redeem", secret=secret, **form)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        return answer.text


def title(text: str) -> str:
    """What the console says in large letters."""
    found = re.search(r'id="outcome-head".*?<span>(.*?)</span>', text, re.DOTALL)
    assert found, text
    return found[1]


@pytest.fixture
def desk(gate: Gate) -> Desk:
    """The fair's organizer at the console."""
    return Desk(gate)


def test_search_finds_what_the_api_finds(gate: Gate, desk: Desk) -> None:
    gate.ticket(("Zoë", "Quick"), company="Fast & Co")
    gate.ticket(("Zoe", "Slow"))
    for query in ("zoe", "zoe ", "quick", "QUICK zo", "Fast", "%%%%", "nobody", "x" * 300, "\0abcd"):
        names = [each["attendee_name"] for each in gate.search(query)]
        text = desk.client.get(desk.url, query_string={"q": query}).text
        shown = re.findall(r'<strong class="break">(.*?)</strong>', text)
        assert shown == names, query
    page = desk.client.get(desk.url, query_string={"q": "quick"}, headers={"HX-Request": "true", "HX-Target": "gate"})
    assert "<html" not in page.text
    assert "Fast &amp; Co" in page.text


def test_a_repeated_request_does_not_reverse_an_undo(gate: Gate, desk: Desk) -> None:
    for form in ({"nonce": "u1"}, {"nonce": "u2", "force": "true"}):
        secret = gate.ticket()
        assert gate.redeem(secret, **form)["status"] == "ok"
        (entry,) = gate.entries(secret)
        assert desk.post("undo", checkin=entry.id, ticket=gate.id_of(secret), reason="wrong one").status_code == 200
        assert gate.redeem(secret, **form)["status"] == "ok", "as the contract has it"
        assert gate.entries(secret) == []
        elsewhere = gate.device(f"side {form}", list_id=gate.new_list())
        assert elsewhere.redeem(secret, **form)["status"] == "ok"
        assert gate.redeem(secret, nonce=f"{form} anew")["status"] == "ok", "it may enter again"
        assert len(gate.entries(secret)) == 2


def test_an_old_page_takes_back_nobody_elses_check_in(gate: Gate, desk: Desk) -> None:
    first, second = gate.ticket(), gate.ticket(("Ada", "King"))
    gate.redeem(first)
    (entry,) = gate.entries(first)
    old_page = {"checkin": entry.id, "ticket": gate.id_of(first), "reason": "wrong one"}
    assert desk.post("undo", **old_page).status_code == 200
    gate.redeem(second)
    assert "taken back before" in desk.post("undo", **old_page).text
    assert len(gate.entries(second)) == 1


def test_a_ticket_that_is_in_can_be_scanned_again_and_is_refused(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket()
    desk.redeem(secret)
    found = desk.client.get(desk.url, query_string={"q": secret}).text
    assert re.search(rf'data-exact[^>]*>.*?name="secret" value="{secret}"', found, re.DOTALL)
    assert title(desk.redeem(secret)) == "Already in"
    assert gate.refusals() == ["already_redeemed"]


def test_products_are_named_in_the_helpers_language(gate: Gate, desk: Desk) -> None:
    gate.change(Item, Item.id == gate.fair.item, name={"en": "Standard ticket", "de": "Standardkarte"})
    gate.ticket()
    url = f"{desk.url}?q=hopper"
    assert "Standard ticket" in desk.client.get(url).text
    assert "Standardkarte" in desk.client.get(url, headers={"Accept-Language": "de"}).text
    figures = f"{BASE}lists/{gate.fair.checkin_list}/figures"
    assert "Standardkarte" in desk.client.get(figures, headers={"Accept-Language": "de"}).text


def test_one_click_checks_in_and_the_log_says_who(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket()
    text = desk.redeem(secret, q="hopper")
    assert title(text) == "Come in"
    assert "Attention" not in text
    (entry,) = gate.entries(secret)
    assert (entry.device_id, entry.forced, entry.first) == (None, False, True)
    assert entry.user_id is not None
    again = desk.redeem(secret, q="hopper")
    assert title(again) == "Already in"
    assert "Ada" in again, "through whom"
    assert gate.redeem(secret)["reason"] == "already_redeemed", "the gates know"
    assert gate.refusals() == ["already_redeemed", "already_redeemed"]
    plain = desk.post("redeem", htmx=False, secret=gate.ticket())
    assert plain.status_code == 200
    assert "<html" in plain.text
    assert title(plain.text) == "Come in"


def test_refusals_in_words_and_what_may_be_overridden(gate: Gate, desk: Desk) -> None:
    workshop = gate.item()
    with gate.app.app_context():
        list_id = gate.fair.checkin_list
    unknown = desk.redeem("nobody-has-this")
    assert title(unknown) == "Unknown ticket"
    pending, expired, cancelled, gone = (gate.ticket() for _ in range(4))
    gate.order(pending, status="n")
    gate.order(expired, status="e")
    gate.order(cancelled, status="c")
    gate.position(gone, canceled=True)
    for secret in (pending, expired):
        text = desk.redeem(secret)
        assert title(text) == "Not paid"
        assert 'name="force"' in text
        assert title(desk.redeem(secret, ignore_unpaid="1")) == "Not paid", "the list does not include pending ones"
        assert title(desk.redeem(secret, force="1")) == "Come in"
        assert [entry.forced for entry in gate.entries(secret)] == [True]
    for secret in (cancelled, gone):
        text = desk.redeem(secret, force="1", ignore_unpaid="1")
        assert title(text) == "Cancelled"
        assert 'name="force"' not in text
        assert gate.entries(secret) == []
    gate.pending()
    other = gate.ticket()
    gate.order(other, status="n")
    text = desk.redeem(other)
    assert 'name="ignore_unpaid"' in text
    assert 'name="force"' not in text
    assert title(desk.redeem(other, ignore_unpaid="1")) == "Come in"
    side = gate.new_list(all_products=False, items=[workshop])
    desk.url = desk.url.replace(f"/{list_id}/", f"/{side}/")
    text = desk.redeem(gate.ticket())
    assert title(text) == "Not on this list"
    assert "This list does not let in: Standard ticket" in text


def test_attention_is_shown_large(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket(order_attention=True)
    for text in (desk.redeem(secret), desk.redeem(secret)):
        assert 'class="attention"' in text
    assert "Attention" in desk.client.get(desk.url, query_string={"q": "hopper"}).text


def test_questions_are_asked_and_answered_in_a_form(gate: Gate, desk: Desk) -> None:
    size, sizes = gate.question("C", options=("M", "L"), question={"en": "Shirt size"})
    meals, (fish, soup) = gate.question("M", options=("Fish", "Soup"), position=2)
    terms, _ = gate.question("B", position=3)
    note, _ = gate.question("S", position=4, required=False)
    age, _ = gate.question("N", position=5)
    secret = gate.ticket()
    text = desk.redeem(secret)
    assert title(text) == "A question first"
    assert "Shirt size" in text
    assert gate.entries(secret) == []
    ids = [size, meals, terms, note, age]
    assert [int(found) for found in re.findall(r'name="asked" value="(\d+)"', text)] == ids
    wrong = desk.redeem(
        secret, asked=ids, **{f"answer_{size}": "999", f"answer_{terms}": "False", f"answer_{age}": "old"}
    )
    assert title(wrong) == "A question first"
    for said in ("Choose one of these.", "Choose at least one", "Only a yes", "This is not a number."):
        assert said in wrong
    assert "may stay empty" not in wrong, "what may be empty was answered by sending it"
    right = desk.redeem(
        secret,
        asked=re.findall(r'name="asked" value="(\d+)"', wrong),
        **{
            f"answer_{size}": str(sizes[1]),
            f"answer_{meals}": [str(soup), str(fish)],
            f"answer_{terms}": "True",
            f"answer_{age}": "42",
        },
    )
    assert title(right) == "Come in"
    stored = {question: text for question, (text, _) in gate.answers(secret).items()}
    assert stored == {size: "L", meals: "Fish, Soup", terms: "True", note: "", age: "42"}


def test_taking_back_lets_the_ticket_enter_again_and_the_log_keeps_it(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket()
    gate.redeem(secret)
    copy, status = gate.get("download").headers["ETag"], gate.get("status").json
    (entry,) = gate.entries(secret)
    ticket = gate.id_of(secret)
    form = {"checkin": entry.id, "ticket": ticket}
    for reason, said in (("  ", "Say why"), ("x" * 201, "At most 200")):
        refused = desk.post("undo", reason=reason, **form)
        assert refused.status_code == 422
        assert said in refused.text
    assert len(gate.entries(secret)) == 1
    text = desk.post("undo", reason="wrong person", **form).text
    assert title(text) == "Not in yet"
    assert "may enter again" in text
    assert gate.entries(secret) == []
    assert gate.get("download").headers["ETag"] != copy
    assert (gate.get("status").json or {})["checkins"] == (status or {})["checkins"] - 1
    with gate.app.app_context():
        kept = db.session.scalars(sa.select(CheckinUndone)).one()
        assert (kept.position_id, kept.entered, kept.reason) == (ticket, entry.datetime, "wrong person")
        assert kept.device_id == entry.device_id
        assert kept.user_id is not None
    again = desk.post("undo", reason="twice", **form).text
    assert "taken back before" in again
    told = desk.client.get("/organizer/bigevents/sampleconf/").text
    assert "Took a check-in back: wrong person" in told
    assert gate.redeem(secret)["status"] == "ok"


def test_of_two_entries_the_other_one_is_left(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket()
    gate.redeem(secret)
    gate.redeem(secret, force="true", nonce="late")
    first, second = gate.entries(secret)
    ticket = gate.id_of(secret)
    text = desk.post("undo", reason="left", checkin=first.id, ticket=ticket).text
    assert "still in" in text
    (left,) = gate.entries(secret)
    assert (left.id, left.first) == (second.id, True)
    assert gate.redeem(secret)["reason"] == "already_redeemed"
    assert gate.redeem(secret, nonce="late")["status"] == "ok", "its nonce is known still"
    desk.post("undo", reason="left", checkin=second.id, ticket=ticket)
    assert gate.redeem(secret)["status"] == "ok"


def test_eight_hands_and_gates_at_once(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket()
    desks = [desk, *(Desk(gate) for _ in range(3))]

    def work(number: int) -> str:
        if number < 4:
            return title(desks[number].redeem(secret))
        path = f"{gate.path('redeem')}?key={gate.key}"
        return str((gate.app.test_client().post(path, data={"secret": secret}).json or {})["status"])

    heard = at_once(work)
    assert len([word for word in heard if word in ("Come in", "ok")]) == 1, heard
    (entry,) = gate.entries(secret)

    def take_back(number: int) -> bool:
        form = {"checkin": entry.id, "ticket": gate.id_of(secret), "reason": str(number)}
        return "may enter again" in desks[number].post("undo", **form).text

    assert at_once(take_back, 4).count(True) == 1
    assert gate.entries(secret) == []


def test_a_series_asks_for_the_date(gate: Gate, desk: Desk) -> None:
    with gate.app.app_context():
        db.session.get_one(Event, gate.fair.event).has_subevents = True
        one, two = (add(SubEvent(event_id=gate.fair.event, name={"en": name}, date_from=DAY)).id for name in "AB")
        db.session.commit()
    secret = gate.ticket(subevent_id=one)
    assert "Choose the one that comes in here" in desk.client.get(desk.url).text
    assert "outcome-head" not in desk.post("redeem", htmx=False, secret=secret).text
    assert title(desk.redeem(secret, date=two)) == "Unknown ticket"
    assert title(desk.redeem(secret, date=one)) == "Come in"
    ticket = gate.id_of(secret)
    shown = desk.client.get(desk.url, query_string={"date": one, "ticket": ticket}).text
    assert title(shown) == "Is in"
    hidden = desk.client.get(desk.url, query_string={"date": two, "ticket": ticket}).text
    assert "outcome-head" not in hidden


def test_a_ticket_of_another_event_is_not_shown(gate: Gate, desk: Desk) -> None:
    secret = gate.ticket()
    gate.redeem(secret)
    (entry,) = gate.entries(secret)
    theirs = gate.id_of(secret)
    lists = gate.new_list(event_id=gate.fair.other_event)
    gate.position(secret, event_id=gate.fair.other_event)
    gate.change(Checkin, Checkin.id == entry.id, list_id=lists)
    for given in (theirs, "x", "-1", "9" * 30, 0):
        assert "outcome-head" not in desk.client.get(desk.url, query_string={"ticket": given}).text
        answer = desk.post("undo", checkin=entry.id if given == theirs else given, ticket=given, reason="x")
        assert answer.status_code == 200
    assert [each.id for each in gate.entries(secret)] == [entry.id], "nobody took it back"
