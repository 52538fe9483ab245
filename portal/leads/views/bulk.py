"""The leads' bulk bar: tags and ratings of the selected leads, by a plain form or in place, and taken back."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from marshmallow import ValidationError

from portal.core.database import db, reading
from portal.core.errors import InvalidInput
from portal.leads import bulk
from portal.leads.schemas import BulkChangeSchema, TakeBackSchema, read_filter
from portal.leads.views import listing
from portal.leads.views.pages import blueprint, is_htmx
from portal.tickets.sight import sight_of
from portal.web.access import actor, exhibitor, exhibitor_scope
from portal.web.filters import number, said
from portal.web.urls import safe_next


@blueprint.post("/bulk")
@exhibitor("full")
def bulk_change() -> ResponseReturnValue:
    """Tag or rate the selected leads."""
    form = request.form
    try:
        sent = {"id": form.getlist("id"), "do": form.get("do"), "tag": form.get("tag"), "rating": form.get("rating")}
        ids, change = BulkChangeSchema().load(sent)
        done = bulk.change_leads(actor=actor(), exhibitor=exhibitor_scope(), lead_ids=ids, change=change)
    except ValidationError as error:
        return _refused(error.messages_dict)
    except InvalidInput as error:
        db.session.rollback()
        return _refused(error.fields)
    db.session.commit()
    words = ngettext("%(count)s lead changed", "%(count)s leads changed", done.changed, count=number(done.changed))
    return _answer(words if done.changed else gettext("They are so already"), done.entry_id, ids)


@blueprint.post("/bulk/undo")
@exhibitor("full")
def bulk_undo() -> ResponseReturnValue:
    """Take a bulk change back."""
    try:
        entry_id: int = TakeBackSchema().load({"entry": request.form.get("entry", "")})["entry"]
    except ValidationError as error:
        raise InvalidInput(error.messages_dict) from None
    done = bulk.take_back(actor=actor(), exhibitor=exhibitor_scope(), entry_id=entry_id)
    db.session.commit()
    words = ngettext("%(count)s lead set back", "%(count)s leads set back", done.changed, count=number(done.changed))
    return _answer(words if done.changed else gettext("Nothing was left to set back"), 0, ())


def _back() -> str:
    """The list that the form stood on."""
    target = safe_next(request.form.get("next"))
    leads = url_for("leads.index")
    return target if target and urlsplit(target).path == leads else leads


def _answer(words: str, entry_id: int, selected: tuple[int, ...]) -> ResponseReturnValue:
    """The list again, in place with the same leads ticked, and a message that takes the change back."""
    back = _back()
    if not is_htmx():
        flash(words, "done")
        return redirect(back, 303)
    toast: dict[str, object] = {"message": words}
    if entry_id:
        toast["undo"] = {
            "url": url_for("leads.bulk_undo"),
            "values": {"entry": entry_id, "next": back},
            "target": "#lead-list",
        }
    scope = exhibitor_scope()
    with reading():
        sight = sight_of(scope.event_id)
        wanted, page = read_filter(dict(parse_qsl(urlsplit(back).query)))
        context = listing.rows(scope, sight, listing.possible(wanted, sight), page, selected=selected)
        response = Response(render_template("leads/_list.html", **context))
    response.headers["HX-Trigger"] = json.dumps({"toast": toast})
    return response


def _messages(errors: Any) -> Iterator[str]:
    if isinstance(errors, str):
        yield errors
    else:
        for each in errors.values() if isinstance(errors, Mapping) else errors:
            yield from _messages(each)


def _refused(errors: Any) -> ResponseReturnValue:
    """What is missing, as a message: nothing of the list changes."""
    words = " ".join(dict.fromkeys(said(message) for message in _messages(errors)))
    if not is_htmx():
        flash(words, "refused")
        return redirect(_back(), 303)
    headers = {"HX-Trigger": json.dumps({"toast": {"message": words, "kind": "refused"}}), "HX-Reswap": "none"}
    return Response("", 422, headers)
