"""What one reading of an outside feed changes: drafts of what is new, changed or gone.

The drafts of a source are what it said: those of one identity (``rules.source_changes``) tell what
it said when an editor last decided, which date of the calendar stands for it, and which proposal
still waits. One draft at most waits for each identity; it follows its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Milestone
from calendar_app.editing import drafts
from calendar_app.editing.draft_entries import item_of_draft, publishing_scope, standing_of
from calendar_app.editing.draft_facts import draft_facts, note_draft
from calendar_app.editing.followed.histories import (
    WAITING,
    History,
    agreed_item,
    histories_of,
    is_promised,
    last_day_of,
    remember,
    said_by,
)
from calendar_app.editing.followed.outside_feed import OutsideReading
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.known_events import Decision
from calendar_app.editing.rules.source_changes import (
    ENDED,
    TITLE,
    Identity,
    changed,
    different_parts,
    dropped,
    followed,
    is_broken,
    put_off,
    renamed,
    same_announcement,
    should_show,
)
from calendar_app.letters.agendas.left_out import NEVER_HERE, LeftOut
from calendar_app.letters.as_json import contract, item_from_json
from calendar_app.letters.dated_items import DatedItem, ItemKind
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession
from calendar_app.words.text import fold, slugify

#: Why a proposal is withdrawn.
NO_LONGER = "Sans objet : l'agenda n'annonce plus cette date."
REFUSED_BEFORE = "Sans objet : l'agenda dit de nouveau ce qui a été refusé."
LATER = "Sans objet : l'agenda dit autre chose depuis."
OFF = "Sans objet : l'agenda dit que cette date est annulée."


def take_reading(
    session: AnySession,
    source: Source,
    found: OutsideReading,
    now: datetime,
    *,
    believe: bool = False,
) -> None:
    """Turn a reading of a source into drafts, inside the caller's transaction, which holds the lock
    of the catalogue's row.

    :param believe: whether an editor looked at the feed, so that it may be empty or half as long.
    """
    _Taking(session, source, found, now).take(believe=believe)


class _Taking:
    def __init__(
        self, session: AnySession, source: Source, found: OutsideReading, now: datetime
    ) -> None:
        self.session = session
        self.source = source
        self.found = found
        self.now = now
        self.today = paris_day(now)
        self.academies = queries.reference(session).academies
        self.items = {i: _for(source, item, self.academies) for i, item in found.items.items()}
        self.left_out = [dict(line) for line in found.left_out]
        self.histories = histories_of(session, source, self.today)
        self._rename()
        self._leave_one()
        if found.is_agenda:
            self._put_off()
            self._begin_editions()

    def take(self, *, believe: bool) -> None:
        shown = _shown(self.source)
        missing = self._missing(shown)
        ahead, lost = self._ahead(shown, missing), len(missing)
        broken = not believe and is_broken(ahead, lost)
        new = []
        for identity, item in self.items.items():
            if not self._follow(identity, item):
                new.append(identity)
        if not broken:
            for identity in missing:
                self._drop(self.histories[identity])
        self._add(new)
        copy = [
            [*i, last_day_of(item).isoformat()]
            for i, item in self.items.items()
            if last_day_of(item) >= self.today
        ]
        if broken:  # they may come back
            copy += [
                [*i, last_day_of(self.histories[i].said).isoformat()] for i in missing if i in shown
            ]
        self.source.copy = copy
        self.source.left_out, self.source.first_seen = self.left_out, self.found.first_seen
        self.source.warning = _lost_words(lost, ahead) if broken else None

    # -- identities --------------------------------------------------------------------------------

    def _rename(self) -> None:
        """Give the drafts of a date the identity that it has now."""
        before = {i: said for i, h in self.histories.items() if (said := h.said)}
        names = renamed(before, self.items)
        shown = _shown(self.source)
        for earlier, present in names.items():
            if self._is_of_another_edition(self.items[present], self.histories[earlier]):
                continue  # it was parted from that date, or would be at once
            self._give(earlier, present)
            if earlier in shown:
                shown[present] = shown.pop(earlier)
        self.source.copy = [[*key, day] for key, day in shown.items()]

    def _give(self, earlier: Identity, present: Identity) -> None:
        """Give the drafts of one identity to another one."""
        history = self.histories.pop(earlier)
        for draft in history.drafts:
            draft.outside_id, draft.recurrence = present
        kept = self.histories.setdefault(present, History())
        kept.drafts = sorted([*kept.drafts, *history.drafts], key=lambda d: d.id)

    def _put_off(self) -> None:
        """Let what is « reporté » take place, where the source says on which day."""
        for identity, item in self.items.items():
            history = self.histories.get(identity)
            if history is not None and history.said is not None:
                self.items[identity] = put_off(item, history.said)

    def _begin_editions(self) -> None:
        """Part a date that moved to another school year from the one that stands here. An event is
        of one school year: what the source says is a date of another edition, and it no longer
        shows the one here."""
        for identity, item in self.items.items():
            history = self.histories.get(identity)
            here = history.here if history else None
            if history is None or here is None or not self._is_of_another_edition(item, history):
                continue
            if history.waiting:
                self._withdraw(history.waiting, LATER)
            parted = f"{identity.recurrence or ''}@{here.event.year.label}"
            self._give(identity, Identity(identity.uid, parted))

    def _is_of_another_edition(self, item: DatedItem, history: History) -> bool:
        """Whether a date of an agenda moved to another school year than that of the one here."""
        here, decided = history.here, history.decided
        if not self.found.is_agenda or here is None or decided is None:
            return False
        if "days" not in different_parts(item, agreed_item(history, decided)):
            return False  # the source did not move: an editor corrected its year
        day, year = item.first_day or last_day_of(item), here.event.year
        is_over = here.last_day < self.today
        return not year.may_hold(day) or (is_over and SchoolYear.of(day) > year)

    def _leave_one(self) -> None:
        """Withdraw the older of two proposals for one date: an undo may put one back in the queue
        while a later one waits."""
        for history in self.histories.values():
            for draft in [d for d in history.drafts if d.state in WAITING][:-1]:
                self._withdraw(draft, LATER)

    def _missing(self, shown: Mapping[Identity, str]) -> list[Identity]:
        """Return the dates ahead that the source said and no longer shows, though it covers their
        days. News end, and mean nothing by it."""
        if not self.found.is_agenda:
            return []
        now = [day for day in map(last_day_of, self.items.values()) if day >= self.today]
        before = sum(date.fromisoformat(day) >= self.today for day in shown.values())
        return [
            identity
            for identity, history in self.histories.items()
            if identity not in self.items
            and is_promised(history)
            and last_day_of(history.said) >= self.today
            and should_show(last_day_of(history.said), now, before if identity in shown else 0)
        ]

    def _ahead(self, shown: Mapping[Identity, str], missing: Iterable[Identity]) -> int:
        """Return how many dates ahead the source should show: those that it showed, and those that
        are missing. What was pushed beyond its end is neither, for as long as it is promised."""
        return sum(
            is_promised(history) and last_day_of(history.said) >= self.today
            for identity in {*shown, *missing}
            if (history := self.histories.get(identity))
        )

    # -- what was said before ----------------------------------------------------------------------

    def _follow(self, identity: Identity, item: DatedItem) -> bool:
        """Follow a date that was said before; return False when it is new."""
        history = self.histories.get(identity)
        if history is None or history.said is None:
            return False
        waiting, decided, here = history.waiting, history.decided, history.here
        if self.found.is_agenda and here is not None and decided is not None:
            self._propose(history, item, here, decided)
            return True
        if decided and same_announcement(item, said_by(decided)):
            if waiting:
                self._withdraw(waiting, NO_LONGER)
            remember(decided, item)
            return True
        if waiting is None:
            return False
        if item.status in ENDED and not waiting.event_id:
            self._withdraw(waiting, OFF)
        elif contract(item) != contract(said_by(waiting)) and last_day_of(item) >= self.today:
            self._hold_again(waiting, item)
        return True

    def _drop(self, history: History) -> None:
        """A source no longer shows a date."""
        waiting, decided, here = history.waiting, history.decided, history.here
        if here is not None and decided is not None:
            said = history.said or said_by(decided)
            self._propose(history, dropped(said), here, decided)
        elif waiting is not None:
            self._withdraw(waiting, NO_LONGER)

    def _propose(self, history: History, said: DatedItem, here: Milestone, decided: Draft) -> None:
        """Propose what changes of a date that stands here; settle the proposal that waited when
        nothing changes any more."""
        waiting = history.waiting
        if decided.state is DraftState.REFUSED and same_announcement(said, said_by(decided)):
            if waiting:
                self._withdraw(waiting, REFUSED_BEFORE)
            remember(decided, said)
            return
        # What was refused is proposed whole when it comes back as something else.
        settled = agreed_item(history, decided)
        alone = self._is_called_so_alone(history, here, said, settled)
        change = changed(said, settled, standing_of(here, self.academies), alone=alone)
        if change is None and waiting is None:
            if same_announcement(said, said_by(decided)):
                remember(decided, said)
            else:
                self._store(_known_draft(said, here, self.now, self.academies), history)
            return
        if change is None:
            fresh = _known_draft(said, here, self.now, self.academies)
        else:
            item = change.item
            decision = Decision(
                Proposal.CHANGE,
                event_id=here.event_id,
                milestone_id=here.id,
                known_first_day=None if item.kind is ItemKind.DEADLINE else here.first_day,
                known_last_day=here.last_day,
            )
            fresh = drafts.new_draft(item, decision, 0, self.now, self.academies)
            fresh.said, fresh.changes = contract(said), list(change.parts)
            if change.parts == (TITLE,):
                fresh.same_as = self._same_title(item, here, waiting)
            fresh.state = DraftState.REPEATED if fresh.same_as else DraftState.PENDING
        if waiting is None:
            self._store(fresh, history)
        else:
            self._update(waiting, fresh)

    def _is_called_so_alone(
        self, own: History, here: Milestone, said: DatedItem, settled: DatedItem
    ) -> bool:
        """Whether the source calls another date of the event as before (by the title of the event,
        or by the one that this date had), or gives a third title to one that has no label. The
        event then keeps its title, whatever this date is called: of two new titles the one that is
        accepted last would stand for both."""
        names = fold(here.event.title), fold(settled.title)
        return any(
            (
                fold(item.title) in names
                or (fold(item.title) != fold(said.title) and self._would_be_renamed(identity, item))
            )
            and self.histories.get(identity) is not own
            and self._is_of_event(identity, item, here)
            for identity, item in self.items.items()
        )

    def _would_be_renamed(self, identity: Identity, item: DatedItem) -> bool:
        """Whether a date that takes place here follows the title of its event."""
        history = self.histories.get(identity)
        other = history.here if history else None
        return other is not None and not other.label and item.status not in ENDED

    def _is_of_event(self, identity: Identity, item: DatedItem, here: Milestone) -> bool:
        """Whether a date of the source is, or would be once it is accepted, one of the event of a
        date that stands here."""
        history = self.histories.get(identity)
        if history is not None and history.here is not None:
            return history.here.event_id == here.event_id
        if history is not None and history.waiting is not None:
            return history.waiting.event_id == here.event_id
        is_new = history is None or history.said is None
        day = item.first_day or last_day_of(item)
        return (
            is_new
            and item.status not in ENDED
            and last_day_of(item) >= self.today
            and here.event.year.may_hold(day)
            and fold(item.title) == fold(here.event.title)
        )

    def _same_title(self, item: DatedItem, here: Milestone, own: Draft | None) -> Draft | None:
        """Return the draft that already proposes the same title for the event."""
        for history in self.histories.values():
            other = history.waiting
            if (
                other is not None
                and other is not own
                and other.state is DraftState.PENDING
                and other.event_id == here.event_id
                and TITLE in (other.changes or ())
                and fold(other.title) == fold(item.title)
            ):
                return other
        return None

    def _hold_again(self, waiting: Draft, item: DatedItem) -> None:
        """Let a draft that waits follow what its source says now."""
        if waiting.event_id and self._is_attached_by_hand(waiting):
            decision = Decision(
                waiting.proposal,
                event_id=waiting.event_id,
                milestone_id=waiting.milestone_id,
                known_first_day=waiting.known_first_day,
                known_last_day=waiting.known_last_day,
            )
            fresh = drafts.new_draft(item, decision, 0, self.now, self.academies)
        else:
            [fresh] = self._held([item], waiting)
        self._update(waiting, fresh)

    def _is_attached_by_hand(self, draft: Draft) -> bool:
        by_hand = select(Change.id).where(
            Change.subject == ChangeSubject.DRAFT,
            Change.subject_id == str(draft.id),
            Change.action == ChangeAction.ATTACHED,
            Change.editor_id.is_not(None),
        )
        return self.session.scalars(by_hand).first() is not None

    def _update(self, waiting: Draft, fresh: Draft) -> None:
        """Give a draft that waits what a fresh one says, without what an editor corrected since."""
        before, codes = draft_facts(waiting), frozenset(waiting.scope)
        item = item_from_json(fresh.item)
        if waiting.corrected is not None:
            item = followed(item_of_draft(waiting), item_from_json(waiting.item), item)
            waiting.corrected = contract(item)
        waiting.item, waiting.said = fresh.item, fresh.said
        for name in ("title", "kind", "step", "first_day", "last_day", "certainty", "status"):
            setattr(waiting, name, getattr(item, name))
        for name in _DECISION:
            setattr(waiting, name, getattr(fresh, name))
        waiting.same_as = fresh.same_as
        self.session.flush()
        self.session.refresh(waiting)
        if waiting.proposal is not None:
            waiting.scope = set(publishing_scope(self.session, waiting))
        if draft_facts(waiting) != before:
            action = ChangeAction.CORRECTED
            note_draft(self.session, None, waiting, action, before, self.now, also=codes)

    def _withdraw(self, waiting: Draft, why: str) -> None:
        before = draft_facts(waiting)
        waiting.same_as = None
        waiting.state, waiting.answer, waiting.decided_at = DraftState.REFUSED, why, self.now
        note_draft(self.session, None, waiting, ChangeAction.REFUSED, before, self.now, why=why)

    # -- what is new -------------------------------------------------------------------------------

    def _add(self, identities: Iterable[Identity]) -> None:
        """Add drafts of what is new and ahead, all held against the calendar at once."""
        new = [i for i in identities if last_day_of(self.items[i]) >= self.today]
        held = self._held([self.items[i] for i in new])
        off = LeftOut()
        for identity, draft in zip(new, held, strict=True):
            item = self.items[identity]
            new_here = draft.proposal in (Proposal.NEW_EVENT, Proposal.NEW_DATE)
            if item.status in ENDED and new_here:
                off.add(NEVER_HERE, item.title)
                continue
            draft.outside_id, draft.recurrence = identity
            self._store(draft, self.histories.setdefault(identity, History()))
        self.left_out += off.values()

    def _held(self, items: list[DatedItem], own: Draft | None = None) -> list[Draft]:
        """Return fresh drafts of items. Each date of an agenda is another date than those that
        stand here for its other dates; news may speak of one date twice.

        :param own: the draft that a single fresh one is for.
        """
        agenda = self.found.is_agenda
        claimed = {m.id for h in self.histories.values() if (m := h.here)} if agenda else set()
        self.session.flush()
        with self.session.no_autoflush:
            held = drafts.held_against_calendar(
                self.session, items, self.today, self.now, self.academies, claimed
            )
            for draft in held:
                same = draft.same_as
                if same is not None and (
                    same is own or (agenda and same.source_id == self.source.id)
                ):
                    draft.same_as, draft.state = None, DraftState.PENDING
        return held

    def _store(self, draft: Draft, history: History) -> None:
        if history.drafts:
            last = history.drafts[-1]
            draft.outside_id, draft.recurrence = last.outside_id, last.recurrence
        draft.source_id = self.source.id
        self.session.add(draft)
        history.drafts.append(draft)
        self.session.flush()
        draft.scope = set(publishing_scope(self.session, draft))


_DECISION = (
    "state proposal series_id event_id milestone_id known_first_day known_last_day changes "
    "confidence"
).split()


def _shown(source: Source) -> dict[Identity, str]:
    """Return the dates that a source showed at the last reading, each with its last day."""
    return {Identity(uid or "", recurrence): day or "" for uid, recurrence, day in source.copy}


def _known_draft(item: DatedItem, here: Milestone, now: datetime, academies: Academies) -> Draft:
    decision = Decision(
        None,
        event_id=here.event_id,
        milestone_id=here.id,
        known_first_day=None if item.kind is ItemKind.DEADLINE else here.first_day,
        known_last_day=here.last_day,
    )
    return drafts.new_draft(item, decision, 0, now, academies)


def _lost_words(lost: int, ahead: int) -> str:
    return (
        f"L'agenda ne montre plus {lost} de ses {ahead} dates à venir. Elles restent au calendrier "
        "telles quelles, et l'agenda est relu comme d'habitude : ouvrez-le pour voir."
    )


def _for(source: Source, item: DatedItem, academies: Academies) -> DatedItem:
    """Return an item with its own places, or with those of its source where it names none."""
    if item.academies or item.departments or NATIONAL in source.scope:
        return item
    names = [code.partition("/")[::2] for code in sorted(source.scope)]
    regions = {name for kind, name in names if kind == "region"}
    slugs = [name for kind, name in names if kind == "academie"]
    slugs += [a.slug for a in academies if a.region and slugify(a.region) in regions]
    return replace(
        item,
        academies=tuple(dict.fromkeys(slugs)),
        departments=tuple(name for kind, name in names if kind == "departement"),
    )
