"""Team tokens say when they were last used, without a write a request."""

import datetime as dt

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import TeamToken
from portal.core import clock
from portal.core.codes import hash_token
from portal.core.database import db
from tests.fair import Fair


def last_used(app: Flask, token: str) -> dt.datetime | None:
    with app.app_context():
        return db.session.scalar(sa.select(TeamToken.last_used).where(TeamToken.token_hash == hash_token(token)))


def test_a_token_is_stamped_once_in_a_while(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        db.session.execute(sa.update(TeamToken).values(last_used=None))
        db.session.commit()
    assert client.get(f"{fair.base}/seats/", headers=fair.auth()).status_code == 200
    first = last_used(app, fair.token)
    assert first is not None
    assert clock.now() - first < dt.timedelta(minutes=1)
    assert last_used(app, fair.weak_token) is None
    client.get(f"{fair.base}/seats/", headers=fair.auth())
    assert last_used(app, fair.token) == first


def test_a_revoked_token_is_not_stamped(app: Flask, client: FlaskClient, fair: Fair) -> None:
    assert client.get(f"{fair.base}/seats/", headers=fair.auth(fair.revoked_token)).status_code == 401
    assert last_used(app, fair.revoked_token) is None
