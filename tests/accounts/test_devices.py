"""A browser in the few words that tell one's own devices apart."""

import pytest

from portal.accounts.devices import browser_of, is_handheld


@pytest.mark.parametrize(
    ("user_agent", "expected", "handheld"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/148.0 Safari/537.36", ("Chrome", "Linux"), False),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537 Edg/120", ("Edge", "Windows"), False),
        ("Mozilla/5.0 (Android 14; Mobile) Gecko/127.0 Firefox/127.0", ("Firefox", "Android"), True),
        ("Mozilla/5.0 (iPad) CriOS/120 Safari/604", ("Chrome", "iPad"), True),
        ("curl/8", ("", ""), False),
        ("", ("", ""), False),
    ],
)
def test_a_browser_by_what_it_says(user_agent: str, expected: tuple[str, str], handheld: bool) -> None:
    assert browser_of(user_agent) == expected
    assert is_handheld(user_agent) is handheld
