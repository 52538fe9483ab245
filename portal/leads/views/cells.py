"""The forms in a list's rows: drawn once for each rating and each set of tags, then filled in for each lead."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup, escape

from portal.leads.queries import LeadRow

#: What stands for a lead's number and its person in a drawn form. The person goes in last: nothing in it is replaced.
_ID, _PERSON = "@lead-id@", "@lead-person@"


class Cells:
    """Of one answer: a page of fifty leads has six ratings and few sets of tags."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context
        self._drawn: dict[tuple[str, Any], str] = {}

    def rating(self, lead: LeadRow) -> Markup:
        """The stars."""
        return self._filled("leads/_rating.html", lead, lead.rating)

    def tags(self, lead: LeadRow) -> Markup:
        """The tags with their menu."""
        return self._filled("leads/_tags.html", lead, tuple(lead.tags))

    def no_note(self, lead: LeadRow) -> Markup:
        """The place of a note that is not there."""
        return self._filled("leads/_note.html", lead, "")

    def _filled(self, name: str, lead: LeadRow, key: Any) -> Markup:
        drawn = self._drawn.get((name, key))
        if drawn is None:
            stand_in = SimpleNamespace(id=_ID, name=_PERSON, rating=lead.rating, tags=lead.tags, notes=lead.notes)
            template = current_app.jinja_env.get_template(name)
            drawn = self._drawn[name, key] = template.render({**self._context, "lead": stand_in})
        person = lead.name or gettext("Lead %(number)s", number=lead.id)
        return Markup(drawn.replace(_ID, str(lead.id)).replace(_PERSON, str(escape(person))))  # noqa: S704 - escaped
