"""The look of a line: a heading, a list item, a table row, or the rest of the line before.

The functions of this module take the lines of one run (lines without a blank line between them) as
their starts and ends in the text, in characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Sequence

from calendar_app.letters.grammar.date_tokens import BULLET

ITEM = re.compile(rf"{BULLET}|(?:\(?\d{{1,2}}[.)]|\(?[a-zA-Z]\))[ \t]+|\d\ufe0f?\u20e3[ \t]*")
NUMBERED = re.compile(r"(?:\d{1,2}|[A-Z]|[IVX]{1,4})[.)/-][ \t]+[«“\"A-ZÀ-ÖØ-Þ0-9]")
MONTH = r"(?:janv|f[ée]v|mars|avr|mai|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c)[a-zé]*"
WEEKDAY = r"(?:lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?"
DATED_LINE = re.compile(
    r"[*_]{0,2}(?:(?:le|du|les|entre le|avant le|jusqu['’]au|à partir du|dès le|d['’]ici le)\s+)?"
    rf"(?:{WEEKDAY}\s+)?(?:\d{{1,2}}(?:er)?(?:\s*{MONTH}|/\d{{1,2}}\b|\s*(?:au|et|-|–|,)\s*\d)"
    rf"|(?:mi-|début |fin |courant ){MONTH}|{MONTH} (?:19|20)\d\d)",
    re.IGNORECASE,
)
# « Rodez, 12 avril »: a line with a place and a day.
PLACE_LINE = re.compile(
    r"(?!.*\b(?:aura|auront|a|ont|est|sont|sera|seront|se|s)\b)"  # « La finale se joue le 3 mars »
    rf"[A-ZÀ-ÖØ-Þ][\w’' -]{{2,30}},?\s+(?:le\s+)?(?:{WEEKDAY}\s+)?\d{{1,2}}(?:er)?\s+{MONTH}"
    r"[^a-z]{0,30}$"
)
ONLY_DATES = re.compile(
    rf"(?:{MONTH}|{WEEKDAY}|midi|minuit|heures?|h|de|du|au|à|le|les|et|avant|entre|métropole"
    rf"|paris"
    r"|[\W\d_])+",
    re.IGNORECASE,
)
# The gap between two columns: several spaces, or a tab.
GAP = re.compile(r"(?<=\S)(?:[ \u00a0]{2,}|[ ]*\t[ \t]*)(?=\S)")
# The end of a line whose sentence continues on the next line.
GOES_ON = re.compile(
    r"(?:[-,’'(«“–]|\b(?:à|au|aux|de|du|des|d|l|le|la|les|et|ou|en|dans|pour|sur|par|avec|un|une"
    r"|sans|votre|vos|notre|nos|ce|cette|que|qui|vers|chez|entre|son|sa|ses|leur|leurs"
    r"|(?-i:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)))$",
    re.IGNORECASE,
)
SENTENCE_ENDS = re.compile(r"[.!?…;:,]['\"»”)\]*_]*$")
TITLE_LENGTH, FIRST_LINE = 110, 75
#: How many lines of a run, and how many characters of a line, are examined for dates and columns.
ROWS, WIDTH = 60, 200
HEADING_LINES = 3


#: A line with so many bars is a row, though it stands alone.
_BARS = 3


def is_row(text: str, lines: Sequence[tuple[int, int]], line: str) -> bool:
    """Whether *line* and at least one other line of its run have columns."""
    if not is_wide(line):
        return False
    if line.count(" | ", 0, WIDTH) >= _BARS:
        return True
    return sum(is_wide(text[start:end]) for start, end in lines[:ROWS]) > 1


def is_wide(line: str) -> bool:
    """Whether a line has columns: bars, a tab, or several gaps of spaces."""
    if line.count(" | ", 0, WIDTH) > 1:
        return True
    gaps = GAP.findall(line[:WIDTH])
    return len(gaps) > 1 or any("\t" in gap for gap in gaps)


def is_numbered_heading(
    text: str,
    line: str,
    lines: Sequence[tuple[int, int]],
    end: int,
    marks: Container[str] = frozenset(),
) -> bool:
    """Whether a line that starts with a number is a heading (« 3) Concours « … » »).

    :param end: where the line ends in the text.
    :param marks: the marks of the headings of the text (:func:`heading_marks`).
    """
    after = next((text[a:b] for a, b in lines if a > end), "")
    alone = lines[-1][1] == end
    listed = ITEM.match(after)
    # Over a list, it is a heading where the letter has others with a number.
    heads = listed is not None and lines[0][1] == end and not after[0].isalnum()
    return (
        len(line) <= TITLE_LENGTH
        and not re.search(r"[.,;:]\W*$", line[3:])
        and not GOES_ON.search(line)
        and (listed is None or (heads and _NUMBER in marks))
        and (alone or heads or opens(after) or DATED_LINE.match(after) is not None)
    )


#: The mark of all headings that start with a number.
_NUMBER = "1"
#: So many lines with a mark that are headings by their look make it the mark of headings.
_MANY_HEADINGS = 2


def heading_marks(text: str, runs: Iterable[Sequence[tuple[int, int]]]) -> frozenset[str]:
    """Return the marks with which the headings of a text start: « ▶ », or « 1 » for any number.

    What looks like a list item (« ▶ Certification » over « Rappel : … ») is a heading in a letter
    whose other lines with this mark are.

    :param runs: the lines of each run, as their starts and ends in the text.
    """
    found: Counter[str] = Counter()
    for lines in runs:
        for start, end in lines:
            line = text[start:end]
            if NUMBERED.match(line):
                found[_NUMBER] += is_numbered_heading(text, line, lines, end)
            elif bullet := ITEM.match(line):
                title = is_title_with_bullet(text, lines, start, bullet.end())
                found[bullet[0].strip()] += title
    return frozenset(mark for mark, count in found.items() if count >= _MANY_HEADINGS)


def is_dated(line: str) -> bool:
    """Whether a line starts with a date, or with a place and a date."""
    return bool(DATED_LINE.match(line) or PLACE_LINE.match(line))


def is_dated_item(text: str, lines: Sequence[tuple[int, int]], start: int) -> bool:
    """Whether a line that starts with a date is a list item.

    The line must not be the rest of a sentence. Another line of the run must start with a date too,
    or the line before must end with « : », « ! » or « ? ».

    :param start: where the line starts in the text.
    """
    before = [line for line in lines if line[1] <= start]
    if before and GOES_ON.search(text[slice(*before[-1])]):
        return False
    if _is_agenda(text, lines, start):
        return True
    if before and text[start].islower():
        # « avant le 15 janvier » is the rest of a sentence, unless the line before has ended or
        # starts with a date.
        last = text[slice(*before[-1])]
        starts_with_date = is_dated(last) and not _MONTH_GOES_ON.match(last)
        return bool(re.search(r"[.:!?]\W*$", last)) or starts_with_date
    dated = sum(is_dated(text[a : min(b, a + WIDTH)]) for a, b in lines[:ROWS])
    return dated > 1 or bool(before and re.search(r"[:!?]\W*$", text[slice(*before[-1])]))


#: « avril 2021. Les écoles… »: the rest of a date whose day ends the line before.
_MONTH_GOES_ON = re.compile(rf"{MONTH} (?:19|20)\d\d[.,;]")

#: « du 3 au 14 novembre : envoi des textes »: a date, and after a mark what is on it. Each part is
#: atomic: there is one way to read it, however many dates a line has.
_AGENDA_LINE = re.compile(
    rf"(?>\W|\d|{MONTH}|{WEEKDAY}|\b(?:du|au|le|les|de|à|et|jusqu['’]|er|avant|h)(?![^\W\d_]))+?"
    r"\s?(?::|[–—-](?=\s))\s*[^\W\d_]['’]?[^\W\d_]",
    re.IGNORECASE,
)


def _is_agenda(text: str, lines: Sequence[tuple[int, int]], start: int) -> bool:
    """Whether a dated line is one of several that each say after a mark what is on their date."""
    at = next((line for line in lines if line[0] == start), None)
    if at is None or not _AGENDA_LINE.match(text, start, min(at[1], start + WIDTH)):
        return False
    same = sum(
        is_dated(text[a : min(b, a + WIDTH)])
        and _AGENDA_LINE.match(text, a, min(b, a + WIDTH)) is not None
        for a, b in lines[:ROWS]
    )
    return same > 1


def is_title_with_bullet(
    text: str,
    lines: Sequence[tuple[int, int]],
    start: int,
    size: int,
    marks: Container[str] = frozenset(),
) -> bool:
    """Whether a line with a bullet is the title of what follows: a short line without a date or the
    end of a sentence, before a line that starts anew, or before bullets of another sign.

    :param start: where the line starts in the text.
    :param size: how many characters its bullet has.
    :param marks: the marks of the headings of the text (:func:`heading_marks`).
    """
    at = bisect_right(lines, (start, len(text))) - 1
    if text[start].isalnum():
        return False
    said = text[start + size : lines[at][1]]
    if len(said) > TITLE_LENGTH or not opens(said) or GOES_ON.search(said):
        return False
    if SENTENCE_ENDS.search(said) or re.search(rf"\d\s*{MONTH}|\d/\d|\d\s?h\b", said):
        return False
    if capitals(text, (start + size, lines[at][1])):
        return True
    if at + 1 == len(lines):
        return False
    following = text[slice(*lines[at + 1])].lstrip("> ")
    bullet = ITEM.match(following)
    if bullet is None:
        short = len(said) <= FIRST_LINE
        told = is_dated(following) or _LABELLED.match(following)
        heads = text[start : start + size].strip() in marks
        return short and opens(following) and (heads or not told)
    return bullet[0].strip() != text[start : start + size].strip()


#: « Lieu : Lyon », which goes on with the item above.
_LABELLED = re.compile(r"[^:.!?]{2,30} ?: \S")


def is_wrapped_number(text: str, line: str, before: Sequence[tuple[int, int]]) -> bool:
    """Whether a line only seems to be a numbered item: « 63) » after the line « (15, 43 et ».

    :param before: the lines before it in its paragraph.
    """
    if not line[0].isdigit() or not before or re.match(r"1[.)]\s+[A-ZÀ-Þ«]", line):
        return False
    return not SENTENCE_ENDS.search(text[slice(*before[-1])])


_SCHOOL_YEAR = re.compile(r"\b20\d\d ?[-/–] ?(?:20)?\d\d\b")


def capitals(text: str, line: tuple[int, int]) -> bool:
    """Whether a line is a heading in capital letters: short and without digits."""
    said = _SCHOOL_YEAR.sub("", text[slice(*line)])
    letters = [c for c in said if c.isalpha()]
    return (
        len(letters) >= 6
        and sum(c.isupper() for c in letters) > 0.9 * len(letters)
        and len(said) <= TITLE_LENGTH
        and not re.search(r"\d", said)
    )


def heading_size(text: str, lines: Sequence[tuple[int, int]]) -> int:
    """Return how many of the first lines form a heading; 0 when there is none."""
    if lines and re.match(r"[^:«]{2,35} ?: [^\s«]", text[slice(*lines[0])]):
        return 0  # « Date limite : 30 janvier »
    if lines and _DATE_APART.search(text[slice(*lines[0])]):
        return 0  # « Candidatures      30 janvier »
    length = 0
    for at, (start, end) in enumerate(lines[:HEADING_LINES], 1):
        line = text[start:end].rstrip("*_ ")
        length += end - start
        if length > TITLE_LENGTH or (at == 1 and (length > FIRST_LINE or not opens(line))):
            return 0
        if GOES_ON.search(line):
            continue
        if SENTENCE_ENDS.search(line) and not line.endswith((" ?", " !")):
            return 0
        if at == len(lines):
            # No other line follows: the lines are a heading when they are short.
            return at if length <= 80 else 0
        following = text[slice(*lines[at])]
        if opens(following) and not re.match(r"\d", following):
            return at
        said = text[lines[0][0] : end]
        if not (re.search(r"\d .{3,9} (?:19|20)\d\d", said) or said.count("(") > said.count(")")):
            return 0
    return 0


#: A date at some distance from the words that say what is on it.
_DATE_APART = re.compile(
    rf"\S[ \u00a0]{{3,}}(?:(?:le|du|jusqu['’]au|avant le)\s)?(?:{WEEKDAY}\s)?"
    rf"\d{{1,2}}(?:er)?\s{MONTH}"
)


def goes_on(text: str, line: tuple[int, int]) -> bool:
    """Whether the sentence of a line continues on the next line."""
    return GOES_ON.search(text, max(line[0], line[1] - 20), line[1]) is not None


def opens(line: str) -> bool:
    """Whether a line starts like a sentence or a title: with a capital, a digit or a symbol."""
    first = line.lstrip("*_~«“\"' \u00a0\u202f([")[:1]
    return first.isupper() or first.isdigit() or ord(first or " ") > 0x2000
