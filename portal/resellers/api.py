"""The REST doors of resellers, for OAuth tokens of their members alone (contract decision 25)."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from portal.core.errors import Forbidden, InvalidInput, NotFound
from portal.resellers import queries
from portal.resellers.schemas import ClientSchema, ClientWriteSchema, ResellerSchema
from portal.resellers.services import create_client
from portal.web import conditional, params
from portal.web.access import actor, api_user, application_scope
from portal.web.conditional import Stamp
from portal.web.openapi import documented, page_of
from portal.web.paging import read_page
from portal.web.rest import done, dumps, reply

blueprint = Blueprint("var", __name__, url_prefix="/api/v1/var", description="Reseller accounts and their clients")


@blueprint.route("/", methods=["GET"])
@documented(page_of(ResellerSchema), listing=True, security="oauth2")
@api_user
def list_resellers() -> Response:
    """List the reseller accounts of the token's user."""
    user_id = application_scope().user_id
    stamp = Stamp([queries.last_change()])
    page = read_page(queries.count_of(user_id))
    if unchanged := conditional.not_modified(stamp):
        return unchanged
    found = queries.page_of(user_id, limit=page.size, offset=page.offset)
    return conditional.answer(dumps(page.envelope(found)), stamp)


@blueprint.route("/<id:reseller_id>/", methods=["GET"])
@documented(ResellerSchema, security="oauth2")
@api_user
def get_reseller(reseller_id: str) -> Response:
    """Show a reseller account."""
    return reply(_account(reseller_id))


@blueprint.route("/<id:reseller_id>/create_organizer/", methods=["POST"])
@documented(ClientSchema, status=201, body=ClientWriteSchema, writing=True, security="oauth2")
@api_user
def create_organizer(reseller_id: str) -> Response:
    """Create an organizer for a reseller account, with a team of the token's user that may do everything in it."""
    account, application = _account(reseller_id), application_scope()
    if not application.all_organizers:
        raise Forbidden("This token is restricted to some organizers and creates no others.")
    body = params.read_body()
    texts = _texts(body, "name", "slug")
    organizer = create_client(
        actor=actor(), reseller_id=account["id"], user_id=application.user_id, name=texts["name"], slug=texts["slug"]
    )
    return done({"id": organizer.id, "name": organizer.name, "slug": organizer.slug}, 201)


def _account(reseller_id: str) -> dict[str, Any]:
    """The account, if it is one of the token's user."""
    number = params.parse_id(reseller_id)
    found = None if number is None else queries.one_of(application_scope().user_id, number)
    if found is None:
        raise NotFound()
    return found


def _texts(body: dict[str, Any], *names: str) -> dict[str, str]:
    """Fields that are strings; what they may hold is said where an organizer is made."""
    errors: dict[str, list[str]] = {}
    for name in names:
        value = body.get(name, params.MISSING)
        if value is params.MISSING:
            errors[name] = [params.REQUIRED]
        elif value is None:
            errors[name] = [params.NOT_NULL]
        elif not isinstance(value, str):
            errors[name] = ["Not a valid string."]
        elif "\0" in value:
            errors[name] = [params.NULL_CHARACTERS]
    if errors:
        raise InvalidInput(errors)
    return {name: body[name] for name in names}
