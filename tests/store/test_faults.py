"""Each fault of a store, made for real, is told apart."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from calendar_app.store.base import engine_options, writer_options
from calendar_app.store.connections import hurried
from calendar_app.store.faults import Fault, fault_of, log_words
from tests.tools import free_port


def met(url: str, statement: str = "SELECT 1") -> BaseException:
    """Return the error of a statement on a store."""
    engine = create_engine(url, **engine_options(url))
    try:
        with (
            pytest.raises(DBAPIError) as found,
            hurried(),
            engine.connect().execution_options(**writer_options(engine)) as connection,
        ):
            connection.execute(text(statement))
        return found.value
    finally:
        engine.dispose()


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "store.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE here (words TEXT)")
    made.close()
    return path


def test_a_sqlite_store_that_is_gone_damaged_or_of_another_schema(file, tmp_path):
    assert fault_of(met(f"sqlite:///{tmp_path / 'none.sqlite3'}")) is Fault.MISSING
    assert fault_of(met(f"sqlite:///{file}", "SELECT * FROM gone")) is Fault.SCHEMA
    assert fault_of(met(f"sqlite:///{file}", "SELECT gone FROM here")) is Fault.SCHEMA
    bad = tmp_path / "bad.sqlite3"
    bad.write_bytes(os.urandom(8192))
    assert fault_of(met(f"sqlite:///{bad}")) is Fault.DAMAGED


def test_a_sqlite_store_that_is_full_or_locked(file):
    """« max_page_count » is the disk that is full; SQLite gives the same error."""
    with sqlite3.connect(file) as store:
        store.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            store.execute("INSERT INTO here VALUES (?)", ("x" * 100_000,))
    store.close()
    assert fault_of(full.value) is Fault.FULL
    one = sqlite3.connect(file, isolation_level=None)
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    one.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        other.execute("BEGIN IMMEDIATE")
    assert fault_of(locked.value) is Fault.LOCKED
    one.close()
    other.close()


@pytest.mark.long
def test_a_postgresql_store_that_refuses(postgresql, make_database):
    url = make_database("postgresql")
    assert fault_of(met(url, "SELECT * FROM gone")) is Fault.SCHEMA
    assert fault_of(met(postgresql.format("no_such_base"))) is Fault.MISSING
    nobody = f"postgresql+psycopg://a:b@127.0.0.1:{free_port()}/store"
    refused = met(nobody)
    assert fault_of(refused) is Fault.REFUSED
    assert log_words(refused) == "refused (OperationalError)"
    engine = create_engine(url, **engine_options(url))
    with engine.connect() as connection, pytest.raises(DBAPIError) as found:
        connection.execute(text("CREATE TABLE new (id int)"))
    assert fault_of(found.value) is Fault.READ_ONLY
    engine.dispose()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ('FATAL:  password authentication failed for user "a"', Fault.PASSWORD),
        ("FATAL:  sorry, too many clients already", Fault.BUSY),
        ("connection timeout expired", Fault.SILENT),
        ("the server did not answer a moment ago", Fault.SILENT),
    ],
)
def test_what_a_server_says_without_a_code(said, fault):
    assert fault_of(DBAPIError("SELECT", None, Exception(said))) is fault
