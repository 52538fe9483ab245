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

#: Names with an initial for the tag, where there is one.
_NAMES = (
    "G:Blauwal Logistik GmbH, G:Harbourstone Payments Ltd, G:Lumen & Töchter AG, S:Quillfeather Press, S:Ottersprung Software GmbH, "
    "S:Zephyr Kältetechnik, S:Papierflieger Druckerei eG, S:Grindlewood Analytics Ltd, S:Café Übermut Catering, U:Mondkalb Robotics UG, "
    "U:Tiny Lighthouse Labs, U:Sturmglas Sensorik, U:Nebelkrähe Audio, U:Puddleduck Mobility, U:Moosgrün Energie, U:Ferrofluss, "
    "U:Kite & Kettle, M:Der Wandelgang (Magazin), M:Radio Fernblick, M:The Evening Pigeon, :Brückenkopf Bühnentechnik GmbH, "
    ":Wolkenkuckuck Cloud GmbH, :Steckenpferd Spielwaren, :Thistledown Textiles, :Öl & Essig Feinkost, :Merrymeet Badges Ltd, "
    ":Querfeldein Reisen GmbH, :Zilvermeeuw Optiek B.V., :Petitpont Mobilier SARL, :Fjordlys Belysning A/S, :Björkdal Möbler AB, "
    ":Kupferkiesel Schmuck, :Tintenfisch Verlag, :Rundumschlag Paukenbau, :Złotyklon Gry S.A., :Marebello Gelato, "
    ":Sakurazaka Stationery, :Luzverde Iluminación, :Hollyhock Gardens, :Leuchtturm Consulting OHG"
).split(", ")
_TAG_OF = {"G": [GOLD], "S": [SILVER], "U": [START_UP], "M": [MEDIA], "": []}

_DEVICES = ("Booth tablet", "Front desk phone", "Team phone", "Spare phone", "Stand-Tablet", "Messehandy", "Counter iPad")


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
    for number, entry in enumerate(_NAMES, 2):
        initial, name = entry.split(":", 1)
        person = people.someone()
        domain = f"{plain(name.replace('&', ' ').split('(')[0]).replace('--', '-').replace('.', '')}.{EXAMPLE_DOMAINS[number % 3]}"
        row: Json = {
            "id": number,
            "name": name,
            "internal_id": f"EX-{1000 + number}" if number % 3 else None,
            "contact_name": compose(person.parts),
            "contact_name_parts": person.parts,
            "contact_email": f"{person.mailbox}@{domain}",
            "contact_cc_email": f"events@{domain}" if rng.random() < 0.3 else None,
            "booth": booths[number - 2],
            "locale": "en" if name.isascii() and rng.random() < 0.7 else "de",
            "access_code": full.next(),
            "lead_scanning_access_code": scanning.next(),
            "lead_scanning_scope_by_device": name.startswith("Wolkenkuckuck"),
            "allow_lead_scanning": not name.startswith("Der Wandelgang"),
            "allow_lead_access": not name.startswith("Marebello"),
            "allow_voucher_access": not name.startswith("Tintenfisch"),
            "comment": rng.choice(("Needs power until midnight", "Invoice to head office", "Booth moved from D3")) if rng.random() < 0.15 else "",
            "exhibitor_tags": _TAG_OF[initial],
        }
        leads = round(5 + 115 * rng.random() ** 1.8) if row["allow_lead_scanning"] else 0
        exhibitors.append(Exhibitor(row, _phones(rng, 1 + (leads > 25) + (leads > 70)), leads))
    return exhibitors
