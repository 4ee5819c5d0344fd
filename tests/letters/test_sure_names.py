"""What is no name, though it stands where names stand, and no date or no place to be sure of. All
texts are made up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus
from calendar_app.letters.doubts import DOUBT
from calendar_app.letters.reading.letter import read_letter
from calendar_app.letters.reading.sure_titles import is_derived, is_for_whom
from tests.tools import scaled

ISSUED = date(2026, 10, 5)
KNOWLEDGE = knowledge_of_files(data_folder())


def items(text: str) -> list[DatedItem]:
    return list(read_letter(text.encode(), ISSUED, ISSUED, KNOWLEDGE).items)


def surely(text: str) -> list[str]:
    """Return the titles of which the reader is sure, whatever it thinks of the rest."""
    return [i.title for i in items(text) if i.doubts is not None and i.doubts.title >= DOUBT]


# -- names that are cut ----------------------------------------------------------------------------

ASKING = ["contre", "avec", "sans", "sous", "entre", "chez", "vers", "sur", "pour", "par", "et"]


@settings(max_examples=scaled(15))
@given(
    word=st.sampled_from(ASKING),
    thing=st.sampled_from(["Journée nationale de travail", "Semaine mondiale des ponts", "Prix"]),
    break_=st.sampled_from([" ", "\n"]),
)
def test_a_sure_title_never_ends_with_a_word_that_asks_for_more(word, thing, break_):
    text = f"La {thing} {word}{break_}les tempêtes de sable aura lieu le 3 décembre 2026.\n"
    assert all(not title.endswith(f" {word}") for title in surely(text))
    assert all(not item.title.endswith(f" {word}") for item in items(text))


@pytest.mark.parametrize("break_", [" ", "\n"])
def test_what_one_works_against_belongs_to_the_name(break_):
    text = f"La journée nationale contre{break_}le gaspillage sera fêtée le 3 décembre 2026.\n"
    assert [item.title for item in items(text)] == ["Journée nationale contre le gaspillage"]


@pytest.mark.parametrize(
    "other", ["celle des tunnels", "celle-ci pour les tunnels", "son pendant sur les tunnels"]
)
def test_another_thing_of_the_same_sort_has_no_sure_name(other):
    text = f"La Journée mondiale des ponts sera fêtée le 3 décembre 2026 ; {other}, le 9 décembre."
    assert surely(text) == ["Journée mondiale des ponts"]


# -- what is no name -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "« Comment bâtir un pont ? »",
        "« Nous cherchons un maçon pour la cour. »",
        "« Un pont, ça tient… »",
        "« J'ai vu une arche »",
    ],
)
def test_what_somebody_says_is_no_sure_name(said):
    assert surely(f"DSDEN de l'Allier\n\n{said}\n\n- jury : mardi 17 novembre 2026\n") == []


WHOM = ["pour les collègues", "tout public", "des directrices et directeurs", "aux familles"]


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("sort", ["Conférence", "Visite guidée", "Atelier pratique"])
def test_a_sort_with_whom_it_is_for_is_no_name(sort, whom):
    assert is_for_whom(f"{sort} {whom}")
    text = f"DSDEN de l'Allier\n\n{sort} {whom} le mardi 17 novembre 2026 à 18 heures."
    assert surely(text) == []


@pytest.mark.parametrize("title", ["Conférence « Arches »", "Concours des ponts", "Castor"])
def test_a_name_is_more_than_a_sort_with_whom_it_is_for(title):
    assert not is_for_whom(title)


# -- stages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "heading", "title", "derived"),
    [
        ("Les noms sont annoncés le", "", "Prix : annonce des noms", False),
        ("La liste est publiée le", "", "Prix : publication de la liste", True),
        ("La publication de la liste", "Jury", "Prix : publication de la liste", True),
        ("La finale se joue le", "Finale", "Prix : finale", False),
        ("Elle se joue le", "Le déroulement", "Prix", False),
    ],
)
def test_a_stage_is_called_as_the_letter_calls_it(said, heading, title, derived):
    assert is_derived(said, heading, title) is derived


def test_a_row_of_two_dates_without_headers_may_be_of_two_things():
    text = (
        "DSDEN de l'Allier\n\n# Défi « Ponts »\n\n|  | Petits | Grands |\n|---|---|---|\n"
        "| Finale | mardi 17 novembre 2026 | jeudi 19 novembre 2026 |\n"
    )
    assert surely(text.replace("Petits", "").replace("Grands", "")) == []


# -- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        "est retiré du programme",
        "n'aura finalement pas lieu",
        "ne se tiendra pas",
        "est déprogrammé",
        "ne sera pas maintenu",
    ],
)
def test_what_will_not_be_is_cancelled(told):
    [item] = items(f"Le stage « Arches », prévu le 4 décembre 2026 à Moulins, {told}.")
    assert item.status is ItemStatus.CANCELLED
    assert item.confidence < DOUBT


def test_before_the_summer_is_no_last_day():
    text = "| Quand | Quoi |\n|---|---|\n| Jeudi 17 juin 2027, 17 h 30 | Démonter avant l'été |\n"
    assert [item.kind for item in items(text)] == [ItemKind.EVENT]


# -- for whom --------------------------------------------------------------------------------------

EVERYWHERE = "Il est ouvert aux classes de France."


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        (f"Prix « Arches »\n\n{EVERYWHERE}\n\nLe jury du prix : mardi 17 novembre 2026.", True),
        # Whose page it is: it is of a place, or for the schools of one.
        (
            "RALLYE DES TROIS VALLÉES\n\nLes olympiades sont ouvertes à toute la France.\n\n"
            "La finale aura lieu le mardi 17 novembre 2026.",
            False,
        ),
        (
            f"Prix « Arches »\n\n{EVERYWHERE} Les écoles des six départements de l'académie y "
            "vont.\n\nLe jury du prix : mardi 17 novembre 2026.",
            False,
        ),
        # A day of the whole country on which something is done here.
        ("Journée mondiale des ponts : 17 novembre 2026.", True),
        ("Le 17 novembre 2026, Journée mondiale des ponts, nous tiendrons un stand.", False),
    ],
)
def test_only_words_make_a_date_surely_national(text, sure):
    item = items(text)[-1]
    assert item.doubts is not None
    assert (item.academies, item.doubts.place >= DOUBT) == ((), sure)
