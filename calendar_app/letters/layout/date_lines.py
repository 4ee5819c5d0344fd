"""Lines that hold a date alone, each above or under the line that says what is on that day.

Web pages and PDFs print a calendar so:

    Clôture des inscriptions          7 novembre 2025
    7 novembre 2025            or       • clôture des inscriptions
    Délibération du jury              21 novembre 2025
    21 novembre 2025                    • délibération du jury
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calendar_app.letters.layout.lines import ITEM, MONTH, WEEKDAY, goes_on

Line = tuple[int, int]

_ONLY_DATE = re.compile(
    rf"(?:{MONTH}|{WEEKDAY}|midi|minuit|heures?|h|min|de|du|au|à|le|les|et|avant|entre|métropole"
    r"|paris|jusqu|partir|dès|plus|tard|ici|inclus|er|[\W\d_])+",
    re.IGNORECASE,
)
_DAY = re.compile(rf"\d(?:er)?\s*{MONTH}|\d/\d|\d\.\d\d?\.\d\d", re.IGNORECASE)
#: The number of a page, « 2/3 » alone on its line, in a text that has « 1/3 » at the end of one.
_PAGE, _FIRST_PAGE = (
    re.compile(r"\d{1,2}/(\d{1,2})"),
    re.compile(r"(?m)(?<![\d/])1/(\d{1,2})[ \t]*$"),
)
_RANGE_GOES_ON = re.compile(r"(?:au|et|ou)\s")
_LABEL_LENGTH, _DATE_LENGTH = 90, 80
#: How many lines after a date alone may say what is on that day.
_MOST_LABELS = 3


@dataclass(frozen=True, slots=True)
class _Look:
    """What a line is here: ``D`` a date alone, ``L`` a short line that may name one, ``X`` other.

    :param bullet: whether it has a bullet.
    :param gap: whether a blank line stands before it.
    """

    kind: str
    bullet: bool
    gap: bool


def dated_pairs(text: str, lines: Sequence[Line]) -> dict[int, Line]:
    """Return the start of the first line of each pair → the place of the pair, in characters.

    :param lines: the places of all lines of *text* that are not blank.
    """
    pages = frozenset(_FIRST_PAGE.findall(text))
    looks = [
        _Look("X", False, False)
        if (page := _PAGE.fullmatch(text, *lines[at])) and page[1] in pages
        else _look(text, lines, at)
        for at in range(len(lines))
    ]
    found: dict[int, Line] = {}
    for first, last in _chains(looks):
        dates = [at for at in range(first, last + 1) if looks[at].kind == "D"]
        if _are_labels_below(text, lines, looks, dates):
            ends = [*[at - 1 for at in dates[1:]], _last_label(looks, dates[-1], last)]
            pairs = [(at, end) for at, end in zip(dates, ends, strict=True) if end > at]
        else:
            pairs = [(at - 1, at) for at in dates if at and looks[at - 1].kind == "L"]
        found |= {lines[a][0]: (lines[a][0], lines[b][1]) for a, b in pairs}
    return found


def _look(text: str, lines: Sequence[Line], at: int) -> _Look:
    start, end = lines[at]
    gap = at > 0 and "\n" in text[lines[at - 1][1] : start].replace("\n", "", 1)
    line = text[start:end]
    if len(line) > _LABEL_LENGTH:
        return _Look("X", False, gap)
    if at and not gap and goes_on(text, lines[at - 1]):
        return _Look("X", False, gap)  # the rest of a sentence: « du 20 au » above « 24 janvier »
    if at and not gap and _RANGE_GOES_ON.match(line):
        return _Look("X", False, gap)  # « du 22 novembre » above « au 14 janvier »
    if len(line) <= _DATE_LENGTH and _DAY.search(line) and _ONLY_DATE.fullmatch(line):
        return _Look("D", bool(ITEM.match(line)), gap)
    bullet = ITEM.match(line)
    short = len(line) <= _LABEL_LENGTH and not re.search(
        r"\d{4}|\d\s*(?:h\b|/)|[.:;!?,|]\W*$", line
    )
    plain = not line.startswith(("#", "|", ">", "http")) and not goes_on(text, lines[at])
    return _Look("L" if short and plain else "X", bullet is not None, gap)


def _chains(looks: Sequence[_Look]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each stretch in which dates alone and labels alternate.

    A single date counts only with a bullet under it.
    """
    at = 0
    while at < len(looks):
        if looks[at].kind != "D":
            at += 1
            continue
        dates, here = 1, at
        last = at
        while (step := _next_date(looks, here)) is not None:
            here = last = step
            dates += 1
        end = min(len(looks) - 1, last + _MOST_LABELS)
        while end > last and any(look.kind != "L" for look in looks[last + 1 : end + 1]):
            end -= 1
        if dates > 1 or (end > last and looks[last + 1].bullet and not looks[at].bullet):
            yield at, end
        at = last + 1


def _next_date(looks: Sequence[_Look], at: int) -> int | None:
    """Return the next date alone, when only labels stand before it, at least one; else None."""
    for step in range(at + 1, min(at + _MOST_LABELS + 2, len(looks))):
        if looks[step].kind == "D":
            return step if step > at + 1 else None
        if looks[step].kind != "L":
            return None
    return None


def _last_label(looks: Sequence[_Look], date: int, last: int) -> int:
    """Return the last line that says what is on the last date of a chain."""
    if date == last:
        return date
    end = date + 1
    while end < last and looks[end].bullet and looks[end + 1].bullet:
        end += 1
    return end


def _are_labels_below(
    text: str, lines: Sequence[Line], looks: Sequence[_Look], dates: Sequence[int]
) -> bool:
    """Whether each date of a chain stands above its label, and not under it."""
    below = [looks[at + 1] for at in dates if at + 1 < len(looks)]
    if all(look.bullet and look.kind == "L" for look in below) and len(below) == len(dates):
        return not any(looks[at].bullet for at in dates)
    after = [look.gap for look in below]
    before = [looks[at].gap for at in dates]
    if any(before[1:]) != any(after[: len(dates) - 1]):
        return any(before[1:])
    first, last = dates[0], dates[-1]
    if last + 1 >= len(looks) or looks[last + 1].kind != "L":
        return False
    if first == 0 or looks[first - 1].kind != "L":
        return True
    # Both a line above the first date and one under the last: with another line above it, the one
    # above is a label, and not the title.
    return first < 2 or looks[first - 2].kind != "L"
