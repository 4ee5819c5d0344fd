"""The title of a dated item, from its line, its sentence or its heading.

Where the line names only a step, the heading above comes first: « Épreuve : le 12 mars » under
« Olympiades » gets the title « Olympiades : épreuve ».
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from calendar_app.letters.grammar.french_dates import hours
from calendar_app.letters.layout.blocks import GUESSED_LEVEL, Block, BlockKind, Outline
from calendar_app.letters.layout.flat_text import flat
from calendar_app.letters.reading.names import (
    GENERIC,
    ISSUE,
    KIND,
    LENGTH,
    NAMED,
    QUOTED,
    QUOTED_NAME,
    ROLE,
    SIDE,
    STARTS,
    STEP_FIRST,
    WHOLE,
    WITH,
    as_title,
    bare,
    is_letter,
    is_part,
    name,
    names_a_thing,
    says,
    subject,
    trimmed,
    weak,
)
from calendar_app.letters.reading.stages import stage
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold

#: How many characters of a paragraph before a date are searched for a name.
_NEARBY = 800

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Title:
    """The title of an item and how it was found.

    :param own: the words beside the date, or nothing.
    :param rule: the rule that found *text* (:func:`title_of`).
    :param over: the title above the item, or nothing when it was not looked for.
    """

    text: str
    rule: str
    own: str = ""
    over: str = ""


def title_of(
    outline: Outline, place: Surroundings, span: Span, others: Sequence[Span], letter: str
) -> Title:
    """Return the title of the item at *span*.

    The rules: ``row``, ``line``, ``label``, ``sentence``, ``stage`` and ``heading-line`` read the
    words beside the date; ``heading``, ``named-nearby`` and ``document`` the words above it;
    ``words`` is for a date that nothing names.

    :param span: the start and the end of the date phrase.
    :param others: the starts and ends of the other date phrases of the section.
    :param letter: the title of the letter, used when nothing else names the item.
    """
    own, rule = _own(outline, place, span, others)
    if rule in ("", "sentence", "stage") and (topic := _topic(outline, place)) and weak(own or "-"):
        return Title(_joined(topic, own) if rule == "stage" else topic, rule or "label", own, topic)
    if (
        (rule in ("", "sentence") or _is_told_under(outline, place, span, own, rule))
        and not others
        and (heading := _heading(outline, place))
        and not is_letter(heading)
    ):
        return Title(heading, "heading", own, heading)
    if not own:
        over, found = _umbrella(outline, place, letter)
        if over:
            return Title(over, found, "", over)
        # « Webinaires : 5/11, 12/11 » with nothing above: it is only called by what it is.
        return Title(trimmed(place.label) or _words(place), "words")
    part = rule == "stage" or is_part(own, rule)
    if not part and not (rule == "sentence" and weak(own)):
        return Title(own, rule, own)
    over, found = _umbrella(outline, place, letter)
    if not over or (found == "document" and not part) or is_letter(over):
        return Title(own, rule, own)
    if says(over, own):
        return Title(over, rule if len(own.split()) > 2 else found, own, over)
    if not part and " " not in own:
        return Title(over, found, own, over)
    return Title(_joined(over, own), rule, own, over)


def is_marked(place: Surroundings, rule: str) -> bool:
    """Whether the letter itself marks a title as one: a heading of Markdown or HTML, or a cell.

    :param rule: the rule that found the title.
    """
    if rule == "row":
        return True
    heading = place.block if rule == "heading-line" else place.section.heading
    return rule.startswith("heading") and heading is not None and heading.level < GUESSED_LEVEL


def has_rival(outline: Outline, place: Surroundings, at: int, title: str, rule: str) -> bool:
    """Whether a name in quotation marks stands nearer to the date than a title from above it.

    :param at: where the date starts.
    :param title: the title as it is shown.
    :param rule: the rule that found it.
    """
    if rule not in ("heading", "named-nearby", "document", "label"):
        return False
    heading = place.section.heading
    start = max(heading.end if heading else 0, at - _NEARBY)
    own = fold(title)
    told = flat(outline.text[start : max(place.sentence[1], at)][: 2 * _NEARBY])
    return any(fold(match["name"]) not in own for match in QUOTED.finditer(told))


def _words(place: Surroundings) -> str:
    """Return the words around a date that nothing names, cut where they go on about something."""
    before, after = trimmed(STARTS.sub("", place.clause[0])), place.clause[1].strip(" ,:–—-.")
    said = before if re.search(r"[^\W\d_]{4}", before) else after
    said = re.split(r"\s(?:qui|que|dont|où|afin|pour)\s|[.;:!?(]\s?", said)[0]
    return as_title(said) if re.search(r"[^\W\d_]{3}", said) else ""


def of_step(outline: Outline, place: Surroundings, found: Title, letter: str) -> Title:
    """Return the title of a deadline or a window: that of the thing, without the words of its step.

    « Clôture des inscriptions : 7 novembre » under « Prix du roman » is of the « Prix du roman »:
    that something is to be done by a day is the kind of the item, and not its name.
    """
    if found.rule not in ("row", "line", "label", "sentence", "stage", "heading-line"):
        return found
    own = found.own
    if names_a_thing(own):
        named = NAMED.search(own)
        if named and named.start() and STEP_FIRST.match(fold(own)) and WHOLE.search(named["name"]):
            return Title(name(named), found.rule, own, found.over)
        return found
    if not STEP_FIRST.match(fold(own)) and (
        found.rule not in ("sentence", "stage") or not weak(own)
    ):
        return found
    over, rule = (found.over, found.rule) if found.over else _umbrella(outline, place, letter)
    if not over or is_letter(over) or (rule == "document" and place.block.start == 0):
        return found
    return Title(over, "heading" if found.over else rule, own, over)


def _is_told_under(outline: Outline, place: Surroundings, span: Span, own: str, rule: str) -> bool:
    """Whether the words after a date only tell what its heading names: « Du 13 au 17 octobre :
    voyage scolaire » under « Séjour à Rome »."""
    paragraph = place.block.kind is BlockKind.PARAGRAPH
    apart = paragraph or "\n" in outline.text[span[1] : span[1] + 3]
    return rule == "line" and apart and weak(own) and not is_part(own, rule)


def _joined(over: str, own: str) -> str:
    """Return the title of a part of something: « Prix du roman : cérémonie »."""
    return as_title(f"{over} : {own[:1].lower()}{own[1:]}")


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
        return _of_row(place)
    before, after = _beside(outline, place, span, others)
    if block.kind is BlockKind.HEADING:
        return _of_heading(outline, place, before, after)
    if place.label:
        return _of_label(place.label)
    return _of_line(block, before, after) or _of_clause(place)


def _of_row(place: Surroundings) -> tuple[str, str]:
    titles = [
        words
        for header, words in place.cells
        if re.search(r"[^\W\d_]{3}", words)
        and not SIDE.search(fold(header))
        and not any(hours(words))
    ]
    return (as_title(titles[0]), "row") if titles else ("", "")


def _of_label(label: str) -> tuple[str, str]:
    said = fold(label)
    # « Feuilletez les carnets et choisissez : … » asks for something, and names nothing.
    if GENERIC.fullmatch(bare(said)) or ROLE.search(said) or re.match(r"\W*\w{3,}ez\b", said):
        return "", ""
    return as_title(trimmed(label)), "label"


def _of_line(block: Block, before: str, after: str) -> tuple[str, str] | None:
    """Return the title that the line of a date says and its rule, or None."""
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
    return None


def _of_clause(place: Surroundings) -> tuple[str, str]:
    """Return the title in the clause of a date and its rule, or nothing."""
    if named := stage(place.clause[0]):
        return named, "stage"
    if named := _in_sentence(place):
        return named, "sentence"
    if place.shared and (named := _last_name(place.before[: -len(place.clause[0]) or None])):
        return named, "sentence"
    return "", ""


def _last_name(said: str) -> str:
    """Return the last name in words before a clause that says what it is of, or nothing."""
    for match in reversed(list(NAMED.finditer(said[-_NEARBY:]))):
        found = name(match)
        if not weak(found):
            return found
    return ""


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
    before, after = place.clause
    found = list(NAMED.finditer(before))
    quoted = [match for match in found if re.search(r"[«“]", match["name"])]
    if not quoted and (called := list(QUOTED_NAME.finditer(before))):
        return as_title(called[-1]["name"][:1].upper() + called[-1]["name"][1:])
    if found:
        said = name((quoted or found)[-1])
        with_whom = WITH.match(after) if " " not in said else None
        return f"{said} {with_whom['with'].strip()}" if with_whom else said
    match = NAMED.search(after[:200])
    return name(match) if match else ""


def _umbrella(outline: Outline, place: Surroundings, letter: str) -> tuple[str, str]:
    """Return the title above an item and its rule: the start of its paragraph, a heading, a name
    in the paragraphs before, or the letter's title."""
    if topic := _topic(outline, place):
        return topic, "label"
    if heading := _heading(outline, place):
        return heading, "heading"
    if nearby := _nearby(outline, place):
        return nearby, "named-nearby"
    # The title of a letter of one paragraph is that paragraph itself.
    if place.block.kind is BlockKind.PARAGRAPH and as_title(
        flat(outline.text[place.block.start : place.block.end][:LENGTH])
    ).startswith(letter[: LENGTH // 2]):
        said = subject(trimmed(letter))
        return ("" if re.search(r"\d[\s/.]|: \w+$", said) else said), "document"
    return subject(letter), "document"


def _topic(outline: Outline, place: Surroundings) -> str:
    """Return the topic at the start of a paragraph (« Sortie au planétarium : … »), or nothing."""
    section = place.section
    first = (
        bool(section.blocks) and section.blocks[0] is place.block and section.heading is not None
    )
    if place.block.kind is not BlockKind.PARAGRAPH:
        return ""
    start = max(place.sentence[0], place.block.start)
    if start > place.block.start and (
        said := _named_label(flat(outline.text[start : start + 120]))
    ):
        return said
    if first and _heading(outline, place):
        return ""
    return _named_label(flat(outline.text[place.block.start : place.block.start + 120]))


def _named_label(said: str) -> str:
    """Return the name at the start of a text, up to its colon (« Concours de chant : … »), or
    nothing."""
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
    generic = GENERIC.fullmatch(bare(said)) and "«" not in said
    if generic or ISSUE.search(said) or not re.search(r"[^\W\d_]{3}", said):
        return ""
    title = as_title(said)
    # « Calendrier du prix » leaves « prix », which names nothing.
    return "" if KIND.fullmatch(title) and title != said else subject(title)


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
