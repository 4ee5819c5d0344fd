"""Which days a letter means, which of them announce nothing, and what kind each is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import DatedItem, ItemKind, LetterReading
from calendar_app.letters.grammar.french_dates import find_dates
from calendar_app.letters.grammar.years import resolve
from calendar_app.letters.reading.letter import read_letter
from calendar_app.words.french import MONTHS
from tests.tools import scaled

ISSUED = date(2026, 10, 5)
KNOWLEDGE = knowledge_of_files(data_folder())


def reading(text: str) -> LetterReading:
    return read_letter(text.encode(), ISSUED, ISSUED, KNOWLEDGE)


def items(text: str) -> tuple[DatedItem, ...]:
    return reading(text).items


# -- days ------------------------------------------------------------------------------------------


@given(st.dates(date(2026, 11, 1), date(2027, 6, 30)))
@settings(max_examples=scaled(60))
def test_a_month_above_its_days_is_theirs(day):
    month = MONTHS[day.month - 1].upper()
    text = f"{month} {day.year}\n{day.day} – Journée « Nager »\n\nJUILLET 2027\nMardi 6 – Bal\n"
    assert [item.first_day for item in items(text)] == [day, date(2027, 7, 6)]


def test_days_under_their_month_may_be_several():
    text = "NOVEMBRE 2026\nDu 16 au 20 – Semaine du son\n23 > 27 – Salon\nJeudi 26 – Gala\n"
    found = [(item.first_day, item.last_day) for item in items(text)]
    assert [(a.day, b.day) for a, b in found if a and b] == [(16, 20), (23, 27), (26, 26)]


def found_days(text: str) -> list[tuple[int, int, int, int]]:
    """Return the first and the last day of each item of a text, with their months."""
    pairs = [
        (item.first_day or item.last_day, item.last_day or item.first_day) for item in items(text)
    ]
    return [(a.day, a.month, b.day, b.month) for a, b in pairs if a and b]


@given(st.dates(date(2026, 11, 2), date(2027, 6, 25)))
@settings(max_examples=scaled(40))
def test_a_week_above_its_days_tells_their_month(day):
    monday = day - timedelta(day.weekday())
    sunday = monday + timedelta(6)
    start = str(monday.day)
    if monday.month != sunday.month:
        start += f" {MONTHS[monday.month - 1]}"
    week = f"du {start} au {sunday.day} {MONTHS[sunday.month - 1]} {sunday.year}"
    name = ("LUNDI", "MARDI", "MERCREDI", "JEUDI", "VENDREDI", "SAMEDI", "DIMANCHE")[day.weekday()]
    text = f"Collège des Ormes\nSemaine {week}\n\n{name} {day.day}\n14 h : cross du collège.\n"
    found = [(text[p.start :][:3], resolve(p, ISSUED).first) for p in find_dates(text)]
    assert (name[:3], day) in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Weekdays of two letters, with a stroke, a dot or the month above.
        ("Bal lu 16/11 à la halle.\n", [(16, 11, 16, 11)]),
        ("Stage de voile : me 18 au ve 20 novembre.\n", [(18, 11, 20, 11)]),
        (
            "NOVEMBRE 2026\n  me 18     Cross     Lectoure\n  ve 20     Gala\n",
            [(18, 11, 18, 11), (20, 11, 20, 11)],
        ),
        # A letter that writes days with dots does so everywhere.
        (
            "Réunion ma 17.11, visio je 19.11.\nCaravane, Saül 02.12.\nStages : 07→11.12.\n",
            [(17, 11, 17, 11), (19, 11, 19, 11), (2, 12, 2, 12), (7, 12, 11, 12)],
        ),
        ("Le four vaut 12.10 et la roue 3.11.\n", []),
        # « > » between two days is « au », and a list may stand on one line.
        ("Semaine des arts : 16 > 20 novembre 2026\n", [(16, 11, 20, 11)]),
        ("16/11, Journée du vent ♦ 3/12, Journée du sel\n", [(16, 11, 16, 11), (3, 12, 3, 12)]),
        # A line of an agenda starts with two digits each, be it after the number of its week.
        (
            "17/11 [S] Danse, Rumilly\nS49 : 01/12 [D] Lutte, Cluses\n",
            [(17, 11, 17, 11), (1, 12, 1, 12)],
        ),
        (
            "La finale a lieu dans la semaine du 30 novembre au 4 décembre 2026.\n",
            [(30, 11, 4, 12)],
        ),
        # Fractions, numbers of other things, prices and marks are no days.
        ("Elle garde sa 1/2 pension ma 1/4 heure : 3 > 2.\n", []),
        ("Stage « Cap 3 » 9 mars 2027\n", [(9, 3, 9, 3)]),
        ("Atelier 1 > 14 mars 2027\nLot 2 ► mardi 9 mars 2027\n", [(14, 3, 14, 3), (9, 3, 9, 3)]),
        (
            "Réunion ma 17.11, visio je 19.11. Bal à 18.10, 12.10 euros ; version 02.02.\n",
            [(17, 11, 17, 11), (19, 11, 19, 11)],
        ),
        ("Goûter : 5 - 12.10 euros. Chapitres 3 - 4.10. Python 3 > 3.12\n", []),
        ("Résultats\n09/10 Lucas\n08/12 Emma\n07/10 Paul\n", []),
        ("Notes\n08/10 Lucas\n09/10 Emma\n", []),
        # A heading of a week holds for the days of this week, and ends no list of a month.
        (
            "NOVEMBRE\nLundi 9 : réunion\nSemaine du 16 au 20 novembre\nJeudi 26 : cross\n",
            [(9, 11, 9, 11), (16, 11, 20, 11), (26, 11, 26, 11)],
        ),
        (
            "Semaine du 16 au 20 novembre 2026\nMardi 17 : cross\nDÉCEMBRE 2026\nJeudi 17 : bal\n",
            [(16, 11, 20, 11), (17, 11, 17, 11), (17, 12, 17, 12)],
        ),
        ("La semaine dure du 22 au 27 mars.\nVendredi 23 : chorale\n", [(22, 3, 27, 3)]),
        ("Du 2 au 27 mars\nMardi 12 : départ\n", [(2, 3, 27, 3)]),
        ("La finale : semaine du 28 décembre 2026 au 3 janvier 2027.\n", [(28, 12, 3, 1)]),
    ],
)
def test_short_forms_of_agendas_are_read(text, expected):
    assert found_days(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Le musée sera fermé du 19 au 23 octobre 2026.", "fermeture"),
        ("La carte est valable jusqu'au 30 juin 2027.", "validité"),
        ("Noël : du 19 décembre 2026 au 4 janvier 2027.", "vacances"),
        ("Le bal : non plus du 9 au 13 novembre, mais du 16 au 18 novembre.", "remplacée"),
        ("L'an dernier, les prix avaient été remis le 4 avril.", "passée"),
        ("Lettre suivante : 12 novembre.", "lettre"),
    ],
)
def test_more_of_what_announces_nothing_is_passed_over(text, reason):
    assert any(reason in passed.reason for passed in reading(text).passed_over)


def test_a_day_that_comes_soon_is_not_moved_by_the_years_of_others():
    text = "Prix du port\nBilan jusqu'au 6/11. Finale le 11 juin 2027, fête le 12 juin 2027.\n"
    assert items(text)[0].last_day == date(2026, 11, 6)


# -- kinds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Concours « Ponts »\n- 20 → 24 novembre : vote\n", ItemKind.WINDOW),
        ("Concours « Ponts »\nLes inscriptions s'arrêtent le 20 novembre.\n", ItemKind.DEADLINE),
        ("- 30 novembre : dernière limite pour rendre les livres\n", ItemKind.DEADLINE),
        ("- 2 novembre : ouverture du catalogue des stages\n", ItemKind.WINDOW),
        ("- Visite en avant-première : vendredi 20 novembre à 18 h\n", ItemKind.EVENT),
        ("Concours « Ponts »\n20 novembre 2026 23h59\n", ItemKind.DEADLINE),
    ],
)
def test_the_kind_is_what_the_words_say(text, kind):
    assert [item.kind for item in items(text)] == [kind]
