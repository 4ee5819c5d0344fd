"""Reading ``data/events.yaml``: which files are refused, and with which messages."""

from __future__ import annotations

import textwrap
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.catalogue.entries import MilestoneEntry, MovedFromEntry
from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.files.events_file import EventsFileError, json_schema, read_events
from calendar_app.catalogue.files.problems import Problem
from calendar_app.config.settings import data_folder
from tests.shipped import ACADEMIES, THEMES
from tests.tools import scaled

DATA = data_folder()

#: A valid file; each test changes a part of it. Line numbers in messages count from 1.
RIGHT = """\
series:
  roboteam: Concours RoboTeam
events:
  - id: roboteam-2020-2021
    series: roboteam
    title: Concours RoboTeam
    school_year: 2020-2021
    type: concours
    audience: [eleves]
    classes: [cycle-3]
    themes: [robotique]
    scope: {academies: [montpellier]}
    organiser: Dane de Montpellier
    summary: Des robots sur Mars.
    source: {name: Une lettre}
    milestones:
      - kind: opening
        day: 2020-10-12
      - kind: deadline
        day: 2021-04-30
"""


def read(text: str | bytes, **more) -> EventsFile:
    data = text.encode() if isinstance(text, str) else text
    return read_events(data, "e.yaml", ACADEMIES, THEMES, **more)


def problems(text: str | bytes, **more) -> list[str]:
    with pytest.raises(EventsFileError) as refused:
        read(text, **more)
    return [str(problem) for problem in refused.value.problems]


def changed(old: str, new: str) -> str:
    assert RIGHT.count(old) == 1, old
    return RIGHT.replace(old, new)


def with_lines(*lines: str) -> str:
    """Return the valid file with more keys of its event, from line 21."""
    return RIGHT + "".join(f"    {line}\n" for line in lines)


def with_milestone(*lines: str) -> str:
    """Return the valid file with one more milestone, from line 21."""
    return RIGHT + f"      - {lines[0]}\n" + "".join(f"        {line}\n" for line in lines[1:])


def test_the_right_file_is_right():
    assert [event.id for event in read(RIGHT).events] == ["roboteam-2020-2021"]


