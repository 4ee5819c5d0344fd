"""A backup as one file: the copy of the store, the key of the installation, and what the two are.

The archive is a tar file (gzip) with ``manifest.json``, ``store`` (a SQLite file, or what
``pg_dump --format=custom`` writes) and ``secret_key``. It holds addresses and the key, so only its
owner may read it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import secrets
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from calendar_app.words.errors import CalendarError

_FORMAT = 1
_MANIFEST, _STORE, _KEY = "manifest.json", "store", "secret_key"
_CHUNK = 1024 * 1024


class BackupError(CalendarError):
    """A backup could not be made, or a file is no whole backup."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is.

    :param id: no other backup has it; a ledger names it.
    :param created_at: aware UTC, before the copy of the store began.
    :param engine: ``sqlite`` or ``postgresql``.
    :param revision: the schema of the store.
    :param counts: table → number of rows.
    :param sha256: of the copy of the store.
    """

    id: str
    created_at: datetime
    engine: str
    revision: str
    counts: dict[str, int]
    sha256: str

    def to_json(self) -> bytes:
        values = {"format": _FORMAT} | asdict(self) | {"created_at": self.created_at.isoformat()}
        return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def of_json(cls, text: bytes) -> Manifest:
        """Read a manifest.

        :raises ValueError, KeyError, TypeError: when it is none of this format.
        """
        values: dict[str, Any] = json.loads(text)
        if values.pop("format") != _FORMAT:
            raise ValueError("another format")
        created_at = datetime.fromisoformat(values.pop("created_at"))
        return cls(created_at=created_at, **values)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was read: its manifest, and the key with which links were signed."""

    manifest: Manifest
    secret_key: str


def sha256_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of what is left of a file, in hexadecimal."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def private_file(beside: Path) -> Iterator[Path]:
    """Make an empty file that only its owner may read, beside a path; remove it in the end."""
    path = beside.with_name(f".{beside.name}.{secrets.token_hex(8)}.tmp")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield path
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            Path(f"{path}{end}").unlink(missing_ok=True)


def write(path: Path, manifest: Manifest, store: Path, secret_key: str) -> None:
    """Write a backup, read it again as a restore would, then give it its name: a backup that was
    there before is replaced only by a whole one.

    :raises BackupError: when what was written cannot be read again.
    :raises OSError: when it cannot be written.
    """
    with private_file(path) as draft:
        with _compressed(draft) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
            _add(tar, _MANIFEST, manifest.to_json())
            _add(tar, _KEY, secret_key.encode())
            tar.add(store, _STORE, recursive=False, filter=_anonymous)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        with private_file(path) as again:
            if read(draft, again) != Backup(manifest, secret_key):
                raise BackupError(f"{path} : la sauvegarde relue n'est pas celle qui fut écrite.")
        draft.replace(path)


def read(path: Path, store: Path) -> Backup:
    """Read a backup; the copy of the store is written to *store*.

    :raises BackupError: when the file is no backup of ours, or is damaged.
    :raises OSError: when a file cannot be read or written.
    """
    try:
        with gzip.open(path) as whole, tarfile.open(fileobj=whole, mode="r:") as tar:
            manifest = Manifest.of_json(_member(tar, _MANIFEST).read())
            key = _member(tar, _KEY).read().decode()
            with store.open("wb") as copy, _member(tar, _STORE) as source:
                while chunk := source.read(_CHUNK):
                    copy.write(chunk)
            while whole.read(_CHUNK):  # its end has the check sum of all
                pass
    except (
        tarfile.TarError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        zlib.error,
        gzip.BadGzipFile,
    ) as error:
        raise BackupError(
            f"{path} n'est pas une sauvegarde entière de « calendar-app backup »."
        ) from error
    with store.open("rb") as written:
        if sha256_of(written) != manifest.sha256:
            raise BackupError(f"{path} est abîmé : ce qu'il contient n'est pas ce qui fut écrit.")
    return Backup(manifest, key)


def _compressed(path: Path) -> gzip.GzipFile:
    return gzip.GzipFile(path, "wb", compresslevel=3, mtime=0)


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise ValueError(name)
    return found


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose file it was on this machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
