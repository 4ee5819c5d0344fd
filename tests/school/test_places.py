"""The places that a letter names, and the places where an event takes place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters.reading.places.venues import venue
from calendar_app.school.place_names import PlaceKind, PlaceMention
from calendar_app.school.places import Gazetteer
from calendar_app.school.reference_files import read_towns
from tests.shipped import ACADEMIES, TOWNS

TOWNS_TEXT = (data_folder() / "towns.yaml").read_text(encoding="utf-8")
GAZETTEER = Gazetteer(ACADEMIES, TOWNS)


def said(text: str) -> list[str]:
    """Return the places in a text, each as « kind words=académies/département »."""
    return [
        f"{m.kind} {text[m.start : m.end]}={'+'.join(m.academies)}"
        + (f"/{m.department}" if m.department else "")
        for m in GAZETTEER.mentions(text)
    ]


ACADEMY_NAMES = {
    "l'académie de Lille": ["Lille=lille"],
    "L’ACADÉMIE DE CRÉTEIL": ["CRÉTEIL=creteil"],
    "l'Académie d’Orléans-Tours": ["Orléans-Tours=orleans-tours"],
    "l'académie Orléans-Tours": ["Orléans-Tours=orleans-tours"],
    "académie de Nancy Metz": ["Nancy Metz=nancy-metz"],
    "académie de Clermont\nFerrand": ["Clermont\nFerrand=clermont-ferrand"],
    "académies de Créteil et de Versailles": ["Créteil=creteil", "Versailles=versailles"],
    "académies de Lille, d'Amiens et Rennes": ["Lille=lille", "Amiens=amiens", "Rennes=rennes"],
    "académie de Caen, ancienne académie de Rouen": ["Caen=normandie", "Rouen=normandie"],
    "rectorat de Lyon": ["Lyon=lyon"],
    "la rectrice de l'académie de Dijon": ["Dijon=dijon"],
    "la Dane Montpellier": ["Montpellier=montpellier"],
    "DRANE de Poitiers": ["Poitiers=poitiers"],
    "la DAAC de Bordeaux": ["Bordeaux=bordeaux"],
    "Canopé Strasbourg": ["Strasbourg=strasbourg"],
    "académie de la Guadeloupe": ["Guadeloupe=guadeloupe"],
    "académie de La Réunion": ["Réunion=la-reunion"],
    "académie **de Nice**": ["Nice=nice"],
    "académie de [Lille](https://x.example)": ["Lille=lille"],
    "académie de Gre-\nnoble": ["Gre-\nnoble=grenoble"],
}
NO_ACADEMY = (
    "l'académie des sciences",
    "l'Académie française",
    "Aix-Marseille Université",
    "toutes les académies",
    "l'académie de musique",
)


@pytest.mark.parametrize(("text", "names"), ACADEMY_NAMES.items())
def test_an_academie_is_named_by_its_offices(text, names):
    assert said(text) == [f"academy {name}" for name in names]


@pytest.mark.parametrize("text", NO_ACADEMY)
def test_other_academies_are_none(text):
    assert said(text) == []


DEPARTMENTS = {
    "dans le Pas-de-Calais": ["Pas-de-Calais=lille/62"],
    "de l'Isère": ["Isère=grenoble/38"],
    "le Puy-de-\nDôme": ["Puy-de-\nDôme=clermont-ferrand/63"],
    "le Puy-\nde-Dôme": ["Puy-\nde-Dôme=clermont-ferrand/63"],
    "Val d’Oise": ["Val d’Oise=versailles/95"],
    "département 74": ["74=grenoble/74"],
    "les départements 08, 10 et 51": ["08=reims/08", "10=reims/10", "51=reims/51"],
    "les ateliers départementaux Canopé (07, 26, et \n38)": [
        "07=grenoble/07",
        "26=grenoble/26",
        "38=grenoble/38",
    ],
    "Quatre étapes (44, 2A)": ["44=nantes/44", "2A=corse/2A"],
    "la DSDEN 62": ["62=lille/62"],
    "l'atelier Canopé 63": ["63=clermont-ferrand/63"],
    "à Saint-Denis (974)": ["974=la-reunion"],
    "dans le Nord": ["Nord=lille/59"],
    "les écoles du Nord et du Pas-de-Calais": ["Nord=lille/59", "Pas-de-Calais=lille/62"],
    "Nord et Pas-de-Calais": ["Nord=lille/59", "Pas-de-Calais=lille/62"],
    "(Aisne, Oise, Somme)": ["Aisne=amiens/02", "Oise=amiens/60", "Somme=amiens/80"],
    "Cher, Indre et Loir-et-Cher": [
        "Cher=orleans-tours/18",
        "Indre=orleans-tours/36",
        "Loir-et-Cher=orleans-tours/41",
    ],
    "en Moselle, dans la Manche": ["Moselle=nancy-metz/57", "Manche=normandie/50"],
    "dans l'Ain et les Landes": ["Ain=lyon/01", "Landes=bordeaux/40"],
    "le département du Lot": ["Lot=toulouse/46"],
    "département de la Loire": ["Loire=lyon/42"],
    "la DSDEN du Var": ["Var=nice/83"],
    "DSDEN DU NORD": ["NORD=lille/59"],
    "le département de Paris": ["Paris=paris"],
    "à La Réunion": ["La Réunion=la-reunion"],
    "les écoles de la Réunion": ["Réunion=la-reunion"],
    "en Guadeloupe et à Mayotte": ["Guadeloupe=guadeloupe", "Mayotte=mayotte"],
    "en Nouvelle-Calédonie": ["Nouvelle-Calédonie=nouvelle-caledonie"],
}
NO_DEPARTMENT = (
    "au nord de la ville",
    "le pôle Nord",
    "l'Europe du Nord",
    "dans le Nord de la France",
    "du Nord au Sud",
    "Cher collègue,",
    "Chère et cher collègues",
    "la somme de 12 euros, 2 lots à gagner",
    "Le Lot de la semaine",
    "la vallée de la Loire",
    "le pont du Gard",
    "La Loire à vélo",
    "la place des Vosges",
    "La Réunion de rentrée, la réunion du 3 mars",
    "LA RÉUNION DU 3 MARS",
    "le SDIS 77",
    "les 12 et 13 mars, pages (12, 13)",
    "la page 62 du département d'histoire",
    "le département a 12 élèves",
    "Atelier Canopé 12 mars, Canopé 12/03, département 12 classes",
    "Ouvert (25)",
    "en salle (12, 99)",
    "Vienne est la capitale de l'Autriche",
)


@pytest.mark.parametrize(("text", "names"), DEPARTMENTS.items())
def test_a_departement_is_named_by_name_or_number(text, names):
    assert said(text) == [f"department {name}" for name in names]


@pytest.mark.parametrize("text", NO_DEPARTMENT)
def test_a_word_that_is_also_a_departement_needs_what_makes_it_one(text):
    assert said(text) == []


OTHERS = {
    "la région académique Hauts-de-France": ["region Hauts-de-France=amiens+lille"],
    "la région Occitanie": ["region Occitanie=montpellier+toulouse"],
    "DRANE Île-de-France": ["region Île-de-France=creteil+paris+versailles"],
    "en Bretagne et dans le Grand Est": [
        "region Bretagne=rennes",
        "region Grand Est=nancy-metz+reims+strasbourg",
    ],
    "en région PACA, en Alsace": ["region PACA=aix-marseille+nice", "region Alsace=strasbourg"],
    "Prix « Plumes d'Occitanie », la Grande Bretagne": [],
    "Nord-Pas-de-Calais": ["region Nord-Pas-de-Calais=lille"],
    "https://ota62.site.ac-lille.fr/Paris/en-Bretagne": ["site ac-lille.fr=lille"],
    "ce.095@ac-reunion.fr": ["site ac-reunion.fr=la-reunion"],
    "www4.ac-nancy-metz.fr, ac-caen.fr": [
        "site ac-nancy-metz.fr=nancy-metz",
        "site ac-caen.fr=normandie",
    ],
    "sur : x.site.ac-\nnancy-metz.fr.": ["site ac-\nnancy-metz.fr=nancy-metz"],
    "www.ac-clermont.fr www.ac-orleans-tours.fr": [
        "site ac-clermont.fr=clermont-ferrand",
        "site ac-orleans-tours.fr=orleans-tours",
    ],
    "https://vac-lille.fr et ac-lille.frais, ac-inconnue.fr": [],
    "à Lille, Paris et Saint-Étienne": [
        "town Lille=lille/59",
        "town Paris=paris",
        "town Saint-Étienne=lyon/42",
    ],
    "St-Étienne, ST ETIENNE": ["town St-Étienne=lyon/42", "town ST ETIENNE=lyon/42"],
    "au Mans, à la Rochelle, aux Sables-d'Olonne": [
        "town Mans=nantes/72",
        "town Rochelle=poitiers/17",
        "town Sables-d'Olonne=nantes/85",
    ],
    "à Ambert dans le Puy-de-Dôme": [
        "town Ambert=clermont-ferrand/63",
        "department Puy-de-Dôme=clermont-ferrand/63",
    ],
    "à Montpel-\nlier et Schœlcher": [
        "town Montpel-\nlier=montpellier/34",
        "town Schœlcher=martinique",
    ],
    "à Sens, à TOURS, le lycée de Gap": [
        "town Sens=dijon/89",
        "town TOURS=orleans-tours/37",
        "town Gap=aix-marseille/05",
    ],
    "Sens et littérature, TOURS DE MAGIE, Orange propose, have a Nice day": [],
    "lille, paris": [],
    "ENS Paris-Saclay, rue de Paris, 8 place de Nancy": [],
    "20 h, heure de Paris": [],
    "8, place du 11-Novembre, 59000 Lille": [],
    "à Saint-Denis ou à Sainte-Marie": [],
    "académie de Lille et Paris": ["academy Lille=lille", "town Paris=paris"],
    "Arras (Pas-de-Calais)": ["town Arras=lille/62", "department Pas-de-Calais=lille/62"],
}


@pytest.mark.parametrize(("text", "names"), OTHERS.items())
def test_regions_sites_and_towns(text, names):
    assert said(text) == names


def test_a_mention_is_a_value_with_its_own_place():
    assert GAZETTEER.mentions("Au rectorat\nde Dijon.") == [
        PlaceMention(15, 20, PlaceKind.ACADEMY, "Dijon", ("dijon",), None)
    ]


def test_every_site_leads_to_its_academie():
    for academy in ACADEMIES:
        found = GAZETTEER.mentions(f"https://www.ac-{academy.slug}.fr/")
        assert [m.academies for m in found] == [(academy.slug,)]


def test_every_town_is_read_as_itself():
    for town, code in TOWNS.items():
        academy = ACADEMIES.of_department(code)
        found = GAZETTEER.mentions(f"On se retrouve à {town}, le 12 mars.")
        assert [(m.name, m.academies) for m in found] == [(town, (academy.slug,))], town


def test_every_prefecture_is_there_but_those_of_many_places():
    without = {d.code for d in ACADEMIES.departments} - set(TOWNS.values())
    # Without Saint-Pierre, Gustavia and Marigot.
    assert without == {"975", "977", "978"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"59": [Lille]\n"62": [Lille]', "town written twice: lille"),
        ("59: [Lille]", "59: codes are quoted texts"),
        ("- Lille", "expected the towns of each département"),
        ('"59": Lille', "59: expected a list of names"),
    ],
)
def test_a_wrong_list_of_towns_is_refused(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_towns(text)


@given(st.text(alphabet=st.sampled_from("àÀ d'’Lilene-\n()[]*|.,:12àéÉœacdmiProvSt fr@/")))
def test_any_text_ends_and_its_mentions_follow_each_other(text):
    found = GAZETTEER.mentions(text)
    edges = [edge for m in found for edge in (m.start, m.end)]
    assert edges == sorted(edges)
    assert all(0 <= m.start < m.end <= len(text) for m in found)


VENUES = {
    "Rendez-vous @ à Aix les Bains dans la Haute-\nSavoie\nLa": (
        "Aix les Bains dans la Haute-Savoie"
    ),
    "@ au Palais des Congrès à Lille.": "Palais des Congrès à Lille",
    "@, de 14h à 17h, à la Maison de la culture d'Amiens": "Maison de la culture d'Amiens",
    "@ (salle Jean-Moulin, Canopé 62, Arras). Venez.": "salle Jean-Moulin, Canopé 62, Arras",
    "@ à 14h en visioconférence": "en visioconférence",
    "@, en ligne": "en ligne",
    "@ au lycée Jean-Moulin de Béziers, avec les élèves": "lycée Jean-Moulin de Béziers",
    "au lycée Jean-Moulin de Béziers, @ à 10 h": "lycée Jean-Moulin de Béziers",
    "Les lauréats seront reçus à Arras @ à 14 h.": "Arras",
    "À Fort-de-France, @.": "Fort-de-France",
    "Date : @. Lieu : **Palais du Pharo, Marseille**": "Palais du Pharo, Marseille",
    "Lieu : Palais du Pharo – Date : @": "Palais du Pharo",
    "Lieu : gymnase Colette. @": "gymnase Colette",
    "@ à Lille, le 14 juin à Arras": "Lille",
    "à Lille @, à Arras le 14 juin": "Lille",
    "à Lille @ et à Arras le 14 juin": "Lille",
    "@ à [la médiathèque de Brest](https://x.example)": "médiathèque de Brest",
    "@, amphithéâtre Gaston-Berger, INSA, Villeurbanne": (
        "amphithéâtre Gaston-Berger, INSA, Villeurbanne"
    ),
    "@ à 14h, 12 rue des Écoles, 59000 Lille": "12 rue des Écoles, 59000 Lille",
    "@, Cité des sciences et de l'industrie, Paris": "Cité des sciences et de l'industrie, Paris",
    "@ à Besançon, Dijon et Belfort": "Besançon, Dijon et Belfort",
    "@ à Vic-le-Comte (Puy-de-Dôme)": "Vic-le-Comte (Puy-de-Dôme)",
    "Elle aura lieu au Mans @.": "Le Mans",
    "@ à La Rochelle": "La Rochelle",
    "| @ | 14h | salle Orion |": "salle Orion",
    "@ à l'école\n   Jules-Verne de Vichy. Apportez": "école Jules-Verne de Vichy",
    "@ à la mairie": "mairie",
    "@ à Rodez. Prévoir une laine à Toulouse": "Rodez",
}
NO_VENUE = (
    "@ à partir de 14h",
    "@ à l'adresse suivante",
    "Le site est à jour @",
    "@ : inscription en ligne",
    "mise en ligne @",
    "@ dans le Finistère et le Morbihan",
    "@ au collège, les élèves parlent",
    "Sortie au planétarium : deux cars @",
    "@, M. Dupont parlera à Mme Durand",
    "@, journée destinée aux CM2",
    "inscription à l'atelier @",
    "à envoyer à Canopé @",
    "@. Rendez-vous à Lille une autre fois",
    "À Lille, tout va bien. @",
    "@\n- 14 mai à Arras",
    "@\n\nLille, le 3 mars",
    "@",
    "",
)


def place_at(text: str) -> str | None:
    day = "le 9 mars 2026"
    start = max(text.find("@"), 0)
    return venue(text.replace("@", day), start, start + len(day) * text.count("@"))


@pytest.mark.parametrize(("text", "place"), VENUES.items())
def test_where_it_takes_place(text, place):
    assert place_at(text) == place


@pytest.mark.parametrize("text", NO_VENUE)
def test_what_follows_a_date_is_not_always_a_place(text):
    assert place_at(text) is None


def test_a_long_place_is_cut_between_its_parts():
    parts = [f"salle {name}, Institut des lettres et des arts" for name in ("Colette", "Hugo")]
    assert place_at(f"@ à la {', '.join(parts)}, Besançon") == (
        "salle Colette, Institut des lettres et des arts, salle Hugo"
    )


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_any_text_has_a_short_venue_on_one_line_or_none(text, one, other):
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    place = venue(text, start, end)
    assert place is None or (1 < len(place) <= 80 and "\n" not in place)