def test_a_problem_names_the_file_the_line_and_the_key():
    assert problems(changed("day: 2020-10-12", "day: 12/10/2020")) == [
        "e.yaml, ligne 18, clé « events.0.milestones.0.day » : « 12/10/2020 » : écrivez 2020-10-12"
    ]


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        # keys
        (
            changed("    title: Concours RoboTeam\n", ""),
            4,
            "events.0.title",
            "cette clé est obligatoire, et elle manque",
        ),
        (
            changed("title: Concours RoboTeam", "title:"),
            6,
            "events.0.title",
            "cette clé est obligatoire, et elle manque",
        ),
        (
            with_lines("lien: https://a.fr"),
            21,
            "events.0.lien",
            "la clé « lien » est inconnue ; vouliez-vous dire « link » ?",
        ),
        (
            changed("{name: Une lettre}", "{name: Une lettre, page: 3}"),
            15,
            "events.0.source.page",
            "la clé « page » est inconnue ; les clés sont : name, link",
        ),
        (
            changed("source: {name: Une lettre}", "source: Une lettre"),
            15,
            "events.0.source",
            "il faut ici des clés avec leurs valeurs",
        ),
        # texts
        (
            changed("title: Concours RoboTeam", 'title: ""'),
            6,
            "events.0.title",
            "ce texte est vide",
        ),
        (
            changed("title: Concours RoboTeam", f"title: {'a' * 161}"),
            6,
            "events.0.title",
            "ce texte est trop long : 160 caractères au plus",
        ),
        (
            changed("summary: Des robots sur Mars.", f"summary: {'a' * 4001}"),
            14,
            "events.0.summary",
            "ce texte est trop long : 4000 caractères au plus",
        ),
        (
            changed("organiser: Dane de Montpellier", "organiser: [Dane]"),
            13,
            "events.0.organiser",
            "il faut ici un texte",
        ),
        (
            changed("title: Concours RoboTeam", r'title: "\ud800"'),
            6,
            "events.0.title",
            r"la moitié d'un caractère (\ud800 à \udfff)",
        ),
        # lists
        (
            changed("[eleves]", "eleves"),
            9,
            "events.0.audience",
            "il faut ici une liste, par exemple [eleves]",
        ),
        (changed("[eleves]", "[]"), 9, "events.0.audience", "il faut au moins une valeur"),
        # closed lists
        (
            changed("type: concours", "type: concour"),
            8,
            "events.0.type",
            "la valeur « concour » n'existe pas ; vouliez-vous dire « concours » ?",
        ),
        (
            changed("[eleves]", "[tous]"),
            9,
            "events.0.audience.0",
            "la valeur « tous » n'existe pas ; choisissez parmi : eleves, enseignants",
        ),
        (
            changed("[cycle-3]", "[cycle-3, cm3]"),
            10,
            "events.0.classes.1",
            "la classe ou le cycle « cm3 » n'existe pas ; vouliez-vous dire « cm2 » ?",
        ),
        (
            changed("[robotique]", "[robotic]"),
            11,
            "events.0.themes.0",
            "le thème « robotic » n'existe pas ; vouliez-vous dire « robotique » ?",
        ),
        (
            changed("series: roboteam", "series: robotem"),
            5,
            "events.0.series",
            "la série « robotem » n'existe pas ; vouliez-vous dire « roboteam » ?",
        ),
        # scope
        (
            changed("[montpellier]", "[montpelier]"),
            12,
            "events.0.scope.academies.0",
            "l'académie « montpelier » n'existe pas ; vouliez-vous dire « montpellier » ?",
        ),
        (
            changed("[montpellier]", "[lille, caen]"),
            12,
            "events.0.scope.academies.1",
            "pour l'académie « caen », écrivez « normandie »",
        ),
        (
            changed("[montpellier]", "[Hérault]"),
            12,
            "events.0.scope.academies.0",
            "« Hérault » n'est pas une académie : écrivez « montpellier »",
        ),
        (
            changed("{academies: [montpellier]}", "{departments: [1]}"),
            12,
            "events.0.scope.departments.0",
            "pour le département « 1 », écrivez « 01 »",
        ),
        (
            changed("{academies: [montpellier]}", '{departments: ["34", "99"]}'),
            12,
            "events.0.scope.departments.1",
            "le département « 99 » n'existe pas",
        ),
        (
            changed("{academies: [montpellier]}", "{regions: [occitane]}"),
            12,
            "events.0.scope.regions.0",
            "la région académique « occitane » n'existe pas ; vouliez-vous dire « occitanie » ?",
        ),
        (
            changed("{academies: [montpellier]}", "tous"),
            12,
            "events.0.scope",
            "écrivez national, ou par exemple {academies: [lille]}, "
            'avec les clés regions, academies ou departments: ["63"]',
        ),
        (
            changed("{academies: [montpellier]}", "{academies: []}"),
            12,
            "events.0.scope",
            "il faut au moins une région, une académie ou un département",
        ),
        # identity
        (
            changed("id: roboteam-2020-2021", "id: roboteam-2021"),
            4,
            "events.0.id",
            "l'identifiant est « roboteam-2020-2021 »",
        ),
        (
            changed("school_year: 2020-2021", "school_year: 2020-2022"),
            7,
            "events.0.school_year",
            "« 2020-2022 » n'est pas une année scolaire : écrivez par exemple 2020-2021",
        ),
        (
            changed(
                "  roboteam: Concours RoboTeam", "  roboteam: Concours RoboTeam\n  Camp@Num: x"
            ),
            3,
            "series.Camp@Num",
            "« Camp@Num » : écrivez des lettres sans accent, des chiffres et des traits d'union",
        ),
        (
            with_lines("part_of: robotem-2020-2021"),
            21,
            "events.0.part_of",
            "l'événement « robotem-2020-2021 » n'existe pas ; "
            "vouliez-vous dire « roboteam-2020-2021 » ?",
        ),
        (
            with_lines("part_of: roboteam-2020-2021"),
            21,
            "events.0.part_of",
            "un événement ne fait pas partie de lui-même",
        ),
        # links
        *(
            (
                with_lines(f"link: {link}"),
                21,
                "events.0.link",
                f"« {link} » n'est pas une adresse qui commence par http:// ou https://",
            )
            for link in (
                "javascript:alert(1)",
                "ftp://example.org/",
                "www.example.org",
                "https://",
                "https://exa mple.org/",
                "https://example.org:port/",
                "https://[::1/",
            )
        ),
        # taking part
        (
            with_lines("participation:", "  ien_visa: oui"),
            22,
            "events.0.participation.ien_visa",
            "« oui » : écrivez true (oui) ou false (non)",
        ),
        (
            with_lines("participation:", "  registrants: [professeur]"),
            22,
            "events.0.participation.registrants.0",
            "la valeur « professeur » n'existe pas ; "
            "choisissez parmi : enseignant, directeur, chef-d-etablissement",
        ),
        # days
        (
            changed("day: 2021-04-30", "day: 30 avril 2021"),
            20,
            "events.0.milestones.1.day",
            "« 30 avril 2021 » n'est pas un jour : écrivez par exemple 2021-02-11",
        ),
        (
            changed("day: 2021-04-30", "day: 2021-4-3"),
            20,
            "events.0.milestones.1.day",
            "« 2021-4-3 » : écrivez 2021-04-03",
        ),
        (
            changed("day: 2021-04-30", "day: 2021-04-31"),
            20,
            "events.0.milestones.1.day",
            "le jour « 2021-04-31 » n'existe pas",
        ),
        (
            changed("day: 2021-04-30", "day: 1619740800"),
            20,
            "events.0.milestones.1.day",
            "« 1619740800 » n'est pas un jour : écrivez par exemple 2021-02-11",
        ),
        (
            changed("day: 2020-10-12", "day: 2002-10-12"),
            18,
            "events.0.milestones.0.day",
            "le 2002-10-12 est trop loin de l'année scolaire 2020-2021",
        ),
        (
            with_milestone("kind: session", "first_day: 2021-01-24", "last_day: 2021-01-20"),
            23,
            "events.0.milestones.2.last_day",
            "le dernier jour (2021-01-20) vient avant le premier (2021-01-24)",
        ),
        (
            with_milestone("kind: session", "first_day: 2021-01-24"),
            21,
            "events.0.milestones.2",
            "il manque le jour : écrivez day, ou bien first_day et last_day",
        ),
        (
            with_milestone("kind: session", "day: 2021-01-24", "last_day: 2021-01-25"),
            23,
            "events.0.milestones.2.last_day",
            "écrivez day, ou bien first_day et last_day, mais pas les deux",
        ),
        # hours
        (
            with_milestone("kind: session", "day: 2021-01-24", "start_time: 9 h 30"),
            23,
            "events.0.milestones.2.start_time",
            "« 9 h 30 » : écrivez 09:30",
        ),
        (
            with_milestone("kind: session", "day: 2021-01-24", "start_time: 24:00"),
            23,
            "events.0.milestones.2.start_time",
            "« 24:00 » n'est pas une heure : écrivez par exemple 09:00",
        ),
        (
            with_milestone(
                "kind: session", "day: 2021-01-24", "start_time: 14:00", "end_time: 12:00"
            ),
            24,
            "events.0.milestones.2.end_time",
            "la fin (12:00) vient avant le début (14:00)",
        ),
        (
            with_milestone("kind: submission_deadline", "day: 2021-01-24", "start_time: 12:00"),
            23,
            "events.0.milestones.2.start_time",
            "l'heure d'une date limite s'écrit avec end_time",
        ),
        (
            with_milestone("kind: results", "day: 2021-06-24", "end_time: 12:00"),
            23,
            "events.0.milestones.2.end_time",
            "une ouverture ou des résultats n'ont que start_time",
        ),
        (
            with_milestone("kind: session", "day: 2021-01-24", "time_zone: Indian/Réunion"),
            23,
            "events.0.milestones.2.time_zone",
            "le fuseau horaire « Indian/Réunion » n'existe pas ; "
            "vouliez-vous dire « Indian/Reunion » ?",
        ),
        # order
        (
            changed("day: 2021-04-30", "day: 2020-10-11"),
            19,
            "events.0.milestones.1",
            "la date limite (2020-10-11) vient avant l'ouverture (2020-10-12)",
        ),
        (
            with_milestone("kind: deadline", "day: 2021-05-30"),
            21,
            "events.0.milestones.2",
            "deux dates ont la même clé « deadline », lignes 19 et 21 : "
            "donnez à l'une une autre « key »",
        ),
        # approximate dates
        (
            with_milestone(
                "kind: results",
                "first_day: 2021-06-10",
                "last_day: 2021-06-20",
                "certainty: approximate",
            ),
            21,
            "events.0.milestones.2",
            "une date approximate se dit : ajoutez par exemple phrase: mi-juin",
        ),
        (
            with_milestone(
                "kind: results", "day: 2021-06-10", "certainty: approximate", "phrase: mi-juin"
            ),
            24,
            "events.0.milestones.2.phrase",
            "une date approximate n'a pas de jour : bornez-la, first_day et last_day",
        ),
        (
            with_milestone("kind: results", "day: 2021-06-10", "phrase: mi-juin"),
            23,
            "events.0.milestones.2.phrase",
            "phrase ne va qu'avec certainty: approximate",
        ),
        # a narrower scope
        (
            with_milestone("kind: session", "day: 2021-06-10", "scope: national"),
            23,
            "events.0.milestones.2.scope",
            "plus large que l'événement, ou ailleurs que lui",
        ),
        (
            with_milestone("kind: session", "day: 2021-06-10", 'scope: {departments: ["63"]}'),
            23,
            "events.0.milestones.2.scope",
            "plus large que l'événement, ou ailleurs que lui",
        ),
        # a moved date
        (
            with_milestone(
                "kind: session",
                "day: 2021-06-10",
                "moved_from: {first_day: 2021-06-10, last_day: 2021-06-10}",
            ),
            23,
            "events.0.milestones.2.moved_from",
            "la date n'a pas changé : retirez moved_from, ou corrigez l'une des deux",
        ),
        # the record of an export
        (
            with_lines("record: {revision: 1.5, changed_at: 2021-01-05T10:00:00Z}"),
            21,
            "events.0.record.revision",
            "« 1.5 » n'est pas un nombre entier",
        ),
        (
            with_lines("record: {revision: 0, changed_at: 2021-01-05T10:00:00Z}"),
            21,
            "events.0.record.revision",
            "il faut au moins 1",
        ),
        (
            with_lines("record: {revision: 1, changed_at: 2021-01-05T10:00:00}"),
            21,
            "events.0.record.changed_at",
            "« 2021-01-05T10:00:00 » : écrivez par exemple 2021-01-05T10:00:00+00:00",
        ),
        # YAML
        (
            with_lines("title: Deux fois"),
            21,
            "events.0.title",
            "la clé « title » est écrite deux fois, lignes 6 et 21",
        ),
        (
            changed("title: Concours RoboTeam", "title: &titre Concours RoboTeam"),
            6,
            "events.0.title",
            "l'ancre « &titre » n'est pas acceptée : retirez-la",
        ),
        (
            changed("organiser: Dane de Montpellier", "organiser: *titre"),
            13,
            "events.0.organiser",
            "l'alias « *titre » n'est pas accepté : répétez la valeur",
        ),
        (
            changed("title: Concours RoboTeam", "title: !!python/name:os.system Concours"),
            6,
            "events.0.title",
            "l'étiquette de type « !!python/name:os.system » n'est pas acceptée : retirez-la",
        ),
        (
            with_lines("<<: {place: Ici}"),
            21,
            "events.0.<<",
            "« << » n'est pas accepté : répétez les clés",
        ),
    ],
)
def test_each_refusal_stands_alone_with_its_line_and_key(text, line, key, message):
    assert problems(text) == [f"e.yaml, ligne {line}, clé « {key} » : {message}"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "il faut ici des clés avec leurs valeurs"),
        ("- a", 1, "il faut ici des clés avec leurs valeurs"),
        (
            RIGHT + "\tplace: Ici\n",
            21,
            "une tabulation : mettez des espaces à la place",
        ),
        (
            changed("title: Concours RoboTeam", "title: Concours : RoboTeam"),
            6,
            "un « : » de trop, ou un retrait qui ne s'aligne pas ; "
            'un texte qui contient « : » se met entre guillemets droits ("…")',
        ),
        (
            changed("[eleves]", "[eleves"),
            9,
            "il manque une virgule, ou le crochet ou l'accolade qui ferme",
        ),
        (
            changed("title: Concours RoboTeam", 'title: "Concours RoboTeam'),
            6,
            "des guillemets droits ouverts ici ne sont pas fermés",
        ),
        (
            changed("title: Concours RoboTeam", "title: @Concours"),
            6,
            "un texte qui commence ainsi se met entre guillemets droits",
        ),
        (
            changed("title: Concours RoboTeam", r'title: "C:\Users"'),
            6,
            "dans un texte entre guillemets droits, « \\ » s'écrit « \\\\ »",
        ),
        (RIGHT + "---\na: b\n", 21, "un seul document par fichier : retirez la ligne « --- »"),
        ("? [a]\n: b\n", 1, "une clé est un mot : ni liste, ni clés, ni alias"),
        ("a: b\n? *x\n: c\n", 2, "une clé est un mot : ni liste, ni clés, ni alias"),
        (
            changed("RoboTeam\nevents", "Robo\x00Team\nevents"),
            2,
            "le caractère invisible U+0000 n'est pas accepté : effacez-le",
        ),
        (
            changed("Mars.", "Mars\u2028."),
            14,
            "le caractère invisible U+2028 n'est pas accepté : effacez-le",
        ),
        (
            RIGHT.encode() + "    place: Orléans\n".encode("latin-1"),
            21,
            "ce n'est pas de l'UTF-8 : enregistrez le fichier en UTF-8",
        ),
        ('"\\U00110000": a', 1, "cette ligne ne se lit pas comme du YAML"),
    ],
)
def test_what_is_not_readable_yaml_is_said_with_its_line(text, line, message):
    assert problems(text) == [f"e.yaml, ligne {line} : {message}"]


