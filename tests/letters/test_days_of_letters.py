"""Which days a letter means, which of them announce nothing, and what kind each is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import DatedItem, ItemKind, LetterReading
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
