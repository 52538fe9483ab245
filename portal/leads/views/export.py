"""Leads as files: what to export and in which form, at any time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core import clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.database import db, set_writing
from portal.core.errors import Forbidden, InvalidInput
from portal.core.sheets import csv_chunks, xlsx_bytes
from portal.leads import exports, queries, services
from portal.leads.queries import LeadRow
from portal.leads.queries.filters import LeadFilter
from portal.leads.schemas import read_filter
from portal.leads.views import listing
from portal.leads.views.pages import blueprint
from portal.tickets.sight import Sight, sight_of
from portal.web.access import actor, exhibitor, exhibitor_scope
from portal.web.downloads import XLSX, download
from portal.web.filters import number

#: The forms of a file: its ending and its content type.
FORMS = {
    "xlsx": ("xlsx", XLSX),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "csv-semicolon": ("csv", "text/csv; charset=utf-8"),
    "vcard": ("vcf", "text/vcard; charset=utf-8"),
    "json": ("json", "application/json"),
}
WHICH = ("new", "all", "filtered")


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: which leads, in which form."""

    which: str
    form: str
    wanted: LeadFilter


@blueprint.get("/export")
@exhibitor("full")
def export() -> ResponseReturnValue:
    """The choice of leads and of a form."""
    scope = exhibitor_scope()
    sight = sight_of(scope.event_id)
    wanted = listing.possible(read_filter(request.args)[0], sight)
    found = None
    if wanted.narrows:
        found = len(queries.ids(exhibitor_id=scope.exhibitor_id, timezone=scope.timezone, wanted=wanted))
    return render_template(
        "leads/export.html",
        mark=exports.export_mark(scope.exhibitor_id),
        asked=listing.asked(wanted),
        found=found,
        back=listing.address(listing.asked(wanted)),
    )


@blueprint.post("/export")
@exhibitor("full")
def export_file() -> ResponseReturnValue:
    """The file. Once it is complete, its leads are new no more; a part of all leads leaves them as they were."""
    scope, who, order = exhibitor_scope(), actor(), _order()
    # What follows reads, for as long as the download takes: others may write meanwhile.
    db.session.rollback()
    set_writing(False)
    if not scope.allow_lead_access:
        raise Forbidden(services.NO_LEAD_ACCESS)
    sight = sight_of(scope.event_id)
    wanted = listing.possible(order.wanted, sight) if order.which == "filtered" else LeadFilter(sort=order.wanted.sort)
    ids = queries.ids(
        exhibitor_id=scope.exhibitor_id, timezone=scope.timezone, wanted=wanted, only_new=order.which == "new"
    )
    body = _marking(who, scope, order, ids, _body(scope, sight, order, ids))
    ending, content_type = FORMS[order.form]
    day = clock.now().astimezone(listing.zone(scope)).date().isoformat()
    return download(body, f"leads-{scope.event_slug}-{day}.{ending}", content_type)


def _order() -> Order:
    form = request.form
    which, kind = form.get("which", ""), form.get("format", "")
    errors = {}
    if which not in WHICH:
        errors["which"] = [gettext("Choose which leads to export.")]
    if kind not in FORMS:
        errors["format"] = [gettext("Choose a form for the file.")]
    if errors:
        raise InvalidInput(errors)
    return Order(which, kind, replace(read_filter(form)[0]))


def _body(scope: ExhibitorScope, sight: Sight, order: Order, ids: Sequence[int]) -> Iterator[bytes]:
    """The file in pieces. What depends on the reader's language is read now, not when the pieces are sent."""
    reader = listing.reader(sight)
    leads: Iterator[LeadRow] = queries.in_batches(
        exhibitor_id=scope.exhibitor_id, lead_ids=ids, reader=reader, shown=sight.shown, size=exports.BATCH
    )
    with_notes = sight.settings.lead_notes
    if order.form == "json":
        return exports.json_chunks(leads, with_notes=with_notes)
    if order.form == "vcard":
        return exports.vcard_chunks(leads, with_notes=with_notes)
    columns = exports.columns_of(scope, sight, reader.labels)
    head = columns.head()
    if order.form == "xlsx":
        rows = (columns.row(lead, as_text=False) for lead in leads)
        return iter([xlsx_bytes(head, rows, zone=columns.zone, title=gettext("Leads"))])
    delimiter = ";" if order.form == "csv-semicolon" else ","
    return csv_chunks(head, (columns.row(lead, as_text=True) for lead in leads), delimiter=delimiter)


def _marking(
    who: Actor, scope: ExhibitorScope, order: Order, ids: Sequence[int], body: Iterator[bytes]
) -> Iterator[bytes]:
    """The pieces, and behind the last of them the mark: whoever breaks off before has exported nothing."""
    set_writing(False)
    yield from body
    if order.which == "filtered":
        return
    db.session.rollback()
    set_writing(True)
    exports.mark_exported(actor=who, exhibitor=scope, lead_ids=ids, kind=f"{order.which} {order.form}")
    db.session.commit()


@blueprint.post("/export/forget")
@exhibitor("full")
def export_forget() -> ResponseReturnValue:
    """The last file did not arrive: its leads are new again."""
    count = exports.forget_last_export(actor=actor(), exhibitor=exhibitor_scope())
    db.session.commit()
    words = ngettext("%(count)s lead is new again", "%(count)s leads are new again", count, count=number(count))
    flash(words, "done")
    return redirect(url_for("leads.export"), 303)
