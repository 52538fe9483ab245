"""Who may open which page of orders, vouchers and settings, and who may change what: the stranger first."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.database import db
from portal.core.models import AuditEntry
from portal.events.models import Organizer
from portal.tickets.models import Order, OrderPosition
from portal.vouchers.models import Voucher
from tests.browserless import csrf_token, sign_in, sign_in_code
from tests.fair import Fair, add, make_team, make_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")

EVENT = "/organizer/bigevents/sampleconf"
#: Pages with the permission that opens each.
PAGES = {
    f"{EVENT}/settings/": "can_change_event_settings",
    f"{EVENT}/settings/products/": "can_change_event_settings",
    f"{EVENT}/settings/products/new": "can_change_event_settings",
    f"{EVENT}/settings/products/{{item}}/": "can_change_event_settings",
    f"{EVENT}/settings/questions/": "can_change_event_settings",
    f"{EVENT}/settings/questions/new": "can_change_event_settings",
    f"{EVENT}/orders/": "can_view_orders",
    f"{EVENT}/orders/{{order}}/": "can_view_orders",
    f"{EVENT}/orders/{{order}}/print": "can_view_orders",
    f"{EVENT}/orders/-/attendees.csv": "can_view_orders",
    f"{EVENT}/orders/-/attendees.xlsx": "can_view_orders",
    f"{EVENT}/orders/-/new": "can_change_orders",
    f"{EVENT}/orders/-/import": "can_change_orders",
    f"{EVENT}/orders/{{order}}/edit": "can_change_orders",
    f"{EVENT}/orders/{{order}}/tickets/{{position}}/edit": "can_change_orders",
    f"{EVENT}/vouchers/": "can_view_vouchers",
    f"{EVENT}/vouchers/{{voucher}}/": "can_view_vouchers",
    f"{EVENT}/vouchers/-/vouchers.csv": "can_view_vouchers",
    f"{EVENT}/vouchers/-/new": "can_change_vouchers",
    f"{EVENT}/vouchers/-/import": "can_change_vouchers",
    f"{EVENT}/vouchers/{{voucher}}/edit": "can_change_vouchers",
    "/organizer/bigevents/-/events/new": "can_create_events",
}
#: What changes something, beside the forms of these pages.
ACTIONS = {
    f"{EVENT}/settings/products/{{item}}/delete": "can_change_event_settings",
    f"{EVENT}/settings/questions/1/delete": "can_change_event_settings",
    f"{EVENT}/orders/{{order}}/status": "can_change_orders",
    f"{EVENT}/orders/{{order}}/cancel": "can_change_orders",
    f"{EVENT}/orders/{{order}}/send": "can_change_orders",
    f"{EVENT}/orders/{{order}}/tickets/{{position}}/cancel": "can_change_orders",
    f"{EVENT}/vouchers/{{voucher}}/delete": "can_change_vouchers",
    **{page: wanted for page, wanted in PAGES.items() if page.endswith(("edit", "new", "import", "settings/"))},
}


def filled(fair: Fair, page: str) -> str:
    return page.format(item=fair.item, order=1, position=fair.positions[0], voucher=fair.vouchers[1])


def state(client: FlaskClient) -> object:
    """What an action could have changed."""
    with client.application.app_context():
        return [
            db.session.execute(sa.select(model.id, *columns).order_by(model.id)).all()
            for model, columns in (
                (Order, (Order.status,)),
                (OrderPosition, (OrderPosition.canceled,)),
                (Voucher, ()),
                (AuditEntry, ()),
            )
        ]


def posted(client: FlaskClient, path: str) -> int:
    """An action with a token against forgery that this browser has."""
    token = csrf_token(client.get("/e/"))
    return client.post(path, data={"csrf_token": token, "status": "n"}).status_code


def test_nobody_and_exhibitors_are_sent_to_the_sign_in(client: FlaskClient, fair: Fair) -> None:
    exhibitor = client.application.test_client()
    sign_in_code(exhibitor, fair.full_code)
    before = state(client)
    for browser in (client, exhibitor):
        for page in PAGES:
            answer = browser.get(filled(fair, page))
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/login"), page
        for page in ACTIONS:
            assert posted(browser, filled(fair, page)) == 303, page
    assert state(client) == before


@pytest.mark.parametrize("who", ["other_event_email", "stranger_email"])
def test_for_strangers_nothing_is_there(client: FlaskClient, fair: Fair, who: str) -> None:
    sign_in(client, getattr(fair, who))
    before = state(client)
    for page in PAGES:
        # A member of another event of the organizer may create events there.
        expected = 200 if who == "other_event_email" and "/-/events/" in page else 404
        assert client.get(filled(fair, page)).status_code == expected, page
    for page in ACTIONS:
        if "/-/events/" not in page:
            assert posted(client, filled(fair, page)) == 404, page
    assert state(client) == before


def test_each_page_wants_its_permission(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        for permission in sorted(set(PAGES.values())):
            team = make_team(organizer, permission, permissions=(permission,))
            team.members.append(make_user(f"{permission}@example.org", permission))
        add(team)
        db.session.commit()
    nobody = client.application.test_client()
    sign_in(nobody, fair.helper_email)
    for page in (*PAGES, *ACTIONS):
        assert nobody.get(filled(fair, page)).status_code in (403, 405), page
    before = state(client)
    for page in ACTIONS:
        assert posted(nobody, filled(fair, page)) == 403, page
    assert state(client) == before
    for permission in sorted(set(PAGES.values())):
        browser = client.application.test_client()
        sign_in(browser, f"{permission}@example.org")
        for page, wanted in PAGES.items():
            assert browser.get(filled(fair, page)).status_code == (200 if wanted == permission else 403), page
        text = browser.get(f"{EVENT}/").text
        shown = [name for name in ("orders/", "vouchers/", "settings/") if f'href="{EVENT}/{name}"' in text]
        named = {"can_view_orders": "orders/", "can_view_vouchers": "vouchers/"}
        named["can_change_event_settings"] = "settings/"
        assert shown == ([named[permission]] if permission in named else []), permission


def test_things_of_other_events_are_not_there(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    other = "/organizer/bigevents/otherconf"
    before = state(client)
    for page in (*PAGES, *ACTIONS):
        if "{" in page:
            path = filled(fair, page).replace(EVENT, other)
            assert posted(client, path) in (404, 405), path
            assert client.get(path).status_code in (404, 405), path
    assert state(client) == before
    for path in ("orders/99999/", "vouchers/99999/", "orders/99999999999999999999/", "settings/dates/"):
        assert client.get(f"{EVENT}/{path}").status_code == 404, path


def test_an_action_without_its_token_is_refused(client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    before = state(client)
    for page in ACTIONS:
        assert client.post(filled(fair, page), data={"status": "n"}).status_code == 400, page
    assert state(client) == before


def test_codes_of_vouchers_are_for_who_may_see_vouchers(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        code = db.session.get_one(Voucher, fair.vouchers[1]).code
        for name, permissions in (("orders", ("can_view_orders",)), ("both", ("can_view_orders", "can_view_vouchers"))):
            team = make_team(organizer, f"Sees {name}", permissions=permissions)
            team.members.append(make_user(f"{name}@voucher.example", name))
        position = db.session.get_one(OrderPosition, fair.positions[0])
        position.voucher_id = fair.vouchers[1]
        order_id = position.order_id
        db.session.commit()
    for name in ("orders", "both"):
        browser = client.application.test_client()
        sign_in(browser, f"{name}@voucher.example")
        for path in (f"{EVENT}/orders/{order_id}/", f"{EVENT}/orders/-/attendees.csv"):
            answer = browser.get(path)
            assert answer.status_code == 200
            assert (code in answer.text) is (name == "both"), (name, path)
