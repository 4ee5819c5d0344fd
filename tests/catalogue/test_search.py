"""The site understands the texts that people type into « Rechercher », or says that it found
nothing."""

from __future__ import annotations

import html
import random
import re
import string
import unicodedata
from urllib.parse import parse_qs, urlsplit

import flask_migrate
import pytest
from sqlalchemy import delete, select, update

from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.class_fit import fits_filter
from calendar_app.catalogue.filters import read_filter
from calendar_app.catalogue.models.events import Event, EventScope, Milestone
from calendar_app.catalogue.models.search import SearchWord
from calendar_app.catalogue.search import queries as search
from calendar_app.catalogue.search.reading import Days, SearchQuery, read_query
from calendar_app.catalogue.search.spellings import LEVELS
from calendar_app.catalogue.search.vocabulary import vocabulary
from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.school import levels
from calendar_app.store.base import db, writing
from calendar_app.words.french import MONTHS
from calendar_app.words.text import fold, is_near
from calendar_app.words.vocabulary import EventType, MilestoneKind
from tests.conftest import IMPORTED_AT
from tests.factories import ID, another, entry, publish
from tests.tools import scaled

KNOWN = knowledge_of_files(data_folder())
ACADEMIES = KNOWN.academies.with_towns(KNOWN.towns)
WORDS = vocabulary(ACADEMIES, KNOWN.themes)
JANUARY = "2021-01-04"

DEADLINES = {kind for kind in MilestoneKind if kind.is_deadline}
REGISTRATION = {MilestoneKind.DEADLINE, MilestoneKind.REGISTRATION_DEADLINE}


def read(text: str):
    return read_query(text, WORDS)


def understood(text: str) -> dict[str, object]:
    """Return the meaning of a text: part → values, without the parts that are empty."""
    query = read(text)
    parts = {
        name: getattr(query, name).values
        for name in ("levels", "days", "school_years", "kinds", "types")
        if getattr(query, name)
    }
    if query.words:
        parts["words"] = query.words
    if query.themes:
        parts["themes"] = tuple(slug for theme in query.themes for slug in theme.values)
    if query.places:
        parts["places"] = tuple(place.name for place in query.places.values)
    return parts


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("talent !", {"words": ("talent",)}),
        (
            "robotique + montpellier",
            {"themes": ("robotique",), "places": ("académie de Montpellier",)},
        ),
        ("janvier", {"days": (Days(month=1),)}),
        ("en février 2021", {"days": (Days(2021, 2),)}),
        ("jeudi 11 février", {"days": (Days(month=2, day=11),)}),
        ("3e trimestre", {"words": ("3e", "trimestre")}),
        ("11 février", {"days": (Days(month=2, day=11),)}),
        ("le 1er mars 2021", {"days": (Days(2021, 3, 1),)}),
        ("11/02/2021", {"days": (Days(2021, 2, 11),)}),
        ("2021-02", {"days": (Days(2021, 2),)}),
        ("2021", {"days": (Days(2021),)}),
        ("année scolaire 2020-2021", {"school_years": (2020,)}),
        ("date limite", {"kinds": tuple(sorted(DEADLINES))}),
        ("date limite d'inscription", {"kinds": tuple(sorted(REGISTRATION))}),
        ("Résultats", {"kinds": (MilestoneKind.RESULTS,)}),
        ("rendez-vous", {"kinds": (MilestoneKind.SESSION,)}),
        ("inscriptions en mars", {"kinds": tuple(sorted(REGISTRATION)), "days": (Days(month=3),)}),
        ("stages", {"types": (EventType.TRAINING,)}),
        ("maths", {"themes": ("mathematiques",)}),
        ("Valenciennes", {"places": ("Valenciennes, académie de Lille",)}),
        ("académie de Lille", {"places": ("académie de Lille",)}),
        ("Hauts-de-France", {"places": ("Hauts-de-France",)}),
        ("St-Étienne", {"places": ("Saint-Étienne, académie de Lyon",)}),
        ("à La Réunion", {"places": ("académie de La Réunion",)}),
        ("réunion de rentrée", {"words": ("rentree", "reunion")}),
        ("dans le département 59", {"places": ("Nord (59)",)}),
        ("les 10 mots", {"words": ("10", "mots")}),
        ("classe de 6e", {"levels": ("6e",)}),
        ("6e édition", {"words": ("6e", "edition")}),
        ("cycles 2 et 3", {"levels": ("cycle-2", "cycle-3")}),
        ("CM1/2", {"levels": ("cm1", "cm2")}),
        ("collège, 6e", {"levels": ("6e",)}),
        ("!", {}),
        ("de la", {}),
    ],
)
def test_search_reads_what_people_type(typed, parts):
    assert understood(typed) == parts


