"""A fair without a ticket shop: an event is made, a list of attendees imported, a ticket changed and cancelled."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site
from tests.journeys.steps import sign_in_organizer

pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


def test_from_nothing_to_a_sold_ticket(page: Page, site: Site, tmp_path: Path) -> None:
    sign_in_organizer(page, site)
    page.goto("/organizer/bigevents/-/")
    page.get_by_role("link", name="New event").click()
    page.get_by_label("Name", exact=True).fill("Own fair")
    page.get_by_label("Short name").fill("own")
    page.get_by_label("Begins").fill("2027-05-01T09:00")
    page.get_by_role("button", name="Create the event").click()
    page.get_by_role("main").get_by_role("link", name="New product").click()
    page.get_by_label("Name (English)").first.fill("Visitor")
    page.get_by_label("Price", exact=True).fill("12.50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("rowheader", name="Visitor")).to_be_visible()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Orders").first.click()
    page.get_by_role("link", name="Import attendees").click()
    sheet = tmp_path / "list.csv"
    sheet.write_text("Id;Vorname;Nachname;E-Mail;Firma\n1;Ida;Noddack;ida@example.org;Rhenium AG\n2;Otto;Berg;;\n")
    page.get_by_label("CSV or XLSX file").set_input_files(sheet)
    page.get_by_role("button", name="Upload and look").click()
    expect(page.get_by_text("No column of the file is chosen as “Product”")).to_be_visible()
    page.get_by_label("Product of all rows").select_option(label="Visitor")
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("2 rows added")).to_be_visible()

    page.get_by_role("searchbox").press_sequentially("rhenium", delay=20)
    expect(page).to_have_url(re.compile(r"[?&]q=rhenium"))
    expect(page.get_by_role("main").get_by_role("rowheader")).to_have_count(1)
    page.get_by_role("main").get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Ida Noddack")).to_be_visible()
    page.get_by_role("button", name="Cancel this ticket").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel this ticket").click()
    expect(page.get_by_text("The ticket is cancelled.")).to_be_visible()

    page.goto("/organizer/bigevents/own/orders/-/new")
    page.get_by_label("Product").select_option(label="Visitor")
    page.get_by_label("Given name").fill("Lise")
    page.get_by_role("button", name="One more ticket").click()
    page.get_by_label("Given name").nth(1).fill("Hedwig")
    page.get_by_label("It is paid").check()
    page.get_by_role("button", name="Create the order").click()
    expect(page.get_by_role("heading", name="Hedwig")).to_be_visible()
    page.get_by_role("link", name="Print tickets").click()
    expect(page.get_by_role("img", name="Code of ticket 2")).to_be_visible()
