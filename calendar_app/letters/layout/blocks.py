"""The blocks of a letter (headings, paragraphs, list items, rows), and its sections.

The text is Markdown, or plain text as people and PDFs write it. In plain text, a heading is known
by its look alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from calendar_app.letters.layout.captions import is_caption
from calendar_app.letters.layout.date_lines import dated_pairs
from calendar_app.letters.layout.flat_text import folded
from calendar_app.letters.layout.lines import (
    GOES_ON,
    ITEM,
    NUMBERED,
    ONLY_DATES,
    SENTENCE_ENDS,
    capitals,
    heading_marks,
    heading_size,
    is_dated,
    is_dated_item,
    is_numbered_heading,
    is_row,
    is_title_with_bullet,
    is_wrapped_number,
    opens,
)


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    LINKS = "links"  # a line of addresses alone


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    :param start, end: its place in the text, in characters, without its mark (« ## », « - »).
    :param level: of a heading, from 1, the highest, to 6; 0 for other blocks.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the blocks under it, up to the next heading.

    :param heading: None for what stands before the first heading.
    :param above: the headings of higher levels that the section is under, the highest first.
    """

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
#: « === Concours === », « /// Concours /// », « // Concours »
_FRAMED = re.compile(
    r"(={2,6}|\*{3,6}|~{1,6}|-{2,6}|/{2,6})[ \t]+(?P<said>[^=*~\n/]{3,90}?)[ \t]+\1[ \t]*$"
    r"|/{2,4}[ \t]+(?P<slashed>[A-ZÀ-Þ0-9][^\n/:.]{2,90})$"
)
#: The marks at the start of a line of a quotation, or of a mail that is answered.
_QUOTATION = re.compile(r">[>\s]*")
_URL_LINE = re.compile(r"<?(?:https?://|www\.)\S+>?(?:[ \t]+<?(?:https?://|www\.)\S+>?)*\.?$")
_NOTHING = re.compile(r"(?:[-=_*:.~]{3,}|:::.*|!\[.*|<!--.*|-->|\W*)$")
#: When a page of a site was written, under the title of each of its articles.
_BYLINE = re.compile(
    r"(?:Publié|Mise? à jour|Modifié|Posté)e? le [^\n]{6,30}(?:19|20)\d\d[^\w\n]*", re.IGNORECASE
)
_BOLD_LINE = re.compile(r"(\*\*|__) ?(?=[^\s*_])[^*_]{2,120}\1[ :]*$")
_RUN_IN = re.compile(r"(\*\*|__)(?=[A-ZÀ-ÖØ-Þ«])[^*_\n]{3,90}[.!?]\1(?=\s+[A-ZÀ-ÖØ-Þ])")
#: A longer line is no caption.
_CAPTION = 200
#: Levels of the headings that no « # » marks: a line in capitals, one with a number or that only
#: looks like a heading, one in bold.
_CAPITALS_LEVEL, GUESSED_LEVEL, _BOLD_LEVEL = 3, 4, 5

#: Where a line starts and ends, in characters.
Line = tuple[int, int]


def _find_blocks(text: str) -> list[Block]:
    """Return the blocks of *text* in their order."""
    # A text that marks a heading with « # » marks them all: none is guessed then.
    plain = not re.search(r"(?m)^#{1,4} ", text)
    found: list[Block] = []
    runs = list(_find_runs(text))
    pairs = dated_pairs(text, [line for lines in runs for line in lines])
    marks = heading_marks(text, runs) if plain else frozenset()
    for lines in _join_pairs(runs, pairs):
        found.extend(_RunCutter(text, lines, plain, pairs, marks).cut())
    return _join_broken_paragraphs(text, found)


def _join_pairs(runs: Sequence[list[Line]], pairs: Mapping[int, Line]) -> Iterator[list[Line]]:
    """Yield the runs with the lines of each pair as one line.

    :param pairs: as :func:`dated_pairs` returns them.
    """
    end = 0
    for lines in runs:
        joined = []
        for line in lines:
            if line[0] < end:
                continue  # it belongs to the pair before
            pair = pairs.get(line[0], line)
            end = pair[1]
            joined.append(pair)
        if joined:
            yield joined


