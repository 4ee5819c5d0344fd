"""The journal notes that a series does not return any more

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SUBJECTS = ("event", "draft", "source")
_ACTIONS = (
    "created edited moved cancelled restored full archived corrected refused attached undone"
).split()


def _set(subjects: tuple[str, ...], actions: list[str]) -> None:
    with op.batch_alter_table("change") as batch_op:
        for name, column, values in (
            ("changesubject", "subject", subjects),
            ("changeaction", "action", actions),
        ):
            listed = ", ".join(f"'{value}'" for value in values)
            batch_op.drop_constraint(batch_op.f(f"ck_change_{name}"), type_="check")
            batch_op.create_check_constraint(
                batch_op.f(f"ck_change_{name}"), sa.text(f"{column} IN ({listed})")
            )


def upgrade() -> None:
    _set((*_SUBJECTS, "series"), [*_ACTIONS, "ended"])


def downgrade() -> None:
    op.execute("DELETE FROM change WHERE subject = 'series'")
    _set(_SUBJECTS, _ACTIONS)
