"""Organizers prepare a fair: a list is imported, codes go to many, and a lost code is replaced at once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import AXE, Site, violations
from tests.journeys.steps import sign_in_exhibitor, sign_in_organizer

EXHIBITORS = "/organizer/bigevents/sampleconf/exhibitors/"
CONTACT = "johnson@as.example.org"
pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)
LIST = """Firma;Stand;E-Mail;Kundennummer;Notiz
Zwölf Nordlichter;Z1;zwoelf@example.org;J-1;Strom
Zwölf Südlichter;Z2;nicht-richtig;J-2;
"""


def test_imports_a_list(page: Page, site: Site) -> None:
    sign_in_organizer(page, site)
    page.goto(EXHIBITORS)
    page.get_by_role("link", name="Import").click()
    content = LIST.encode("cp1252")
    page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": "aussteller.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Upload and look").click()
    plan = page.locator("#plan")
    expect(plan).to_contain_text("Enter a valid email address.")
    expect(page.get_by_role("button", name=re.compile("^Import"))).to_have_count(0)
    page.get_by_label("“E-Mail” is taken for").select_option("")
    expect(plan.get_by_role("button", name="Import 2 rows")).to_be_visible()
    page.get_by_label("“Stand” is taken for").select_option("internal_id")
    expect(plan).to_contain_text("Two columns of the file are chosen as “Internal id”.")
    page.get_by_label("“Stand” is taken for").select_option("booth")
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    plan.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("main")).to_contain_text("Imported: 2 rows added")
    page.get_by_role("searchbox").fill("nordlichter")
    expect(page.get_by_role("link", name="Zwölf Nordlichter")).to_be_visible()


def test_sends_codes_to_many(page: Page, site: Site) -> None:
    sign_in_organizer(page, site)
    page.goto(f"{EXHIBITORS}?q=science")
    before = len(site.mails(CONTACT))
    bar = page.locator(".bulk-bar")
    expect(bar).to_be_hidden()
    page.get_by_label("Select Aperture Science").check()
    expect(bar).to_contain_text("1 selected")
    bar.get_by_role("button", name="Send codes").click()
    expect(page.get_by_role("main")).to_contain_text("1 exhibitor gets a mail")
    page.get_by_role("button", name="Send the codes").click()
    expect(page.get_by_role("heading", name="Mailing of access codes")).to_be_visible()
    expect(page.locator("#mailing")).to_contain_text("1 code is sent.", timeout=20_000)
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    assert len(site.mails(CONTACT)) == before + 1
    assert site.facts.access_code in site.mail(CONTACT, site.facts.access_code)
    page.goto(f"{EXHIBITORS}?q=science")
    expect(page.get_by_role("img", name="Code sent")).to_have_count(1)


def test_a_new_code_ends_the_old_ones_session(new_page: Callable[..., Page], site: Site) -> None:
    office, booth = new_page(), new_page()
    sign_in_organizer(office, site)
    office.goto(f"{EXHIBITORS}?q=nebelkr")
    office.locator("main tbody a").first.click()
    office.locator("#code-panel-full summary").click()
    old = office.locator("#code-full").input_value()
    sign_in_exhibitor(booth, site, old)
    office.get_by_role("link", name="Make new codes").click()
    office.get_by_label("Scanning code").uncheck()
    office.get_by_role("button", name="Make new codes").click()
    expect(office.get_by_role("main")).to_contain_text("The old ones open nothing any more.")
    booth.goto("/exhibitor/leads")
    expect(booth).to_have_url(re.compile("/e/"))
    booth.get_by_label("Access code").fill(old)
    booth.get_by_role("main").get_by_role("button").first.click()
    expect(booth.get_by_role("main")).to_contain_text("This code is not known.")
    office.locator("#code-panel-full summary").click()
    new = office.locator("#code-full").input_value()
    assert new != old
    sign_in_exhibitor(booth, site, new)
