"""The steps that all imports share: guessing columns, one value for all rows, and what must be there."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.core.sheets import Row, Sheet
from portal.web.imports import Column, guess, read_mapping, records_of

COLUMNS = (
    Column("name", "Name", ("company", "firma"), required=True),
    Column("email", "E-mail address", ("mail", "e mail")),
    Column("product", "Product", choices=(("7", "Standard ticket"), ("8", "Day ticket"))),
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def in_a_request(app: Flask) -> Iterator[None]:
    """Labels are spoken in a language."""
    with app.test_request_context(), force_locale("en"):
        yield


def sheet(*head: str) -> Sheet:
    return Sheet(head, [Row(2, [f"{title}!" for title in head]), Row(5, ["'=1+1"] * len(head))])


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (["NAME", "e_mail-address"], ["name", "email"]),
        (["Fírma", "Mail"], ["name", "email"]),
        (["Company", "Name"], ["name", ""]),
        (["Company of the exhibitor", "E-Mail (private)", "Number"], ["name", "email", ""]),
        (["product", "#2"], ["product", ""]),
        (["Names", "emails", ""], ["", "", ""]),
    ],
)
def test_guesses(head: list[str], found: list[str]) -> None:
    assert guess(head, COLUMNS) == found


def test_what_is_chosen_goes_before_the_guess() -> None:
    given = {"column-0": "email", "column-1": "", "fixed-product": "8"}
    chosen = read_mapping(given, sheet("Name", "Mail"), COLUMNS)
    assert chosen.errors == ["No column of the file is chosen as “Name”."]
    assert records_of(sheet("Name", "Mail"), chosen)[0].values == {"product": "8", "email": "Name!"}


def test_one_value_for_all_rows_where_no_column_holds_it() -> None:
    table = sheet("Name", "Product")
    assert read_mapping({"fixed-product": "8"}, table, COLUMNS).fixed == {}
    table = sheet("Name", "Other")
    chosen = read_mapping({"fixed-product": "8"}, table, COLUMNS)
    assert (chosen.fixed, chosen.errors) == ({"product": "8"}, [])
    assert [record.line for record in records_of(table, chosen)] == [2, 5]
    assert [dict(record.values) for record in records_of(table, chosen)] == [
        {"product": "8", "name": "Name!"},
        {"product": "8", "name": "=1+1"},
    ]
    assert read_mapping({"fixed-product": "9"}, table, COLUMNS).fixed == {}
    assert read_mapping({"column-0": "name", "column-1": "name"}, table, COLUMNS).errors == [
        "Two columns of the file are chosen as “Name”."
    ]
