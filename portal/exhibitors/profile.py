"""What an exhibitor reads about itself."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.core.database import db
from portal.core.names import compose
from portal.exhibitors.models import AccessCode, Exhibitor


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """An exhibitor's own entry; ``codes`` by kind."""

    name: str
    booth: str | None
    contact_name: str
    contact_email: str | None
    contact_cc_email: str | None
    locale: str
    allow_lead_scanning: bool
    codes: dict[str, str]


def own_profile(exhibitor_id: int) -> OwnProfile:
    """One query."""
    rows = db.session.execute(
        sa.select(
            Exhibitor.name,
            Exhibitor.booth,
            Exhibitor.contact_name,
            Exhibitor.contact_name_parts,
            Exhibitor.contact_email,
            Exhibitor.contact_cc_email,
            Exhibitor.locale,
            Exhibitor.allow_lead_scanning,
            AccessCode.kind,
            AccessCode.code,
        )
        .outerjoin(AccessCode, AccessCode.exhibitor_id == Exhibitor.id)
        .where(Exhibitor.id == exhibitor_id)
        .order_by(AccessCode.kind)
    ).all()
    own = rows[0]
    return OwnProfile(
        name=own.name,
        booth=own.booth,
        contact_name=own.contact_name or compose(own.contact_name_parts),
        contact_email=own.contact_email,
        contact_cc_email=own.contact_cc_email,
        locale=own.locale,
        allow_lead_scanning=own.allow_lead_scanning,
        codes={row.kind: row.code for row in rows if row.code},
    )
