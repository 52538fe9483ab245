"""What a browser says it is, in the few words that tell one's own devices apart."""

import re

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
_PHONES = frozenset(("iPhone", "iPad", "Android"))


def browser_of(user_agent: str) -> tuple[str, str]:
    """The browser and the system of a ``User-Agent``; empty where they are not known."""
    browser = next((name for sign, name in _BROWSERS if re.search(rf"{sign}\w*/", user_agent)), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return browser, system


def is_handheld(user_agent: str) -> bool:
    """Whether it looks like a phone or a tablet."""
    return browser_of(user_agent)[1] in _PHONES
