"""Making organizers: what a slug is, who has one already, and two at once."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import PERMISSIONS, Team
from portal.core.actors import SYSTEM
from portal.core.database import db
from portal.core.errors import InvalidInput
from portal.core.models import AuditEntry
from portal.events.models import Organizer
from portal.events.organizers import create_organizer
from portal.events.slugs import read_slug
from tests.fair import make_user


@pytest.mark.parametrize("slug", ["a", "9", "New.client-2", "x" * 50])
def test_slugs_that_are_fine(slug: str) -> None:
    assert read_slug(slug) == slug


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "   ",
        "New client",
        "-a",
        ".a",
        "a_b",
        "a/b",
        "ä",
        "٣",
        "x" * 51,
        "a\n",
        " a",
        "a ",
        "a\0",
        "a" + chr(0xD800),
    ],
)
def test_slugs_that_are_none(slug: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_slug(slug)
    assert set(refused.value.fields) == {"slug"}


def test_an_organizer_comes_with_its_team(session: Any, app: Flask) -> None:
    user = make_user("ada@example.org", "Ada")
    organizer = create_organizer(actor=SYSTEM, name=" Big Events ", slug="BigEvents", members=[user.id, user.id])
    session.commit()
    team = session.scalars(sa.select(Team).where(Team.organizer_id == organizer.id)).one()
    assert (organizer.name, organizer.slug) == ("Big Events", "BigEvents")
    assert team.all_events
    assert all(getattr(team, name) for name in PERMISSIONS)
    assert [member.email for member in team.members] == ["ada@example.org"]
    written = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert written == ["organizer.created", "team.created"]


def test_a_slug_is_taken_in_any_case_and_all_errors_come_at_once(session: Any) -> None:
    create_organizer(actor=SYSTEM, name="One", slug="one")
    with pytest.raises(InvalidInput) as refused:
        create_organizer(actor=SYSTEM, name="Other", slug="ONE")
    assert set(refused.value.fields) == {"slug"}
    with pytest.raises(InvalidInput) as refused:
        create_organizer(actor=SYSTEM, name=" ", slug="a b")
    assert set(refused.value.fields) == {"name", "slug"}
    with pytest.raises(InvalidInput) as refused:
        create_organizer(actor=SYSTEM, name="n" * 201, slug="ok")
    assert set(refused.value.fields) == {"name"}
    assert session.scalar(sa.select(sa.func.count()).select_from(Organizer)) == 1


def test_two_at_once_make_one(app: Flask) -> None:
    barrier, answers = threading.Barrier(4), list[str]()

    def create(number: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                create_organizer(actor=SYSTEM, name="Same", slug="Same" if number % 2 else "sAME")
                db.session.commit()
                answers.append("made")
            except InvalidInput as refused:
                db.session.rollback()
                answers.append(next(iter(refused.fields)))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["made", "slug", "slug", "slug"]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Organizer)) == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Team)) == 1
