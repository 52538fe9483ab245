"""Teams of an organizer: who may open their pages, what can be granted, and that somebody can always change them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts.models import PERMISSIONS, Team, TeamToken, User, team_members
from portal.accounts.services import teams as services
from portal.accounts.services import users
from portal.accounts.services.tokens import revoke_token
from portal.accounts.teams import Rights, TeamValues, rights_of
from portal.core.actors import SYSTEM, Actor
from portal.core.codes import hash_token
from portal.core.database import db, set_writing
from portal.core.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from portal.core.models import AuditEntry
from tests.browserless import csrf_token, post_form, sign_in, sign_in_code
from tests.fair import Fair, make_user

Audit = Callable[[], list[AuditEntry]]
TEAMS = "/organizer/bigevents/-/teams/"


def team_id(name: str) -> int:
    return db.session.execute(sa.select(Team.id).where(Team.name == name)).scalar_one()


def user_id(email: str) -> int:
    return db.session.execute(sa.select(User.id).where(User.email == email)).scalar_one()


@pytest.fixture
def crew(app: Flask, fair: Fair) -> int:
    """The team that may everything; Ada is its only member."""
    with app.app_context():
        return team_id("Crew")


def post(client: FlaskClient, path: str, data: Any = None) -> TestResponse:
    """Send a form with the token of the account page, which every member may open."""
    return post_form(client, path, data, page="/account/")


# ------------------------------------------------------------------------------------------------- the stranger


def doors(crew: int) -> list[tuple[str, str]]:
    own = f"{TEAMS}{crew}/"
    return [
        ("GET", TEAMS),
        ("GET", f"{TEAMS}new"),
        ("POST", f"{TEAMS}new"),
        ("GET", own),
        ("GET", f"{own}edit"),
        ("POST", f"{own}edit"),
        ("POST", f"{own}delete"),
        ("POST", f"{own}invite"),
        ("POST", f"{own}members/1/remove"),
        ("POST", f"{own}invitations/1/send"),
        ("POST", f"{own}invitations/1/withdraw"),
        ("POST", f"{own}tokens"),
        ("POST", f"{own}tokens/1/revoke"),
    ]


def test_who_is_not_allowed_opens_and_changes_nothing(app: Flask, fair: Fair, crew: int, audit: Audit) -> None:
    for who, status in (("helper_email", 403), ("stranger_email", 404), ("code", 303), ("nobody", 303), ("token", 303)):
        client = app.test_client()
        headers = fair.auth() if who == "token" else {}
        if who == "code":
            sign_in_code(client, fair.full_code)
        elif who.endswith("_email"):
            sign_in(client, getattr(fair, who))
        token = csrf_token(client.get("/e/"))
        before = len(audit())
        for method, path in doors(crew):
            data = {"csrf_token": token, "name": "Mine", "email": "x@example.org", "confirm": "Crew"}
            answer = client.open(path, method=method, data=data if method == "POST" else None, headers=headers)
            assert answer.status_code == status, (who, method, path)
            assert "Crew" not in answer.text, path
            if status == 303:
                assert answer.location.startswith("/login"), path
        assert len(audit()) == before


def test_forms_are_protected_against_forgery(client: FlaskClient, fair: Fair, crew: int) -> None:
    sign_in(client, fair.organizer_email)
    for method, path in doors(crew):
        if method == "POST":
            assert client.post(path, data={"name": "Mine"}).status_code == 400, path


def test_another_organizers_team_is_not_there(app: Flask, client: FlaskClient, fair: Fair, crew: int) -> None:
    with app.app_context():
        foreign = team_id("Strangers")
    sign_in(client, fair.organizer_email)
    assert client.get(f"{TEAMS}{foreign}/").status_code == 404
    assert post(client, f"{TEAMS}{foreign}/invite", {"email": "a@example.org"}).status_code == 404
    assert post(client, f"{TEAMS}{foreign}/tokens", {"token_name": "x"}).status_code == 404
    assert post(client, f"{TEAMS}{foreign}/delete", {"confirm": "Strangers"}).status_code == 404
    assert client.get(f"{TEAMS}99999999999999999999/").status_code == 404


# --------------------------------------------------------------------------------------------------- the member


def test_a_team_is_made_changed_and_deleted(app: Flask, client: FlaskClient, fair: Fair, audit: Audit) -> None:
    sign_in(client, fair.organizer_email)
    assert "Helpers" in client.get(TEAMS).text
    values = {"name": " Gate ", "permissions": ["can_checkin_orders", "nonsense"], "all_events": "0"}
    made = post_form(client, f"{TEAMS}new", values | {"events": [str(fair.event), str(fair.foreign_event), "x"]})
    assert made.status_code == 303, made.text
    page = client.get(made.location)
    assert "Check attendees in" in page.text
    with app.app_context():
        gate = db.session.execute(sa.select(Team).where(Team.name == "Gate")).scalar_one()
        chosen = list(
            db.session.scalars(sa.select(Team.metadata.tables["team_events"].c.event_id).filter_by(team_id=gate.id))
        )
    assert (gate.all_events, gate.can_checkin_orders, gate.can_change_teams) == (False, True, False)
    assert chosen == [fair.event]
    edit = f"{TEAMS}{gate.id}/edit"
    assert post_form(client, edit, {"name": "Crew", "all_events": "1"}).status_code == 422
    assert post_form(client, edit, {"name": "", "all_events": "1"}).status_code == 422
    assert post_form(client, edit, {"name": "Doors", "all_events": "1"}).status_code == 303
    assert post_form(client, f"{TEAMS}{gate.id}/delete", {"confirm": "Gate"}, page=edit).status_code == 303
    assert client.get(f"{TEAMS}{gate.id}/").status_code == 200
    assert post_form(client, f"{TEAMS}{gate.id}/delete", {"confirm": "Doors"}, page=edit).status_code == 303
    assert client.get(f"{TEAMS}{gate.id}/").status_code == 404
    said = [(entry.action, entry.organizer_id) for entry in audit() if entry.object_kind == "team"]
    assert said == [(f"team.{done}", fair.organizer) for done in ("created", "changed", "deleted")]
    changed = next(entry for entry in audit() if entry.action == "team.changed")
    assert changed.data["changed"]["name"] == ["Gate", "Doors"]


def test_a_token_is_shown_once_works_and_is_revoked(app: Flask, client: FlaskClient, fair: Fair, crew: int) -> None:
    sign_in(client, fair.organizer_email)
    own = f"{TEAMS}{crew}/"
    assert post(client, f"{own}tokens", {"token_name": " "}).status_code == 422
    made = post(client, f"{own}tokens", {"token_name": "Badge printer"})
    assert made.status_code == 201
    with app.app_context():
        row = db.session.execute(sa.select(TeamToken).where(TeamToken.name == "Badge printer")).scalar_one()
    token = next(word for word in made.text.replace('"', " ").split() if hash_token(word) == row.token_hash)
    assert token not in client.get(own).text
    assert client.get(f"{fair.base}/exhibitors/", headers=fair.auth(token)).status_code == 200
    assert post(client, f"{own}tokens/{row.id}/revoke").status_code == 303
    assert client.get(f"{fair.base}/exhibitors/", headers=fair.auth(token)).status_code == 401
    assert "Badge printer" not in client.get(f"{own}?x").text.split("flashes")[-1].split("tokens-head")[-1]
    assert post(client, f"{own}tokens/{row.id}/revoke").status_code == 404


def test_a_member_is_removed_and_loses_everything_at_once(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        helpers, bob = team_id("Helpers"), user_id(fair.helper_email)
    other = app.test_client()
    sign_in(other, fair.helper_email)
    assert other.get("/organizer/bigevents/sampleconf/").status_code == 200
    sign_in(client, fair.organizer_email)
    assert post(client, f"{TEAMS}{helpers}/members/{bob}/remove").status_code == 303
    assert other.get("/organizer/bigevents/sampleconf/").status_code == 404
    assert post(client, f"{TEAMS}{helpers}/members/{bob}/remove").status_code == 404


def test_pages_of_teams_take_the_same_statements_however_many_there_are(
    app: Flask, client: FlaskClient, fair: Fair, crew: int, statements: Callable
) -> None:
    sign_in(client, fair.organizer_email)
    counts = []
    for number in range(2):
        for path in (TEAMS, f"{TEAMS}{crew}/"):
            with statements() as seen:
                client.get(path)
            counts.append(len(seen))
        with app.app_context():
            set_writing(True)
            for each in range(20):
                person = make_user(f"p{number}-{each}@example.org", f"P {each}")
                db.session.execute(sa.insert(team_members).values(team_id=crew, user_id=person.id))
                db.session.add(Team(organizer_id=fair.organizer, name=f"T{number}-{each}", all_events=False))
            db.session.commit()
    assert counts[:2] == counts[2:]


# --------------------------------------------------------------------------------------- nobody grants more


def values(*permissions: str, events: list[int] | None = None, name: str = "New") -> TeamValues:
    return TeamValues(name, frozenset(permissions), events is None, frozenset(events or ()))


@pytest.mark.parametrize(
    ("held", "wanted", "lacking"),
    [
        ({"membership": None, "can_view_orders": None}, values("can_view_orders"), []),
        ({"membership": None}, values("can_view_orders"), ["can_view_orders"]),
        ({"membership": frozenset((1,))}, values(), ["membership"]),
        ({"membership": frozenset((1,))}, values(events=[1]), []),
        ({"membership": frozenset((1,))}, values(events=[1, 2]), ["membership"]),
        ({"membership": None, "can_view_orders": frozenset((1,))}, values("can_view_orders"), ["can_view_orders"]),
        ({"membership": None, "can_view_orders": frozenset((1,))}, values("can_view_orders", events=[1]), []),
        ({"membership": None, "can_change_teams": frozenset((1,))}, values("can_change_teams"), []),
        ({}, values(events=[]), []),
    ],
)
def test_what_is_lacking(held: dict, wanted: TeamValues, lacking: list[str]) -> None:
    assert Rights(held=held).lacking(wanted) == lacking
    assert Rights(everything=True).lacking(wanted) == []


def test_who_may_change_teams_grants_no_more_than_their_own(app: Flask, fair: Fair, session: object) -> None:
    only = services.create_team(
        actor=SYSTEM, organizer_id=fair.organizer, values=values("can_change_teams", "can_view_orders", name="Limited")
    )
    bob = Actor("user", user_id(fair.helper_email), "Bob")
    db.session.execute(sa.insert(team_members).values(team_id=only, user_id=bob.id))
    assert set(rights_of(bob, fair.organizer).held) == {"membership", "can_change_teams", "can_view_orders"}
    assert rights_of(bob, fair.organizer + 1).held == {}
    make = services.create_team
    make(actor=bob, organizer_id=fair.organizer, values=values("can_view_orders", name="Fine"))
    with pytest.raises(InvalidInput) as refused:
        make(actor=bob, organizer_id=fair.organizer, values=values("can_change_orders", name="More"))
    assert list(refused.value.fields) == ["permissions"]
    crew = team_id("Crew")
    change: dict[str, Any] = {"actor": bob, "organizer_id": fair.organizer, "team_id": crew}
    attempts: list[Callable[[], object]] = [
        lambda: services.change_team(**change, values=values("can_change_teams", name="Crew")),
        lambda: services.delete_team(**change),
        lambda: services.remove_member(**change, user_id=user_id(fair.organizer_email)),
        lambda: revoke_token(**change, token_id=1),
    ]
    for attempt in attempts:
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(Forbidden):
        make(actor=Actor("token", 1, "script"), organizer_id=fair.organizer, values=values(name="By a token"))
    root = Actor("user", user_id(fair.admin_email), "Root", is_admin=True)
    make(actor=root, organizer_id=fair.organizer, values=values(*PERMISSIONS, name="By an admin"))
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.actor_label, entry.data["administrator"]) == ("Root", True)


def test_a_team_that_may_more_is_shown_but_not_changed(app: Flask, client: FlaskClient, fair: Fair, crew: int) -> None:
    with app.app_context():
        set_writing(True)
        db.session.execute(sa.update(Team).where(Team.name == "Helpers").values(can_change_teams=True))
        db.session.commit()
    sign_in(client, fair.helper_email)
    page = client.get(f"{TEAMS}{crew}/")
    assert page.status_code == 200
    assert "may do more than yours" in page.text
    assert "Send the invitation" not in page.text
    assert client.get(f"{TEAMS}{crew}/edit").status_code == 403
    assert post(client, f"{TEAMS}{crew}/invite", {"email": "me-too@example.org"}).status_code == 403
    assert post(client, f"{TEAMS}{crew}/tokens", {"token_name": "x"}).status_code == 403
    form = client.get(f"{TEAMS}new").text
    assert form.count("disabled") == len(PERMISSIONS) - 1


# ---------------------------------------------------------------------------------------- somebody always can


def test_the_last_who_may_change_teams_stays(app: Flask, client: FlaskClient, fair: Fair, crew: int) -> None:
    """The other team of the fair with this permission is emptied first."""
    with app.app_context():
        set_writing(True)
        others, cleo, ada = team_id("Other event"), user_id(fair.other_event_email), user_id(fair.organizer_email)
        db.session.execute(sa.delete(team_members).where(team_members.c.user_id == cleo))
        db.session.commit()
    sign_in(client, fair.organizer_email)
    for path, data in (
        (f"{TEAMS}{crew}/members/{ada}/remove", {}),
        (f"{TEAMS}{crew}/delete", {"confirm": "Crew"}),
    ):
        answer = post(client, path, data)
        assert answer.status_code == 303
        assert "may change teams" in client.get(f"{TEAMS}{crew}/").text
    assert post(client, f"{TEAMS}{crew}/edit", {"name": "Crew", "all_events": "1"}).status_code == 422
    assert client.get(TEAMS).status_code == 200
    with app.app_context():
        set_writing(True)
        with pytest.raises(Conflict) as refused:
            users.set_active(actor=SYSTEM, user=db.session.get_one(User, ada), active=False)
        assert refused.value.code == "last_manager"
        db.session.rollback()
        db.session.execute(sa.insert(team_members).values(team_id=others, user_id=cleo))
        users.set_active(actor=SYSTEM, user=db.session.get_one(User, cleo), active=False)
        with pytest.raises(Conflict):
            services.delete_team(actor=SYSTEM, organizer_id=fair.organizer, team_id=crew)
        db.session.rollback()
        db.session.execute(sa.insert(team_members).values(team_id=others, user_id=cleo))
        assert services.delete_team(actor=SYSTEM, organizer_id=fair.organizer, team_id=crew) == "Crew"


def test_of_two_who_remove_each_other_at_once_one_stays(app: Flask, fair: Fair) -> None:
    with app.app_context():
        set_writing(True)
        crew, ada, bob = team_id("Crew"), user_id(fair.organizer_email), user_id(fair.helper_email)
        db.session.execute(sa.delete(team_members).where(team_members.c.user_id != ada))
        db.session.execute(sa.insert(team_members).values(team_id=crew, user_id=bob))
        db.session.commit()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def remove(actor: int, other: int) -> None:
        with app.app_context():
            set_writing(True)
            start.wait(10)
            try:
                services.remove_member(
                    actor=Actor("user", actor, "A"), organizer_id=fair.organizer, team_id=crew, user_id=other
                )
                db.session.commit()
                outcomes.append("removed")
            except DomainError as error:
                db.session.rollback()
                outcomes.append(error.code)

    threads = [threading.Thread(target=remove, args=pair) for pair in ((ada, bob), (bob, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["permission_denied", "removed"]
    with app.app_context():
        assert services.managers([fair.organizer]) == {fair.organizer: 1}


def test_of_two_administrators_who_end_each_other_one_stays(app: Flask, fair: Fair) -> None:
    with app.app_context():
        set_writing(True)
        first, second = user_id(fair.admin_email), make_user("root2@example.org", "Root 2", is_admin=True).id
        db.session.commit()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def end(target: int) -> None:
        with app.app_context():
            set_writing(True)
            start.wait(10)
            try:
                users.set_admin(actor=SYSTEM, user_id=target, is_admin=False)
                db.session.commit()
                outcomes.append("ended")
            except DomainError as error:
                db.session.rollback()
                outcomes.append(error.code)

    threads = [threading.Thread(target=end, args=(target,)) for target in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["ended", "last_admin"]


def test_who_is_gone_is_not_found(app: Flask, fair: Fair, session: object) -> None:
    with pytest.raises(NotFound):
        users.set_admin(actor=SYSTEM, user_id=10**9, is_admin=True)
