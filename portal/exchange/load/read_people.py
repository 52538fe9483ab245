"""Reading the organizer, users, teams, resellers and applications."""

from typing import Any

from portal.accounts.models import PERMISSIONS
from portal.accounts.passwords import MAX_LENGTH
from portal.core.codes import hash_token, make_token
from portal.exchange.load import kinds, links, resources
from portal.exchange.load.reading import Part, Reading, Secret
from portal.exchange.load.shapes import KEEP, Row, get_list
from portal.exchange.load.values import kind_of, plain_key, sha256, strict_email, text

#: pretix' permissions for what the portal does not have.
_OTHER_PERMISSIONS = frozenset(
    {"can_manage_customers", "can_manage_gift_cards", "can_manage_reusable_media", "can_manage_customer_data"}
)


def read_organizer(reading: Reading, data: Any) -> Part | None:
    """The organizer; None where there is none to speak of."""
    if data is None:
        reading.problems.error("organizer", "is missing")
        return None
    values = reading.shape(resources.ORGANIZER, data, "organizer")
    if values is None:
        return None
    part = Part(Row("organizer", None, values), "organizer")
    part.rows[kinds.ORGANIZER.name].append(part.owner)
    return part


def read_users(reading: Reading, people: Part, data: dict[str, Any]) -> dict[str, Row]:
    """Users by their e-mail address in lower case."""
    users: dict[str, Row] = {}
    for path, entry in reading.entries(data, "users", ""):
        values = reading.shape(resources.USER, entry, path)
        if values is None:
            continue
        hashed = reading.value(resources.PASSWORD_HASH, entry, "password_hash", path, KEEP)
        row = reading.add(people, kinds.USER, path, None, [*values, hashed])
        password = reading.value(text(MAX_LENGTH, blank=False), entry, "password", path)
        if password is not None:
            if hashed is not KEEP:
                reading.problems.error(f"{path}.password", "there is a password_hash too")
            reading.passwords[row] = password
        if values[0]:
            users.setdefault(values[0].lower(), row)
    return users


def read_members(reading: Reading, users: dict[str, Row], data: dict[str, Any], path: str) -> list[Row]:
    """The users that a list of e-mail addresses names."""
    found: dict[Row, None] = {}
    for at, value in reading.entries(data, "members", path):
        if type(value) is not str:
            reading.problems.error(at, f"must be an e-mail address, not {kind_of(value)}")
        elif value.lower() not in users:
            reading.problems.error(at, f"no user “{value}”")
        else:
            found[users[value.lower()]] = None
    return list(found)


def read_teams(
    reading: Reading, people: Part, users: dict[str, Row], events: dict[str, Row], data: dict[str, Any]
) -> None:
    """Teams with their members, events and tokens."""
    for path, entry in reading.entries(data, "teams", ""):
        values = reading.shape(resources.TEAM, entry, path)
        if values is None:
            continue
        granted = _permissions(reading, entry, path)
        flags = [name in granted for name in PERMISSIONS]
        row = reading.add(people, kinds.TEAM, path, None, [*values, *flags, people.owner])
        people.links[links.TEAM_MEMBERS].append((row, read_members(reading, users, entry, path)))
        people.links[links.TEAM_EVENTS].append((row, _limit_events(reading, events, entry, path)))
        for at, token in reading.entries(entry, "tokens", path):
            _read_token(reading, people, row, at, token)


def _permissions(reading: Reading, data: dict[str, Any], path: str) -> set[str]:
    granted = set()
    for at, value in reading.entries(data, "permissions", path):
        if not isinstance(value, str):
            reading.problems.error(at, f"must be a string, not {kind_of(value)}")
        elif value in PERMISSIONS:
            granted.add(value)
        elif value not in _OTHER_PERMISSIONS:
            reading.problems.error(at, f"no permission “{value}”")
    return granted


