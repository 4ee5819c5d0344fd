"""The name of a place in a text: where it stands, and whether it means the place.

Names are looked up by their first word, and at most ``LOOK_BACK`` characters before a name are
examined. So the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from calendar_app.words.text import fold_in_place


class PlaceKind(StrEnum):
    """The kind of a place."""

    ACADEMY = "academy"
    DEPARTMENT = "department"
    REGION = "region"
    TOWN = "town"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place that a text names.

    :param start, end: position of the name in the text, in characters, *end* excluded;
        « académie de » is not part of the name.
    :param name: the name as the reference data write it.
    :param academies: slug of the académie, or slugs of all académies of a région.
    :param department: code of the département, or of the town's département. None for other kinds,
        and where the département is the whole académie (overseas, Paris), because it narrows
        nothing.
    """

    start: int
    end: int
    kind: PlaceKind
    name: str
    academies: tuple[str, ...]
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The meaning of a name.

    :param after: the articles that must come before the name, as « Le » before « Mans »; None if
        the name needs no article.
    """

    kind: PlaceKind
    slug: str
    name: str
    academies: tuple[str, ...]
    department: str | None = None
    after: re.Pattern[str] | None = None

    def mention(self, start: int, end: int) -> PlaceMention:
        return PlaceMention(start, end, self.kind, self.name, self.academies, self.department)


ARTICLES = {
    "le": re.compile(r"(?<![a-z])(?:le|du|au)\s+\Z"),
    "la": re.compile(r"(?<![a-z])la\s+\Z"),
    "les": re.compile(r"(?<![a-z])(?:les|des|aux)\s+\Z"),
}


# -- names -----------------------------------------------------------------------------------------

#: Number of characters before a name that are examined.
LOOK_BACK = 60

_SMALL = frozenset("de du des d en sur sous les l la le et aux a".split())


@cache
def _pattern(slug: str) -> re.Pattern[str]:
    """Return a pattern for a name, with any hyphens and line breaks, and with « St » for « Saint ».

    Only names whose first word occurs in a text are compiled.
    """
    pattern = ""
    for at, word in enumerate(slug.split("-")):
        if at:
            pattern += r"-?\s{0,3}" if word in _SMALL else r"[-'\s]\s{0,3}"
        pattern += {"saint": r"(?:saint|st\.?)", "sainte": r"(?:sainte|ste\.?)"}.get(word, word)
    return re.compile(rf"{pattern.replace('oe', '(?:oe|œ)')}(?![\wœ]|-\w)")


class Names:
    """A table of names that finds those at one position of a folded text, the longest first."""

    def __init__(self, names: Iterable[tuple[str, Place]]) -> None:
        self._by_word: dict[str, list[tuple[str, Place]]] = {}
        for slug, place in sorted(names, key=lambda item: -len(item[0])):
            first = slug.split("-")[0]
            for word in {first, {"saint": "st", "sainte": "ste"}.get(first, first)}:
                self._by_word.setdefault(word, []).append((slug, place))

    def at(self, text: str, start: int) -> Iterator[tuple[int, Place]]:
        """Yield the end of each name that starts at *start*, with its place."""
        end = start
        while end < len(text) and text[end].isalpha():
            end += 1
        for slug, place in self._by_word.get(text[start:end].replace("œ", "oe"), ()):
            if match := _pattern(slug).match(text, start):
                yield match.end(), place


# A hyphen at the end of a line joins two parts of a word; but « Puy-\nde-Dôme » keeps its hyphen.
_BROKEN = re.compile(
    r"\u00ad\s{0,3}|(?<=[^\W\d_])(?<!\Wac)[-\u2010][ \t]{0,3}\n[ \t]{0,9}(?=[a-zà-öø-ÿ])"
    r"(?!(?:de|du|des|en|sur|sous|la|l[eè]s?|et|aux?|d|l)(?![^\W\d_]))"
)


class PrintedText:
    """A text with its broken words joined, its folded form, and each character's printed
    position."""

    def __init__(self, printed: str) -> None:
        whole, self._starts, self._cut = [], [0], [0]
        at = 0
        for match in _BROKEN.finditer(printed):
            whole.append(printed[at : match.start()])
            at = match.end()
            self._starts.append(match.start() - self._cut[-1])
            self._cut.append(self._cut[-1] + match.end() - match.start())
        self.whole = "".join([*whole, printed[at:]])
        self.folded = fold_in_place(self.whole)

    def printed(self, start: int, end: int) -> tuple[int, int]:
        """Return the printed position of a stretch of the joined text."""
        return start + self._cut_before(start), end + self._cut_before(end - 1)

    def _cut_before(self, at: int) -> int:
        return self._cut[bisect_right(self._starts, at) - 1]

    def before(self, at: int) -> str:
        return self.folded[max(0, at - LOOK_BACK) : at]


# -- what the words around a name say, in folded text ---------------------------------------------

_ARTICLE = re.compile(
    r"(?:(?<![a-z])(?P<article>dans\s+le|dans\s+la|dans\s+les|dans\s+l'|en|du|des"
    r"|de\s+la|de\s+l')"
    r"|(?P<open>\())\s*\Z"
)
_NAMED_AFTER = r"\s+(?:(?:de|sous)\s+la\s+|de\s+l'|de\s+|d'|du\s+|des\s+|)\Z"
# « rue de Paris », « 20 h, heure de Paris », « le traité de Nice ».
_STREET = re.compile(
    r"(?<![a-z])(?:rues?|avenues?|av\.|boulevards?|bd|place|routes?|portes?|cours|allees?"
    r"|chemins?|impasse"
    r"|faubourg|quai|traites?|edit|batailles?|heures?)" + _NAMED_AFTER
)
# « le pôle Nord », « la vallée de la Loire », « le pont du Gard ».
_RIVER = re.compile(
    r"(?<![a-z])(?:poles?|mer|ameriques?|europe|afrique|corees?|irlande|asie|macedoine"
    r"|hemisphere|quart"
    r"|vallees?|bords?|val|rives?|estuaire|sources?|baie|tunnel|taxis|ponts?|cotes?|canal|descente"
    r"|crues?|fleuve|riviere|lit|eaux?|berges|quais|chateaux|gare|pays)" + _NAMED_AFTER
)
_POSTCODE = re.compile(r"(?<!\d)\d{5}\s+\Z|\b\d{2} \d{3}\s+\Z")
_NOT_A_PLACE_AFTER = re.compile(
    r"\s*n°|\s+a\s+velo|\s+(?:au|et)\s+(?:(?:du|le|au)\s+)?sud|\s+de\s+(?:la|l')\s?[a-z]"
)
# Names of départements with a second meaning: they need a fitting article, or a list of others.
_MASCULINE = frozenset("nord lot var gard cher gers tarn rhone".split())
_RIVERS = _MASCULINE | frozenset(
    "manche orne creuse somme ain loire landes aube eure oise marne aude meuse allier indre vienne"
    " aisne charente moselle mayenne paris saint-martin saint-barthelemy".split()
)
# Towns whose name is also a word or a surname: found only as in « à Sens », « de Tours ».
WORDS = frozenset(
    "die gray sens tours orange gap lens dole lure condom vire nice mende apt lourdes grasse pau"
    " cognac thiers laval mauriac redon vernon mayenne muret beaune ambert bron prades rochefort"
    " torcy massy langon".split()
)
_TO_TOWN = re.compile(r"(?:(?<![^\W_])(?:[àÀ]|[Dd]e|[Vv]ers)\s+|[Dd]['’]|\(\s?)\Z")
_TO_TOWN_CAPITALS = re.compile(r"(?<![^\W_])[àÀ]\s+\Z")
_TO_REUNION = re.compile(r"(?:(?<![^\W_])(?:[àÀ]|[Dd]e|[Ee]t|[Dd]ans|[Pp]our|[Îî]le)\s+|[(,]\s*)\Z")
REUNION = "La Réunion"


def verdict(place: Place, text: PrintedText, start: int, end: int) -> bool | None:
    """Whether a name means its place; None when only the names beside it can decide."""
    before, said = text.before(start), text.whole[start:end]
    printed = text.whole[max(0, start - LOOK_BACK) : start]
    if _STREET.search(before):
        return False
    if place.kind is PlaceKind.TOWN:
        if place.slug in WORDS:
            pattern = _TO_TOWN_CAPITALS if said.isupper() else _TO_TOWN
            return bool(pattern.search(printed))
        return not _POSTCODE.search(before)
    if place.kind is PlaceKind.REGION:
        return "-" in place.slug or bool(_IN_REGION.search(before))
    if place.name == REUNION:
        return _is_reunion(text, start, end)
    if _RIVER.search(before):
        return False
    if place.slug not in _RIVERS:
        return True
    if _NOT_A_PLACE_AFTER.match(text.folded, end):
        return False
    return (_fits(place.slug, before, text.folded, end) and not said.isupper()) or None


_IN_REGION = re.compile(r"(?<![a-z])(?:en|dans\s+(?:le|la|l'|les))\s*\Z")


def _fits(slug: str, before: str, folded: str, end: int) -> bool:
    """Whether the article before a river's name is the article of the département."""
    match = _ARTICLE.search(before)
    if match is None:
        return False
    if match["open"]:
        return bool(re.match(r"\s*[,)]", folded[end : end + 5]))
    article = match["article"].split()[-1]
    if slug == "landes":
        return article in ("les", "des")
    if slug in _MASCULINE:
        return article in ("le", "du")
    return article == "en" or article == ("l'" if slug[0] in "aeiou" else "la")


def _is_reunion(text: PrintedText, start: int, end: int) -> bool:
    """Whether a name is La Réunion: « à La Réunion », « de la Réunion », not
    « La Réunion de rentrée »."""
    said = text.whole[start:end].split()
    before = text.whole[max(0, start - LOOK_BACK) : start]
    if len(said) == 1:
        before, article = re.sub(r"[Ll]a\s+\Z", "", before), before
        if before == article:
            return False
    after = re.match(r"\s+(?:de|du|des|pour|publique)\b|\s+d'", text.folded[end : end + 20])
    return said[-1].istitle() and bool(_TO_REUNION.search(before)) and after is None
