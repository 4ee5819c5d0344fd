"""Pages cost the same as past years grow: a page reads, by index, what it shows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories import another, publish
from tests.old_years import add_old_years, counted

LE = "le=2021-01-04"
PAGES = {
    "home": f"/?{LE}",
    "home without a date": f"/?{LE}&theme=robotique",
    "list": f"/agenda/?{LE}",
    "list, second page": f"/agenda/?{LE}&page=2",
    "list of a place": f"/agenda/?{LE}&academie=lille&niveau=cm2",
    "list without a date": f"/agenda/?{LE}&theme=robotique",
    "month": f"/calendrier/2021/02/?{LE}",
    "month without a date": f"/calendrier/2021/08/?{LE}",
    "year": f"/annee-scolaire/2020-2021/?{LE}",
    "this year": f"/annee-scolaire/?{LE}",
    "event": f"/evenements/essai-3-2020-2021/?{LE}",
    "search found": f"/agenda/?{LE}&q=dict%C3%A9e",
    "search missed": f"/agenda/?{LE}&q=xylophoniste",
    "search misspelt": f"/agenda/?{LE}&q=dicteee",
    "search of two words": f"/agenda/?{LE}&q=dict%C3%A9e+autrefois",
    "year missed": f"/annee-scolaire/2020-2021/?{LE}&q=xylophoniste",
    "composer": f"/flux/?{LE}&flux=national",
    "composer without a date": f"/flux/?{LE}&flux=national&theme=robotique",
    "composer, dates past": "/flux/?le=2021-07-20&flux=national",
    "académie": f"/mon-academie/?{LE}",
    "selection": f"/ma-selection/?{LE}",
    "site map for people": "/plan-du-site/",
    "site map": f"/sitemap.xml?{LE}",
    "open data": "/api/v1/events?depuis=2020-09&nombre=50",
    "open data, a search": "/api/v1/events?depuis=2020-09&q=dict%C3%A9e+autrefois",
}


def of_this_year(number: int) -> dict[str, Any]:
    day = date(2021, 1, 5) + timedelta(3 * number)
    milestones = [{"kind": "deadline", "day": day.isoformat()}]
    return another(f"essai-{number}", title=f"La dictée numéro {number}", milestones=milestones)


@pytest.mark.long
def test_pages_read_what_they_show_however_many_years_have_passed(make_app):
    few, many = (_read(make_app("empty"), count) for count in (64, 9_984))
    for name, (body, before) in few.items():
        same, after = many[name]
        assert body == same, name
        assert (before.queries, before.rows) == (after.queries, after.rows), name
        assert after.work <= 1.2 * before.work, "the trees of the indexes are a little deeper"


def _read(app, count):
    """Return the pages of a store with so many old events: name → (body, what it read)."""
    publish(app, *map(of_this_year, range(60)))
    add_old_years(app, count)
    client, found = app.test_client(), {}
    client.get("/mon-academie/")  # The reference values are read, and stay in memory.
    for name, address in PAGES.items():
        with counted(app) as reading:
            answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, name
        found[name] = answer.text, reading
    return found
