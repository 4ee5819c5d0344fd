"""What a line is by the others like it, which words of a sentence are a date's own, and whose a
date is: kinds of faults that letters of others brought. All texts are made up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import DatedItem, ItemKind
from calendar_app.letters.doubts import DOUBT
from calendar_app.letters.known_names import COUNTRYWIDE, EXCHANGES, KNOWN
from calendar_app.letters.reading.letter import read_letter
from tests.letters.variants import THINGS
from tests.tools import scaled

ISSUED = date(2026, 10, 5)
KNOWLEDGE = knowledge_of_files(data_folder())


def items(text: str) -> list[DatedItem]:
    return list(read_letter(text.encode(), ISSUED, ISSUED, KNOWLEDGE).items)


def titles(text: str) -> list[str]:
    return [item.title for item in items(text)]


# -- headings --------------------------------------------------------------------------------------

MARKS = ["▶ ", "■ ", "◆ ", "• ", "📌 ", "// "]
#: The first words under a heading, which look like a label or like the rest of a list item.
OPENINGS = ["Rappel : les copies", "Du nouveau : les dossiers", "Attention : les travaux"]


@settings(max_examples=scaled(15))
@given(
    mark=st.sampled_from(MARKS),
    names=st.lists(st.sampled_from(THINGS), min_size=3, max_size=3, unique=True),
    opening=st.sampled_from(OPENINGS),
)
def test_a_line_is_a_heading_as_the_others_with_its_mark_are(mark, names, opening):
    first, second, third = names
    text = (
        f"{mark}{first}\nLa finale aura lieu le 3 décembre 2026.\n\n"
        f"{mark}{second}\nLa finale aura lieu le 4 décembre 2026.\n\n"
        f"{mark}{third}\n{opening} sont à envoyer avant le 5 décembre 2026.\n"
    )
    assert titles(text) == [f"{first} : finale", f"{second} : finale", third]


def test_a_numbered_heading_stands_over_a_list_as_over_a_paragraph():
    text = (
        "1. Administratif\nMerci de répondre.\n\n2. Santé\nRien à dire.\n\n3. Concours de haïkus\n"
        "* envoi des textes : jusqu'au 4 décembre 2026\n* palmarès : mardi 12 janvier 2027\n"
    )
    assert titles(text) == ["Concours de haïkus", "Concours de haïkus : palmarès"]


@pytest.mark.parametrize(
    "rest", ["au vendredi 15 janvier 2027.", "et le vendredi 15 janvier 2027."]
)
def test_the_end_of_a_range_on_its_own_line_is_no_label_of_the_next_heading(rest):
    text = (
        "1. Défi des ponts\nLes classes jouent du lundi 23 novembre 2026\n"
        f"{rest}\n\n2. Coupe des bâtisseurs\nElle se joue en ligne le 10 décembre 2026.\n"
    )
    assert titles(text)[-1] == "Coupe des bâtisseurs"


def test_the_number_of_a_page_is_no_date():
    text = (
        "Prix des ponts                    1/2\n\nLe jury se réunit le 3 décembre 2026.\n\n"
        "                                  2/2\n4. Stage « Bâtir »\n"
        "Il aura lieu du 12 au 14 janvier 2027.\n"
    )
    assert titles(text)[-1] == "Stage « Bâtir »"
    assert len(items(text)) == 2


def test_the_line_over_the_day_of_an_article_is_its_title():
    text = (
        "Avant-première : « Le temps des ponts »\nPublié le 1 octobre 2026\n"
        "Venez découvrir le film. Rendez-vous mercredi 2 décembre 2026 à 14 h.\n\n"
        "Défi « Bâtir » (cycle 3)\nPublié le 25 septembre 2026\n"
        "Inscriptions jusqu'au 11 décembre 2026.\n"
    )
    assert titles(text) == ["Avant-première : « Le temps des ponts »", "Défi « Bâtir »"]


def test_a_date_apart_from_its_words_is_no_heading():
    text = (
        "NOS PRIX\n\nPrix des ponts\nPour qui ? Les classes de CP.\n\n"
        "Candidatures     1er novembre – 10 décembre 2026\n"
        "Cérémonie        mercredi 5 mai 2027, Bibliothèque\n"
    )
    assert titles(text) == ["Prix des ponts", "Prix des ponts : cérémonie"]


# -- titles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title"),
    [
        # What is quoted and ends is a theme; what is quoted before « : » is the name.
        (
            "Prix des ponts\n\n« Bâtir, est-ce rêver ? » Envoi avant le 5 février 2027.",
            "Prix des ponts",
        ),
        (
            "CONCOURS\n\n« Arches » : le concours de photographie est ouvert. Dernier jour pour "
            "s'inscrire : le 5 février 2027.",
            "« Arches »",
        ),
        # Of whom a title tells after the name, and marks around it.
        ("Formation « Bâtir » pour les directeurs : mardi 12 janvier 2027.", "Formation « Bâtir »"),
        ("Prix des ponts NOUVEAU\n\nCérémonie le 12 mai 2027.", "Prix des ponts : cérémonie"),
        ("VENDREDI 12 MARS 2027\nFête des mathématiques, de 9h à 12h\n", "Fête des mathématiques"),
        ("80e ANNIVERSAIRE\n\nIl sera fêté le 9 juin 2027.", "80e ANNIVERSAIRE"),
        # A group of those whom a heading concerns.
        (
            "Théâtre en herbe\n\nSecteur Nord : mercredi 2 décembre 2026, 13 h 30",
            "Théâtre en herbe : secteur Nord",
        ),
        # Who leads it, how many there are and what is written about it are none of its name.
        (
            "Atelier de pratique théâtrale animé par les Phares : samedi 16 janvier 2027.",
            "Atelier de pratique théâtrale",
        ),
        ("Deux demi-journées « Bâtir » : mercredi 3 février 2027.", "Demi-journées « Bâtir »"),
        (
            "RÈGLEMENT – Prix « Arches »\n\nCérémonie le 16 juin 2027.",
            "Prix « Arches » : cérémonie",
        ),
        # A sort with its reach is of what stands above; a known contest is not, wherever it stands.
        (
            "Olympiades de physique, XXXIVe édition\n\nConcours interacadémique : 9 décembre 2026.",
            "Olympiades de physique : concours interacadémique",
        ),
        (
            "Défi des ponts\n\nOlympiades de géosciences, jeudi 25 mars 2027 de 14 h à 18 h.",
            "Olympiades de géosciences",
        ),
        # A season is no name without what it is of; a greeting and a menu are no headings.
        (
            "Le printemps pointe, et la conférence « Bâtir » aura lieu le 26 mars 2027.",
            "Conférence « Bâtir »",
        ),
        (
            "Coucou les équipes !\n\nLa conférence « Bâtir » aura lieu le 26 mars 2027.",
            "Conférence « Bâtir »",
        ),
    ],
)
def test_a_title_is_the_name(text, title):
    assert titles(text) == [title]


def test_each_line_with_a_quoted_label_is_about_its_own():
    text = "Cycle 2\n   « Arches », de Paul Pont : mardi 1 décembre 2026 à 14 h\n" + (
        "   « Piles » : mercredi 13 janvier 2027 à 14 h\n"
    )
    assert titles(text) == ["« Arches », de Paul Pont", "« Piles »"]


@pytest.mark.parametrize(
    "words", ["inscription", "date limite d'inscription", "envoi des textes", "dépôt"]
)
def test_a_label_in_a_bracket_is_that_of_its_own_date(words):
    text = f"Stage « Bâtir » à Paris, mercredi 10 mars 2027, 9 h ({words} : 24 février 2027).\n"
    assert [item.kind for item in items(text)] == [ItemKind.EVENT, ItemKind.DEADLINE]


@pytest.mark.parametrize("words", ["dépôt des dossiers", "envoi des films", "inscription"])
def test_the_name_of_a_step_right_before_a_day_makes_it_the_last_one(words):
    [item] = items(f"- Prix « Arches » : {words} le 18 février 2027 à 12 h.\n")
    assert (item.kind, item.title) == (ItemKind.DEADLINE, "Prix « Arches »")


def test_a_registration_for_something_else_is_no_sure_date_of_the_name_before():
    text = (
        "Le stage « Écrire pour lire » se tiendra le 4 mars 2027. La campagne d'inscription au "
        "plan de formation s'achève le 20 novembre 2026.\n"
    )
    doubts = items(text)[1].doubts
    assert doubts is not None
    assert doubts.title < DOUBT


def test_a_name_of_another_line_is_in_doubt():
    text = (
        "Les CM2 participent au prix des Lucioles.\nLa classe part à Murol.\n"
        "Réunion d'information : jeudi 12 novembre 2026 à 18 h.\n"
    )
    doubts = items(text)[-1].doubts
    assert doubts is not None
    assert doubts.title < DOUBT


# -- for whom --------------------------------------------------------------------------------------


def is_sure_of_place(text: str) -> tuple[tuple[str, ...], bool]:
    item = items(text)[-1]
    assert item.doubts is not None
    return item.academies, item.doubts.place >= DOUBT


def test_an_academie_before_a_colon_does_not_write_the_letter():
    text = (
        "Lettre des ponts\nAcadémie de Corse : un défi.\n\nColloque « Bâtir »\n\nLe 14 mai 2027.\n"
    )
    assert is_sure_of_place(text) == ((), False)


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        # What Europe offers, or what a letter about a national contest tells of, is not for the
        # office alone; a training about it is.
        ("Erasmus+\n\nPartenariats simplifiés : jusqu'au 4 mars 2027.", False),
        ("Concours national « Arches »\n\nVisioconférence : le 3 décembre 2026.", False),
        ("Stage de préparation à Erasmus+ : mardi 12 janvier 2027.", True),
        # A contest with a place of the office in its text.
        ("Défi des ponts\n\nLa finale aura lieu à Montluçon, le 28 mai 2027.", True),
        ("Défi des ponts\n\nLa finale aura lieu le 28 mai 2027.", False),
    ],
)
def test_what_an_office_tells_of_is_not_always_its_own(text, sure):
    assert is_sure_of_place(f"DSDEN de l'Allier\n\n{text}\n") == (("clermont-ferrand",), sure)


@pytest.mark.parametrize(
    ("title", "sure"),
    [
        ("Olympiades de chimie : épreuve", True),
        ("Fête de la science : village des sciences", False),
    ],
)
def test_a_part_of_what_is_held_everywhere_may_be_held_here_only(title, sure):
    assert is_sure_of_place(f"{title} : mardi 12 janvier 2027.\n") == ((), sure)


def test_a_contest_by_its_weekday_alone_may_be_due_on_it():
    [item] = items("Concours des ponts : bulletins à la circonscription lundi 29 mars 2027.\n")
    assert item.doubts is not None
    assert item.doubts.kind < DOUBT


@pytest.mark.parametrize("name", ["kangourou", "concours alkindi", "fete de la science", "cnrd"])
def test_known_names_are_known_everywhere(name):
    assert KNOWN.search(name)
    assert COUNTRYWIDE.search(name)


def test_a_programme_is_a_name_and_not_that_of_one_contest_for_all():
    assert KNOWN.search("ecole et cinema")
    assert not COUNTRYWIDE.search("ecole et cinema")
    assert EXCHANGES.search("partenariats simplifies")
    assert not EXCHANGES.search("partenariat avec la mediatheque")
