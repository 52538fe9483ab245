"""Finding a person in an event: their tickets and orders, and everything else that holds something of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.core.database import db
from portal.core.models import AuditEntry, OutboxMessage
from portal.core.text import like_words
from portal.exhibitors.models import Exhibitor, ExhibitorVoucher
from portal.leads.models import Lead, LeadVersion
from portal.privacy.scrub import blanked, pattern_of, scrubbed
from portal.tickets.models import Answer, CartPosition, Checkin, Order, OrderPosition
from portal.vouchers.models import Voucher

#: So many tickets are found, and can be erased at once.
MOST = 100

_P, _O = OrderPosition, Order
#: What a ticket and an order say of a person.
TICKET_WORDS = ("attendee_name", "attendee_email", "company", "street", "zipcode", "city", "state", "phone")
ORDER_WORDS = ("email", "invoice_name", "invoice_company")

_TICKET = (
    sa.select(
        _P.id,
        _P.order_id,
        _P.addon_to_id,
        _P.attendee_name_parts,
        *(getattr(_P, name) for name in TICKET_WORDS),
        _O.code,
        _O.email,
        _O.invoice_name,
    )
    .join(_O, _O.id == _P.order_id)
    .order_by(_O.code, _P.positionid)
)


@dataclass(frozen=True, slots=True)
class HeldLead:
    """How many leads of a person an exhibitor has."""

    exhibitor: str
    count: int


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order with tickets of a person; ``theirs``: its contact or invoice seems to be the same person's."""

    id: int
    code: str
    email: str | None
    invoice_name: str | None
    invoice_company: str | None
    theirs: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What an event holds of the person with these tickets."""

    tickets: Sequence[Any]
    orders: Sequence[HeldOrder]
    answers: int
    checkins: int
    leads: Sequence[HeldLead]
    notes: int
    carts: int
    changes: int
    mails: int
    comments: int

    @property
    def label(self) -> str:
        """How the person is called, for the confirmation."""
        named = (row.attendee_name or row.attendee_email or row.code for row in self.tickets)
        return str(next(named))


@dataclass(frozen=True, slots=True)
class Words:
    """What tells a person from others. ``own`` counts only in what is written about their own things."""

    emails: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    own: frozenset[str] = field(default_factory=frozenset)

    @property
    def anywhere(self) -> list[str]:
        """What is looked for in everything of the event."""
        return sorted(self.emails | self.names | self.phones)


def find(event_id: int, query: str) -> Sequence[Any]:
    """The tickets whose person has all words of ``query`` in name, e-mail or company, or whose order is meant by it."""
    words = query.strip()
    if not words:
        return []
    named = sa.select(_P.id).where(
        _P.event_id == event_id, *(_P.search_text.like(each, escape="\\") for each in like_words(words))
    )
    coded = (
        sa.select(_P.id)
        .join(_O, _O.id == _P.order_id)
        .where(_O.event_id == event_id, sa.or_(_O.code == words.upper(), sa.func.lower(_O.email) == words.lower()))
    )
    ids = {*db.session.scalars(named.limit(MOST)), *db.session.scalars(coded.limit(MOST))}
    return db.session.execute(_TICKET.where(_P.id.in_(ids)).limit(MOST)).all() if ids else []


def tickets_of(event_id: int, ids: Collection[int]) -> Sequence[Any]:
    """These tickets of an event with their add-ons."""
    chosen = sa.or_(_P.id.in_(ids), _P.addon_to_id.in_(ids))
    return db.session.execute(_TICKET.where(_P.event_id == event_id, chosen)).all() if ids else []


def orders_of(tickets: Sequence[Any]) -> list[HeldOrder]:
    """The orders of the tickets, and whether each seems to be of the same person."""
    ids = {row.id for row in tickets}
    emails = {row.attendee_email.lower() for row in tickets if row.attendee_email}
    names = {row.attendee_name.casefold() for row in tickets if row.attendee_name}
    order_ids = {row.order_id for row in tickets}
    shared = sa.select(_P.order_id).where(_P.order_id.in_(order_ids), _P.id.not_in(ids)).distinct()
    others = set(db.session.scalars(shared))
    rows = db.session.execute(
        sa.select(_O.id, _O.code, *(getattr(_O, name) for name in ORDER_WORDS))
        .where(_O.id.in_(order_ids))
        .order_by(_O.code)
    )
    return [
        HeldOrder(
            row.id,
            row.code,
            row.email,
            row.invoice_name,
            row.invoice_company,
            row.id not in others or (row.email or "").lower() in emails or (row.invoice_name or "").casefold() in names,
        )
        for row in rows
    ]


def words_of(tickets: Sequence[Any], orders: Sequence[HeldOrder]) -> Words:
    """What tells the person with these tickets, and these orders, from others."""
    emails = {row.attendee_email for row in tickets} | {order.email for order in orders}
    names = {row.attendee_name for row in tickets} | {order.invoice_name for order in orders}
    own = {getattr(row, name) for row in tickets for name in TICKET_WORDS}
    own |= {order.invoice_company for order in orders}
    for row in tickets:
        own |= {part for key, part in (row.attendee_name_parts or {}).items() if not key.startswith("_")}
    ids = [row.id for row in tickets]
    own |= set(db.session.scalars(sa.select(Answer.answer).where(Answer.position_id.in_(ids))))
    own |= set(db.session.scalars(sa.select(Lead.notes).where(Lead.position_id.in_(ids))))
    versions = sa.select(LeadVersion.notes).join(Lead, Lead.id == LeadVersion.lead_id)
    own |= set(db.session.scalars(versions.where(Lead.position_id.in_(ids))))
    return Words(_texts(emails), _texts(names), _texts({row.phone for row in tickets}), _texts(own))


def _texts(given: Collection[str | None]) -> frozenset[str]:
    return frozenset(each.strip() for each in given if each and each.strip())


def held(event_id: int, ids: Collection[int]) -> Held | None:
    """Everything that an event holds of the person with these tickets; None where it has none of them."""
    tickets = tickets_of(event_id, ids)
    if not tickets:
        return None
    orders = orders_of(tickets)
    words = words_of(tickets, [order for order in orders if order.theirs])
    found = [row.id for row in tickets]
    leads = db.session.execute(
        sa.select(Exhibitor.name, sa.func.count())
        .join(Lead, Lead.exhibitor_id == Exhibitor.id)
        .where(Lead.position_id.in_(found))
        .group_by(Exhibitor.id, Exhibitor.name)
        .order_by(Exhibitor.name)
    )
    return Held(
        tickets=tickets,
        orders=orders,
        answers=_count(Answer, Answer.position_id.in_(found)),
        checkins=_count(Checkin, Checkin.position_id.in_(found)),
        leads=[HeldLead(*row) for row in leads],
        notes=_count(LeadVersion, LeadVersion.lead_id.in_(sa.select(Lead.id).where(Lead.position_id.in_(found)))),
        carts=_count(CartPosition, carts_of(event_id, words)),
        changes=len(changes_of(event_id, tickets, orders, words)),
        mails=_count(OutboxMessage, mails_of(words)),
        comments=_count(Voucher, comments_of(event_id, words))
        + _count(ExhibitorVoucher, given_comments_of(event_id, words)),
    )


def _count(table: Any, condition: sa.ColumnElement[bool]) -> int:
    return int(db.session.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one())


# ------------------------------------------------------------------------- where else something may be written


def _holds(column: Any, words: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a text holds one of the words, whatever the case of its plain letters."""
    return sa.or_(sa.false(), *(column.icontains(word, autoescape=True) for word in words))


