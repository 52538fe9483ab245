"""How times, money and numbers read, in both languages."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from babel import Locale
from flask import Flask, render_template_string
from flask_babel import Babel

from portal.web import filters

NOW = datetime(2025, 6, 3, 12, 5, tzinfo=UTC)
BERLIN = "Europe/Berlin"
EN, DE = Locale("en"), Locale("de")


@pytest.mark.parametrize(
    ("value", "locale", "shown"),
    [
        (NOW, EN, "Tue 14:05"),
        (NOW, DE, "Di 14:05"),
        (NOW - timedelta(days=6), EN, "Wed 14:05"),
        (NOW - timedelta(days=7), EN, "Tue, May 27 14:05"),
        (NOW + timedelta(days=6), EN, "Mon 14:05"),
        (NOW - timedelta(days=7), DE, "Di., 27. Mai 14:05"),
        (datetime(2024, 12, 31, 23, 30, tzinfo=UTC), EN, "Wed, Jan 1 00:30"),
        (datetime(2024, 12, 31, 22, 30, tzinfo=UTC), EN, "Dec 31, 2024 23:30"),
    ],
)
def test_a_moment_is_as_short_as_it_is_clear(value: datetime, locale: Locale, shown: str) -> None:
    assert filters.format_when(value, BERLIN, locale, NOW) == shown


def test_near_days_are_counted_in_the_zone_of_the_event() -> None:
    late = datetime(2025, 5, 27, 22, 30, tzinfo=UTC)  # already the 28th in Berlin, six days before the 3rd
    assert filters.format_when(late, BERLIN, EN, NOW) == "Wed 00:30"
    assert filters.format_when(late, UTC, EN, NOW) == "Tue, May 27 22:30"


def test_the_full_form_names_everything() -> None:
    assert filters.format_fulltime(NOW, BERLIN, EN) == "Tuesday, June 3, 2025, 14:05:00 CEST"
    assert filters.format_fulltime(NOW, None, DE) == "Dienstag, 3. Juni 2025, 12:05:00 UTC"


def test_days_that_something_lasts() -> None:
    assert filters.format_span(NOW, NOW + timedelta(days=2), BERLIN, EN) == "Jun 3\u2009–\u20095, 2025"
    assert filters.format_span(NOW, None, BERLIN, DE) == "3. Juni 2025"
    assert filters.format_day(date(2024, 2, 29), BERLIN, EN, NOW) == "Feb 29, 2024"


@pytest.mark.parametrize(
    ("value", "currency", "locale", "shown"),
    [
        (Decimal("1234.50"), "EUR", EN, "€1,234.50"),
        ("1234.5", "EUR", DE, "1.234,50\xa0€"),
        ("12", None, EN, "12.00"),
        (0, "JPY", EN, "¥0"),
        (None, "EUR", EN, ""),
    ],
)
def test_money(value: Decimal | str | int | None, currency: str | None, locale: Locale, shown: str) -> None:
    assert filters.format_money(value, currency, locale) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(0, 10, "0%"), (1, 1000, "1%"), (999, 1000, "99%"), (10, 10, "100%"), (3, 0, "0%")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, shown: str) -> None:
    assert filters.format_percent(part, whole, EN) == shown


def test_errors_and_values_are_found_by_name_or_taken_as_they_are() -> None:
    refused = {"email": ["Not an address.", "Too long."], "name": "Missing."}
    assert filters.messages(refused, "email") == ["Not an address.", "Too long."]
    assert filters.messages(refused, "name") == ["Missing."]
    assert filters.messages(refused, "other") == []
    assert filters.messages("Missing.", "name") == ["Missing."]
    assert filters.messages(None) == []
    assert filters.value_of({"name": None, "rating": 0}, "rating") == 0
    assert filters.value_of({"name": None}, "name") == ""
    assert filters.value_of("text", "name") == "text"


@pytest.fixture
def app() -> Flask:
    """The filters alone, answering in German."""
    app = Flask("filters")
    Babel(app, default_locale="de", default_timezone=BERLIN)
    filters.init_app(app)
    return app


def test_templates_use_the_locale_and_zone_of_the_request(app: Flask) -> None:
    template = (
        "{{ v|fulltime }} {{ v|fulltime('Asia/Tokyo') }} {{ 1234.5|number }} {{ names|localised }} {{ locale_tag() }}"
    )
    with app.test_request_context():
        shown = render_template_string(template, v=NOW, names={"en": "Hall", "de": "Halle"})
    assert shown == ("Dienstag, 3. Juni 2025, 14:05:00 CEST Dienstag, 3. Juni 2025, 21:05:00 JST 1.234,5 Halle de")


def test_nothing_reads_as_nothing(app: Flask) -> None:
    template = (
        "{{ n|when }}{{ n|day }}{{ n|fulltime }}{{ n|ago }}{{ n|span }}{{ n|money }}{{ n|number }}{{ n|isotime }}"
    )
    with app.test_request_context():
        assert render_template_string(template, n=None) == ""


def test_the_machine_form_keeps_the_offset(app: Flask) -> None:
    with app.test_request_context():
        assert filters.isotime(NOW.astimezone(timezone(timedelta(hours=9)))) == "2025-06-03T14:05:00+02:00"
