"""Operations on codes and tags: made without collisions, replaced at once, renamed and deleted."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import Session
from portal.core.actors import EventScope
from portal.core.database import db, set_writing
from portal.core.errors import InvalidInput, NotFound
from portal.exhibitors.models import AccessCode, Exhibitor, ExhibitorTag
from portal.exhibitors.queries import scope_by_code
from portal.exhibitors.services import codes, tags
from tests.browserless import sign_in_code
from tests.exhibitors.conftest import ACTOR
from tests.exhibitors.test_api_read import age
from tests.fair import Fair
from tests.seating.conftest import Api

Stored = Callable[[Any], list[Any]]
Audited = Callable[[], list[Any]]


@pytest.fixture
def dice(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the next codes be these."""

    def load(*values: str) -> None:
        left: Iterator[str] = iter(values)
        lock = threading.Lock()

        def make(_length: int) -> str:
            with lock:
                return next(left)

        monkeypatch.setattr(codes, "make_code", make)

    return load


# --------------------------------------------------------------------------------------------------------- codes


def test_a_code_that_exists_is_not_given_again(api: Api, fair: Fair, dice: Callable[..., None]) -> None:
    """A code is unique whatever its kind, and however it is written."""
    dice(fair.full_code, fair.scanning_code.lower(), "NEW234567", "NEW234567", fair.rival_code, "NEW23456")
    made = api.call("POST", "/exhibitors/", json={"name": "New"}).get_json()
    assert (made["access_code"], made["lead_scanning_access_code"]) == ("NEW234567", "NEW23456")


def test_two_creates_that_throw_the_same_code(
    app: Flask, fair: Fair, dice: Callable[..., None], stored: Stored
) -> None:
    dice(*(code for number in range(6) for code in (f"SAME{number}", f"SAME{number}")))
    barrier = threading.Barrier(2)
    made: list[Any] = []

    def race() -> None:
        caller = Api(app.test_client(), fair)
        barrier.wait(5)
        made.append(caller.call("POST", "/exhibitors/", json={"name": "New"}))

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [response.status_code for response in made] == [201, 201]
    given = [response.get_json()[name] for response in made for name in ("access_code", "lead_scanning_access_code")]
    assert len(set(given)) == 4
    assert len(stored(sa.select(AccessCode.id))) == 5 + 4


def test_dice_that_always_fall_the_same_way_end(api: Api, fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "make_code", lambda _length: fair.full_code)
    assert api.call("POST", "/exhibitors/", json={"name": "New"}).status_code == 500
    assert len(api.results("/exhibitors/")) == 2


def test_rotated_codes_end_sessions_and_apps_at_once(
    app: Flask, api: Api, fair: Fair, scope: EventScope, stored: Stored, audited: Audited
) -> None:
    full, scanning, rival = app.test_client(), app.test_client(), app.test_client()
    for browser, code in ((full, fair.full_code), (scanning, fair.scanning_code), (rival, fair.rival_code)):
        sign_in_code(browser, code)
    with app.app_context():
        set_writing(True)
        exhibitor = db.session.get_one(Exhibitor, fair.exhibitor)
        exhibitor.code_sent_error = "Not yet"
        db.session.commit()
        made = codes.rotate_codes(actor=ACTOR, event=scope, exhibitor_id=fair.exhibitor)
        db.session.commit()
    assert {kind: len(code) for kind, code in made.items()} == {"full": 9, "scanning": 8}
    shown = api.get(f"/exhibitors/{fair.exhibitor}/").get_json()
    assert (shown["access_code"], shown["lead_scanning_access_code"]) == (made["full"], made["scanning"])
    assert full.get("/exhibitor/profile").status_code == 303
    assert scanning.get("/exhibitor/scan").status_code == 303
    assert rival.get("/exhibitor/profile").status_code == 200
    assert len(stored(sa.select(Session.id))) == 1
    with app.app_context():
        assert scope_by_code(fair.full_code) is None
        assert scope_by_code(fair.scanning_code) is None
        assert scope_by_code(made["full"]) is not None
    assert stored(sa.select(Exhibitor.code_sent_error).where(Exhibitor.id == fair.exhibitor)) == [(None,)]
    used = sa.select(AccessCode.last_used).where(AccessCode.exhibitor_id == fair.exhibitor)
    assert stored(used) == [(None,), (None,)]
    entry = audited()[-1]
    assert (entry[0], entry[3]) == ("exhibitor.codes_rotated", {"kinds": ["full", "scanning"]})
    assert not any(code in str(audited()) for code in made.values())


