"""The scope of a dated item: the académies and départements that the text around it names."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import folded
from calendar_app.letters.reading.names import KNOWN
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.school.academies import Academies
from calendar_app.school.place_names import PlaceKind, PlaceMention
from calendar_app.school.places import Gazetteer
from calendar_app.words.text import fold, slugify

#: How many characters before and after a date may be about it, within its section.
_ABOUT = 1500

#: How many characters the head of a letter has, and its signature.
_HEAD = 450

#: How many characters before a place may say that it is left out, and how many around a town what
#: is held there.
_BEFORE, _BESIDE = 400, 90

#: How many paragraphs of a section may introduce its list.
_LEADING = 5

#: More académies than this are a list of examples, or of all académies.
_MANY = 6

_NATIONAL = re.compile(
    r"\b(?:nationale?s?|nationaux|toute la france|france entiere|ensemble du territoire|europeen\w*"
    r"|international\w*|toutes les academies)\b"
)
# Names of an audience come before names of a place.
_RANKS = (
    (PlaceKind.ACADEMY,),
    (PlaceKind.DEPARTMENT,),
    (PlaceKind.REGION,),
    (PlaceKind.SITE,),
    (PlaceKind.TOWN,),
)


#: Places after these words are left out: « sauf La Réunion et Mayotte ».
_EXCEPT = re.compile(
    r"\b(?:sauf|hormis|excepte|hors|a l'exception (?:de|du|des)|a l'exclusion (?:de|du|des)"
    r"|en dehors (?:de|du|des)|non compris|ne concerne(?:nt)? pas)\b"
    r"(?![^.;:]*\b(?:jusqu|inscri|ouvert|aura|auront|sont|est)\b[^.;:]*$)[^.;:]{0,160}$"
)
#: The same, said after the place: « Mayotte exceptée ».
_EXCEPTED = re.compile(
    r"^(?:,? ?(?:et|ou)? ?(?:la |le |les |l')?[a-z-]{3,20}){0,3},? ?(?:exceptee?s?|mise?s? a part"
    r"|non comprise?s?|n'est pas|ne sont pas)\b"
)
#: People to whom a text is addressed are not those for whom its dates are.
_ADDRESSED = re.compile(
    r"\b(?:texte adresse|adresse[es]? (?:a|au|aux)|destinataires?|a l'attention|a mesdames"
    r"|a (?:monsieur|madame)|mesdames et messieurs|copies? (?:a|pour)|diffusion|pour attribution"
    r"|pour information|s/c|sous couvert)\b"
)
#: The town of these is where people meet, and not for whom it is.
_GATHERS = re.compile(
    r"\b(?:(?:demi-)?finales?|remise (?:des|du) (?:prix|recompenses|trophees|diplomes|labels)"
    r"|ceremonies?)\b"
)
_OFFICE = re.compile(
    r"\b(?:dsden|dasen|inspection|canope|circonscriptions?|rectorat|departement(?:ale?s?"
    r"|aux)?)\b[^.]{0,20}$"
)

_LINK = re.compile(r"https?://|\bwww\.")
#: One link in this many must be to the sender's site.
_MOST_LINKS = 3

#: Words of a stage or of a part that concerns one place only.
_LOCAL = re.compile(
    r"\b(?:academi\w+|departementa\w+|regiona\w+|territoria\w+|circonscription|bassin|secteur"
    r"|stages?|reunions?|formations?|ateliers?|visites?|reserv\w+|locale?s?|locaux|notre|nos"
    r"|chez nous)\b"
)
_CONTEST = re.compile(
    r"\b(?:concours|prix|defis?|challenge|trophees?|rallye|tournoi|championnat|joutes|label|finale"
    r"|en ligne|a distance|webinaires?|canotech|magistere|eduscol)\b"
)

#: Académies (slugs) and départements (codes).
_Scope = tuple[tuple[str, ...], tuple[str, ...]]


#: How many rings around a date are near: its sentence, its block and its heading.
_NEAR_RINGS = 3


class Scope(NamedTuple):
    """For whom a date is.

    :param academies: slugs.
    :param departments: codes.
    :param sure: from 0 to 1.
    :param why: why it may be wrong, in French, or nothing.
    """

    academies: tuple[str, ...]
    departments: tuple[str, ...]
    sure: float
    why: str


class Scopes:
    """The places that a text names, and the scope of each of its dates."""

    def __init__(self, outline: Outline, gazetteer: Gazetteer) -> None:
        self.outline = outline
        self.mentions = gazetteer.mentions(outline.text)
        self._starts = [mention.start for mention in self.mentions]
        self._letter = self._of_letter()

    def of(self, place: Surroundings, at: int, title: str) -> Scope:
        """Return for whom the item at *at* is.

        Both are empty for a national date. A town tells the scope too, except Paris, where half of
        the national events take place. Where the item names no place, the scope is that of the
        letter's office.

        :param at: where the date phrase starts, in characters.
        :param title: the title of the item.
        """
        near = folded(f"{place.lead_in} {self.outline.text[slice(*place.sentence)][:_ABOUT]}")
        local = _LOCAL.search(f"{fold(title)} {near}")
        if KNOWN.search(fold(title)) and not local and not self._within(*place.sentence):
            told = KNOWN.search(near) or not any(self._letter)
            return Scope((), (), 0.85 if told else 0.78, "le concours est national")
        for ring_at, ring in enumerate(self._rings(place, at)):
            spans = [(max(a, at - _ABOUT), min(b, at + _ABOUT)) for a, b in ring]
            found = [m for span in spans for m in self._within(*span) if self._is_meant(m)]
            if chosen := _chosen(found):
                scope = self._within_own(chosen, found)
                sure, why = self._sure(scope, found, ring_at)
                if ring_at and not local and KNOWN.search(fold(title)) and sure > 0.75:
                    sure, why = 0.75, "le concours est national"
                return Scope(*scope, sure, why)
            said = " ".join(folded(self.outline.text[a:b]) for a, b in spans if a < b)
            if _NATIONAL.search(said) and not (ring_at and local and any(self._letter)):
                return Scope((), (), 0.95 if ring_at < _NEAR_RINGS else 0.85, "")
        if any(self._letter):
            block = self.outline.text[place.block.start : place.block.end][:_ABOUT]
            heading = self.outline.words_of(place.section.heading) if place.section.heading else ""
            if not local and _CONTEST.search(f"{fold(title)} {folded(block)} {heading}"):
                return Scope(*self._letter, 0.75, "le concours est peut-être national")
            if KNOWN.search(fold(title)) and not _LOCAL.search(fold(title)):
                return Scope(*self._letter, 0.75, "le concours est national")
            return Scope(*self._letter, 0.85, "")
        named = any(m.kind in (PlaceKind.ACADEMY, PlaceKind.DEPARTMENT) for m in self.mentions)
        return Scope((), (), 0.82 if named else 0.88, "la lettre nomme des académies ailleurs")

    def _sure(self, scope: _Scope, found: list[PlaceMention], ring_at: int) -> tuple[float, str]:
        """Return how sure a scope is, and why it may be wrong.

        :param found: the places of the ring that gave it.
        :param ring_at: the number of the ring, from 0, the nearest.
        """
        if scope == self._letter:
            return 0.92, ""
        if all(mention.kind is PlaceKind.TOWN for mention in found):
            return 0.7, "déduit d'une ville"
        if len(scope[0]) > 1 and not scope[1]:
            return 0.75, "plusieurs académies sont nommées"
        return (0.93, "") if ring_at < _NEAR_RINGS else (0.78, "nommé loin de la date")

    def _is_meant(self, mention: PlaceMention) -> bool:
        """Whether a date may be for the place of a mention: the text does not except it, nor only
        write to it, nor only meet there."""
        text = self.outline.text
        block = self.outline.block_at(mention.start)
        start = max(mention.start - _BEFORE, block.start if block else 0)
        before = folded(text[start : mention.start])
        after = folded(text[mention.end : mention.end + _BESIDE])
        if _EXCEPT.search(before) or _EXCEPTED.match(after) or _ADDRESSED.search(before):
            return False
        end = min(mention.end + _BESIDE, block.end if block else len(text))
        return mention.kind is not PlaceKind.TOWN or not _GATHERS.search(
            folded(text[max(start, mention.start - _BESIDE) : end])
        )

    def _rings(self, place: Surroundings, at: int) -> Iterable[list[tuple[int, int]]]:
        """Yield the passages around a date (starts and ends), from the nearest to the farthest."""
        section, block = place.section, place.block
        heading = [(section.heading.start, section.heading.end)] if section.heading else []
        if block.kind is BlockKind.HEADING:
            yield [(block.start, block.end)]
        else:
            yield [place.sentence]
            yield [(block.start, block.end)]
        yield heading
        if block.kind in (BlockKind.ITEM, BlockKind.ROW):
            # The other items of the list are about other things. Its introduction is about all.
            yield [
                (b.start, b.end)
                for b in section.blocks[:_LEADING]
                if b.kind is BlockKind.PARAGRAPH and b.end <= block.start
            ]
        else:
            yield [place.territory]
        yield [(above.start, above.end) for above in section.above]

    def _within(self, start: int, end: int) -> list[PlaceMention]:
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return self.mentions[low:high]

    def _of_letter(self) -> _Scope:
        """Return the scope of the office that sends the letter, by its head, signature or links.

        Both parts are empty when the letter names no office.
        """
        blocks = self.outline.blocks
        headings = [b.start for b in blocks if b.kind is BlockKind.HEADING and b.level < 4]
        head = (0, min([_HEAD, *headings[1:]]))  # the first heading is the letter's title
        signature = (
            (max(blocks[-1].start, blocks[-1].end - _HEAD), blocks[-1].end) if blocks else head
        )
        for start, end in (head, signature):
            chosen = _chosen(
                [m for m in self._within(start, end) if self._is_sender(m) and self._is_meant(m)]
            )
            if chosen and len(chosen[0]) == 1:
                return chosen
        # Links to at least two sites of an académie, and to no other académie: it is the sender.
        sites = [m for m in self.mentions if m.kind is PlaceKind.SITE]
        slugs, hosts = {m.academies for m in sites}, {self._host(m) for m in sites}
        # Among many other links, they only say whom the letter reads.
        links = len(_LINK.findall(self.outline.text))
        own = len(hosts) > 1 and len(slugs) == 1 and _MOST_LINKS * len(sites) >= links
        return (slugs.pop(), ()) if own else ((), ())

    def _host(self, site: PlaceMention) -> str:
        said = re.sub(r"\s", "", self.outline.text[max(0, site.start - 40) : site.end])
        return str(re.findall(r"[\w.-]+", said)[-1]).lower()

    def _within_own(self, chosen: _Scope, found: list[PlaceMention]) -> _Scope:
        """Return the letter's scope for a town in its départements, else the chosen scope."""
        academies, departments = self._letter
        inside = {m.department for m in found if m.department} <= set(departments)
        return self._letter if not chosen[1] and chosen[0] == academies and inside else chosen

    def _is_sender(self, mention: PlaceMention) -> bool:
        """Whether a mention names an office (« DSDEN de l'Allier ») or the site of an académie."""
        if mention.kind is PlaceKind.DEPARTMENT:
            before = self.outline.text[max(0, mention.start - 40) : mention.start]
            return bool(_OFFICE.search(folded(before)))
        return mention.kind in (PlaceKind.ACADEMY, PlaceKind.SITE)


