"""What a reader of leads looks for: the conditions and the order of a list."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal.core.database import db
from portal.core.text import like_words
from portal.leads.models import Lead

SORTS = ("newest", "oldest", "name", "name-desc", "rating", "rating-desc")


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """What a reader looks for. ``rating`` is a number of stars or ``none``; ``day`` is one of the event's zone."""

    q: str = ""
    rating: str = ""
    tag: str = ""
    note: bool = False
    device: str = ""
    day: dt.date | None = None
    sort: str = "newest"

    @property
    def narrows(self) -> bool:
        """Whether some leads may be left out."""
        return bool(self.q.strip() or self.rating or self.tag or self.note or self.device or self.day)


class Shape(NamedTuple):
    """What a statement's text depends on: which conditions there are, not what they say."""

    words: int
    rating: Literal["", "none", "stars"]
    tag: bool
    note: bool
    device: bool
    day: bool
    postgresql: bool


def shape_of(wanted: LeadFilter) -> Shape:
    """The shape of a filter on the database at hand."""
    return Shape(
        words=len(like_words(wanted.q)),
        rating="" if not wanted.rating else "none" if wanted.rating == "none" else "stars",
        tag=bool(wanted.tag),
        note=wanted.note,
        device=bool(wanted.device),
        day=bool(wanted.day),
        postgresql=on_postgresql(),
    )


def conditions(shape: Shape) -> list[sa.ColumnElement[bool]]:
    """An exhibitor's leads that somebody looks for; `parameters` has the values."""
    wants: list[sa.ColumnElement[bool]] = [Lead.exhibitor_id == sa.bindparam("exhibitor", type_=sa.BigInteger())]
    wants += [
        Lead.search_text.like(sa.bindparam(f"word_{number}", type_=sa.Text()), escape="\\")
        for number in range(shape.words)
    ]
    if shape.rating:
        stars = sa.bindparam("rating", type_=sa.Integer())
        wants.append(Lead.rating.is_(None) if shape.rating == "none" else Lead.rating == stars)
    if shape.tag:
        wants.append(_has_tag(shape.postgresql))
    if shape.note:
        wants.append(Lead.notes != "")
    if shape.device:
        wants.append(device_of() == sa.bindparam("device", type_=sa.Text()))
    if shape.day:
        start, end = (sa.bindparam(name, type_=Lead.scanned.type) for name in ("start", "end"))
        wants += [Lead.scanned >= start, Lead.scanned < end]
    return wants


def parameters(exhibitor_id: int, timezone: str, wanted: LeadFilter) -> dict[str, Any]:
    """What `conditions` of the filter's shape compare with."""
    given: dict[str, Any] = {"exhibitor": exhibitor_id}
    given |= {f"word_{number}": pattern for number, pattern in enumerate(like_words(wanted.q))}
    if wanted.rating and wanted.rating != "none":
        given["rating"] = int(wanted.rating)
    if wanted.tag:
        given["tag"] = [wanted.tag] if on_postgresql() else wanted.tag
    if wanted.device:
        given["device"] = wanted.device
    if wanted.day:
        given["start"], given["end"] = day_bounds(wanted.day, timezone)
    return given


def device_of() -> sa.ColumnElement[str]:
    """What tells devices apart: the uuid, else the name that its user gave it."""
    return sa.func.coalesce(sa.func.nullif(Lead.device_uuid, ""), Lead.device_name, "")


def on_postgresql() -> bool:
    """Whether the database is PostgreSQL."""
    return db.engine.dialect.name == "postgresql"


def each_tag(postgresql: bool) -> sa.TableValuedAlias:
    """The tags of a lead as rows with one column ``value``."""
    function = sa.func.jsonb_array_elements_text if postgresql else sa.func.json_each
    return function(Lead.tags).table_valued("value")


def _has_tag(postgresql: bool) -> sa.ColumnElement[bool]:
    if postgresql:
        return sa.cast(Lead.tags, JSONB).contains(sa.bindparam("tag", type_=JSONB()))
    tags = each_tag(postgresql=False)
    return sa.exists(sa.select(1).select_from(tags).where(tags.c.value == sa.bindparam("tag", type_=sa.Text())))


def order(sort: str) -> tuple[sa.ColumnElement[Any], ...]:
    """The order of a list: without ties, so that pages neither repeat nor miss a lead."""
    newest = (Lead.scanned.desc(), Lead.id.desc())
    if sort == "oldest":
        return Lead.scanned.asc(), Lead.id.asc()
    if sort == "name":  # a lead's search text begins with the folded name
        return Lead.search_text.asc(), Lead.id.asc()
    if sort == "name-desc":
        return Lead.search_text.desc(), Lead.id.desc()
    if sort == "rating":
        return sa.func.coalesce(Lead.rating, 9).asc(), *newest
    if sort == "rating-desc":
        return sa.func.coalesce(Lead.rating, -1).desc(), *newest
    return newest


def day_bounds(day: dt.date, timezone: str) -> tuple[dt.datetime, dt.datetime]:
    """A day of the event's zone, from midnight to midnight."""
    zone = ZoneInfo(timezone)
    start = dt.datetime.combine(day, dt.time(), zone)
    return start, dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)
