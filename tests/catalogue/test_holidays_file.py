"""School holidays from files: our own YAML and the ministry's CSV."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.catalogue.files.holidays_file import read_holidays_yaml, write_holidays_yaml
from calendar_app.catalogue.files.ministry_csv import HolidaysFileError, read_ministry_csv
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    days_of_year,
    each_day,
    mainland_calendars,
    merge,
    public_holidays,
)
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.text import clean_line
from tests.shipped import HOLIDAYS
from tests.tools import ROOT

TEXT = (ROOT / "data" / "school_holidays.yaml").read_text("utf-8")
SHIPPED = {calendar.slug: calendar for calendar in HOLIDAYS}


def spans(calendar: SchoolCalendar, first: str, last: str) -> list[tuple[str, str, str]]:
    """Return (first day, last day, name) of the holidays that start between two ISO days."""
    return [
        (h.first_day.isoformat(), h.last_day.isoformat(), h.name)
        for h in calendar.holidays
        if first <= h.first_day.isoformat() <= last
    ]


# -- data/school_holidays.yaml ----------------------------------------------------------------


def test_the_file_has_the_nine_calendars_and_their_licence():
    assert list(SHIPPED) == [
        "corse",
        "guadeloupe",
        "saint-barthelemy",
        "saint-martin",
        "guyane",
        "martinique",
        "la-reunion",
        "mayotte",
        "saint-pierre-et-miquelon",
    ]
    assert "Open Database License (ODbL) 1.0" in TEXT
    assert all("ODbL" in calendar.source for calendar in SHIPPED.values())


def test_no_typographic_apostrophe():
    assert "’" not in TEXT


@pytest.mark.parametrize("calendar", SHIPPED.values(), ids=SHIPPED)
def test_what_is_known_has_no_missing_holiday(calendar):
    # At most 91 days lie between two holidays (Martinique, spring 2024). A longer time between two
    # holidays in a known range would mean that a holiday is missing.
    for first, last in calendar.known:
        inside = [h for h in calendar.holidays if h.last_day >= first and h.first_day <= last]
        edges = [first, *(d for h in inside for d in (h.first_day, h.last_day)), last]
        for before, after in pairwise(sorted(edges)):
            holiday = calendar.holiday_on(before + (after - before) / 2)
            assert holiday or after - before <= timedelta(days=91), (before, after)


@pytest.mark.parametrize("calendar", SHIPPED.values(), ids=SHIPPED)
def test_holidays_are_of_a_credible_length_and_named(calendar):
    for holiday in calendar.holidays:
        assert holiday.name.split()[0] in {"Vacances", "Pont", "Semaine"}
        longest = 75 if holiday.name.endswith(("été", "hiver austral", "été austral")) else 33
        assert holiday.days <= longest, holiday


def test_every_august_1_that_is_known_is_in_the_summer_holidays():
    # Class days use the summer holidays to separate two school years.
    for calendar in (*SHIPPED.values(), *mainland_calendars().values()):
        for year in range(2017, 2029):
            day = date(year, 8, 1)
            if calendar.knows(day, day):
                holiday = calendar.holiday_on(day)
                assert holiday
                assert holiday.days >= 30


@pytest.mark.parametrize(
    ("slug", "years"),
    [
        ("corse", [2021]),
        ("guadeloupe", [2024]),
        ("guyane", [2020]),
        ("martinique", [2020, 2021, 2022, 2023, 2024]),
        ("la-reunion", [2020, 2021, 2022, 2023, 2024, 2025]),
        ("mayotte", [2022, 2023]),
        ("saint-pierre-et-miquelon", []),
    ],
)
def test_the_school_years_that_are_wholly_known(slug, years):
    # The file starts in July 2020; most calendars lack the summer of 2026.
    known = [
        year
        for year in range(2019, 2028)
        if SHIPPED[slug].knows(SchoolYear(year).first_day, SchoolYear(year).last_day)
    ]
    assert known == years


@pytest.mark.parametrize(
    ("slug", "day"),
    [
        ("corse", date(2022, 9, 1)),
        ("corse", date(2021, 4, 26)),
        ("guadeloupe", date(2021, 9, 6)),  # no summer 2021 in the source
        ("guadeloupe", date(2023, 4, 20)),  # Pâques of 25 days
        ("guadeloupe", date(2024, 4, 2)),  # neither carnaval nor Pâques 2024
        ("guadeloupe", date(2026, 4, 27)),  # two rows that overlap
        ("guyane", date(2022, 9, 1)),
        ("guyane", date(2023, 4, 10)),
        ("guyane", date(2024, 4, 2)),  # Pâques of 402 days
        ("guyane", date(2024, 9, 2)),
        ("saint-pierre-et-miquelon", date(2021, 2, 22)),
        ("mayotte", date(2026, 5, 12)),
        ("la-reunion", date(2027, 7, 5)),  # three sources, two opinions
        ("la-reunion", date(2027, 8, 20)),
        *((slug, date(2026, 9, 1)) for slug in SHIPPED if slug != "la-reunion"),
        *((slug, date(2020, 6, 30)) for slug in SHIPPED),
    ],
)
def test_a_doubtful_day_is_not_known(slug, day):
    assert not SHIPPED[slug].knows(day, day)


def test_overlapping_rows_are_one_holiday():
    assert spans(SHIPPED["corse"], "2021-07-01", "2021-08-31") == [
        ("2021-07-07", "2021-09-02", "Vacances d'été")
    ]
    assert spans(SHIPPED["guadeloupe"], "2026-04-01", "2026-05-01") == [
        ("2026-04-03", "2026-05-04", "Vacances de Pâques")
    ]


def test_the_three_territories_of_the_academie_of_guadeloupe():
    may = {
        slug: [first[-2:] for first, _, _ in spans(SHIPPED[slug], "2025-05-20", "2025-05-31")]
        for slug in ("guadeloupe", "saint-barthelemy", "saint-martin")
    }
    assert may == {
        "guadeloupe": ["26", "28", "30"],
        "saint-barthelemy": ["26", "28", "30"],
        "saint-martin": ["26", "29"],
    }


def test_la_reunion_speaks_as_its_teachers_do():
    assert spans(SHIPPED["la-reunion"], "2020-08-17", "2021-08-01") == [
        ("2020-10-10", "2020-10-25", "Vacances d'octobre"),
        ("2020-12-19", "2021-01-24", "Vacances d'été austral"),
        ("2021-03-06", "2021-03-21", "Vacances de mars"),
        ("2021-05-05", "2021-05-16", "Vacances de mai"),
        ("2021-07-08", "2021-08-15", "Vacances d'hiver austral"),
    ]


@pytest.mark.parametrize("slug", SHIPPED)
def test_overseas_holidays_begin_the_day_after_the_last_class_day(slug):
    """After a Friday with class, holidays begin on the Saturday, not on the Sunday or Monday."""
    listed = SHIPPED[slug].holidays
    for before, holiday in pairwise(listed):
        day_before = holiday.first_day - timedelta(days=1)
        assert day_before.weekday() < 5 or (
            # Exceptions: the single days of a « semaine en mai », and holidays after a holiday that
            # ended on the Friday.
            holiday.name == "Semaine en Mai"
            or before.last_day >= holiday.first_day - timedelta(days=3)
        ), holiday
    assert listed[0].first_day.weekday() == 5


def test_the_file_is_what_the_program_would_write():
    written = [line for line in TEXT.splitlines() if not line.lstrip().startswith("#")]
    ours = [
        line.replace('slug: "', "slug: ").rstrip('"') if "slug:" in line else line
        for line in write_holidays_yaml(SHIPPED.values()).splitlines()
    ]
    assert written == ours


# -- zones A, B and C -------------------------------------------------------------------------


# Copied by hand from the decree for 2025-2026 and 2026-2027.
@pytest.mark.parametrize(
    ("zone", "first", "last", "expected"),
    [
        (
            "zone-a",
            "2025-09-01",
            "2026-07-31",
            [
                ("2025-10-18", "2025-11-02", "Vacances de la Toussaint"),
                ("2025-12-20", "2026-01-04", "Vacances de Noël"),
                ("2026-02-07", "2026-02-22", "Vacances d'hiver"),
                ("2026-04-04", "2026-04-19", "Vacances de printemps"),
                ("2026-05-14", "2026-05-17", "Pont de l'Ascension"),
                ("2026-07-04", "2026-08-31", "Vacances d'été"),
            ],
        ),
        (
            "zone-b",
            "2027-02-01",
            "2027-05-31",
            [
                ("2027-02-20", "2027-03-07", "Vacances d'hiver"),
                ("2027-04-17", "2027-05-02", "Vacances de printemps"),
                ("2027-05-06", "2027-05-09", "Pont de l'Ascension"),
            ],
        ),
        (
            "zone-c",
            "2027-12-01",
            "2028-05-01",
            [
                ("2027-12-18", "2028-01-02", "Vacances de Noël"),
                ("2028-02-12", "2028-02-27", "Vacances d'hiver"),
                ("2028-04-15", "2028-05-01", "Vacances de printemps"),
            ],
        ),
    ],
)
def test_the_zones_agree_with_the_decrees(zone, first, last, expected):
    assert spans(mainland_calendars()[zone], first, last) == expected


def test_the_zones_end_where_trust_ends():
    for calendar in mainland_calendars().values():
        assert calendar.known == ((date(2017, 9, 4), date(2028, 8, 31)),)
        assert calendar.holidays[-1].last_day == date(2028, 8, 31)
        assert calendar.holidays[-1].first_day == date(2028, 7, 5)
    assert [c.label for c in mainland_calendars().values()] == ["zone A", "zone B", "zone C"]


# -- reading and writing YAML -----------------------------------------------------------------

names = st.text(st.characters(codec="utf-8"), min_size=1).map(clean_line).filter(bool)


@st.composite
def calendars(draw, slug: str = "corse") -> SchoolCalendar:
    """Draw a calendar with a few holidays, in order and without overlap."""
    numbers = draw(st.lists(st.integers(0, 900), max_size=12, unique=True))
    days = [date(2020, 1, 1) + timedelta(days=number) for number in sorted(numbers)]
    bounds = list(zip(days[::2], days[1::2], strict=False))
    numbers = draw(st.lists(st.integers(0, 300), max_size=6, unique=True))
    # Edges are at least three days apart, so that no two ranges touch.
    edges = [date(2020, 1, 1) + timedelta(days=3 * number) for number in sorted(numbers)]
    return SchoolCalendar(
        slug=slug,
        label="calendrier de la Corse",
        holidays=tuple(SchoolHoliday(draw(names), first, last) for first, last in bounds),
        known=tuple(zip(edges[::2], edges[1::2], strict=False)),
        source="à la main",
    )


@given(st.lists(calendars(), max_size=1))
def test_what_is_written_reads_back(found):
    text = write_holidays_yaml(found)
    assert read_holidays_yaml(text) == tuple(found)
    assert [c.source for c in read_holidays_yaml(text)] == [c.source for c in found]
    assert write_holidays_yaml(read_holidays_yaml(text)) == write_holidays_yaml(found)


GOOD = """
calendars:
  - slug: corse
    label: calendrier de la Corse
    source: moi
    known:
      - [2020-09-01, 2021-07-31]
    holidays:
      - [2020-10-18, 2020-11-01, "Vacances de la Toussaint"]
      - [2020-12-20, 2021-01-03, "Vacances de Noël"]
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("calendars:", "calendriers:", "« calendars »"),
        ("    source: moi\n", "", "il faut les clés slug, label, source, known, holidays"),
        ("    source: moi\n", "    source: moi\n    zone: B\n", "et elles seules"),
        ("label: calendrier de la Corse", "label: 3", "(corse), « label » : il faut un texte"),
        ("[2020-09-01, 2021-07-31]", "[2020-09-01]", "(corse), « known », n° 1 : il faut ["),
        ("2020-10-18", "18/10/2020", "(corse), « holidays », n° 1 : il faut ["),
        ("2020-10-18", "2020-10-18 12:00:00", "(corse), « holidays », n° 1 : il faut ["),
        ("2020-10-18", "2020-11-18", "« Vacances de la Toussaint » finit le 2020-11-01, avant"),
        ("2020-12-20", "2020-10-20", "« Vacances de Noël » (2020-10-20) ne vient pas après"),
        ('"Vacances de Noël"', '""', "(corse), « holidays », n° 2 : il faut ["),
        ("[2020-09-01, 2021-07-31]", "[2021-09-01, 2021-07-31]", "La plage connue finit le"),
        ("  - slug: corse", "  - slug: [", "ce n'est pas du YAML lisible"),
        ("    label:", "    label: x\n    label:", "ce n'est pas du YAML lisible"),
        ("2020-10-18", "2020-10-38", "ce n'est pas du YAML lisible"),
    ],
)
def test_a_wrong_yaml_is_refused_with_its_place(before, after, words):
    assert read_holidays_yaml(GOOD)[0].slug == "corse"
    assert before in GOOD
    with pytest.raises(HolidaysFileError) as refused:
        read_holidays_yaml(GOOD.replace(before, after, 1))
    assert words in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once():
    wrong = GOOD.replace("2020-10-18", "demain").replace(
        "label: calendrier de la Corse", "label: 3"
    )
    with pytest.raises(HolidaysFileError) as refused:
        read_holidays_yaml(wrong + wrong.partition("calendars:\n")[2])
    assert len(refused.value.problems) == 4


