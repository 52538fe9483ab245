"""The services that other tests stand on: each answers, and fails as it is told."""

import smtplib
import socket
import subprocess
from email.message import EmailMessage

import psycopg
import pytest
import redis

from tests import services
from tests.plugins import needed
from tests.services import SmtpServer


def _message(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "fair@example.org"
    message["To"] = "booth@example.org"
    message["Subject"] = subject
    message.set_content("Grüße vom Stand")
    return message


def _send(server: SmtpServer, subject: str = "Your code", timeout: float = 5) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=timeout) as client:
        client.send_message(_message(subject))


@pytest.mark.postgres
def test_postgres_answers(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT current_database(), current_setting('server_encoding')").fetchone()
    assert row == ("portal", "UTF8")


@pytest.mark.postgres
def test_a_created_database_is_empty_each_time(postgres_server: str) -> None:
    url = services.create_database(postgres_server, "again")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE things (id int)")
    assert services.create_database(postgres_server, "again") == url
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('things')").fetchone()
    assert row == (None,)


@pytest.mark.postgres
def test_a_stopped_postgres_leaves_nothing(postgres_server: str) -> None:
    with services.postgres() as url:
        assert url != postgres_server
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


@pytest.mark.redis
def test_redis_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.incr("visits") == 1


@pytest.mark.browser
def test_chromium_starts(chromium_path: str) -> None:
    version = subprocess.run([chromium_path, "--version"], capture_output=True, text=True, check=True).stdout
    assert "Chrom" in version


@pytest.mark.smtp
class TestSmtp:
    def test_accepts(self, smtp_server: SmtpServer) -> None:
        _send(smtp_server)
        received = smtp_server.wait_for(1)[0]
        assert received.sender == "fair@example.org"
        assert received.recipients == ["booth@example.org"]
        assert received.message["Subject"] == "Your code"
        assert "Grüße" in received.message.get_content()

    @pytest.mark.parametrize(("behaviour", "code"), [("refuse", 550), ("refuse later", 451)])
    def test_refuses(self, smtp_server: SmtpServer, behaviour: services.Behaviour, code: int) -> None:
        smtp_server.behaviour = behaviour
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            _send(smtp_server)
        assert refused.value.recipients["booth@example.org"][0] == code
        assert smtp_server.messages == []
        assert smtp_server.attempts == 1

    def test_stalls_until_resumed(self, smtp_server: SmtpServer) -> None:
        smtp_server.behaviour = "stall"
        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            _send(smtp_server, timeout=0.5)
        assert smtp_server.messages == []
        smtp_server.reset()
        _send(smtp_server, "Later")
        assert "Later" in [received.message["Subject"] for received in smtp_server.wait_for(1)]

    def test_breaks_off(self, smtp_server: SmtpServer) -> None:
        smtp_server.behaviour = "break off"
        with pytest.raises(smtplib.SMTPServerDisconnected):
            _send(smtp_server)
        assert smtp_server.messages == []
        smtp_server.reset()
        _send(smtp_server)
        assert len(smtp_server.wait_for(1)) == 1

    def test_is_gone_afterwards(self) -> None:
        with services.smtp() as server:
            _send(server)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=2)


class TestMissing:
    @pytest.fixture(autouse=True)
    def _bare_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        monkeypatch.delenv("CHROMIUM", raising=False)

    def test_says_what_to_install(self) -> None:
        lacking = services.missing()
        assert "apt-get install redis-server" in lacking["Redis"]
        assert "apt-get install chromium" in lacking["Chromium"]

    def test_skips_the_tests_that_need_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
        with pytest.raises(pytest.skip.Exception, match="Redis is not installed"), needed():
            services.redis_binary()

    def test_fails_them_where_services_are_required(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUIRE_SERVICES", "1")
        with pytest.raises(pytest.fail.Exception, match="Redis is not installed"), needed():
            services.redis_binary()