def _limit_events(reading: Reading, events: dict[str, Row], data: dict[str, Any], path: str) -> list[Row]:
    found: dict[Row, None] = {}
    for at, value in reading.entries(data, "limit_events", path):
        row = events.get(value.lower()) if isinstance(value, str) else None
        if row is not None:
            found[row] = None
        else:
            shown = f"no event “{value}”" if isinstance(value, str) else f"must be a slug, not {kind_of(value)}"
            reading.problems.error(at, shown)
    return list(found)


def _read_token(reading: Reading, people: Part, team: Row, path: str, data: Any) -> None:
    values = reading.shape(resources.TEAM_TOKEN, data, path)
    if values is None:
        return
    hashed = read_secret(reading, data, path, "token")
    row = reading.add(people, kinds.TEAM_TOKEN, path, None, [*values, team, hashed])
    if hashed is KEEP:
        reading.secrets.append(
            Secret(kinds.TEAM_TOKEN, row, f"token “{values[0]}” of team “{team.values[0]}”", make_token())
        )


def read_secret(reading: Reading, data: dict[str, Any], path: str, key: str) -> Any:
    """The hash of a secret that is given plainly or as its hash; KEEP where it is not given."""
    hashed = reading.value(sha256, data, f"{key}_hash", path, KEEP)
    plain = reading.value(plain_key, data, key, path)
    if plain is None:
        return hashed
    if hashed is not KEEP:
        reading.problems.error(f"{path}.{key}", f"there is a {key}_hash too")
    return hash_token(plain)


def read_resellers(reading: Reading, people: Part, users: dict[str, Row], data: dict[str, Any]) -> None:
    """Reseller accounts with their members."""
    creator: Row | None = None
    for path, entry in reading.entries(data, "resellers", ""):
        values = reading.shape(resources.RESELLER, entry, path)
        if values is None:
            continue
        row = reading.add(people, kinds.RESELLER, path, None, values)
        people.links[links.RESELLER_MEMBERS].append((row, read_members(reading, users, entry, path)))
        if reading.flag(entry, "created_organizer", path, False):
            if creator is not None:
                reading.problems.error(f"{path}.created_organizer", f"{creator.path} created the organizer too")
            creator = row
    if creator is not None:
        people.links[links.RESELLER_ORGANIZERS].append((people.owner, [creator]))


def read_applications(reading: Reading, people: Part, users: dict[str, Row], data: dict[str, Any]) -> None:
    """Applications of the OAuth endpoints."""
    for path, entry in reading.entries(data, "oauth_applications", ""):
        values = reading.shape(resources.OAUTH_APPLICATION, entry, path)
        if values is None:
            continue
        for number, uri in enumerate(get_list(reading.problems, entry, "redirect_uris", path)):
            if not isinstance(uri, str) or ":" not in uri or any(char.isspace() for char in uri) or "#" in uri:
                reading.problems.error(f"{path}.redirect_uris[{number}]", "must be an absolute address without a #")
        owner = reading.value(strict_email, entry, "owner", path)
        if entry.get("owner") is None:
            reading.problems.error(f"{path}.owner", "is missing")
        elif owner is not None and owner.lower() not in users:
            reading.problems.error(f"{path}.owner", f"no user “{owner}”")
        client_id = reading.value(plain_key_100, entry, "client_id", path)
        if entry.get("client_id") is None:
            reading.problems.error(f"{path}.client_id", "is missing")
        secret = read_secret(reading, entry, path, "client_secret")
        user = users.get((owner or "").lower())
        row = reading.add(people, kinds.OAUTH_APPLICATION, path, None, [*values, user, client_id, secret])
        if secret is KEEP:
            reading.secrets.append(
                Secret(kinds.OAUTH_APPLICATION, row, f"client secret of application “{values[0]}”", make_token())
            )


def plain_key_100(value: Any) -> str:
    """A client id."""
    found: str = plain_key(text(100)(value))
    return found
