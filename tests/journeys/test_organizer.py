"""An organizer the night before: signs in, opens the event, finds an exhibitor."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site
from tests.journeys.steps import search, sign_in_organizer


def test_signs_in_and_finds_the_exhibitor(page: Page, site: Site) -> None:
    sign_in_organizer(page, site)
    page.get_by_role("link", name="Sample conference").first.click()
    expect(page.get_by_role("heading", name="Sample conference")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Exhibitors").first.click()
    search(page, page.get_by_role("searchbox"), "apérture")
    found = page.get_by_role("link", name="Aperture Science")
    expect(found).to_have_count(1)
    found.click()
    expect(page.get_by_role("heading", name="Aperture Science")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("johnson@as.example.org")


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_signing_out_ends_the_session(page: Page, site: Site) -> None:
    sign_in_organizer(page, site)
    page.get_by_role("button", name="Sign out").first.click()
    page.goto("/organizer/")
    expect(page).to_have_url(re.compile(r"/login"))