def test_two_calendars_with_one_slug_are_refused():
    with pytest.raises(HolidaysFileError, match="« corse » est déjà pris"):
        read_holidays_yaml(GOOD + GOOD.partition("calendars:\n")[2])


# -- the ministry's CSV -----------------------------------------------------------------------

HEADER = "Description;Population;Date de début;Date de fin;Académies;Zones;annee_scolaire"

# Rows in the form of the data set: one row for each académie, and midnights of Paris in UTC.
ZONE_A = """\
Vacances d'Été;Élèves;2020-07-03T22:00:00+00:00;2020-08-31T22:00:00+00:00;Dijon;Zone A;2019-2020
Vacances d'Été;Enseignants;2020-07-03T22:00:00+00:00;2020-08-30T22:00:00+00:00;Lyon;Zone A;2019-2020
Vacances de la Toussaint;-;2020-10-16T22:00:00+00:00;2020-11-01T23:00:00+00:00;Lyon;Zone A;2020-2021
Vacances de Noël;-;2020-12-18T23:00:00+00:00;2021-01-03T23:00:00+00:00;Lyon;Zone A;2020-2021
Vacances de Noël;-;2020-12-18T23:00:00+00:00;2021-01-03T23:00:00+00:00;Dijon;Zone A;2020-2021
Vacances d'Hiver;-;2021-02-05T23:00:00+00:00;2021-02-21T23:00:00+00:00;Lyon;Zone A;2020-2021
Vacances de Printemps;-;2021-04-09T22:00:00+00:00;2021-04-25T22:00:00+00:00;Lyon;Zone A;2020-2021
Pont de l'Ascension;-;2021-05-12T22:00:00+00:00;2021-05-16T22:00:00+00:00;Lyon;Zone A;2020-2021
Vacances d'Été;Enseignants;2021-07-05T22:00:00+00:00;2021-08-31T22:00:00+00:00;Lyon;Zone A;2020-2021
Vacances d'Été;Élèves;2021-07-05T22:00:00+00:00;2021-09-01T22:00:00+00:00;Lyon;Zone A;2020-2021
"""


