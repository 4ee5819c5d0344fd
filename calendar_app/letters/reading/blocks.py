"""What a letter is made of: headings, paragraphs, list items and rows, under their headings.

The text is Markdown, or plain text as people and PDFs write it: there, a heading is known by what
it looks like.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from calendar_app.letters.reading.flat_text import folded
from calendar_app.letters.reading.lines import (
    GOES_ON,
    ITEM,
    NUMBERED,
    ONLY_DATES,
    SENTENCE_ENDS,
    capitals,
    heading_size,
    is_dated,
    is_dated_item,
    is_numbered_heading,
    is_row,
    is_wrapped_number,
    opens,
)


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    :param start, end: where it stands in the text, in characters, without its mark (« ## », « - »).
    :param level: of a heading, 1 is the highest; else 0.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, up to the next heading."""

    heading: Block | None
    above: tuple[Block, ...]
    blocks: list[Block] = field(default_factory=list)

    @property
    def start(self) -> int:
        return self.heading.start if self.heading else self.blocks[0].start if self.blocks else 0

    @property
    def end(self) -> int:
        return self.blocks[-1].end if self.blocks else self.heading.end if self.heading else 0


_LINE = re.compile(r"[^\n]*\n?")
_HASHES = re.compile(r"(#{1,6})[ \t]+")
_URL_LINE = re.compile(r"<?(?:https?://|www\.)\S+>?(?:[ \t]+<?(?:https?://|www\.)\S+>?)*\.?$")
_NOTHING = re.compile(r"(?:[-=_*:.~]{3,}|:::.*|!\[.*|<!--.*|-->|\W*)$")
_BOLD_LINE = re.compile(r"(\*\*|__)(?=\S)[^*_]{2,120}\1[ :]*$")


def blocks(text: str) -> list[Block]:
    """Return the blocks of *text* in its order."""
    # A text that marks its headings marks them all: nothing is guessed then.
    plain = not re.search(r"(?m)^#{1,4} ", text)
    found: list[Block] = []
    for paragraph in _paragraphs(text):
        found.extend(_cut(text, paragraph, plain))
    return _join(text, found)


def sections(found: Sequence[Block]) -> list[Section]:
    """Return the sections, each with the headings above its own."""
    result = [Section(None, ())]
    stack: list[Block] = []
    for block in found:
        if block.kind is BlockKind.HEADING:
            while stack and stack[-1].level >= block.level:
                stack.pop()
            result.append(Section(block, tuple(stack)))
            stack.append(block)
        else:
            result[-1].blocks.append(block)
    return result


