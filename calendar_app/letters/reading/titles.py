"""The title of a dated item, from its line, its sentence or its heading.

Where the line names only a step, the heading above comes first: « Épreuve : le 12 mars » under
« Olympiades » gets the title « Olympiades : épreuve ».
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
    as_title,
    bare,
    is_part,
    name,
    says,
    trimmed,
    weak,
)
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold

#: How many characters of a paragraph before a date are searched for a name.
_NEARBY = 800

Span = tuple[int, int]


def title_of(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span], letter: str
) -> tuple[str, str]:
    """Return the title of the item at *span*, and the name of the rule that found it.

    The rules: ``row``, ``line``, ``label``, ``sentence`` and ``heading-line`` read the words beside
    the date; ``heading``, ``named-nearby`` and ``document`` the words above it.

    :param span: the start and the end of the date phrase.
    :param others: the starts and ends of the other date phrases of the section.
    :param letter: the title of the letter, used when nothing else names the item.
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
    return as_title(f"{over} : {title[:1].lower()}{title[1:]}"), rule


def document_title(outline: Outline) -> str:
    """Return the title of the letter, or nothing for an empty one.

    This is its marked first heading, else a name in its first lines, else its first guessed
    heading, else its first words.
    """
    top = [block for block in outline.blocks[:3] if block.kind is BlockKind.HEADING]
    if top and top[0].level <= 2:  # a heading that is marked, not guessed
        return as_title(flat(outline.text[top[0].start : top[0].end]))
    for block in (b for b in outline.blocks[:5] if b.kind not in (BlockKind.ROW, BlockKind.ITEM)):
        start = outline.text[block.start : min(block.end, block.start + 600)]
        sentence = re.split(r"(?<=[.!?])\s", flat(start))[0].rstrip(".")
        for said in (sentence, *map(flat, start.split("\n")[:4])):
            named = NAMED.search(said) and not weak(said) and not GENERIC.fullmatch(bare(said))
            if named and len(said) < LENGTH and "." not in said:
                return as_title(said)
    for section in outline.sections:
        if section.heading and (
            said := _named_heading(outline, section.heading.start, section.heading.end)
        ):
            return said
    for block in outline.blocks:
        said = flat(outline.text[block.start : min(block.end, block.start + 600)])
        if len(said) > 3 and block.kind is not BlockKind.LINKS:
            return as_title(said)
    return ""


def _own(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span]
) -> tuple[str, str]:
    """Return the title beside the date, in its row, line or sentence, and the rule; or nothing."""
    block = place.block
    if block.kind is BlockKind.ROW:
        titles = [
            words
            for header, words in place.cells
            if re.search(r"[^\W\d_]{3}", words)
            and not SIDE.search(fold(header))
            and not any(hours(words))
        ]
        return (as_title(titles[0]), "row") if titles else ("", "")
    before, after = _beside(outline, place, span, others)
    if block.kind is BlockKind.HEADING:
        return _of_heading(outline, place, before, after)
    if place.label:
        if GENERIC.fullmatch(bare(place.label)) or ROLE.search(fold(place.label)):
            return "", ""
        return as_title(trimmed(place.label)), "label"
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
        if title := as_title(trimmed(match["name"] if match else before)):
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
        # The line under the heading is its name, in quotation marks.
        title = f"{title} « {name['name'].strip()} »"
    return as_title(title), "heading-line"


def _beside(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span]
) -> tuple[str, str]:
    """Return the words before and after a date, flat, up to the dates around it.

    In a heading, the dates before are cut out, and the words around them stay.
    """
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
    """Return the title in the words after a date, or nothing.

    Examples: « : Journée … », « à Paris : Journée … », « pour la journée … ».
    """
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
    return as_title(said) if re.search(r"[^\W\d_]{3}", said) else ""


def _in_sentence(place: Surroundings) -> str:
    """Return the name in the sentence: the nearest one before the date, else the first one after.

    Before the date, a name with a quotation comes first.
    """
    found = list(NAMED.finditer(place.before))
    quoted = [match for match in found if re.search(r"[«“]", match["name"])]
    if found:
        return name((quoted or found)[-1])
    after = NAMED.search(place.after[:200])
    return name(after) if after else ""


def _umbrella(outline: Outline, place: Surroundings, letter: str) -> tuple[str, str]:
    """Return the title above an item and its rule: the start of its paragraph, a heading, a name
    in the paragraphs before, or the letter's title."""
    if topic := _topic(outline, place):
        return topic, "label"
    if heading := _heading(outline, place):
        return heading, "heading"
    if nearby := _nearby(outline, place):
        return nearby, "named-nearby"
    return letter, "document"


def _topic(outline: Outline, place: Surroundings) -> str:
    """Return the topic at the start of a paragraph (« Sortie au planétarium : … »), or nothing."""
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
    return as_title(match["topic"])


def _heading(outline: Outline, place: Surroundings) -> str:
    """Return the nearest heading above that names something, or nothing.

    An exclamation or a question (« Pensez-y ! ») is taken only when no other heading is found.
    """
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
    return as_title(said)


def _nearby(outline: Outline, place: Surroundings) -> str:
    """Return a name in the last paragraphs before the date, or nothing.

    A name with a quotation comes first.
    """
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
