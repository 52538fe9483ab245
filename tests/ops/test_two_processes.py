"""Two servers on one PostgreSQL and one Redis: sessions, limits, idempotency and jobs hold across them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.core.queue import queue_of
from tests.browserless import _TOKEN
from tests.fair import Fair
from tests.ops.test_serve import KNOWN, ask_for_code, environment, is_up, running, until
from tests.services import SmtpServer, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session"),
]

RATE = 20


@dataclass
class Two:
    """The addresses of both."""

    first: str
    second: str

    def both(self) -> Iterator[str]:
        """One after the other, for ever."""
        while True:
            yield self.first
            yield self.second


@pytest.fixture
def two(
    app: Flask, fair: Fair, database_url: str, redis_url: str, smtp_server: SmtpServer, tmp_path: Path
) -> Iterator[Two]:
    """Two portals as on two machines, of which the second has the worker."""
    queue_of(app).open().storage.flush_all()
    shared = {
        "REDIS_URL": redis_url,
        "SMTP_URL": smtp_server.url,
        "API_RATE": str(RATE),
        "WORKERS": "1",
        "THREADS": "4",
    }
    ports = (str(free_port()), str(free_port()))
    first = environment(database_url, tmp_path / "first", **shared, PORT=ports[0], WORKER="0")
    second = environment(database_url, tmp_path / "second", **shared, PORT=ports[1])
    with running(first, tmp_path, "serve") as one, running(second, tmp_path, "serve") as other:
        for server in (one, other):
            until(partial(is_up, server.url))
        yield Two(one.url, other.url)


def sign_in(browser: httpx.Client, base: str, email: str, password: str) -> httpx.Response:
    """Send the form of a server."""
    page = browser.get(f"{base}/login")
    found = _TOKEN.search(page.content)
    assert found
    form = {"csrf_token": found[1].decode(), "email": email, "password": password}
    return browser.post(f"{base}/login", data=form)


def test_it_is_one_portal(two: Two, app: Flask, fair: Fair, smtp_server: SmtpServer) -> None:
    sessions(two, fair)
    idempotency(two, app, fair)
    jobs(two, smtp_server)
    passwords(two, fair)
    rates(two, fair)


def sessions(two: Two, fair: Fair) -> None:
    """Signed in at one is signed in at the other, and out at both."""
    with httpx.Client() as browser:
        assert sign_in(browser, two.first, fair.organizer_email, fair.password).status_code == 303
        page = browser.get(f"{two.second}/organizer/")
        assert page.status_code == 200
        found = _TOKEN.search(page.content)
        assert found
        assert browser.post(f"{two.second}/logout", data={"csrf_token": found[1].decode()}).status_code == 303
    with httpx.Client() as browser:
        assert sign_in(browser, two.first, fair.organizer_email, fair.password).status_code == 303
        kept = dict(browser.cookies)
        page = browser.get(f"{two.second}/organizer/")
        found = _TOKEN.search(page.content)
        assert found
        browser.post(f"{two.second}/logout", data={"csrf_token": found[1].decode()})
        assert httpx.get(f"{two.first}/organizer/", cookies=kept).status_code == 303, "the old cookie opens nothing"


def idempotency(two: Two, app: Flask, fair: Fair) -> None:
    """Of many requests with one key at both, one is executed; the others are told the same."""
    seat = f"{fair.base}/seats/{fair.seats[30]}/"
    headers = {**fair.auth(fair.token), "X-Idempotency-Key": "race"}
    before = changes(app)

    def send(base: str) -> tuple[int, bytes]:
        answer = httpx.patch(f"{base}{seat}", json={"blocked": True}, headers=headers, timeout=20)
        return answer.status_code, answer.content if answer.status_code == 200 else b""

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, [two.first, two.second] * 3))
    assert {status for status, _ in answers} <= {200, 409}
    assert len({body for status, body in answers if status == 200}) == 1
    assert send(two.first) == send(two.second)
    assert changes(app) == before + 1


def changes(app: Flask) -> int:
    """How many entries the audit log has."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0


def jobs(two: Two, smtp_server: SmtpServer) -> None:
    """What one puts into the outbox, the other's worker sends, once."""
    ask_for_code(two.first)
    (received,) = smtp_server.wait_for(1, seconds=20)
    assert received.recipients[0] == KNOWN
    ask_for_code(two.second)
    assert len(smtp_server.wait_for(2, seconds=20)) == 2


def passwords(two: Two, fair: Fair) -> None:
    """Wrong passwords are counted together."""
    servers = two.both()
    statuses = []
    for _ in range(11):
        with httpx.Client() as browser:
            statuses.append(sign_in(browser, next(servers), fair.helper_email, "wrong again").status_code)
    assert statuses == [422] * 10 + [429]
    for base in (two.first, two.second):
        with httpx.Client() as browser:
            refused = sign_in(browser, base, fair.helper_email, fair.password)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 60


def rates(two: Two, fair: Fair) -> None:
    """A token's requests are counted together; where a minute begins in between, another token tells."""
    for token in (fair.weak_token, fair.token):
        servers, headers = two.both(), fair.auth(token)
        answers = [httpx.get(f"{next(servers)}{fair.base}/seats/", headers=headers) for _ in range(RATE + 2)]
        statuses = [answer.status_code for answer in answers]
        if statuses == [200] * RATE + [429] * 2:
            break
    assert statuses == [200] * RATE + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    app_code = {"Authorization": f"Exhibitor {fair.full_code}"}
    assert httpx.get(f"{two.second}/exhibitors/api/v1/profile", headers=app_code).status_code == 200
