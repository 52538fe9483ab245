"""Vouchers to take along: a sheet to print, and tables of vouchers and of who redeemed them."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.core import clock
from portal.core.actors import ExhibitorScope
from portal.core.database import db
from portal.core.moments import in_zone
from portal.core.money import money
from portal.exhibitors import vouchers as voucher_reads
from portal.exhibitors.views.pages import blueprint, closed, locales_of, qr_svg, redeem_link
from portal.exhibitors.vouchers import VoucherRow
from portal.tickets.fields import FieldReader
from portal.tickets.sight import Sight, sight_of
from portal.web.access import exhibitor, exhibitor_scope
from portal.web.downloads import csv_download
from portal.web.lists import page_part, page_url

#: Six sheets of paper.
ON_A_PAGE = 48
BATCH = 200


@blueprint.get("/vouchers/print")
@exhibitor("full")
def voucher_sheet() -> ResponseReturnValue:
    """Vouchers with their QR codes, eight on a sheet: those that can be redeemed still, or all."""
    scope = exhibitor_scope()
    refused = closed(scope)
    if refused is not None:
        return refused
    usable = request.args.get("all") != "1"
    part = page_part(voucher_reads.count(exhibitor_id=scope.exhibitor_id, usable=usable), size=ON_A_PAGE)
    rows = voucher_reads.some(
        exhibitor_id=scope.exhibitor_id,
        locales=locales_of(scope),
        limit=part.size,
        offset=part.offset,
        usable=usable,
    )
    sight = sight_of(scope.event_id)
    links = {row.id: redeem_link(sight.url, row.code) for row in rows}
    return render_template(
        "exhibitors/voucher_sheet.html",
        rows=rows,
        part=part,
        page_url=page_url,
        usable=usable,
        links=links,
        pictures={row.id: qr_svg(links[row.id] or row.code) for row in rows},
    )


@blueprint.get("/vouchers/csv")
@exhibitor("full")
def voucher_csv() -> ResponseReturnValue:
    """A CSV file: the vouchers, or with ``what=redemptions`` who redeemed them; ``separator=semicolon`` for Excel."""
    scope = exhibitor_scope()
    refused = closed(scope)
    if refused is not None:
        return refused
    sight = sight_of(scope.event_id)
    delimiter = ";" if request.args.get("separator") == "semicolon" else ","
    day = clock.now().astimezone(ZoneInfo(scope.timezone)).date().isoformat()
    if request.args.get("what") == "redemptions":
        reader = FieldReader(sight.shown, locales_of(scope)[0])
        labels = [reader.labels[name] for name in sight.shown.ids]
        head = [gettext("Code"), gettext("Redeemed"), *labels, gettext("Date")]
        name, rows = f"redemptions-{scope.event_slug}-{day}.csv", _redemptions(scope, sight, reader)
    else:
        head = [
            *(gettext("Code"), gettext("Link to the shop"), gettext("For"), gettext("Date"), gettext("Price effect")),
            *(gettext("Value"), gettext("Uses"), gettext("Redeemed"), gettext("Left"), gettext("Valid until")),
            *(gettext("Tag"), gettext("Comment")),
        ]
        name, rows = f"vouchers-{scope.event_slug}-{day}.csv", _vouchers(scope, sight)
    return csv_download(name, head, rows, delimiter=delimiter)


def _batches(scope: ExhibitorScope) -> Iterator[list[VoucherRow]]:
    offset, locales = 0, locales_of(scope)
    while True:
        rows = voucher_reads.some(exhibitor_id=scope.exhibitor_id, locales=locales, limit=BATCH, offset=offset)
        yield rows
        db.session.rollback()
        if len(rows) < BATCH:
            return
        offset += BATCH


def _vouchers(scope: ExhibitorScope, sight: Sight) -> Iterator[list[object]]:
    zone = ZoneInfo(scope.timezone)
    for rows in _batches(scope):
        for row in rows:
            until = f"{in_zone(row.valid_until, zone):%Y-%m-%d %H:%M:%S}" if row.valid_until else ""
            link, product = redeem_link(sight.url, row.code) or "", row.product or gettext("All products")
            yield [
                *(row.code, link, product, row.subevent, row.price_mode, money(row.value)),
                *(row.max_usages, row.redeemed, row.left, until, row.tag, row.comment),
            ]


def _redemptions(scope: ExhibitorScope, sight: Sight, reader: FieldReader) -> Iterator[list[object]]:
    zone, locales = ZoneInfo(scope.timezone), locales_of(scope)
    for rows in _batches(scope):
        found = voucher_reads.redemptions(voucher_ids=[row.id for row in rows], reader=reader, locales=locales)
        for row in rows:
            for each in found.get(row.id, ()):
                when = f"{in_zone(each.when, zone):%Y-%m-%d %H:%M:%S}"
                yield [row.code, when, *(entry["value"] for entry in each.fields), each.subevent]
