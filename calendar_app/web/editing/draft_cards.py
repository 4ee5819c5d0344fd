"""Drafts as the editors' room shows them: each one a row of a list that is partly folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from calendar_app.catalogue.models.events import Event
from calendar_app.editing import moderation, overview
from calendar_app.editing.change_words import ChangedPart, prepared_words
from calendar_app.editing.draft_entries import changed_parts, item_of_change, item_of_draft
from calendar_app.editing.letter_lines import ItemLine, change_words, item_line, whole_change_words
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.source_changes import LABEL
from calendar_app.feeds.date_block import Leaf, around, leaf_of
from calendar_app.feeds.wording import scope_words
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.store.base import db
from calendar_app.web.editing.draft_form import DraftForm
from calendar_app.web.editing.room import the_editor
from calendar_app.web.page import page
from calendar_app.words.vocabulary import Certainty, MilestoneKind


@dataclass(frozen=True, slots=True)
class DraftCard:
    """A draft, its words, and what the editor who is logged in may do.

    :param line: the dated item; None for an event that an editor prepared.
    :param leaf: its days on a leaf of a calendar; None without a day.
    :param change: « 31/01 → 14/02 », for a change of days; else None.
    :param form: the form that corrects the draft in place; None for an event that an editor
        prepared.
    :param near: the events to which the draft may belong.
    :param parts: for an event that an editor prepared, what it would change, part by part.
    """

    draft: Draft
    line: ItemLine | None
    leaf: Leaf | None
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
    def kind(self) -> MilestoneKind:
        """The kind of date that gives the row its colour and its shape."""
        if self.draft.kind is ItemKind.EVENT:
            return MilestoneKind.SESSION
        return _KIND_OF_STEP.get(self.draft.step or Step.UNKNOWN, MilestoneKind.DEADLINE)


_KIND_OF_STEP = {
    Step.REGISTRATION: MilestoneKind.REGISTRATION_DEADLINE,
    Step.SUBMISSION: MilestoneKind.SUBMISSION_DEADLINE,
}


@dataclass(frozen=True, slots=True)
class DraftList:
    """The drafts of a list, by what an editor has to do with them.

    :param to_read: pending, to be read one by one.
    :param certain: pending, and may be accepted without a look (``moderation.is_certain``).
    :param settled: decided, or known to the calendar.
    :param acceptable: how many of the certain ones the editor may accept.
    """

    to_read: tuple[DraftCard, ...]
    certain: tuple[DraftCard, ...] = ()
    settled: tuple[DraftCard, ...] = ()

    @property
    def acceptable(self) -> int:
        return sum(card.may_decide for card in self.certain)


def draft_list(cards: Iterable[DraftCard]) -> DraftList:
    """Return the drafts of a letter as a list."""
    found = tuple(cards)
    pending = [card for card in found if card.is_pending]
    return DraftList(
        to_read=tuple(card for card in pending if not card.is_certain),
        certain=tuple(card for card in pending if card.is_certain),
        settled=tuple(card for card in found if not card.is_pending),
    )


def draft_card(draft: Draft, form: DraftForm | None = None) -> DraftCard:
    """Return the card of a draft that the editor may read.

    :param form: the form as it was typed, with its problems; None fills it in from the draft.
    """
    academies = page().reference.academies
    line = leaf = change = None
    if draft.item or draft.corrected:
        item = item_of_draft(draft)
        line = item_line(item, academies)
        leaf = _leaf(item, page().today)
        form = form or DraftForm.of_item(item, academies)
        if draft.proposal is Proposal.CHANGE and draft.known_last_day:
            change = change_words((draft.known_first_day, draft.known_last_day), item)
            if draft.said is not None and draft.milestone is not None:
                item = item_of_change(draft, draft.milestone, academies)
                alone = LABEL in changed_parts(draft)
                change = whole_change_words(draft.milestone, item, alone=alone)
            # The change says the state of the date: the line need not say it again.
            line = item_line(replace(item_of_draft(draft), status=ItemStatus.PLANNED), academies)
    pending = draft.state is DraftState.PENDING
    return DraftCard(
        draft=draft,
        line=line,
        leaf=leaf,
        change=change,
        for_whom=scope_words(draft.scope, academies),
        may_decide=moderation.may_decide(db.session, the_editor(), draft),
        is_certain=moderation.is_certain(draft),
        form=form,
        parts=prepared_words(db.session, draft) if draft.entry is not None else (),
        near=overview.find_candidates(db.session, the_editor(), draft) if pending and form else (),
    )


def _leaf(item: DatedItem, today: date) -> Leaf | None:
    """Return the leaf of the days of an item. Of a deadline, the last day counts."""
    if item.kind is ItemKind.DEADLINE:
        first = last = item.last_day
    else:
        first, last = item.first_day or item.last_day, item.last_day or item.first_day
    if first is None or last is None:
        return None
    if item.certainty is Certainty.APPROXIMATE:
        return around(first)
    return leaf_of(first, last, today)
