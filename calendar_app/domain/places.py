"""The places that a text names: académies, départements, régions, towns, sites of académies.

What a letter says of a place says for whom a date is. A name counts with the words that make it a
place: « dans le Nord » is a département, « au nord de » is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from calendar_app.domain.academies import Academies, Academy
from calendar_app.domain.text import fold, slugify


class PlaceKind(StrEnum):
    """What a place is."""

    ACADEMY = "academy"
    DEPARTMENT = "department"
    REGION = "region"
    TOWN = "town"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named in a text.

    :param start, end: where, in characters.
    :param name: its name, as the reference data write it.
    :param academies: slugs: one, or all those of a région.
    :param department: code, when the mention names a département; a town has its own.
    """

    start: int
    end: int
    kind: PlaceKind
    name: str
    academies: tuple[str, ...]
    department: str | None = None


# The domains that are not « ac- » and the académie's slug, and those of former académies.
_DOMAINS = {
    "reunion": "la-reunion",
    "clermont": "clermont-ferrand",
    "caen": "normandie",
    "rouen": "normandie",
    "corse": "corse",
    "martinique": "martinique",
}
_SITE = re.compile(r"\bac-(?P<name>[a-z]+(?:-[a-z]+)*)\.fr\b", re.IGNORECASE)

_OFFICES = (
    r"acad[ée]mies?|rectorat|rectrice|recteur|dr?ane|drafpic|dsden|dasen|daac|dafpen|carif|cardie"
    r"|cano(?:pé|pe)|inspection académique|clemi|inspé|inspe|dareic"
)
_ARTICLE = r"(?:de la |de l['’]|du |des |de |d['’]|la |le |les |l['’]|en |-\s?|–\s?)?"
_JOINT = r"(?:,\s*|\s+et\s+(?:celle )?)"
# Numbers are départements only after a word that says so.
_NUMBERED = re.compile(
    r"\b(?:d[ée]partements?|dsden|dasen|(?:ateliers? (?:d[ée]partementaux )?)?cano(?:pé|pe))"
    r"(?:\s+(?:de |du |des |n° ?)?|\s?\()"
    r"(?P<codes>(?:2[ab]|\d{2,3})(?:(?:\s*,\s*(?:et\s+)?|\s+et\s+)(?:2[ab]|\d{2,3}))*)"
    # « Canopé 12 mars », « département 3e » name no département.
    r"(?![\w°]|\s*/|\s+(?:et\s+\d+\s+)?(?:janv|f[ée]v|mars|avr|mai|juin|juil|ao|sept|oct|nov|d[ée]c"
    r"|h\b|[a-zà-ÿ]{3,}s\b))",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\((?P<codes>(?:2[ab]|\d{2})(?:(?:\s*,\s*(?:et\s+)?|\s+et\s+)(?:2[ab]|\d{2}))+)\)",
    re.IGNORECASE,
)
# Départements whose name is a river, a common word or a first name: « dans l'Ain », not « Ain ».
_WITH_ARTICLE = frozenset(
    "nord manche orne lot creuse somme ain var gard cher loire landes aube eure tarn oise marne"
    " aude meuse allier indre vienne isere drome savoie jura doubs paris cantal vendee moselle"
    " yonne nievre mayenne sarthe ariege aisne correze ardeche gers charente gironde finistere"
    " morbihan".split()
)
_BEFORE_DEPARTMENT = (
    r"(?:dans (?:le |la |l['’]|les )|en |d[ée]partements? (?:du |de la |de l['’]|des |de )"
    r"|\b(?:du |de la |de l['’]|des |d['’])|(?<=\())"
)


