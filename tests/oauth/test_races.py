"""Two at once: a code, a refresh token, an end of access while somebody refreshes. The database says who was first."""

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.oauth import services
from portal.accounts.oauth.models import OAuthCode, OAuthGrant, OAuthToken
from portal.core import clock
from portal.core.actors import SYSTEM
from portal.core.database import db, set_writing
from tests.fair import Fair
from tests.oauth_personas import CALLBACK, OAuthPeople, answer_of, ask_token, authorize_path, consent

STATUS = "{base}/seats/"


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """What each piece of work returned, all begun in the same moment."""
    barrier, found = threading.Barrier(len(work)), [None] * len(work)

    def run(number: int, job: Callable[[], Any]) -> None:
        barrier.wait()
        found[number] = job()

    threads = [threading.Thread(target=run, args=entry) for entry in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def works(app: Flask, fair: Fair, token: str) -> bool:
    answer = app.test_client().get(f"{fair.base}/seats/", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def outcome(app: Flask, fair: Fair, answers: list[TestResponse]) -> None:
    """One got tokens, and since somebody else tried too, they are worth nothing any more."""
    given = [answer.get_json() for answer in answers if answer.status_code == 200]
    refused = [answer.get_json() for answer in answers if answer.status_code == 400]
    assert len(given) == 1, [answer.data for answer in answers]
    assert len(refused) == len(answers) - 1
    assert {answer["error"] for answer in refused} == {"invalid_grant"}
    assert not works(app, fair, given[0]["access_token"])
    refresh = ask_token(app, grant_type="refresh_token", refresh_token=given[0]["refresh_token"])
    assert refresh.get_json()["error"] == "invalid_grant"
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OAuthToken)) == 0


def test_a_code_twice_at_once(app: Flask, ada: FlaskClient, fair: Fair, planner: int) -> None:
    for path in (authorize_path(), authorize_path(approval_prompt="force")):
        code = answer_of(consent(ada, path))["code"]
        exchange = lambda code=code: ask_token(  # noqa: E731
            app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK
        )
        outcome(app, fair, at_once(*[exchange] * 4))


def test_a_refresh_token_twice_at_once(app: Flask, ada: FlaskClient, fair: Fair, planner: int) -> None:
    for path in (authorize_path(), authorize_path(approval_prompt="force")):
        code = answer_of(consent(ada, path))["code"]
        first = ask_token(app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK).get_json()
        refresh = lambda first=first: ask_token(  # noqa: E731
            app, grant_type="refresh_token", refresh_token=first["refresh_token"]
        )
        outcome(app, fair, at_once(*[refresh] * 4))


def test_access_that_ends_while_it_is_refreshed(app: Flask, ada: FlaskClient, fair: Fair, planner: int) -> None:
    """Whoever comes first: no error, no deadlock, and at the end nobody gets in."""
    for _ in range(3):
        code = answer_of(consent(ada, authorize_path(approval_prompt="force")))["code"]
        first = ask_token(app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK).get_json()

        def end() -> str:
            with app.app_context():
                set_writing(True)
                services.end_access(actor=SYSTEM, grant=db.session.scalars(sa.select(OAuthGrant)).one())
                db.session.commit()
                return "ended"

        refresh = lambda first=first: ask_token(  # noqa: E731
            app, grant_type="refresh_token", refresh_token=first["refresh_token"]
        )
        revoke = lambda first=first: app.test_client().post(  # noqa: E731
            "/api/v1/oauth/revoke_token", data={"token": first["access_token"]}, auth=("planner", "c" * 64)
        )
        ended, answer, revoked = at_once(end, refresh, revoke)
        assert ended == "ended"
        assert revoked.status_code == 200
        assert answer.status_code in (200, 400), answer.data
        token = answer.get_json().get("access_token", first["access_token"])
        assert not works(app, fair, token)
        assert not works(app, fair, first["access_token"])


def test_what_nobody_can_use_is_swept_away(app: Flask, ada: FlaskClient, fair: Fair, people: OAuthPeople) -> None:
    consent(ada, authorize_path(approval_prompt="force"))
    counts = {OAuthCode: 11, OAuthToken: 20, OAuthGrant: 10}

    def count(model: Any) -> int:
        return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    with app.app_context():
        assert {model: count(model) for model in counts} == counts
        db.session.rollback()
        assert services.purge() == 0
        old = clock.now() - 2 * services.KEPT
        db.session.execute(sa.update(OAuthCode).values(expires=old))
        db.session.execute(sa.update(OAuthToken).where(OAuthToken.kind == "access").values(expires=old))
        db.session.commit()
        assert services.purge() == 1 + 10
        assert {model: count(model) for model in counts} == {OAuthCode: 10, OAuthToken: 10, OAuthGrant: 10}
        db.session.rollback()
    again = ask_token(app, grant_type="refresh_token", refresh_token=f"refresh of {people.read_token}")
    assert again.status_code == 200, "a refresh token lives until it is used"
