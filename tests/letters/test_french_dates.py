"""The grammar of French date phrases: every form is read, and texts that only look like dates are
ignored."""

from datetime import date, time, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from calendar_app.letters.grammar.date_tokens import MONTHS
from calendar_app.letters.grammar.french_dates import (
    DatePhrase,
    LeadIn,
    Part,
    Shape,
    find_dates,
    hours,
)
from calendar_app.letters.grammar.years import resolve
from calendar_app.words.vocabulary import Certainty
from tests.tools import scaled

ISSUED = date(2025, 11, 3)


def read(text: str) -> DatePhrase:
    """Return the only date phrase of a text."""
    (phrase,) = find_dates(text)
    return phrase


def days(text: str, issued: date = ISSUED) -> tuple[date, date]:
    found = resolve(read(text), issued)
    return found.first, found.last


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("le 8 février 2026", "2026-02-08", "2026-02-08"),
        ("le 1er avril 2026", "2026-04-01", "2026-04-01"),
        ("le 1ᵉʳ avril 2026", "2026-04-01", "2026-04-01"),
        ("le 1 avril 2026", "2026-04-01", "2026-04-01"),
        ("Mardi 2 mars 2027", "2027-03-02", "2027-03-02"),
        ("VEN 5 JUIN 2026", "2026-06-05", "2026-06-05"),
        ("12 DÉC 2025", "2025-12-12", "2025-12-12"),
        ("mer. 7 janv. 2026", "2026-01-07", "2026-01-07"),
        ("L UNDI  2 F ÉVRIER  2026", "2026-02-02", "2026-02-02"),
        ("08 novembre 2025", "2025-11-08", "2025-11-08"),
        ("05.06.2026", "2026-06-05", "2026-06-05"),
        ("30/03/2026", "2026-03-30", "2026-03-30"),
        ("30/03/26", "2026-03-30", "2026-03-30"),
        ("2026-02-15", "2026-02-15", "2026-02-15"),
        ("le 3O avril 2O26", "2026-04-30", "2026-04-30"),
        ("du 20 au 24 janvier 2026", "2026-01-20", "2026-01-24"),
        ("du 20 au \n24 janvier 2026", "2026-01-20", "2026-01-24"),
        ("du 20 au\n\n24 janvier 2026", "2026-01-20", "2026-01-24"),
        ("du 12 \noctobre 2025 au 30 avril \n2026", "2025-10-12", "2026-04-30"),
        ("du 12 octobre au 30 avril 2026", "2025-10-12", "2026-04-30"),
        ("du 26 jan-\nvier au 6 février 2026", "2026-01-26", "2026-02-06"),
        ("14 au 21 novembre 2026", "2026-11-14", "2026-11-21"),
        ("17-20 mai 2026", "2026-05-17", "2026-05-20"),
        ("29 avril – 1er juin 2026", "2026-04-29", "2026-06-01"),
        ("17, 18, 19 mai 2026", "2026-05-17", "2026-05-19"),
        ("18, 19 et 20 novembre 2026", "2026-11-18", "2026-11-20"),
        ("les 5/6 octobre 2026", "2026-10-05", "2026-10-06"),
        ("lundi 20 et mardi 21 avril 2026", "2026-04-20", "2026-04-21"),
        ("entre le 31/03 et le 02/04", "2026-03-31", "2026-04-02"),
        ("entre le 2 mai et le 11 juin 2026", "2026-05-02", "2026-06-11"),
        ("le 3 avril prochain", "2026-04-03", "2026-04-03"),
        ("le 15 octobre dernier", "2025-10-15", "2025-10-15"),
        ("le __14 février__", "2026-02-14", "2026-02-14"),
        ("le [14 février](https://a.example/2025/12/01)", "2026-02-14", "2026-02-14"),
        ("mi-juin 2026", "2026-06-11", "2026-06-20"),
        ("début juillet 2026", "2026-07-01", "2026-07-10"),
        ("à la fin du mois de janvier", "2026-01-21", "2026-01-31"),
        ("courant mars", "2026-03-01", "2026-03-31"),
        ("vers le 15 décembre", "2025-12-12", "2025-12-18"),
        ("aux alentours du 30/03/2026", "2026-03-27", "2026-04-02"),
        ("AVR – MAI 2026", "2026-04-01", "2026-05-31"),
        ("à l'automne 2026", "2026-09-01", "2026-12-31"),
        ("semaine du 16 mars 2026", "2026-03-16", "2026-03-22"),
    ],
)
def test_a_form_is_read(text, first, last):
    assert tuple(map(str, days(text))) == (first, last)


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("jusqu’au 11 février 2026", LeadIn.UNTIL),
        ("jusqu'à fin mars", LeadIn.UNTIL),
        ("avant le 21 mars 2026", LeadIn.BEFORE),
        ("au plus tard le vendredi 3 avril", LeadIn.AT_LATEST),
        ("le 3 avril 2026 (au plus tard)", LeadIn.AT_LATEST),
        ("d'ici le 7 avril 2026 à 23h59", LeadIn.BY),
        ("d'ici fin juin", LeadIn.BY),
        ("à partir du 12 mai", LeadIn.FROM),
        ("dès le 12 décembre", LeadIn.FROM),
        ("entre le 2 mai et le 11 juin", LeadIn.BETWEEN),
        ("ce vendredi 20 novembre", LeadIn.THIS),
        ("le 12 mai", LeadIn.NONE),
    ],
)
def test_the_words_before_a_date(text, lead):
    assert read(text).lead is lead


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("le 3 mai à 14h", "14:00", None),
        ("le 3 mai à 14 h 30", "14:30", None),
        ("le 3 mai à 14:30", "14:30", None),
        ("le 3 mai, de 13h30 à 17h30", "13:30", "17:30"),
        ("le 3 mai de 9 à 12h", "09:00", "12:00"),
        ("le 3 mai, 10h-12h", "10:00", "12:00"),
        ("Mercredi 5 mai (14h-16h)", "14:00", "16:00"),
        ("de 18 h à minuit, le vendredi 11 décembre 2026", "18:00", "23:59"),
        ("du samedi 7 novembre à 8h au samedi 21 novembre à 20h", "08:00", "20:00"),
        ("du 3 au 7 mai de 9h à 17h", "09:00", "17:00"),
        ("le 3 mai à midi", "12:00", None),
        ("jusqu’au 15 octobre à minuit", None, "23:59"),
        ("jusqu'au 15 octobre, 17 h", None, "17:00"),
        ("le 12 mars avant 12h", None, "12:00"),
        ("le 3 mai", None, None),
    ],
)
def test_the_hours_of_a_date(text, start, end):
    phrase = read(text)
    expected = tuple(said and time.fromisoformat(said) for said in (start, end))
    assert (phrase.start_time, phrase.end_time) == expected


