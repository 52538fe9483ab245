"""The list: search, filters, sorting, pages, figures, and what it costs."""

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from portal.events.models import Event, Item
from portal.leads.models import Lead
from tests.browserless import speak
from tests.fair import DAY, Fair, make_position
from tests.leads.conftest import refresh
from tests.leads.pages import LEADS, by_form, names
from tests.statements import statements

HTMX = {"HX-Request": "true", "HX-Target": "lead-list"}
NEWEST = ["Mei Lin", "Ada King", "Jürgen Groß", "Zoë O’Neill", "Peter Miller"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", NEWEST),
        ("   ", NEWEST),
        ("zoe", ["Zoë O’Neill"]),
        ("ZOË", ["Zoë O’Neill"]),
        ("gross jurgen", ["Jürgen Groß"]),
        ("groß", ["Jürgen Groß"]),
        ("jürgen@EXAMPLE", ["Jürgen Groß"]),
        ("king ltd", ["Ada King"]),
        ("newsletter", ["Peter Miller"]),
        ("foo", ["Peter Miller"]),
        ("peter ada", []),
        ("%", []),
        ("_", []),
        ("pe%er", []),
        ("p_ter", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("\x00peter", ["Peter Miller"]),
        ("milleradaking", []),
    ],
)
def test_search(exhibitor: FlaskClient, query: str, found: list[str]) -> None:
    answer = exhibitor.get(LEADS, query_string={"q": query})
    assert answer.status_code == 200
    assert names(answer) == found
    assert names(exhibitor.get(LEADS, query_string={"q": query}, headers=HTMX)) == found


def test_percent_and_underscore_are_letters(exhibitor: FlaskClient, fair: Fair) -> None:
    by_form(exhibitor, fair.leads[2], notes="wants 50% off item_7")
    assert names(exhibitor.get(LEADS, query_string={"q": "50%"})) == ["Jürgen Groß"]
    assert names(exhibitor.get(LEADS, query_string={"q": "m_7"})) == ["Jürgen Groß"]
    assert names(exhibitor.get(LEADS, query_string={"q": "%_"})) == []


def test_a_search_answers_with_the_list_alone(exhibitor: FlaskClient) -> None:
    fragment = exhibitor.get(f"{LEADS}?q=zoe", headers=HTMX)
    assert "<html" not in fragment.text
    assert 'id="lead-list"' in fragment.text
    assert "q=zoe&amp;sort=name" in fragment.text
    assert "q=zoe&amp;rating=4" in exhibitor.get(f"{LEADS}?q=zoe").text
    assert "HX-Request" in fragment.headers["Vary"]
    restored = exhibitor.get(f"{LEADS}?q=zoe", headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.text


def test_the_page_works_without_script(exhibitor: FlaskClient) -> None:
    page = exhibitor.get(f"{LEADS}?tag=foo&q=peter").text
    assert '<form class="search" role="search" method="get" action="/exhibitor/leads">' in page
    assert '<input type="hidden" name="tag" value="foo">' in page
    assert 'value="peter"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rating=4", ["Peter Miller"]),
        ("rating=none", NEWEST[:4]),
        ("rating=5", []),
        ("tag=foo", ["Peter Miller"]),
        ("tag=fo", []),
        ("note=1", ["Peter Miller"]),
        ("device=d8c2ec53-d602-4a08-882d-db4cf54344a2", NEWEST),
        ("device=other", []),
        ("day=2026-11-20", NEWEST),
        ("day=2026-11-19", []),
        ("rating=4&tag=foo&note=1&day=2026-11-20&q=mill", ["Peter Miller"]),
        ("sort=oldest", NEWEST[::-1]),
        ("sort=name", ["Ada King", "Jürgen Groß", "Mei Lin", "Peter Miller", "Zoë O’Neill"]),
        ("sort=name-desc", ["Zoë O’Neill", "Peter Miller", "Mei Lin", "Jürgen Groß", "Ada King"]),
        ("sort=rating-desc", ["Peter Miller", *NEWEST[:4]]),
        ("sort=rating", ["Peter Miller", *NEWEST[:4]]),
        ("sort=nonsense&rating=9&day=soon&page=-1&note=perhaps", NEWEST),
        ("page=99999999999999999999", NEWEST),
        ("page=7", NEWEST),
    ],
)
def test_filters_and_sorting(exhibitor: FlaskClient, query: str, found: list[str]) -> None:
    assert names(exhibitor.get(f"{LEADS}?{query}")) == found


