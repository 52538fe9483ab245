"""The API's description: OpenAPI 3.1, a page that browses it, and a command that writes it."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import IO, Any, TypeVar

import click
from flask import Blueprint as PageBlueprint
from flask import Flask, Response, current_app, render_template
from flask.cli import AppGroup, with_appcontext
from flask_smorest import Api
from marshmallow import Schema, fields

from portal import __version__
from portal.web.access import public, public_api
from portal.web.idempotency import HEADER
from portal.web.lifecycle import CONTENT_SECURITY_POLICY
from portal.web.rest import IdConverter

View = TypeVar("View", bound=Callable[..., Any])

JSON_TYPE = "application/json"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class DetailSchema(Schema):
    """An error that belongs to no field."""

    detail = fields.String(required=True)


_FIELD_ERRORS = {
    "type": "object",
    "description": "Messages by field; what belongs to no field is under `non_field_errors`.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
_ERRORS = {
    400: "What was sent cannot be accepted.",
    401: "No credentials, or credentials that are not valid.",
    403: "The organizer or event does not exist, or you have no permission for this.",
    404: "It does not exist.",
    405: "The method is not allowed here; `Allow` lists those that are.",
    406: "The caller takes no JSON.",
    409: "The first request with this idempotency key has not been answered yet.",
    413: "The body is too large.",
    415: "The body is of a type that is not read here.",
    503: "Something outside the portal did not answer.",
}
_DETAIL = {"$ref": "#/components/schemas/Detail"}
_CONDITIONAL = {
    "ETag": {"description": "Changes whenever the body does.", "schema": {"type": "string"}},
    "Last-Modified": {"description": "When anything that shows last changed.", "schema": {"type": "string"}},
}
#: An application that acts for a user (RFC 6749). Where the doors are stands in the metadata too.
_OAUTH2 = {
    "type": "oauth2",
    "description": "A token of an application that acts for a user: `Bearer <token>`.",
    "flows": {
        "authorizationCode": {
            "authorizationUrl": "/api/v1/oauth/authorize",
            "tokenUrl": "/api/v1/oauth/token",
            "refreshUrl": "/api/v1/oauth/token",
            "scopes": {"read": "See what the user may see", "write": "Change what the user may change"},
        }
    },
}


class PortalApi(Api):  # type: ignore[misc]
    """flask-smorest for documentation: errors are answered by `portal.web.errors` alone."""

    ERROR_SCHEMA = DetailSchema

    def _register_error_handlers(self) -> None:
        """`portal.web.errors` answers every error of the app, JSON or page."""

    @cached_property
    def description(self) -> bytes:
        """The whole description as JSON."""
        return json.dumps(self.spec.to_dict(), indent=2, ensure_ascii=False).encode() + b"\n"


def make_api(app: Flask) -> PortalApi:
    """The API of ``app``; register the doors' blueprints with it."""
    app.config.setdefault("API_TITLE", "Portal")
    app.config.setdefault("API_VERSION", f"v1 ({__version__})")
    app.config.setdefault("OPENAPI_VERSION", "3.1.0")
    api = PortalApi(
        spec_kwargs={
            "info": {
                "description": "Exhibitors, seats and check-in of events.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
        }
    )
    api.register_converter(IdConverter, lambda _converter: {"type": "integer"})
    api.init_app(app)
    components = api.spec.components
    components.schema("FieldErrors", _FIELD_ERRORS)
    for name, schema in _referenced.items():
        components.schema(name, schema=schema)
    components.security_scheme(
        "team_token",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The token of a team: `Token <token>`.",
        },
    )
    components.security_scheme(
        "access_code",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "An exhibitor's access code: `Exhibitor <code>`.",
        },
    )
    components.security_scheme("oauth2", _OAUTH2)
    components.security_scheme(
        "device_key", {"type": "apiKey", "in": "query", "name": "key", "description": "The key of a check-in device."}
    )
    for status, description in _ERRORS.items():
        body = {"anyOf": [_DETAIL, {"$ref": "#/components/schemas/FieldErrors"}]} if status == 400 else _DETAIL
        headers = {"WWW-Authenticate": {"schema": {"type": "string"}}} if status == 401 else None
        content = {"description": description, "content": {JSON_TYPE: {"schema": body}}}
        components.response(f"Error{status}", content | ({"headers": headers} if headers else {}))
    app.extensions["portal_api"] = api
    app.register_blueprint(blueprint)
    group = AppGroup("openapi", help="The description of the API.")
    group.add_command(write)
    app.cli.add_command(group)
    return api