def test_all_problems_are_said_at_once_in_the_order_of_the_file():
    text = textwrap.dedent(
        """\
        series: {roboteam: RoboTeam}
        events:
          - id: roboteam-2020-2022
            series: roboteam
            school_year: 2020-2021
            type: concours
            type: concours
            audience: [eleve]
            themes: [robotic, musique]
            scope: {academies: [lile]}
            organiser: &a Dane
            link: ftp://a.fr
            summary: Un texte.
            source: {name: Une lettre}
            milestones:
              - kind: deadline
                day: 2021-02-30
              - kind: opening
                day: 2021-03-01
              - kind: deadline
                first_day: 2021-02-11
                last_day: 2021-02-11
              - kind: session
                first_day: 2021-02-11
                last_day: 2021-02-10
                place: *a
          - id: roboteam-2020-2022
            milestones: 2021-02-11
        """
    )
    missing = (
        "audience",
        "organiser",
        "school_year",
        "scope",
        "series",
        "source",
        "summary",
        "title",
        "type",
    )
    assert problems(text) == [
        f"e.yaml, ligne {line}, clé « events.{key} » : {message}"
        for line, key, message in (
            (3, "0.id", "l'identifiant est « roboteam-2020-2021 »"),
            (3, "0.title", "cette clé est obligatoire, et elle manque"),
            (7, "0.type", "la clé « type » est écrite deux fois, lignes 6 et 7"),
            (
                8,
                "0.audience.0",
                "la valeur « eleve » n'existe pas ; vouliez-vous dire « eleves » ?",
            ),
            (
                9,
                "0.themes.0",
                "le thème « robotic » n'existe pas ; vouliez-vous dire « robotique » ?",
            ),
            (
                10,
                "0.scope.academies.0",
                "l'académie « lile » n'existe pas ; vouliez-vous dire « lille » ?",
            ),
            (11, "0.organiser", "l'ancre « &a » n'est pas acceptée : retirez-la"),
            (
                12,
                "0.link",
                "« ftp://a.fr » n'est pas une adresse qui commence par http:// ou https://",
            ),
            (17, "0.milestones.0.day", "le jour « 2021-02-30 » n'existe pas"),
            (
                20,
                "0.milestones.2",
                "deux dates ont la même clé « deadline », lignes 16 et 20 : "
                "donnez à l'une une autre « key »",
            ),
            (
                20,
                "0.milestones.2",
                "la date limite (2021-02-11) vient avant l'ouverture (2021-03-01)",
            ),
            (
                25,
                "0.milestones.3.last_day",
                "le dernier jour (2021-02-10) vient avant le premier (2021-02-11)",
            ),
            (26, "0.milestones.3.place", "l'alias « *a » n'est pas accepté : répétez la valeur"),
            *((27, f"1.{key}", "cette clé est obligatoire, et elle manque") for key in missing[:1]),
            (
                27,
                "1.id",
                "l'identifiant « roboteam-2020-2022 » est pris deux fois, lignes 3 et 27",
            ),
            *((27, f"1.{key}", "cette clé est obligatoire, et elle manque") for key in missing[1:]),
            (28, "1.milestones", "il faut ici une liste, par exemple [2021-02-11]"),
        )
    ]


