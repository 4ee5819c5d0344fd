"""The académies and collectivities of ``data/academies.yaml``, and the scopes of dates."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.school.academies import Academies, Academy, Department
from calendar_app.school.reference_files import read_academies, read_themes
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.text import slugify
from tests.shipped import ACADEMIES

TEXT = (data_folder() / "academies.yaml").read_text(encoding="utf-8")


def test_there_are_30_academies_with_101_departements_and_6_collectivities():
    proper = [a for a in ACADEMIES if not a.collectivity]
    others = [a for a in ACADEMIES if a.collectivity]
    codes = {
        *(f"{number:02}" for number in range(1, 96) if number != 20),
        "2A",
        "2B",
        *("971", "972", "973", "974", "976"),
    }
    assert len(proper) == 30
    assert len(codes) == 101
    assert Counter(d.code for a in proper for d in a.departments) == Counter(codes)
    assert {a.slug: a.departments for a in others} == {
        slugify(name): (Department(code, name),)
        for code, name in (
            ("975", "Saint-Pierre-et-Miquelon"),
            ("977", "Saint-Barthélemy"),
            ("978", "Saint-Martin"),
            ("986", "Wallis-et-Futuna"),
            ("987", "Polynésie française"),
            ("988", "Nouvelle-Calédonie"),
        )
    }


def test_one_academie_in_full():
    assert ACADEMIES.get("clermont-ferrand") == Academy(
        slug="clermont-ferrand",
        name="Clermont-Ferrand",
        of_name="de Clermont-Ferrand",
        departments=(
            Department("03", "Allier"),
            Department("15", "Cantal"),
            Department("43", "Haute-Loire"),
            Department("63", "Puy-de-Dôme"),
        ),
        holiday_calendar="zone-a",
        time_zone="Europe/Paris",
        region="Auvergne-Rhône-Alpes",
        former_names=("Clermont",),
    )


def test_the_zones_are_those_of_the_decree_of_15_december_2020():
    zones: dict[str, list[str]] = {}
    for academy in ACADEMIES:
        zones.setdefault(academy.holiday_calendar, []).append(academy.name)
    assert zones.pop("zone-a") == [
        "Besançon",
        "Bordeaux",
        "Clermont-Ferrand",
        "Dijon",
        "Grenoble",
        "Limoges",
        "Lyon",
        "Poitiers",
    ]
    assert zones.pop("zone-b") == [
        "Aix-Marseille",
        "Amiens",
        "Lille",
        "Nancy-Metz",
        "Nantes",
        "Nice",
        "Normandie",
        "Orléans-Tours",
        "Reims",
        "Rennes",
        "Strasbourg",
    ]
    assert zones.pop("zone-c") == ["Créteil", "Montpellier", "Paris", "Toulouse", "Versailles"]
    # Corse and each overseas territory have their own calendar.
    assert zones == {slugify(names[0]): [names[0]] for names in zones.values()}
    assert len(zones) == 12


def test_how_french_says_each_academie_and_collectivity():
    assert [a.label for a in ACADEMIES if not a.of_name.startswith("de ")] == [
        "académie d'Aix-Marseille",
        "académie d'Amiens",
        "académie d'Orléans-Tours",
    ]
    said = ("guadeloupe", "guyane", "martinique", "la-reunion", "mayotte", "corse", "normandie")
    assert [ACADEMIES.get(slug).label for slug in said] == [
        "académie de la Guadeloupe",
        "académie de la Guyane",
        "académie de la Martinique",
        "académie de La Réunion",
        "académie de Mayotte",
        "académie de Corse",
        "académie de Normandie",
    ]
    polynesie = ACADEMIES.get("polynesie-francaise")
    assert (polynesie.label, polynesie.of_name) == (
        "Polynésie française",
        "de la Polynésie française",
    )


def test_the_address_of_a_feed_says_academie_de_without_elision_and_collectivities_bare():
    slugs = ("aix-marseille", "la-reunion", "saint-martin", "nouvelle-caledonie")
    assert [ACADEMIES.get(slug).feed_name for slug in slugs] == [
        "academie-de-aix-marseille",
        "academie-de-la-reunion",
        "saint-martin",
        "nouvelle-caledonie",
    ]


def test_overseas_has_its_own_clocks():
    clocks = {a.slug: a.time_zone for a in ACADEMIES if a.time_zone != "Europe/Paris"}
    assert clocks == {
        "guadeloupe": "America/Guadeloupe",
        "guyane": "America/Cayenne",
        "la-reunion": "Indian/Reunion",
        "martinique": "America/Martinique",
        "mayotte": "Indian/Mayotte",
        "nouvelle-caledonie": "Pacific/Noumea",
        "polynesie-francaise": "Pacific/Tahiti",
        "saint-barthelemy": "America/St_Barthelemy",
        "saint-martin": "America/Marigot",
        "saint-pierre-et-miquelon": "America/Miquelon",
        "wallis-et-futuna": "Pacific/Wallis",
    }
    assert all(ZoneInfo(zone).key == zone for zone in clocks.values())


@pytest.mark.parametrize(
    ("typed", "slug", "department"),
    [
        ("Lille", "lille", None),
        ("lille", "lille", None),
        ("  académie de Lille ", "lille", None),
        ("l'académie de Lille", "lille", None),
        ("Académie d’Amiens", "amiens", None),
        ("academie d'aix-marseille", "aix-marseille", None),
        ("ORLEANS TOURS", "orleans-tours", None),
        ("académie de la Réunion", "la-reunion", None),
        ("La Réunion", "la-reunion", None),
        ("Réunion", "la-reunion", None),
        ("académie de la Guadeloupe", "guadeloupe", None),
        ("polynésie francaise", "polynesie-francaise", None),
        # Since 1 January 2020, Caen and Rouen are one académie; letters still use the old names.
        ("académie de Caen", "normandie", None),
        ("Rouen", "normandie", None),
        ("Clermont", "clermont-ferrand", None),
        ("Isère", "grenoble", "38"),
        ("isere", "grenoble", "38"),
        ("Seine Saint Denis", "creteil", "93"),
        ("38", "grenoble", "38"),
        ("1", "lyon", "01"),
        ("2a", "corse", "2A"),
        ("974", "la-reunion", "974"),
        # A school code starts with its département, but Corse keeps the numbers from before 1976.
        ("0631234X", "clermont-ferrand", "63"),
        ("0631234x", "clermont-ferrand", "63"),
        ("0750001A", "paris", "75"),
        ("6200001A", "corse", "2A"),
        ("7200001A", "corse", "2B"),
        ("9740001A", "la-reunion", "974"),
    ],
)
def test_an_academie_is_found_by_its_name_a_departement_or_a_school_code(typed, slug, department):
    academy, found = ACADEMIES.find(typed)
    assert (academy.slug, found.code if found else None) == (slug, department)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "académie de Lile",
            "Nous ne connaissons pas le lieu « académie de Lile ». Vouliez-vous dire « Lille » ?",
        ),
        (
            "Grenobl",
            "Nous ne connaissons pas le lieu « Grenobl ». Vouliez-vous dire « Grenoble » ?",
        ),
        ("0990001A", "Nous ne connaissons pas le département « 99 »."),
    ],
)
def test_what_is_not_found_gets_the_nearest_name(typed, sentence):
    with pytest.raises(UnknownValueError) as refused:
        ACADEMIES.find(typed)
    assert str(refused.value) == sentence


def test_every_departement_finds_its_academie_by_code_and_by_name():
    for department in ACADEMIES.departments:
        academy = ACADEMIES.of_department(department.code)
        assert department in academy.departments
        assert ACADEMIES.find(department.code) == (academy, department)
        assert ACADEMIES.find(department.name)[0] == academy


def test_a_teacher_of_lille_sees_the_nation_the_region_the_academie_and_its_departements():
    assert ACADEMIES.scope_of_academy("lille") == {
        "national",
        "region/hauts-de-france",
        "academie/lille",
        "departement/59",
        "departement/62",
    }


def test_a_departement_does_not_see_its_neighbour():
    assert ACADEMIES.scope_of_department("63") == {
        "national",
        "region/auvergne-rhone-alpes",
        "academie/clermont-ferrand",
        "departement/63",
    }


def test_saint_martin_sees_what_guadeloupe_announces_and_guadeloupe_what_is_for_saint_martin():
    assert ACADEMIES.scope_of_department("978") == ACADEMIES.scope_of_academy("saint-martin")
    assert ACADEMIES.scope_of_academy("saint-martin") == {
        "national",
        "region/guadeloupe",
        "academie/guadeloupe",
        "academie/saint-martin",
        "departement/978",
    }
    assert ACADEMIES.scope_of_academy("guadeloupe") == {
        "national",
        "region/guadeloupe",
        *(f"academie/{slug}" for slug in ("guadeloupe", "saint-barthelemy", "saint-martin")),
        *(f"departement/{code}" for code in ("971", "977", "978")),
    }
    assert ACADEMIES.scope_of_department("971") == {
        "national",
        "region/guadeloupe",
        "academie/guadeloupe",
        "departement/971",
    }


def test_a_collectivity_without_a_region_sees_the_nation_and_itself():
    assert ACADEMIES.scope_of_academy("nouvelle-caledonie") == {
        "national",
        "academie/nouvelle-caledonie",
        "departement/988",
    }


@pytest.mark.parametrize(
    ("scope", "zone"),
    [
        (["national"], "Europe/Paris"),
        (["academie/la-reunion"], "Indian/Reunion"),
        (["departement/987"], "Pacific/Tahiti"),
        (["region/guadeloupe"], "America/Guadeloupe"),
        (["region/ile-de-france"], "Europe/Paris"),
        (["academie/lille", "departement/63"], "Europe/Paris"),
        (["academie/martinique", "academie/guadeloupe"], "Europe/Paris"),
    ],
)
def test_a_scope_has_the_clock_of_its_academie_or_of_paris(scope, zone):
    assert ACADEMIES.time_zone_of(scope) == zone


def test_a_former_slug_still_leads_to_its_academie_and_an_unknown_one_to_a_hint():
    assert ACADEMIES.get("caen").slug == "normandie"
    with pytest.raises(UnknownValueError) as refused:
        ACADEMIES.get("clermont-ferand")
    assert str(refused.value) == (
        "Nous ne connaissons pas l'académie « clermont-ferand ». "
        "Vouliez-vous dire « Clermont-Ferrand » ?"
    )


def _replaced(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            TEXT.partition("- slug: versailles")[0]
            + "- slug: wallis"
            + TEXT.partition("- slug: wallis")[2],
            "expected 30 académies, found 29",
        ),
        (_replaced('{"976": Mayotte}', '{"974": Mayotte}'), "département written twice: 974"),
        (_replaced('{"976": Mayotte}', "{976: Mayotte}"), "mayotte: département codes are quoted"),
        (_replaced("calendar: mayotte", "calendar: zone-d"), "mayotte: unknown calendar zone-d"),
        (
            _replaced("Indian/Mayotte", "Indian/Mayote"),
            "mayotte: unknown time zone Indian/Mayote",
        ),
        (_replaced("slug: mayotte", "slug: maiotte"), "maiotte: its name gives mayotte"),
        (_replaced("[Clermont]", "[Lyon]"), "name written twice: lyon"),
        (_replaced("  region: Mayotte\n", ""), "mayotte: an académie has a region"),
        (_replaced("of_name: de Mayotte", "ofname: de Mayotte"), r"missing \['of_name'\]"),
        (
            TEXT + '- {slug: x, name: X, of_name: de X, region: X, departments: {"99": X}, '
            "calendar: corse, time_zone: Europe/Paris}\n",
            "expected 30 académies, found 31",
        ),
        (
            TEXT.replace("attached_to: guadeloupe", "attached_to: wallis-et-futuna"),
            "saint-barthelemy: attached to wallis-et-futuna, unknown",
        ),
    ],
)
def test_a_mistake_in_the_file_of_academies_is_found_when_it_is_read(text, why):
    with pytest.raises(ValueError, match=why):
        read_academies(text)


def test_the_themes_are_a_closed_list_with_french_names():
    themes = read_themes((data_folder() / "themes.yaml").read_text(encoding="utf-8"))
    assert len(themes) == 25
    assert themes["medias-et-information"] == "éducation aux médias et à l'information"
    assert themes["formation-entre-pairs"] == "formation entre pairs"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[robotique]", "expected slugs"),
        ("{}", "expected slugs"),
        ("Robotique: robotique", "'Robotique' is not a slug"),
        ("robotique:", "robotique: a theme needs a name"),
        ("a: oral\nb: oral", "theme written twice: oral"),
    ],
)
def test_a_mistake_in_the_file_of_themes_is_found_when_it_is_read(text, why):
    with pytest.raises(ValueError, match=why):
        read_themes(text)


def test_academies_come_in_the_order_of_their_names():
    names = [a.name for a in ACADEMIES]
    assert names[:3] == ["Aix-Marseille", "Amiens", "Besançon"]
    assert names.index("La Réunion") == names.index("Lille") - 1
    assert isinstance(ACADEMIES, Academies)
