"""``calendar-app doctor``: what an operator should mend, looked at from this machine."""

from __future__ import annotations

import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from calendar_app.app import ledger_of, settings_of, store_session, transport
from calendar_app.catalogue import setup
from calendar_app.cli import dns_texts
from calendar_app.cli.base import NO_WORKER, application
from calendar_app.cli.group import cli
from calendar_app.cli.reminders import HELD
from calendar_app.editing.service.state import ServiceState, read_state
from calendar_app.reminders.mail.smtp_session import TransportError
from calendar_app.reminders.mail.transport import SmtpTransport
from calendar_app.reminders.rules.deliveries import DeliveryState
from calendar_app.store import health
from calendar_app.store.base import db
from calendar_app.store.faults import fault_of
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted

#: Bytes that should be free on the disk of the store and of the instance folder.
_FREE = 500 * 2**20
#: The clocks of this machine and of the database may differ by this much.
_CLOCKS = timedelta(minutes=2)
#: Backups should not be older than this.
_BACKUP = timedelta(days=2)
#: A mail that is due should not wait longer than this.
_WAITS = timedelta(hours=1)

#: The French sentences of a check about what should be mended; none when all is well.
_Check = Callable[[Flask, datetime], Iterator[str]]


@cli.command()
def doctor() -> None:
    """Examine l'installation, et se termine par 1 en disant ce qui est à réparer."""
    app = application()
    found: list[str] = []
    with app.app_context():
        unread = _why_unread(app)
        for name, check in _CHECKS.items():
            if unread and check in _OF_STORE:
                # Nobody waits again for a store that does not answer.
                click.echo(f"{name:<22}pas vu")
                continue
            now = datetime.now(UTC)
            problems = [unread] if unread and check is _store else [*check(app, now)]
            click.echo(f"{name:<22}{'à réparer' if problems else 'bien'}")
            found += problems
    if found:
        raise CalendarError("\n".join(("", *found)))


def _settings(app: Flask, now: datetime) -> Iterator[str]:
    settings = settings_of(app)
    if not settings.production:
        yield "CALENDAR_ENV n'est pas « production » : des réglages qui manquent ne sont pas dits."
    if settings.production and not settings.public_url.startswith("https://"):
        yield "CALENDAR_PUBLIC_URL n'est pas en https : les liens personnels passeraient en clair."
    if settings.ledger is None:
        yield (
            "CALENDAR_LEDGER est vide : une sauvegarde restaurée ne saura pas qui est parti, et "
            "l'âge des sauvegardes n'est pas connu."
        )


def _disk(app: Flask, now: datetime) -> Iterator[str]:
    for folder in _folders(app):
        free = shutil.disk_usage(folder).free
        if free < _FREE:
            yield f"Il reste {free // 2**20} Mio sur le disque de {folder} : faites de la place."


def _permissions(app: Flask, now: datetime) -> Iterator[str]:
    settings = settings_of(app)
    url = db.engine.url
    private = [settings.instance, settings.instance / "secret_key"]
    if url.get_backend_name() == "sqlite" and url.database:
        private.append(Path(url.database))
    if settings.ledger:
        private.append(settings.ledger)
    for path in private:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield f"D'autres comptes de la machine lisent {path} : chmod go-rwx {path}"


def _folders(app: Flask) -> set[Path]:
    settings, url = settings_of(app), db.engine.url
    found = {settings.instance}
    if url.get_backend_name() == "sqlite" and url.database:
        found.add(Path(url.database).parent)
    if settings.ledger:
        found.add(settings.ledger.parent)
    return {folder for folder in found if folder.is_dir()}


def _why_unread(app: Flask) -> str | None:
    """Return in French what to do when the store cannot be read; None when it can."""
    session = store_session(app)
    if todo := setup.problem(session):
        return todo[0].upper() + todo[1:]
    try:
        session.execute(text("SELECT 1"))
        session.rollback()
    except DBAPIError as error:
        return fault_of(error).todo
    return None


def _store(app: Flask, now: datetime) -> Iterator[str]:
    """Tell whether a store that can be read can be written too."""
    if not health.can_write(now):
        yield "La base ne s'écrit pas : vérifiez le disque et les droits, ou un verrou qui dure."


def _clock(app: Flask, now: datetime) -> Iterator[str]:
    try:
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect() as connection:
                there = connection.scalar(text("SELECT now()"))
            if there and abs(there - datetime.now(UTC)) > _CLOCKS:
                yield "Les horloges de cette machine et de la base diffèrent : réglez-les (NTP)."
        state = _state(app, now)
    except DBAPIError:
        return  # the store is told of by its own check
    seen = [state.changed_at] if state else []
    seen += [state.worker_seen_at] if state and state.worker_seen_at else []
    if any(at > now + _CLOCKS for at in seen):
        yield ("La base connaît un instant à venir : cette horloge retarde, ou une autre a avancé.")