def test_all_keys_written_twice_are_named_with_both_lines():
    text = with_lines("title: Encore", "themes: [x]", "title: Toujours")
    assert problems(text) == [
        "e.yaml, ligne 21, clé « events.0.title » : "
        "la clé « title » est écrite deux fois, lignes 6 et 21",
        "e.yaml, ligne 22, clé « events.0.themes » : "
        "la clé « themes » est écrite deux fois, lignes 11 et 22",
        "e.yaml, ligne 23, clé « events.0.title » : "
        "la clé « title » est écrite deux fois, lignes 6 et 23",
    ]


def test_events_that_are_part_of_each_other_in_a_circle_are_refused():
    def event(series: str, part_of: str) -> str:
        copy = RIGHT.partition("events:\n")[2].replace("roboteam", series)
        return copy + f"    part_of: {part_of}-2020-2021\n"

    text = "series: {a: A, b: B, c: C}\nevents:\n" + event("a", "b") + event("b", "a")
    assert problems(text + event("c", "a")) == [
        "e.yaml, ligne 20, clé « events.0.part_of » : "
        "ces événements tournent en rond : b-2020-2021 → a-2020-2021",
        "e.yaml, ligne 38, clé « events.1.part_of » : "
        "ces événements tournent en rond : a-2020-2021 → b-2020-2021",
    ]


