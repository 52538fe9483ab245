"""Changes of teams, accounts and organizers as sentences."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from portal.accounts.words import labels
from portal.core.history import Change
from portal.web.history import Sentence


def _name(change: Change, key: str = "name") -> str:
    return str(change.data.get(key) or "")


def _team_created(change: Change) -> str:
    return gettext("Made the team %(team)s", team=_name(change))


def _team_changed(change: Change) -> str:
    changed: dict[str, Any] = change.data.get("changed") or {}
    said = []
    before, after = (set(each or ()) for each in changed.get("permissions") or ((), ()))
    if after - before:
        said.append(gettext("may now: %(permissions)s", permissions=", ".join(labels(after - before))))
    if before - after:
        said.append(gettext("may no longer: %(permissions)s", permissions=", ".join(labels(before - after))))
    if "name" in changed:
        said.append(gettext("was called %(name)s", name=changed["name"][0]))
    if "all_events" in changed or "events" in changed:
        said.append(gettext("holds for other events"))
    return gettext("Changed the team %(team)s (%(changes)s)", team=_name(change), changes="; ".join(said))


def _team_deleted(change: Change) -> str:
    return gettext("Deleted the team %(team)s", team=_name(change))


def _member_removed(change: Change) -> str:
    return gettext("Removed %(name)s from the team %(team)s", name=_name(change, "member"), team=_name(change, "team"))


def _member_joined(change: Change) -> str:
    return gettext("%(name)s joined the team %(team)s", name=_name(change, "member"), team=_name(change, "team"))


def _invited(change: Change) -> str:
    return gettext("Invited %(email)s to the team %(team)s", email=_name(change, "email"), team=_name(change, "team"))


def _invited_again(change: Change) -> str:
    return gettext(
        "Sent the invitation of %(email)s to the team %(team)s again",
        email=_name(change, "email"),
        team=_name(change, "team"),
    )


def _withdrawn(change: Change) -> str:
    return gettext(
        "Withdrew the invitation of %(email)s to the team %(team)s",
        email=_name(change, "email"),
        team=_name(change, "team"),
    )


def _token_created(change: Change) -> str:
    return gettext("Made the token %(name)s of the team %(team)s", name=_name(change), team=_name(change, "team"))


def _token_revoked(change: Change) -> str:
    return gettext("Revoked the token %(name)s of the team %(team)s", name=_name(change), team=_name(change, "team"))


def _organizer_created(change: Change) -> str:
    return gettext("Made the organizer %(name)s", name=_name(change))


def _organizer_changed(change: Change) -> str:
    changed: dict[str, Any] = change.data.get("changed") or {}
    if "name" in changed:
        return gettext("Renamed the organizer from %(old)s to %(new)s", old=changed["name"][0], new=changed["name"][1])
    return gettext("Changed the organizer’s contact address")


SENTENCES: Mapping[str, Sentence] = {
    "team.created": _team_created,
    "team.changed": _team_changed,
    "team.deleted": _team_deleted,
    "team.member_removed": _member_removed,
    "team.member_joined": _member_joined,
    "invitation.sent": _invited,
    "invitation.sent_again": _invited_again,
    "invitation.withdrawn": _withdrawn,
    "token.created": _token_created,
    "token.revoked": _token_revoked,
    "organizer.created": _organizer_created,
    "organizer.changed": _organizer_changed,
}
