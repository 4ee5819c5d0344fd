"""What a source said, by its identity: UID and RECURRENCE-ID

Revision ID: 0022
Revises: 0020
"""

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = re.compile(r"(?s)(?P<uid>.*)(?:/(?P<day>\d{4}-\d\d-\d\d)|(?P<number>#\d+))")
_KINDS = {
    "session": "event",
    "results": "event",
    "deadline": "deadline",
    "registration_deadline": "deadline",
    "submission_deadline": "deadline",
}


def _identity(outside_id: str) -> tuple[str, str | None]:
    """Return UID and recurrence of an id as it was: ``uid/day``, or ``id#number`` of news."""
    found = _ID.fullmatch(outside_id)
    return (found["uid"], found["day"] or found["number"]) if found else (outside_id, None)


def _rows(query: str) -> list[Any]:
    return list(op.get_bind().execute(sa.text(query)).mappings())


def upgrade() -> None:
    with op.batch_alter_table("draft") as batch_op:
        batch_op.add_column(sa.Column("recurrence", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("said", sa.JSON(none_as_null=True), nullable=True))
        batch_op.drop_column("fingerprint")
    with op.batch_alter_table("source") as batch_op:
        for name, empty in (("left_out", "[]"), ("first_seen", "{}")):
            column = sa.Column(name, sa.JSON(), nullable=False, server_default=empty)
            batch_op.add_column(column)
    with op.batch_alter_table("source") as batch_op:
        for name in ("left_out", "first_seen"):
            batch_op.alter_column(name, server_default=None)
    _split_identities()
    _list_copies()
    _find_dates()


def _split_identities() -> None:
    drafts = sa.table("draft", *map(sa.column, ("id", "outside_id", "recurrence")))
    for row in _rows("SELECT id, outside_id FROM draft WHERE outside_id IS NOT NULL"):
        uid, recurrence = _identity(row["outside_id"])
        op.execute(
            drafts.update()
            .where(drafts.c.id == row["id"])
            .values(outside_id=uid, recurrence=recurrence)
        )


def _list_copies() -> None:
    """The copy of a source was ids with fingerprints; it becomes identities with last days."""
    sources = sa.table("source", sa.column("id"), sa.column("copy", sa.JSON()))
    for row in _rows("SELECT id, copy FROM source"):
        copy = row["copy"]
        copy = json.loads(copy) if isinstance(copy, str) else copy
        pairs = [_identity(outside_id) for outside_id in copy or ()]
        days = [
            [uid, recurrence, recurrence]
            for uid, recurrence in pairs
            if recurrence and not recurrence.startswith("#")
        ]
        op.execute(sources.update().where(sources.c.id == row["id"]).values(copy=days))
        # A whole reading gives each date its identity, even where nothing is new.
        op.execute(
            sa.text(
                "UPDATE source SET etag = NULL, last_modified = NULL WHERE id = :id"
            ).bindparams(id=row["id"])
        )


def _find_dates() -> None:
    """An accepted draft of a source knows the date that it became, where just one has its days."""
    drafts = sa.table("draft", sa.column("id"), sa.column("milestone_id"))
    milestones: dict[str, list[Any]] = {}
    for row in _rows("SELECT id, event_id, kind, first_day, last_day FROM milestone"):
        milestones.setdefault(row["event_id"], []).append(row)
    accepted = _rows(
        "SELECT id, event_id, kind, first_day, last_day FROM draft WHERE outside_id IS NOT NULL"
        " AND state = 'accepted' AND milestone_id IS NULL AND event_id IS NOT NULL"
    )
    for row in accepted:
        first = row["first_day"] if row["kind"] == "event" else None
        fitting = [
            m["id"]
            for m in milestones.get(row["event_id"], ())
            if _KINDS.get(m["kind"]) == row["kind"]
            and m["last_day"] == row["last_day"]
            and first in (None, m["first_day"])
        ]
        if len(fitting) == 1:
            op.execute(
                drafts.update().where(drafts.c.id == row["id"]).values(milestone_id=fitting[0])
            )


def downgrade() -> None:
    drafts = sa.table("draft", *map(sa.column, ("id", "outside_id")))
    known = "SELECT id, outside_id, recurrence FROM draft WHERE recurrence IS NOT NULL"
    for row in _rows(known):
        mark = "" if row["recurrence"].startswith("#") else "/"
        outside_id = f"{row['outside_id']}{mark}{row['recurrence']}"
        op.execute(drafts.update().where(drafts.c.id == row["id"]).values(outside_id=outside_id))
    with op.batch_alter_table("draft") as batch_op:
        batch_op.drop_column("said")
        batch_op.drop_column("recurrence")
        batch_op.add_column(sa.Column("fingerprint", sa.String(), nullable=True))
    sources = sa.table("source", sa.column("copy", sa.JSON()), sa.column("etag"))
    op.execute(sources.update().values(copy={}, etag=None))
    with op.batch_alter_table("source") as batch_op:
        batch_op.drop_column("first_seen")
        batch_op.drop_column("left_out")
