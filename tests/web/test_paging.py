"""Pages of a list, on any count."""

from dataclasses import replace

import pytest
from flask import Flask

from portal.core.errors import NotFound
from portal.web.paging import read_page


@pytest.mark.parametrize(
    ("count", "query", "number", "size", "following", "previous"),
    [
        (0, "", 1, 50, None, None),
        (0, "page=1", 1, 50, None, None),
        (0, "page=last", 1, 50, None, None),
        (50, "", 1, 50, None, None),
        (51, "", 1, 50, "page=2", None),
        (51, "page=2", 2, 50, None, ""),
        (51, "page=last", 2, 50, None, ""),
        (10_000, "page=200", 200, 50, None, "page=199"),
        (10_000, "page=+7", 7, 50, "page=8", "page=6"),
        (10, "page_size=3&page=2", 2, 3, "page=3&page_size=3", "page_size=3"),
        (100, "page_size=51", 1, 50, "page=2&page_size=51", None),
        (100, "page_size=0", 1, 50, "page=2&page_size=0", None),
        (100, "page_size=-5", 1, 50, "page=2&page_size=-5", None),
        (100, "page_size=99999999999999999999999", 1, 50, "page=2&page_size=99999999999999999999999", None),
        (100, "b=2&a=1&b=1&z=", 1, 50, "a=1&b=2&b=1&page=2&z=", None),
    ],
)
def test_pages(
    app: Flask, count: int, query: str, number: int, size: int, following: str | None, previous: str | None
) -> None:
    with app.test_request_context(f"/api/x/?{query}", base_url="http://host.example:81"):
        page = read_page(count)
        envelope = page.envelope([])
    assert (page.number, page.size, envelope["count"]) == (number, size, count)
    base = "http://host.example:81/api/x/"
    assert envelope["next"] == (None if following is None else f"{base}?{following}")
    assert envelope["previous"] == (None if previous is None else f"{base}{'?' if previous else ''}{previous}")


@pytest.mark.parametrize("page", ["0", "-1", "3", "abc", "1.0", "1e1", "9" * 30, "%00", "Last", "²"])
def test_pages_that_do_not_exist(app: Flask, page: str) -> None:
    with app.test_request_context(f"/api/x/?page={page}"), pytest.raises(NotFound, match=r"^Invalid page\.$"):
        read_page(100)


def test_the_base_url_goes_before_the_host(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    public = replace(app.config["PORTAL"], base_url="https://portal.example.org")
    monkeypatch.setitem(app.config, "PORTAL", public)
    with app.test_request_context("/api/x/"):
        assert read_page(51).envelope([])["next"] == "https://portal.example.org/api/x/?page=2"
