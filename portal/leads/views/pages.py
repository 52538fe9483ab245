"""The leads' routes: the list with its search, one lead, and changes in place or by plain forms."""

import json
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import ValidationError

from portal.core.actors import ExhibitorScope
from portal.core.database import db, reading
from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.leads import queries, services
from portal.leads.queries import LeadRow, counts
from portal.leads.schemas import LeadChangesSchema, read_filter
from portal.leads.views import listing
from portal.leads.views.history import history
from portal.tickets.sight import Sight, sight_of
from portal.web.access import actor, exhibitor, exhibitor_scope
from portal.web.urls import safe_next

blueprint = Blueprint("leads", __name__, url_prefix="/exhibitor/leads")

#: Ids fit the databases' integers.
LEAD = "/<int(max=9007199254740991):lead_id>"


@blueprint.before_request
def gate() -> ResponseReturnValue | None:
    """Leads that the organizer has not opened: a page that says so, whatever was asked for."""
    if exhibitor_scope().allow_lead_access:
        return None
    if request.method != "GET" or is_htmx():
        raise Forbidden(services.NO_LEAD_ACCESS)
    return render_template("leads/closed.html", message=gettext(services.NO_LEAD_ACCESS)), 403


def is_htmx() -> bool:
    """Whether htmx asks, and not for a whole page that it restores."""
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")


# ---------------------------------------------------------------------------------------------------------- the list


@blueprint.get("")
@exhibitor("full")
def index() -> ResponseReturnValue:
    """The list; for htmx only what a search changes."""
    scope = exhibitor_scope()
    sight = sight_of(scope.event_id)
    wanted, page = read_filter(request.args)
    wanted = listing.possible(wanted, sight)
    if is_htmx() and request.headers.get("HX-Target") == "lead-list":
        html = render_template("leads/_list.html", **listing.rows(scope, sight, wanted, page))
    else:
        figures = counts.figures(exhibitor_id=scope.exhibitor_id, timezone=scope.timezone)
        context = listing.rows(scope, sight, wanted, page, figures.total)
        html = render_template("leads/index.html", **context, **listing.summary(scope, sight, wanted, figures))
    return Response(html, headers={"Vary": "HX-Request"})


# ---------------------------------------------------------------------------------------------------------- one lead


@blueprint.get(LEAD)
@exhibitor("full")
def detail(lead_id: int) -> ResponseReturnValue:
    """All that the exhibitor may know of one attendee, its forms and its history."""
    scope = exhibitor_scope()
    sight = sight_of(scope.event_id)
    return _detail(scope, sight, _lead(scope, sight, lead_id))


def _detail(scope: ExhibitorScope, sight: Sight, lead: LeadRow, **form: Any) -> ResponseReturnValue:
    wanted, page = read_filter(request.args)
    context = _one(scope, sight, lead, in_detail=True) | form
    html = render_template("leads/detail.html", back=listing.address(listing.asked(wanted, page)), **context)
    return html, 422 if form else 200


def _lead(scope: ExhibitorScope, sight: Sight, lead_id: int) -> LeadRow:
    lead = queries.lead(
        exhibitor_id=scope.exhibitor_id, lead_id=lead_id, reader=listing.reader(sight), shown=sight.shown
    )
    if lead is None:
        raise NotFound("This lead does not exist, or it is not yours.")
    return lead


def _one(scope: ExhibitorScope, sight: Sight, lead: LeadRow, *, in_detail: bool) -> dict[str, Any]:
    """What the fragments of one lead need."""
    tags = counts.tag_choices(exhibitor_id=scope.exhibitor_id, offered=sight.settings.lead_tags)
    return {
        "lead": lead,
        "leads_url": url_for("leads.index"),
        "detail": in_detail,
        "with_notes": sight.settings.lead_notes,
        "tag_choices": tags,
        "tags_exist": bool(tags),
        "history": history(queries.versions(lead.id), lead) if in_detail else [],
        "here": _here(lead.id),
        "note_mark": services.note_mark(lead.notes),
    }


def _here(lead_id: int) -> str:
    """The page that a plain form goes back to: the one that it stood on."""
    if request.method == "POST":
        return safe_next(request.form.get("next")) or url_for("leads.detail", lead_id=lead_id)
    return request.full_path.rstrip("?")


