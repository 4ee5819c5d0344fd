"""Days, hours and durations in correct French."""

from __future__ import annotations

import html
import re
from datetime import date, time

import pytest

from calendar_app.words import french
from tests.browser.conftest import PLACES

D = date


@pytest.fixture
def engine():
    """One engine is enough: words do not depend on the store."""
    return "sqlite"


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (D(2021, 2, 11), "jeudi 11 février 2021"),
        (D(2021, 5, 1), "samedi 1er mai 2021"),
        (D(2020, 8, 31), "lundi 31 août 2020"),
    ],
)
def test_a_day(day, words):
    assert plain(french.day_words(day)) == words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (D(2021, 2, 11), D(2021, 2, 11), "11 février 2021"),
        (D(2021, 1, 20), D(2021, 1, 24), "du 20 au 24 janvier 2021"),
        (D(2021, 5, 1), D(2021, 5, 2), "du 1er au 2 mai 2021"),
        (D(2021, 3, 30), D(2021, 4, 1), "du 30 mars au 1er avril 2021"),
        (D(2020, 12, 19), D(2021, 1, 3), "du 19 décembre 2020 au 3 janvier 2021"),
    ],
)
def test_days_from_to_inclusive(first, last, words):
    assert plain(french.span_words(first, last)) == words


def test_days_from_to_with_weekdays():
    words = french.span_words(D(2021, 5, 17), D(2021, 5, 19), weekday=True)
    assert plain(words) == "du lundi 17 au mercredi 19 mai 2021"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (D(2021, 2, 11), D(2021, 2, 11), "11 févr."),
        (D(2021, 1, 20), D(2021, 1, 24), "20–24 janv."),
        (D(2021, 5, 1), D(2021, 5, 3), "1er–3 mai"),
        (D(2021, 1, 28), D(2021, 2, 1), "28 janv. – 1er févr."),
        (D(2020, 12, 5), D(2021, 12, 6), "5 déc. – 6 déc."),
    ],
)
def test_short_days_have_no_year(first, last, words):
    assert plain(french.short_span_words(first, last)) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (time(14, 30), "14 h 30"),
        (time(9), "9 h"),
        (time(0), "minuit"),
        (time(12), "midi"),
        (time(0, 5), "0 h 05"),
        (time(23, 59), "23 h 59"),
    ],
)
def test_an_hour(at, words):
    assert plain(french.hour_words(at)) == words
    assert " " not in french.hour_words(at)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "aujourd'hui"),
        (1, "demain"),
        (38, "dans 38 jours"),
        (-1, "hier"),
        (-3, "il y a 3 jours"),
    ],
)
def test_days_left(days, words):
    assert plain(french.days_left_words(days)) == words


@pytest.mark.parametrize(
    ("weeks", "words"),
    [
        (6, "il reste 6 semaines de classe"),
        (1, "il reste 1 semaine de classe"),
        (0, "plus aucune semaine de classe après celle-ci"),
    ],
)
def test_class_weeks_left(weeks, words):
    assert plain(french.class_weeks_words(weeks)) == words


@pytest.mark.parametrize(
    ("month", "words"),
    [(1, "de janvier 2021"), (4, "d'avril 2021"), (8, "d'août 2021"), (10, "d'octobre 2021")],
)
def test_a_month_has_its_preposition(month, words):
    assert french.of_month_words(date(2021, month, 1)) == words


def test_some_readers_may_have_fewer_class_weeks():
    assert plain(french.class_weeks_words(5, at_most=True)) == (
        "il reste au plus 5 semaines de classe"
    )


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (0, "courriel remis", "0 courriel remis"),
        (1, "rappel planifié", "1 rappel planifié"),
        (2, "courriel remis", "2 courriels remis"),
        (12, "rappel planifié", "12 rappels planifiés"),
    ],
)
def test_a_noun_agrees_with_its_number(number, noun, words):
    assert french.counted(number, noun) == words


@pytest.mark.parametrize(
    ("items", "words"),
    [([], ""), (["15"], "15"), (["15", "43"], "15 et 43"), (["15", "43", "63"], "15, 43 et 63")],
)
def test_a_list(items, words):
    assert french.list_words(items) == words


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Vrai ou faux ? Prouve-le !", "Vrai ou faux\u202f? Prouve-le\u202f!"),
        ("« oui » ; « non »", "«\u202foui\u202f»\u202f; «\u202fnon\u202f»"),
        ("Date limite : demain", "Date limite\u00a0: demain"),
        ("Lettre n° 23", "Lettre n°\u00a023"),
        ("(zones A, B et C)", "(zones\u00a0A, B et C)"),
        ("https://a.example/?b=c:d", "https://a.example/?b=c:d"),
        ("zone Atlantique", "zone Atlantique"),
        ("L'école d'aujourd'hui", "L’école d’aujourd’hui"),
        ("l'« oui », 6'30", "l'«\u202foui\u202f», 6'30"),
        ("https://a.example/l'an d'ici", "https://a.example/l'an d’ici"),
        ("Écrivez à o'hara@a.example d'ici là", "Écrivez à o'hara@a.example d’ici là"),
        (
            """<a href="http://a.example/l'an">L&#39;an</a>""",
            """<a href="http://a.example/l'an">L’an</a>""",
        ),
    ],
)
def test_no_break_spaces(text, written):
    assert french.typography(text) == written
    assert french.typography(written) == written


#: A plain space where French typography needs a no-break space.
_PLAIN = re.compile(
    r".{0,30}"
    r"(?: [?!;:»]|« |n° \d|\d (?:janv|févr|mars|avril|mai|juin|juil))"
    r".{0,20}"
)


@pytest.mark.long
def test_no_page_breaks_a_line_before_a_colon(client):
    """True on every page, for texts from templates, code and data. Texts to copy (script, style and
    textarea) keep plain spaces."""
    for place in PLACES.values():
        page = client.get(place.address).text
        page = re.sub(r"<(script|style|textarea)\b.*?</\1>", "", page, flags=re.DOTALL)
        seen = html.unescape(re.sub(r"<[^>]+>", "|", page))
        assert [m[0] for m in _PLAIN.finditer(seen)] == [], place.address
