"""The store: column types, transactions and the catalogue's version.

Both engines, SQLite and PostgreSQL, have two kinds of transaction:

* **reading** (the default): one snapshot. SQLite ``BEGIN``, PostgreSQL
  ``REPEATABLE READ, READ ONLY``. Without a snapshot, two plain queries under load gave torn answers
  in 3 to 12 % of the reads.
* **writing** (``with writing(session, now):``): SQLite ``BEGIN IMMEDIATE``, so that a
  read-modify-write never starts from a row that another process is changing; PostgreSQL
  ``READ COMMITTED`` with ``SELECT … FOR UPDATE`` on the rows to be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    event,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session

from calendar_app.store import connections

#: Number of requests that one process answers at once; each request has its own connection.
THREADS = 16

#: Seconds that a thread waits for a connection of the pool, which has one for each thread.
_POOL_SECONDS = 2

#: A plain session, or Flask-SQLAlchemy's session of the request.
AnySession = Session | scoped_session[Any]

# The options of write transactions. Read transactions have the engine's defaults (engine_options).
_WRITER_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"writes": True},
    "postgresql": {
        "writes": True,
        "isolation_level": "READ COMMITTED",
        "postgresql_readonly": False,
    },
}


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the store. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite returns a naive value, PostgreSQL a value in the time zone of the connection.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: A column type for instants. (`type_annotation_map` on the Base makes Flask-SQLAlchemy raise.)
Instant = Annotated[datetime, mapped_column(UTCDateTime)]


def as_created(context: DefaultExecutionContext) -> datetime:
    """Return the row's ``created_at``: the default of an instant until something happens."""
    created_at: datetime = context.get_current_parameters()["created_at"]  # type: ignore[no-untyped-call]
    return created_at


class Base(DeclarativeBase):
    """The typed base class of all models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Visible:
    """A mark for the models that readers see: a change to one moves the catalogue's version.

    The ORM's flush moves it. A Core ``update()`` does not, nor does a change to a row without this
    mark (scopes, classes and themes of an event): whoever writes these changes the event, too.
    """


class Numbered(Visible):
    """A mark for the models whose changes programs follow: each row knows in which version of the
    catalogue it last changed. Versions are numbered in the order of commits, which instants are
    not: a writer may wait for another one, and a file brings instants of its own."""

    #: 0 for a row that did not change since this column exists.
    catalogue_version: Mapped[int] = mapped_column(default=0, server_default="0")


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Catalogue(Base):
    """One row: the version by which caches are keyed, and the instant of its last move."""

    __tablename__ = "catalogue"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    version: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[Instant]
    #: A random name: a restored store begins another history, and counts from its backup again.
    history: Mapped[str] = mapped_column(server_default="")


def engine_options(url: str) -> dict[str, Any]:
    """Return the options of ``create_engine`` for a database URL, with reading as the default.

    Errors are logged, so the parameters of statements are hidden: one may be a mail address.
    """
    if url.startswith("sqlite"):
        return {
            "pool_size": THREADS,
            "pool_timeout": _POOL_SECONDS,
            "connect_args": {"timeout": connections.BUSY_TIMEOUT_MS / 1000},
            "hide_parameters": True,
        }
    return {
        "pool_size": THREADS,
        "pool_timeout": _POOL_SECONDS,
        "hide_parameters": True,
        "execution_options": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    }


def writer_options(engine: Engine) -> dict[str, Any]:
    """Return the execution options that make a transaction of this engine a writing one."""
    return _WRITER_OPTIONS[engine.dialect.name]


def insert_into(session: AnySession, noun: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return the engine's own ``INSERT`` into the table of a model: it has ``ON CONFLICT``."""
    return _INSERTS[session.get_bind().dialect.name](noun.__table__)


def insert_new(session: AnySession, noun: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return ``INSERT … ON CONFLICT DO NOTHING`` into the table of a model."""
    return insert_into(session, noun).on_conflict_do_nothing()


_INSERTS: dict[str, Callable[[Any], postgresql.Insert | sqlite.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


@event.listens_for(Engine, "begin")
def _on_begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(session: AnySession, now: datetime) -> Iterator[None]:
    """Run the block as one write transaction: commit at its end, roll back on an exception.

    A read transaction that is still open is closed first, and the objects that it loaded are
    expired: a decision must rest on rows that are read inside the block. On PostgreSQL, read the
    rows to be changed with ``for_update=True`` (of the queries).

    :param now: the instant (aware) of the catalogue's last change, if a visible row changes.
    :raises RuntimeError: when the session has unsaved changes at the start.
    :raises OperationalError: when the file of a SQLite store is gone at the end.
    """
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes: make them inside writing()")
    session.rollback()
    session.expire_all()
    session.connection(execution_options=writer_options(session.get_bind().engine))
    session.info["now"] = now
    try:
        yield
        _refuse_lost_store(session)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("now", None)


def _refuse_lost_store(session: AnySession) -> None:
    """Refuse to commit to a file that was removed meanwhile: its rows would be lost.

    :raises OperationalError: when the file is gone.
    """
    connection = session.connection()
    if not connections.still_there(connection.info):
        connection.invalidate()
        raise OperationalError("COMMIT", None, FileNotFoundError("the file of the store is gone"))


@contextmanager
def reading(session: AnySession) -> Iterator[None]:
    """Run the block in a snapshot of its own, and release the snapshot at the end."""
    session.rollback()
    try:
        yield
    finally:
        session.rollback()


@event.listens_for(Session, "before_flush")
def _move_catalogue_version(session: Session, _context: object, _instances: object) -> None:
    """Move the catalogue's version with the first visible change of a transaction, and note it in
    the rows that know theirs."""
    changed = (
        *session.new,
        *session.deleted,
        *(o for o in session.dirty if session.is_modified(o)),
    )
    if not any(isinstance(o, Visible) for o in changed):
        return
    if "version" not in session.info:
        values = {"version": Catalogue.version + 1, "changed_at": session.info["now"]}
        moved = update(Catalogue).values(values).returning(Catalogue.version)
        session.info["version"] = session.scalar(moved)
    for noun in changed:
        if isinstance(noun, Numbered):
            noun.catalogue_version = session.info["version"]


@event.listens_for(Session, "after_transaction_end")
def _forget_version_move(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("version", None)
