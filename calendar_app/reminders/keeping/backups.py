"""A backup of the installation, and a store restored from it, which sends nothing by itself.

``now`` is an aware UTC instant everywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.setup import SchemaState
from calendar_app.reminders.keeping import hold, ledger
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.store import archive, copies
from calendar_app.store.archive import Backup, BackupError, Manifest
from calendar_app.store.base import AnySession, db, writing
from calendar_app.store.models import SendingHold
from calendar_app.words.errors import CalendarError


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored store.

    :param unknown_since: since when nobody knows who left; None when the ledger told it.
    :param ended: how many people have left since the backup, by the ledger.
    :param erased: how many were erased.
    """

    manifest: Manifest
    unknown_since: datetime | None
    ended: int = 0
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The addresses that later rooms keep, as they hand it in.

    :param addresses: returns them (``MailAddress.key``).
    :param forget: erases one of them, inside the caller's transaction.
    """

    addresses: Callable[[AnySession], set[str]]
    forget: Callable[[AnySession, str, datetime], None]


def back_up(
    session: AnySession, path: Path, secret_key: str, departures: Ledger, now: datetime
) -> Manifest:
    """Write a backup of the store and the key, and read it again. The store may be in use.

    :param departures: the ledger, which notes that there is a backup.
    :raises CalendarError: when the store is not ready, or the copy is not right.
    :raises OSError: when the backup cannot be written; a backup that was there before is left.
    """
    if todo := setup.problem(session):
        raise CalendarError(f"Arrêt : {todo}")
    session.rollback()
    engine = db.engine
    backup_id = secrets.token_hex(8)
    with archive.private_file(path) as copy:
        revision, counts = copies.copy_store(engine, copy)
        with copy.open("rb") as file:
            sha256 = archive.sha256_of(file)
        manifest = Manifest(backup_id, now, engine.dialect.name, revision, counts, sha256)
        archive.write(path, manifest, copy, secret_key)
    departures.backed_up(backup_id, now)
    return manifest


def restore(
    session: AnySession,
    path: Path,
    folder: Path,
    with_key: Callable[[str], Ledger],
    elsewhere: Elsewhere,
    now: datetime,
) -> Restored:
    """Make the store, which must not exist yet, from a backup. Nothing is sent from it before
    ``hold.lift``; who has left since, by the ledger, stays away.

    :param folder: a private folder for the copy, of the file system of a SQLite store.
    :param with_key: makes the key of the backup that of the installation, and returns the ledger,
        whose hashes are of this key; or raises CalendarError.
    :raises CalendarError: when there is a store already, or the backup does not suit it.
    """
    if setup.schema_state(session) is not SchemaState.MISSING or _has_file():
        raise CalendarError(
            "La base que désigne CALENDAR_DATABASE_URL existe déjà : une restauration n'écrase "
            "rien. Mettez-la de côté (déplacez le fichier et ses voisins, ou créez une base vide), "
            "puis recommencez."
        )
    with archive.private_file(folder / "restore") as copy:
        found = archive.read(path, copy)
        manifest = found.manifest
        _check(found)
        departures = with_key(found.secret_key)
        left = departures.since(manifest.id, manifest.created_at)
        # Until the ledger was applied, nobody knows who left.
        held = SendingHold(
            restored_at=now, backed_up_at=manifest.created_at, unknown_since=manifest.created_at
        )
        db.engine.dispose()
        copies.fill_store(db.engine, copy, held, manifest.counts)
    setup.upgrade_schema()
    hold.release_claims(session, now)
    with writing(session, now):
        queries.catalogue(session, for_update=True).history = secrets.token_hex(4)
    if left is None:
        return Restored(manifest, manifest.created_at)
    others = elsewhere.addresses(session)
    ended, erased = ledger.keep_away(session, departures, left, others, elsewhere.forget, now)
    with writing(session, now):
        session.get_one(SendingHold, 1).unknown_since = None
    return Restored(manifest, None, ended, erased)


def _has_file() -> bool:
    url = db.engine.url
    return url.get_backend_name() == "sqlite" and Path(url.database or "").exists()


def _check(found: Backup) -> None:
    """:raises BackupError: when a backup suits another engine or a later program."""
    engine = db.engine.dialect.name
    if found.manifest.engine != engine:
        raise BackupError(
            f"Cette sauvegarde est celle d'une base {found.manifest.engine}, et "
            f"CALENDAR_DATABASE_URL désigne une base {engine}. Restaurez-la dans une base de sa "
            "sorte, puis déplacez-la par « calendar-app store move »."
        )
    if not setup.knows_revision(found.manifest.revision):
        raise BackupError(
            "Cette sauvegarde vient d'une version plus récente du programme : installez-la d'abord."
        )