USUAL = {
    "6e": "6e 6ème 6eme 6ÈME 6è 6° sixième Sixiemes 6ᵉ 6-ème".split(),
    "5e": "5e 5ème cinquième".split(),
    "4e": "4e 4ème quatrième".split(),
    "3e": "3e 3ème 3èmes troisième Troisièmes".split(),
    "2de": "2de 2nde 2NDE seconde 2nd".split(),
    "1re": "1re 1ère 1ere première 1RE".split(),
    "terminale": "terminale Terminales Tle term".split(),
    "cap": ["CAP", "certificat d'aptitude professionnelle"],
    "bac-pro": ["bac pro", "Bac-Pro", "bacpro", "baccalauréat professionnel"],
    "segpa": ["SEGPA", "segpa"],
    "ulis": ["ULIS", "Ulis"],
    "upe2a": ["UPE2A", "UPE 2A"],
    "tps": ["TPS", "toute petite section"],
    "ps": ["PS", "petite section", "Petites sections"],
    "ms": ["MS", "moyenne section"],
    "gs": ["GS", "grande section"],
    "cp": ["CP", "cours préparatoire"],
    "ce1": ["CE1", "CE 1", "ce-1", "cours élémentaire 1", "cours élémentaire 1ère année"],
    "ce2": ["CE2", "CE 2", "cours élémentaire deuxième année"],
    "cm1": ["CM1", "CM 1", "cours moyen 1"],
    "cm2": ["CM2", "CM 2", "cm-2", "cours moyen 2e année"],
    "premier-degre": ["premier degré", "1er degré", "1D", "primaire", "école", "écoles primaires"],
    "second-degre": ["second degré", "2nd degré", "2d degré", "secondaire"],
    "college": ["collège", "COLLEGE", "collégiens"],
    "lycee": ["lycée", "lycées", "lycéennes"],
    "cycle-1": ["cycle 1", "Cycle I", "C1", "maternelle", "école maternelle"],
    "cycle-2": ["cycle 2", "cycle-2", "C2", "cycle2"],
    "cycle-3": ["cycle 3", "cycle III", "C3"],
    "cycle-4": ["cycle 4", "Cycle IV", "c4"],
}


def test_every_class_in_every_usual_spelling_is_that_class():
    assert USUAL.keys() == {*levels.CLASSES, *levels.GROUPS}, "each has its usual spellings"
    for slug, spellings in USUAL.items():
        for spelling in {*spellings, levels.name(slug), slug}:
            assert understood(spelling) == {"levels": (slug,)}, spelling
            # A class is recognised beside another word, too.
            assert understood(f"robot {spelling}")["levels"] == (slug,)
    for spelt, slugs in LEVELS.items():
        assert set(understood(" ".join(spelt))["levels"]) == set(slugs), spelt


#: Terms that have a meaning alone, so that their order changes nothing.
TERMS = [
    "talent", "6ème", "CM 2", "cycle 3", "bac pro", "février", "2021", "date limite", "résultats",
    "concours", "robotique", "Valenciennes", "Aix-en-Provence", "l'école", "développement durable",
    "Hauts-de-France", "EMI'Lit", "grande section", "projet", "2nd degré",
]  # fmt: skip


