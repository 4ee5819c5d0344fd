"""The commands that keep a store: back up, restore, send again, move to another engine."""

from __future__ import annotations

import gc
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask

from calendar_app.app import create_app, ledger_of, settings_of, store_session
from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.setup import SchemaState
from calendar_app.cli.base import application, entered, paris_time
from calendar_app.cli.group import FILE, cli
from calendar_app.cli.reminders import NOW
from calendar_app.config.environment import database_url
from calendar_app.config.settings import Settings, take_key
from calendar_app.editing.mailbox import forgetting
from calendar_app.reminders.keeping import backups, hold
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.store import copies, file_identity, health
from calendar_app.store.base import db
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted

_NO_LEDGER = (
    "CALENDAR_LEDGER est vide : une restauration ne saura pas qui est parti depuis cette "
    "sauvegarde. Donnez-lui un fichier sur un autre disque."
)


@cli.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Écrit dans FILE une sauvegarde de la base et de la clé, puis la relit.

    Le calendrier peut tourner pendant ce temps. Le fichier contient des adresses et la clé : c'est
    un secret.
    """
    with entered() as app:
        settings = settings_of(app)
        key, now = settings.secret_key, datetime.now(UTC)
        made = backups.back_up(store_session(app), file, key, ledger_of(app), now)
    rows = sum(made.counts.values())
    click.echo(f"{file} écrit et relu : {rows} lignes, {file.stat().st_size} octets.")
    if settings.ledger is None:
        click.echo(_NO_LEDGER, err=True)


@cli.command()
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Fait la base, qui ne doit pas exister, d'une sauvegarde. Aucun courriel n'en part ensuite."""
    with entered() as app:
        done = restore_into(app, file, datetime.now(UTC))
    made_at = paris_time(done.manifest.created_at)
    click.echo(f"La base est celle du {made_at} ({sum(done.manifest.counts.values())} lignes).")
    if done.unknown_since:
        click.echo(
            f"Qui s'est désabonné ou a fait effacer ses données depuis le {made_at} n'est pas "
            "connu : le registre des départs (CALENDAR_LEDGER) manque, ou ne connaît pas cette "
            "sauvegarde."
        )
    else:
        click.echo(
            "Départs depuis, repris du registre : "
            f"{counted(done.ended, 'désabonnement')}, {counted(done.erased, 'effacement')}."
        )
    click.echo("L'envoi est suspendu : « calendar-app sending on » le reprend.")


def restore_into(app: Flask, file: Path, now: datetime) -> backups.Restored:
    """Restore a backup into the store of an application (see :func:`backups.restore`)."""
    settings = settings_of(app)

    def with_key(key: str) -> Ledger:
        take_key(settings, key)
        return Ledger(settings.ledger, PersonalLinks(key, settings.public_url))

    path = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
    folder = Path(path).parent if path else settings.instance
    elsewhere = backups.Elsewhere(forgetting.addresses, forgetting.forget)
    return backups.restore(store_session(app), file, folder, with_key, elsewhere, now)


@cli.group()
def sending() -> None:
    """Reprend l'envoi des courriels, suspendu par une restauration."""


@sending.command("on")
@click.option(
    "--skip-due",
    is_flag=True,
    help="N'envoie pas les courriels qui attendent : ils ont pu partir après la sauvegarde.",
)
@click.option(
    "--accept-unknown-since",
    is_flag=True,
    help="Écrit aussi à qui est peut-être parti depuis la sauvegarde.",
)
@click.option("--yes", is_flag=True, help="Ne pose pas de question.")
@NOW
def sending_on(skip_due: bool, accept_unknown_since: bool, yes: bool, now: datetime | None) -> None:
    """Dit combien de courriels attendent, puis reprend l'envoi."""
    at = now or datetime.now(UTC)
    with entered() as app:
        session = store_session(app)
        held = hold.state(session)
        if held is None:
            click.echo("L'envoi n'est pas suspendu par une restauration.")
            return
        waiting = hold.waiting(session, at)
        click.echo(f"{counted(waiting, 'courriel')} en attente.")
        if held.unknown_since and not accept_unknown_since:
            raise CalendarError(
                f"Qui est parti depuis le {paris_time(held.unknown_since)} n'est pas connu : on "
                "écrirait peut-être à qui ne le veut plus. Retrouvez le registre des départs et "
                "restaurez à nouveau, ou acceptez-le par --accept-unknown-since."
            )
        if skip_due:
            click.echo(f"{counted(hold.skip(session, at), 'courriel sauté')}.")
        elif waiting and not yes:
            _ask_to_send(waiting)
        hold.lift(session, at)
    click.echo("L'envoi a repris.")


