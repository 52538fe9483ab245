"""Pages that take exhibitors from a file, and give them away as one."""

from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from portal.exhibitors import importing, table
from portal.exhibitors.views.listing import matching
from portal.exhibitors.views.organizer import blueprint
from portal.web import imports
from portal.web.access import event_member, event_scope
from portal.web.downloads import csv_download, xlsx_download

MANAGE = "can_change_event_settings"

imports.add_steps(
    blueprint,
    imports.Import(
        kind="exhibitors",
        title=lazy_gettext("Import exhibitors"),
        about=lazy_gettext(
            "Each row is an exhibitor. One with the number or the internal id of an exhibitor changes that one, all "
            "others are new and get codes. Tags that do not exist yet are created. An export can be imported again."
        ),
        permission=MANAGE,
        back="organizer_exhibitors.index",
        listing=lazy_gettext("Exhibitors"),
        columns=lambda _scope: table.columns(),
        plan=importing.plan,
        apply=importing.apply,
    ),
)


@blueprint.get("/export")
@event_member()
def export(organizer: str, event: str) -> ResponseReturnValue:
    """The exhibitors that match, as CSV or XLSX; their codes for those who may see them."""
    scope = event_scope()
    with_codes = scope.may(MANAGE)
    head = table.export_head(with_codes=with_codes)
    rows = table.export_rows(scope.event_id, matching(scope), with_codes=with_codes)
    name = f"{scope.event_slug}-exhibitors"
    if request.args.get("form") == "xlsx":
        return xlsx_download(f"{name}.xlsx", head, rows, zone=ZoneInfo(scope.timezone), title=gettext("Exhibitors"))
    delimiter = ";" if request.args.get("delimiter") == ";" else ","
    return csv_download(f"{name}.csv", head, rows, delimiter=delimiter)
