"""Leads: whom the exhibitors met in the two days of the fair, and what they noted."""

import random
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.exchange.demo.catalog import settings
from portal.exchange.demo.exhibitors import Exhibitor
from portal.exchange.demo.kit import Fair, Json, dice, stamp, weighted
from portal.exchange.demo.notes import some_note

#: A fair's day: how busy each hour is. Today ends where the demo begins.
_HOURS: tuple[tuple[tuple[int, int], float], ...] = (
    ((-1, 10), 0.7),
    ((-1, 11), 1.6),
    ((-1, 12), 0.8),
    ((-1, 13), 0.7),
    ((-1, 14), 1.5),
    ((-1, 15), 1.2),
    ((-1, 16), 0.8),
    ((-1, 17), 0.3),
    ((0, 9), 0.2),
    ((0, 10), 0.9),
    ((0, 11), 1.6),
    ((0, 12), 0.8),
    ((0, 13), 0.8),
    ((0, 14), 1.4),
)
_RATINGS: tuple[tuple[int | None, float], ...] = ((None, 30), (0, 4), (1, 6), (2, 11), (3, 20), (4, 20), (5, 11))
_TAGS: list[str] = settings()["lead_tags"]


class Badges:
    """Who is in the halls at a given moment."""

    def __init__(self, came: Sequence[tuple[datetime, Json]]) -> None:
        ordered = sorted(came, key=lambda entry: entry[0])
        self._moments = [moment for moment, _ in ordered]
        self._secrets = [str(ticket["secret"]) for _, ticket in ordered]

    def someone(self, rng: random.Random, moment: datetime) -> str | None:
        """The secret of somebody who came in ten minutes ago or earlier."""
        here = bisect_left(self._moments, moment - timedelta(minutes=10))
        return self._secrets[rng.randrange(here)] if here else None


def _lead(
    rng: random.Random, fair: Fair, exhibitor: Exhibitor, secret: str, scanned: datetime, device: tuple[str, str]
) -> Json:
    offline = rng.random() < 0.08
    delay = timedelta(minutes=rng.randrange(5, 90)) if offline else timedelta(seconds=rng.randrange(1, 5))
    rating = weighted(rng, _RATINGS)
    keen = (rating or 0) >= 4
    name, identifier = device
    return {
        "secret": secret,
        "notes": some_note(rng, _language(rng, exhibitor)) if rng.random() < (0.75 if keen else 0.4) else "",
        "rating": rating,
        "tags": sorted(rng.sample(_TAGS, weighted(rng, ((0, 45), (1, 40), (2, 15)))), key=_TAGS.index),
        "scanned": stamp(scanned),
        "first_upload": stamp(max(scanned, min(scanned + delay, fair.now - timedelta(minutes=1)))),
        "device_name": name,
        "device_uuid": identifier,
    }


def _language(rng: random.Random, exhibitor: Exhibitor) -> str:
    own = str(exhibitor.row["locale"])
    return own if rng.random() < 0.8 else {"de": "en", "en": "de"}[own]


def _moment(rng: random.Random, fair: Fair) -> datetime:
    day, hour = weighted(rng, _HOURS)
    return fair.at(day, hour, rng.randrange(60 if (day, hour) != (0, 14) else 55), rng.randrange(60))


def scan_leads(fair: Fair, exhibitors: list[Exhibitor], badges: Badges) -> None:
    """Gives each exhibitor the leads, each attendee once (or once a device, where devices count alone)."""
    for exhibitor in exhibitors:
        rng = dice(f"leads {exhibitor.row['id']}")
        met: set[str] = set()
        leads: list[Json] = []
        while len(met) < exhibitor.leads:
            moment = _moment(rng, fair)
            secret = badges.someone(rng, moment)
            if secret is None or secret in met:
                continue
            met.add(secret)
            first, *others = rng.sample(exhibitor.devices, len(exhibitor.devices))
            leads.append(_lead(rng, fair, exhibitor, secret, moment, first))
            if others and exhibitor.row["lead_scanning_scope_by_device"] and rng.random() < 0.15:
                again = min(moment + timedelta(minutes=rng.randrange(2, 40)), fair.now - timedelta(minutes=2))
                leads.append(_lead(rng, fair, exhibitor, secret, again, others[0]))
        exhibitor.row["leads"] = sorted(leads, key=lambda lead: (lead["scanned"], lead["secret"]))
