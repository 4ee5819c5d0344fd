"""What a date is called: each kind of passage in which a title stands, in sentences of our own."""

from __future__ import annotations

from datetime import date

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import DatedItem
from calendar_app.letters.doubts import DOUBT
from calendar_app.letters.reading.letter import read_letter

ISSUED = date(2026, 10, 5)
KNOWLEDGE = knowledge_of_files(data_folder())


def items(text: str) -> tuple[DatedItem, ...]:
    return read_letter(text.encode(), ISSUED, ISSUED, KNOWLEDGE).items


@pytest.mark.parametrize(
    ("text", "title"),
    [
        # What stands before a heading, and what it calls for after its name.
        (
            "Article 4 – Concours de la plus belle fable\nTextes avant le 4 mars 2027.",
            "Concours de la plus belle fable",
        ),
        (
            "[07/09/2026] Prix des cabanes\nLes dossiers sont reçus jusqu'au 4 mars 2027.",
            "Prix des cabanes",
        ),
        ("Défi Ricochets 12 : à vos galets\nRéponses avant le 4 mars 2027.", "Défi Ricochets 12"),
        (
            "Prix de l'entraide : ouverture de la 3e édition\n\nDossiers avant le 4 mars 2027.",
            "Prix de l'entraide",
        ),
        # A paragraph that starts with its title.
        (
            "Ville de Ribes\n\nVélo à l'école. La police intervient du 8 mars au 17 avril 2027.",
            "Vélo à l'école",
        ),
        (
            "Ville de Ribes\n\n« Barbe-Bleue » (CM2) sera joué le mardi 9 mars 2027.",
            "« Barbe-Bleue »",
        ),
        (
            "Ville de Ribes\n\nEnfin, la commission des menus se réunit le 9 mars 2027.",
            "Commission des menus",
        ),
        (
            "Bonjour,\n\n« Rive » – concours. Les textes sont à envoyer le 9 mars 2027.",
            "« Rive »",
        ),
        # The line over short lines, and a line over a list.
        (
            "Concours\n\nCalculs de craie (lycées)\n  1re manche — jeudi 14 janvier 2027\n",
            "Calculs de craie : 1re manche",
        ),
        (
            "Rallye des ponts (4e et 2de)\n\n- grand rassemblement : jeudi 27 mai 2027\n",
            "Rallye des ponts : grand rassemblement",
        ),
        (
            "Nos rendez-vous\n\nTrois webinaires « Écrire à plusieurs », identiques :\n"
            "- mardi 29 septembre 2027\n",
            "Webinaires « Écrire à plusieurs »",
        ),
        # A name ends where its sentence goes on.
        ("- 18 mars 2027 : la Ronde des mots passe par Calvi (14 h)", "La Ronde des mots"),
        ("La Nuit de la carte tombe le mardi 9 février 2027.", "Nuit de la carte"),
        (
            "Concours d'éloquence « Hauts-Parleurs », lycées et LP. Vidéos : jusqu'au 4 mars 2027.",
            "Concours d'éloquence « Hauts-Parleurs »",
        ),
        # How long and when are no names.
        (
            "OFFICE DU RHIN\nSéjour Voltige (six mois au Danemark) : dossier pour le 4 mars.",
            "Séjour Voltige",
        ),
        # A day called by its own name does not name what is due on it.
        (
            "Prix « Égales »\nLes productions sont attendues avant le 8 mars 2027, Journée"
            " internationale des droits des femmes oblige.",
            "Prix « Égales »",
        ),
        # A step is told without the heading of the steps.
        (
            "Rallye Calculs\n\nLes épreuves\nManche CP-CE1 : 24 et 25 novembre 2026",
            "Rallye Calculs : manche CP-CE1",
        ),
        (
            "Prix « Rives »\nLe nom du lauréat sera proclamé le 11 mai 2027.",
            "Prix « Rives » : proclamation",
        ),
        (
            "- Remise des prix du concours « Ma rue » : mardi 9 mars 2027",
            "Concours « Ma rue » : remise des prix",
        ),
        (
            "- Festival du court de Sète. Films de 8 minutes.\nLe festival lui-même : 27 mai 2027.",
            "Festival du court de Sète",
        ),
        # Rows: a town is no title, and neither is a sport without its championships.
        (
            "Mer. 14/04/2027 | 13h-15h | Saint-Denis | Créer un jeu de piste\n"
            "Mer. 21/04/2027 | 13h-15h | Le Port | La radio en classe\n",
            "Créer un jeu de piste",
        ),
        (
            "CALENDRIER DES CHAMPIONNATS D'ACADÉMIE\n\n| Sport | Date | Lieu |\n|---|---|---|\n"
            "| Escalade | 24/03/2027 | Brest |",
            "CHAMPIONNATS D'ACADÉMIE : Escalade",
        ),
        (
            "| Date | Public | Intitulé |\n|---|---|---|\n| 24/03/2027 | CM | Nager au large |",
            "Nager au large",
        ),
    ],
)
def test_a_title_is_what_an_editor_would_keep(text, title):
    assert items(text)[0].title == title


def test_the_rows_of_a_table_are_items_though_a_heading_says_the_days_of_all():
    table = "| Quand | Quoi |\n|---|---|\n| lun. 9/11 | Atelier « Dés » |\n| ven. 13/11 | Visite |"
    found = items(f"Fête des nombres\nDu lundi 9 au vendredi 13 novembre 2026\n\n{table}")
    assert {item.title for item in found} >= {"Atelier « Dés »", "Visite"}


