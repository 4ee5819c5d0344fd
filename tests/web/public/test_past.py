"""Past dates and events are marked as past, on their page and for machines."""

from __future__ import annotations

import html
import re

import pytest
import time_machine

from calendar_app.web.public import system_views
from tests.factories import ID, MID_JUNE, another, entry, publish

NOINDEX = '<meta name="robots" content="noindex">'


def title_of(page: str) -> str:
    return html.unescape(re.search(r"<title>(.*?)</title>", page)[1])


def headings(page: str) -> list[str]:
    """Return the heading of each date on an event's page."""
    found = re.findall(r"<h3>(.*?)</h3>", page.partition('id="dates"')[2], re.DOTALL)
    return [" ".join(html.unescape(re.sub("<[^>]+>", " ", one)).split()) for one in found]


def test_past_dates_on_the_page_of_an_event_are_marked(empty_app):
    dates = [
        {"kind": "opening", "day": "2020-10-12"},
        {"kind": "deadline", "day": "2021-02-11"},
        {"kind": "session", "first_day": "2021-02-10", "last_day": "2021-02-12"},
        {"kind": "results", "day": "2021-02-01", "cancelled": True},
    ]
    publish(empty_app, entry(milestones=dates))
    client = empty_app.test_client()
    said = headings(client.get(f"/evenements/{ID}/?le=2021-02-11").text)
    assert ["passée" in one for one in said] == [True, False, False, False]
    assert "annulé" in said[3]
    said = headings(client.get(f"/evenements/{ID}/?le=2021-02-13").text)
    assert ["passée" in one for one in said] == [True, True, True, False]


@pytest.mark.long
def test_the_sitemap_names_just_what_may_be_indexed(empty_app):
    """The test runs on days before, within and after the school years of the events."""
    late = [{"kind": "results", "day": "2021-09-30"}]
    publish(
        empty_app,
        entry(),
        another("tard", milestones=late),
        another("sans-jour", milestones=[]),
        entry(id="neuf-2021-2022", series="neuf", school_year="2021-2022", milestones=[]),
        another("retire", archived=True),
    )
    client = empty_app.test_client()
    pages = ["/", "/agenda/", "/annee-scolaire/2020-2021/", "/annee-scolaire/2021-2022/"]
    pages += [f"/evenements/{name}-2020-2021/" for name in ("tard", "sans-jour", "retire")]
    pages += [f"/evenements/{ID}/", "/evenements/neuf-2021-2022/", "/calendrier/2021/02/"]
    for day in ("2020-12-01", "2021-07-31", "2021-08-01", "2021-10-01", "2022-08-01", "2026-11-29"):
        sitemap = client.get("/sitemap.xml", query_string={"le": day}).text
        named = set(re.findall(r"<loc>http://[^/]+(/[^<]*)</loc>", sitemap))
        indexed = {page for page in pages if NOINDEX not in _real(client, page, day)}
        assert named == indexed, day
        assert {"/", "/agenda/"} <= named, "what comes next will be there"


def test_a_large_sitemap_is_an_index_of_files(empty_app, monkeypatch):
    """Ten thousand events a file; here two."""
    publish(empty_app, entry(), *(another(f"autre-{n}") for n in range(4)), entry(**OVER))
    client = empty_app.test_client()

    def named(address: str) -> list[str]:
        body = client.get(address, query_string={"le": "2020-12-01"}).text
        return re.findall(r"<loc>http://[^/]+(/[^<]*)</loc>", body)

    whole = named("/sitemap.xml")
    monkeypatch.setattr(system_views, "SITEMAP_EVENTS", 2)
    files = named("/sitemap.xml")
    assert files == [f"/sitemap-{n}.xml" for n in (1, 2, 3)]
    assert [address for file in files for address in named(file)] == whole
    assert [client.get(f"/sitemap-{n}.xml").status_code for n in (0, 4, 10**30)] == [404] * 3


#: The changes of an event that is over.
OVER = {
    "id": "fini-2018-2019",
    "series": "fini",
    "school_year": "2018-2019",
    "milestones": [{"kind": "deadline", "day": "2019-02-11"}],
}


def _real(client, address: str, day: str) -> str:
    """Return a page on a real day: a page for another day (``?le=``) is never indexed."""
    with time_machine.travel(f"{day}T09:00:00+01:00", tick=False):
        return client.get(address).text


