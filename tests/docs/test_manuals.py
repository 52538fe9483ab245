"""The manuals are true: each example runs against a live portal, and answers what the manual says."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import httpx
import pytest
from flask import Flask

from portal.accounts.models import OAuthApplication
from portal.accounts.oauth import services as oauth
from portal.core.actors import SYSTEM
from portal.core.database import db
from portal.core.queue import queue_of
from tests import services
from tests.browserless import _TOKEN
from tests.fair import Fair
from tests.oauth_personas import CALLBACK, CLIENT_ID, SECRET, invite_applications, user_id
from tests.ops.test_serve import environment, is_up, running, until
from tests.plugins import needed
from tests.services import SmtpServer, free_port

ROOT = Path(__file__).parents[2]
MANUALS = ("exhibitors", "organizers", "developers", "operators")
_FENCE = re.compile(r"^```(\w+)[ ]?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELLIPSIS = "…"


@dataclass
class Example:
    """A fenced block, with the one that says what comes of it."""

    manual: str
    line: int
    kind: str
    info: str
    text: str
    expected: str | None = None

    def __str__(self) -> str:
        return f"docs/{self.manual}.md:{self.line}"


def examples(manual: str) -> list[Example]:
    """The examples of a manual, in order."""
    text = (ROOT / "docs" / f"{manual}.md").read_text()
    found: list[Example] = []
    end = 0
    for block in _FENCE.finditer(text):
        kind, info, content = block.groups()
        follows = bool(found) and not text[end : block.start()].strip()
        end = block.end()
        if kind in ("json", "text") and follows:
            found[-1].expected = content
        elif kind != "text":
            found.append(Example(manual, text[: block.start()].count("\n") + 1, kind, info, content))
    return found


@dataclass
class Portal:
    """A running portal with the fair in it."""

    app: Flask
    url: str
    fair: Fair
    folder: Path
    variables: dict[str, str]
    environ: dict[str, str] = field(repr=False)


@pytest.fixture
def portal(
    app: Flask,
    fair: Fair,
    database_url: str,
    smtp_server: SmtpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Portal]:
    monkeypatch.chdir(tmp_path)
    queue_of(app).beat()
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    with app.app_context():
        people = invite_applications(fair)
        application = db.session.get_one(OAuthApplication, people.application)
        grant = oauth.give_access(
            actor=SYSTEM,
            user_id=user_id(fair.organizer_email),
            application=application,
            scopes="read write",
            organizers=None,
        )
        oauth.add_code(grant=grant, code="code-from-the-browser", redirect_uri=CALLBACK, code_challenge=None)
        db.session.commit()
    variables = {
        "PORTAL": url,
        "CODE": fair.full_code,
        "TOKEN": fair.token,
        "KEY": fair.device_key,
        "SEAT": str(fair.seats[40]),
        "SECRET": f"secret{fair.event}x0003abcdefgh",
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": SECRET,
        "AUTHORIZATION_CODE": "code-from-the-browser",
        "REDIRECT_URI": CALLBACK,
        "OAUTH_TOKEN": people.reseller_token,
        "RESELLER": str(people.reseller),
    }
    environ = environment(database_url, tmp_path, PORT=port, WORKERS="1", SMTP_URL=smtp_server.url)
    with running(environ, tmp_path, "serve") as server:
        until(lambda: is_up(server.url))
        yield Portal(app, url, fair, tmp_path, variables, environ)


# ------------------------------------------------------------------------------------------------- running an example


def run_flask(portal: Portal, example: Example, lines: list[str]) -> str:
    """The portal's own commands, inside of this process: each would take a second to start."""
    said = ""
    for line in lines:
        before, _, command = line.rpartition("|")
        given = (
            subprocess.run(["bash", "-c", before], capture_output=True, text=True, check=True).stdout
            if before
            else None
        )
        arguments = shlex.split(command.partition("--app wsgi ")[2])
        ended = portal.app.test_cli_runner().invoke(args=arguments, input=given)
        assert ended.exit_code == 0, f"{example}: {line}: {ended.output}"
        said += ended.output
    return said