def read(rows: str) -> dict[str, SchoolCalendar]:
    return {c.slug: c for c in read_ministry_csv(f"{HEADER}\n{rows}")}


def test_a_row_that_begins_on_a_sunday_begins_on_the_saturday():
    # 14 February and 9 May 2021 are Sundays; Friday 7 May belongs to other holidays.
    days = (
        ("Vacances d'Hiver", "2021-02-14", "2021-03-01"),
        ("Semaine en mai", "2021-05-07", "2021-05-07"),
        ("Vacances de Printemps", "2021-05-09", "2021-05-24"),
    )
    rows = (f"{name};-;{first};{last};Corse;Corse;2020-2021" for name, first, last in days)
    found = read("\n".join(rows))["corse"].holidays
    assert [str(h.first_day) for h in found] == ["2021-02-13", "2021-05-07", "2021-05-09"]


def test_the_csv_gives_the_days_of_the_library():
    zone = read(ZONE_A)["zone-a"]
    assert zone.label == "zone A"
    # From the first holidays in the file, the summer of 2020, to the end of the next summer.
    assert zone.known == ((date(2020, 7, 4), date(2021, 9, 1)),)
    library = mainland_calendars()["zone-a"]
    for first, last in zone.known:
        for day in each_day(first, last):
            if day.weekday() < 5 and day not in public_holidays([], day.year):
                assert bool(zone.holiday_on(day)) == bool(library.holiday_on(day)), day


