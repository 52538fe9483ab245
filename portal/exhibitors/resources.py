"""Reads for the REST API: exhibitors and their vouchers as the exhibitors' contract prints them."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from portal.core.names import compose
from portal.core.statements import json_rows, rows, run
from portal.events.models import Event
from portal.exhibitors.models import AccessCode, ExhibitorTag, ExhibitorVoucher, exhibitor_tag_links
from portal.exhibitors.queries import EXHIBITORS
from portal.vouchers import queries as vouchers

_e = EXHIBITORS.c
_codes: sa.Table = AccessCode.metadata.tables["access_codes"]
_tags: sa.Table = ExhibitorTag.metadata.tables["exhibitor_tags"]
_links: sa.Table = ExhibitorVoucher.metadata.tables["exhibitor_vouchers"]
_tag_links = exhibitor_tag_links.c

_event: sa.BindParameter[int] = sa.bindparam("event", type_=sa.BigInteger())
_exhibitor: sa.BindParameter[int] = sa.bindparam("exhibitor", type_=sa.BigInteger())

_COLUMNS = (
    _e.id,
    _e.name,
    _e.internal_id,
    _e.contact_name,
    sa.cast(_e.contact_name_parts, sa.Text),
    _e.contact_email,
    _e.contact_cc_email,
    _e.booth,
    _e.locale,
    # As the database has them: SQLite's are numbers.
    sa.type_coerce(_e.lead_scanning_scope_by_device, sa.Integer),
    sa.type_coerce(_e.allow_lead_scanning, sa.Integer),
    sa.type_coerce(_e.allow_lead_access, sa.Integer),
    sa.type_coerce(_e.allow_voucher_access, sa.Integer),
    _e.comment,
)

#: The names of an exhibitor's tags as JSON, in no order; null or empty where it has none.
_tag_names = sa.cast(
    sa.select(json_rows(_tags.c.name))
    .select_from(exhibitor_tag_links)
    .join(_tags, _tags.c.id == _tag_links.tag_id)
    .where(_tag_links.exhibitor_id == _e.id)
    .correlate(EXHIBITORS)
    .scalar_subquery(),
    sa.Text,
)


def _code(kind: str) -> sa.ScalarSelect[str]:
    """An exhibitor's code of one kind."""
    return (
        sa.select(_codes.c.code)
        .where(_codes.c.exhibitor_id == _e.id, _codes.c.kind == kind)
        .correlate(EXHIBITORS)
        .scalar_subquery()
    )


def _exhibitors(with_codes: bool) -> sa.Select[Any]:
    codes = (_code("full"), _code("scanning")) if with_codes else (sa.null(), sa.null())
    return sa.select(*_COLUMNS, _tag_names, *codes).where(_e.event_id == _event)


_COUNT = sa.select(sa.func.count()).select_from(EXHIBITORS).where(_e.event_id == _event)
_PAGE = {
    with_codes: _exhibitors(with_codes).order_by(_e.id).limit(sa.bindparam("limit")).offset(sa.bindparam("offset"))
    for with_codes in (False, True)
}
_ONE = {with_codes: _exhibitors(with_codes).where(_e.id == _exhibitor) for with_codes in (False, True)}
_EXISTS = sa.select(_e.id).where(_e.event_id == _event, _e.id == _exhibitor)

_event_modified = sa.select(Event.modified).where(Event.id == _event).scalar_subquery()
_LAST_CHANGES = sa.select(
    sa.select(sa.func.max(_e.modified)).where(_e.event_id == _event).scalar_subquery(), _event_modified
)
_OWN_CHANGE = sa.select(_e.modified, _event_modified).where(_e.event_id == _event, _e.id == _exhibitor)

_VOUCHER_COUNT = sa.select(sa.func.count()).select_from(_links).where(_links.c.exhibitor_id == _exhibitor)
_VOUCHERS = (
    sa.select(_links.c.voucher_id, _links.c.exhibitor_comment)
    .where(_links.c.exhibitor_id == _exhibitor)
    .order_by(_links.c.voucher_id)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset"))
)


