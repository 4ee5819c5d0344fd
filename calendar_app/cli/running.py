"""The commands that run the calendar: serve, migrate, worker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import click
from flask import current_app
from sqlalchemy import make_url

from calendar_app import worker as worker_
from calendar_app.app import settings_of, store_session
from calendar_app.catalogue import renewal, setup
from calendar_app.catalogue.setup import OtherSchemaError
from calendar_app.cli.base import NO_RULES, application, ready_application, ready_store
from calendar_app.cli.group import cli, file_error_words
from calendar_app.config.settings import Settings, data_folder
from calendar_app.editing import accounts
from calendar_app.web import static_files
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted

#: Seconds before a worker that ended by itself is started again.
RESTART = 5.0

#: The name of this program in the folder of its environment.
PROGRAM = "calendar-app"

#: A day on which the contests of the letter that data/events.yaml was written from were ahead.
A_DAY_OF_THE_LETTER = date(2021, 1, 15)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse d'écoute.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port d'écoute (par défaut PORT, sinon 8000)."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Nombre de processus qui servent ; un par processeur convient.",
)
@click.option(
    "--worker/--no-worker",
    "with_worker",
    default=True,
    help="Lancer aussi l'ouvrier qui envoie les courriels (par défaut : oui).",
)
def serve(host: str, port: int | None, workers: int, with_worker: bool) -> None:
    """Sert le calendrier et envoie ses courriels ; prépare la base au premier démarrage."""
    from calendar_app.cli import web_server  # granian is slow to load, and needed only here

    if port:
        # Links are built from the settings, which read PORT here and in the server's processes.
        os.environ["PORT"] = str(port)
    port = Settings.from_environment(os.environ).port
    listening = web_server.listen(host, port)
    try:
        _prepare(web_server.origin(listening))
    except OtherSchemaError as error:
        # It is served: each request is answered with what to do, and after « migrate » by its page.
        click.echo(str(error), err=True)
    server = web_server.WebServer(listening, workers)
    with _worker_beside() if with_worker else nullcontext():
        server.serve()


def _prepare(listening: str) -> None:
    """Bring the store up to date, and fill it if it is empty, except in production; then say which
    addresses to open.

    In production, an empty store is mostly a lost one, and nothing may be written over it.

    :param listening: the origin at which the server is about to listen.
    """
    with ready_application() as app:
        session, settings = store_session(app), settings_of(app)
        has_editors = accounts.any_enabled(session)
        if not settings.production:
            made = setup.first_start(session, data_folder(), settings.instance, datetime.now(UTC))
            if made:
                click.echo(f"Premier démarrage : {counted(made, 'événement importé')}.")
        elif setup.is_empty(session):
            click.echo(
                "La base ne contient aucun événement : lancez « calendar-app events import », ou "
                "vérifiez CALENDAR_DATABASE_URL.",
                err=True,
            )
        if not renewal.rules(session):
            click.echo(NO_RULES)
    click.echo("Le calendrier est servi (Ctrl + C pour arrêter). Ouvrez :")
    lines = _where_to_begin(settings, listening, has_editors=has_editors)
    width = max(len(words) for words, _ in lines)
    for words, where in lines:
        click.echo(f"  {words:<{width}}  {where}")


def _where_to_begin(
    settings: Settings, listening: str, *, has_editors: bool
) -> list[tuple[str, str]]:
    """Return what somebody who starts the server opens first: French words, and an address or a
    command.

    :param listening: the origin at which the server listens.
    :param has_editors: whether somebody may log in to the editors' room.
    """
    site = settings.public_url
    lines = [("le calendrier, aujourd'hui", f"{site}/")]
    if not settings.production:
        lines.append(("le même, en janvier 2021", f"{site}/?le={A_DAY_OF_THE_LETTER}"))
    lines.append(("la rédaction", f"{site}/redaction/"))
    if not has_editors:
        lines.append(("son premier compte", _first_account(settings)))
    if listening != site:
        lines.append(("le serveur écoute sur", listening))
    return lines


def _first_account(settings: Settings) -> str:
    """Return the command that makes the first account, as it is typed in the current folder."""
    unreached = shutil.which(PROGRAM) is None and Path(sys.argv[0]).name == PROGRAM
    program = sys.argv[0] if unreached else PROGRAM
    # The link that the command writes is of this server only if it knows the port, too.
    own_port = settings.port != 8000 and settings.public_url == f"http://127.0.0.1:{settings.port}"
    port = f"PORT={settings.port} " if own_port else ""
    # Not their values: an address of a database may hold a password.
    more = any(name.startswith("CALENDAR_") for name in os.environ)
    alike = " (avec les mêmes variables CALENDAR_…)" if more else ""
    return f'{port}{program} editors add --role administrateur ADRESSE "NOM"{alike}'


@contextmanager
def _worker_beside() -> Iterator[None]:
    """Run a worker in its own process: restart it when it ends, and stop it after the block."""
    stopping = threading.Event()
    command = [sys.executable, "-m", "calendar_app", "worker", "--leave-with-parent"]
    running = [subprocess.Popen(command)]  # noqa: S603 (our own program)

    def keep() -> None:
        while not stopping.is_set():
            running[-1].wait()
            if not stopping.wait(RESTART):
                click.echo("L'ouvrier s'est arrêté ; il est relancé.", err=True)
                running.append(subprocess.Popen(command))  # noqa: S603

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        running[-1].terminate()
        running[-1].wait()
        thread.join()


@cli.command()
def migrate() -> None:
    """Crée la base ou la met à jour (schéma, académies, thèmes, vacances)."""
    with ready_store(new=True) as session:
        version = setup.catalogue_version(session)
        has_rules = bool(renewal.rules(session))
        # Without its settings, the command makes a store of development where it was started.
        settings = settings_of(current_app)
        store = make_url(settings.database_url).render_as_string(hide_password=True)
    mode = "production" if settings.production else "développement"
    click.echo(f"La base est à jour (version {version} du catalogue) : {store} ({mode}).")
    if not has_rules:
        click.echo(NO_RULES)


@cli.command("static")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def static_(folder: Path) -> None:
    """Écrit les styles, scripts et images dans un dossier, pour un serveur comme nginx."""
    try:
        found = static_files.export(static_files.FOLDER, folder)
    except OSError as error:
        raise CalendarError(f"{folder} : {file_error_words(error)}.") from error
    click.echo(f"{counted(found, 'fichier écrit')} dans {folder}.")


@cli.command()
@click.option("--leave-with-parent", is_flag=True, hidden=True)
def worker(leave_with_parent: bool) -> None:
    """Planifie et envoie les courriels, jusqu'à Ctrl + C. Plusieurs ouvriers peuvent tourner."""
    worker_.run(application(), leave_with_parent=leave_with_parent)
