"""The page of what an event's exhibitors see and are told: fields, tags, notes, links, and the words of their mail."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext, lazy_gettext

from portal.core import mail
from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.i18n import localise
from portal.events.mail_templates import DEFAULTS, PLACEHOLDERS, TEMPLATES, check_template
from portal.events.models import Event, Organizer, Question
from portal.events.settings import LEAD_FIELDS, EventSettings, read_settings
from portal.exhibitors.services.lead_settings import change_settings
from portal.exhibitors.services.send import letter_context, words
from portal.exhibitors.views.listing import url
from portal.exhibitors.views.organizer import blueprint, language
from portal.exhibitors.views.pages import qr_data
from portal.leads.services import refresh_search_texts
from portal.tickets.fields import LABELS, QUESTION_PREFIX
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import localised, said
from portal.web.i18n import spoken
from portal.web.urls import external_url

MANAGE = "can_change_event_settings"
LINKS = {
    "imprint_url": lazy_gettext("Imprint"),
    "privacy_url": lazy_gettext("Privacy notice"),
    "help_url": lazy_gettext("Help"),
    "terms_url": lazy_gettext("Terms"),
    "logo_url": lazy_gettext("Logo"),
}
#: What stands for an exhibitor in the preview; the codes open nothing.
SAMPLE = {
    "exhibitor": "Aperture Science",
    "code": "ABCDEFGH2",
    "scanning_code": "SCANABC2",
    "booth": "A2",
    "contact_name": "Cave Johnson",
}


@blueprint.get("/settings")
@event_member(MANAGE)
def lead_settings(organizer: str, event: str) -> ResponseReturnValue:
    """The form with all of it."""
    scope = event_scope()
    return _page(scope, _form_of(scope))


@blueprint.post("/settings")
@event_member(MANAGE)
def lead_settings_save(organizer: str, event: str) -> ResponseReturnValue:
    """Store all of it, or say below each field what is wrong."""
    scope = event_scope()
    try:
        changed = change_settings(actor=actor(), event=scope, values=_read(scope))
        if {"lead_fields", "lead_notes"} & set(changed):
            refresh_search_texts(event_id=scope.event_id)
    except InvalidInput as refused:
        db.session.rollback()
        return _page(scope, request.form.to_dict(), _errors(refused.fields)), 422
    db.session.commit()
    flash(gettext("The settings are saved.") if changed else gettext("Nothing to change: it was so already."), "done")
    return redirect(url(scope, "lead_settings"), 303)


@blueprint.post("/settings/preview")
@event_member(MANAGE)
def mail_preview(organizer: str, event: str) -> ResponseReturnValue:
    """The mail as typed, filled in for a made-up exhibitor: subject, HTML and text."""
    locale = request.form.get("preview", "")
    given = {name: request.form.get(f"{name}.{locale}", "")[:limit] for name, limit in TEMPLATES.items()}
    return render_template("exhibitors/organizer/_mail_preview.html", **_preview(event_scope(), locale, given))


# --------------------------------------------------------------------------------------------------------- the form


def _stored(scope: EventScope) -> tuple[EventSettings, list[str]]:
    row = db.session.execute(sa.select(Event.settings, Event.locales).where(Event.id == scope.event_id)).one()
    return read_settings(row.settings), list(dict.fromkeys((scope.locale, *row.locales)))


def _fields(scope: EventScope) -> dict[str, str]:
    """All fields that can be shown, and what they are called."""
    statement = sa.select(Question.identifier, Question.question).where(
        Question.event_id == scope.event_id, Question.type != "F"
    )
    found = {name: str(LABELS[name]) for name in LEAD_FIELDS}
    for identifier, question in db.session.execute(statement.order_by(Question.position, Question.id)):
        found[QUESTION_PREFIX + identifier] = localised(question, scope.locale)
    return found


def _form_of(scope: EventScope) -> dict[str, Any]:
    settings, locales = _stored(scope)
    values: dict[str, Any] = {name: getattr(settings, name) or "" for name in LINKS}
    values["lead_notes"] = "1" if settings.lead_notes else ""
    values["lead_tags"] = "\n".join(settings.lead_tags)
    for place, name in enumerate(settings.lead_fields, 1):
        values |= {f"show.{name}": "1", f"place.{name}": str(place)}
    for name in TEMPLATES:
        values |= {f"{name}.{locale}": getattr(settings, name).get(locale, "") for locale in locales}
    return values


def _read(scope: EventScope) -> dict[str, Any]:
    """What the form says, as the settings are stored."""
    form = request.form
    settings, locales = _stored(scope)
    values: dict[str, Any] = {name: form.get(name, "").strip() or None for name in LINKS}
    values["lead_notes"] = form.get("lead_notes") == "1"
    values["lead_tags"] = [tag for line in form.get("lead_tags", "").splitlines() if (tag := line.strip())]
    shown = [name for name in _order(_fields(scope), form) if form.get(f"show.{name}") == "1"]
    values["lead_fields"] = shown
    for name in TEMPLATES:
        kept = {tag: text for tag, text in getattr(settings, name).items() if tag not in locales}
        given = {locale: form.get(f"{name}.{locale}", "") for locale in locales}
        values[name] = kept | {tag: text.replace("\r\n", "\n") for tag, text in given.items() if text.strip()} or None
    return values


def _order(fields: Mapping[str, str], values: Mapping[str, Any]) -> list[str]:
    """The fields in the order of their numbers; those without one after them."""

    def place(name: str) -> tuple[int, int]:
        given = str(values.get(f"place.{name}", "")).strip()
        number = int(given) if given.isascii() and given.isdecimal() and len(given) < 5 else 9999
        return number, list(fields).index(name)

    return sorted(fields, key=place)


def _errors(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The errors by the form's fields."""
    errors: dict[str, list[str]] = {}
    for name, reasons in found.items():
        if name in LINKS:
            messages = [gettext("This is no address that starts with http:// or https://.")]
        elif name.split(".")[0] in TEMPLATES:
            messages = [gettext("The text %(reason)s.", reason=said(reason)) for reason in reasons]
        else:
            messages = [gettext("This cannot be stored: %(reason)s.", reason=said(reason)) for reason in reasons]
        errors.setdefault(name.split("[")[0], []).extend(messages)
    return errors


