"""pretix' seating plan layout: read, checked, and turned into seats and shapes to draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

SHAPES = ("polygon", "rectangle", "ellipse", "circle", "text")
MAX_PROBLEMS = 20
_MARGIN = 40.0
_LABEL, _NAME = 190, 190


class LayoutError(ValueError):
    """The plan cannot be used; ``problems`` holds a JSON path within the layout and a reason each."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" if path else reason for path, reason in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """A seat of the plan, placed on the map."""

    guid: str
    zone_name: str
    row_name: str
    row_label: str | None
    number: str
    label: str | None
    category: str
    x: float
    y: float
    radius: float
    path: str

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"seat {self.number} in row {self.row_name} of {self.zone_name or 'the plan'}"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row's number, and where it is written: at the start, the end, both, or nowhere."""

    number: str
    label: str | None
    position: str | None
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A shape of the plan that is no seat, placed on the map."""

    shape: str
    x: float
    y: float
    rotation: float
    color: str | None
    border_color: str | None
    points: tuple[tuple[float, float], ...] = ()
    width: float = 0.0
    height: float = 0.0
    radius_x: float = 0.0
    radius_y: float = 0.0
    text: str = ""
    text_x: float = 0.0
    text_y: float = 0.0
    text_color: str | None = None
    text_size: float = 16.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the hall."""

    name: str
    x: float
    y: float
    rows: tuple[PlanRow, ...]
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole hall. ``categories`` holds each category's colour."""

    name: str
    width: float
    height: float
    categories: Mapping[str, str | None]
    zones: tuple[Zone, ...]
    seats: tuple[PlanSeat, ...]


def parse_layout(layout: Any) -> Plan:
    """The plan in a layout file, older ones too. Raises `LayoutError` that names what is wrong and where."""
    return _Parser().plan(layout)