def test_the_csv_gives_the_names_of_the_library():
    assert spans(read(ZONE_A)["zone-a"], "2020-09-01", "2021-08-31") == [
        ("2020-10-17", "2020-11-01", "Vacances de la Toussaint"),
        ("2020-12-19", "2021-01-03", "Vacances de Noël"),
        ("2021-02-06", "2021-02-21", "Vacances d'hiver"),
        ("2021-04-10", "2021-04-25", "Vacances de printemps"),
        # Thursday 13 is a public holiday anyway.
        ("2021-05-14", "2021-05-16", "Pont de l'Ascension"),
        # 6 July was the last day of class.
        ("2021-07-07", "2021-09-01", "Vacances d'été"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(";", ","),
        lambda text: text.replace("T22:00:00+00:00", "T22:00:00Z"),
        lambda text: text.replace("2020-10-16T22:00:00+00:00", "2020-10-17"),
        lambda text: text.replace("2020-10-16T22:00:00+00:00", "2020-10-17T00:00:00+02:00"),
        lambda text: text.replace("2020-10-16T22:00:00+00:00", "2020-10-17T00:00:00"),
        lambda text: text.replace("d'Été", "d’Été"),
        lambda text: text.replace(
            HEADER, "description;population;start_date;end_date;location;zones;annee_scolaire"
        ),
        lambda text: "\n".join([HEADER, *reversed(text.splitlines()[1:]), "", ";;;;;;"]),
    ],
)
def test_the_same_rows_in_another_dress(change):
    text = f"{HEADER}\n{ZONE_A}"
    assert change(text) != text
    assert read_ministry_csv(change(text)) == read_ministry_csv(text)


