"""Which dates of an event's form were moved, and where they first stood."""

from __future__ import annotations

from collections.abc import Mapping

from calendar_app.catalogue.facts import Written
from calendar_app.web.editing.event_form import EventForm


def remember_moves(entry: Written, form: EventForm, base: Mapping[str, object]) -> None:
    """Let each date whose day differs from the base remember where it first stood, unless the
    form says that the day was a mistake."""
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
