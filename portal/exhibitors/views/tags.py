"""The page of an event's tags: create, rename, delete."""

from collections.abc import Mapping, Sequence

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.exhibitors import overview
from portal.exhibitors.services import tags as services
from portal.exhibitors.views.listing import url
from portal.exhibitors.views.organizer import blueprint
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import number

MANAGE = "can_change_event_settings"
ONE = "/tags/<int(max=9007199254740991):tag_id>"


@blueprint.get("/tags")
@event_member(MANAGE)
def tags(organizer: str, event: str) -> ResponseReturnValue:
    """All tags with how many exhibitors have them."""
    return _page(event_scope())


@blueprint.post("/tags")
@event_member(MANAGE)
def tag_create(organizer: str, event: str) -> ResponseReturnValue:
    """A new tag."""
    scope = event_scope()
    try:
        services.create_tag(actor=actor(), event=scope, name=request.form.get("name", ""))
    except InvalidInput as refused:
        db.session.rollback()
        return _page(scope, errors=refused.fields), 422
    db.session.commit()
    flash(gettext("The tag is created."), "done")
    return redirect(url(scope, "tags"), 303)


@blueprint.post(f"{ONE}/rename")
@event_member(MANAGE)
def tag_rename(organizer: str, event: str, tag_id: int) -> ResponseReturnValue:
    """Another name for a tag; the exhibitors keep it."""
    scope = event_scope()
    try:
        services.rename_tag(actor=actor(), event=scope, tag_id=tag_id, name=request.form.get("name", ""))
    except InvalidInput as refused:
        db.session.rollback()
        return _page(scope, errors=refused.fields, tag_id=tag_id), 422
    db.session.commit()
    flash(gettext("The tag is renamed."), "done")
    return redirect(url(scope, "tags"), 303)


@blueprint.post(f"{ONE}/delete")
@event_member(MANAGE)
def tag_delete(organizer: str, event: str, tag_id: int) -> ResponseReturnValue:
    """Delete a tag; its exhibitors stay."""
    scope = event_scope()
    used = services.delete_tag(actor=actor(), event=scope, tag_id=tag_id)
    db.session.commit()
    flash(
        ngettext(
            "The tag is deleted. %(count)s exhibitor had it.",
            "The tag is deleted. %(count)s exhibitors had it.",
            used,
            count=number(used),
        ),
        "done",
    )
    return redirect(url(scope, "tags"), 303)


def _page(scope: EventScope, *, errors: Mapping[str, Sequence[str]] | None = None, tag_id: int | None = None) -> str:
    return pages.page(
        "exhibitors/organizer/tags.html",
        tags=overview.tag_choices(scope.event_id),
        errors=errors or {},
        wrong_tag=tag_id,
        typed=request.form.get("name", ""),
    )
