"""For whom a dated item is: the académies and départements that the text around it names."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from calendar_app.letters.reading.blocks import BlockKind, Outline
from calendar_app.letters.reading.flat_text import folded
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.school.academies import Academies
from calendar_app.school.place_names import PlaceKind, PlaceMention
from calendar_app.school.places import Gazetteer
from calendar_app.words.text import fold, slugify

#: Characters around a date, within its section, that are still about it.
_ABOUT = 1500

#: Characters of a letter's head, and of its signature.
_HEAD = 450

#: Paragraphs of a section that may lead to its list.
_LEADING = 5

#: More académies than these are a list of examples, or of all of them.
_MANY = 6

_NATIONAL = re.compile(
    r"\b(?:nationale?s?|nationaux|toute la france|france entiere|ensemble du territoire|europeen\w*"
    r"|international\w*|toutes les academies)\b"
)
# What names the audience outranks what names a place.
_RANKS = (
    (PlaceKind.ACADEMY,),
    (PlaceKind.DEPARTMENT,),
    (PlaceKind.REGION,),
    (PlaceKind.SITE,),
    (PlaceKind.TOWN,),
)


_OFFICE = re.compile(
    r"\b(?:dsden|dasen|inspection|canope|circonscriptions?|rectorat|departement(?:ale?s?"
    r"|aux)?)\b[^.]{0,20}$"
)

#: Académies (slugs) and départements (codes).
_Scope = tuple[tuple[str, ...], tuple[str, ...]]


class Scopes:
    """The places of a text, asked for by the date that they stand around."""

    def __init__(self, outline: Outline, gazetteer: Gazetteer) -> None:
        self.outline = outline
        self.mentions = gazetteer.mentions(outline.text)
        self._starts = [mention.start for mention in self.mentions]
        self._letter = self._of_letter()

    def of(self, place: Surroundings, at: int) -> _Scope:
        """Return the académies (slugs) and the départements (codes) of the item at *at*.

        Both are empty for a date of the whole nation. A town says where something takes place, and
        so for whom; Paris does not, where half of what is national takes place.
        """
        for ring in self._rings(place, at):
            spans = [(max(a, at - _ABOUT), min(b, at + _ABOUT)) for a, b in ring]
            found = [m for span in spans for m in self._within(*span)]
            if chosen := _chosen(found):
                return self._within_own(chosen, found)
            said = " ".join(folded(self.outline.text[a:b]) for a, b in spans if a < b)
            if _NATIONAL.search(said):
                return (), ()
        return self._letter

    def _rings(self, place: Surroundings, at: int) -> Iterable[list[tuple[int, int]]]:
        """What is around a date, from near to far."""
        section, block = place.section, place.block
        heading = [(section.heading.start, section.heading.end)] if section.heading else []
        if block.kind is BlockKind.HEADING:
            yield [(block.start, block.end)]
        else:
            yield [place.sentence]
            yield [(block.start, block.end)]
        yield heading
        if block.kind in (BlockKind.ITEM, BlockKind.ROW):
            # The other items of a list are about something else; what leads to it is not.
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
        """An académie's own letter, by its head or its signature, is for it."""
        blocks = self.outline.blocks
        headings = [b.start for b in blocks if b.kind is BlockKind.HEADING and b.level < 4]
        head = (0, min([_HEAD, *headings[1:]]))  # the first heading is the letter's own
        signature = (
            (max(blocks[-1].start, blocks[-1].end - _HEAD), blocks[-1].end) if blocks else head
        )
        for start, end in (head, signature):
            chosen = _chosen([m for m in self._within(start, end) if self._is_sender(m)])
            if chosen and len(chosen[0]) == 1:
                return chosen
        # Links to one académie's sites only: the letter is its own. (One site is not enough.)
        sites = [m for m in self.mentions if m.kind is PlaceKind.SITE]
        slugs, hosts = {m.academies for m in sites}, {self._host(m) for m in sites}
        return (slugs.pop(), ()) if len(hosts) > 1 and len(slugs) == 1 else ((), ())

    def _host(self, site: PlaceMention) -> str:
        said = re.sub(r"\s", "", self.outline.text[max(0, site.start - 40) : site.end])
        return str(re.findall(r"[\w.-]+", said)[-1]).lower()

    def _within_own(self, chosen: _Scope, found: list[PlaceMention]) -> _Scope:
        """A town of the sender's own départements is for those."""
        academies, departments = self._letter
        inside = {m.department for m in found if m.department} <= set(departments)
        return self._letter if not chosen[1] and chosen[0] == academies and inside else chosen

    def _is_sender(self, mention: PlaceMention) -> bool:
        """Whether a place is that of an office (« DSDEN de l'Allier »), or of its site."""
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
    """Return the IANA zone of « heure de … », as far as France goes."""
    if printed is None:
        return None
    wanted = slugify(re.sub(r"^La ", "La ", printed))
    for academy in academies:
        if wanted in (academy.slug, f"la-{academy.slug}", slugify(academy.name)) or (
            f"la-{wanted}" == academy.slug
        ):
            return academy.time_zone
    if fold(printed).startswith("metropol"):
        return "Europe/Paris"
    return None
