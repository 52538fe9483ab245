"""Changes as sentences: each feature names its own actions, all others are read out as they are."""

from collections.abc import Callable, Mapping

from flask import Flask, current_app
from flask_babel import lazy_gettext

from portal.core.history import Change

Sentence = Callable[[Change], str]

#: Who is nobody with a name, by the label the log keeps.
_NAMELESS = {
    "command line": lazy_gettext("command line"),
    "system": lazy_gettext("the system"),
    "anonymous": lazy_gettext("somebody not signed in"),
}


def init_app(app: Flask, *supplied: Mapping[str, Sentence]) -> None:
    """Collect the features' sentences by action, and give templates the filters ``sentence`` and ``actor``."""
    app.extensions["portal_sentences"] = {action: words for each in supplied for action, words in each.items()}
    app.jinja_env.filters["sentence"] = sentence
    app.jinja_env.filters["actor"] = actor


def actor(change: Change) -> str:
    """Who did it: people and programs by their own names, all else in the reader's language."""
    if change.actor_kind in ("system", "anonymous"):
        return str(_NAMELESS.get(change.actor_label or change.actor_kind, change.actor_label))
    return change.actor_label


def sentence(change: Change) -> str:
    """What was done, without who did it: ``Blocked 12 seats``."""
    words: Sentence | None = current_app.extensions["portal_sentences"].get(change.action)
    if words is not None:
        return words(change)
    thing, _, done = change.action.partition(".")
    return f"{thing} {done}".replace("_", " ").strip().capitalize()
