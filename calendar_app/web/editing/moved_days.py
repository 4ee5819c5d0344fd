"""The dates of an event's form that were moved, and their days before the move."""

from __future__ import annotations

from collections.abc import Mapping

from calendar_app.catalogue.entries import Written
from calendar_app.web.editing.event_form import EventForm


def remember_moves(entry: Written, form: EventForm, base: Mapping[str, object]) -> None:
    """Note the old days of each date whose days differ from the base (``moved_from``), unless the
    form says that the old day was a mistake. A date that was moved before keeps its first days.

    :param entry: the event as the form says it; changed in place.
    :param base: the facts of the event as the editor saw it.
    """
    rows = {row.cle: row for row in form.dates if row.cle}
    for milestone in entry.get("milestones", ()):
        row, old = rows.get(milestone["key"]), base.get(f"milestones.{milestone['key']}")
        if row is None or not isinstance(old, dict) or row.deplacee != "oui":
            continue
        was = old.get("day") or old.get("first_day"), old.get("day") or old.get("last_day")
        now = milestone.get("day") or milestone.get("first_day")
        now_last = milestone.get("day") or milestone.get("last_day")
        approximate = "certainty" in old or "certainty" in milestone
        if was != (now, now_last) and not approximate and "moved_from" not in milestone:
            milestone["moved_from"] = {"first_day": was[0], "last_day": was[1]}