def exists(event_id: int, exhibitor_id: int) -> bool:
    """Whether the event has such an exhibitor."""
    return run(_EXISTS, {"event": event_id, "exhibitor": exhibitor_id}).one_or_none() is not None


def last_changes(event_id: int) -> tuple[datetime | None, ...]:
    """When an event's exhibitors, their tags, codes or links to vouchers last changed.

    Each of them touches its exhibitor; what leaves no exhibitor behind touches the event.
    """
    return tuple(rows(_LAST_CHANGES, {"event": event_id})[0])


def own_changes(event_id: int, exhibitor_id: int) -> tuple[datetime | None, ...] | None:
    """The same for one exhibitor; None where the event has no such exhibitor."""
    row = run(_OWN_CHANGE, {"event": event_id, "exhibitor": exhibitor_id}).one_or_none()
    return None if row is None else tuple(row)


def count(event_id: int) -> int:
    """How many exhibitors an event has."""
    return int(rows(_COUNT, {"event": event_id})[0][0])


def page(event_id: int, *, limit: int, offset: int, with_codes: bool) -> list[dict[str, Any]]:
    """Some exhibitors, by id, ready for orjson; without codes they are null (contract decision 26)."""
    found = rows(_PAGE[with_codes], {"event": event_id, "limit": limit, "offset": offset})
    return [_resource(*row) for row in found]


def one(event_id: int, exhibitor_id: int, *, with_codes: bool) -> dict[str, Any] | None:
    """An exhibitor, ready for orjson; None for another event's."""
    found = rows(_ONE[with_codes], {"event": event_id, "exhibitor": exhibitor_id})
    return _resource(*found[0]) if found else None


@lru_cache(maxsize=4096)
def _sorted_tags(tags: str) -> orjson.Fragment:
    """Names of tags as the database aggregates them, in order. Exhibitors share few combinations."""
    return orjson.Fragment(orjson.dumps(sorted(tag for (tag,) in orjson.loads(tags))))


def _resource(
    id_: int, name: str, internal_id: str | None, contact_name: str, parts: str, email: str | None, copies: str | None,
    booth: str | None, locale: str, by_device: int, lead_scanning: int, lead_access: int, voucher_access: int,
    comment: str, tags: str | None, full_code: str | None, scanning_code: str | None,
) -> dict[str, Any]:  # fmt: skip
    if not contact_name and parts != "{}":
        contact_name = compose(orjson.loads(parts))
    return {
        "id": id_,
        "name": name,
        "internal_id": internal_id,
        "contact_name": contact_name or None,
        "contact_name_parts": orjson.Fragment(parts),
        "contact_email": email,
        "contact_cc_email": copies,
        "booth": booth,
        "locale": locale,
        "access_code": full_code,
        "lead_scanning_access_code": scanning_code,
        "lead_scanning_scope_by_device": by_device == 1,
        "allow_lead_scanning": lead_scanning == 1,
        "allow_lead_access": lead_access == 1,
        "allow_voucher_access": voucher_access == 1,
        "comment": comment,
        "exhibitor_tags": _sorted_tags(tags) if tags else [],
    }


# ------------------------------------------------------------------------------------------------------- vouchers


def voucher_count(exhibitor_id: int) -> int:
    """How many vouchers an exhibitor has."""
    return int(run(_VOUCHER_COUNT, {"exhibitor": exhibitor_id}).scalar_one())


def voucher_page(exhibitor_id: int, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """Some of an exhibitor's vouchers, by id, each with the comment that the exhibitor sees (contract decision 7)."""
    links = run(_VOUCHERS, {"exhibitor": exhibitor_id, "limit": limit, "offset": offset}).all()
    found = vouchers.by_ids([link[0] for link in links]) if links else {}
    return [{**found[voucher_id], "exhibitor_comment": comment} for voucher_id, comment in links]