def test_punctuation_case_accents_and_order_never_change_what_is_understood():
    drawn = random.Random(14)
    for _ in range(scaled(3000)):
        terms = drawn.sample(TERMS, drawn.randint(1, 4))
        one = read(" ".join(terms))
        drawn.shuffle(terms)
        other = "".join(_written(term, drawn) for term in terms)
        assert _told(read(other)) == _told(one), (terms, other)


def _written(term: str, drawn: random.Random) -> str:
    marks = [*string.punctuation, *"«»…–’“”·¡¿•€☆🙂"]
    before, after = drawn.choice(["", " ", *marks]), drawn.choice([" ", "  ", *marks])
    return before + drawn.choice([str.upper, str.lower, _plain])(term) + after


def _told(query):
    return query.words, [(sorted(m.values), sorted(m.said)) for m in query.meanings]


def _plain(text: str) -> str:
    return "".join(
        c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
    ).swapcase()


# -- on the pages ----------------------------------------------------------------------------------


def shown(client, page: str, **query: str) -> tuple[set[str], str]:
    """Return the ids of the events that a page lists below its filters, and the text there."""
    answer = client.get(page, query_string={"le": JANUARY} | query)
    assert answer.status_code == 200
    main = answer.text.rpartition("</search>")[2].rpartition("<footer")[0]
    text = re.sub(r"[\s\u00a0]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))
    return set(re.findall(r'href="/evenements/([^/"]+)/', main)), text


@pytest.mark.long
@pytest.mark.sql
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("talent !", {"ma-classe-a-du-talent"}),
        ("robotique + montpellier", {"roboteam"}),
        ("janvier", {"fete-de-l-apprendre"}),
        ("en février 2021", {"ma-classe-a-du-talent"}),
        ("dates limites", {"ma-classe-a-du-talent", "roboteam"}),
        ("date limite en avril", {"roboteam"}),
        ("résultats", set()),
        ("Béthune", {"conte-en-ligne", "fete-de-l-apprendre"}),
        ("cours moyen 2, esprit critique", {"vrai-ou-faux-prouve-le", "emi-lit"}),
        ("11 février", {"ma-classe-a-du-talent"}),
    ],
)
def test_what_is_understood_finds_the_events_on_both_engines(client, typed, found):
    # An event is on this page when one of its dates in the year matches.
    events, text = shown(client, "/annee-scolaire/2020-2021/", q=typed)
    assert {e.removesuffix("-2020-2021") for e in events} == found
    if not found:
        assert "Aucun événement pour cette année scolaire avec ces filtres." in text


def test_the_page_says_what_was_understood_and_leads_to_the_place(client):
    _, text = shown(client, "/agenda/", q="6ème, Valenciennes")
    assert "Recherche comprise : 6e, Valenciennes, académie de Lille" in text
    page = client.get("/agenda/?q=robot+Valenciennes").text
    to = re.search(r'href="([^"]*)">toutes ses dates, nationales comprises', page)
    query = parse_qs(urlsplit(html.unescape(to[1])).query)
    assert query == {"departement": ["59"], "q": ["robot"]}


def test_a_date_of_another_place_is_not_found_with_its_event(empty_app):
    dates = [
        {"kind": "session", "day": "2021-03-02", "key": "lille", "scope": {"academies": ["lille"]}},
        {"kind": "session", "day": "2021-03-09", "key": "lyon", "scope": {"academies": ["lyon"]}},
    ]
    publish(empty_app, another("partout", title="Partout", milestones=dates))
    _, text = shown(empty_app.test_client(), "/agenda/", q="Roubaix")
    assert "2 mars" in text
    assert "9 mars" not in text


def test_the_kind_and_the_month_are_those_of_one_date(empty_app):
    dates = [
        {"kind": "opening", "day": "2021-02-01"},
        {"kind": "registration_deadline", "day": "2021-03-15"},
    ]
    publish(empty_app, another("mars", title="Mars", milestones=dates))
    client = empty_app.test_client()
    assert shown(client, "/agenda/", q="inscription mars")[0]
    assert not shown(client, "/agenda/", q="inscription février")[0]
    assert not shown(client, "/annee-scolaire/2020-2021/", q="inscription février")[0]


