"""The rate of a token: exact where it is small, told to the others in batches where it is large, anew each minute."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal.config import Config, ConfigError
from portal.core.database import db
from portal.core.errors import TooManyRequests
from portal.core.models import LimitHit
from portal.web.throttle import Throttle
from tests.working import another

PATH = "/api/v1/organizers/bigevents/events/sampleconf/seats/"
Spend = Callable[..., bool]


@pytest.fixture
def limited(config: Config, app: Flask) -> Iterator[Flask]:
    """A server with limits."""
    with another(config, ratelimit_enabled=True) as server:
        yield server


@pytest.fixture
def spend(limited: Flask) -> Spend:
    """Count one request; whether there was room for it."""

    def call(throttle: Throttle, credentials: str = "Token a", path: str = PATH) -> bool:
        with limited.test_request_context(path, headers={"Authorization": credentials}):
            try:
                throttle.spend()
            except TooManyRequests as refused:
                return not 1 <= refused.retry_after <= 60
            return True

    return call


def writes(app: Flask) -> int:
    with app.app_context():
        return sum(db.session.scalars(select(LimitHit.count)))


def test_small_rates_are_exact_over_processes(spend: Spend) -> None:
    here, there = Throttle(7, lambda: 120.0), Throttle(7, lambda: 120.0)
    spent = [spend(throttle) for _ in range(5) for throttle in (here, there)]
    assert spent == [True] * 7 + [False] * 3


def test_a_token_is_one_however_it_is_spelt(spend: Spend) -> None:
    throttle = Throttle(3, lambda: 120.0)
    spellings = ("Token a", "token a", "TOKEN  a", "Token   a ", "tOkEn a")
    assert [spend(throttle, spelt) for spelt in spellings] == [True, True, True, False, False]


def test_each_minute_and_each_token_has_its_own(spend: Spend) -> None:
    now = [120.0]
    throttle = Throttle(2, lambda: now[0])
    assert [spend(throttle) for _ in range(3)] == [True, True, False]
    assert spend(throttle, "Token b")
    assert spend(throttle, "Bearer a")
    now[0] = 180.0
    assert [spend(throttle) for _ in range(3)] == [True, True, False]


def test_what_is_not_counted(spend: Spend) -> None:
    throttle = Throttle(1)
    for credentials, path in (
        ("Exhibitor a", PATH),
        ("", PATH),
        ("Token a", "/exhibitors/api/v1/profile"),
        ("Basic x", PATH),
    ):
        assert all(spend(throttle, credentials, path) for _ in range(5))


def test_large_rates_are_told_in_batches(limited: Flask, spend: Spend) -> None:
    """One write for 20 requests, and never more than 2 % too many for each process."""
    here, there = Throttle(1000, lambda: 120.0), Throttle(1000, lambda: 120.0)
    for _ in range(19):
        assert spend(here)
    assert writes(limited) == 0
    spend(here)
    assert writes(limited) == 20
    passed = 20 + sum(spend(throttle) for _ in range(600) for throttle in (here, there))
    assert 1000 <= passed <= 1040


def test_many_threads(spend: Spend) -> None:
    throttle = Throttle(100, lambda: 120.0)
    passed: list[bool] = []

    def work() -> None:
        passed.extend(spend(throttle) for _ in range(40))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 100 <= sum(passed) <= 104


@pytest.mark.parametrize(
    "given", ["scan.example.org", "https://scan.example.org/", "ftp://x", "*,https://a.example", "https://a@b", "null"]
)
def test_origins_that_are_none(given: str) -> None:
    with pytest.raises(ConfigError, match="CORS_ORIGINS must be origins"):
        Config.from_env({"CORS_ORIGINS": given, "SECRET_KEY": "x" * 16})


def test_origins() -> None:
    config = Config.from_env(
        {"CORS_ORIGINS": " https://Scan.example.org , http://localhost:5173,", "SECRET_KEY": "x" * 16}
    )
    assert config.cors_origins == ("https://scan.example.org", "http://localhost:5173")
    assert Config.from_env({"CORS_ORIGINS": "*", "SECRET_KEY": "x" * 16}).cors_origins == ("*",)
    assert Config.from_env({"SECRET_KEY": "x" * 16}).cors_origins == ()
