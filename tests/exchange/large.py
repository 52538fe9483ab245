"""A large bundle: the sample with its orders copied, and names that are not ASCII."""

import sys
from pathlib import Path

import orjson

from tests.exchange.files import Json, sample


def write(file: Path, positions: int) -> None:
    """Write a bundle with so many positions."""
    data = sample()
    event = data["events"][0]
    templates: list[Json] = event["orders"]
    for number in range(positions - len(templates)):
        order = templates[number % len(templates)]
        position = order["positions"][0] | {
            "id": 1_000_000 + number,
            "order": f"X{number}",
            "secret": f"{number:032d}",
            "pseudonymization_id": f"B{number}",
            "seat": None,
            "attendee_name": f"Zoë Łukasz 🎪 {number}",
            "attendee_name_parts": {
                "_scheme": "given_family",
                "given_name": "Zoë",
                "family_name": f"Łukasz 🎪 {number}",
            },
        }
        event["orders"].append(order | {"code": f"X{number}", "positions": [position]})
    file.write_bytes(orjson.dumps(data))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
