"""What the reader is sure of, and from which evidence: for whom, the title, the kind."""

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
ITEM = "\n\nSéminaire « Dire le monde »\nMardi 17 novembre 2026 à 14 h.\n"


def items(text: str) -> tuple[DatedItem, ...]:
    return read_letter(text.encode(), ISSUED, ISSUED, KNOWLEDGE).items


def place(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the académies of the only item of a text, and whether the reader is sure of them."""
    [item] = items(text)
    assert item.doubts is not None
    return item.academies, item.doubts.place >= DOUBT


# -- for whom --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("DSDEN de l'Allier", ("clermont-ferrand",)),
        ("De : IEN Niort 2", ("poitiers",)),
        ("CIO de Vesoul – La lettre", ("besancon",)),
        ("DRAREIC – pôle de Nantes", ("nantes",)),
        ("RÉGION ACADÉMIQUE PAYS DE LA LOIRE\nLettre", ("nantes",)),
        ("La lettre de la DRANE Occitanie", ("montpellier", "toulouse")),
        ("L'ÉCOLE AU THÉÂTRE\nCorrèze – lettre n° 4", ("limoges",)),
    ],
)
def test_an_office_is_known_by_its_head(head, expected):
    assert place(head + ITEM) == (expected, True)


@pytest.mark.parametrize(
    ("text", "academies"),
    [
        # The town of its day, and all places of a letter in one académie.
        ("La lettre des ponts\nPérigueux, lundi 5 octobre 2026" + ITEM, ("bordeaux",)),
        (f"Les ponts\nOn nous lit à Foix, à Albi, à Rodez et à Toulouse.{ITEM}", ("toulouse",)),
    ],
)
def test_the_place_that_a_letter_comes_from_tells_for_whom_it_is(text, academies):
    assert place(text) == (academies, True)


@pytest.mark.parametrize(
    ("text", "academies"),
    [
        # Nothing says for whom.
        ("La lettre des ponts" + ITEM, ()),
        # A town tells where one meets.
        ("La lettre des ponts" + ITEM.replace("à 14 h", "à Pau"), ("bordeaux",)),
        # A contest of a place may be one of the whole country.
        (
            "Les ponts\nPérigueux, le 5 octobre 2026\n\nPrix « Dire »\nDossier : 4 mars",
            ("bordeaux",),
        ),
        # Towns far from each other are where people meet, or where the writers come from.
        ("Les ponts\nOn se voit à Brest, à Lyon et à Bordeaux." + ITEM, ()),
        ("Médiathèque de Calais\nUne association nationale nous aide." + ITEM, ()),
        # What is only called like a contest of the whole country.
        ("Jeunes reporters du port : mardi 17 novembre 2026 à 14 h.", ()),
        ("Olympiades des quartiers : mardi 17 novembre 2026 à 14 h.", ()),
        ("Atelier « Vers la Fête de la science » : mardi 17 novembre 2026 à 14 h.", ()),
        # « National » may speak of another thing.
        ("Les ponts" + ITEM.replace("14 h", "l'Assemblée nationale"), ()),
    ],
)
def test_weak_evidence_of_whom_a_date_is_for_is_in_doubt(text, academies):
    assert place(text) == (academies, False)


@pytest.mark.parametrize(
    "text",
    [
        f"Les ponts\nNos classes viennent de toutes les académies.{ITEM}",
        "Journée européenne des langues : mercredi 18 novembre 2026.",
    ],
)
def test_a_letter_for_the_whole_country_says_so(text):
    assert place(text) == ((), True)


def test_a_day_of_the_whole_country_is_national_whoever_tells_of_it():
    head = "Académie de Dijon – DANE\n\n"
    day = "Journée mondiale des sols : samedi 5 décembre 2026."
    assert place(head + day) == ((), True)
    assert place(f"{head}Fête de la science : du 2 au 12 novembre 2026.") == ((), True)


# -- titles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "LES WEBINAIRES\n\n- 18/11 : Tourner un film\n",
            "Webinaire « Tourner un film »",
        ),
        (
            "JOURNÉES PORTES OUVERTES\n\n- Lycée Ampère : samedi 21 novembre\n",
            "Portes ouvertes : Lycée Ampère",
        ),
        (
            "# Ponts\n\n## Formation\n\n« Lire haut » : 30 novembre 2026\n",
            "Formation « Lire haut »",
        ),
        (
            "Lycée - Concours des jeunes poètes • Nevers\nEnvoi jusqu'au 4 mars 2027.",
            "Concours des jeunes poètes",
        ),
        (
            "Prix « Encre »\n\nLa remise des prix, animée par un auteur, aura lieu le 4 mars 2027.",
            "Prix « Encre » : remise des prix",
        ),
        ("- Salon des arts, Limoges : vendredi 20 novembre 2026\n", "Salon des arts"),
        (
            "LE CONCOURS\nVoix hautes, le concours de lecture de l'académie, revient."
            " Les productions arrivent jusqu'au 4 mars 2027.",
            "Voix hautes",
        ),
        (
            "| Nom | Inscription | Finale |\n|---|---|---|\n| Zébulon (art) | libre | 7 avril |\n",
            "Zébulon : finale",
        ),
        (
            "| Module | Groupe | Dates |\n|---|---|---|\n| Lire au lycée | groupe 2 | 9 mars |\n",
            "Lire au lycée, groupe 2",
        ),
    ],
)
def test_a_title_is_one_that_an_editor_would_keep(text, expected):
    assert [item.title for item in items(text)] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A part of a contest carries the contest's name …
        (
            "Concours « Encre vive »\n\nLecture publique : mercredi 10 mars 2027, 14 h.\n",
            "Concours « Encre vive » : lecture publique",
        ),
        (
            "Prix « Encre vive »\n\nAuditions : mardi 2 mars 2027 à Saintes.\n",
            "Prix « Encre vive » : auditions",
        ),
        ("Chorale : répétition commune mardi 13 avril 2027.", "Chorale : répétition commune"),
        ("- 25 mars 2027 : jury du concours « Encre »\n", "Concours « Encre » : jury"),
        # … and a day with a name of its own is no part of what stands above it.
        (
            "Spectacle « Zéphyr »\n\nLa Nuit européenne des musées aura lieu le 22 mai 2027.\n",
            "Nuit européenne des musées",
        ),
        # The name ends where its sentence goes on.
        (
            "Le concours « Archives » entre dans sa dernière ligne droite\n\n"
            "Le jury se réunit le 3 avril 2027.\n",
            "Concours « Archives » : jury",
        ),
        ("=== Concours « Encre vive » ===\nEnvoi : 12 mars 2027\n", "Concours « Encre vive »"),
        ("Visite du chantier pour les classes de 2de : mardi 6 avril 2027.", "Visite du chantier"),
        (
            "- « Sel et vent », animation pour les 6e : vendredi 20 novembre 2026.\n",
            "« Sel et vent »",
        ),
        ("- Nos « cafés des outils » en ligne : vendredi 20 novembre.\n", "« cafés des outils »"),
        (
            "- « Zéphyr », de Jeanne Brou : vendredi 20 novembre 2026.\n",
            "« Zéphyr », de Jeanne Brou",
        ),
        ("- Jeux du vent, château de Foix : vendredi 20 novembre 2026.\n", "Jeux du vent"),
        ("20/11 [D] Course des marais, Niort, 14 h\n", "Course des marais"),
        # A part that says the name of its whole is called so alone.
        (
            "PRIX DES LECTEURS DU PORT\n\nLe jury du prix des lecteurs a lieu le 4 mars 2027.\n",
            "Jury du prix des lecteurs",
        ),
        # A column of sessions says when.
        (
            "| Spectacle | Séances scolaires |\n|---|---|\n| Le Vent dort | 4 mars 2027 |\n",
            "Le Vent dort",
        ),
        # A heading that says when, or whose house it is, names nothing.
        (
            "BIBLIOTHÈQUE DE GIVET\n\nENSUITE\n\nConcours « Encre »\n\nEnvoi : 4 mars 2027.\n",
            "Concours « Encre »",
        ),
        ("ÉTAMINE – écrire à plusieurs\n\nInscription : jusqu'au 20 mars 2027.\n", "ÉTAMINE"),
    ],
)
def test_a_title_names_the_thing_and_its_step(text, expected):
    assert [item.title for item in items(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        # An office, how one reaches it, and what people do are no names.
        "Inspection « Vie scolaire »\n\nLe jury se réunit le jeudi 18 mars 2027.\n",
        "CIO – 05 59 00 00 00 – accueil\n\nPhase principale : 2 juin 2027.\n",
        "Les classes enquêtent sur un soldat\n\nLe jury se réunit le mardi 4 mai 2027.\n",
        # What is only described, or takes place at the same time.
        "Rendez-vous mercredi 27 janvier 2027 pour une journée d'ateliers et de jeux.",
        "On élit du 12 au 16 avril 2027, pendant la semaine de la démocratie.",
        # A line that is only a line: whom it is for, a way out, the start of a name.
        "- 17 novembre 2026 — collèges du Sud",
        "- Mardi 17 novembre 2026, 14 h – 15 h : mot de passe donné sur place",
        "Les Rencontres du jardin à la plage ont lieu les 20 et 21 avril 2027.",
        # What is said of a thing is no part of its name.
        "Autour du prix « Encre vive »\n\nOn se retrouve le mardi 17 novembre 2026.\n",
        # A later sentence of a paragraph may tell of another thing.
        "Semaine créole : on chante en classe. Mais le bal sera le mardi 17 novembre 2026.",
        # A common noun under a heading that may be its name.
        "Lire et faire lire\n\nJournée départementale des bénévoles : mardi 1er décembre 2026.\n",
    ],
)
def test_what_is_no_name_is_a_title_in_doubt(text):
    [item] = items(text)
    assert item.doubts is not None
    assert item.doubts.title < DOUBT


@pytest.mark.parametrize(
    "text",
    [
        "Prix « Encre vive »\n\nVote des classes du 3 au 21 mai 2027.\n",
        "Prix « Encre vive »\n\nQualifications en ligne : 11-22 janvier 2027.\n",
        "| Concours | Inscription | Rendu / épreuve |\n|---|---|---|\n"
        "| Prix « Encre » | libre | 11/03/2027 |\n",
    ],
)
def test_days_that_may_be_an_event_or_a_time_to_take_part_are_in_doubt(text):
    [item] = items(text)
    assert item.doubts is not None
    assert item.doubts.kind < DOUBT


def test_a_cell_is_read_by_its_own_column():
    text = (
        "| Concours | Inscription | Résultats |\n|---|---|---|\n"
        "| Les Plumes | jusqu'au 16/10/2026 | 26/03/2027 |\n"
    )
    assert [(item.kind.value, item.title) for item in items(text)] == [
        ("deadline", "Les Plumes"),
        ("event", "Les Plumes : résultats"),
    ]


def test_a_question_is_no_title():
    text = "Olympiades du vent\n\nQuand saura-t-on qui gagne ?\nLe 26 février 2027.\n"
    assert [item.title for item in items(text)] == ["Olympiades du vent"]


@pytest.mark.parametrize("title", ["Prix de la classe", "Fête du prix", "Vos idées – 12 mai 2026"])
def test_what_names_no_thing_of_its_own_is_a_title_in_doubt(title):
    [item] = items(f"{title}\n\nOn vote du 17 au 20 novembre 2026.\n")
    assert item.doubts is not None
    assert item.doubts.title < DOUBT


def test_a_day_alone_is_an_event_in_doubt():
    bare, met = (items(f"Concours « Ponts »\n- {day} : vidéos\n")[0] for day in DAYS)
    assert bare.doubts is not None
    assert met.doubts is not None
    assert bare.doubts.kind < DOUBT <= met.doubts.kind


DAYS = ("11 novembre 2026", "mercredi 11 novembre 2026")


@pytest.mark.parametrize(
    ("heading", "sentence"),
    [
        ("Camp@Num", "La rencontre nationale a lieu"),
        ("Fête des lanternes", "La fête nationale des lanternes aura lieu"),
    ],
)
def test_a_sentence_that_says_the_sort_of_what_its_heading_names_gives_no_title(heading, sentence):
    text = f"# La lettre\n\n## {heading}\n\n{sentence} le mardi 18 mai 2027.\n"
    [item] = items(text)
    assert item.title == heading


def test_a_day_behind_a_number_that_was_not_read_is_in_doubt():
    alone, behind = (items(f"Semaine du sel : {day} avril 2027\n")[0] for day in ("7", "3 ~ 7"))
    assert alone.doubts is not None
    assert behind.doubts is not None
    assert behind.doubts.day < DOUBT <= alone.doubts.day


def test_a_cell_that_goes_on_below_its_row_is_a_title_in_doubt():
    rows = (
        "NOVEMBRE 2026\n"
        "  me 18     Journée nationale du jardin    tous      Auch\n"
        "              potager\n"
        "  me 25     Journée nationale du goût      tous      Auch\n"
    )
    cut, whole = (item.doubts for item in items(rows))
    assert cut is not None
    assert whole is not None
    assert cut.title < DOUBT <= whole.title