def test_the_hour_of_a_place():
    phrase = read("le 3 mai à 20h (heure de Paris)")
    assert (phrase.start_time, phrase.zone) == (time(20), "Paris")


def test_days_that_do_not_follow_are_days_of_their_own():
    found = [(p.days[0].day, p.shape) for p in find_dates("les 8 et 15 mars, puis 2 et 3 avril")]
    assert found == [(8, Shape.DAY), (15, Shape.DAY), (2, Shape.RANGE)]


def test_a_number_before_a_date_is_no_day():
    assert [p.days[0].day for p in find_dates("N° 14 – vendredi 5 décembre 2025")] == [5]


@pytest.mark.parametrize("before", ["n° ", "Lettre n°", "numéro ", "page ", "Infolettre "])
@pytest.mark.parametrize("number", [14, 15, 31])
def test_a_number_that_is_the_day_itself_begins_no_range(before, number):
    text = f"{before}{number} – 14 décembre 2020"
    phrase = read(text)
    assert (phrase.shape, [d.day for d in phrase.days]) == (Shape.DAY, [14])
    assert days(text) == (date(2020, 12, 14), date(2020, 12, 14))


def test_what_is_struck_out_says_so():
    assert [p.struck for p in find_dates("~~17 mars~~ 24 mars")] == [True, False]


def test_a_printed_weekday_finds_the_year_and_is_checked():
    thursday = resolve(read("jeudi 12 mars"), date(2025, 11, 3))
    assert (thursday.first, thursday.year_from) == (date(2026, 3, 12), "weekday")
    wrong = resolve(read("vendredi 12 mars 2026"), date(2025, 11, 3))
    assert wrong.wrong_weekday
    assert not thursday.wrong_weekday


def test_a_january_after_a_december_letter_is_of_the_next_year():
    assert days("le 7 janvier", date(2017, 12, 9)) == (date(2018, 1, 7), date(2018, 1, 7))
    assert days("le 28 novembre", date(2017, 12, 9)) == (date(2017, 11, 28), date(2017, 11, 28))


def test_the_year_goes_on_from_a_neighbour():
    near = [date(2027, 5, 12)]
    found = resolve(read("le 10 juin"), date(2026, 6, 15), near=near)
    assert (found.first, found.year_from) == (date(2027, 6, 10), "neighbour")


@pytest.mark.parametrize(
    "text",
    [
        "année scolaire 2020-2021",
        "https://a.example/2025/11/18/billet et www.b.example/12-mars-2026",
        "les départements (15, 43 et 63)",
        "pour les 6-11 ans, de la 6e à la 3e",
        "24/7, 1/2, 5/6, 6e/5e, 4/4",
        "12 000 élèves, 1 250,00 €, 3,5 kg",
        "192.168.1.24, version 6.12.24, 05 57 57 38 00",
        "la planète Vénus, n° 23, page 12",
        "#Maths2026 et mars2020",
        "de 14 h à 16 h",
        "3 jours, 72h maximum",
        "contact.3mars2026@a.example",
    ],
)
def test_what_only_looks_like_a_date(text):
    assert find_dates(text) == []