def test_an_event_may_be_part_of_one_that_only_the_store_knows():
    text = with_lines("part_of: camp-num-2020-2021")
    assert read(text, known_ids=["camp-num-2020-2021"]).events[0].part_of == "camp-num-2020-2021"


def test_a_deadline_before_the_opening_of_other_people_is_right():
    text = changed("{academies: [montpellier]}", "national") + textwrap.indent(
        textwrap.dedent(
            """\
            - {kind: opening, key: o-63, day: 2021-03-01, scope: {departments: ["63"]}}
            - {kind: deadline, key: d-15, day: 2021-02-01, scope: {departments: ["15"]}}
            """
        ),
        "      ",
    )
    assert len(read(text).events[0].milestones) == 4
    assert problems(text.replace('"15"', '"63"')) == [
        "e.yaml, ligne 22, clé « events.0.milestones.3 » : "
        "la date limite (2021-02-01) vient avant l'ouverture (2021-03-01)"
    ]


def test_a_deadline_of_some_is_not_before_the_opening_for_all():
    text = with_milestone("kind: deadline", "key: d-34", "day: 2020-10-11", "scope: {S}")
    assert problems(text.replace("{S}", '{departments: ["34"]}')) == [
        "e.yaml, ligne 21, clé « events.0.milestones.2 » : "
        "la date limite (2020-10-11) vient avant l'ouverture (2020-10-12)"
    ]


