"""Limits on guessing: who is refused, who never is, and that several processes count together."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.config import Config
from portal.core.database import db, set_writing
from portal.core.limits import DatabaseStorage
from portal.core.models import AuditEntry, LimitHit
from portal.web import limits
from tests.accounts.conftest import MakeServer, is_signed_in
from tests.browserless import post_form, sign_in, sign_in_code
from tests.fair import PASSWORD, Fair

Audit = Callable[[], list[AuditEntry]]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small numbers, and a clock that stands still: no window closes in the middle of a test."""
    monkeypatch.setattr(limits, "CODES_BY_ADDRESS", limits.Limit("codes", 3, 600))
    monkeypatch.setattr(limits, "CODES_EVERYWHERE", limits.Limit("codes-everywhere", 6, 600))
    monkeypatch.setattr(limits, "CODES_SLOWED", limits.Limit("codes-slowed", 2, 1))
    monkeypatch.setattr(limits, "PASSWORDS", limits.Limit("passwords", 3, 900))
    monkeypatch.setattr(limits, "PASSWORDS_BY_ADDRESS", limits.Limit("passwords-by-address", 5, 900))
    with time_machine.travel(dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


def at(app: Flask, address: str = "192.0.2.1") -> FlaskClient:
    """A browser at an address."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def enter(client: FlaskClient, code: str) -> TestResponse:
    return post_form(client, "/e/", {"code": code})


def guess(client: FlaskClient, email: str, password: str = "wrong wrong") -> TestResponse:
    return post_form(client, "/login", {"email": email, "password": password})


# -------------------------------------------------------------------------------------------------------- codes


def test_different_wrong_codes_are_limited_by_address(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    assert [enter(thief, f"WRONGCD{number}").status_code for number in range(4)] == [422, 422, 422, 429]
    assert enter(at(limited, "192.0.2.2"), "WRONGCD9").status_code == 422


def test_the_refusal_is_a_page_that_a_person_understands(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    for number in range(3):
        enter(thief, f"WRONGCD{number}")
    refused = enter(thief, "WRONGCD3")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "600"
    assert refused.mimetype == "text/html"
    assert "600 seconds" in refused.text
    assert "The right code works at any time." in refused.text


def test_the_same_wrong_code_counts_once(limited: Flask, fair: Fair) -> None:
    hall = [at(limited) for _ in range(4)]
    answers = [enter(person, typed).status_code for person in hall for typed in ("OLDC2DE34", "oldc-2de-34")]
    assert answers == [422] * 8


def test_a_right_code_signs_in_from_a_limited_address(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    for number in range(5):
        enter(thief, f"WRONGCD{number}")
    neighbour = at(limited)
    sign_in_code(neighbour, fair.full_code)
    assert is_signed_in(neighbour)
    link = at(limited)
    assert post_form(link, f"/e/{fair.scanning_code}").location == "/exhibitor/scan"
    assert enter(thief, "WRONGCD0").status_code == 429


def test_who_is_signed_in_is_told_that_a_code_is_wrong_but_never_refused(limited: Flask, fair: Fair) -> None:
    thief, member = at(limited), at(limited)
    sign_in_code(member, fair.full_code)
    for number in range(5):
        enter(thief, f"WRONGCD{number}")
    assert [enter(member, f"TYPO{number}").status_code for number in range(3)] == [422, 422, 422]
    assert enter(thief, "WRONGCD9").status_code == 429


def test_links_count_like_typed_codes(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    assert [post_form(thief, f"/e/WRONGCD{number}").status_code for number in range(4)] == [422, 422, 422, 429]
    assert thief.get("/e/WRONGCD9").status_code == 200


def test_from_many_addresses_wrong_codes_are_slowed_and_right_ones_are_not(limited: Flask, fair: Fair) -> None:
    answers = [enter(at(limited, f"198.51.100.{number}"), f"WRONGCD{number}") for number in range(10)]
    assert [answer.status_code for answer in answers] == [422] * 8 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "5"
    sign_in_code(at(limited, "198.51.100.200"), fair.full_code)
    later = dt.datetime(2026, 11, 20, 9, 0, 2, tzinfo=dt.UTC)
    with time_machine.travel(later, tick=False):
        assert enter(at(limited, "198.51.100.99"), "WRONGCD99").status_code == 422


def test_the_window_closes(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    for number in range(4):
        enter(thief, f"WRONGCD{number}")
    with time_machine.travel(dt.datetime(2026, 11, 20, 9, 9, 30, tzinfo=dt.UTC), tick=False):
        assert enter(thief, "WRONGCD5").headers["Retry-After"] == "30"
    with time_machine.travel(dt.datetime(2026, 11, 20, 9, 10, 1, tzinfo=dt.UTC), tick=False):
        assert enter(thief, "WRONGCD6").status_code == 422


def test_an_ipv6_subscriber_is_one_address(limited: Flask, fair: Fair) -> None:
    codes = [enter(at(limited, f"2001:db8:1:2::{number}"), f"WRONGCD{number}").status_code for number in range(4)]
    assert codes == [422, 422, 422, 429]
    assert enter(at(limited, "2001:db8:1:3::1"), "WRONGCD9").status_code == 422
    assert enter(at(limited, "::ffff:192.0.2.7"), "WRONGCD9").status_code == 422


def test_without_trusted_proxies_a_header_changes_nothing(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    codes = []
    for number in range(4):
        thief.environ_base["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}"
        codes.append(enter(thief, f"WRONGCD{number}").status_code)
    assert codes == [422, 422, 422, 429]


def test_the_counters_tell_nothing(limited: Flask, fair: Fair) -> None:
    enter(at(limited), "VKHZ2FU83")
    guess(at(limited), fair.organizer_email)
    with limited.app_context():
        keys = " ".join(db.session.scalars(sa.select(LimitHit.key)))
    assert "portal/codes/" in keys
    assert not any(secret in keys for secret in ("VKHZ", "192.0.2", "ada"))


# ---------------------------------------------------------------------------------------------------- passwords


def test_passwords_are_limited_for_an_account_from_an_address(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    codes = [guess(thief, email).status_code for email in (fair.organizer_email, fair.organizer_email.upper()) * 2]
    assert codes == [422, 422, 422, 429]
    right = guess(thief, fair.organizer_email, PASSWORD)
    assert right.status_code == 429
    assert right.headers["Retry-After"] == "900"
    assert "too many attempts" in right.text
    assert not is_signed_in(thief)
    sign_in(at(limited, "192.0.2.2"), fair.organizer_email)


def test_unknown_addresses_are_limited_in_the_same_way(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    assert [guess(thief, "nobody@example.org").status_code for _ in range(4)] == [422, 422, 422, 429]


def test_passwords_are_limited_by_address(limited: Flask, fair: Fair) -> None:
    thief = at(limited)
    codes = [guess(thief, f"user{number}@example.org").status_code for number in range(6)]
    assert codes == [422] * 5 + [429]


def test_right_passwords_do_not_count(limited: Flask, fair: Fair) -> None:
    for _ in range(8):
        sign_in(at(limited), fair.organizer_email)
        sign_in(at(limited), fair.helper_email)
    assert guess(at(limited), fair.organizer_email).status_code == 422


def test_many_at_once_do_not_get_past_the_limit(limited: Flask, fair: Fair) -> None:
    thieves = [at(limited) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(lambda thief: guess(thief, fair.organizer_email).status_code, thieves))
    assert codes == [422] * 3 + [429] * 5


# ----------------------------------------------------------------------------------------------- where they count


def test_two_servers_on_one_database_count_together(limited: Flask, make_server: MakeServer, fair: Fair) -> None:
    second = make_server(ratelimit_enabled=True)
    codes = [enter(at(app), f"WRONGCD{number}").status_code for number, app in enumerate([limited, second] * 2)]
    assert codes == [422, 422, 422, 429]
    passwords = [guess(at(app), fair.organizer_email).status_code for app in [second, limited] * 2]
    assert passwords == [422, 422, 422, 429]


COUNT = """
import sys
from pathlib import Path
from portal.app import create_app
from portal.config import Config
from portal.web import limits
config = Config(database_uri=sys.argv[1], instance_path=Path(sys.argv[2]), secret_key="a key for tests only")
with create_app(config).app_context():
    for _ in range(40):
        limits.count(limits.Limit("test", 1000, 600), "somebody")
"""


def test_no_count_is_lost_between_processes(limited: Flask, config: Config) -> None:
    limit = limits.Limit("test", 1000, 600)
    uri = config.database_uri
    command = [sys.executable, "-c", COUNT, uri, str(config.instance_path)]
    with time_machine.travel(dt.datetime.now(dt.UTC)):
        processes = [subprocess.Popen(command) for _ in range(2)]
        assert [process.wait(60) for process in processes] == [0] * 2
        with limited.app_context():
            assert limits.counted(limit, "somebody") == 80


@pytest.mark.redis
def test_with_redis_the_counts_are_there(
    app: Flask, config: Config, make_server: MakeServer, fair: Fair, redis_url: str
) -> None:
    own = {"ratelimit_enabled": True, "redis_url": redis_url, "secret_key": f"a key for {config.database_uri}"}
    servers = [make_server(**own) for _ in range(2)]
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True):
        codes = [enter(at(server), f"WRONGCD{number}") for number, server in enumerate(servers * 2)]
        sign_in_code(at(servers[0]), fair.full_code)
    assert [answer.status_code for answer in codes] == [422, 422, 422, 429]
    assert 590 <= int(codes[-1].headers["Retry-After"]) <= 600
    with app.app_context():
        assert db.session.scalars(sa.select(LimitHit.key)).all() == []


def test_without_an_answer_from_redis_the_database_counts(app: Flask, make_server: MakeServer, fair: Fair) -> None:
    server = make_server(ratelimit_enabled=True, redis_url="redis://127.0.0.1:1/0")
    assert [enter(at(server), f"WRONGCD{number}").status_code for number in range(4)] == [422, 422, 422, 429]


def test_limits_can_be_switched_off(app: Flask, fair: Fair) -> None:
    thief = at(app)
    assert {enter(thief, f"WRONGCD{number}").status_code for number in range(6)} == {422}
    assert {guess(thief, fair.organizer_email).status_code for _ in range(6)} == {422}
    with app.app_context():
        assert db.session.scalars(sa.select(LimitHit.key)).all() == []


def test_windows_that_have_closed_are_swept_away(limited: Flask, fair: Fair) -> None:
    for number in range(3):
        enter(at(limited), f"WRONGCD{number}")
    with time_machine.travel(dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC), tick=False):
        enter(at(limited), "WRONGCD9")
        with limited.app_context():
            expired = db.session.scalars(sa.select(LimitHit.key).where(LimitHit.expires < dt.datetime.now(dt.UTC)))
            assert expired.all() == []


def test_a_limit_inside_a_writing_transaction_is_an_error_and_no_deadlock(limited: Flask, fair: Fair) -> None:
    with limited.app_context():
        set_writing(True)
        db.session.execute(sa.select(LimitHit.key))
        with pytest.raises(RuntimeError, match="before the request's transaction"):
            DatabaseStorage().incr("key", 60)
        db.session.rollback()
        assert DatabaseStorage().incr("key", 60) == 1
        assert DatabaseStorage().check()
        assert DatabaseStorage().reset() == 1


def test_the_audit_log_says_once_that_a_limit_was_reached(limited: Flask, fair: Fair, audit: Audit) -> None:
    thief = at(limited)
    for number in range(6):
        enter(thief, f"WRONGCD{number}")
        guess(thief, fair.organizer_email)
    reached = [(entry.actor_kind, entry.action, entry.data) for entry in audit()]
    assert reached == [
        ("anonymous", "limit.reached", {"limit": "codes", "address": "192.0.2.1"}),
        ("anonymous", "limit.reached", {"limit": "passwords", "address": "192.0.2.1"}),
    ]
