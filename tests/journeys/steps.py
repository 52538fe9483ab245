"""What people do on every journey: sign in, and look for someone."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from portal.exchange.demo.facts import SignIn
from tests.journeys.conftest import Site


def sign_in_exhibitor(page: Page, site: Site, typed: str | None = None) -> None:
    """Type an access code, Aperture Science's unless another is given, and arrive at the leads."""
    page.goto("/e/")
    page.get_by_label("Access code").fill(typed or site.facts.access_code)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()


def sign_in_organizer(page: Page, site: Site, person: SignIn | None = None) -> None:
    """Sign in with e-mail and password, an organizer's unless others are given, and arrive at the events."""
    user = person or site.facts.organizer_user
    page.goto("/login")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(user.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Events", exact=True)).to_be_visible()


def search(page: Page, field: Locator, text: str) -> None:
    """Type into a search that answers while somebody types, until what it shows is for all of the text."""
    field.press_sequentially(text, delay=20)
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q") == [text])
    page.wait_for_function("!document.querySelector('[data-requests], .htmx-request, .htmx-swapping, .htmx-settling')")
