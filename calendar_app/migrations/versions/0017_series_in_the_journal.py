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


#: The triggers of migration 0006: the journal only grows. On SQLite they go with the old table.
_ONLY_GROWS = {
    "sqlite": [
        f"CREATE TRIGGER change_no_{verb} BEFORE {verb} ON change"
        " BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE TRIGGER change_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON change"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows()"
    ],
}
_LET_GO = {
    "sqlite": ["DROP TRIGGER change_no_UPDATE", "DROP TRIGGER change_no_DELETE"],
    "postgresql": ["DROP TRIGGER change_only_grows ON change"],
}


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


def _run(statements: dict[str, list[str]]) -> None:
    for statement in statements[op.get_bind().dialect.name]:
        op.execute(statement)


def upgrade() -> None:
    _run(_LET_GO)
    _set((*_SUBJECTS, "series"), [*_ACTIONS, "ended"])
    _run(_ONLY_GROWS)


def downgrade() -> None:
    _run(_LET_GO)
    # A store that ended a series keeps these rows as « event »: their scopes cannot be deleted.
    op.execute("UPDATE change SET subject = 'event', action = 'archived' WHERE subject = 'series'")
    _set(_SUBJECTS, _ACTIONS)
    _run(_ONLY_GROWS)
