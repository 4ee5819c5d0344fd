"""Turns a draft into the event that its acceptance would publish.

Sentences of a letter are never published: a new event gets a generated summary of its known facts.
What the draft does not say stays « non précisé ».
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import date, time, timedelta
from typing import Any

from pydantic import ValidationError

from calendar_app.catalogue import queries
from calendar_app.catalogue.entries import EventEntry, MilestoneEntry, Written
from calendar_app.catalogue.entry_rows import event_entry, moved_from, scope_entry
from calendar_app.catalogue.facts import (
    EntryChange,
    EntryError,
    facts_of,
    with_fresh_keys,
    written,
    written_from,
)
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.catalogue.versions import merge
from calendar_app.editing import events
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import Proposal
from calendar_app.editing.rules.known_events import KIND_OF_STEP, RESULTS, compatible, scope_of
from calendar_app.editing.rules.source_changes import (
    LABEL,
    TITLE,
    Identity,
    Standing,
    different_parts,
    only,
)
from calendar_app.feeds.wording import where_words
from calendar_app.letters.as_json import item_from_json
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.letters.reading.title_words import without_edition
from calendar_app.school import levels
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession
from calendar_app.words.french import day_words, list_words
from calendar_app.words.text import capital_initial, clean_line, fold, slugify
from calendar_app.words.vocabulary import UNSAID, Audience, Certainty, EventType, MilestoneKind

_LONGEST_TITLE = 160
_LONGEST_SLUG = 60
#: An approximate deadline (« fin mai ») has a last day only: its first day is taken so long before.
_VAGUE_DEADLINE = timedelta(days=10)
_DAYS = ("day", "first_day", "last_day", "certainty", "phrase")


def item_of_draft(draft: Draft) -> DatedItem:
    """Return the item of a draft: as an editor corrected it, else as it was read."""
    return item_from_json(draft.corrected or draft.item)


def item_of_change(draft: Draft, here: Milestone, academies: Academies) -> DatedItem:
    """Return the item of a change that a source proposes: what the source changes, and what an
    editor corrected; all other parts are those of the date as it stands here now."""
    item = item_of_draft(draft)
    return only(item, standing_of(here, academies), changed_parts(draft))


def changed_parts(draft: Draft) -> frozenset[str]:
    """Return which parts (``rules.source_changes``) the change of a source changes."""
    item = item_of_draft(draft)
    if draft.changes is None:  # an editor attached it to this date: it counts whole
        place = {"place"} if item.place else set()
        return frozenset({"days", "hours", "ended", TITLE} | place)
    corrected = different_parts(item, item_from_json(draft.item))
    if LABEL in draft.changes:
        corrected -= {TITLE}
    return corrected.union(draft.changes)


def standing_of(here: Milestone, academies: Academies) -> Standing:
    """Return a date as it stands in the calendar, in the form of an item."""
    is_deadline = here.kind.is_deadline
    home = academies.time_zone_of(here.scope)
    return Standing(
        title=here.event.title,
        label=here.label,
        kind=ItemKind.DEADLINE if is_deadline else ItemKind.EVENT,
        first_day=None if is_deadline else here.first_day,
        last_day=here.last_day,
        start_time=None if is_deadline else here.start_time,
        end_time=here.end_time,
        zone=None if here.time_zone == home else here.time_zone,
        place=here.place or here.event.place,
        ended=here.is_cancelled,
    )


def proposed(session: AnySession, draft: Draft) -> EventEntry:
    """Return the event as it would be after the acceptance of a draft.

    :raises EntryError: when the draft lacks something that an event needs, or is not valid.
    :raises StaleEventError: when the same parts of the event changed since an editor prepared the
        draft.
    """
    return events.check_entry(session, written_draft(session, draft))


def written_draft(session: AnySession, draft: Draft) -> Written:
    """Return the entry that :func:`proposed` checks, as texts; it may be incomplete.

    :raises StaleEventError: as :func:`proposed`.
    """
    event = draft.event
    if draft.entry is not None:
        return written_from(_prepared(session, draft, event))
    _check_day(item_of_draft(draft))
    if event is None:
        return _new_event(session, draft)
    reference = queries.reference(session)
    entry = event_entry(event, reference.academies)
    facts = facts_of(entry)
    here, item = draft.milestone, item_of_draft(draft)
    is_change = draft.said is not None and draft.proposal is Proposal.CHANGE
    if is_change and here is not None:
        item = item_of_change(draft, here, reference.academies)
    known = {m.key for m in event.milestones}
    for key, milestone in _changed(draft, item, event, entry, reference):
        facts[f"milestones.{key}"] = milestone
        if key not in known and _has_no_place(draft, item):
            _put_at(facts, key, None)
    if is_change and here is not None:
        parts = changed_parts(draft)
        if LABEL in parts:
            _label(facts[f"milestones.{here.key}"], item, event)
        elif TITLE in parts:
            facts |= _renamed(item, event)
        if "place" in parts:
            _put_at(facts, here.key, item.place)
    return written_from(facts)


def date_of(draft: Draft, event: Event, before: Set[int] = frozenset()) -> Milestone | None:
    """Return the milestone that an accepted draft stands for in its event: of several, the nearest
    one of its kind; None when the event has none.

    :param before: ids of the milestones that the event had before the acceptance.
    """
    if draft.proposal is Proposal.CHANGE and draft.milestone in event.milestones:
        return draft.milestone
    item = item_of_draft(draft)
    kinds = {kind for kind, *_ in _dates(item)}
    added = [m for m in event.milestones if m.id not in before]
    fitting = [
        m
        for m in added or event.milestones
        if m.kind in kinds or (m.kind.is_deadline and any(kind.is_deadline for kind in kinds))
    ]
    day = item.last_day or item.first_day
    if day is None:
        return None
    return min(fitting or added, key=lambda m: (abs(m.last_day - day), m.position), default=None)


def _check_day(item: DatedItem) -> None:
    """Refuse an item whose day does not exist, until an editor corrects it.

    :raises EntryError: in this case.
    """
    if item.warnings and not (item.first_day or item.last_day):
        raise EntryError(
            {"milestones": "corrigez d'abord le jour : celui de la lettre n'existe pas"}
        )


def publishing_scope(session: AnySession, draft: Draft) -> frozenset[str]:
    """Return the codes that an editor must cover to publish a draft: the scopes of all parts that
    it would change. For a draft that cannot be published as it is, return the scope of its date,
    its event or its item."""
    reference = queries.reference(session)
    before = event_entry(draft.event, reference.academies) if draft.event else None
    try:
        codes = EntryChange(before, proposed(session, draft)).scope
    except (EntryError, events.StaleEventError):
        codes = frozenset()
    if not codes and draft.event:
        milestone = draft.milestone
        codes = milestone.scope if milestone else frozenset(draft.event.scope)
    return codes or scope_of(item_of_draft(draft), reference.academies)


def _prepared(session: AnySession, draft: Draft, event: Event | None) -> dict[str, Any]:
    assert draft.entry is not None  # noqa: S101 - the caller checked it
    if event is None or draft.base is None:
        return draft.entry
    now = facts_of(event_entry(event, queries.reference(session).academies))
    merged = merge(draft.base, with_fresh_keys(draft.base, draft.entry, now), now)
    if merged.conflicts:
        raise events.StaleEventError(merged.conflicts)
    return merged.facts


# -- a new event -----------------------------------------------------------------------------------


def _new_event(session: AnySession, draft: Draft) -> Written:
    item, reference = item_of_draft(draft), queries.reference(session)
    scope = scope_of(item, reference.academies)
    year = SchoolYear.of(item.last_day or item.first_day or _said_on(draft))
    title = clean_line(item.title)[:_LONGEST_TITLE]
    series = draft.series_id or _series_slug(title)
    taken = queries.event(session, f"{series}-{year.label}")
    theirs = taken and not compatible(scope, events.reach_of(taken), reference.academies)
    if theirs and not draft.series_id:
        # The taken id belongs to another académie's event of the same name.
        series = f"{series}-{slugify(min(scope))}"
    of_type = item.event_type or (
        EventType.MEETING if item.kind is ItemKind.EVENT else EventType.CONTEST
    )
    teachers = of_type is EventType.TRAINING
    entry: Written = {
        "id": f"{series}-{year.label}",
        "series": series,
        "title": title,
        "school_year": year.label,
        "type": of_type.value,
        "audience": [(Audience.TEACHERS if teachers else Audience.PUPILS).value],
        "classes": list(levels.collapse(levels.expand(item.classes))),
        "themes": [theme for theme in item.themes if theme in reference.themes],
        "scope": NATIONAL if NATIONAL in scope else written(scope_entry(scope)),
        "organiser": item.organiser or UNSAID,
        "link": item.url,
        "place": item.place,
        "summary": _summary(draft, item, of_type, reference),
        "source": _source(draft),
        "milestones": list(_milestones(item, set())),
    }
    if item.status is ItemStatus.CANCELLED:
        entry["cancelled"] = "true"
    return {name: value for name, value in entry.items() if value not in (None, [])}


def _series_slug(title: str) -> str:
    slug = slugify(without_edition(title)) or slugify(title) or "evenement"
    if len(slug) <= _LONGEST_SLUG:
        return slug
    return slug[: _LONGEST_SLUG + 1].rpartition("-")[0] or slug[:_LONGEST_SLUG]


def _said_on(draft: Draft) -> date:
    return draft.letter.issued if draft.letter else paris_day(draft.created_at)


#: French sentence about what a class must do, by the step that has a deadline.
_TO_DO = {
    Step.REGISTRATION: "Pour participer, inscrivez la classe",
    Step.SUBMISSION: "La classe envoie sa production",
    Step.UNKNOWN: "La participation a une date limite",
}


def _summary(draft: Draft, item: DatedItem, of_type: EventType, reference: Reference) -> str:
    """Return a generated summary without dates of the event, so that it stays true when a date
    moves: type, title, classes, themes, organiser, place, scope, what to do, and the origin."""
    parts = [_called(of_type, item.title[:_LONGEST_TITLE])]
    if classes := levels.collapse(levels.expand(item.classes)):
        parts.append(f"pour {list_words(map(_with_article, classes))}")
    if themes := [reference.themes[t].lower() for t in item.themes if t in reference.themes]:
        parts.append(f"{'thèmes' if len(themes) > 1 else 'thème'} : {list_words(themes)}")
    if item.organiser:
        parts.append(f"par {clean_line(item.organiser)}")
    where = where_words(scope_of(item, reference.academies), reference.academies)
    to_do = _TO_DO.get(item.step) if item.step and item.kind is not ItemKind.EVENT else None
    told = (f"{', '.join(parts)}{_where(item.place)} ({where})", to_do, _announced(draft))
    return " ".join(f"{sentence}." for sentence in told if sentence)


def _called(of_type: EventType, title: str) -> str:
    """Return « Concours « Mon école » », whether or not the title begins with that word."""
    words = of_type.words.capitalize()
    if fold(title).startswith(fold(words)):
        return capital_initial(clean_line(title))
    return f"{words} « {_within(title)} »"


def _with_article(slug: str) -> str:
    """Return a class or a cycle with its article: « le cycle 3 », « la 6e », « l'ULIS »."""
    name = levels.name(slug)
    if name[:1] in "U":
        return f"l'{name}"
    feminine = name[:1].isdigit() or name in ("TPS", "PS", "MS", "GS", "terminale", "SEGPA")
    return f"{'la' if feminine else 'le'} {name}"


