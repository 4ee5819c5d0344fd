"""What the words above a date are about: headings, the start of its paragraph, a name nearby."""

from __future__ import annotations

import re
from functools import lru_cache

from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import flat
from calendar_app.letters.layout.lines import GOES_ON, ONLY_DATES, SENTENCE_ENDS, opens
from calendar_app.letters.reading.names import (
    DATE,
    KIND,
    NAMED,
    PART,
    ROLE,
    STEP_FIRST,
    WHOLE,
    as_title,
    has_verb,
    is_named,
    is_part,
    is_rubric,
    is_strong,
    joined,
    looks_like_a_sentence,
    name,
    names_in,
    subject,
    weak,
)
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold, small_initial

#: How many characters of a paragraph before a date are searched for a name.
NEARBY = 800


def topic(outline: Outline, place: Surroundings) -> str:
    """Return the topic at the start of a paragraph (« Sortie au planétarium : … »), or nothing."""
    section, block, text = place.section, place.block, outline.text
    first = bool(section.blocks) and section.blocks[0] is block and section.heading is not None
    if block.kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM):
        return ""
    if above := _above_list(outline, place):
        return above
    start = max(place.sentence[0], block.start)
    if start > block.start and (said := named_label(flat(text[start : start + 120]))):
        return said
    if first and is_strong(heading_over(outline, place) or "-"):
        return ""
    opening = block.start
    lines = block.kind is BlockKind.PARAGRAPH
    if lines and len(_LABEL_LINES.findall(text[opening : min(block.end, opening + 600)])) > 1:
        # Each line has a label of its own.
        opening = max(opening, text.rfind("\n", opening, start) + 1)
    said = flat(text[opening : min(block.end, opening + 120)])
    if said[:1] == "«" and heading_over(outline, place) and block.kind is BlockKind.PARAGRAPH:
        return ""  # « Où est l'info ? » : the theme of what the heading names
    run_in = _run_in_title(said)
    # « Concours de dessin. Envoi… » under « BULLES » tells what « Bulles » is.
    told = run_in and first and "«" not in run_in and heading_over(outline, place)
    label = named_label(said)
    if label and " " not in label and label[1:].islower() and KIND.fullmatch(label) is None:
        over = heading_over(outline, place)  # « Accréditation : » under « Erasmus+ »
        return joined(over, small_initial(label)) if over else label
    return label or ("" if told else run_in) or _first_line(outline, place)


#: « Un poème pour mon village » (cycle 4), alone above a list.
_QUOTED_LINE = re.compile(r"(?P<name>«[^«»]{3,80}»)(?:\s\([^()]{1,40}\))?\s?:?")
#: What follows the name on its line: « Rallye de Lorraine (4e et 2de) ».
_IN_BRACKETS = re.compile(r"\s\([^()]{1,60}\)$")
#: A line that is a title is not longer, in characters.
_TITLE_LINE = 70


def _above_list(outline: Outline, place: Surroundings) -> str:
    """Return the name on the line above the list of a date, or nothing: it stands alone, or in
    quotation marks in the sentence that introduces the list."""
    if place.block.kind is not BlockKind.ITEM:
        return ""
    above = outline.paragraph_above(place.block)
    said = flat(outline.text[above.start : above.end][:250]) if above else ""
    if match := _QUOTED_LINE.fullmatch(said):
        return match["name"]
    if said.endswith(":"):
        quoted = [match for match in names_in(said) if "«" in match["name"]]
        return name(quoted[0]) if len(quoted) == 1 else ""
    return _title_line(said)


def _title_line(said: str) -> str:
    """Return the title that a line is, or nothing: it is short, names a sort of thing and is no
    sentence."""
    said = _IN_BRACKETS.sub("", said)
    if len(said) > _TITLE_LINE or SENTENCE_ENDS.search(said) or is_rubric(said):
        return ""
    title = subject(as_title(said))
    return "" if looks_like_a_sentence(title, marked=True) or not is_strong(title) else title


