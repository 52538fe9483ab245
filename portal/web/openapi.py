"""The API's description: OpenAPI 3.1, a page that browses it, and a command that writes it."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import IO, Any, TypeVar

import click
from flask import Blueprint as PageBlueprint
from flask import Flask, Response, current_app, render_template
from flask.cli import AppGroup, with_appcontext
from flask_smorest import Api
from marshmallow import Schema, fields

from portal import __version__
from portal.web import operations
from portal.web.access import public, public_api
from portal.web.idempotency import HEADER
from portal.web.lifecycle import CONTENT_SECURITY_POLICY, PAGE_HEADERS
from portal.web.operations import FORM_TYPES, JSON_TYPE
from portal.web.rest import IdConverter

View = TypeVar("View", bound=Callable[..., Any])


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
    429: "Too many requests with these credentials.",
    500: "Something broke inside the portal; nothing was changed.",
    503: "Something outside the portal did not answer.",
}
#: What is said, for example.
_ERROR_SAID = {
    401: "Authentication credentials were not provided.",
    403: "You do not have permission to perform this action.",
    404: "Not found.",
    405: 'Method "TRACE" not allowed.',
    406: "Could not satisfy the request Accept header.",
    409: "The first request with this idempotency key has not been answered yet. Please try again.",
    413: "The request is too large.",
    415: 'Unsupported media type "application/xml" in request.',
    429: "This token has made its requests of this minute. Please try again in 12 s.",
    500: "Internal server error.",
    503: "The email could not be sent.",
}
_ERROR_HEADERS = {
    401: ("WWW-Authenticate", "The scheme of the credentials that are wanted.", "string"),
    405: ("Allow", "The methods that are allowed.", "string"),
    429: ("Retry-After", "The seconds to wait.", "integer"),
}
_DETAIL = {"$ref": "#/components/schemas/Detail"}
_FIELDS = {"$ref": "#/components/schemas/FieldErrors"}
_CONDITIONAL = {
    "ETag": {"description": "Changes whenever the body does.", "schema": {"type": "string"}},
    "Last-Modified": {"description": "When anything that shows last changed.", "schema": {"type": "string"}},
}


class PortalApi(Api):  # type: ignore[misc]
    """flask-smorest for documentation: errors are answered by `portal.web.errors` alone."""

    ERROR_SCHEMA = DetailSchema

    def _register_error_handlers(self) -> None:
        """`portal.web.errors` answers every error of the app, JSON or page."""

    @cached_property
    def description(self) -> bytes:
        """The whole description as JSON."""
        document = self.spec.to_dict()
        operations.complete(self._app, document)
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


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
    components.security_scheme(
        "device_key", {"type": "apiKey", "in": "query", "name": "key", "description": "The key of a check-in device."}
    )
    components.security_scheme(
        "exhibitor_header",
        {"type": "apiKey", "in": "header", "name": "Exhibitor", "description": "An exhibitor's access code."},
    )
    for status, description in _ERRORS.items():
        body = {"anyOf": [_DETAIL, _FIELDS, {"type": "array", "items": _FIELDS}]} if status == 400 else _DETAIL
        example = {"name": ["This field is required."]} if status == 400 else {"detail": _ERROR_SAID[status]}
        response = {"description": description, "content": {JSON_TYPE: {"schema": body, "example": example}}}
        components.response(f"Error{status}", _with_header(status, response))
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
    also: Sequence[int] = (),
    validated: bool = False,
    refusal: Any = None,
    said: Mapping[int, str] = MappingProxyType({}),
) -> Callable[[View], View]:
    """Describe a REST door without wrapping it: put it above the access rule.

    ``also`` are other statuses with the same answer; ``validated`` answers carry an ETag and may be 304; ``refusal`` is
    what is said in place of the platform's errors, ``said`` its sentences by status.
    """

    def decorate(view: View) -> View:
        success: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if answer is not None:
            success["content"] = {JSON_TYPE: {"schema": answer}}
        responses: dict[str, Any] = {str(status): success}
        responses |= {str(other): success | {"description": HTTPStatus(other).phrase} for other in also}
        parameters = [dict(entry) for entry in query]
        statuses = {*errors, 406}
        if listing:
            success["headers"] = _CONDITIONAL
            responses["304"] = {"description": "Nothing that shows has changed."}
            parameters += [_header("If-None-Match"), _header("If-Modified-Since"), *map(dict, PAGING)]
            statuses.add(400)
        if validated:
            success["headers"] = {"ETag": _CONDITIONAL["ETag"]}
            responses["304"] = {"description": "Nothing that shows has changed."}
            parameters.append(_header("If-None-Match"))
        operation: dict[str, Any] = {"security": [{security: []}]}
        if writing:
            statuses |= {400, 409}
            parameters.append(_header(HEADER) | {"schema": {"type": "string", "maxLength": 255}})
        if body is not None:
            statuses |= {413, 415}
            types = (JSON_TYPE, *FORM_TYPES)
            operation["requestBody"] = {"content": {kind: {"schema": body} for kind in types}, "required": True}
        if permission is not None:
            operation["description"] = f"Needs the permission `{permission}`."
        for refused in sorted(statuses):
            responses[str(refused)] = {"$ref": f"#/components/responses/Error{refused}"}
            if refusal is not None and refused not in (406, 413):
                example = {"success": False, "error": said[refused]}
                content = {JSON_TYPE: {"schema": refusal, "example": example}}
                responses[str(refused)] = _with_header(refused, {"description": _ERRORS[refused], "content": content})
        operation |= {"parameters": parameters, "responses": responses}
        view._apidoc = {"manual_doc": operation}  # type: ignore[attr-defined]
        return view

    return decorate


def _with_header(status: int, response: dict[str, Any]) -> dict[str, Any]:
    if status in _ERROR_HEADERS:
        name, meaning, kind = _ERROR_HEADERS[status]
        response["headers"] = {name: {"description": meaning, "required": True, "schema": {"type": kind}}}
    return response


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
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, **PAGE_HEADERS}
    return Response(render_template("docs/api.html"), headers=headers)


@click.command("write")
@click.argument("file", type=click.File("wb"), default="-")
@with_appcontext
def write(file: IO[bytes]) -> None:
    """Write the description of the API to FILE, or to standard output."""
    file.write(_api().description)
