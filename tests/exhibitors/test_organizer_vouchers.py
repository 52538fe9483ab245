"""The organizer's pages of an exhibitor's vouchers, and of tags: the same rows and entries as by the API."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.exhibitors.models import Exhibitor, ExhibitorTag, ExhibitorVoucher
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import sign_in
from tests.exhibitors.organizing import LIST, audited, flashes, post, stored, words
from tests.fair import Fair, add
from tests.seating.conftest import Api

LINKS = sa.select(
    ExhibitorVoucher.exhibitor_id, ExhibitorVoucher.voucher_id, ExhibitorVoucher.exhibitor_comment
).order_by(ExhibitorVoucher.voucher_id)


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


def page_of(fair: Fair, step: str = "") -> str:
    return f"{LIST}{fair.exhibitor}/vouchers{step}"


def free(app: Flask, fair: Fair, *codes: str) -> list[int]:
    """Vouchers of nobody."""
    with app.app_context():
        made = [add(Voucher(event_id=fair.event, code=code, tag="press")).id for code in codes]
        db.session.commit()
        return made


def test_search_and_attach_as_the_api_does(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    first, second = free(app, fair, "PRESS1", "PRESS2")
    found = ada.get(f"{page_of(fair)}?q=press 1").text
    assert "PRESS1" in found
    assert "PRESS2" not in found
    assert "Black Mesa" in ada.get(f"{page_of(fair)}?q=voucher2").text
    assert "No voucher matches" in ada.get(f"{page_of(fair)}?q=%25").text
    answer = post(ada, page_of(fair, "/attach"), {"id": [str(first)], "exhibitor_comment": "For the press"})
    assert answer.location == page_of(fair)
    assert "1 voucher attached" in flashes(ada, page_of(fair))
    api.call("POST", f"/exhibitors/{fair.exhibitor}/vouchers/attach/", json={"id": second, "exhibitor_comment": "x"})
    assert [tuple(row) for row in stored(app, LINKS)][-2:] == [
        (fair.exhibitor, first, "For the press"),
        (fair.exhibitor, second, "x"),
    ]
    assert [(action, data) for action, _, data in audited(app)] == [
        ("exhibitor.vouchers_attached", {"vouchers": [first]}),
        ("exhibitor.vouchers_attached", {"vouchers": [second]}),
    ]


def test_attaching_what_is_not_there_or_anothers_changes_nothing(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    before = stored(app, LINKS)
    (mine,) = free(app, fair, "MINE")
    answer = post(ada, page_of(fair, "/attach"), {"id": [str(mine), str(fair.vouchers[2]), "999999"]})
    assert answer.status_code == 422
    text = words(answer.text)
    for said in ("Nothing was attached.", "belongs to the exhibitor “Black Mesa”", "“999999” does not exist"):
        assert said in text
    assert stored(app, LINKS) == before
    post(ada, page_of(fair, "/attach"), {"id": ["x"]})
    assert "Tick the vouchers to attach." in flashes(ada, page_of(fair))


def test_a_pasted_list_says_first_what_it_would_do(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    first, second = free(app, fair, "PASTE1", "PASTE2")
    before = stored(app, LINKS)
    codes = "PASTE1\tFor Ada\n\n 43K6LKM37FBVR2YG \nVOUCHER2\nNOTHING\nPASTE2; two\nPASTE1\n"
    looked = post(ada, page_of(fair, "/paste"), {"codes": codes, "look": "1"})
    text = words(looked.text.split("Nothing is attached yet.")[1])
    for said in (
        "1 PASTE1 For Ada will be attached",
        "3 43K6LKM37FBVR2YG is here already",
        "4 VOUCHER2 belongs to another Black Mesa",
        "5 NOTHING does not exist",
        "6 PASTE2 two will be attached",
        "7 PASTE1 is in the list twice",
        "Attach 2 vouchers",
    ):
        assert said in text, said
    assert stored(app, LINKS) == before
    assert post(ada, page_of(fair, "/paste"), {"codes": codes, "attach": "1"}).status_code == 303
    links = {row[1]: row for row in stored(app, LINKS)}
    assert links[first][2] == "For Ada"
    assert links[second][0] == fair.exhibitor
    assert links[fair.vouchers[2]][0] == fair.rival
    assert post(ada, page_of(fair, "/paste"), {"codes": " \n "}).status_code == 422


def test_comments_and_taking_back(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    own = [str(each) for each in fair.vouchers[:2]]
    post(ada, page_of(fair, "/attach"), {"id": own, "exhibitor_comment": "New words", "comment_only": "1"})
    assert "The comment is saved." in flashes(ada, page_of(fair))
    assert [row[2] for row in stored(app, LINKS)][:2] == ["New words", "New words"]
    post(ada, page_of(fair, "/attach"), {"id": own[:1], "exhibitor_comment": "", "comment_only": "1"})
    assert [row[2] for row in stored(app, LINKS)][:2] == ["", "New words"]
    post(ada, page_of(fair, "/detach"), {"id": [own[0], str(fair.vouchers[2])]})
    assert "1 voucher taken back" in flashes(ada, page_of(fair))
    assert [row[1] for row in stored(app, LINKS)] == [fair.vouchers[1], fair.vouchers[2]]
    assert len(stored(app, sa.select(Voucher.id))) == 4
    assert audited(app)[-1][2] == {"vouchers": [fair.vouchers[0]]}


def test_who_redeemed_a_voucher(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        for number, canceled in ((1, False), (2, True)):
            order = add(
                Order(
                    event_id=fair.event,
                    code=f"RDM{number}",
                    status="p",
                    email="x@example.org",
                    datetime=dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC),
                )
            )
            add(
                OrderPosition(
                    event_id=fair.event,
                    order_id=order.id,
                    positionid=1,
                    item_id=fair.item,
                    price=Decimal(1),
                    secret=f"redeemed{number}",
                    pseudonymization_id=f"RD{number}",
                    attendee_name=f"Guest {number}",
                    company="Olympus",
                    voucher_id=fair.vouchers[0],
                    canceled=canceled,
                    search_text="",
                )
            )
        db.session.get_one(Voucher, fair.vouchers[0]).redeemed = 1
        db.session.commit()
    assert f'href="{page_of(fair)}/{fair.vouchers[0]}"' in ada.get(page_of(fair)).text
    text = words(ada.get(f"{page_of(fair)}/{fair.vouchers[0]}").text)
    assert "Guest 1" in text
    assert "Olympus" in text
    assert "Guest 2" not in text


# ------------------------------------------------------------------------------------------------------------ tags


def test_tags_are_made_renamed_and_deleted(app: Flask, ada: FlaskClient, api: Api, fair: Fair) -> None:
    tags = f"{LIST}tags"
    assert post(ada, tags, {"name": " Hall 1 "}, page=tags).status_code == 303
    for wrong in ("", "Gold Sponsor", "x" * 191):
        answer = post(ada, tags, {"name": wrong}, page=tags)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    rows = dict(stored(app, sa.select(ExhibitorTag.name, ExhibitorTag.id)))
    assert set(rows) == {"Gold Sponsor", "Hall 1"}
    gold = rows["Gold Sponsor"]
    assert "1 exhibitor has it." in ada.get(tags).text
    assert post(ada, f"{tags}/{gold}/rename", {"name": "Hall 1"}, page=tags).status_code == 422
    post(ada, f"{tags}/{gold}/rename", {"name": "Platinum"}, page=tags)
    assert api.get(f"/exhibitors/{fair.exhibitor}/").get_json()["exhibitor_tags"] == ["Platinum"]
    post(ada, f"{tags}/{gold}/delete", page=tags)
    assert "The tag is deleted. 1 exhibitor had it." in flashes(ada, tags)
    assert api.get(f"/exhibitors/{fair.exhibitor}/").get_json()["exhibitor_tags"] == []
    assert stored(app, sa.select(Exhibitor.id).where(Exhibitor.id == fair.exhibitor)) != []
    assert [action for action, _, _ in audited(app)] == [
        "exhibitor_tag.created",
        "exhibitor_tag.renamed",
        "exhibitor_tag.deleted",
    ]
