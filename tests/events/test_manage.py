"""Events and what they are made of: created, set and deleted by hand, and what refuses."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.checkin.models import CheckinList
from portal.core.actors import Actor, OrganizerScope
from portal.core.database import db, set_writing
from portal.core.errors import InvalidInput
from portal.events.models import Event, Item, Organizer, Question, QuestionOption, SubEvent
from portal.events.services.manage import EventValues, create_event
from portal.events.slugs import read_slug
from portal.tickets.models import Answer, OrderPosition
from tests.browserless import post_form, sign_in
from tests.checkin.test_races import at_once
from tests.fair import DAY, Fair, add, make_team, make_user
from tests.statements import statements

NEW = "/organizer/bigevents/-/events/new"
SETTINGS = "/organizer/bigevents/sampleconf/settings/"
GOOD = {
    "name": "Winter fair",
    "slug": "winter.fair-27",
    "locale": "de",
    "date_from": "2027-01-10T09:00",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
}
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def ada(client: FlaskClient, fair: Fair) -> FlaskClient:
    """The organizer's browser."""
    sign_in(client, fair.organizer_email)
    return client


@pytest.mark.parametrize(
    ("slug", "good"),
    [
        *[(slug, True) for slug in ("a", "9", "Winter.Fair-27", "a" * 50, "a..b", "a-")],
        *[(slug, False) for slug in ("", "-", ".", "-a", "a b", "a/b", "ä", "a" * 51, "a\nb", "a%2f")],
    ],
)
def test_slugs(slug: str, good: bool) -> None:
    if good:
        assert read_slug(slug) == slug
        return
    with pytest.raises(InvalidInput):
        read_slug(slug)


@only_sqlite
def test_an_event_is_created_and_found(ada: FlaskClient, fair: Fair) -> None:
    answer = post_form(ada, NEW, GOOD)
    assert (answer.status_code, answer.location) == (303, "/organizer/bigevents/winter.fair-27/settings/products/")
    with ada.application.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == "winter.fair-27")).one()
        assert (event.name, event.locale, event.locales) == ({"de": "Winter fair"}, "de", ["de"])
        assert event.date_from == dt.datetime(2027, 1, 10, 8, 0, tzinfo=dt.UTC)
        assert not event.live
    assert "Winter fair" in ada.get("/organizer/").text
    assert "no products yet" in ada.get(answer.location).text


