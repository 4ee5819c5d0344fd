"""When school holidays changed, and the Saturdays on which they begin

Revision ID: 0011
Revises: 0010
"""

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SUNDAY = 6


def upgrade() -> None:
    op.add_column("school_calendar", sa.Column("changed_at", sa.DateTime(timezone=True)))
    # The files of that time made the holidays of Corse and overseas begin on the Sunday.
    table = sa.table("school_calendar", sa.column("slug"), sa.column("holidays", sa.JSON()))
    connection = op.get_bind()
    for slug, holidays in connection.execute(sa.select(table.c.slug, table.c.holidays)).all():
        begun = _begun_on_saturday(holidays)
        if begun != holidays:
            query = sa.update(table).where(table.c.slug == slug).values(holidays=begun)
            connection.execute(query)


def _begun_on_saturday(holidays: list[list[str]]) -> list[list[str]]:
    last_days = {last for _, last, _ in holidays}
    found = []
    for first, last, name in holidays:
        day = date.fromisoformat(first)
        saturday = (day - timedelta(days=1)).isoformat()
        if day.weekday() == _SUNDAY and saturday not in last_days:
            first = saturday
        found.append([first, last, name])
    return found


def downgrade() -> None:
    op.drop_column("school_calendar", "changed_at")