def test_the_title_of_an_event_carries_its_school_year_once(empty_app):
    publish(empty_app, entry(), another("an", title="Prix 2020-2021"))
    client = empty_app.test_client()
    page = client.get(f"/evenements/{ID}/").text
    assert title_of(page) == "Concours d'essai, 2020-2021 – Calendrier des classes"
    assert '<meta property="og:title" content="Concours d\'essai, 2020-2021">' in page
    page = client.get("/evenements/an-2020-2021/").text
    assert title_of(page) == "Prix 2020-2021 – Calendrier des classes"


# -- nothing is promised of what is past -----------------------------------------------------------


def said(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    words = html.unescape(re.sub(r"<[^>]+>", " ", main))
    return re.sub(r"[\s\u00a0\u202f]+", " ", words)


@pytest.mark.parametrize(
    ("changes", "day", "told"),
    [
        ({}, "2021-02-11", "now"),
        ({}, "2021-02-12", "next"),
        ({}, "2026-11-29", "next"),
        ({"cancelled": True}, "2021-01-04", "next"),
        ({"archived": True}, "2021-01-04", "never"),
        ({"archived": True}, "2026-11-29", "never"),
        ({"milestones": []}, "2021-01-04", "now"),
        # A class has nothing to do by these dates, so no reminder goes out before them.
        ({"milestones": [{"kind": "results", "day": "2021-05-11"}]}, "2021-01-04", "never"),
        ({"milestones": [{"kind": "opening", "day": "2021-05-11"}]}, "2021-01-04", "never"),
        ({"milestones": [{"kind": "registration_deadline", "day": "2021-05-11"}],
          "full": True}, "2021-01-04", "never"),
        # The day of the deadline may still become known.
        ({"milestones": [MID_JUNE | {"kind": "deadline"}]}, "2021-01-04", "now"),
        ({"milestones": [MID_JUNE]}, "2021-01-04", "never"),
        ({"milestones": []}, "2021-08-01", "next"),
        ({"milestones": [{"kind": "deadline", "day": "2021-02-11", "cancelled": True}]},
         "2021-01-04", "never"),
    ],
)  # fmt: skip
def test_sign_up_promises_reminders_of_what_is_ahead_and_of_the_next_edition_only(
    empty_app, changes, day, told
):
    publish(empty_app, entry(**changes))
    client = empty_app.test_client()
    with time_machine.travel(f"{day}T09:00:00+01:00", tick=False):
        form = client.get(f"/abonnement/?evenement={ID}").text
        assert ("Me prévenir de : Concours d'essai" in said(form)) is (told == "now")
        wish = "Me prévenir de la prochaine édition de « Concours d'essai »"
        assert said(form).count(wish) == (1 if told == "next" else 0), "the heading"
        assert ("Cette édition n'est pas encore au calendrier." in said(form)) is (told == "next")
        assert (wish in title_of(form).replace("\u202f", " ")) is (told == "next")
        assert (f'name="evenement" value="{ID}"' in form) is (told != "never")
        assert ("Aucun rappel ne partira pour cet événement" in said(form)) is (told == "never")
        # Without an event, only « all that fits the class » is left to choose.
        chosen = re.search(r'name="suivre" value="(\w+)" checked', form)[1]
        assert chosen == ("tout" if told == "never" else "choix")
        event = client.get(f"/evenements/{ID}/").text
        assert ("Me prévenir par courriel" in event) is (told == "now")
        assert ("Me prévenir de la prochaine édition" in event) is (told == "next")
        if day > "2021-08":
            assert "Et maintenant" not in event


def test_the_page_of_a_feed_shows_no_month_of_what_the_feed_does_not_hold(empty_app):
    publish(empty_app, entry(milestones=[{"kind": "session", "day": "2021-05-17"}]))
    client = empty_app.test_client()
    for day, shown in (("2021-01-04", True), ("2021-07-31", True), ("2026-11-29", False)):
        page = said(client.get(f"/flux/?flux=toutes&le={day}").text)
        assert ("Ce qui apparaîtra : mai 2021" in page) is shown, day
        assert ("Cette adresse ne donne aucune date pour le moment" in page) is not shown
