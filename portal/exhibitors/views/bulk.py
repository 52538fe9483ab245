"""Pages that do something with many exhibitors, or with one: what it means is said first, then a form does it."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from portal.core.actors import EventScope
from portal.core.database import db
from portal.core.errors import DomainError, InvalidInput, NotFound
from portal.core.sentences import Sentence
from portal.exhibitors import overview
from portal.exhibitors.services import bulk, mailings, send, tags
from portal.exhibitors.views.listing import asked_ids, flag_names, sent_ids, url
from portal.exhibitors.views.organizer import blueprint
from portal.leads.figures import count_by_exhibitor
from portal.web import organizer as pages
from portal.web.access import actor, event_member, event_scope
from portal.web.filters import number
from portal.web.params import parse_id
from portal.web.urls import public_base, safe_next

MANAGE = "can_change_event_settings"
#: So many names are listed before the form.
NAMED = 12

Errors = Mapping[str, Sequence[str]]


def _titles() -> dict[str, tuple[str, str]]:
    """What can be done: its title, and its icon."""
    return {
        "send": (gettext("Send access codes"), "send"),
        "tags": (gettext("Change tags"), "tag"),
        "access": (gettext("Change access"), "lock-open"),
        "rotate": (gettext("Make new codes"), "rotate-ccw"),
        "delete": (gettext("Delete exhibitors"), "trash-2"),
    }


@blueprint.get("/bulk")
@event_member(MANAGE)
def ask(organizer: str, event: str) -> ResponseReturnValue:
    """Say what would be done with the exhibitors of the address, and ask what is needed for it."""
    scope = event_scope()
    rows = overview.chosen(scope.event_id, asked_ids(scope))
    return _page(scope, request.args.get("do", ""), rows, back=request.args.get("next", ""))


@blueprint.post("/bulk")
@event_member(MANAGE)
def do(organizer: str, event: str) -> ResponseReturnValue:
    """Do it, and go back to where it was asked for."""
    scope = event_scope()
    wanted, ids, back = request.form.get("do", ""), sent_ids(), request.form.get("next", "")
    if wanted not in _ACTIONS:
        raise NotFound("This page does not exist, or it is not yours.")
    try:
        target = _ACTIONS[wanted](scope, ids)
    except DomainError as refused:
        db.session.rollback()
        errors: Errors = (
            refused.fields if isinstance(refused, InvalidInput) else {"non_field_errors": [refused.message]}
        )
        rows = overview.chosen(scope.event_id, ids)
        return _page(scope, wanted, rows, back=back, errors=errors), 422
    db.session.commit()
    return redirect(target or safe_next(back) or url(scope, "index"), 303)


def _page(
    scope: EventScope, wanted: str, rows: list[overview.ChosenRow], *, back: str, errors: Errors | None = None
) -> str:
    titles = _titles()
    if wanted not in titles:
        raise NotFound("This page does not exist, or it is not yours.")
    ids = [row.id for row in rows]
    index = url(scope, "index")
    context: dict[str, Any] = {
        "wanted": wanted,
        "title": titles[wanted][0],
        "icon_name": titles[wanted][1],
        "rows": rows,
        "named": rows[:NAMED],
        "ids": ",".join(str(id_) for id_ in ids),
        "back": safe_next(back) or index,
        "errors": errors or {},
        "form": request.form,
        "index_url": index,
        "do_url": url(scope, "do"),
    }
    if rows:
        context |= _details(scope, wanted, rows)
    return pages.page("exhibitors/organizer/ask.html", **context)


def _details(scope: EventScope, wanted: str, rows: list[overview.ChosenRow]) -> dict[str, Any]:
    ids = [row.id for row in rows]
    if wanted == "send":
        reachable = [row for row in rows if row.contact_email]
        return {
            "reachable": reachable,
            "unreachable": [row for row in rows if not row.contact_email],
            "already": sum(row.code_sent is not None for row in reachable),
            "key": request.form.get("key") or secrets.token_urlsafe(24),
            "can_send": send.can_send(),
        }
    if wanted == "tags":
        return {"tag_choices": [(tag.id, tag.name) for tag in overview.tag_choices(scope.event_id)]}
    if wanted == "access":
        return {"flags": [(overview.FLAGS[flag].key, name) for flag, (name, _, _) in flag_names().items()]}
    if wanted == "delete":
        return {
            "lead_count": sum(count_by_exhibitor(ids).values()),
            "voucher_count": overview.voucher_total(ids),
            "typed": _typed(rows),
        }
    return {}


def _typed(rows: Sequence[overview.ChosenRow]) -> str:
    """What has to be typed before something is deleted: the one name, or how many they are."""
    return rows[0].name if len(rows) == 1 else str(len(rows))


# ------------------------------------------------------------------------------------------------------ the actions


def _send(scope: EventScope, ids: list[int]) -> str:
    mailing_id = mailings.start(
        actor=actor(),
        event=scope,
        exhibitor_ids=ids,
        key=request.form.get("key") or secrets.token_urlsafe(24),
        base_url=public_base(),
        again=request.form.get("only_new") != "1",
    )
    return url(scope, "mailing", mailing_id=mailing_id)


def _tags(scope: EventScope, ids: list[int]) -> None:
    chosen = [number for each in request.form.getlist("tags") if (number := parse_id(each))]
    new = request.form.get("new_tag", "").strip()
    add = request.form.get("way") != "remove"
    if new and add:
        try:
            chosen.append(tags.create_tag(actor=actor(), event=scope, name=new))
        except InvalidInput as refused:
            raise InvalidInput({"new_tag": refused.fields["name"]}) from None
    count = bulk.change_tags(actor=actor(), event=scope, exhibitor_ids=ids, tag_ids=chosen, add=add)
    _said(count)


def _access(scope: EventScope, ids: list[int]) -> None:
    values = {flag: request.form[flag] == "on" for flag in bulk.FLAGS if request.form.get(flag) in ("on", "off")}
    if not values:
        raise InvalidInput({"non_field_errors": [Sentence("Choose what to allow or to switch off.")]})
    _said(bulk.set_access(actor=actor(), event=scope, exhibitor_ids=ids, values=values))


def _said(count: int) -> None:
    message = ngettext("%(count)s exhibitor changed", "%(count)s exhibitors changed", count, count=number(count))
    flash(message if count else gettext("Nothing to change: it was so already."), "done")


def _rotate(scope: EventScope, ids: list[int]) -> None:
    kinds = [kind for kind in ("full", "scanning") if kind in request.form.getlist("kinds")]
    if not kinds:
        raise InvalidInput({"kinds": [Sentence("Choose which codes to replace.")]})
    count = bulk.rotate_many(actor=actor(), event=scope, exhibitor_ids=ids, kinds=kinds)
    flash(
        ngettext(
            "%(count)s exhibitor has new codes. The old ones open nothing any more.",
            "%(count)s exhibitors have new codes. The old ones open nothing any more.",
            count,
            count=number(count),
        ),
        "done",
    )


def _delete(scope: EventScope, ids: list[int]) -> str:
    rows = overview.chosen(scope.event_id, ids)
    typed = _typed(rows) if rows else ""
    if request.form.get("confirm", "").strip().lower() != typed.strip().lower():
        raise InvalidInput({"confirm": [Sentence("Type %(text)s to confirm. Nothing was deleted.", text=typed)]})
    count = bulk.delete_many(actor=actor(), event=scope, exhibitor_ids=[row.id for row in rows])
    flash(ngettext("%(count)s exhibitor deleted", "%(count)s exhibitors deleted", count, count=number(count)), "done")
    return url(scope, "index")


_ACTIONS: dict[str, Callable[[EventScope, list[int]], str | None]] = {
    "send": _send,
    "tags": _tags,
    "access": _access,
    "rotate": _rotate,
    "delete": _delete,
}
