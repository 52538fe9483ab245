"""A small fair with everybody in it: exhibitor, colleague, rival, organizers, a stranger, and what they own."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from argon2 import PasswordHasher

from portal.accounts.models import PERMISSIONS, Team, TeamToken, User
from portal.checkin.models import CheckinList, Device
from portal.core.codes import hash_token, normalise_code
from portal.core.database import db
from portal.core.text import search_text
from portal.events.models import Event, Item, ItemVariation, Organizer, Question, QuestionOption
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag, ExhibitorVoucher
from portal.exhibitors.search import exhibitor_search_text
from portal.leads.models import Lead
from portal.seating.models import Seat
from portal.tickets.models import CartPosition, Checkin, Order, OrderPosition
from portal.vouchers.models import Voucher

PASSWORD = "correct horse battery"
#: What makes hashes that cost tests little.
QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
PASSWORD_HASH = QUICK.hash(PASSWORD)
T = TypeVar("T")
BASE = "/api/v1/organizers/bigevents/events/sampleconf"
DAY = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


@dataclass
class Fair:
    """Ids, credentials and addresses of the fair's people and things."""

    organizer: int = 0
    event: int = 0
    other_event: int = 0
    foreign_event: int = 0
    item: int = 0
    variation: int = 0
    exhibitor: int = 0
    rival: int = 0
    foreign_exhibitor: int = 0
    full_code: str = "VKHZ2FU84"
    scanning_code: str = "WVK2B8PZ"
    rival_code: str = "RVAL23456"
    foreign_code: str = "FRGN23456"
    organizer_email: str = "ada@example.org"
    helper_email: str = "bob@example.org"
    other_event_email: str = "cleo@example.org"
    stranger_email: str = "eve@example.net"
    admin_email: str = "admin@example.org"
    password: str = PASSWORD
    token: str = "t" * 64
    weak_token: str = "w" * 64
    other_event_token: str = "o" * 64
    foreign_token: str = "f" * 64
    revoked_token: str = "r" * 64
    device_key: str = "k" * 40
    seats: list[int] = field(default_factory=list)
    foreign_seat: int = 0
    positions: list[int] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    vouchers: list[int] = field(default_factory=list)
    checkin_list: int = 0
    base: str = BASE

    def auth(self, token: str | None = None) -> dict[str, str]:
        """The header of a team token, the strong one by default."""
        return {"Authorization": f"Token {token or self.token}"}


def add(row: T) -> T:
    """Store a row and give it its id."""
    db.session.add(row)
    db.session.flush()
    return row


def make_event(organizer: Organizer, slug: str, **values: object) -> Event:
    """An event of two days in Berlin."""
    defaults: dict[str, object] = {
        "name": {"en": "Sample conference", "de": "Beispielkonferenz"},
        "live": True,
        "locales": ["en", "de"],
        "date_from": DAY,
        "date_to": DAY + dt.timedelta(days=1),
        "timezone": "Europe/Berlin",
        "settings": {
            "lead_fields": ["attendee_name", "attendee_email", "company"],
            "lead_notes": True,
            "lead_tags": ["foo", "bar"],
        },
    }
    return add(Event(organizer_id=organizer.id, slug=slug, **(defaults | values)))


def make_user(email: str, name: str, **values: object) -> User:
    """A user with the fair's password."""
    return add(User(email=email, name=name, password_hash=PASSWORD_HASH, **values))


def make_team(
    organizer: Organizer, name: str, *, all_events: bool = True, permissions: tuple[str, ...] = PERMISSIONS
) -> Team:
    """A team with the given permissions, all of them by default."""
    return add(Team(organizer_id=organizer.id, name=name, all_events=all_events, **dict.fromkeys(permissions, True)))


def make_exhibitor(event: Event, name: str, full: str, scanning: str | None = None, **values: object) -> Exhibitor:
    """An exhibitor with everything allowed and its codes."""
    defaults: dict[str, object] = {
        "contact_email": f"{name.split()[0].lower()}@as.example.org",
        "locale": "en",
        "allow_lead_scanning": True,
        "allow_lead_access": True,
        "allow_voucher_access": True,
    }
    merged = defaults | values
    exhibitor = add(
        Exhibitor(
            event_id=event.id,
            name=name,
            search_text=exhibitor_search_text(
                name=name,
                **{key: str(merged[key]) for key in ("booth", "contact_name", "contact_email") if key in merged},
            ),
            **merged,
        )
    )
    for kind, code in (("full", full), ("scanning", scanning)):
        if code:
            add(AccessCode(exhibitor_id=exhibitor.id, kind=kind, code=code, lookup=normalise_code(code)))
    return exhibitor