def _json_holds(column: Any, words: Collection[str]) -> sa.ColumnElement[bool]:
    """The same for JSON, in which SQLite writes letters beyond ASCII as escapes."""
    text = sa.cast(column, sa.Text)
    cased = {form for word in words for form in (word, word.lower(), word.upper())}
    return _holds(text, sorted({*words, *map(_escaped, cased)}))


def _escaped(word: str) -> str:
    return "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in word if ord(char) < 0x10000)


def carts_of(event_id: int, words: Words) -> sa.ColumnElement[bool]:
    """Carts with the person's address or name."""
    emails = [email.lower() for email in words.emails]
    theirs = sa.or_(sa.func.lower(CartPosition.attendee_email).in_(emails), CartPosition.attendee_name.in_(words.names))
    return sa.and_(CartPosition.event_id == event_id, theirs)


def mails_of(words: Words) -> sa.ColumnElement[bool]:
    """Rows of the outbox that name the person's address. What they asked for themselves and waits is still sent.

    So is what an account's owner is told: it belongs to no event.
    """
    asked = OutboxMessage.kind.in_(("code_request", "password_reset", "email_change", "email_changed"))
    over = OutboxMessage.status.in_(("done", "failed"))
    mine = sa.or_(over, sa.and_(OutboxMessage.status == "waiting", sa.not_(asked)))
    named = sa.or_(_json_holds(OutboxMessage.payload, words.emails), _holds(OutboxMessage.last_error, words.emails))
    return sa.and_(named, mine)


