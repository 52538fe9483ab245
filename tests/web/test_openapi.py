"""The description of the API is true, complete, and can be browsed and written."""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.fair import Fair

EVENT = "/api/v1/organizers/{organizer}/events/{event}"


@pytest.fixture
def description(client: FlaskClient) -> dict:
    """What anybody may read."""
    response = client.get("/api/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json")
    return response.get_json()


def test_every_rest_door_is_described(app: Flask, description: dict) -> None:
    assert description["openapi"] == "3.1.0"
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/organizers/"):
            continue
        path = rule.rule.replace("<id:", "<").replace("<", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = description["paths"][path][method.lower()]
            assert operation["summary"], (path, method)
            assert operation["security"][0] == {"team_token": []}
            assert {"401", "403", "406"} <= set(operation["responses"])
            named = {
                entry["name"] for entry in operation["parameters"] + description["paths"][path].get("parameters", [])
            }
            assert {part[1:-1] for part in path.split("/") if part.startswith("{")} <= named, (path, named)


def test_the_reseller_api_is_for_applications(app: Flask, description: dict) -> None:
    paths = {path: item for path, item in description["paths"].items() if path.startswith("/api/v1/var/")}
    assert set(paths) == {"/api/v1/var/", "/api/v1/var/{reseller_id}/", "/api/v1/var/{reseller_id}/create_organizer/"}
    for path, item in paths.items():
        for method in item.keys() & {"get", "post"}:
            scope = "write" if method == "post" else "read"
            assert item[method]["security"] in ([{"oauth2": [scope]}], [{"oauth2": []}])
            assert {"401", "403", "404"} <= set(item[method]["responses"]), path
    created = paths["/api/v1/var/{reseller_id}/create_organizer/"]["post"]
    assert {"201", "400", "409"} <= set(created["responses"])
    flow = description["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    addresses = {rule.rule for rule in app.url_map.iter_rules()}
    assert {flow["authorizationUrl"], flow["tokenUrl"], flow["refreshUrl"]} <= addresses
    assert set(flow["scopes"]) == {"read", "write"}


def test_the_doors_of_applications_are_described(description: dict) -> None:
    scheme = description["components"]["securitySchemes"]["oauth_client"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "basic")
    for door in ("token", "revoke_token"):
        operation = description["paths"][f"/api/v1/oauth/{door}"]["post"]
        assert operation["security"] == [{"oauth_client": []}]
        assert set(operation["requestBody"]["content"]) == {"application/x-www-form-urlencoded"}
        assert set(operation["responses"]) == {"200", "400", "401", "405", "413", "429", "500"}
    asked = description["paths"]["/api/v1/oauth/authorize"]
    assert {"client_id", "redirect_uri", "code_challenge"} <= {each["name"] for each in asked["get"]["parameters"]}
    assert set(asked["get"]["responses"]) == {"200", "302", "303", "400", "405", "500"}
    assert {"302", "400", "422"} <= set(asked["post"]["responses"])


def test_lists_say_what_they_take(description: dict) -> None:
    operation = description["paths"][f"{EVENT}/seats/"]["get"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"page", "page_size", "zone_name", "blocked", "is_available", "expand", "If-None-Match"} <= names
    assert {"200", "304", "400", "404"} <= set(operation["responses"])
    envelope = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert envelope["properties"]["results"]["items"] == {"$ref": "#/components/schemas/Seat"}


def test_every_reference_leads_somewhere(description: dict) -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                target: object = description
                for part in reference.removeprefix("#/").split("/"):
                    assert isinstance(target, dict)
                    target = target[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(description)


def test_answers_are_as_described(client: FlaskClient, fair: Fair, description: dict) -> None:
    """The fields of real answers are those of the schemas."""
    seat = client.get(f"{fair.base}/seats/{fair.seats[0]}/?expand=orderposition", headers=fair.auth()).get_json()
    voucher = client.get(f"{fair.base}/vouchers/{fair.vouchers[0]}/", headers=fair.auth()).get_json()
    schemas = description["components"]["schemas"]
    for name, found in (("Seat", seat), ("Voucher", voucher), ("OrderPosition", seat["orderposition"])):
        assert list(schemas[name]["properties"]) == list(found), name
        assert set(schemas[name]["required"]) == set(found), name


def test_the_command_writes_the_same(app: Flask, description: dict, tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    runner = app.test_cli_runner()
    assert runner.invoke(args=["openapi", "write", str(file)]).exit_code == 0
    assert json.loads(file.read_text()) == description
    printed = runner.invoke(args=["openapi", "write"])
    assert (printed.exit_code, json.loads(printed.stdout)) == (0, description)


def test_the_page_loads_only_vendored_files(client: FlaskClient) -> None:
    for path in ("/api/docs", "/api/docs/"):
        page = client.get(path)
        assert page.status_code == 200
        text = page.get_data(as_text=True)
        assert "/static/vendor/swagger-ui/swagger-ui-bundle.js" in text
        assert "https://" not in text
        assert "<style" not in text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy.split("style-src")[0]
