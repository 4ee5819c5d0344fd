"""What a source said of each of its dates, as its drafts tell it (``following``)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import or_, select

from calendar_app.catalogue.models.events import Milestone
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.editing.rules.source_changes import ENDED, Identity
from calendar_app.letters.agendas.series import JUST_PAST
from calendar_app.letters.as_json import contract, item_from_json
from calendar_app.letters.dated_items import DatedItem
from calendar_app.store.base import AnySession

_DECIDED = (DraftState.ACCEPTED, DraftState.KNOWN)
WAITING = (DraftState.PENDING, DraftState.REPEATED)


@dataclass(slots=True)
class History:
    """The drafts of one identity, oldest first."""

    drafts: list[Draft] = field(default_factory=list)

    @property
    def waiting(self) -> Draft | None:
        return next((d for d in reversed(self.drafts) if d.state in WAITING), None)

    @property
    def decided(self) -> Draft | None:
        """The last draft that an editor decided, or that the calendar already knew. A draft that
        was refused because its source took it back does not count."""
        return next(
            (
                d
                for d in reversed(self.drafts)
                if d.state in _DECIDED or (d.state is DraftState.REFUSED and d.decided_by_id)
            ),
            None,
        )

    @property
    def accepted(self) -> Draft | None:
        """The last draft of which the calendar has the date."""
        return next((d for d in reversed(self.drafts) if d.state in _DECIDED), None)

    @property
    def here(self) -> Milestone | None:
        """The date of the calendar that is this date of the source."""
        found = self.accepted.milestone if self.accepted else None
        return found if found and found.event.archived_at is None else None

    @property
    def said(self) -> DatedItem | None:
        """What the source said at the last reading; None when it took everything back."""
        last = self.waiting or self.decided
        return said_by(last) if last else None


def histories_of(session: AnySession, source: Source, today: date) -> dict[Identity, History]:
    """Return what a source said of each of its dates, without those that it last said are long
    over, as it does not show them any more.

    Each history is whole. Of a date that moved from March to January, the older draft alone would
    still promise March.
    """
    long_ago = today - JUST_PAST
    lately = select(Draft.outside_id).where(
        Draft.source_id == source.id,
        or_(
            Draft.last_day >= long_ago,
            Draft.first_day >= long_ago,
            Draft.state.in_(WAITING),
            Draft.corrected.is_not(None),  # the source may say a later day than the editor
        ),
    )
    query = (
        select(Draft)
        .where(Draft.source_id == source.id, Draft.outside_id.in_(lately))
        .order_by(Draft.id)
    )
    found: dict[Identity, History] = {}
    for draft in session.scalars(query):
        own = Identity(draft.outside_id or "", draft.recurrence)
        found.setdefault(own, History()).drafts.append(draft)
    return {
        identity: history
        for identity, history in found.items()
        if history.waiting or last_day_of(history.said) >= long_ago
    }


def said_by(draft: Draft) -> DatedItem:
    """Return what the source said when a draft was stored, or at the last reading since."""
    return item_from_json(draft.said or draft.item)


def agreed_item(history: History, decided: Draft) -> DatedItem:
    """Return what the source said when an editor last agreed with it. Of what was called off, the
    title is the one from before: « Annulation du festival » says a state, and a title that changes
    meanwhile is news once the date takes place again."""
    settled = said_by(history.accepted or decided)
    if settled.status not in ENDED:
        return settled
    agreed = (said_by(d) for d in reversed(history.drafts) if d.state in _DECIDED)
    named = next((said for said in agreed if said.status not in ENDED), settled)
    return replace(settled, title=named.title)


def remember(decided: Draft, item: DatedItem) -> None:
    """Keep other words of the same announcement, by which it is known again."""
    if contract(item) != contract(said_by(decided)):
        decided.said = contract(item)


def last_day_of(item: DatedItem | None) -> date:
    """Return the last day of an item; the last day that there is where it has none."""
    day = item and (item.last_day or item.first_day)
    return day or date.max


def is_promised(history: History) -> bool:
    """Whether the source said at the last reading that a date takes place."""
    return history.said is not None and history.said.status not in ENDED
