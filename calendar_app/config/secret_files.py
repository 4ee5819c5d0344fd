"""Settings that are kept in a file: ``CALENDAR_SECRET_KEY_FILE`` names the file whose text is the
value. A supervisor hands secrets over so (systemd's ``LoadCredential``, secrets of containers):
other programs of the machine may read the environment of a process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

SUFFIX = "_FILE"


def read_files(
    environ: Mapping[str, str], names: Iterable[str]
) -> tuple[dict[str, str], list[str], set[str]]:
    """Return the variables with the values of their files, French sentences about what is wrong,
    and the names whose file is wrong.

    :param names: the variables whose value a file may hold.
    """
    found, problems, wrong = dict(environ), [], set()
    for name in names:
        path = found.pop(name + SUFFIX, "").strip()
        if not path:
            continue
        if environ.get(name, "").strip():
            problems.append(f"{name} et {name}{SUFFIX} sont donnés tous deux : gardez-en un.")
            wrong.add(name)
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            problems.append(f"{name}{SUFFIX} : le fichier « {path} » ne se lit pas.")
            wrong.add(name)
            continue
        if not found[name]:
            problems.append(f"{name}{SUFFIX} : le fichier « {path} » est vide.")
            wrong.add(name)
    return found, problems, wrong
