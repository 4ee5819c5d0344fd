"""A school year of many events is shown in parts, which together show all of them."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest

from calendar_app.web.public import timeline
from tests.factories import another, publish

LE = "le=2021-01-04"
YEAR = f"/annee-scolaire/2020-2021/?{LE}"


def session_of(number: int):
    first = date(2020, 8, 1) + timedelta(9 * number)
    days = {
        "first_day": first.isoformat(),
        "last_day": (first + timedelta(number % 3 * 20)).isoformat(),
    }
    return another(f"essai-{number}", milestones=[{"kind": "session"} | days])


def drawn(client, address: str) -> set[str]:
    """Return the ids of the events on a page of a school year."""
    main = client.get(address).text.partition("<main")[2]
    return set(re.findall(r'href="/evenements/([^/]*)/', main))


@pytest.fixture
def crowded(empty_app, monkeypatch):
    """A client of a calendar with more events than a year shows at once: here more than five."""
    monkeypatch.setattr(timeline, "MOST_LINES", 5)
    publish(empty_app, *map(session_of, range(40)), another("sans-jour", milestones=[]))
    return empty_app.test_client()


@pytest.mark.long
@pytest.mark.parametrize(("place", "parts"), [("", 12), ("&academie=lille", 5)])
def test_the_parts_of_a_year_show_all_of_its_events(crowded, place, parts):
    main = crowded.get(YEAR + place).text.partition("<main")[2]
    nav = re.search(r'aria-label="Parties de l\'année">(.*?)</nav>', main, re.DOTALL)[1]
    assert "41 événements cette année" in nav
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*)"', nav)]
    assert len(links) == parts
    found = [drawn(crowded, link) for link in links]
    assert set().union(*found) == {f"essai-{n}-2020-2021" for n in range(40)} | {SANS_JOUR}
    assert all(SANS_JOUR in events and len(events) < 20 for events in found)
    today = re.search(r'href="([^"]*)" aria-current="page"', nav)[1]
    assert drawn(crowded, html.unescape(today)) == drawn(crowded, YEAR + place)


SANS_JOUR = "sans-jour-2020-2021"


def test_a_year_of_few_events_is_whole_and_an_unknown_part_is_refused(crowded, monkeypatch):
    answer = crowded.get(f"{YEAR}&partie=13")
    assert (answer.status_code, "partie de cette année" in answer.text) == (404, True)
    monkeypatch.setattr(timeline, "MOST_LINES", 41)
    answer = crowded.get(f"{YEAR}&partie=13")
    assert (answer.status_code, "Parties de" in answer.text) == (200, False)
    assert len(drawn(crowded, YEAR)) == 41
