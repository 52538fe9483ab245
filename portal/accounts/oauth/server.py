"""The authorization server: Authlib's flow of RFC 6749 with PKCE, rotation and revocation, on our tables."""

import base64
import binascii
import logging
from functools import partial
from hmac import compare_digest
from typing import Any, cast
from urllib.parse import unquote

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    ClientMixin,
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    TokenMixin,
    grants,
)
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Response
from flask import request as flask_request

from portal.accounts.models import OAuthApplication
from portal.accounts.oauth import queries, services
from portal.accounts.oauth.models import OAuthCode, OAuthGrant, OAuthToken
from portal.core import clock
from portal.core.actors import Actor
from portal.core.codes import hash_token, make_token

# At DEBUG it writes whole tokens into the log.
logging.getLogger("authlib").setLevel(logging.WARNING)

#: Its stubs know neither what our rows are nor that a payload is there.
AuthlibRequest = Any

AUTH_METHODS = ["client_secret_basic"]
_SINGLE = ("response_type", "scope", "state", "code_challenge", "code_challenge_method")


class Client(ClientMixin):
    """An application as Authlib asks it."""

    def __init__(self, application: OAuthApplication) -> None:
        self.application = application
        self.actor = Actor("application", application.id, application.name)

    def get_client_id(self) -> str:
        return self.application.client_id

    def get_default_redirect_uri(self) -> str:
        """The address of an application that has only one."""
        uris = self.application.redirect_uris
        return uris[0] if len(uris) == 1 else ""

    def get_allowed_scope(self, scope: Any) -> Any:
        return services.read_scopes(scope)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.application.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return compare_digest(hash_token(client_secret), self.application.client_secret_hash)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class Code(AuthorizationCodeMixin):
    """A code that was not used yet, as Authlib asks it."""

    code_challenge_method = "S256"

    def __init__(self, row: OAuthCode) -> None:
        self.row = row
        self.code_challenge = row.code_challenge

    def get_redirect_uri(self) -> Any:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scopes


class Token(TokenMixin):
    """A token as Authlib asks it."""

    def __init__(self, row: OAuthToken, application_id: int) -> None:
        self.row = row
        self.application_id = application_id

    def check_client(self, client: Any) -> bool:
        return bool(client.application.id == self.application_id)

    def get_scope(self) -> str:
        return self.row.scopes


class _Payload(FlaskOAuth2Payload):
    """The query of the consent page, the form of the other doors: neither takes what belongs into the other."""

    @property
    def data(self) -> Any:
        given = flask_request
        return given.form if given.path.rstrip("/").endswith(("/token", "/revoke_token")) else given.args


class _Request(FlaskOAuth2Request):
    """Whether the portal is reached by https is its operator's choice, for tokens as for passwords."""

    def __init__(self, request: Any) -> None:
        OAuth2Request.__init__(self, request.method, f"https://portal{request.path}", headers=request.headers)
        self._request = request
        self.payload = _Payload(request)


