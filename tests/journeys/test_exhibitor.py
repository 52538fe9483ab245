"""An exhibitor at the booth: signs in, finds a lead, rates it, loses the code and gets it back."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE, Site
from tests.journeys.steps import sign_in_exhibitor


def test_signs_in_searches_and_rates_a_lead(page: Page, site: Site) -> None:
    sign_in_exhibitor(page, site, " " + site.facts.access_code[:4].lower() + "-" + site.facts.access_code[4:])
    rows = page.locator("#lead-list tbody tr")
    expect(rows).to_have_count(50)
    name = rows.nth(7).locator("th a").inner_text()
    page.get_by_role("searchbox").press_sequentially(name.upper()[:12], delay=20)
    expect(page).to_have_url(re.compile(r"[?&]q="))
    row = rows.filter(has=page.get_by_role("link", name=name, exact=True)).first
    expect(row).to_be_visible()
    expect(rows).not_to_have_count(50)
    lead = row.get_attribute("id")
    with page.expect_response(lambda answer: answer.request.method == "POST") as saved:
        row.locator("input[type=radio][value='2'] + label, label:has(input[value='2'])").first.click()
    assert saved.value.ok
    page.reload()
    expect(page.locator(f"#{lead} input[type=radio][value='2']")).to_be_checked()


def test_a_link_signs_in_by_its_button_only(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=PHONE)
    page.goto(f"/e/{site.facts.access_code}")
    page.goto("/exhibitor/leads")
    expect(page).to_have_url(re.compile(r"/e/"))
    page.goto(f"/e/{site.facts.access_code}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()


def test_the_code_comes_by_mail(page: Page, site: Site) -> None:
    page.goto("/e/send")
    page.get_by_label("E-mail address").fill("Johnson@AS.example.org")
    page.get_by_role("button", name="Send my code").click()
    expect(page.get_by_role("main")).to_contain_text("mail")
    for _ in range(100):
        if mails := site.mails():
            break
        page.wait_for_timeout(100)
    mail = message_from_bytes(mails[-1].read_bytes(), policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert site.facts.access_code in text
    link = re.search(r"http://127\.0\.0\.1:\d+(/e/\S+)", text)
    assert link is not None
    page.goto(link[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Leads", exact=True)).to_be_visible()
