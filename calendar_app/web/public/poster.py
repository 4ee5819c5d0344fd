"""« Affiche »: a school year laid out on sheets of paper. The more contests, the smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calendar_app.web.public.timeline import Line
from calendar_app.words.french import counted

#: Sizes of a sheet by paper: up to so many rows, and the classes of the size (year.css). « short »:
#: a row has the title, the drawing and short dates side by side; « two »: two columns.
#: tests/browser/writing/test_crowded.py prints the fullest of each.
SIZES = {
    "a4": ((3, "few"), (6, "some"), (13, "short"), (30, "short two large"), (40, "short two")),
    "a3": ((3, "few"), (6, "some"), (13, "short"), (40, "short two large"), (90, "short two")),
}
#: How many rows one sheet holds, by paper.
ROOM = {paper: sizes[-1][0] for paper, sizes in SIZES.items()}
#: Up to how many rows in two columns a title may have two lines.
_TWO_LINES = 40
#: Number of events without a day, in a sentence below the table, that take the room of one row.
_UNDATED_IN_A_ROW = 5


@dataclass(frozen=True)
class Sheet:
    """One sheet of paper.

    :param columns: the lines with dates, in one or two columns.
    :param undated: the lines without a day, on the last sheet.
    :param size: the classes of its size in year.css.
    :param title_lines: the most lines of a title where dates are short.
    """

    columns: list[list[Line]]
    undated: list[Line]
    size: str
    title_lines: int

    @property
    def has_short_dates(self) -> bool:
        """Whether a row has room for « 11 févr. » alone."""
        return "short" in self.size


def sheets(found: Sequence[Line], paper: str) -> list[Sheet]:
    """Return the sheets that these lines take, about equally full; one at least.

    :param paper: ``a4`` or ``a3``.
    """
    dated = [line for line in found if line.milestones]
    undated = [line for line in found if not line.milestones]
    rows = len(dated) + -(-len(undated) // _UNDATED_IN_A_ROW)
    count = max(1, -(-rows // ROOM[paper]))
    each = max(1, -(-rows // count))
    size = next(name for most, name in SIZES[paper] if each <= most)
    parts = [dated[n * each : (n + 1) * each] for n in range(count)]
    lines = 1 if each > _TWO_LINES else 2
    return [
        Sheet(_columns(part, size), undated if part is parts[-1] else [], size, lines)
        for part in parts
    ]


def _columns(part: list[Line], size: str) -> list[list[Line]]:
    if "two" not in size:
        return [part]
    half = -(-len(part) // 2)
    return [part[:half], part[half:]]


def room_words(found: Sequence[Line], paper: str) -> str:
    """Return on which sheet the poster fits, and how many this paper takes, in French: « 12
    événements : l'affiche tient sur une feuille A4. »"""
    here, large = len(sheets(found, paper)), len(sheets(found, "a3"))
    events = f"{counted(len(found), 'événement')} :"
    if here == 1:
        return f"{events} l'affiche tient sur une feuille {paper.upper()}."
    if large == 1:
        return (
            f"{events} l'affiche tient sur une feuille A3 (jusqu'à {ROOM['a3']}). "
            f"En A4 (jusqu'à {ROOM['a4']} par feuille), elle prend {here} feuilles."
        )
    return (
        f"{events} c'est plus qu'une feuille n'en porte ({ROOM['a4']} en A4, {ROOM['a3']} en A3). "
        f"En {paper.upper()}, l'affiche prend {here} feuilles ; filtrez par classe, par type ou "
        "par thème pour qu'elle tienne sur une seule."
    )