@pytest.mark.long
def test_a_month_is_every_date_that_touches_it_in_any_year(empty_app):
    def span(series, first, last):
        dates = [{"kind": "session", "first_day": first, "last_day": last}]
        return another(series, title=series, milestones=dates)

    publish(
        empty_app,
        span("noel", "2020-12-14", "2021-01-08"),
        span("hiver", "2021-01-25", "2021-03-01"),
        span("un-jour", "2021-05-31", "2021-05-31"),
    )
    months = {"noel": {12, 1}, "hiver": {1, 2, 3}, "un-jour": {5}}
    client, page = empty_app.test_client(), "/annee-scolaire/2020-2021/"
    for month, name in enumerate(MONTHS, 1):
        expected = {f"{series}-2020-2021" for series, when in months.items() if month in when}
        year = 2020 if month == 12 else 2021
        assert shown(client, page, q=name)[0] == expected
        assert shown(client, page, q=f"{name} {year}")[0] == expected
        assert shown(client, page, q=f"{name} 2024")[0] == set()


TITLES = [
    "Mars, planète des écoles", "Les 10 mots", "Prix du collège : 6e édition", "Le défi de mai",
    "Seconde chance", "Première scène", "Inscription et résultats", "Un été à La Réunion",
    "Rallye maths CM 2", "Semaine de la presse", "Les cycles 2 et 3 en fête", "Date limite",
    "Camp@Code 2021", "L'école dehors", "Terminale en scène", "Lot de livres", "24 h de Lens",
    "À vos marques !", "Bac pro + CAP", "11 novembre", "Tours et détours", "Rencontre-concours",
    "2020-2021, odyssée", "Œuvres & cœurs",
]  # fmt: skip


@pytest.mark.long
def test_an_event_is_found_by_its_title_whatever_that_seems_to_mean(empty_app):
    # The events are for ULIS in Wallis-et-Futuna and have no dates: only their titles can match.
    nowhere = {"scope": {"academies": ["wallis-et-futuna"]}, "classes": ["ulis"], "themes": []}
    publish(
        empty_app,
        *(
            another(f"e{n}", title=title, type="formation", milestones=[], **nowhere)
            for n, title in enumerate(TITLES)
        ),
    )
    with empty_app.app_context():
        known = queries.reference(db.session)
        for n, title in enumerate(TITLES):
            for text in (title, title.upper(), fold(title)):
                chosen = read_filter({"q": [text]}, known.academies, known.themes)
                found = queries.events(db.session, chosen, queries.school_years(db.session)[0])
                assert f"e{n}-2020-2021" in {event.id for event in found}, text


# -- the index of the engine ---------------------------------------------------------------------


def both_ways(*asked: str) -> tuple[set[str], set[str]]:
    """Return the ids of the events that the index finds, and of those whose texts pass."""
    found = search.indexed(db.session, asked)
    conditions = search.event_conditions(SearchQuery(words=asked), fits_filter)
    passing = db.session.scalars(select(Event.id).where(*conditions))
    return set(db.session.scalars(select(found.c.id))), set(passing)


def test_the_index_finds_what_the_condition_finds(app):
    drawn = random.Random(15)
    with app.app_context():
        known = sorted(
            {w for t in db.session.scalars(select(Event.search_text)) for w in t.split()}
        )
        for _ in range(scaled(500)):
            asked = drawn.sample(known, drawn.randint(1, 3))
            asked = [word[: drawn.randint(1, len(word))] for word in asked]
            by_index, by_text = both_ways(*asked)
            assert by_index == by_text, asked
        assert both_ways("zut") == (set(), set())
        assert [search.occurs(db.session, word) for word in ("roboteam", "robot", "zut")] == [
            1,
            1,
            0,
        ]


def test_the_index_follows_each_change_of_an_event(empty_app):
    publish(empty_app, entry(title="Ancien Œuvre"), another("autre", title="L'écriture"))
    publish(empty_app, entry(title="Récent"))
    with empty_app.app_context():
        for word, ids in (("oeuvre", ()), ("recent", (ID,)), ("ecritu", ("autre-2020-2021",))):
            assert both_ways(word) == (set(ids), set(ids)), word
        with writing(db.session, IMPORTED_AT):
            for noun in (EventScope, Milestone, Event):
                db.session.execute(delete(noun))
        assert both_ways("recent") == (set(), set())


