"""Tables that only connect two others."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import team_events, team_members
from portal.checkin.models import checkin_list_items, device_items
from portal.events.models import question_items
from portal.exhibitors.models import exhibitor_tag_links
from portal.resellers.models import reseller_members, reseller_organizers
from portal.tickets.models import answer_options


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A connecting table: the rows on the left own their set of rows on the right."""

    table: sa.Table
    left: str
    right: str


TEAM_MEMBERS = Link(team_members, "team_id", "user_id")
TEAM_EVENTS = Link(team_events, "team_id", "event_id")
RESELLER_MEMBERS = Link(reseller_members, "reseller_id", "user_id")
RESELLER_ORGANIZERS = Link(reseller_organizers, "organizer_id", "reseller_id")
QUESTION_ITEMS = Link(question_items, "question_id", "item_id")
LIST_ITEMS = Link(checkin_list_items, "list_id", "item_id")
DEVICE_ITEMS = Link(device_items, "device_id", "item_id")
EXHIBITOR_TAGS = Link(exhibitor_tag_links, "exhibitor_id", "tag_id")
ANSWER_OPTIONS = Link(answer_options, "answer_id", "option_id")
