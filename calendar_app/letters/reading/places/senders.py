"""The office that writes a letter: the académies and départements for which its dates are.

Evidence is strong when the head or the signature names an office (« DSDEN de l'Allier », « CIO de
Foix ») or the links lead to the sites of one académie. It is weak when only the town of its day, a
place in the head or the places of the whole text tell where the writer is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import folded
from calendar_app.school.place_names import PlaceKind, PlaceMention

#: How many characters the head of a letter has, and its signature.
_HEAD = 450
#: How many characters before a place may name its office.
_BEFORE = 60
#: More académies than this are a list, and no région.
_MANY = 4

#: Words of an office right before its département or its town.
_OFFICE = re.compile(
    r"\b(?:dsden|dasen|inspections?|ien|canope|circonscriptions?|rectorat|departement(?:ale?s?"
    r"|aux)?|cio|dr?anes?|draeac|dr?areic|daac|clemi|inspe|poles?|bassin|usep|occe|coordination"
    r"|referente?s?|academiques?|services departementaux)\b[^.\n]{0,40}$"
)
_REGION = re.compile(
    r"\b(?:region academique|delegation|dr?anes?|draeac|dr?areic|drac|clemi|rectorat|recteur"
    r"|rectrice|inspe|canope|regionale?s?)\b[^.]{0,24}$"
)
#: « Académie de Corse : le concours… » is one of a list, and does not write the letter.
_LABEL = re.compile(r"[ \u00a0]:[ \u00a0][^\W\d_]")
#: « La Rochelle, lundi 7 octobre 2024 », « Angers, le 3 mai ».
_DATELINE = re.compile(
    r"^,? (?:le )?(?:(?:lun|mar|mer|jeu|ven|sam|dim)[a-z]* )?\d{1,2}(?:er)?(?:/| [a-z]{3,9})"
)
_LINK = re.compile(r"https?://|\bwww\.")
#: One link in this many must be to the sender's site.
_MOST_LINKS = 3

#: A letter that names one of these is not for the whole country, even where it speaks of it.
_LOCAL_KINDS = frozenset((PlaceKind.ACADEMY, PlaceKind.DEPARTMENT))
#: A letter that speaks to the whole country.
_EVERYWHERE = re.compile(
    r"\b(?:(?:toutes?|chaque|chacune des) (?:les )?(?:academies?|regions?|departements?)\b"
    r"|(?:ecoles|classes|colleges|lycees|etablissements)(?: [a-z]+){0,3} de france(?! compt)"
    r"|academies d'outre-mer|(?:en|de|france) metropol\w*|toute la france|partout en france"
    r"|(?:concours|jury|finale|prix|rallye|tournoi|olympiades?|palmares|association|federation"
    r"|comite|selection|bureau|phase) nationale?s?|finale? de france)\b"
)
#: Words of a letter for the schools of one place, whatever else of the country it tells of: « les
#: six départements de l'académie », « nos circonscriptions ».
_OF_ONE = re.compile(
    r"\b(?:(?:de|dans|par) (?:l'|notre |cette )(?:academie|agglomeration|ile)\b|(?:du|notre)"
    r" (?:departement|bassin|territoire|district|secteur)\b"
    r"|(?:de la|notre) (?:circonscription|region|metropole|ville|commune|communaute de communes)\b"
    r"|(?:des|nos) (?:[a-z]+ )?(?:departements|circonscriptions|communes) (?:de|du|des)\b"
    r"|(?:elus|conseil|bureau|comite|antenne|section|delegation)"
    r" (?:departementa|regiona|academique))"
)
#: So many places of one académie tell where a letter is from; towns of so many académies are far
#: from each other.
_FAR = 3
#: An address of the State; so many of them are those of its own letter.
_STATE = re.compile(r"(?<=[\w-])\.gouv\.fr\b")
_MOST_STATE = 3
_MINISTRY = re.compile(
    r"\b(?:ministere|secretariat d'etat|direction du numerique pour l'education|dgesco"
    r"|(?:[\w-]+\.)?education\.gouv\.fr|education\.fr|edunum|edu_num)\b"
)


#: Académies (slugs) and départements (codes).
Where = tuple[tuple[str, ...], tuple[str, ...]]


class Sender(NamedTuple):
    """For whom the office writes; both parts are empty when the letter names none.

    :param academies: slugs.
    :param departments: codes.
    :param strong: whether the letter names the office itself.
    :param sure: from 0 to 1, that what names no place is for these.
    :param nationwide: whether a letter without an office says that it is for the whole country.
    """

    academies: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    strong: bool = False
    sure: float = 0.81
    nationwide: bool = False

    @property
    def named(self) -> bool:
        """Whether there is one at all."""
        return bool(self.academies or self.departments)


def sender_of(
    outline: Outline,
    mentions: Sequence[PlaceMention],
    is_meant: Callable[[PlaceMention], bool],
) -> Sender:
    """Return the office that writes a letter.

    :param mentions: the places of the text, in its order.
    :param is_meant: whether a date may be for the place of a mention.
    """
    meant = [mention for mention in mentions if is_meant(mention)]
    ends = _ends(outline)
    for start, end in ends:
        near = [m for m in meant if start <= m.start < end]
        if scope := _of_office(outline.text, near):
            return Sender(*scope, strong=True, sure=0.85)
    if site := _of_links(outline.text, mentions):
        return Sender((site,), (), strong=True, sure=0.85)
    if head := _by_head(meant, ends[0]):
        return head
    if _speaks_to_all(outline.text, mentions, ends):
        return Sender(nationwide=_says_so(outline.text, mentions, ends))
    return _by_dateline(outline.text, meant, ends[0]) or _by_places(meant) or Sender()


def _speaks_to_all(
    text: str, mentions: Sequence[PlaceMention], ends: Iterable[tuple[int, int]]
) -> bool:
    """Whether a letter without an office is for the whole country: it says so, a ministry writes
    it, it leads to sites of the State, or it meets in towns of three académies."""
    if _EVERYWHERE.search(folded(text)) or len(_STATE.findall(text)) >= _MOST_STATE:
        return True
    towns = {m.academies for m in mentions if m.kind is PlaceKind.TOWN}
    return len(towns) >= _FAR or any(_MINISTRY.search(folded(text[a:b])) for a, b in ends)


def _says_so(text: str, mentions: Sequence[PlaceMention], ends: Sequence[tuple[int, int]]) -> bool:
    """Whether a letter says in words that it is for the whole country, and names no académie, no
    département and no town at its head or its end, where a library or a theatre says its own."""
    of_place = any(
        mention.kind in _LOCAL_KINDS
        or (mention.academies != ("paris",) and any(a <= mention.start < b for a, b in ends))
        for mention in mentions
    )
    said = folded(text)
    if of_place or _OF_ONE.search(said):
        return False
    told = _EVERYWHERE.search(said)
    return bool(told or any(_MINISTRY.search(folded(text[a:b])) for a, b in ends))


def _ends(outline: Outline) -> list[tuple[int, int]]:
    """Return the head and the signature of a letter."""
    blocks = outline.blocks
    headings = [b.start for b in blocks if b.kind is BlockKind.HEADING and b.level < 4]
    head = (0, min([_HEAD, *headings[1:]]))  # the first heading is the letter's title
    if not blocks:
        return [head]
    return [head, (max(blocks[-1].start, blocks[-1].end - _HEAD), blocks[-1].end)]


#: Names of an office or of an audience come before names of a place.
_RANKS = (
    PlaceKind.ACADEMY,
    PlaceKind.DEPARTMENT,
    PlaceKind.REGION,
    PlaceKind.SITE,
    PlaceKind.TOWN,
)


def first_ranked(
    mentions: Sequence[PlaceMention], most: Callable[[PlaceKind], int]
) -> Where | None:
    """Return the places of the best kind that is named, or None: départements where they are named
    as such, else académies.

    :param most: of how many académies the places of a kind may be: more of them are a list.
    """
    for kind in _RANKS:
        of_kind = [mention for mention in mentions if mention.kind is kind]
        slugs = tuple(dict.fromkeys(slug for m in of_kind for slug in m.academies))
        if not slugs or len(slugs) > most(kind):
            continue
        codes = tuple(dict.fromkeys(m.department for m in of_kind if m.department))
        return slugs, codes if kind is PlaceKind.DEPARTMENT else ()
    return None


def _of_office(text: str, near: Iterable[PlaceMention]) -> Where | None:
    """Return the places of the office that the head or the signature names, or None."""
    named = [mention for mention in near if _is_office(text, mention)]
    return first_ranked(named, lambda kind: _MANY if kind is PlaceKind.REGION else 1)


def _is_office(text: str, mention: PlaceMention) -> bool:
    """Whether a mention names an office (« DSDEN de l'Allier ») or the site of an académie."""
    if _LABEL.match(text, mention.end):
        return False
    if mention.kind in (PlaceKind.ACADEMY, PlaceKind.SITE):
        return True
    before = folded(text[max(0, mention.start - _BEFORE) : mention.start])
    if mention.kind is PlaceKind.REGION:
        return bool(_REGION.search(before))
    return mention.academies != ("paris",) and bool(_OFFICE.search(before))


def _of_links(text: str, mentions: Iterable[PlaceMention]) -> str | None:
    """Return the académie to whose sites at least two links lead, when they lead to no other."""
    sites = [m for m in mentions if m.kind is PlaceKind.SITE]
    slugs, hosts = {m.academies for m in sites}, {_host(text, m) for m in sites}
    # Among many other links, they only say whom the letter reads.
    links = len(_LINK.findall(text))
    own = len(hosts) > 1 and len(slugs) == 1 and _MOST_LINKS * len(sites) >= links
    return slugs.pop()[0] if own else None


def _host(text: str, site: PlaceMention) -> str:
    said = re.sub(r"\s", "", text[max(0, site.start - 40) : site.end])
    return str(re.findall(r"[\w.-]+", said)[-1]).lower()


def _by_head(meant: Iterable[PlaceMention], head: tuple[int, int]) -> Sender | None:
    """Return the scope of a département or a région that the head of a letter names, or None."""
    towns = {m.academies for m in meant if m.kind is PlaceKind.TOWN and m.start < head[1]}
    for mention in meant:
        named = mention.kind in (PlaceKind.DEPARTMENT, PlaceKind.REGION)
        if named and mention.start < head[1] and mention.academies != ("paris",):
            codes = (mention.department,) if mention.department else ()
            elsewhere = towns - {mention.academies}  # « Paysages du Nord », at the museum of Dijon
            return Sender(mention.academies, codes, sure=0.75 if elsewhere else 0.82)
    return None


def _by_dateline(text: str, meant: Iterable[PlaceMention], head: tuple[int, int]) -> Sender | None:
    """Return the scope of the town from which a letter is dated, but Paris, or None."""
    for mention in meant:
        in_head = mention.start < head[1] and mention.academies != ("paris",)
        after = folded(text[mention.end : mention.end + 40])
        if in_head and mention.kind is PlaceKind.TOWN and _DATELINE.match(after):
            return Sender(mention.academies, ())
    return None


def _by_places(meant: Iterable[PlaceMention]) -> Sender | None:
    """Return the one académie in which all places of a letter are, at least three, or None."""
    of_academy: dict[tuple[str, ...], set[str]] = {}
    for mention in meant:
        if mention.kind in (PlaceKind.TOWN, PlaceKind.DEPARTMENT):
            of_academy.setdefault(mention.academies, set()).add(mention.name)
    if len(of_academy) != 1:
        return None
    ((slugs, names),) = of_academy.items()
    return Sender(slugs, ()) if len(names) >= _FAR and slugs != ("paris",) else None