def test_a_wrapped_line_is_no_item_of_its_own():
    text = (
        "Mémoire\n\nLe concours « Les petits témoins » reçoit ses carnets au plus tard le 30\n"
        "avril 2027. Les écoles qui souhaitent y participer se font connaître\n"
        "avant le 20 novembre 2026.\n"
    )
    assert {item.title for item in items(text)} == {"Concours « Les petits témoins »"}


def test_a_header_that_asks_for_a_day_is_the_kind_of_its_column():
    table = "Rencontre\tLieu\tDate\tInscription avant le\n"
    rows = "Cross du Val\tMens\t7/11/26\t17/10/26\nJeux de l'eau\tVif\t14/11/26\t18/10/26\n"
    kinds = {item.last_day: item.kind.value for item in items(table + rows)}
    assert kinds[date(2026, 10, 18)] == "deadline"
    assert kinds[date(2026, 11, 14)] == "event"


def test_two_days_with_one_month_in_figures():
    [item] = items("- jeu. 12 et ven. 13/11 : Village des sciences de Die")
    assert (item.first_day, item.last_day) == (date(2026, 11, 12), date(2026, 11, 13))


# -- how sure --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        # The sentence says the name itself, and is about nothing else.
        ("Le challenge « Val en courses » se déroule du 16 au 20 novembre 2026.", True),
        ("Au menu, la Journée académique du numérique, mardi 9 février 2027.", True),
        (
            "Nous parlons du stage « Dire », puis de l'université d'été, du 9 au 11 mars 2027.",
            False,
        ),
        ("À Lyon, le festival « Rives », autour de « Fleuves », aura lieu le 9 mars 2027.", False),
        (
            "Expo Craie\n\nLe salon professionnel de la classe nouvelle se tient le 9 mars 2027.",
            False,
        ),
        # A column that says what is on, and one that may say anything.
        ("| Date | Atelier |\n|---|---|\n| 24/03/2027 | Nager au large |", True),
        ("| Date | Secteur |\n|---|---|\n| 24/03/2027 | Bassin de Meaux |", False),
        # A label without a sort of thing, and a common thing.
        ("- Bassin de Meaux : mardi 9 février 2027", False),
        ("- Module B : mardi 9 février 2027", False),
    ],
)
def test_a_title_is_sure_where_its_way_is_right_nearly_always(text, sure):
    [item, *_] = items(text)
    assert item.doubts is not None
    assert (item.doubts.title >= DOUBT) is sure


@pytest.mark.parametrize(
    ("text", "title", "sure"),
    [
        # Verbs, and what a class has, are no names.
        ("Les groupes « fluence » se retrouvent le 14 octobre 2026.", "Groupes « fluence »", False),
        ("Le prix Ada-Lovelace des lycéens recrute des classes : le 20 octobre 2026.", None, True),
        ("- 9 mars 2027, 9 h, école Ravel : Dessiner au grand air", "Dessiner au grand air", False),
        (
            "- 9 mars 2027 : date limite des projets « Notre école, bâtissons-la »",
            "Projets « Notre école, bâtissons-la »",
            True,
        ),
        (
            "Concours « Tours »\n1. S'inscrire avant le 4 mars 2027.\n"
            "2. Participer à la finale le 4 juin 2027.",
            "Concours « Tours »",
            False,
        ),
    ],
)
def test_a_title_keeps_to_its_name(text, title, sure):
    item = items(text)[0]
    assert item.doubts is not None
    assert item.title == title or title is None
    assert "recrute" not in item.title
    assert (item.doubts.title >= DOUBT) is sure


def test_a_part_of_a_contest_is_named_without_the_verb_of_its_step():
    text = "Concours « Tours »\n1. S'inscrire avant le 4 mars 2027.\n"
    found = items(f"{text}2. Participer à la finale nationale le 4 juin 2027.\n")
    assert found[-1].title == "Concours « Tours » : finale nationale"


def test_a_place_in_quotation_marks_is_not_that_of_the_letter():
    text = "Musée de Dijon\n\nVISITE « PAYSAGES DU NORD »\nMercredi 2 décembre 2026 à 14 h\n"
    [item] = items(text)
    assert item.doubts is not None
    assert item.doubts.place < DOUBT


@pytest.mark.parametrize(
    "text",
    [
        # What was first said, of which the letter gives another day or none.
        "Les envois, d'abord attendus pour le 10 avril 2027, sont reçus plus tard.",
        "Elles étaient prévues à Arles le 3 avril 2027.",
        # The next letter, closed archives, holidays, what an edition before this one did.
        "Prochain numéro : début avril 2027.",
        "Les archives seront fermées du 23 décembre 2026 au 1er janvier 2027.",
        "Vacances de la Toussaint : du vendredi 16 octobre après la classe au lundi 2 novembre.",
        "Les mémoires ont été reçus jusqu'au 15 juin pour l'édition précédente.",
    ],
)
def test_a_day_that_announces_nothing_is_no_item(text):
    assert not items(text)


def test_a_column_that_does_not_say_when_leaves_its_kind_in_doubt():
    table = (
        "| Date | Rencontre | Réponse |\n|---|---|---|\n| 4/11/2026 | Cross du Val | 21/10/2026 |"
    )
    sure = {item.last_day: item.doubts and item.doubts.kind >= DOUBT for item in items(table)}
    assert sure == {date(2026, 11, 4): True, date(2026, 10, 21): False}
    [engaged, _] = items(table.replace("Réponse", "Engagement"))[::-1]
    assert engaged.kind.value == "deadline"
