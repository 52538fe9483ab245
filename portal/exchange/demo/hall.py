"""The hall: a ground floor of three blocks in arcs round the stage, and two balconies behind them."""

import math
import random
from dataclasses import dataclass
from typing import Any

from portal.exchange.demo.catalog import BALCONY, STANDARD, VIP
from portal.exchange.demo.kit import Codes, Json, dice, uuid

#: The contract's own first two seats.
FIRST_SEAT_ID = 1633
FIRST_GUIDS = ("b9746230-6f31-4f41-bbc9-d6b60bdb3342", "1d29fe20-8e1e-4984-b0ee-2773b0d07e07")

WIDTH, HEIGHT = 1760, 1200
CENTRE_X, CENTRE_Y = WIDTH / 2, -250.0
SPACING = 25.0
VIP_ROWS = range(2, 6)

#: Category and colour for each product that has seats.
CATEGORIES = {STANDARD: ("Standard", "#2f6fb5"), VIP: ("VIP", "#b8860b"), BALCONY: ("Balcony", "#5b8c3a")}


@dataclass(frozen=True, slots=True)
class Block:
    """A zone of rows in arcs; the angle is counted from the hall's axis, to the right."""

    zone: str
    origin: tuple[float, float]
    rows: tuple[str, ...]
    radius: float
    depth: float
    angles: tuple[float, float]
    product: int
    row_label: str = "Row %s"


_ROWS = tuple(str(number) for number in range(1, 21))
BLOCKS = (
    Block("Ground floor", (500, 250), _ROWS, 560, 30, (-19.5, 19.5), STANDARD),
    Block("Ground floor left", (100, 200), _ROWS[:18], 590, 30, (-42.5, -22.0), STANDARD),
    Block("Ground floor right", (1100, 200), _ROWS[:18], 590, 30, (22.0, 42.5), STANDARD),
    Block("Balcony left", (60, 820), tuple("ABCD"), 1200, 34, (-38.0, -1.5), BALCONY, "Balcony row %s"),
    Block("Balcony right", (900, 820), tuple("ABCD"), 1200, 34, (1.5, 38.0), BALCONY, "Balcony row %s"),
)


@dataclass(frozen=True, slots=True)
class Hall:
    """The plan's file and the seats made from it, row by row."""

    layout: Json
    seats: list[Json]

    def rows(self, product: int) -> list[list[Json]]:
        """The rows of a product's seats, those near the stage first."""
        rows: dict[tuple[str, str], list[Json]] = {}
        for seat in self.seats:
            if seat["product"] == product:
                rows.setdefault((seat["zone_name"], seat["row_name"]), []).append(seat)
        return sorted(rows.values(), key=lambda row: min(seat["y"] for seat in row))


def _product(block: Block, row: str) -> int:
    return VIP if block.zone == "Ground floor" and int(row) in VIP_ROWS else block.product


def _arc(block: Block, number: int) -> list[tuple[float, float]]:
    """Where the seats of a row stand; they fill the arc evenly, so that rows are staggered."""
    radius = block.radius + number * block.depth
    start, end = (math.radians(angle) for angle in block.angles)
    count = int((end - start) * radius / SPACING) + 1
    step = SPACING / radius
    first = (start + end - (count - 1) * step) / 2
    return [
        (
            round(CENTRE_X + radius * math.sin(first + index * step), 1),
            round(CENTRE_Y + radius * math.cos(first + index * step), 1),
        )
        for index in range(count)
    ]


def _at(x: float, y: float) -> dict[str, float]:
    return {"x": round(x, 1), "y": round(y, 1)}


def _row(block: Block, number: int, row: str, guids: list[str], rng: random.Random) -> Json:
    places = _arc(block, number)
    origin_x, origin_y = places[0]
    return {
        "row_number": row,
        "row_label": block.row_label,
        "seat_label": "Seat %s",
        "row_number_position": "both",
        "uuid": uuid(rng),
        "position": _at(origin_x - block.origin[0], origin_y - block.origin[1]),
        "seats": [
            {
                "seat_guid": guids.pop(0) if guids else uuid(rng),
                "seat_number": str(index),
                "category": CATEGORIES[_product(block, row)][0],
                "position": _at(x - origin_x, y - origin_y),
                "radius": 10,
                "uuid": uuid(rng),
                "start_direction": None,
            }
            for index, (x, y) in enumerate(places, 1)
        ],
    }


def _text(content: str, x: float, y: float, size: int, rng: random.Random, color: str = "#44505c") -> Json:
    return {
        "shape": "text",
        "position": _at(x, y),
        "rotation": 0,
        "color": color,
        "border_color": color,
        "uuid": uuid(rng),
        "text": {"text": content, "position": _at(0, 0), "color": color, "size": size},
    }


def _shape(shape: str, x: float, y: float, details: Any, rng: random.Random) -> Json:
    return {
        "shape": shape,
        "position": _at(x, y),
        "rotation": 0,
        "color": "#d7dde3",
        "border_color": "#8a97a3",
        "uuid": uuid(rng),
        shape: details,
    }


