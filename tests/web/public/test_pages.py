"""What the pages say, on the days of the letter and after it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from tests.factories import ID, another, entry, publish

JANUARY = "le=2021-01-04"
AFTER = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

PAGES = [
    "/",
    f"/?{JANUARY}",
    f"/?{JANUARY}&academie=lille",
    "/agenda/",
    f"/agenda/?{JANUARY}",
    "/calendrier/2021/01/",
    "/annee-scolaire/2020-2021/",
    "/annee-scolaire/2020-2021/?academie=la-reunion",
    "/annee-scolaire/2030-2031/?academie=lille",
    "/annee-scolaire/2020-2021/?academie=polynesie-francaise",
    "/evenements/roboteam-2020-2021/",
    "/evenements/camp-code-2020-2021/",
    "/flux/",
    "/flux/?academie=la-reunion",
    "/flux/?flux=national",
    "/flux/mode-d-emploi/?flux=national",
    "/annee-scolaire/2020-2021/affiche/?academie=lille",
    "/mon-academie/?academie=lille&niveau=cm2",
    "/ma-selection/",
    "/api/v1/",
    "/aide/",
    "/plan-du-site/",
    "/accessibilite/",
    "/donnees-personnelles/registre/",
    "/ma-selection/?evenements=roboteam-2020-2021,geodeclic-2020-2021",
]


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AFTER, tick=False):
        yield


def text_of(client, address: str, status: int = 200) -> str:
    """Return what a screen reader reads of a page: no tags, single spaces."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    body = re.sub(
        r"<(script|style|title).*?</\1>|<(p|span) [^>]*aria-hidden.*?</\2>|<[^>]+>",
        " ",
        answer.text,
        flags=re.DOTALL,
    )
    return re.sub(r"[\s\u00a0]+", " ", html.unescape(body))


