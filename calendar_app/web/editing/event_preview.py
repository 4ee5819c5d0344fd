"""The preview of an event's form: its page, and its dates as a calendar program shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calendar_app.catalogue.facts import EntryError
from calendar_app.catalogue.models.events import Event
from calendar_app.editing import events, overview
from calendar_app.feeds import wording
from calendar_app.store.base import db
from calendar_app.web.editing.event_form import EventForm
from calendar_app.web.editing.room import the_editor
from calendar_app.web.page import page


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One date as a calendar program shows it: its title, its days and its description."""

    summary: str
    when: str
    description: str


def preview_of(form: EventForm) -> dict[str, Any]:
    """Return the values of templates/editing/_preview.html: the event, its lines in a feed, and
    events that may be the same one.

    When the form does not say enough yet, the values say what is missing instead of the event, and
    the problems are taken off the form.
    """
    reference = page().reference
    written = form.read(reference.academies)
    if form.event_id is None and form.texts.get("titre"):
        near = overview.find_alike_by_title(db.session, the_editor(), written)
    else:
        near = ()
    try:
        entry = events.check_entry(db.session, written)
    except EntryError as error:
        form.note(error.problems)
    if form.problems:
        missing = list(form.problems.values())
        form.problems = {}
        return {"shown": None, "missing": missing, "near_titles": near}
    event = events.imagined(db.session, entry, page().now)
    return {"shown": _page_of(event), "missing": [], "near_titles": near}


def _page_of(event: Event) -> dict[str, Any]:
    here = page()
    return {
        "event": event,
        "cards": [here.card(m) for m in event.milestones],
        "audience": wording.audience_words(event),
        "levels": wording.level_words(event),
        "scope": wording.where_words(event.scope, here.reference.academies),
        "taking_part": wording.taking_part(event),
        "lines": [
            FeedLine(wording.summary(m), wording.when_words(m), wording.todo_words(m))
            for m in event.milestones
        ],
    }
