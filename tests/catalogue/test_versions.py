"""A three-way merge of an object: the wanted differences that still fit, and the conflicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.catalogue.versions import Conflict, Difference, Merged, differences, merge

FACTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


def test_what_differs_is_told_part_by_part():
    before, after = (
        {"title": "A", "cost": "gratuit", "place": "Lille"},
        {"title": "B", "cost": "gratuit"},
    )
    assert differences(before, after) == (
        Difference("place", "Lille", None),
        Difference("title", "A", "B"),
    )


@pytest.mark.parametrize(
    ("was", "wanted", "now", "merged"),
    [
        # Nobody else changed the part.
        ({"a": 1}, {"a": 2}, {"a": 1}, Merged({"a": 2}, ())),
        # Another editor added another part.
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 1}, Merged({"a": 2, "b": 1}, ())),
        # Both editors made the same change.
        ({"a": 1}, {"a": 2}, {"a": 2}, Merged({"a": 2}, ())),
        # Both editors changed the part differently: the present value stays.
        ({"a": 1}, {"a": 2}, {"a": 3}, Merged({"a": 3}, (Conflict("a", 1, 2, 3),))),
        # One editor removes a part that the other editor changed.
        ({"a": 1}, {}, {"a": 3}, Merged({"a": 3}, (Conflict("a", 1, None, 3),))),
        ({"a": 1}, {"a": 2}, {}, Merged({}, (Conflict("a", 1, 2, None),))),
        ({"a": 1, "b": 1}, {"b": 1}, {"a": 1, "b": 2}, Merged({"b": 2}, ())),
    ],
)
def test_differences_are_merged_where_they_fit(was, wanted, now, merged):
    assert merge(was, wanted, now) == merged


@given(FACTS, FACTS)
def test_nobody_else_means_just_what_is_wanted(was, wanted):
    assert merge(was, wanted, was) == Merged(wanted, ())


@given(FACTS, FACTS, FACTS)
def test_taking_back_what_was_merged_gives_what_was(was, wanted, now):
    merged = merge(was, wanted, now)
    if not merged.conflicts:
        assert merge(merged.facts, now, merged.facts).facts == now