def _first_line(outline: Outline, place: Surroundings) -> str:
    """Return the first line of a paragraph of short lines when it is their title, or nothing."""
    text, block = outline.text, place.block
    lines = text[block.start : place.sentence[1]].split("\n")
    if block.kind is not BlockKind.PARAGRAPH or len(lines) < 2:
        return ""
    if not opens(lines[1].strip()) or GOES_ON.search(lines[0]):
        return ""
    said = _IN_BRACKETS.sub("", flat(lines[0]))
    if re.search(r"\d|:", said):
        return ""  # a step of what the lines are about
    alone = len(said) <= _TITLE_LINE and not SENTENCE_ENDS.search(said) and not is_rubric(said)
    return as_title(said) if alone and not looks_like_a_sentence(said, marked=True) else ""


_LABEL_LINES = re.compile(r"(?m)^[A-ZÀ-Þ«][^:.!?\n]{2,45}(?:\s?:|\.)\s")
_RUN_IN = re.compile(r"(?P<title>[A-ZÀ-Þ«][^.!?:;]{3,75})\.\s(?=[A-ZÀ-Þ«])")
#: A run-in title that names no sort of thing has at most so many words: « Permis piéton. »
_SHORT = 6


def _run_in_title(said: str) -> str:
    """Return the title with which a paragraph starts (« Nuits de la lecture. La dixième… »), or
    nothing: it has no verb."""
    match = _RUN_IN.match(said)
    if not match or looks_like_a_sentence(match["title"].replace(",", ""), marked=False):
        return ""
    title = DATE.sub("", match["title"]).rstrip(" ,")  # « Fête de la science, du 2 au 12 octobre. »
    if has_verb(title):
        return ""
    if quoted := re.match(r"«[^«»]{3,60}»(?=\s[–—-]\s|$)", title):
        return quoted[0]  # « Écris-moi la Loire » – concours de nouvelles.
    names = names_in(title)
    short = 1 < len(title.split()) <= _SHORT and "," not in title and not is_rubric(title)
    said = fold(title)
    aside = _ASIDE_LABEL.match(said) or STEP_FIRST.match(said) or re.match(r"(?:a|en) ", said)
    if not (names and not names[0].start()) and (aside or not short):
        return ""
    return subject(as_title(title))


def named_label(said: str) -> str:
    """Return the name at the start of a text, up to its colon (« Concours de chant : … »), or
    nothing."""
    match = re.match(
        r"(?P<topic>[A-ZÀ-Þ«][^:.!?0-9(]{3,60}?|«[^»]{3,60}»)(?:\s20\d\d(?:[-–/]\d\d)?)?(?:\s\([^()]{1,90}\))?\s?:\s",
        said,
    )
    if not match:
        return ""
    said = fold(match["topic"])
    told = looks_like_a_sentence(match["topic"], marked=True) or has_verb(match["topic"])
    if told and "«" not in match["topic"]:
        return ""
    step = ROLE.search(said) or PART.match(said) or STEP_FIRST.match(said)
    aside = step or _ASIDE_LABEL.match(said) or is_rubric(match["topic"])
    return "" if aside else subject(as_title(match["topic"]))


#: A label of a detail, or what somebody says.
_ASIDE_LABEL = re.compile(
    r"(?:.*\b(?:lui|elle)-meme|.*\b[a-z]{3,}ez\b|themes?|sujets?|site|plate-?forme|niveaux?|cout"
    r"|tarifs?|condition\w*"
    r"|organisat\w*|deux\b|trois\b"
    r"|de memoire|par ailleurs|en (?:gros|bref|resume)|cote \w+|classes? (?:interess|concern)\w+"
    r"|pour \w+|comment|qui\b|bon a savoir|a savoir|nota|nb\b|ps\b|(?:il|elle|ils|elles|nous"
    r"|vous|on)\b|place maintenant|d'abord|ensuite|enfin|toutefois|attention|cycles? \d"
    r"|classes? d(?!e decouverte))"
)


