"""The tables that a bundle fills: their columns in the order of a row's values, and what is unique in them."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import PERMISSIONS, OAuthApplication, Team, TeamToken, User
from portal.checkin.models import CheckinList, Device
from portal.core.database import Base
from portal.events.models import Event, Item, ItemVariation, Organizer, Question, QuestionOption, SubEvent
from portal.exchange.load import resources
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag, ExhibitorVoucher
from portal.leads.models import Lead
from portal.resellers.models import Reseller
from portal.seating.models import Seat, SeatingPlan
from portal.tickets.models import Answer, CartPosition, Checkin, Order, OrderPosition
from portal.vouchers.models import Voucher


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns that are unique together; ``key`` is the one to name, ``noun`` what it is called.

    Nothing in the last column is never the same as nothing else. ``everywhere``: in the whole installation.
    ``adopts``: a row of the file is the existing row with the same values, where its id says nothing else.
    """

    columns: tuple[str, ...]
    key: str
    noun: str = ""
    everywhere: bool = False
    ignore_case: bool = False
    adopts: bool = True


class Kind:
    """A table, the columns a row's values go to, and how rows without an id in the file are known (``natural``)."""

    def __init__(
        self,
        name: str,
        model: type[Base],
        columns: tuple[str, ...],
        *uniques: Unique,
        natural: tuple[str, ...] = (),
        keep: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.table: sa.Table = model.metadata.tables[model.__tablename__]
        self.columns = columns
        self.uniques = uniques
        self.natural = natural or uniques[0].columns
        self.index = {column: number for number, column in enumerate(columns)}
        self.keep = tuple((self.index[column], default_of(self.table.c[column])) for column in keep)
        self.stamps = tuple(name for name in ("modified", "created") if name in self.table.c and name not in columns)

    def get(self, values: list[Any], column: str) -> Any:
        """A row's value for a column."""
        return values[self.index[column]]


def default_of(column: sa.Column[Any]) -> Any:
    """What a new row has in a column that the file says nothing about."""
    default: Any = column.default
    if default is None:
        return None
    if not default.is_callable:
        return default.arg
    return default.arg(None)


ORGANIZER = Kind("organizer", Organizer, resources.ORGANIZER.columns, Unique(("slug",), "slug", ignore_case=True))
USER = Kind(
    "user",
    User,
    (*resources.USER.columns, "password_hash"),
    Unique(("email",), "email", "e-mail", ignore_case=True),
    keep=("name", "is_admin", "is_active", "locale", "password_hash"),
)
TEAM = Kind(
    "team", Team, (*resources.TEAM.columns, *PERMISSIONS, "organizer_id"), Unique(("organizer_id", "name"), "name")
)
TEAM_TOKEN = Kind(
    "team_token",
    TeamToken,
    (*resources.TEAM_TOKEN.columns, "team_id", "token_hash"),
    Unique(("token_hash",), "token", everywhere=True),
    natural=("team_id", "name"),
    keep=("token_hash",),
)
RESELLER = Kind("reseller", Reseller, resources.RESELLER.columns, Unique(("name",), "name"))
OAUTH_APPLICATION = Kind(
    "oauth_application",
    OAuthApplication,
    (*resources.OAUTH_APPLICATION.columns, "owner_id", "client_id", "client_secret_hash"),
    Unique(("client_id",), "client_id", "client id"),
    keep=("client_secret_hash",),
)

EVENT = Kind(
    "event",
    Event,
    (*resources.EVENT.columns, "locales", "has_subevents", "settings", "organizer_id"),
    Unique(("organizer_id", "slug"), "slug", ignore_case=True),
)
SUBEVENT = Kind("subevent", SubEvent, (*resources.SUBEVENT.columns, "event_id"), natural=("event_id", "name"))
ITEM = Kind("item", Item, (*resources.ITEM.columns, "event_id"), natural=("event_id", "name"))
VARIATION = Kind("variation", ItemVariation, (*resources.VARIATION.columns, "item_id"), natural=("item_id", "value"))
QUESTION = Kind(
    "question",
    Question,
    (*resources.QUESTION.columns, "event_id", "identifier"),
    Unique(("event_id", "identifier"), "identifier"),
)
OPTION = Kind(
    "option",
    QuestionOption,
    (*resources.OPTION.columns, "question_id", "identifier"),
    Unique(("question_id", "identifier"), "identifier"),
)
SEATING_PLAN = Kind(
    "seating_plan",
    SeatingPlan,
    (*resources.SEATING_PLAN.columns, "layout", "event_id", "subevent_id"),
    natural=("event_id", "subevent_id"),
)
SEAT = Kind(
    "seat",
    Seat,
    (*resources.SEAT.columns, "product_id", "event_id", "sorting_rank", "subevent_id"),
    Unique(("event_id", "subevent_id", "seat_guid"), "seat_guid", "guid"),
    keep=("blocked", "product_id", "sorting_rank"),
)
VOUCHER = Kind(
    "voucher",
    Voucher,
    (*resources.VOUCHER.columns, "event_id", "item_id", "variation_id", "seat_id", "subevent_id"),
    Unique(("event_id", "code"), "code"),
)

ORDER = Kind(
    "order",
    Order,
    (*resources.ORDER.columns, *resources.INVOICE_ADDRESS.columns, "event_id"),
    Unique(("event_id", "code"), "code"),
)
POSITION = Kind(
    "position",
    OrderPosition,
    (
        *resources.POSITION.columns,
        *("positionid", "event_id", "order_id", "item_id", "variation_id", "voucher_id"),
        *("addon_to_id", "subevent_id", "seat_id", "search_text"),
    ),
    Unique(("event_id", "secret"), "secret"),
    Unique(("event_id", "pseudonymization_id"), "pseudonymization_id"),
    Unique(("order_id", "positionid"), "positionid"),
)
ANSWER = Kind(
    "answer", Answer, (*resources.ANSWER.columns, "position_id", "question_id"), natural=("position_id", "question_id")
)
CHECKIN = Kind(
    "checkin",
    Checkin,
    (*resources.CHECKIN.columns, "position_id", "list_id", "first"),
    Unique(("position_id", "list_id", "nonce"), "nonce"),
    natural=("position_id", "list_id", "datetime", "type"),
)
CART = Kind(
    "cart",
    CartPosition,
    (
        *resources.CART.columns,
        *("answers", "event_id", "item_id", "variation_id", "voucher_id", "addon_to_id", "subevent_id", "seat_id"),
    ),
    natural=("event_id", "cart_id", "item_id", "seat_id", "datetime"),
)

CHECKIN_LIST = Kind(
    "checkin_list",
    CheckinList,
    (*resources.CHECKIN_LIST.columns, "event_id", "subevent_id"),
    natural=("event_id", "name"),
)
DEVICE = Kind(
    "device",
    Device,
    (*resources.DEVICE.columns, "event_id", "list_id", "key_hash"),
    Unique(("key_hash",), "key", everywhere=True),
    natural=("event_id", "name"),
    keep=("key_hash",),
)
TAG = Kind("exhibitor_tag", ExhibitorTag, ("event_id", "name"), Unique(("event_id", "name"), "name"))
EXHIBITOR = Kind(
    "exhibitor",
    Exhibitor,
    (*resources.EXHIBITOR.columns, "locale", "event_id", "search_text"),
    natural=("event_id", "name"),
)
ACCESS_CODE = Kind(
    "access_code",
    AccessCode,
    ("exhibitor_id", "kind", "code", "lookup"),
    Unique(("lookup",), "", everywhere=True, adopts=False),
    natural=("exhibitor_id", "kind"),
    keep=("code", "lookup"),
)
EXHIBITOR_VOUCHER = Kind(
    "exhibitor_voucher",
    ExhibitorVoucher,
    (*resources.EXHIBITOR_VOUCHER.columns, "exhibitor_id", "voucher_id"),
    natural=("voucher_id",),
)
LEAD = Kind(
    "lead",
    Lead,
    (*resources.LEAD.columns, "exhibitor_id", "position_id", "scope", "scanned", "first_upload"),
    natural=("exhibitor_id", "position_id", "scope"),
)
