"""The text around a date: its sentence, the label of its line, the header of its column."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice

from calendar_app.letters.layout.blocks import Block, BlockKind, Outline, Section, sentence_bounds
from calendar_app.letters.layout.clauses import clause_bounds
from calendar_app.letters.layout.flat_text import flat, folded
from calendar_app.letters.layout.lines import GOES_ON, opens
from calendar_app.letters.reading.contexts import Context

#: How many characters and cells of a row are read: no table of dates is wider.
_ROW, _CELLS = 2_000, 20

#: How many characters of the paragraph above a list are read.
_LEAD_IN = 200
_LABEL_LINE = re.compile(r"[^\n]{2,90}\n\s*(?:le\s|du\s)?")
_LABEL = re.compile(r"^[^.!?]{2,90}?[ \u00a0\u202f]?[:–—][\s*_]*(?:le\s|du\s)?$")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The text around a date. Flat texts come from ``flat_text.flat``; places are in characters.

    :param block, section: the block and the section that the date stands in.
    :param sentence: where the sentence starts and ends.
    :param before, after: the words of the sentence before and after the date, flat.
    :param label: what the line or the column calls the date, flat, or nothing.
    :param lead_in: the line above the list or table, when it ends with a colon, flat, or nothing.
    :param territory: where the text that is about the date starts and ends. For a list item or a
        row, this is the block; in a section with a heading, the section; else the blocks between
        the dates before and after.
    :param cells: of a table row: (header, words), flat, without the cells that hold a date.
    :param clause: the words of its clause before and after the date (``clauses``), flat.
    :param shared: whether the sentence has several clauses.
    """

    block: Block
    section: Section
    sentence: tuple[int, int]
    before: str
    after: str
    label: str
    lead_in: str
    territory: tuple[int, int]
    cells: tuple[tuple[str, str], ...] = ()
    clause: tuple[str, str] = ("", "")
    shared: bool = False


def place_of(
    outline: Outline, start: int, end: int, others: list[tuple[int, int]]
) -> Surroundings | None:
    """Return the text around the phrase from *start* to *end*.

    None is returned for a phrase in a list of addresses, or outside all blocks.

    :param start, end: in characters of the text.
    :param others: the starts and ends of the other phrases near it.
    """
    block = outline.block_at(start)
    if block is None or block.kind is BlockKind.LINKS:
        return None
    text = outline.text
    section = outline.section_of(block)
    first, last = sentence_bounds(text, block, start)
    last = max(last, min(end, block.end))
    before, after = flat(text[first:start]), flat(text[end:last])
    clause, shared = (before, after), False
    bounds = clause_bounds(text, (first, last), (start, end), others)
    if bounds != (first, last):
        clause, shared = (flat(text[bounds[0] : start]), flat(text[end : bounds[1]])), True
    lead_in = _lead_in(outline, block)
    territory = _territory(outline, section, block, others)
    if block.kind is BlockKind.ROW:
        label, cells = _row(outline, block, start, others)
        cell = next((c for c in _cells(text, block) if c[0] <= start < c[1]), (first, last))
        clause = flat(text[cell[0] : start]), flat(text[end : max(end, cell[1])])
        return Surroundings(
            block,
            section,
            (first, last),
            before,
            after,
            label,
            lead_in,
            territory,
            cells,
            clause,
        )
    line = text[bounds[0] : start].lstrip(" \n,;")
    over, broken, own = line.rpartition("\n")
    if broken and block.kind is BlockKind.PARAGRAPH and opens(own.strip()):
        line = line if GOES_ON.search(over.strip()) else own
    label = flat(line).strip(" :–—*-(") if _LABEL.match(line.lstrip(" \t*_•-")) else ""
    if block.kind is BlockKind.ITEM and _LABEL_LINE.fullmatch(line):
        label = flat(line)  # the line above the date (``date_lines``)
    return Surroundings(
        block, section, (first, last), before, after, label, lead_in, territory, (), clause, shared
    )