def _chosen(found: list[PlaceMention]) -> _Scope | None:
    for kinds in _RANKS:
        of_kind = [m for m in found if m.kind in kinds]
        if PlaceKind.TOWN in kinds:
            of_kind = [m for m in of_kind if m.academies != ("paris",)]
        academies = tuple(dict.fromkeys(slug for m in of_kind for slug in m.academies))
        if not academies or len(academies) > _MANY:
            continue
        departments = tuple(dict.fromkeys(m.department for m in of_kind if m.department))
        if PlaceKind.DEPARTMENT in kinds or PlaceKind.TOWN in kinds:
            return academies, departments if PlaceKind.DEPARTMENT in kinds else ()
        return academies, ()
    return None


def zone_of(printed: str | None, academies: Academies) -> str | None:
    """Return the IANA time zone of « heure de … », or None when the place is no académie.

    :param printed: the place as printed: « Paris », « La Réunion », « métropole ».
    """
    if printed is None:
        return None
    wanted = slugify(printed)
    for academy in academies:
        if wanted in (academy.slug, f"la-{academy.slug}", slugify(academy.name)) or (
            f"la-{wanted}" == academy.slug
        ):
            return academy.time_zone
    if fold(printed).startswith("metropol"):
        return "Europe/Paris"
    return None