def _state(app: Flask, now: datetime) -> ServiceState | None:
    """Return the state of the service; None when the store cannot be read."""
    session = store_session(app)
    if setup.problem(session):
        return None
    try:
        return read_state(session, now)
    except DBAPIError:
        session.rollback()
        return None


def _worker(app: Flask, now: datetime) -> Iterator[str]:
    state = _state(app, now)
    if state is None:
        return
    if state.worker_seen_at is None or now - state.worker_seen_at > health.SILENT_AFTER:
        yield NO_WORKER
    if state.held:
        yield HELD
    oldest = state.oldest(DeliveryState.PENDING)
    if state.mails.due and oldest and now - oldest > _WAITS:
        yield f"{counted(state.mails.due, 'courriel')} en attente depuis plus d'une heure."
    if parked := state.count(DeliveryState.PARKED):
        yield f"{counted(parked, 'courriel')} à trancher : « calendar-app reminders status »."


def _mail(app: Flask, now: datetime) -> Iterator[str]:
    way = transport(app)
    if not isinstance(way, SmtpTransport):
        if settings_of(app).production:
            yield "CALENDAR_SMTP_URL ne désigne pas un serveur : aucun courriel ne part."
        return
    try:
        way.log_in()
    except TransportError as error:
        yield f"Le serveur de courriel ne nous prend pas ({error.stage} : {error.reply})."


def _names(app: Flask, now: datetime) -> Iterator[str]:
    """The names are looked up where a resolver answers; on a machine without one, nothing is
    said."""
    settings = settings_of(app)
    hosts = {urlsplit(settings.public_url).hostname or "", settings.mail_from.domain}
    for host in sorted(host for host in hosts if host and not _is_own(host)):
        try:
            socket.getaddrinfo(host, None)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
                yield f"Le nom {host} n'existe pas dans le DNS."
    for resolver in dns_texts.resolvers()[:1]:
        yield from records_of(settings.mail_from.domain, resolver)


def records_of(domain: str, resolver: tuple[str, int]) -> Iterator[str]:
    """Yield which records the domain of the sender misses. (The name of a DKIM key is known to the
    mail server alone.)"""
    for name, begins, what in (
        (domain, "v=spf1", "SPF : les serveurs qui envoient pour lui"),
        (f"_dmarc.{domain}", "v=DMARC1", "DMARC : que faire d'un courriel qui n'est pas de lui"),
    ):
        found = dns_texts.texts(name, resolver) if "." in domain and not _is_own(domain) else None
        if found is not None and not any(text.startswith(begins) for text in found):
            yield f"Le DNS de {name} n'a pas d'enregistrement {what}."


def _is_own(host: str) -> bool:
    """Whether a host is this machine, of which no DNS knows anything."""
    return host in ("127.0.0.1", "localhost", "::1")


def _sources(app: Flask, now: datetime) -> Iterator[str]:
    state = _state(app, now)
    if state is None:
        return
    yield from state.unknown_holidays
    if state.holidays and state.holidays.problem:
        yield state.holidays.problem
    if state.mailbox.room.warning:
        yield state.mailbox.room.warning
    if state.mailbox.state and state.mailbox.state.problem:
        yield f"Boîte des lettres : {state.mailbox.state.problem}"
    for name in state.failing_sources:
        yield f"La source suivie « {name} » n'a pas pu être lue."


def _backups(app: Flask, now: datetime) -> Iterator[str]:
    departures = ledger_of(app)
    if departures.path is None:
        return  # the check of the settings says so
    last = departures.last_backup()
    if last is None:
        yield "Le registre des départs ne connaît aucune sauvegarde : « calendar-app backup »."
    elif now - last > _BACKUP:
        yield f"La dernière sauvegarde a {(now - last).days} jours."


_CHECKS: dict[str, _Check] = {
    "Réglages": _settings,
    "Base de données": _store,
    "Horloge": _clock,
    "Disques": _disk,
    "Droits des fichiers": _permissions,
    "Ouvrier": _worker,
    "Serveur de courriel": _mail,
    "Noms du DNS": _names,
    "Vacances et sources": _sources,
    "Sauvegardes": _backups,
}

#: The checks that read the store.
_OF_STORE = (_clock, _worker, _sources)
