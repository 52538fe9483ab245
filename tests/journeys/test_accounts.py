"""Journeys of a team: somebody is invited, joins in another browser, forgets the password and sets another one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.exchange.demo.facts import SignIn
from tests.journeys.conftest import Site
from tests.journeys.steps import sign_in_organizer

GRACE = "grace@example.org"


def link_to(site: Site, email: str, path: str) -> str:
    """The path of the link in the newest mail to an address, once the worker has written it."""
    found = re.search(rf"{re.escape(site.url)}({path}\S+)", site.mail(email, f"{site.url}{path}"))
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_an_invitation_and_a_forgotten_password(site: Site, new_page: Callable[..., Page]) -> None:
    ada, grace, phone = new_page(), new_page(), new_page(viewport={"width": 360, "height": 740})
    sign_in_organizer(ada, site)
    ada.goto("/organizer/bigevents/-/teams/new")
    ada.get_by_role("textbox", name="Name").fill("Gate crew")
    ada.get_by_role("checkbox", name=re.compile("^Check in ")).check()
    ada.get_by_label("These events alone:").check()
    ada.get_by_label("Sample conference").check()
    ada.get_by_role("button", name="Create the team").click()
    expect(ada.get_by_role("heading", name="Gate crew")).to_be_visible()
    ada.get_by_label("Invite by e-mail").fill(GRACE)
    ada.get_by_role("button", name="Send the invitation").click()
    expect(ada.get_by_role("row", name=GRACE)).to_contain_text("Invited")

    grace.goto(link_to(site, GRACE, "/invitation/"))
    expect(grace.get_by_role("heading", name="Join the team Gate crew")).to_be_visible()
    grace.get_by_label("Your name").fill("Grace Hopper")
    grace.get_by_label("Choose a password").fill("first pass phrase")
    grace.get_by_role("button", name="Join the team").click()
    grace.get_by_role("main").get_by_role("link", name="Sample conference").click()
    expect(grace.get_by_role("heading", name="Sample conference")).to_be_visible()
    assert grace.goto("/organizer/bigevents/seriesconf/").status == 404  # type: ignore[union-attr]

    ada.reload()
    member = ada.get_by_role("row", name="Grace Hopper")
    expect(member).to_contain_text("Member")
    ada.get_by_label("What is it for").fill("Turnstile")
    ada.get_by_role("button", name="Make a token").click()
    expect(ada.get_by_label("New token")).to_have_value(re.compile("[a-z0-9]{64}"))

    phone.goto("/login")
    phone.get_by_role("link", name="Forgot your password?").click()
    phone.get_by_label("E-mail").fill(GRACE)
    phone.get_by_role("button", name="Send me the link").click()
    expect(phone.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    phone.goto(link_to(site, GRACE, "/login/reset/"))
    phone.get_by_label("New password").fill("second pass phrase")
    phone.get_by_role("button", name="Set the password").click()
    expect(phone.get_by_text("Your password is changed")).to_be_visible()
    sign_in_organizer(phone, site, SignIn(GRACE, "Grace", "second pass phrase"))
    grace.goto("/organizer/")
    expect(grace.get_by_role("heading", name="Sign in")).to_be_visible()

    phone.goto("/account/")
    expect(phone.get_by_text("This browser", exact=True)).to_be_visible()
    ada.goto("/organizer/bigevents/-/log/?kind=team")
    expect(ada.get_by_role("row", name="Grace Hopper joined the team Gate crew")).to_be_visible()
    ada.goto("/organizer/bigevents/-/teams/")
    ada.get_by_role("link", name="Gate crew").click()
    ada.get_by_role("row", name="Grace Hopper").get_by_role("button", name="Remove").click()
    ada.get_by_role("button", name="Remove from the team").click()
    expect(ada.get_by_text("Grace Hopper is no member of this team any more.")).to_be_visible()
    assert phone.goto("/organizer/bigevents/sampleconf/").status == 404  # type: ignore[union-attr]
    ada.get_by_role("button", name="Delete this team").click()
    ada.get_by_label("Type Gate crew to confirm").fill("Gate crew")
    ada.get_by_role("button", name="Delete the team").click()
    expect(ada.get_by_text("The team Gate crew is deleted.")).to_be_visible()
