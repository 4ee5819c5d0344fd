"""An agenda (.ics) that comes as a letter: its dates ahead, and a text that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from calendar_app.letters.agendas.calendar_file import agenda_name, read_agenda
from calendar_app.letters.agendas.left_out import LeftOut
from calendar_app.letters.dated_items import DatedItem, LetterReading
from calendar_app.letters.doubts import reasons_from
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.layout.blocks import Outline
from calendar_app.letters.reading.issue_date import SAID, TODAY
from calendar_app.letters.reading.places.scopes import Scopes
from calendar_app.letters.reading.surroundings import place_of
from calendar_app.school.local_time import PARIS
from calendar_app.school.places import Gazetteer
from calendar_app.words.french import hour_words, span_words

_NAME = "Agenda"


def read_agenda_letter(
    data: bytes, issued: date | None, today: date, knowledge: LetterKnowledge
) -> LetterReading:
    """Return the dates of an agenda that are not over, in the order of their days.

    What is not taken stands with its reason at the end of the text. For whom a date is, the places
    of its words say, as in a letter.

    :param issued: the day on which it was sent; None for *today* (the day in Europe/Paris).
    :raises UnreadableLetterError: when the file is damaged.
    """
    day, left_out = issued or today, LeftOut()
    found = read_agenda(data, day, PARIS.key, left_out)
    ahead = [e.item for e in found if e.item.last_day is None or e.item.last_day >= day]
    name = agenda_name(data) or _NAME
    text, items = _told(name, ahead)
    lines = [
        f"{part['count']} × {part['reason']}"
        + "".join(f", « {title} »" for title in part["titles"])
        for part in left_out.values()
    ]
    if lines:
        text += "\n\n## Non retenu\n\n" + "\n".join(f"- {line}" for line in lines)
    return LetterReading(
        name, day, SAID if issued else TODAY, text, tuple(_scoped(text, items, knowledge))
    )


def _told(name: str, items: Iterable[DatedItem]) -> tuple[str, list[DatedItem]]:
    """Return the text of an agenda, and its items with the place of their days in it."""
    text, found = f"# {name}", []
    for item in items:
        last = item.last_day
        assert last is not None  # noqa: S101 - an entry of an agenda always has one
        phrase = span_words(item.first_day or last, last, weekday=True)
        text += f"\n\n## {item.title}\n\n"
        found.append(replace(item, phrase=phrase, offset=len(text)))
        text += phrase
        hours = [hour_words(at) for at in (item.start_time, item.end_time) if at]
        text += "".join(f", {words}" for words in (" – ".join(hours), item.place) if words)
        if item.sentence != item.title:
            text += f"\n\n{item.sentence}"
    return text, found


def _scoped(
    text: str, items: Iterable[DatedItem], knowledge: LetterKnowledge
) -> Iterable[DatedItem]:
    outline = Outline(text)
    gazetteer = Gazetteer(knowledge.academies, knowledge.towns)
    scopes = Scopes(outline, gazetteer)
    for item in items:
        place = place_of(outline, item.offset, item.offset + len(item.phrase), [])
        if place is None:
            yield item
            continue
        scope = scopes.of(place, item.offset, item.title)
        assert item.doubts is not None  # noqa: S101 - an entry of an agenda always has them
        doubts = replace(item.doubts, place=round(scope.sure, 2))
        yield replace(
            item,
            academies=scope.academies,
            departments=scope.departments,
            confidence=doubts.least,
            doubts=doubts,
            reasons=(*item.reasons, *reasons_from({"place": (scope.sure, scope.why)})),
        )