def test_a_cell_of_hours():
    assert hours("9 h – 12 h") == (time(9), time(12))
    assert hours("midi – 14 h") == (time(12), time(14))
    assert hours("Salle 12") == (None, None)


# -- written in any form and read again ------------------------------------------------------------

DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))


def words(day: date, first: str = "1er") -> str:
    return f"{first if day.day == 1 else day.day} {FRENCH[day.month - 1]}"


FRENCH = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)
WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
RANGES = {
    "du … au": lambda a, b: f"du {words(a)} {a.year} au {words(b)} {b.year}",
    "capitals": lambda a, b: f"DU {words(a, '1ER')} {a.year} AU {words(b, '1ER')} {b.year}".upper(),
    "weekdays": lambda a, b: (
        f"du {WEEKDAYS[a.weekday()]} {words(a)} {a.year} au "
        f"{WEEKDAYS[b.weekday()]} {words(b)} {b.year}"
    ),
    "dash": lambda a, b: f"{words(a)} {a.year} – {words(b)} {b.year}",
    "entre": lambda a, b: f"entre le {words(a)} {a.year} et le {words(b)} {b.year}",
    "figures": lambda a, b: f"du {a:%d/%m/%Y} au {b:%d/%m/%Y}",
    "points": lambda a, b: f"du {a:%d.%m.%Y} au {b:%d.%m.%Y}",
    "year once": lambda a, b: f"du {words(a)} au {words(b)} {b.year}",
    "from until": lambda a, b: f"à partir du {words(a)} {a.year} et jusqu'au {words(b)} {b.year}",
    "hours": lambda a, b: f"du {words(a)} {a.year} à 8h au {words(b)} {b.year} à 20 h 30",
}
BREAKS = {"line": "\n", "spaces": "  ", "no-break": "\u00a0", "wrapped": " \n   ", "one": " "}


@settings(max_examples=scaled(15000, 25))
@given(
    first=DAYS,
    length=st.integers(1, 300),
    form=st.sampled_from(sorted(RANGES)),
    gap=st.sampled_from(sorted(BREAKS)),
)
@example(first=date(2025, 12, 31), length=1, form="year once", gap="line")
def test_a_range_reads_back_as_itself(first, length, form, gap):
    last = first + timedelta(days=length)
    text = RANGES[form](first, last).replace(" ", BREAKS[gap])
    found = resolve(read(f"Inscriptions {text}, puis finale."), first)
    assert (found.first, found.last, found.certainty) == (first, last, Certainty.DAY)


@settings(max_examples=scaled(10000, 25))
@given(
    first=DAYS, length=st.integers(1, 6), joint=st.sampled_from([" et ", ", ", " au ", "-", "–"])
)
def test_days_of_one_month_read_back(first, length, joint):
    last = first + timedelta(days=length)
    assume(first.month == last.month)
    between = [first + timedelta(days=n) for n in range(length + 1)]
    said = [str(day.day) for day in between] if joint in (" et ", ", ") else [first.day, last.day]
    text = f"{', '.join(map(str, said[:-1]))}{joint}{words(last)} {last.year}"
    found = resolve(read(text), first)
    assert (found.first, found.last) == (first, last)


@settings(max_examples=scaled(10000, 25))
@given(day=DAYS, issued=st.integers(-60, 300))
def test_a_day_without_its_year_is_found_around_the_letter(day, issued):
    """The day is found from two months before the day of the letter to ten months after it."""
    letter = day - timedelta(days=issued)
    assume(not (day.month == 2 and day.day == 29))
    assert resolve(read(f"le {words(day)}"), letter).first == day


@settings(max_examples=scaled(20000, 25))
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [*MONTHS, *WEEKDAYS, "du", "au", "le", "jusqu'", "entre", "et", "à", "mi-", "fin"]
            ),
            st.sampled_from(
                ["1er", "31", "30/02", "2026", "14h", "~~", "**", "|", "\n\n", "- ", ","]
            ),
            st.text(max_size=6),
        ),
        max_size=40,
    ).map(" ".join)
)
def test_any_text_ends_without_an_exception(text):
    """Each phrase lies in the text, after the phrase before it, and can be resolved to days."""
    at = -1
    for phrase in find_dates(text):
        assert at <= phrase.start < phrase.end <= len(text)
        at = phrase.start
        found = resolve(phrase, ISSUED)
        assert found.first <= found.last or phrase.shape in (Shape.RANGE, Shape.MONTHS)


def test_the_parts_of_a_month():
    said = {text: read(text).part for text in ("début mai", "mi-mai", "fin mai", "courant mai")}
    assert said == {
        "début mai": Part.EARLY,
        "mi-mai": Part.MIDDLE,
        "fin mai": Part.LATE,
        "courant mai": Part.DURING,
    }
