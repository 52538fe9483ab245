"""Pages of an organizer's teams: what each may do, for which events, who is in it, and its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.accounts import teams
from portal.accounts.models import PERMISSIONS
from portal.accounts.services import invitations
from portal.accounts.services import teams as team_services
from portal.accounts.services import tokens as token_services
from portal.accounts.teams import Rights, TeamRow, TeamValues
from portal.accounts.words import WORDS, labels
from portal.core.actors import OrganizerScope, SignIn
from portal.core.database import db
from portal.core.errors import Conflict, InvalidInput, NotFound
from portal.events import lists
from portal.web import limits
from portal.web import organizer as pages
from portal.web.access import organizer_member, organizer_scope, signed_in
from portal.web.filters import localised
from portal.web.i18n import current_locale
from portal.web.lists import page_part, page_url
from portal.web.params import parse_id
from portal.web.urls import mail_base

blueprint = Blueprint("teams", __name__, url_prefix="/organizer/<organizer>/-/teams")

#: The largest number that JSON's readers keep whole; no id is larger.
MAX_ID = 2**53 - 1

may_change = organizer_member("can_change_teams")

#: Mails of invitations to one address, and by one person.
MAILS = limits.Limit("invitation-mails", 5, 3600)
MAILS_BY_PERSON = limits.Limit("invitation-mails-by-person", 200, 3600)
#: So many events can be chosen from; an organizer with more of them has teams of all events.
MOST_EVENTS = 500


@dataclass(frozen=True, slots=True)
class EventOption:
    """An event that a team may hold for."""

    id: int
    name: str
    slug: str


def _events(scope: OrganizerScope) -> list[EventOption]:
    sign_in = cast(SignIn, signed_in())
    ids = lists.of_organizer(sign_in, scope.organizer_id)
    rows = lists.visible_page(sign_in, limit=MOST_EVENTS, ids=ids) if ids else []
    return [EventOption(row.id, localised(row.name, row.locale), row.slug) for row in rows]


def _team(scope: OrganizerScope, team_id: int) -> TeamRow:
    found = teams.team_of(scope.organizer_id, team_id)
    if found is None:
        raise NotFound("This team does not exist, or it belongs to another organizer.")
    return found


def _back(scope: OrganizerScope, team_id: int, anchor: str | None = None) -> ResponseReturnValue:
    where = url_for("teams.detail", organizer=scope.organizer_slug, team_id=team_id, _anchor=anchor)
    return redirect(where, 303)


@blueprint.get("/")
@may_change
def index(organizer: str) -> ResponseReturnValue:
    """All teams of the organizer."""
    scope = organizer_scope()
    part = page_part(teams.team_count(scope.organizer_id))
    rows = teams.team_page(scope.organizer_id, limit=part.size, offset=part.offset)
    names = {event.id: event.name for event in _events(scope)}
    return pages.page(
        "accounts/teams.html",
        teams=[(row, labels(row.values.permissions), _event_words(row.values, names)) for row in rows],
        part=part,
        page_url=page_url,
        every=len(PERMISSIONS),
    )


def _event_words(values: TeamValues, names: dict[int, str]) -> str:
    if values.all_events:
        return gettext("All events")
    if not values.events:
        return gettext("No event")
    if len(values.events) <= 2 and values.events <= names.keys():
        return ", ".join(sorted(names[event_id] for event_id in values.events))
    return ngettext("%(num)s event", "%(num)s events", len(values.events))


@blueprint.get(f"/<int(max={MAX_ID}):team_id>/")
@may_change
def detail(organizer: str, team_id: int) -> ResponseReturnValue:
    """One team: its members and invitations, its tokens, what it may do."""
    return _detail(organizer_scope(), team_id), 200


def _detail(
    scope: OrganizerScope, team_id: int, *, errors: Any = None, values: Any = None, token: str | None = None
) -> str:
    team = _team(scope, team_id)
    g.event_zone = lists.usual_zone(cast(SignIn, signed_in()))
    rights = teams.rights_of(scope.actor, scope.organizer_id)
    part = page_part(team.members)
    names = {event.id: event.name for event in _events(scope)}
    return pages.page(
        "accounts/team.html",
        team=team,
        words=[WORDS[name] for name in PERMISSIONS if name in team.values.permissions],
        events=_event_words(team.values, names),
        members=teams.member_page(team_id, limit=part.size, offset=part.offset),
        invitations=teams.invitations_of(team_id, limit=invitations.MOST_INVITATIONS),
        tokens=teams.tokens_of(team_id, limit=token_services.MOST_TOKENS),
        changes=not rights.lacking(team.values),
        part=part,
        page_url=page_url,
        me=scope.actor.id,
        errors=errors or {},
        values=values or {},
        token=token,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@may_change
def new(organizer: str) -> ResponseReturnValue:
    """A new team."""
    scope = organizer_scope()
    if request.method != "POST":
        return _form(scope, TeamValues("", frozenset(), all_events=True))
    values = _given()
    try:
        team_id = team_services.create_team(actor=scope.actor, organizer_id=scope.organizer_id, values=values)
    except InvalidInput as refused:
        db.session.rollback()
        return _form(scope, values, errors=refused.fields)
    db.session.commit()
    flash(gettext("The team is there. Now invite its members."), "success")
    return _back(scope, team_id)


@blueprint.route(f"/<int(max={MAX_ID}):team_id>/edit", methods=["GET", "POST"])
@may_change
def edit(organizer: str, team_id: int) -> ResponseReturnValue:
    """Change what a team is called, what it may do, and for which events."""
    scope = organizer_scope()
    team = _team(scope, team_id)
    if request.method != "POST":
        team_services.check_reach(teams.rights_of(scope.actor, scope.organizer_id), team)
        return _form(scope, team.values, team=team)
    values = _given()
    try:
        team_services.change_team(actor=scope.actor, organizer_id=scope.organizer_id, team_id=team_id, values=values)
    except InvalidInput as refused:
        db.session.rollback()
        return _form(scope, values, team=team, errors=refused.fields)
    except Conflict as refused:
        db.session.rollback()
        return _form(scope, values, team=team, errors={"non_field_errors": [gettext(refused.message)]})
    db.session.commit()
    flash(gettext("The team is changed. It holds from now on, also for who is signed in."), "success")
    return _back(scope, team_id)


def _given() -> TeamValues:
    form = request.form
    return TeamValues(
        name=form.get("name", ""),
        permissions=frozenset(form.getlist("permissions")).intersection(PERMISSIONS),
        all_events=form.get("all_events") != "0",
        events=frozenset(_ids(form.getlist("events"))),
    )


def _ids(given: Sequence[str]) -> list[int]:
    ids = (parse_id(each) for each in given[:MOST_EVENTS])
    return [each for each in ids if each is not None and each > 0]


def _form(
    scope: OrganizerScope, values: TeamValues, *, team: TeamRow | None = None, errors: Any = None
) -> ResponseReturnValue:
    rights: Rights = teams.rights_of(scope.actor, scope.organizer_id)
    page = pages.page(
        "accounts/team_form.html",
        team=team,
        values=values,
        errors=errors or {},
        permissions=[(name, WORDS[name], rights.may(name)) for name in PERMISSIONS],
        events=_events(scope),
    )
    return page, 422 if errors else 200


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/delete")
@may_change
def delete(organizer: str, team_id: int) -> ResponseReturnValue:
    """Delete a team whose name was typed."""
    scope = organizer_scope()
    if request.form.get("confirm", "").strip() != _team(scope, team_id).values.name:
        flash(gettext("The name that was typed is not this team’s. Nothing was deleted."), "error")
        return _back(scope, team_id)
    try:
        name = team_services.delete_team(actor=scope.actor, organizer_id=scope.organizer_id, team_id=team_id)
    except Conflict as refused:
        return _refused(scope, team_id, refused)
    db.session.commit()
    flash(
        gettext("The team %(team)s is deleted. Its tokens and invitations do not work any more.", team=name), "success"
    )
    return redirect(url_for("teams.index", organizer=scope.organizer_slug), 303)


def _refused(scope: OrganizerScope, team_id: int, refused: Conflict) -> ResponseReturnValue:
    db.session.rollback()
    flash(gettext(refused.message), "error")
    return _back(scope, team_id)


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/members/<int(max={MAX_ID}):user_id>/remove")
@may_change
def remove(organizer: str, team_id: int, user_id: int) -> ResponseReturnValue:
    """Take somebody out of the team."""
    scope = organizer_scope()
    try:
        member = team_services.remove_member(
            actor=scope.actor, organizer_id=scope.organizer_id, team_id=team_id, user_id=user_id
        )
    except Conflict as refused:
        return _refused(scope, team_id, refused)
    db.session.commit()
    flash(gettext("%(name)s is no member of this team any more.", name=member.name or member.email), "success")
    if user_id == scope.actor.id:
        return redirect(url_for("organizer.index"), 303)
    return _back(scope, team_id)


# ----------------------------------------------------------------------------------------------------- invitations


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/invite")
@may_change
def invite(organizer: str, team_id: int) -> ResponseReturnValue:
    """Invite an address by mail; the answer is the same whether it has an account."""
    scope = organizer_scope()
    typed = request.form.get("email", "")[:300]
    base = _may_mail(scope, typed)
    try:
        address = invitations.invite(
            actor=scope.actor,
            organizer_id=scope.organizer_id,
            team_id=team_id,
            email=typed,
            base_url=base,
            locale=current_locale(),
        )
    except InvalidInput as refused:
        db.session.rollback()
        return _detail(scope, team_id, errors=refused.fields, values={"email": typed}), 422
    db.session.commit()
    flash(gettext("An invitation is on its way to %(email)s. It can be accepted for 7 days.", email=address), "success")
    return _back(scope, team_id, "people")


def _may_mail(scope: OrganizerScope, typed: str) -> str:
    """What the mail's links begin with, where it may be sent. Raises `Conflict`, `TooManyRequests`."""
    base = mail_base()
    if base is None:
        raise Conflict("This installation does not know its own address. Its operator has to set BASE_URL first.")
    db.session.rollback()  # counting is a transaction of its own, and would wait for this one
    for limit, part in ((MAILS, typed.strip().lower()), (MAILS_BY_PERSON, str(scope.actor.id))):
        reached = limits.count(limit, part)
        if reached > limit.amount:
            limits.note(limit, reached)
            message = gettext("Very many invitations were sent. This one was not. Wait a little.")
            limits.refuse(message, limits.wait(limit, part))
    return base


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/invitations/<int(max={MAX_ID}):invitation_id>/send")
@may_change
def send_again(organizer: str, team_id: int, invitation_id: int) -> ResponseReturnValue:
    """Send an invitation anew; the link of the mail before is void."""
    scope = organizer_scope()
    base = _may_mail(scope, f"invitation {invitation_id}")
    address = invitations.send_again(
        actor=scope.actor,
        organizer_id=scope.organizer_id,
        team_id=team_id,
        invitation_id=invitation_id,
        base_url=base,
    )
    db.session.commit()
    flash(gettext("An invitation is on its way to %(email)s. It can be accepted for 7 days.", email=address), "success")
    return _back(scope, team_id, "people")


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/invitations/<int(max={MAX_ID}):invitation_id>/withdraw")
@may_change
def withdraw(organizer: str, team_id: int, invitation_id: int) -> ResponseReturnValue:
    """Take an invitation back."""
    scope = organizer_scope()
    address = invitations.withdraw(
        actor=scope.actor, organizer_id=scope.organizer_id, team_id=team_id, invitation_id=invitation_id
    )
    db.session.commit()
    flash(
        gettext("The invitation of %(email)s is withdrawn. Its link does not work any more.", email=address), "success"
    )
    return _back(scope, team_id, "people")


# ---------------------------------------------------------------------------------------------------------- tokens


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/tokens")
@may_change
def create_token(organizer: str, team_id: int) -> ResponseReturnValue:
    """Make a token and show it, this once."""
    scope = organizer_scope()
    typed = request.form.get("token_name", "")[:300]
    try:
        token = token_services.create_team_token(
            actor=scope.actor, organizer_id=scope.organizer_id, team_id=team_id, name=typed
        )
    except InvalidInput as refused:
        db.session.rollback()
        return _detail(scope, team_id, errors=refused.fields, values={"token_name": typed}), 422
    db.session.commit()
    return _detail(scope, team_id, token=token), 201


@blueprint.post(f"/<int(max={MAX_ID}):team_id>/tokens/<int(max={MAX_ID}):token_id>/revoke")
@may_change
def revoke_token(organizer: str, team_id: int, token_id: int) -> ResponseReturnValue:
    """End a token for good."""
    scope = organizer_scope()
    name = token_services.revoke_token(
        actor=scope.actor, organizer_id=scope.organizer_id, team_id=team_id, token_id=token_id
    )
    db.session.commit()
    flash(gettext("The token %(name)s does not work any more.", name=name), "success")
    return _back(scope, team_id, "tokens")