def _territory(
    outline: Outline, section: Section, block: Block, others: list[tuple[int, int]]
) -> tuple[int, int]:
    if block.kind in (BlockKind.ITEM, BlockKind.ROW):
        return block.start, block.end
    # The first heading is the title of the letter, such as the subject of a mail.
    if section.heading is not None and section.heading is not outline.blocks[0]:
        # A list of addresses ends a page, and the part of the section on that page.
        pages = [b.start for b in section.blocks if b.kind is BlockKind.LINKS]
        after = [start for start in pages if start >= block.end]
        return section.start, min([section.end, *after])
    before = [end for start, end in others if end <= block.start]
    after = [start for start, _ in others if start >= block.end]
    start = max([section.start, *before])
    end = min([section.end, *after])
    # Only whole blocks: a paragraph with another date is about that date.
    inside = [b for b in section.blocks if b.start >= start and b.end <= end]
    starts, ends = [b.start for b in inside], [b.end for b in inside]
    return min([block.start, *starts]), max([block.end, *ends])


def context_of(outline: Outline, place: Surroundings) -> Context:
    """Return the words around a date, folded, as ``contexts`` reads them."""
    section = place.section
    headings = [*section.above, *([section.heading] if section.heading else [])]
    if place.block.kind is BlockKind.HEADING:
        headings = [heading for heading in headings if heading is not place.block]
    # « Hiver » under « Vacances » is no name of a thing.
    cells = [
        f"{header} {words}" if header.casefold().startswith("vacances") else words
        for header, words in place.cells
    ]
    label = " | ".join([place.label, *cells])
    return Context(
        folded(place.before),
        folded(place.after),
        folded(label).strip(" |"),
        tuple(outline.words_of(heading) for heading in headings),
        folded(place.lead_in),
        f"{place.before[-200:].split(';')[-1]} {place.after[:120].split(';')[0]}".casefold(),
        (folded(place.clause[0]), folded(place.clause[1])),
        f"{place.clause[0][-200:].split(';')[-1]} {place.clause[1][:120].split(';')[0]}".casefold(),
        place.shared,
        place.before[-200:].split(";")[-1].casefold(),
    )


def _lead_in(outline: Outline, block: Block) -> str:
    """Return the line above a list or a table when it ends with a colon, else nothing."""
    if block.kind not in (BlockKind.ITEM, BlockKind.ROW):
        return ""
    above = outline.paragraph_above(block)
    said = flat(outline.text[max(above.start, above.end - _LEAD_IN) : above.end]) if above else ""
    return said if said.endswith(":") else ""


def _row(
    outline: Outline, block: Block, start: int, others: list[tuple[int, int]]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the header of the date's column, and the other cells of the row with their headers."""
    text = outline.text
    mine = _cells(text, block)
    column = next((at for at, (a, b) in enumerate(mine) if a <= start < b), 0)
    first = outline.first_row(block)
    # « Inscription avant le » ends a header, and is no date of its own.
    dated = any(first.start <= a and b <= first.end for a, b in others)
    header: list[str] = []
    if first.start < block.start and not dated:
        header = [flat(text[slice(*cell)]) for cell in _cells(text, first)]
        if len(header) != len(mine) and "|" not in text[block.start : block.end]:
            header = _headers_above(text, first, block, mine)
    header += [""] * (len(mine) - len(header))
    starts = [start for start, _ in mine]
    with_date = {bisect_right(starts, o) - 1 for o, _ in others if block.start <= o < block.end}
    with_date.add(column)
    cells = tuple(
        (header[at], said)
        for at, cell in enumerate(mine)
        if at not in with_date and (said := flat(text[slice(*cell)]).strip(" *"))
    )
    return header[column], cells


def _headers_above(
    text: str, first: Block, block: Block, cells: list[tuple[int, int]]
) -> list[str]:
    """Return for each cell of a row the header that stands above it, in a table made of spaces."""
    headers = [(start - first.start, flat(text[start:end])) for start, end in _cells(text, first)]
    return [min(headers, key=lambda h: abs(h[0] - (at - block.start)))[1] for at, _ in cells]


def _cells(text: str, block: Block) -> list[tuple[int, int]]:
    row = text[block.start : min(block.end, block.start + _ROW)]
    # Cells are separated by « | » in Markdown, and by tabs or several spaces in plain text.
    cell = r"[^|\n]+" if "|" in row else r"\S+(?:[ \u00a0]\S+)*"
    cells = [match.span() for match in islice(re.finditer(cell, row), _CELLS)]
    return [(block.start + start, block.start + end) for start, end in cells]
