"""What a dated item is called: the words of its line, its sentence or its heading.

« Épreuve : le 12 mars » is called by what stands over it as well: « Olympiades : épreuve ».
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from calendar_app.letters.grammar.french_dates import hours
from calendar_app.letters.reading.blocks import BlockKind, Outline
from calendar_app.letters.reading.flat_text import flat
from calendar_app.letters.reading.names import (
    GENERIC,
    ISSUE,
    LENGTH,
    NAMED,
    QUOTED,
    ROLE,
    SIDE,
    STARTS,
    WHOLE,
    bare,
    is_part,
    name,
    says,
    shortened,
    trimmed,
    weak,
)
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold

#: Characters of a paragraph before a date in which its name is looked for.
_NEARBY = 800

Span = tuple[int, int]


def title_of(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span], letter: str
) -> tuple[str, str]:
    """Return the title of the item at *span*, and the name of the rule that found it.

    :param others: where the other dates of its section stand.
    :param letter: the title of the letter, where nothing else names the item.
    """
    title, rule = _own(outline, place, span, others)
    if rule in ("", "sentence") and (topic := _topic(outline, place)) and weak(title or "-"):
        return topic, "label"
    if rule in ("", "sentence") and not others and (heading := _heading(outline, place)):
        return heading, "heading"
    if not title:
        return _umbrella(outline, place, letter)
    part = is_part(title, rule)
    if not part and not (rule == "sentence" and weak(title)):
        return title, rule
    over, found = _umbrella(outline, place, letter)
    if not over or (found == "document" and not part):
        return title, rule
    if says(over, title):
        return over, rule if len(title.split()) > 2 else found
    if not part and " " not in title:
        return over, found
    return shortened(f"{over} : {title[:1].lower()}{title[1:]}"), rule


def document_title(outline: Outline) -> str:
    """Return what people would call the letter: what its first lines name, its first heading, or
    its first words."""
    top = [block for block in outline.blocks[:3] if block.kind is BlockKind.HEADING]
    if top and top[0].level <= 2:  # one that is marked, not guessed
        return shortened(flat(outline.text[top[0].start : top[0].end]))
    for block in (b for b in outline.blocks[:5] if b.kind not in (BlockKind.ROW, BlockKind.ITEM)):
        start = outline.text[block.start : min(block.end, block.start + 600)]
        sentence = re.split(r"(?<=[.!?])\s", flat(start))[0].rstrip(".")
        for said in (sentence, *map(flat, start.split("\n")[:4])):
            named = NAMED.search(said) and not weak(said) and not GENERIC.fullmatch(bare(said))
            if named and len(said) < LENGTH and "." not in said:
                return shortened(said)
    for section in outline.sections:
        if section.heading and (
            said := _named_heading(outline, section.heading.start, section.heading.end)
        ):
            return said
    for block in outline.blocks:
        said = flat(outline.text[block.start : min(block.end, block.start + 600)])
        if len(said) > 3 and block.kind is not BlockKind.LINKS:
            return shortened(said)
    return ""


def _own(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span]
) -> tuple[str, str]:
    """The title that stands beside the date itself, in its row, line or sentence."""
    block = place.block
    if block.kind is BlockKind.ROW:
        titles = [
            words
            for header, words in place.cells
            if re.search(r"[^\W\d_]{3}", words)
            and not SIDE.search(fold(header))
            and not any(hours(words))
        ]
        return (shortened(titles[0]), "row") if titles else ("", "")
    before, after = _beside(outline, place, span, others)
    if block.kind is BlockKind.HEADING:
        return _of_heading(outline, place, before, after)
    if place.label:
        if GENERIC.fullmatch(bare(place.label)) or ROLE.search(fold(place.label)):
            return "", ""
        return shortened(trimmed(place.label)), "label"
    opening = trimmed(before)
    town = re.fullmatch(
        r"[A-ZÀ-Þ][\w’'-]*(?: (?!est|sont|a|ont|vous|nous)[\w’'-]+){0,2},?", opening
    )
    if re.match(r"\s?:\s", after) and town and not NAMED.search(opening):
        opening = ""  # « Vesoul, mercredi 31 janvier : … »
    if not re.search(r"[^\W\d_]{2}", opening):
        beside = block.kind is BlockKind.ITEM or re.match(r"\s?[:–—-]\s", after)
        if beside and (said := _after(after)):
            return said, "line"
    elif block.kind is BlockKind.ITEM and len(before) < 90 and re.match(r"\W*[A-ZÀ-Þ0-9]", before):
        match = NAMED.search(before) if len(before) > 60 else None
        if title := shortened(trimmed(match["name"] if match else before)):
            return title, "line"
    if named := _in_sentence(place):
        return named, "sentence"
    return "", ""


def _of_heading(outline: Outline, place: Surroundings, before: str, after: str) -> tuple[str, str]:
    title = trimmed(before)
    if len(re.findall(r"[^\W\d_]{3,}", title)) == 0 or GENERIC.fullmatch(bare(title)):
        following = _after(after)
        return (following, "line") if following else ("", "")
    name = QUOTED.match(_next_words(outline, place))
    if name and not QUOTED.search(title):
        # The line under it is its name, in quotation marks.
        title = f"{title} « {name['name'].strip()} »"
    return shortened(title), "heading-line"


def _beside(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span]
) -> tuple[str, str]:
    """What the line says before and after a date, up to the dates around it, flat."""
    text, block = outline.text, place.block
    heading = block.kind is BlockKind.HEADING
    first, last = (block.start, block.end) if heading else place.sentence
    for start, end in others:
        if first <= start < span[0] and not heading:
            first = max(first, end)
        elif span[1] <= start < last:
            last = min(last, start)
    before = text[first : span[0]]
    if heading:
        for start, end in sorted(others, reverse=True):
            if first <= start < span[0]:
                before = before[: start - first] + before[end - first :]
    return flat(before), flat(text[span[1] : last])


def _next_words(outline: Outline, place: Surroundings) -> str:
    _, after = outline.neighbours(place.block)
    if after is None or after.kind is not BlockKind.PARAGRAPH:
        return ""
    return flat(outline.text[after.start : after.start + 200])


def _after(following: str) -> str:
    """« : Journée … », « à Paris : Journée … », « pour la journée … »."""
    said = re.split(r"(?<=[^.][.!?])\s", following.strip())[0]
    colon = re.match(
        r"(?:\(?(?:à|au|aux|en|dans|[A-Z])[^:]{1,60}?)?\s?(?:[:–—]|\s-)\s+(?=\S)", said
    )
    if colon and colon.end() < len(said):
        said = said[colon.end() :]
    said = STARTS.sub("", said.strip(" ,:–—-)*"))
    if re.match(
        r"(?:à|chez|dans|comme|afin|nous|vous|ils?|elles?|on|seule?s?|le|la|les)\s", said
    ) and (not NAMED.search(said[:60])):
        return ""
    if len(said) > 60:
        said = re.split(r",\s|\s(?:\(|[–—]\s)|\s:\s|;", said)[0]
    if len(said) > 90 and not NAMED.search(said[:40]):
        return ""
    return shortened(said) if re.search(r"[^\W\d_]{3}", said) else ""


def _in_sentence(place: Surroundings) -> str:
    """The thing that the sentence names: nearest before the date, else after it."""
    found = list(NAMED.finditer(place.before))
    quoted = [match for match in found if re.search(r"[«“]", match["name"])]
    if found:
        return name((quoted or found)[-1])
    after = NAMED.search(place.after[:200])
    return name(after) if after else ""


def _umbrella(outline: Outline, place: Surroundings, letter: str) -> tuple[str, str]:
    """What stands over an item: a heading, a thing named before it, or the letter's own title."""
    if topic := _topic(outline, place):
        return topic, "label"
    if heading := _heading(outline, place):
        return heading, "heading"
    if nearby := _nearby(outline, place):
        return nearby, "named-nearby"
    return letter, "document"


