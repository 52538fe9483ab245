"""An event's exhibitors for organizers: the list with search, filters, order and pages, and one of them."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.core import clock
from portal.core.actors import Actor
from portal.core.audit import record
from portal.core.database import db
from portal.events.models import Event
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag, ExhibitorVoucher
from portal.exhibitors.search import exhibitor_search_text
from portal.vouchers.models import Voucher
from tests.browserless import sign_in, sign_in_code
from tests.fair import Fair, add, make_exhibitor
from tests.statements import statements

LIST = "/organizer/bigevents/sampleconf/exhibitors/"


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The browser of somebody who may do everything."""
    sign_in(client, fair.organizer_email)
    return client


def let_bob(app: Flask, *permissions: str) -> None:
    """Give the helpers' team permissions."""
    with app.app_context():
        team = db.session.scalars(db.select(Team).where(Team.name == "Helpers")).one()
        for permission in permissions:
            setattr(team, permission, True)
        db.session.commit()


def more(app: Flask, fair: Fair, rows: list[tuple[str, str | None]]) -> None:
    """More exhibitors, each with a name and a booth."""
    with app.app_context():
        event = db.session.get_one(Event, fair.event)
        first = db.session.scalar(db.select(db.func.max(Exhibitor.id))) or 0
        for number, (name, booth) in enumerate(rows, first):
            make_exhibitor(event, name, f"MORE{number:05d}", booth=booth)
        db.session.commit()


def names(text: str) -> list[str]:
    """The names in the list, in their order."""
    return re.findall(r'exhibitors/\d+/">([^<]*)</a>', text)


