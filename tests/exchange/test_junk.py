"""Whatever stands anywhere in a file: it is loaded or refused in words, and never breaks the portal."""

import random
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask import Flask

from portal.core.actors import SYSTEM
from portal.core.database import db, set_writing
from portal.exchange.load import BundleError, check_bundle, load_bundle
from tests.conftest import sweep
from tests.exchange.files import MISSING, Json, change, example, sample, series

JUNK: list[Any] = [
    MISSING, None, True, False, 0, -1, 2**31, 2**63 - 1, 2**63, 1.5, -1e308, "", " ", "x", "x" * 600, "\x00",
    "ﬆ\u202e🎪", "104", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "NaN",
    "1e999999", "-0.00", "javascript:alert(1)", "http://[", "__proto__", [], {}, [None], [[]], [{}], {"": None},
    {"id": []}, {"seat_guid": {}}, {"en": ""}, ["a", "a"], [104, 104],
    {"_scheme": "full", "full_name": None}, {"_scheme": []},
]  # fmt: skip


def places(value: Any, path: str = "") -> Iterator[str]:
    """The paths of everything in a file."""
    entries: Any = ()
    if isinstance(value, dict):
        entries = ((f"{path}.{key}" if path else key, entry) for key, entry in value.items())
    elif isinstance(value, list):
        entries = ((f"{path}[{number}]", entry) for number, entry in enumerate(value))
    for at, entry in entries:
        yield at
        yield from places(entry, at)


def pretix() -> Json:
    """What a real pretix answers, a single order of it."""
    data = sample()
    event = data["events"][0]
    event["orders"] = [order for order in event["orders"] if order["positions"][0]["seat"]][:1]
    event["vouchers"] = [voucher for voucher in event["vouchers"] if not voucher["seat"]][:1]
    guid = event["orders"][0]["positions"][0]["seat"]["seat_guid"]
    event["seats"] = [seat for seat in event["seats"] if seat["seat_guid"] == guid]
    event["seating_plan"] = None
    data["events"] = [event]
    return data


FILES = [(make, path) for make in (example, series, pretix) for path in places(make())]


@pytest.mark.parametrize("tries", [400, pytest.param(5000, marks=pytest.mark.soak)])
def test_reading_any_junk_anywhere_ends_in_words(tries: int) -> None:
    refused = 0
    everything = [(make, path, junk) for make, path in FILES for junk in JUNK]
    for make, path, junk in random.Random(7).sample(everything, min(tries, len(everything))):
        try:
            check_bundle(raw=orjson.dumps(change(make(), path, junk)))
        except BundleError:
            refused += 1
    assert refused > tries * 0.3


@pytest.mark.parametrize("seed", range(4))
def test_writing_it_too(migrated_app: Flask, seed: int) -> None:
    """What reading lets pass, the database takes."""
    dice = random.Random(seed)
    written = 0
    with migrated_app.app_context():
        set_writing(True)
        try:
            for _ in range(150):
                make, path = dice.choice(FILES)
                data = change(make(), path, dice.choice(JUNK))
                try:
                    load_bundle(actor=SYSTEM, raw=orjson.dumps(data))
                    db.session.commit()
                    written += 1
                except BundleError:
                    db.session.rollback()
        finally:
            sweep(migrated_app)
    assert written > 5
