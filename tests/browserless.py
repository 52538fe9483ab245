"""A browser without a screen: the real forms, with the token against forgery that their page carries."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


def csrf_token(answer: TestResponse) -> str:
    """The token of the first form on a page."""
    found = _TOKEN.search(answer.data)
    assert found, f"no form in the answer {answer.status}: {answer.data[:500]!r}"
    return found.group(1).decode()


def post_form(
    client: FlaskClient, path: str, data: dict[str, Any] | None = None, *, page: str | None = None
) -> TestResponse:
    """Open ``page`` (by default ``path``), then send its form to ``path``."""
    opened = client.get(page or path)
    assert opened.status_code == 200, opened.status
    return client.post(path, data={"csrf_token": csrf_token(opened), **(data or {})})


def sign_in(client: FlaskClient, email: str, password: str = "correct horse battery") -> TestResponse:
    """Sign in as an organizer's member; the answer is the redirect home."""
    answer = post_form(client, "/login", {"email": email, "password": password})
    assert answer.status_code == 303, answer.data.decode()
    return answer


def sign_in_code(client: FlaskClient, code: str) -> TestResponse:
    """Sign in as an exhibitor; the answer is the redirect home."""
    answer = post_form(client, "/e/", {"code": code})
    assert answer.status_code == 303, answer.data.decode()
    return answer


def sign_out(client: FlaskClient) -> TestResponse:
    """Sign out, by the token of a page that everybody may open."""
    return post_form(client, "/logout", page="/e/")


def speak(client: FlaskClient, locale: str) -> None:
    """Choose the pages' language, which is otherwise the signed-in person's."""
    assert post_form(client, "/language", {"locale": locale}, page="/e/").status_code == 303
