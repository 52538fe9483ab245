"""Every part of the front end on one page, in all its states; registered in development only."""

from datetime import timedelta
from typing import Any

import segno
from flask import Blueprint, Response, abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import default_exceptions

from portal.core import clock
from portal.web.access import public

blueprint = Blueprint("dev", __name__, url_prefix="/dev")

HOURS = [
    ("9:00", 14),
    ("10:00", 38),
    ("11:00", 61),
    ("12:00", 44),
    ("13:00", 29),
    ("14:00", 57),
    ("15:00", 48),
    ("16:00", 31),
]
WEEK = [3, 8, 12, 9, 17, 24, 31]
PEOPLE = [
    ("Chell Redacted", "Aperture Science", 5, ["Hot lead", "Portal gun"], "done"),
    ("Gordon Freeman", "Black Mesa Research Facility", 4, ["Call back"], "waiting"),
    ("Eli Vance", "Black Mesa Research Facility", 0, [], ""),
    ("Wallace Breen-Schönberger of the Upper Administration", "Universal Union", 1, ["No budget"], "refused"),
    ("Judith Mossman", "", 3, ["Newsletter", "Call back"], "note"),
]
NAV = [
    ("Home", "house"),
    ("Exhibitors", "store"),
    ("Seats", "armchair"),
    ("Check-in", "scan-line"),
    ("Vouchers", "ticket"),
    ("Settings", "settings"),
]


def qr_svg(content: str) -> str:
    """A QR code as an inline SVG that takes its size from the style sheet."""
    code = segno.make_qr(content, error="m")
    return str(code.svg_inline(scale=1, border=2, omitsize=True, dark="#000"))


def _people(start: int, size: int) -> list[dict[str, Any]]:
    now = clock.now()
    rows = []
    for index in range(start, start + size):
        name, company, rating, tags, kind = PEOPLE[index % len(PEOPLE)]
        rows.append(
            {
                "id": index,
                "name": name,
                "company": company,
                "rating": rating,
                "tags": tags,
                "kind": kind,
                "scanned": now - timedelta(minutes=37 * index),
                "used": index % 11,
            }
        )
    return rows


@blueprint.get("/parts")
@public
def parts() -> str:
    """All macros on one page."""
    page = min(9, max(1, request.args.get("page", 1, type=int)))
    return render_template(
        "dev/parts.html",
        nav=[
            {
                "label": label,
                "icon": icon,
                "href": f"#{icon}",
                "active": index == 1,
                "count": 42 if index == 1 else None,
            }
            for index, (label, icon) in enumerate(NAV)
        ],
        place={
            "name": "Sample Conference",
            "detail": "Jun 3 – 5, Berlin",
            "choices": [
                {"label": "Sample Conference", "href": "#", "active": True},
                {"label": "All events", "href": "#"},
            ],
        },
        who={"name": "Cave Johnson", "detail": "cave@aperture.example"},
        sign_out_url="#",
        hours=HOURS,
        week=WEEK,
        people=_people((page - 1) * 8, 8),
        page=page,
        page_url=lambda number: url_for("dev.parts", page=number, _anchor="tables"),
        moments=[clock.now(), clock.now() - timedelta(days=20), clock.now() - timedelta(days=500)],
        qr=qr_svg("https://portal.example/e/APERTURE7"),
        errors={
            "email": ["This is not an e-mail address. Leave it empty if there is none."],
            "rating": ["Choose one to five."],
        },
        values={"name": "Aperture Science", "email": "cave(at)aperture", "hall": "b", "tags": ["1", "3"], "rating": 3},
    )


@blueprint.get("/parts/error/<int:status>")
@public
def error(status: int) -> ResponseReturnValue:
    """The error page of a status."""
    if status != 429:
        abort(status if status in default_exceptions else 404)
    return render_template(
        "errors/error.html",
        status=status,
        title="Please wait a moment",
        message="Too many wrong codes came from this address. Nothing is locked.",
        request_id="4f0c2a7be91d4d6e8a51",
        retry_after=42,
    )


@blueprint.post("/parts/toast")
@public
def toast() -> Response:
    """A change that can be undone, as htmx sees it."""
    return Response(
        status=204,
        headers={"HX-Trigger": '{"toast": {"message": "12 seats blocked", "undo": {"url": "/dev/parts/undone"}}}'},
    )


@blueprint.post("/parts/undone")
@public
def undone() -> Response:
    """What Undo answers."""
    return Response(status=204, headers={"HX-Trigger": '{"toast": {"message": "Undone", "kind": "note"}}'})


@blueprint.post("/parts/form")
@public
def form() -> ResponseReturnValue:
    """A form that is never right."""
    flash("Saved.", "done")
    return Response(status=303, headers={"Location": url_for("dev.parts")})
