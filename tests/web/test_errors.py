"""An error page says its kind, links to the right address, and uses no technical words."""

from __future__ import annotations

import html
import re
from urllib.parse import quote, urlsplit

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.words.errors import UnclearPlaceError, UnknownValueError

KNOWN = knowledge_of_files(data_folder())
ACADEMIES = KNOWN.academies.with_towns(KNOWN.towns)


@pytest.fixture
def engine():
    """Errors are the same from any store."""
    return "sqlite"


def page_of(client, address: str) -> tuple[int, str, str, list[str]]:
    """Return the status of a page, its title, its text and the addresses of its links in main."""
    answer = client.get(address)
    title = html.unescape(re.search(r"<title>(.*) – [^–]*</title>", answer.text)[1])
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*)"', main)]
    return answer.status_code, title, said_by(answer.text), links


def said_by(text: str) -> str:
    """Return the words of the main part of a page, or of a plain text, with single spaces and
    without addresses."""
    main = re.search(r"<main.*</main>", text, re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]+>", " ", main[0] if main else text))
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"https?://\S+", " ", words))


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("/agenda/?niveau=cm3", "/agenda/?niveau=cm2"),
        ("/agenda/?academie=lille&niveau=6ème", "/agenda/?academie=lille&niveau=6e"),
        ("/agenda/?niveau=sixième", "/agenda/?niveau=6e"),
        ("/?academie=lile", "/?academie=lille"),
        ("/?academie=valenciennes", "/?academie=lille"),
        ("/?departement=nord", "/?departement=59"),
        ("/?theme=développement durable", "/?theme=developpement-durable"),
        ("/?type=concour", "/?type=concours"),
        ("/integrer/?nombre=999", "/integrer/?nombre=50"),
        ("/annee-scolaire/2020-2022/", "/annee-scolaire/2020-2021/"),
        ("/annee-scolaire/2020-2021/affiche/?papier=a5", None),
        ("/flux/?flux=lile", "/flux/?flux=academie-de-lille"),
        ("/?le=hier&academie=lille", "/?academie=lille"),
        ("/flux/?depuis=hier", "/flux/"),
        ("/?niveau=zzz", "/"),
        ("/abonnement/?theme=zzz", "/abonnement/"),
    ],
)
def test_a_wrong_address_is_said_to_be_one_and_the_right_one_is_a_link(client, address, right):
    status, title, text, links = page_of(client, quote(address, safe="/?&="))
    assert (status, title) == (404, "Adresse à corriger")
    assert right is None or right in links, links
    assert "Prochaines dates Rechercher un événement Aide" in text
    for link in links:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize(
    ("address", "title", "leads"),
    [
        ("/nulle-part/", "Page introuvable", "/agenda/"),
        ("/evenements/personne-2020-2021/", "Page introuvable", "/agenda/"),
        ("/abonnement/lien/xxx/", "Lien expiré ou incomplet", "/abonnement/retrouver/"),
        ("/abonnement/adresse/xxx/", "Lien expiré ou incomplet", "/abonnement/retrouver/"),
        ("/redaction/mot-de-passe/xyz/", "Lien expiré ou incomplet", "/redaction/mot-de-passe/"),
    ],
)
def test_an_error_says_what_kind_it_is_and_leads_on(client, address, title, leads):
    status, said, _, links = page_of(client, address)
    assert (status, said) == (404, title)
    assert leads in links


def test_a_program_that_asks_for_a_wrong_feed_is_told_the_right_address(client):
    answer = client.get("/flux/academie-de-lile.ics?niveau=cm2")
    assert answer.status_code == 404
    assert "http://127.0.0.1:8000/flux/academie-de-lille.ics?niveau=cm2" in answer.text.split()


# -- places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "academy", "department"),
    [
        ("Valenciennes", "lille", "59"),
        ("à Lens", "lille", "62"),
        ("Le Havre", "normandie", "76"),
        ("St-Étienne", "lyon", "42"),
        ("59300", "lille", "59"),
        ("75015 Paris", "paris", "75"),
        ("97410", "la-reunion", "974"),
        ("97133", "saint-barthelemy", "977"),
        ("97150 Marigot", "saint-martin", "978"),
        ("97180", "guadeloupe", "971"),
        ("98713", "polynesie-francaise", "987"),
        ("9830002K", "nouvelle-caledonie", "988"),
        ("9840001D", "polynesie-francaise", "987"),
        ("9760001X", "mayotte", "976"),
        ("Saint-Paul", "la-reunion", None),
        ("20200", "corse", None),
        ("Nord (59)", "lille", "59"),
        ("59 – Nord", "lille", "59"),
        ("la Somme", "amiens", "80"),
        ("0590001 x", "lille", "59"),
        ("Bretagne", "rennes", None),
        ("région Centre-Val de Loire", "orleans-tours", None),
        ("Nord-Pas-de-Calais", "lille", None),
        ("Alsace", "strasbourg", None),
        ("réunion", "la-reunion", None),
    ],
)
def test_a_place_is_understood_as_people_type_it(typed, academy, department):
    found, code = ACADEMIES.find(typed)
    assert (found.slug, code.code if code else None) == (academy, department)


