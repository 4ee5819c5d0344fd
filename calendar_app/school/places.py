"""Finding the places that a text names: académies, départements, régions, towns, académie sites.

These places give the scope of a date. ``place_names`` decides what a single name means in its
context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from calendar_app.school.academies import OLD_REGIONS, Academies, Academy
from calendar_app.school.place_names import (
    ARTICLES,
    LOOK_BACK,
    REUNION,
    WORDS,
    Names,
    Place,
    PlaceKind,
    PlaceMention,
    PrintedText,
    verdict,
)
from calendar_app.words.text import slugify

# -- the words around a name, in folded text ------------------------------------------------------

# Domains of académies that are not « ac- » and the slug of an académie in use.
_DOMAINS = {
    "ac-clermont.fr": "clermont-ferrand",
    "ac-reunion.fr": "la-reunion",
    "ac-caen.fr": "normandie",
    "ac-rouen.fr": "normandie",
    "ac-spm.fr": "saint-pierre-et-miquelon",
    "ac-wf.wf": "wallis-et-futuna",
    "ac-noumea.nc": "nouvelle-caledonie",
    "monvr.pf": "polynesie-francaise",
}
_SITE = re.compile(
    r"(?<![\w-])(?:ac-\s{0,3}[a-z]{2,20}(?:-\s{0,3}[a-z]{2,20}){0,3}\.(?:fr|nc|wf)"
    r"|monvr\.pf)(?![\w-])"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"|]+|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}", re.IGNORECASE
)

_OF = r"(?:de\s+la\s+|de\s+l'\s?|d'\s?|du\s+|des\s+|de\s+|la\s+|l'\s?|le\s+|les\s+)"
_OFFICE = re.compile(
    rf"""
    (?<![a-z0-9-])(?:
        (?P<academy> academies? | acad\. | (?:vice-)?rectorats? | rectrices? | recteurs?
          | dr?anes? | drafpic | daac | dafpen | eafc | dr?areic | cardie | clemi | inspes? )
      | (?P<department> (?:ia-)?dasen | dsden | inspections?\ academiques? | departements? )
      | (?P<either> canopes? )
      | (?P<region> regions?(?:\s+academiques?)? )
    )(?![a-z])
    [\s*_:|(\[-]{{1,4}}(?:(?:de\s+)?(?:la\s+)?(?P<more>region\s+academique)\s+)?
    (?:site\s+)?{_OF}?[*_\[]{{0,3}}
    """,
    re.VERBOSE,
)
_AND_OF = re.compile(rf"\s*(?:,|/|&|\bet\b|\bou\b)\s*(?:et\s+)?(?:celles?\s+)?(?P<of>{_OF})?")

_CODE = r"(?:2[ab]|97\d|98\d|\d{2})"
_CODES = rf"{_CODE}(?:\s{{0,3}}(?:,(?:\s{{0,3}}et\b)?|et\b|ou\b|-|&)\s{{0,3}}{_CODE}){{0,40}}"
_NUMBERED = re.compile(
    rf"(?<![a-z])(?:departements?|departementa(?:ux|les?|l)|dsden|dasen|canope)"
    rf"(?:\s{{0,3}}(?:canope|n°|no|numeros?|des?|du|le|la|les|:|-)){{0,3}}\s{{0,3}}\(?"
    rf"(?P<codes>{_CODES})(?![\w°%€]|\s?/)"
    r"(?!\s*(?:janv|fevr|mars|avril|mai|juin|juil|aout|sept|oct|nov|dec|ans|jours?|heures?|h\b|"
    r"eleves|classes|communes|ecoles|colleges|equipes|places|projets|[%€]))"
)
# Codes in brackets: « Quatre étapes (44, 49 et 85) », but not « pages (10, 12 et 14) ».
_LISTED = re.compile(rf"\((?:dept?s?\.?\s?)?(?P<codes>{_CODES})\)")
_COUNTED = re.compile(
    r"(?:pages?|p\.|questions?|exercices?|articles?|art\.|numeros?|nos?|n°|salles?|seances?|jours?"
    r"|groupes?|chapitres?|annexes?|figures?|sujets?|janvier|fevrier|mars|avril|mai|juin|juillet"
    r"|aout|septembre|octobre|novembre|decembre)\s*\Z"
)
# The words before a single code in brackets: « à Saint-Denis (974) ».
_IN_TOWN = re.compile(
    r"(?:(?<![^\W_])(?:[àÀ]|[Dd]e|[àÀ] [Ll]['’a])\s|[Dd]['’])[A-ZÀ-ÖØ-Þ][\w’'-]{1,40}"
    r"(?:\s[\w’'-]{1,40}){0,4}\s\Z"
)
_AND_ALSO = re.compile(
    r"\s*(?:,|/|-|–|&|\bet\b|\bou\b)\s*(?:et\s+)?(?:(?:dans|en)\s+)?"
    r"(?:de\s+la\s+|de\s+l'|du\s+|des\s+|l[ae]s?\s+|l')?"
)
_CAPITAL = re.compile(r"(?<![^\W_])(?<!\w-)[A-ZÀ-ÖØ-ÞŒ][^\W\d_]*")


class Gazetteer:
    """The places of France that letters name.

    :param towns: name → code of the département, for towns whose name means only one place.
    :raises UnknownValueError: for an unknown code of a département.
    """

    def __init__(self, academies: Academies, towns: Mapping[str, str]) -> None:
        self._sites = {f"ac-{a.slug}.fr": _academy(a) for a in academies} | {
            domain: _academy(academies.get(slug)) for domain, slug in _DOMAINS.items()
        }
        self._codes = {
            d.code.lower(): _in(PlaceKind.DEPARTMENT, d.name, academies, d.code)
            for d in academies.departments
        }
        regions: dict[str, tuple[str, ...]] = {}
        for academy in academies:
            if academy.region:
                regions[academy.region] = (*regions.get(academy.region, ()), academy.slug)
        old = [_region(name, slugs) for name, slugs in OLD_REGIONS.items()]
        new = [_region(name, slugs) for name, slugs in regions.items()]
        departments = list(self._codes.values())
        reunion = next(place for place in departments if place.name == REUNION)
        self._academies = Names(
            (slugify(name), _academy(academy))
            for academy in academies
            for name in (academy.name, *academy.former_names)
        )
        self._departments = Names(
            [*((place.slug, place) for place in departments), ("reunion", reunion)]
        )
        self._regions = Names((place.slug, place) for place in [*new, *old])
        in_town = [_in(PlaceKind.TOWN, name, academies, code) for name, code in towns.items()]
        self._names = Names(
            [
                # Towns come first: « à Mayenne » is the town, « en Mayenne » is not.
                *((p.slug, p) for p in in_town),
                *((p.slug, p) for p in departments if p.slug not in _ONLY_BY_OFFICE),
                ("reunion", reunion),
                *((p.slug, p) for p in [*new, *old]),
                *((p.slug, p) for p in map(_without_article, in_town) if p is not None),
            ]
        )

    def mentions(self, text: str) -> list[PlaceMention]:
        """Return the places that *text* names, in the order of the text and without overlaps.

        The longest name wins. Where two kinds of mention overlap, the more explicit kind wins: a
        site, a numbered département, a name after an office, then a name alone. The time is linear
        in the length of the text.
        """
        whole = PrintedText(text)
        taken = bytearray(len(whole.whole))
        found = list(self._of_sites(whole))
        for start, end in [
            *((m.start, m.end) for m in found),
            *(m.span() for m in _ADDRESS.finditer(whole.folded)),
        ]:
            taken[start:end] = b"\1" * (end - start)
        for finder in (self._of_numbers, self._of_offices):
            for mention in finder(whole):
                if taken.find(1, mention.start, mention.end) < 0:
                    found.append(mention)
                    taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
        found.extend(self._of_names(whole, taken))
        found.sort(key=lambda mention: mention.start)
        for at, mention in enumerate(found):
            start, end = whole.printed(mention.start, mention.end)
            found[at] = replace(mention, start=start, end=end)
        return found

    def _of_sites(self, text: PrintedText) -> Iterator[PlaceMention]:
        for match in _SITE.finditer(text.folded):
            if place := self._sites.get(re.sub(r"\s", "", match[0])):
                yield replace(place.mention(*match.span()), kind=PlaceKind.SITE)

    def _of_numbers(self, text: PrintedText) -> Iterator[PlaceMention]:
        for match in _NUMBERED.finditer(text.folded):
            yield from self._of_codes(match)
        for match in _LISTED.finditer(text.folded):
            before = text.folded[max(0, match.start() - LOOK_BACK) : match.start()]
            one = match["codes"].isalnum()
            said = text.whole[max(0, match.start() - LOOK_BACK) : match.start()]
            if _IN_TOWN.search(said) if one else not _COUNTED.search(before):
                yield from self._of_codes(match)

    def _of_codes(self, match: re.Match[str]) -> Iterator[PlaceMention]:
        start = match.start("codes")
        codes = list(re.finditer(_CODE, match["codes"]))
        if all(code[0] in self._codes for code in codes):
            for code in codes:
                yield self._codes[code[0]].mention(start + code.start(), start + code.end())

    def _of_offices(self, text: PrintedText) -> Iterator[PlaceMention]:
        for match in _OFFICE.finditer(text.folded):
            if match["more"] or match["region"]:
                tables = [self._regions]
            elif match["academy"]:
                tables = [self._academies, self._regions]
            elif match["either"]:
                tables = [self._academies, self._departments, self._regions]
            else:
                tables = [self._departments]
            at = match.end()
            several = match[0].split()[0].endswith("s")
            while found := _first(tables, text, at):
                end, place = found
                yield place.mention(at, end)
                joint = _AND_OF.match(text.folded, end)
                if joint is None or not (several or joint["of"]):
                    break
                at = joint.end()

    def _of_names(self, text: PrintedText, taken: bytearray) -> Iterator[PlaceMention]:
        """Yield the names that stand alone.

        A name that may mean a river is a département when it is listed with others
        (« Cher, Indre et Loir-et-Cher »).
        """
        done, chain, sure = 0, -1, False
        waiting: list[PlaceMention] = []
        for match in _CAPITAL.finditer(text.whole):
            start = match.start()
            if start < done or taken.find(1, start, match.end()) >= 0:
                continue
            for end, place in self._names.at(text.folded, start):
                if taken.find(1, start, end) >= 0:
                    break
                if place.after and not place.after.search(text.before(start)):
                    continue
                done = end
                means = verdict(place, text, start, end)
                if means is False:
                    if place.slug in WORDS or place.slug == "reunion":
                        done = start  # another place may begin with this name
                        continue
                    break
                mention = place.mention(start, end)
                if place.kind is not PlaceKind.DEPARTMENT:
                    yield mention
                    break
                linked = chain >= 0 and bool(_AND_ALSO.fullmatch(text.folded, chain, start))
                if not linked:
                    waiting, sure = [], False
                sure, chain = sure or means is True, end
                waiting.append(mention)
                if sure:
                    yield from waiting
                    waiting = []
                break


# These names mean a département only after « département de ». Alone, « Paris » is the town, and so
# mostly is « Saint-Martin ».
_ONLY_BY_OFFICE = frozenset(("paris", "saint-martin", "saint-barthelemy"))


def _academy(academy: Academy) -> Place:
    return Place(PlaceKind.ACADEMY, academy.slug, academy.name, (academy.slug,))


def _region(name: str, academies: tuple[str, ...]) -> Place:
    return Place(PlaceKind.REGION, slugify(name), name, academies)


def _in(kind: PlaceKind, name: str, academies: Academies, code: str) -> Place:
    academy = academies.of_department(code)
    narrower = code if len(academy.departments) > 1 else None
    return Place(kind, slugify(name), name, (academy.slug,), narrower)


def _without_article(town: Place) -> Place | None:
    article, _, rest = town.slug.partition("-")
    return replace(town, slug=rest, after=ARTICLES[article]) if article in ARTICLES else None


def _first(tables: Iterable[Names], text: PrintedText, at: int) -> tuple[int, Place] | None:
    if at < len(text.whole) and text.whole[at].isupper():
        for table in tables:
            for found in table.at(text.folded, at):
                return found
    return None
