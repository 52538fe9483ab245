"""A hall of more seats than shapes are good for: a canvas shows them, and everything works as on the map of shapes."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import AXE, Site, flask, violations

SEATS, ZONES, ROWS = 15_200, 8, 19
TOKEN = "large" * 12 + "hall"
EVENT = "arena/concert"
pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


def bundle() -> dict[str, Any]:
    """An organizer with one large hall."""
    in_zone = SEATS // ZONES
    in_row = in_zone // ROWS
    places = [(zone, row, seat) for zone in range(ZONES) for row in range(ROWS) for seat in range(in_row)]
    seats = [
        {
            "id": number + 1,
            "zone_name": f"Zone {zone}",
            "row_name": f"{row}",
            "seat_number": f"{seat}",
            "seat_guid": f"{zone}-{row}-{seat}",
            "product": 1,
        }
        for number, (zone, row, seat) in enumerate(places)
    ]
    team = {
        "name": "Crew",
        "all_events": True,
        "permissions": ["can_change_event_settings", "can_view_orders"],
        "members": ["arena@example.org"],
        "tokens": [{"name": "other", "token": TOKEN}],
    }
    event = {
        "slug": "concert",
        "name": {"en": "Concert"},
        "live": True,
        "date_from": "2035-06-01T18:00:00Z",
        "timezone": "Europe/Berlin",
        "items": [{"id": 1, "name": {"en": "Ticket"}, "default_price": "50.00", "admission": True}],
        "seats": seats,
    }
    return {
        "format": "portal-bundle",
        "version": 1,
        "source": "arena",
        "organizer": {"slug": "arena", "name": "Arena"},
        "users": [{"email": "arena@example.org", "password": "large-hall-organizer", "name": "Ada"}],
        "teams": [team],
        "events": [event],
    }


@pytest.fixture(scope="module")
def arena(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The large hall, beside the demo fair."""
    file = tmp_path_factory.mktemp("arena") / "arena.json"
    file.write_text(json.dumps(bundle()))
    flask(site.environ, "bundle", "load", str(file))


@pytest.fixture
def hall(new_page: Callable[..., Page], arena: None) -> Page:
    """The map, with all its zones."""
    page = new_page()
    page.goto("/login")
    page.get_by_label("E-mail").fill("arena@example.org")
    page.get_by_label("Password").fill("large-hall-organizer")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"/organizer/{EVENT}/seats/")
    expect(page.locator(".zone[aria-busy]")).to_have_count(0, timeout=30_000)
    return page


def place(page: Page, guid: str) -> tuple[str, float, float]:
    """The selector of a seat, and where it is on the screen."""
    name = ", ".join(f"{kind} {part}" for kind, part in zip(("Zone", "row", "seat"), guid.split("-"), strict=True))
    found: list[Any] = page.evaluate(
        """name => {
          const seat = document.querySelector(`.hall .seat[aria-label^="${name},"]`);
          const shape = seat.localName === "g" ? seat.firstElementChild : seat;
          const at = new DOMPoint(shape.getAttribute("cx"), shape.getAttribute("cy"));
          const { x, y } = at.matrixTransform(seat.ownerSVGElement.getScreenCTM());
          return [seat.id, x, y];
        }""",
        name,
    )
    return f"#{found[0]}", found[1], found[2]


def painted(page: Page, x: float, y: float) -> str:
    """The colour that the canvas shows at a place on the screen."""
    return str(
        page.evaluate(
            """([x, y]) => {
              const canvas = document.querySelector(".far-seats");
              const box = canvas.getBoundingClientRect();
              const pen = canvas.getContext("2d");
              return [...pen.getImageData(Math.round(x - box.x), Math.round(y - box.y), 1, 1).data].join(" ");
            }""",
            [x, y],
        )
    )


def becomes_other(page: Page, x: float, y: float, than: str) -> str:
    """The colour at a place, once it is another one."""
    for _ in range(80):
        found = painted(page, x, y)
        if found != than:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"still {than}")


