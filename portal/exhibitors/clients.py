"""What a code was used from, in a few words: the browser and its system, or the app."""

import re

from flask_babel import gettext

#: A browser names those that it resembles too: the first that fits is it.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_PROGRAM = re.compile(r"[\w .-]{1,40}(/[\w.+-]{1,20})?")
#: How an app's stamp is marked: it may look like a browser to the outside.
APP = "app: "


def client_name(user_agent: str | None) -> str:
    """Such as ``Firefox on Windows`` or ``App pretixLEAD/1.4``; empty for nothing."""
    if not user_agent:
        return ""
    agent = user_agent.removeprefix(APP)
    if user_agent.startswith(APP):
        program = _PROGRAM.match(agent)
        return gettext("App %(name)s", name=program[0].strip()) if program and agent != "" else gettext("App")
    browser = next((name for mark, name in _BROWSERS if mark in agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    if browser and system:
        return gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or agent[:60]
