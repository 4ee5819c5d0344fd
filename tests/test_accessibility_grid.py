"""docs/accessibility.md has every criterion of the RGAA 4.1 once, its guards exist, and the
accessibility statement says what the grid says."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from calendar_app.web.public import legal_views
from calendar_app.words.french import day_words
from tests.tools import ROOT
from tests.web.public.test_pages import text_of

#: How many criteria each of the thirteen topics of the RGAA 4.1 has.
TOPICS = (9, 2, 3, 13, 8, 2, 5, 10, 4, 14, 13, 11, 12)
#: The criteria that the review of 29 November 2026 found wanting, and those of the next day, when
#: the pages had a new face (1.1, 3.1, 3.3 and 11.10 were wanting both times).
MENDED = {"1.1", "1.9", "3.1", "3.3", "5.4", "5.6", "5.7", "9.4", "11.5", "11.7", "11.10"}
MENDED |= {"6.1", "9.3", "10.1", "10.7", "10.9", "10.12", "11.12"}
#: What a guard may be, beside the path of a test.
NAMED = {"axe", "rgaa", "shape", "html", "seen"}


@pytest.fixture(scope="module")
def grid() -> dict[str, list[str]]:
    """Return the criteria: number → what it asks, its state, where it is met, its guards."""
    text = (ROOT / "docs" / "accessibility.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    found = [row for row in rows if re.fullmatch(r"\d+\.\d+", row[0])]
    assert all(len(row) == 5 for row in found)
    return {number: rest for number, *rest in found}


def test_every_criterion_stands_in_the_grid_once(grid):
    numbers = [f"{t}.{n}" for t, count in enumerate(TOPICS, 1) for n in range(1, count + 1)]
    assert len(numbers) == 106
    assert list(grid) == numbers
    assert {state for _, state, _, _ in grid.values()} == {"met", "does not apply"}


def test_what_is_met_has_a_guard_that_exists(grid):
    for number, (_, state, where, guards) in grid.items():
        assert where, number
        assert bool(guards) == (state == "met"), number
        for guard in guards.split(", ") if guards else ():
            path = guard.strip("`")
            assert path in NAMED or (ROOT / path).is_file(), (number, guard)


def test_each_mended_criterion_is_guarded_by_a_test(grid):
    assert {number for number, row in grid.items() if "**Mended.**" in row[2]} == MENDED
    assert all(grid[number][3] != "seen" for number in MENDED)


@pytest.mark.parametrize("engine", ["sqlite"], scope="module")
def test_the_statement_says_what_the_grid_says(client, grid):
    states = Counter(state for _, state, _, _ in grid.values())
    said = text_of(client, "/accessibilite/")
    assert f"{states['does not apply']} ne s'appliquent pas" in said
    assert f"aucun, parmi les {states['met']} autres, qui ne soit pas respecté" in said
    day = day_words(legal_views.STATEMENT_OF).replace("\u00a0", " ")
    assert f"a été établie le {day}" in said
    assert "%" not in said, "no rate without an audit"
