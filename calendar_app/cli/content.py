"""The commands about content: events and school holidays."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from calendar_app.app import settings_of, store_session
from calendar_app.catalogue import file_exchange, holidays_update, renewal
from calendar_app.catalogue.holidays_update import CalendarChange
from calendar_app.catalogue.import_export import ImportReport
from calendar_app.cli.base import (
    NO_RULES,
    OPTIONAL_FILE,
    ready_application,
    ready_store,
    store_as_it_is,
    write,
)
from calendar_app.cli.group import FILE, cli
from calendar_app.config.settings import data_folder
from calendar_app.editing.followed.fetcher import Fetcher
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted

#: Bytes. A smaller file is read before a progress bar could be drawn.
LARGE_FILE = 50_000


_FILES = click.argument("files", metavar="[FILE]...", type=FILE, nargs=-1)


@cli.group()
def events() -> None:
    """Vérifie, importe ou exporte le fichier des événements."""


@events.command("check")
@_FILES
def events_check(files: tuple[Path, ...]) -> None:
    """Vérifie chaque FILE (par défaut les deux fichiers de data/) sans rien importer."""
    ids: set[str] = set()
    for path in _content(files):
        with store_as_it_is() as session, _bar(path, "Lecture") as progress:
            found = file_exchange.check_events_file(session, path, data_folder(), progress, ids)
        ids.update(entry.id for entry in found.events)
        rules = f" et {counted(len(found.rules), 'règle')}" if found.rules else ""
        click.echo(f"{path} : {counted(len(found.events), 'événement')}{rules}, aucune erreur.")


@events.command("import")
@_FILES
def events_import(files: tuple[Path, ...]) -> None:
    """Importe chaque FILE (par défaut les deux fichiers de data/), s'il n'a aucune erreur.

    Cinquante événements à la fois : les rédacteurs n'attendent pas. Un import interrompu se
    termine en lançant la même commande.
    """
    reports = [_import(path) for path in _content(files)]
    # What one of the files has is not absent.
    for event_id in sorted(set.intersection(*(set(report.absent) for report in reports))):
        click.echo(f"  absent    {event_id} : absent du fichier, laissé dans la base.")


def _content(files: tuple[Path, ...]) -> tuple[Path, ...]:
    return files or tuple(data_folder() / name for name in file_exchange.CONTENT)


def _import(path: Path) -> ImportReport:
    with (
        ready_store() as session,
        _bar(path, "Lecture") as reading,
        _bar(path, "Import") as writing,
    ):
        report = file_exchange.import_events_file(
            session, path, datetime.now(UTC), reading, writing
        )
        renewed = renewal.renew(session, datetime.now(UTC))
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
    _tell(renewed)
    return report


def _tell(renewed: renewal.RenewalReport) -> None:
    for event_id in renewed.created:
        click.echo(f"  règle     {event_id} : créé par la règle de sa série")
    for event_id in renewed.changed:
        click.echo(f"  règle     {event_id} : suit la règle de sa série, qui a changé")


@events.command("renew")
def events_renew() -> None:
    """Crée les éditions des séries qui reviennent par une règle, de cette année et de la suivante.

    L'ouvrier le fait aussi, dans la minute.
    """
    with ready_store() as session:
        known = len(renewal.rules(session))
        renewed = renewal.renew(session, datetime.now(UTC))
    if not known:
        click.echo(NO_RULES)
        return
    made, changed = len(renewed.created), len(renewed.changed)
    click.echo(f"Règles : {known}. Éditions créées : {made}, modifiées : {changed}.")
    _tell(renewed)


@events.command("export")
@OPTIONAL_FILE
def events_export(file: Path | None) -> None:
    """Écrit tous les événements dans FILE, ou sur la sortie standard.

    Au-delà de 1 Mio, que l'import ne lit pas, dans FILE-1, FILE-2, etc. : importez-les dans cet
    ordre.
    """
    with store_as_it_is() as session:
        texts = file_exchange.export_events_texts(session)
    if len(texts) > 1 and file is None:
        raise CalendarError(
            f"Les événements tiennent en {len(texts)} fichiers de 1 Mio : donnez un nom de fichier."
        )
    paths = file_exchange.numbered(file, len(texts)) if file else [None]
    for path, text in zip(paths, texts, strict=True):
        write(text, path)
    if file and len(texts) > 1:
        names = " ".join(shlex.quote(str(path)) for path in paths)
        click.echo(f"Pour les reprendre : calendar-app events import {names}", err=True)
    if file and (left := file_exchange.left_from_before(file, len(texts))):
        click.echo(
            f"D'un export plus ancien, à supprimer : {', '.join(str(path) for path in left)}.",
            err=True,
        )


@events.command("schema")
@OPTIONAL_FILE
def events_schema(file: Path | None) -> None:
    """Écrit le schéma JSON de events.yaml, pour les éditeurs de texte."""
    write(file_exchange.events_schema(), file)


@cli.group()
def holidays() -> None:
    """Renouvelle les calendriers des vacances scolaires."""


@holidays.command("import")
@click.argument("file", type=FILE)
def holidays_import(file: Path) -> None:
    """Importe FILE : le CSV du calendrier scolaire publié par le ministère, ou un export YAML."""
    with ready_store() as session:
        renewed = file_exchange.import_holidays_file(session, file, datetime.now(UTC))
    for calendar in renewed:
        last = max((last for _, last in calendar.known), default=None)
        click.echo(f"  {calendar.label} : connu jusqu'au {last}, {len(calendar.holidays)} congés.")


@holidays.command("update")
def holidays_update_command() -> None:
    """Cherche le calendrier scolaire du ministère (CALENDAR_HOLIDAYS_URL) et dit ce qui change."""
    with ready_application() as app:
        address = settings_of(app).holidays_url
        if address is None:
            raise CalendarError(
                "CALENDAR_HOLIDAYS_URL est vide : rien n'est cherché. Téléchargez le fichier, puis "
                "importez-le avec « calendar-app holidays import FICHIER »."
            )
        changes = holidays_update.update(
            store_session(app), address, Fetcher().download, datetime.now(UTC)
        )
    for change in changes:
        for line in change_lines(change):
            click.echo(line)


def change_lines(change: CalendarChange) -> Iterator[str]:
    """Yield in French what a file changed in a school calendar: its line, then one for each
    holiday."""
    until = f"connu jusqu'au {change.known_until}" if change.known_until else "inconnu"
    more = f", {change.new_days} jours de plus" if change.new_days else ""
    yield f"  {change.label} : {until}{more if change.is_change else ', rien ne change'}."
    for sign, found in (("+", change.added), ("-", change.removed)):
        for holiday in found:
            yield f"    {sign} {holiday.name} : du {holiday.first_day} au {holiday.last_day}"


@holidays.command("export")
@OPTIONAL_FILE
def holidays_export(file: Path | None) -> None:
    """Écrit les calendriers de la base dans FILE, sous la forme de data/school_holidays.yaml."""
    with store_as_it_is() as session:
        write(file_exchange.export_holidays_text(session), file)


@contextmanager
def _bar(path: Path, label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function that draws a progress bar, for a large file in a terminal; else None."""
    if not path.is_file() or path.stat().st_size < LARGE_FILE or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.update(1000 * done // max(total, 1) - bar.pos)

        yield progress
