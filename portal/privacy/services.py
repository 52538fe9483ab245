"""Erasing a person's data: in one transaction, everywhere it is held, so that counts, check-ins and the ticket stay."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from portal.checkin.models import CheckinUndone
from portal.core.actors import Actor, EventScope
from portal.core.audit import record
from portal.core.database import db
from portal.core.errors import NotFound
from portal.core.models import AuditEntry, IdempotencyKey, OutboxMessage, Upload
from portal.exhibitors.models import ExhibitorVoucher
from portal.leads.models import Lead, LeadVersion
from portal.leads.services import lead_search_text
from portal.privacy.person import (
    ORDER_WORDS,
    TICKET_WORDS,
    HeldOrder,
    Words,
    carts_of,
    changes_of,
    comments_of,
    given_comments_of,
    mails_of,
    orders_of,
    tickets_of,
    words_of,
)
from portal.privacy.scrub import GONE, pattern_of, scrubbed, without_person
from portal.tickets.fields import PERSON_COLUMNS
from portal.tickets.models import Answer, CartPosition, Order, OrderPosition
from portal.tickets.search import position_search_text
from portal.tickets.sight import sight_of
from portal.vouchers.models import Voucher

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased; never what."""

    tickets: int
    orders: int
    answers: int
    leads: int
    notes: int
    carts: int
    changes: int
    mails: int
    answered: int
    comments: int


def erase(*, actor: Actor, event: EventScope, ticket_ids: Collection[int], order_ids: Collection[int]) -> Erased:
    """Erase the person with these tickets (and their add-ons), and the contacts and invoices of these orders of theirs.

    The tickets stay valid: what they are scanned by stays, so do seats, check-ins and what was paid. Raises `NotFound`.
    """
    theirs = sa.and_(OrderPosition.event_id == event.event_id, OrderPosition.id.in_(ticket_ids))
    db.session.execute(sa.select(OrderPosition.id).where(theirs).order_by(OrderPosition.id).with_for_update()).all()
    tickets = tickets_of(event.event_id, ticket_ids)
    if not tickets:
        raise NotFound("These tickets do not exist, or they belong to another event.")
    every = orders_of(tickets)
    orders = [order for order in every if order.id in set(order_ids)]
    words = words_of(tickets, orders)
    ids = [row.id for row in tickets]
    changes = _scrub_changes(event.event_id, tickets, every, words)
    answers = _rows(sa.delete(Answer).where(Answer.position_id.in_(ids)))
    notes = _rows(sa.delete(LeadVersion).where(LeadVersion.lead_id.in_(_leads_of(ids))))
    db.session.execute(sa.update(CheckinUndone).where(CheckinUndone.position_id.in_(ids)).values(reason=""))
    emptied: dict[str, Any] = dict.fromkeys((*TICKET_WORDS, "country", "external_id"))
    db.session.execute(
        sa.update(OrderPosition).where(OrderPosition.id.in_(ids)).values(**emptied, attendee_name_parts={})
    )
    nobody: dict[str, Any] = {**dict.fromkeys(ORDER_WORDS), "invoice_name_parts": None}
    _rows(sa.update(Order).where(Order.id.in_([order.id for order in orders])).values(**nobody))
    _search_texts([order.id for order in every], ids)
    erased = Erased(
        tickets=len(ids),
        orders=len(orders),
        answers=answers,
        leads=_empty_leads(event.event_id, ids),
        notes=notes,
        carts=_rows(
            sa.update(CartPosition)
            .where(carts_of(event.event_id, words))
            .values(attendee_name=None, attendee_name_parts={}, attendee_email=None, answers=[])
        ),
        changes=changes,
        mails=_rows(sa.delete(OutboxMessage).where(mails_of(words))),
        answered=_scrub_answered(ids, words),
        comments=_scrub_comments(event.event_id, words),
    )
    # What waits to be imported may be a list with the person in it, and is asked for again.
    db.session.execute(sa.delete(Upload).where(Upload.event_id == event.event_id))
    record(
        actor=actor,
        action="person.erased",
        organizer_id=event.organizer_id,
        event_id=event.event_id,
        object_kind="person",
        data={name: count for name, count in asdict(erased).items() if count},
    )
    return erased