# ---------------------------------------------------------------------------------------------- what doors declare

_referenced: dict[str, type[Schema]] = {}


def reference(schema: type[Schema]) -> dict[str, str]:
    """A reference to a schema, for places where schemas are not found by themselves."""
    name = schema.__name__.removesuffix("Schema")
    _referenced[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(name: str, description: str, kind: str = "string", **schema: Any) -> dict[str, Any]:
    """A query parameter."""
    return {"in": "query", "name": name, "description": description, "schema": {"type": kind} | schema}


def several(name: str, description: str, values: Sequence[str]) -> dict[str, Any]:
    """A query parameter that may be given several times."""
    return {
        "in": "query",
        "name": name,
        "description": description,
        "schema": {"type": "array", "items": {"type": "string", "enum": list(values)}},
        "style": "form",
        "explode": True,
    }


PAGING = (
    parameter("page", "The page, from 1; `last` is the last one", default="1"),
    parameter("page_size", "Entries of a page", "integer", default=50, minimum=1, maximum=50),
)


def page_of(schema: type[Schema]) -> dict[str, Any]:
    """The envelope of a list."""
    address = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["count", "next", "previous", "results"],
        "properties": {
            "count": {"type": "integer"},
            "next": address,
            "previous": address,
            "results": {"type": "array", "items": schema},
        },
    }


def documented(
    answer: Any,
    *,
    status: int = 200,
    query: Sequence[Mapping[str, Any]] = (),
    body: Any = None,
    errors: Sequence[int] = (401, 403, 404),
    permission: str | None = None,
    listing: bool = False,
    writing: bool = False,
    security: str = "team_token",
) -> Callable[[View], View]:
    """Describe a REST door without wrapping it: put it above the access rule."""

    def decorate(view: View) -> View:
        success: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if answer is not None:
            success["content"] = {JSON_TYPE: {"schema": answer}}
        responses: dict[str, Any] = {str(status): success}
        parameters = [dict(entry) for entry in query]
        statuses = {*errors, 406}
        if listing:
            success["headers"] = _CONDITIONAL
            responses["304"] = {"description": "Nothing that shows has changed."}
            parameters += [_header("If-None-Match"), _header("If-Modified-Since"), *map(dict, PAGING)]
            statuses.add(400)
        scopes = ["write" if writing else "read"] if security == "oauth2" else []
        operation: dict[str, Any] = {"security": [{security: scopes}]}
        if writing:
            statuses |= {400, 409}
            parameters.append(_header(HEADER) | {"schema": {"type": "string", "maxLength": 255}})
        if body is not None:
            statuses |= {413, 415}
            types = (JSON_TYPE, *FORM_TYPES)
            operation["requestBody"] = {"content": {kind: {"schema": body} for kind in types}, "required": True}
        if permission is not None:
            operation["description"] = f"Needs the permission `{permission}`."
        responses |= {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in sorted(statuses)}
        operation |= {"parameters": parameters, "responses": responses}
        view._apidoc = {"manual_doc": operation}  # type: ignore[attr-defined]
        return view

    return decorate


def _header(name: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "schema": {"type": "string"}}


# --------------------------------------------------------------------------------------- where the description is

blueprint = PageBlueprint("api_docs", __name__)


def _api() -> PortalApi:
    api: PortalApi = current_app.extensions["portal_api"]
    return api


@blueprint.get("/api/openapi.json")
@public_api
def openapi() -> Response:
    """The description."""
    return Response(_api().description, content_type=JSON_TYPE)


@blueprint.get("/api/docs", strict_slashes=False)
@public
def docs() -> Response:
    """The page that browses it; a page's headers, although it lies among the doors."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Frame-Options": "DENY"}
    return Response(render_template("docs/api.html"), headers=headers)


@click.command("write")
@click.argument("file", type=click.File("wb"), default="-")
@with_appcontext
def write(file: IO[bytes]) -> None:
    """Write the description of the API to FILE, or to standard output."""
    file.write(_api().description)
