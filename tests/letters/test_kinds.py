"""The kinds of faults that readers of letters make: short texts of each kind, and variants of them.

``kinds.json`` holds texts of 18 kinds, each with its issue day and what is right.
``tests.letters.variants`` makes others of each kind.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.as_json import contract, from_json, to_json
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.reading.letter import read_letter
from calendar_app.words.text import slugify
from tests.letters.variants import MAKERS, variant
from tests.tools import scaled

CASES = json.loads((Path(__file__).parent / "kinds.json").read_text(encoding="utf-8"))
#: How many variants a campaign reads, in all kinds.
VARIANTS = 504
#: The share of variants that must be right, in all and of each kind; and that of titles.
MOST_RIGHT, EACH_RIGHT, TITLES_RIGHT = 0.95, 0.9, 0.9


@pytest.fixture(scope="module")
def knowledge() -> LetterKnowledge:
    return knowledge_of_files(data_folder())


def read(text: str, issued: date, knowledge: LetterKnowledge) -> list[dict[str, Any]]:
    items = read_letter(f"{text}\n".encode(), issued, issued, knowledge).items
    return [contract(item) for item in items]


def fits(want: dict[str, Any], got: dict[str, Any]) -> bool:
    """Whether an item is right in what is said of it; the title is not compared."""
    exact = ("last_day", "step", "certainty", "status", "academies")
    if any(field in want and want[field] != got[field] for field in exact):
        return False
    runs = got["kind"] != "deadline"
    same_kind = runs if want.get("any_kind") else got["kind"] == want["kind"]
    if not same_kind or (got["kind"] != "deadline" and want["first_day"] != got["first_day"]):
        return False
    warnings = slugify(" ".join(got["warnings"]))
    return (
        got["confidence"] < want.get("below", 2)
        and slugify(want.get("warning", "")) in warnings
        and not ("no_warning" in want and slugify(want["no_warning"]) in warnings)
    )


def differences(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> tuple[list[Any], int]:
    """Return what is missing or too much, and how many titles an editor would change."""
    left, missing, titles = list(found), [], 0
    for want in wanted:
        hits = [got for got in left if fits(want, got)]
        if not hits:
            missing.append(want)
            continue
        title = slugify(want.get("title") or "")
        hit = next((got for got in hits if slugify(got["title"]) == title), hits[0])
        left.remove(hit)
        titles += title not in ("", slugify(hit["title"]))
    return missing + left, titles


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{number} {case['kind']}" for number, case in enumerate(CASES)]
)
def test_a_known_fault_is_mended(case, knowledge):
    found = read(case["text"], date.fromisoformat(case["issued"]), knowledge)
    wrong, _ = differences(case["want"], found)
    assert not wrong, found


@settings(max_examples=scaled(600))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(MAKERS)),
            st.integers(0, 60),
            st.sampled_from(["\n", "\n\n", " "]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.one_of(st.none(), st.dates(date(2025, 9, 1), date(2026, 8, 1))),
)
def test_any_letter_of_such_texts_is_read_and_quoted(parts, issued):
    """Whatever stands together, nothing fails, and each item quotes the letter."""
    text = "".join(variant(kind, number).text + gap for kind, number, gap in parts)
    today = date(2025, 10, 6)
    reading = read_letter(text.encode(), issued, today, knowledge_of_files(data_folder()))
    assert from_json(to_json(reading)) == reading
    for found in (*reading.items, *reading.passed_over):
        assert reading.text[found.offset : found.offset + len(found.phrase)] == found.phrase


def test_every_kind_has_a_generator():
    assert MAKERS.keys() == {case["kind"] for case in CASES}


def test_variants_of_every_kind_are_read_right(knowledge):
    each = max(2, scaled(VARIANTS) // len(MAKERS))
    wrong: dict[str, list[Any]] = {}
    titles = items = 0
    for kind in MAKERS:
        for number in range(each):
            made = variant(kind, number)
            faults, of_titles = differences(made.want, read(made.text, made.issued, knowledge))
            titles, items = titles + of_titles, items + len(made.want)
            if faults:
                wrong.setdefault(kind, []).append((number, made.text, faults))
    total = each * len(MAKERS)
    assert total - sum(map(len, wrong.values())) >= MOST_RIGHT * total, wrong
    assert all(each - len(found) >= int(EACH_RIGHT * each) for found in wrong.values()), wrong
    assert items - titles >= TITLES_RIGHT * items
