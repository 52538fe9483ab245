"""The two protocol versions: the same outcomes in the fields that each document shows."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from portal.checkin.queries.figures import Counts
from portal.checkin.queries.questions import AskedQuestion
from portal.checkin.queries.state import State
from portal.checkin.queries.tickets import Ticket
from portal.checkin.services.redeem import Outcome
from portal.core.actors import DeviceScope
from portal.core.i18n import localise

Json = dict[str, Any]


def ticket_data(ticket: Ticket) -> Json:
    """A ticket as version 3 shows it, everywhere."""
    return {
        "secret": ticket.secret,
        "order": ticket.order,
        "item": ticket.item,
        "item_id": ticket.item_id,
        "variation": ticket.variation,
        "variation_id": ticket.variation_id,
        "attendee_name": ticket.attendee_name,
        "attention": ticket.attention,
        "redeemed": ticket.redeemed,
        "checkin_allowed": ticket.checkin_allowed,
        "addons_text": ticket.addons,
        "paid": ticket.paid,
    }


#: The fields of a search result in version 2.
FIELDS_2 = ("secret", "order", "item", "variation", "attendee_name", "redeemed", "paid")


def question_data(question: AskedQuestion, locale: str) -> Json:
    """A question as the phones read it: ``options`` is always a list."""
    return {
        "id": question.id,
        "type": question.type,
        "question": localise(question.text, locale),
        "required": question.required,
        "position": question.position,
        "items": list(question.items),
        "options": [{"id": id_, "answer": localise(text, locale)} for id_, text in question.options.items()],
    }


def redeemed(outcome: Outcome, *, version: int, locale: str) -> Json:
    """The answer to a redemption."""
    answer: Json = {"status": outcome.status}
    if outcome.reason is not None:
        # Version 2 does not know the reason `product`.
        answer["reason"] = "unknown_ticket" if version == 2 and outcome.reason == "product" else outcome.reason
    answer["version"] = version
    if version == 2:
        return answer
    if outcome.ticket is not None:
        answer["data"] = ticket_data(outcome.ticket)
    if outcome.status == "incomplete":
        answer["questions"] = [question_data(question, locale) for question in outcome.questions]
    return answer


def search_results(found: Iterable[Ticket], *, version: int) -> Json:
    """The answer to a search."""
    results: list[Mapping[str, Any]] = [ticket_data(ticket) for ticket in found]
    if version == 2:
        results = [{name: result[name] for name in FIELDS_2} for result in results]
    return {"results": results, "version": version}


def status(gate: DeviceScope, state: State, tickets: Counts, entries: Counts, *, version: int) -> Json:
    """The answer to a question for figures."""
    items = []
    for product in state.products:
        if state.listed is not None and product.id not in state.listed:
            continue
        items.append(
            {
                "name": product.name,
                "id": product.id,
                "checkins": _of_product(entries, product.id),
                "admission": product.admission,
                "total": _of_product(tickets, product.id),
                "variations": [
                    {
                        "name": name,
                        "id": id_,
                        "checkins": entries[product.id, id_],
                        "total": tickets[product.id, id_],
                    }
                    for id_, name, _attention in product.variations
                ],
            }
        )
    return {
        "checkins": entries.total(),
        "total": tickets.total(),
        "version": version,
        "event": {
            "name": state.name,
            "slug": gate.event_slug,
            "date_from": state.date_from,
            "date_to": state.date_to,
            "timezone": gate.timezone,
            "url": state.url,
            "organizer": {"name": state.organizer_name, "slug": gate.organizer_slug},
        },
        "items": items,
    }


def _of_product(counts: Counts, item_id: int) -> int:
    return sum(count for (item, _variation), count in counts.items() if item == item_id)


def download(batches: Iterable[list[Ticket]], questions: Iterable[AskedQuestion], locale: str) -> Iterator[bytes]:
    """The JSON of the copy for offline gates, piece by piece; ``questions`` are read already."""
    yield b'{"version":3,"results":['
    comma = b""
    for batch in batches:
        yield comma + orjson.dumps([ticket_data(ticket) for ticket in batch])[1:-1]
        comma = b","
    yield b'],"questions":' + orjson.dumps([question_data(question, locale) for question in questions]) + b"}"


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same with gzip."""
    packer = zlib.compressobj(3, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        if data := packer.compress(piece):
            yield data
    yield packer.flush()