def _announced(draft: Draft) -> str:
    if draft.letter:
        day = day_words(draft.letter.issued, weekday=False)
        return f"Annoncé par la lettre « {_within(draft.letter.title)} » du {day}"
    if draft.source:
        return f"Annoncé par l'agenda « {_within(draft.source.name)} »"
    return "Signalé par une lectrice ou un lecteur du calendrier"


def _within(title: str) -> str:
    """Return a title with “ ” for its own guillemets, to stand between guillemets."""
    return clean_line(title).replace("« ", "“").replace(" »", "”")


def _source(draft: Draft) -> Written:
    if draft.letter:
        day = day_words(draft.letter.issued, weekday=False)
        return {"name": f"{clean_line(draft.letter.title)[:250]}, {day}"}
    if draft.source:
        return {"name": clean_line(draft.source.name), "link": draft.source.address}
    return {"name": "Proposition du public"}


# -- dates -----------------------------------------------------------------------------------------


def _milestones(item: DatedItem, taken: set[str]) -> Iterator[Written]:
    """Yield the milestones of an item, each with a key that is new in its event.

    :param taken: the keys of the event; the new keys are added to this set.
    """
    for kind, first, last, start, end in _dates(item):
        milestone: Written = {"kind": kind.value, "key": _key(kind, taken)}
        if item.certainty is Certainty.APPROXIMATE:
            milestone |= {
                "certainty": Certainty.APPROXIMATE.value,
                "phrase": clean_line(item.phrase)[:_LONGEST_TITLE],
                "first_day": first.isoformat(),
                "last_day": last.isoformat(),
            }
        elif first == last:
            milestone["day"] = first.isoformat()
        else:
            milestone |= {"first_day": first.isoformat(), "last_day": last.isoformat()}
        milestone |= {
            name: f"{at:%H:%M}" for name, at in (("start_time", start), ("end_time", end)) if at
        }
        if item.time_zone:
            milestone["time_zone"] = item.time_zone
        if item.status in (ItemStatus.CANCELLED, ItemStatus.POSTPONED):
            milestone["cancelled"] = "true"
        yield milestone


