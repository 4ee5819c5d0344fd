"""Letters in the store: what an item becomes, what a second letter adds, and who sees nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from calendar_app import letters
from calendar_app.catalogue import queries
from calendar_app.config.settings import data_folder
from calendar_app.editing.drafts import import_letter, item_as_read
from calendar_app.editing.models.letters import Draft, DraftScope, Letter
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.editing.rules.known_events import (
    Decision,
    KnownDate,
    KnownEvent,
    decide,
    scope_of,
)
from calendar_app.letters.as_json import contract, from_json, to_json
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, LetterReading, Step
from calendar_app.letters.formats.letter_text import MAX_BYTES
from calendar_app.letters.reading.title_words import SAME_TITLE, closeness
from calendar_app.store.base import db, writing
from calendar_app.words.errors import UnreadableLetterError
from calendar_app.words.vocabulary import Certainty, EventType, MilestoneKind
from tests import commands
from tests.conftest import IMPORTED_AT
from tests.factories import ID, another, entry, publish

NOW = datetime(2021, 1, 5, 9, 0, tzinfo=UTC)
ISSUED = date(2021, 1, 5)
KNOWLEDGE = letters.knowledge_of_files(data_folder())
ACADEMIES = KNOWLEDGE.academies

ITEM = DatedItem(
    title="Concours « Les bateaux de papier »",
    kind=ItemKind.DEADLINE,
    step=Step.UNKNOWN,
    first_day=None,
    last_day=date(2021, 2, 11),
    start_time=None,
    end_time=None,
    time_zone=None,
    certainty=Certainty.DAY,
    status=ItemStatus.PLANNED,
    academies=(),
    departments=(),
    place=None,
    classes=(),
    themes=(),
    event_type=EventType.CONTEST,
    organiser=None,
    url=None,
    phrase="jusqu'au 11 février 2021",
    sentence="Participez jusqu'au 11 février 2021.",
    offset=11,
    confidence=0.9,
    rule="until day, printed, heading",
    warnings=(),
)
SESSION = replace(
    ITEM, kind=ItemKind.EVENT, step=None, first_day=date(2021, 5, 17), last_day=date(2021, 5, 19)
)
WINDOW = replace(ITEM, kind=ItemKind.WINDOW, first_day=date(2020, 10, 12))


# --- whether two titles are the same -----------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Lancement de la 3e édition du concours « Bateaux de papier »", "Bateaux de papier"),
        ("Concours BATEAUX DE PAPIER 2021", "Bateaux de papier, 2e édition"),
        ("Camp@Num à Brassac, dans le Puy-de-Dôme", "Camp@Num"),
        ("RoboTeam, organisé par une académie", "Concours RoboTeam"),
        ("La semaine de la presse", "Semaine de la presse et des médias dans l'école"),
        ("Rallyes mathématiques du Nord", "Rallye mathématique du Nord"),
    ],
)
def test_titles_that_name_the_same(title, known):
    assert closeness(title, known) >= SAME_TITLE


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Camp@Code", "Camp@Num"),
        ("Semaine des mathématiques", "Semaine de la presse"),
        ("Rallye mathématique", "Olympiades de mathématiques"),
        ("Concours « Les ponts »", "Concours « Les bateaux de papier »"),
        ("La fête de la science", "La Fête de l'Apprendre"),
        ("Date limite d'inscription", "Concours national"),
        ("", "RoboTeam"),
    ],
)
def test_titles_that_do_not(title, known):
    assert closeness(title, known) < SAME_TITLE


# --- what an item brings -----------------------------------------------------------------------


def known(number: int, kind: str, first: str, last: str = "", **changes) -> KnownDate:
    values = {
        "id": number,
        "kind": MilestoneKind(kind),
        "first_day": date.fromisoformat(first),
        "last_day": date.fromisoformat(last or first),
        "certainty": Certainty.DAY,
        "scope": frozenset({"national"}),
        "cancelled": False,
    }
    return KnownDate(**values | changes)


def boats(*dates: KnownDate, **changes) -> KnownEvent:
    values = {
        "id": "bateaux-2020-2021",
        "series_id": "bateaux",
        "names": ("Les bateaux de papier, 4e édition", "Les bateaux de papier"),
        "school_year": 2020,
        "scope": frozenset({"national"}),
        "dates": dates,
    }
    return KnownEvent(**values | changes)


def brings(items: list[DatedItem], *events: KnownEvent) -> list[Decision]:
    series = {"bateaux": "Les bateaux de papier", "ponts": "Les ponts"}
    return list(decide(items, events, series, ACADEMIES, ISSUED))


def of_boats(proposal: Proposal | None, milestone: int | None = None, *days: str, same_as=None):
    first, last = [date.fromisoformat(d) if d else None for d in days] or (None, None)
    return Decision(proposal, None, "bateaux-2020-2021", milestone, first, last, same_as=same_as)


DEADLINE = known(1, "deadline", "2021-02-11")


def test_the_same_day_is_known_and_another_is_a_change():
    later = replace(ITEM, last_day=date(2021, 2, 14))
    assert brings([ITEM], boats(DEADLINE)) == [of_boats(None, 1, "", "2021-02-11")]
    assert brings([later], boats(DEADLINE)) == [of_boats(Proposal.CHANGE, 1, "", "2021-02-11")]


def test_another_contest_another_year_or_another_place_is_a_new_event():
    lille, lyon = frozenset({"academie/lille"}), replace(ITEM, academies=("lyon",))
    next_year = replace(ITEM, last_day=date(2022, 2, 11))
    ponts = replace(ITEM, title="Concours « Les ponts »")
    new = Decision(Proposal.NEW_EVENT)
    assert brings([replace(ITEM, title="Prix des lucioles")], boats(DEADLINE)) == [new]
    # The item is the next edition of a known series.
    assert brings([next_year], boats(DEADLINE)) == [replace(new, series_id="bateaux")]
    assert brings([ponts], boats(DEADLINE)) == [replace(new, series_id="ponts")]
    # A series has one edition per school year, so this contest cannot belong to it.
    assert brings([lyon], boats(scope=lille)) == [new]


def test_a_date_that_a_known_event_lacks_is_a_new_date_of_it():
    assert brings([SESSION], boats(DEADLINE)) == [of_boats(Proposal.NEW_DATE)]
    assert brings([ITEM], boats()) == [of_boats(Proposal.NEW_DATE)]


def test_a_step_finds_its_own_deadline():
    both = boats(
        known(1, "registration_deadline", "2021-01-15"),
        known(2, "submission_deadline", "2021-03-15"),
    )
    register = replace(ITEM, step=Step.REGISTRATION)
    assert brings([register], both) == [of_boats(Proposal.CHANGE, 1, "", "2021-01-15")]
    send = replace(ITEM, step=Step.SUBMISSION)
    assert brings([send], both) == [of_boats(Proposal.CHANGE, 2, "", "2021-03-15")]
    # The letter does not say which of the two deadlines moved.
    assert brings([ITEM], both) == [of_boats(Proposal.NEW_DATE)]
    same = replace(ITEM, last_day=date(2021, 3, 15))
    assert brings([same], both) == [of_boats(None, 2, "", "2021-03-15")]
    # The calendar does not say which step its deadline is.
    assert brings([register], boats(DEADLINE)) == [of_boats(None, 1, "", "2021-02-11")]


def test_a_window_is_an_opening_and_a_deadline():
    opening = known(2, "opening", "2020-10-12")
    event = boats(opening, DEADLINE)
    assert brings([WINDOW], event) == [of_boats(None, 1, "2020-10-12", "2021-02-11")]
    longer = replace(WINDOW, last_day=date(2021, 2, 14))
    assert brings([longer], event) == [of_boats(Proposal.CHANGE, 1, "2020-10-12", "2021-02-11")]
    assert brings([longer], boats(DEADLINE)) == [of_boats(Proposal.CHANGE, 1, "", "2021-02-11")]
    opens = replace(WINDOW, last_day=None)
    assert brings([opens], event) == [of_boats(None, 2, "2020-10-12", "")]
    assert brings([longer], boats(opening)) == [of_boats(Proposal.CHANGE, 2, "2020-10-12", "")]


def test_the_second_of_two_sessions_is_not_the_first_one_moved():
    first = known(1, "session", "2021-05-17", "2021-05-19")
    second = replace(SESSION, first_day=date(2021, 6, 2), last_day=date(2021, 6, 2))
    change = of_boats(Proposal.CHANGE, 1, "2021-05-17", "2021-05-19")
    assert brings([second], boats(first)) == [change]
    assert brings([second, SESSION], boats(first)) == [
        of_boats(Proposal.NEW_DATE),
        of_boats(None, 1, "2021-05-17", "2021-05-19"),
    ]


def test_results_are_not_the_session():
    event = boats(known(1, "session", "2021-05-17"), known(2, "results", "2021-06-10"))
    day = date(2021, 6, 11)
    results = replace(SESSION, title=f"{ITEM.title} : résultats", first_day=day, last_day=day)
    assert brings([results], event) == [of_boats(Proposal.CHANGE, 2, "2021-06-10", "2021-06-10")]


def test_a_departments_own_deadline_is_a_date_of_its_own_unless_it_is_said_to_move():
    nord = replace(ITEM, departments=("59",), academies=("lille",), last_day=date(2021, 1, 20))
    own = known(2, "deadline", "2021-01-15", scope=frozenset({"departement/59"}))
    assert brings([nord], boats(DEADLINE)) == [of_boats(Proposal.NEW_DATE)]
    moved = replace(nord, status=ItemStatus.MOVED)
    assert brings([moved], boats(DEADLINE)) == [of_boats(Proposal.CHANGE, 1, "", "2021-02-11")]
    assert brings([nord], boats(DEADLINE, own)) == [of_boats(Proposal.CHANGE, 2, "", "2021-01-15")]
    # The letter of an académie also tells of national contests.
    lille = replace(ITEM, academies=("lille",), last_day=date(2021, 2, 14))
    assert brings([lille], boats(DEADLINE)) == [of_boats(Proposal.CHANGE, 1, "", "2021-02-11")]
    everybody = replace(ITEM, last_day=date(2021, 2, 14))
    assert brings([everybody], boats(DEADLINE, own)) == [
        of_boats(Proposal.CHANGE, 1, "", "2021-02-11")
    ]


def test_approximate_days():
    mid_june = known(1, "session", "2021-06-10", "2021-06-20", certainty=Certainty.APPROXIMATE)
    exact = replace(SESSION, first_day=date(2021, 6, 15), last_day=date(2021, 6, 15))
    about = replace(
        SESSION,
        certainty=Certainty.APPROXIMATE,
        first_day=date(2021, 6, 10),
        last_day=date(2021, 6, 20),
    )
    # The exact days are known now.
    assert brings([exact], boats(mid_june)) == [
        of_boats(Proposal.CHANGE, 1, "2021-06-10", "2021-06-20")
    ]
    # « Mi-juin » adds nothing to 15 June, nor to « mi-juin ».
    assert brings([about], boats(known(1, "session", "2021-06-15"))) == [
        of_boats(None, 1, "2021-06-15", "2021-06-15")
    ]
    assert brings([about], boats(mid_june)) == [of_boats(None, 1, "2021-06-10", "2021-06-20")]
    end_of_february = replace(ITEM, certainty=Certainty.APPROXIMATE, last_day=date(2021, 2, 28))
    assert brings([end_of_february], boats(DEADLINE)) == [of_boats(None, 1, "", "2021-02-11")]


@pytest.mark.parametrize("status", [ItemStatus.CANCELLED, ItemStatus.POSTPONED])
def test_an_end_is_a_change_told_once(status):
    ended = replace(ITEM, status=status)
    change = of_boats(Proposal.CHANGE, 1, "", "2021-02-11")
    assert brings([ended], boats(DEADLINE)) == [change]
    assert brings([ended], boats(replace(DEADLINE, cancelled=True))) == [
        of_boats(None, 1, "", "2021-02-11")
    ]
    # « Prévu le 11, reporté au 14 » is one change, whichever is said first.
    later = replace(ITEM, last_day=date(2021, 2, 14), status=ItemStatus.MOVED)
    assert brings([ended, later], boats(DEADLINE)) == [replace(change, same_as=1), change]
    assert brings([replace(ended, title="Prix des lucioles")]) == [Decision(Proposal.NEW_EVENT)]


def test_the_scope_of_an_item():
    assert scope_of(ITEM, ACADEMIES) == {"national"}
    assert scope_of(replace(ITEM, academies=("lille",)), ACADEMIES) == {"academie/lille"}
    some = replace(ITEM, academies=("clermont-ferrand", "lille"), departments=("15", "63"))
    assert scope_of(some, ACADEMIES) == {"academie/lille", "departement/15", "departement/63"}


# --- JSON --------------------------------------------------------------------------------------

WORDS = st.text(max_size=20)
SLUGS = st.lists(WORDS, max_size=3).map(tuple)
HOURS = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))
ITEMS = st.builds(
    DatedItem,
    title=WORDS,
    kind=st.sampled_from(ItemKind),
    step=st.none() | st.sampled_from(Step),
    first_day=st.none() | st.dates(),
    last_day=st.none() | st.dates(),
    start_time=HOURS,
    end_time=HOURS,
    time_zone=st.none() | WORDS,
    certainty=st.sampled_from(Certainty),
    status=st.sampled_from(ItemStatus),
    academies=SLUGS,
    departments=SLUGS,
    place=st.none() | WORDS,
    classes=SLUGS,
    themes=SLUGS,
    event_type=st.none() | st.sampled_from(EventType),
    organiser=st.none() | WORDS,
    url=st.none() | WORDS,
    phrase=WORDS,
    sentence=WORDS,
    offset=st.integers(0),
    confidence=st.floats(0, 1),
    rule=WORDS,
    warnings=SLUGS,
)


@given(
    st.builds(
        LetterReading,
        title=WORDS,
        issued=st.dates(),
        issued_from=WORDS,
        text=WORDS,
        items=st.lists(ITEMS, max_size=3).map(tuple),
    )
)
def test_a_reading_comes_back_from_json_as_it_was(reading):
    assert from_json(to_json(reading)) == reading


def test_the_documented_fields_come_first():
    item = replace(
        SESSION, start_time=time(0, 0), end_time=time(14, 30), classes=("cm1",), themes=("oral",)
    )
    assert list(contract(item).items()) == [
        ("title", "Concours « Les bateaux de papier »"),
        ("kind", "event"),
        ("step", None),
        ("first_day", "2021-05-17"),
        ("last_day", "2021-05-19"),
        ("start_time", "00:00"),
        ("end_time", "14:30"),
        ("certainty", "day"),
        ("academies", []),
        ("place", None),
        ("classes", ["cm1"]),
        ("url", None),
        ("phrase", "jusqu'au 11 février 2021"),
        ("sentence", "Participez jusqu'au 11 février 2021."),
        ("offset", 11),
        ("confidence", 0.9),
        ("doubts", {"day": 0.9, "title": 0.9, "kind": 0.9, "place": 0.9}),
        ("time_zone", None),
        ("status", "planned"),
        ("departments", []),
        ("themes", ["oral"]),
        ("event_type", "concours"),
        ("organiser", None),
        ("rule", "until day, printed, heading"),
        ("warnings", []),
        ("reasons", []),
    ]


# --- in the store ------------------------------------------------------------------------------

LETTER = """# La lettre des essais

