"""Who may open which of the organizer's pages: the stranger first."""

import pytest
from flask.testing import FlaskClient

from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair

HOME = "/organizer/bigevents/sampleconf/"
EVENT_PAGES = (HOME, f"{HOME}exhibitors/", f"{HOME}exhibitors/{{exhibitor}}/")


def pages(fair: Fair) -> list[str]:
    """The event's pages with their ids."""
    return [page.format(exhibitor=fair.exhibitor) for page in EVENT_PAGES]


def test_nobody_is_sent_to_the_sign_in_and_comes_back(client: FlaskClient, fair: Fair) -> None:
    for page in ["/organizer/", *pages(fair)]:
        answer = client.get(page)
        assert answer.status_code == 303, page
        assert answer.location.startswith("/login?next="), page
    assert client.get(HOME, headers={"HX-Request": "true"}).status_code == 401


def test_a_page_that_does_not_exist_is_not_told_from_one_that_does(client: FlaskClient, fair: Fair) -> None:
    there, not_there = client.get(HOME), client.get("/organizer/bigevents/nothing/")
    assert (there.status_code, there.location.split("?")[0]) == (
        not_there.status_code,
        not_there.location.split("?")[0],
    )


def test_an_exhibitor_is_no_organizer(client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    for page in ["/organizer/", *pages(fair)]:
        answer = client.get(page)
        assert answer.status_code == 303, page
        assert answer.location.startswith("/login"), page


@pytest.mark.parametrize("who", ["other_event_email", "stranger_email"])
def test_a_stranger_to_the_event_gets_404(client: FlaskClient, fair: Fair, who: str) -> None:
    sign_in(client, getattr(fair, who))
    missing = client.get("/organizer/bigevents/nothing/")
    for page in pages(fair):
        answer = client.get(page)
        assert answer.status_code == missing.status_code == 404, page
        assert "Aperture" not in answer.text
        assert "Sample conference" not in answer.text


def test_the_list_holds_the_own_events_alone(client: FlaskClient, fair: Fair) -> None:
    def listed(email: str) -> set[str]:
        browser = client.application.test_client()
        sign_in(browser, email)
        text = browser.get("/organizer/").text
        known = ("bigevents/sampleconf", "bigevents/otherconf", "foreign/sampleconf")
        return {path for path in known if f"/organizer/{path}/" in text}

    assert listed(fair.organizer_email) == {"bigevents/sampleconf", "bigevents/otherconf"}
    assert listed(fair.helper_email) == {"bigevents/sampleconf", "bigevents/otherconf"}
    assert listed(fair.other_event_email) == {"bigevents/otherconf"}
    assert listed(fair.stranger_email) == {"foreign/sampleconf"}
    assert listed(fair.admin_email) == {"bigevents/sampleconf", "bigevents/otherconf", "foreign/sampleconf"}


def test_an_organizers_own_page_holds_the_own_events_alone(client: FlaskClient, fair: Fair) -> None:
    page = "/organizer/bigevents/-/"
    assert client.get(page).location.startswith("/login?next=")
    seen = {}
    for who in ("organizer_email", "helper_email", "other_event_email", "stranger_email", "admin_email"):
        browser = client.application.test_client()
        sign_in(browser, getattr(fair, who))
        answer = browser.get(page)
        seen[who] = [slug for slug in ("sampleconf", "otherconf") if f"/organizer/bigevents/{slug}/" in answer.text]
        assert answer.status_code == (404 if who == "stranger_email" else 200), who
        assert "foreign" not in answer.text
        assert browser.get("/organizer/nobody/-/").status_code == 404
    assert seen == {
        "organizer_email": ["sampleconf", "otherconf"],
        "helper_email": ["sampleconf", "otherconf"],
        "other_event_email": ["otherconf"],
        "stranger_email": [],
        "admin_email": ["sampleconf", "otherconf"],
    }


def test_the_switcher_holds_the_own_events_alone(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.other_event_email)
    text = client.get("/organizer/bigevents/otherconf/").text
    assert "/organizer/bigevents/otherconf/" in text
    assert "sampleconf" not in text


def test_an_admin_opens_every_event(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.admin_email)
    for page in [*pages(fair), "/organizer/foreign/sampleconf/"]:
        assert client.get(page).status_code == 200, page


def test_slugs_without_regard_to_case(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    assert client.get("/organizer/BigEvents/SAMPLEconf/").status_code == 200


def test_a_member_without_permissions_sees_no_figures_of_orders_leads_and_vouchers(
    client: FlaskClient, fair: Fair
) -> None:
    sign_in(client, fair.helper_email)
    text = client.get(HOME).text
    for shown in ("Sample conference", "Exhibitors", "Seats"):
        assert shown in text
    for hidden in ("Checked in", "Leads", "Tickets", "Vouchers used", "Orders a day", "Latest changes", "have scanned"):
        assert hidden not in text, hidden
    events = client.get("/organizer/").text
    assert "Checked in" not in events
    assert "Exhibitors" in events


def test_another_events_exhibitor_is_404(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    assert client.get(f"{HOME}exhibitors/{fair.foreign_exhibitor}/").status_code == 404
    assert client.get(f"/organizer/bigevents/otherconf/exhibitors/{fair.exhibitor}/").status_code == 404
    assert client.get(f"{HOME}exhibitors/9007199254740991/").status_code == 404
    assert client.get(f"{HOME}exhibitors/99999999999999999999/").status_code == 404
