"""The calendar in other sites: what a frame holds, who may frame what, the code to copy, oEmbed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine

from calendar_app.web.public.embed_views import MOST_DATES
from tests.factories import another, publish
from tests.html_reading import elements
from tests.web.public.test_pages import JANUARY, PAGES, text_of

EMBED = f"/embed/agenda/?{JANUARY}"
HERE = "http://127.0.0.1:8000"
AFTER = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AFTER, tick=False):
        yield


def many(empty_app, count: int, **changes):
    """Return a client of a site with *count* dates after 4 January 2021."""
    days = [date(2021, 1, 5) + timedelta(days=n) for n in range(count)]
    publish(
        empty_app,
        *(
            another(
                f"concours-d-ecriture-et-d-illustration-{n:02}",
                title=f"{n:02} Concours national d'écriture et d'illustration des écoles rurales",
                milestones=[{"kind": "deadline", "day": day.isoformat()}],
                **changes,
            )
            for n, day in enumerate(days)
        ),
    )
    return empty_app.test_client()


def titles(client, address: str) -> list[str]:
    page = client.get(address).text
    links = elements(page, "a")
    return [link.text.strip() for link in links if str(link["href"]).startswith("/evenements/")]


# The list in a frame.


def test_the_embed_lists_what_is_next_and_leads_to_the_site(client):
    page = text_of(client, f"{EMBED}&academie=lille")
    assert (
        "6e édition Date limite : jeudi 11 février 2021 5 semaines de classe dans 38 jours" in page
    )
    order = [page.index(t) for t in ("La Fête de l'Apprendre", "Ma classe", "Tout le calendrier")]
    assert order == sorted(order)
    assert "RoboTeam" not in page, "it is for another académie"
    links = elements(client.get(f"{EMBED}&academie=lille&theme=numerique").text, "a")
    assert [link["href"] for link in links[-2:]] == [
        f"{address}?academie=lille&theme=numerique&{JANUARY}" for address in ("/agenda/", "/flux/")
    ]
    assert [link.text.strip() for link in links[-2:]] == [
        "Tout le calendrier",
        "Ajouter à mon agenda",
    ]


def test_no_link_of_the_embed_opens_in_the_frame_and_each_leads_somewhere(client):
    """Our other pages refuse to be shown in a frame."""
    for address in (f"{EMBED}&academie=lille", "/embed/agenda/?academie=lile"):
        links = elements(client.get(address).text, "a")
        assert links
        for link in links:
            assert (link["target"], link["rel"]) == ("_blank", "noopener")
            assert client.get(link["href"]).status_code == 200


def test_the_embed_has_no_script_no_navigation_no_cookie_and_is_not_indexed(client):
    answer = client.get(EMBED)
    assert "Set-Cookie" not in answer.headers
    for tag in ("script", "nav", "form", "iframe", "style", "img"):
        assert elements(answer.text, tag) == []
    assert elements(answer.text, "meta", name="robots")[0]["content"] == "noindex"


def test_with_nothing_ahead_the_embed_says_so(client):
    page = text_of(client, "/embed/agenda/")
    assert "Aucune date à venir pour le moment." in page
    assert "Tout le calendrier" in page
    assert "Aucune date à venir avec ces filtres." in text_of(client, f"{EMBED}&q=introuvable")


@pytest.mark.long
def test_the_embed_shows_as_many_dates_as_asked_for(empty_app):
    client = many(empty_app, 60)
    assert len(titles(client, EMBED)) == 10
    assert len(titles(client, f"{EMBED}&nombre=")) == 10
    assert [title[:2] for title in titles(client, f"{EMBED}&nombre=3")] == ["00", "01", "02"]
    assert len(titles(client, f"{EMBED}&nombre=50")) == 50


@pytest.mark.parametrize("count", ["0", "51", "-1", "dix", "1.5", "²", "9" * 5000])
def test_another_number_is_a_404_that_says_which(client, count):
    page = text_of(client, f"/embed/agenda/?nombre={count}", 404)
    assert "écrivez un nombre de 1 à 50" in page


def test_an_unknown_filter_is_a_404_with_a_hint_inside_the_frame(client):
    answer = client.get("/embed/agenda/?academie=lile")
    assert answer.status_code == 404
    assert "Vouliez-vous dire" in answer.text
    assert elements(answer.text, "nav") == []
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]


@pytest.mark.long
def test_fifty_dates_and_their_style_weigh_less_than_50_kb(empty_app):
    client = many(empty_app, 60, place="Une salle des fêtes")
    filters = [("academie", "la-reunion"), ("niveau", "cycle-3"), ("q", "concours " * 20)]
    filters += [
        ("evenements", f"concours-d-ecriture-et-d-illustration-{n:02}-2020-2021") for n in range(60)
    ]
    answer = client.get(f"{EMBED}&nombre={MOST_DATES}&{urlencode(filters)}")
    assert len(titles(client, answer.request.full_path)) == MOST_DATES
    [style] = elements(answer.text, "link", rel="stylesheet")
    with client.get(style["href"]) as css:
        assert len(css.data) > 1000
        assert len(answer.data) + len(css.data) < 50_000


def test_the_embed_is_kept_by_caches_as_the_pages_are(client):
    """A countdown is true only until midnight."""
    names = ("Cache-Control", "Expires", "Last-Modified", "Age")
    embed, page = client.get(EMBED).headers, client.get(f"/agenda/?{JANUARY}").headers
    assert [embed.get(name) for name in names] == [page.get(name) for name in names]


def test_a_rehearsed_embed_says_so(client):
    assert "comme si nous étions le lundi 4 janvier 2021" in text_of(client, EMBED)
    assert "comme si" not in text_of(client, "/embed/agenda/")


# Who may frame what.


def test_other_sites_may_frame_the_embed_alone(client):
    for address in ("/embed/agenda/", "/embed/nulle-part/", "/embed/agenda/?type=fete"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert "frame-ancestors *" in policy
        assert "default-src 'none'" in policy
        assert not [part for part in policy if part.startswith("script-src")]
        assert not {"X-Frame-Options", "Cross-Origin-Opener-Policy"} & {*headers.keys()}
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    [
        *PAGES,
        "/integrer/",
        "/oembed",
        "/embed",
        "/embedx/",
        "/abonnement/",
        "/redaction/",
        "/x/embed/",
    ],
)
def test_nothing_else_may_be_framed(client, address):
    headers = client.get(address).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.long
def test_only_the_builder_may_show_a_frame_and_only_of_ours(client):
    assert "frame-src 'self'" in client.get("/integrer/").headers["Content-Security-Policy"]
    for address in (*PAGES, "/embed/agenda/"):
        assert "frame-src" not in client.get(address).headers["Content-Security-Policy"]


# The code to copy.


def test_the_builder_gives_the_code_of_what_it_shows(client):
    answer = client.get(
        "/integrer/?academie=lille&niveau=cycle-3&nombre=5&hauteur=300&theme=numerique"
    )
    [area] = elements(answer.text, "textarea")
    [pasted] = elements(area.text, "iframe")
    shown = "/embed/agenda/?academie=lille&niveau=cycle-3&theme=numerique&nombre=5"
    assert pasted.attributes == {
        "src": HERE + shown,
        "title": "Les prochaines dates, académie de Lille – Calendrier des classes",
        "height": "300",
        "loading": "lazy",
        "style": "border: 0; width: 100%",
    }
    assert "readonly" in area.attributes
    [button] = elements(answer.text, "button", **{"data-copy": area["id"]})
    assert button["data-copied"] == "Code copié"
    [preview] = elements(answer.text, "iframe")
    assert (preview["src"], preview["data-height"]) == (shown, "300")
    assert "height" not in preview.attributes, "an attribute for the looks (RGAA 10.1)"
    assert client.get(shown).status_code == 200


def test_the_builder_keeps_what_was_chosen(client):
    page = client.get("/integrer/?academie=lille&niveau=cm2&nombre=5&hauteur=300&q=robot").text
    chosen = [
        option["value"] for option in elements(page, "option") if "selected" in option.attributes
    ]
    assert chosen == ["lille", "cm2"]
    fields = {field["name"]: field["value"] for field in elements(page, "input")}
    assert fields == {"q": "robot", "nombre": "5", "hauteur": "300"}


def test_the_code_is_for_every_day_and_the_preview_for_the_day_on_screen(client):
    page = client.get(f"/integrer/?{JANUARY}").text
    [preview] = elements(page, "iframe")
    assert preview["src"] == EMBED
    [area] = elements(page, "textarea")
    [pasted] = elements(area.text, "iframe")
    assert pasted["src"] == f"{HERE}/embed/agenda/"


@pytest.mark.parametrize("wrong", ["hauteur=10", "hauteur=5000", "nombre=99", "niveau=cm3"])
def test_the_builder_refuses_what_no_embed_can_be(client, wrong):
    assert re.search(
        "écrivez un nombre de|Vouliez-vous dire", text_of(client, f"/integrer/?{wrong}", 404)
    )


def test_what_is_typed_never_leaves_the_code(client):
    evil = '"></textarea><script>alert(1)</script>'
    page = client.get("/integrer/", query_string={"q": evil}).text
    assert elements(page, "script") == elements(client.get("/integrer/").text, "script")
    [area] = elements(page, "textarea")
    [pasted] = elements(area.text, "iframe")
    assert parse_qs(urlsplit(pasted["src"]).query) == {"q": [evil]}


# oEmbed.


def consumed(client, url: str, status: int = 200, **parameters: object):
    answer = client.get("/oembed", query_string={"url": url, **parameters})
    assert answer.status_code == status, answer.text
    return answer.json if status == 200 else answer.text


def framed(told: dict) -> str:
    """Return the path and query that the HTML of an answer shows."""
    [frame] = elements(told["html"], "iframe")
    assert (frame["width"], frame["height"]) == (str(told["width"]), str(told["height"]))
    assert str(frame["src"]).startswith(HERE)
    return str(frame["src"]).removeprefix(HERE)


def test_oembed_answers_as_its_specification_says(client):
    answer = client.get("/oembed", query_string={"url": f"{HERE}/agenda/", "format": "json"})
    assert answer.content_type == "application/json"
    told = answer.json
    assert told.pop("html").startswith("<iframe ")
    assert told == {
        "version": "1.0",
        "type": "rich",
        "title": "Les prochaines dates – Calendrier des classes",
        "provider_name": "Calendrier des classes",
        "provider_url": f"{HERE}/",
        "width": 600,
        "height": 480,
    }


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("/agenda/", "/embed/agenda/"),
        ("/agenda/?le=2021-01-04&utm_source=x", "/embed/agenda/"),
        ("/agenda/?niveau=cm2&academie=lille", "/embed/agenda/?academie=lille&niveau=cm2"),
        ("/calendrier/2021/02/?type=concours", "/embed/agenda/?type=concours"),
        ("/annee-scolaire/2020-2021/?q=robot", "/embed/agenda/?q=robot"),
        (
            "/evenements/roboteam-2020-2021/?academie=montpellier",
            "/embed/agenda/?academie=montpellier&evenements=roboteam-2020-2021",
        ),
        ("/embed/agenda/?nombre=20&theme=numerique", "/embed/agenda/?theme=numerique&nombre=20"),
    ],
)
def test_oembed_shows_the_dates_of_a_page_with_its_filters(client, page, shown):
    assert framed(consumed(client, HERE + page)) == shown
    assert client.get(shown).status_code == 200


def test_oembed_of_an_event_shows_that_event(client):
    told = consumed(client, f"{HERE}/evenements/roboteam-2020-2021/")
    assert told["title"] == "Concours RoboTeam – Calendrier des classes"
    assert set(titles(client, f"{framed(told)}&{JANUARY}")) == {"Concours RoboTeam"}


def test_oembed_keeps_to_the_room_that_there_is(client):
    told = consumed(client, f"{HERE}/agenda/", maxwidth=320, maxheight=200)
    assert (told["width"], told["height"]) == (320, 200)
    told = consumed(client, f"{HERE}/agenda/", maxwidth=5000, maxheight=5000)
    assert (told["width"], told["height"]) == (600, 480)
    framed(told)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/agenda/",
        "https://ailleurs.example/agenda/",
        f"{HERE}.evil.example/agenda/",
        f"{HERE}@evil.example/agenda/",
        "http://127.0.0.1:8001/agenda/",
        "ftp://127.0.0.1:8000/agenda/",
        "http://[/agenda/",
        f"{HERE}/",
        f"{HERE}/agenda",
        f"{HERE}/nulle-part/",
        f"{HERE}/abonnement/",
        f"{HERE}/redaction/",
        f"{HERE}/flux/national.ics",
        f"{HERE}/evenements/personne-2020-2021/",
        f"{HERE}/evenements/%00/",
        f"{HERE}/calendrier/2021/13/",
        f"{HERE}/annee-scolaire/demain/",
        f"{HERE}/agenda/?academie=lile",
        f"{HERE}/embed/agenda/?nombre=0",
        f"{HERE}/agenda/?" + "&".join(f"q={n}" for n in range(2000)),
    ],
)
def test_oembed_knows_no_other_address(client, url):
    status = 414 if url.count("q=") > 1 else 404  # as for any address of that length
    consumed(client, url, status)


@pytest.mark.parametrize("size", ["0", "-5", "large"])
def test_oembed_refuses_a_size_that_is_none(client, size):
    assert "écrivez un nombre" in consumed(client, f"{HERE}/agenda/", 404, maxwidth=size)


@pytest.mark.parametrize("form", ["xml", "XML", "yaml"])
def test_oembed_has_one_format(client, form):
    assert "format=json" in consumed(client, f"{HERE}/agenda/", 501, format=form)
