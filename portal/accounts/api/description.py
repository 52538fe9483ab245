"""What the API's description says of OAuth's doors: RFC 6749's own words for what is sent, answered and refused."""

from typing import Any

from apispec import APISpec
from flask import Flask

from portal.accounts.api.oauth import PREFIX
from portal.accounts.oauth.services import ACCESS_SECONDS, SCOPES
from portal.web.operations import CLIENT

Json = dict[str, Any]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_CODES = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_scope",
)
_TEXT: Json = {"type": "string"}


def _object(required: tuple[str, ...], description: str, **properties: Json) -> Json:
    return {"type": "object", "description": description, "required": list(required), "properties": properties}


_REFUSED = _object(
    ("error",),
    "Why an application was refused (RFC 6749, 5.2)",
    error={"type": "string", "enum": list(_CODES)},
    error_description={"type": "string", "description": "The same for people who read logs"},
)
_TOKENS = _object(
    ("access_token", "token_type", "expires_in", "refresh_token", "scope"),
    "An access token, and the refresh token for the next one",
    access_token={"type": "string", "description": "Sent as `Bearer <token>`"},
    token_type={"type": "string", "const": "Bearer"},
    expires_in={"type": "integer", "description": "The seconds until the access token ends"},
    refresh_token={"type": "string", "description": "Good for one exchange; a second use ends the whole chain"},
    scope={"type": "string", "description": "`read`, `write` or both with a space between"},
)
_ASKS: Json = {
    "oneOf": [
        _object(
            ("grant_type", "code"),
            "A code, within five minutes, once",
            grant_type={"type": "string", "const": "authorization_code"},
            code=_TEXT,
            redirect_uri={"type": "string", "description": "Where it was given when the user was asked, the same"},
            code_verifier={"type": "string", "description": "PKCE: what the challenge was made of"},
        ),
        _object(
            ("grant_type", "refresh_token"),
            "A refresh token for new ones",
            grant_type={"type": "string", "const": "refresh_token"},
            refresh_token=_TEXT,
            scope={"type": "string", "description": "Fewer scopes than before"},
        ),
    ]
}
_ENDS = _object(
    ("token",),
    "The token that shall end",
    token=_TEXT,
    token_type_hint={"type": "string", "description": "`access_token` or `refresh_token`; other words do not count"},
)
_DECISION = _object(
    ("csrf_token", "decision"),
    "What the form of the page sends",
    csrf_token=_TEXT,
    decision={"type": "string", "description": "`allow`; anything else denies"},
    organizers={"type": "string", "description": "`all`, or only those that `organizer` names"},
    organizer={"type": "array", "items": {"type": "integer"}},
)


def _content(schema: Json, example: Any, kind: str = _JSON) -> Json:
    return {kind: {"schema": schema, "example": example}}


def _refusal(description: str, code: str, said: str) -> Json:
    example = {"error": code, "error_description": said}
    return {"description": description, "content": _content({"$ref": "#/components/schemas/OAuthRefused"}, example)}


_WRONG_CLIENT = _refusal("The application is not known, or its secret is wrong.", "invalid_client", "")
_WRONG_CLIENT["content"][_JSON]["example"].pop("error_description")
_WRONG_CLIENT["headers"] = {
    "WWW-Authenticate": {"description": "Basic: id and secret.", "required": True, "schema": _TEXT}
}
_PAGE: Json = {"text/html": {"schema": _TEXT, "example": "<!DOCTYPE html>…"}}


def _by_application(summary: str, body: Json, example: Json, answer: Json, refusal: Json) -> Json:
    return {
        "tags": ["oauth"],
        "summary": summary,
        "security": [{CLIENT: []}],
        "requestBody": {"required": True, "content": _content(body, example, _FORM)},
        "responses": {"200": answer, "400": refusal, "401": _WRONG_CLIENT, "429": _error(429)},
    }


def _error(status: int) -> Json:
    return {"$ref": f"#/components/responses/Error{status}"}


def _answer(schema: Json, example: Json) -> Json:
    return {"description": "OK", "content": _content(schema, example)}


def _query(name: str, description: str, *, required: bool = False, **schema: Any) -> Json:
    return {
        "in": "query",
        "name": name,
        "description": description,
        "required": required,
        "schema": {"type": "string"} | schema,
    }