def test_a_large_hall_is_seen_clicked_chosen_and_walked(hall: Page, site: Site) -> None:
    seat, x, y = place(hall, "4-9-20")
    free = painted(hall, x, y)
    assert hall.locator(f"{seat}.s-free").count() == 1
    assert not hall.locator(seat).is_visible(), "no shape: the canvas shows it"

    # A pointer reads and changes what the canvas shows; Undo takes it back.
    hall.mouse.move(x, y)
    expect(hall.locator("#seat-line")).to_contain_text("Zone 4, row 9, seat 20, free, Ticket")
    hall.mouse.click(x, y)
    expect(hall.locator(f"{seat}.s-blocked")).to_have_count(1)
    blocked = becomes_other(hall, x, y, free)
    hall.locator(".toast").get_by_role("button", name="Undo").click()
    expect(hall.locator(f"{seat}.s-free")).to_have_count(1)
    assert becomes_other(hall, x, y, blocked) == free

    # What others change comes by itself.
    request = urllib.request.Request(  # noqa: S310 (our own server)
        f"{site.url}/api/v1/organizers/arena/events/concert/seats/{seat.rpartition('-')[2]}/",
        b'{"blocked": true}',
        {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    expect(hall.locator(f"{seat}.s-blocked")).to_have_count(1, timeout=5_000)
    assert becomes_other(hall, x, y, free) == blocked

    # A rectangle chooses; the chosen seats have their rings.
    hall.mouse.move(x + 30, y - 20)
    hall.mouse.down()
    hall.mouse.move(x + 90, y + 20, steps=3)
    hall.mouse.up()
    expect(hall.locator("#selection")).to_be_visible()
    chosen = hall.locator("#rings circle").count()
    assert chosen > 20
    expect(hall.locator("#selected-count")).to_have_text(f"{chosen} seats selected")

    # Keys reach each zone and walk through it.
    hall.locator('.hall #zone-4 .seat[tabindex="0"]').focus()
    hall.keyboard.press("Escape")
    expect(hall.locator("#selection")).to_be_hidden()
    expect(hall.locator("#seat-line")).to_contain_text("Zone 4")
    for _ in range(3):
        hall.keyboard.press("ArrowRight")
    walked = hall.locator(".hall .seat:focus")
    expect(walked).to_have_count(1)
    expect(walked).to_be_visible()
    hall.keyboard.press("b")
    expect(hall.locator(".hall .seat:focus.s-blocked")).to_have_count(1)
    hall.keyboard.press("z")
    expect(hall.locator(".hall .seat:focus.s-free")).to_have_count(1)


def test_a_large_hall_is_dark_by_night_and_made_of_shapes_close_by(hall: Page) -> None:
    hall.evaluate(AXE.read_text())
    assert violations(hall) == []
    _, x, y = place(hall, "4-9-20")
    by_day = painted(hall, x, y)
    hall.emulate_media(color_scheme="dark")
    becomes_other(hall, x, y, by_day)
    hall.emulate_media(color_scheme="light", media="print")
    expect(hall.locator(".far-seats")).to_be_hidden()
    hall.emulate_media(media="screen")

    # Close by, the zones in view are shapes, and a click blocks.
    for _ in range(6):
        hall.get_by_role("button", name="Larger").click()
    expect(hall.locator(".zone.near").first).to_be_attached(timeout=20_000)
    near = hall.locator(".zone.near .seat.s-free")
    inside = hall.evaluate(
        """() => {
          const box = document.getElementById("map").getBoundingClientRect();
          return [...document.querySelectorAll(".zone.near .seat.s-free")].find((seat) => {
            const at = seat.getBoundingClientRect();
            return at.x > box.x + 40 && at.y > box.y + 80 && at.width > 9;
          }).id;
        }"""
    )
    assert near.count() > 100
    hall.locator(f"#{inside}").click()
    expect(hall.locator(f"#{inside}.s-blocked")).to_have_count(1)
    assert hall.locator(f"#{inside}").is_visible()
    hall.get_by_role("button", name="Show the whole hall").click()
    expect(hall.locator(".zone.near")).to_have_count(0)
    assert not hall.locator('.zone .seat[tabindex="-1"]').first.is_visible()
