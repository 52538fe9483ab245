"""The house's own rule: every route says who may call it."""

from dataclasses import replace

import pytest

from portal.app import create_app
from portal.config import Config
from portal.web.access import rule_of


@pytest.mark.parametrize("env", ["production", "development"])
def test_every_route_declares_an_access_rule(env: str, config: Config) -> None:
    app = create_app(replace(config, env=env))
    missing = [
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and rule_of(app, rule.endpoint) is None
    ]
    assert missing == []
    assert env == "production" or "dev.parts" in app.view_functions


def test_a_route_without_a_rule_is_refused(config: Config) -> None:
    app = create_app(config)  # an app of its own, with a route that forgot its rule
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert b"secret" not in answer.data
