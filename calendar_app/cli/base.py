"""What all commands share: the application, its store, and the output to a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import DBAPIError

from calendar_app.app import create_app, settings_of, store_session
from calendar_app.catalogue import file_exchange, setup
from calendar_app.cli.group import FILE
from calendar_app.config.settings import data_folder
from calendar_app.config.start import begin
from calendar_app.school.local_time import PARIS
from calendar_app.store.base import AnySession, db
from calendar_app.web.answer_cache import keep_answers
from calendar_app.words.errors import CalendarError

#: Said where the store has no rule: a store of an earlier release, or the file was not imported.
NO_RULES = (
    "Aucune journée ne revient d'elle-même : lancez « calendar-app events import », qui lit "
    "data/yearly_days.yaml."
)

#: Said where no worker was seen. One that runs but cannot write (a full disk) is not seen either.
NO_WORKER = (
    "Aucun ouvrier n'a donné signe de vie depuis deux minutes : les courriels attendent. Lancez "
    "« calendar-app worker » ; s'il tourne, son journal dit pourquoi il ne peut pas écrire."
)

OPTIONAL_FILE = click.argument("file", type=FILE, required=False)


def application() -> Flask:
    """Return the application of this environment."""
    return create_app(begin(os.environ))


def served_application() -> Flask:
    """Return the application with its cache; the server calls this in each of its processes."""
    return keep_answers(application())


@contextmanager
def entered() -> Iterator[Flask]:
    """Enter the context of the application of this environment, and yield the application.

    :raises CalendarError: when the store fails because it is not set up; the message says what to
        do.
    """
    app = application()
    with ExitStack() as at_end, app.app_context():
        # After the session; otherwise its connections stay open for as long as the process runs.
        at_end.callback(db.engine.dispose)
        try:
            yield app
        except DBAPIError as error:
            session = store_session(app)
            session.rollback()
            if todo := setup.problem(session):
                raise CalendarError(f"Arrêt : {todo}") from error
            raise


@contextmanager
def store_as_it_is() -> Iterator[AnySession]:
    """Enter the application and yield a session of its store, which is not brought up to date."""
    with entered() as app:
        yield store_session(app)


@contextmanager
def ready_application(*, new: bool = False) -> Iterator[Flask]:
    """Enter the application and yield it, with the schema and the reference values of its store
    brought up to date.

    :param new: create a store that is missing, and migrate an older one. Outside production this is
        always done. In production, a missing store mostly means a wrong path or URL, and other
        processes may still run the release of an older one.
    :raises CalendarError: when the store is missing and must not be created.
    :raises OtherSchemaError: when it is of another release and must not be migrated.
    """
    with entered() as app:
        session = store_session(app)
        may_make = new or not settings_of(app).production
        state = setup.schema_state(session)
        if not may_make and state is setup.SchemaState.MISSING:
            raise CalendarError(f"Arrêt : {setup.PROBLEMS[state]}")
        if not may_make and state.is_of_another_release:
            raise setup.OtherSchemaError(state)
        setup.make_ready(session, data_folder(), datetime.now(UTC))
        yield app


@contextmanager
def ready_store(*, new: bool = False) -> Iterator[AnySession]:
    """Enter the application and yield a session of its store (see :func:`ready_application`)."""
    with ready_application(new=new) as app:
        yield store_session(app)


def paris_time(at: datetime) -> str:
    """Return an instant (aware) as all commands tell it: the day and the time in Paris."""
    return f"{at.astimezone(PARIS):%Y-%m-%d %H:%M}"


def write(text: str, file: Path | None, *, private: bool = False) -> None:
    """Write a whole text to a file, or to the standard output if *file* is None.

    :param private: as for :func:`calendar_app.catalogue.file_exchange.write_whole`.
    """
    if file is None:
        click.echo(text, nl=False)
        return
    file_exchange.write_whole(file, text, private=private)
    click.echo(f"{file} écrit.", err=True)
