"""School holidays on the month, the list, the year and the composer's preview."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.school.class_days import ClassDays
from calendar_app.school.school_calendars import mainland_calendars
from calendar_app.web.public.month_grid import month_bounds
from calendar_app.web.public.weeks import monday_of, weeks_of
from tests.factories import another, entry, publish
from tests.shipped import ACADEMIES, HOLIDAYS
from tests.web.public.test_pages import text_of

CALENDARS = mainland_calendars() | {calendar.slug: calendar for calendar in HOLIDAYS}
NATION = ClassDays.national(mainland_calendars().values(), wednesdays=True)
WHOSE = [NATION, *(ClassDays.of_academies((a,), CALENDARS, wednesdays=True) for a in ACADEMIES)]


def plain(page: str) -> str:
    return unescape(page).replace("\u00a0", " ").replace("\u202f", " ")


def lanes(page: str) -> list[str]:
    """Return the names of the holidays in a month's table, from week to week."""
    return re.findall(r'class="holiday">([^<]*)<span', plain(page))


# -- the month -------------------------------------------------------------------------------------


def test_a_month_names_the_holidays_of_each_zone_in_each_week(client):
    page = client.get("/calendrier/2021/02/?le=2021-01-04").text
    a, b, c = (f"Vacances d'hiver (zone {zone})" for zone in "ABC")
    assert lanes(page) == [a, a, c, a, c, b, c, b]
    assert f"{b} : du 20 février au 7 mars 2021" in plain(page)
    assert "Jours grisés" not in page, "no day is without class in all zones"


def test_a_month_of_an_academie_names_its_own(client):
    page = client.get("/calendrier/2021/02/?le=2021-01-04&academie=lille").text
    assert lanes(page) == ["Vacances d'hiver", "Vacances d'hiver"]
    assert "Jours grisés, au bord hachuré : vacances scolaires (zone B)." in plain(page)
    assert "Choisissez une académie" not in page


@pytest.mark.long
def test_a_month_and_a_list_and_a_year_say_that_holidays_are_unknown(empty_app):
    client = empty_app.test_client()
    publish(empty_app, entry())
    for address, words in (
        ("/calendrier/2019/12/?academie=corse", "pas les vacances scolaires de ce mois"),
        ("/calendrier/2021/04/?academie=corse", "pas toutes les vacances scolaires de ce mois"),
        ("/agenda/?le=2021-01-04&academie=polynesie-francaise", "scolaires de ces semaines"),
        ("/annee-scolaire/2020-2021/?academie=polynesie-francaise", "de cette année scolaire"),
        ("/annee-scolaire/2028-2029/", "pas toutes les vacances scolaires de cette année"),
    ):
        page = text_of(client, address)
        assert words in page
        assert "Nous ne connaissons pas" in page
    for address in ("/calendrier/2021/02/", "/agenda/", "/annee-scolaire/2020-2021/"):
        for place in ("", "&academie=lille"):
            page = text_of(client, f"{address}?le=2021-01-04{place}")
            assert "Nous ne connaissons pas" not in page


@pytest.mark.parametrize("academy", ["", "lille", "guadeloupe", "la-reunion"])
@pytest.mark.parametrize("year", [2020, 2025])
def test_each_row_of_a_table_is_whole_and_every_holiday_of_the_month_is_named(
    empty_app, academy, year
):
    client, found = empty_app.test_client(), ACADEMIES.get(academy) if academy else None
    whose = ClassDays.of_academies((found,), CALENDARS, wednesdays=True) if found else NATION
    for month in range(1, 13):
        page = plain(client.get(f"/calendrier/{year}/{month:02}/?academie={academy}").text)
        wide, _, days = page.partition('class="month-days"')
        assert days.count("<tr") == wide.count('<tr class="days"') + 1
        for week in re.findall(r"<tbody>(.*?)</tbody>", wide, re.DOTALL):
            rows = re.findall(r"<tr.*?</tr>", week, re.DOTALL)
            assert f'rowspan="{len(rows)}"' in rows[0]
            for row in rows:
                cells = re.findall(r"<td([^>]*)>", row)
                widths = [re.search(r'colspan="(\d)"', cell) for cell in cells]
                assert sum(int(width[1]) if width else 1 for width in widths) == 7
        listed = whose.listed_holidays(*month_bounds(year, month))
        assert set(lanes(page)) == {holiday.label for holiday in listed}
        if not listed:
            assert 'class="holidays"' not in page


