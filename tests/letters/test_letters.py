"""Our own letters, in every format: all items of each letter are compared with expectations.

The expectations were written from the letters, by a person who had not seen the reader. Where the
reader gives another value, the key ``reader`` of the expectation holds it. These differences may
only become fewer.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.letters.dated_items import DatedItem, LetterReading
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.reading.letter import read_letter
from calendar_app.school.reference_files import read_academies, read_themes, read_towns

FOLDER = Path(__file__).parent / "examples"
LETTERS = sorted(
    path for path in FOLDER.iterdir() if path.suffix != ".json" and path.name != "README.md"
)
TODAY = date(2026, 3, 24)

#: The number of allowed differences from the expectations; lower it when the reader improves.
MOST_DIFFERENCES = 16

# Name of a warning in the expectations → words of its sentence.
WARNINGS = {
    "before": "compris ?",
    "weekday": "La lettre dit",
    "contradiction": "donne aussi le",
    "past": "passée",
    "no-step": "à choisir",
}


@pytest.fixture(scope="module")
def knowledge() -> LetterKnowledge:
    def text(name: str) -> str:
        return (data_folder() / name).read_text(encoding="utf-8")

    return LetterKnowledge(
        read_academies(text("academies.yaml")),
        read_towns(text("towns.yaml")),
        read_themes(text("themes.yaml")),
    )


def expected_of(letter: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(letter.with_suffix(".json").read_text(encoding="utf-8"))
    return found


def reading_of(letter: Path, knowledge: LetterKnowledge) -> LetterReading:
    issued = expected_of(letter)["issued"]
    said = date.fromisoformat(issued) if issued else None
    return read_letter(letter.read_bytes(), said, TODAY, knowledge)


def shown(item: DatedItem, fields: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in fields:
        value = getattr(item, field)
        if field in ("first_day", "last_day"):
            value = value and value.isoformat()
        elif field in ("start_time", "end_time"):
            value = value and f"{value:%H:%M}"
        elif field == "warnings":
            value = sorted(k for k, words in WARNINGS.items() if any(words in w for w in value))
        elif isinstance(value, tuple):
            value = list(value)
        values[field] = value
    return values


@pytest.mark.parametrize("letter", LETTERS, ids=lambda path: path.name)
def test_what_is_dated_in_a_letter(letter, knowledge):
    expected = [
        {k: v for k, v in (item | item.get("reader", {})).items() if k != "reader"}
        for item in expected_of(letter)["items"]
    ]
    reading = reading_of(letter, knowledge)
    fields = set(expected[0]) if expected else set()
    assert [shown(item, fields) for item in reading.items] == expected


@pytest.mark.parametrize("letter", LETTERS, ids=lambda path: path.name)
def test_each_item_quotes_the_letter(letter, knowledge):
    reading = reading_of(letter, knowledge)
    for item in reading.items:
        assert reading.text[item.offset : item.offset + len(item.phrase)] == item.phrase
        assert 0 < item.confidence <= 1
        assert item.sentence
        assert "\n" not in item.sentence
        assert item.rule


def test_what_the_reader_cannot_do_yet_only_gets_shorter():
    differences = [
        (letter.stem, field)
        for letter in LETTERS
        for item in expected_of(letter)["items"]
        for field in item.get("reader", {})
    ]
    assert len(differences) <= MOST_DIFFERENCES, differences


def test_the_letters_come_in_every_format():
    assert {path.suffix for path in LETTERS} == {
        ".docx",
        ".eml",
        ".html",
        ".md",
        ".odt",
        ".pdf",
        ".txt",
    }
    assert len(LETTERS) >= 12


def test_the_years_hang_on_the_letters_day(knowledge):
    text = "Lettre n° 4 – 9 décembre 2017\n\nFinale\nLe 7 janvier à Lille.\n"
    reading = read_letter(text.encode(), None, TODAY, knowledge)
    assert (reading.issued, reading.issued_from) == (date(2017, 12, 9), "imprimée dans la lettre")
    assert [item.first_day for item in reading.items] == [date(2018, 1, 7)]


def test_without_any_year_the_letter_is_of_today_and_says_so(knowledge):
    reading = read_letter(b"Finale\nLe 7 mai \xc3\xa0 Lille.\n", None, TODAY, knowledge)
    assert reading.issued == TODAY
    assert [re.sub(r" :.*", "", w) for item in reading.items for w in item.warnings] == [
        "Année supposée"
    ]