def cells(text: str, name: str) -> dict[str, str]:
    """A row of the list by the labels of its cells."""
    row = next(each for each in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL) if f">{name}</a>" in each)
    found = re.findall(r'data-label="([^"]*)"[^>]*>(.*?)</td>', row, re.DOTALL)
    return {label: " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for label, cell in found}


# ------------------------------------------------------------------------------------------------------------ list


def test_a_row_says_what_one_asks_for(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        code = db.session.scalars(db.select(AccessCode).where(AccessCode.code == fair.scanning_code)).one()
        code.last_used = clock.now() - dt.timedelta(days=400)
        db.session.commit()
    row = cells(ada.get(LIST).text, "Aperture Science")
    last_used = row.pop("Last used")
    assert row == {
        "Booth": "A2",
        "Contact": "Dr Cave Johnson johnson@as.example.org",
        "Tags": "Gold Sponsor",
        "May use": "Scanner Leads Vouchers",
        "Leads": "5",
        "Vouchers": "2",
        "Code": "",
    }
    assert last_used != "never"
    assert cells(ada.get(LIST).text, "Black Mesa")["Last used"] == "never"


def test_leads_are_counted_for_those_who_may_see_orders(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in(client, fair.helper_email)
    row = cells(client.get(LIST).text, "Aperture Science")
    assert "Leads" not in row
    assert names(client.get(f"{LIST}?sort=leads").text) == names(client.get(LIST).text)
    let_bob(app, "can_view_orders")
    assert cells(client.get(LIST).text, "Aperture Science")["Leads"] == "5"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("aperture", ["Aperture Science"]),
        ("JOHNSON cave", ["Aperture Science"]),
        ("a2", ["Aperture Science"]),
        ("as.example.org", ["Aperture Science", "Black Mesa", "Café Übermut"]),
        ("ext-7", ["Aperture Science"]),
        ("gold aperture", ["Aperture Science"]),
        ("gold mesa", []),
        ("SPONSOR", ["Aperture Science"]),
        ("cafe ubermut", ["Café Übermut"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("\0aper", ["Aperture Science"]),
        ("q " * 300, []),
    ],
)
def test_the_search(app: Flask, ada: FlaskClient, fair: Fair, query: str, found: list[str]) -> None:
    more(app, fair, [("Café Übermut", None)])
    with app.app_context():
        row = db.session.get_one(Exhibitor, fair.exhibitor)
        row.internal_id = "EXT-7"
        row.search_text = exhibitor_search_text(
            name=row.name,
            booth=row.booth,
            contact_name=row.contact_name,
            contact_email=row.contact_email,
            internal_id=row.internal_id,
        )
        db.session.commit()
    answer = ada.get(LIST, query_string={"q": query})
    assert answer.status_code == 200
    assert names(answer.text) == found
    if not found:
        assert "No exhibitor matches." in answer.text


def test_filters_and_their_counts(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        rival = db.session.get_one(Exhibitor, fair.rival)
        rival.allow_lead_access = False
        tag = db.session.scalars(db.select(ExhibitorTag)).one().id
        add(ExhibitorTag(event_id=fair.event, name="Nobody has it"))
        foreign = add(ExhibitorTag(event_id=fair.foreign_event, name="Foreign"))
        db.session.commit()
        foreign_tag = foreign.id
    text = ada.get(LIST).text
    assert re.search(r'May see leads <span class="chip-count">1<', text)
    assert "Nobody has it" not in text
    assert names(ada.get(f"{LIST}?flag=leads").text) == ["Aperture Science"]
    assert names(ada.get(f"{LIST}?flag=scan").text) == ["Aperture Science", "Black Mesa"]
    assert names(ada.get(f"{LIST}?tag={tag}").text) == ["Aperture Science"]
    assert names(ada.get(f"{LIST}?tag={tag}&q=mesa").text) == []
    for meaningless in (f"tag={foreign_tag}", "tag=x", "flag=x", "sort=x", "page=x", "page=-3", "page=99999999999999"):
        assert names(ada.get(f"{LIST}?{meaningless}").text) == ["Aperture Science", "Black Mesa"], meaningless


def test_the_addresses_of_filters_keep_the_words_and_the_order(ada: FlaskClient, fair: Fair) -> None:
    text = ada.get(f"{LIST}?q=mesa&sort=-booth&page=1").text
    assert f'href="{LIST}?q=mesa&amp;sort=-booth&amp;flag=scan"' in text
    assert 'type="hidden" name="sort" value="-booth"' in text


def test_nothing_in_an_address_leads_its_links_elsewhere(ada: FlaskClient, fair: Fair) -> None:
    for query in ("endpoint=x", "_method=POST", "_anchor=x", "_external=1&_scheme=javascript", "organizer=x&event=y"):
        answer = ada.get(f"{LIST}?{query}")
        assert answer.status_code == 200
        assert f'href="{LIST}?{query.replace("&", "&amp;")}&amp;flag=scan"' in answer.text


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["Aperture Science", "Ärger", "Black Mesa", "zebra 2", "Zebra 10"]),
        ("-name", ["Zebra 10", "zebra 2", "Black Mesa", "Ärger", "Aperture Science"]),
        ("booth", ["Zebra 10", "Aperture Science", "zebra 2", "Black Mesa", "Ärger"]),
        ("leads", ["Aperture Science", "Black Mesa", "Ärger", "zebra 2", "Zebra 10"]),
        ("vouchers", ["Aperture Science", "Black Mesa", "Ärger", "zebra 2", "Zebra 10"]),
        ("used", ["Black Mesa", "Aperture Science", "Ärger", "zebra 2", "Zebra 10"]),
        ("-used", ["Zebra 10", "zebra 2", "Ärger", "Aperture Science", "Black Mesa"]),
    ],
)
def test_the_order_is_the_same_on_both_databases(
    app: Flask, ada: FlaskClient, fair: Fair, sort: str, order: list[str]
) -> None:
    more(app, fair, [("Zebra 10", "a1"), ("zebra 2", "A10"), ("Ärger", None)])
    with app.app_context():
        for code, ago in ((fair.rival_code, 1), (fair.full_code, 2)):
            used = db.session.scalars(db.select(AccessCode).where(AccessCode.code == code)).one()
            used.last_used = clock.now() - dt.timedelta(hours=ago)
        db.session.commit()
    text = ada.get(f"{LIST}?sort={sort}").text
    assert names(text) == order
    assert len(re.findall(r"aria-sort=", text)) == 1


def test_pages_keep_words_and_order(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    more(app, fair, [(f"Booth builders {number}", f"C{number}") for number in range(1, 121)])
    first = ada.get(f"{LIST}?q=builders&sort=booth").text
    assert names(first)[0] == "Booth builders 1"
    assert len(names(first)) == 50
    assert f"{LIST}?q=builders&amp;sort=booth&amp;page=2" in first
    last = ada.get(f"{LIST}?q=builders&sort=booth&page=3").text
    assert len(names(last)) == 20
    assert names(ada.get(f"{LIST}?q=builders&sort=booth&page=77").text) == names(last)


def test_htmx_gets_the_list_alone(ada: FlaskClient, fair: Fair) -> None:
    text = ada.get(f"{LIST}?q=mesa", headers={"HX-Request": "true", "HX-Target": "exhibitors"}).text
    assert "<html" not in text
    assert text.lstrip().startswith('<div id="exhibitors"')
    assert names(text) == ["Black Mesa"]


def test_an_event_without_exhibitors_says_so(ada: FlaskClient, fair: Fair) -> None:
    text = ada.get("/organizer/bigevents/otherconf/exhibitors/").text
    assert "This event has no exhibitors yet." in text
    assert 'type="search"' not in text


@pytest.mark.parametrize("query", ["", "?q=o&sort=leads", "?sort=used&flag=scan"])
def test_the_list_costs_the_same_for_one_three_and_fifty_rows(
    app: Flask, ada: FlaskClient, fair: Fair, query: str
) -> None:
    def cost() -> int:
        ada.get(LIST + query)
        with statements() as seen:
            assert ada.get(LIST + query).status_code == 200
        return len(seen)

    with app.app_context():
        db.session.delete(db.session.get_one(Exhibitor, fair.rival))
        db.session.commit()
    one = cost()
    more(app, fair, [(f"Olympus {number}", None) for number in range(2)])
    three = cost()
    more(app, fair, [(f"Orion {number}", "B7") for number in range(47)])
    assert one == three == cost()


# ---------------------------------------------------------------------------------------------------- one exhibitor


def page_of(fair: Fair) -> str:
    """The address of Aperture Science's page."""
    return f"{LIST}{fair.exhibitor}/"


def test_everything_for_those_who_may_see_it(ada: FlaskClient, fair: Fair) -> None:
    text = ada.get(page_of(fair)).text
    for shown in (
        "Dr Cave Johnson",
        "johnson@as.example.org",
        "miller@as.example.org, smith@as.example.org",
        "Gold Sponsor",
        "German",
        f'value="{fair.full_code}"',
        f'value="{fair.scanning_code}"',
        f'value="http://localhost/e/{fair.full_code}"',
        "43K6LKM37FBVR2YG",
        "Free ticket",
        "Peter Miller",
        "Miller Ltd",
        "Latest leads",
        "History",
    ):
        assert shown in text, shown
    assert "for our eyes" not in text
    assert "Ada King" in text
    assert "Mei Lin" in text
    assert "Olu Ade" not in text


@pytest.mark.parametrize(
    ("permission", "markers"),
    [
        (None, set()),
        ("can_change_event_settings", {"VKHZ2FU84", "WVK2B8PZ", ">History<"}),
        ("can_view_orders", {"Peter Miller", "Latest leads"}),
        ("can_view_vouchers", {"43K6LKM37FBVR2YG"}),
    ],
)
def test_each_part_needs_its_permission(
    app: Flask, client: FlaskClient, fair: Fair, permission: str | None, markers: set[str]
) -> None:
    if permission:
        let_bob(app, permission)
    sign_in(client, fair.helper_email)
    text = client.get(page_of(fair)).text
    everything = {"VKHZ2FU84", "WVK2B8PZ", ">History<", "Peter Miller", "Latest leads", "43K6LKM37FBVR2YG"}
    assert {marker for marker in everything if marker in text} == markers
    assert "johnson@as.example.org" in text


def test_the_history_holds_the_exhibitors_own_entries(app: Flask, client: FlaskClient, fair: Fair) -> None:
    sign_in_code(client, fair.full_code)
    with app.app_context():
        where = {"organizer_id": fair.organizer, "event_id": fair.event, "object_kind": "exhibitor"}
        actor = Actor("user", 1, "Ada")
        record(actor=actor, action="exhibitor.created", object_id=fair.exhibitor, **where)  # type: ignore[arg-type]
        record(actor=actor, action="exhibitor.deleted", object_id=fair.rival, **where)  # type: ignore[arg-type]
        db.session.commit()
    browser = app.test_client()
    sign_in(browser, fair.organizer_email)
    text = browser.get(page_of(fair)).text
    entries = [" ".join(each.split()) for each in re.findall(r"</time><span>(.*?)</span>", text)]
    assert entries == ["Ada: Created the exhibitor", "Aperture Science: Signed in with an access code"]
    assert "A code was last used:" in text


def test_many_vouchers_come_in_pages(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        for number in range(70):
            voucher = add(Voucher(event_id=fair.event, code=f"MANY{number:03d}", tag="zz"))
            add(ExhibitorVoucher(exhibitor_id=fair.exhibitor, voucher_id=voucher.id))
        db.session.commit()
    assert len(re.findall(r">(MANY\d+)<", ada.get(page_of(fair)).text)) == 48
    assert len(re.findall(r">(MANY\d+)<", ada.get(f"{page_of(fair)}?page=2").text)) == 22


def test_a_bare_exhibitor_has_a_page(app: Flask, ada: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        bare = add(Exhibitor(event_id=fair.event, name="<b>Bare & Co</b>", locale="xx-unknown", comment="one\ntwo"))
        db.session.commit()
        number = bare.id
    text = ada.get(f"{LIST}{number}/").text
    assert "&lt;b&gt;Bare &amp; Co&lt;/b&gt;" in text
    assert "<b>Bare" not in text
    for shown in ("This exhibitor has no code.", "No leads yet.", "No vouchers are attached", "xx-unknown", "one\ntwo"):
        assert shown in text, shown
