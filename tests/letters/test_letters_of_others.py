"""Kinds of passages that letters of others brought: what is no event, and what a date is called."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import DatedItem, ItemKind, LetterReading
from calendar_app.letters.doubts import DOUBT
from calendar_app.letters.reading.letter import read_letter
from tests.tools import scaled

ISSUED = date(2026, 10, 12)


def reading(text: str, issued: date = ISSUED) -> LetterReading:
    return read_letter(text.encode(), issued, issued, knowledge_of_files(data_folder()))


def items(text: str, issued: date = ISSUED) -> list[DatedItem]:
    return list(reading(text, issued).items)


def titles(text: str) -> list[str]:
    return [item.title for item in items(text)]


# -- what is no event ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Vacances d'hiver : du 20 février au 8 mars.",
        "Les vacances de la Toussaint vont du 17 octobre au 2 novembre.",
        "Les vacances de printemps commencent dans notre zone le samedi 17 avril.",
        "Rappel : les élèves de zone B seront en congé du 13 février au 1er mars.",
        "Vacances de la zone A : du 17 octobre au 2 novembre, du 19 décembre au 4 janvier.",
        "Début des vacances de Noël : samedi 19 décembre.",
        "Rentrée des classes : lundi 2 novembre.",
        "Le vendredi 7 mai sera vaqué.",
        "Il n'y a pas classe le jeudi 11 novembre, jour férié.",
        "| Vacances | Dates |\n|---|---|\n| Hiver | du 13 février au 1er mars |",
    ],
)
def test_a_day_off_is_no_event(text):
    read = reading(text)
    assert not read.items
    assert {p.reason for p in read.passed_over} == {"vacances scolaires ou jour sans classe"}


@pytest.mark.parametrize(
    "text",
    [
        "Un stage aura lieu pendant les vacances, du 19 au 23 octobre, à Lyon.",
        "Concours « Vacances apprenantes » : inscriptions du 2 au 30 novembre.",
        "Inscriptions au rallye avant les vacances, jusqu'au vendredi 16 octobre.",
        "Journée de rentrée des stagiaires : mardi 3 novembre.",
    ],
)
def test_what_happens_around_the_holidays_is_one(text):
    assert len(items(text)) == 1


@given(
    st.sampled_from(["de la Toussaint", "de Noël", "d'hiver", "de printemps", "scolaires"]),
    st.sampled_from(["Vacances {} : {}.", "- Vacances {} : {}", "Les vacances {} ont lieu {}."]),
    st.dates(date(2026, 10, 13), date(2027, 6, 1)),
)
@settings(max_examples=scaled(60))
def test_no_line_of_holidays_is_ever_sure(holidays, line, first):
    last = date.fromordinal(first.toordinal() + 15)
    found = items(line.format(holidays, f"du {first:%d/%m/%Y} au {last:%d/%m/%Y}"))
    assert all(item.confidence < DOUBT for item in found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Le festival du livre, qui s'est tenu du 2 au 4 octobre, a reçu 900 élèves.", "passé"),
        ("Merci aux équipes venues à notre journée du 7 octobre.", "passé"),
        ("Les inscriptions, closes le 2 octobre, ne seront pas rouvertes.", "passé"),
        ("Une élève est arrivée en demi-finale le 3 octobre.", "passé"),
        ("La liste des applications date du 1er septembre.", "publication"),
        ("Le calendrier diffusé le 1er septembre est donc modifié.", "publication"),
        ("Le prochain numéro paraîtra le 16 novembre.", "parution"),
        ("Que la tempête du 23 septembre nous avait fait annuler.", "arrivé"),
        ("La séance du 18 novembre, à Royan, est avancée au 17 novembre.", "remplacée"),
        ("Les textes, qui devaient être rendus le 3 novembre, le seront finalement le 9 novembre.",
         "remplacée"),
        ("Les avis des commissions seront consultables avant le 11 décembre.", "organisateur"),
    ],
)  # fmt: skip
def test_a_date_that_announces_nothing_says_why(text, reason):
    assert any(reason in passed.reason for passed in reading(text).passed_over)


def test_what_moves_from_one_day_to_another_is_on_the_other():
    [item] = items("Séminaire des référents : reporté du 5 novembre au 26 novembre.")
    assert (item.first_day, item.last_day) == (date(2026, 11, 26), date(2026, 11, 26))
    [item] = items("Festival du théâtre : déplacé du 1er au 4 décembre.")
    assert (item.first_day, item.last_day) == (date(2026, 12, 1), date(2026, 12, 4))


# -- days ------------------------------------------------------------------------------------------


@given(st.dates(date(2026, 10, 20), date(2027, 6, 30)))
@settings(max_examples=scaled(40))
def test_the_day_of_before_is_the_printed_one_and_in_doubt(day):
    text = "Concours « Plumes » : dossiers à envoyer avant le {}{}."
    [item] = items(text.format(f"{day:%d/%m/%Y}", ""))
    assert item.last_day == day
    assert item.doubts is not None
    assert item.doubts.day < DOUBT
    assert "ce jour est-il compris ?" in item.warnings[0]
    [item] = items(text.format(f"{day:%d/%m/%Y}", " inclus"))
    assert (item.last_day, item.warnings) == (day, ())


def test_a_school_year_to_come_leaves_the_days_before_it_where_they_are():
    text = "Appel à projets 2025-2026\n\nRéunion {}. Dépôt jusqu'au 6 juin.\n"
    issued = date(2025, 4, 14)
    assert {item.last_day for item in items(text.format("mardi 22 avril"), issued)} == {
        date(2025, 4, 22),
        date(2025, 6, 6),
    }
    assert date(2026, 3, 10) in {i.last_day for i in items(text.format("le 10 mars"), issued)}


def test_a_line_of_an_agenda_may_start_with_figures_alone():
    text = "Agenda\n\n05/11  Webinaire Médiatiks, 17h30-18h30\n18/11  Rencontre - Lycée Foch\n"
    assert [(item.first_day, item.title) for item in items(text)] == [
        (date(2026, 11, 5), "Webinaire Médiatiks"),
        (date(2026, 11, 18), "Rencontre - Lycée Foch"),
    ]
    assert not items("Voici 3/4 des élèves.\n5/6 élèves ont répondu.\n")


def test_a_year_printed_farther_on_does_not_move_a_day_that_comes_soon():
    text = (
        "Prix du roman\nInscription avant le 2 novembre à midi.\nVote : du 29 mars au 9 avril 2027."
    )
    assert items(text)[0].last_day == date(2026, 11, 2)


# -- titles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A title with a bullet, over lines with another one.
        (
            "II - CONCOURS\n\n➤ Les énigmes de Mélusine\nCe jeu est ouvert au CM2.\n"
            "   ✓ Inscription de la classe : jusqu'au 23 novembre\n"
            "   ✓ Première série d'énigmes : du 7 au 18 décembre\n",
            ["Les énigmes de Mélusine", "Les énigmes de Mélusine : première série d'énigmes"],
        ),
        # A rubric names nothing; the paragraph does.
        (
            "CINÉMA ET AUDIOVISUEL\n\nLe ministère reconduit le défi « Écris ta série ! ». Les"
            " candidatures sont à déposer au plus tard le lundi 30 novembre.\n",
            ["Défi « Écris ta série ! »"],
        ),
        (
            "CORSE\n\nRobotica in iscola : les écoles se retrouveront à Corte jeudi 26 novembre.\n",
            ["Robotica in iscola"],
        ),
        (
            "EN HIVER\n\nNuits de la lecture. La dixième édition, du 20 au 24 janvier 2027, a pour"
            " thème « Villes ».\n",
            ["Nuits de la lecture"],
        ),
        # A date above its title.
        (
            "LA SEMAINE DES LANGUES\n\nLundi 30 novembre 2026\nLes Chaussettes de l'archiduchesse\n"
            "Concours de virelangues en langue étrangère.\n",
            ["Les Chaussettes de l'archiduchesse"],
        ),
        # A number of a section is no part of its title, nor a verb of a stage.
        (
            "1. Les concours\n\n1.1 Le défi « Dis-moi un poème »\nLes inscriptions se font à la"
            " DAAC jusqu'au 16 novembre 2026. La finale réunira vingt classes le 4 juin 2027.\n",
            ["Défi « Dis-moi un poème »", "Défi « Dis-moi un poème » : finale"],
        ),
        # A step is that of the letter's thing; a heading that is a step says of what.
        (
            "Règlement du défi « Plumes et pixels »\n\nArticle 2 – Inscription\nElle se fait en"
            " ligne du lundi 2 au vendredi 20 novembre 2026.\n",
            ["Défi « Plumes et pixels »"],
        ),
        (
            "LES PETITS LECTEURS, PRIX DE LECTURE\n\nFinale nationale\nElle aura lieu à Paris le"
            " 16 juin 2027.\n",
            ["LES PETITS LECTEURS : finale nationale"],
        ),
        # What somebody does at something is no name of its own.
        (
            "Édito\n\nLes résultats seront présentés lors de la Journée académique du numérique,"
            " mercredi 25 novembre.\n",
            ["Journée académique du numérique"],
        ),
        (
            "DATE | ACTION | DÉCISION\n24 novembre | Bal des écoles | annulé\n"
            "1er décembre | Rencontres chorales | maintenues\n",
            ["Bal des écoles", "Rencontres chorales"],
        ),
        ("◆ Mer 4/11 – 14h/17h – Fabriquer un jeu d'évasion\n◆ Jeu 5/11 – 14h/17h – Escape game",
         ["Fabriquer un jeu d'évasion", "Escape game"]),
    ],
)  # fmt: skip
def test_a_date_is_called_by_what_it_is_of(text, expected):
    assert titles(text) == expected


def test_the_title_of_what_comes_later_is_not_that_of_a_line_before_it():
    text = (
        "Quelques dates :\n\n• Oral du stage : jeudi 14 janvier\n• Conseil de classe : mardi 24"
        " novembre\n\nConcours « La voix est libre »\nFinale : jeudi 25 mars 2027\n"
    )
    assert titles(text) == [
        "Oral du stage",
        "Conseil de classe",
        "Concours « La voix est libre » : finale",
    ]


# -- doubts ----------------------------------------------------------------------------------------


def doubts(text: str) -> Any:
    [item] = items(text)
    assert item.doubts is not None
    return item.doubts


def test_a_contest_of_an_office_may_be_national_unless_its_words_are_local():
    head = "Lettre de l'académie de Lille\n\n"
    contest = "Concours « Ponts »\nDossiers jusqu'au 5 février 2027{}."
    for wide in ("", " : ouvert à tous", ", avec le ministère", " (fondation des ponts)"):
        assert doubts(head + contest.format(wide)).place < DOUBT
    assert doubts(f"{head}Atelier « Ponts »\nMardi 2 février 2027 à 14 h").place >= DOUBT
    assert doubts(f"{head}Concours académique « Ponts »\nDossiers jusqu'au 5 mars.").place >= DOUBT
    [item] = items(f"{head}Olympiades de géosciences\nInscription aux Olympiades jusqu'au 4 mars.")
    assert item.academies == ()


def test_a_column_says_the_kind_of_its_dates_in_a_table_of_spaces():
    table = (
        "Rencontre                        Cycle  Lieu       Date           Retour des engagements\n"
        "Course d'orientation             C3     Chambord   mar. 17/11/26  06/11/26\n"
        "Endurance « J'apprends » C2      Romorantin        ven. 27/11/26  20/11/26\n"
    )
    kinds = {item.last_day: item.kind for item in items(table)}
    assert kinds[date(2026, 11, 6)] is kinds[date(2026, 11, 20)] is ItemKind.DEADLINE