def comments_of(event_id: int, words: Words) -> sa.ColumnElement[bool]:
    """Vouchers whose comment or tag names the person."""
    named = sa.or_(_holds(Voucher.comment, words.anywhere), _holds(Voucher.tag, words.anywhere))
    return sa.and_(Voucher.event_id == event_id, named)


def given_comments_of(event_id: int, words: Words) -> sa.ColumnElement[bool]:
    """Vouchers whose comment for the exhibitor names the person."""
    own = ExhibitorVoucher.voucher_id.in_(sa.select(Voucher.id).where(Voucher.event_id == event_id))
    return sa.and_(own, _holds(ExhibitorVoucher.exhibitor_comment, words.anywhere))


def changes_of(
    event_id: int, tickets: Sequence[Any], orders: Sequence[HeldOrder], words: Words
) -> list[tuple[int, dict[str, Any]]]:
    """Entries of the event's log with the person's words, and what they say without those.

    What is written about the person's own tickets, orders and leads loses all words of theirs, everything else those
    that name them.
    """
    ids = [row.id for row in tickets]
    leads = list(db.session.scalars(sa.select(Lead.id).where(Lead.position_id.in_(ids))))
    own_leads = {str(lead_id) for lead_id in leads}
    own = {"order": [order.id for order in orders], "lead": leads}
    own |= dict.fromkeys(("position", "order_position", "ticket"), ids)
    about = sa.or_(
        sa.false(),
        *(sa.and_(AuditEntry.object_kind == kind, AuditEntry.object_id.in_(found)) for kind, found in own.items()),
    )
    own_words, words_anywhere = pattern_of((*words.anywhere, *words.own)), pattern_of(words.anywhere)
    cleaned: dict[int, dict[str, Any]] = {}
    for entry_id, data in _entries(event_id, about):
        clean = blanked(data) if own_words is None else scrubbed(blanked(data), own_words)
        if clean != data:
            cleaned[entry_id] = clean
    if words_anywhere is not None:
        for entry_id, data in _entries(event_id, _json_holds(AuditEntry.data, words.anywhere)):
            clean = scrubbed(data, words_anywhere)
            if clean != data:
                cleaned.setdefault(entry_id, clean)
    for entry_id, data in _entries(event_id, _in_bulk(ids)):
        data = cleaned.get(entry_id, data)
        kept = {number: each for number, each in (data.get("leads") or {}).items() if number not in own_leads}
        if len(kept) < len(data.get("leads") or {}):
            cleaned[entry_id] = {**data, "leads": kept}
    return list(cleaned.items())


def _in_bulk(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Changes of many leads of an exhibitor at once, by those exhibitors that have a lead of the person."""
    theirs = sa.select(Lead.exhibitor_id).where(Lead.position_id.in_(ids))
    return sa.and_(
        AuditEntry.action == "leads.changed", AuditEntry.object_kind == "exhibitor", AuditEntry.object_id.in_(theirs)
    )


def _entries(event_id: int, condition: sa.ColumnElement[bool]) -> Sequence[Any]:
    columns = sa.select(AuditEntry.id, AuditEntry.data)
    return db.session.execute(columns.where(AuditEntry.event_id == event_id, condition)).all()
