"""The page of a past event leads on: when it was, whether it comes back, and where to ask for the
next edition."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.catalogue.returning import Return
from calendar_app.school.school_year import SchoolYear
from calendar_app.web.public.past_events import again_words
from tests.catalogue.test_renewal import ID as LAICITE
from tests.catalogue.test_renewal import renew, write_rule
from tests.factories import ID, MID_JUNE, entry, publish
from tests.web.public.test_past import said

HEADING = "Et la prochaine fois ?"


def next_time(app, event_id: str, day: str, query: str = "") -> tuple[str, list[tuple[str, str]]]:
    """Return the words of « Et la prochaine fois ? », and the buttons of the whole page that stand
    out, as (address, words)."""
    page = app.test_client().get(f"/evenements/{event_id}/?le={day}{query}").text
    main = page.partition("<main")[2].partition("</main>")[0]
    section = re.search(
        r'<section aria-labelledby="la-prochaine-fois">.*?</section>', main, re.DOTALL
    )
    buttons = re.findall(r'<a class="button" href="([^"]+)">.*?class="at-desk">([^<]+)<', main)
    words = said(f"<main{section[0]}</main>").strip() if section else ""
    return words, [(html.unescape(address), text) for address, text in buttons]


def milestone(kind: str, first: str, last: str | None = None, **more):
    days = {"day": first} if last is None else {"first_day": first, "last_day": last}
    return {"kind": kind, "key": f"{kind}-{first}", **days, **more}


@pytest.mark.parametrize(
    ("dates", "was"),
    [
        ([milestone("deadline", "2021-02-11")], "C'était le jeudi 11 février 2021."),
        ([milestone("session", "2021-05-17", "2021-05-19")], "C'était du 17 au 19 mai 2021."),
        # The window of a contest: its end counts. The sessions of a training say when it was.
        (
            [
                milestone("opening", "2020-10-12"),
                milestone("registration_deadline", "2021-01-15"),
                milestone("deadline", "2021-04-28", "2021-04-30"),
            ],
            "C'était le vendredi 30 avril 2021.",
        ),
        (
            [
                milestone("registration_deadline", "2020-12-01"),
                milestone("session", "2021-01-12"),
                milestone("session", "2021-03-15"),
                milestone("results", "2021-06-01"),
            ],
            "C'était du 12 janvier au 15 mars 2021.",
        ),
        ([milestone("results", "2021-06-01")], "C'était le mardi 1er juin 2021."),
        ([MID_JUNE], "C'était prévu : mi-juin (date approximative)."),
        ([], "C'était pendant l'année scolaire 2020-2021."),
    ],
)
def test_a_past_event_says_when_it_was(empty_app, dates, was):
    publish(empty_app, entry(milestones=dates))
    words, _ = next_time(empty_app, ID, "2026-11-30")
    assert words.startswith(f"{HEADING} {was} Nous ne savons pas encore s'il reviendra."), words


def test_what_was_cancelled_never_was(empty_app):
    publish(empty_app, entry(cancelled=True))
    words, _ = next_time(empty_app, ID, "2021-01-04")
    assert words.startswith(f"{HEADING} Nous ne savons pas encore")
    dates = [milestone("deadline", "2021-02-11", cancelled=True)]
    publish(empty_app, entry(milestones=dates))
    assert "C'était" not in next_time(empty_app, ID, "2026-11-30")[0]


def test_the_one_first_button_asks_for_the_next_edition(empty_app):
    publish(empty_app, entry())
    for day in ("2021-02-12", "2021-08-01", "2026-11-30"):
        words, buttons = next_time(empty_app, ID, day, "&academie=lille&q=essai")
        asked = f"/abonnement/?academie=lille&le={day}&evenement={ID}"
        assert buttons == [(asked, "Me prévenir de la prochaine édition")], day
        assert words.endswith("Nous ne savons pas encore s'il reviendra."), day
    words, buttons = next_time(empty_app, ID, "2021-02-11")
    assert (words, [text for _, text in buttons]) == ("", ["Me prévenir par courriel"])
    publish(empty_app, entry(archived=True))
    assert next_time(empty_app, ID, "2026-11-30") == ("", [])


def following(**changes):
    return (
        entry(
            id="essai-2021-2022",
            title="Concours d'essai, 7e édition",
            school_year="2021-2022",
            milestones=[milestone("deadline", "2022-02-03")],
        )
        | changes
    )


def test_the_next_edition_in_the_calendar_is_named_with_its_dates(empty_app):
    publish(empty_app, entry(), following())
    words, buttons = next_time(empty_app, ID, "2022-01-10")
    assert words == (
        f"{HEADING} C'était le jeudi 11 février 2021. Prochaine édition : Concours d'essai, 7e "
        "édition (2021-2022) : Date limite : jeudi 3 février 2022 (dans 24 jours)."
    )
    [(address, _)] = buttons
    assert address == "/abonnement/?le=2022-01-10&evenement=essai-2021-2022"
    form = said(empty_app.test_client().get(address).text)
    assert "Me prévenir de : Concours d'essai, 7e édition (2021-2022)." in form
    # An old address of the form means the edition that is ahead, too.
    form = said(empty_app.test_client().get(address.replace("2021-2022", "2020-2021")).text)
    assert "Me prévenir de : Concours d'essai, 7e édition (2021-2022)." in form


@pytest.mark.parametrize(
    ("changes", "known", "button"),
    [
        ({"milestones": []}, "ses dates ne sont pas encore connues", "Me prévenir"),
        (
            {"milestones": [milestone("results", "2022-05-10")]},
            "Résultats : mardi 10 mai 2022 (dans 120 jours)",
            "Voir la prochaine édition",
        ),
    ],
)
def test_what_is_not_known_of_the_next_edition_is_not_promised(empty_app, changes, known, button):
    publish(empty_app, entry(), following(**changes))
    words, [(address, text)] = next_time(empty_app, ID, "2022-01-10")
    assert f"7e édition (2021-2022) : {known}." in words
    assert text.startswith(button)
    assert ("/abonnement/" in address) is button.startswith("Me prévenir")
    assert "essai-2021-2022" in address


RULE = "Revient chaque année : le 9 décembre ( Loi du 9 décembre 1905 )."


def test_a_series_with_a_rule_says_it_before_and_after_its_day(empty_app):
    write_rule(empty_app, source={"name": "Loi du 9 décembre 1905", "link": "https://loi.example/"})
    renew(empty_app)
    client = empty_app.test_client()
    for day, has_passed in (("2026-12-09", False), ("2026-12-10", True), ("2027-09-01", True)):
        page = client.get(f"/evenements/{LAICITE}/?le={day}").text
        assert said(page).count(RULE) == 1, day
        assert '(<a href="https://loi.example/" rel="noopener">' in page
        words, [(address, _)] = next_time(empty_app, LAICITE, day)
        assert bool(words) is has_passed, day
        assert ("evenement=laicite-2027-2028" in address) is has_passed
    assert "Prochaine édition : Laïcité (2027-2028) : A lieu le jeudi 9 décembre 2027" in words
    # The edition of the year after is not made yet: the rule itself says the day.
    words, [(address, _)] = next_time(empty_app, LAICITE, "2027-12-20")
    assert f"{RULE} La prochaine fois : le samedi 9 décembre 2028." in words
    assert "evenement=laicite-2026-2027" in address


def test_of_a_rule_that_ended_nothing_is_promised(empty_app):
    write_rule(empty_app)
    renew(empty_app)
    write_rule(empty_app, ended="true")
    words, _ = next_time(empty_app, LAICITE, "2027-12-20")
    assert "Revient" not in words
    assert "La prochaine édition n'est pas encore annoncée." in words


# -- by what is known of the past ------------------------------------------------------------------


@given(starts=st.sets(st.integers(2015, 2026), max_size=6), year=st.integers(2026, 2030))
def test_each_year_is_said_of_years_without_a_gap_only(starts, year):
    years = tuple(SchoolYear(start) for start in sorted(starts))
    words = again_words(Return(None, None, None, years), date(year, 11, 30))
    every = set(range(min(starts, default=0), max(starts, default=0) + 1))
    if len(starts) < 2:
        assert words == "Nous ne savons pas encore s'il reviendra."
    elif every != starts:
        assert words.startswith("A eu lieu en ")
        assert all(y.label in words for y in years)
    elif max(starts) >= year - 1:
        assert words == (
            f"Est revenu chaque année depuis {years[0].label}. "
            "La prochaine édition n'est pas encore annoncée."
        )
    else:
        assert f"chaque année de {years[0].label} à {years[-1].label}." in words
    assert ("depuis" in words) is ("n'est pas encore annoncée" in words)
