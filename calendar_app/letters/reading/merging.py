"""Merging the mentions of one item, and warning where a letter gives two dates for one item."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.letters.doubts import DOUBT, PARTS, Doubts
from calendar_app.words.french import day_words
from calendar_app.words.text import slugify
from calendar_app.words.vocabulary import Certainty

#: Two titles name the same thing when they share this part of the words of the shorter one.
_SHARED_WORDS = 0.5

#: How many items of a section are compared. More dates of one name than _SERIES are a series, and
#: no contradiction.
_MANY, _SERIES = 100, 12

# The rules of ``titles`` that find a title, the best first.
_BEST_TITLES = (
    "row",
    "heading-line",
    "line",
    "label",
    "heading",
    "stage",
    "sentence",
    "named-nearby",
)

_EMPTY_WORDS = frozenset(
    "concours edition journee journees semaine atelier ateliers formation webinaire prochaine"
    " prochain premiere premier deuxieme pour dans avec sous leur leurs votre dates date limite les"
    " des une aux sur par qui inscription inscriptions cette annee".split()
)


@dataclass(frozen=True, slots=True)
class Mention:
    """An item as one passage of the letter gives it.

    :param section: the number of the section that the passage stands in.
    :param in_heading: whether the date stands in the heading of the section.
    :param title_from: the rule that found the title of the item (``titles.title_of``).
    :param in_list: whether the passage is a list item or a table row.
    :param opens: of an opening without its end, the step that opens, or None.
    """

    item: DatedItem
    section: int
    in_heading: bool
    title_from: str
    in_list: bool = False
    opens: Step | None = None


def merged(mentions: Sequence[Mention]) -> tuple[DatedItem, ...]:
    """Return the items of the mentions, each once, in the order of the letter.

    An item gets a warning when the letter gives it another date elsewhere.
    """
    kept: list[Mention] = []
    of_day: dict[object, list[int]] = {}
    for mention in mentions:
        item = mention.item
        same_day = of_day.setdefault((item.certainty, item.last_day, item.status), [])
        for at in same_day:
            if _same(kept[at], mention):
                kept[at] = _one(kept[at], mention)
                break
        else:
            same_day.append(len(kept))
            kept.append(mention)
    in_section = _grouped(kept, lambda m: m.section)
    kept = [m for m in kept if not _is_part(m, in_section[m.section])]
    of_name = _grouped(kept, lambda m: _name(m.item.title))
    items = [_with_contradictions(m, of_name[_name(m.item.title)]) for m in kept]
    return tuple(sorted(items, key=lambda item: item.offset))


def _grouped(
    mentions: Sequence[Mention], key: Callable[[Mention], Hashable]
) -> dict[Hashable, list[Mention]]:
    found: dict[Hashable, list[Mention]] = {}
    for mention in mentions:
        found.setdefault(key(mention), []).append(mention)
    return found


_QUOTED = re.compile(r"«([^»]+)»")


@lru_cache(2_000)
def words(title: str) -> frozenset[str]:
    """Return the folded words that distinguish a title from others, or all when none does."""
    every = frozenset(w for w in slugify(title).split("-") if len(w) > 2 or w.isdigit())
    return every - _EMPTY_WORDS or every


def alike(one: str, other: str) -> bool:
    """Whether two titles name the same thing; two names in quotation marks must agree."""
    quoted = _QUOTED.findall(one), _QUOTED.findall(other)
    if all(quoted) and not {slugify(n) for n in quoted[0]} & {slugify(n) for n in quoted[1]}:
        return False
    first, second = words(one), words(other)
    if not first or not second:
        return slugify(one) == slugify(other)
    return len(first & second) >= _SHARED_WORDS * min(len(first), len(second))


def _same(one: Mention, other: Mention) -> bool:
    a, b = one.item, other.item
    if (a.certainty, a.last_day, a.status) != (b.certainty, b.last_day, b.status):
        return False
    if not (a.first_day or a.last_day or a.phrase == b.phrase):
        return False  # two days that do not exist
    if a.start_time and b.start_time and a.start_time != b.start_time:
        return False
    if a.first_day != b.first_day and ItemKind.DEADLINE not in (a.kind, b.kind):
        return False
    if _steps_differ(a, b):
        return False
    together = one.section == other.section and (
        one.in_heading or other.in_heading or "heading" in (one.title_from, other.title_from)
    )
    if one.section == other.section and one.in_list and other.in_list:
        # Two items of a list are two things, unless all words of one title are in the other.
        first, second = words(a.title), words(b.title)
        return first <= second or second <= first
    return alike(a.title, b.title) or together


def _steps_differ(a: DatedItem, b: DatedItem) -> bool:
    known = {a.step, b.step} - {None, Step.UNKNOWN}
    return len(known) > 1


#: The warning of an item whose step nobody said.
NO_STEP = "Inscription ou envoi des productions : à choisir."


def _one(one: Mention, other: Mention) -> Mention:
    """Return one mention for two: the fuller one, completed from the other."""
    first, second = sorted((one, other), key=_richness, reverse=True)
    a, b = first.item, second.item
    title = min((one, other), key=lambda m: (_rank(m.title_from), m.item.offset))
    deadline = a if a.kind is ItemKind.DEADLINE else b
    kind = deadline if deadline.kind is ItemKind.DEADLINE else a
    steps = [item.step for item in (a, b) if item.step not in (None, Step.UNKNOWN)]
    item = replace(
        a,
        title=title.item.title,
        kind=kind.kind,
        first_day=kind.first_day,
        step=steps[0] if steps else kind.step,
        start_time=a.start_time or b.start_time,
        end_time=a.end_time or b.end_time,
        time_zone=a.time_zone or b.time_zone,
        academies=a.academies or b.academies,
        departments=a.departments or b.departments,
        place=a.place or b.place,
        classes=a.classes or b.classes,
        themes=a.themes or b.themes,
        event_type=a.event_type or b.event_type,
        organiser=a.organiser or b.organiser,
        url=a.url or b.url,
        **_doubts_of_both(title.item, kind, a if a.academies or not b.academies else b, a, b),
        warnings=tuple(
            dict.fromkeys(
                w
                for w in a.warnings + b.warnings
                if not steps or (w in a.warnings and w != NO_STEP)
            )
        ),
    )
    return Mention(item, one.section, one.in_heading or other.in_heading, title.title_from)


def _doubts_of_both(
    title: DatedItem, kind: DatedItem, place: DatedItem, one: DatedItem, other: DatedItem
) -> dict[str, Any]:
    """Return the doubts of one item that two passages speak of: those of the passage that each part
    was taken from; both agree on the day.

    :param title, kind, place: the items that gave the title, the kind and the académies.
    """
    every = [item.doubts for item in (title, kind, place, one, other)]
    if any(doubts is None for doubts in every):
        return {"confidence": max(one.confidence, other.confidence)}
    of_title, of_kind, of_place, a, b = (doubts for doubts in every if doubts is not None)
    doubts = Doubts(max(a.day, b.day), of_title.title, of_kind.kind, of_place.place)
    known = dict.fromkeys(title.reasons + one.reasons + other.reasons)
    reasons = tuple(r for r in known if _is_in_doubt(r, doubts))
    return {"confidence": doubts.least, "doubts": doubts, "reasons": reasons}


def _is_in_doubt(reason: str, doubts: Doubts) -> bool:
    part = PARTS[reason.partition(" : ")[0]]
    return bool(getattr(doubts, part) < DOUBT)


def _richness(mention: Mention) -> tuple[int, float, int]:
    item = mention.item
    said = (item.start_time, item.place, item.url, item.academies or None)
    sure = item.doubts.day if item.doubts else item.confidence
    return sum(value is not None for value in said), sure, -item.offset


def _rank(title_from: str) -> int:
    return _BEST_TITLES.index(title_from) if title_from in _BEST_TITLES else len(_BEST_TITLES)


def _is_part(mention: Mention, section: Sequence[Mention]) -> bool:
    """Whether another item of the section includes this one.

    Only the first items of a section are compared, so that a hostile letter takes linear time.
    """
    if mention.item.certainty is Certainty.DAY:
        section = [m for m in section[:_MANY] if m.in_heading]
    return any(_part_of(mention, other) for other in section[:_MANY] if other is not mention)


def _part_of(small: Mention, large: Mention) -> bool:
    """Whether *small* is a day in the programme of *large*, or its date said approximately."""
    a, b = small.item, large.item
    if a.certainty is Certainty.APPROXIMATE and b.certainty is Certainty.DAY:
        one_thing = alike(a.title, b.title) or small.in_heading or large.in_heading
        return _within(b, a) and a.kind is b.kind and one_thing
    if b.certainty is Certainty.APPROXIMATE or not large.in_heading or small.in_heading:
        return False
    if small.title_from == "row":
        return False  # a table of what is on names each of its dates
    longer = b.first_day is not None and b.last_day is not None and b.last_day > b.first_day
    return longer and a.kind is b.kind is ItemKind.EVENT and _within(a, b) and a != b


def _within(small: DatedItem, large: DatedItem) -> bool:
    first, last = small.first_day or small.last_day, small.last_day or small.first_day
    start, end = large.first_day, large.last_day
    return bool(first and last and start and end and start <= first and last <= end)


def _with_contradictions(mention: Mention, kept: Sequence[Mention]) -> DatedItem:
    item = mention.item
    if len(kept) > _SERIES:
        return item
    others = sorted({_day(m.item) for m in kept if _contradicts(mention, m)})
    if not others:
        return item
    said = " et ".join(day_words(day, weekday=False) for day in others)
    return replace(
        item,
        confidence=min(item.confidence, 0.5),
        doubts=item.doubts and replace(item.doubts, day=min(item.doubts.day, 0.5)),
        warnings=(*item.warnings, f"La lettre donne aussi le {said} : choisissez."),
    )


def _contradicts(one: Mention, other: Mention) -> bool:
    a, b = one.item, other.item
    if (
        one is other
        or a.kind is not b.kind
        or a.status is not ItemStatus.PLANNED
        or (b.status is not ItemStatus.PLANNED)
        or date.max in (_day(a), _day(b))
    ):
        return False
    if Certainty.APPROXIMATE in (a.certainty, b.certainty) or _day(a) == _day(b):
        return False
    deadlines = a.kind is ItemKind.DEADLINE
    name = _name if deadlines else slugify
    if name(a.title) != name(b.title) or _steps_differ(a, b) or a.step is not b.step:
        return False
    # Several sessions may share the title of their heading. A title that is printed beside two
    # dates names one thing.
    named = {one.title_from, other.title_from} - {"heading", "named-nearby", "document"}
    return deadlines or (bool(named) and a.sentence != b.sentence)


@lru_cache(2_000)
def _name(title: str) -> str:
    """Return the quoted part of a title as a slug, or the whole title."""
    quoted = re.search(r"[«“]([^»”]+)[»”]", title)
    return slugify(quoted[1] if quoted else title)


def _day(item: DatedItem) -> date:
    # Only an item whose day does not exist has neither.
    return item.last_day or item.first_day or date.max