def test_every_name_of_a_place_is_understood_however_it_is_written():
    for town, code in KNOWN.towns.items():
        for typed in (town, town.upper(), town.replace("-", " ")):
            found, _ = ACADEMIES.find(typed)
            own = ACADEMIES.of_department(code)
            named = {a.name for a in ACADEMIES} | {n for a in ACADEMIES for n in a.former_names}
            assert found == own or town in named, town
    for name, members in ACADEMIES.region_members.items():
        if len(members) > 1:
            with pytest.raises(UnclearPlaceError) as refused:
                ACADEMIES.find(f"région {name}")
            assert refused.value.choices == tuple(a.name for a in members)


@pytest.mark.parametrize("typed", ["590001", "0590001", "059001X", "0590001XX", "5900"])
def test_a_wrong_school_code_is_told_its_form(typed):
    with pytest.raises(UnknownValueError, match="7 chiffres et une lettre, par exemple 0590001X"):
        ACADEMIES.find(typed)


@pytest.mark.parametrize("typed", ["Hauts-de-Nulle-Part", "Vincennes-les-Eaux", "Pierre", "cm3"])
def test_a_place_that_is_none_is_answered_with_no_other(typed):
    with pytest.raises(UnknownValueError, match="Écrivez une académie, un département") as refused:
        ACADEMIES.find(typed)
    assert "Vouliez-vous" not in str(refused.value)


@pytest.mark.parametrize(
    ("town", "academies"),
    [
        ("Saint-Denis", "Créteil et La Réunion"),
        ("St-Pierre", "La Réunion, Martinique et Saint-Pierre-et-Miquelon"),
    ],
)
def test_a_town_of_several_academies_is_answered_with_them(client, town, academies):
    _, title, text, _ = page_of(client, "/flux/?lieu=" + quote(town))
    assert f"dans plusieurs académies ({academies})" in text, (title, text)


@pytest.mark.parametrize("page", ["/mon-academie/", "/flux/"])
def test_a_region_is_answered_with_its_academies_each_a_link(client, page):
    _, title, text, links = page_of(client, f"{page}?lieu=Hauts-de-France&niveau=cm2")
    assert title.startswith("Lieu à préciser")
    assert "Hauts-de-France réunit Amiens et Lille : choisissez une académie." in text
    for name in ("Amiens", "Lille"):
        [link] = [link for link in links if f"lieu={name}" in link]
        query = urlsplit(client.get(link).location).query
        assert sorted(query.split("&")) == [f"academie={name.lower()}", "niveau=cm2"]


@pytest.mark.parametrize(("address", "field"), [("/abonnement/", "lieu"), ("/proposer/", "lieu")])
def test_each_form_understands_a_place_or_says_what_to_write(client, address, field):
    form = client.get(address).text
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    for typed, said in (
        ("Valenciennes", None),
        ("Hauts-de-France", "Hauts-de-France réunit Amiens et Lille : choisissez une académie."),
        ("590001", "Un code d'établissement a 7 chiffres et une lettre"),
    ):
        answer = client.post(address, data=hidden | {field: typed, "pour": "lieu"})
        text = said_by(answer.text)
        assert (said in text) if said else ("réunit" not in text and "connaissons pas" not in text)


# -- no technical words ----------------------------------------------------------------------------

_MACHINE = re.compile(
    r"\b(?:[a-z]+_[a-z_]+|[a-z]+=\S*|None|null|true|false|error|errors|invalid|unknown|not found"
    r"|forbidden|bad request|traceback|exception|slug|timezone|UTC|cycle-\d|academie-de-\S+)\b",
    re.IGNORECASE,
)
#: Parts of an address are quoted as they must be written there.
_SHOWN = re.compile(r"« (?:le=2021-01-15|papier=a3|url|format=json) »")

PARAMETERS = (
    "academie departement niveau theme type evenements q le lieu flux depuis fenetres rappels"
    " alarmes vacances nombre hauteur papier date evenement page url maxwidth"
).split()
PAGES = (
    "/ /agenda/ /calendrier/2021/02/ /annee-scolaire/2020-2021/ /annee-scolaire/2020-2021/affiche/"
    " /mon-academie/ /ma-selection/ /flux/ /flux/mode-d-emploi/ /abonnement/ /proposer/ /integrer/"
    " /embed/agenda/ /flux/toutes.ics /flux/toutes.atom /evenements/roboteam-2020-2021.ics /oembed"
    " /evenements/roboteam-2020-2021/"
).split()


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES)
def test_no_error_of_a_page_speaks_english_or_machine(client, page):
    for name in PARAMETERS:
        for value in ("zz9", "premier-degree"):
            answer = client.get(page, query_string={name: value})
            assert answer.status_code in (200, 302, 404, 501), (name, value)
            if answer.status_code < 400:
                continue
            said = _SHOWN.sub("", said_by(answer.text)).replace(value, "")
            assert not _MACHINE.search(said), (name, value, said)
            assert "Adresse à corriger" in answer.text or "Page introuvable" in answer.text


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("POST", "/", 405),
        ("PUT", "/abonnement/", 405),
        ("POST", "/abonnement/", 400),
        ("GET", "/calendrier/2021/13/", 404),
        ("GET", "/agenda/?" + "a" * 20_000, 414),
    ],
)
def test_no_refusal_speaks_english(client, method, address, status):
    answer = client.open(address, method=method)
    assert answer.status_code == status
    assert not _MACHINE.search(said_by(answer.text)), answer.text
