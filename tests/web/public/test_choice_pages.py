"""Choosing a place once, filters as chips, « Ma sélection », and what pages draw and advise."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from calendar_app.catalogue import queries
from calendar_app.store.base import db
from calendar_app.web.public.weeks import week_note
from tests.factories import ID, another, entry, publish
from tests.web.public.test_pages import main_of, text_of, today

__all__ = ["today"]

JANUARY = "le=2021-01-04"
TALENT, ROBOTEAM = "ma-classe-a-du-talent-2020-2021", "roboteam-2020-2021"
FETE = "fete-de-l-apprendre-2020-2021"


def links(client, address: str, inside: str) -> dict[str, str]:
    """Return the links within the element of this class: words → address."""
    page = client.get(address).text
    found = re.search(rf'<(\w+) class="{inside}".*?</\1>', page, re.DOTALL)
    assert found, f"no {inside} on {address}"
    return {
        re.sub(r"[\s\u00a0]+", " ", unescape(re.sub(r"<[^>]+>", " ", words))).strip(): unescape(to)
        for to, words in re.findall(r'<a[^>]* href="([^"]*)"[^>]*>(.*?)</a>', found[0], re.DOTALL)
    }


# -- chips -----------------------------------------------------------------------------------------


def test_each_filter_is_a_chip_that_takes_itself_away(client):
    address = f"/agenda/?{JANUARY}&academie=lille&niveau=cm2&niveau=6e&type=concours&q=talent"
    chips = links(client, address, "chips")
    assert list(chips) == [
        "académie de Lille (retirer ce filtre)",
        "CM2 (retirer ce filtre)",
        "6e (retirer ce filtre)",
        "concours (retirer ce filtre)",
        "« talent » (retirer ce filtre)",
        "tout effacer",
    ]
    without = parse_qs(urlsplit(chips["CM2 (retirer ce filtre)"]).query)
    assert without == {
        "academie": ["lille"],
        "niveau": ["6e"],
        "type": ["concours"],
        "q": ["talent"],
        "le": ["2021-01-04"],
    }
    assert chips["tout effacer"] == f"/agenda/?{JANUARY}"


def test_where_nothing_is_left_it_is_said_what_to_take_away(client):
    page = main_of(client, f"/?{JANUARY}&academie=lille&type=formation&q=roboteam")
    assert "Aucune date à venir avec ces filtres." in page
    assert "Sans formation" not in page, "without it nothing would be there either"
    page = main_of(client, f"/agenda/?{JANUARY}&academie=lille&q=apprendre&type=concours")
    assert "Sans « apprendre » : 1 date à venir" in page
    assert "Sans concours : 1 date à venir" in page
    assert "Sans académie de Lille" not in page


def test_a_misspelt_search_is_spelt_anew(client):
    address = f"/agenda/?{JANUARY}&academie=montpellier&q=robotteam"
    assert "Vouliez-vous dire « RoboTeam » ?" in main_of(client, address)
    to = re.search(r'href="(/agenda/[^"]*q=RoboTeam[^"]*)"', client.get(address).text)
    assert to
    assert "Concours RoboTeam" in main_of(client, unescape(to[1]))
    # A word that occurs in another event, or that resembles no word, is left alone.
    for search in ("apprendre", "xyzzyqwrt"):
        address = f"/agenda/?{JANUARY}&academie=montpellier&q={search}"
        assert "Vouliez-vous dire" not in main_of(client, address)


def test_several_classes_are_chosen_and_kept_by_the_filters(client):
    found = client.get(f"/mon-academie/?{JANUARY}&lieu=Lille&niveau=&niveau=5e&niveau=3e")
    assert parse_qs(urlsplit(found.location).query)["niveau"] == ["5e", "3e"]
    page = client.get(found.location).text
    form = page.partition('<form class="filters"')[2].partition("</form>")[0]
    assert re.findall(r'type="hidden" name="niveau" value="([^"]*)"', form) == ["5e", "3e"]
    assert '<option value="">5e, 3e</option>' in form
    assert "selected" not in form.partition('id="f-niveau"')[2].partition("</select>")[0]
    # The page that shows the classes as boxes lets them be unticked.
    page = client.get(f"/mon-academie/?{JANUARY}&niveau=5e&niveau=3e").text
    assert 'type="hidden" name="niveau"' not in page
    assert re.findall(r'name="niveau" value="([^"]*)" checked', page) == ["5e", "3e"]


def test_an_empty_month_and_an_empty_year_say_it_of_themselves(client):
    page = main_of(client, "/calendrier/2021/02/?type=rencontre")
    assert "Sans rencontre : 1 date ce mois-ci" in page
    page = main_of(client, "/annee-scolaire/2020-2021/?academie=lille&type=formation")
    assert "Sans formation : 3 événements" in page


# -- one's académie --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("lille", "academie=lille"),
        ("Pas-de-Calais", "departement=62"),
        ("0630001A", "departement=63"),
        ("La Réunion", "academie=la-reunion"),
    ],
)
def test_what_somebody_types_opens_their_dates(client, typed, query):
    answer = client.get(f"/mon-academie/?{JANUARY}&niveau=cm2&lieu={typed}")
    assert answer.status_code == 302
    to = urlsplit(answer.headers["Location"])
    assert (to.path, to.fragment) == ("/", "retenir")
    assert query in to.query
    assert "niveau=cm2" in to.query
    assert JANUARY in to.query
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_place_that_is_unknown_is_said_and_stays_typed(client):
    page = client.get("/mon-academie/?lieu=Lile").text
    assert 'value="Lile"' in page
    assert "Lille" in unescape(page).partition('role="alert">')[2].partition("<")[0]


def test_every_academie_can_be_chosen_on_the_map_with_the_filters_kept(client):
    page = client.get("/mon-academie/?theme=robotique&departement=63").text
    found = re.findall(r'href="/\?([^"]*)#retenir"', unescape(page))
    assert len(found) == 36
    assert "theme=robotique&academie=lille" in found
    assert not any("departement" in query for query in found)
    # The académie of the département is the one that is chosen.
    assert tiles_of(client, "/mon-academie/?departement=63", current=True) == ["Clermont-Ferrand"]
    assert tiles_of(client, "/mon-academie/?academie=lille&academie=nice", current=True) == [
        "Lille",
        "Nice",
    ]


def tiles_of(client, address: str, *, current: bool = False) -> list[str]:
    """Return the names on the map, or only those of what is chosen (``aria-current``)."""
    tiles = re.findall(r'<a([^>]*)>\s*<span class="name"[^>]*>([^<]*)<', client.get(address).text)
    return [name for attributes, name in tiles if not current or "aria-current" in attributes]


@pytest.mark.parametrize("more", ["", "&niveau=cm2", "&journees=0", "&q=classe", "&type=concours"])
def test_a_tile_says_how_many_dates_its_academie_then_shows(client, more):
    page = text_of(client, f"/mon-academie/?{JANUARY}{more}")
    for name, slug in (("Lille", "lille"), ("Montpellier", "montpellier"), ("Nice", "nice")):
        [(dates, own)] = re.findall(rf"{name} (\d+)(?: dont (\d+) ici)? : dates? à venir", page)
        listed = client.get(f"/agenda/?{JANUARY}{more}&academie={slug}").text
        rows = re.findall(r'<article class="row|<span class="day-line', listed)
        assert int(dates) == len(rows), name
        everywhere = re.search(r"(\d+) (?:vaut|valent) dans toute la France", page)
        assert int(dates) == int(everywhere[1] if everywhere else 0) + int(own or 0)


def test_the_map_says_what_its_numbers_count(client):
    page = text_of(client, f"/mon-academie/?{JANUARY}")
    assert "Chaque case dit combien de dates y sont à venir." in page
    assert "« dont 2 » : deux autres s'y ajoutent" in page.replace("\u202f", " ")
    page = text_of(client, f"/mon-academie/?{JANUARY}&niveau=cm2&journees=0&q=talent")
    assert "combien de dates y sont à venir avec vos filtres. 1 vaut dans toute la France." in page
    # A selection shows the same dates everywhere.
    page = text_of(client, f"/mon-academie/?{JANUARY}&evenements={TALENT}")
    assert "à venir" not in page
    assert len(tiles_of(client, f"/mon-academie/?evenements={TALENT}")) == 36


def test_what_was_chosen_stands_on_every_page(client):
    for address in ("/", "/agenda/", "/ma-selection/", "/flux/", f"/evenements/{TALENT}/"):
        page = text_of(client, f"{address}?academie=clermont-ferrand&niveau=cm2")
        assert "Clermont-Ferrand · CM2 : changer d'académie" in page


# -- week by week ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "monday", "note"),
    [
        ("lille", date(2021, 1, 4), "période 3, semaine de classe 1"),
        ("lille", date(2021, 1, 18), "période 3, semaine de classe 3"),
        ("lille", date(2021, 2, 22), "sans classe (Vacances d'hiver)"),
        ("lille", date(2020, 8, 31), "période 1, semaine de classe 1"),
        ("lille", date(2035, 1, 1), None),
        (None, date(2021, 1, 18), None),
    ],
)
def test_a_week_says_where_it_stands_in_the_school_year(app, slug, monday, note):
    with app.app_context():
        reference = queries.reference(db.session)
        academy = reference.academies.get(slug) if slug else None
        assert week_note(monday, reference.class_days(academy, wednesdays=False)) == note


def test_the_list_goes_week_by_week(client):
    page = main_of(client, f"/agenda/?{JANUARY}&academie=lille")
    assert "Du 18 au 24 janvier 2021 , période 3, semaine de classe 3 La Fête" in page
    assert "Du 8 au 14 février 2021 , période 3, semaine de classe 6 Ma classe" in page


# -- the event page --------------------------------------------------------------------------------


def test_what_is_left_to_do_comes_in_order(empty_app):
    publish(
        empty_app,
        entry(
            link="https://concours.example/",
            participation={
                "registrants": ["enseignant"],
                "ien_visa": True,
                "where_link": "https://concours.example/inscription",
                "pupil_data": ["image-ou-voix"],
            },
            milestones=[
                {"kind": "registration_deadline", "day": "2021-01-15"},
                {"kind": "submission_deadline", "day": "2021-02-11"},
                {"kind": "results", "day": "2021-03-12"},
            ],
        ),
    )
    client = empty_app.test_client()

    def steps(query: str) -> str:
        found = text_of(client, f"/evenements/{ID}/?{query}").partition("Ce qu'il faut faire")[2]
        return found.partition("Pour qui ?")[0].strip()

    assert steps(JANUARY) == (
        "Lisez le règlement ou la présentation (site officiel) Demandez le visa de l'IEN "
        "Demandez aux familles les autorisations pour l'image et la voix des élèves "
        "Inscrivez la classe, au plus tard : vendredi 15 janvier 2021 "
        "Envoyez la production, au plus tard : jeudi 11 février 2021 (plus tard) "
        "Résultats : vendredi 12 mars 2021 (plus tard)"
    )
    later = steps("le=2021-02-01")
    assert "Inscrivez la classe, au plus tard" not in later
    assert "Envoyez la production, au plus tard" in later
    assert steps("le=2021-04-01") == ""


def test_last_year_is_told(empty_app):
    last = {"id": "essai-2019-2020", "school_year": "2019-2020"}
    publish(
        empty_app,
        entry(**last, milestones=[{"kind": "deadline", "day": "2020-02-13"}]),
        entry(),
    )
    page = text_of(empty_app.test_client(), f"/evenements/{ID}/?{JANUARY}")
    assert "Concours d'essai (2019-2020) : l'an dernier, jusqu'au jeudi 13 février 2020" in page
    page = text_of(empty_app.test_client(), f"/evenements/essai-2019-2020/?{JANUARY}")
    assert "Concours d'essai (2020-2021) : Date limite : jeudi 11 février 2021" in page


# -- my selection ----------------------------------------------------------------------------------


@pytest.mark.long
def test_a_selection_is_a_page_a_feed_a_poster_and_a_message(client):
    address = f"/ma-selection/?{JANUARY}&evenements={TALENT},{ROBOTEAM}"
    page = text_of(client, address)
    assert "Du 8 au 14 février 2021 Ma classe a du talent" in page
    assert "La Fête de l'Apprendre A lieu du 20 au 24 janvier 2021" in page, "to be picked"
    message = re.search(r"<textarea.*?>(.*?)</textarea>", client.get(address).text, re.DOTALL)
    assert message
    lines = unescape(message[1]).replace("\u00a0", " ").splitlines()
    assert lines[0] == "- Ma classe a du talent, 6e édition – date limite : jeudi 11 février 2021"
    assert lines[1].endswith(f"/evenements/{TALENT}/")
    own = f"http://127.0.0.1:8000/ma-selection/?evenements={TALENT}%2C{ROBOTEAM}"
    assert lines[-1] == f"Tout sur une page : {own}"
    assert f'readonly value="{own}"' in client.get(address).text
    acts = links(client, address, "buttons")
    assert f"toutes.ics?evenements={TALENT}%2C{ROBOTEAM}" in unescape(
        client.get(acts["Ajouter à mon agenda"]).text
    )
    poster = text_of(client, acts["Imprimer l'affiche"])
    assert "Concours RoboTeam" in poster
    assert "Fête" not in poster
    wanted = text_of(client, acts["Me prévenir par courriel"])
    assert "Me prévenir de : Ma classe a du talent, 6e édition (2020-2021), Concours Robo" in wanted


def test_one_is_added_and_taken_away_by_address(client):
    both = f"/ma-selection/?{JANUARY}&evenements={TALENT}&evenements={ROBOTEAM}"
    picked = links(client, both, "picked")
    less = picked["retirer Concours RoboTeam"]
    assert parse_qs(urlsplit(less).query) == {"evenements": [TALENT], "le": ["2021-01-04"]}
    page = client.get(f"/evenements/{ROBOTEAM}/?{JANUARY}&evenements={TALENT}").text
    more = re.search(r'href="([^"]*)" data-pick', page)
    assert more
    assert parse_qs(urlsplit(unescape(more[1])).query)["evenements"] == [f"{TALENT},{ROBOTEAM}"]


def test_a_week_with_three_deadlines_of_the_selection_is_marked(empty_app):
    names = ("essai", "deux", "trois")
    publish(empty_app, *(another(n, title=f"Concours {n}") for n in names))
    client = empty_app.test_client()
    ids = [f"{n}-2020-2021" for n in names]
    assert "3 dates limites cette semaine" in text_of(
        client, f"/ma-selection/?{JANUARY}&evenements={','.join(ids)}"
    )
    assert "dates limites cette semaine" not in text_of(
        client, f"/ma-selection/?{JANUARY}&evenements={','.join(ids[:2])}"
    )


def test_a_message_never_says_all_year_of_what_has_a_day(client):
    """Neither of a date for another académie, nor of a date that is over."""
    address = f"/ma-selection/?le=2021-02-12&academie=versailles&evenements={TALENT},{ROBOTEAM}"
    page = text_of(client, address)
    assert "toute l'année" not in page
    assert "Concours RoboTeam – académie de Montpellier, date limite : vendredi 30 avril" in page
    assert "6e édition – date limite : jeudi 11 février 2021 (date passée)" in page


@pytest.mark.long
@pytest.mark.parametrize(
    "more",
    [
        "academie=versailles",
        "departement=78&academie=lyon",
        "niveau=tps",
        "type=formation",
        "theme=espace",
        "q=introuvable",
    ],
)
def test_what_was_picked_by_hand_stays_whatever_else_is_chosen(client, more):
    """Otherwise the poster alone would drop a contest of Montpellier for a reader in Versailles."""
    query = f"{JANUARY}&{more}&evenements={FETE},{ROBOTEAM},geodeclic-2020-2021"
    for address in (
        "/",
        "/agenda/",
        "/ma-selection/",
        "/annee-scolaire/2020-2021/",
        "/annee-scolaire/2020-2021/affiche/",
        "/embed/agenda/",
    ):
        page = text_of(client, f"{address}?{query}")
        assert "Concours RoboTeam" in page, address
        assert "La Fête de l'Apprendre" in page, address
        if address != "/":
            assert "#Géodéclic" in page, address
    with time_machine.travel(datetime(2021, 1, 4, 12, tzinfo=UTC), tick=False):
        for form in ("ics", "atom", "json"):
            feed = client.get(f"/flux/toutes.{form}?{query}").text
            assert "RoboTeam" in feed, form
            assert "Apprendre" in feed, form
            assert "ma sélection (3)" in feed, form


def test_a_picked_event_still_tells_each_place_its_own_dates(empty_app):
    mine, theirs, all_ = (
        {"kind": "registration_deadline", "key": key, "day": day} | scope
        for key, day, scope in (
            ("lille", "2021-02-11", {"scope": {"academies": ["lille"]}}),
            ("paris", "2021-03-11", {"scope": {"academies": ["paris"]}}),
            ("tous", "2021-04-08", {}),
        )
    )
    publish(
        empty_app,
        entry(milestones=[mine, theirs, all_]),
        another("ailleurs", milestones=[theirs]),
    )
    client = empty_app.test_client()
    query = f"{JANUARY}&academie=lille&evenements={ID},ailleurs-2020-2021"
    # The date for Paris is told only for the event that has no other date. A selection also says
    # it in its message, as text and as HTML.
    for address, times in (
        ("/agenda/", 1),
        ("/ma-selection/", 3),
        ("/annee-scolaire/2020-2021/", 1),
    ):
        assert text_of(client, f"{address}?{query}").count("11 mars 2021") == times
        assert "8 avril 2021" in text_of(client, f"{address}?{query}")


def test_from_a_selection_one_goes_on_looking_at_everything(client):
    address = f"/ma-selection/?{JANUARY}&academie=lille&evenements={TALENT}"
    page = client.get(address).text
    for to in ("/", "/annee-scolaire/", "/calendrier/"):
        assert f'href="{to}?academie=lille&amp;{JANUARY}"' in page, to
    assert "Voir aussi les événements des autres académies" in page
    narrowed = text_of(client, f"{address}&q=fete")
    assert "La Fête de l'Apprendre A lieu" in narrowed
    assert "Conte en ligne" not in narrowed
    assert "Sans « introuvable » :" in text_of(client, f"{address}&q=introuvable")
    assert f'name="evenements" value="{TALENT}"' in client.get(f"{address}&q=fete").text
    assert "Cochez au moins un événement." in text_of(client, "/ma-selection/?evenements=")
    assert "Cochez au moins" not in text_of(client, "/ma-selection/")


@pytest.mark.long
def test_what_may_be_picked_comes_fifty_a_page(empty_app):
    """In the order of the next dates; past dates last. What is ticked goes along to the next page,
    which begins where the page before it ended."""
    day = date(2021, 2, 1)
    entries = [
        another(f"essai-{n}", title=f"N{n}N", milestones=dates)
        for n, dates in enumerate(
            [[{"kind": "deadline", "day": f"{day + timedelta(n % 40)}"}] for n in range(118)]
            + [[{"kind": "session", "day": "2020-11-01"}], []]
        )
    ]
    publish(empty_app, *entries)
    client = empty_app.test_client()
    address = f"/ma-selection/?{JANUARY}&evenements=essai-3-2020-2021"
    pages = [client.get(address).text]
    while button := re.search(r'name="page" value="(\d+)"[^>]*>Événements suivants', pages[-1]):
        form = pages[-1].partition('class="sheet"')[2].partition("</form>")[0]
        sent = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
        ticked = [("evenements", "essai-0-2020-2021")] if len(pages) == 1 else []
        query = [*sent, *ticked, ("page", button[1])]
        pages.append(client.get("/ma-selection/", query_string=query, follow_redirects=True).text)
    assert 'name="evenements" value="essai-0-2020-2021,essai-3-2020-2021"' in pages[-1]
    offers = [[int(n) for n in re.findall(r"<span>N(\d+)N", page)] for page in pages]
    assert [len(found) for found in offers] == [49, 50, 20]
    shown = [n for found in offers for n in found]
    assert sorted([*shown, 3]) == list(range(120))
    assert [n % 40 for n in shown[:-2]] == sorted(n % 40 for n in shown[:-2])
    assert shown[-2:] == [119, 118]
    assert ", page 3</legend>" in pages[2]
    beyond = client.get(f"/ma-selection/?{JANUARY}&page=9")
    assert (beyond.status_code, beyond.headers["Location"]) == (302, f"/ma-selection/?{JANUARY}")


def test_what_is_gone_is_said(client):
    page = text_of(client, f"/ma-selection/?{JANUARY}&evenements={TALENT},perdu-2020-2021")
    assert "Un événement de cette sélection n'existe plus. Le retirer" in page
    publish(client.application, entry(archived="true"))
    retired = text_of(client, f"/ma-selection/?{JANUARY}&evenements={ID}")
    assert "Un événement de cette sélection n'existe plus." in retired
    assert "Me prévenir de" not in text_of(client, f"/abonnement/?evenements={ID}")
    assert "Du 8 au 14 février 2021" in page


# -- a feed of one's own ---------------------------------------------------------------------------


def test_a_feed_is_composed_and_shown_as_a_month(client):
    address = (
        f"/flux/?{JANUARY}&lieu=Montpellier&niveau=cycle-3&theme=robotique&rappels=3"
        "&alarmes=1&fenetres=barre&vacances=1"
    )
    page = client.get(address, follow_redirects=True).text
    feed = re.search(r'id="adresse-du-flux" readonly value="([^"]*)"', page)
    assert feed
    to = urlsplit(unescape(feed[1]))
    assert to.path == "/flux/academie-de-montpellier.ics"
    assert parse_qs(to.query) == {
        "niveau": ["cycle-3"],
        "theme": ["robotique"],
        "fenetres": ["barre"],
        "rappels": ["3"],
        "alarmes": ["1"],
        "vacances": ["1"],
    }
    assert client.get(f"{to.path}?{to.query}").status_code == 200
    assert "Ce qui apparaîtra : avril 2021" in page.replace("\u00a0", " ").replace("&nbsp;", " ")
    guide = re.search(r'href="(/flux/mode-d-emploi/[^"]*)"', page)
    assert guide
    assert unescape(feed[1]) in text_of(client, unescape(guide[1]))
    # The guide also knows the place, so that a reader comes back to their own dates.
    assert "academie=montpellier" in guide[1]
    assert JANUARY in guide[1]


def test_reminders_without_a_place_say_what_is_missing(client):
    page = text_of(client, "/flux/?niveau=cm2&rappels=3")
    assert "Les rappels visibles se comptent en semaines de classe : choisissez un lieu." in page


@pytest.mark.parametrize("place", ["", "Atlantide"])
def test_what_was_ticked_stays_ticked_when_the_place_is_missing(client, place):
    page = client.get(
        f"/flux/?lieu={place}&niveau=cm2&theme=robotique&rappels=3&alarmes=1&fenetres=barre"
    ).text
    assert re.findall(r'value="([^"]+)"(?: selected| checked)', page) == [
        "cm2",
        "robotique",
        "3",
        "1",
        "barre",
    ]


@pytest.mark.parametrize(
    "program", ["Google", "Outlook", "iPhone", "Thunderbird", "ICSx", "Nextcloud"]
)
def test_the_guide_tells_of_each_program(client, program):
    assert program in text_of(client, "/flux/mode-d-emploi/?flux=academie-de-lille")


def test_the_poster_is_the_filter_on_screen_and_its_code_opens_the_calendar(client):
    page = text_of(client, f"/annee-scolaire/2020-2021/affiche/?{JANUARY}&academie=montpellier")
    assert "Affiche 2020-2021 académie de Montpellier" in page
    drawn = client.get("/annee-scolaire/2020-2021/affiche/?academie=montpellier").text
    assert re.search(r'aria-label="Code QR de http://[^"]*/flux/\?academie=montpellier"', drawn)
    assert "P1 : du 1er septembre au 16 octobre 2020" in page
    assert "Fête de l'Apprendre" not in page
    assert client.get("/annee-scolaire/2020-2021/affiche/?papier=a5").status_code == 404
