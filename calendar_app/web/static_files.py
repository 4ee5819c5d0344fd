"""The files of ``static/``. Their addresses hold their hash (``/static/app.Xy_3.css``), so that
browsers and caches keep them for a year and a new release is seen at once."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app

from calendar_app.web.caching import FILE_CACHE
from calendar_app.web.policies import Policy, policy

#: 24 bits of a hash: enough to tell the releases of one file apart.
_HASH_LENGTH = 4

_HASHED = re.compile(rf"(.+)\.([\w-]{{{_HASH_LENGTH}}})(\.\w+)")

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


#: Where the application has them.
FOLDER = Path(__file__).parents[1] / "static"


def serve(app: Flask) -> None:
    """Serve the files of the static folder, and put their hash into what ``url_for`` returns."""
    app.view_functions["static"] = static
    app.url_defaults(_add_hash)


def export(source: Path, folder: Path) -> int:
    """Write each file into a folder under its name with its hash, and gzipped beside it, for a
    server like nginx. Files of other releases stay. Return how many files there are.

    :param source: the static folder of the application.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [path for path in sorted(source.iterdir()) if path.suffix in _TYPES]
    for path in names:
        data, target = _content(path)[0], folder / hashed_name(path)
        target.write_bytes(data)
        if path.suffix != ".png":
            target.with_name(f"{target.name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    return len(names)


def hashed_name(path: Path) -> str:
    """Return the name of a file as its address has it: ``app.Xy_3.css``."""
    return f"{path.stem}.{_content(path)[1]}{path.suffix}"


@policy(Policy.PUBLIC)
def static(filename: str) -> Response:
    """Return a file. A name without its hash, or with the hash of another release, leads to the
    file as it is now, which is kept no longer than a page."""
    named = _HASHED.fullmatch(filename)
    path = _file(filename) or (named and _file(f"{named[1]}{named[3]}"))
    if not path:
        abort(404)
    data, digest = _content(path)
    answer = Response(data, mimetype=_TYPES[path.suffix])
    if named and named[2] == digest:
        answer.headers["Cache-Control"] = FILE_CACHE
    return answer


def _file(name: str) -> Path | None:
    path = Path(str(current_app.static_folder), name)
    return path if name == path.name and path.suffix in _TYPES and path.is_file() else None


def _content(path: Path) -> tuple[bytes, str]:
    """Return the bytes of a file and their hash."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=100)
def _read(path: Path, _changed: int) -> tuple[bytes, str]:
    data = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
    return data, digest[:_HASH_LENGTH]


def _add_hash(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and (path := _file(values["filename"])):
        values["filename"] = hashed_name(path)
