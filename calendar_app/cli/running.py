"""The commands that run the calendar: serve, migrate, worker."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
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
from calendar_app.store.base import THREADS
from calendar_app.web import static_files
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted

#: Seconds before a worker that ended by itself is started again.
RESTART = 5.0

#: Seconds that the headers of a request may take, and that a connection may be idle.
HEADER_SECONDS = 10

#: Seconds that requests in hand may take when the server stops or starts anew. A letter is read for
#: half a minute at most; the units of deploy/ give a process 60.
STOP_SECONDS = 45

#: After SIGHUP, seconds between the start of a new process and the end of the one that it replaces.
#: By default it is 3.5: on a busy machine, the old one was gone before the new one listened.
READY_SECONDS = 15

#: The name of this program in the folder of its environment.
PROGRAM = "calendar-app"

#: A day on which the contests of the letter that data/events.yaml was written from were ahead.
A_DAY_OF_THE_LETTER = date(2021, 1, 15)

#: Limit of open files of a process; each connection is a file. No single site needs more.
_FILES = 65_536
#: The part of these files that is kept for the store, the log and the readers of letters.
_FILES_OF_OURS = 512


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
    from granian import Granian  # slow to load, and needed only here
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    if port:
        # Links are built from the settings, which read PORT here and in the server's processes.
        os.environ["PORT"] = str(port)
    port = Settings.from_environment(os.environ).port
    host = _free_address(host, port)
    shown = f"[{host}]" if ":" in host else host
    try:
        _prepare(f"http://{shown}:{port}")
    except OtherSchemaError as error:
        # It is served: each request is answered with what to do, and after « migrate » by its page.
        click.echo(str(error), err=True)
    server = Granian(
        "calendar_app.cli.base:served_application",
        factory=True,
        workers=workers,
        # Otherwise, the end of one process would be the end of the server.
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        respawn_interval=READY_SECONDS,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        log_access=False,
        # HTTP/1 only: granian ends a silent connection only if it need not detect the protocol.
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        # Requests handled at once; the store's connection pool has the same size (engine_options).
        blocking_threads=THREADS,
        # A limit of open connections, idle ones included; further connections wait silently.
        backpressure=_connections_allowed(),
        # Granian's warnings are about the number of threads, which is intended.
        log_level=LogLevels.error,
    )
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


def _connections_allowed() -> int:
    """Return how many connections may be open, after asking the system for enough open files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(files - _FILES_OF_OURS, THREADS)


def _free_address(host: str, port: int) -> str:
    """Return the IP address of a host: the server takes no name (« localhost »).

    :raises CalendarError: when the server cannot listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # The server does the same: a port that was in use a moment ago counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            return str(probe.getsockname()[0])
        except OSError as error:
            raise CalendarError(
                f"Impossible d'écouter sur {host}:{port} : {_listen_words(error, port)}"
            ) from error


def _listen_words(error: OSError, port: int) -> str:
    """Return in French why the server cannot listen on an address, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            "un autre programme occupe ce port, peut-être ce calendrier, déjà lancé. "
            f"Arrêtez-le, ou choisissez un autre port, par exemple avec PORT={port % 65535 + 1}."
        )
    if error.errno == errno.EACCES:
        return "ce port est réservé au système. Choisissez-en un au-dessus de 1023 (PORT=8000)."
    if isinstance(error, socket.gaierror):
        return "cette adresse n'est pas connue. Écrivez par exemple --host 127.0.0.1."
    return "cette machine n'a pas cette adresse. Écrivez par exemple --host 127.0.0.1."


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
