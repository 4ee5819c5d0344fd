"""Which link of a letter belongs to a dated item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from calendar_app.domain.letters.blocks import Block, BlockKind, Outline
from calendar_app.domain.letters.surroundings import Place
from calendar_app.domain.text import fold, slugify

_LINK = re.compile(
    r"\]\((?P<target>(?:https?://)[^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?)\)"
    r"|(?P<bare>(?:https?://|\bwww\.)[^\s<>\])|»\"]+)"
)
# What a letter's machine adds: the way out, the page in the browser.
_SERVICE = re.compile(
    r"d[eé]s(?:inscri|abonn)|unsubscribe|/stop\b|navigateur|view-?in-?browser"
    r"|tracking"
)

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
    outline: Outline, place: Place, at: int, title: str, found: Sequence[Link]
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
    listed = {id(b) for b in outline.blocks if b.kind is BlockKind.LINKS}
    near = [
        link
        for link in found
        if block.end <= link.at < end and not _in_links(outline, link, listed)
    ]
    if near:
        # What follows a paragraph is about it (« En savoir plus : … »).
        return near[0].url
    ahead = [link for link in found if section.start <= link.at <= section.end + _FAR]
    scored = [
        (named(link.url, title, outline.text[section.start : section.end]), -n, link.url)
        for n, link in enumerate(ahead)
    ]
    best = max(scored, default=(0.0, 0, ""))
    if best[0] >= 1:
        return best[2]
    own = [link for link in found if start <= link.at < end]
    return own[0].url if own and len({link.url for link in own}) == 1 else None


def _in_links(outline: Outline, link: Link, listed: set[int]) -> bool:
    block: Block | None = outline.block_at(link.at)
    return block is not None and id(block) in listed


def named(url: str, title: str, section: str) -> float:
    """How much an address names what a section is about."""
    parts = urlsplit(url)
    address = re.sub(r"[^a-z0-9]", "", fold(parts.netloc + parts.path))
    words = [w for w in slugify(title).split("-") if len(w) > 3 and w not in _COMMON]
    joined = "".join(slugify(title).split("-"))
    score = sum(1.0 for word in words if word in address)
    tail = slugify(title).split("-")
    for size in range(len(tail), 2, -1):
        if any("".join(tail[i : i + size]) in address for i in range(len(tail) - size + 1)):
            score += size
            break
    if joined and joined in address:
        score += 2
    for quoted in re.findall(r"[«“]([^»”]{5,80})[»”]", title + " " + section[:1500]):
        letters = "".join(w[0] for w in slugify(quoted).split("-") if w)
        if len(letters) >= 3 and re.search(rf"(?<![a-z]){letters}(?![a-z])", fold(parts.netloc)):
            score += 2
    for place in re.findall(
        r"(?:acad[ée]mie|dane|drane|rectorat)\s+(?:de |d['’])?\s?([\w-]+)", section, re.IGNORECASE
    ):
        if len(place) > 3 and slugify(place) in address:
            score += 1.5
    return score


_COMMON = frozenset(
    "concours edition pour dans avec classe classes ecole ecoles projet lancement journee semaine"
    " numerique educatif education https".split()
)
