"""Single sentences of letters: the items that each announces, and the items that it does not."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.reading.letter import read_letter

ISSUED = date(2026, 1, 15)


@pytest.fixture(scope="module")
def knowledge() -> LetterKnowledge:
    return knowledge_of_files(data_folder())


def items(text: str, knowledge: LetterKnowledge) -> list[Any]:
    return list(read_letter(text.encode(), ISSUED, ISSUED, knowledge).items)


@pytest.mark.parametrize(
    ("text", "kind", "first", "last", "status"),
    [
        ("Inscriptions du 3 au 7 février inclus.", "window", "2026-02-03", "2026-02-07", "planned"),
        ("Dépôt des dossiers au 30 juin.", "deadline", None, "2026-06-30", "planned"),
        (
            "Réponses attendues le 15 février dernier délai.",
            "deadline",
            None,
            "2026-02-15",
            "planned",
        ),
        ("Dossier à rendre avant le 6 mai à 17 h.", "deadline", None, "2026-05-06", "planned"),
        ("Dossier à rendre avant le 6 mai.", "deadline", None, "2026-05-06", "planned"),
        ("Inscriptions d'ici au 3 mars.", "deadline", None, "2026-03-03", "planned"),
        (
            "Le concours du 12 mars est reporté au 19 mars.",
            "event",
            "2026-03-19",
            "2026-03-19",
            "moved",
        ),
        (
            "Inscriptions prolongées jusqu'au 15 mars (au lieu du 1er mars).",
            "deadline",
            None,
            "2026-03-15",
            "moved",
        ),
        ("Le stage du 3 mars est annulé.", "event", "2026-03-03", "2026-03-03", "cancelled"),
        (
            "La journée du 3 mars est reportée sine die.",
            "event",
            "2026-03-03",
            "2026-03-03",
            "postponed",
        ),
        (
            "Exposition « Eau » au musée jusqu'au 30 avril.",
            "window",
            None,
            "2026-04-30",
            "planned",
        ),
        ("Réunion les 13 et 14/03.", "event", "2026-03-13", "2026-03-14", "planned"),
    ],
)
def test_a_sentence_announces(text, kind, first, last, status, knowledge):
    (item,) = items(text, knowledge)
    days = tuple(day and day.isoformat() for day in (item.first_day, item.last_day))
    assert (item.kind, days, item.status) == (kind, (first, last), status)


@pytest.mark.parametrize(
    "text",
    [
        "La médiathèque est au 12 rue du 11 novembre, à deux pas du lycée du 11 novembre.",
        "Conformément à la loi du 8 juillet 2026 et au décret n° 2026-12 du 3 mars 2026.",
        "Voir le BO n° 10 du 7 mars 2026.",
        "L'accueil est ouvert du lundi au vendredi de 9 h à 17 h.",
        "La finale s'est tenue le 8 janvier devant 200 élèves.",
        "Publié le 12 janvier 2026 par le service de presse.",
        "Article paru dans Le Monde du 12 janvier.",
        "Il est né le 4 août 1965.",
        "L'atelier avait eu lieu le 9 janvier dernier.",
        "En 2025, la mission vers la planète Mars a réuni 1 250 élèves.",
        "Pour l'année scolaire 2026-2027, les 6e et les CM2.",
    ],
)
def test_a_sentence_announces_nothing(text, knowledge):
    assert items(text, knowledge) == []


@pytest.mark.parametrize(
    ("text", "academies", "departments"),
    [
        ("Finale départementale le mercredi 18 mars.", (), ()),
        ("Atelier Canopé 63, le 18 mars.", ("clermont-ferrand",), ("63",)),
        ("Rencontre dans le Nord le 18 mars.", ("lille",), ("59",)),
        ("Au nord de la ville, rencontre le 18 mars.", (), ()),
        ("Réunion à Paris le 18 mars.", (), ()),
        ("Réunion à Brest le 18 mars.", ("rennes",), ()),
        ("Dans l'académie de Caen, défi le 18 mars.", ("normandie",), ()),
        ("Défi le 18 mars : https://drane.ac-clermont.fr/defi", ("clermont-ferrand",), ()),
        ("La réunion des référents a lieu le 18 mars.", (), ()),
        (
            "Académies de Créteil et de Versailles : forum le 18 mars.",
            ("creteil", "versailles"),
            (),
        ),
    ],
)
def test_for_whom_a_date_is(text, academies, departments, knowledge):
    (item,) = items(text, knowledge)
    assert (item.academies, item.departments) == (academies, departments)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Défi pour les CM1-CM2 le 18 mars.", ("cm1", "cm2")),
        ("Défi du CE2 au CM2 le 18 mars.", ("ce2", "cm1", "cm2")),
        ("Défi pour les 6e-5e le 18 mars.", ("6e", "5e")),
        ("Défi de la 4ème à la seconde le 18 mars.", ("4e", "3e", "2de")),
        ("Défi en PS/MS/GS le 18 mars.", ("ps", "ms", "gs")),
        ("Défi, cycle 3, le 18 mars.", ("cycle-3",)),
        ("6e édition du défi le 18 mars.", ()),
        ("Cap sur l'avenir, le 18 mars.", ()),
    ],
)
def test_for_which_classes_a_date_is(text, classes, knowledge):
    (item,) = items(text, knowledge)
    assert item.classes == classes


def test_two_lines_of_a_list_are_two_items(knowledge):
    lines = [f"- 12 mars : atelier robotique niveau {n}" for n in (1, 2)]
    text = "\n".join(["# Ateliers\n", *lines])
    assert [item.title for item in items(text, knowledge)] == [
        "Atelier robotique niveau 1",
        "Atelier robotique niveau 2",
    ]


def test_a_step_is_named_with_what_it_is_a_step_of(knowledge):
    lines = ["- Inscriptions : jusqu'au 3 mars", "- Remise des prix : 3 juin"]
    text = "\n".join(["# Concours « Nous autres »\n", *lines])
    assert [(item.title, item.step) for item in items(text, knowledge)] == [
        ("Concours « Nous autres »", "registration"),
        ("Concours « Nous autres » : remise des prix", None),
    ]


def test_a_step_that_one_of_two_mentions_says_leaves_nothing_to_choose(knowledge):
    text = (
        "# Concours « Mots »\n\nDate limite : 5 février 2026 à 17 h, salle Colette à Lille.\n\n"
        "Inscription jusqu'au 5 février 2026.\n"
    )
    [item] = items(text, knowledge)
    assert (item.step, item.warnings) == ("registration", ())


def test_two_dates_for_one_deadline_are_shown(knowledge):
    text = (
        "# Concours « Eau »\n\nInscriptions jusqu'au 12 mars.\n\n# Agenda\n\n"
        "- Concours « Eau », inscriptions : 14 mars\n"
    )
    found = items(text, knowledge)
    assert [any("donne aussi" in w for w in item.warnings) for item in found] == [True, True]


#: Processor time in seconds that no text of three pages comes near: most take a tenth of it.
MOST_SECONDS = 15


@pytest.mark.long
@pytest.mark.parametrize(
    "unit", ["<!-- -->", "<!--", "](a(", "« ", "12 mars\t", "| 3 mai ", "du 3 au ", "mars 1er "]
)
def test_a_hostile_text_is_read(unit, knowledge):
    """The time to read each of these texts once grew with the square of its length, or faster."""
    before = time.process_time()
    assert read_letter((unit * (3000 // len(unit))).encode(), ISSUED, ISSUED, knowledge).text
    assert time.process_time() - before < MOST_SECONDS
