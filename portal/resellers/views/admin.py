"""Pages for the installation's admins: reseller accounts and who belongs to each."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core.database import db
from portal.core.errors import InvalidInput, NotFound
from portal.resellers import queries, services
from portal.resellers.models import Reseller
from portal.resellers.views import given, translated
from portal.web import organizer as pages
from portal.web.access import actor, admin
from portal.web.lists import page_part, page_url, words

blueprint = Blueprint("admin_resellers", __name__, url_prefix="/admin/resellers")

_ONE = "/<int(max=9007199254740991):reseller>/"
MANY = 10


def _account(reseller: int) -> Reseller:
    found = queries.reseller(reseller)
    if found is None:
        raise NotFound("This reseller does not exist.")
    return found


@blueprint.get("/")
@admin
def index() -> ResponseReturnValue:
    """All reseller accounts, with their members and clients counted."""
    query = words()
    total = queries.account_count(user_id=None, words="")
    part = page_part(queries.account_count(user_id=None, words=query) if query else total)
    found = queries.accounts(user_id=None, words=query, limit=part.size, offset=part.offset)
    return pages.page(
        "resellers/admin.html",
        accounts=found,
        total=total,
        many=total > MANY,
        query=query,
        part=part,
        page_url=page_url,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@admin
def create() -> ResponseReturnValue:
    """Make a reseller account; its members come after."""
    values: dict[str, str] = {"communication_language": "en"}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        values = given(*services.ALL_FIELDS)
        try:
            made = services.create_reseller(actor=actor(), values=values)
        except InvalidInput as error:
            db.session.rollback()
            errors = translated(error)
        else:
            db.session.commit()
            flash(gettext("“%(name)s” is there. Add the people who act for it.", name=made.name), "success")
            return redirect(url_for(".detail", reseller=made.id), 303)
    page = pages.page("resellers/admin_form.html", account=None, values=values, errors=errors)
    return page, 422 if errors else 200


@blueprint.get(_ONE)
@admin
def detail(reseller: int) -> ResponseReturnValue:
    """One account: its data and its members."""
    return _detail(_account(reseller))


def _detail(account: Reseller, errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    page = pages.page(
        "resellers/admin_detail.html",
        account=account,
        members=queries.members(account.id),
        clients=len(queries.client_ids(account.id, "")),
        values=given("email") if errors else {},
        errors=errors or {},
    )
    return page, 422 if errors else 200


@blueprint.route(f"{_ONE}edit", methods=["GET", "POST"])
@admin
def edit(reseller: int) -> ResponseReturnValue:
    """Change the account's name and data."""
    account, errors = _account(reseller), dict[str, list[str]]()
    values = {field: getattr(account, field) for field in services.ALL_FIELDS}
    if request.method == "POST":
        values = given(*services.ALL_FIELDS)
        try:
            services.change_reseller(actor=actor(), reseller=account, values=values, fields=services.ALL_FIELDS)
        except InvalidInput as error:
            db.session.rollback()
            errors = translated(error)
        else:
            db.session.commit()
            flash(gettext("Saved."), "success")
            return redirect(url_for(".detail", reseller=reseller), 303)
    page = pages.page("resellers/admin_form.html", account=_account(reseller), values=values, errors=errors)
    return page, 422 if errors else 200


@blueprint.post(f"{_ONE}members")
@admin
def add_member(reseller: int) -> ResponseReturnValue:
    """Let a user act for the account."""
    account = _account(reseller)
    try:
        services.add_member(actor=actor(), reseller=account, email=request.form.get("email", ""))
    except InvalidInput as error:
        db.session.rollback()
        return _detail(_account(reseller), translated(error))
    db.session.commit()
    flash(gettext("Added."), "success")
    return redirect(url_for(".detail", reseller=reseller), 303)


@blueprint.post(f"{_ONE}members/<int(max=9007199254740991):user_id>/remove")
@admin
def remove_member(reseller: int, user_id: int) -> ResponseReturnValue:
    """Let a user act for the account no longer."""
    account = _account(reseller)
    email = next((member.email for member in queries.members(reseller) if member.id == user_id), None)
    if email is None:
        raise NotFound("This person does not belong to the reseller.")
    services.remove_member(actor=actor(), reseller=account, user_id=user_id, email=email)
    db.session.commit()
    flash(gettext("%(email)s no longer belongs to the reseller.", email=email), "success")
    return redirect(url_for(".detail", reseller=reseller), 303)