def _rows(statement: Any) -> int:
    return int(db.session.execute(statement, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]


def _leads_of(ids: Sequence[int]) -> Any:
    return sa.select(Lead.id).where(Lead.position_id.in_(ids))


def _search_texts(order_ids: Sequence[int], ids: Sequence[int]) -> None:
    """Compose what a search looks through anew, of all tickets of the orders and of the add-ons."""
    parent = sa.orm.aliased(OrderPosition)
    rows = db.session.execute(
        sa.select(
            OrderPosition.id,
            OrderPosition.attendee_name,
            OrderPosition.attendee_email,
            OrderPosition.company,
            parent.attendee_name.label("parent_name"),
            Order.invoice_name,
            Order.invoice_company,
        )
        .join(Order, Order.id == OrderPosition.order_id)
        .outerjoin(parent, parent.id == OrderPosition.addon_to_id)
        .where(sa.or_(OrderPosition.order_id.in_(order_ids), OrderPosition.id.in_(ids)))
    ).all()
    for row in rows:
        fields = row._asdict()
        number = fields.pop("id")
        text = position_search_text(**fields)
        _rows(sa.update(OrderPosition).where(OrderPosition.id == number).values(search_text=text))


def _empty_leads(event_id: int, ids: Sequence[int]) -> int:
    """Take notes and tags off the person's leads; when they were scanned, by whom, and their rating stay."""
    sight = sight_of(event_id)
    people = db.session.execute(sa.select(*PERSON_COLUMNS).where(OrderPosition.id.in_(ids))).all()
    return sum(
        _rows(
            sa.update(Lead)
            .where(Lead.position_id == person.position_id)
            .values(notes="", tags=[], search_text=lead_search_text(sight.shown, person))
        )
        for person in people
    )


def _scrub_changes(event_id: int, tickets: Sequence[Any], orders: Sequence[HeldOrder], words: Words) -> int:
    changes = changes_of(event_id, tickets, orders, words)
    for entry_id, data in changes:
        _rows(sa.update(AuditEntry).where(AuditEntry.id == entry_id).values(data=data))
    return len(changes)


def _scrub_answered(ids: Sequence[int], words: Words) -> int:
    """What the API answered within a day and keeps for repetitions: the answers stay, the person's words do not.

    Words that others may share, a company or a street, go from the person's own tickets alone.
    """
    anywhere, own = pattern_of(words.anywhere), pattern_of((*words.anywhere, *words.own))
    count, last = 0, 0
    batch = (
        sa.select(IdempotencyKey.id, IdempotencyKey.body)
        .where(IdempotencyKey.id > sa.bindparam("last"), IdempotencyKey.body.is_not(None))
        .order_by(IdempotencyKey.id)
        .limit(_BATCH)
    )
    while rows := db.session.execute(batch, {"last": last}).all():
        last = rows[-1].id
        for row in rows:
            body = _clean_body(bytes(row.body), frozenset(ids), anywhere, own)
            if body is not None:
                count += _rows(sa.update(IdempotencyKey).where(IdempotencyKey.id == row.id).values(body=body))
    return count


def _clean_body(
    body: bytes, ids: Collection[int], anywhere: re.Pattern[str] | None, own: re.Pattern[str] | None
) -> bytes | None:
    """The body without the person's words; None where there are none in it."""
    try:
        parsed = json.loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace")
        cleaned = text if anywhere is None else anywhere.sub(GONE, text)
        return cleaned.encode() if cleaned != text else None
    clean = without_person(parsed, ids, own)
    if anywhere is not None:
        clean = scrubbed(clean, anywhere)
    return json.dumps(clean, ensure_ascii=False).encode() if clean != parsed else None


def _scrub_comments(event_id: int, words: Words) -> int:
    pattern = pattern_of(words.anywhere)
    if pattern is None:
        return 0
    count = 0
    vouchers = sa.select(Voucher.id, Voucher.comment, Voucher.tag).where(comments_of(event_id, words))
    for row in db.session.execute(vouchers).all():
        values = {"comment": pattern.sub(GONE, row.comment), "tag": pattern.sub(GONE, row.tag)}
        count += _rows(sa.update(Voucher).where(Voucher.id == row.id).values(**values))
    given = sa.select(ExhibitorVoucher.id, ExhibitorVoucher.exhibitor_comment)
    for number, comment in db.session.execute(given.where(given_comments_of(event_id, words))).all():
        values = {"exhibitor_comment": pattern.sub(GONE, comment)}
        count += _rows(sa.update(ExhibitorVoucher).where(ExhibitorVoucher.id == number).values(**values))
    return count