#: A letter with more sections than this is about several things.
_PARTS = 4


def heading_over(outline: Outline, place: Surroundings) -> str:
    """Return the nearest heading above that names something, or nothing.

    An exclamation or a question (« Pensez-y ! ») is taken only when no other heading is found.
    """
    section = place.section
    calls = part = ""
    for heading in [*([section.heading] if section.heading else []), *reversed(section.above)]:
        if heading is place.block:
            continue
        if heading is outline.blocks[0] and len(outline.sections) > _PARTS:
            break  # the name of the letter
        said = named_heading(outline, heading.start, heading.end)
        if said and is_part(said, "heading"):
            part = part or said
        elif said and (not re.search(r"[!?]\W*$", said) or NAMED.search(said)):
            return joined(said, part) if part else said
        else:
            calls = calls or said
    return part or calls


def named_heading(outline: Outline, start: int, end: int) -> str:
    return heading_title(outline.text[start : min(end, start + 600)])


@lru_cache(512)
def heading_title(heading: str) -> str:
    """Return the title that a heading says, or nothing when it names nothing."""
    said = flat(heading)
    if is_rubric(said) or not re.search(r"[^\W\d_]{3}", said) or re.match(r"\d\d? ?h\b", said):
        return ""
    if ONLY_DATES.fullmatch(re.sub(r"\([^()]*\)", "", said)):
        return ""
    title = as_title(said)
    # « Calendrier du prix » leaves « prix », which names nothing.
    return "" if KIND.fullmatch(title) and title != said else subject(title)


def nearer_name(outline: Outline, place: Surroundings, heading: str) -> str:
    """Return the last name in its block before the sentence of a date, under a heading that is
    rather a rubric; or nothing. « Ce concours » is what the heading names."""
    if is_strong(heading):
        return ""
    start = max(place.block.start, place.sentence[0] - NEARBY)
    said = flat(outline.text[start : place.sentence[0]])
    for match in reversed(names_in(said)):
        found = name(match)
        if weak(found) and match.start() < _DESCRIBES and _is_first(place):
            continue  # « Nouveau concours de films… » tells what the heading names
        opens_block = start == place.block.start and not match.start() and " " in found
        if opens_block or (WHOLE.search(found) and is_named(found)):
            refers = re.search(r"\b(?:ce|cet|cette|ces|son|sa|ses|leur)\s$", said[: match.start()])
            return "" if refers else found
    quoted = _FIRST_QUOTED.match(said) if len(said) > 3 else None
    return f"« {quoted['name']} »" if quoted else ""


#: A sort of thing that stands so near to the start of the first paragraph under a heading, in
#: characters, is what the heading names.
_DESCRIBES = 15


def _is_first(place: Surroundings) -> bool:
    section = place.section
    return section.heading is not None and section.blocks[:1] == [place.block]


#: A paragraph that starts with a name in quotation marks is about it.
_FIRST_QUOTED = re.compile(r"\W*«\s?(?P<name>[^«»]{3,70}?)\s?»(?!\s?,)")


def nearby(outline: Outline, place: Surroundings) -> str:
    """Return a name in the last paragraphs before the date, or nothing.

    A name with a quotation comes first.
    """
    blocks = [block for block in place.section.blocks if block.start <= place.block.start]
    plain = ""
    told = [b for b in blocks if b.kind is BlockKind.PARAGRAPH or b is place.block]
    for block in reversed(told[-5:]):
        end = min(block.end, place.sentence[0]) if block is place.block else block.end
        start = max(block.start, end - NEARBY)
        found = names_in(flat(outline.text[start:end]))
        for match in reversed(found):
            if re.search(r"[«“]", match["name"]):
                return name(match)
            said = name(match)
            long = is_named(said)
            if not plain and WHOLE.search(said) and long:
                plain = said
        if plain and block is place.block:
            return plain
    return plain