class Gazetteer:
    """The places of France that letters speak of.

    :param towns: name → code of the département, for towns that can mean one place only.
    """

    def __init__(self, academies: Academies, towns: Mapping[str, str]) -> None:
        self._academies = academies
        self._academy_names = {
            slugify(name): academy
            for academy in academies
            for name in (academy.name, *academy.former_names)
            if not academy.collectivity
        }
        self._departments = {slugify(d.name): d.code for d in academies.departments}
        self._towns = {slugify(name): (name, code) for name, code in towns.items()}
        self._regions: dict[str, list[Academy]] = {}
        for academy in academies:
            if academy.region:
                self._regions.setdefault(slugify(academy.region), []).append(academy)
        names = _alternatives(self._academy_names)
        self._academy = re.compile(
            rf"\b(?:(?P<office>{_OFFICES})\s+{_ARTICLE}(?P<name>{names})"
            rf"(?P<more>(?:{_JOINT}{_ARTICLE}(?:{names}))*)"
            rf"|(?P<region_word>r[ée]gions?(?: acad[ée]mique)?|drane)\s+{_ARTICLE}"
            rf"(?P<region>{_alternatives(self._regions)}))(?![^\W_])",
            re.IGNORECASE,
        )
        self._one_name = re.compile(rf"(?:{names})(?![^\W_])", re.IGNORECASE)
        plain = [name for name in self._departments if name not in _WITH_ARTICLE]
        rivers = _WITH_ARTICLE & set(self._departments)
        self._department = re.compile(
            rf"(?<![^\W_])(?:(?=(?-i:[A-ZÀ-Þ]))(?P<plain>{_alternatives(plain)})"
            rf"|{_BEFORE_DEPARTMENT}(?P<river>{_alternatives(rivers)}))"
            r"(?![^\W_])",
            re.IGNORECASE,
        )
        # Few positions have a capital: the long list is tried there only.
        self._town = re.compile(
            rf"(?<![^\W_])(?=(?-i:[A-ZÀ-Þ]))(?:{_alternatives(self._towns)})(?![^\W_])",
            re.IGNORECASE,
        )

    def mentions(self, text: str) -> list[PlaceMention]:
        """Return the places of *text* in its order, not overlapping, the most telling first where
        two would; in time linear in its length."""
        taken: list[tuple[int, int]] = []
        found: list[PlaceMention] = []
        for finder in (
            self._of_sites,
            self._of_academies,
            self._of_numbers,
            self._of_departments,
            self._of_towns,
        ):
            new = [m for m in finder(text) if not _overlaps(m, taken)]
            found += new
            taken = _joined(taken, [(m.start, m.end) for m in new])
        return sorted(found, key=lambda mention: mention.start)

    def _of_sites(self, text: str) -> Iterator[PlaceMention]:
        for match in _SITE.finditer(text):
            slug = _DOMAINS.get(match["name"].lower(), match["name"].lower())
            academy = next((a for a in self._academies if a.slug == slug), None)
            if academy:
                yield PlaceMention(*match.span(), PlaceKind.SITE, academy.name, (academy.slug,))

    def _of_academies(self, text: str) -> Iterator[PlaceMention]:
        for match in self._academy.finditer(text):
            if match["region"]:
                academies = self._regions[slugify(match["region"])]
                slugs = tuple(academy.slug for academy in academies)
                name = academies[0].region or ""
                yield PlaceMention(*match.span(), PlaceKind.REGION, name, slugs)
                continue
            names = [match["name"], *self._one_name.findall(match["more"])]
            if not _named(match["name"]):
                continue
            for name in names:
                academy = self._academy_names[slugify(name)]
                yield PlaceMention(*match.span(), PlaceKind.ACADEMY, academy.name, (academy.slug,))

    def _of_numbers(self, text: str) -> Iterator[PlaceMention]:
        for pattern in (_NUMBERED, _LISTED):
            for match in pattern.finditer(text):
                codes = re.findall(r"2[ab]|\d{2,3}", match["codes"], re.IGNORECASE)
                known = {department.code for department in self._academies.departments}
                if not all(code.upper() in known for code in codes):
                    continue
                for code in codes:
                    yield self._in_department(match.span("codes"), code.upper())

    def _of_departments(self, text: str) -> Iterator[PlaceMention]:
        for match in self._department.finditer(text):
            said = match["plain"] or match["river"]
            if _named(said):
                span = match.span("plain") if match["plain"] else match.span("river")
                yield self._in_department(span, self._departments[slugify(said)])

    def _in_department(self, span: tuple[int, int], code: str) -> PlaceMention:
        academy = self._academies.of_department(code)
        name = self._academies.department(code).name
        # Overseas, the département is the académie: it narrows nothing.
        narrower = code if len(academy.departments) > 1 else None
        return PlaceMention(*span, PlaceKind.DEPARTMENT, name, (academy.slug,), narrower)

    def _of_towns(self, text: str) -> Iterator[PlaceMention]:
        for match in self._town.finditer(text):
            if not _named(match[0]):
                continue
            name, code = self._towns[slugify(match[0])]
            academy = self._academies.of_department(code)
            yield PlaceMention(*match.span(), PlaceKind.TOWN, name, (academy.slug,), code)


def _alternatives(names: Iterable[str]) -> str:
    """A pattern for names (slugs), the longest first, whatever their accents, hyphens and line
    breaks."""
    longest = sorted(names, key=len, reverse=True)
    return "|".join(_pattern(name) for name in longest) or r"(?!)"


_LETTERS = {
    "a": "[aàâäÀÂ]",
    "c": "[cçÇ]",
    "e": "[eéèêëÉÈÊ]",
    "i": "[iîïÎÏ]",
    "o": "[oôöÔ]",
    "u": "[uùûüÛ]",
    "y": "[yÿ]",
}


def _pattern(slug: str) -> str:
    words = [
        "".join(_LETTERS.get(c, c) for c in word).replace("oe", "(?:oe|œ)")
        for word in slug.split("-")
    ]
    return r"(?:[-'’ \u00a0]|-?\s*\n\s*)".join(words)


def _named(said: str) -> bool:
    """Whether a name has its capital: « la loire » is no département, « La réunion » no island."""
    return max(re.findall(r"[^\W\d_]+", said), key=len, default="x")[0].isupper()