def _page(scope: EventScope, values: Mapping[str, Any], errors: Mapping[str, list[str]] | None = None) -> str:
    _, locales = _stored(scope)
    fields = _fields(scope)
    previews = {
        locale: _preview(scope, locale, {name: values.get(f"{name}.{locale}", "") for name in TEMPLATES})
        for locale in locales
    }
    return pages.page(
        "exhibitors/organizer/settings.html",
        values=values,
        errors=errors or {},
        fields=[(name, fields[name]) for name in _order(fields, values)],
        links=list(LINKS.items()),
        locales_of_event=[(locale, language(locale)) for locale in locales],
        defaults={locale: {name: localise(DEFAULTS[name], locale, "en") for name in TEMPLATES} for locale in locales},
        placeholders=PLACEHOLDERS,
        previews=previews,
    )


def _preview(scope: EventScope, locale: str, given: Mapping[str, str]) -> dict[str, Any]:
    link = external_url("exhibitors.code_link", code=SAMPLE["code"])
    values = {**SAMPLE, "link": link, "event": localise(scope.event_name, locale, scope.locale)}
    wrong = {name: said(found) for name, text in given.items() if text and (found := check_template(name, text))}
    texts = {name: {locale: text.replace("\r\n", "\n")} for name, text in given.items() if text.strip()}
    written = words(settings=texts, locale=locale, event_locale=scope.locale, values=values)
    context = letter_context(written, code=SAMPLE["code"], link=link, organizer=scope.organizer_name)
    address = db.session.scalar(sa.select(Organizer.email).where(Organizer.id == scope.organizer_id))
    context |= {"picture": qr_data(link), "locale": locale, "answerable": bool(address)}
    with force_locale(spoken(locale)):
        parts = {
            "text": mail.render("email/access_code.txt", **context),
            "html": mail.render("email/_access_code.html", **context),
        }
    return context | parts | {"wrong": wrong, "preview_locale": locale}
