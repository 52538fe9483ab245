"""Every page, light and dark, on a desk and on a phone: axe finds nothing, nothing sticks out sideways."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import AXE, DESK, PHONE, Site, violations
from tests.journeys.steps import sign_in_exhibitor, sign_in_organizer

EVENT = "/organizer/bigevents/sampleconf"
PAGES = {
    "nobody": [
        "/",
        "/login",
        "/e/",
        "/e/VKHZ2FU84",
        "/e/send",
        "/e/sent",
        "/nothing-here",
        "/api/docs",
        "/dev/parts",
        "/dev/mails",
    ],
    "exhibitor": [
        "/exhibitor/leads",
        "/exhibitor/leads?q=nobody+has+this",
        "/exhibitor/leads/figures",
        "/exhibitor/leads/export",
        "/exhibitor/leads/export?rating=5",
        "/exhibitor/scan",
        "/exhibitor/vouchers",
        "/exhibitor/vouchers/print",
        "/exhibitor/profile",
    ],
    "scanner": ["/exhibitor/scan", "/exhibitor/leads"],
    "organizer": [
        "/organizer/",
        f"{EVENT}/",
        f"{EVENT}/exhibitors/",
        f"{EVENT}/exhibitors/?q=nobody+has+this",
        f"{EVENT}/exhibitors/new",
        f"{EVENT}/exhibitors/bulk?do=send&all=1",
        f"{EVENT}/exhibitors/bulk?do=tags&all=1&q=science",
        f"{EVENT}/exhibitors/bulk?do=delete&all=1&q=science",
        f"{EVENT}/exhibitors/import",
        f"{EVENT}/exhibitors/tags",
        f"{EVENT}/exhibitors/mailings",
        f"{EVENT}/exhibitors/settings",
        f"{EVENT}/leads/",
        f"{EVENT}/seats/",
        f"{EVENT}/seats/?zone=Balcony+left&filter=1&state=blocked",
        f"{EVENT}/seats/history",
        f"{EVENT}/seats/plan",
        "/organizer/bigevents/seriesconf/",
        "/organizer/bigevents/no-such-event/",
    ],
}


def first_of(page: Page, listing: str, links: str) -> str:
    """The address of the first thing in a list."""
    page.goto(listing)
    found = page.locator(links).first.get_attribute("href")
    assert found is not None
    return found


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
@pytest.mark.parametrize("person", list(PAGES))
def test_axe_finds_nothing(person: str, site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(color_scheme="light", reduced_motion="reduce")
    addresses = list(PAGES[person])
    if person == "exhibitor":
        sign_in_exhibitor(page, site)
        addresses.append(first_of(page, "/exhibitor/leads", "#lead-list tbody a"))
        addresses.append(first_of(page, "/exhibitor/vouchers", "#vouchers th a"))
    if person == "scanner":
        page.goto(f"/e/{site.facts.lead_scanning_access_code}")
        page.get_by_role("main").get_by_role("button").first.click()
        page.wait_for_url("**/exhibitor/scan")
    if person == "organizer":
        sign_in_organizer(page, site)
        exhibitor = first_of(page, f"{EVENT}/exhibitors/", "main tbody a")
        addresses += [exhibitor, f"{exhibitor}edit", f"{exhibitor}vouchers?q=a"]
    problems: list[str] = []
    for address in addresses:
        page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
        page.goto(address)
        page.evaluate(AXE.read_text())
        for size in (DESK, PHONE):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            problems += violations(page)
            page.emulate_media(color_scheme="dark")
            problems += violations(page, "color-contrast")
            page.emulate_media(color_scheme="light")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                problems.append(f"{address} is {wide} px wider than {size['width']}")
    assert problems == []