def _overlaps(mention: PlaceMention, taken: list[tuple[int, int]]) -> bool:
    low, high = 0, len(taken)
    while low < high:
        middle = (low + high) // 2
        if taken[middle][1] <= mention.start:
            low = middle + 1
        else:
            high = middle
    return low < len(taken) and taken[low][0] < mention.end


def _joined(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return sorted(set(one) | set(other))


# -- where something takes place -------------------------------------------------------------------

_ONLINE = re.compile(
    r"(?<!mise )(?<!mises )(?<!mis )(?<!inscription )(?<!inscriptions )(?:en "
    r"|par )(?P<place>visioconférence|visio|ligne|distanciel|webconférence)\b",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"\blieu\s?:\s*(?P<place>[^\n.;|]{3,80})", re.IGNORECASE)
_AT = re.compile(
    r"(?:^|(?<!envoyer)(?<!adresser)(?<!grâce)[\s,(])(?:à (?:la |l['’])?|au |aux |chez "
    r"|dans (?:le |la |les |l['’]))"
    r"(?P<place>(?:(?:lyc[ée]e|coll[èe]ge|[ée]cole|universit[ée]|rectorat|m[ée]diath[èe]que"
    r"|biblioth[èe]que"
    r"|mus[ée]e|th[ée][âa]tre|salle|maison|palais|h[ôo]tel|centre|espace|parc|site|ch[âa]teau"
    r"|mairie"
    r"|amphith[ée][âa]tre|auditorium|gymnase|cin[ée]ma|inspé|atelier|archives|cit[ée]|institut)\b"
    r"[^,.;:!?()\n]{0,60}|[A-ZÀ-Þ][\w’'-]+(?:[ -](?:de|du|des|les|la|le|en|sur|sous|lès|d['’]"
    r"|l['’])?[ ]?"
    r"[A-ZÀ-Þ0-9][\w’'-]*){0,6}(?: dans (?:le |la |l['’]|les )[A-ZÀ-Þ][\w’'-]+)?))"
)
_BARE = re.compile(
    r"^[\s,(]*(?:\(|,\s)(?P<place>(?:salle|lyc[ée]e|coll[èe]ge|th[ée][âa]tre|m[ée]diath[èe]que"
    r"|maison|espace"
    r"|cano(?:pé|pe)|amphith[ée][âa]tre|gymnase)[^.;:!?\n()]{2,70})",
    re.IGNORECASE,
)
#: Characters after a date, and before it, in which its place is looked for.
_AFTER, _BEFORE = 140, 90


def venue(text: str, start: int, end: int) -> str | None:
    """Return the place printed around a date, cleaned on one line, or None.

    :param start, end: where the date's phrase stands.
    """
    after = _plain(_sentence_head(text[end : end + _AFTER]))
    before = _plain(re.split(r"[.!?]\s|\n\s*\n", text[max(0, start - _BEFORE) : start])[-1])
    if labelled := _LABELLED.search(text[end : end + 2 * _AFTER]):
        return _cut(_plain(labelled["place"]))
    for pattern, said in ((_BARE, after), (_AT, after), (_AT, before)):
        if (match := pattern.search(said)) and (place := _cut(match["place"])):
            return place
    if match := _ONLINE.search(after):
        return (
            "en ligne" if match["place"].casefold() == "ligne" else f"en {match['place'].lower()}"
        )
    return None


def _sentence_head(text: str) -> str:
    return re.split(r"(?<=[^.\d])[.!?](?:\s|$)|\n\s*\n|\n\s*[-*•|]", text)[0]


def _plain(text: str) -> str:
    text = re.sub(r"\]\([^)\s]*\)", "", text)
    text = re.sub(r"(?<=[^\W\d_])-\s*\n\s*(?=[a-zà-ÿ])", "", text)
    text = re.sub(r"(?<=-)\s*\n\s*", "", text)
    return re.sub(r"\s+", " ", re.sub(r"[*_`\[\]]", "", text))


def _cut(place: str) -> str | None:
    said = re.split(
        r"\s(?:et|qui|que|avec|pour|est|sont|lors|afin|le \d|les \d|du \d|de \d|à \d|en \d"
        r"|\d{1,2} ?h)\b|\s[–—-]\s",
        place.strip(" ,"),
    )[0].strip(" ,.;:")
    if _CLASSES.fullmatch(said) or len(fold(said)) < 2:
        return None
    return re.sub(r"\s(?:à|de|au|le|du|des|les|et)$", "", said)[:80]


# « Grandir au CM2 » is no place.
_CLASSES = re.compile(
    r"(?:C[EM][12]|CP|GS|[1-6]e|(?:M\.|MM\.|Mme|Madame|Monsieur|Mesdames)\b.*"
    r"|.*\b(?:travail|programme|calendrier|moins|plus))"
)
