"""Seating plan layouts: read into seats and shapes; broken ones name what is wrong."""

import copy
import datetime as dt
from typing import Any

import pytest

from portal.exchange.demo import build_demo
from portal.seating.layout import LayoutError, Plan, PlanRow, parse_layout
from tests.exchange.files import sample

Json = dict[str, Any]


def seat(number: str, x: float = 0, y: float = 0, **more: Any) -> Json:
    return {
        "seat_guid": f"guid-{number}",
        "seat_number": number,
        "category": "Stalls",
        "position": {"x": x, "y": y},
    } | more


def plan(**more: Any) -> Json:
    return {
        "name": "Hall",
        "size": {"width": 300, "height": 200},
        "categories": [{"name": "Stalls", "color": "#3a3"}],
        "zones": [
            {
                "name": "Ground floor",
                "zone_id": "g",
                "uuid": "u",
                "position": {"x": 10, "y": 20},
                "rows": [
                    {
                        "row_number": "7",
                        "row_label": "Row %s",
                        "seat_label": "Seat %s",
                        "row_number_position": "both",
                        "position": {"x": 1, "y": 2},
                        "seats": [seat("1"), seat("2", 25.5, 0.5, radius=8)],
                    }
                ],
                "areas": [],
            }
        ],
    } | more


def problems(layout: Any) -> list[tuple[str, str]]:
    with pytest.raises(LayoutError) as caught:
        parse_layout(layout)
    return caught.value.problems


def test_a_seat_stands_at_zone_and_row_and_seat() -> None:
    found = parse_layout(plan())
    assert isinstance(found, Plan)
    assert (found.name, found.width, found.height, found.categories) == ("Hall", 300, 200, {"Stalls": "#3a3"})
    first, second = found.seats
    assert (first.guid, first.zone_name, first.row_name, first.number) == ("guid-1", "Ground floor", "7", "1")
    assert (first.row_label, first.label, first.category) == ("Row 7", "Seat 1", "Stalls")
    assert (first.x, first.y, first.radius) == (11, 22, 10)
    assert (second.x, second.y, second.radius) == (36.5, 22.5, 8)
    assert second.path == "zones[0].rows[0].seats[1]"
    (zone,) = found.zones
    assert zone.rows == (PlanRow("7", "Row 7", "both", (11, 22), (36.5, 22.5)),)


def test_labels_may_be_missing_and_numbers_numbers() -> None:
    layout = plan()
    row = layout["zones"][0]["rows"][0]
    row |= {"row_number": 7, "row_label": None, "seats": [seat("x", seat_number=3)]}
    del row["seat_label"], row["position"], row["row_number_position"]
    (found,) = parse_layout(layout).seats
    assert (found.row_name, found.row_label, found.number, found.label) == ("7", None, "3", None)
    assert (found.x, found.y) == (10, 20)


def test_older_files_without_a_size_need_room_for_their_seats() -> None:
    layout = plan()
    del layout["size"]
    found = parse_layout(layout)
    assert found.width > 36.5 + 8
    assert found.height > 22.5 + 8


def test_areas_are_kept_for_drawing() -> None:
    layout = plan()
    at = {"x": 5, "y": 6}
    layout["zones"][0]["areas"] = [
        {
            "shape": "polygon",
            "position": at,
            "color": "#eee",
            "polygon": {"points": [{"x": 0, "y": 1}, {"x": 2, "y": 3}]},
        },
        {"shape": "rectangle", "position": at, "rotation": 45, "rectangle": {"width": 10, "height": 20}},
        {"shape": "ellipse", "position": at, "border_color": "#000", "ellipse": {"radius": {"x": 3, "y": 4}}},
        {"shape": "circle", "position": at, "circle": {"radius": 7}},
        {"shape": "text", "position": at, "text": {"text": "Stage", "position": {"x": 1, "y": 1}, "color": "#111"}},
        {
            "shape": "rectangle",
            "position": at,
            "rectangle": {"width": 1, "height": 2},
            "text": {"text": "Bar", "position": {"x": 0, "y": 0}, "color": "#222", "size": 9},
        },
    ]
    polygon, rectangle, ellipse, circle, words, bar = parse_layout(layout).zones[0].areas
    assert (polygon.x, polygon.y, polygon.color, polygon.points) == (15, 26, "#eee", ((0, 1), (2, 3)))
    assert (rectangle.width, rectangle.height, rectangle.rotation) == (10, 20, 45)
    assert (ellipse.radius_x, ellipse.radius_y, ellipse.border_color) == (3, 4, "#000")
    assert (circle.radius_x, circle.radius_y) == (7, 7)
    assert (words.text, words.text_x, words.text_color, words.text_size) == ("Stage", 1, "#111", 16)
    assert (bar.shape, bar.text, bar.text_size) == ("rectangle", "Bar", 9)