def main_of(client, address: str) -> str:
    """Return what a reader sees of a page below the filters."""
    return re.split(" Voir les (?:dates|événements) ", text_of(client, address))[-1]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_without_cookie_and_with_its_headers(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-" not in policy
    assert policy.startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert 'style="' not in answer.text
    # Where machines read them, addresses of this site are absolute.
    others = r"<(script|link|img|iframe)[^>]+(src|href)=\"(https?:)?//(?!127\.0\.0\.1:8000/)"
    assert not re.search(others, answer.text)


def test_home_says_what_is_next_with_days_and_class_weeks(client):
    page = text_of(client, f"/?{JANUARY}")
    order = [page.index(t) for t in ("La Fête de l'Apprendre", "Ma classe", "RoboTeam", "Camp@Num")]
    assert order == sorted(order)
    assert "au plus 5 semaines de classe dans 38 jours" in page
    assert "Archive" not in page


def test_home_of_an_academy_counts_its_own_class_weeks(client):
    page = main_of(client, f"/?{JANUARY}&academie=clermont-ferrand")
    assert "4 semaines de classe dans 38 jours" in page
    assert "Date limite pendant vos vacances" in page
    assert "RoboTeam" not in page


@pytest.mark.parametrize("view", ["/", "/agenda/"])
def test_with_nothing_ahead_a_page_says_so_and_leads_on(client, view):
    """It shows no date that the feed does not hold, and offers no empty feed first."""
    answer = client.get(view)
    assert "noindex" not in answer.text, "what comes next will be there"
    page = main_of(client, view)
    assert "Aucune date à venir" in page
    assert "Revoir l'année scolaire 2020-2021" in page
    assert "Concours RoboTeam" not in page
    buttons = re.findall(r'<a class="button.*?</svg> ([^<]*)</a>', answer.text)
    assert buttons == ["Me prévenir dès qu'une date arrive"]


def test_the_past_year_is_the_one_of_the_filter(client):
    assert "Revoir l'année scolaire 2020-2021" in text_of(client, "/?theme=esprit-critique")
    nothing = text_of(client, "/?q=introuvable")
    assert "Aucune date à venir avec ces filtres" in nothing
    assert "Revoir" not in nothing


def test_a_page_of_another_day_says_so_and_is_not_indexed(client):
    answer = client.get(f"/?{JANUARY}")
    assert "comme si nous étions le lundi 4" in answer.text
    assert '<meta name="robots" content="noindex">' in answer.text
    assert f"/agenda/?{JANUARY}" in answer.text


@pytest.mark.parametrize("le", ["hier", "2021-02-30", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_a_404_that_says_how_to_write_one(client, le):
    assert "le=2021-01-15" in text_of(client, f"/?le={le}", 404)


def test_a_running_session_is_said_to_be_now(client):
    assert "en ce moment" in text_of(client, "/?le=2021-01-22&academie=lille")
    assert "aujourd'hui" in text_of(client, "/?le=2021-02-11")
    assert "demain" in text_of(client, "/?le=2021-02-10")


def test_the_event_page_says_where_its_deadline_falls_among_the_class_days(client):
    address = f"/evenements/ma-classe-a-du-talent-2020-2021/?{JANUARY}"
    # The event names no class, so an école may take part: the page promises no Wednesday.
    assert (
        "Dernier jour de classe avant cette date, dans au moins une des zones A, B et C : mardi 9 "
        "février 2021. Choisissez votre académie pour connaître le vôtre."
        in text_of(client, address)
    )
    assert (
        "Date limite pendant vos vacances Dernier jour de classe avant cette date : vendredi 5 "
        "février 2021 (zone A)." in text_of(client, f"{address}&academie=clermont-ferrand")
    )
    assert "23 h 59" not in text_of(client, f"{address}&academie=la-reunion")
    unknown = text_of(client, f"{address}&academie=polynesie-francaise")
    assert "nous ne connaissons pas encore les vacances scolaires" in unknown
    assert "À Tahiti, comptez jusqu'au mercredi 10 février 2021." in unknown


def test_a_college_is_told_of_its_wednesday(empty_app):
    publish(empty_app, entry(classes=["cycle-4"]))
    page = text_of(empty_app.test_client(), f"/evenements/{ID}/?{JANUARY}&academie=lille")
    assert "Dernier jour de classe avant cette date : mercredi 10 février 2021 (zone B)." in page


def test_an_ecole_and_a_college_are_told_of_their_own_last_day(client):
    """The event names no class. Before a Thursday, a collège still has class on Wednesday."""
    address = f"/evenements/ma-classe-a-du-talent-2020-2021/?{JANUARY}&academie=lille"
    both = "mardi 9 février 2021 (zone B ; mercredi 10 février 2021 en collège et en lycée)."
    assert f"Dernier jour de classe avant cette date : {both}" in text_of(client, address)
    assert "avant cette date : mardi 9 février 2021 (zone B)." in text_of(
        client, f"{address}&niveau=cm2"
    )
    assert "avant cette date : mercredi 10 février 2021 (zone B)." in text_of(
        client, f"{address}&niveau=5e"
    )


def test_what_the_letter_does_not_say_is_said_to_be_so(client):
    page = text_of(client, "/evenements/camp-num-2020-2021/")
    assert "Site officiel" not in page.partition("Sources")[2]
    assert "Pour participer L'annonce ne dit pas comment participer." in page
    assert "Classes non précisé : demandez à l'organisateur" in page
    assert "Annoncé dans Lettre ÉduNum 1er degré n° 23" in page
    assert "Comprend : Camp@Code ." in page


def test_what_the_letter_says_of_taking_part_is_not_said_to_be_missing(empty_app):
    publish(empty_app, entry(participation={"cost": "gratuit", "places": "30 classes"}))
    page = text_of(empty_app.test_client(), f"/evenements/{ID}/")
    assert "Coût gratuit" in page
    missing = page.partition("Non précisé par l'annonce : ")[2].partition(". ")[0]
    assert "cela coûte" not in missing
    assert missing.startswith("qui inscrit la classe, où s'inscrire, comment envoyer")


def test_an_event_is_told_to_a_colleague_by_mail(client):
    page = client.get(f"/evenements/ma-classe-a-du-talent-2020-2021/?{JANUARY}").text
    found = re.search(r'href="(mailto:[^"]*)"', page)
    assert found
    mail = parse_qs(urlsplit(unescape(found[1])).query)
    assert mail["subject"] == ["Ma classe a du talent, 6e édition"]
    assert mail["body"][0].splitlines() == [
        "Ma classe a du talent, 6e édition",
        "Date limite : jeudi 11\u00a0février 2021",
        "",
        "http://127.0.0.1:8000/evenements/ma-classe-a-du-talent-2020-2021/",
    ]


def test_an_empty_month_leads_to_the_next_date(client):
    page = text_of(client, f"/calendrier/2021/02/?{JANUARY}&type=rencontre")
    assert "La date suivante : mai 2021 , Camp@Num, 2e édition." in page
    assert "La date suivante" not in text_of(client, f"/calendrier/2021/02/?{JANUARY}")


def test_what_has_no_day_is_said_where_dates_are(client):
    assert "Les 7 événements sans jour précis" in text_of(client, f"/?{JANUARY}")
    found = text_of(client, f"/?{JANUARY}&q=geometice")
    assert "Aucune date à venir avec ces filtres" in found
    assert "Toute l'année Géométice projet à l'année" in found
    assert "Toute l'année : Camp@Code" in text_of(
        client, f"/embed/agenda/?{JANUARY}&academie=clermont-ferrand"
    )
    composed = text_of(client, f"/flux/?{JANUARY}&academie=clermont-ferrand")
    assert "1 événement sans jour précis n'y figure pas : le voir" in composed


def test_the_composer_counts_as_of_the_day_on_screen(client):
    """Otherwise a page for another day would draw a month of dates, and say that there are none."""
    composed = text_of(client, f"/flux/?{JANUARY}&academie=clermont-ferrand&niveau=cm2")
    assert "Ce que contient cette adresse 2 dates à venir ." in composed


def test_the_list_ends_with_the_projects_without_a_day(client):
    page = text_of(client, f"/agenda/?{JANUARY}")
    assert page.index("Du 17 au 23 mai 2021") < page.index(
        "Toute l'année scolaire 2020-2021, sans jour précis"
    )
    for title in ("Camp@Code", "#Géodéclic", "EMI'Lit"):
        assert title in page


def test_a_year_long_project_is_listed_in_its_year_and_in_no_month(client):
    assert "Camp@Code" in text_of(client, "/annee-scolaire/2020-2021/")
    for month in ("2020/10", "2021/05"):
        assert "Camp@Code" not in text_of(client, f"/calendrier/{month}/")


def test_the_school_year_says_its_periods_with_their_bounds(client):
    page = text_of(client, "/annee-scolaire/2020-2021/?academie=montpellier")
    assert "Période 1 (rentrée → Toussaint) : du 1er septembre au 16 octobre 2020" in page
    assert "Période 3 (Noël → hiver) : du 4 janvier au 12 février 2021" in page
    assert "Vacances d'hiver : du 13 au 28 février 2021" in page


def test_an_unknown_calendar_is_said_to_be_unknown(client):
    for address in ("2030-2031/?academie=lille", "2020-2021/?academie=nouvelle-caledonie"):
        assert "Nous ne connaissons pas" in text_of(client, f"/annee-scolaire/{address}")


@pytest.mark.parametrize(
    "address",
    [
        "/annee-scolaire/2020-2022/",
        "/annee-scolaire/demain/",
        "/calendrier/2021/13/",
        "/calendrier/2021/00/",
        "/calendrier/9999/01/",
        "/evenements/personne-2020-2021/",
        "/nulle-part/",
        "/?academie=lile",
        "/?departement=99",
        "/?niveau=cm3",
        "/?theme=magie",
        "/?type=fete",
        "/flux/?flux=lile",
    ],
)
def test_what_does_not_exist_is_a_french_404_with_a_way_out(client, address):
    page = text_of(client, address, 404)
    assert "Page introuvable" in page or "Adresse à corriger" in page
    assert "Prochaines dates Rechercher un événement Aide" in page


def test_an_unknown_value_gets_the_nearest_right_one(client):
    assert "Vouliez-vous dire « Lille » ?" in text_of(client, "/?academie=lile", 404)


def test_the_months_can_be_walked_over_the_new_year(client):
    page = client.get("/calendrier/2020/12/?academie=lille").text
    assert 'href="/calendrier/2020/11/?academie=lille"' in page
    assert 'href="/calendrier/2021/01/?academie=lille"' in page


def test_the_current_month_and_year_are_a_redirect_that_keeps_the_filters(client):
    answer = client.get("/calendrier/?le=2021-03-02&academie=lille")
    assert answer.headers["Location"] == "/calendrier/2021/03/?academie=lille&le=2021-03-02"
    answer = client.get("/annee-scolaire/?academie=lille")
    assert answer.headers["Location"] == "/annee-scolaire/2020-2021/?academie=lille"


def test_filters_narrow_every_view_and_are_kept_in_its_links(client):
    for view in ("/", "/agenda/", "/calendrier/2021/02/", "/annee-scolaire/2020-2021/"):
        answer = client.get(f"{view}?{JANUARY}&academie=lille&q=apprendre")
        assert "Ma classe a du talent" not in answer.text
        assert "/flux/?academie=lille&amp;q=apprendre" in answer.text


def test_a_search_ignores_accents_and_case_and_keeps_what_was_typed(client):
    answer = client.get(f"/?{JANUARY}&q=FETE+de+l%27apprendre")
    assert "La Fête de l'Apprendre" in answer.text
    assert 'value="FETE de l&#39;apprendre"' in answer.text


@pytest.mark.parametrize(
    ("typed", "feed"),
    [
        ("lille", "academie-de-lille"),
        ("Académie de Caen", "academie-de-normandie"),
        ("63", "departement-63"),
        ("corrèze", "departement-19"),
        ("0631234X", "departement-63"),
        ("6200001A", "departement-2a"),
        ("9740001A", "departement-974"),
        ("Saint-Martin", "saint-martin"),
    ],
)
def test_a_feed_is_found_by_name_departement_or_school_code(client, typed, feed):
    answer = client.get("/flux/", query_string={"lieu": typed, "le": "2021-01-04"})
    # The address keeps the place, as on every page.
    assert {"academie", "departement"} & parse_qs(urlsplit(answer.location).query).keys()
    assert "le=2021-01-04" in answer.location
    answer = client.get(answer.location)
    assert f'value="http://127.0.0.1:8000/flux/{feed}.ics"' in answer.text


def test_a_place_that_is_not_found_is_kept_and_explained(client):
    answer = client.get("/flux/?lieu=Lile")
    assert answer.status_code == 200
    assert 'value="Lile"' in answer.text
    assert "Vouliez-vous dire « Lille » ?" in text_of(client, "/flux/?lieu=Lile")


def test_the_feed_page_says_how_many_dates_the_feed_holds_now(empty_app):
    client = empty_app.test_client()
    days = ("2026-12-01", "2027-01-15")
    for number, day in enumerate(days):
        publish(
            empty_app,
            *(
                entry(
                    id=f"s{n}-2026-2027",
                    series=f"s{n}",
                    school_year="2026-2027",
                    milestones=[{"kind": "deadline", "day": day}],
                )
                for n, day in enumerate(days[: number + 1])
            ),
        )
        expected = ("1 date à venir .", "2 dates à venir .")[number]
        assert expected in text_of(client, "/flux/?flux=national&le=2026-11-30")
    after = text_of(client, "/flux/?flux=national&le=2026-12-15")
    assert "1 date à venir , et 1 déjà passée." in after


@pytest.mark.parametrize("chosen", ["academie=lille", "academie=la-reunion&type=concours"])
def test_every_page_counts_the_same_dates_ahead(client, chosen):
    """The feed has past dates too, and says so."""
    listed = text_of(client, f"/agenda/?{JANUARY}&{chosen}")
    count = re.search(r"(\d+) dates? à venir", listed)
    assert count
    ahead = count[0]
    # Home says it where it does not show all of them.
    on_home = re.search(
        r"Toutes les dates \((\d+) à venir", text_of(client, f"/?{JANUARY}&{chosen}")
    )
    assert not on_home or on_home[1] == count[1]
    assert f"Ce que contient cette adresse {ahead}" in text_of(client, f"/flux/?{JANUARY}&{chosen}")
    tiles = client.get(f"/mon-academie/?{JANUARY}&{chosen}").text
    own = re.search(r'aria-current="true">.*?</a>', tiles, re.DOTALL)
    assert own
    assert f">{count[1]}<" in own[0]


def test_texts_are_never_markup(empty_app):
    evil = '<script>alert(1)</script> "quoted" & {{ 7*7 }}'
    publish(
        empty_app,
        entry(title=evil, summary=evil, organiser=evil, place=evil, themes=["robotique"]),
    )
    client = empty_app.test_client()
    addresses = (
        f"/evenements/{ID}/",
        "/annee-scolaire/2020-2021/",
        "/agenda/",
        "/calendrier/2021/02/",
    )
    for address in addresses:
        page = client.get(address, query_string="le=2021-01-04").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;quoted&#34; &amp; {{ 7*7 }}" in page


def test_moved_and_cancelled_dates_say_so(empty_app):
    publish(empty_app, entry(), another("annule"))
    publish(
        empty_app,
        entry(milestones=[{"kind": "deadline", "day": "2021-02-18"}]),
        another("annule", cancelled=True),
    )
    client = empty_app.test_client()
    page = text_of(client, f"/evenements/{ID}/?{JANUARY}")
    assert "date prolongée" in page
    assert "Date d'abord prévue : 11 février 2021." in page
    assert "Annulé." in text_of(client, f"/evenements/annule-2020-2021/?{JANUARY}")


def test_a_foreign_host_gets_400(client):
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        assert client.get("/", headers={"Host": host}).status_code == 400
    for host in ("localhost", "127.0.0.1:8000", "LOCALHOST:9999", "[::1]:8000"):
        assert client.get("/", headers={"Host": host}).status_code == 200


def test_a_supervisor_may_ask_by_any_name(client):
    for address in ("/livez", "/readyz"):
        assert client.get(address, headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_machines_are_told_that_it_lives_and_is_ready(client):
    assert client.get("/livez").text == "ok\n"
    assert client.get("/readyz").status_code == 200
    robots = client.get("/robots.txt").text
    assert "Allow: /\n" in robots
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml\n" in robots


def test_only_reading_is_allowed(client):
    for address in ("/", "/agenda/", "/flux/national.ics"):
        answer = client.post(address)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_mistake_of_ours_is_a_french_500_without_a_traceback(client, caplog):
    client.application.view_functions["calendar.agenda"] = lambda: 1 / 0
    answer = client.get("/agenda/?q=secret")
    assert answer.status_code == 500
    assert "Une erreur de notre côté" in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "127.0.0.1" not in caplog.text
    assert "secret" not in caplog.messages[0]


def test_the_statement_is_honest_and_says_whom_to_write_to(make_app):
    client = make_app("content", CALENDAR_CONTACT="contact@ac-exemple.fr").test_client()
    page = text_of(client, "/accessibilite/")
    assert "Non conforme." in page
    assert "aucun audit n'a encore été fait" in page
    assert 'href="mailto:contact@ac-exemple.fr"' in client.get("/accessibilite/").text


@pytest.mark.long
def test_the_site_map_leads_to_every_academie_and_nowhere_that_is_not(client):
    page = client.get("/plan-du-site/").text
    main = html.unescape(page).partition("<main")[2]
    addresses = set(re.findall(r'href="(/[^"#]*)"', main))
    assert {a for a in addresses if a.startswith("/?academie=")} >= {"/?academie=la-reunion"}
    assert sum(a.startswith("/?academie=") for a in addresses) == 36
    assert "/annee-scolaire/2020-2021/affiche/" in addresses
    for address in addresses:
        assert client.get(address).status_code in (200, 302), address


def test_who_finds_a_hole_knows_whom_to_tell(make_app):
    client = make_app("empty", CALENDAR_CONTACT="contact@ac-exemple.fr").test_client()
    lines = dict(
        line.split(": ", 1) for line in client.get("/.well-known/security.txt").text.splitlines()
    )
    assert lines["Contact"] == "mailto:contact@ac-exemple.fr"
    assert lines["Expires"] == "2027-11-23T09:00:00+00:00"
    assert lines["Preferred-Languages"] == "fr, en"
    nobody = make_app("empty").test_client().get("/.well-known/security.txt").text
    assert nobody.startswith("Contact: http://127.0.0.1:8000/mentions-legales/\n")


MENU = {
    "/": ("Prochaines dates", "Prochaines dates"),
    "/calendrier/2021/01/": ("Mois", "Mois de janvier 2021"),
    "/annee-scolaire/2020-2021/": ("Année scolaire", "Année scolaire 2020-2021"),
    "/ma-selection/": ("Ma sélection", "Ma sélection"),
    "/flux/": ("Mon agenda", "Mon agenda"),
    "/abonnement/": ("Rappels par courriel", "Rappels par courriel"),
    "/proposer/": ("Proposer une date", "Proposer une date"),
    "/aide/": ("Aide", "Aide"),
}


@pytest.mark.parametrize(("address", "names"), MENU.items())
def test_a_page_has_the_name_that_the_menu_gives_it(client, address, names):
    name, heading = names
    page = client.get(f"{address}?{JANUARY}").text
    header = page[page.index("<header") : page.index("</header>")]
    here = re.search(r'aria-current="page"[^>]*>(.*?)</a>', header)
    assert re.sub(r'<span class="at-phone".*?</span>|<[^>]+>', "", here[1]).strip() == name
    assert f"<title>{heading} – " in page
    assert heading in re.sub(r"<[^>]+>", "", re.search(r"<h1.*?</h1>", page)[0])


def test_the_first_page_leads_to_all_dates(client):
    assert ">Toutes les dates</a>" in client.get(f"/?{JANUARY}").text
    assert "<h1>Toutes les dates</h1>" in client.get(f"/agenda/?{JANUARY}").text