def test_any_takes_one_filter_away_and_keeps_the_others(exhibitor: FlaskClient) -> None:
    page = exhibitor.get(LEADS, query_string={"rating": "none", "tag": "foo"}).text
    away = [
        html.unescape(href) for href in re.findall(r'<a href="([^"]*)"><svg(?:(?!</a>).)*</svg>\s*Any</a>', page, re.S)
    ]
    assert away == [f"{LEADS}?tag=foo", f"{LEADS}?rating=none"]


def test_a_day_is_the_events_day(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    with app.app_context():  # 23:30 UTC is half past midnight in Berlin
        late = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)
        db.session.execute(sa.update(Lead).where(Lead.id == fair.leads[4]).values(scanned=late))
        db.session.commit()
    assert names(exhibitor.get(f"{LEADS}?day=2026-11-21")) == ["Mei Lin"]
    assert "Mei Lin" not in names(exhibitor.get(f"{LEADS}?day=2026-11-20"))
    assert "00:30" in exhibitor.get(f"{LEADS}?day=2026-11-21").text


def test_figures_count_the_whole_list(exhibitor: FlaskClient, fair: Fair) -> None:
    page = exhibitor.get(f"{LEADS}?q=nobody").text
    assert page.count('class="stat-value">5<') == 1
    assert "No lead matches" in page
    assert "Fri 10" in page  # the hour in Berlin


def test_no_leads_yet_says_how(app: Flask, exhibitor: FlaskClient, fair: Fair, allow: Callable[..., None]) -> None:
    with app.app_context():
        db.session.execute(sa.delete(Lead))
        db.session.commit()
    assert "Enter your access code in the scanning app" in exhibitor.get(LEADS).text
    allow(allow_lead_scanning=False)
    assert "Scanning is switched off" in exhibitor.get(LEADS).text


def add_leads(app: Flask, fair: Fair, count: int) -> None:
    """So many leads more for Aperture Science, a minute apart."""
    with app.app_context():
        event, item = db.session.get_one(Event, fair.event), db.session.get_one(Item, fair.item)
        for number in range(count):
            position = make_position(event, item, 100 + number, (f"Guest{number:03d}", "Visitor"))
            scanned = DAY + dt.timedelta(minutes=100 + number)
            db.session.add(
                Lead(
                    exhibitor_id=fair.exhibitor,
                    position_id=position.id,
                    scanned=scanned,
                    device_name=f"DEV{number % 3}",
                    tags=["bar"] if number % 2 else [],
                    rating=number % 6,
                )
            )
        db.session.commit()
    refresh(app, fair)


def test_pages_keep_the_filter_and_neither_repeat_nor_miss(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    add_leads(app, fair, 120)
    first = exhibitor.get(f"{LEADS}?q=visitor&sort=name")
    assert "/exhibitor/leads?q=visitor&amp;sort=name&amp;page=2" in first.text
    assert "1–50 of 120" in first.text
    seen = names(first)
    for page in (2, 3):
        seen += names(exhibitor.get(f"{LEADS}?q=visitor&sort=name&page={page}", headers=HTMX))
    assert seen == [f"Guest{number:03d} Visitor" for number in range(120)]
    assert names(exhibitor.get(f"{LEADS}?q=visitor&page=9")) == names(exhibitor.get(f"{LEADS}?q=visitor&page=3"))


def test_the_way_to_a_lead_and_back_keeps_the_place(app: Flask, exhibitor: FlaskClient, fair: Fair) -> None:
    add_leads(app, fair, 60)
    page = exhibitor.get(f"{LEADS}?q=visitor&sort=name&page=2").text
    link = page.split('scope="row" class="lead">')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert 'href="/exhibitor/leads?q=visitor&amp;sort=name&amp;page=2"' in exhibitor.get(link).text


@pytest.mark.parametrize("fields", [["attendee_name"], ["attendee_name", "company", "item", "question_SIZE"]])
def test_the_cost_does_not_grow_with_the_rows(
    app: Flask, exhibitor: FlaskClient, fair: Fair, settings: Callable[..., None], fields: list[str]
) -> None:
    add_leads(app, fair, 60)
    settings(lead_fields=fields)
    costs = []
    for query, rows in (("guest007", 1), ("guest00", 10), ("visitor", 50)):
        with statements() as sent:
            answer = exhibitor.get(f"{LEADS}?q={query}&sort=name")
        assert len(names(answer)) == rows
        costs.append(len(sent))
    assert len(set(costs)) == 1, costs
    assert costs[0] <= 10 + 3 * ("item" in fields), costs


def test_the_page_speaks_the_exhibitors_language(exhibitor: FlaskClient) -> None:
    speak(exhibitor, "de")
    page = exhibitor.get(LEADS).text
    assert '<html lang="de">' in page
    assert "Leads pro Stunde" in page
    assert "Beispielkonferenz" in page
    assert "Fr 10" in page
