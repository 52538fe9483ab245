"""What the API's description says of every operation without being told: by its route, its rule and its examples."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule as Address

from portal.web.access import SAFE_METHODS, Rule, rule_of
from portal.web.errors import is_api
from portal.web.idempotency import PREFIXES as REST_PREFIXES

JSON_TYPE = "application/json"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
#: Real requests and answers of a small fair, by operation.
EXAMPLES = Path(__file__).with_name("examples.json")

#: What may be sent as credentials, by the kind of a rule.
SECURITY = {
    "api_event": ("team_token", "oauth2"),
    "api_user": ("oauth2",),
    "app_api": ("access_code",),
    "scanner_api": ("exhibitor_header",),
    "device": ("device_key",),
    "public": (),
}
#: What a rule may refuse with, beyond what its doors say.
REFUSALS = {
    "api_event": (401, 403),
    "api_user": (401, 403),
    "app_api": (401, 429),
    "scanner_api": (401,),
    "device": (403, 404),
}

OAUTH_PREFIX = "/api/v1/oauth/"
_TOKEN_ADDRESS = f"{OAUTH_PREFIX}token"
#: The credentials of applications, which their doors check themselves, as RFC 6749 wants it.
CLIENT = "oauth_client"
_PARAMETERS = {
    "organizer": ("The organizer's slug", "bigevents"),
    "event": ("The event's slug", "sampleconf"),
    "subevent": ("The id of a date of a series", 1),
    "prefix": ("The version of the protocol: pretixdroid is 2, eventyaydroid is 3", "eventyaydroid"),
}
_CONVERTER = re.compile(r"<(?:[^<>]*:)?([^<>:]+)>")


def documented_path(address: str) -> str:
    """A route's address in the description's form."""
    return _CONVERTER.sub(r"{\1}", address)


def operations(app: Flask, document: dict[str, Any]) -> Iterator[tuple[Address, str, Rule, dict[str, Any]]]:
    """Every operation of a description with its route, method and rule."""
    for address in app.url_map.iter_rules():
        item = document["paths"].get(documented_path(address.rule))
        rule = None if item is None else rule_of(app, address.endpoint)
        if rule is None:
            continue
        for method in sorted((address.methods or set()) - {"HEAD", "OPTIONS"}):
            if method.lower() in item:
                yield address, method, rule, item[method.lower()]


def undescribed(app: Flask, document: dict[str, Any]) -> list[str]:
    """JSON doors that the description lacks."""
    missing = []
    for address in app.url_map.iter_rules():
        rule = None if address.endpoint == "static" else rule_of(app, address.endpoint)
        if (
            rule is None
            or rule.browser
            or not is_api(address.rule.replace("<any(pretixdroid, eventyaydroid):prefix>", "pretixdroid"))
        ):
            continue
        if address.rule == "/api/openapi.json":
            continue
        item = document["paths"].get(documented_path(address.rule), {})
        methods = (address.methods or set()) - {"HEAD", "OPTIONS"}
        missing += [f"{method} {address.rule}" for method in sorted(methods) if method.lower() not in item]
    return missing


def complete(app: Flask, document: dict[str, Any]) -> None:
    """Add to each operation its name, credentials, statuses and examples; to each path what its parameters are."""
    oauth = any(address.rule.rstrip("/") == _TOKEN_ADDRESS for address in app.url_map.iter_rules())
    if oauth:
        document["components"]["securitySchemes"].setdefault("oauth2", _oauth2())
    taken: set[str] = set()
    for address, method, rule, operation in operations(app, document):
        name = _name(address, method)
        assert name not in taken, f"two operations are called {name}"  # noqa: S101 - a mistake of ours, not of a caller
        taken.add(name)
        operation["operationId"] = name
        _set_security(operation, rule, method, oauth=oauth)
        _set_statuses(operation, address, rule)
        _set_examples(operation, name)
    for path in document["paths"].values():
        for parameter in path.get("parameters", ()):
            _describe(parameter)
    document["components"]["responses"].pop("DEFAULT_ERROR", None)
    document["components"]["schemas"].pop("PaginationMetadata", None)


def _name(address: Address, method: str) -> str:
    """A name for clients that are made from the description."""
    name = re.sub(r"_[0-9]+$", "", address.endpoint).replace(".", "_")
    if "subevent" in address.rule:
        name += "_in_subevent"
    others = (address.methods or set()) - {"HEAD", "OPTIONS"}
    return f"{name}_by_{method.lower()}" if len(others) > 1 else name


def _set_security(operation: dict[str, Any], rule: Rule, method: str, *, oauth: bool) -> None:
    schemes = SECURITY.get(rule.kind)
    if schemes is None or (rule.kind == "public" and CLIENT in str(operation.get("security"))):
        return
    scope = "read" if method in SAFE_METHODS else "write"
    operation["security"] = [
        {scheme: [scope] if scheme == "oauth2" else []} for scheme in schemes if scheme != "oauth2" or oauth
    ]


def _set_statuses(operation: dict[str, Any], address: Address, rule: Rule) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.pop("default", None)
    if rule.browser:
        return  # pages answer with pages
    statuses = {405, 500, *REFUSALS.get(rule.kind, ())}
    if address.rule.startswith(REST_PREFIXES):
        statuses |= {406, 429}
    else:
        responses.pop("406", None)
    body = operation.get("requestBody")
    if body is not None:
        content = body["content"]
        if rule.kind == "device":
            content.pop(JSON_TYPE, None)
        elif content.get(JSON_TYPE, {}).get("schema", {}).get("type") == "array":
            for kind in FORM_TYPES:
                content.pop(kind, None)
        statuses |= {413} if address.rule.startswith(OAUTH_PREFIX) else {400, 413, 415}
    for status in statuses:
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Error{status}"})
    operation["responses"] = dict(sorted(responses.items()))


@cache
def _examples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _set_examples(operation: dict[str, Any], name: str) -> None:
    example = _examples().get(name, {})
    if "request" in example and "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            content.setdefault("example", example["request"])
    for answer in example.get("answers", {}).values():  # one, of whichever of the good statuses
        for status, described in operation["responses"].items():
            for content in described.get("content", {}).values() if status.startswith("2") else ():
                content.setdefault("example", answer)


def _describe(parameter: dict[str, Any]) -> None:
    if parameter.get("in") != "path":
        return
    name = parameter["name"]
    text, example = _PARAMETERS.get(name, (f"The {name.removesuffix('_id').replace('_', ' ')}’s id", 1))
    parameter.setdefault("description", text)
    parameter.setdefault("example", example)


def _oauth2() -> dict[str, Any]:
    flow = {
        "authorizationUrl": "/api/v1/oauth/authorize",
        "tokenUrl": _TOKEN_ADDRESS,
        "refreshUrl": _TOKEN_ADDRESS,
        "scopes": {"read": "See what the user may see", "write": "Change what the user may change"},
    }
    return {
        "type": "oauth2",
        "description": "A token of an application that acts for a user: `Bearer <token>`.",
        "flows": {"authorizationCode": flow},
    }