def _group_into_sections(found: Sequence[Block]) -> list[Section]:
    """Return the sections of a text, each with the headings above its own."""
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


def _find_runs(text: str) -> Iterator[list[Line]]:
    """Yield each run of lines that are not blank, without the white space around a line."""
    lines: list[Line] = []
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


class _RunCutter:
    """Cuts one run of lines into blocks.

    :param plain: whether the text is plain text, whose headings and rows are guessed.
    :param pairs: the starts of the lines that are a date with what is on it.
    :param marks: the marks of headings (``lines.heading_marks``).
    """

    def __init__(
        self,
        text: str,
        lines: Sequence[Line],
        plain: bool,
        pairs: Container[int],
        marks: Container[str],
    ) -> None:
        self._text, self._lines, self._plain, self._pairs = text, lines, plain, pairs
        self._marks = marks
        self._found: list[Block] = []
        # At most one of the two is open: the last list item, or the lines of a paragraph.
        self._item: Block | None = None
        self._paragraph: list[Line] = []
        #: Whether the last item begins with its date, as a line of an agenda does.
        self._is_item_dated = False

    def cut(self) -> list[Block]:
        """Return the blocks of the run, in their order."""
        for start, end in self._lines:
            if marks := _QUOTATION.match(self._text, start, end):
                start = marks.end()
            line = self._text[start:end]
            if start in self._pairs:
                self._close()
                bullet = ITEM.match(line)
                self._found.append(
                    Block(BlockKind.ITEM, start + (bullet.end() if bullet else 0), end)
                )
                continue
            if title := self._find_run_in_title(line, start):
                self._close()
                self._found.append(title)
                start = title.end
                line = self._text[start:end]
            block = self._find_marked_block(line, start, end)
            if block is not None:
                self._close()
                if block.kind is BlockKind.ITEM:
                    # It stays open: the next lines may belong to it.
                    self._item = block
                    self._is_item_dated = block.start == start and is_dated(line)
                else:
                    self._found.append(block)
            elif (
                _NOTHING.match(line)
                or _BYLINE.fullmatch(line)
                or (len(line) < _CAPTION and is_caption(line))
            ):
                self._close()
            elif self._item is None:
                self._paragraph.append((start, end))
            elif self._is_after_agenda_line(line, self._item):
                self._close()
                self._paragraph.append((start, end))
            else:
                self._item = replace(self._item, end=end)
        self._close()
        return self._found

    def _find_run_in_title(self, line: str, start: int) -> Block | None:
        """Return the title in bold at the start of a line (« **Nuit du conte.** Elle aura lieu… »),
        or None. It must not go on with a sentence of the line before."""
        match = _RUN_IN.match(line)
        if match is None or re.search(r"\d", match[0]):
            return None
        if self._paragraph and not SENTENCE_ENDS.search(self._text[slice(*self._paragraph[-1])]):
            return None
        return Block(BlockKind.HEADING, start, start + match.end(), _BOLD_LEVEL)

    def _find_marked_block(self, line: str, start: int, end: int) -> Block | None:
        """Return the block that a line starts or is, by its mark or its look; None when the line
        belongs to a paragraph or goes on with an item."""
        if hashes := _HASHES.match(line):
            return Block(BlockKind.HEADING, start + hashes.end(), end, len(hashes[1]))
        if framed := _FRAMED.match(line):
            group = "said" if framed["said"] else "slashed"
            return Block(
                BlockKind.HEADING, start + framed.start(group), start + framed.end(group), 2
            )
        if line.startswith("|") or (self._plain and is_row(self._text, self._lines, line)):
            return Block(BlockKind.ROW, start, end)
        if _URL_LINE.match(line):
            return Block(BlockKind.LINKS, start, end)
        mark = NUMBERED.match(line)
        if mark and is_numbered_heading(self._text, line, self._lines, end, self._marks):
            # The run marks its headings with numbers: none is guessed in it any more.
            self._plain = False
            return Block(BlockKind.HEADING, start + mark.end() - 1, end, GUESSED_LEVEL)
        if is_dated(line) and is_dated_item(self._text, self._lines, start):
            return Block(BlockKind.ITEM, start, end)
        if _BOLD_LINE.match(line) and self._item is None and not self._paragraph:
            return Block(BlockKind.HEADING, start, end, _BOLD_LEVEL)
        bullet = ITEM.match(line)
        if bullet and not is_wrapped_number(self._text, line, self._paragraph):
            size = bullet.end()
            if self._plain and is_title_with_bullet(
                self._text, self._lines, start, size, self._marks
            ):
                said = start + size, end
                level = _CAPITALS_LEVEL if capitals(self._text, said) else _BOLD_LEVEL
                return Block(BlockKind.HEADING, *said, level)
            return Block(BlockKind.ITEM, start + bullet.end(), end)
        return None

    def _is_after_agenda_line(self, line: str, item: Block) -> bool:
        """Whether a line comes after an item of an agenda, rather than goes on with it.

        A line of an agenda ends where a new sentence starts; an item of a list goes on.
        """
        if not self._is_item_dated:
            return False
        said = self._text[item.start : item.end]
        if ONLY_DATES.fullmatch(said[:80]):
            # The second date alone is one of a list of dates; what is on the first may follow it.
            return opens(line) and self._is_one_of_dates()
        return opens(line) and not GOES_ON.search(said)

    def _is_one_of_dates(self) -> bool:
        last = self._found[-1] if self._found else None
        return (
            last is not None
            and last.kind is BlockKind.ITEM
            and bool(ONLY_DATES.fullmatch(self._text[last.start : min(last.end, last.start + 80)]))
        )

    def _close(self) -> None:
        """Add the item or the paragraph that is open."""
        if self._item is not None:
            self._found.append(self._item)
        if self._paragraph and self._plain:
            self._found.extend(_find_plain_blocks(self._text, self._paragraph))
        elif self._paragraph:
            start, end = self._paragraph[0][0], self._paragraph[-1][1]
            self._found.append(Block(BlockKind.PARAGRAPH, start, end))
        self._item, self._paragraph = None, []