## Concours national d'essai

Les inscriptions sont ouvertes jusqu'au {day} février 2021.

## Prix des lucioles

Inscriptions jusqu'au 2 mars 2021 dans l'académie de Lille.
"""


def bring(app, day: int = 18, more: str = "", now: datetime = NOW, name: str = "lettre.txt"):
    """Import a letter in which two dates are announced."""
    with app.app_context():
        data = (LETTER.format(day=day) + more).encode()
        return import_letter(db.session, data, name, ISSUED, now, KNOWLEDGE)


def drafts(app) -> list[Draft]:
    with app.app_context():
        return list(db.session.scalars(select(Draft).order_by(Draft.letter_id, Draft.position)))


def outcomes(report) -> list[tuple[DraftState, Proposal | None, str, str | None]]:
    return [(d.state, d.proposal, d.item.title, d.first_seen) for d in report.drafts]


def test_a_letter_becomes_drafts(empty_app):
    publish(empty_app, entry())
    report = bring(empty_app, name="/home/quelqu'un/lettre.txt")
    assert (report.is_new, report.title, report.issued) == (True, "La lettre des essais", ISSUED)
    assert outcomes(report) == [
        (DraftState.PENDING, Proposal.CHANGE, "Concours national d'essai", None),
        (DraftState.PENDING, Proposal.NEW_EVENT, "Prix des lucioles", None),
    ]
    with empty_app.app_context():
        letter = db.session.scalars(select(Letter)).one()
        assert letter.checksum == hashlib.sha256(LETTER.format(day=18).encode()).hexdigest()
        assert (letter.file_name, letter.text) == ("lettre.txt", LETTER.format(day=18))
        assert letter.imported_at == NOW
        change, new = letter.drafts
        assert (change.event_id, change.milestone.kind) == (ID, MilestoneKind.DEADLINE)
        assert (change.known_first_day, change.known_last_day) == (None, date(2021, 2, 11))
        assert (change.kind, change.step, change.first_day, change.last_day) == (
            ItemKind.DEADLINE,
            Step.REGISTRATION,
            None,
            date(2021, 2, 18),
        )
        assert (change.scope, new.scope) == ({"national"}, {"academie/lille"})
        assert (new.event_id, new.series_id, new.same_as_id) == (None, None, None)
        assert letter.text[item_as_read(new).offset :].startswith(item_as_read(new).phrase)


def test_the_same_letter_twice_adds_nothing(empty_app):
    first = bring(empty_app)
    again = bring(empty_app, now=NOW + timedelta(days=3), name="copie.txt")
    assert replace(again, is_new=True) == first
    assert not again.is_new
    assert len(drafts(empty_app)) == 2


def test_what_another_letter_proposes_already_is_not_proposed_again(empty_app):
    publish(empty_app, entry())
    bring(empty_app)
    assert outcomes(bring(empty_app, more="\nBonne lecture.\n")) == [
        (DraftState.REPEATED, Proposal.CHANGE, "Concours national d'essai", "La lettre des essais"),
        (DraftState.REPEATED, Proposal.NEW_EVENT, "Prix des lucioles", "La lettre des essais"),
    ]
    first, second, *repeated = drafts(empty_app)
    assert [draft.same_as_id for draft in repeated] == [first.id, second.id]
    # Another day is another change; the day that the calendar already has is none.
    assert outcomes(bring(empty_app, 19))[0][:2] == (DraftState.PENDING, Proposal.CHANGE)
    assert outcomes(bring(empty_app, 11))[0][:2] == (DraftState.KNOWN, None)


def test_what_was_refused_may_be_proposed_again(empty_app):
    bring(empty_app)
    with empty_app.app_context(), writing(db.session, NOW):
        for draft in db.session.scalars(select(Draft)):
            draft.state = DraftState.REFUSED
    again = bring(empty_app, more="\nBonne lecture.\n")
    assert [draft.state for draft in again.drafts] == [DraftState.PENDING] * 2


@pytest.mark.long
def test_a_letter_moves_nothing_that_is_public(empty_app):
    publish(empty_app, entry())
    client = empty_app.test_client()
    addresses = ("/flux/toutes.ics?depuis=2020-09", "/agenda/?le=2021-01-05", f"/evenements/{ID}/")

    def public() -> list[tuple[str | None, bytes]]:
        return [(a.headers.get("ETag"), a.data) for a in map(client.get, addresses)]

    def version() -> int:
        with empty_app.app_context():
            return queries.catalogue(db.session).version

    before = version(), public()
    bring(empty_app)
    assert (version(), public()) == before
    assert b"lucioles" not in b"".join(data for _, data in before[1])


def test_a_date_that_is_removed_leaves_its_draft(empty_app):
    publish(empty_app, entry())
    bring(empty_app)
    publish(empty_app, entry(milestones=[]), now=IMPORTED_AT + timedelta(days=1))
    change = drafts(empty_app)[0]
    assert (change.milestone_id, change.event_id) == (None, ID)
    assert change.known_last_day == date(2021, 2, 11)


def test_a_letter_that_goes_takes_its_drafts_along(empty_app):
    bring(empty_app)
    with empty_app.app_context(), writing(db.session, NOW):
        db.session.delete(db.session.scalars(select(Letter)).one())
    with empty_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(DraftScope)) == 0


def test_what_cannot_be_read_is_not_stored(empty_app):
    with empty_app.app_context():
        for data in (b"", b"x" * (MAX_BYTES + 1)):
            with pytest.raises(UnreadableLetterError):
                import_letter(db.session, data, "x", ISSUED, NOW, KNOWLEDGE)
        assert db.session.scalars(select(Letter)).all() == []


def test_text_that_a_store_would_refuse_is_stored(empty_app):
    # PostgreSQL accepts no NUL character, and no engine a file name that is not valid text.
    page = "<h1>La lettre</h1><h2>Prix des luc\0ioles</h2><p>Inscriptions jusqu'au 2 mars 2021.</p>"
    with empty_app.app_context():
        data = page.encode()
        report = import_letter(db.session, data, "lettre\udcff.html", ISSUED, NOW, KNOWLEDGE)
        letter = db.session.get(Letter, report.letter_id)
        assert (letter.file_name, len(letter.drafts)) == ("lettre.html", 1)


def test_an_earlier_edition_gives_its_series(empty_app):
    publish(empty_app, another("lucioles", title="Prix des lucioles", school_year="2019-2020"))
    with empty_app.app_context():
        # The id names another school year than the column, and only the column counts here.
        assert db.session.execute(text("SELECT school_year FROM event")).scalar_one() == 2019
    bring(empty_app)
    new = drafts(empty_app)[1]
    assert (new.proposal, new.series_id) == (Proposal.NEW_EVENT, "lucioles")


@pytest.mark.sql
@pytest.mark.parametrize(
    "broken",
    [
        {"first_day": date(2021, 3, 3)},
        {"state": "known"},
        {"state": "repeated"},
        {"state": "elsewhere"},
        {"proposal": "change"},
        {"known_first_day": date(2021, 1, 2), "known_last_day": date(2021, 1, 1)},
        {"confidence": 1.5},
        {"title": ""},
    ],
    ids=str,
)
def test_the_store_refuses_a_broken_draft(empty_app, broken):
    bring(empty_app)
    columns = ", ".join(f"{name} = :{name}" for name in broken)
    with empty_app.app_context(), pytest.raises(IntegrityError), writing(db.session, NOW):
        db.session.execute(
            text(f"UPDATE draft SET {columns} WHERE title = 'Prix des lucioles'")  # noqa: S608
            # It reads the types of the values: since Python 3.12 SQLite's driver wants no date.
            .bindparams(**broken)
        )


def test_processes_that_import_at_once_store_a_letter_and_propose_a_contest_once(
    empty_app, tmp_path
):
    same, other = tmp_path / "lettre.txt", tmp_path / "autre.txt"
    same.write_text(LETTER.format(day=18), encoding="utf-8")
    other.write_text(LETTER.format(day=18) + "\nBonne lecture.\n", encoding="utf-8")
    environ = {
        "CALENDAR_DATABASE_URL": empty_app.config["SQLALCHEMY_DATABASE_URI"],
        "CALENDAR_INSTANCE": str(tmp_path),
        "PATH": "",
    }
    started = [
        commands.start("letters", "import", str(path), environ=environ)
        for path in (same, other, same)
    ]
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert "".join(said).count("déjà importée") == 1
    with empty_app.app_context():
        assert len(db.session.scalars(select(Letter)).all()) == 2
    states = sorted(draft.state for draft in drafts(empty_app))
    assert states == [DraftState.PENDING] * 2 + [DraftState.REPEATED] * 2
