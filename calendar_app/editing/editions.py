"""The next edition of an event, as somebody would begin to write it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from dateutil.relativedelta import MO, relativedelta

from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.facts import Written, written
from calendar_app.letters.reading.title_words import tells_of_an_edition, without_edition
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.french import span_words

#: Within a fortnight around it: what is said of a date that nobody confirmed.
_ABOUT = timedelta(days=7)


def next_edition(entry: EventEntry) -> Written:
    """Return the edition of the next school year: every date a year later, on the same weekday, and
    provisional (approximate, « vers le 10 février 2022, à confirmer »), since nobody announced it.

    What belongs to the past edition is left out: that it was moved, cancelled, full, archived; its
    number and its year in a title or a label; the sentences that speak of it; and where it was
    announced, since nobody announced the next one there.
    """
    year = SchoolYear(int(entry.school_year[:4]) + 1)
    found = written(entry)
    for name in ("full", "cancelled", "reason", "archived", "part_of", "source"):
        found.pop(name, None)
    found["title"] = without_edition(entry.title)
    found["summary"] = _of_any_edition(entry.summary)
    found |= {"id": f"{entry.series}-{year.label}", "school_year": year.label}
    milestones = []
    for old, milestone in zip(entry.milestones, found.get("milestones", ()), strict=False):
        if old.cancelled:
            continue
        first, last = (a_year_later(day) for day in old.days)
        kept = {
            name: value
            for name, value in milestone.items()
            if name not in ("day", "moved_from", "cancelled", "phrase")
        }
        around = span_words(first, last)
        if label := without_edition(kept.pop("label", "")):
            kept["label"] = label
        near = f"vers le {around}" if first == last else f"vers la période {around}"
        milestones.append(
            kept
            | {
                "certainty": "approximate",
                "phrase": f"{near}, à confirmer",
                "first_day": (first - _ABOUT).isoformat(),
                "last_day": (last + _ABOUT).isoformat(),
            }
        )
    if milestones:
        found["milestones"] = milestones
    else:
        found.pop("milestones", None)
    return found


def _of_any_edition(summary: str) -> str:
    """The sentences that do not speak of one edition."""
    paragraphs = []
    for paragraph in summary.split("\n\n"):
        sentences = re.split(r"(?<=[.!?…])\s+(?=[A-ZÀ-ÖØ-Þ«])", paragraph)
        paragraphs.append(" ".join(s for s in sentences if not tells_of_an_edition(s)))
    return "\n\n".join(filter(None, paragraphs))


def a_year_later(day: date) -> date:
    """Return the day of the same weekday that is nearest to a year later."""
    weekday = MO.weekday + day.weekday()
    after = day + relativedelta(years=1)
    ahead = (weekday - after.weekday()) % 7
    return after + timedelta(days=ahead if ahead <= 3 else ahead - 7)