def _find_plain_blocks(text: str, lines: Sequence[Line]) -> Iterator[Block]:
    """Yield the headings and the paragraphs of lines of plain text, in their order."""
    start = 0
    # A line in capitals is a heading by itself: « ACTUALITÉS ».
    while start < len(lines) and capitals(text, lines[start]):
        start += 1
    if start:
        yield Block(BlockKind.HEADING, lines[0][0], lines[start - 1][1], _CAPITALS_LEVEL)
    # Then come headings and paragraphs in turn: many PDFs leave no blank line between them.
    opened = start
    at = start
    while at < len(lines):
        ended = at == opened or (re.search(r"[.!?…»][*_)]*$", text[slice(*lines[at - 1])]))
        size = heading_size(text, lines[at:]) if ended else 0
        if size:
            if at > opened:
                yield Block(BlockKind.PARAGRAPH, lines[opened][0], lines[at - 1][1])
            yield Block(BlockKind.HEADING, lines[at][0], lines[at + size - 1][1], GUESSED_LEVEL)
            at += size
            opened = at
        else:
            at += 1
    if opened < len(lines):
        yield Block(BlockKind.PARAGRAPH, lines[opened][0], lines[-1][1])


def _join_broken_paragraphs(text: str, found: Sequence[Block]) -> list[Block]:
    """Return the blocks with each paragraph in one piece that blank lines, or the end of a column,
    had broken."""
    result: list[Block] = []
    in_list = False
    for block in found:
        last = result[-1] if result else None
        in_list = (
            block.kind is BlockKind.HEADING
            and block.level == GUESSED_LEVEL
            and (in_list or (last is not None and _is_lead_in(text, last)))
        )
        if in_list:
            # Short lines after « Nouveautés : » are a list without bullets, and no headings.
            result.append(replace(block, kind=BlockKind.ITEM, level=0))
        elif last is not None and _is_rest_of(text, last, block):
            kind = BlockKind.PARAGRAPH if last.kind is BlockKind.HEADING else last.kind
            result[-1] = Block(kind, last.start, block.end)
        else:
            result.append(block)
    return result