@only_sqlite
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slug", "SampleConf", "taken"),
        ("slug", "-", "1 to 50 letters"),
        ("slug", "", "Enter a short name"),
        ("name", " ", "fill in"),
        ("name", "x" * 201, "At most 200"),
        ("date_from", "", "fill in"),
        ("date_from", "yesterday", "Write a date"),
        ("date_to", "2027-01-01T00:00", "before the beginning"),
        ("timezone", "Europe/Atlantis", "Choose one"),
        ("currency", "XXX9", "Choose one"),
        ("locale", "tlh", "Choose one"),
        ("name", "nul\0", "Null characters"),
    ],
)
def test_what_is_wrong_stands_at_its_field(ada: FlaskClient, field: str, value: str, words: str) -> None:
    answer = post_form(ada, NEW, GOOD | {field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'id="f-{field}-error"' in answer.text
    assert 'value="2027-01-10T09:00"' in answer.text or field == "date_from", "what was typed is kept"


def test_of_two_events_with_one_slug_at_once_one_is_made(client: FlaskClient, fair: Fair) -> None:
    scope = OrganizerScope(Actor("user", 1, "Ada"), fair.organizer, "bigevents", "Big Events", frozenset())
    values = EventValues({"en": "Race"}, "en", ["en"], "EUR", "UTC", DAY, None)

    def make(number: int) -> str:
        with client.application.app_context():
            set_writing(True)
            try:
                create_event(actor=scope.actor, organizer=scope, slug=("race", "RACE")[number % 2], values=values)
                db.session.commit()
            except InvalidInput as refused:
                db.session.rollback()
                return next(iter(refused.fields))
            return "made"

    assert sorted(at_once(make, 4)) == ["made", "slug", "slug", "slug"]


@only_sqlite
def test_a_team_for_some_events_holds_for_those_that_its_members_create(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        team = make_team(organizer, "Makers", all_events=False, permissions=("can_create_events",))
        team.members.append(make_user("max@example.org", "Max"))
        db.session.commit()
    sign_in(client, "max@example.org")
    assert "no event yet" in client.get("/organizer/").text
    assert post_form(client, NEW, GOOD).status_code == 303
    text = client.get("/organizer/").text
    assert "Winter fair" in text
    assert "Sample conference" not in text
    with client.application.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Team.metadata.tables["team_events"])) == 2


def test_organizers_without_events_stand_in_the_list(client: FlaskClient, fair: Fair) -> None:
    with client.application.app_context():
        empty = add(Organizer(slug="fresh", name="Fresh Fairs"))
        member = make_user("new@example.org", "New")
        other = add(Organizer(slug="watched", name="Watched Fairs"))
        teams = [make_team(empty, "Crew"), make_team(other, "Crew", permissions=())]
        for team in teams:
            team.members.append(member)
        db.session.commit()
    sign_in(client, "new@example.org")
    text = client.get("/organizer/").text
    assert "Fresh Fairs" in text
    assert "Watched Fairs" in text
    assert "/organizer/fresh/-/events/new" in text
    assert "/organizer/watched/-/events/new" not in text
    assert "/organizer/fresh/-/events/new" in client.get("/organizer/fresh/-/").text
    for email, shown in ((fair.stranger_email, False), (fair.admin_email, True)):
        browser = client.application.test_client()
        sign_in(browser, email)
        assert ("Fresh Fairs" in browser.get("/organizer/").text) is shown


@only_sqlite
def test_settings_are_kept_and_only_what_changed_is_told(ada: FlaskClient, fair: Fair) -> None:
    before = ada.get(f"{fair.base}/seats/", headers=fair.auth()).headers["Last-Modified"]
    values = {
        "name-en": "Sample fair",
        "name-de": "Beispielmesse",
        "locale": "de",
        "locales": ["de", "en", "fr"],
        "date_from": "2026-11-20T10:00",
        "date_to": "2026-11-21T18:00",
        "timezone": "Europe/Vienna",
        "currency": "CHF",
        "url": "https://shop.example.org/",
        "imprint_url": "https://example.org/imprint",
    }
    assert post_form(ada, SETTINGS, values).status_code == 303
    with ada.application.app_context():
        event = db.session.get_one(Event, fair.event)
        assert (event.name, event.locale, event.locales) == (
            {"en": "Sample fair", "de": "Beispielmesse"},
            "de",
            ["de", "en", "fr"],
        )
        assert (event.live, event.currency, event.timezone, event.slug) == (False, "CHF", "Europe/Vienna", "sampleconf")
        assert event.settings["imprint_url"] == "https://example.org/imprint"
        assert event.settings["lead_tags"] == ["foo", "bar"], "the exhibitors' settings stay"
    page = ada.get(SETTINGS).text
    assert 'name="name-fr"' in page
    assert "Changed the event&#39;s settings" in ada.get("/organizer/bigevents/sampleconf/").text
    assert before
    for wrong, shown in (
        ({"url": "javascript:alert(1)"}, "f-url-error"),
        ({"logo_url": "nowhere"}, "f-logo_url-error"),
        ({"locales": ["en"]}, "f-locale-error"),
        ({"locales": []}, "f-locales-error"),
        ({"has_subevents": "1"}, "Only an event without"),
        ({"name-en": "", "name-de": ""}, "f-name-de-error"),
    ):
        answer = post_form(ada, SETTINGS, values | wrong)
        assert answer.status_code == 422, wrong
        assert shown in answer.text
    with ada.application.app_context():
        assert db.session.get_one(Event, fair.event).url == "https://shop.example.org/"


PRODUCT = {"name-en": "Day ticket", "default_price": "12,50", "position": "3", "active": "1", "admission": "1"}


@only_sqlite
def test_a_product_with_variations_lives_its_life(ada: FlaskClient, fair: Fair) -> None:
    products = f"{SETTINGS}products/"
    rows = {"v-0-id": "", "v-0-value-en": "Child", "v-0-price": "5.00", "v-0-active": "1", "v-1-id": ""}
    assert post_form(ada, f"{products}new", PRODUCT | rows).status_code == 303
    with ada.application.app_context():
        item = db.session.scalars(sa.select(Item).where(Item.position == 3)).one()
        (child,) = item.variations
        assert (item.default_price, child.value, child.default_price) == (Decimal("12.50"), {"en": "Child"}, Decimal(5))
    page = f"{products}{item.id}/"
    rows = {"v-0-id": str(child.id), "v-0-value-en": "Kid", "v-1-id": "", "v-1-value-en": "Senior"}
    assert post_form(ada, page, PRODUCT | rows | {"name-de": "Tagesticket"}).status_code == 303
    with ada.application.app_context():
        item = db.session.get_one(Item, item.id)
        assert [(each.value, each.active) for each in item.variations] == [
            ({"en": "Kid"}, False),
            ({"en": "Senior"}, False),
        ]
        assert item.name == {"en": "Day ticket", "de": "Tagesticket"}
    for wrong in (
        {"name-en": ""},
        {"default_price": "-1"},
        {"default_price": "1.234"},
        {"v-0-price": "x", "v-0-id": ""},
    ):
        assert post_form(ada, page, PRODUCT | {"v-0-value-en": "Kid"} | wrong).status_code == 422, wrong
    assert post_form(ada, f"{page}delete", page=page).status_code == 303
    with ada.application.app_context():
        assert db.session.get(Item, item.id) is None


@only_sqlite
def test_what_was_sold_stays(ada: FlaskClient, fair: Fair) -> None:
    page = f"{SETTINGS}products/{fair.item}/"
    answer = post_form(ada, f"{page}delete", page=page)
    assert "cannot be deleted" in ada.get(answer.location).text
    answer = post_form(ada, page, PRODUCT | {"v-0-id": str(fair.variation), "v-0-value-en": "x", "v-0-delete": "1"})
    assert answer.status_code == 422
    assert "cannot be deleted" in answer.text
    with ada.application.app_context():
        assert db.session.get_one(Item, fair.item).name == {"en": "Standard ticket"}, "nothing half done"


@only_sqlite
def test_a_question_lives_its_life(ada: FlaskClient, fair: Fair) -> None:
    questions = f"{SETTINGS}questions/"
    values = {"question-en": "Diet?", "type": "C", "items": [str(fair.item), "99999"], "ask_during_checkin": "1"}
    options = {"o-0-id": "", "o-0-answer-en": "Meat", "o-1-id": "", "o-1-answer-en": "None", "o-2-id": ""}
    assert "at least one answer" in post_form(ada, f"{questions}new", values).text
    assert post_form(ada, f"{questions}new", values | {"type": "Z"}).status_code == 422
    taken = post_form(ada, f"{questions}new", values | options | {"identifier": "SIZE"})
    assert "short name" in taken.text
    assert post_form(ada, f"{questions}new", values | options).status_code == 303
    with ada.application.app_context():
        made = db.session.scalars(sa.select(Question).where(Question.ask_during_checkin)).one()
        meat, none = made.options
        assert ([item.id for item in made.items], len(made.identifier)) == ([fair.item], 8)
        add(Answer(position_id=fair.positions[0], question_id=made.id, answer="Meat"))
        db.session.execute(Answer.metadata.tables["answer_options"].insert().values(answer_id=1, option_id=meat.id))
        db.session.commit()
    page = f"{questions}{made.id}/"
    kept = {"o-0-id": str(meat.id), "o-0-answer-en": "Meat, please"}
    assert post_form(ada, page, values | {"o-0-id": str(none.id), "o-0-answer-en": "None"}).status_code == 422
    assert "type stays" in post_form(ada, page, values | kept | {"type": "S"}).text
    assert post_form(ada, page, values | kept | {"items": []}).status_code == 303
    with ada.application.app_context():
        texts = db.session.scalars(sa.select(QuestionOption.answer).where(QuestionOption.question_id == made.id)).all()
        assert texts == [{"en": "Meat, please"}]
    answer = post_form(ada, f"{page}delete", page=page)
    assert "cannot be deleted" in ada.get(answer.location).text
    with ada.application.app_context():
        db.session.execute(sa.delete(Answer))
        db.session.commit()
    post_form(ada, f"{page}delete", page=page)
    with ada.application.app_context():
        assert db.session.get(Question, made.id) is None


@only_sqlite
def test_dates_of_a_series(ada: FlaskClient, fair: Fair) -> None:
    post_form(ada, NEW, GOOD | {"has_subevents": "1", "slug": "series", "locale": "en"})
    dates = "/organizer/bigevents/series/settings/dates/"
    values = {"name-en": "Day 1", "date_from": "2027-01-10T09:00", "date_to": "2027-01-10", "active": "1"}
    assert post_form(ada, f"{dates}new", values | {"date_to": "2027-01-09"}).status_code == 422
    assert post_form(ada, f"{dates}new", values).status_code == 303
    with ada.application.app_context():
        date = db.session.scalars(sa.select(SubEvent)).one()
        assert (date.date_from.hour, date.date_to and date.date_to.hour) == (8, 22)
        item = add(Item(event_id=date.event_id, name={"en": "T"}, default_price=Decimal(1)))
        position = db.session.get_one(OrderPosition, fair.positions[0])
        position.subevent_id, position.item_id = date.id, item.id
        db.session.commit()
    page = f"{dates}{date.id}/"
    assert post_form(ada, page, values | {"name-en": "First day", "active": ""}).status_code == 303
    answer = post_form(ada, f"{page}delete", page=page)
    assert "cannot be deleted" in ada.get(answer.location).text
    with ada.application.app_context():
        db.session.get_one(OrderPosition, fair.positions[0]).subevent_id = None
        db.session.commit()
        assert db.session.get_one(SubEvent, date.id).name == {"en": "First day"}
    post_form(ada, f"{page}delete", page=page)
    with ada.application.app_context():
        assert db.session.get(SubEvent, date.id) is None


@only_sqlite
def test_lists_cost_the_same_for_any_number_of_rows(ada: FlaskClient, fair: Fair) -> None:
    def cost(path: str) -> int:
        with statements() as seen:
            assert ada.get(path).status_code == 200
        return len(seen)

    paths = [f"{SETTINGS}products/", f"{SETTINGS}questions/", "/organizer/bigevents/sampleconf/orders/"]
    paths.append("/organizer/bigevents/sampleconf/vouchers/")
    before = [cost(path) for path in paths]
    with ada.application.app_context():
        for number in range(20):
            item = add(Item(event_id=fair.event, name={"en": f"P{number}"}, default_price=Decimal(1)))
            add(Question(event_id=fair.event, question={"en": "?"}, type="S", identifier=f"Q{number}", items=[item]))
        db.session.commit()
    assert [cost(path) for path in paths] == before


@only_sqlite
def test_a_new_event_takes_over_what_an_earlier_one_is_made_of(ada: FlaskClient, fair: Fair) -> None:
    with ada.application.app_context():
        question = db.session.scalars(sa.select(Question).where(Question.event_id == fair.event)).one()
        shirt = question.items[0].id
        vip = add(CheckinList(event_id=fair.event, name="Shirts", all_products=False, include_pending=True))
        vip.limit_products = [db.session.get_one(Item, shirt)]
        db.session.commit()
    for source in ("foreign", "nothing", "-"):
        answer = post_form(ada, NEW, GOOD | {"source": source})
        assert (answer.status_code, "f-source-error" in answer.text) == (422, True)
    assert post_form(ada, NEW, GOOD | {"source": "sampleconf"}).status_code == 303
    with ada.application.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == GOOD["slug"])).one()
        assert event.locales == ["de", "en"]
        assert event.settings["lead_tags"] == ["foo", "bar"]
        standard, copied = db.session.scalars(sa.select(Item).where(Item.event_id == event.id).order_by(Item.position))
        assert [each.value for each in standard.variations] == [{"en": "Early bird"}]
        assert copied.default_price == Decimal(15)
        asked = db.session.scalars(sa.select(Question).where(Question.event_id == event.id)).one()
        assert (asked.identifier, [item.id for item in asked.items]) == ("SIZE", [copied.id])
        assert [option.identifier for option in asked.options] == ["M"]
        gates = db.session.scalars(sa.select(CheckinList).where(CheckinList.event_id == event.id)).all()
        assert [(gate.name, [item.id for item in gate.limit_products]) for gate in gates] == [
            ("Main entrance", []),
            ("Shirts", [copied.id]),
        ]
        assert not db.session.scalar(sa.select(sa.exists().where(OrderPosition.event_id == event.id)))
