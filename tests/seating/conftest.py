"""Ways to ask for seats, and a series with seats on two dates."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.database import db
from portal.events.models import Organizer, SubEvent
from portal.seating.models import Seat
from tests.fair import DAY, Fair, add, make_event


class Api:
    """A script with a token: ``api.get("/seats/")`` below the fair's event."""

    def __init__(self, client: FlaskClient, fair: Fair) -> None:
        self.client, self.fair = client, fair
        self.token: str | None = fair.token
        self.base = fair.base

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        """One request."""
        authorization = {"Authorization": f"Token {self.token}"} if self.token else {}
        target = path if path.startswith("/api/") else self.base + path
        return self.client.open(target, method=method, headers=authorization | (headers or {}), **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Read."""
        return self.call("GET", path, **kwargs)

    def results(self, path: str) -> list[dict[str, Any]]:
        """The entries of a list."""
        response = self.get(path)
        assert response.status_code == 200, response.get_data(as_text=True)
        found: list[dict[str, Any]] = response.get_json()["results"]
        return found

    def ids(self, path: str) -> list[int]:
        """The ids of a list."""
        return [entry["id"] for entry in self.results(path)]


@pytest.fixture
def api(client: FlaskClient, fair: Fair) -> Api:
    """A script with the fair's strong token."""
    return Api(client, fair)


@dataclass
class Series:
    """Ids of a series: two dates with three seats each, whose guids are the same."""

    base: str
    event: int
    dates: list[int]
    seats: list[list[int]]


@pytest.fixture
def series(app: Flask, fair: Fair) -> Series:
    """A series of the fair's organizer."""
    with app.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        event = make_event(organizer, "seriesconf", has_subevents=True)
        dates = [
            add(SubEvent(event_id=event.id, name={"en": f"Day {day}"}, date_from=DAY + dt.timedelta(days=day)))
            for day in (1, 2)
        ]
        seats = [
            [
                add(
                    Seat(event_id=event.id, subevent_id=date.id, zone_name="Z", seat_guid=f"g{n}", seat_number=str(n))
                ).id
                for n in range(3)
            ]
            for date in dates
        ]
        db.session.commit()
        return Series(
            base="/api/v1/organizers/bigevents/events/seriesconf",
            event=event.id,
            dates=[date.id for date in dates],
            seats=seats,
        )
