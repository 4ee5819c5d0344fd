"""Runs the migrations in one write transaction, one process at a time."""

from typing import Literal

from alembic import context
from flask import current_app
from sqlalchemy import text

from calendar_app.catalogue.models.search import is_modelled
from calendar_app.reminders.models.subscriptions import Slugs
from calendar_app.store.base import UTCDateTime, writer_options

# Any number, as long as nothing else in the database takes the same advisory lock.
MIGRATION_LOCK = 7_305_112


def render_item(type_: str, item: object, autogen_context: object) -> str | Literal[False]:
    """Write our own column types as what they are in the database."""
    if type_ == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if type_ == "type" and isinstance(item, Slugs):
        return "sa.Text()"
    return False


db = current_app.extensions["migrate"].db
connection = db.engine.connect().execution_options(**writer_options(db.engine))
with connection:
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # Batch mode copies tables; with foreign keys on, dropping the old copy would delete the
        # rows that refer to it. The pragma has no effect inside a transaction, hence here.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")
    with connection.begin():
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=is_sqlite,
            render_item=render_item,
            compare_type=True,
            include_object=is_modelled,
        )
        context.run_migrations()
    if is_sqlite:
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = ON")