_ASKED = (
    _query("response_type", "What is wanted", required=True, enum=["code"]),
    _query("client_id", "The application", required=True),
    _query("redirect_uri", "One of its addresses, letter by letter; may be missing where it has only one"),
    _query("scope", "`read`, `write` or both with a space between; `read` where it is missing"),
    _query("state", "Comes back with the answer"),
    _query("code_challenge", "PKCE: the challenge"),
    _query("code_challenge_method", "PKCE: how it was made", enum=["S256"]),
    _query("approval_prompt", "`force` asks the user although they granted the same before"),
)
_BACK: Json = {
    "description": "Back to the application: with `code`, or with `error` and `error_description`; `state` as it came.",
    "headers": {"Location": {"description": "The application's address.", "required": True, "schema": _TEXT}},
}
_SIGN_IN: Json = {
    "description": "Nobody is signed in: the page to sign in, and back here from there.",
    "headers": {"Location": {"description": "The page.", "required": True, "schema": _TEXT}},
    "content": _PAGE,
}


def _by_browser(summary: str, page: Json) -> Json:
    refused = _refusal(
        "Application or address are not known: said here, to a browser on a page.",
        "invalid_client",
        "The client_id is missing or not known here.",
    )
    refused["content"] |= _PAGE
    return {
        "tags": ["oauth"],
        "summary": summary,
        "description": "A page for the user's browser, which is signed in by its cookie; no call of a program.",
        "security": [],
        "parameters": list(_ASKED),
        "responses": page
        | {
            "302": _BACK,
            "303": _SIGN_IN,
            "400": refused,
            "405": {"description": "The method is not allowed here.", "content": _PAGE},
            "500": {"description": "Something broke inside the portal.", "content": _PAGE},
        },
    }


def describe(app: Flask, spec: APISpec) -> None:
    """Add the doors of ``app``."""
    rules = {each.rule: each for each in app.url_map.iter_rules()}
    spec.components.schema("OAuthRefused", _REFUSED)
    spec.components.schema("OAuthTokens", _TOKENS)
    spec.components.security_scheme(
        CLIENT,
        {
            "type": "http",
            "scheme": "basic",
            "description": "An application by its client id and secret (`client_secret_basic`).",
        },
    )
    spec.tag({"name": "oauth", "description": "How applications come to tokens that act for a user (RFC 6749)"})
    asks = _by_browser(
        "Ask the user whether an application may act for them (RFC 6749, 4.1.1).",
        {"200": {"description": "The page that asks.", "content": _PAGE}},
    )
    decides = _by_browser(
        "What the user decided on that page.", {"422": {"description": "Nothing was chosen.", "content": _PAGE}}
    )
    decides["requestBody"] = {
        "required": True,
        "content": _content(_DECISION, {"csrf_token": "…", "decision": "allow", "organizers": "all"}, _FORM),
    }
    decides["responses"]["413"] = {"description": "The body is too large.", "content": _PAGE}
    spec.path(rule=rules[f"{PREFIX}/authorize"], operations={"get": asks, "post": decides})
    spec.path(
        rule=rules[f"{PREFIX}/token"],
        operations={
            "post": _by_application(
                "Tokens for a code or for a refresh token (RFC 6749, 4.1.3 and 6).",
                _ASKS,
                {
                    "grant_type": "authorization_code",
                    "code": "Kq0dyCTvWBN7rX…",
                    "redirect_uri": "https://app.example.org/callback",
                },
                _answer(
                    {"$ref": "#/components/schemas/OAuthTokens"},
                    {
                        "access_token": "i3ytqTSRWsKp16fqjekHXa4tdM4qNC",
                        "token_type": "Bearer",
                        "expires_in": ACCESS_SECONDS,
                        "refresh_token": "XBK0r8z4A4TTeR9LyMUyU2AM5rqpXp",
                        "scope": " ".join(SCOPES),
                    },
                ),
                _refusal("No tokens for this.", "invalid_grant", "Invalid 'code' in request."),
            )
        },
    )
    spec.path(
        rule=rules[f"{PREFIX}/revoke_token"],
        operations={
            "post": _by_application(
                "End a token (RFC 7009): a refresh token with all that came of its code.",
                _ENDS,
                {"token": "XBK0r8z4A4TTeR9LyMUyU2AM5rqpXp"},
                _answer({"type": "object", "maxProperties": 0}, {}),
                _refusal("Nothing was ended.", "invalid_request", "The token is missing."),
            )
        },
    )