@pytest.mark.parametrize(
    ("row", "slug", "first", "last"),
    [
        # Tuesday 9 February 2021 and Thursday 17 April 2025 were class days.
        (
            "Vacances de Carnaval;-;2021-02-08T23:00:00+00:00;2021-02-21T23:00:00+00:00;"
            "Guadeloupe;Guadeloupe;2020-2021",
            "guadeloupe",
            "2021-02-10",
            "2021-02-21",
        ),
        (
            "Vacances de Pâques;-;2025-04-16T22:00:00+00:00;2025-05-04T22:00:00+00:00;"
            "Guadeloupe;Guadeloupe;2024-2025",
            "guadeloupe",
            "2025-04-18",
            "2025-05-04",
        ),
        # A pont that starts on the Wednesday evening, and a pont that starts on the Friday.
        (
            "Pont de l'Ascension;-;2019-05-28T22:00:00+00:00;2019-06-02T22:00:00+00:00;"
            "Lyon;Zone A;2018-2019",
            "zone-a",
            "2019-05-30",
            "2019-06-02",
        ),
        (
            "Pont de l'Ascension;-;2021-05-13T22:00:00+00:00;2021-05-16T22:00:00+00:00;"
            "Martinique;Martinique;2020-2021",
            "martinique",
            "2021-05-14",
            "2021-05-16",
        ),
        # A single day, given as start and end, or with the next day as its end.
        (
            "Semaine en mai;-;2025-05-25T22:00:00+00:00;2025-05-25T22:00:00+00:00;"
            "Guadeloupe;Guadeloupe;2024-2025",
            "guadeloupe",
            "2025-05-26",
            "2025-05-26",
        ),
        (
            "Semaine en mai;-;2025-05-29T22:00:00+00:00;2025-05-30T22:00:00+00:00;"
            "Guadeloupe;Guadeloupe;2024-2025",
            "guadeloupe",
            "2025-05-30",
            "2025-05-30",
        ),
        # Old rows of Corse give the first Monday; the holidays begin on the Saturday before.
        (
            "Vacances d'Hiver;-;2018-02-25T23:00:00+00:00;2018-03-11T23:00:00+00:00;"
            "Corse;Corse;2017-2018",
            "corse",
            "2018-02-24",
            "2018-03-11",
        ),
        (
            "Vacances après 3ème période;-;2021-03-05T23:00:00+00:00;2021-03-21T23:00:00+00:00;"
            "Réunion;Réunion;2020-2021",
            "la-reunion",
            "2021-03-06",
            "2021-03-21",
        ),
    ],
)
def test_how_a_row_maps_to_days(row, slug, first, last):
    found = read(row)[slug]
    assert [(h.first_day.isoformat(), h.last_day.isoformat()) for h in found.holidays] == [
        (first, last)
    ]


