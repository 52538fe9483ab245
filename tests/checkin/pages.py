"""The organizer's pages of check-in in tests: their addresses, and members with some permissions."""

from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Team
from portal.core.database import db
from portal.events.models import Organizer
from tests.browserless import sign_in
from tests.fair import Fair, make_team, make_user

BASE = "/organizer/bigevents/sampleconf/checkin/"


def member(app: Flask, fair: Fair, *permissions: str) -> FlaskClient:
    """A signed-in browser of a new member with these permissions alone."""
    email = f"{'-'.join(permissions) or 'nothing'}@example.org"
    with app.app_context():
        organizer = db.session.get_one(Organizer, fair.organizer)
        team: Team = make_team(organizer, f"Only {email}", permissions=permissions)
        team.members.append(make_user(email, "Only"))
        db.session.commit()
    client = app.test_client()
    sign_in(client, email)
    return client