def run_sh(portal: Portal, example: Example) -> str:
    with needed():
        services.curl_binary()
    lines = example.text.replace("\\\n", " ").strip().splitlines()
    if all("flask --app wsgi " in line for line in lines):
        return run_flask(portal, example, lines)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = portal.environ | portal.variables | {"PATH": path}
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example.text],
        cwd=portal.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, f"{example}: {ended.stdout}{ended.stderr}"
    return ended.stdout


def run_python(portal: Portal, example: Example) -> str:
    environ = portal.environ | portal.variables
    ended = subprocess.run(
        [sys.executable, "-c", example.text], env=environ, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, f"{example}: {ended.stderr}"
    return ended.stdout


def run_http(portal: Portal, example: Example) -> str:
    head, _, body = Template(example.text).substitute(portal.variables).partition("\n\n")
    first, *rest = head.splitlines()
    method, path, _version = first.split(" ")
    headers = dict(line.split(": ", 1) for line in rest)
    answer = httpx.request(method, portal.url + path, headers=headers, content=body.strip(), timeout=20)
    return f"{answer.status_code} {answer.text}"


def run_csv(portal: Portal, example: Example) -> str:
    """Import a file as a person does: choose it, look at what would happen, say so."""
    base = f"{portal.url}/organizer/bigevents/sampleconf/{example.info}"
    with httpx.Client(follow_redirects=True, timeout=20) as browser:

        def token(page: httpx.Response) -> str:
            found = _TOKEN.search(page.content)
            assert found, page.text[:500]
            return found[1].decode()

        form = {"email": portal.fair.organizer_email, "password": portal.fair.password}
        browser.post(f"{portal.url}/login", data=form | {"csrf_token": token(browser.get(f"{portal.url}/login"))})
        start = browser.get(base)
        file = {"file": ("list.csv", example.text.encode(), "text/csv")}

        def look() -> tuple[httpx.Response, re.Match[str] | None]:
            preview = browser.post(base, data={"csrf_token": token(start)}, files=file)
            assert preview.status_code == 200, f"{example}: {preview.status_code}"
            form = rf'<form method="post" action="{re.escape(preview.url.path)}">(.*?)</form>'
            return preview, re.search(form, preview.text, re.DOTALL)

        preview, apply = look()
        assert apply, f"{example}: nothing would be imported: {preview.text[-3000:]}"
        hidden = dict(re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', apply[1]))
        done = browser.post(str(preview.url), data=hidden)
        assert done.status_code == 200, f"{example}: {done.status_code}"
        if example.info == "exhibitors/import":
            preview, apply = look()
            assert not apply, f"{example}: imported again, it would change something: {preview.text[-3000:]}"
        return done.text


RUNNERS = {"sh": run_sh, "python": run_python, "http": run_http, "csv": run_csv}


def agrees(expected: Any, found: Any) -> bool:
    """Whether an answer is as shown; “…” stands for anything."""
    if expected == ELLIPSIS:
        return True
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and expected.keys() == found.keys()
            and all(agrees(expected[key], found[key]) for key in expected)
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(agrees, expected, found))
    return bool(expected == found)


def check(example: Example, said: str) -> None:
    """Compare what came of an example with what the manual shows."""
    if example.expected is None:
        return
    if (start := example.expected.find("{")) >= 0 and not example.expected.startswith('{"id":…'):
        status, body = example.expected[:start].strip(), json.loads(example.expected[start:])
        given, _, rest = said.partition(" ") if status else ("", "", said)
        assert given == status, f"{example}: {said[:500]}"
        assert agrees(body, json.loads(rest)), f"{example}: {said[:800]}"
        return
    pattern = re.escape(example.expected).replace(f"{ELLIPSIS}\\\n", "(?:.*\n)*").replace(ELLIPSIS, ".*")
    assert re.fullmatch(pattern, said), f"{example}: {said[:1500]}"


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_every_example_runs(portal: Portal) -> None:
    ran = dict.fromkeys(MANUALS, 0)
    for manual in MANUALS:
        for example in examples(manual):
            assert example.kind in RUNNERS, f"{example}: nobody runs {example.kind}"
            check(example, RUNNERS[example.kind](portal, example))
            ran[manual] += 1
    assert all(ran.values()), ran


def test_links_lead_somewhere() -> None:
    for manual in MANUALS:
        text = (ROOT / "docs" / f"{manual}.md").read_text()
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert "://" in target or (ROOT / "docs" / target).resolve().exists(), f"docs/{manual}.md: {target}"