def test_a_deadline_may_fall_on_the_day_of_the_opening_and_before_a_second_one():
    text = changed("day: 2021-04-30", "day: 2020-10-12")
    text += "      - {kind: opening, key: votes, day: 2021-05-10}\n"
    assert [m.key for m in read(text).events[0].milestones] == ["opening", "deadline", "votes"]


@pytest.mark.parametrize("day", ["2020-01-01", "2021-12-31"])
def test_a_day_may_stand_anywhere_in_the_two_years_of_its_school_year(day):
    assert len(read(with_milestone("kind: session", f"day: {day}")).events[0].milestones) == 3


@pytest.mark.parametrize("day", ["2019-12-31", "2022-01-01"])
def test_a_day_outside_the_two_years_of_its_school_year_is_a_typing_mistake(day):
    message = f"le {day} est trop loin de l'année scolaire 2020-2021"
    assert problems(with_milestone("kind: session", f"day: {day}")) == [
        f"e.yaml, ligne 22, clé « events.0.milestones.2.day » : {message}"
    ]
    moved = f"moved_from: {{first_day: {day}, last_day: {day}}}"
    assert problems(with_milestone("kind: session", "day: 2021-06-10", moved)) == [
        f"e.yaml, ligne 23, clé « events.0.milestones.2.moved_from.{key} » : {message}"
        for key in ("first_day", "last_day")
    ]


