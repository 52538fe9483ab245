"""Who scans: a device key, with its event, list and subevent, in one indexed query."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from portal.checkin.models import CheckinList, Device
from portal.core.actors import Actor, DeviceScope
from portal.core.codes import hash_token
from portal.core.errors import Forbidden, NotFound
from portal.core.statements import rows
from portal.events.models import Event, Organizer, SubEvent

_SCOPE = (
    sa.select(
        Organizer.slug.label("organizer_slug"),
        Event.id.label("event_id"),
        Event.slug.label("event_slug"),
        Event.locale,
        Event.timezone,
        Event.has_subevents,
        Device.id.label("device_id"),
        Device.name.label("device_name"),
        Device.all_items,
        Device.allow_search,
        Device.show_info,
        Device.api_version,
        Device.last_seen,
        Device.app,
        CheckinList.id.label("list_id"),
        CheckinList.subevent_id.label("list_subevent_id"),
        CheckinList.all_products,
        CheckinList.include_pending,
        SubEvent.id.label("subevent_id"),
    )
    .select_from(Organizer)
    .join(Event, Event.organizer_id == Organizer.id)
    .outerjoin(
        Device,
        sa.and_(Device.key_hash == sa.bindparam("key_hash"), Device.event_id == Event.id, Device.active),
    )
    .outerjoin(CheckinList, CheckinList.id == Device.list_id)
    .outerjoin(SubEvent, sa.and_(SubEvent.event_id == Event.id, SubEvent.id == sa.bindparam("subevent")))
    .where(
        sa.func.lower(Organizer.slug) == sa.bindparam("organizer"), sa.func.lower(Event.slug) == sa.bindparam("event")
    )
)


class Seen(NamedTuple):
    """When a device was last seen, and with which program."""

    when: datetime | None
    app: str | None


def device_scope(key: str, organizer: str, event: str, subevent: int | None) -> tuple[DeviceScope, Seen]:
    """What the device with ``key`` may do in the event, and when it was last seen.

    `NotFound` for an organizer, event or subevent that does not exist, `Forbidden` for another key or subevent than
    the event's and the list's (platform rules, Check-in rules).
    """
    found = rows(
        _SCOPE,
        {
            "key_hash": hash_token(key),
            "organizer": organizer.lower(),
            "event": event.lower(),
            "subevent": subevent,
        },
    )
    if not found:
        raise NotFound("Unknown organizer or event.")
    (
        organizer_slug, event_id, event_slug, locale, timezone, has_subevents, device_id, device_name, all_items,
        allow_search, show_info, api_version, last_seen, app, list_id, list_subevent, all_products, include_pending,
        known_subevent,
    ) = found[0]  # fmt: skip
    if device_id is None:
        raise Forbidden("Invalid authorization key.")
    scope = DeviceScope(
        actor=Actor(kind="device", id=device_id, label=device_name),
        device_id=device_id,
        organizer_slug=organizer_slug,
        event_id=event_id,
        event_slug=event_slug,
        locale=locale,
        timezone=timezone,
        list_id=list_id,
        subevent_id=_subevent(has_subevents, list_subevent, known_subevent, subevent),
        all_products=all_products,
        all_items=all_items,
        include_pending=include_pending,
        allow_search=allow_search,
        show_info=show_info,
        api_version=api_version,
    )
    return scope, Seen(last_seen, app)


def _subevent(series: bool, of_list: int | None, known: int | None, given: int | None) -> int | None:
    """The subevent that is scanned for: the list's, or the path's."""
    if not series:
        if given is not None:
            raise Forbidden("This event has no subevents.")
        return None
    if of_list is not None:
        if given not in (None, of_list):
            raise Forbidden("This device scans for another subevent.")
        return of_list
    if given is None:
        raise Forbidden("No subevent selected.")
    if known is None:
        raise NotFound("Unknown subevent.")
    return given
