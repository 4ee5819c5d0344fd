"""The day of a letter, from which the years of its dates are derived."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from calendar_app.letters.grammar.french_dates import DatePhrase, LeadIn, Shape
from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import flat, front_matter
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold

SAID, PRINTED = "donnée avec la lettre", "imprimée dans la lettre"
FROM_DATES = "déduite des dates complètes de la lettre"
TODAY = "celle d'aujourd'hui, faute d'autre"

#: The ways of finding the day that leave the years in doubt.
GUESSED = frozenset((FROM_DATES, TODAY))

#: How many characters from its top, or from its end, a letter prints its own date.
_TOP, _END = 700, 400

#: Within this many characters from the top, a date alone on its line is the date of the letter.
_FIRST = 250

_MASTHEAD = re.compile(
    r"(?:\b(?:lettre|infolettre|newsletter|gazette|bulletin|numero|edition|flash|depeche|journal"
    r"|academie|reseau|drane|dane|message|feuille)\b[^.!?]{0,60}|\bn ?[°o]? ?\d{1,4}\W{0,4}"
    r"|^[a-z' -]{3,25}, (?:le )?|^\W*(?:date|le) ?:? ?|^(?:envoye|date|publie|paru"
    r"|parution)e?s?\b[^.]{0,20}"
    r"|\b(?:fait|imprime|redige|edite|publie|envoye)e?s?\b[^.]{0,30})"
    r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )?$"
)
_LAW = re.compile(r"\b(?:loi|decret|arrete|circulaire|note de service|bo|jo|ordonnance)\b")
_DATE_LINE = re.compile(
    r"(?m)^\s*(?:date|published|issued|publi[ée]e?)\s*:\s*['\"]?((?:19|20)\d\d)-(\d\d)-(\d\d)",
    re.IGNORECASE,
)


def find(
    text: str, phrases: Sequence[DatePhrase], said: date | None, today: date
) -> tuple[date, str]:
    """Return the day of the letter, and French words that say how it was found.

    The day is, in this order: the given one, one printed in the front matter or at the top, one
    guessed from the full dates of the letter, or today.

    :param phrases: the date phrases of the text, in its order.
    :param said: the day that the caller or the mail gives, or None.
    :param today: the day in Europe/Paris.
    """
    if said is not None:
        return said, SAID
    if match := _DATE_LINE.search(front_matter(text)):
        try:
            return date(*map(int, match.groups())), PRINTED
        except ValueError:
            pass
    for phrase in phrases:
        if phrase.start > _TOP:
            break
        day = _full(phrase)
        line = text[text.rfind("\n", 0, phrase.start) + 1 : phrase.start]
        before = fold(flat(line)).lstrip("#>*- ") + " " * line.endswith((" ", "\u00a0"))
        if (
            day
            and phrase.lead is LeadIn.NONE
            and phrase.shape is Shape.DAY
            and len(line) < 110
            and not _LAW.search(before)
            and (_MASTHEAD.search(before) or (not before.strip() and phrase.start < _FIRST))
            and "|" not in line
            and _ends_line(text, phrase)
        ):
            return day, PRINTED
    if month := _month_of_issue(text, phrases):
        return month, PRINTED
    full = sorted(day for phrase in phrases if (day := _full(phrase)) is not None)
    recent = [day for day in full if day.year >= full[-1].year - 1]
    if recent:
        # A letter announces events: it is older than the dates that it gives, by 30 days or so.
        return recent[len(recent) // 2] - timedelta(30), FROM_DATES
    return today, TODAY


def printed_title(text: str) -> str:
    """Return the title in the front matter, 120 characters at most, or nothing."""
    match = re.search(r"(?m)^title\s*:\s*['\"]?(.{2,200}?)['\"]?\s*$", front_matter(text))
    return match[1][:120] if match else ""


def is_masthead(outline: Outline, place: Surroundings, phrase: DatePhrase, issued: date) -> bool:
    """Whether a phrase is the date of the letter itself, at its top or in its signature.

    :param issued: the day of the letter, as :func:`find` found it.
    """
    day = phrase.days[-1]
    if phrase.lead is not LeadIn.NONE or phrase.shape not in (Shape.DAY, Shape.MONTHS):
        return False
    own = day.month == issued.month and day.year in (None, issued.year)
    if not own or (day.day is not None and day.day != issued.day):
        return False
    near = phrase.start < _TOP or phrase.start > len(outline.text) - _END
    before = fold(place.before[-80:])
    short = place.block.end - place.block.start < 160 or place.block.kind is BlockKind.HEADING
    # « Remise des prix le 12 juin » announces a day, in a letter of that day too.
    alone = day.year is not None or not re.search(r"[a-z]{3}", before)
    return near and ((short and alone) or bool(_MASTHEAD.search(before)))


def _full(phrase: DatePhrase) -> date | None:
    day = phrase.days[-1]
    if day.year is None or day.day is None or not day.exists:
        return None
    return date(day.year, day.month, day.day)


def _ends_line(text: str, phrase: DatePhrase) -> bool:
    return bool(re.match(r"[\s*_)\].–-]{0,8}(?:\n|\||$)", text[phrase.end : phrase.end + 12]))


def _month_of_issue(text: str, phrases: Sequence[DatePhrase]) -> date | None:
    """Return the first day of the letter's month (« Lettre n° 12 – mars 2026 »), or None."""
    for phrase in phrases:
        day = phrase.days[-1]
        if phrase.start > _TOP:
            return None
        before = fold(flat(text[max(0, phrase.start - 80) : phrase.start]))
        if (
            phrase.shape is Shape.MONTHS
            and len(phrase.days) == 1
            and day.year is not None
            and re.search(
                r"(?:lettre|newsletter|gazette|bulletin|n ?°? ?\d+|numero)[^.!?]{0,60}$", before
            )
            and _ends_line(text, phrase)
        ):
            return date(day.year, day.month, 1)
    return None