def test_a_date_that_was_only_made_longer_was_moved():
    moved = "moved_from: {first_day: 2021-06-10, last_day: 2021-06-10}"
    text = with_milestone("kind: session", "first_day: 2021-06-10", "last_day: 2021-06-11", moved)
    found = read(text).events[0].milestones[2].moved_from
    assert found == MovedFromEntry(first_day=date(2021, 6, 10), last_day=date(2021, 6, 10))


def test_a_scope_that_does_not_exist_is_said_once_and_not_called_too_wide():
    text = changed("[montpellier]", "[montpelier]")
    text += '      - {kind: session, day: 2021-06-10, scope: {departments: ["34"]}}\n'
    assert problems(text) == [
        "e.yaml, ligne 12, clé « events.0.scope.academies.0 » : "
        "l'académie « montpelier » n'existe pas ; vouliez-vous dire « montpellier » ?"
    ]


def test_an_instant_is_kept_in_utc():
    record = "record: {revision: 2, changed_at: 2021-01-05T10:00:00+01:00}"
    found = read(with_lines(record)).events[0].record
    assert found
    assert found.changed_at.isoformat() == "2021-01-05T09:00:00+00:00"


def test_an_hour_that_the_file_could_not_write_is_refused_when_an_entry_is_made():
    with pytest.raises(ValueError, match="une heure est faite d'heures et de minutes"):
        MilestoneEntry(kind="session", day=date(2021, 6, 10), start_time=time(9, 0, 1))