@blueprint.get(LEAD + "/note")
@exhibitor("full")
def note(lead_id: int) -> ResponseReturnValue:
    """The note's place in a list: to read, or with ``edit`` to write. Without htmx it is written on the lead's page."""
    if not is_htmx():
        return redirect(url_for("leads.detail", lead_id=lead_id, _anchor="note"), 303)
    scope = exhibitor_scope()
    sight = sight_of(scope.event_id)
    if not sight.settings.lead_notes:
        raise Forbidden("Your organizer has switched notes off for this event.")
    context = _one(scope, sight, _lead(scope, sight, lead_id), in_detail=False)
    return render_template("leads/_note.html", editing="edit" in request.args, **context)


@blueprint.get(LEAD + "/tags")
@exhibitor("full")
def tag_menu(lead_id: int) -> ResponseReturnValue:
    """The menu of tags in a list. Without htmx they stand on the lead's page."""
    if not is_htmx():
        return redirect(url_for("leads.detail", lead_id=lead_id), 303)
    scope = exhibitor_scope()
    sight = sight_of(scope.event_id)
    context = _one(scope, sight, _lead(scope, sight, lead_id), in_detail=False)
    return render_template("leads/_tag_menu.html", **context)


@blueprint.post(LEAD)
@exhibitor("full")
def change(lead_id: int) -> ResponseReturnValue:
    """Change parts of a lead: from a plain form back to where it stood, by htmx the part that changed."""
    scope = exhibitor_scope()
    form = request.form
    sent: dict[str, Any] = {name: form[name] for name in ("notes", "notes_before", "notes_of_version") if name in form}
    if "rating" in form:
        sent["rating"] = form["rating"] or None
    sent["add_tags"] = form.getlist("add_tag") + form.getlist("menu_add")
    sent["remove_tags"] = form.getlist("remove_tag") + form.getlist("menu_remove")
    try:
        changes = LeadChangesSchema().load(sent)
        services.update_lead(actor=actor(), exhibitor=scope, lead_id=lead_id, changes=changes)
    except ValidationError as error:
        found = error.messages_dict
        if set(found) != {"notes"}:
            raise InvalidInput(found) from None
        return _note_refused(scope, lead_id, errors=found)
    except services.NoteChanged as error:
        return _note_refused(scope, lead_id, theirs=error.notes)
    db.session.commit()
    part = "note" if changes.of_notes else "rating" if "rating" in sent else "tags"
    return _changed(scope, lead_id, part)


def _changed(scope: ExhibitorScope, lead_id: int, part: str) -> ResponseReturnValue:
    if not is_htmx():
        flash(gettext("Saved."), "done")
        return redirect(_here(lead_id), 303)
    with reading():
        sight = sight_of(scope.event_id)
        in_detail = "detail" in request.form
        lead = _lead(scope, sight, lead_id)
        context = _one(scope, sight, lead, in_detail=in_detail)
        context["menu_open"] = "menu_add" in request.form or "menu_remove" in request.form
        html = render_template(f"leads/_{part}.html", **context)
        if in_detail:
            html += render_template("leads/_history.html", oob=True, **context)
        response = Response(html)
        if part == "note" and not lead.notes and not in_detail:
            response.headers["HX-Trigger"] = _undo_note(lead)
        elif part == "note" and in_detail:
            response.headers["HX-Trigger"] = json.dumps({"toast": {"message": gettext("Saved.")}})
        return response


def _undo_note(lead: LeadRow) -> str:
    """A message with Undo after a note was emptied."""
    toast: dict[str, Any] = {"message": gettext("Note removed")}
    last = next((version for version in queries.versions(lead.id) if version.notes), None)
    if last is not None:
        toast["undo"] = {
            "url": url_for("leads.change", lead_id=lead.id),
            "values": {"notes_of_version": last.id},
            "target": f"#lead-{lead.id}-note",
        }
    return json.dumps({"toast": toast})


def _note_refused(
    scope: ExhibitorScope, lead_id: int, *, errors: Any = None, theirs: str | None = None
) -> ResponseReturnValue:
    """The note's form again, with what was typed, and why it was not saved."""
    db.session.rollback()
    sight = sight_of(scope.event_id)
    lead = _lead(scope, sight, lead_id)
    form = {"typed": request.form.get("notes", ""), "errors": errors or {}, "theirs": theirs}
    if not is_htmx():
        return _detail(scope, sight, lead, **form)
    context = _one(scope, sight, lead, in_detail="detail" in request.form) | form
    return render_template("leads/_note.html", editing=True, **context), 422