def make_position(event: Event, item: Item, number: int, name: tuple[str, str], **values: object) -> OrderPosition:
    """A paid order with one ticket."""
    order_values = {key: values.pop(key) for key in ("status", "testmode") if key in values}
    order = add(
        Order(
            event_id=event.id,
            code=f"ORD{number:02d}",
            email=f"order{number}@example.org",
            datetime=DAY - dt.timedelta(days=30),
            **({"status": "p"} | order_values),
        )
    )
    given, family = name
    defaults: dict[str, object] = {
        "attendee_name": f"{given} {family}",
        "attendee_name_parts": {"_scheme": "given_family", "given_name": given, "family_name": family},
        "attendee_email": f"{given.lower()}@example.org",
        "company": f"{family} Ltd",
    }
    merged = defaults | values
    return add(
        OrderPosition(
            event_id=event.id,
            order_id=order.id,
            positionid=1,
            item_id=item.id,
            price=Decimal("60.00"),
            secret=f"secret{event.id}x{number:04d}abcdefgh",
            pseudonymization_id=f"PSEUDO{number:04d}",
            search_text=search_text(
                str(merged["attendee_name"]), str(merged["attendee_email"]), str(merged["company"])
            ),
            **merged,
        )
    )


NAMES = (
    ("Peter", "Miller"),
    ("Zoë", "O’Neill"),
    ("Jürgen", "Groß"),
    ("Ada", "King"),
    ("Mei", "Lin"),
    ("Olu", "Ade"),
    ("Ana", "García"),
    ("Tom", "Sawyer"),
)


def build_fair() -> Fair:
    """Build it and commit. The first five tickets are Aperture Science's leads, the sixth the rival's."""
    fair = Fair()
    organizer = add(Organizer(slug="bigevents", name="Big Events", email="hello@bigevents.example.org"))
    event, other = make_event(organizer, "sampleconf"), make_event(organizer, "otherconf")
    foreign_organizer = add(Organizer(slug="foreign", name="Foreign Fairs"))
    foreign_event = make_event(foreign_organizer, "sampleconf")
    fair.organizer, fair.event, fair.other_event, fair.foreign_event = (
        organizer.id,
        event.id,
        other.id,
        foreign_event.id,
    )
    _people(fair, organizer, other, foreign_organizer)
    item = add(Item(event_id=event.id, name={"en": "Standard ticket"}, default_price=Decimal(60), admission=True))
    shirt = add(Item(event_id=event.id, name={"en": "T-Shirt"}, default_price=Decimal(15), position=1))
    variation = add(ItemVariation(item_id=item.id, value={"en": "Early bird"}))
    fair.item, fair.variation = item.id, variation.id
    size = add(Question(event_id=event.id, question={"en": "Size"}, type="C", identifier="SIZE", items=[shirt]))
    add(QuestionOption(question_id=size.id, identifier="M", answer={"en": "M"}))
    _seats_and_tickets(fair, event, item)
    foreign_item = add(Item(event_id=foreign_event.id, name={"en": "Ticket"}, default_price=Decimal(1)))
    fair.foreign_seat = add(
        Seat(
            event_id=foreign_event.id,
            zone_name="Hall",
            row_name="1",
            seat_number="1",
            seat_guid="1-1",
            product_id=foreign_item.id,
        )
    ).id
    _exhibitors(fair, event, foreign_event)
    checkin_list = add(CheckinList(event_id=event.id, name="Main entrance"))
    fair.checkin_list = checkin_list.id
    add(Device(event_id=event.id, list_id=checkin_list.id, name="Gate 1", key_hash=hash_token(fair.device_key)))
    add(Checkin(position_id=fair.positions[0], list_id=checkin_list.id, datetime=DAY))
    db.session.commit()
    return fair