def test_the_csv_agrees_with_the_overseas_file():
    # The rows of 2020-2021 for La Réunion, whose holidays are in both files.
    rows = """\
Vacances d'Hiver austral;Élèves;2020-07-03T22:00:00Z;2020-08-16T22:00:00Z;-;Réunion;2019-2020
Vacances après 1ère période;-;2020-10-09T22:00:00Z;2020-10-25T23:00:00Z;-;Réunion;2020-2021
Vacances d'Été austral;-;2020-12-18T23:00:00Z;2021-01-24T23:00:00Z;-;Réunion;2020-2021
Vacances après 3ème période;-;2021-03-05T23:00:00Z;2021-03-21T23:00:00Z;-;Réunion;2020-2021
Vacances après 4ème période;-;2021-05-03T22:00:00Z;2021-05-16T22:00:00Z;-;Réunion;2020-2021
Vacances d'Hiver austral;Élèves;2021-07-06T22:00:00Z;2021-08-15T22:00:00Z;-;Réunion;2020-2021
Vacances d'Hiver austral;Enseignants;2021-07-06T22:00:00Z;2021-08-12T22:00:00Z;-;Réunion;2020-2021
"""
    read_in, shipped = read(rows)["la-reunion"], SHIPPED["la-reunion"]
    assert read_in.label == shipped.label
    assert read_in.known == ((date(2020, 7, 4), date(2021, 8, 15)),)
    for day in each_day(date(2020, 8, 17), date(2021, 8, 15)):
        if day.weekday() < 5:
            ours, theirs = shipped.holiday_on(day), read_in.holiday_on(day)
            assert (ours and ours.name) == (theirs and theirs.name), day


@pytest.mark.parametrize(
    ("population", "slugs"),
    [
        ("-", {"guadeloupe", "saint-barthelemy", "saint-martin"}),
        ("Élèves", {"guadeloupe", "saint-barthelemy", "saint-martin"}),
        ("Guadeloupe & Saint-Barthélémy", {"guadeloupe", "saint-barthelemy"}),
        ("Guadeloupe sauf Saint-Martin", {"guadeloupe", "saint-barthelemy"}),
        ("Saint Martin", {"saint-martin"}),
        (
            "Guadeloupe, Saint-Martin & Saint-Barthélémy",
            set(SHIPPED) & {"guadeloupe", "saint-barthelemy", "saint-martin"},
        ),
    ],
)
def test_the_population_of_guadeloupe_names_its_territories(population, slugs):
    row = f"Semaine en mai;{population};2025-05-26;2025-05-26;Guadeloupe;Guadeloupe;2024-2025"
    assert set(read(row)) == slugs


@pytest.mark.parametrize(
    ("zones", "slug"),
    [
        ("Zone C", "zone-c"),
        ("Corse", "corse"),
        ("Guyane", "guyane"),
        ("Martinique", "martinique"),
        ("Mayotte", "mayotte"),
        ("Réunion", "la-reunion"),
        ("Saint Pierre et Miquelon", "saint-pierre-et-miquelon"),
        ("Polynésie", "polynesie-francaise"),
        ("Nouvelle Calédonie", "nouvelle-caledonie"),
        ("Wallis et Futuna", "wallis-et-futuna"),
    ],
)
def test_zones_are_calendars(zones, slug):
    row = f"Vacances de Noël;-;2025-12-20;2026-01-05;Ici;{zones};2025-2026"
    assert list(read(row)) == [slug]
    # A year without summer holidays is unknown: its summer would be taken for class days.
    assert read(row)[slug].known == ()
    assert slug not in SHIPPED or read(row)[slug].label == SHIPPED[slug].label


def test_pupils_of_two_degres_are_both_counted():
    rows = """\
Grandes Vacances;Élèves du premier degré;2023-06-30;2023-08-16;Polynésie;Polynésie;2022-2023
Grandes Vacances;Élèves du second degré;2023-07-01;2023-08-14;Polynésie;Polynésie;2022-2023
Grandes Vacances;Enseignants du premier degré;2023-06-29;2023-09-11;Polynésie;Polynésie;2022-2023
"""
    # Friday 30 June was a class day of écoles; Tuesday 15 August was free only for écoles.
    assert spans(read(rows)["polynesie-francaise"], "2023-01-01", "2023-12-31") == [
        ("2023-07-01", "2023-08-15", "Grandes vacances")
    ]


def test_a_summer_whose_end_is_not_published_lasts_to_the_end_of_the_year():
    open_summer = (
        "Début des Vacances d'Été;-;2021-07-05T22:00:00+00:00;2021-07-05T22:00:00+00:00;"
        "Lyon;Zone A;2020-2021\n"
    )
    rows = [line for line in ZONE_A.splitlines(keepends=True) if "2021-07-05" not in line]
    zone = read("".join([*rows, open_summer]))["zone-a"]
    assert zone.known == ((date(2020, 7, 4), date(2021, 7, 31)),)
    assert zone.holidays[-1] == SchoolHoliday("Vacances d'été", date(2021, 7, 7), date(2021, 7, 31))


