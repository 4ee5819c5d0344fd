"""The title of a dated item, from its line, its sentence or its heading.

Where the line names only a step, the heading above comes first: « Épreuve : le 12 mars » under
« Olympiades » gets the title « Olympiades : épreuve ».
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from calendar_app.letters.grammar.french_dates import hours
from calendar_app.letters.known_names import KNOWN
from calendar_app.letters.layout.blocks import GUESSED_LEVEL, Block, BlockKind, Outline
from calendar_app.letters.layout.flat_text import flat, folded
from calendar_app.letters.reading.names import (
    GENERIC,
    KIND,
    KINDS,
    LENGTH,
    NAMED,
    NEXT_SENTENCE,
    PART,
    QUOTED,
    QUOTED_NAME,
    ROLE,
    SIDE,
    STARTS,
    STEP_FIRST,
    TITLE_COLUMN,
    WHOLE,
    WITH,
    as_title,
    bare,
    has_verb,
    is_field,
    is_generic,
    is_letter,
    is_named,
    is_only_a_sort,
    is_part,
    is_rubric,
    is_strong,
    joined,
    looks_like_a_sentence,
    name,
    names_a_sort,
    names_a_thing,
    names_in,
    says,
    stands_alone,
    subject,
    trimmed,
    weak,
)
from calendar_app.letters.reading.stages import stage, step_before
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.letters.reading.topics import (
    NEARBY,
    heading_over,
    named_heading,
    named_label,
    nearby,
    nearer_name,
    topic,
)
from calendar_app.words.text import capital_initial, fold, small_initial

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Title:
    """The title of an item and how it was found.

    :param own: the words beside the date, or nothing.
    :param rule: the rule that found *text* (:func:`title_of`).
    :param over: the title above the item, or nothing when it was not looked for.
    :param far: whether *over* is that of another paragraph or of the letter, and no heading.
    """

    text: str
    rule: str
    own: str = ""
    over: str = ""
    far: bool = False


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
    if title := _of_row_or_topic(outline, place, own, rule):
        return title
    if (
        (rule in ("", "sentence") or _is_told_under(outline, place, span, own, rule))
        and not others
        and (heading := heading_over(outline, place))
        and (not stands_alone(own) or _is_part_of(heading, own))
        and not is_letter(heading)
        and (is_strong(heading) or not WHOLE.search(own) or weak(own))
        and not nearer_name(outline, place, heading)
    ):
        return Title(_whole(heading, letter), _above(outline, place, heading, letter), own, heading)
    if not own:
        over, found = _umbrella(outline, place, letter)
        if found == "document" and (is_letter(over) or is_rubric(over)) and (said := _who(place)):
            return Title(said, "words")
        if over:
            return Title(over, found, "", over)
        # « Webinaires : 5/11, 12/11 » with nothing above: it is only called by what it is.
        return Title(trimmed(place.label) or _words(place), "words")
    part = rule == "stage" or is_part(own, rule) or bool(_ITSELF.search(own))
    if rule == "sentence" and stands_alone(own):
        return Title(own, rule, own)
    if not part and not (rule == "sentence" and not is_named(own)):
        return Title(own, rule, own)
    over, found = _umbrella(outline, place, letter)
    bare_part = len(own.split()) < 3 and is_strong(over)
    unfit = is_letter(over) or is_rubric(over)
    if not over or (found == "document" and not (part or bare_part)) or unfit:
        return Title(own, rule, own)
    if says(over, own):
        return Title(over, rule if len(own.split()) > 2 else found, own, over)
    if not part and " " not in own:
        return Title(over, found, own, over)
    if not part and not is_strong(over):
        return Title(own, rule, own)
    return Title(joined(over, own), rule, own, over, _is_far(outline, place, over, found, letter))


def _of_row_or_topic(outline: Outline, place: Surroundings, own: str, rule: str) -> Title | None:
    """Return the title of a row that says only where its thing takes place, or that of what a
    paragraph starts with; None when neither is so.

    :param own, rule: the title beside the date and the rule that found it (:func:`_own`).
    """
    if rule == "row" and (column := _placed_row(place, own)):
        over = heading_over(outline, place)
        return Title(joined(over, column), rule, own, over) if over else None
    if rule not in ("", "sentence", "stage") or not (over := topic(outline, place)):
        return None
    if own and is_named(own) and not (says(over, own) or is_part(own, rule)):
        return None
    return Title(joined(over, own) if rule == "stage" else over, rule or "label", own, over)


#: « Le festival lui-même » is what stands above.
_ITSELF = re.compile(r"\s(?:lui|elle)-même$")


def _is_far(outline: Outline, place: Surroundings, over: str, rule: str, letter: str) -> bool:
    """Whether the title above an item is that of another paragraph, or of a letter that is not
    about one contest."""
    if rule == "document":
        return not _OF_CONTEST.search(fold(over))
    if rule != "named-nearby":
        return False
    # Each line of a paragraph may be about another thing.
    line = outline.text.rfind("\n", place.block.start, place.sentence[0]) + 1
    if fold(over) not in folded(outline.text[max(line, place.block.start) : place.block.end]):
        return True
    said = flat(outline.text[slice(*place.territory)][: 2 * NEARBY])
    return bare(over) not in bare(f"{said} {letter}")


def is_marked(outline: Outline, place: Surroundings, rule: str) -> bool:
    """Whether the letter itself marks a title as one: a heading of Markdown or HTML, or a cell.

    :param rule: the rule that found the title.
    """
    if rule == "row":
        return any(TITLE_COLUMN.search(fold(header)) for header, _ in place.cells)
    heading = place.block if rule == "heading-line" else place.section.heading
    if not rule.startswith("heading") or heading is None or heading.level >= GUESSED_LEVEL:
        return False
    return not outline.text[heading.start : heading.end].isupper()  # in capitals, it is guessed


#: Another thing of the same sort: « la Journée des ponts le 3 ; celle des tunnels, le 9 ».
_ANOTHER = re.compile(
    r"\b(?:(?:celles?|celui|ceux)(?:[- ]ci|[- ]la| (?:de|du|des|en|pour)\b| d')|l'autre"
    r"|(?:son|leur) pendant|(?:un|une|d'autres) autres?)\b"
)
#: How near to a date these words stand, in characters.
_CLOSE = 80


def has_rival(outline: Outline, place: Surroundings, at: int, title: str, rule: str) -> bool:
    """Whether a name in quotation marks stands nearer to the date than a title from above it.

    :param at: where the date starts.
    :param title: the title as it is shown.
    :param rule: the rule that found it.
    """
    heading = place.section.heading
    if _ANOTHER.search(folded(outline.text[max(place.sentence[0], at - _CLOSE) : at])):
        return True
    if rule == "label":
        return False  # the words right before a date are no farther than any other name
    if heading and outline.text[heading.start : heading.end].rstrip(" *_\n").endswith("?"):
        return True  # an answer tells of the thing that the whole letter is about
    if rule not in ("heading", "named-nearby", "document"):
        return False
    start = max(heading.end if heading else 0, at - NEARBY)
    own = fold(title)
    told = flat(outline.text[start : max(place.sentence[1], at)][: 2 * NEARBY])
    nearest = max(place.block.start, at - NEARBY)
    if rule == "heading" and _names_another(flat(outline.text[nearest:at]), title):
        return True
    return any(
        fold(match["name"]) not in own and not _THEME.search(told[: match.start()])
        for match in QUOTED.finditer(told)
    )


def _names_another(before: str, title: str) -> bool:
    """Whether the words before a date name a thing with a proper name that is none of the title's:
    « Les classes inscrites au Rallye mathématique du Tarn… » under « Semaine des maths »."""
    own = set(fold(title).split())
    return any(
        re.search(r"\s(?:[ld]['’])?[A-ZÀ-Þ]", match["name"])
        and names_a_sort(name(match))
        and not own & {word for word in fold(name(match)).split() if len(word) > 3}
        for match in names_in(before)
    )


#: What stands in quotation marks after these words is no name of what takes place.
_THEME = re.compile(
    r"(?:th[èe]me|sujet|site|portail|plate-?forme|application|[ée]quipe|question|mots?|autour"
    r"|rubrique"
    r"|consigne|malles?|\bsur|\bdans)\W*(?:\w+\W+){0,3}$|(?:^|[.!?]\s)$",
    re.IGNORECASE,
)


def is_alone(outline: Outline, place: Surroundings, found: Title) -> bool:
    """Whether the title of a letter about one contest, which starts with its name, is that of a
    date: no name stands in the sentence of the date, and nothing but a step in the heading above
    it."""
    heading = place.section.heading
    opening = flat(outline.text[:_OPENS])
    return (
        found.rule == "document"
        and bare(found.text) in bare(opening)
        and bool(_OF_CONTEST.match(fold(found.text)))
        and not is_generic(found.text)
        and (heading is None or not names_in(found.own))
        and not names_in(place.before)
    )


#: So many characters of a letter hold its title, be it under the name of its office.
_OPENS = 250
#: What has several things in it, each with a name of its own.
_MANY_IN = re.compile(r"(?:cycles?|parcours|programmes?|saison|formations?|stages?|ateliers?)\b")


#: « inscription au plan de formation »: what one registers for.
_INTO = re.compile(r"inscri\w* (?:au|a la|aux|a l')\s?(?P<thing>[a-z]{4,})")
#: A sentence with a subject of its own: « Mais le bal sera… ».
_TELLS = re.compile(
    r"\W*(?:(?:mais|puis|ensuite|enfin|et)\s)?(?:l[ae]s?|une?|des)\s", re.IGNORECASE
)


def leaves_out(found: Title, place: Surroundings, others: Sequence[Span], *, happens: bool) -> bool:
    """Whether a title is only that of the thing above, though the words beside the date say more,
    or though it is of one of several events there.

    :param others: the places of the other date phrases of the section.
    :param happens: whether something takes place or opens on that day.
    """
    if found.far or _in_unread_column(found, place, others):
        return True
    into = _INTO.search(fold(place.before))
    if into and into["thing"] not in fold(found.text) and not GENERIC.fullmatch(into["thing"]):
        return True
    later = place.sentence[0] > place.block.start and bool(_TELLS.match(place.before))
    if found.rule == "label" and happens and later and fold(found.text) not in fold(place.before):
        return True  # a later sentence of the paragraph may tell of another thing
    if names_a_sort(found.text) and not _MANY_IN.match(fold(found.text)):
        return False
    if found.rule != "heading":
        return False
    one_of_many = happens and bool(others) and not found.own
    return one_of_many or (found.text == found.over and len(found.own.split()) > 4)


def _in_unread_column(found: Title, place: Surroundings, others: Sequence[Span]) -> bool:
    """Whether a date shares its row with another one, and no header was read that tells them apart:
    each column may be that of another thing."""
    block = place.block
    shared = any(block.start <= start < block.end for start, _ in others)
    return found.rule == "row" and shared and not place.label


def is_stacked(outline: Outline, place: Surroundings, rule: str) -> bool:
    """Whether the heading that gave a title stands right under another one that names something
    too: which of them names the thing cannot be told."""
    if not rule.startswith("heading"):
        return False
    heading = place.block if rule == "heading-line" else place.section.heading
    before = outline.neighbours(heading)[0] if heading else None
    if heading is None or before is None or before is outline.blocks[0]:
        return False
    if before.kind is not BlockKind.HEADING or not before.level == heading.level == GUESSED_LEVEL:
        return False
    said = named_heading(outline, before.start, before.end)
    return bool(said) and not is_letter(said)


_WHO = re.compile(
    r"\W*(?:(?:la|le|les|une?|des|nos|notre)\s|l['’])?(?P<who>[^\W\d_][^,;:.?!]{3,70}?)"
    r"(?:,|\s(?:est|sont|sera|seront|aura|auront|se|s['’]|vous|nous|doi\w+|peu\w+|à|qui|que)\b)",
    re.IGNORECASE,
)


def _who(place: Surroundings) -> str:
    """Return the subject with which the sentence of a date starts, or nothing: « La COP des
    lycéens, qui devait… »."""
    match = _WHO.match(place.before)
    said = trimmed(match["who"]) if match else ""
    is_name = said and len(said.split()) < 9 and not GENERIC.fullmatch(bare(said))
    return as_title(capital_initial(said)) if is_name else ""


def _words(place: Surroundings) -> str:
    """Return the words around a date that nothing names, cut where they go on about something."""
    before, after = trimmed(STARTS.sub("", place.clause[0])), place.clause[1].strip(" ,:–—-.")
    said = before if re.search(r"[^\W\d_]{4}", before) else after
    said = re.split(r"\s(?:qui|que|dont|où|afin|pour)\s|[.;:!?(]\s?", said)[0]
    return as_title(said) if re.search(r"[^\W\d_]{3}", said) else ""


def _is_part_of(heading: str, own: str) -> bool:
    """Whether a sentence says the name of the heading above it, with further words: « La fête
    nationale des lanternes » under « Fête des lanternes »."""
    short, long = (fold(text).split() for text in (heading, own))
    return len(short) > 2 and set(short) < set(long) and short[0] == long[0]


#: What is sent in, as the label of its day.
_PRODUCTS = re.compile(
    r"(?:les )?(?:videos?|textes?|dessins|affiches|productions?|films?|photos|copies|oeuvres"
    r"|travaux|planches|carnets|podcasts|projets)"
)


def of_step(outline: Outline, place: Surroundings, found: Title, letter: str) -> Title:
    """Return the title of a deadline or a window: that of the thing, without the words of its step.

    « Clôture des inscriptions : 7 novembre » under « Prix du roman » is of the « Prix du roman »:
    that something is to be done by a day is the kind of the item, and not its name.
    """
    if found.rule not in ("row", "line", "label", "sentence", "stage", "heading-line"):
        return found
    own = found.own
    if STEP_FIRST.match(fold(own)) and (called := QUOTED_NAME.search(own)):
        return Title(as_title(capital_initial(called["name"])), found.rule, own, found.over)
    if names_a_thing(own):
        named = NAMED.search(own)
        if named and named.start() and STEP_FIRST.match(fold(own)) and WHOLE.search(named["name"]):
            return Title(name(named), found.rule, own, found.over)
        return found
    if not (STEP_FIRST.match(fold(own)) or _PRODUCTS.fullmatch(fold(own))) and (
        found.rule not in ("sentence", "stage") or not weak(own)
    ):
        return found
    over, rule = (found.over, found.rule) if found.over else _umbrella(outline, place, letter)
    if not over or is_letter(over) or (rule == "document" and place.block.start == 0):
        return found
    if not found.over:
        return Title(over, rule, own, over)
    far = found.far or _is_far(outline, place, over, _umbrella(outline, place, letter)[1], letter)
    return Title(over, "heading", own, over, far)


def _is_told_under(outline: Outline, place: Surroundings, span: Span, own: str, rule: str) -> bool:
    """Whether the words after a date only tell what its heading names: « Du 13 au 17 octobre :
    voyage scolaire » under « Séjour à Rome »."""
    paragraph = place.block.kind is BlockKind.PARAGRAPH
    apart = paragraph or "\n" in outline.text[span[1] : span[1] + 3]
    return rule == "line" and apart and weak(own) and not is_part(own, rule)


#: A heading that is only a sort of things: « Webinaires du mercredi », « Agenda des formations ».
_SORT = re.compile(
    r"^(?:\W|\d+[.)/]?\s)*(?:(?:agenda|calendrier|programme|dates)\s(?:des|du|de)\s)?"
    r"(?:(?:les|nos|la|le)\s|l['’])?(?P<sort>(?:journées? )?portes ouvertes"
    r"|animations? pédagogiques?"
    r"|présentations? de saison|w[eé]binaires?|ateliers?|stages?|formations?|conférences?"
    r"|expositions?"
    r"|visites?|réunions?(?: d['’]information)?(?: pour les parents)?|tables? rondes?|projections?"
    r"|spectacles?|masterclass)\b(?=\W*$|\s(?:du|de|des|pour|d['’])|\s?\()",
    re.IGNORECASE,
)
_PLACED = re.compile(r"portes|réunion|présentation|visite|animation", re.IGNORECASE)


def of_sort(outline: Outline, place: Surroundings, found: Title) -> Title:
    """Return a title with the sort of thing that the heading of its list says: « Tourner un
    film » under « Webinaires » is « Webinaire « Tourner un film » »."""
    if found.rule not in ("row", "line", "label") or found.text != found.own or found.over:
        return found
    if NAMED.search(found.own) or is_part(found.own, "label") or STEP_FIRST.match(fold(found.own)):
        return found
    heading = place.section.heading
    said = (
        flat(outline.text[heading.start : min(heading.end, heading.start + 120)]) if heading else ""
    )
    match = _SORT.match(place.lead_in) or _SORT.match(said)
    if match is None:
        return found
    sort = re.sub(r"^journées? (?=portes)|\bd['’]information ?", "", match["sort"].lower()).strip()
    if not sort.startswith("portes"):
        sort = re.sub(r"^(\w+)s\b|(pédagogique|ronde)s\b", r"\1\2", sort)
    sort = capital_initial(sort)
    if _PLACED.match(sort):
        return Title(f"{sort} : {found.own}", found.rule, found.own, said)
    quoted = found.own if "«" in found.own else f"« {found.own} »"
    return Title(f"{sort} {quoted}", found.rule, found.own, said)


#: What is a part of a contest, though it has no word of a stage.
_PART_OF = re.compile(
    r"(?:(?:grand )?rassemblement|passages?|fete|concert|lectures?|recompenses?|soutenances?"
    r"|presentations?|expositions?|soirees?"
    r"|rencontres?|commissions?|comites?|entrainements?|visites?|spectacles?|restitutions?"
    r"|repetitions?|projections?|debats?|festival|stages?|journees?|seances?|prets?"
    r"|ceremonies?|conseils?|seminaires?)\b"
)
_OF_CONTEST = re.compile(
    r"(?:le |la |les |l')?(?:[a-z]+ )?(?:concours|prix|defis?|olympiades|rallye|tournoi|trophees"
    r"|challenge|championnat)\b"
)


#: Who of those that a heading concerns: « Secteur Nord », « Catégorie collèges », « Cycle 2 ».
_WHO_OF = re.compile(
    r"(?:secteurs?|bassins?|circonscriptions?|zones?|districts?|poles?|groupes?|categories?"
    r"|niveaux?|cycles?|classes de|colleges|lycees|ecoles|maternelles?|cours moyens?"
    r"|[3-6]e|[cCg][pem]\d?|premieres?|terminales?)\b[^«:]{0,30}"
)


def of_audience(outline: Outline, place: Surroundings, found: Title) -> Title:
    """Return the title of what a heading names with those whom the words beside the date tell:
    « Secteur Nord : … » under « École et cinéma » is « École et cinéma : secteur Nord »."""
    if found.rule not in ("label", "line") or found.text != found.own or found.over:
        return found
    if not _WHO_OF.fullmatch(fold(found.own)):
        return found
    over = topic(outline, place)
    if not over or says(over, found.own):
        over = heading_over(outline, place)
    if not over or is_rubric(over) or is_letter(over) or says(over, found.own):
        return found
    return Title(joined(over, found.own), found.rule, found.own, over)


def of_contest(outline: Outline, place: Surroundings, found: Title) -> Title:
    """Return the title of a part with the contest that its heading names: « Concours « Dis-moi » :
    lecture publique »."""
    only_a_sort = found.text == found.own and is_only_a_sort(found.own)
    if found.rule not in ("label", "line") or not (only_a_sort or _is_common(found)):
        return found
    over = "" if only_a_sort else topic(outline, place)
    over = over or heading_over(outline, place)
    if not _OF_CONTEST.match(fold(over)) or is_rubric(over) or fold(over) == fold(found.own):
        return found
    part = small_initial(found.own)
    return Title(joined(over, part), found.rule, found.own, over)


def is_common_under(outline: Outline, place: Surroundings, found: Title) -> bool:
    """Whether a title without a name of its own stands under a heading that may name its thing."""
    if found.rule not in ("label", "line") or not _is_common(found) or len(found.own.split()) > 7:
        return False
    over = heading_over(outline, place)
    return bool(over) and not _SORT.match(over) and not fold(found.own).startswith(fold(over)[:12])


_TOLD = re.compile(r"\b(?:une?|des|deux|trois|quatre|plusieurs)\s$", re.IGNORECASE)


#: A sort with its place alone: « Stage au PRAF ».
_SORT_AT = re.compile(rf"(?:{KINDS})\s(?:à|au|aux|en)\s", re.IGNORECASE)
#: What may stand before the name that a sentence is about.
_OPENING = re.compile(
    r"^\W*(?:(?:cette année|enfin|ensuite|puis|pour rappel|rappel|comme chaque année|à noter"
    r"|nouveau)\b\s?[,:]?\s?)?(?:(?:la|le|les|une?|notre|cette|cet|ce)\s|l['’])?",
    re.IGNORECASE,
)
#: Words that make a name of a sort: « Journée académique ».
_OF_ALL = re.compile(
    r"\b(?:academique|nationale?|departementale?|regionale?|europeenne?|mondiale?)\b"
)
#: So many words may stand between a name and its date.
_CLOSES = 3
#: The first word of a sentence has a capital, name or not; before a later one an article stands.
_ARTICLE = 1


#: « le stage « Dire », puis l'université d'été »: something else follows.
_AND_MORE = re.compile(r"\b(?:puis|et|ou|ainsi que|avant|après)\b(?=.*\w{5})", re.IGNORECASE)


def is_told(outline: Outline, place: Surroundings, at: int, title: str) -> bool:
    """Whether the sentence of a date itself says the proper name that a title has, and is about
    nothing else: « Le challenge « Courir » se déroule du… », « la Nuit de l'orientation le… ».

    :param at: where the date starts.
    :param title: the title as it is shown.
    """
    thing = title.partition(" : ")[0]
    said = flat(outline.text[max(place.sentence[0], at - NEARBY) : at])
    start = fold(said).rfind(fold(thing))
    if start < 0 or len(fold(said)) != len(said) or _SORT_AT.match(thing):
        return False
    before, after = _OPENING.sub("", said[:start]), said[start + len(thing) :]
    if any(match["name"] not in thing for match in QUOTED.finditer(said)):
        return False
    if any(is_named(name(match)) for match in names_in(after)):
        return False
    opens, closes = not before.strip(" ('’"), len(after.split()) <= _CLOSES
    quoted = ("«" in thing or '"' in thing) and names_a_sort(thing)
    alone = not (_names_another(said, thing) or _AND_MORE.search(after))
    if quoted and KIND.match(thing) and alone:
        return True  # nothing else has a name there
    own = not is_generic(thing) or bool(_OF_ALL.search(fold(thing)))
    inside = start > _ARTICLE and own and bool(KIND.match(thing))
    proper = said[start].isupper() and (inside or names_a_sort(thing))
    over = heading_over(outline, place)
    if over and says(over, thing) and is_named(thing):
        return True  # the heading and the sentence agree
    if not proper and opens and (closes or is_named(thing)) and (not over or says(thing, over)):
        sort = KIND.match(thing) and len(thing.split()) > 2 and not is_generic(thing)
        proper = bool(sort) and not PART.match(fold(thing))
    return (opens or closes) and bool(quoted or KNOWN.search(fold(thing)) or proper)


def is_described(place: Surroundings, found: Title) -> bool:
    """Whether a title from a sentence only describes something (« une journée d'ateliers »), or
    names what takes place at the same time (« pendant la semaine de… »)."""
    own = fold(found.own)
    if found.rule != "sentence" or not own or "«" in own or own not in fold(found.text):
        return False
    for said in place.clause:
        at = fold(said).rfind(own)
        before = said[:at] if at >= 0 else ""
        if _MEANWHILE.search(before) or (_TOLD.search(before) and weak(found.own)):
            return True
    return False


def _is_common(found: Title) -> bool:
    """Whether a title is a common noun with what it is of: « Journée des bénévoles »."""
    own = found.own
    if (
        found.text != own
        or found.over
        or stands_alone(own)
        or re.search(r"[«“\"#@]|\s[A-Z]{2}|\d", own)
    ):
        return False
    said = re.sub(r"\s(?:à|au|aux|en)\s[A-ZÀ-Þ].*", "", own)
    return bool(_PART_OF.match(fold(said))) and not re.search(r"\s(?:[ld]['’])?[A-ZÀ-Þ]", said)


def without_part(found: Title) -> Title:
    """Return the title of a deadline that a heading « Les épreuves » is over: it is of the thing,
    for a deadline is no épreuve."""
    thing, joint, part = found.text.rpartition(" : ")
    if found.rule != "heading" or not joint or not PART.match(fold(part)):
        return found
    return Title(thing, found.rule, found.own, found.over)


def of_stage(place: Surroundings, found: Title) -> Title:
    """Return the title of what a heading names with the step right before its date: « Auditions :
    mardi 2 mars » under « Concours de chant »."""
    if found.rule not in ("heading", "named-nearby", "document", "label", "sentence"):
        return found
    if " : " in found.text or is_letter(found.text) or is_rubric(found.text):
        return found
    step = step_before(place.clause[0]) or step_before(f"{place.label} ")
    if not step or fold(step) in fold(found.text):
        return found
    return Title(joined(found.text, step), found.rule, found.own, found.text, found.far)


_SESSIONS = re.compile(r"(?:seances?|sessions?|rencontres?)\b")


def of_column(place: Surroundings, found: Title) -> Title:
    """Return the title of an event in a table with the step that its column names: « Finale »."""
    step = place.label
    if _SESSIONS.match(fold(step)):
        return found  # a column of what has several days says when
    if found.rule != "row" or " : " in found.text or not PART.match(fold(step)):
        return found
    return Title(joined(found.text, step), found.rule, found.own, found.text)


#: The subject of a mail, or of a mail that was pasted with its header.
_SUBJECT_LINE = re.compile(
    r"(?:(?:De|From)\s?:(?:[^\n]*\n){1,6}?\s*)?(?:Objet|Sujet)\s?:\s(?P<said>[^\n]{4,200})"
)
_HEADER = 600


def document_title(outline: Outline) -> str:
    """Return the title of the letter, or nothing for an empty one.

    This is its marked first heading, else a name in its first lines, else its first guessed
    heading, else its first words.
    """
    top = [block for block in outline.blocks[:3] if block.kind is BlockKind.HEADING]
    if top and top[0].level <= 2:  # a heading that is marked, not guessed
        return as_title(flat(outline.text[top[0].start : top[0].end]))
    if outline.blocks and (
        subject_line := _SUBJECT_LINE.match(outline.text[outline.blocks[0].start :][:_HEADER])
    ):
        return as_title(flat(subject_line["said"]))
    for block in (b for b in outline.blocks[:5] if b.kind not in (BlockKind.ROW, BlockKind.ITEM)):
        if block.kind is BlockKind.HEADING and _is_over_sections(outline, block):
            break
        start = outline.text[block.start : min(block.end, block.start + 600)]
        sentence = re.split(r"(?<=[.!?])\s", flat(start))[0].rstrip(".")
        for said in (sentence, *map(flat, start.split("\n")[:4])):
            named = NAMED.search(said) and not weak(said) and not GENERIC.fullmatch(bare(said))
            title = subject(as_title(said))
            told = "." in said or is_rubric(said) or has_verb(title)
            told = told or (has_verb(said) and bool(re.search(r"\d", title)))
            if named and len(said) < LENGTH and not told:
                return title if has_verb(said) else as_title(said)
    for section in outline.sections:
        if section.heading and _is_over_sections(outline, section.heading):
            break
        if section.heading and (
            said := named_heading(outline, section.heading.start, section.heading.end)
        ):
            return said
    for block in outline.blocks:
        said = flat(outline.text[block.start : min(block.end, block.start + 600)])
        if len(said) > 3 and block.kind is not BlockKind.LINKS:
            return as_title(said)
    return ""


def _is_over_sections(outline: Outline, heading: Block) -> bool:
    return is_field(flat(outline.text[heading.start : min(heading.end, heading.start + 300)]))


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
    return _of_line(block, before, after, _line_under(outline, place, span)) or _of_clause(place)


#: Columns of rows that differ only by where something takes place, or by its sport.
_PLACED_COLUMN = re.compile(
    r"(?:secteurs?|bassins?|circonscriptions?|departements?|academies?|sports?|disciplines?)\b"
)


def _placed_row(place: Surroundings, own: str) -> str:
    """Return the first words of a row when its column says where, else nothing."""
    for header, words in place.cells:
        if as_title(words) == own:
            return own if _PLACED_COLUMN.match(fold(header)) else ""
    return ""


#: Columns that tell apart the groups of one training.
_GROUP_COLUMN = re.compile(r"(?:groupes?|sessions?|vagues?|promotions?)\b")


def of_group(place: Surroundings, found: Title) -> Title:
    """Return the title of a row with the group that its column names: « Lire au lycée, groupe
    2 »; a group alone (« unique ») tells nothing."""
    if found.rule != "row":
        return found
    groups = [
        words
        for header, words in place.cells
        if _GROUP_COLUMN.match(fold(header)) and re.search(r"\s\S{1,3}$", words) and len(words) < 20
    ]
    if not groups or fold(groups[0]) in fold(found.text):
        return found
    return Title(f"{found.text}, {groups[0]}", found.rule, found.own, found.over)


def _of_row(place: Surroundings) -> tuple[str, str]:
    titles = [
        words
        for header, words in place.cells
        if re.search(r"[^\W\d_]{3}", words)
        and not SIDE.search(fold(header))
        and not any(hours(words))
    ]
    if not titles:
        return "", ""
    called = [
        words
        for header, words in place.cells
        if TITLE_COLUMN.search(fold(header)) and words in titles
    ]
    if called:
        return as_title(called[0]), "row"
    longest = max(titles, key=lambda words: len(words.split()))
    # Without headers, the name of a town that is no name of a thing.
    town = not any(header for header, _ in place.cells) and _PROPER.fullmatch(titles[0])
    said = longest if town and len(longest.split()) > _TOLD_BY else titles[0]
    return as_title(said), "row"


#: « Saint-Denis », « Le Port »: a proper name alone; a cell with more words than this says more.
_PROPER = re.compile(r"(?:L[ea]s? )?[A-ZÀ-Þ][\w’'-]+")
_TOLD_BY = 2


def _of_label(label: str) -> tuple[str, str]:
    label = re.sub(r"\s\([^()]*\)$", "", label)
    said = fold(label)
    # « Feuilletez les carnets et choisissez : … » asks for something, and names nothing.
    if GENERIC.fullmatch(bare(said)) or ROLE.search(said) or re.match(r"\W*\w{3,}ez\b", said):
        return "", ""
    return subject(as_title(trimmed(label))), "label"


_UNDER = re.compile(
    r"[^\S\n]*(?:\n[^\S\n]*(?:\d\d?\s?h\s?\d*\W*)?heure de [^\n]{3,20})?\n[^\S\n]*"
    r"(?P<title>[A-ZÀ-Þ«][^\n:]{3,90}?)[^\S\n]*(?=\n|$)"
)


def _line_under(outline: Outline, place: Surroundings, span: Span) -> str:
    """Return the line under a date that is alone on the first line of its block, or nothing."""
    block = place.block
    if outline.text[block.start : span[0]].strip(" \n*_>") or block.kind is BlockKind.ROW:
        return ""
    match = _UNDER.match(outline.text, span[1], block.end)
    return match["title"] if match and not re.search(r"[.,;]$", match["title"]) else ""


def _of_line(block: Block, before: str, after: str, under: str) -> tuple[str, str] | None:
    """Return the title that the line of a date says and its rule, or None.

    :param under: the title on the line under a date that stands alone, or nothing.
    """
    if under and not re.search(r"[^\W\d_]{2}", trimmed(before)):
        return as_title(under), "line"
    opening = trimmed(before)
    town = re.fullmatch(
        r"[A-ZÀ-Þ][\w’'-]*(?: (?!est|sont|a|ont|vous|nous)[\w’'-]+){0,2},?", opening
    )
    if re.match(r"\s?:\s", after) and town and not NAMED.search(opening):
        opening = ""  # « Vesoul, mercredi 31 janvier : … »
    if not re.search(r"[^\W\d_]{2}", opening):
        beside = block.kind is BlockKind.ITEM or bool(re.match(r"\s?[:–—-]\s", after))
        named = after.startswith(", ") and NAMED.match(after, 2)
        if (beside or named) and (said := _after(after)):
            return said, "line"
    elif block.kind is BlockKind.ITEM and len(before) < 90 and re.match(r"\W*[A-ZÀ-Þ0-9]", before):
        return _of_item(before)
    return None


def _of_item(before: str) -> tuple[str, str] | None:
    """Return the title in the words of a list item before its date and the rule, or None."""
    if labelled := named_label(before):
        return labelled, "label"
    found = names_in(before) if len(before) > 60 else []
    title = as_title(trimmed(found[0]["name"] if found else before))
    told = looks_like_a_sentence(title, marked=True) or re.search(r",.*\bs['’]", title)
    if not title or is_rubric(title) or (told and not names_in(title)):
        return None
    return None if re.match(r"même", title, re.IGNORECASE) else (title, "line")


def _of_clause(place: Surroundings) -> tuple[str, str]:
    """Return the title in the clause of a date and its rule, or nothing."""
    if occasion := _OCCASION.search(place.clause[0]):
        said = place.clause[0][occasion.end() :]
        if quoted := re.match(r"«[^»]{3,80}»", said):
            return as_title(quoted[0]), "sentence"
        if found := names_in(said):
            return name(found[0]), "sentence"
    if named := stage(place.clause[0]):
        return named, "stage"
    if named := _in_sentence(place):
        return named, "sentence"
    if said := _subject(place.clause[0]) or _proper(place):
        return said, "sentence"
    if place.shared and (named := _last_name(place.before[: -len(place.clause[0]) or None])):
        return named, "sentence"
    return "", ""


_OCCASION = re.compile(
    r"\b(?:lors|à l['’]occasion|dans le cadre|au cours) d(?:e la|u|es|e l['’]|e)\s?",
    re.IGNORECASE,
)


#: « la commission de restauration se réunit le… », « AG départementale mercredi… »
_SUBJECT = re.compile(
    r"(?:(?:[Ee]nfin|[Pp]uis|[Ee]nsuite),?\s)?(?:(?:la|le|les|notre|une?)\s|l['’])?"
    r"(?P<what>(?!(?:et|on|ou|il|elle|ils|elles|nous|vous|ce|cela|qui|mais|à|au|en|de)\b)"
    r"[^\W\d_][^,;:.!?«»]{5,60}?)"
    r"(?:,?\s(?:se (?:réuni\w+|tien\w+|déroul\w+)|aura lieu|auront lieu|a lieu|ont lieu|débute\w*"
    r"|(?:est|sont|sera|seront) (?:à \w+er|prévue?s?|fixée?s?|programmée?s?|organisée?s?|avancée?s?"
    r"|maintenue?s?|convoquée?s?)))?(?:\s(?:au|le|du|pour le))?\s*",
    re.IGNORECASE,
)
_FUTURE = re.compile(r"\b\w{3,}r(?:a|ont)\b|\b\w{3,}ons\b", re.IGNORECASE)


_PROPER_NAME = re.compile(
    r"(?:L[ea]s? |L['’])(?P<name>[A-ZÀ-Þ][^,.;:!?«»()]{4,50}?)"
    r"(?=,\s|\s(?:s['’]|se|a|est|sera|aura|revient|reprend|débute|commence|ouvre|continue)\b)"
)


def _proper(place: Surroundings) -> str:
    """Return the proper name that the sentence of a date starts with, or nothing: « La Course aux
    nombres, organisée par l'académie, revient… »."""
    match = _PROPER_NAME.match(place.before)
    said = match["name"] if match else ""
    alone = 1 < len(said.split()) < 8 and not has_verb(said) and not is_rubric(said)
    return as_title(said) if alone and not STEP_FIRST.match(fold(said)) else ""


def _subject(before: str) -> str:
    """Return what a clause says to take place on its date, or nothing: its words up to the date, or
    up to the verb before it, when they are a name."""
    match = _SUBJECT.fullmatch(before) if len(before) < 120 else None
    said = trimmed(match["what"]) if match else ""
    if not 1 < len(said.split()) < 8 or has_verb(said) or _FUTURE.search(said):
        return ""
    if looks_like_a_sentence(said, marked=True):
        return ""
    if not re.search(r"\w{4,}", re.sub(rf"^(?:{KINDS})\b", "", said, flags=re.IGNORECASE)):
        return ""  # « Module B »
    told = STEP_FIRST.match(fold(said)) or ROLE.search(fold(said)) or is_rubric(said)
    return "" if told else as_title(capital_initial(said))


def _last_name(said: str) -> str:
    """Return the last name in words before a clause that says what it is of, or nothing."""
    for match in reversed(names_in(said[-NEARBY:])):
        found = name(match)
        if is_named(found) or (not match.start() and " " in found):
            return found
    return ""


def _of_heading(outline: Outline, place: Surroundings, before: str, after: str) -> tuple[str, str]:
    title = trimmed(before)
    if len(re.findall(r"[^\W\d_]{3,}", title)) == 0 or GENERIC.fullmatch(bare(title)):
        if following := _after(after):
            return following, "line"
        below = _heading_under(outline, place)
        return (below, "heading-line") if below else ("", "")
    name = QUOTED.match(_next_words(outline, place))
    if name and not QUOTED.search(title):
        # The line under the heading is its name, in quotation marks.
        title = f"{title} « {name['name'].strip()} »"
    return as_title(title), "heading-line"


def _heading_under(outline: Outline, place: Surroundings) -> str:
    """Return the heading right under a heading that is a date alone, or nothing."""
    _, below = outline.neighbours(place.block)
    if below is None or below.kind is not BlockKind.HEADING:
        return ""
    return named_heading(outline, below.start, below.end)


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
    if re.match(r"\s?[.!?…]\s", following):
        return ""  # another sentence
    following = re.sub(r"^\s*\([^()]{2,60}\)", "", following)
    said = re.split(r"(?<=[^.][.!?])\s", following.strip(" ,"))[0]
    colon = re.match(
        r"(?:\(?(?:à|au|aux|en|dans|école|collège|lycée|salle|amphi\w*|visio\w*"
        r"|[A-Z])[^:]{1,60}?)?\s?(?:[:–—]|\s-)\s+(?=\S)",
        said,
    )
    if colon and colon.end() < len(said) and not names_in(colon[0]):
        said = said[colon.end() :]
    said = STARTS.sub("", re.split(r",\s(?=\d{1,2}\s?h)", said.strip(" ,:–—-)*"))[0])
    if re.match(
        r"(?:à|chez|dans|comme|afin|nous|vous|ils?|elles?|on|seule?s?|le|la|les)\s", said
    ) and (not NAMED.search(said[:60])):
        told = capital_initial(said)
        said = subject(told)  # « la Ronde des mots passe par Calvi »
        if said == told or not told.startswith("L"):
            return ""
    if len(said) > 80:
        said = NEXT_SENTENCE.split(said)[0]  # the line below the name
    if len(said) > 60:
        said = re.split(r",\s(?!d(?:e|es|u)\s|d['’]|et\s|[^«»]*»)|\s(?:\(|[–—]\s)|\s:\s|;", said)[0]
    if len(said) > 90 and not NAMED.search(said[:40]):
        return ""
    return subject(as_title(capital_initial(said))) if re.search(r"[^\W\d_]{3}", said) else ""


#: What stands after these words takes place on the same days, and is something else.
_MEANWHILE = re.compile(r"\b(?:pendant|durant|en marge d[eu])\s(?:(?:la|le|les)\s|l['’])?$")


def _in_sentence(place: Surroundings) -> str:
    """Return the name in the sentence: the nearest one before the date, else the first one after.

    Before the date, a name with a quotation comes first.
    """
    before, after = place.clause
    found = names_in(before)
    apart = [m for m in found if not _MEANWHILE.search(before[: m.start()])]
    if any(not weak(name(m)) or " " in name(m) for m in apart):
        found = apart
    quoted = [match for match in found if re.search(r"[«“]", match["name"])]
    if not quoted and all(weak(name(match)) for match in found) and (said := _quoted(place.before)):
        return said
    if not quoted and (called := list(QUOTED_NAME.finditer(before))):
        return as_title(capital_initial(called[-1]["name"]))
    if found:
        said = name((quoted or found)[-1])
        with_whom = WITH.match(after) if " " not in said else None
        return f"{said} {with_whom['with'].strip()}" if with_whom else said
    if len(before.split()) > 2 and after.startswith(","):
        return ""  # « avant le 8 mars, Journée des droits des femmes » names the day
    following = names_in(re.split(r"[;.!?]\s", after[:200])[0])
    return name(following[0]) if following else ""


_FIRST_QUOTED = re.compile(
    r"\W*(?P<name>«[^«»]{3,70}»)(?!\s?(?:,|(?i:et «|ou «|est le thème)|[A-ZÀ-Þ]))"
)


def _quoted(before: str) -> str:
    """Return the name in quotation marks that a sentence starts with and is about, or nothing:
    « « Robinson » sera joué le… »."""
    match = _FIRST_QUOTED.match(before)
    return match["name"] if match and len(match["name"].split()) < 12 else ""


def _umbrella(outline: Outline, place: Surroundings, letter: str) -> tuple[str, str]:
    """Return the title above an item and its rule: the start of its paragraph, a heading, a name
    in the paragraphs before, or the letter's title."""
    told = place.before[: -len(place.clause[0]) or None] if place.shared else ""
    if told and (said := _last_name(told)):
        return said, "sentence"
    if about := topic(outline, place):
        return about, "label"
    heading = heading_over(outline, place)
    if heading and not is_letter(heading):
        if nearer := nearer_name(outline, place, heading):
            return nearer, "named-nearby"
        return _whole(heading, letter), _above(outline, place, heading, letter)
    if near := nearby(outline, place):
        return near, "named-nearby"
    # The title of a letter of one paragraph is that paragraph itself.
    opening = as_title(flat(outline.text[place.block.start : place.block.end][:LENGTH]))
    own = place.block.kind is BlockKind.PARAGRAPH and opening.startswith(letter[: LENGTH // 2])
    if letter and own:
        said = subject(trimmed(letter))
        return ("" if re.search(r"\d[\s/.]|: \w+$", said) else said), "document"
    return subject(letter), "document"


def _above(outline: Outline, place: Surroundings, heading: str, letter: str) -> str:
    """Return the rule by which a heading was found: the first line of a letter is ``document``."""
    first = place.section.heading is None or place.section.heading is outline.blocks[0]
    return "document" if first and fold(heading) == fold(subject(letter)) else "heading"


def _whole(heading: str, letter: str) -> str:
    """Return a heading with what it is a part of, when it is one: « Finale » in the letter « Prix
    du roman »."""
    over = subject(letter)
    is_whole = not is_part(heading, "heading") or " : " in heading
    if is_whole or not is_strong(over) or is_rubric(over) or is_letter(over):
        return heading
    return joined(over, heading)
