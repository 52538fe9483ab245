"""What only a real server and a real connection show: bodies that nobody reads, and bodies in chunks."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.conftest import Site

pytestmark = pytest.mark.parametrize("site", ["sqlite"], indirect=True)
#: Larger than the limit of the default settings.
TOO_LARGE = 12 * 1024 * 1024


def answer_of(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer on a connection."""
    read = connection.makefile("rb")
    status = int(read.readline().split()[1])
    headers = dict(line.decode().strip().lower().split(": ", 1) for line in iter(read.readline, b"\r\n"))
    return status, read.read(int(headers["content-length"]))


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/pretixdroid/api/bigevents/sampleconf/redeem/?key=wrong", "application/x-www-form-urlencoded", 403),
        ("/pretixdroid/api/bigevents/nothing/redeem/?key=wrong", "application/x-www-form-urlencoded", 404),
        ("/exhibitors/api/v1/leads/", "application/json", 401),
        ("/exhibitors/api/v1/profile/", "application/json", 405),
        ("/login", "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_refused_request_leaves_its_connection_open(site: Site, path: str, kind: str, status: int) -> None:
    place = urlsplit(site.url)
    body = b"secret=abcdefghijklmnopqrstuvwxyz" * 50
    lines = f"POST {path} HTTP/1.1", f"Host: {place.netloc}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"
    head = "\r\n".join((*lines, "", ""))
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as connection:
        for _ in range(5):
            connection.sendall(head.encode())
            time.sleep(0.02)  # as on a network: the server may know its answer before the body is there
            connection.sendall(body)
            assert answer_of(connection)[0] == status
        connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        assert answer_of(connection)[0] == 200


def pieces(body: bytes) -> Iterator[bytes]:
    """A body as it is sent in chunks."""
    yield from (body[at : at + 65536] for at in range(0, len(body), 65536))


def sent_in_chunks(site: Site, method: str, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
    """The answer to a body whose length nobody says beforehand."""
    headers = {"Authorization": f"Token {site.facts.team_token}", "Content-Type": kind, "Transfer-Encoding": "chunked"}
    with closing(HTTPConnection(urlsplit(site.url).netloc, timeout=60)) as connection:
        connection.request(method, path, pieces(body), headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, answer.read()


def shown(site: Site, path: str) -> Any:
    """What the API says of something."""
    with closing(HTTPConnection(urlsplit(site.url).netloc, timeout=20)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Token {site.facts.team_token}"})
        return json.loads(connection.getresponse().read())


def test_a_body_in_chunks_is_whole_or_refused(site: Site) -> None:
    exhibitors = "/api/v1/organizers/bigevents/events/sampleconf/exhibitors/"
    kind = "application/x-www-form-urlencoded"
    one = shown(site, exhibitors)["results"][0]
    path = f"{exhibitors}{one['id']}/"
    for body in (b"comment=" + b"x" * TOO_LARGE + b"&name=Last", b'{"comment": "x"}' + b" " * TOO_LARGE):
        sent_as = kind if body.startswith(b"comment") else "application/json"
        status, found = sent_in_chunks(site, "PATCH", path, body, sent_as)
        assert (status, json.loads(found)) == (413, {"detail": "The request is too large."})
    assert shown(site, path) == one
    status, found = sent_in_chunks(site, "PATCH", path, b'{"comment": "By the door"}', "application/json")
    assert (status, json.loads(found)["comment"]) == (200, "By the door")
    status, found = sent_in_chunks(site, "PATCH", path, f"comment={one['comment']}".encode(), kind)
    assert (status, json.loads(found)["comment"]) == (200, one["comment"])
