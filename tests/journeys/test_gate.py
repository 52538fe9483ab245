"""At the gate: a phone is paired, people are checked in by hand, questions are asked, a mistake is taken back."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Site
from tests.journeys.steps import sign_in_organizer

CHECKIN = "/organizer/bigevents/sampleconf/checkin/"
#: An order of the demo with a shirt whose size nobody knows yet.
SHIRT_ORDER = "RLMP9"


def to_the_desk(page: Page, site: Site) -> None:
    """From the sign-in to the console of the main entrance."""
    sign_in_organizer(page, site)
    page.goto(CHECKIN)
    page.get_by_role("link", name="Main entrance", exact=True).click()
    expect(page.get_by_role("heading", name="Main entrance")).to_be_visible()
    page.wait_for_load_state()


def outcome(page: Page, words: str) -> None:
    """What the console says in large letters, where the focus is."""
    heading = page.locator("#outcome-head")
    expect(heading).to_have_text(words)
    expect(heading).to_be_focused()


def test_pairs_a_phone_that_then_scans(page: Page, site: Site) -> None:
    sign_in_organizer(page, site)
    page.goto(f"{CHECKIN}devices/")
    page.get_by_role("link", name="New device").click()
    page.get_by_label("Name", exact=True).fill("Phone 7")
    page.get_by_label("Check-in list").select_option(label="Main entrance")
    expect(page.get_by_role("group", name="Products")).to_be_hidden()
    page.get_by_role("button", name="Create the device and show its code").click()
    expect(page.get_by_role("heading", name="Pair Phone 7")).to_be_visible()
    code = page.locator(".qr-button svg").first
    box = code.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 300, "it scans from a screen"
    page.get_by_role("button", name="fill the screen").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    held: Any = json.loads(page.locator("#pair-content").input_value())
    url = f"{held['url']}status/?" + urllib.parse.urlencode({"key": held["key"]})
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        assert json.load(answer)["version"] == 3
    page.get_by_role("link", name="Done").click()
    row = page.get_by_role("row").filter(has_text="Phone 7")
    expect(row.get_by_text("never")).to_have_count(0)
    row.get_by_role("link", name="Phone 7").click()
    page.get_by_role("button", name="Shut out").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(page.get_by_role("row").filter(has_text="Phone 7")).to_contain_text("shut out")


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_checks_in_by_hand_and_takes_it_back_on_a_phone(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=PHONE, has_touch=True)
    to_the_desk(page, site)
    page.get_by_role("searchbox").press_sequentially("tariq", delay=30)
    expect(page).to_have_url(re.compile(r"[?&]q=tariq"))
    page.get_by_role("button", name="Check in Tariq Al-Masri").click()
    outcome(page, "Come in")
    details = page.get_by_role("link", name="Details of Tariq Al-Masri")
    details.click()
    outcome(page, "Is in")
    expect(page.locator(".outcome")).to_contain_text("Ada")
    page.get_by_text("Take the check-in back").click()
    page.get_by_role("button", name="Take back").click()
    reason = page.get_by_label("Why?")
    expect(reason).to_be_focused()
    reason.fill("wrong person")
    page.get_by_role("button", name="Take back").click()
    outcome(page, "Not in yet")
    page.get_by_role("link", name="Log", exact=True).first.click()
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("Taken back")
    expect(first).to_contain_text("wrong person")


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_a_hand_scanner_and_a_question(page: Page, site: Site) -> None:
    to_the_desk(page, site)
    page.get_by_role("searchbox").fill(SHIRT_ORDER)
    page.get_by_role("listitem").filter(has_text="T-Shirt").get_by_role("button", name="Check in").first.click()
    outcome(page, "A question first")
    page.get_by_role("button", name="Answer and check in").click()
    expect(page.locator(".outcome")).to_contain_text("Choose one of these.")
    page.get_by_role("radio", name="L", exact=True).check()
    page.get_by_role("button", name="Answer and check in").click()
    outcome(page, "Come in")
    # A hand scanner types wherever the focus is, and ends with Enter.
    page.keyboard.type("nobodyhasthiscode")
    page.keyboard.press("Enter")
    outcome(page, "Unknown ticket")
    expect(page.get_by_role("searchbox")).to_have_value("nobodyhasthiscode")
    gate = f"/pretixdroid/api/bigevents/sampleconf/search/?key={site.facts.device_key}&query=tariq"
    secret = next(one["secret"] for one in page.request.get(gate).json()["results"] if not one["redeemed"])
    # The second person with the same ticket is stopped aloud, not by a small tick in a list.
    for said in ("Come in", "Already in"):
        page.keyboard.type(secret)
        page.keyboard.press("Enter")
        outcome(page, said)
