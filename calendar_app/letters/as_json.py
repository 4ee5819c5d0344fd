"""The reading of a letter as JSON values, and back without loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, time
from typing import Any, TypeVar

from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, LetterReading, Step
from calendar_app.letters.doubts import Doubts, PassedOver
from calendar_app.words.vocabulary import Certainty, EventType

R = TypeVar("R")


def contract(item: DatedItem) -> dict[str, Any]:
    """Return an item as ``calendar-app letters read --format json`` prints it and drafts store it.

    The names of the fields are a public contract. Days are ISO 8601, hours « 14:30 ».
    """
    return {
        "title": item.title,
        "kind": item.kind.value,
        "step": item.step and item.step.value,
        "first_day": _iso(item.first_day),
        "last_day": _iso(item.last_day),
        "start_time": _clock(item.start_time),
        "end_time": _clock(item.end_time),
        "certainty": item.certainty.value,
        "academies": list(item.academies),
        "place": item.place,
        "classes": list(item.classes),
        "url": item.url,
        "phrase": item.phrase,
        "sentence": item.sentence,
        "offset": item.offset,
        "confidence": item.confidence,
        "doubts": item.doubts and asdict(item.doubts),
        "time_zone": item.time_zone,
        "status": item.status.value,
        "departments": list(item.departments),
        "themes": list(item.themes),
        "event_type": item.event_type and item.event_type.value,
        "organiser": item.organiser,
        "rule": item.rule,
        "warnings": list(item.warnings),
        "reasons": list(item.reasons),
    }


def item_from_json(value: dict[str, Any]) -> DatedItem:
    """Return the item of a value that :func:`contract` wrote.

    :raises KeyError: when a field is missing.
    :raises ValueError: when a field holds a value that :func:`contract` never writes.
    """
    return DatedItem(
        title=value["title"],
        kind=ItemKind(value["kind"]),
        step=_or_none(Step, value["step"]),
        first_day=_or_none(date.fromisoformat, value["first_day"]),
        last_day=_or_none(date.fromisoformat, value["last_day"]),
        start_time=_or_none(time.fromisoformat, value["start_time"]),
        end_time=_or_none(time.fromisoformat, value["end_time"]),
        time_zone=value["time_zone"],
        certainty=Certainty(value["certainty"]),
        status=ItemStatus(value["status"]),
        academies=tuple(value["academies"]),
        departments=tuple(value["departments"]),
        place=value["place"],
        classes=tuple(value["classes"]),
        themes=tuple(value["themes"]),
        event_type=_or_none(EventType, value["event_type"]),
        organiser=value["organiser"],
        url=value["url"],
        phrase=value["phrase"],
        sentence=value["sentence"],
        offset=value["offset"],
        confidence=value["confidence"],
        rule=value["rule"],
        warnings=tuple(value["warnings"]),
        # A draft that was stored before these fields has neither.
        doubts=_or_none(lambda doubts: Doubts(**doubts), value.get("doubts")),
        reasons=tuple(value.get("reasons", ())),
    )


def to_json(reading: LetterReading) -> dict[str, Any]:
    """Return a whole reading as JSON values."""
    return {
        "title": reading.title,
        "issued": reading.issued.isoformat(),
        "issued_from": reading.issued_from,
        "text": reading.text,
        "items": [contract(item) for item in reading.items],
        "passed_over": [asdict(passed) for passed in reading.passed_over],
    }


def from_json(value: dict[str, Any]) -> LetterReading:
    """Return the reading of a value that :func:`to_json` wrote.

    :raises KeyError: when a field is missing.
    :raises ValueError: when a field holds a value that :func:`to_json` never writes.
    """
    return LetterReading(
        title=value["title"],
        issued=date.fromisoformat(value["issued"]),
        issued_from=value["issued_from"],
        text=value["text"],
        items=tuple(item_from_json(item) for item in value["items"]),
        passed_over=tuple(PassedOver(**passed) for passed in value["passed_over"]),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _clock(at: time | None) -> str | None:
    # Midnight is an hour, and not a missing one. Letters print no seconds.
    return None if at is None else at.isoformat("minutes")


def _or_none(read: Callable[[Any], R], value: Any | None) -> R | None:
    return None if value is None else read(value)