def _basic(query_client: Any, request: AuthlibRequest) -> Client | None:
    """The application of HTTP Basic; None for whatever is wrong with it."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    client: Client | None = query_client(unquote(client_id))
    return client if client is not None and client.check_client_secret(unquote(secret)) else None


class _CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: AuthlibRequest, client: Any) -> str:
        return redirect_uri_of(request, client)

    def generate_authorization_code(self) -> str:
        return make_token()

    def save_authorization_code(self, code: str, request: AuthlibRequest) -> None:
        grant: OAuthGrant = request.user
        services.add_code(
            grant=grant,
            code=code,
            redirect_uri=request.payload.redirect_uri,
            code_challenge=request.payload.data.get("code_challenge"),
        )

    def query_authorization_code(self, code: str, client: Any) -> Any:
        row = queries.code_of(client.application.id, code)
        if row is None:
            return None
        if row.used is not None:
            services.end_chain(actor=client.actor, grant_id=row.grant_id, code_id=row.id)
            return None
        return Code(row) if row.expires > clock.now() else None

    def delete_authorization_code(self, authorization_code: Any) -> None:
        """It stays: a second use must show."""

    def authenticate_user(self, authorization_code: Any) -> int | None:
        return _user(authorization_code.row.grant_id)


class _RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        found = queries.refresh_token(refresh_token)
        client: Any = self.request.client
        if found is None or found[1] != client.application.id:
            return None
        if found[0].ended is not None:
            services.end_chain(actor=client.actor, grant_id=found[0].grant_id, code_id=found[0].code_id)
            return None
        return Token(*found)

    def authenticate_user(self, refresh_token: Any) -> int | None:
        return _user(refresh_token.row.grant_id)

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """Done with the new ones: the database gives them out once."""


def _user(grant_id: int) -> int:
    user_id = queries.user_of_grant(grant_id)
    if user_id is None or not queries.may_act(user_id):
        raise InvalidGrantError("The user may no longer sign in.")
    return user_id


class _S256(CodeChallenge):
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        super().validate_code_challenge(grant, redirect_uri)
        data = grant.request.payload.data
        if data.get("code_challenge") and data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")


class _Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = AUTH_METHODS

    def check_params(self, request: AuthlibRequest, client: Any) -> None:
        """`create_endpoint_response` is not called without a token, and a hint that nobody knows does not count."""

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        found = queries.any_token(token_string)
        return None if found is None else Token(*found)

    def revoke_token(self, token: Any, request: AuthlibRequest) -> None:
        services.end_token(token=token.row)


def redirect_uri_of(request: AuthlibRequest, client: Any) -> str:
    """Where the browser goes back to: one of the registered addresses, letter by letter."""
    given = request.payload.redirect_uri
    if given:
        if not client.check_redirect_uri(given):
            raise InvalidRequestError("The redirect_uri is not one of the registered ones.")
        return str(given)
    only = client.get_default_redirect_uri()
    if not only:
        raise InvalidRequestError("The redirect_uri is missing.")
    return str(only)


class Server(AuthorizationServer):
    """What Authlib leaves to us, and what it would say in words of the caller."""

    def __init__(self) -> None:
        super().__init__(query_client=_client, save_token=_save_token)
        self.scopes_supported = list(services.SCOPES)
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_: make_token(), lambda **_: make_token(), lambda *_: services.ACCESS_SECONDS
            ),
        )
        self.register_client_auth_method("client_secret_basic", _basic)
        self.register_grant(_CodeGrant, [_S256(required=False)])
        self.register_grant(_RefreshGrant)
        self.register_endpoint(_Revocation)

    def create_oauth2_request(self, request: Any) -> AuthlibRequest:
        return _Request(flask_request)

    def get_authorization_grant(self, request: AuthlibRequest) -> Any:
        """Application and address first: only what is wrong beyond them goes back to that address."""
        payload = request.payload
        for name in ("client_id", "redirect_uri"):
            if len(payload.datalist.get(name, ())) > 1:
                raise InvalidRequestError(f"There is more than one {name}.")
        client = _client(payload.client_id or "")
        if client is None:
            raise InvalidClientError(description="The client_id is missing or not known here.")
        back = redirect_uri_of(request, client)
        for name in _SINGLE:
            if len(payload.datalist.get(name, ())) > 1:
                raise InvalidRequestError(f"There is more than one {name}.", redirect_uri=back)
        if not payload.response_type:
            raise InvalidRequestError("The response_type is missing.", redirect_uri=back)
        if payload.response_type != "code":
            raise OAuth2Error(
                "Only the response_type code is supported.", error="unsupported_response_type", redirect_uri=back
            )
        return super().get_authorization_grant(request)

    def asked(self) -> Any:
        """What the query asks the user for; raises `OAuth2Error`."""
        return self.get_consent_grant()  # type: ignore[no-untyped-call]

    def token_answer(self) -> Response:
        """What the token door says; whatever came of it is to be committed."""
        return self._answer("grant_type", self.create_token_response)

    def revocation_answer(self) -> Response:
        """What the revocation door says; whatever came of it is to be committed."""
        return self._answer("token", partial(self.create_endpoint_response, "revocation"))

    def _answer(self, required: str, create: Any) -> Response:
        form = flask_request.form
        twice = next((name for name in form if len(form.getlist(name)) > 1), None)
        problem = None
        if twice is not None:
            problem = "A parameter is there more than once."
        elif not form.get(required):
            problem = f"The {required} is missing. Send a form: application/x-www-form-urlencoded."
        answer = create() if problem is None else self.handle_response(*InvalidRequestError(problem)())
        if answer.status_code == 401:
            answer.headers["WWW-Authenticate"] = 'Basic realm="oauth"'
        return cast(Response, answer)


def _client(client_id: str) -> Client | None:
    application = queries.application_by_client_id(client_id)
    return None if application is None else Client(application)


def _save_token(token: dict[str, Any], request: AuthlibRequest) -> None:
    """Keep the hashes of tokens that are about to be answered, if nobody was faster with the code or token."""
    client: Client = request.client
    new = {"access": token["access_token"], "refresh": token["refresh_token"]}
    if request.refresh_token is not None:
        used: OAuthToken = request.refresh_token.row
        given = services.rotate(actor=client.actor, used=used, scopes=token["scope"], **new)
    else:
        given = services.exchange_code(actor=client.actor, code=request.authorization_code.row, **new)
    if not given:
        raise InvalidGrantError("It was used already: whatever came of it has ended.")


server = Server()
