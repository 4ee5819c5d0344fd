"""A year of an agenda that is followed, played day by day: it moves, cancels, adds, drops, rolls,
breaks and heals. After each reading and acceptance the calendar says what the agenda says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from calendar_app.catalogue.models.events import Milestone
from calendar_app.editing import moderation, undo
from calendar_app.editing.followed import agendas, outside_feed
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.changes import ChangeAction, ChangeSubject
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.store.base import db
from calendar_app.words.errors import CalendarError
from tests.editing.test_events import editor
from tests.editing.test_fetcher import fetcher, send, server
from tests.editing.test_moderation import KNOWLEDGE, LILLE
from tests.editing.test_outside_feed import agenda
from tests.tools import drawn_on, scaled

START = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PLACES = ("Lens", "Lille", "Douai")
SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi zo".split()


def title(number: int) -> str:
    """Return a title that is close to no other one."""
    words = []
    for place in (1, 2):
        left, syllables = (number + 3) * 7919 * place, []
        for _ in range(4):
            left, at = divmod(left, len(SYLLABLES))
            syllables.append(SYLLABLES[at])
        words.append("".join(syllables))
    return f"{words[0].capitalize()} {words[1]}"


@dataclass
class Line:
    """One VEVENT of the agenda."""

    uid: str
    title: str
    day: date
    hour: int | None = None
    place: str | None = None
    off: str = ""
    weeks: int = 0
    without: set[date] = field(default_factory=set)

    @property
    def days(self) -> list[date]:
        every = [self.day + 7 * number * DAY for number in range(self.weeks or 1)]
        return [day for day in every if day not in self.without]

    def signature(self) -> tuple:
        return self.day, self.hour, self.place, bool(self.off)

    def text(self) -> str:
        def at(name: str, day: date) -> str:
            if self.hour is None:
                return f"{name};VALUE=DATE:{day:%Y%m%d}"
            return f"{name}:{day:%Y%m%d}T{self.hour:02}0000"

        mark = "ANNULÉ : " if self.off == "word" else ""
        lines = [f"UID:{self.uid}", at("DTSTART", self.day), f"SUMMARY:{mark}{self.title}"]
        lines += [f"LOCATION:{self.place}"] if self.place else []
        lines += ["STATUS:CANCELLED"] if self.off == "status" else []
        lines += [f"RRULE:FREQ=WEEKLY;COUNT={self.weeks}"] if self.weeks else []
        lines += [at("EXDATE", day) for day in sorted(self.without)]
        return "\n".join(lines)

    def identity(self, day: date) -> tuple[str, str | None]:
        if not self.weeks:
            return self.uid, None
        return self.uid, str(day) if self.hour is None else f"{day}T{self.hour:02}:00"


class Year(RuleBasedStateMachine):
    """The agenda, whom it is followed by, and the day."""

    make = staticmethod(lambda: None)
    served: dict
    address = ""

    @initialize(ahead=st.lists(st.integers(1, 150), min_size=2, max_size=7))
    def begin(self, ahead: list[int]) -> None:
        self.app = self.make("empty")
        self.context = self.app.app_context()
        self.context.push()
        self.now, self.titles, self.exports = START, 0, 0
        self.lines: list[Line] = []
        #: id of a line → what it announced when it was refused.
        self.refused: dict[int, tuple] = {}
        #: Milestones that the editor kept when the agenda called them off.
        self.kept_on: set[int] = set()
        self.zoe = editor("responsable", LILLE)
        scope = frozenset({LILLE})
        source = agendas.add(db.session, self.zoe, "Agenda", self.address, scope, self.now)
        self.source_id = source.id
        for number, days in enumerate(ahead):
            self.adds(days, (None, 9)[number % 2], 2 if number == 3 else 0)
        self.is_read(True)

    def teardown(self) -> None:
        if hasattr(self, "context"):
            db.session.remove()
            self.context.pop()

    # -- what the agenda does ----------------------------------------------------------------------

    @property
    def today(self) -> date:
        return self.now.date()

    def free(self, title_: str, ahead: int) -> date:
        """Return a day ahead on which nothing of this title is."""
        taken = {day for line in self.lines if line.title == title_ for day in line.days}
        day = self.today + ahead * DAY
        while day in taken:
            day += DAY
        return day

    def line(self, number: int) -> Line | None:
        ahead = [line for line in self.lines if line.day >= self.today]
        return ahead[number % len(ahead)] if ahead else None

    @rule(ahead=st.integers(1, 200), hour=st.sampled_from((None, 9, 14)), weeks=st.integers(-6, 3))
    def adds(self, ahead: int, hour: int | None, weeks: int) -> None:
        self.titles += 1
        name = title(self.titles)
        place = PLACES[ahead % 3] if ahead % 2 else None
        weeks = max(0, weeks)
        day = self.free(name, ahead)
        self.lines.append(Line(f"u{self.titles}", name, day, hour, place, weeks=weeks))

    @rule(number=st.integers(0, 9), ahead=st.integers(1, 90))
    def adds_a_session(self, number: int, ahead: int) -> None:
        first = self.line(number)
        if first and not first.weeks:
            self.titles += 1
            day = self.free(first.title, ahead)
            self.lines.append(Line(f"u{self.titles}", first.title, day, place=first.place))

    @rule(number=st.integers(0, 9), ahead=st.integers(1, 120))
    def moves(self, number: int, ahead: int) -> None:
        line = self.line(number)
        if line and line.weeks:
            line.day += DAY
            line.without = {day + DAY for day in line.without}
        elif line:
            line.day = self.free(line.title, ahead)

    @rule(number=st.integers(0, 9))
    def is_put_off_for_a_year(self, number: int) -> None:
        line = self.line(number)
        if line and not line.weeks and line.day < self.today + 300 * DAY:
            line.day = self.free(line.title, (line.day - self.today).days + 364)

    @rule(number=st.integers(0, 9), hour=st.sampled_from((None, 8, 10, 14)))
    def changes_its_hour(self, number: int, hour: int | None) -> None:
        if line := self.line(number):
            line.hour = hour

    @rule(number=st.integers(0, 9), place=st.sampled_from((*PLACES, None)))
    def changes_its_place(self, number: int, place: str | None) -> None:
        if line := self.line(number):
            line.place = place

    @rule(number=st.integers(0, 9))
    def changes_its_title(self, number: int) -> None:
        if line := self.line(number):
            self.titles += 1
            old = line.title
            for other in self.lines:
                if other.title == old:
                    other.title = title(self.titles)

    @rule(number=st.integers(0, 9))
    def is_called_otherwise_than_its_sessions(self, number: int) -> None:
        if line := self.line(number):
            self.titles += 1
            line.title = title(self.titles)

    @rule(number=st.integers(0, 9), off=st.sampled_from(("", "word", "status")))
    def cancels_or_restores(self, number: int, off: str) -> None:
        if line := self.line(number):
            line.off = off

    @rule(number=st.integers(0, 9), which=st.integers(0, 3))
    def drops(self, number: int, which: int) -> None:
        line = self.line(number)
        if line and line.weeks and len(line.days) > 1:
            line.without.add(line.days[which % len(line.days)])
        elif line:
            self.lines.remove(line)
            refused = self.refused.pop(id(line), None)
            if refused and refused[-1] and (date_ := self.of_identity().get((line.uid, None))):
                # « Cancelled » was refused, and « dropped » says no more.
                self.kept_on.add(date_.id)

    @rule()
    def forgets_what_is_over(self) -> None:
        self.lines = [line for line in self.lines if line.days[-1] >= self.today]

    @rule(days=st.integers(1, 40))
    def rolls(self, days: int) -> None:
        self.now += days * DAY

    # -- what is read and decided ------------------------------------------------------------------

    def serve(self, lines: list[Line]) -> None:
        self.served.update(body=agenda(*(line.text() for line in lines)), status=200)

    def read(self, *, believe: bool = False) -> Source:
        self.now += timedelta(hours=6)
        asks = self.zoe if believe else None
        agendas.refresh(db.session, self.source_id, fetcher(), KNOWLEDGE, self.now, editor=asks)
        db.session.rollback()
        waiting = select(Draft.outside_id, Draft.recurrence).where(
            Draft.state.in_((DraftState.PENDING, DraftState.REPEATED))
        )
        of_dates = db.session.execute(waiting).all()
        assert len(of_dates) == len(set(of_dates))
        return db.session.get(Source, self.source_id, populate_existing=True)

    @rule(accepts=st.booleans())
    def is_read(self, accepts: bool) -> None:
        self.serve(self.lines)
        if self.read().warning:  # it dropped a lot: the editor looks, and believes it
            assert self.read(believe=True).warning is None
        self.refused = {
            id(line): signature
            for line in self.lines
            if (signature := self.refused.get(id(line))) == line.signature()
        }
        assert not [d for d in self.pending() if self.is_refused(d)]
        if accepts:
            self.accepts_all()

    def accepts_all(self) -> None:
        while found := self.pending():
            draft = found[0]
            moderation.accept(db.session, self.zoe, draft.id, draft.revision, self.now)
        self.check()
        before = self.kept()
        self.read()
        assert self.pending() == []
        assert self.kept() == before

    @rule(number=st.integers(0, 9))
    def is_refused_once(self, number: int) -> None:
        """The editor refuses one of the proposals about things that do not return."""
        self.is_read(False)
        of_uid = {line.uid: line for line in self.lines if not line.weeks}
        found = [d for d in self.pending() if d.outside_id in of_uid]
        if found:
            draft = found[number % len(found)]
            line = of_uid[draft.outside_id]
            of_last_year, off = draft.recurrence is not None, draft.milestone_id
            moderation.refuse(db.session, self.zoe, draft.id, draft.revision, "", self.now)
            if of_last_year:  # the edition that was put off for a year takes place here
                self.kept_on.add(off)
            else:
                self.refused[id(line)] = line.signature()

    @rule()
    def is_undone(self) -> None:
        """The editor undoes the last change of a date."""
        change = db.session.scalars(
            select(Change)
            .where(
                Change.subject == ChangeSubject.EVENT,
                Change.editor_id.is_not(None),
                Change.action.in_((ChangeAction.MOVED, ChangeAction.CANCELLED)),
            )
            .order_by(Change.id.desc())
        ).first()
        if change:
            with suppress(CalendarError):
                undo.undo(db.session, self.zoe, change.id, None, self.now)
            db.session.rollback()

    @rule()
    def exports_with_new_uids(self) -> None:
        self.is_read(True)
        self.exports += 1
        for line in self.lines:
            line.uid = f"{line.uid.partition('-')[0]}-{self.exports}"
        self.is_read(False)
        assert self.pending() == []

    @precondition(lambda self: len(self.ahead()) >= 4)
    @rule(how=st.sampled_from(("half", "empty", "error", "page")))
    def breaks_and_heals(self, how: str) -> None:
        self.is_read(True)
        if len(self.ahead()) < 4:
            return
        before = self.kept()
        if how == "half":
            kept: list[Line] = []
            for line in self.lines:
                if 2 * len(list(self.ahead([*kept, line]))) < len(self.ahead()):
                    kept.append(line)
            self.serve(kept)
        elif how == "empty":
            self.serve([])
        else:
            body = b"<html><body>En travaux</body></html>"
            self.served.update(body=body, status=500 if how == "error" else 200)
        for _ in range(2):
            assert self.read().warning
            assert (self.pending(), self.kept()) == ([], before)
        self.serve(self.lines)
        assert self.read().warning is None
        assert (self.pending(), self.kept()) == ([], before)

    # -- what must be so ---------------------------------------------------------------------------

    def ahead(self, lines: list[Line] | None = None) -> list[tuple[Line, date]]:
        """The dates ahead that the agenda promises."""
        return [
            (line, day)
            for line in (self.lines if lines is None else lines)
            for day in line.days
            if day >= self.today and not line.off
        ]

    def pending(self) -> list[Draft]:
        query = select(Draft).where(Draft.state == DraftState.PENDING).order_by(Draft.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def is_refused(self, draft: Draft) -> bool:
        return draft.recurrence is None and any(
            line.uid == draft.outside_id and id(line) in self.refused for line in self.lines
        )

    def kept(self) -> list[tuple]:
        """The dates of the calendar."""
        found = db.session.scalars(
            select(Milestone).order_by(Milestone.id).execution_options(populate_existing=True)
        )
        return [(m.id, *stands(m), m.is_cancelled) for m in found]

    def of_identity(self) -> dict[tuple[str | None, str | None], Milestone | None]:
        query = (
            select(Draft)
            .where(Draft.state.in_((DraftState.ACCEPTED, DraftState.KNOWN)))
            .order_by(Draft.id)
        )
        return {(d.outside_id, d.recurrence): d.milestone for d in db.session.scalars(query)}

    def check(self) -> None:
        """The calendar says what the agenda says."""
        db.session.expire_all()
        here, mine = self.of_identity(), set(self.kept_on)
        for line in self.lines:
            for day in line.days:
                milestone = here.get(line.identity(day))
                if milestone:
                    mine.add(milestone.id)
                if day < self.today or id(line) in self.refused:
                    continue
                if line.off:
                    assert milestone is None or milestone.is_cancelled
                    continue
                assert milestone is not None, (line, day)
                assert stands(milestone) == (line.title, day, line.hour, line.place), line
                assert not milestone.is_cancelled
        shown = [line.days[-1] for line in self.lines]
        for milestone in db.session.scalars(select(Milestone)):
            # What the agenda dropped while it shows nothing later may be beyond its end.
            if milestone.id not in mine and milestone.last_day >= self.today:
                assert milestone.is_cancelled or milestone.last_day > max(shown, default=date.min)


def stands(milestone: Milestone) -> tuple:
    return (
        milestone.label or milestone.event.title,
        milestone.first_day,
        milestone.start_time and milestone.start_time.hour,
        milestone.place or milestone.event.place,
    )


@pytest.fixture
def served() -> Iterator[dict]:
    found: dict = {"body": b"", "status": 200}
    with server(lambda handler: send(handler, found["body"], found["status"])) as origin:
        found["address"] = f"{origin}/agenda.ics"
        yield found


@pytest.mark.long
def test_after_each_reading_the_calendar_says_what_the_agenda_says(
    make_app, served, engine, monkeypatch
):
    # The process of its own is tested in test_outside_feed: a fifth of a second for each reading.
    monkeypatch.setattr(
        outside_feed, "run_limited", lambda function, given: json.loads(json.dumps(function(given)))
    )
    monkeypatch.setattr(Year, "make", staticmethod(make_app))
    monkeypatch.setattr(Year, "served", served, raising=False)
    monkeypatch.setattr(Year, "address", served["address"])
    run_state_machine_as_test(
        Year,
        settings=settings(
            max_examples=drawn_on(engine, scaled(50)),
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
