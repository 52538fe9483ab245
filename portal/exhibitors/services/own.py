"""What an exhibitor changes about itself: the language of its mails and of the labels in its app."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal.core import audit, clock
from portal.core.actors import Actor, ExhibitorScope
from portal.core.errors import InvalidInput
from portal.core.sentences import Sentence
from portal.core.statements import run
from portal.exhibitors.queries import EXHIBITORS, lock_exhibitor


def choose_language(*, actor: Actor, exhibitor: ExhibitorScope, locale: str, offered: Sequence[str]) -> None:
    """Set the exhibitor's language. Raises `InvalidInput` for one that is not offered."""
    if locale not in offered:
        raise InvalidInput({"locale": [Sentence("Choose one of the languages.")]})
    before = lock_exhibitor(exhibitor.event_id, exhibitor.exhibitor_id)["locale"]
    if before == locale:
        return
    change = sa.update(EXHIBITORS).where(EXHIBITORS.c.id == exhibitor.exhibitor_id)
    run(change.values(locale=locale, modified=clock.now()))
    audit.record(
        actor=actor,
        action="exhibitor.language_chosen",
        organizer_id=exhibitor.organizer_id,
        event_id=exhibitor.event_id,
        object_kind="exhibitor",
        object_id=exhibitor.exhibitor_id,
        data={"locale": [before, locale]},
    )
