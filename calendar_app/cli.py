"""``calendar-app``: which service runs when. What it says to people is French."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session

from calendar_app.app import THREADS, create_app
from calendar_app.config import Settings, SettingsError, data_folder
from calendar_app.services import CalendarError, files, reminders, store

#: A file below this many bytes is read before a bar could be drawn.
LARGE_FILE = 50_000

FILE = click.Path(path_type=Path)
OPTIONAL_FILE = click.argument("file", type=FILE, required=False)


def main() -> None:
    """Run a command; what goes wrong ends in a sentence, never in a traceback."""
    try:
        cli(standalone_mode=False)
    except (SettingsError, CalendarError) as error:
        _fail(str(error))
    except DBAPIError as error:
        _fail(
            f"La base de données ne répond pas comme il faut ({error.orig}). Si elle est neuve, "
            "lancez d'abord « calendar-app migrate »."
        )
    except OSError as error:
        _fail(f"{error.filename or 'Fichier'} : {_FILE_ERRORS.get(type(error), str(error))}.")
    except click.exceptions.Abort:
        _fail("Interrompu.")
    except click.ClickException as error:
        _fail(_usage_words(error), error.exit_code)


_FILE_ERRORS: dict[type[OSError], str] = {
    FileNotFoundError: "ce fichier n'existe pas",
    IsADirectoryError: "c'est un dossier, pas un fichier",
    NotADirectoryError: "ce chemin passe par un fichier, pas par un dossier",
    PermissionError: "les droits manquent pour lire ou écrire ce fichier",
}


def _usage_words(error: click.ClickException) -> str:
    """Say in French what click says in English."""
    match error:
        case click.NoSuchOption():
            said = f"L'option {error.option_name} n'existe pas."
        case click.MissingParameter():
            said = f"Il manque {_parameter(error)}."
        case click.BadParameter():
            said = f"La valeur de {_parameter(error)} ne convient pas."
        case _:
            said = "Cette commande n'existe pas, ou n'est pas complète."
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "…"
    return f"{said} Voyez « {path} --help »."


def _parameter(error: click.BadParameter) -> str:
    return " / ".join(error.param.opts) if error.param else "un paramètre"


def _fail(message: str, code: int = 1) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


@click.group()
@click.help_option("-h", "--help", help="Affiche cette aide.")
def cli() -> None:
    """Le calendrier qui mène une classe à temps à chaque concours."""


def application() -> Flask:
    """Return the application of this environment; the server calls it in each of its processes."""
    return create_app(Settings.from_environment(os.environ))


@contextmanager
def _store() -> Iterator[scoped_session[Session]]:
    """Enter the application and yield a session of its store, as it is."""
    app = application()
    with app.app_context():
        yield app.extensions["sqlalchemy"].session


@contextmanager
def _ready_store() -> Iterator[scoped_session[Session]]:
    """The same, with the schema and the reference values brought up to date first."""
    with _store() as session:
        store.upgrade_schema()
        store.load_reference_files(session, data_folder(), datetime.now(UTC))
        yield session


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse d'écoute.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port d'écoute (par défaut PORT, sinon 8000)."
)
def serve(host: str, port: int | None) -> None:
    """Sert le calendrier ; prépare la base au premier démarrage."""
    from granian import Granian  # slow to load, and only needed here
    from granian.constants import Interfaces
    from granian.log import LogLevels

    if port:
        # Addresses are built from the settings, here and in the server's processes.
        os.environ["PORT"] = str(port)
    port = Settings.from_environment(os.environ).port
    _check_free(host, port)
    with _ready_store() as session:
        if store.is_empty(session):
            path = data_folder() / "events.yaml"
            report = files.import_events_file(session, path, datetime.now(UTC))
            click.echo(f"Premier démarrage : {len(report.created)} événements importés.")
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Le calendrier est servi sur http://{shown}:{port}/ (Ctrl + C pour arrêter).")
    Granian(
        "calendar_app.cli:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        log_access=False,
        # Requests answered at once; the pool of connections is as large (see engine_options).
        backpressure=THREADS,
        # Its warnings are about the number of threads, which is meant.
        log_level=LogLevels.error,
    ).serve()


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
    with _ready_store() as session:
        version = store.catalogue_version(session)
    click.echo(f"La base est à jour (version {version} du catalogue).")


@cli.group()
def events() -> None:
    """Vérifie, importe ou exporte le fichier des événements."""


@events.command("check")
@OPTIONAL_FILE
def events_check(file: Path | None) -> None:
    """Vérifie FILE (par défaut data/events.yaml) sans rien importer."""
    path = file or data_folder() / "events.yaml"
    with _store() as session, _bar(path, "Lecture") as progress:
        found = files.check_events_file(session, path, data_folder(), progress)
    click.echo(f"{path} : {len(found.events)} événements, aucune erreur.")


@events.command("import")
@OPTIONAL_FILE
def events_import(file: Path | None) -> None:
    """Importe FILE (par défaut data/events.yaml), en entier ou pas du tout."""
    path = file or data_folder() / "events.yaml"
    with (
        _ready_store() as session,
        _bar(path, "Lecture") as reading,
        _bar(path, "Import") as writing,
    ):
        report = files.import_events_file(session, path, datetime.now(UTC), reading, writing)
    click.echo(
        f"{path} : {len(report.created)} créés, {len(report.changed)} modifiés, "
        f"{len(report.unchanged)} inchangés, {len(report.conflicts)} en conflit."
    )
    for event_id in report.created:
        click.echo(f"  créé      {event_id}")
    for event_id in report.changed:
        click.echo(f"  modifié   {event_id}")
    for event_id in report.conflicts:
        click.echo(
            f"  conflit   {event_id} : modifié dans la base depuis le dernier import, gardé tel "
            "quel. « calendar-app events export » écrit cette version dans un fichier."
        )
    for event_id in report.absent:
        click.echo(f"  absent    {event_id} : absent du fichier, laissé dans la base.")


@events.command("export")
@OPTIONAL_FILE
def events_export(file: Path | None) -> None:
    """Écrit tous les événements dans FILE, ou sur la sortie standard."""
    with _store() as session:
        _write(files.export_events_text(session), file)


@events.command("schema")
@OPTIONAL_FILE
def events_schema(file: Path | None) -> None:
    """Écrit le schéma JSON de events.yaml, pour les éditeurs de texte."""
    _write(files.events_schema(), file)


@cli.group()
def holidays() -> None:
    """Renouvelle les calendriers des vacances scolaires."""


@holidays.command("import")
@click.argument("file", type=FILE)
def holidays_import(file: Path) -> None:
    """Importe FILE : le CSV du calendrier scolaire publié par le ministère, ou un export YAML."""
    with _ready_store() as session:
        renewed = files.import_holidays_file(session, file, datetime.now(UTC))
    for calendar in renewed:
        last = max((last for _, last in calendar.known), default=None)
        click.echo(f"  {calendar.label} : connu jusqu'au {last}, {len(calendar.holidays)} congés.")


@holidays.command("export")
@OPTIONAL_FILE
def holidays_export(file: Path | None) -> None:
    """Écrit les calendriers de la base dans FILE, sous la forme de data/school_holidays.yaml."""
    with _store() as session:
        _write(files.export_holidays_text(session), file)


@cli.group("reminders")
def reminders_group() -> None:
    """Répète les rappels par courriel."""


@reminders_group.command("preview")
@click.option(
    "--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Le jour (AAAA-MM-JJ)."
)
@click.option("--academy", required=True, help="L'académie : lille, la-reunion, …")
@click.option(
    "--school",
    type=click.Choice([kind.value for kind in reminders.SchoolKind]),
    default=reminders.SchoolKind.ECOLE.value,
    show_default=True,
    help="Où enseigne la personne : le mercredi en dépend.",
)
def reminders_preview(on: datetime, academy: str, school: str) -> None:
    """Montre, délai par délai, les rappels qui partiraient un matin ; n'écrit rien."""
    kind = reminders.SchoolKind(school)
    with _store() as session:
        found = reminders.preview(session, academy, kind, on.date())
    click.echo(f"{on:%Y-%m-%d}, {found.academy.label}, {kind.words}")
    for lead in reminders.OFFERED_LEADS:
        click.echo(f"\n{lead.words}")
        lines = [line for line in found.lines if line.planned.lead == lead]
        for line in lines:
            sent = f"{line.planned.send_at:%Y-%m-%d à %H:%M} UTC"
            click.echo(f"  {line.title} : {line.todo} Envoi le {sent}.")
        if not lines:
            click.echo("  rien")
    for title in found.unknown:
        click.echo(f"\n{title} : vacances scolaires inconnues, aucun rappel ne peut être calculé.")


def _write(text: str, file: Path | None) -> None:
    if file is None:
        click.echo(text, nl=False)
        return
    files.write_whole(file, text)
    click.echo(f"{file} écrit.", err=True)


@contextmanager
def _bar(path: Path, label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a progress function that draws a bar in a terminal, for a large file."""
    if not path.is_file() or path.stat().st_size < LARGE_FILE or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.update(1000 * done // max(total, 1) - bar.pos)

        yield progress
