"""Writing ``data/events.yaml``: the bytes are stable, and are read back as the same values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.catalogue.entries import (
    EventEntry,
    MilestoneEntry,
    MovedFromEntry,
    ParticipationEntry,
    RecordEntry,
    ScopeEntry,
    SourceEntry,
)
from calendar_app.catalogue.file_entries import AfterHolidaysEntry, EventsFile, RuleEntry
from calendar_app.catalogue.files.events_fields import WEEKDAY_NAMES
from calendar_app.catalogue.files.events_writer import write_events
from calendar_app.school.levels import CLASSES, GROUPS
from calendar_app.school.yearly_rules import HOLIDAYS
from calendar_app.words.text import clean, clean_line
from calendar_app.words.vocabulary import (
    Audience,
    Certainty,
    EventType,
    MilestoneKind,
    PupilData,
    Registrant,
    Sending,
)
from tests.catalogue.test_events_file import ACADEMIES, DATA, THEMES, read
from tests.tools import scaled

FULL = EventsFile(
    series={"roboteam": "Concours RoboTeam", "camp-num": "#Camp : un titre", "no": "2021"},
    events=(
        EventEntry(
            id="roboteam-2020-2021",
            series="roboteam",
            title="null",
            school_year="2020-2021",
            type=EventType.CONTEST,
            audience=(Audience.PUPILS, Audience.TEACHERS),
            classes=("cycle-3", "5e"),
            themes=("robotique",),
            scope=ScopeEntry(regions=("occitanie",), departments=("63", "2A")),
            organiser="Dane de l'académie de Montpellier",
            link="https://example.org/#a",
            place="Brassac-les-Mines (Puy-de-Dôme)",
            part_of="camp-num-2020-2021",
            summary="Une ligne.\nUne autre.\n\nUn paragraphe assez long pour être écrit sur deux "
            "lignes, parce qu'il dépasse la largeur d'une ligne.",
            source=SourceEntry(name="Une lettre", link="https://example.org/lettre"),
            participation=ParticipationEntry(
                registrants=(Registrant.TEACHER,),
                ien_visa=False,
                where="Sur ADAGE : page 3",
                where_link="https://example.org/adage",
                cost="gratuit",
                places="6 classes",
                sending=(Sending.ONLINE, Sending.POST),
                pupil_data=(PupilData.IMAGE_OR_VOICE,),
            ),
            full=True,
            cancelled=True,
            milestones=(
                MilestoneEntry(
                    kind=MilestoneKind.SESSION,
                    key="finale",
                    first_day=date(2021, 5, 17),
                    last_day=date(2021, 5, 19),
                    start_time=time(9),
                    end_time=time(18, 30),
                    label="Finale académique",
                    place="Le Puy-en-Velay",
                    scope=ScopeEntry(departments=("63",)),
                    time_zone="Indian/Reunion",
                    cancelled=True,
                    cancelled_at=datetime(2021, 1, 6, 8, 0, tzinfo=UTC),
                    moved_from=MovedFromEntry(
                        first_day=date(2021, 5, 3), last_day=date(2021, 5, 5)
                    ),
                ),
                MilestoneEntry(
                    kind=MilestoneKind.RESULTS,
                    first_day=date(2021, 6, 10),
                    last_day=date(2021, 6, 20),
                    certainty=Certainty.APPROXIMATE,
                    phrase="mi-juin",
                ),
            ),
            record=RecordEntry(
                revision=3,
                changed_at=datetime(2021, 1, 5, 10, 0, tzinfo=UTC),
                cancelled_at=datetime(2021, 1, 5, 10, 0, 0, 250, tzinfo=UTC),
            ),
        ),
        EventEntry(
            id="camp-num-2020-2021",
            series="camp-num",
            title="« Camp »",
            school_year="2020-2021",
            type=EventType.YEAR_PROJECT,
            audience=(Audience.PUPILS,),
            scope=ScopeEntry(national=True),
            organiser="Canopé",
            summary="Deux  espaces : rien ne se plie.",
            source=SourceEntry(name="Une lettre"),
        ),
    ),
)

WRITTEN = """\
series:
  roboteam: Concours RoboTeam
  camp-num: "#Camp : un titre"
  "no": "2021"

