"""Applications that act for the fair's people, and a reseller: their tokens, and the flow that gives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.models import OAuthApplication, User
from portal.accounts.oauth import services
from portal.accounts.oauth.models import OAuthCode
from portal.core.actors import SYSTEM
from portal.core.codes import hash_token
from portal.core.database import db
from portal.resellers.models import Reseller
from tests.browserless import csrf_token
from tests.fair import Fair, add, make_user

CALLBACK = "https://app.example.org/callback"
OTHER_CALLBACK = "https://app.example.org/other?tenant=1"
SECRET = "c" * 64
#: Another application, with a code that was not used yet.
PRINTER = "printer"
UNUSED_CODE = "n" * 64
CLIENT_ID = "planner"


@dataclass
class OAuthPeople:
    """What they hold: each token is an access token, all of one application."""

    application: int = 0
    read_token: str = "1" * 64
    write_token: str = "2" * 64
    write_only_token: str = "3" * 64
    narrow_token: str = "4" * 64
    stranger_token: str = "5" * 64
    admin_token: str = "6" * 64
    admin_here_token: str = "7" * 64
    reseller_token: str = "8" * 64
    reseller_read_token: str = "9" * 64
    reseller_narrow_token: str = "0" * 64
    reseller_email: str = "rita@example.org"
    reseller: int = 0
    other_reseller: int = 0

    def bearer(self, token: str) -> dict[str, str]:
        """The header of a token."""
        return {"Authorization": f"Bearer {token}"}


def make_application(owner: str, name: str = "Floor planner", **values: object) -> OAuthApplication:
    """An application of a user, with the secret of this module."""
    owner_id = user_id(owner)
    defaults: dict[str, object] = {
        "client_id": CLIENT_ID,
        "client_secret_hash": hash_token(SECRET),
        "redirect_uris": [CALLBACK, OTHER_CALLBACK],
    }
    return add(OAuthApplication(owner_id=owner_id, name=name, **(defaults | values)))


def user_id(email: str) -> int:
    """The id of somebody of the fair."""
    return db.session.execute(sa.select(User.id).where(User.email == email)).scalar_one()


def give_token(
    application: OAuthApplication, email: str, token: str, scopes: str, organizers: list[int] | None = None
) -> int:
    """An access token of a user, as the flow would have given it; the id of its grant."""
    actor = SYSTEM
    grant = services.give_access(
        actor=actor, user_id=user_id(email), application=application, scopes=scopes, organizers=organizers
    )
    services.add_code(grant=grant, code=f"code of {token}", redirect_uri=None, code_challenge=None)
    code = db.session.execute(
        sa.select(OAuthCode).where(OAuthCode.code_hash == hash_token(f"code of {token}"))
    ).scalar_one()
    assert services.exchange_code(actor=actor, code=code, access=token, refresh=f"refresh of {token}")
    return grant.id


def invite_applications(fair: Fair) -> OAuthPeople:
    """Add an application with tokens of several people, and a reseller, and commit. Call it inside an app context."""
    people = OAuthPeople()
    application = make_application(fair.organizer_email)
    people.application = application.id
    rita = make_user(people.reseller_email, "Rita")
    reseller = add(
        Reseller(
            name="ticketshop Ltd & Co. KG",
            public_name="ticketshop",
            public_url="https://ticketshop.example.org",
            support_email="support@ticketshop.example.org",
            support_phone="+4962213217750",
            communication_language="de",
            members=[rita],
        )
    )
    other = add(Reseller(name="Somebody else"))
    people.reseller, people.other_reseller = reseller.id, other.id
    ada, here = fair.organizer_email, [fair.organizer]
    for email, token, scopes, organizers in (
        (ada, people.read_token, "read", None),
        (ada, people.write_token, "read write", None),
        (ada, people.write_only_token, "write", None),
        (ada, people.narrow_token, "read write", [_foreign()]),
        (fair.stranger_email, people.stranger_token, "read write", None),
        (fair.admin_email, people.admin_token, "read write", None),
        (fair.admin_email, people.admin_here_token, "read write", here),
        (people.reseller_email, people.reseller_token, "read write", None),
        (people.reseller_email, people.reseller_read_token, "read", None),
        (people.reseller_email, people.reseller_narrow_token, "read write", here),
    ):
        give_token(application, email, token, scopes, organizers)
    db.session.commit()
    return people


def give_code(email: str) -> None:
    """A second application of a user, with a code that it may use once. Call it inside an app context."""
    application = make_application(email, "Badge printer", client_id=PRINTER, redirect_uris=[CALLBACK])
    grant = services.give_access(
        actor=SYSTEM, user_id=user_id(email), application=application, scopes="read", organizers=None
    )
    services.add_code(grant=grant, code=UNUSED_CODE, redirect_uri=CALLBACK, code_challenge=None)


def _foreign() -> int:
    return int(db.session.execute(sa.text("SELECT id FROM organizers WHERE slug = 'foreign'")).scalar_one())


# ------------------------------------------------------------------------------------------------------ the flow


def authorize_path(**changes: str | None) -> str:
    """The address of the consent page; None takes a parameter out."""
    asked: dict[str, str | None] = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "scope": "read write",
        "redirect_uri": CALLBACK,
        "state": "xyz",
    }
    given = {name: value for name, value in (asked | changes).items() if value is not None}
    return f"/api/v1/oauth/authorize?{urlencode(given)}"


def consent(
    client: FlaskClient, path: str, *, organizers: list[int] | None = None, decision: str = "allow"
) -> TestResponse:
    """Open the page and answer it; the answer is the way back to the application."""
    page = client.get(path)
    assert page.status_code == 200, (page.status, page.location)
    form: dict[str, object] = {
        "csrf_token": csrf_token(page),
        "decision": decision,
        "organizers": "all" if organizers is None else "some",
        "organizer": organizers or [],
    }
    return client.post(path, data=form)


def answer_of(response: TestResponse) -> Mapping[str, str]:
    """What is given back in the query of a redirect to the application."""
    assert response.status_code == 302, (response.status, response.data)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def ask_token(app: Flask, *, client_id: str = CLIENT_ID, secret: str = SECRET, **form: str) -> TestResponse:
    """What the token door answers an application."""
    return app.test_client().post("/api/v1/oauth/token", data=form, auth=(client_id, secret))
