"""The examples in ``deploy/``: nginx takes its file and serves the portal through it, systemd takes the units."""

import datetime as dt
import ipaddress
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from portal.accounts.models import Session
from portal.config import SETTINGS, Config
from portal.core.database import db
from portal.core.queue import queue_of
from tests import services
from tests.browserless import _TOKEN
from tests.fair import Fair
from tests.ops.test_serve import Running, environment, is_up, running, until
from tests.plugins import needed
from tests.services import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
HOST = "fair.example.org"


def settings() -> dict[str, str]:
    """The example's settings."""
    lines = (DEPLOY / "portal.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_settings_are_the_portals() -> None:
    found = settings()
    assert found.keys() <= {setting.name for setting in SETTINGS}
    config = Config.from_env(found)
    assert config.https
    assert (config.trusted_proxies, config.worker) == (1, False)
    assert config.smtp is not None


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """A unit's values by section and name."""
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in (DEPLOY / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
            continue
        key, equals, value = line.partition("=")
        assert equals, f"{name}: {line}"
        found.setdefault(section, {}).setdefault(key, []).append(value)
    return found


UNITS = ("portal.service", "portal-worker.service", "portal-backup.service", "portal-backup.timer")


def test_units_start_commands_that_there_are(app: Flask) -> None:
    for name in UNITS[:3]:
        service = unit(name)["Service"]
        assert service["User"] == ["portal"]
        assert service["EnvironmentFile"] == ["/etc/portal/portal.env"]
        commands = re.findall(r"--app wsgi (\w+)", " ".join(service.get("ExecStartPre", []) + service["ExecStart"]))
        assert commands
        assert set(commands) <= app.cli.commands.keys() | {"db"}
    assert sorted(path.name for path in DEPLOY.glob("portal*.[st]*")) == sorted(UNITS)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Where systemd is there; paths of the example are put where this machine has them."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        assert unit("portal-backup.timer")["Timer"]["OnCalendar"]
        return
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/opt/portal", str(ROOT)).replace("User=portal", "User=root")
        (tmp_path / name).write_text(text)
    checked = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)], capture_output=True, text=True
    )
    ours = [line for line in checked.stderr.splitlines() if str(tmp_path) in line or "portal" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr


# ---------------------------------------------------------------------------------------------------------- nginx


@dataclass
class Site:
    """nginx in front of the portal."""

    https: httpx.Client
    http: httpx.Client
    portal: Running
    log: Path


def certificate(folder: Path) -> Path:
    """A certificate for this machine; its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, *plain))
    return folder / "fullchain.pem"


def moved(folder: Path, ports: dict[str, int]) -> str:
    """The example with this machine's ports and folders, and what surrounds a site."""
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r" *listen \[::\].*\n", "", text)
    changes = {
        "listen 80;": f"listen 127.0.0.1:{ports['http']};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{ports['https']} ssl http2;",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{ports['portal']};",
        "/etc/ssl/portal/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "/opt/portal/": f"{ROOT}/",
    }
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log info;\n"
        f"events {{}}\nhttp {{\n  include /etc/nginx/mime.types;\n  access_log {folder}/access.log;\n"
        f"{temporary}{text}\n}}\n"
    )


@pytest.fixture
def site(app: Flask, fair: Fair, database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The portal as the example sets it up, on other ports."""
    with needed():
        nginx = services.nginx_binary()
    ports = {name: free_port() for name in ("http", "https", "portal")}
    trusted = certificate(tmp_path)
    file = tmp_path / "nginx.conf"
    file.write_text(moved(tmp_path, ports))
    tested = subprocess.run([nginx, "-t", "-q", "-c", file, "-p", tmp_path], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr
    queue_of(app).beat()
    instance = tmp_path / "instance"
    environ = environment(
        database_url,
        instance,
        PORT=str(ports["portal"]),
        BASE_URL=f"https://{HOST}",
        **{name: value for name, value in settings().items() if name in ("TRUSTED_PROXIES", "WORKERS")},
    )
    with running(environ | {"WORKERS": "1", "THREADS": "2"}, tmp_path, "serve") as portal:
        until(lambda: is_up(portal.url))
        front = subprocess.Popen([nginx, "-c", file, "-p", tmp_path], stderr=subprocess.DEVNULL)
        try:
            context = ssl.create_default_context(cafile=str(trusted))
            base: dict[str, Any] = {"headers": {"Host": HOST}, "timeout": 10}
            with (
                httpx.Client(base_url=f"https://127.0.0.1:{ports['https']}", verify=context, **base) as https,
                httpx.Client(base_url=f"http://127.0.0.1:{ports['http']}", **base) as http,
            ):
                until(lambda: https.get("/healthz").status_code == 200)
                yield Site(https, http, portal, tmp_path)
        finally:
            front.terminate()
            front.wait(10)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_nginx_serves_the_portal(site: Site, app: Flask, fair: Fair) -> None:
    moved_on = site.http.get(f"/e/{fair.full_code}")
    assert (moved_on.status_code, moved_on.headers["Location"]) == (301, f"https://{HOST}/e/{fair.full_code}")

    page = site.https.get("/login")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" in page.headers["Set-Cookie"]
    style = re.search(r'href="(/static/css/base\.css\?v=[^"]+)"', page.text)
    assert style
    fetched = site.https.get(style[1])
    assert (fetched.status_code, fetched.headers["Server"]) == (200, "nginx")
    assert fetched.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert site.https.get("/static/css/base.css").headers["Cache-Control"] == "no-cache"
    assert site.https.get("/static/../portal/config.py").status_code == 404
    assert [line for line in site.portal.events("request") if "static" in str(line["route"])] == []

    token = _TOKEN.search(page.content)
    assert token
    form = {"csrf_token": token[1].decode(), "email": fair.organizer_email, "password": fair.password}
    signed_in = site.https.post(
        "/login", data=form, headers={"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example"}
    )
    assert signed_in.status_code == 303
    with app.app_context():
        assert db.session.scalar(sa.select(Session.address).where(Session.user_id.is_not(None))) == "127.0.0.1"

    listed = site.https.get(f"{fair.base}/seats/?page_size=1", headers=fair.auth())
    assert (listed.status_code, listed.json()["count"]) == (200, 60)
    assert listed.json()["next"].startswith(f"https://{HOST}/api/v1/")
    assert listed.headers["X-Request-ID"] in {line["request_id"] for line in site.portal.events("request")}
    large = site.https.patch(
        f"{fair.base}/seats/{fair.seats[0]}/", content=b" " * (10 * 1024 * 1024 + 1), headers=fair.auth()
    )
    assert (large.status_code, large.json()) == (413, {"detail": "The request is too large."})
    assert site.https.get(f"/pretixdroid/api/bigevents/sampleconf/status/?key={fair.device_key}").status_code == 200

    written = "".join(file.read_text() for file in site.log.glob("*.log"))
    for secret in (fair.full_code, fair.device_key, fair.token, fair.password):
        assert secret not in written