def test_one_kind_alone_is_rotated(app: Flask, fair: Fair, session: Any, scope: EventScope) -> None:
    made = codes.rotate_codes(actor=ACTOR, event=scope, exhibitor_id=fair.exhibitor, kinds=["scanning"])
    assert set(made) == {"scanning"}
    assert scope_by_code(fair.full_code) is not None
    assert scope_by_code(fair.scanning_code) is None


def test_a_rotated_code_that_exists_is_thrown_again(
    fair: Fair, session: Any, scope: EventScope, dice: Callable[..., None]
) -> None:
    dice(fair.rival_code, fair.full_code, "FRESH2345", "FRESH2345", "FRESH234")
    made = codes.rotate_codes(actor=ACTOR, event=scope, exhibitor_id=fair.exhibitor)
    session.commit()
    # The old code may come again: it is this exhibitor's own.
    assert made == {"full": fair.full_code, "scanning": "FRESH2345"}


def test_a_missing_kind_is_made(app: Flask, fair: Fair, session: Any, scope: EventScope) -> None:
    session.execute(sa.delete(AccessCode).where(AccessCode.lookup == fair.scanning_code))
    made = codes.rotate_codes(actor=ACTOR, event=scope, exhibitor_id=fair.exhibitor, kinds=["scanning"])
    assert scope_by_code(made["scanning"]) is not None


def test_codes_of_another_event_are_not_rotated(fair: Fair, session: Any, scope: EventScope) -> None:
    with pytest.raises(NotFound):
        codes.rotate_codes(actor=ACTOR, event=scope, exhibitor_id=fair.foreign_exhibitor)


# ---------------------------------------------------------------------------------------------------------- tags


def test_tags(app: Flask, api: Api, fair: Fair, scope: EventScope, audited: Audited) -> None:
    def commit(work: Callable[..., Any], **values: Any) -> Any:
        with app.app_context():
            set_writing(True)
            found = work(actor=ACTOR, event=scope, **values)
            db.session.commit()
            return found

    path = f"/exhibitors/{fair.exhibitor}/"
    made = commit(tags.create_tag, name=" New ")
    assert api.call("PATCH", path, json={"exhibitor_tags": ["New", "Gold Sponsor"]}).status_code == 200
    age(app)
    first = api.get("/exhibitors/")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert api.get("/exhibitors/", headers=since).status_code == 304
    commit(tags.rename_tag, tag_id=made, name="Newcomer")
    assert api.get(path).get_json()["exhibitor_tags"] == ["Gold Sponsor", "Newcomer"]
    assert api.get("/exhibitors/", headers=since).status_code == 200
    age(app)
    assert commit(tags.delete_tag, tag_id=made) == 1
    assert api.get(path).get_json()["exhibitor_tags"] == ["Gold Sponsor"]
    assert api.get("/exhibitors/", headers=since).status_code == 200
    assert [(entry[0], entry[3]) for entry in audited() if entry[0].startswith("exhibitor_tag.")] == [
        ("exhibitor_tag.created", {"name": "New"}),
        ("exhibitor_tag.renamed", {"name": ["New", "Newcomer"]}),
        ("exhibitor_tag.deleted", {"name": "Newcomer", "exhibitors": 1}),
    ]


def test_names_that_a_tag_cannot_have(app: Flask, fair: Fair, session: Any, scope: EventScope) -> None:
    made = tags.create_tag(actor=ACTOR, event=scope, name="Other")
    for name in ("", "  ", "x" * 191, "a\0b", "Gold Sponsor", " Gold Sponsor "):
        with pytest.raises(InvalidInput) as raised:
            tags.create_tag(actor=ACTOR, event=scope, name=name)
        assert set(raised.value.fields) == {"name"}
        with pytest.raises(InvalidInput):
            tags.rename_tag(actor=ACTOR, event=scope, tag_id=made, name=name)
    tags.rename_tag(actor=ACTOR, event=scope, tag_id=made, name="Other")
    assert session.scalars(sa.select(ExhibitorTag.name).order_by(ExhibitorTag.id)).all() == ["Gold Sponsor", "Other"]


def test_tags_of_another_event(app: Flask, fair: Fair, session: Any, scope: EventScope) -> None:
    foreign = ExhibitorTag(event_id=fair.foreign_event, name="Theirs")
    session.add(foreign)
    session.flush()
    for work, values in ((tags.rename_tag, {"name": "Ours"}), (tags.delete_tag, {})):
        with pytest.raises(NotFound):
            work(actor=ACTOR, event=scope, tag_id=foreign.id, **values)