def test_the_scope_of_a_date_may_be_narrower_than_its_event():
    text = with_milestone("kind: session", "day: 2021-06-10", 'scope: {departments: ["34"]}')
    milestones = read(text).events[0].milestones
    assert [m.scope_codes() for m in milestones] == [(), (), ("departement/34",)]


def test_scope_codes_are_sorted_and_those_of_the_domain():
    scope = '{departments: ["63", "2A"], academies: [lille], regions: [hauts-de-france]}'
    text = changed("{academies: [montpellier]}", scope)
    assert read(text).events[0].scope_codes() == (
        "academie/lille",
        "departement/2A",
        "departement/63",
        "region/hauts-de-france",
    )


#: Nine levels of nine references: a reader that follows them gets 387 million texts.
ALIAS_BOMB = "a: &a [" + ",".join(["lol"] * 9) + "]\n"
for _name, _before in zip("bcdefghi", "abcdefgh", strict=True):
    ALIAS_BOMB += f"{_name}: &{_name} [" + ",".join([f"*{_before}"] * 9) + "]\n"


def test_a_bomb_of_aliases_is_refused_and_never_followed():
    assert len(ALIAS_BOMB) < 400
    found = problems(ALIAS_BOMB)
    assert sum("l'ancre" in line for line in found) == 9
    assert sum("l'alias" in line for line in found) == 72
    assert found[:2] == [
        "e.yaml, ligne 1, clé « a » : l'ancre « &a » n'est pas acceptée : retirez-la",
        "e.yaml, ligne 1, clé « a » : la clé « a » est inconnue ; les clés sont : series, rules, "
        "events",
    ]


@pytest.mark.long
@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_values_too_deep_are_refused_before_they_cost_anything(opening):
    key = ".".join(["a" if opening == "{a: " else "0"] * 20)
    assert problems(opening * 100_000) == [
        f"e.yaml, ligne 1, clé « {key} » : plus de 20 niveaux imbriqués"
    ]


@pytest.mark.long
def test_a_file_over_1_mib_is_refused_and_one_of_1_mib_is_read():
    at_the_limit = RIGHT + "#" * (1024 * 1024 - len(RIGHT.encode()))
    assert read(at_the_limit) == read(RIGHT)
    assert problems(at_the_limit + "#") == [
        "e.yaml, ligne 1 : le fichier dépasse 1 Mio : coupez-le en plusieurs"
    ]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing():
    assert read(b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode()) == read(RIGHT)


def test_reading_tells_how_far_it_is():
    told: list[tuple[int, int]] = []
    text = RIGHT + "# un commentaire\n" * 1000 + "    place: Ici\n"
    read(text, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert {total for _, total in told} == {len(text)}
    assert told[-1] == (len(text), len(text))


PIECES = st.sampled_from(
    [
        *RIGHT.splitlines(keepends=True),
        *("- ", "  ", "\n", ": ", "&a ", "*a", "!x ", "[", "]", "{", "}", '"', "'", "|", ">-", "?"),
        *("---\n", "...\n", "#", "%YAML 1.1\n", "~", "null", "<<", "\t", "\\", "\x00", "\ufeff"),
        *("national", "2021-02-30", "é", "😀", "milestones:", "scope: {}", "kind: deadline"),
    ]
)


@pytest.mark.long
@settings(max_examples=scaled(2000))
@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_whatever_is_written_gets_an_answer_in_lines_of_french(text):
    found: tuple[Problem, ...] = ()
    try:
        read(text)
    except EventsFileError as refused:
        found = refused.problems
    lines = [problem.line for problem in found]
    assert lines == sorted(lines)
    assert set(lines) <= set(range(1, text.count("\n") + text.count("\r") + 2))
    for problem in found:
        assert str(problem).encode().decode().splitlines() == [str(problem)]


def test_the_committed_json_schema_is_the_one_of_the_code():
    """To renew the file, run « calendar-app events schema data/events.schema.json »."""
    assert (DATA / "events.schema.json").read_text(encoding="utf-8") == json_schema()