def _is_lead_in(text: str, block: Block) -> bool:
    """Whether a block is a paragraph that introduces a list: it ends with a colon."""
    said = text[block.start : block.end].rstrip()
    return said.endswith(":") and block.kind is BlockKind.PARAGRAPH


def _is_rest_of(text: str, before: Block, block: Block) -> bool:
    """Whether *block* is the rest of the block before it.

    Of the headings, only a guessed one may be a piece of a paragraph.
    """
    if before.kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.HEADING):
        return False
    if block.kind not in (BlockKind.PARAGRAPH, BlockKind.HEADING):
        return False
    if any(
        each.kind is BlockKind.HEADING and each.level != GUESSED_LEVEL for each in (before, block)
    ):
        return False
    return _is_unfinished(text[before.start : before.end], text[block.start : block.end])


def _is_unfinished(before: str, after: str) -> bool:
    """Whether a text goes on in the one after it: its sentence has not ended, and the text after it
    starts with a small letter, or its own last word asks for more."""
    if SENTENCE_ENDS.search(before.rstrip()):
        return False
    first = after.lstrip("*_~ ")[:1]
    return first.islower() or bool(GOES_ON.search(before.rstrip()))


# -- sentences -------------------------------------------------------------------------------------

#: Characters before and after a date in which the ends of its sentence are looked for, so that a
#: text without a full stop is read as fast as another.
_SENTENCE = 600
_STOP = re.compile(
    r"(?:(?<=[.!?…])|(?<=[.!?…][»”\")\]*_]))[ \u00a0]?[*_]{0,2}\s+(?=[^\Wa-zà-öø-ÿ]|[«“\"(*_~\[>])"
    # A label at the start of a line: « Lieu : … ».
    r"|\n\s*(?=[*_]{0,2}[«A-ZÀ-ÖØ-Þ][^.:!?\n]{1,45}[ \u00a0]?:[*_]{0,2}\s)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:(?i:lun|mar|mer|jeu|ven|sam|dim|janv?|f[ée]vr?|avr|juil?|sept?|oct|nov|d[ée]c)|M|MM"
    r"|Mme|Mmes|Dr|art|cf|ex|p|pp|n|no|tél|tel|av|bd|env|etc|min|max|St|Ste)"
    r"|(?<![^\W_])[A-Z])\.$"
)


def sentence_bounds(text: str, block: Block, at: int) -> tuple[int, int]:
    """Return the place of the sentence of *block* that holds the character *at*: its start and its
    end, in characters of *text*."""
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
    """The blocks and the sections of a text; they are found by their place in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks = _find_blocks(text)
        self.sections = _group_into_sections(self.blocks)
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
        """Return the block that holds the character *at*, or None between blocks."""
        index = bisect_right(self._starts, at) - 1
        if index < 0 or self.blocks[index].end <= at:
            return None
        return self.blocks[index]

    def words_of(self, heading: Block) -> str:
        """Return the words of a heading, folded; of a long one, the first 300 characters."""
        if heading.start not in self._words:
            said = folded(self.text[heading.start : min(heading.end, heading.start + 300)])
            self._words[heading.start] = said.strip(" :*")
        return self._words[heading.start]

    def section_of(self, block: Block) -> Section:
        """Return the section of a block of this outline.

        :raises KeyError: when the block is not one of this outline.
        """
        return self._of_block[id(block)]

    def paragraph_above(self, block: Block) -> Block | None:
        """Return the nearest paragraph above a block in its section, or None."""
        return self._above.get(block.start)

    def first_row(self, block: Block) -> Block:
        """Return the first row in the section of a row: the header of the table, when it holds no
        date."""
        return self._first_rows.get(id(self.section_of(block)), block)

    def neighbours(self, block: Block) -> tuple[Block | None, Block | None]:
        """Return the blocks before and after a block; None at the start or the end of the text."""
        index = bisect_right(self._starts, block.start) - 1
        before = self.blocks[index - 1] if index else None
        after = self.blocks[index + 1] if index + 1 < len(self.blocks) else None
        return before, after
