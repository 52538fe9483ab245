"""The REST doors of vouchers: access, fields, filters, orders, recorded answers."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core import clock
from portal.core.database import db
from portal.vouchers.models import Voucher
from portal.vouchers.queries import FIELDS
from portal.vouchers.schemas import VoucherSchema
from tests.fair import Fair, add
from tests.recordings import entries
from tests.statements import statements
from tests.vouchers.contract import first_voucher


@pytest.fixture
def vouchers(app: Flask, fair: Fair) -> list[int]:
    """The fair's vouchers, with more variety."""
    with app.app_context():
        soon = clock.now() + dt.timedelta(days=1)
        more: list[dict[str, Any]] = [
            {"code": "aBc", "price_mode": "percent", "value": Decimal("10.00"), "item_id": fair.item, "quota": 7},
            {"code": "ZZZ", "valid_until": soon, "block_quota": True, "tag": "press", "comment": "100% off_x"},
            {"code": "YYY", "valid_until": clock.now() - dt.timedelta(days=1), "redeemed": 1, "value": Decimal("1.50")},
        ]
        ids = [add(Voucher(event_id=fair.event, **values)).id for values in more]
        db.session.commit()
    return [*fair.vouchers, *ids]


def get(client: FlaskClient, fair: Fair, path: str, token: str | None = None) -> Any:
    """Read."""
    return client.get(fair.base + path, headers=fair.auth(token))


def test_access(client: FlaskClient, fair: Fair) -> None:
    for path in ("/vouchers/", f"/vouchers/{fair.vouchers[0]}/"):
        assert client.get(fair.base + path).status_code == 401
        assert get(client, fair, path, fair.revoked_token).status_code == 401
        for token in (fair.weak_token, fair.other_event_token, fair.foreign_token):
            assert get(client, fair, path, token).status_code == 403
        assert get(client, fair, path).status_code == 200
        assert client.post(fair.base + path, headers=fair.auth(), json={}).status_code == 405


def test_a_voucher_as_the_rules_name_its_fields(client: FlaskClient, fair: Fair) -> None:
    voucher = get(client, fair, f"/vouchers/{fair.vouchers[0]}/").get_json()
    assert tuple(voucher) == FIELDS == tuple(VoucherSchema().fields)
    assert voucher == first_voucher(fair)
    assert VoucherSchema().dump(voucher) == voucher
    assert get(client, fair, f"/vouchers/{fair.vouchers[3]}/").get_json()["seat"] == "1-3"
    listed = get(client, fair, "/vouchers/").get_json()["results"]
    assert listed[0] == voucher


def test_recorded_fields(client: FlaskClient, fair: Fair) -> None:
    """What the real server has besides belongs to parts that the portal does not have."""
    recorded = set(entries("vouchers_list")[0]["response"]["json"]["results"][0])
    assert set(FIELDS) <= recorded


FILTERED = [
    ("", 7),
    ("code=abc", 1),
    ("code=ABC", 1),
    ("code=ab", 0),
    ("max_usages=1", 4),
    ("redeemed=1", 1),
    ("block_quota=TRUE", 1),
    ("allow_ignore_quota=0", 7),
    ("price_mode=percent", 1),
    ("value=10", 1),
    ("value=10.00", 1),
    ("value=1.5", 1),
    ("item={item}", 1),
    ("variation=99999", 0),
    ("quota=7", 1),
    ("tag=testvoucher", 4),
    ("tag=", 7),
    ("subevent=1", 0),
    ("active=true", 6),
    ("active=false", 1),
    ("search=ZZ", 1),
    ("search=zz", 1),
    ("search=100%25", 1),
    ("search=%25", 1),
    ("search=_x", 1),
    ("search=ABC", 1),
    ("tag=testvoucher&price_mode=set", 1),
    ("unknown=1", 7),
    ("ordering=bogus", 7),
]


def test_filters(client: FlaskClient, fair: Fair, vouchers: list[int]) -> None:
    for query, expected in FILTERED:
        found = get(client, fair, f"/vouchers/?{query.format(item=fair.item)}").get_json()
        assert (query, found["count"], len(found["results"])) == (query, expected, expected)


def test_wrong_filters_are_named(client: FlaskClient, fair: Fair) -> None:
    for entry in entries("vouchers_list"):
        name, response = entry["name"], entry["response"]
        if response["status"] == 400:
            found = get(client, fair, f"/vouchers/{name}")
            assert (name, found.status_code, found.get_json()) == (name, 400, response["json"])
    for query in (
        "max_usages=1.5",
        "redeemed=1e3",
        "value=NaN",
        "value=1e999",
        "value=1.005",
        "block_quota=",
        "code=%00",
    ):
        found = get(client, fair, f"/vouchers/?{query}")
        assert (query, found.status_code, list(found.get_json())) == (query, 400, [query.split("=")[0]])
    for query in ("max_usages=999999999999999999", "item=x", "search=" + "x" * 10_000):
        assert get(client, fair, f"/vouchers/?{query}").status_code in (200, 400)


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("id", [0, 1, 2, 3, 4, 5, 6]),
        ("-id", [6, 5, 4, 3, 2, 1, 0]),
        ("value", [6, 4, 0, 1, 2, 3, 5]),
        ("-value,id", [1, 2, 3, 5, 0, 4, 6]),
        ("max_usages,-id", [6, 5, 4, 0, 1, 2, 3]),
        ("-valid_until", [0, 1, 2, 3, 4, 5, 6]),
        ("valid_until", [6, 5, 0, 1, 2, 3, 4]),
        ("bogus,-id", [6, 5, 4, 3, 2, 1, 0]),
    ],
)
def test_orders(client: FlaskClient, fair: Fair, vouchers: list[int], ordering: str, expected: list[int]) -> None:
    """Nothing is the largest value, on both databases; what is equal is in the order of ids."""
    found = get(client, fair, f"/vouchers/?ordering={ordering}").get_json()["results"]
    assert [vouchers.index(voucher["id"]) for voucher in found] == expected
    pages = [
        get(client, fair, f"/vouchers/?ordering={ordering}&page_size=2&page={page}").get_json() for page in range(1, 5)
    ]
    assert [voucher for page in pages for voucher in page["results"]] == found


def test_codes_in_order(client: FlaskClient, fair: Fair, vouchers: list[int]) -> None:
    codes = [voucher["code"] for voucher in get(client, fair, "/vouchers/?ordering=-code").get_json()["results"]]
    assert codes.index("ZZZ") < codes.index("YYY") < codes.index("VOUCHER3") < codes.index("VOUCHER1")


def test_vouchers_that_do_not_exist(client: FlaskClient, fair: Fair) -> None:
    for voucher in ("999999", "0", "-1", "9" * 30):
        found = get(client, fair, f"/vouchers/{voucher}/")
        assert (found.status_code, found.get_json()) == (404, {"detail": "No Voucher matches the given query."})
    assert get(client, fair, "/vouchers/abc/").get_json() == {"detail": "Not found."}


def test_the_number_of_statements_is_fixed(client: FlaskClient, fair: Fair, vouchers: list[int]) -> None:
    counts = set()
    for size in (1, 3, 7):
        with statements() as seen:
            get(client, fair, f"/vouchers/?page_size={size}")
        counts.add(len(seen))
    assert counts == {4}
