"""The commands that run the calendar: serve, migrate, worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

import click

from calendar_app import worker as worker_
from calendar_app.app import THREADS
from calendar_app.cli.base import application, ready_store
from calendar_app.cli.group import cli
from calendar_app.config import Settings, data_folder
from calendar_app.services import CalendarError, files, store

#: Seconds after which a worker that ended by itself is started again.
RESTART = 5.0


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse d'écoute.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port d'écoute (par défaut PORT, sinon 8000)."
)
@click.option(
    "--worker/--no-worker",
    "with_worker",
    default=True,
    help="Lancer aussi l'ouvrier qui envoie les courriels (par défaut : oui).",
)
def serve(host: str, port: int | None, with_worker: bool) -> None:
    """Sert le calendrier et envoie ses courriels ; prépare la base au premier démarrage."""
    from granian import Granian  # slow to load, and only needed here
    from granian.constants import Interfaces
    from granian.log import LogLevels

    if port:
        # Addresses are built from the settings, here and in the server's processes.
        os.environ["PORT"] = str(port)
    port = Settings.from_environment(os.environ).port
    _check_free(host, port)
    with ready_store() as session:
        if store.is_empty(session):
            path = data_folder() / "events.yaml"
            report = files.import_events_file(session, path, datetime.now(UTC))
            click.echo(f"Premier démarrage : {len(report.created)} événements importés.")
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Le calendrier est servi sur http://{shown}:{port}/ (Ctrl + C pour arrêter).")
    server = Granian(
        "calendar_app.cli.base:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        log_access=False,
        # Requests answered at once; the pool of connections is as large (see engine_options).
        backpressure=THREADS,
        # Its warnings are about the number of threads, which is meant.
        log_level=LogLevels.error,
    )
    with _worker_beside() if with_worker else nullcontext():
        server.serve()


@contextmanager
def _worker_beside() -> Iterator[None]:
    """Run a worker in a process of its own, start it again if it ends, and stop it at the end."""
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


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does: a port that was served a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CalendarError(
                f"Impossible d'écouter sur {host}:{port} ({error.strerror}). Le port est peut-être "
                "déjà pris : choisissez-en un autre, par exemple avec PORT=8001."
            ) from error


@cli.command()
def migrate() -> None:
    """Crée la base ou la met à jour (schéma, académies, thèmes, vacances)."""
    with ready_store() as session:
        version = store.catalogue_version(session)
    click.echo(f"La base est à jour (version {version} du catalogue).")


@cli.command()
@click.option("--leave-with-parent", is_flag=True, hidden=True)
def worker(leave_with_parent: bool) -> None:
    """Planifie et envoie les courriels, jusqu'à Ctrl + C. Plusieurs ouvriers peuvent tourner."""
    worker_.run(application(), leave_with_parent=leave_with_parent)