def _paragraphs(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield the lines (start, end) of each run of lines that are not blank."""
    lines: list[tuple[int, int]] = []
    for match in _LINE.finditer(text):
        line = match[0].strip()
        if not line:
            if lines:
                yield lines
            lines = []
            continue
        lead = len(match[0]) - len(match[0].lstrip())
        start = match.start() + lead
        lines.append((start, start + len(line)))
    if lines:
        yield lines


def _cut(text: str, lines: Sequence[tuple[int, int]], plain: bool) -> Iterator[Block]:
    """Cut a run of lines into blocks."""
    current: Block | None = None
    dated = False
    first_plain: list[tuple[int, int]] = []
    for start, end in lines:
        line = text[start:end]
        while line.startswith(">"):  # a quotation, or a mail answered
            cut = len(line) - len(line[1:].lstrip())
            start, line = start + cut, line[cut:]
        new: Block | None = None
        if hashes := _HASHES.match(line):
            new = Block(BlockKind.HEADING, start + hashes.end(), end, len(hashes[1]))
        elif line.startswith("|") or (plain and is_row(text, lines, line)):
            new = Block(BlockKind.ROW, start, end)
        elif _URL_LINE.match(line):
            new = Block(BlockKind.LINKS, start, end)
        elif (mark := NUMBERED.match(line)) and is_numbered_heading(text, line, lines, end):
            new = Block(BlockKind.HEADING, start + mark.end() - 1, end, 4)
            plain = False
        elif is_dated(line) and is_dated_item(text, lines, start):
            new = Block(BlockKind.ITEM, start, end)
        elif (item := ITEM.match(line)) and not is_wrapped_number(text, line, first_plain):
            new = Block(BlockKind.ITEM, start + item.end(), end)
        elif _BOLD_LINE.match(line) and current is None and not first_plain:
            new = Block(BlockKind.HEADING, start, end, 5)
        elif _NOTHING.match(line):
            yield from _flush(text, current, first_plain, plain)
            current, first_plain = None, []
            continue
        if new is not None:
            dated = is_dated(line) and new.start == start
            yield from _flush(text, current, first_plain, plain)
            current, first_plain = new, []
            if new.kind in (BlockKind.HEADING, BlockKind.ROW, BlockKind.LINKS):
                yield new
                current = None
        elif current is not None and not (
            dated
            and not ONLY_DATES.fullmatch(text[current.start : current.end][:80])
            and opens(line)
            and not GOES_ON.search(text[current.start : current.end])
        ):
            current = replace(current, end=end)
        else:
            # A line of an agenda ends where the next one starts; a list item goes on.
            yield from _flush(text, current, [], plain)
            current = None
            first_plain.append((start, end))
    yield from _flush(text, current, first_plain, plain)


def _flush(
    text: str, item: Block | None, lines: Sequence[tuple[int, int]], plain: bool
) -> Iterator[Block]:
    if item is not None:
        yield item
    if lines and plain:
        yield from _plain(text, lines)
    elif lines:
        yield Block(BlockKind.PARAGRAPH, lines[0][0], lines[-1][1])


def _plain(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[Block]:
    """A heading over its paragraph, as plain text has them, then the paragraph."""
    start = 0
    # Capitals stand alone: « ACTUALITÉS ».
    while start < len(lines) and capitals(text, lines[start]):
        start += 1
    if start:
        yield Block(BlockKind.HEADING, lines[0][0], lines[start - 1][1], 3)
    # Then headings and paragraphs in turn: many PDFs leave no blank line between them.
    opened = start
    at = start
    while at < len(lines):
        ended = at == opened or (re.search(r"[.!?…»][*_)]*$", text[slice(*lines[at - 1])]))
        size = heading_size(text, lines[at:]) if ended else 0
        if size:
            if at > opened:
                yield Block(BlockKind.PARAGRAPH, lines[opened][0], lines[at - 1][1])
            yield Block(BlockKind.HEADING, lines[at][0], lines[at + size - 1][1], 4)
            at += size
            opened = at
        else:
            at += 1
    if opened < len(lines):
        yield Block(BlockKind.PARAGRAPH, lines[opened][0], lines[-1][1])


def _join(text: str, found: list[Block]) -> list[Block]:
    """Put a paragraph back together that blank lines (or a column's end) cut."""
    result: list[Block] = []
    listing = False
    for block in found:
        last = result[-1] if result else None
        listing = (
            block.kind is BlockKind.HEADING
            and block.level == 4
            and (listing or bool(last and _lists(text, last)))
        )
        if listing:
            # « Nouveautés : », then short lines: a list without its bullets.
            result.append(replace(block, kind=BlockKind.ITEM, level=0))
        elif (
            last is not None
            and block.kind in (BlockKind.PARAGRAPH, BlockKind.HEADING)
            and last.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.HEADING)
            and not (block.kind is BlockKind.HEADING and block.level not in (0, 4))
            and not (last.kind is BlockKind.HEADING and last.level != 4)
            and _continues(text[last.start : last.end], text[block.start : block.end])
        ):
            kind = BlockKind.PARAGRAPH if last.kind is BlockKind.HEADING else last.kind
            result[-1] = Block(kind, last.start, block.end)
        else:
            result.append(block)
    return result


def _lists(text: str, last: Block) -> bool:
    said = text[last.start : last.end].rstrip()
    return said.endswith(":") and last.kind is BlockKind.PARAGRAPH


def _continues(before: str, after: str) -> bool:
    if SENTENCE_ENDS.search(before.rstrip()):
        return False
    first = after.lstrip("*_~ ")[:1]
    return first.islower() or bool(GOES_ON.search(before.rstrip()))


#: Characters from a date to the farthest end of its sentence: a text without a full stop is read as
#: fast as another.
_SENTENCE = 1_000

# -- sentences -------------------------------------------------------------------------------------

_STOP = re.compile(
    r"(?:(?<=[.!?…])|(?<=[.!?…][»”\")\]*_]))[ \u00a0]?[*_]{0,2}\s+(?=[^\Wa-zà-öø-ÿ]|[«“\"(*_~\[>])"
    # « Lieu : … » on a line of its own.
    r"|\n\s*(?=[*_]{0,2}[A-ZÀ-ÖØ-Þ][^.:!?\n]{1,45}[ \u00a0]?:[*_]{0,2}\s)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:(?i:lun|mar|mer|jeu|ven|sam|dim|janv?|f[ée]vr?|avr|juil?|sept?|oct|nov|d[ée]c)|M|MM"
    r"|Mme|Mmes|Dr|art|cf|ex|p|pp|n|no|tél|tel|av|bd|env|etc|min|max|St|Ste)"
    r"|(?<![^\W_])[A-Z])\.$"
)


def sentence_bounds(text: str, block: Block, at: int) -> tuple[int, int]:
    """Return where the sentence of *block* that holds the character *at* starts and ends."""
    start = max(block.start, at - _SENTENCE)
    end = min(block.end, at + _SENTENCE)
    for stop in _STOP.finditer(text, start, end):
        if _ABBREVIATION.search(text, max(block.start, stop.start() - 6), stop.start()):
            continue
        if stop.end() > at:
            return start, stop.start()
        start = stop.end()
    return start, end


class Outline:
    """The blocks and sections of a text, to be asked by place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks = blocks(text)
        self.sections = sections(self.blocks)
        self._starts = [block.start for block in self.blocks]
        self._words: dict[int, str] = {}
        self._above: dict[int, Block] = {}
        self._first_rows: dict[int, Block] = {}
        for section in self.sections:
            above: Block | None = None
            for block in section.blocks:
                if above is not None:
                    self._above[block.start] = above
                if block.kind is BlockKind.PARAGRAPH:
                    above = block
                elif block.kind is BlockKind.ROW:
                    self._first_rows.setdefault(id(section), block)
        self._of_block = {
            id(block): section
            for section in self.sections
            for block in [*section.blocks, *([section.heading] if section.heading else [])]
        }

    def block_at(self, at: int) -> Block | None:
        """The block that holds the character *at*."""
        index = bisect_right(self._starts, at) - 1
        if index < 0 or self.blocks[index].end <= at:
            return None
        return self.blocks[index]

    def words_of(self, heading: Block) -> str:
        """The words of a heading, folded."""
        if heading.start not in self._words:
            said = folded(self.text[heading.start : min(heading.end, heading.start + 300)])
            self._words[heading.start] = said.strip(" :*")
        return self._words[heading.start]

    def section_of(self, block: Block) -> Section:
        """The section that a block of this outline stands in."""
        return self._of_block[id(block)]

    def paragraph_above(self, block: Block) -> Block | None:
        """The nearest paragraph over a block, in its section."""
        return self._above.get(block.start)

    def first_row(self, block: Block) -> Block:
        """The first row of the section of a row: its header, when it holds no date."""
        return self._first_rows.get(id(self.section_of(block)), block)

    def neighbours(self, block: Block) -> tuple[Block | None, Block | None]:
        """The blocks before and after."""
        index = bisect_right(self._starts, block.start) - 1
        before = self.blocks[index - 1] if index else None
        after = self.blocks[index + 1] if index + 1 < len(self.blocks) else None
        return before, after
