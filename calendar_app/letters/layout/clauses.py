"""The clause of a date: the words that are about this date, where its sentence has several.

« Inscriptions jusqu'au 14 novembre, épreuves le 12 janvier » has two clauses, « Inscriptions
jusqu'au 14 novembre » and « épreuves le 12 janvier ». Between two dates, the words after the first
comma belong to the second date; where each date comes before its words (« 7 novembre : clôture ;
21 novembre : jury »), all of them belong to the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]

#: How many dates of a sentence are read on each side: no sentence announces more.
_MOST = 12

# Words that only join two dates, which then share their clause: « les 3 et 5 mars », « le 3 mars à
# Lyon puis le 5 » is no such pair.
_JOINS = re.compile(
    r"(?:[\W_]|\b(?:et|ou|puis|le|la|les|l|du|au|aux|de|des|à|jusqu|ainsi|que|enfin|également"
    r"|aussi|vers|avant|dès|partir)\b)*\Z",
    re.IGNORECASE,
)
# The end of a clause between two dates. A colon right before the second date ends the label of that
# date; a bracket that is still open there holds the second date.
_CUT = re.compile(
    r"\s(?=\([^()]{0,200}\Z)|[;.!?](?=\s)|:(?=\s+[^\W\d_]*[^\W\d_]{4})|[,)](?=[\s,;.])|\s[–—-](?=\s)|\n"
    r"|\s(?=(?:et|puis|mais|tandis que|alors que|avant|suivie?s? d)(?:\s|['’]))",
    re.IGNORECASE,
)
# The words before a date that belong to it: « le », « jusqu'au ».
_LEAD = re.compile(r"[\s,;:.(–—*_-]*(?:(?:et|puis|le|les|du|au|de|à)\s+)*\Z", re.IGNORECASE)


def clause_bounds(text: str, sentence: Span, span: Span, others: Sequence[Span]) -> Span:
    """Return where the clause of a date starts and ends, within its sentence.

    :param sentence: where the sentence starts and ends in *text*, in characters.
    :param span: where the date phrase starts and ends.
    :param others: the places of the other date phrases near it, in their order.
    """
    first, last = sentence
    before = [s for s in others if first <= s[0] and s[1] <= span[0]][-_MOST:]
    after = [s for s in others if span[1] <= s[0] < last][:_MOST]
    if not before and not after:
        return sentence
    dates_lead = _do_dates_lead(text, sentence, [*before, span, *after])
    start, end = first, last
    for one, next_one in zip(reversed(before), [span, *reversed(before)], strict=False):
        if not _JOINS.match(text, one[1], next_one[0]):
            start = _cut(text, one[1], next_one[0], dates_lead)
            if not _VERB_FIRST.match(text, start, next_one[0]):
                break
            start = first
    for one, next_one in zip([span, *after], after, strict=False):
        if not _JOINS.match(text, one[1], next_one[0]):
            end = _cut(text, one[1], next_one[0], dates_lead)
            break
    return start, end


def _do_dates_lead(text: str, sentence: Span, spans: Sequence[Span]) -> bool:
    """Whether each date of a sentence comes before its words."""
    if all(re.match(r"\s?[:–—]\s", text[end : end + 3]) for _, end in spans):
        return True
    opening = re.split(r":\s", text[sentence[0] : spans[0][0]])[-1]
    ending = text[spans[-1][1] : sentence[1]]
    return not re.search(r"[^\W_]", _LEAD.sub("", opening)) and bool(
        re.search(r"[^\W\d_]{3}", ending)
    )


def _cut(text: str, start: int, end: int, dates_lead: bool) -> int:
    """Return where the clause of the date before *start* ends, and that of the date at *end*
    starts."""
    if dates_lead:
        match = _LEAD.search(text, start, end)
        return match.start() if match else end
    match = _CUT.search(text, start, end)
    return match.end() if match else start


#: A clause that starts with its verb shares the subject of the clause before: « La finale, fixée au
#: 28 avril, aura lieu le 5 mai ».
_VERB_FIRST = re.compile(
    r"[\s,;)]*(?:(?:et|puis|mais)\s)?(?:aura|auront|a lieu|ont lieu|se|s['’]|est|sont|sera|seront"
    r"|reportée?s?|décalée?s?|avancée?s?|repoussée?s?|prolongée?s?|initialement|au lieu|et non)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