@dataclass(slots=True)
class _Parser:
    problems: list[tuple[str, str]] = field(default_factory=list)
    categories: dict[str, str | None] = field(default_factory=dict)
    seats: list[PlanSeat] = field(default_factory=list)
    guids: dict[str, PlanSeat] = field(default_factory=dict)
    places: dict[tuple[str, str, str], PlanSeat] = field(default_factory=dict)

    def plan(self, layout: Any) -> Plan:
        if not isinstance(layout, dict):
            self._give_up("", "a seating plan is an object")
        for number, category in enumerate(self._list(layout, "categories", "", required=True)):
            path = f"categories[{number}]"
            if not isinstance(category, dict):
                self._problem(path, "must be an object")
            elif name := self._text(category, "name", path, required=True):
                self.categories[name] = self._optional(category, "color", path)
        zones = tuple(
            self._zone(zone, f"zones[{number}]")
            for number, zone in enumerate(self._list(layout, "zones", "", required=True))
        )
        name = self._text(layout, "name", "") or ""
        width, height = self._size(layout)
        if self.problems:
            raise LayoutError(self.problems)
        return Plan(name, width, height, self.categories, zones, tuple(self.seats))

    def _size(self, layout: dict[str, Any]) -> tuple[float, float]:
        """The size, or, in older files, what the seats need."""
        size = layout.get("size")
        if isinstance(size, dict):
            return (
                self._number(size, "width", "size", required=True, low=0),
                self._number(size, "height", "size", required=True, low=0),
            )
        if size is not None:
            self._problem("size", "must be an object")
        right = max((seat.x + seat.radius for seat in self.seats), default=0.0)
        bottom = max((seat.y + seat.radius for seat in self.seats), default=0.0)
        return right + _MARGIN, bottom + _MARGIN

    def _zone(self, zone: Any, path: str) -> Zone:
        if not isinstance(zone, dict):
            self._problem(path, "must be an object")
            return Zone("", 0.0, 0.0, (), ())
        name = self._text(zone, "name", path) or ""
        x, y = self._position(zone, path, required=True)
        rows = tuple(
            self._row(row, f"{path}.rows[{number}]", name, x, y)
            for number, row in enumerate(self._list(zone, "rows", path, required=True))
        )
        areas = tuple(
            area
            for number, given in enumerate(self._list(zone, "areas", path))
            if (area := self._area(given, f"{path}.areas[{number}]", x, y))
        )
        return Zone(name, x, y, rows, areas)

    def _row(self, row: Any, path: str, zone: str, zone_x: float, zone_y: float) -> PlanRow:
        if not isinstance(row, dict):
            self._problem(path, "must be an object")
            return PlanRow("", None, None, (0.0, 0.0), (0.0, 0.0))
        number = self._text(row, "row_number", path, required=True) or ""
        label = _labelled(self._optional(row, "row_label", path), number)
        seat_label = self._optional(row, "seat_label", path)
        where = row.get("row_number_position")
        if where not in ("start", "end", "both", None):
            self._problem(f"{path}.row_number_position", "must be “start”, “end”, “both” or null")
        x, y = self._position(row, path)
        first = len(self.seats)
        for index, seat in enumerate(self._list(row, "seats", path, required=True)):
            self._seat(seat, f"{path}.seats[{index}]", (zone, number, label, seat_label), zone_x + x, zone_y + y)
        placed = self.seats[first:]
        start, end = ((placed[at].x, placed[at].y) if placed else (zone_x + x, zone_y + y) for at in (0, -1))
        return PlanRow(number, label, where, start, end)

    def _seat(
        self, seat: Any, path: str, row: tuple[str, str, str | None, str | None], origin_x: float, origin_y: float
    ) -> None:
        zone_name, row_name, row_label, seat_label = row
        if not isinstance(seat, dict):
            self._problem(path, "must be an object")
            return
        number = self._text(seat, "seat_number", path, required=True)
        guid = self._text(seat, "seat_guid", path, required=True)
        category = self._text(seat, "category", path, required=True)
        x, y = self._position(seat, path, required=True)
        radius = self._number(seat, "radius", path, default=10.0, low=0)
        if number is None or guid is None or category is None:
            return
        made = PlanSeat(
            guid, zone_name, row_name, row_label, number, _labelled(seat_label, number), category,
            origin_x + x, origin_y + y, radius, path,
        )  # fmt: skip
        if category not in self.categories:
            self._problem(f"{path}.category", f"{made.name} is of the category “{category}”, which does not exist")
        if (other := self.guids.setdefault(guid, made)) is not made:
            self._problem(f"{path}.seat_guid", f"{made.name} has the guid “{guid}” of {other.name} ({other.path})")
        elif (other := self.places.setdefault((zone_name, row_name, number), made)) is not made:
            self._problem(f"{path}.seat_number", f"there is another {made.name} ({other.path})")
        self.seats.append(made)

    def _area(self, area: Any, path: str, zone_x: float, zone_y: float) -> Area | None:
        if not isinstance(area, dict):
            self._problem(path, "must be an object")
            return None
        shape = area.get("shape")
        if shape not in SHAPES:
            self._problem(f"{path}.shape", f"must be one of {', '.join(SHAPES)}")
            return None
        x, y = self._position(area, path)
        common = {
            "shape": shape,
            "x": zone_x + x,
            "y": zone_y + y,
            "rotation": self._number(area, "rotation", path),
            "color": self._optional(area, "color", path),
            "border_color": self._optional(area, "border_color", path),
        }
        details, inside = area.get(shape), f"{path}.{shape}"
        if details is None:
            details, inside = area, path
        if not isinstance(details, dict):
            self._problem(inside, "must be an object")
            return None
        return Area(**common, **self._details(shape, details, inside), **self._caption(area, path))

    def _details(self, shape: str, details: dict[str, Any], path: str) -> dict[str, Any]:
        """What is particular to a shape."""
        match shape:
            case "polygon":
                return self._polygon(details, path)
            case "rectangle":
                return self._rectangle(details, path)
            case "ellipse":
                return self._ellipse(details, path)
            case "circle":
                return self._circle(details, path)
        return {}

    def _polygon(self, details: dict[str, Any], path: str) -> dict[str, Any]:
        points = self._list(details, "points", path, required=True)
        return {"points": tuple(self._point(point, f"{path}.points[{at}]") for at, point in enumerate(points))}

    def _rectangle(self, details: dict[str, Any], path: str) -> dict[str, Any]:
        return {
            "width": self._number(details, "width", path, required=True, low=0),
            "height": self._number(details, "height", path, required=True, low=0),
        }

    def _ellipse(self, details: dict[str, Any], path: str) -> dict[str, Any]:
        if details.get("radius") is None and "width" in details:
            size = self._rectangle(details, path)
            return {"radius_x": size["width"] / 2, "radius_y": size["height"] / 2}
        x, y = self._point(details.get("radius"), f"{path}.radius")
        return {"radius_x": abs(x), "radius_y": abs(y)}

    def _circle(self, details: dict[str, Any], path: str) -> dict[str, Any]:
        if details.get("radius") is None and "width" in details:
            radius = self._number(details, "width", path, low=0) / 2
        else:
            radius = self._number(details, "radius", path, required=True, low=0)
        return {"radius_x": radius, "radius_y": radius}

    def _caption(self, area: dict[str, Any], path: str) -> dict[str, Any]:
        """The text on an area, whatever its shape."""
        caption = area.get("text")
        if caption is None:
            return {}
        if isinstance(caption, str):
            return {"text": caption}
        path = f"{path}.text"
        if not isinstance(caption, dict):
            self._problem(path, "must be an object")
            return {}
        x, y = self._position(caption, path)
        return {
            "text": self._optional(caption, "text", path) or "",
            "text_x": x,
            "text_y": y,
            "text_color": self._optional(caption, "color", path),
            "text_size": self._number(caption, "size", path, default=16.0, low=0),
        }

    # --- values ----------------------------------------------------------------------------------------------------

    def _problem(self, path: str, reason: str) -> None:
        self.problems.append((path, reason))
        if len(self.problems) >= MAX_PROBLEMS:
            raise LayoutError(self.problems)

    def _give_up(self, path: str, reason: str) -> NoReturn:
        raise LayoutError([*self.problems, (path, reason)])

    def _list(self, data: dict[str, Any], key: str, path: str, *, required: bool = False) -> list[Any]:
        value = data.get(key)
        if isinstance(value, list):
            return value
        if value is not None or required:
            self._problem(_join(path, key), "is missing" if value is None else "must be a list")
        return []

    def _text(self, data: dict[str, Any], key: str, path: str, *, required: bool = False) -> str | None:
        """A short text; a number will do."""
        value = data.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            if required:
                self._problem(_join(path, key), "is missing")
            return None
        if not isinstance(value, str) or "\x00" in value:
            self._problem(_join(path, key), "must be a string")
            return None
        if len(value) > _NAME:
            self._problem(_join(path, key), f"has {len(value)} characters, at most {_NAME} are allowed")
            return None
        return value

    def _optional(self, data: dict[str, Any], key: str, path: str) -> str | None:
        return self._text(data, key, path)

    def _number(
        self,
        data: dict[str, Any],
        key: str,
        path: str,
        *,
        required: bool = False,
        default: float = 0.0,
        low: float | None = None,
    ) -> float:
        value = data.get(key)
        if value is None and not required:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9:
            self._problem(_join(path, key), "is missing" if value is None else "must be a number")
            return default
        if low is not None and value < low:
            self._problem(_join(path, key), f"must not be below {low:g}")
            return default
        return float(value)

    def _position(self, data: dict[str, Any], path: str, *, required: bool = False) -> tuple[float, float]:
        value = data.get("position")
        if value is None and not required:
            return 0.0, 0.0
        return self._point(value, _join(path, "position"))

    def _point(self, value: Any, path: str) -> tuple[float, float]:
        if not isinstance(value, dict):
            self._problem(path, "is missing" if value is None else "must be an object with x and y")
            return 0.0, 0.0
        return (
            self._number(value, "x", path, required=True),
            self._number(value, "y", path, required=True),
        )


def _labelled(label: str | None, number: str) -> str | None:
    """A label with ``%s`` replaced by the number it stands for."""
    return label.replace("%s", number)[:_LABEL] if label else None


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
