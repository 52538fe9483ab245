"""Pages for the members of a reseller account: their clients, a new one, the account's contact data."""

from typing import cast

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core import clock
from portal.core.actors import SignIn
from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.resellers import queries, services
from portal.resellers.models import Reseller
from portal.resellers.views import given, translated
from portal.web import organizer as pages
from portal.web.access import actor, reseller_member, reseller_scope, signed_in, user
from portal.web.lists import page_part, page_url, words

blueprint = Blueprint("reseller_pages", __name__, url_prefix="/reseller")

_ONE = "/<int(max=9007199254740991):reseller>/"
#: With more clients than this there is a search field.
MANY = 10
MOST_ACCOUNTS = 200


def _account() -> Reseller:
    found = queries.reseller(reseller_scope().reseller_id)
    if found is None:
        raise NotFound("This page does not exist, or it is not yours.")
    return found


@blueprint.get("/")
@user
def index() -> ResponseReturnValue:
    """The user's reseller accounts; where there is one, its clients."""
    user_id = cast(SignIn, signed_in()).user_id
    own = queries.accounts(user_id=user_id, words="", limit=MOST_ACCOUNTS)
    if len(own) == 1:
        return redirect(url_for(".clients", reseller=own[0].id), 303)
    return pages.page("resellers/accounts.html", accounts=own)


@blueprint.get(_ONE)
@reseller_member
def clients(reseller: int) -> ResponseReturnValue:
    """The organizers that the account made, with how many events each has."""
    scope, query = reseller_scope(), words()
    total = len(queries.client_ids(reseller, ""))
    ids = queries.client_ids(reseller, query) if query else queries.client_ids(reseller, "")
    part = page_part(len(ids))
    shown = ids[part.offset : part.offset + part.size]
    sign_in = cast(SignIn, signed_in())
    return pages.page(
        "resellers/clients.html",
        reseller=scope,
        clients=queries.clients(shown, clock.now()),
        own=frozenset(shown) if sign_in.is_admin else queries.own_organizers(scope.user_id, shown),
        total=total,
        many=total > MANY,
        query=query,
        part=part,
        page_url=page_url,
    )


@blueprint.route(f"{_ONE}new", methods=["GET", "POST"])
@reseller_member
def create(reseller: int) -> ResponseReturnValue:
    """Create a client: an organizer, with a team of the signed-in user that may do everything in it."""
    scope, values, errors = reseller_scope(), given("name", "slug"), {}
    values["slug"] = values["slug"].strip()
    if request.method == "POST":
        try:
            made = services.create_client(actor=actor(), reseller_id=reseller, user_id=scope.user_id, **values)
        except InvalidInput as error:
            db.session.rollback()
            errors = translated(error)
        else:
            db.session.commit()
            flash(gettext("“%(name)s” is there. You may do everything in it.", name=made.name), "success")
            return redirect(url_for("organizer.overview", organizer=made.slug), 303)
    page = pages.page("resellers/new_client.html", reseller=scope, values=values, errors=errors)
    return page, 422 if errors else 200


@blueprint.route(f"{_ONE}contact", methods=["GET", "POST"])
@reseller_member
def contact(reseller: int) -> ResponseReturnValue:
    """The account's public data and how to reach it."""
    account, errors = _account(), dict[str, list[str]]()
    values = {field: getattr(account, field) for field in services.CONTACT}
    if request.method == "POST":
        values = given(*services.CONTACT)
        try:
            services.change_reseller(actor=actor(), reseller=account, values=values)
        except InvalidInput as error:
            db.session.rollback()
            errors = translated(error)
        else:
            db.session.commit()
            flash(gettext("Saved."), "success")
            return redirect(url_for(".contact", reseller=reseller), 303)
    page = pages.page("resellers/contact.html", reseller=reseller_scope(), values=values, errors=errors)
    return page, 422 if errors else 200
