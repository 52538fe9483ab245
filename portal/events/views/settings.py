"""Pages that make an event and set what it is."""

from collections.abc import Iterable
from typing import cast

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal.checkin.models import CheckinList
from portal.checkin.services.lists import ListValues, create_list
from portal.core.actors import SignIn
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.events import catalog, lists
from portal.events.forms import event as forms
from portal.events.services import copying, manage
from portal.events.views.home import blueprint as home
from portal.web import organizer as pages
from portal.web.access import (
    actor,
    event_member,
    event_scope,
    organizer_member,
    organizer_scope,
    signed_in,
)
from portal.web.filters import current_locale, localised
from portal.web.loaders import loaders

blueprint = Blueprint("event_settings", __name__, url_prefix="/organizer/<organizer>/<event>/settings")

#: An event's first languages, where nothing else is known.
_START = {"locale": "en", "currency": "EUR", "timezone": "UTC"}


@home.route("/<organizer>/-/events/new", methods=["GET", "POST"])
@organizer_member("can_create_events")
def new_event(organizer: str) -> ResponseReturnValue:
    """The form for a new event; then the event's settings."""
    scope = organizer_scope()
    given = {**_START, "locale": str(current_locale()).split("_")[0]}
    errors = {}
    if request.method == "POST":
        given = request.form.to_dict()
        given["name-" + (given.get("locale") or "en")] = given.get("name", "")
        try:
            values = forms.read_event(given, ())
            slug = given.get("slug", "").strip()
            manage.create_event(actor=actor(), organizer=scope, slug=slug, values=values)
            if given.get("source"):
                _copy(scope.organizer_slug, slug, given["source"])
            db.session.commit()
            flash(gettext("%(name)s is there. Now add products.", name=localised(values.name, values.locale)), "done")
            return redirect(url_for("event_settings.products", organizer=scope.organizer_slug, event=slug), 303)
        except InvalidInput as refused:
            db.session.rollback()
            errors = dict(refused.fields)
            errors["name"] = errors.pop("name-" + (given.get("locale") or "en"), [])
    page = pages.page(
        "events/new.html",
        given=given,
        errors=errors,
        organizer=scope.organizer_name,
        languages=forms.language_choices(current_locale()),
        sources=_sources(scope.organizer_id),
        zones=_pairs(forms.zones()),
        currencies=_pairs(forms.currencies()),
    )
    return page, 422 if errors else 200


def _sources(organizer_id: int) -> list[tuple[str, str]]:
    """The organizer's events that this member may take something over from."""
    sign_in = cast(SignIn, signed_in())
    ids = lists.of_organizer(sign_in, organizer_id)
    return [(slug, localised(name, locale)) for slug, name, locale in copying.sources(organizer_id, ids)]


def _copy(organizer: str, slug: str, source: str) -> None:
    """Take over settings, products, questions and check-in lists. Raises `InvalidInput` on ``source``."""
    sign_in = cast(SignIn, signed_in())
    new, old = (loaders().user_scope(sign_in, organizer, each) for each in (slug, source))
    if new is None or old is None or not old.may("can_change_event_settings"):
        raise InvalidInput({"source": [Sentence("You may not copy this event.")]})
    items = copying.copy_event(actor=actor(), event=new, source=old)
    wanted = sa.select(CheckinList).where(CheckinList.event_id == old.event_id, CheckinList.subevent_id.is_(None))
    for each in db.session.scalars(wanted.order_by(CheckinList.id)).all():
        products = [items[item.id] for item in each.limit_products]
        values = ListValues(each.name, each.all_products or not products, products, each.include_pending)
        create_list(actor=actor(), scope=new, values=values)


@blueprint.route("/", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def index(organizer: str, event: str) -> ResponseReturnValue:
    """What the event is called, when it is, where it points to."""
    scope = event_scope()
    found = catalog.event_of(scope.event_id)
    given, errors = forms.shown_event(found), {}
    if request.method == "POST":
        chosen = request.form.getlist("locales")
        try:
            values = forms.read_event(request.form, chosen, found)
            links = {name: request.form.get(name, "").strip() for name in manage.OWN}
            manage.update_event(actor=actor(), event=scope, values=values, links=links)
            db.session.commit()
            return done(gettext("Saved."), "index")
        except InvalidInput as refused:
            db.session.rollback()
            given, errors = {**request.form.to_dict(), "locales": chosen}, dict(refused.fields)
    names = dict(forms.language_choices(current_locale(), *found.locales, found.locale))
    page = pages.page(
        "events/settings/event.html",
        given=given,
        errors=errors,
        event=found,
        languages=list(names.items()),
        shown=[(code, names.get(code, code)) for code in found.locales],
        zones=_pairs(sorted({*forms.zones(), found.timezone})),
        currencies=_pairs(dict.fromkeys((*forms.currencies(), found.currency))),
        empty=manage.is_empty(event_id=scope.event_id),
    )
    return page, 422 if errors else 200


def _pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names as choices of a field."""
    return [(name, name) for name in names]


def back(endpoint: str) -> Response:
    """To a page of the settings."""
    scope = event_scope()
    address = url_for(f"event_settings.{endpoint}", organizer=scope.organizer_slug, event=scope.event_slug)
    return redirect(address, 303)


def done(message: str, endpoint: str) -> Response:
    """To a page of the settings, with what was done."""
    flash(message, "done")
    return back(endpoint)