def test_the_words_of_an_older_store_are_written_anew(empty_app):
    publish(empty_app, entry(title="L'Œuvre d'été"))
    with empty_app.app_context():
        before = db.session.scalars(select(Event.search_text)).one()
        kept = set(db.session.scalars(select(SearchWord.printed)))
        db.session.remove()
        flask_migrate.downgrade(revision="0023")
        with writing(db.session, IMPORTED_AT):
            db.session.execute(update(Event).values(search_text="l'oeuvre d'ete" + before[15:-1]))
        setup.upgrade_schema()
        assert db.session.scalars(select(Event.search_text)).one() == before
        assert set(db.session.scalars(select(SearchWord.printed))) == kept >= {"Œuvre", "concours"}
        assert both_ways("oeuv") == ({ID}, {ID})


# -- misspelt --------------------------------------------------------------------------------------


PAGES = ("/agenda/", "/annee-scolaire/2020-2021/", "/ma-selection/")
NAMED = ["janvié", "fevrrier", "inscriptoin", "valencienes", "colege", "avoirs", "xyzzyqwrt"]


@pytest.mark.long
def test_a_suggestion_always_finds_something_and_is_near_the_word_that_was_typed(client):
    with client.application.app_context():
        known = sorted(db.session.scalars(select(SearchWord.word)))
    drawn = random.Random(14)
    typed = [_misspelt(drawn.choice(known), drawn) for _ in range(scaled(200))]
    typed += NAMED
    asked = suggested = 0
    for word in typed:
        for page in PAGES if word in NAMED else PAGES[:1]:
            asked += 1
            text = client.get(page, query_string={"le": JANUARY, "q": word}).text
            if offer := re.search(r'Vouliez-vous dire <a href="([^"]*)">«\W(.*?)\W»', text):
                suggested += 1
                meant = fold(html.unescape(offer[2]))
                assert edits(fold(word), meant) <= 3, (word, offer[2])
                answer = client.get(html.unescape(offer[1])).text
                main = answer.rpartition("</search>")[2].rpartition("<footer")[0]
                assert re.search(r'href="/evenements/|name="evenements" value="\w', main), offer[1]
    assert suggested > asked / 2, "most misspelt words are spelt anew"


def edits(one: str, other: str) -> int:
    """Return how many letters are added, left out or replaced (the Levenshtein distance)."""
    row = list(range(len(other) + 1))
    for n, letter in enumerate(one, 1):
        last, row[0] = row[0], n
        for m, wanted in enumerate(other, 1):
            last, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, last + (letter != wanted))
    return row[-1]


@pytest.mark.parametrize(
    ("typed", "known"),
    [("victoire", "histoire"), ("webinaire", "séminaire"), ("janvier", "avoir"), ("lire", "rire")],
)
def test_words_that_only_sound_alike_are_not_near(typed, known):
    assert is_near(fold(typed), fold(known)) is (edits(fold(typed), fold(known)) == 1)


def _misspelt(word: str, drawn: random.Random) -> str:
    at = drawn.randrange(1, len(word))
    letter = drawn.choice("aeiourst")
    start, end = word[:at], word[at + 1 :]
    return drawn.choice([start + end, start + letter + word[at:], start + letter + end])


@pytest.mark.parametrize("typed", ["janvier", "vienne", "xyzzyqwrt", "zut", "résultats"])
def test_a_suggestion_is_never_an_unrelated_word(client, typed):
    _, text = shown(client, "/agenda/", q=f"{typed} roboteam")
    assert "Vouliez-vous dire" not in text


def test_a_suggestion_is_written_as_french_is(client):
    for typed, meant in (("mathematiqes", "mathématiques"), ("robotteam", "RoboTeam")):
        assert f"Vouliez-vous dire « {meant} » ?" in shown(client, "/agenda/", q=typed)[1]
