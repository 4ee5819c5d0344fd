"""The events of the letter ÉduNum 1er degré n° 23 in ``data/events.yaml``."""

from __future__ import annotations

from datetime import date

from calendar_app.words.vocabulary import EventType, MilestoneKind
from tests.catalogue.test_events_file import DATA, THEMES, read

FILE = read((DATA / "events.yaml").read_bytes())
EVENTS = {event.id.removesuffix("-2020-2021"): event for event in FILE.events}


def test_the_four_dated_items_and_their_days():
    assert {
        name: [(m.key, *m.days) for m in event.milestones]
        for name, event in EVENTS.items()
        if event.milestones
    } == {
        "camp-num": [("session", date(2021, 5, 17), date(2021, 5, 19))],
        "fete-de-l-apprendre": [("session", date(2021, 1, 20), date(2021, 1, 24))],
        "ma-classe-a-du-talent": [("deadline", date(2021, 2, 11), date(2021, 2, 11))],
        "roboteam": [
            ("opening", date(2020, 10, 12), date(2020, 10, 12)),
            ("deadline", date(2021, 4, 30), date(2021, 4, 30)),
        ],
    }


def test_the_projects_of_the_year_have_no_day():
    assert [name for name, event in EVENTS.items() if event.type is EventType.YEAR_PROJECT] == [
        "camp-code",
        "conte-en-ligne",
        "emi-lit",
        "en-sortant-de-l-ecole",
        "geodeclic",
        "geometice",
        "vrai-ou-faux-prouve-le",
    ]
    assert {event.school_year for event in FILE.events} == {"2020-2021"}
    assert len(EVENTS) == 11


def test_whom_each_is_for():
    auvergne = ("departement/15", "departement/43", "departement/63")
    assert {name: event.scope_codes() for name, event in EVENTS.items()} == {
        "camp-code": auvergne,
        "camp-num": auvergne,
        "conte-en-ligne": ("academie/lille",),
        "emi-lit": ("academie/grenoble",),
        "en-sortant-de-l-ecole": ("departement/38",),
        "fete-de-l-apprendre": ("academie/lille",),
        "geodeclic": ("departement/74",),
        "geometice": ("departement/38",),
        "ma-classe-a-du-talent": ("national",),
        "roboteam": ("academie/montpellier",),
        "vrai-ou-faux-prouve-le": ("academie/nancy-metz",),
    }


def test_the_classes_that_the_letter_says_and_none_that_it_does_not():
    assert {name: event.classes for name, event in EVENTS.items() if event.classes} == {
        "camp-code": ("cycle-3",),
        "geometice": ("cycle-2",),
        "roboteam": ("premier-degre", "second-degre"),
        "vrai-ou-faux-prouve-le": ("ce2", "cm1", "cm2"),
    }


def test_what_the_letter_tells_of_taking_part_is_only_the_places_of_camp_code():
    told = {
        name: event.participation.model_dump(exclude_defaults=True)
        for name, event in EVENTS.items()
    }
    assert {name: part for name, part in told.items() if part} == {
        "camp-code": {"places": "6 classes"}
    }


def test_the_official_links_of_the_letter():
    isere = "https://numerisere.web.ac-grenoble.fr/article/projets-numeriques-2020-2021"
    nancy = "https://www4.ac-nancy-metz.fr/prouve-le/2020/11/18/prouve-le-pour-les-erun-fun/"
    bethune = "http://projetsnumeriques-bbb.etab.ac-lille.fr/projet-contes/presentation-du-projet/"
    assert {name: event.link for name, event in EVENTS.items()} == {
        "camp-code": None,
        "camp-num": None,
        "conte-en-ligne": bethune,
        "emi-lit": "http://www.ac-grenoble.fr/webeleves/spip.php?rubrique171",
        "en-sortant-de-l-ecole": isere,
        "fete-de-l-apprendre": "https://ota62.site.ac-lille.fr/",
        "geodeclic": "http://www.ac-grenoble.fr/ien.st-gervais/spip.php?article2260",
        "geometice": isere,
        "ma-classe-a-du-talent": "https://maclasseadutalent.fr/concours_annonce.html",
        "roboteam": "https://cloud-montpellier.beta.education.fr/s/3fJDfw3kJcAEqKX#pdfviewer",
        "vrai-ou-faux-prouve-le": nancy,
    }


def test_one_event_in_full():
    camp = EVENTS["camp-num"]
    assert (camp.title, camp.type, camp.place, camp.organiser) == (
        "Camp@Num, 2e édition",
        EventType.MEETING,
        "Brassac-les-Mines (Puy-de-Dôme)",
        "Ateliers Canopé du Cantal, de la Haute-Loire et du Puy-de-Dôme",
    )
    assert [m.kind for m in camp.milestones] == [MilestoneKind.SESSION]


def test_camp_code_is_part_of_camp_num_and_nothing_else_is_part_of_anything():
    assert {name: event.part_of for name, event in EVENTS.items() if event.part_of} == {
        "camp-code": "camp-num-2020-2021"
    }


def test_each_names_its_source_and_its_themes_in_plain_apostrophes():
    letter = "Lettre ÉduNum 1er degré n° 23 (Direction du numérique pour l'éducation)"
    for event in FILE.events:
        assert event.source.name == letter
        assert event.themes
        assert set(event.themes) <= set(THEMES)
        assert "’" not in event.model_dump_json()
    assert set(FILE.series) == {event.series for event in FILE.events}