def test_a_year_that_lacks_a_holiday_is_not_known_there():
    rows = [line for line in ZONE_A.splitlines(keepends=True) if "Hiver" not in line]
    # The gap goes from Noël to the spring holidays; a single day off does not fill it.
    rows.append("Journée banalisée;-;2021-02-15;2021-02-15;Lyon;Zone A;2020-2021\n")
    assert read("".join(rows))["zone-a"].known == (
        (date(2020, 7, 4), date(2021, 1, 3)),
        (date(2021, 4, 10), date(2021, 9, 1)),
    )


def test_a_year_whose_rentree_is_not_in_the_file_is_known_from_its_first_holidays():
    rows = [line for line in ZONE_A.splitlines(keepends=True) if "2019-2020" not in line]
    assert read("".join(rows))["zone-a"].known == ((date(2020, 10, 17), date(2021, 9, 1)),)


def test_the_year_after_a_summer_without_an_end_is_known_from_its_first_holidays():
    rows = [line for line in ZONE_A.splitlines(keepends=True) if "2020-07-03" not in line]
    rows.append("Début des Vacances d'Été;-;2020-07-04;2020-07-04;Lyon;Zone A;2019-2020\n")
    # The file does not say when classes started again after 31 July 2020.
    assert read("".join(rows))["zone-a"].known == (
        (date(2020, 7, 4), date(2020, 7, 31)),
        (date(2020, 10, 17), date(2021, 9, 1)),
    )


def test_a_rentree_is_no_holiday():
    rows = "Rentrée scolaire des élèves;-;2020-09-01;2020-09-01;Lyon;Zone A;2020-2021\n"
    assert read(rows + ZONE_A) == read(ZONE_A)


TOUSSAINT = "Vacances de la Toussaint;-;2020-10-17;2020-11-02;Lyon;Zone A;2020-2021"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("2020-10-17", "17/10/2020", "colonne « Date de début » : « 17/10/2020 »"),
        ("2020-10-17", "0001-01-01T00:00:00+14:00", "colonne « Date de début »"),
        ("2020-11-02", "9999-12-31T23:30:00+00:00", "colonne « Date de fin »"),
        ("2020-11-02", "", "colonne « Date de fin » : « vide » n'est pas un jour"),
        ("2020-11-02", "2020-10-02", "colonne « Date de fin » : 2020-10-02 ne peut pas suivre"),
        ("2020-11-02", "2021-11-02", "colonne « Date de fin » : 2021-11-02 ne peut pas suivre"),
        ("Zone A", "Zone D", "colonne « Zones » : « Zone D » n'est pas une zone"),
        ("2020-2021", "20/21", "colonne « annee_scolaire » : « 20/21 »"),
        ("Vacances de la Toussaint", "", "colonne « Description » : il faut le nom"),
        (";Zone A;2020-2021", "", "il manque des colonnes"),
        ("Lyon", '"Lyon', "ce n'est pas du CSV lisible"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_line_and_column(before, after, words):
    rows = ZONE_A + TOUSSAINT.replace(before, after)
    with pytest.raises(HolidaysFileError) as refused:
        read(rows)
    (problem,) = refused.value.problems
    assert problem.startswith("ligne 12")
    assert words in problem


def test_all_rows_that_cannot_be_read_are_said_at_once():
    wrong = TOUSSAINT.replace("Zone A", "Zone D").replace("2020-10-17", "hier")
    with pytest.raises(HolidaysFileError) as refused:
        read(f"{wrong}\n{TOUSSAINT}\n{wrong}")
    assert [problem.partition(" :")[0] for problem in refused.value.problems] == [
        "ligne 2, colonne « Zones »",
        "ligne 2, colonne « Date de début »",
        "ligne 4, colonne « Zones »",
        "ligne 4, colonne « Date de début »",
    ]


def test_a_wrong_row_of_teachers_does_no_harm():
    assert read(ZONE_A + TOUSSAINT.replace(";-;", ";Enseignants;").replace("2020-10-17", "")) == (
        read(ZONE_A)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "la colonne « Description » manque"),
        (HEADER.replace("Zones", "Zone"), "ligne 1 : la colonne « Zones » manque"),
        (HEADER, "aucune ligne de vacances"),
        ("<html><body>404</body></html>", "la colonne « Description » manque"),
    ],
)
def test_another_file_is_refused(text, words):
    with pytest.raises(HolidaysFileError) as refused:
        read_ministry_csv(text)
    assert words in str(refused.value)


