"""Dates of an agenda that is followed, by their identity: what is accepted follows its source, what
is refused stays refused, and no date is taken for another one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import flask_migrate
import pytest
from sqlalchemy import JSON, column, select, table, text, update

from calendar_app.catalogue import setup
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.editing import events, moderation, undo
from calendar_app.editing.draft_entries import changed_parts, item_of_change, item_of_draft
from calendar_app.editing.followed.following import take_reading
from calendar_app.editing.followed.outside_feed import OutsideReading, outside_values
from calendar_app.editing.letter_lines import whole_change_words
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.changes import ChangeSubject
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.source_changes import Identity
from calendar_app.letters.agendas.calendar_file import read_agenda
from calendar_app.letters.agendas.left_out import LeftOut
from calendar_app.letters.as_json import item_from_json
from calendar_app.store.base import db, writing
from tests.editing.test_events import editor, facts, wanted
from tests.editing.test_moderation import KNOWLEDGE, LILLE
from tests.editing.test_outside_feed import agenda

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RALLYE = "Rallye des balises"


@pytest.fixture
def store(empty_app):
    with empty_app.app_context():
        yield empty_app


class Played:
    """A source, an editor of its scope, and days that go by."""

    def __init__(self) -> None:
        self.editor = editor("responsable", LILLE)
        self.now = NOW
        with writing(db.session, NOW):
            source = Source(name="Agenda", address="https://a.example/", created_at=NOW)
            source.next_fetch_at, source.copy = NOW, []
            source.left_out, source.first_seen = [], {}
            source.scope = {LILLE}
            db.session.add(source)
        self.id = source.id

    def says(self, *parts: str, believe: bool = False) -> list[Draft]:
        """Let the agenda say this the next day; return the pending drafts."""
        self.now += DAY
        found = read_agenda(agenda(*parts), self.now.date(), "Europe/Paris", LeftOut())
        items = {Identity(entry.uid, entry.recurrence): entry.item for entry in found}
        with writing(db.session, self.now):
            source = db.session.get(Source, self.id)
            take_reading(db.session, source, OutsideReading(items), self.now, believe=believe)
        return self.pending

    def reads(self, feed: str) -> list[Draft]:
        """Let the source be news, the next day; return the pending drafts."""
        self.now += DAY
        values = outside_values((feed.encode(), self.now.date(), KNOWLEDGE, "Europe/Paris", {}))
        items = {
            Identity(value["uid"], value["recurrence"]): item_from_json(value["item"])
            for value in values["items"]
        }
        with writing(db.session, self.now):
            source = db.session.get(Source, self.id)
            found = OutsideReading(items, is_agenda=values["is_agenda"])
            take_reading(db.session, source, found, self.now)
        return self.pending

    def history(self) -> list[tuple]:
        """All drafts: their state, and which date of the source they are of."""
        query = select(Draft).order_by(Draft.id).execution_options(populate_existing=True)
        return [(d.id, d.state, d.outside_id, d.recurrence) for d in db.session.scalars(query)]

    @property
    def pending(self) -> list[Draft]:
        query = select(Draft).where(Draft.state == DraftState.PENDING).order_by(Draft.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def accept(self, draft: Draft | None = None) -> Event:
        [draft] = [draft] if draft else self.pending
        return moderation.accept(db.session, self.editor, draft.id, draft.revision, self.now)

    def refuse(self) -> None:
        [draft] = self.pending
        moderation.refuse(db.session, self.editor, draft.id, draft.revision, "", self.now)

    @property
    def dates(self) -> list[tuple]:
        """The dates of the calendar: title, first day, hours, place, whether cancelled."""
        found = db.session.scalars(
            select(Milestone)
            .order_by(Milestone.first_day)
            .execution_options(populate_existing=True)
        )
        return [
            (
                m.event.title,
                m.first_day.isoformat()[5:],
                m.start_time and f"{m.start_time:%H:%M}",
                m.place or m.event.place,
                m.is_cancelled,
            )
            for m in found
        ]


@pytest.fixture
def played(store):
    return Played()


def told(day: str = "0315", uid: str = "a", title: str = "Rallye des balises", **more: str) -> str:
    lines = [f"UID:{uid}", f"DTSTART;VALUE=DATE:2021{day}", f"SUMMARY:{title}"]
    return "\n".join([*lines, *(f"{name}:{value}" for name, value in more.items())])


def at(hour: str, day: str = "0315", **more: str) -> str:
    return told(day, **more).replace(f";VALUE=DATE:2021{day}", f":2021{day}T{hour}0000")


def news_of(*titles: str) -> str:
    """Return a feed whose entries have one id."""
    entries = "".join(
        f"<item><guid>1</guid><title>Concours « {title} »</title><description>"
        f"S'inscrire avant le {number} mars 2021.</description></item>"
        for title in titles
        for number in (len(title),)
    )
    return f'<rss version="2.0"><channel><title>Nouvelles</title>{entries}</channel></rss>'


def said(draft: Draft) -> str:
    """Return what a draft of a change says."""
    item = item_of_change(draft, draft.milestone, KNOWLEDGE.academies)
    alone = "label" in changed_parts(draft)
    return whole_change_words(draft.milestone, item, alone=alone).replace("\u00a0", " ")


def test_an_accepted_draft_keeps_its_identity_and_its_date(played):
    [draft] = played.says(told())
    event = played.accept()
    assert (draft.outside_id, draft.recurrence) == ("a", None)
    assert draft.milestone is event.milestones[0]
    assert played.says(told()) == []


def test_a_second_session_is_a_second_date(played):
    played.says(told())
    played.accept()
    [second] = played.says(told(), told("0415", "b"))
    assert second.proposal is Proposal.NEW_DATE
    played.accept()
    assert [day for _, day, *_ in played.dates] == ["03-15", "04-15"]
    [moved] = played.says(told("0316"), told("0415", "b"))
    assert (moved.proposal, moved.known_last_day) == (Proposal.CHANGE, date(2021, 3, 15))
    played.accept()
    assert [day for _, day, *_ in played.dates] == ["03-16", "04-15"]


@pytest.mark.parametrize(
    ("before", "after", "words", "stands"),
    [
        (told(), told("0320"), "15/03 → 20/03", (RALLYE, "03-20", None, None, False)),
        (at("10"), at("14"), "10 h → 14 h", (RALLYE, "03-15", "14:00", None, False)),
        (at("10"), told(), "10 h → sans heure", (RALLYE, "03-15", None, None, False)),
        (
            told(),
            at("09"),
            "sans heure → 9 h",
            (RALLYE, "03-15", "09:00", None, False),
        ),
        (
            told(LOCATION="Lens"),
            told(LOCATION="Lille"),
            "Lens → Lille",
            (RALLYE, "03-15", None, "Lille", False),
        ),
        (
            told(),
            told(title="Grand rallye des balises"),
            "« Rallye des balises » → « Grand rallye des balises »",
            ("Grand rallye des balises", "03-15", None, None, False),
        ),
        (
            told(),
            told(STATUS="CANCELLED"),
            "annulé",
            (RALLYE, "03-15", None, None, True),
        ),
        (
            told(),
            told(title="ANNULÉ : Rallye des balises"),
            "annulé",
            (RALLYE, "03-15", None, None, True),
        ),
        (
            told(),
            told("0320", title="REPORTÉ : Rallye des balises"),
            "15/03 → 20/03",
            (RALLYE, "03-20", None, None, False),
        ),
        (
            told(STATUS="CONFIRMED"),
            at("09", "0320", title="Rallye de Lens", LOCATION="Lens"),
            "15/03 → 20/03 ; sans heure → 9 h ; sans lieu → Lens ; "
            "« Rallye des balises » → « Rallye de Lens »",
            ("Rallye de Lens", "03-20", "09:00", "Lens", False),
        ),
    ],
    ids=["day", "hour", "no-hour", "an-hour", "place", "title", "state", "word", "put-off", "all"],
)
def test_what_changes_of_a_date_is_proposed_and_becomes_so(played, before, after, words, stands):
    played.says(before)
    played.accept()
    [draft] = played.says(after)
    assert draft.proposal is Proposal.CHANGE
    assert played.says(after) == [draft]
    assert said(draft) == words
    played.accept()
    assert played.dates == [stands]
    assert played.says(after) == []


def test_what_is_dropped_is_cancelled_and_what_comes_back_is_restored(played):
    other = told("0501", "z", "Autre chose")
    played.says(told(), other)
    for draft in played.pending:
        played.accept(draft)
    [gone] = played.says(other)
    assert gone.item["warnings"]
    assert played.says(told(), other) == []
    assert db.session.get(Draft, gone.id).state is DraftState.KNOWN
    played.says(other)
    played.accept()
    assert played.dates[0] == ("Rallye des balises", "03-15", None, None, True)
    assert played.says(other) == []
    played.says(told(), other)
    played.accept()
    assert played.dates[0] == ("Rallye des balises", "03-15", None, None, False)


@pytest.mark.long
def test_what_was_pushed_beyond_the_end_hides_no_broken_agenda(played):
    def lines(uids: str) -> list[str]:
        return [told(f"0{'abpqyz'.index(uid) + 1}15", uid, f"{uid}{uid}u {uid}o") for uid in uids]

    for uids in ("abyz", "abpq"):  # the next four dates
        played.says(*lines(uids))
        while played.pending:
            played.accept(played.pending[0])
    assert len(played.dates) == 6
    assert played.says(*lines("a")) == []
    warning = db.session.get(Source, played.id, populate_existing=True).warning
    assert "ne montre plus 3 de ses 4 dates à venir" in warning


def test_the_last_date_that_is_shown_may_be_dropped_or_pushed_out(played):
    first, last = told("0201", "f", "Premier atelier"), told("0301", "l", "Dernier concert")
    played.says(first, last)
    for draft in played.pending:
        played.accept(draft)
    pushing = told("0110", "p", "Une nouvelle fête")
    # As many as before, and none as late: perhaps only the next two are ever shown.
    [new] = played.says(pushing, first)
    assert new.outside_id == "p"
    played.accept()
    [gone] = played.says(pushing)
    assert (gone.outside_id, gone.status.value) == ("f", "cancelled")
    [gone, again] = played.says(pushing, told("0401", "n", "Encore plus tard"))[:2]
    assert {gone.outside_id, again.outside_id} == {"f", "l"}


def test_what_waits_follows_its_source(played):
    [draft] = played.says(told())
    [same] = played.says(at("10", "0320", LOCATION="Lens"))
    assert same.id == draft.id
    assert (same.last_day, same.item["place"]) == (date(2021, 3, 20), "Lens")
    assert played.says() == []
    assert db.session.get(Draft, draft.id).state is DraftState.REFUSED
    assert len(played.says(told())) == 1


def test_what_an_editor_corrected_stays_where_the_source_did_not_move(played):
    [draft] = played.says(at("10"))
    item = item_of_draft(draft)
    better = {**draft.item, "title": "Rallye mathématique"}
    item = item_of_draft(Draft(item=better, corrected=None))
    moderation.correct(db.session, played.editor, draft.id, draft.revision, item, played.now)
    [draft] = played.says(at("14"))
    assert (draft.title, draft.corrected["start_time"]) == ("Rallye mathématique", "14:00")


@pytest.mark.parametrize("today", [NOW, NOW + 20 * DAY], ids=["ahead", "over"])
def test_a_year_that_an_editor_corrected_stays_where_the_source_did_not_move(played, today):
    """The source typed another school year than it meant: that is no new edition."""
    wrong = told().replace("20210315", "20220115")
    [draft] = played.says(wrong)
    item = item_of_draft(Draft(item={**draft.item, "first_day": "2021-01-15", "last_day": None}))
    moderation.correct(db.session, played.editor, draft.id, draft.revision, item, played.now)
    played.accept()
    played.now = today
    assert [played.says(text) for text in (wrong, wrong)] == [[], []]
    [change] = played.says(f"{wrong}\nLOCATION:Lens")
    assert changed_parts(change) == {"place"}
    played.accept()
    assert played.dates == [(RALLYE, "01-15", None, "Lens", False)]


def test_what_an_editor_wrote_in_the_event_stays(played):
    played.says(at("10", LOCATION="Lens"))
    event = played.accept()
    seen = facts(event.id)
    new = wanted(seen, title="Rallye mathématique", place="Lens, salle Alice")
    events.save(db.session, played.editor, new, seen, played.now)
    assert played.says(at("10", LOCATION="Lens")) == []
    played.says(at("10", "0320", LOCATION="Lens"))
    played.accept()
    assert played.dates == [("Rallye mathématique", "03-20", "10:00", "Lens, salle Alice", False)]


def test_what_is_refused_stays_refused_unless_what_it_announces_changes(played):
    played.says(told())
    played.refuse()
    assert played.says(told(title="Rallye des grandes balises", DESCRIPTION="Venez")) == []
    [again] = played.says(told("0320"))
    played.refuse()
    assert played.says(told("0320")) == []
    assert again.outside_id == "a"
    assert played.says() == []


def test_a_refused_change_stays_refused(played):
    played.says(at("10"))
    played.accept()
    played.says(at("14"))
    played.refuse()
    assert played.says(at("14")) == []
    assert played.dates[0][2] == "10:00"
    # Back to what stands here: nothing to decide.
    assert played.says(at("10")) == []


@pytest.mark.parametrize("uids", [("x", "y"), ("a", "a-2")], ids=["two", "own"])
def test_an_agenda_whose_uids_are_new_at_each_export_says_nothing_new(played, uids):
    played.says(told(), told("0415", "b"))
    for draft in list(played.pending):
        played.accept(db.session.get(Draft, draft.id))
    assert played.says(told(uid=uids[0]), told("0415", uids[1])) == []
    [moved] = played.says(told("0317", uids[0]), told("0415", uids[1]))
    assert moved.outside_id == uids[0]


@pytest.mark.long
def test_a_repetition_that_moves_moves_each_of_its_dates(played):
    club = told("0201", "c", "Club de lecture", RRULE="FREQ=WEEKLY;COUNT=3")
    played.says(club)
    while played.pending:
        played.accept(played.pending[0])
    moved = club.replace("20210201", "20210202")
    found = played.says(moved)
    assert [d.proposal for d in found] == [Proposal.CHANGE] * 3
    for draft in found:
        played.accept(db.session.get(Draft, draft.id))
    assert [day for _, day, *_ in played.dates] == ["02-02", "02-09", "02-16"]
    [gone] = played.says(f"{moved}\nEXDATE;VALUE=DATE:20210209")
    assert (gone.recurrence, gone.status.value) == ("2021-02-09", "cancelled")


@pytest.mark.long
def test_a_new_title_of_a_repetition_is_proposed_once(played):
    club = told("0201", "c", "Club de lecture", RRULE="FREQ=WEEKLY;COUNT=3")
    played.says(club)
    while played.pending:
        played.accept(played.pending[0])
    [one] = played.says(club.replace("Club de lecture", "Cercle des poètes"))
    played.accept(one)
    assert {title for title, *_ in played.dates} == {"Cercle des poètes"}
    assert played.says(club.replace("Club de lecture", "Cercle des poètes")) == []


def test_an_undone_acceptance_leads_back_and_forth(played):
    played.says(told())
    played.accept()
    change = db.session.scalars(select(Change).order_by(Change.id.desc())).first()
    undone = undo.undo(db.session, played.editor, change.id, None, played.now)
    [draft] = played.says(told())
    assert (draft.proposal, draft.milestone) == (Proposal.NEW_EVENT, None)
    undo.undo(db.session, played.editor, undone.id, None, played.now)
    assert played.says(told()) == []
    [moved] = played.says(told("0316"))
    assert moved.proposal is Proposal.CHANGE


def test_an_hour_of_elsewhere_is_kept_in_its_zone(played):
    there = told().replace(
        "DTSTART;VALUE=DATE:20210315", "DTSTART;TZID=Indian/Reunion:20210315T090000"
    )
    played.says(there)
    [milestone] = played.accept().milestones
    assert (milestone.start_time, milestone.time_zone) == (time(9), "Indian/Reunion")
    assert played.says(there) == []
    [moved] = played.says(there.replace("T09", "T10"))
    played.accept()
    assert (milestone.start_time, milestone.time_zone) == (time(10), "Indian/Reunion")
    assert moved.proposal is Proposal.CHANGE


def test_a_deadline_that_becomes_a_day_is_one(played):
    title = "Date limite d'inscription au rallye"
    played.says(told(title=title))
    assert [m.kind.value for m in played.accept().milestones] == ["registration_deadline"]
    [draft] = played.says(told("0320", title="Rallye d'inscription au concours"))
    event = played.accept(draft)
    assert [(m.kind.value, m.first_day.day) for m in event.milestones] == [("session", 20)]


@pytest.mark.long
def test_what_an_older_version_stored_gets_its_identity(store):
    played = Played()
    played.says(told(), told("0415", "b"))
    played.accept(played.pending[0])
    with writing(db.session, NOW):
        db.session.execute(update(Draft).values(milestone_id=None, recurrence="2021-03-15"))
        db.session.execute(
            update(Draft).where(Draft.outside_id == "b").values(recurrence="2021-04-15")
        )
    db.session.remove()
    flask_migrate.downgrade(revision="0020")
    sources = table("source", column("copy", JSON()))
    copy = {"a/2021-03-15": "1", "b/2021-04-15": "2", "news#0": "3"}
    with writing(db.session, NOW):
        ids = text("SELECT outside_id FROM draft ORDER BY id")
        assert list(db.session.scalars(ids)) == ["a/2021-03-15", "b/2021-04-15"]
        db.session.execute(sources.update().values(copy=copy))
    db.session.remove()
    setup.upgrade_schema()
    source = db.session.get(Source, played.id)
    assert source.copy == [["a", "2021-03-15", "2021-03-15"], ["b", "2021-04-15", "2021-04-15"]]
    assert (source.left_out, source.first_seen) == ([], {})
    played.editor = db.session.scalar(select(Editor))
    [moved, waiting] = played.says(told("0316"), told("0416", "b"))[::-1]
    assert (moved.proposal, moved.outside_id, moved.recurrence) == (Proposal.CHANGE, "a", None)
    assert (waiting.last_day, waiting.recurrence) == (date(2021, 4, 16), None)


@pytest.mark.long
def test_a_session_called_otherwise_gets_a_label_and_the_event_keeps_its_title(played):
    final = "Finale du rallye"
    played.says(told(), told("0415", "b"))
    while played.pending:
        played.accept(played.pending[0])
    [draft] = played.says(told(), told("0415", "b", final))
    assert said(draft) == f"seule de « {RALLYE} », cette date s'appelle désormais « {final} »"
    event = played.accept()
    assert event.title == RALLYE
    assert [m.label for m in event.milestones] == [None, final]
    # The day of what has a label moves alone; and the label goes as it came.
    [moved] = played.says(told(), told("0416", "b", final))
    assert said(moved) == "15/04 → 16/04"
    played.accept()
    assert [m.label for m in event.milestones] == [None, final]
    played.says(told(), told("0416", "b"))
    played.accept()
    assert (event.title, [m.label for m in event.milestones]) == (RALLYE, [None, None])
    assert played.says(told(), told("0416", "b")) == []


@pytest.mark.parametrize("last_first", [True, False], ids=["last-first", "in-order"])
@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "later"])
def test_a_session_that_is_not_accepted_yet_keeps_the_title_too(played, at_once, last_first):
    """The first date is called otherwise while the second one, which came by the title of the
    event, still waits: both stand as the agenda calls them, whichever is accepted first."""
    final = "Finale du rallye"
    played.says(told())
    played.accept()
    if not at_once:
        played.says(told(), told("0415", "b"))
    played.says(told(title=final), told("0415", "b"))
    while found := played.pending:
        played.accept(found[-last_first])
    dates = db.session.scalars(select(Milestone).order_by(Milestone.first_day))
    assert [m.label or m.event.title for m in dates] == [final, RALLYE]
    assert played.says(told(title=final), told("0415", "b")) == []


def test_a_session_called_otherwise_may_be_an_event_of_its_own(played):
    played.says(told(), told("0415", "b"))
    while played.pending:
        played.accept(played.pending[0])
    [draft] = played.says(told(), told("0415", "b", "Finale du rallye"))
    moderation.attach(db.session, played.editor, draft.id, draft.revision, None, None, played.now)
    assert played.accept().title == "Finale du rallye"


@pytest.mark.long
def test_a_place_that_the_source_takes_back_is_proposed_and_goes(played):
    played.says(told(LOCATION="Lens"), told("0415", "b", LOCATION="Lens"))
    while played.pending:
        played.accept(played.pending[0])
    [draft] = played.says(told(), told("0415", "b", LOCATION="Lens"))
    assert said(draft) == "Lens → sans lieu"
    event = played.accept()
    assert [place for *_, place, _ in played.dates] == [None, "Lens"]
    assert "Lens" not in event.summary
    assert played.says(told(), told("0415", "b", LOCATION="Lens")) == []
    # No place any more, and one again.
    played.says(told(), told("0415", "b"))
    played.accept()
    played.says(told(LOCATION="Douai"), told("0415", "b"))
    played.accept()
    assert [place for *_, place, _ in played.dates] == ["Douai", None]


def test_the_place_of_the_only_date_is_that_of_its_event(played):
    played.says(told(LOCATION="Lens"))
    event = played.accept()
    told_summary = event.summary
    assert ", lieu : Lens" in told_summary
    for place, said_place in (("Lille", ", lieu : Lille"), (None, "")):
        played.says(told(**({"LOCATION": place} if place else {})))
        played.accept()
        [milestone] = event.milestones
        assert (event.place, milestone.place) == (place, None)
        assert event.summary == told_summary.replace(", lieu : Lens", said_place)


def test_two_dates_of_one_event_may_get_two_new_titles_at_once(played):
    played.says(told(), told("0415", "b"))
    while played.pending:
        played.accept(played.pending[0])
    both = told(title="Finale du lac"), told("0415", "b", "Remise des prix")
    assert [draft.changes for draft in played.says(*both)] == [["label"], ["label"]]
    while played.pending:
        played.accept(played.pending[0])
    labels = select(Milestone.label).order_by(Milestone.first_day)
    assert db.session.scalars(labels).all() == ["Finale du lac", "Remise des prix"]
    assert played.says(*both) == []


@pytest.mark.parametrize("waits", [False, True])
def test_a_date_that_an_agenda_gives_no_place_is_not_at_the_place_of_another(played, waits):
    at_lens, elsewhere = told(LOCATION="Lens"), told("0415", "b")
    played.says(told() if waits else at_lens)
    played.accept()
    played.says(at_lens, elsewhere)
    while played.pending:
        event = played.accept(played.pending[0])
    assert [place for *_, place, _ in played.dates] == ["Lens", None]
    assert ", lieu : Lens" not in event.summary
    assert played.says(at_lens, elsewhere) == []
    change = db.session.scalars(
        select(Change)
        .where(Change.subject == ChangeSubject.EVENT, Change.editor_id.is_not(None))
        .order_by(Change.id.desc())
    ).first()
    undo.undo(db.session, played.editor, change.id, None, played.now)
    assert [place for *_, place, _ in played.dates] == ["Lens"]


def test_a_date_of_news_that_names_no_place_may_be_at_that_of_its_event(played):
    feed = '<rss version="2.0"><channel><title>Nouvelles</title>{}</channel></rss>'
    entry = "<item><guid>{0}</guid><title>{1}</title><description>{1} : {0}.</description></item>"
    days = "le 15 mars 2021", "le 12 avril 2021"
    first, second = played.reads(feed.format("".join(entry.format(day, RALLYE) for day in days)))
    event = played.accept(first)
    seen = facts(event.id)
    events.save(db.session, played.editor, wanted(seen, place="Lens"), seen, played.now)
    assert played.accept(second).place == "Lens"
    assert [place for *_, place, _ in played.dates] == ["Lens", "Lens"]


def test_an_undone_place_is_undone_for_its_date_alone(played):
    played.says(told(LOCATION="Lens"))
    played.accept()
    played.says(told(LOCATION="Douai"))
    played.accept()
    change = db.session.scalars(select(Change).order_by(Change.id.desc())).first()
    both = told(LOCATION="Douai"), told("0415", "b", LOCATION="Douai")
    played.says(*both)
    played.accept()
    undo.undo(db.session, played.editor, change.id, None, played.now)
    assert [place for *_, place, _ in played.dates] == ["Lens", "Douai"]


def test_a_change_leaves_what_an_editor_wrote_while_it_waited(played):
    played.says(at("10"))
    event = played.accept()
    [draft] = played.says(at("10", "0320"))
    seen = facts(event.id)
    events.save(db.session, played.editor, wanted(seen, place="Lens"), seen, played.now)
    assert said(draft) == "15/03 → 20/03"
    played.accept()
    assert played.dates == [(RALLYE, "03-20", "10:00", "Lens", False)]


@pytest.mark.long
def test_what_was_refused_comes_back_whole_with_another_hour(played):
    played.says(told(STATUS="CANCELLED"), told("0501", "z", "Autre chose"))
    played.accept()
    played.says(at("10"), told("0501", "z", "Autre chose"))
    [draft] = played.pending
    played.accept(draft)
    off = at("10", STATUS="CANCELLED")
    played.says(off, told("0501", "z", "Autre chose"))
    played.accept()
    played.says(at("14"), told("0501", "z", "Autre chose"))
    played.refuse()
    played.says(at("08"), told("0501", "z", "Autre chose"))
    played.accept()
    assert played.dates[0] == (RALLYE, "03-15", "08:00", None, False)


def test_of_two_proposals_for_one_date_an_undo_leaves_one(played):
    played.says(told())
    played.accept()
    played.says(at("10"))
    played.accept()
    change = db.session.scalars(select(Change).order_by(Change.id.desc())).first()
    played.says(at("14"))
    undo.undo(db.session, played.editor, change.id, None, played.now)
    assert len(played.pending) == 2
    [left] = played.says(at("14"))
    played.accept(left)
    assert played.dates == [(RALLYE, "03-15", "14:00", None, False)]


def test_a_change_that_was_refused_is_known_again_under_another_uid(played):
    played.says(told())
    played.accept()
    played.says(told("0320"))
    played.refuse()
    assert played.says(told("0320", title="Grand rallye des balises")) == []
    assert played.says(told("0320", "other", "Grand rallye des balises")) == []


def test_of_what_moved_and_is_long_over_the_day_before_is_not_proposed_again(played):
    other = told("0501", "z", "Autre chose")
    played.says(told(), other)
    while played.pending:
        played.accept(played.pending[0])
    moved = told("0110"), other
    played.says(*moved)
    played.accept()
    # The agenda still tells what is over; it is not read any more than a month later.
    played.now = datetime(2021, 2, 9, 9, 0, tzinfo=UTC)
    for _ in range(3):
        assert played.says(*moved) == []
    assert played.says(other) == []
    assert [(day, ended) for _, day, *_, ended in played.dates] == [
        ("01-10", False),
        ("05-01", False),
    ]


def test_a_date_that_an_editor_corrected_to_an_earlier_day_stays_known(played):
    [draft] = played.says(told())
    item = item_of_draft(Draft(item={**draft.item, "first_day": "2021-01-10", "last_day": None}))
    moderation.correct(db.session, played.editor, draft.id, draft.revision, item, played.now)
    played.accept()
    played.now = datetime(2021, 2, 9, 9, 0, tzinfo=UTC)
    for _ in range(3):
        assert played.says(told()) == []
    [moved] = played.says(told("0320"))
    assert moved.proposal is Proposal.CHANGE


def test_what_stands_against_a_cancellation_stays_when_the_agenda_drops_it(played):
    other = told("0501", "z", "Autre chose")
    played.says(told(), other)
    while played.pending:
        played.accept(played.pending[0])
    played.says(told(STATUS="CANCELLED"), other)
    played.refuse()
    assert played.says(other) == []
    assert played.dates[0] == (RALLYE, "03-15", None, None, False)


@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "later"])
def test_a_title_that_changed_while_the_date_was_off_comes_when_it_takes_place_again(
    played, at_once
):
    grand = "Grand rallye des balises"
    played.says(told())
    played.accept()
    played.says(told(title=grand if at_once else RALLYE, STATUS="CANCELLED"))
    played.accept()
    assert played.says(told(title=grand, STATUS="CANCELLED")) == []
    assert played.dates == [(RALLYE, "03-15", None, None, True)]
    played.says(told(title=grand))
    played.accept()
    assert played.dates == [(grand, "03-15", None, None, False)]
    assert played.says(told(title=grand)) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("known", "later", "today", "stands"),
    [
        ("20210315", "20220314", NOW, [("2021-03-15", True), ("2022-03-14", False)]),
        ("20210115", "20220114", NOW + 20 * DAY, [("2021-01-15", False), ("2022-01-14", False)]),
        ("20210115", "20211015", NOW + 20 * DAY, [("2021-01-15", False), ("2021-10-15", False)]),
        ("20210115", "20210315", NOW + 20 * DAY, [("2021-03-15", False)]),
    ],
    ids=["put off for a year", "used again", "used again in autumn", "put off"],
)
@pytest.mark.parametrize("mark", ["", "[Reporté] "], ids=["unmarked", "marked"])
def test_a_date_that_moves_to_another_school_year_is_of_another_edition(
    played, known, later, today, stands, mark
):
    """An event is of one school year: the move could not be accepted. What is over stays."""
    was = told().replace("20210315", known)
    played.says(was)
    played.accept()
    played.now = today
    moved = was.replace(known, later).replace(RALLYE, f"{mark}{RALLYE}")
    played.says(moved)
    for _ in range(2):
        for draft in played.pending:
            played.accept(draft)
        assert played.says(moved) == []
    found = db.session.scalars(select(Milestone).order_by(Milestone.first_day))
    assert [(m.first_day.isoformat(), m.is_cancelled) for m in found] == stands
    # It moves on as the same date, and back.
    assert [d.proposal for d in played.says(f"{moved}\nLOCATION:Lens")] == [Proposal.CHANGE]
    played.says(was)
    while played.pending:
        played.accept(played.pending[0])
    assert played.says(was) == []


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize(
    "written",
    [told(), told(title=f"[Reporté] {RALLYE}"), told(STATUS="CANCELLED"), f"{told()}\nRRULE:{{}}"],
    ids=["moved", "put off", "called off", "returns"],
)
def test_a_date_of_another_edition_is_parted_once(played, written, accepts):
    """The readings that follow store nothing more, whether somebody decides or not."""
    moved = written.replace("20210315", "20220314").format("FREQ=WEEKLY;COUNT=2")
    played.says(told())
    played.accept()
    played.says(moved)
    while accepts and played.pending:
        played.accept(played.pending[0])
    told_once = played.history()
    for _ in range(2):
        played.says(moved)
        assert played.history() == told_once
    # It was a mistake: the date that stood here is known again.
    while played.says(told()):
        played.accept(played.pending[0])
    assert (RALLYE, "03-15", None, None, False) in played.dates


def test_what_was_put_off_to_a_day_takes_place_until_it_is_called_off(played):
    """Its title goes on to say « reporté », which is then no more than its history."""
    marked = f"[Reporté] {RALLYE}"
    played.says(told())
    played.says(told("0420", title=marked))
    played.accept()
    assert played.says(told("0420", title=marked)) == []
    played.says(told("0427", title=marked))
    played.accept()
    assert played.dates == [(RALLYE, "04-27", None, None, False)]
    played.says(told("0427", title=marked, STATUS="CANCELLED"))
    played.accept()
    assert played.dates == [(RALLYE, "04-27", None, None, True)]


def test_an_entry_of_news_keeps_its_history_when_another_one_of_its_id_comes(played):
    """Whether it had the id alone, or shared it already: what is new comes first in a feed."""
    titles = ["Bleu", "Ancre", "Carmin"]
    for known in range(1, len(titles) + 1):
        played.reads(news_of(*reversed(titles[:known])))
        [new] = played.pending
        assert new.title == f"Concours « {titles[known - 1]} »"
        played.refuse()
    for left in (titles[1:], titles[:1]):
        assert played.reads(news_of(*left)) == []
