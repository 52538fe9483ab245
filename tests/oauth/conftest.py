"""The fair with applications and a reseller."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db
from tests.browserless import sign_in
from tests.fair import Fair
from tests.oauth_personas import OAuthPeople, invite_applications, make_application


@pytest.fixture
def people(app: Flask, fair: Fair) -> OAuthPeople:
    """Tokens of several people, and a reseller."""
    with app.app_context():
        return invite_applications(fair)


@pytest.fixture
def planner(app: Flask, fair: Fair) -> int:
    """An application that nobody let in yet."""
    with app.app_context():
        application = make_application(fair.stranger_email)
        db.session.commit()
        return application.id


@pytest.fixture
def ada(app: Flask, fair: Fair) -> FlaskClient:
    """Her browser, signed in."""
    browser = app.test_client()
    sign_in(browser, fair.organizer_email)
    return browser


@pytest.fixture
def stored(app: Flask) -> Callable[[Any], list[Any]]:
    """``stored(statement)``: rows of the database."""

    def rows(statement: Any) -> list[Any]:
        with app.app_context():
            return [tuple(row) for row in db.session.execute(statement)]

    return rows
