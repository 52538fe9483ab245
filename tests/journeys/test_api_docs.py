"""A developer reads the API's description and tries it with a token, on the page and under its policy."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_an_operation_is_tried_with_a_token(page: Page, site: Site) -> None:
    page.goto("/api/docs")
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".modal-ux")
    scheme = dialog.locator(".auth-container").filter(has_text="team_token")
    scheme.get_by_role("textbox").fill(f"Token {site.facts.team_token}")
    scheme.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").first.click()
    operation = page.locator("#operations-seats-seats_list_seats")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    for name, value in (("organizer", "bigevents"), ("event", "sampleconf"), ("page_size", "2")):
        operation.locator(f"tr[data-param-name='{name}'] input").fill(value)
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text('"seat_guid"')
    curl = operation.locator(".curl-command")
    expect(curl).to_contain_text("/api/v1/organizers/bigevents/events/sampleconf/seats/")
