"""On a narrow phone the longest words, which are German, stay on the screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Site

EVENT = "/organizer/bigevents/sampleconf"
BEYOND = """
  chosen => [...document.querySelectorAll(chosen)].filter(each => each.offsetParent).filter(each => {
    const { left, right } = each.getBoundingClientRect();
    return left < 0 || right > innerWidth || each.scrollWidth > each.clientWidth + 1;
  }).map(each => each.textContent.trim())
"""
TOAST = """
  undo => document.dispatchEvent(new CustomEvent("portal:toast", { detail: { message: "12 Plätze gesperrt", undo } }))
"""


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_long_words_stay_on_the_screen(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=PHONE, has_touch=True, locale="de")
    refused = page.request.post(
        f"/pretixdroid/api/bigevents/sampleconf/redeem/?key={site.facts.device_key}", form={"secret": "nobody has this"}
    )
    assert refused.json()["reason"] == "unknown_ticket"
    user = site.facts.organizer_user
    page.goto("/login")
    page.locator("input[name=email]").fill(user.email)
    page.locator("input[name=password]").fill(user.password)
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_role("heading", name="Veranstaltungen", exact=True)).to_be_visible()
    for path in ("/organizer/", "/account/", "/organizer/bigevents/-/teams/1/", f"{EVENT}/checkin/log"):
        answer = page.goto(path)
        assert answer is not None, path
        assert answer.ok, path
        assert page.evaluate(BEYOND, ".bottom-nav .nav-link span, .bottom-nav summary span") == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
    expect(page.locator(".badge").filter(has_text="Abgewiesen: Unbekanntes Ticket").first).to_be_visible()
    page.evaluate(TOAST, {"url": "/nowhere", "label": "Rückgängig machen, weil es falsch war"})
    expect(page.locator("#toasts [data-toast-undo]")).to_be_visible()
    assert page.evaluate(BEYOND, ".toast, .toast button") == []
