"""Every route of the app with an address in the fair: what the tests of the whole platform walk along."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import AnyConverter
from werkzeug.routing.converters import NumberConverter

from portal.accounts.models import Team, TeamToken, User
from portal.checkin.api import PREFIXES
from portal.checkin.models import CheckinList, Device
from portal.core.codes import hash_token
from portal.core.database import db
from portal.events.models import Item, Organizer, Question, SubEvent
from portal.exhibitors.models import ExhibitorTag
from portal.seating.models import Seat
from portal.tickets.models import OrderPosition
from portal.web.access import Rule, rule_of
from portal.web.errors import is_api
from portal.web.idempotency import PREFIXES as REST_PREFIXES
from tests.fair import DAY, Fair, add, make_event
from tests.oauth_personas import OAuthPeople, give_code, invite_applications

SERIES_KEY = "s" * 40
#: What stands for a thing that the fair has not got: a number that may be any table's, and a word.
ABSENT = 4711
#: Addresses that want more than their path: a query that says which exhibitors.
WANTS_MORE = frozenset(("organizer_exhibitors.ask",))
#: Pages that only a series has, although no parameter says so.
OF_SERIES = frozenset(f"event_settings.{name}" for name in ("dates", "date", "new_date", "remove_date"))
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One method of one address. ``known``: everything its parameters name is there."""

    method: str
    path: str
    pattern: str
    endpoint: str
    rule: Rule
    parameters: frozenset[str]
    event: str
    known: bool

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"

    @property
    def writes(self) -> bool:
        """Whether the method changes things."""
        return self.method != "GET"

    @property
    def api(self) -> bool:
        """Whether it answers JSON: below an API prefix, and no page that lies there."""
        return is_api(self.path) and not self.rule.browser

    @property
    def rest(self) -> bool:
        """Whether the rules of the REST API hold here: accepted formats, idempotency keys, conditional lists."""
        return self.path.startswith(REST_PREFIXES)


@dataclass(frozen=True)
class Place:
    """The fair with a series beside its event, and what parameters of routes stand for in both."""

    fair: Fair
    event: dict[str, Any]
    series: dict[str, Any]
    applications: OAuthPeople

    def values(self, endpoint: str, names: frozenset[str]) -> dict[str, Any]:
        """The values of a route's parameters, by their names and where those say little; the rest is absent."""
        of_series = endpoint in OF_SERIES or names & {"subevent", "subevent_id"}
        known = self.series if of_series else self.event
        return {name: known.get(f"{endpoint}.{name}", known.get(name, ABSENT)) for name in names | {"event"}}


def furnish(fair: Fair) -> Place:
    """Add a series with a date, a seat and a device, applications and a reseller, and commit."""
    applications = invite_applications(fair)
    give_code(fair.organizer_email)
    organizer = db.session.get(Organizer, fair.organizer)
    assert organizer is not None
    series = make_event(organizer, "seriesconf", has_subevents=True)
    date = add(
        SubEvent(
            event_id=series.id, name={"en": "Monday"}, date_from=DAY, date_to=DAY + dt.timedelta(hours=8), active=True
        )
    )
    item = add(Item(event_id=series.id, name={"en": "Ticket"}, default_price=Decimal(10)))
    seat = add(
        Seat(
            event_id=series.id,
            subevent_id=date.id,
            zone_name="Hall",
            row_name="1",
            seat_number="1",
            seat_guid="s-1",
            product_id=item.id,
        )
    )
    gates = add(CheckinList(event_id=series.id, name="Gate", subevent_id=date.id))
    add(Device(event_id=series.id, list_id=gates.id, name="Gate", key_hash=hash_token(SERIES_KEY)))
    db.session.commit()
    helpers = db.session.scalar(sa.select(Team.id).where(Team.name == "Helpers"))
    question = db.session.scalar(sa.select(Question.id).where(Question.event_id == fair.event))
    event = {
        "organizer": "bigevents",
        "event": "sampleconf",
        "badge": "PSEUDO0000",
        "code": fair.full_code,
        "application_id": applications.application,
        "reseller": applications.reseller,
        "reseller_id": applications.reseller,
        "device_id": db.session.scalar(sa.select(Device.id).where(Device.event_id == fair.event)),
        "exhibitor_id": fair.exhibitor,
        "lead_id": fair.leads[0],
        "position_id": fair.positions[0],
        "list_id": fair.checkin_list,
        "seat_id": fair.seats[10],
        "order_id": db.session.scalar(sa.select(OrderPosition.order_id).where(OrderPosition.id == fair.positions[0])),
        "tag_id": db.session.scalar(sa.select(ExhibitorTag.id).where(ExhibitorTag.event_id == fair.event)),
        "event_settings.product.id_": fair.item,
        "event_settings.remove_product.id_": fair.item,
        "event_settings.question.id_": question,
        "event_settings.remove_question.id_": question,
        "team_id": helpers,
        "token_id": db.session.scalar(sa.select(TeamToken.id).where(TeamToken.team_id == helpers)),
        "user_id": db.session.scalar(sa.select(User.id).where(User.email == fair.helper_email)),
        "voucher_id": fair.vouchers[0],
        "index": 0,
        "status": 404,
    }
    dates = {"event_settings.date.id_": date.id, "event_settings.remove_date.id_": date.id}
    apart = dates | {"event": "seriesconf", "subevent": date.id, "subevent_id": date.id, "seat_id": seat.id}
    return Place(fair, event, event | apart, applications)


def all_routes(app: Flask, place: Place) -> list[Route]:
    """Every method of every route but the static files."""
    adapter = app.url_map.bind("localhost")
    found = []
    for entry in app.url_map.iter_rules():
        if entry.endpoint == "static":
            continue
        rule = rule_of(app, entry.endpoint)
        assert rule is not None, f"{entry.rule} declares no rule"
        names = frozenset(entry.arguments)
        values = place.values(entry.endpoint, names)
        event = values.pop("event")
        values |= {"event": event} if "event" in names else {}
        for name, converter in entry._converters.items():
            if isinstance(converter, AnyConverter) and values[name] == ABSENT:
                values[name] = sorted(converter.items)[0]
            elif not isinstance(converter, NumberConverter) and values[name] == ABSENT:
                values[name] = f"x{ABSENT}"
        for prefix in PREFIXES if "prefix" in names else ("",):
            values |= {"prefix": prefix} if prefix else {}
            path = adapter.build(entry.endpoint, values)
            known = entry.endpoint not in WANTS_MORE and not any(
                str(value).endswith(str(ABSENT)) for value in values.values()
            )
            known = known and not (prefix == "pretixdroid" and "download" in entry.rule)  # version 2 has none
            for method in _METHODS:
                if method in (entry.methods or ()):
                    found.append(Route(method, path, entry.rule, entry.endpoint, rule, names, event, known))
    return sorted(found, key=lambda route: (route.pattern, route.method, route.path))
