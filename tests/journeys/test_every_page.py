"""Every page, light and dark, on a desk and on a phone: axe finds nothing, nothing sticks out sideways."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import DESK, PHONE, Site, violations
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
        "/exhibitor/vouchers",
        "/exhibitor/profile",
    ],
    "scanner": ["/exhibitor/scan", "/exhibitor/leads"],
    "organizer": [
        "/organizer/",
        f"{EVENT}/",
        f"{EVENT}/exhibitors/",
        f"{EVENT}/exhibitors/?q=nobody+has+this",
        f"{EVENT}/seats/",
        f"{EVENT}/seats/?zone=Balcony+left&filter=1&state=blocked",
        f"{EVENT}/seats/history",
        f"{EVENT}/seats/plan",
        f"{EVENT}/checkin/",
        f"{EVENT}/checkin/lists/new",
        f"{EVENT}/checkin/lists/1/edit",
        f"{EVENT}/checkin/lists/1/?q=schm",
        f"{EVENT}/checkin/lists/1/?ticket=1&q=nobody+has+this",
        f"{EVENT}/checkin/lists/1/figures",
        f"{EVENT}/checkin/devices/",
        f"{EVENT}/checkin/devices/new",
        f"{EVENT}/checkin/log",
        f"{EVENT}/checkin/log?q=nobody+has+this",
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
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("person", list(PAGES))
def test_axe_finds_nothing(person: str, scheme: str, site: Site, new_page: Callable[..., Page]) -> None:
    page = new_page(color_scheme=scheme, reduced_motion="reduce")
    addresses = list(PAGES[person])
    if person == "exhibitor":
        sign_in_exhibitor(page, site)
        addresses.append(first_of(page, "/exhibitor/leads", "#lead-list tbody a"))
        addresses.append(first_of(page, "/exhibitor/vouchers", "main a[href*='/exhibitor/vouchers/']"))
    if person == "scanner":
        page.goto(f"/e/{site.facts.lead_scanning_access_code}")
        page.get_by_role("main").get_by_role("button").first.click()
        page.wait_for_url("**/exhibitor/scan")
    if person == "organizer":
        sign_in_organizer(page, site)
        addresses.append(first_of(page, f"{EVENT}/exhibitors/", "main tbody a"))
    problems: list[str] = []
    for address in addresses:
        for size in (DESK, PHONE):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            page.goto(address)
            problems += violations(page)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                problems.append(f"{address} is {wide} px wider than {size['width']}")
    assert problems == []
