"""HEAD answers what GET answers: a form's page is not sent by a request that only asks whether it is there."""

from flask import Flask
from flask.testing import FlaskClient

from tests.browserless import sign_in
from tests.fair import Fair
from tests.routes import all_routes, furnish


def test_a_form_asked_for_by_head_is_shown_and_not_sent(app: Flask, client: FlaskClient, fair: Fair) -> None:
    with app.app_context():
        routes = all_routes(app, furnish(fair))
    pages = [route for route in routes if route.rule.browser]
    shown = {route.path for route in pages if route.method == "GET"}
    forms = sorted({route.path for route in pages if route.method == "POST"} & shown)
    assert len(forms) > 20
    sign_in(client, fair.organizer_email)
    answers = {path: (client.get(path).status_code, client.head(path).status_code) for path in forms}
    assert {path: both for path, both in answers.items() if both[0] != both[1]} == {}
