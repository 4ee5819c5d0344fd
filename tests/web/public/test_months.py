"""What the month, the school year and the poster say of each date, and in which order."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest

from calendar_app.catalogue.models.events import Event
from calendar_app.web.public.poster import ROOM, SIZES, room_words, sheets
from calendar_app.web.public.timeline import Line
from tests.factories import another, entry, publish
from tests.web.public.test_pages import text_of
from tests.web.public.test_today import fresh, renew

__all__ = ["fresh"]

YEAR = "/annee-scolaire/2020-2021/"


def meeting(name: str, first: str, last: str, **more: object) -> dict:
    days = {"kind": "session", "first_day": first, "last_day": last} | more
    return another(name, title=name.capitalize(), milestones=[days])


# -- the month -------------------------------------------------------------------------------------


def days_of(client, address: str) -> dict[str, tuple[str, str]]:
    """Return the days that lead somewhere: the words of each link, and the row that it leads to."""
    page = client.get(address).text
    table = page.partition('<div class="month-days">')[2].partition("</table>")[0]
    found = {}
    for place, inside in re.findall(r'<a href="#([^"]+)">(.*?)</a>', table, re.DOTALL):
        words = unescape(re.sub(r"<[^>]+>", "", inside)).replace("\u00a0", " ")
        title = re.search(rf'id="{re.escape(place)}".*?<a [^>]*>([^<]*)</a>', page, re.DOTALL)
        day = re.search(r'datetime="([^"]+)"', inside)
        assert title, place
        assert day
        found[day[1]] = (words, unescape(title[1]))
    return found


def test_a_day_with_dates_leads_to_its_place_in_the_list(empty_app):
    publish(
        empty_app,
        meeting("longue", "2020-12-30", "2021-01-12"),
        meeting("courte", "2021-01-11", "2021-01-11"),
        entry(milestones=[{"kind": "deadline", "day": "2021-01-11"}]),
        meeting("annulee", "2021-01-20", "2021-01-20", cancelled=True),
    )
    days = days_of(empty_app.test_client(), "/calendrier/2021/01/?le=2021-01-04")
    assert list(days) == [f"2021-01-{day:02}" for day in range(1, 13)]
    assert days["2021-01-01"] == (
        "1er janvier 2021, vacances : 1 date (jour de l'événement)",
        "Longue",
    )
    assert days["2021-01-10"] == ("10 janvier 2021 : 1 date (jour de l'événement)", "Longue")
    words, title = days["2021-01-11"]
    assert title in ("Courte", "Concours d'essai"), "what begins there, not what goes on"
    assert words == "11 janvier 2021 : 3 dates (jour de l'événement, date limite)"


@pytest.mark.long
def test_a_journee_has_a_place_in_the_list_too(fresh):
    renew(fresh, date(2026, 9, 1))
    words, title = days_of(fresh.test_client(), "/calendrier/2026/12/")["2026-12-09"]
    assert words.startswith("9 décembre 2026 : 1 date")
    assert "laïcité" in title


def test_paper_has_the_list_where_the_table_does_not_say_all(empty_app):
    client = empty_app.test_client()
    publish(empty_app, *(meeting(f"essai-{n}", "2021-01-11", "2021-01-11") for n in range(6)))
    assert 'class="month-list off-paper"' in client.get("/calendrier/2021/01/").text
    publish(empty_app, meeting("de-plus", "2021-01-11", "2021-01-11"))
    page = client.get("/calendrier/2021/01/").text
    assert 'class="month-list"' in page
    assert "+ 1 autre date le lundi 11 janvier 2021" in text_of(client, "/calendrier/2021/01/")


# -- the school year -------------------------------------------------------------------------------


def groups(client, address: str) -> dict[str, list[str]]:
    """Return the titles of each group, by its heading."""
    page = client.get(address).text
    found = {}
    for group in re.findall(r'<tbody class="group">(.*?)</tbody>', page, re.DOTALL):
        heading = re.search(r'scope="rowgroup"[^>]*>([^<]*)', group)
        titles = re.findall(r'scope="row"><a [^>]*>([^<]*)</a>', group)
        found[unescape(heading[1]).strip() if heading else ""] = [unescape(t) for t in titles]
    return found


def test_a_year_groups_its_events_by_what_is_next(empty_app):
    """The périodes of Lille: the third one lasts until 19 February 2021."""
    window = [{"kind": "opening", "day": "2020-10-05"}, {"kind": "deadline", "day": "2021-03-15"}]
    publish(
        empty_app,
        another("ouverte", title="Ouverte", milestones=window),
        meeting("en-cours", "2020-11-02", "2021-05-01"),
        meeting("bientot", "2021-02-19", "2021-02-19"),
        meeting("apres", "2021-03-08", "2021-03-08"),
        meeting("finie", "2020-12-01", "2020-12-01"),
        another("sans-jour", title="Sans jour", milestones=[]),
    )
    client = empty_app.test_client()
    assert groups(client, f"{YEAR}?le=2021-01-04&academie=lille") == {
        "Cette période": ["En-cours", "Bientot"],
        "Plus tard": ["Apres", "Ouverte"],
        "Toute l'année": ["Sans jour"],
        "Passés": ["Finie"],
    }
    text = text_of(client, f"{YEAR}?le=2021-01-04&academie=lille")
    assert "Cette période jusqu'au 19 février, 2 événements" in text
    # In holidays the next période counts; without an académie there is none.
    for query, first in (
        ("le=2020-12-26&academie=lille", "La période qui vient"),
        ("le=2021-01-04", "À venir"),
    ):
        assert next(iter(groups(client, f"{YEAR}?{query}"))) == first
    # Seen from another year, all stand together.
    assert list(groups(client, f"{YEAR}?le=2021-09-01&academie=lille")) == [""]


def test_what_is_cancelled_is_not_next(empty_app):
    publish(empty_app, meeting("annulee", "2021-01-20", "2021-01-20", cancelled=True))
    assert groups(empty_app.test_client(), f"{YEAR}?le=2021-01-04&academie=lille") == {
        "Passés ou annulés": ["Annulee"]
    }


# -- the poster ------------------------------------------------------------------------------------


def lines(dated: int, undated: int = 0) -> list[Line]:
    some = (object(),)
    return [Line(Event(), some, ()) for _ in range(dated)] + [Line(Event(), (), ())] * undated


@pytest.mark.parametrize("paper", SIZES)
@pytest.mark.parametrize("undated", [0, 1, 5, 6, 30])
def test_a_sheet_holds_as_many_as_it_says(paper, undated):
    for dated in (*range(100), 179, 180, 181):
        found = sheets(lines(dated, undated), paper)
        held = [sum(map(len, sheet.columns)) for sheet in found]
        assert sum(held) == dated
        assert max(held) <= ROOM[paper]
        assert max(held[:-1], default=0) - min(held[:-1], default=0) <= 1
        assert [len(sheet.undated) for sheet in found] == [0] * (len(found) - 1) + [undated]
        needed = dated + -(-undated // 5)
        assert len(found) == max(1, -(-needed // ROOM[paper]))
        for sheet in found:
            assert all(abs(len(sheet.columns[0]) - len(c)) <= 1 for c in sheet.columns)


@pytest.mark.parametrize(
    ("number", "paper", "words"),
    [
        (1, "a4", "1 événement : l'affiche tient sur une feuille A4."),
        (40, "a4", "40 événements : l'affiche tient sur une feuille A4."),
        (41, "a3", "41 événements : l'affiche tient sur une feuille A3."),
        (
            41,
            "a4",
            "41 événements : l'affiche tient sur une feuille A3 (jusqu'à 90). En A4 (jusqu'à 40 par"
            " feuille), elle prend 2 feuilles.",
        ),
        (
            91,
            "a3",
            "91 événements : c'est plus qu'une feuille n'en porte (40 en A4, 90 en A3). En A3,"
            " l'affiche prend 2 feuilles ; filtrez par classe, par type ou par thème pour qu'elle"
            " tienne sur une seule.",
        ),
    ],
)
def test_a_poster_says_on_which_sheet_it_fits(number, paper, words):
    assert room_words(lines(number), paper).replace("\u00a0", " ") == words


def test_each_sheet_of_a_long_poster_stands_for_itself(empty_app):
    publish(empty_app, *(another(f"essai-{n}", title=f"Concours {n}") for n in range(41)))
    client = empty_app.test_client()
    page = client.get(f"{YEAR}affiche/?academie=lille").text
    assert re.findall(r"Affiche 2020-2021 \((\d sur \d)\)", page) == ["1 sur 2", "2 sur 2"]
    assert page.count("<figure") == page.count("imprimé le") == 2
    assert page.count('scope="row"') == 41
    assert "◆" not in page
    text = text_of(client, f"{YEAR}affiche/?academie=lille")
    assert "Date limite : 11 févr." in text
    assert "elle prend 2 feuilles" in text
