"""Fixtures that lend tests the real services; without one, a test is skipped and says so, or fails if CI needs it."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests import services


@contextmanager
def needed() -> Iterator[None]:
    """Turn a missing service into a skip, or a failure where `REQUIRE_SERVICES=1`."""
    try:
        yield
    except services.Missing as error:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"{error} (REQUIRE_SERVICES=1)", pytrace=False)
        pytest.skip(str(error))


def _lend(service: AbstractContextManager[str]) -> Iterator[str]:
    with needed():
        url = service.__enter__()
    try:
        yield url
    finally:
        service.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a private PostgreSQL cluster: one for each test process, it starts in a second."""
    yield from _lend(services.postgres())


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The URL of an empty database of this test process."""
    return services.create_database(postgres_server, "portal")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a private Redis."""
    yield from _lend(services.redis())


@pytest.fixture
def smtp_server() -> Iterator[services.SmtpServer]:
    """An SMTP server that records messages and fails as it is told."""
    with services.smtp() as server:
        yield server


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of Chromium, for Playwright's `executable_path`."""
    with needed():
        return services.chromium_binary()
