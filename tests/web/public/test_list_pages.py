"""« Toutes les dates » has fifty dates a page, and loses none between two pages."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from itertools import chain

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_app.web.public import calendar_views
from tests.factories import another, publish

LE = "le=2021-01-04"
FIRST = date(2020, 12, 1)
NAV = re.compile(r'<nav class="pager" aria-label="Suite de la liste">(.*?)</nav>', re.DOTALL)


def event_from(number: int, begins: int, lasts: int):
    first = FIRST + timedelta(begins)
    days = {"first_day": first.isoformat(), "last_day": (first + timedelta(lasts)).isoformat()}
    title = f"Rencontre {number}"
    return another(f"essai-{number}", title=title, milestones=[{"kind": "session"} | days])


def read(client, address: str) -> tuple[list[str], dict[str, str]]:
    """Return the ids of the events on a page of the list, in order, and its links to other pages:
    their words → address."""
    answer = client.get(address)
    assert answer.status_code == 200
    body = answer.text
    rows = re.findall(r'<h3[^>]*><a href="/evenements/([^/]*)/', body)
    found = NAV.search(body)
    links = (
        re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', found[1], re.DOTALL) if found else ()
    )
    return rows, {
        re.sub("<svg.*?</svg>", "", w, flags=re.DOTALL).strip(): html.unescape(a) for a, w in links
    }


def through(client, address: str) -> list[list[str]]:
    """Return the ids on each page, following « Dates suivantes »."""
    pages, before = [], None
    while address:
        rows, links = read(client, address)
        if before:
            assert links["Dates précédentes"] == before
        pages.append(rows)
        before, address = address, links.get("Dates suivantes")
    return pages


@pytest.mark.long
def test_a_list_of_fifty_dates_is_one_page_and_of_more_is_several(empty_app):
    publish(empty_app, *(event_from(n, 40 + n, 0) for n in range(50)))
    client = empty_app.test_client()
    assert [len(rows) for rows in through(client, f"/agenda/?{LE}")] == [50]
    publish(empty_app, *(event_from(n, 40 + n, 0) for n in range(50, 101)))
    pages = through(client, f"/agenda/?niveau=cm2&{LE}")
    assert [len(rows) for rows in pages] == [50, 50, 1]
    assert list(chain(*pages)) == [f"essai-{n}-2020-2021" for n in range(101)]
    second = client.get(f"/agenda/?niveau=cm2&{LE}&page=2").text
    assert "<h1>Toutes les dates, page 2</h1>" in second
    assert (
        '<link rel="canonical" href="http://127.0.0.1:8000/agenda/?niveau=cm2&amp;page=2">'
        in second
    )
    with time_machine.travel("2021-01-04T09:00:00+01:00", tick=False):
        found = [client.get(f"/agenda/?page={number}").text for number in (1, 2)]
    assert ['<meta name="robots" content="noindex">' in body for body in found] == [False, True]


def test_a_page_beyond_the_last_leads_to_the_first_and_no_number_is_refused(empty_app):
    publish(empty_app, *(event_from(n, 40 + n, 0) for n in range(60)))
    client = empty_app.test_client()
    answer = client.get(f"/agenda/?niveau=cm2&{LE}&page=3")
    assert (answer.status_code, answer.location) == (302, f"/agenda/?niveau=cm2&{LE}")
    for wrong in ("0", "-1", "deux", "10000", "9" * 40):
        answer = client.get(f"/agenda/?{LE}&page={wrong}")
        assert (answer.status_code, "Adresse à corriger" in answer.text) == (404, True), wrong


EVENTS = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 60)), min_size=1, max_size=12)


@pytest.mark.long
def test_pages_of_any_length_are_the_list_cut_in_parts(make_app, monkeypatch):
    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    @given(EVENTS, st.integers(1, 5))
    def check(days, most):
        app = make_app("empty")
        publish(app, *(event_from(n, *lasting) for n, lasting in enumerate(days)))
        client = app.test_client()
        whole = through(client, f"/agenda/?{LE}")
        with monkeypatch.context() as patch:
            patch.setattr(calendar_views, "LIST_DATES", most)
            pages = through(client, f"/agenda/?{LE}")
        assert list(chain(*pages)) == whole[0]
        assert all(len(rows) == most for rows in pages[:-1])

    check()


def test_school_holidays_between_two_pages_are_told_once(empty_app, monkeypatch):
    """The winter holidays of Lille, 20 February to 7 March 2021, lie between two dates."""
    publish(empty_app, *(event_from(n, days, 0) for n, days in enumerate((45, 70, 71, 110))))
    monkeypatch.setattr(calendar_views, "LIST_DATES", 3)
    client = empty_app.test_client()
    told = [client.get(f"/agenda/?{LE}&academie=lille&page={n}").text for n in (1, 2)]
    assert ["Vacances d'hiver" in html.unescape(page) for page in told] == [False, True]
