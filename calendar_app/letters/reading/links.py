"""Which link of a letter belongs to a dated item."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from calendar_app.letters.reading.blocks import Block, BlockKind, Outline
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.words.text import fold, slugify

_LINK = re.compile(
    r"\]\((?P<target>(?:https?://)[^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?)\)"
    r"|(?P<bare>(?:https?://|\bwww\.)[^\s<>\])|»\"]+)"
)
# What a letter's machine adds: the way out, the page in the browser.
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

#: Links of a list, characters of a section and words of a title that are looked at.
_MANY, _READ, _WORDS = 60, 3_000, 12

#: Characters from the end of a section within which a list of links is still about it.
_FAR = 6_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the text, at the character *at*."""

    at: int
    url: str


def links(text: str) -> list[Link]:
    """Return the links of *text* in its order."""
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
    """Return the link nearest to the date at *at*: in its line or sentence, then in its section;
    else, of a list of links (a page's end), the one whose address names the item."""
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
        # What follows a paragraph is about it (« En savoir plus : … »).
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
    """The links from *start* to *end*, the first ones if there are many."""
    low = bisect_left(found, start, key=lambda link: link.at)
    high = bisect_left(found, end, key=lambda link: link.at)
    return found[low : min(high, low + _MANY)]


def _is_listed(outline: Outline, link: Link) -> bool:
    block: Block | None = outline.block_at(link.at)
    return block is not None and block.kind is BlockKind.LINKS


@dataclass(frozen=True, slots=True)
class Signs:
    """What may stand in an address that is about an item: words and rows of words of its title,
    first letters of names in quotation marks, names of académies."""

    words: tuple[str, ...]
    title: tuple[str, ...]
    initials: tuple[str, ...]
    places: tuple[str, ...]

    @classmethod
    @lru_cache(64)
    def of(cls, title: str, section: str) -> Signs:
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
        """How much an address names the item: from 1 on, it does."""
        parts = urlsplit(url)
        host = fold(parts.netloc)
        address = re.sub(r"[^a-z0-9]", "", host + fold(parts.path))
        found = sum(1.0 for word in self.words if word in address)
        found += self._longest_row(address)
        found += sum(2 for i in self.initials if re.search(rf"(?<![a-z]){i}(?![a-z])", host))
        return found + sum(1.5 for place in self.places if place in address)

    def _longest_row(self, address: str) -> int:
        """How many words of the title stand together in the address, from three on."""
        for size in range(len(self.title), 2, -1):
            starts = range(len(self.title) - size + 1)
            if any("".join(self.title[at : at + size]) in address for at in starts):
                return size + 2 * (size == len(self.title))
        return 0
