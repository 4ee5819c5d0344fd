"""The month's lanes and the school year's bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.school.school_year import SchoolYear
from calendar_app.web.public.month_grid import month_bounds, month_grid
from calendar_app.web.public.timeline import Strip, months, span


@dataclass(frozen=True)
class Item:
    first_day: date
    last_day: date
    name: str = ""


def drawn(year: int, month: int, *items: Item) -> list[str]:
    """Return the weeks as text: one letter a day, « . » for an empty day, « / » between lanes."""
    rows = []
    for week in month_grid(year, month, items):
        lanes = [
            "".join("." if bar is None else bar.item.name * bar.width for bar in lane)
            for lane in week.lanes
        ]
        rows.append("/".join(lanes))
    return rows


def test_february_2021_starts_on_a_monday_and_has_four_weeks():
    weeks = month_grid(2021, 2, [])
    assert [week.days[0].day for week in weeks] == [1, 8, 15, 22]
    assert [week.number for week in weeks] == [5, 6, 7, 8]


def test_a_month_is_whole_weeks():
    assert month_bounds(2021, 1) == (date(2020, 12, 28), date(2021, 1, 31))
    assert month_bounds(2021, 8) == (date(2021, 7, 26), date(2021, 9, 5))


def test_bars_keep_their_lane_from_week_to_week():
    long = Item(date(2021, 2, 4), date(2021, 2, 17), "a")
    short = Item(date(2021, 2, 5), date(2021, 2, 9), "b")
    late = Item(date(2021, 2, 10), date(2021, 2, 11), "c")
    assert drawn(2021, 2, short, late, long) == [
        "...aaaa/....bbb",
        "aaaaaaa/bbcc...",
        "aaa....",
        "",
    ]


def test_the_longer_of_two_that_start_together_lies_above():
    one, other = (
        Item(date(2021, 2, 2), date(2021, 2, 2), "a"),
        Item(date(2021, 2, 2), date(2021, 2, 4), "b"),
    )
    assert drawn(2021, 2, one, other)[0] == ".bbb.../.a....."


def test_a_bar_says_where_it_was_cut():
    first, second = month_grid(2021, 2, [Item(date(2021, 2, 5), date(2021, 2, 9))])[:2]
    bar = next(b for b in first.lanes[0] if b)
    assert (bar.column, bar.width, bar.starts_before, bar.ends_after) == (4, 3, False, True)
    bar = next(b for b in second.lanes[0] if b)
    assert (bar.column, bar.width, bar.starts_before, bar.ends_after) == (0, 2, True, False)


def test_what_does_not_fit_a_week_is_counted():
    """Of five dates on Thursday, three lines show three, and « + 2 »; one of the two lasts until
    Friday."""
    many = [Item(date(2021, 2, 4), date(2021, 2, 4 + n), name) for n, name in enumerate("abcde")]
    first, second, *_ = month_grid(2021, 2, many)
    first.fold(3)
    second.fold(3)
    assert ["".join(b.item.name * b.width if b else "." for b in lane) for lane in first.lanes] == [
        "...eeee",
        "...dddd",
        "...ccc.",
    ]
    assert first.hidden == [0, 0, 0, 2, 1, 0, 0]
    assert (second.hidden, len(second.lanes)) == ([0] * 7, 1)


items = st.builds(
    lambda day, length: Item(
        date(2021, 1, 1) + timedelta(days=day), date(2021, 1, 1) + timedelta(days=day + length), "x"
    ),
    st.integers(0, 89),
    st.integers(0, 40),
)


@given(st.lists(items, max_size=14), st.integers(1, 4))
def test_a_day_shows_all_that_begins_on_it_where_it_has_no_more_than_fits(found, most):
    for week in month_grid(2021, 2, found):
        held = [bar for lane in week.lanes for bar in lane if bar]
        week.fold(most)
        shown = [bar for lane in week.lanes for bar in lane if bar]
        assert len(week.lanes) <= most
        crowd = [sum(b.column <= day < b.column + b.width for b in held) for day in range(7)]
        for day in range(7):
            seen = sum(b.column <= day < b.column + b.width for b in shown)
            assert seen + week.hidden[day] == crowd[day], "each date is shown or counted"
            if crowd[day] <= most:
                begin = [sum(b.column == day for b in bars) for bars in (held, shown)]
                assert begin[0] == begin[1]
        if max(crowd) <= most:
            assert week.hidden == [0] * 7


@given(st.lists(items, max_size=12))
def test_every_day_of_every_date_is_drawn_once_and_each_row_is_seven_days(found):
    drawn_days: dict[int, set[date]] = {}
    for week in month_grid(2021, 2, found):
        for lane in week.lanes:
            assert sum(bar.width if bar else 1 for bar in lane) == 7
            column = 0
            for bar in lane:
                if bar:
                    assert bar.column == column
                    days = {week.days[n] for n in range(column, column + bar.width)}
                    assert not drawn_days.setdefault(id(bar.item), set()) & days
                    drawn_days[id(bar.item)] |= days
                column += bar.width if bar else 1
    start, end = month_bounds(2021, 2)
    for item in found:
        length = (item.last_day - item.first_day).days + 1
        wanted = {item.first_day + timedelta(days=n) for n in range(length)}
        shown = {day for day in wanted if start <= day <= end}
        assert drawn_days.get(id(item), set()) == shown


YEAR = SchoolYear(2020)


def test_the_school_year_goes_from_august_to_july():
    spans = months(YEAR)
    assert [s.label for s in spans][:2] == ["août", "sept."]
    assert spans[0].x == 0
    assert spans[-1].end == pytest.approx(100, abs=0.02)
    for before, after in pairwise(spans):
        assert before.end == pytest.approx(after.x, abs=0.02)


def test_a_window_is_drawn_from_its_opening_to_its_deadline():
    window = span(YEAR, date(2020, 10, 12), date(2021, 4, 30), "window")
    october, april = months(YEAR)[2], months(YEAR)[8]
    assert october.x < window.x < october.x + october.width
    assert window.end == pytest.approx(april.end, abs=0.02)


@pytest.mark.parametrize(
    ("first", "last", "place"),
    [
        (date(2021, 1, 20), date(2021, 1, 20), "période 3"),
        (date(2021, 2, 20), date(2021, 2, 20), "hors des périodes de classe"),
        (date(2020, 11, 2), date(2021, 2, 19), "période 2 à période 3"),
    ],
)
def test_a_strip_tells_where_its_marks_stand(first, last, place):
    days = ((date(2020, 11, 2), date(2020, 12, 18)), (date(2021, 1, 4), date(2021, 2, 19)))
    periods = [span(YEAR, *pair, "period", f"P{n}") for n, pair in enumerate(days, 2)]
    mark = span(YEAR, first, last, "deadline")
    assert Strip(months(YEAR), periods, None, [], [mark], None).told == f"Date limite : {place}."


@pytest.mark.parametrize(
    ("day", "name"),
    [(date(2020, 8, 1), "août"), (date(2021, 1, 1), "janvier"), (date(2021, 7, 31), "juillet")],
)
def test_a_strip_without_periods_tells_the_month(day, name):
    mark = span(YEAR, day, day, "results")
    assert Strip(months(YEAR), [], None, [], [mark], None).told == f"Résultats : {name}."


def test_what_lies_outside_the_year_is_not_drawn_and_the_rest_is_cut():
    assert span(YEAR, date(2021, 8, 1), date(2021, 8, 2), "session") is None
    cut = span(YEAR, date(2020, 7, 1), date(2020, 8, 1), "session")
    assert (cut.x, cut.width) == (0, pytest.approx(100 / 365, abs=0.01))
