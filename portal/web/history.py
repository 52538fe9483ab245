"""Changes as sentences: each feature names its own actions, all others are read out as they are."""

from collections.abc import Callable, Mapping

from flask import Flask, current_app

from portal.core.history import Change

Sentence = Callable[[Change], str]


def init_app(app: Flask, *supplied: Mapping[str, Sentence]) -> None:
    """Collect the features' sentences by action, and give templates the filter ``sentence``."""
    app.extensions["portal_sentences"] = {action: words for each in supplied for action, words in each.items()}
    app.jinja_env.filters["sentence"] = sentence


def sentence(change: Change) -> str:
    """What was done, without who did it: ``Blocked 12 seats``."""
    words: Sentence | None = current_app.extensions["portal_sentences"].get(change.action)
    if words is not None:
        return words(change)
    thing, _, done = change.action.partition(".")
    return f"{thing} {done}".replace("_", " ").strip().capitalize()
