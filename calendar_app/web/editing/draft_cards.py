"""One draft as the editors' room shows it."""

from __future__ import annotations

from dataclasses import dataclass

from calendar_app.catalogue.models.events import Event
from calendar_app.editing import moderation, overview
from calendar_app.editing.change_words import ChangedPart, prepared_words
from calendar_app.editing.draft_entries import item_of_draft
from calendar_app.editing.letter_lines import ItemLine, change_words, item_line
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.feeds.wording import scope_words
from calendar_app.store.base import db
from calendar_app.web.editing.draft_form import DraftForm
from calendar_app.web.editing.room import the_editor
from calendar_app.web.page import page


@dataclass(frozen=True, slots=True)
class DraftCard:
    """A draft, its words, and what the editor who is logged in may do.

    :param line: the dated item; None for an event that an editor prepared.
    :param change: « 31/01 → 14/02 », for a change of days; else None.
    :param form: the form that corrects the draft in place; None for an event that an editor
        prepared.
    :param near: the events to which the draft may belong.
    :param parts: for an event that an editor prepared, what it would change, part by part.
    """

    draft: Draft
    line: ItemLine | None
    change: str | None
    for_whom: str
    may_decide: bool
    is_certain: bool
    form: DraftForm | None
    near: tuple[Event, ...]
    parts: tuple[ChangedPart, ...]

    @property
    def is_pending(self) -> bool:
        return self.draft.state is DraftState.PENDING

    @property
    def is_own(self) -> bool:
        """Whether the editor who is logged in prepared the draft."""
        return self.draft.author_id is not None and self.draft.author_id == the_editor().id

    @property
    def kind(self) -> str:
        """The kind of date that gives the card its colour."""
        return "session" if self.draft.kind == "event" else "deadline"


def draft_card(draft: Draft, form: DraftForm | None = None) -> DraftCard:
    """Return the card of a draft that the editor may read.

    :param form: the form as it was typed, with its problems; None fills it in from the draft.
    """
    academies = page().reference.academies
    line = change = None
    if draft.item or draft.corrected:
        item = item_of_draft(draft)
        line = item_line(item, academies)
        form = form or DraftForm.of_item(item, academies)
        if draft.proposal is Proposal.CHANGE and draft.known_last_day:
            change = change_words((draft.known_first_day, draft.known_last_day), item)
    pending = draft.state is DraftState.PENDING
    return DraftCard(
        draft=draft,
        line=line,
        change=change,
        for_whom=scope_words(draft.scope, academies),
        may_decide=moderation.may_decide(db.session, the_editor(), draft),
        is_certain=moderation.is_certain(draft),
        form=form,
        parts=prepared_words(db.session, draft) if draft.entry is not None else (),
        near=overview.find_candidates(db.session, the_editor(), draft) if pending and form else (),
    )