def _dates(item: DatedItem) -> Iterator[tuple[MilestoneKind, date, date, time | None, time | None]]:
    """Yield (kind, first day, last day, start, end) for each milestone of an item."""
    first, last = item.first_day, item.last_day
    if item.kind is ItemKind.EVENT:
        first, last = first or last, last or first
        if first and last:
            results = RESULTS.search(fold(item.title))
            kind = MilestoneKind.RESULTS if results else MilestoneKind.SESSION
            yield kind, first, last, item.start_time, None if results else item.end_time
        return
    about = item.certainty is Certainty.APPROXIMATE
    if item.kind is ItemKind.WINDOW and first:
        yield MilestoneKind.OPENING, first, first, item.start_time, None
    if last:
        opens = first if item.kind is ItemKind.DEADLINE else None
        bound = (opens or last - _VAGUE_DEADLINE) if about else last
        kind = KIND_OF_STEP.get(item.step or Step.UNKNOWN, MilestoneKind.DEADLINE)
        yield kind, bound, last, None, item.end_time


def _key(kind: MilestoneKind, taken: set[str]) -> str:
    key, number = kind.value, 1
    while key in taken:
        number += 1
        key = f"{kind.value}-{number}"
    taken.add(key)
    return key


def _changed(
    draft: Draft, item: DatedItem, event: Event, entry: EventEntry, reference: Reference
) -> Iterator[tuple[str, Written]]:
    """Yield the milestones that a draft adds to a known event or changes in it, with their keys."""
    known = {m.key: m for m in event.milestones}
    span = [m for m in event.milestones if _is_changed(m, draft, item)]
    if not span:
        own = scope_of(item, reference.academies)
        narrower = own != frozenset(event.scope) and own != {NATIONAL}
        for milestone in _milestones(item, set(known)):
            if narrower:
                milestone["scope"] = written(scope_entry(own))
            # What a source says of a date stays, when the place of the event changes.
            if item.place and (item.place != event.place or draft.source_id is not None):
                milestone["place"] = item.place
            yield milestone.pop("key"), milestone
        return
    ended = item.status in (ItemStatus.CANCELLED, ItemStatus.POSTPONED)
    if draft.said is not None:
        for m in span:
            yield m.key, _as_said(m, item, entry) | ({"cancelled": "true"} if ended else {})
        return
    for m in span:
        yield m.key, _of(entry, m.key) | {"cancelled": "true"} if ended else _moved(m, item, entry)


