"""Changes of events and of their parts as sentences."""

from collections.abc import Callable, Mapping

from flask_babel import gettext

from portal.core.history import Change
from portal.web.filters import localised
from portal.web.history import Sentence


def _event_created(_change: Change) -> str:
    return gettext("Created the event")


def _event_changed(_change: Change) -> str:
    return gettext("Changed the event's settings")


def _event_copied(change: Change) -> str:
    return gettext("Took over settings, products and questions of %(event)s", event=change.data.get("source", ""))


def _named(words: Callable[[str], str]) -> Sentence:
    def say(change: Change) -> str:
        return words(localised(change.data.get("name") or change.data.get("question") or {}))

    return say


SENTENCES: Mapping[str, Sentence] = {
    "event.created": _event_created,
    "event.changed": _event_changed,
    "event.copied": _event_copied,
    "product.created": _named(lambda name: gettext("Added the product “%(name)s”", name=name)),
    "product.changed": _named(lambda name: gettext("Changed the product “%(name)s”", name=name)),
    "product.deleted": _named(lambda name: gettext("Deleted the product “%(name)s”", name=name)),
    "question.created": _named(lambda name: gettext("Added the question “%(name)s”", name=name)),
    "question.changed": _named(lambda name: gettext("Changed the question “%(name)s”", name=name)),
    "question.deleted": _named(lambda name: gettext("Deleted the question “%(name)s”", name=name)),
    "date.created": _named(lambda name: gettext("Added the date “%(name)s”", name=name)),
    "date.changed": _named(lambda name: gettext("Changed the date “%(name)s”", name=name)),
    "date.deleted": _named(lambda name: gettext("Deleted the date “%(name)s”", name=name)),
}