events:
  - id: roboteam-2020-2021
    series: roboteam
    title: "null"
    school_year: 2020-2021
    type: concours
    audience: [eleves, enseignants]
    classes: [cycle-3, "5e"]
    themes: [robotique]
    scope: {regions: [occitanie], departments: ["63", "2A"]}
    organiser: Dane de l'académie de Montpellier
    link: https://example.org/#a
    place: Brassac-les-Mines (Puy-de-Dôme)
    part_of: camp-num-2020-2021
    summary: >-
      Une ligne.

      Une autre.


      Un paragraphe assez long pour être écrit sur deux lignes, parce qu'il dépasse la largeur
      d'une ligne.
    source:
      name: Une lettre
      link: https://example.org/lettre
    participation:
      registrants: [enseignant]
      ien_visa: false
      where: "Sur ADAGE : page 3"
      where_link: https://example.org/adage
      cost: gratuit
      places: 6 classes
      sending: [en-ligne, par-courrier]
      pupil_data: [image-ou-voix]
    full: true
    cancelled: true
    milestones:
      - kind: session
        key: finale
        first_day: 2021-05-17
        last_day: 2021-05-19
        start_time: 09:00
        end_time: 18:30
        label: Finale académique
        place: Le Puy-en-Velay
        scope: {departments: ["63"]}
        time_zone: Indian/Reunion
        cancelled: true
        cancelled_at: 2021-01-06T08:00:00+00:00
        moved_from: {first_day: 2021-05-03, last_day: 2021-05-05}
      - kind: results
        first_day: 2021-06-10
        last_day: 2021-06-20
        certainty: approximate
        phrase: mi-juin
    record:
      revision: 3
      changed_at: 2021-01-05T10:00:00+00:00
      cancelled_at: 2021-01-05T10:00:00.000250+00:00

  - id: camp-num-2020-2021
    series: camp-num
    title: « Camp »
    school_year: 2020-2021
    type: projet
    audience: [eleves]
    scope: national
    organiser: Canopé
    summary: "Deux  espaces : rien ne se plie."
    source:
      name: Une lettre
