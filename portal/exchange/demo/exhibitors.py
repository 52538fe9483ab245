"""The exhibitors: the contract's own, and others whose names nobody bears."""

import random
from dataclasses import dataclass

from portal.core.codes import ALPHABET, FULL_CODE_LENGTH, SCANNING_CODE_LENGTH
from portal.core.names import compose
from portal.exchange.demo.facts import DemoFacts
from portal.exchange.demo.kit import Codes, Json, dice, uuid
from portal.exchange.demo.names import People, plain
from portal.exchange.demo.places import EXAMPLE_DOMAINS

GOLD, SILVER, START_UP, MEDIA = "Gold Sponsor", "Silver Sponsor", "Start-up", "Media partner"
TAGS = (GOLD, SILVER, START_UP, MEDIA)

#: Names by tag and language.
_NAMES: tuple[tuple[str | None, str, str], ...] = (
    (GOLD, "de", "Blauwal Logistik GmbH, Lumen & Töchter AG"),
    (GOLD, "en", "Harbourstone Payments Ltd"),
    (SILVER, "de", "Ottersprung Software GmbH, Zephyr Kältetechnik, Papierflieger Druckerei eG, Café Übermut Catering"),
    (SILVER, "en", "Quillfeather Press, Grindlewood Analytics Ltd"),
    (START_UP, "de", "Mondkalb Robotics UG, Sturmglas Sensorik, Nebelkrähe Audio, Moosgrün Energie, Ferrofluss"),
    (START_UP, "en", "Tiny Lighthouse Labs, Puddleduck Mobility, Kite & Kettle"),
    (MEDIA, "de", "Der Wandelgang (Magazin), Radio Fernblick"),
    (MEDIA, "en", "The Evening Pigeon"),
    (
        None,
        "de",
        "Brückenkopf Bühnentechnik GmbH, Wolkenkuckuck Cloud GmbH, Steckenpferd Spielwaren, Öl & Essig Feinkost",
    ),
    (None, "de", "Querfeldein Reisen GmbH, Kupferkiesel Schmuck, Tintenfisch Verlag, Rundumschlag Paukenbau"),
    (None, "de", "Leuchtturm Consulting OHG"),
    (None, "en", "Thistledown Textiles, Merrymeet Badges Ltd, Zilvermeeuw Optiek B.V., Petitpont Mobilier SARL"),
    (None, "en", "Fjordlys Belysning A/S, Björkdal Möbler AB, Złotyklon Gry S.A., Marebello Gelato, Hollyhock Gardens"),
    (None, "en", "Sakurazaka Stationery, Luzverde Iluminación"),
)

#: Who lacks one of the permissions.
_NO_SCANNING, _NO_LEADS, _NO_VOUCHERS = "Der Wandelgang (Magazin)", "Marebello Gelato", "Tintenfisch Verlag"
_BY_DEVICE = "Wolkenkuckuck Cloud GmbH"

_COMMENTS = ("Needs power until midnight", "Invoice to head office", "Booth moved from D3", "")
_DEVICES = (
    "Booth tablet",
    "Front desk phone",
    "Team phone",
    "Spare phone",
    "Stand-Tablet",
    "Messehandy",
    "Counter iPad",
)


@dataclass(frozen=True, slots=True)
class Exhibitor:
    """An exhibitor's row, its phones (name and uuid), and how many leads they scan."""

    row: Json
    devices: tuple[tuple[str, str], ...]
    leads: int


def _aperture(facts: DemoFacts) -> Json:
    parts = {
        "_scheme": "salutation_title_given_family",
        "family_name": "Johnson",
        "given_name": "Cave",
        "salutation": "",
        "title": "Dr",
    }
    return {
        "id": 1,
        "name": facts.exhibitor,
        "internal_id": None,
        "contact_name": compose(parts),
        "contact_name_parts": parts,
        "contact_email": "johnson@as.example.org",
        "contact_cc_email": "miller@as.example.org,smith@as.example.org",
        "booth": "A2",
        "locale": "de",
        "access_code": facts.access_code,
        "lead_scanning_access_code": facts.lead_scanning_access_code,
        "lead_scanning_scope_by_device": False,
        "allow_lead_scanning": True,
        "allow_lead_access": True,
        "allow_voucher_access": True,
        "comment": "",
        "exhibitor_tags": [GOLD],
    }


def _phones(rng: random.Random, count: int) -> tuple[tuple[str, str], ...]:
    return tuple((name, uuid(rng)) for name in rng.sample(_DEVICES, count))


def build_exhibitors(facts: DemoFacts) -> list[Exhibitor]:
    """All exhibitors, the contract's first; booths run through the aisles A to D."""
    rng = dice("exhibitors")
    people = People(rng)
    taken = (facts.access_code, facts.lead_scanning_access_code)
    full, scanning = (Codes(rng, ALPHABET, length, taken) for length in (FULL_CODE_LENGTH, SCANNING_CODE_LENGTH))
    phones = (("Messe-Tablet", uuid(rng)), ("Handy Cave", uuid(rng)), ("Handy Caroline", uuid(rng)))
    exhibitors = [Exhibitor(_aperture(facts), phones, 220)]
    booths = [f"{aisle}{number}" for number in range(1, 13) for aisle in "ABCD" if f"{aisle}{number}" != "A2"]
    names = [(name, tag, locale) for tag, locale, joined in _NAMES for name in joined.split(", ")]
    rng.shuffle(names)
    for number, (name, tag, locale) in enumerate(names, 2):
        person = people.someone()
        domain = f"{plain(name)}.{EXAMPLE_DOMAINS[number % 3]}"
        row: Json = {
            "id": number,
            "name": name,
            "internal_id": f"EX-{1000 + number}" if number % 3 else None,
            "contact_name": compose(person.parts),
            "contact_name_parts": person.parts,
            "contact_email": f"{person.mailbox}@{domain}",
            "contact_cc_email": f"events@{domain}" if rng.random() < 0.3 else None,
            "booth": booths[number - 2],
            "locale": locale,
            "access_code": full.next(),
            "lead_scanning_access_code": scanning.next(),
            "lead_scanning_scope_by_device": name == _BY_DEVICE,
            "allow_lead_scanning": name != _NO_SCANNING,
            "allow_lead_access": name != _NO_LEADS,
            "allow_voucher_access": name != _NO_VOUCHERS,
            "comment": rng.choice(_COMMENTS) if rng.random() < 0.2 else "",
            "exhibitor_tags": [tag] if tag else [],
        }
        leads = round(5 + 115 * rng.random() ** 1.8) if row["allow_lead_scanning"] else 0
        exhibitors.append(Exhibitor(row, _phones(rng, 1 + (leads > 25) + (leads > 70)), leads))
    return exhibitors
