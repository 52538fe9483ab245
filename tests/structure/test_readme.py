"""The README is true: its settings are all there are, its files and pictures exist."""

import re
from pathlib import Path

from portal.config import SETTINGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(setting.name, setting.default, setting.meaning) for setting in SETTINGS]


def test_everything_it_links_to_exists() -> None:
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert linked
    assert [target for target in linked if not (ROOT / target).exists()] == []


def test_the_first_screen_shows_how_to_start() -> None:
    top = "\n".join(README.splitlines()[:25])
    assert "make run" in top
    assert "make test" in top
    assert top.count("![") == 2
