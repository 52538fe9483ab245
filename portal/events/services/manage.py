"""Events: create one at an organizer, change what it is called, when it is, and where its pages point to."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import Team, team_events, team_members
from portal.core import audit, clock
from portal.core.actors import Actor, EventScope, OrganizerScope
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.core.statements import run
from portal.events.models import Event
from portal.events.services.changes import count, record
from portal.events.settings import check_settings
from portal.events.slugs import read_slug, taken

#: What must be empty before an event becomes a series, or is none any more.
_PARTS = ("subevents", "seats", "orders", "cart_positions", "vouchers", "checkin_lists")
#: Settings of an event that its own page sets; the exhibitors' page sets the others.
LINKS = ("imprint_url", "privacy_url", "help_url", "terms_url", "logo_url")
OWN = (*LINKS, "accent")
WRONG_LINK = Sentence("Write an address that begins with https://.")
WRONG_COLOUR = Sentence("Write a colour as # and six digits, such as #0b5566.")
ENDS_FIRST = Sentence("The end lies before the beginning.")


@dataclass(frozen=True, slots=True)
class EventValues:
    """What an event is; its slug is given once and stays."""

    name: dict[str, str]
    locale: str
    locales: list[str]
    currency: str
    timezone: str
    date_from: dt.datetime
    date_to: dt.datetime | None
    has_subevents: bool = False
    live: bool = False
    url: str | None = None


_NAMES = tuple(each.name for each in fields(EventValues))


def create_event(*, actor: Actor, organizer: OrganizerScope, slug: str, values: EventValues) -> int:
    """A new event; its id. Of two with one slug at once the database lets one through, the other is told.

    A team that may create events, but holds for some only, holds for those that its members create.
    """
    slug = read_slug(slug)
    _check(values)
    now = clock.now()
    row = {name: getattr(values, name) for name in _NAMES}
    row |= {"organizer_id": organizer.organizer_id, "slug": slug, "settings": {}, "modified": now}
    insert = (sqlite if db.engine.dialect.name == "sqlite" else postgresql).insert(Event.metadata.tables["events"])
    event_id = run(insert.on_conflict_do_nothing().returning(sa.literal_column("id")), row).scalar_one_or_none()
    if event_id is None:
        raise taken()
    if actor.kind == "user" and actor.id is not None:
        own = sa.select(Team.id, sa.literal(event_id)).join(team_members, team_members.c.team_id == Team.id)
        own = own.where(
            Team.organizer_id == organizer.organizer_id,
            team_members.c.user_id == actor.id,
            Team.can_create_events,
            ~Team.all_events,
        )
        run(team_events.insert().from_select(["team_id", "event_id"], own))
    audit.record(
        actor=actor,
        action="event.created",
        organizer_id=organizer.organizer_id,
        event_id=int(event_id),
        object_kind="event",
        object_id=int(event_id),
        data={"slug": slug, "name": values.name},
    )
    return int(event_id)


def update_event(*, actor: Actor, event: EventScope, values: EventValues, links: Mapping[str, str | None]) -> bool:
    """Set what an event is, and its links; whether anything changed."""
    found = db.session.scalars(sa.select(Event).where(Event.id == event.event_id).with_for_update()).one()
    _check(values)
    stored, errors = check_settings({name: links.get(name) or None for name in OWN})
    if errors:
        raise InvalidInput({error.name: [WRONG_COLOUR if error.name == "accent" else WRONG_LINK] for error in errors})
    if values.has_subevents != found.has_subevents and not is_empty(event_id=event.event_id):
        raise InvalidInput({"has_subevents": [Sentence("Only an event without dates, seats and orders can change.")]})
    before = {name: getattr(found, name) for name in _NAMES}
    settings = {name: value for name, value in found.settings.items() if name not in OWN} | stored
    changed = [name for name in _NAMES if getattr(values, name) != before[name]]
    changed += [name for name in OWN if settings.get(name) != found.settings.get(name)]
    if not changed:
        return False
    for name in _NAMES:
        setattr(found, name, getattr(values, name))
    found.settings = settings
    db.session.flush()
    record(actor, event, "event.changed", "event", event.event_id, changed=changed)
    return True


def is_empty(*, event_id: int) -> bool:
    """Whether an event holds nothing yet that belongs to a date, or to none."""
    return not any(count(table, event_id=event_id) for table in _PARTS)


def _check(values: EventValues) -> None:
    if values.date_to is not None and values.date_to < values.date_from:
        raise InvalidInput({"date_to": [ENDS_FIRST]})
    if values.locale not in values.locales:
        raise InvalidInput({"locale": [Sentence("The main language must be one of the event's languages.")]})
