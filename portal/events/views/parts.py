"""Pages for what an event is made of: products, questions, dates; lists, and a form for each thing."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.events import catalog
from portal.events.forms import catalog as forms
from portal.events.forms.event import language_choices
from portal.events.models import QUESTION_TYPES
from portal.events.services.dates import delete_date, save_date
from portal.events.services.products import delete_product, save_product
from portal.events.services.questions import WITH_OPTIONS, delete_question, save_question
from portal.events.views.settings import back, blueprint, done
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import current_locale, localised, said

_ID = "<int(max=9007199254740991):id_>"


def _form(
    template: str, shown: Mapping[str, Any], save: Callable[[], None], endpoint: str, **context: Any
) -> ResponseReturnValue:
    """The page of one thing: its form, what is wrong with what was sent, or back to the list."""
    given, errors = dict(shown), dict[str, Any]()
    if request.method == "POST":
        try:
            save()
            db.session.commit()
            return done(gettext("Saved."), endpoint)
        except InvalidInput as refused:
            db.session.rollback()
            given = {**request.form.to_dict(), "items": request.form.getlist("items")}
            errors = dict(refused.fields)
    codes = catalog.languages_of(event_scope().event_id)
    names = dict(language_choices(current_locale(), *codes))
    context |= {"given": given, "errors": errors, "languages": [(code, names[code]) for code in codes]}
    return pages.page(template, **context), 422 if errors else 200


def _delete(delete: Callable[[], None], endpoint: str) -> ResponseReturnValue:
    try:
        delete()
    except Conflict as refused:
        db.session.rollback()
        flash(said(refused.message), "refused")
        return back(endpoint)
    db.session.commit()
    return done(gettext("Deleted."), endpoint)


# --------------------------------------------------------------------------------------------------------- products


@blueprint.get("/products/")
@event_member("can_change_event_settings")
def products(organizer: str, event: str) -> ResponseReturnValue:
    """All products, with how many were sold."""
    items = catalog.products(event_scope().event_id)
    sold = catalog.counts_by("order_positions", "item_id", [item.id for item in items])
    return pages.page("events/settings/products.html", items=items, sold=sold)


@blueprint.route("/products/new", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def new_product(organizer: str, event: str) -> ResponseReturnValue:
    """The form for a new product."""
    scope = event_scope()
    languages = catalog.languages_of(scope.event_id)
    rows = {
        f"v-{number}-{name}": value for number in range(forms.SPARE) for name, value in (("id", ""), ("active", True))
    }

    def save() -> None:
        values = forms.read_product(request.form, languages, None)
        save_product(actor=actor(), event=scope, item_id=None, values=values)

    shown = {"active": True, "admission": True, **rows}
    return _form("events/settings/product.html", shown, save, "products", item=None)


@blueprint.route(f"/products/{_ID}/", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def product(organizer: str, event: str, id_: int) -> ResponseReturnValue:
    """One product with its variations."""
    scope = event_scope()
    item = catalog.product(scope.event_id, id_)
    if item is None:
        raise NotFound("This product does not exist, or it belongs to another event.")
    languages = catalog.languages_of(scope.event_id)

    def save() -> None:
        values = forms.read_product(request.form, languages, item)
        save_product(actor=actor(), event=scope, item_id=id_, values=values)

    title = localised(item.name, scope.locale)
    shown = forms.shown_product(item, languages)
    return _form("events/settings/product.html", shown, save, "products", item=id_, title=title)


@blueprint.post(f"/products/{_ID}/delete")
@event_member("can_change_event_settings")
def remove_product(organizer: str, event: str, id_: int) -> ResponseReturnValue:
    """Delete a product that was never sold."""
    return _delete(lambda: delete_product(actor=actor(), event=event_scope(), item_id=id_), "products")


# -------------------------------------------------------------------------------------------------------- questions


def _type_names() -> list[tuple[str, str]]:
    names = {
        "S": gettext("One line of text"),
        "T": gettext("Several lines of text"),
        "N": gettext("Number"),
        "B": gettext("Yes or no"),
        "C": gettext("One of several answers"),
        "M": gettext("Some of several answers"),
        "D": gettext("Date"),
        "H": gettext("Time"),
        "W": gettext("Date and time"),
        "CC": gettext("Country"),
        "TEL": gettext("Phone number"),
        "F": gettext("File"),
    }
    return [(code, names[code]) for code in names if code in QUESTION_TYPES]


def _items() -> list[tuple[int, str]]:
    scope = event_scope()
    return [(item.id, localised(item.name, scope.locale)) for item in catalog.products(scope.event_id)]


@blueprint.get("/questions/")
@event_member("can_change_event_settings")
def questions(organizer: str, event: str) -> ResponseReturnValue:
    """All questions, with how many answered."""
    found = catalog.questions(event_scope().event_id)
    answers = catalog.counts_by("answers", "question_id", [each.id for each in found])
    return pages.page("events/settings/questions.html", questions=found, answers=answers, types=dict(_type_names()))


@blueprint.route("/questions/new", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def new_question(organizer: str, event: str) -> ResponseReturnValue:
    """The form for a new question."""
    scope = event_scope()
    languages = catalog.languages_of(scope.event_id)
    shown = {"type": "S", **{f"o-{number}-id": "" for number in range(forms.SPARE)}}

    def save() -> None:
        values = forms.read_question(request.form, request.form.getlist("items"), languages, None)
        save_question(actor=actor(), event=scope, question_id=None, values=values)

    context = {"question": None, "types": _type_names(), "items": _items(), "with_options": WITH_OPTIONS}
    return _form("events/settings/question.html", shown, save, "questions", **context)


@blueprint.route(f"/questions/{_ID}/", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def question(organizer: str, event: str, id_: int) -> ResponseReturnValue:
    """One question with its options."""
    scope = event_scope()
    found = catalog.question(scope.event_id, id_)
    if found is None:
        raise NotFound("This question does not exist, or it belongs to another event.")
    languages = catalog.languages_of(scope.event_id)

    def save() -> None:
        values = forms.read_question(request.form, request.form.getlist("items"), languages, found)
        save_question(actor=actor(), event=scope, question_id=id_, values=values)

    context = {"question": id_, "types": _type_names(), "items": _items(), "with_options": WITH_OPTIONS}
    context["title"] = localised(found.question, scope.locale)
    return _form("events/settings/question.html", forms.shown_question(found, languages), save, "questions", **context)


@blueprint.post(f"/questions/{_ID}/delete")
@event_member("can_change_event_settings")
def remove_question(organizer: str, event: str, id_: int) -> ResponseReturnValue:
    """Delete a question that nobody answered."""
    return _delete(lambda: delete_question(actor=actor(), event=event_scope(), question_id=id_), "questions")


# ------------------------------------------------------------------------------------------------------------ dates


def _series() -> None:
    if not event_scope().has_subevents:
        raise NotFound("This event is no series.")


@blueprint.get("/dates/")
@event_member("can_change_event_settings")
def dates(organizer: str, event: str) -> ResponseReturnValue:
    """The dates of a series, with how many tickets were sold for each."""
    _series()
    found = catalog.dates(event_scope().event_id)
    sold = catalog.counts_by("order_positions", "subevent_id", [each.id for each in found])
    return pages.page("events/settings/dates.html", dates=found, sold=sold)


@blueprint.route("/dates/new", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def new_date(organizer: str, event: str) -> ResponseReturnValue:
    """The form for a new date."""
    _series()
    scope = event_scope()
    languages = catalog.languages_of(scope.event_id)

    def save() -> None:
        values = forms.read_date(request.form, languages, scope.timezone, None)
        save_date(actor=actor(), event=scope, subevent_id=None, **values)

    return _form("events/settings/date.html", {"active": True}, save, "dates", date=None)


@blueprint.route(f"/dates/{_ID}/", methods=["GET", "POST"])
@event_member("can_change_event_settings")
def date(organizer: str, event: str, id_: int) -> ResponseReturnValue:
    """One date."""
    _series()
    scope = event_scope()
    found = catalog.date(scope.event_id, id_)
    if found is None:
        raise NotFound("This date does not exist, or it belongs to another event.")
    languages = catalog.languages_of(scope.event_id)

    def save() -> None:
        values = forms.read_date(request.form, languages, scope.timezone, found)
        save_date(actor=actor(), event=scope, subevent_id=id_, **values)

    title = localised(found.name, scope.locale)
    shown = forms.shown_date(found, languages, scope.timezone)
    return _form("events/settings/date.html", shown, save, "dates", date=id_, title=title)


@blueprint.post(f"/dates/{_ID}/delete")
@event_member("can_change_event_settings")
def remove_date(organizer: str, event: str, id_: int) -> ResponseReturnValue:
    """Delete a date that nothing belongs to."""
    return _delete(lambda: delete_date(actor=actor(), event=event_scope(), subevent_id=id_), "dates")
