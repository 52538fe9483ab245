"""Organizers at the map of seats: a click and its undo, a rectangle, two browsers side by side, keys alone."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.exchange.demo.hall import build_hall
from tests.journeys.conftest import PHONE, Site
from tests.journeys.steps import sign_in_organizer

MAP = "/organizer/bigevents/sampleconf/seats/"
pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


@pytest.fixture
def at_map(new_page: Callable[..., Page], site: Site) -> Callable[[], Page]:
    """Opens browsers that show the map."""

    def open_map() -> Page:
        page = new_page()
        sign_in_organizer(page, site)
        page.goto(MAP)
        expect(page.locator(".hall .seat").first).to_be_visible()
        return page

    return open_map


def free_seat(page: Page, number: int) -> str:
    """The selector of one of the free seats."""
    found = page.locator(".hall .seat.s-free").nth(number).get_attribute("id")
    assert found is not None
    return f"#{found}"


def legend(page: Page, state: str) -> int:
    """How many seats the legend counts."""
    return int(page.locator(f'#legend [data-count="{state}"] b').inner_text())


def test_a_click_is_seen_by_others_and_undone(at_map: Callable[[], Page]) -> None:
    here, there = at_map(), at_map()
    seat, free = free_seat(here, 30), legend(here, "free")
    here.locator(seat).click()
    for page in (here, there):
        expect(page.locator(f"{seat}.s-blocked")).to_have_count(1, timeout=3_500)
        expect(page.locator('#legend [data-count="free"] b')).to_have_text(str(free - 1))
        expect(page.locator("#latest li").first).to_contain_text("1 seat blocked")
    here.locator(".toast").get_by_role("button", name="Undo").click()
    for page in (here, there):
        expect(page.locator(f"{seat}.s-free")).to_have_count(1, timeout=3_500)


def test_keys_alone_reach_the_seats(at_map: Callable[[], Page]) -> None:
    """From the top of the page to a seat, along it, and to its dialog and back."""
    page = at_map()
    focused = page.locator(".hall .seat:focus")
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused.count():
            break
    expect(focused).to_have_count(1)
    first = focused.get_attribute("id")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#{first}")).not_to_be_focused()
    page.keyboard.press("i")
    expect(page.locator("#ask[open]")).to_contain_text("History of this seat")
    page.keyboard.press("Escape")
    expect(page.locator("#ask[open]")).to_have_count(0)


def test_a_plan_is_uploaded(at_map: Callable[[], Page]) -> None:
    """A broken one says what is wrong; one with a seat more is shown, put in place, and drawn."""
    page = at_map()
    seats = page.locator(".hall .seat").count()
    layout = build_hall().layout
    row = layout["zones"][0]["rows"][0]
    last = row["seats"][-1]
    at = {"x": last["position"]["x"] + 20, "y": last["position"]["y"] + 20}
    row["seats"].append(last | {"seat_guid": "one-more", "seat_number": "999", "uuid": "one-more", "position": at})

    def upload(content: bytes) -> None:
        page.get_by_label("Seating plan file").set_input_files(
            {"name": "plan.json", "mimeType": "application/json", "buffer": content}
        )
        page.locator('form:has(input[type="file"]) button').click()

    page.get_by_role("link", name="Seating plan").click()
    upload(b'{"zones": [{"name": "Hall", "rows": "none"}]}')
    expect(page.get_by_text("This plan cannot be used. Nothing was changed.")).to_be_visible()
    upload(json.dumps({"name": "Main hall", **layout}).encode())
    expect(page.get_by_role("heading", name="Uploaded, not in place yet")).to_be_visible()
    page.get_by_role("button", name="Put in place").click()
    expect(page.get_by_text("The plan is in place: 1 seat added")).to_be_visible()
    page.goto(MAP)
    expect(page.locator(".hall .seat")).to_have_count(seats + 1)


def test_keys_walk_block_and_undo(at_map: Callable[[], Page]) -> None:
    page = at_map()
    seat = free_seat(page, 60)
    page.locator(seat).focus()
    expect(page.locator("#seat-line")).to_contain_text("free")
    page.keyboard.press("b")
    expect(page.locator(f"{seat}.s-blocked")).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator(f"{seat}.s-free")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator(f"{seat}.s-blocked")).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator(f"{seat}.s-free")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".hall .seat:focus")).to_have_count(1)
    expect(page.locator(seat)).not_to_be_focused()
    page.locator(seat).focus()
    page.keyboard.press(" ")
    expect(page.locator("#selected-count")).to_have_text("1 seat selected")
    for button, state in (("block", "blocked"), ("free", "free")):
        page.locator(f'#selection button[name="{button}"]').focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"{seat}.s-{state}")).to_be_focused()
        expect(page.locator("#seat-line")).to_contain_text(state)
        page.keyboard.press(" ")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()


def test_a_rectangle_names_the_sold_seats_first(at_map: Callable[[], Page]) -> None:
    page = at_map()
    blocked = legend(page, "blocked")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.45)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)
    page.mouse.up()
    expect(page.locator("#selection")).to_be_visible()
    page.locator('#selection button[name="block"]').click()
    dialog = page.locator("#ask[open]")
    expect(dialog).to_contain_text("belong to somebody")
    dialog.get_by_role("button", name="others").click()
    expect(page.locator(".toast")).to_contain_text("seats blocked")
    assert legend(page, "blocked") > blocked
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator('#legend [data-count="blocked"] b')).to_have_text(str(blocked))


def test_a_finger_comes_closer_before_it_changes(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    sign_in_organizer(page, site)
    page.goto(MAP)
    blocked = legend(page, "blocked")
    seat = free_seat(page, 100)
    page.locator(seat).tap()
    expect(page.locator(".hall")).to_have_attribute("style", re.compile(r"scale\((?!1\))"))
    assert legend(page, "blocked") == blocked
    page.locator(seat).tap()
    expect(page.locator(f"{seat}.s-blocked")).to_have_count(1)
    page.locator(".toast").get_by_role("button", name="Undo").tap()
    expect(page.locator(f"{seat}.s-free")).to_have_count(1)