def _has_no_place(draft: Draft, item: DatedItem) -> bool:
    """Whether a date is not at the place of its event either: an agenda has a line for the place.
    What is told in sentences may leave out that of its event."""
    told = Identity(draft.outside_id or "", draft.recurrence)
    is_of_agenda = draft.source_id is not None and not told.is_of_news
    return is_of_agenda and item.kind is ItemKind.EVENT and not item.place


def _is_changed(m: Milestone, draft: Draft, item: DatedItem) -> bool:
    """Whether a draft changes this milestone, or changes a window of which it is the opening."""
    if draft.milestone is None:
        return False
    if m.id == draft.milestone_id:
        return True
    return (
        item.kind is ItemKind.WINDOW
        and m.kind is MilestoneKind.OPENING
        and draft.milestone.kind.is_deadline
        and m.first_day == draft.known_first_day
        and m.scope == draft.milestone.scope
    )


def _moved(m: Milestone, item: DatedItem, entry: EventEntry) -> Written:
    """Return a milestone with the days of an item, and with the days before its first move."""
    facts = _of(entry, m.key)
    kept = {name: value for name, value in facts.items() if name not in (*_DAYS, "moved_from")}
    kept.pop("cancelled", None)
    news = next((new for new in _milestones(item, set()) if _fits(new, m)), None)
    if news is None:
        return facts
    news = {name: value for name, value in news.items() if name not in ("kind", "key")}
    if news.keys() & {"start_time", "end_time"}:
        # New hours replace both old hours, because an old end may come before a new start.
        kept = {n: value for n, value in kept.items() if n not in ("start_time", "end_time")}
    new = kept | news
    unrecorded = entry.model_copy(update={"record": None})
    try:
        moved = moved_from(MilestoneEntry.model_validate(new), m, unrecorded)
    except ValidationError:
        return new  # check_entry reports the errors of the whole event
    if moved:
        new["moved_from"] = {"first_day": str(moved[0]), "last_day": str(moved[1])}
    return new


