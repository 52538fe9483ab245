"""A reseller creates a client; an application is made, let in for one organizer, used, and its access ended."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import DESK, Site
from tests.journeys.steps import sign_in_organizer

pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


@pytest.fixture
def callback() -> Iterator[str]:
    """The application's own address, on another port: another origin, to which the form may lead all the same."""

    class Application(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"back in the application")

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    server.server_close()


@pytest.fixture
def desk(browser: Browser, site: Site) -> Iterator[Page]:
    """A browser that may go to the application too."""
    context = browser.new_context(base_url=site.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [problem for problem in problems if "favicon" not in problem and "status of 422" not in problem] == []


def test_a_reseller_creates_a_client(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=DESK)
    sign_in_organizer(page, site)
    page.get_by_role("navigation").get_by_role("link", name="Clients").first.click()
    expect(page.get_by_role("main")).to_contain_text("No clients yet")
    page.get_by_role("link", name="New client").click()
    page.get_by_label("Name", exact=True).fill("Nordmesse")
    page.get_by_label("Short name").fill("BigEvents")
    page.get_by_role("button", name="Create the client").click()
    expect(page.get_by_label("Short name")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("main")).to_contain_text("taken already")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Nordmesse")
    page.get_by_label("Short name").fill("nordmesse")
    page.get_by_role("button", name="Create the client").click()
    expect(page.get_by_role("main")).to_contain_text("Nordmesse")
    page.goto("/reseller/")
    row = page.get_by_role("row", name="Nordmesse")
    expect(row).to_contain_text("nordmesse")
    expect(row).to_contain_text("no event yet")
    page.get_by_role("link", name="Contact data").click()
    page.get_by_label("Phone for support").fill("+49 30 5550100")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Phone for support")).to_have_value("+49 30 5550100")


def test_an_application_is_let_in_for_one_organizer(desk: Page, site: Site, callback: str) -> None:
    sign_in_organizer(desk, site)
    desk.goto("/reseller/")
    desk.get_by_role("link", name="New client").click()
    desk.get_by_label("Name", exact=True).fill("Westmesse")
    desk.get_by_label("Short name").fill("westmesse")
    desk.get_by_role("button", name="Create the client").click()
    desk.goto("/organizer/")
    desk.get_by_role("navigation").get_by_role("link", name="Applications").first.click()
    desk.get_by_role("link", name="New application").click()
    desk.get_by_label("Name").fill("Hall planner")
    desk.get_by_label("Where people come back to").fill("http://app.example.org/back")
    desk.get_by_role("button", name="Create the application").click()
    expect(desk.get_by_role("main")).to_contain_text("Use https.")
    desk.get_by_label("Where people come back to").fill(callback)
    desk.get_by_role("button", name="Create the application").click()
    secret, client_id = desk.get_by_label("Client secret").input_value(), desk.get_by_label("Client id").input_value()
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "scope": "read",
        "redirect_uri": callback,
        "state": "s",
        "approval_prompt": "force",
    }

    def let_in(organizer: str) -> str:
        desk.goto(f"/api/v1/oauth/authorize?{urlencode(asked)}")
        expect(desk.get_by_role("heading", name="Allow Hall planner to act for you?")).to_be_visible()
        boxes = desk.get_by_role("group", name="Organizers")
        expect(boxes).to_be_hidden()
        desk.get_by_label("Only in those that I choose").check()
        boxes.get_by_label(organizer).check()
        desk.get_by_role("button", name="Allow", exact=True).click()
        expect(desk.locator("body")).to_have_text("back in the application")
        found = parse_qs(urlsplit(desk.url).query)
        assert found["state"] == ["s"]
        form = {"grant_type": "authorization_code", "code": found["code"][0], "redirect_uri": callback}
        answer = httpx.post(f"{site.url}/api/v1/oauth/token", data=form, auth=(client_id, secret))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def seats(token: str) -> int:
        path = "/api/v1/organizers/bigevents/events/sampleconf/seats/?page_size=1"
        return httpx.get(site.url + path, headers={"Authorization": f"Bearer {token}"}).status_code

    there, here = let_in("Westmesse"), let_in("Big Events")
    assert (seats(there), seats(here)) == (403, 200)

    desk.goto("/account/access/")
    row = desk.get_by_role("row", name="Big Events")
    expect(row).to_contain_text("Hall planner")
    row.get_by_role("button", name="End").click()
    desk.locator("dialog[open]").get_by_role("button", name="End access").click()
    expect(desk.get_by_role("row", name="Big Events")).to_have_count(0)
    expect(desk.get_by_role("row", name="Westmesse")).to_have_count(1)
    assert seats(here) == 401

    desk.goto("/account/applications/")
    desk.get_by_role("link", name="Hall planner").click()
    desk.get_by_role("button", name="Delete").click()
    desk.locator("dialog[open]").get_by_role("button", name="Delete the application").click()
    expect(desk.get_by_role("main")).to_contain_text("is deleted")
    assert seats(there) == 401