def _ask_to_send(waiting: int) -> None:
    """Ask whether these mails shall go.

    :raises CalendarError: when they shall not.
    """
    click.echo(
        "Ceux qui sont partis après la sauvegarde partiraient une seconde fois ; --skip-due n'en "
        "envoie aucun."
    )
    answer = click.prompt(
        f"Envoyer {counted(waiting, 'courriel')} ? (oui ou non)", default="non", show_default=False
    )
    if str(answer).strip().lower() not in ("o", "oui"):
        raise CalendarError("Rien n'a changé : l'envoi reste suspendu.")


@cli.group()
def store() -> None:
    """Déplace la base, ou accepte un fichier copié."""


@store.command("accept")
def store_accept() -> None:
    """Accepte le fichier de la base, copié pendant que le calendrier était arrêté."""
    url = application_url()
    if not file_identity.is_copy_without_journal(url):
        click.echo("Ce fichier n'est pas une copie sans journal : il n'y a rien à accepter.")
        return
    file_identity.adopt(url)
    click.echo("Le fichier est accepté.")


def application_url() -> str:
    """Return the path of the SQLite store of this environment.

    :raises CalendarError: when the store is in PostgreSQL.
    """
    app = application()
    with app.app_context():
        url = db.engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        raise CalendarError("La base est dans PostgreSQL : elle n'a pas de fichier à accepter.")
    return url.database


@store.command("move")
@click.option("--to", "to", required=True, metavar="URL", help="La base, vide, où tout copier.")
def store_move(to: str) -> None:
    """Copie toute la base dans une autre, de l'autre sorte par exemple, et compare les flux.

    Arrêtez d'abord le service et l'ouvrier : ce qui change ensuite n'y serait pas.
    """
    with entered() as app:
        rows, feeds = move_store(app, to, datetime.now(UTC))
    click.echo(
        f"{rows} lignes copiées ; {feeds} flux ont les mêmes octets dans les deux bases.\n"
        "Donnez maintenant cette adresse à CALENDAR_DATABASE_URL, et gardez l'ancienne base."
    )


def move_store(app: Flask, to: str, now: datetime) -> tuple[int, int]:
    """Copy the store of an application to another database, which must be empty. Return how many
    rows were copied, and how many feeds were found to have the same bytes.

    :raises CalendarError: when a store is not ready, a worker runs, or the copy is not the same.
    """
    target = create_app(_settings_at(settings_of(app), to))
    try:
        rows = _copied(app, target, now)
        return rows, _same_feeds(app, target)
    finally:
        with target.app_context():
            db.session.remove()
            db.engine.dispose()


def _copied(app: Flask, target: Flask, now: datetime) -> int:
    session = store_session(app)
    if todo := setup.problem(session):
        raise CalendarError(f"Arrêt : {todo}")
    if health.has_worker(session, now):
        raise CalendarError(
            "Un ouvrier est en marche : arrêtez-le, et le service, puis recommencez."
        )
    source = db.engine
    with target.app_context():
        if setup.schema_state(db.session) is not SchemaState.MISSING:
            raise CalendarError("La base d'arrivée n'est pas vide : rien n'a été copié.")
        setup.upgrade_schema()
        rows = sum(copies.move_rows(source, db.engine).values())
        if db.engine.dialect.name == "sqlite" and db.engine.url.database:
            file_identity.adopt(db.engine.url.database)
        db.session.remove()
    return rows


def _same_feeds(app: Flask, target: Flask) -> int:
    """Compare the feeds of two stores; return how many there are.

    :raises CalendarError: when one of them differs.
    """
    session = store_session(app)
    academies = queries.reference(session).academies
    places = [f"/flux/{academy.feed_name}.ics" for academy in academies]
    session.rollback()
    everything = [f"/flux/{n}.{f}" for n in ("national", "toutes") for f in ("ics", "atom", "json")]
    paths = [*everything, *places]
    # CPython 3.11 may crash in its garbage collection when one process renders so many feeds.
    gc.disable()
    try:
        different = [path for path in paths if _bytes_of(app, path) != _bytes_of(target, path)]
    finally:
        gc.enable()
    if different:
        raise CalendarError(f"Les flux diffèrent, la copie n'est pas bonne : {different[0]}")
    return len(paths)


def _settings_at(settings: Settings, to: str) -> Settings:
    """:raises CalendarError: when *to* is no address of a database."""
    with suppress(ValueError):
        return settings.model_copy(update={"database_url": database_url(to, settings.instance)})
    raise CalendarError(
        "--to ne convient pas : il faut sqlite:///chemin/du/fichier ou "
        "postgresql://utilisateur:mot-de-passe@serveur/base."
    )


def _bytes_of(app: Flask, path: str) -> bytes:
    """Return what the site answers at an address.

    :raises CalendarError: when it does not answer well.
    """
    answer = app.test_client().get(path, base_url=settings_of(app).public_url)
    if answer.status_code != 200:
        raise CalendarError(f"{path} ne répond pas : {answer.status}.")
    return bytes(answer.data)