def _people(fair: Fair, organizer: Organizer, other: Event, foreign_organizer: Organizer) -> None:
    crew, helpers = make_team(organizer, "Crew"), make_team(organizer, "Helpers", permissions=())
    others = make_team(organizer, "Other event", all_events=False)
    db.session.execute(Team.metadata.tables["team_events"].insert().values(team_id=others.id, event_id=other.id))
    strangers = make_team(foreign_organizer, "Strangers")
    for team, email, name, token in (
        (crew, fair.organizer_email, "Ada", fair.token),
        (helpers, fair.helper_email, "Bob", fair.weak_token),
        (others, fair.other_event_email, "Cleo", fair.other_event_token),
        (strangers, fair.stranger_email, "Eve", fair.foreign_token),
    ):
        team.members.append(make_user(email, name))
        add(
            TeamToken(
                team_id=team.id,
                name=f"{name}’s script",
                token_hash=hash_token(token),
                last_used=dt.datetime.now(dt.UTC),
            )
        )
    add(TeamToken(team_id=crew.id, name="old", token_hash=hash_token(fair.revoked_token), active=False))
    make_user(fair.admin_email, "Root", is_admin=True)


def _seats_and_tickets(fair: Fair, event: Event, item: Item) -> None:
    """Sixty seats in two zones: the first sold, the second in a cart, the third for a voucher, the fourth blocked."""
    for number in range(60):
        zone, row, place = ("Ground floor", number // 20 + 1, number % 20 + 1)
        if number >= 40:
            zone = "Balcony"
        seat = add(
            Seat(
                event_id=event.id,
                zone_name=zone,
                row_name=str(row),
                row_label=f"Row {row}",
                seat_number=str(place),
                seat_guid=f"{row}-{place}",
                product_id=item.id,
                blocked=number == 3,
                x=float(place * 20),
                y=float(row * 25),
            )
        )
        fair.seats.append(seat.id)
    for number, name in enumerate(NAMES):
        values: dict[str, object] = {"seat_id": fair.seats[0], "variation_id": fair.variation} if number == 0 else {}
        fair.positions.append(make_position(event, item, number, name, **values).id)
    add(
        CartPosition(
            event_id=event.id,
            cart_id="cart-1",
            item_id=item.id,
            price=Decimal(60),
            seat_id=fair.seats[1],
            datetime=DAY,
            expires=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
        )
    )


def _exhibitors(fair: Fair, event: Event, foreign_event: Event) -> None:
    gold = add(ExhibitorTag(event_id=event.id, name="Gold Sponsor"))
    aperture = make_exhibitor(
        event,
        "Aperture Science",
        fair.full_code,
        fair.scanning_code,
        booth="A2",
        locale="de",
        contact_email="johnson@as.example.org",
        contact_name="Dr Cave Johnson",
        contact_name_parts={
            "_scheme": "salutation_title_given_family",
            "salutation": "",
            "title": "Dr",
            "given_name": "Cave",
            "family_name": "Johnson",
        },
        contact_cc_email="miller@as.example.org,smith@as.example.org",
        tags=[gold],
    )
    rival = make_exhibitor(event, "Black Mesa", fair.rival_code, "RVALSCAN", booth="B1")
    foreign = make_exhibitor(foreign_event, "Cyberdyne", fair.foreign_code)
    fair.exhibitor, fair.rival, fair.foreign_exhibitor = aperture.id, rival.id, foreign.id
    for number, position_id in enumerate(fair.positions[:6]):
        given, family = NAMES[number]
        lead = Lead(
            exhibitor_id=aperture.id if number < 5 else rival.id,
            position_id=position_id,
            scanned=DAY + dt.timedelta(minutes=7 * number),
            first_upload=DAY + dt.timedelta(minutes=7 * number + 1),
            notes="Wants our newsletter" if number == 0 else "",
            rating=4 if number == 0 else None,
            tags=["foo"] if number == 0 else [],
            device_name="DEV1",
            device_uuid="d8c2ec53-d602-4a08-882d-db4cf54344a2",
            search_text=search_text(f"{given} {family}", f"{given.lower()}@example.org", f"{family} Ltd"),
        )
        fair.leads.append(add(lead).id)
    for number, exhibitor in enumerate((aperture, aperture, rival, None)):
        voucher = Voucher(
            event_id=event.id,
            code="43K6LKM37FBVR2YG" if number == 0 else f"VOUCHER{number}",
            max_usages=number + 1,
            price_mode="set" if number == 0 else "none",
            value=Decimal(12) if number == 0 else None,
            tag="testvoucher",
            comment="for our eyes",
            seat_id=fair.seats[2] if number == 3 else None,
        )
        fair.vouchers.append(add(voucher).id)
        if exhibitor is not None:
            add(ExhibitorVoucher(exhibitor_id=exhibitor.id, voucher_id=voucher.id, exhibitor_comment="Free ticket"))
