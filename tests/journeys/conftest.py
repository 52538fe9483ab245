"""A real server with the demo fair, and a real browser that tolerates no error and no other host."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize, sync_playwright

from portal.exchange.demo import DemoFacts, demo_banner_facts
from tests import services

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests" / "data" / "vendor" / "axe" / "axe.min.js"
BACKENDS = ("sqlite", "postgresql")
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}


@dataclass
class Site:
    """A running portal: its address, its folder, and the demo's sign-ins."""

    url: str
    folder: Path
    facts: DemoFacts
    environ: dict[str, str] = field(repr=False)

    def mails(self, address: str) -> list[EmailMessage]:
        """The mails to an address that became files, oldest first; other journeys' mails come to the same folder."""
        files = sorted((self.folder / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)
        mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [mail for mail in mails if address.lower() in str(mail["To"]).lower()]

    def mail(self, address: str, containing: str) -> str:
        """The text of the newest mail to an address that holds some words, once the worker has written it."""
        for _ in range(150):
            for mail in reversed(self.mails(address)):
                body = mail.get_body(("plain",))
                if body is not None and containing in (text := str(body.get_content())):
                    return text
            time.sleep(0.2)
        raise AssertionError(f"no mail to {address} with {containing}")


def run(environ: dict[str, str], *arguments: str, typed: str | None = None) -> None:
    """Run Python with our code to its end; ``typed`` is its standard input."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environ,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"


def flask(environ: dict[str, str], *arguments: str, typed: str | None = None) -> None:
    """Run a command of the portal to its end."""
    run(environ, "-m", "flask", "--app", "wsgi", *arguments, typed=typed)


#: The demo fair in an empty database, by one process: each takes a second to start.
PREPARE = """
from wsgi import app
for command in (["db", "upgrade"], ["demo"]):
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 0, (done.output, done.exception)
"""


@contextmanager
def serving(folder: Path, database_url: str) -> Iterator[Site]:
    """The portal as `make run` starts it, on a port of its own."""
    port = services.free_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COV_")} | {
        "PORTAL_ENV": "development",
        "INSTANCE_PATH": str(folder),
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "WORKERS": "1",
        "RATELIMIT_ENABLED": "0",
    }
    run(environ, "-c", PREPARE)
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "serve"], cwd=ROOT, env=environ, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=2).close()  # noqa: S310 (our own server)
                break
            except OSError:
                assert process.poll() is None, (folder / "server.log").read_text()
                time.sleep(0.2)
        yield Site(url, folder, demo_banner_facts(), environ)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="session", params=BACKENDS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo fair, served from each database."""
    folder = tmp_path_factory.mktemp(f"site-{request.param}")
    if request.param == "postgresql":
        url = services.create_database(request.getfixturevalue("postgres_server"), "journeys")
    else:
        url = f"sqlite:///{folder / 'portal.sqlite3'}"
    with serving(folder, url) as running:
        yield running


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Debian's Chromium, which can reach nothing but this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens browsers of their own (``viewport``, ``color_scheme``, …); at the end none may have met an error."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # A search gives its request up when somebody types on: htmx tells the console, as it tells of real errors.
        given_up = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if message.type == "error" and "status of 4" not in message.text and not given_up:
            problems.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((site.url, "data:", "blob:")):
            problems.append(f"another host: {request.url}")

    def open_page(**options: object) -> Page:
        settings: dict[str, object] = {"locale": "en-GB", "viewport": DESK, "base_url": site.url} | options
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", on_console)
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on("request", on_request)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One browser at a desk."""
    return new_page()


def violations(page: Page, *rules: str) -> list[str]:
    """What axe (already there) finds on the open page, a line each; by ``rules`` alone where some are named."""
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": list(rules)} if rules else {})
    ends = "each => each.effect.getComputedTiming().endTime < Infinity"
    settled = f"Promise.allSettled(document.getAnimations().filter({ends}).map(each => each.finished))"
    found = page.evaluate(f"async options => {{ await {settled}; return axe.run(document, options) }}", options)
    return [
        f"{page.url} {problem['id']}: {node['target']} {node['failureSummary']}"
        for problem in found["violations"]
        for node in problem["nodes"]
    ]