def _topic(outline: Outline, place: Surroundings) -> str:
    """« Sortie au planétarium : … », at the start of a paragraph."""
    section = place.section
    first = (
        bool(section.blocks) and section.blocks[0] is place.block and section.heading is not None
    )
    if place.block.kind is not BlockKind.PARAGRAPH or (first and _heading(outline, place)):
        return ""
    said = flat(outline.text[place.block.start : place.block.start + 120])
    match = re.match(r"(?P<topic>[A-ZÀ-Þ«][^:.!?0-9]{3,60}?)\s?:\s", said)
    if not match or GENERIC.fullmatch(bare(match["topic"])) or ROLE.search(fold(match["topic"])):
        return ""
    return shortened(match["topic"])


def _heading(outline: Outline, place: Surroundings) -> str:
    """The nearest heading above that names something, rather than calls (« Pensez-y ! »)."""
    section = place.section
    calls = ""
    for heading in [*([section.heading] if section.heading else []), *reversed(section.above)]:
        if heading is place.block:
            continue
        said = _named_heading(outline, heading.start, heading.end)
        if said and (not re.search(r"[!?]\W*$", said) or NAMED.search(said)):
            return said
        calls = calls or said
    return calls


def _named_heading(outline: Outline, start: int, end: int) -> str:
    said = flat(outline.text[start:end])
    if GENERIC.fullmatch(bare(said)) or ISSUE.search(said) or not re.search(r"[^\W\d_]{3}", said):
        return ""
    return shortened(said)


def _nearby(outline: Outline, place: Surroundings) -> str:
    """What the paragraphs just before name, in quotation marks rather than without."""
    blocks = [block for block in place.section.blocks if block.start <= place.block.start]
    plain = ""
    told = [b for b in blocks if b.kind is BlockKind.PARAGRAPH or b is place.block]
    for block in reversed(told[-5:]):
        end = min(block.end, place.sentence[0]) if block is place.block else block.end
        start = max(block.start, end - _NEARBY)
        found = list(NAMED.finditer(flat(outline.text[start:end])))
        for match in reversed(found):
            if re.search(r"[«“]", match["name"]):
                return name(match)
            if not plain and WHOLE.search(match["name"]) and not weak(name(match)):
                plain = name(match)
    return plain
