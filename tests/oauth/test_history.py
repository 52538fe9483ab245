"""Every change of applications, access and resellers is a sentence, in both languages."""

import re
from pathlib import Path

import pytest
from flask import Flask

from portal.accounts.oauth.history import SENTENCES as ACCESS
from portal.core import clock
from portal.core.history import Change
from portal.resellers.history import SENTENCES as RESELLERS

SOURCES = Path(__file__).parents[2] / "portal"
DATA = {"application": "Planner", "name": "Planner", "email": "ada@example.org", "scopes": "read"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session")
def test_each_action_has_its_sentence(app: Flask) -> None:
    written = set()
    for folder in ("accounts/oauth", "resellers"):
        for file in (SOURCES / folder).glob("*.py"):
            written |= set(re.findall(r'"((?:access|application|reseller)\.[a-z_]+)"', file.read_text()))
    sentences = {**ACCESS, **RESELLERS}
    assert written == set(sentences)
    with app.test_request_context():
        for action, sentence in sentences.items():
            said = sentence(Change(clock.now(), "user", "Ada", action, "", None, dict(DATA)))
            assert said[0].isupper()
            assert "%(" not in said
            assert action == "access.reused" or "Planner" in said
        for scopes, word in (("write", "change"), ("read write", "see and change")):
            said = ACCESS["access.granted"](Change(clock.now(), "user", "Ada", "", "", None, DATA | {"scopes": scopes}))
            assert word in said
