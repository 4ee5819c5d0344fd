"""One letter with a table of contests as a PDF, a web page, a Word and an OpenDocument text: all
four give the same items. The test makes the four files itself."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.formats.pdf import pdf_text
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.reading.letter import read_letter
from tests import hostile_files as files

ISSUED = date(2025, 10, 6)
TITLE = "Les concours de l'année"
HEADER = ("Concours", "Date limite d'inscription", "Finale")
#: « ~ » marks what is struck out.
ROWS = (
    ("Défi « Lumières »", "7 novembre 2025", "15 mars 2026"),
    ("Concours de nouvelles des lycées", "~14 novembre 2025~ 21 novembre 2025", "20 mars 2026"),
    ("Prix « Encre vive »", "28 novembre 2025", "3 avril 2026"),
)
HEADING = "Rallye « Calcul »"
LATER = "Les inscriptions sont prolongées jusqu'au 12 décembre 2025."

EXPECTED = [
    ("Défi « Lumières »", "deadline", None, "2025-11-07", "planned"),
    ("Défi « Lumières » : finale", "event", "2026-03-15", "2026-03-15", "planned"),
    ("Concours de nouvelles des lycées", "deadline", None, "2025-11-21", "moved"),
    ("Concours de nouvelles des lycées : finale", "event", "2026-03-20", "2026-03-20", "planned"),
    ("Prix « Encre vive »", "deadline", None, "2025-11-28", "planned"),
    ("Prix « Encre vive » : finale", "event", "2026-04-03", "2026-04-03", "planned"),
    ("Rallye « Calcul »", "deadline", None, "2025-12-12", "moved"),
]


def parts(cell: str) -> list[tuple[str, bool]]:
    """Return the parts of a cell, each with whether it is struck out."""
    return [(text, at % 2 == 1) for at, text in enumerate(cell.split("~")) if text.strip()]


def as_pdf() -> bytes:
    page = files.drawn(50, 800, TITLE, 18, bold=True)
    y = 760.0
    for row in (HEADER, *ROWS):
        lowest = y
        for x, cell in zip((50, 230, 440), row, strict=True):
            words, at = cell.replace("Concours de nouvelles des", "Concours de nouvelles des\n"), y
            for line in words.split("\n"):
                left = float(x)
                for text, struck in parts(line):
                    page += files.drawn(left, at, text.strip(), bold=row is HEADER)
                    width = 5.4 * len(text.strip())
                    if struck:
                        page += b"%g %g %g 0.6 re f\n" % (left, at + 3.3, width)
                    left += width + 4
                at -= 13
            lowest = min(lowest, at)
        y = lowest - 9
    page += files.drawn(50, y - 20, HEADING, 14, bold=True)
    return files.pdf_pages(page + files.drawn(50, y - 40, LATER))


def as_html() -> bytes:
    def cell(said: str) -> str:
        return " ".join(f"<s>{escape(t)}</s>" if struck else escape(t) for t, struck in parts(said))

    rows = "".join(
        f"<tr>{''.join(f'<td>{cell(said)}</td>' for said in row)}</tr>" for row in (HEADER, *ROWS)
    )
    return (
        f"<!doctype html><html><body><h1>{TITLE}</h1><table>{rows}</table><h2>{HEADING}</h2>"
        f"<p>{LATER}</p></body></html>"
    ).encode()


def as_docx() -> bytes:
    def run(text: str, struck: bool) -> str:
        look = "<w:rPr><w:strike/></w:rPr>" if struck else ""
        return f'<w:r>{look}<w:t xml:space="preserve">{text}</w:t></w:r>'

    def cell(said: str) -> str:
        return f"<w:tc><w:p>{''.join(run(t, struck) for t, struck in parts(said))}</w:p></w:tc>"

    def heading(level: int, text: str) -> str:
        style = f'<w:pPr><w:pStyle w:val="Titre{level}"/></w:pPr>'
        return f"<w:p>{style}<w:r><w:t>{text}</w:t></w:r></w:p>"

    rows = "".join(f"<w:tr>{''.join(map(cell, row))}</w:tr>" for row in (HEADER, *ROWS))
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Titre{n}"><w:name w:val="heading {n}"/></w:style>'
        for n in (1, 2)
    )
    body = f"{heading(1, TITLE)}<w:tbl>{rows}</w:tbl>{heading(2, HEADING)}"
    return files.docx(f"{body}<w:p><w:r><w:t>{LATER}</w:t></w:r></w:p>", styles=styles)


def as_odt() -> bytes:
    def cell(said: str) -> str:
        words = "<text:s/>".join(
            f'<text:span text:style-name="S">{t}</text:span>' if struck else t
            for t, struck in parts(said)
        )
        return f"<table:table-cell><text:p>{words}</text:p></table:table-cell>"

    rows = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in (HEADER, *ROWS)
    )
    return files.odt(
        f'<text:h text:outline-level="1">{TITLE}</text:h><table:table>{rows}</table:table>'
        f'<text:h text:outline-level="2">{HEADING}</text:h><text:p>{LATER}</text:p>',
        automatic='<style:style style:name="S"><style:text-properties '
        'style:text-line-through-style="solid"/></style:style>',
    )


@pytest.fixture(scope="module")
def knowledge() -> LetterKnowledge:
    return knowledge_of_files(data_folder())


def items(data: bytes, knowledge: LetterKnowledge) -> list[tuple[Any, ...]]:
    def iso(day: date | None) -> str | None:
        return day and day.isoformat()

    return [
        (item.title, item.kind, iso(item.first_day), iso(item.last_day), item.status)
        for item in read_letter(data, ISSUED, ISSUED, knowledge).items
    ]


@pytest.mark.parametrize("made", [as_pdf, as_html, as_docx, as_odt])
def test_the_table_gives_the_same_items_in_every_format(made, knowledge):
    assert items(made(), knowledge) == EXPECTED


def test_a_pdf_says_what_its_look_says():
    assert pdf_text(as_pdf()) == (
        f"## {TITLE}\n\n"
        "| Concours | Date limite d'inscription | Finale |\n"
        "| Défi « Lumières » | 7 novembre 2025 | 15 mars 2026 |\n"
        "| Concours de nouvelles des lycées | ~~14 novembre 2025~~ 21 novembre 2025 | "
        "20 mars 2026 |\n"
        "| Prix « Encre vive » | 28 novembre 2025 | 3 avril 2026 |\n\n\n"
        f"## {HEADING}\n{LATER}"
    )


def test_columns_of_a_page_are_no_table():
    left = ["Concours Robot", "Inscriptions du 12 octobre", "au 30 avril 2021.", "Voir le site."]
    right = ["Camp numérique", "Les 17, 18 et 19 mai, pour", "les classes de sixième", "de Lille."]
    data = files.pdf_pages(files.column(left) + files.column(right, left=300))
    assert "|" not in pdf_text(data)
