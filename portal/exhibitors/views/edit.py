"""Pages to create an exhibitor and to edit all of it: one form, whose errors stand below their fields."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.core.names import PART_LABELS, SCHEMES
from portal.exhibitors import overview
from portal.exhibitors.forms import checked, form_of, other_scheme, read_form
from portal.exhibitors.models import Exhibitor
from portal.exhibitors.services import manage
from portal.exhibitors.views.listing import flag_names, url
from portal.exhibitors.views.organizer import blueprint, language
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.i18n import LOCALES

MANAGE = "can_change_event_settings"
ONE = "/<int(max=9007199254740991):exhibitor_id>"
#: Languages that are offered beside those that are set already.
LANGUAGES = ("en", "de", "fr", "it", "es", "nl", "pl", "cs", "da", "sv", "pt", "tr", "uk", "zh", "ja")

SCHEME_LABELS = {
    "full": lazy_gettext("Name in one piece"),
    "given_family": lazy_gettext("Given name, family name"),
    "title_given_family": lazy_gettext("Title, given name, family name"),
    "given_middle_family": lazy_gettext("Given, middle and family name"),
    "title_given_middle_family": lazy_gettext("Title, given, middle and family name"),
    "family_given": lazy_gettext("Family name, given name"),
    "family_nospace_given": lazy_gettext("Family name and given name without a space"),
    "family_comma_given": lazy_gettext("Family name, comma, given name"),
    "calling_full": lazy_gettext("Calling name, name"),
    "full_transcription": lazy_gettext("Name, Latin transcription"),
    "salutation_given_family": lazy_gettext("Salutation, given name, family name"),
    "salutation_title_given_family": lazy_gettext("Salutation, title, given name, family name"),
    "salutation_title_given_family_degree": lazy_gettext("Salutation, title, given name, family name, degree"),
}


@blueprint.route("/new", methods=["GET", "POST"])
@event_member(MANAGE)
def new(organizer: str, event: str) -> ResponseReturnValue:
    """Create an exhibitor; its codes are made with it."""
    scope = event_scope()
    if request.method != "POST":
        return _page(scope, None, form_of(None, locale=scope.locale))
    return _save(scope, None)


@blueprint.route(f"{ONE}/edit", methods=["GET", "POST"])
@event_member(MANAGE)
def edit(organizer: str, event: str, exhibitor_id: int) -> ResponseReturnValue:
    """Change everything of an exhibitor but its codes."""
    scope = event_scope()
    exhibitor = overview.exhibitor_of(scope.event_id, exhibitor_id)
    if exhibitor is None:
        raise NotFound("This exhibitor does not exist, or it belongs to another event.")
    if request.method != "POST":
        return _page(scope, exhibitor, form_of(exhibitor, locale=scope.locale))
    return _save(scope, exhibitor)


@blueprint.get("/name-fields")
@event_member(MANAGE)
def name_fields(organizer: str, event: str) -> ResponseReturnValue:
    """The fields of a name in another scheme, for htmx."""
    values = other_scheme(request.args, request.args.get("scheme", ""))
    return render_template("exhibitors/organizer/_name.html", values=values, errors={}, **_name(event_scope(), values))


def _save(scope: EventScope, exhibitor: Exhibitor | None) -> ResponseReturnValue:
    form = request.form
    if "reshape" in form:
        values = form.to_dict() | {"exhibitor_tags": form.getlist("exhibitor_tags")}
        return _page(scope, exhibitor, values | other_scheme(form, form.get("scheme", "")))
    values = read_form(form)
    try:
        stored = checked(values)
        if exhibitor is None:
            exhibitor_id = manage.create(actor=actor(), event=scope, values=stored)
        else:
            exhibitor_id = exhibitor.id
            manage.update(actor=actor(), event=scope, exhibitor_id=exhibitor_id, values=stored)
    except InvalidInput as refused:
        db.session.rollback()
        shown = form.to_dict() | {"exhibitor_tags": form.getlist("exhibitor_tags")}
        return _page(scope, exhibitor, shown, refused.fields), 422
    db.session.commit()
    name = stored["name"]
    saved = gettext("%(name)s is saved.", name=name) if exhibitor else gettext("%(name)s is created.", name=name)
    flash(saved, "done")
    return redirect(url(scope, "detail", exhibitor_id=exhibitor_id), 303)


def _page(
    scope: EventScope,
    exhibitor: Exhibitor | None,
    values: dict[str, Any],
    errors: dict[str, list[str]] | None = None,
) -> str:
    return pages.page(
        "exhibitors/organizer/edit.html",
        exhibitor=exhibitor,
        values=values,
        errors=errors or {},
        languages=_languages(scope, values.get("locale", "")),
        flags=[(overview.FLAGS[flag].key, name) for flag, (name, _, _) in flag_names().items()],
        tag_choices=_tags(scope, values.get("exhibitor_tags", ())),
        back=url(scope, "detail", exhibitor_id=exhibitor.id) if exhibitor else url(scope, "index"),
        **_name(scope, values),
    )


def _name(scope: EventScope, values: dict[str, Any]) -> dict[str, Any]:
    scheme = values.get("scheme", "")
    parts = SCHEMES[scheme].parts if scheme in SCHEMES else ()
    return {
        "schemes": list(SCHEME_LABELS.items()),
        "parts": [(f"part_{key}", PART_LABELS[key]) for key in parts],
        "name_url": url(scope, "name_fields"),
    }


def _languages(scope: EventScope, chosen: str) -> list[tuple[str, str]]:
    tags = dict.fromkeys((*LOCALES, scope.locale, *LANGUAGES, *([chosen] if chosen else ())))
    return sorted(((tag, language(tag)) for tag in tags), key=lambda each: each[1].lower())


def _tags(scope: EventScope, chosen: Sequence[str]) -> list[tuple[str, str]]:
    names = dict.fromkeys((*(tag.name for tag in overview.tag_choices(scope.event_id)), *chosen))
    return [(name, name) for name in names]