def test_areas_of_older_files_have_their_size_directly() -> None:
    layout = plan()
    at = {"x": 0, "y": 0}
    layout["zones"][0]["areas"] = [
        {"shape": "rectangle", "position": at, "width": 10, "height": 20},
        {"shape": "ellipse", "position": at, "width": 10, "height": 20},
        {"shape": "circle", "position": at, "width": 10, "height": 10},
    ]
    rectangle, ellipse, circle = parse_layout(layout).zones[0].areas
    assert (rectangle.width, rectangle.height) == (10, 20)
    assert (ellipse.radius_x, ellipse.radius_y) == (5, 10)
    assert circle.radius_x == 5


def test_what_pretix_and_the_demo_have_is_read() -> None:
    event, _ = sample()["events"]
    found = parse_layout(event["seating_plan"]["layout"])
    assert {entry.guid for entry in found.seats} == {entry["seat_guid"] for entry in event["seats"]}
    for event in build_demo(dt.date(2026, 11, 23))["events"]:
        places = {(entry["seat_guid"], entry["x"], entry["y"]) for entry in event["seats"]}
        for entry in parse_layout(event["seating_plan"]["layout"]).seats:
            assert (entry.guid, round(entry.x, 1), round(entry.y, 1)) in places


BROKEN: list[tuple[str, Any, str, str]] = [
    ("zones", None, "zones", "is missing"),
    ("zones", {}, "zones", "must be a list"),
    ("categories", None, "categories", "is missing"),
    ("size", {"width": -1, "height": 2}, "size.width", "must not be below 0"),
    ("size", [1, 2], "size", "must be an object"),
    ("zones.0", "zone", "zones[0]", "must be an object"),
    ("zones.0.position", None, "zones[0].position", "is missing"),
    ("zones.0.position", {"x": "left", "y": 0}, "zones[0].position.x", "must be a number"),
    ("zones.0.rows", None, "zones[0].rows", "is missing"),
    ("zones.0.rows.0.row_number", None, "zones[0].rows[0].row_number", "is missing"),
    (
        "zones.0.rows.0.row_number",
        "7" * 191,
        "zones[0].rows[0].row_number",
        "has 191 characters, at most 190 are allowed",
    ),
    (
        "zones.0.rows.0.row_number_position",
        "left",
        "zones[0].rows[0].row_number_position",
        "must be “start”, “end”, “both” or null",
    ),
    ("zones.0.rows.0.seats", None, "zones[0].rows[0].seats", "is missing"),
    ("zones.0.rows.0.seats.1", 5, "zones[0].rows[0].seats[1]", "must be an object"),
    ("zones.0.rows.0.seats.1.seat_guid", "", "zones[0].rows[0].seats[1].seat_guid", "is missing"),
    ("zones.0.rows.0.seats.1.position", None, "zones[0].rows[0].seats[1].position", "is missing"),
    ("zones.0.rows.0.seats.1.radius", -2, "zones[0].rows[0].seats[1].radius", "must not be below 0"),
    (
        "zones.0.rows.0.seats.1.category",
        "VIP",
        "zones[0].rows[0].seats[1].category",
        "seat 2 in row 7 of Ground floor is of the category “VIP”, which does not exist",
    ),
    (
        "zones.0.rows.0.seats.1.seat_guid",
        "guid-1",
        "zones[0].rows[0].seats[1].seat_guid",
        "seat 2 in row 7 of Ground floor has the guid “guid-1” "
        "of seat 1 in row 7 of Ground floor (zones[0].rows[0].seats[0])",
    ),
    (
        "zones.0.rows.0.seats.1.seat_number",
        "1",
        "zones[0].rows[0].seats[1].seat_number",
        "there is another seat 1 in row 7 of Ground floor (zones[0].rows[0].seats[0])",
    ),
    (
        "zones.0.areas",
        [{"shape": "star"}],
        "zones[0].areas[0].shape",
        "must be one of polygon, rectangle, ellipse, circle, text",
    ),
    (
        "zones.0.areas",
        [{"shape": "circle", "position": {"x": 0, "y": 0}, "circle": {}}],
        "zones[0].areas[0].circle.radius",
        "is missing",
    ),
]


@pytest.mark.parametrize(("place", "value", "path", "reason"), BROKEN)
def test_what_is_wrong_is_named(place: str, value: Any, path: str, reason: str) -> None:
    layout = copy.deepcopy(plan())
    target: Any = layout
    *steps, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    for step in steps:
        target = target[step]
    target[last] = value
    assert problems(layout)[0] == (path, reason)


def test_a_plan_is_an_object() -> None:
    assert problems([]) == [("", "a seating plan is an object")]
    assert str(LayoutError([("", "a"), ("zones", "b")])) == "a; zones: b"


def test_a_copied_row_names_its_first_twenty_seats() -> None:
    layout = plan()
    row = layout["zones"][0]["rows"][0]
    row["seats"] = [seat(str(number)) for number in range(30)]
    layout["zones"][0]["rows"].append(copy.deepcopy(row) | {"row_number": "8"})
    found = problems(layout)
    assert len(found) == 20
    assert found[0] == (
        "zones[0].rows[1].seats[0].seat_guid",
        "seat 0 in row 8 of Ground floor has the guid “guid-0” "
        "of seat 0 in row 7 of Ground floor (zones[0].rows[0].seats[0])",
    )