# -- the list --------------------------------------------------------------------------------------


def test_a_list_tells_holidays_in_their_week_and_between_weeks(client):
    page = text_of(client, "/agenda/?le=2020-12-04")
    told = [
        "Vacances de Noël (zones A, B et C) : du 19 décembre 2020 au 3 janvier 2021",
        "Du 18 au 24 janvier 2021",
        "Du 8 au 14 février 2021 Vacances d'hiver (zone A) : du 6 au 21 février 2021",
        "Vacances d'hiver (zone C) : du 13 au 28 février 2021",
        "Ma classe a du talent",
        "Vacances d'hiver (zone B) : du 20 février au 7 mars 2021",
        "Vacances de printemps (zones A, B et C) : du 10 au 25 avril 2021",
        "Du 26 avril au 2 mai 2021",
        "Pont de l'Ascension (zones A, B et C) : du 13 au 16 mai 2021",
        "Du 17 au 23 mai 2021",
    ]
    places = [page.index(words) for words in told]
    assert places == sorted(places)
    assert page.count("Vacances d'") == 3
    of_lille = text_of(client, "/agenda/?le=2020-12-04&academie=lille")
    assert "Vacances d'hiver" not in of_lille, "they begin after the last date"
    assert "Vacances de Noël : du 19 décembre 2020 au 3 janvier 2021" in of_lille


@given(st.data())
def test_no_holiday_between_the_first_day_and_the_last_week_is_left_out(data):
    whose = data.draw(st.sampled_from(WHOSE))
    since = date(2019, 9, 1) + timedelta(days=data.draw(st.integers(0, 3000)))
    ahead = data.draw(st.lists(st.integers(0, 300), max_size=8))
    days = sorted(since + timedelta(days=n) for n in ahead)
    weeks = weeks_of([(day, None) for day in days], whose, since)
    assert [week.monday for week in weeks] == sorted({monday_of(day) for day in days})
    if not weeks:
        return
    before = [holiday for week in weeks for holiday in week.before]
    inside = [holiday for week in weeks for holiday in week.holidays]
    assert len(set(before)) == len(before)
    assert not set(before) & set(inside)
    last = weeks[-1].monday - timedelta(days=1)
    expected = whose.listed_holidays(since, last) if since <= last else ()
    assert set(expected) <= {*before, *inside}
    for week in weeks:
        friday, sunday = week.monday + timedelta(days=4), week.monday + timedelta(days=6)
        for told in week.before:
            assert told.first_day < week.monday
            assert told.last_day >= since
        for told in week.holidays:
            assert week.monday <= told.first_day <= sunday or (
                told.first_day <= week.monday and told.last_day >= friday
            )


def test_the_weeks_of_a_selection_tell_no_holidays(client):
    address = "/ma-selection/?le=2021-01-04&evenements=ma-classe-a-du-talent-2020-2021"
    assert "Vacances" not in text_of(client, address)


# -- the year --------------------------------------------------------------------------------------


def test_a_year_names_its_holidays_above_the_drawing(client):
    def names(query: str) -> list[str]:
        page = plain(client.get(f"/annee-scolaire/2020-2021/{query}").text)
        axis = re.search(r'<svg class="axis names".*?</svg>', page, re.DOTALL)
        assert axis
        return re.findall(r">([^<>]+)</text>", axis[0])

    of_montpellier = ["été", "Toussaint", "Noël", "hiver", "printemps", "été"]
    assert names("?academie=montpellier") == of_montpellier
    # No day of winter is without class in all zones, and a pont has no room.
    assert names("") == [name for name in of_montpellier if name != "hiver"]
    assert "hiver austral" in names("?academie=la-reunion")


# -- the composer's preview ------------------------------------------------------------------------


def test_a_preview_names_the_holidays_that_the_feed_has_and_no_others(empty_app):
    publish(empty_app, entry(), another("autre", scope={"academies": ["lille"]}))
    client = empty_app.test_client()
    address = "/flux/?le=2021-01-04&flux=academie-de-lille"
    assert lanes(client.get(address).text) == []
    assert lanes(client.get(f"{address}&vacances=1").text) == ["Vacances d'hiver"] * 2
    national = client.get("/flux/?le=2021-01-04&flux=national&vacances=1").text
    assert "Vacances d'hiver (zone A)" in lanes(national)
