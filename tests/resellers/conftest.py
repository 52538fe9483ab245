"""The fair with a reseller and applications that act for its people."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.core.database import db
from tests.fair import Fair
from tests.oauth_personas import OAuthPeople, invite_applications


@pytest.fixture
def people(app: Flask, fair: Fair) -> OAuthPeople:
    """Tokens of several people, and a reseller."""
    with app.app_context():
        return invite_applications(fair)


@pytest.fixture
def stored(app: Flask) -> Callable[[Any], list[Any]]:
    """``stored(statement)``: rows of the database."""

    def rows(statement: Any) -> list[Any]:
        with app.app_context():
            return [tuple(row) for row in db.session.execute(statement)]

    return rows
