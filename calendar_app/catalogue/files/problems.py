"""The problems of a file that a person wrote, worded so that the person can correct them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from calendar_app.words.text import nearest

#: The path of a value: keys and positions (from 0), as ``("events", 3, "title")``.
Path = tuple[str | int, ...]

# A message lists at most so many right values, and shows so many characters of a text.
_LISTED = 30
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct in a file.

    :param file: the name of the file in messages.
    :param line: the line, from 1.
    :param key: the path of the value, joined by points; empty when the problem is not about one
        value.
    :param message: a French sentence without its capital and full stop.
    """

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        key = f", clé « {self.key} »" if self.key else ""
        return f"{self.file}, ligne {self.line}{key} : {self.message}"


class Problems:
    """The problems found so far in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        #: The paths of values that could not be read: they get no further messages.
        self.lost: set[Path] = set()
        self._found: set[Problem] = set()

    def add(self, line: int, path: Path, message: str) -> None:
        """Add a problem. A problem that is added twice counts once."""
        self._found.add(Problem(self.file, line, ".".join(map(str, path)), message))

    def sorted(self) -> tuple[Problem, ...]:
        """Return all problems in the order of the file."""
        return tuple(sorted(self._found, key=lambda p: (p.line, p.key, p.message)))

    def __bool__(self) -> bool:
        return bool(self._found)


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of the value at *path*, or of the nearest value around it."""
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path, 1)


def shown(value: object) -> str:
    """Return *value* between guillemets, shortened to one line of at most 60 characters."""
    text = " ".join(str(value).split())
    return f"« {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'} »"


def not_in_list(what: str, value: str, choices: Iterable[str]) -> str:
    """Return the message for a value that is not in a closed list, with the nearest value.

    :param what: the kind of value, in French with its article (« le thème »).
    """
    known = list(choices)
    close = nearest(value[:_SHOWN], known)
    if close:
        hint = f" ; vouliez-vous dire « {close} » ?"
    elif len(known) <= _LISTED:
        hint = f" ; choisissez parmi : {', '.join(known)}"
    else:
        hint = ""
    return f"{what} {shown(value)} n'existe pas{hint}"
