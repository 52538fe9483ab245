"""What a real server answered, to compare the portal's answers with."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data" / "recordings"
BASE = "/api/v1/organizers/bigevents/events/sampleconf"
HOST = "https://pretix.example.org"


def entries(group: str, *, without: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The recorded exchanges of a group. ``without`` leaves out some by name: faults, and what is decided anew."""
    recorded: list[dict[str, Any]] = json.loads((FOLDER / f"{group}.json").read_text())["entries"]
    return [entry for entry in recorded if entry["name"] not in without]
