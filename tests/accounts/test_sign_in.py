"""Signing in with e-mail and password: what a stranger learns (nothing), and what a member gets."""

import pytest
from flask.testing import FlaskClient

from tests.browserless import post_form, sign_in
from tests.fair import Fair


def test_a_member_signs_in_and_goes_home(client: FlaskClient, fair: Fair) -> None:
    answer = sign_in(client, fair.organizer_email)
    assert answer.location == "/organizer/"
    assert client.get("/").location == "/organizer/"
    assert client.get("/login").location == "/organizer/"


@pytest.mark.parametrize("email", ["nobody@example.org", "ada@example.org"])
def test_a_wrong_answer_is_one_answer(client: FlaskClient, fair: Fair, email: str) -> None:
    answer = post_form(client, "/login", {"email": email, "password": "wrong wrong"})
    assert answer.status_code == 422
    assert "do not belong together" in answer.text
