"""Reads for organizers: vouchers that may be given to an exhibitor, found by words or by a pasted list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from portal.core.database import db
from portal.core.statements import one_of_texts, run
from portal.exhibitors.models import Exhibitor, ExhibitorVoucher
from portal.vouchers.models import Voucher

FOUND = 50
MOST_LINES = 10_000

State = Literal["free", "here", "elsewhere", "unknown", "twice"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A voucher of the event, and the exhibitor that has it, if any."""

    id: int
    code: str
    tag: str
    comment: str
    max_usages: int
    redeemed: int
    owner_id: int | None
    owner_name: str | None


@dataclass(frozen=True, slots=True)
class PastedLine:
    """A line of a pasted list: the code in it, a comment for the exhibitor, and how it stands with the voucher."""

    number: int
    code: str
    comment: str | None
    state: State
    owner_name: str | None = None

    @property
    def good(self) -> bool:
        """Whether attaching it does something."""
        return self.state == "free" or (self.state == "here" and self.comment is not None)


_CANDIDATES = (
    sa.select(
        Voucher.id,
        Voucher.code,
        Voucher.tag,
        Voucher.comment,
        Voucher.max_usages,
        Voucher.redeemed,
        Exhibitor.id,
        Exhibitor.name,
    )
    .outerjoin(ExhibitorVoucher, ExhibitorVoucher.voucher_id == Voucher.id)
    .outerjoin(Exhibitor, Exhibitor.id == ExhibitorVoucher.exhibitor_id)
)
_BY_CODE = _CANDIDATES.where(Voucher.event_id == sa.bindparam("event"), one_of_texts(Voucher.code, "codes"))


def search(event_id: int, query: str, *, exhibitor_id: int) -> list[Candidate]:
    """Vouchers whose code, tag or comment holds all the words, those of nobody first; never the exhibitor's own."""
    statement = _CANDIDATES.where(
        Voucher.event_id == event_id,
        sa.or_(ExhibitorVoucher.exhibitor_id.is_(None), ExhibitorVoucher.exhibitor_id != exhibitor_id),
    )
    for word in query.split()[:10]:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        columns = (Voucher.code, Voucher.tag, Voucher.comment)
        statement = statement.where(sa.or_(*(column.ilike(f"%{escaped}%", escape="\\") for column in columns)))
    free_first = sa.case((ExhibitorVoucher.id.is_(None), 0), else_=1)
    rows = db.session.execute(statement.order_by(free_first, Voucher.tag, Voucher.id).limit(FOUND))
    return [Candidate(*row) for row in rows]


_SPLIT = re.compile(r"[\t;,]")


def read_pasted(event_id: int, text: str, *, exhibitor_id: int) -> list[PastedLine]:
    """Each line of a pasted list: a code, and after a tab, semicolon or comma a comment for the exhibitor."""
    parts: list[tuple[int, str, str | None]] = []
    for number, line in enumerate(text.splitlines(), 1):
        code, *rest = _SPLIT.split(line, maxsplit=1)
        if code.strip():
            comment = rest[0].strip().strip('"') if rest else None
            parts.append((number, code.strip().strip('"'), comment or None))
    parts = parts[:MOST_LINES]
    rows = run(_BY_CODE, {"event": event_id, "codes": [code for _, code, _ in parts]})
    known = {found.code: found for found in (Candidate(*row) for row in rows)}
    seen: set[str] = set()
    lines = []
    for number, code, comment in parts:
        lines.append(_line(number, code, comment, known.get(code), code in seen, exhibitor_id))
        seen.add(code)
    return lines


def _line(
    number: int, code: str, comment: str | None, found: Candidate | None, twice: bool, exhibitor_id: int
) -> PastedLine:
    if found is None:
        return PastedLine(number, code, comment, "unknown")
    if twice:
        return PastedLine(number, code, comment, "twice")
    if found.owner_id is None:
        return PastedLine(number, code, comment, "free")
    state: State = "here" if found.owner_id == exhibitor_id else "elsewhere"
    return PastedLine(number, code, comment, state, found.owner_name)


def count_states(lines: Sequence[PastedLine]) -> dict[str, int]:
    """How many lines are in which state, and how many would do something (``good``)."""
    counts = {
        state: sum(line.state == state for line in lines) for state in ("free", "here", "elsewhere", "unknown", "twice")
    }
    return counts | {"good": sum(line.good for line in lines)}
