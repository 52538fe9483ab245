"""Check-in devices: made, paired anew, changed and shut out by members who may change the event's settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from portal.checkin.models import CheckinList, Device
from portal.checkin.services.lists import clean_name, own_items
from portal.core import audit
from portal.core.actors import Actor, EventScope
from portal.core.codes import hash_token, make_token
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound

#: 36 letters and digits to the 32nd: long enough to be hashed plainly, short enough for a code that scans from afar.
KEY_LENGTH = 32
#: What devices that are made here speak; the phones' app knows no later version.
VERSION = 3


@dataclass(frozen=True, slots=True)
class DeviceValues:
    """What a person sets on a device. Without ``all_items`` it redeems ``items`` alone, and those of its list."""

    name: str
    list_id: int | None
    all_items: bool
    items: Sequence[int]
    allow_search: bool
    show_info: bool


def create_device(*, actor: Actor, scope: EventScope, values: DeviceValues) -> tuple[Device, str]:
    """A new device, and its key, which nobody can read again."""
    key = _make_key()
    made = Device(event_id=scope.event_id, key_hash=hash_token(key), api_version=VERSION)
    _set(scope, made, values)
    db.session.add(made)
    db.session.flush()
    _note(actor, scope, "device.created", made, _facts(made))
    return made, key


def change_device(*, actor: Actor, scope: EventScope, device_id: int, values: DeviceValues) -> Device:
    """Set all values of a device; its key stays."""
    found = own_device(scope, device_id)
    before = _facts(found)
    _set(scope, found, values)
    db.session.flush()
    after = _facts(found)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        _note(actor, scope, "device.changed", found, {"name": found.name, "changed": changed})
    return found


def rotate_key(*, actor: Actor, scope: EventScope, device_id: int) -> tuple[Device, str]:
    """A new key in place of the old one, which ends at once; a device that was shut out may scan again."""
    found = own_device(scope, device_id)
    key = _make_key()
    found.key_hash, found.active, found.api_version = hash_token(key), True, VERSION
    _note(actor, scope, "device.paired", found, {"name": found.name})
    return found, key


def revoke(*, actor: Actor, scope: EventScope, device_id: int) -> Device:
    """Shut a device out: its key ends at once. What it scanned stays."""
    found = own_device(scope, device_id)
    if found.active:
        found.active = False
        _note(actor, scope, "device.revoked", found, {"name": found.name})
    return found


def own_device(scope: EventScope, device_id: int) -> Device:
    """A device of the event; `NotFound` for another."""
    found = db.session.scalar(sa.select(Device).where(Device.id == device_id, Device.event_id == scope.event_id))
    if found is None:
        raise NotFound("This device does not exist, or it belongs to another event.")
    return found


def _make_key() -> str:
    return make_token()[:KEY_LENGTH]


def _set(scope: EventScope, row: Device, values: DeviceValues) -> None:
    row.name = clean_name(values.name)
    known = sa.select(CheckinList.id).where(CheckinList.id == values.list_id, CheckinList.event_id == scope.event_id)
    if values.list_id is None or db.session.scalar(known) is None:
        raise InvalidInput({"list": [gettext("Choose a list of this event.")]})
    row.items = [] if values.all_items else own_items(scope, values.items, "items")
    row.list_id, row.all_items = values.list_id, values.all_items
    row.allow_search, row.show_info = values.allow_search, values.show_info


def _facts(row: Device) -> dict[str, Any]:
    return {
        "name": row.name,
        "list": row.list_id,
        "all_items": row.all_items,
        "items": [item.id for item in row.items],
        "allow_search": row.allow_search,
        "show_info": row.show_info,
    }


def _note(actor: Actor, scope: EventScope, action: str, row: Device, data: dict[str, Any]) -> None:
    audit.record(
        actor=actor,
        action=action,
        organizer_id=scope.organizer_id,
        event_id=scope.event_id,
        object_kind="device",
        object_id=row.id,
        data=data,
    )
