"""Where rows came from, so that loading the same source again updates them."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, HasId


class SourceRow(HasId, Base):
    """The row that the portal made for (source, kind, id) of a bundle."""

    __tablename__ = "source_rows"

    source: Mapped[str] = mapped_column(sa.String(190))
    kind: Mapped[str] = mapped_column(sa.String(40))
    source_id: Mapped[str] = mapped_column(sa.String(190))
    row_id: Mapped[int] = mapped_column(sa.BigInteger)

    __table_args__ = (sa.UniqueConstraint("source", "kind", "source_id"), sa.Index(None, "kind", "row_id"))