def _as_said(m: Milestone, item: DatedItem, entry: EventEntry) -> Written:
    """Return a milestone as a source says it now: its days, kind and hours."""
    (news,) = _milestones(item, set())
    hours = ("start_time", "end_time", "time_zone")
    facts = {name: value for name, value in _moved(m, item, entry).items() if name not in hours}
    if not _fits(news, m):
        facts = {name: value for name, value in facts.items() if name not in _DAYS}
        facts |= {name: value for name, value in news.items() if name in ("kind", *_DAYS)}
    facts |= {name: value for name, value in news.items() if name in hours}
    return facts


def _label(milestone: Written, item: DatedItem, event: Event) -> None:
    """Give a date of an event the name that its source calls it by; none, where that is the title
    of the event."""
    milestone.pop("label", None)
    title = clean_line(item.title)[:_LONGEST_TITLE]
    if fold(title) != fold(event.title):
        milestone["label"] = title


def _put_at(facts: Written, key: str, place: str | None) -> None:
    """Give a date of an event its place; with None, take it. Other dates keep theirs. The place of
    the only date is that of its event, which the generated summary names.

    :param facts: of the event, changed in place.
    """
    own, was = facts[f"milestones.{key}"], facts.get("place")
    others = [
        told for name, told in facts.items() if name.startswith("milestones.") and told is not own
    ]
    own.pop("place", None)
    if place and others:
        if place != was:
            own["place"] = place
        return
    for other in others:
        if was:
            other.setdefault("place", was)
    facts.pop("place", None)
    if place:
        facts["place"] = place
    said = _where(place)
    facts["summary"] = facts["summary"].replace(_where(was), said, 1) if was else facts["summary"]


def _where(place: str | None) -> str:
    return f", lieu : {clean_line(place)}" if place else ""


def _renamed(item: DatedItem, event: Event) -> Written:
    """Return what follows from the title that a source now gives to an event."""
    title = clean_line(item.title)[:_LONGEST_TITLE]
    if fold(title) == fold(event.title):
        return {}
    return {"title": title, "summary": event.summary.replace(event.title, title)}


def _fits(new: Written, m: Milestone) -> bool:
    kind = MilestoneKind(new["kind"])
    return kind is m.kind or (kind.is_deadline and m.kind.is_deadline)


def _of(entry: EventEntry, key: str) -> Written:
    return next(written(m) for m in entry.milestones if m.key == key)