"""


def test_every_key_is_written_in_the_order_of_the_file_and_defaults_are_left_out():
    header, _, body = write_events(FULL).partition("\n\n")
    assert header.startswith("# yaml-language-server: $schema=events.schema.json\n#\n")
    assert body == WRITTEN


def test_a_file_without_events_is_written_too():
    text = write_events(EventsFile(events=()))
    assert text.endswith("\n\nseries: {}\n\nevents: []\n")
    assert read(text) == EventsFile(events=())


def test_the_file_of_the_project_is_written_as_it_stands():
    """A diff after an export must show only the changes of the editors."""
    text = (DATA / "events.yaml").read_text(encoding="utf-8")
    assert write_events(read(text)) == text


# Characters and words with a special meaning in YAML.
_TRAPS = st.sampled_from(
    [
        *("null", "~", "true", "2021", "1e5", "0x1F", "09:00", "2021-02-11", "-", "---", "?", "é"),
        *("a: b", "a :b", "a #b", "#a", "'a'", '"a"', "[a]", "{a}", "a,b", "&a", "*a", "!a", "%a"),
        *("a  b", "a\tb", "\u00a0a\u00a0", "\u202fa\u202f", "\u3000", "\ufeff", "\ufffe", "\uffff"),
        *("a\nb", "a\n\n\nb", "a \n b", "- a\n- b", "a:\n b", "\\", "\\n", "😀", "«a»", "x" * 120),
    ]
)
_TEXTS = st.lists(_TRAPS | st.text(max_size=12), min_size=1, max_size=8).map(" ".join)
_LINES = _TEXTS.map(lambda text: clean_line(text)[:160].strip(" ")).filter(bool)
_SUMMARIES = _TEXTS.map(lambda text: clean(text).strip()).filter(bool)
_LINKS = st.sampled_from(["https://example.org/a?b=c&d#e", "http://é.example.org:8080/", None])
_INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (Hypothesis adds the zone)


def _some(values, minimum=0, maximum=4):
    found = st.lists(st.sampled_from(list(values)), min_size=minimum, max_size=maximum, unique=True)
    return found.map(tuple)


_SCOPES = st.just(ScopeEntry(national=True)) | st.builds(
    ScopeEntry,
    regions=_some(ACADEMIES.regions),
    academies=_some(a.slug for a in ACADEMIES),
    departments=_some((d.code for d in ACADEMIES.departments), minimum=1),
)


@st.composite
def _milestones(draw, scope):
    # Openings come first and days are sorted, so that no deadline comes before its opening.
    order = list(MilestoneKind)
    kinds = sorted(draw(st.lists(st.sampled_from(order), max_size=5)), key=order.index)
    days = sorted(draw(st.dates(date(2020, 1, 8), date(2021, 10, 31))) for _ in kinds)
    found = []
    for number, (kind, day) in enumerate(zip(kinds, days, strict=True)):
        length = draw(st.integers(0, 40))
        certainty = draw(st.sampled_from(Certainty))
        values = {"kind": kind, "certainty": certainty}
        if kind in kinds[:number] or draw(st.booleans()):
            values["key"] = f"{kind}-{number}"
        if length or certainty is Certainty.APPROXIMATE:
            values |= {"first_day": day, "last_day": day + timedelta(length)}
        else:
            values["day"] = day
        if certainty is Certainty.APPROXIMATE:
            values["phrase"] = draw(_LINES)
        hours = sorted(draw(st.lists(st.integers(0, 1439), min_size=2, max_size=2)))
        start, end = (time(*divmod(minutes, 60)) for minutes in hours)
        if not kind.is_deadline:
            values["start_time"] = draw(st.sampled_from([start, None]))
        if kind.is_deadline or kind is MilestoneKind.SESSION:
            values["end_time"] = draw(st.sampled_from([end, None]))
        moved = {"first_day": day - timedelta(7), "last_day": day + timedelta(60)}
        found.append(
            MilestoneEntry(
                **values,
                label=draw(st.none() | _LINES),
                place=draw(st.none() | _LINES),
                scope=draw(st.sampled_from([scope, None])),
                time_zone=draw(st.sampled_from(["Indian/Reunion", None])),
                cancelled=draw(st.booleans()),
                cancelled_at=draw(st.none() | _INSTANTS),
                moved_from=MovedFromEntry(**moved) if draw(st.booleans()) else None,
            )
        )
    return tuple(found)


_PARTICIPATIONS = st.builds(
    ParticipationEntry,
    registrants=_some(Registrant),
    ien_visa=st.sampled_from([True, False, None]),
    where=st.none() | _LINES,
    where_link=_LINKS,
    cost=st.none() | _LINES,
    places=st.none() | _LINES,
    sending=_some(Sending),
    pupil_data=_some(PupilData),
)
_RECORDS = st.builds(
    RecordEntry,
    revision=st.integers(1, 999_999_999),
    changed_at=_INSTANTS,
    cancelled_at=st.none() | _INSTANTS,
    by_rule=st.booleans(),
)
_SLUGS = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)


_AFTER = st.builds(
    AfterHolidaysEntry,
    holidays=st.sampled_from(list(HOLIDAYS)),
    weekday=st.sampled_from(WEEKDAY_NAMES),
    ordinal=st.integers(1, 5),
)


@st.composite
def _rules(draw, slug):
    every = draw(st.sampled_from(["FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9", None]))
    return RuleEntry(
        series=slug,
        since=draw(st.integers(1900, 2030)),
        every=every,
        after_holidays=None if every else draw(_AFTER),
        audience=draw(_some(Audience, minimum=1)),
        classes=draw(_some([*CLASSES, *GROUPS])),
        themes=draw(_some(THEMES)),
        scope=draw(_SCOPES),
        organiser=draw(_LINES),
        link=draw(_LINKS),
        summary=draw(_SUMMARIES),
        source=SourceEntry(name=draw(_LINES), link=draw(_LINKS)),
        ended=draw(st.booleans()),
    )


@st.composite
def _files(draw):
    series = draw(st.dictionaries(_SLUGS, _LINES, max_size=4))
    events: list[EventEntry] = []
    for slug in draw(_some(series)) if series else ():
        scope = draw(_SCOPES)
        events.append(
            EventEntry(
                id=f"{slug}-2020-2021",
                series=slug,
                title=draw(_LINES),
                school_year="2020-2021",
                type=draw(st.sampled_from(EventType)),
                audience=draw(_some(Audience, minimum=1)),
                classes=draw(_some([*CLASSES, *GROUPS])),
                themes=draw(_some(THEMES)),
                scope=scope,
                organiser=draw(_LINES),
                link=draw(_LINKS),
                place=draw(st.none() | _LINES),
                part_of=draw(st.sampled_from([None, *(e.id for e in events)])),
                summary=draw(_SUMMARIES),
                source=SourceEntry(name=draw(_LINES), link=draw(_LINKS)),
                participation=draw(_PARTICIPATIONS),
                full=draw(st.booleans()),
                cancelled=draw(st.booleans()),
                milestones=draw(_milestones(scope)),
                record=draw(st.none() | _RECORDS),
            )
        )
    rules = tuple(draw(_rules(slug)) for slug in draw(_some(series))) if series else ()
    return EventsFile(series=series, rules=rules, events=tuple(events))


@pytest.mark.long
@settings(max_examples=scaled(1000))
@given(_files())
def test_what_is_written_reads_back_as_the_same_values_in_the_same_order(file):
    text = write_events(file)
    again = read(text)
    assert again == file
    assert list(again.series) == list(file.series)
    assert write_events(again) == text