def _areas(rng: random.Random) -> dict[str, list[Json]]:
    """What is no seat, by zone, placed from the zone's origin."""
    stage = [(-300, 0), (300, 0), (240, 130), (120, 165), (-120, 165), (-240, 130)]
    ground_x, ground_y = BLOCKS[0].origin
    middle = CENTRE_X - ground_x
    return {
        "Ground floor": [
            _shape("polygon", middle, 60 - ground_y, {"points": [_at(x, y) for x, y in stage]}, rng),
            _text("Stage", middle, 140 - ground_y, 36, rng),
            _shape("rectangle", middle - 100, 912 - ground_y, {"width": 200, "height": 20}, rng),
            _text("Technical desk", middle, 922 - ground_y, 13, rng),
        ],
        "Ground floor left": [
            _shape("circle", 110, 100, {"radius": 14}, rng),
            _text("Entrance A", 130, 20, 18, rng),
        ],
        "Ground floor right": [
            _shape("circle", 450, 100, {"radius": 14}, rng),
            _text("Entrance B", 430, 20, 18, rng),
        ],
        "Balcony left": [
            _text("Balcony left", 130, 330, 22, rng),
            _shape("ellipse", 60, 240, {"radius": _at(40, 24)}, rng),
            _text("Stairs", 60, 240, 14, rng),
        ],
        "Balcony right": [
            _text("Balcony right", 670, 330, 22, rng),
            _shape("ellipse", 740, 240, {"radius": _at(40, 24)}, rng),
            _text("Stairs", 740, 240, 14, rng),
        ],
    }


def _layout() -> Json:
    rng = dice("hall")
    areas = _areas(rng)
    guids = list(FIRST_GUIDS)
    return {
        "name": "Main hall",
        "categories": [{"name": name, "color": color} for name, color in CATEGORIES.values()],
        "size": {"width": WIDTH, "height": HEIGHT},
        "zones": [
            {
                "name": block.zone,
                "zone_id": f"zone-{index}",
                "uuid": uuid(rng),
                "position": _at(*block.origin),
                "rows": [_row(block, number, row, guids, rng) for number, row in enumerate(block.rows)],
                "areas": areas.get(block.zone, []),
            }
            for index, block in enumerate(BLOCKS, 1)
        ],
    }


def seats_of(layout: Json, products: dict[str, int], first_id: int, subevent: int | None = None) -> list[Json]:
    """The seats of a plan, each at zone + row + seat; a category's name gives the product."""
    seats: list[Json] = []
    for zone in layout["zones"]:
        for row in zone["rows"]:
            for seat in row["seats"]:
                places = (zone["position"], row["position"], seat["position"])
                seats.append(
                    {
                        "id": first_id + len(seats),
                        "subevent": subevent,
                        "zone_name": zone["name"],
                        "row_name": row["row_number"],
                        "row_label": row["row_label"].replace("%s", row["row_number"]),
                        "seat_number": seat["seat_number"],
                        "seat_label": row["seat_label"].replace("%s", seat["seat_number"]),
                        "seat_guid": seat["seat_guid"],
                        "product": products[seat["category"]],
                        "blocked": False,
                        "x": round(sum(place["x"] for place in places), 1),
                        "y": round(sum(place["y"] for place in places), 1),
                    }
                )
    return seats


def _is_blocked(seat: Json) -> bool:
    """The camera lane next to the stage, the technical desk's neighbours, and four seats behind a pillar."""
    zone, row, number = seat["zone_name"], seat["row_name"], int(seat["seat_number"])
    if zone == "Ground floor":
        return (
            (row == "1" and number > 2) or (row == "20" and 11 <= number <= 22) or (row == "19" and 14 <= number <= 17)
        )
    if zone in ("Ground floor left", "Ground floor right"):
        return row in ("1", "2") and number <= 2
    return False


def build_hall() -> Hall:
    """The hall with its blocked seats."""
    layout = _layout()
    seats = seats_of(layout, {name: product for product, (name, _) in CATEGORIES.items()}, FIRST_SEAT_ID)
    for seat in seats:
        seat["blocked"] = _is_blocked(seat)
    return Hall(layout, seats)


def make_carts(hall: Hall, taken: set[str], rng: random.Random, moments: list[tuple[str, str]]) -> list[Json]:
    """Carts of one to three neighbouring seats, for each pair of time and expiry; seats come from ``taken``'s rest."""
    ids = Codes(rng, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 48)
    rows = hall.rows(STANDARD) + hall.rows(BALCONY)
    carts: list[Json] = []
    for placed, expires in moments:
        row = rng.choice(rows)
        free = [seat for seat in row if not seat["blocked"] and seat["seat_guid"] not in taken]
        cart_id = f"{ids.next()}@sampleconf"
        for seat in free[: rng.randint(1, 3)]:
            taken.add(seat["seat_guid"])
            standard = seat["product"] == STANDARD
            carts.append(
                {
                    "id": 900 + len(carts),
                    "cart_id": cart_id,
                    "item": seat["product"],
                    "variation": 60 if standard else None,
                    "price": "75.00" if standard else "45.00",
                    "datetime": placed,
                    "expires": expires,
                    "seat": {"seat_guid": seat["seat_guid"]},
                }
            )
    return carts
