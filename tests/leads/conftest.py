"""What the tests of leads share: signed-in exhibitors, and changes as a browser sends them."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.database import db, set_writing
from portal.events.models import Event
from portal.exhibitors.models import Exhibitor
from portal.leads.services import refresh_search_texts
from tests.browserless import sign_in_code, speak
from tests.fair import Fair


@pytest.fixture
def exhibitor(app: Flask, fair: Fair, client: FlaskClient) -> FlaskClient:
    """Aperture Science's browser, with the full code, in English."""
    refresh(app, fair)
    sign_in_code(client, fair.full_code)
    speak(client, "en")
    return client


def refresh(app: Flask, fair: Fair) -> None:
    """Compose the search texts, as a load of a bundle does."""
    with app.app_context():
        set_writing(True)
        refresh_search_texts(event_id=fair.event)
        db.session.commit()


@pytest.fixture
def allow(app: Flask, fair: Fair) -> Callable[..., None]:
    """Set flags of Aperture Science."""

    def change(**flags: bool) -> None:
        with app.app_context():
            db.session.execute(sa.update(Exhibitor).where(Exhibitor.id == fair.exhibitor).values(**flags))
            db.session.commit()

    return change


@pytest.fixture
def settings(app: Flask, fair: Fair) -> Callable[..., None]:
    """Change settings of the event."""

    def change(**values: Any) -> None:
        with app.app_context():
            event = db.session.get_one(Event, fair.event)
            event.settings = event.settings | values
            db.session.commit()
        refresh(app, fair)

    return change
