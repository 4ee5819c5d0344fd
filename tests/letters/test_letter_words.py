"""The words of a letter that give classes, themes, the type of an event and its organiser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.letters.reading.classes import classes
from calendar_app.letters.reading.subjects import event_type, organiser, themes
from calendar_app.letters.reading.theme_words import THEME_WORDS
from calendar_app.school.levels import CLASSES as LEVELS
from calendar_app.school.levels import collapse, expand
from calendar_app.words.vocabulary import EventType
from tests.shipped import THEMES

CLASSES = {
    "aux élèves du CE2 au CM2": "ce2 cm1 cm2",
    "du CM1 à la terminale": "cycle-3 cycle-4 2de 1re terminale",
    "ouvert du CP à la 6e": "cycle-2 cycle-3",
    "de la 4ème à la seconde": "4e 3e 2de",
    "de la sixième à la troisième": "cycle-4 6e",
    "Scratch : CM1>6e, 5e>3e, 2de>Tle": "cycle-3 cycle-4 2de 1re terminale",
    "CM1-CM2, CM1/CM2": "cm1 cm2",
    "6e-5e / 4e-3e / 2nd / 1ère-Term": "cycle-4 6e 2de 1re terminale",
    "un CM2 et deux classes de 4e": "cm2 4e",
    "pour le cycle 3": "cycle-3",
    "de cycles 2 et 3": "cycle-2 cycle-3",
    "cycles 1, 2, 3 et 4": "cycle-1 cycle-2 cycle-3 cycle-4",
    "les cycles 2 à 4": "cycle-2 cycle-3 cycle-4",
    "du cycle 2 au cycle 4": "cycle-2 cycle-3 cycle-4",
    "cycle terminal": "1re terminale",
    "PS-MS-GS": "ps ms gs",
    "les élèves de PS, de MS et de GS": "ps ms gs",
    "en petite, moyenne et grande section": "ps ms gs",
    "dès la grande section": "gs",
    "les enseignants du premier degré": "premier-degre",
    "établissements du 1er et du 2nd degré": "premier-degre second-degre",
    "1er degré": "premier-degre",
    "lettre 1D": "premier-degre",
    "1D/2D": "premier-degre second-degre",
    "premier et second degrés": "premier-degre second-degre",
    "une école maternelle": "cycle-1",
    "à l'école primaire": "premier-degre",
    "les écoles élémentaires": "cycle-2 cm1 cm2",
    "maternelle et élémentaire": "cycle-1 cycle-2 cm1 cm2",
    "ouvert aux écoles": "premier-degre",
    "pour les collèges": "6e cycle-4",
    "ouvert aux collèges et lycées": "6e cycle-4 2de 1re terminale",
    "cours moyen / lycée": "cm1 cm2 2de 1re terminale",
    "les collégiens": "6e cycle-4",
    "les lycéens": "2de 1re terminale",
    "les lycées professionnels": "cap bac-pro",
    "en lycée pro": "cap bac-pro",
    "lycée général et technologique": "2de 1re terminale",
    "les élèves de SEGPA, d'ULIS et d'UPE2A": "segpa ulis upe2a",
    "les classes de terminale": "terminale",
    "en Tle": "terminale",
    "Première NSI, Terminale NSI": "1re terminale",
    "en première et en terminale": "1re terminale",
    "2nde pro, 1re et CAP": "2de 1re cap",
    "bac pro": "bac-pro",
    "niveau 6e": "6e",
    "Les 6e du collège": "6e",
    "6ÈME ET 5ÈME": "6e 5e",
    "5ᵉ": "5e",
}
NO_CLASS = (
    "la 6e édition",
    "Sa 14e édition",
    "3e prix",
    "le 2e trimestre et le 3e jour",
    "la troisième fois",
    "première édition, seconde partie",
    "la première séance",
    "une seconde de silence",
    "en première lecture",
    "le 4e carton, page 8",
    "7e cahier",
    "au 3e étage",
    "du 5e arrondissement de Paris",
    "XXIe siècle",
    "le 1er prix",
    "cap sur les métiers",
    "le Cap-Vert",
    "P.-S. : ps",
    "l'école Jules-Verne de Vichy, le 12 mars",
    "au lycée Jean-Moulin de Béziers",
    "à l'école de la République",
    "10 km, 12 Tl, 3 GSM",
    "l'inspection du 2nd cycle",
    "la 3e guerre, le 4e art",
    "6e-mail",
    "",
)


@pytest.mark.parametrize(("text", "slugs"), CLASSES.items())
def test_classes_are_read_whole_and_collapsed(text, slugs):
    assert classes(text) == collapse(expand(slugs.split()))


@pytest.mark.parametrize("text", NO_CLASS)
def test_what_counts_something_else_names_no_class(text):
    assert classes(text) == ()


def test_what_is_named_exactly_outweighs_what_is_named_broadly():
    assert classes("DANS TOUTES LES ÉCOLES, DU CP AU CM2") == ("cycle-2", "cm1", "cm2")
    assert classes("des écoles et des collèges, en CM2 et en 6e") == ("cm2", "6e")
    assert classes("CM2 et collège") == ("cycle-4", "cm2", "6e")


@given(st.integers(0, 11), st.integers(0, 11), st.sampled_from(("du {} au {}", "{}-{}", "{} > {}")))
def test_any_range_of_classes_reads_back_as_itself(one, other, form):
    years = ["CP", "CE1", "CE2", "CM1", "CM2", "6e", "5e", "4e", "3e", "2de", "1re", "terminale"]
    first, last = sorted((one, other))
    slugs = [year.lower() for year in years[first : last + 1]]
    assert classes(form.format(years[first], years[last])) == collapse(slugs)


THEME_TEXTS = {
    "Concours de robots": "robotique",
    "Programmer un robot": "numerique robotique",
    "Une vidéo en anglais": "langues-vivantes image-et-cinema",
    "Découvrir la planète Mars": "espace",
    "Semaine de la presse et des médias": "medias-et-information",
    "Un ciel étoilé. Une soirée d'astronomie au télescope": "espace",
    "Rallye calcul": "mathematiques",
    "Course d'orientation": "sport",
    "L'orientation et les métiers": "orientation-et-metiers",
    "Prix des lecteurs : lire, écrire, dire un poème": "lecture-et-ecriture",
    "Égalité entre les filles et les garçons": "egalite-filles-garcons",
    "Lutter contre la désinformation": "medias-et-information esprit-critique",
    "Gestes qui sauvent": "sante",
    "Chorales de printemps": "musique",
    "Le climat et la biodiversité": "developpement-durable",
    "Robots, anglais, presse et calcul": (
        "langues-vivantes mathematiques robotique"  # at most three, in the order of themes.yaml
    ),
    "Salle du Théâtre de Dijon, espace de travail numérique": "numerique",
    "Rendez-vous dans l'espace presse de l'espace numérique": "numerique medias-et-information",
    "Au théâtre municipal": "",
    "Réunion de rentrée": "",
    "": "",
}


@pytest.mark.parametrize(("text", "slugs"), THEME_TEXTS.items())
def test_themes_are_those_of_specific_words(text, slugs):
    assert themes(text, "", THEMES) == tuple(slugs.split())


def test_far_from_the_title_a_theme_needs_two_words():
    far = "Une rencontre entre classes, " + "avec tout le monde, " * 4
    assert themes(far, "un robot et une chanson", THEMES) == ()
    assert themes(far, "un robot et un drone", THEMES) == ("robotique",)
    # a repeated word counts once
    assert themes(far, "un robot, un robot, un robot", THEMES) == ()


def test_each_theme_has_words_and_each_word_a_theme():
    assert set(THEME_WORDS) == set(THEMES)
    assert themes("Des robots", "", {}) == ()


TYPES = {
    EventType.CONTEST: (
        "Concours « Ma rue »",
        "Le défi des robots",
        "Prix des lecteurs : remise pendant le festival",
        "Olympiades de la semaine",
        "Rallye maths",
        "Les Trophées",
    ),
    EventType.TRAINING: (
        "Webinaire : la presse en classe",
        "Formation aux gestes qui sauvent",
        "Atelier pendant le festival",
        "Un MOOC",
    ),
    EventType.WEEK_OR_DAY: (
        "Semaine de la presse",
        "La journée mondiale de l'eau",
        "Journée BlueHats",
        "La Fête de la science",
        "Le printemps des poètes",
        "Mois de l'innovation",
        "La nuit des phares",
    ),
    EventType.MEETING: (
        "Festival des micros",
        "Rencontres chorales",
        "Colloque sur l'écriture",
        "Salon du livre",
        "Réunion du 3 mars",
    ),
    EventType.YEAR_PROJECT: (
        "Un projet d'écriture qui dure toute l'année",
        "Projet à l'année",
    ),
    None: (
        "la semaine du 16 mars",
        "deux heures par semaine",
        "pendant toute la journée",
        "au printemps, au mois de mars",
        "à prix réduit",
        "L'information des familles",
        "Un projet",
        "",
    ),
}


@pytest.mark.parametrize(("text", "kind"), [(t, kind) for kind, ts in TYPES.items() for t in ts])
def test_an_event_is_what_its_first_words_name(text, kind):
    assert event_type(text) is kind


ORGANISERS = {
    "Défi robots, organisé par la Dane de l’Académie de Dijon": "Dane de l’Académie de Dijon",
    "Le CLEMI organise la 4e édition": "CLEMI",
    "organisé par Bouliers et Cie-Jeux démarre pour les élèves": "Bouliers et Cie-Jeux",
    "organisée par l'association Papier Tortue, Encre et l'ENS": "association Papier Tortue",
    "Organisé par la Fédération des radios d'école, il est ouvert": (
        "Fédération des radios d'école"
    ),
    "Les éditions du Trombone organisent ce concours": "éditions du Trombone",
    "proposé par les conseillers pédagogiques de la circonscription de Vif, permet": (
        "conseillers pédagogiques de la circonscription de Vif"
    ),
    "Canopé 62, en partenariat avec la DSDEN, propose un atelier": "Canopé 62",
    "à l'initiative du réseau Canopé et de la DANE": "réseau Canopé et de la DANE",
    "Cette année, la DANE de Lille propose un stage": "DANE de Lille",
    "L'académie de Nancy-Metz propose aux écoles": "académie de Nancy-Metz",
    "La délégation académique au numérique éducatif lance un appel": (
        "délégation académique au numérique éducatif"
    ),
    "piloté par le CLEMI depuis 2020": "CLEMI",
    "organisé par le ministère de l'Éducation nationale avec la MGEN": (
        "ministère de l'Éducation nationale"
    ),
    "organisée par la ligue de l'enseignement, qui propose": "ligue de l'enseignement",
    "porté par Canopé à Lille": "Canopé",
    "Le prix, 3e édition Les amis du Boulier organisent": "amis du Boulier",
    "Nous vous proposons un atelier": None,
    "un site qui propose des jeux": None,
    "Chaque établissement organise sa nuit": None,
    "Porté par trois ateliers Canopé (38, 73 et 74)": None,
    "Le concours propose des lots": None,
    "Il propose. On organise. Cela se propose.": None,
    "une séance proposée par Mme Dupont": None,
    "La Loire à vélo-école": None,
    "organisé par vos soins": None,
    "organisé tous les ans": None,
    "": None,
}


@pytest.mark.parametrize(("text", "name"), ORGANISERS.items())
def test_an_organiser_is_a_name_as_printed(text, name):
    assert organiser(text) == name


def test_a_long_organiser_is_cut_between_two_words():
    name = "association " + "des Amis " * 12
    assert organiser(f"organisé par l'{name}") == ("association " + "des Amis " * 7).strip()


@given(st.text(alphabet=st.sampled_from("organiséprpl ' ’CMI126e-/.,>aàdcy et\n"), max_size=200))
def test_any_text_ends(text):
    name = organiser(text)
    assert name is None or (1 < len(name) <= 80)
    assert set(expand(classes(text))) <= set(LEVELS)
    assert len(themes(text, "", THEMES)) <= 3
    assert event_type(text) in (None, *EventType)
