"""What a real server's own check-in door heard and answered: the devices' doors hear the same, in their own words."""

from typing import Any

from portal.checkin import presenters
from portal.tickets.models import OrderPosition
from tests.checkin.conftest import Gate
from tests.recordings import entries

#: The reason for a secret that nobody has is spelled by the device protocols.
SPELLED = {"invalid": "unknown_ticket"}
#: What both doors show of a ticket, under the same name.
SHARED = ("secret", "order", "attendee_name")


def story(gate: Gate) -> dict[str, str]:
    """The recording's tickets at this fair, by their secrets there."""
    by_name = {entry["name"]: entry for entry in entries("checkin")}
    shirt = gate.item("Shirt")
    gate.question("C", options=("S", "M", "L", "XL"), items=[shirt], question={"en": "Choose a shirt size"})
    found = {}
    for name, values in (
        ("valid ticket", {}),
        ("pending order", {"status": "n"}),
        ("question to be asked", {"item_id": shirt}),
        ("question, questions_supported false", {"item_id": shirt}),
    ):
        recorded = by_name[name]["response"]["json"]["position"]
        parts = recorded["attendee_name_parts"]
        secret = gate.ticket((parts["given_name"], parts["family_name"]), item_id=values.pop("item_id", gate.fair.item))
        if values:
            gate.order(secret, **values)
        found[recorded["secret"]] = secret
    return found


def form_of(request: dict[str, Any], question: int, option: int) -> dict[str, str]:
    """A recorded request as a phone sends it."""
    form = {name: "true" for name in ("force", "ignore_unpaid", "questions_supported") if request[name]}
    if request.get("nonce"):
        form["nonce"] = request["nonce"]
    for sent in request.get("answers", {}).values():
        form[f"answer_{question}"] = str(option) if sent == "2" else sent
    return form


def test_a_days_redemptions_as_a_real_server_answered_them(gate: Gate) -> None:
    secrets = story(gate)
    asked = gate.redeem(next(reversed(secrets.values())), questions_supported="true")["questions"][0]
    option = next(each["id"] for each in asked["options"] if each["answer"] == "M")
    for entry in entries("checkin")[:10]:
        sent, recorded = entry["request"]["json"], entry["response"]["json"]
        form = form_of(sent, asked["id"], option)
        answer = gate.redeem(secrets.get(sent["secret"], sent["secret"]), **form)
        assert answer["status"] == recorded["status"], entry["name"]
        reason = recorded.get("reason")
        assert answer.get("reason") == SPELLED.get(reason, reason), entry["name"]
        if "position" in recorded:
            assert answer["data"]["attendee_name"] == recorded["position"]["attendee_name"]
            assert answer["data"]["attention"] is recorded["require_attention"]
            assert answer["data"]["paid"] is (recorded["position"]["order__status"] == "p")
            entered = len(recorded["position"]["checkins"]) + (recorded["status"] == "ok" and "nonce" in sent)
            assert answer["data"]["redeemed"] is bool(entered or recorded["status"] == "ok"), entry["name"]
        for question, known in zip(answer.get("questions", []), recorded.get("questions", []), strict=True):
            assert set(question) <= set(known)
            assert (question["type"], question["required"]) == (known["type"], known["required"])
            assert question["question"] == known["question"]["en"]
            texts = [each["answer"]["en"] for each in known["options"]]
            assert [each["answer"] for each in question["options"]] == texts
    (shirt,) = gate.answers(secrets[entries("checkin")[8]["request"]["json"]["secret"]]).values()
    assert (shirt[0], len(shirt[1])) == ("M", 1)


def test_searches_find_what_a_real_server_finds(gate: Gate) -> None:
    for entry in entries("checkin")[10:]:
        recorded = entry["response"]["json"]["results"]
        for each in recorded:
            if not gate.search(each["secret"]):
                parts = each["attendee_name_parts"]
                secret = gate.ticket((parts["given_name"], parts["family_name"]), code=each["order"])
                gate.change(OrderPosition, OrderPosition.secret == secret, secret=each["secret"])
        query = entry["request"]["path"].split("search=")[1].split("&")[0].replace("+", " ")
        found = gate.search(query)
        shared = [{name: each[name] for name in SHARED} for each in found]
        wanted = [{name: each[name] for name in SHARED} for each in recorded]
        assert sorted(shared, key=str) == sorted(wanted, key=str), query
        assert all(list(each) == list(presenters.FIELDS_2) for each in gate.search(query, version=2))
