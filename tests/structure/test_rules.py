"""The house's own rules: every route says who may call it, every module says what belongs there."""

import ast
from pathlib import Path

import pytest
from flask import Flask

from portal.web.access import rule_of

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "portal").rglob("*.py"))


def test_every_route_declares_an_access_rule(migrated_app: Flask) -> None:
    missing = [
        f"{rule.rule} ({rule.endpoint})"
        for rule in migrated_app.url_map.iter_rules()
        if rule.endpoint != "static" and rule_of(migrated_app, rule.endpoint) is None
    ]
    assert missing == []


def test_a_route_without_a_rule_is_refused(config: object) -> None:
    from portal.app import create_app  # noqa: PLC0415 - an app of its own, with a route that forgot its rule

    app = create_app(config)  # type: ignore[arg-type]
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert b"secret" not in answer.data


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_belongs_there(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "no docstring"
    assert len(path.read_text().splitlines()) <= 400, "longer than 400 lines"
