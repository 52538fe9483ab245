"""Who may do what with exhibitors, tags, mailings, vouchers, settings and leads: the stranger first."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.core.database import db
from portal.exhibitors.models import Exhibitor, ExhibitorTag
from tests.browserless import csrf_token, sign_in, sign_in_code
from tests.exhibitors.organizing import LIST
from tests.fair import Fair

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LEADS = "/organizer/bigevents/sampleconf/leads/"
MANAGE = "can_change_event_settings"
GETS = {
    "new": MANAGE,
    "{exhibitor}/edit": MANAGE,
    "name-fields?scheme=full": MANAGE,
    "bulk?do=delete&id={exhibitor}": MANAGE,
    "import": MANAGE,
    "import/1": MANAGE,
    "export": None,
    "tags": MANAGE,
    "mailings": MANAGE,
    "mailings/1": MANAGE,
    "settings": MANAGE,
    "{exhibitor}/vouchers": "can_view_vouchers",
    "{exhibitor}/vouchers/{voucher}": "can_view_orders and can_view_vouchers",
}
POSTS = {
    "new": MANAGE,
    "{exhibitor}/edit": MANAGE,
    "{exhibitor}/send": MANAGE,
    "bulk": MANAGE,
    "import": MANAGE,
    "import/1": MANAGE,
    "import/1/drop": MANAGE,
    "tags": MANAGE,
    "tags/{tag}/rename": MANAGE,
    "tags/{tag}/delete": MANAGE,
    "mailings/1/retry": MANAGE,
    "mailings/1/cancel": MANAGE,
    "settings": MANAGE,
    "settings/preview": MANAGE,
    "{exhibitor}/vouchers/attach": "can_change_vouchers",
    "{exhibitor}/vouchers/paste": "can_change_vouchers",
    "{exhibitor}/vouchers/detach": "can_change_vouchers",
}


def filled(app: Flask, fair: Fair, path: str) -> str:
    with app.app_context():
        tag = db.session.scalars(db.select(ExhibitorTag.id)).first()
    return LIST + path.format(exhibitor=fair.exhibitor, voucher=fair.vouchers[0], tag=tag)


def call(client: FlaskClient, app: Flask, fair: Fair, method: str, path: str) -> int:
    url = filled(app, fair, path)
    if method == "GET":
        return client.get(url).status_code
    token = csrf_token(client.get("/e/"))
    data = {"csrf_token": token, "name": "Taken over", "do": "delete", "ids": str(fair.exhibitor), "confirm": "1"}
    return client.post(url, data=data).status_code


ALL = [*(("GET", path) for path in GETS), *(("POST", path) for path in POSTS)]


@pytest.mark.parametrize("who", ["nobody", "exhibitor", "other_event_email", "stranger_email", "helper_email"])
def test_strangers_change_and_see_nothing(app: Flask, client: FlaskClient, fair: Fair, who: str) -> None:
    if who == "exhibitor":
        sign_in_code(client, fair.full_code)
    elif who != "nobody":
        sign_in(client, getattr(fair, who))
    expected = {"nobody": 303, "exhibitor": 303, "helper_email": 403}.get(who, 404)
    for method, path in ALL:
        if who == "helper_email" and path == "export":
            continue
        assert call(client, app, fair, method, path) == expected, (method, path)
    assert client.get(LEADS).status_code == client.get(f"{LEADS}export").status_code == expected
    with app.app_context():
        row = db.session.get_one(Exhibitor, fair.exhibitor)
        assert (row.name, row.code_sent) == ("Aperture Science", None)
        assert [tag.name for tag in db.session.scalars(db.select(ExhibitorTag))] == ["Gold Sponsor"]


@pytest.mark.parametrize("permission", [MANAGE, "can_view_vouchers", "can_change_vouchers", "can_view_orders"])
def test_each_permission_opens_its_own(app: Flask, client: FlaskClient, fair: Fair, permission: str) -> None:
    with app.app_context():
        team = db.session.scalars(db.select(Team).where(Team.name == "Helpers")).one()
        setattr(team, permission, True)
        db.session.commit()
    sign_in(client, fair.helper_email)
    for method, paths in (("GET", GETS), ("POST", POSTS)):
        for path, needed in paths.items():
            if "delete" in path or "edit" in path:
                continue
            refused = call(client, app, fair, method, path) == 403
            assert refused == (needed not in (None, permission)), (method, path)
    assert (client.get(LEADS).status_code == 200) == (permission == "can_view_orders")


def test_forms_without_their_token_are_refused(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    for path in POSTS:
        assert client.post(filled(app, fair, path), data={"do": "delete"}).status_code == 400, path


def test_another_events_things_do_not_exist(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.organizer_email)
    foreign = fair.foreign_exhibitor
    for path in ("edit", "vouchers"):
        assert client.get(f"{LIST}{foreign}/{path}").status_code == 404
    assert client.get(f"{LIST}{fair.exhibitor}/vouchers/{fair.vouchers[2]}").status_code == 404
    token = csrf_token(client.get("/e/"))
    for path in (f"{foreign}/edit", f"{foreign}/vouchers/attach", f"{foreign}/vouchers/detach", "tags/99/delete"):
        answer = client.post(LIST + path, data={"csrf_token": token, "name": "x", "id": "1"})
        assert answer.status_code == 404, path
    asked = client.get(f"{LIST}bulk?do=delete&id={foreign}")
    assert "No exhibitor is chosen" in asked.text
    client.post(f"{LIST}bulk", data={"csrf_token": token, "do": "delete", "ids": str(foreign), "confirm": ""})
    client.post(
        f"{LIST}bulk", data={"csrf_token": token, "do": "access", "ids": str(foreign), "allow_lead_access": "off"}
    )
    with app.app_context():
        assert db.session.get_one(Exhibitor, foreign).allow_lead_access is True


def test_codes_are_in_the_export_of_managers_alone(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.helper_email)
    text = client.get(f"{LIST}export").text
    assert "Aperture Science" in text
    assert fair.full_code not in text
    assert fair.scanning_code not in text
    manager = app.test_client()
    sign_in(manager, fair.organizer_email)
    assert fair.full_code in manager.get(f"{LIST}export").text
