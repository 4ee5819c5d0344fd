"""What every command shares: the application, its store, the words of a refusal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask

from calendar_app.app import AnySession, create_app, store_session
from calendar_app.cli.group import FILE
from calendar_app.config import Settings, data_folder
from calendar_app.services import files, store

OPTIONAL_FILE = click.argument("file", type=FILE, required=False)


def application() -> Flask:
    """Return the application of this environment; the server calls it in each of its processes."""
    return create_app(Settings.from_environment(os.environ))


@contextmanager
def entered() -> Iterator[Flask]:
    """Enter the application of this environment and yield it."""
    app = application()
    with app.app_context():
        yield app


@contextmanager
def store_as_it_is() -> Iterator[AnySession]:
    """Enter the application and yield a session of its store."""
    with entered() as app:
        yield store_session(app)


@contextmanager
def ready_store() -> Iterator[AnySession]:
    """The same, with the schema and the reference values brought up to date first."""
    with store_as_it_is() as session:
        make_ready(session)
        yield session


def make_ready(session: AnySession) -> None:
    """Bring the schema and the reference values of the store up to date."""
    store.upgrade_schema()
    store.load_reference_files(session, data_folder(), datetime.now(UTC))


def write(text: str, file: Path | None, *, private: bool = False) -> None:
    """Write a whole text to a file, or to the standard output.

    :param private: as for ``files.write_whole``.
    """
    if file is None:
        click.echo(text, nl=False)
        return
    files.write_whole(file, text, private=private)
    click.echo(f"{file} écrit.", err=True)