# -- renewing ---------------------------------------------------------------------------------


def test_an_import_renews_the_zones_after_august_2028():
    rows = """\
Vacances d'Été;-;2028-07-04;2028-09-04;Lyon;Zone A;2027-2028
Vacances de la Toussaint;-;2028-10-21;2028-11-06;Lyon;Zone A;2028-2029
Vacances de Noël;-;2028-12-23;2029-01-08;Lyon;Zone A;2028-2029
Vacances d'Hiver;-;2029-02-10;2029-02-26;Lyon;Zone A;2028-2029
Vacances de Printemps;-;2029-04-07;2029-04-23;Lyon;Zone A;2028-2029
Vacances d'Été;-;2029-07-07;2029-09-03;Lyon;Zone A;2028-2029
"""
    renewed = merge(mainland_calendars()["zone-a"], read(rows)["zone-a"])
    assert renewed.known == ((date(2017, 9, 4), date(2029, 9, 2)),)
    # The summer at the edge of both calendars is one holiday, and the old holidays are kept.
    assert spans(renewed, "2028-06-01", "2028-12-01") == [
        ("2028-07-05", "2028-09-03", "Vacances d'été"),
        ("2028-10-21", "2028-11-05", "Vacances de la Toussaint"),
    ]
    assert renewed.holidays[0] == mainland_calendars()["zone-a"].holidays[0]
    assert "PyPI" in renewed.source
    assert "Licence Ouverte" in renewed.source


def test_an_import_fills_what_was_missing_overseas():
    rows = """\
Vacances d'Été;-;2023-07-08;2023-09-04;Guadeloupe;Guadeloupe;2022-2023
Vacances de la Toussaint;-;2023-10-21;2023-11-06;Guadeloupe;Guadeloupe;2023-2024
Vacances de Noël;-;2023-12-23;2024-01-08;Guadeloupe;Guadeloupe;2023-2024
Vacances de Carnaval;-;2024-02-10;2024-02-26;Guadeloupe;Guadeloupe;2023-2024
Vacances de Pâques;-;2024-03-28;2024-04-15;Guadeloupe;Guadeloupe;2023-2024
Vacances d'Été;-;2024-07-06;2024-09-02;Guadeloupe;Guadeloupe;2023-2024
"""
    old = SHIPPED["guadeloupe"]
    assert not old.knows(date(2024, 3, 1), date(2024, 3, 1))
    renewed = merge(old, read(rows)["guadeloupe"])
    assert renewed.knows(SchoolYear(2023).first_day, SchoolYear(2023).last_day)
    assert spans(renewed, "2024-03-01", "2024-04-30") == [
        ("2024-03-29", "2024-04-14", "Vacances de Pâques")
    ]
    # Days that the import does not know are unchanged.
    carnaval = date(2021, 2, 11)
    assert renewed.holiday_on(carnaval) == old.holiday_on(carnaval)


@given(calendars(), calendars())
def test_the_new_days_replace_the_old_ones(old, new):
    renewed = merge(old, new)
    for year in (2020, 2021, 2022):
        known, without_class = days_of_year(renewed, year)
        old_known, old_without = days_of_year(old, year)
        new_known, new_without = days_of_year(new, year)
        assert known == old_known | new_known
        assert without_class == (old_without - new_known) | (new_without & new_known)


def test_the_same_days_are_the_same_calendar_whatever_their_source():
    zone = mainland_calendars()["zone-a"]
    copied = SchoolCalendar(zone.slug, zone.label, zone.holidays, zone.known, "copié")
    assert copied == zone
    assert merge(zone, copied).source == "copié ; PyPI holidays"
    assert merge(copied, copied).source == "copié"


def test_a_source_is_named_once_however_often_it_renews_a_calendar():
    old, zone = SHIPPED["corse"], mainland_calendars()["zone-a"]
    new = SchoolCalendar("corse", old.label, zone.holidays, zone.known, "Ministère")
    renewed = merge(merge(merge(old, new), new), new)
    assert renewed.source == f"Ministère ; {old.source}"


def test_only_calendars_of_one_slug_are_merged():
    with pytest.raises(ValueError):
        merge(SHIPPED["corse"], SHIPPED["guyane"])
