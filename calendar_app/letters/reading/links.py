"""The links of a letter, and the link that belongs to a dated item."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from calendar_app.letters.layout.blocks import Block, BlockKind, Outline
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold, slugify

_LINK = re.compile(
    r"\]\((?P<target>(?:https?://)[^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?)\)"
    r"|(?P<bare>(?:https?://|\bwww\.)[^\s<>\])|»\"]+)"
)
# Links that mailing software adds: to unsubscribe, to read in a browser, to track readers.
_SERVICE = re.compile(
    r"d[eé]s(?:inscri|abonn)|unsubscribe|/stop\b|navigateur|view-?in-?browser"
    r"|tracking"
)

_COMMON = frozenset(
    "concours edition pour dans avec classe classes ecole ecoles projet lancement journee semaine"
    " numerique educatif education https".split()
)
_QUOTED = re.compile(r"[«“]([^»”]{5,80})[»”]")
_PLACES = re.compile(
    r"\b(?:acad[ée]mie|dane|drane|rectorat)\s+(?:de |d['’])?\s?([\w-]+)", re.IGNORECASE
)

#: How many links of a list, characters of a section and words of a title are compared.
_MANY, _READ, _WORDS = 60, 3_000, 12

#: How many characters after the end of a section a list of links may be about it.
_FAR = 6_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the text.

    :param at: where the link starts, in characters.
    """

    at: int
    url: str


def links(text: str) -> list[Link]:
    """Return the web links of *text* in its order, without those that mailing software adds."""
    found = []
    for match in _LINK.finditer(text):
        url = (match["target"] or match["bare"]).rstrip(".,;:!?…'*_")
        if _SERVICE.search(url):
            continue
        found.append(Link(match.start(), url if "://" in url else f"https://{url}"))
    return found


def link_of(
    outline: Outline, place: Surroundings, at: int, title: str, found: Sequence[Link]
) -> str | None:
    """Return the address of the link that belongs to the date at *at*, or None.

    This is the nearest link in the sentence or the block of the date. A list item or a row has no
    other link. Else the first link after the block in the date's territory (``surroundings``) is
    taken; else the link of the section, or of a list of links after it, whose address names the
    item; else the only address in the territory.

    :param title: the title of the item.
    :param found: the links of the text, in its order.
    """
    block = place.block
    inside = [link for link in found if block.start <= link.at < block.end]
    if inside:
        first, last = place.sentence
        same = [link for link in inside if first <= link.at < last]
        return min(same or inside, key=lambda link: abs(link.at - at)).url
    section = place.section
    if block.kind in (BlockKind.ITEM, BlockKind.ROW):
        return None
    start, end = place.territory
    near = [link for link in _between(found, block.end, end) if not _is_listed(outline, link)]
    if near:
        # The link that follows a paragraph is about it (« En savoir plus : … »).
        return near[0].url
    ahead = _between(found, section.start, section.end + _FAR)
    about = Signs.of(title, outline.text[section.start : min(section.end, section.start + _READ)])
    scored = [(about.score(link.url), -n, link.url) for n, link in enumerate(ahead)]
    best = max(scored, default=(0.0, 0, ""))
    if best[0] >= 1:
        return best[2]
    own = [link for link in found if start <= link.at < end]
    return own[0].url if own and len({link.url for link in own}) == 1 else None


def _between(found: Sequence[Link], start: int, end: int) -> Sequence[Link]:
    """Return the links from *start* to *end*, 60 at most."""
    low = bisect_left(found, start, key=lambda link: link.at)
    high = bisect_left(found, end, key=lambda link: link.at)
    return found[low : min(high, low + _MANY)]


def _is_listed(outline: Outline, link: Link) -> bool:
    block: Block | None = outline.block_at(link.at)
    return block is not None and block.kind is BlockKind.LINKS


@dataclass(frozen=True, slots=True)
class Signs:
    """The texts that show that an address is about an item.

    :param words: the words of its title, without common ones.
    :param title: all first words of its title, which may stand together in an address.
    :param initials: the first letters of the quoted names in its title and section.
    :param places: the names of the académies in its section.
    """

    words: tuple[str, ...]
    title: tuple[str, ...]
    initials: tuple[str, ...]
    places: tuple[str, ...]

    @classmethod
    @lru_cache(64)
    def of(cls, title: str, section: str) -> Signs:
        """Return the signs of an item, from its title and the text of its section."""
        parts = tuple(slugify(title).split("-"))[:_WORDS]
        quoted = _QUOTED.findall(f"{title} {section[:1500]}")
        initials = ("".join(w[0] for w in slugify(said).split("-") if w) for said in quoted)
        return cls(
            tuple(word for word in parts if len(word) > 3 and word not in _COMMON),
            parts,
            tuple(letters for letters in initials if len(letters) > 2),
            tuple({slugify(name) for name in _PLACES.findall(section) if len(name) > 3}),
        )

    def score(self, url: str) -> float:
        """Return how clearly an address names the item; with 1 or more, it does."""
        parts = urlsplit(url)
        host = fold(parts.netloc)
        address = re.sub(r"[^a-z0-9]", "", host + fold(parts.path))
        found = sum(1.0 for word in self.words if word in address)
        found += self._longest_row(address)
        found += sum(2 for i in self.initials if re.search(rf"(?<![a-z]){i}(?![a-z])", host))
        return found + sum(1.5 for place in self.places if place in address)

    def _longest_row(self, address: str) -> int:
        """Return how many words of the title stand together in the address, or 0 below three.

        The whole title counts for two more.
        """
        for size in range(len(self.title), 2, -1):
            starts = range(len(self.title) - size + 1)
            if any("".join(self.title[at : at + size]) in address for at in starts):
                return size + 2 * (size == len(self.title))
        return 0
