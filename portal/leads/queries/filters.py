"""What a reader of leads looks for: the conditions and the order of a list."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
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


def conditions(exhibitor_id: int, timezone: str, wanted: LeadFilter) -> list[sa.ColumnElement[bool]]:
    """An exhibitor's leads that somebody looks for."""
    conditions: list[sa.ColumnElement[bool]] = [Lead.exhibitor_id == exhibitor_id]
    conditions += [Lead.search_text.like(pattern, escape="\\") for pattern in like_words(wanted.q)]
    if wanted.rating:
        conditions.append(Lead.rating.is_(None) if wanted.rating == "none" else Lead.rating == int(wanted.rating))
    if wanted.tag:
        conditions.append(_has_tag(wanted.tag))
    if wanted.note:
        conditions.append(Lead.notes != "")
    if wanted.device:
        conditions.append(device_of() == wanted.device)
    if wanted.day:
        start, end = day_bounds(wanted.day, timezone)
        conditions += [Lead.scanned >= start, Lead.scanned < end]
    return conditions


def device_of() -> sa.ColumnElement[str]:
    """What tells devices apart: the uuid, else the name that its user gave it."""
    return sa.func.coalesce(sa.func.nullif(Lead.device_uuid, ""), Lead.device_name, "")


def on_postgresql() -> bool:
    """Whether the database is PostgreSQL."""
    return db.engine.dialect.name == "postgresql"


def each_tag() -> sa.TableValuedAlias:
    """The tags of a lead as rows with one column ``value``."""
    function = sa.func.jsonb_array_elements_text if on_postgresql() else sa.func.json_each
    return function(Lead.tags).table_valued("value")


def _has_tag(tag: str) -> sa.ColumnElement[bool]:
    if on_postgresql():
        return sa.cast(Lead.tags, JSONB).contains([tag])
    tags = each_tag()
    return sa.exists(sa.select(1).select_from(tags).where(tags.c.value == tag))


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
