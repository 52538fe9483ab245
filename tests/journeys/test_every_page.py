"""Every page, light and dark, on a desk and on a phone: axe finds nothing, nothing sticks out sideways."""

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.journeys.conftest import AXE, DESK, PHONE, Site, violations
from tests.journeys.steps import sign_in_exhibitor, sign_in_organizer

EVENT = "/organizer/bigevents/sampleconf"
ORGANIZER = "/organizer/bigevents/-"
ROW, VOUCHER = "main tbody a", "#vouchers th a"
PAGES = {
    "nobody": [
        "/",
        "/login",
        "/login/forgot",
        "/login/forgot/sent",
        "/login/reset/no-such-link",
        "/invitation/no-such-link",
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
    "scanner": [
        "/exhibitor/scan",
        "/exhibitor/leads",
    ],
    "organizer: exhibitors": [
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
    ],
    "organizer: seats and gate": [
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
    ],
    "organizer: orders and settings": [
        f"{EVENT}/privacy/",
        f"{EVENT}/privacy/?q=an",
        f"{EVENT}/orders/",
        f"{EVENT}/orders/-/new",
        f"{EVENT}/orders/-/import",
        f"{EVENT}/vouchers/",
        f"{EVENT}/vouchers/-/new",
        f"{EVENT}/settings/",
        f"{ORGANIZER}/events/new",
        "/organizer/bigevents/seriesconf/",
        "/organizer/bigevents/seriesconf/settings/dates/new",
    ],
    "organizer: the house": [
        "/organizer/",
        f"{EVENT}/",
        "/account/",
        f"{ORGANIZER}/teams/",
        f"{ORGANIZER}/teams/new",
        f"{ORGANIZER}/settings/",
        f"{ORGANIZER}/log/",
        f"{ORGANIZER}/log/?q=nobody+has+this",
        "/organizer/bigevents/no-such-event/",
        "/account/applications/",
        "/account/applications/new",
        "/account/access/",
        "/reseller/",
        "/reseller/1/new",
        "/reseller/1/contact",
    ],
    "admin": [
        "/admin/organizers/",
        "/admin/organizers/new",
        "/admin/organizers/?q=nobody+has+this",
        "/admin/users/",
        "/admin/resellers/",
        "/admin/resellers/new",
        "/admin/resellers/1/",
        "/admin/resellers/?q=nobody",
    ],
}
#: Everything at the desk in the light and on the phone in the dark; colours at the desk in the dark too, on a person's
#: first pages: the frame and the parts are the same on all.
LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"], tuple[str, ...]], ...] = (
    (DESK, "light", ()),
    (DESK, "dark", ("color-contrast",)),
    (PHONE, "dark", ()),
)
FIRST_PAGES = 3
#: Lists whose first entry is opened too, with what follows its address.
FIRST: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "exhibitor": [("/exhibitor/leads", "#lead-list tbody a", ("",)), ("/exhibitor/vouchers", VOUCHER, ("",))],
    "organizer: exhibitors": [(f"{EVENT}/exhibitors/", ROW, ("", "edit", "vouchers?q=a"))],
    "organizer: orders and settings": [
        (f"{EVENT}/orders/?status=p", ROW, ("", "print")),
        (f"{EVENT}/vouchers/", ROW, ("",)),
        (f"{EVENT}/settings/products", ROW, ("",)),
        (f"{EVENT}/settings/questions", ROW, ("",)),
    ],
    "organizer: the house": [(f"{ORGANIZER}/teams/", ROW, ("", "edit")), ("/account/applications/", ROW, ("",))],
    "admin": [("/admin/users/", ROW, ("",))],
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
    if person == "exhibitor":
        sign_in_exhibitor(page, site)
    elif person == "scanner":
        page.goto(f"/e/{site.facts.lead_scanning_access_code}")
        page.get_by_role("main").get_by_role("button").first.click()
        page.wait_for_url("**/exhibitor/scan")
    elif person != "nobody":
        sign_in_organizer(page, site, site.facts.admin_user if person == "admin" else None)
    addresses = list(PAGES[person])
    for listing, links, more in FIRST.get(person, []):
        found = first_of(page, listing, links)
        addresses += [found + after for after in more]
    if person == "organizer: orders and settings":
        page.goto(f"{EVENT}/privacy/?q=an")
        ticket = page.locator("input[name=ticket]").first.get_attribute("value")
        addresses.append(f"{EVENT}/privacy/person?ticket={ticket}")
    if person == "organizer: the house":
        asked = {"client_id": site.facts.oauth_client_id, "response_type": "code", "scope": "read write"}
        addresses.append(f"/api/v1/oauth/authorize?{urlencode(asked)}")
    problems: list[str] = []
    for number, address in enumerate(addresses):
        for size, scheme, rules in LOOKS:
            if rules and number >= FIRST_PAGES:
                continue
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            if not rules and size is DESK:
                answer = page.goto(address)
                if answer is None or answer.status >= 500:
                    problems.append(f"{address} is broken")
                # Some pages are drawn by a script: it is done when the document has what every page has.
                page.locator("main").first.wait_for(state="attached")
                page.locator("h1").first.wait_for(state="attached")
                page.evaluate(AXE.read_text())
            problems += violations(page, *rules)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                problems.append(f"{address} is {wide} px wider than {size['width']}")
    assert problems == []
