"""A voucher as the platform rules print it, for both lists that have it."""

from typing import Any

from tests.fair import Fair


def first_voucher(fair: Fair) -> dict[str, Any]:
    """The fair's first voucher with every field of the rules, in their order."""
    return {
        "id": fair.vouchers[0],
        "code": "43K6LKM37FBVR2YG",
        "max_usages": 1,
        "redeemed": 0,
        "valid_until": None,
        "block_quota": False,
        "allow_ignore_quota": False,
        "price_mode": "set",
        "value": "12.00",
        "item": None,
        "variation": None,
        "quota": None,
        "tag": "testvoucher",
        "comment": "for our eyes",
        "seat": None,
        "subevent": None,
    }
