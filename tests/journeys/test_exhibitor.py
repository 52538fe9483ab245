"""An exhibitor at the booth: signs in, finds a lead, rates it, loses the code and gets it back."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import PHONE, Site
from tests.journeys.steps import search, sign_in_exhibitor


def test_signs_in_searches_and_rates_a_lead(page: Page, site: Site) -> None:
    sign_in_exhibitor(page, site, " " + site.facts.access_code[:4].lower() + "-" + site.facts.access_code[4:])
    rows = page.locator("#lead-list tbody tr")
    expect(rows).to_have_count(50)
    name = rows.nth(7).locator("th a").inner_text()
    search(page, page.get_by_role("searchbox"), name.upper()[:12].strip())
    row = rows.filter(has=page.get_by_role("link", name=name, exact=True)).first
    expect(row).to_be_visible()
    expect(rows).not_to_have_count(50)
    lead = row.get_attribute("id")
    with page.expect_response(lambda answer: answer.request.method == "POST") as saved:
        row.locator("input[type=radio][value='2'] + label, label:has(input[value='2'])").first.click()
    assert saved.value.ok
    page.reload()
    expect(page.locator(f"#{lead} input[type=radio][value='2']")).to_be_checked()


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_a_link_signs_in_by_its_button_only(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=PHONE)
    page.goto(f"/e/{site.facts.access_code}")
    page.goto("/exhibitor/leads")
    expect(page).to_have_url(re.compile(r"/e/"))
    page.goto(f"/e/{site.facts.access_code}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_the_code_comes_by_mail(page: Page, site: Site) -> None:
    page.goto("/e/send")
    page.get_by_label("E-mail address").fill("Johnson@AS.example.org")
    page.get_by_role("button", name="Send my code").click()
    expect(page.get_by_role("main")).to_contain_text("mail")
    text = site.mail("johnson@as.example.org", site.facts.access_code)
    link = re.search(r"http://127\.0\.0\.1:\d+(/e/\S+)", text)
    assert link is not None
    page.goto(link[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()


def speak_english(page: Page) -> None:
    """Choose the language, which is otherwise the exhibitor's."""
    page.goto("/e/")
    page.locator("button[name=locale][value=en]").first.click()


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_rates_many_and_takes_them_away(page: Page, site: Site) -> None:
    speak_english(page)
    sign_in_exhibitor(page, site)
    rows = page.locator("#lead-list tbody tr")
    leads = [(rows.nth(number).get_attribute("id") or "").removeprefix("lead-") for number in (3, 4)]
    for number in (3, 4):
        rows.nth(number).locator("td.select input").check()
    bar = page.get_by_role("group", name="For the selected leads")
    expect(bar.get_by_role("status")).to_have_text("2 selected")
    bar.get_by_label("Rating").select_option("5")
    bar.get_by_role("button", name="Rate").click()
    expect(page.locator("#toasts")).to_contain_text("lead")
    for number in (3, 4):
        expect(rows.nth(number).locator("input[type=radio][value='5']")).to_be_checked()
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_label("CSV with commas").check()
    page.get_by_label(re.compile("^All: ")).check()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    with Path(downloading.value.path()).open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["Rating"] for row in table if row["Lead number"] in leads] == ["5", "5"]
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("New since the last export: 0 leads")


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
@pytest.mark.parametrize("loads", [True, False])
def test_codes_typed_while_the_page_loads(new_page: Callable[..., Page], site: Site, loads: bool) -> None:
    page = new_page(viewport=PHONE)
    gate = f"/pretixdroid/api/bigevents/sampleconf/search/?key={site.facts.device_key}&query=wang"
    speak_english(page)
    badge = page.request.get(gate).json()["results"][0]["secret"]
    held: list[Route] = []
    page.route(re.compile(r"/scan\.[^/]*js"), lambda route: held.append(route))
    page.goto(f"/e/{site.facts.lead_scanning_access_code}", wait_until="commit")
    page.get_by_role("main").get_by_role("button").first.click(no_wait_after=True)
    expect(page.get_by_label("Badge or ticket code")).to_be_focused()
    for code in (badge, "no-such-badge"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    expect(page.get_by_label("Badge or ticket code")).to_have_value("")
    for route in held:
        route.continue_() if loads else route.fulfill(status=404)
    expect(page.locator(".scan-list li")).to_have_count(1)
    if loads:
        expect(page.locator("#scan-live .scan-result")).to_contain_text("no-such-badge")


def test_scans_by_typed_codes(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=PHONE)
    gate = f"/pretixdroid/api/bigevents/sampleconf/search/?key={site.facts.device_key}&query=yuting"
    speak_english(page)
    badge = page.request.get(gate).json()["results"][0]["secret"]
    page.goto(f"/e/{site.facts.lead_scanning_access_code}")
    page.get_by_role("main").get_by_role("button").first.click()
    field = page.get_by_label("Badge or ticket code")
    expect(field).to_be_focused()
    # A hand-held scanner types and presses Enter: the next code follows before the first was answered.
    for code in ("no-such-badge", badge, badge):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    result = page.locator("#scan-live .scan-result")
    expect(result).to_contain_text("Scanned before")
    expect(page.locator(".scan-list li")).to_have_count(1)
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.get_by_role("radio", name="4 stars").check(force=True)
    page.get_by_role("button", name="Save").click()
    expect(result).to_contain_text("Saved")
    expect(page.get_by_role("radio", name="4 stars")).to_be_checked()
    expect(field).to_be_focused()
