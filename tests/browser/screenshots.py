"""Take the screenshots of the documentation again, into ``docs/images/``.

Usage, after a visible change (it needs Chromium)::

    .venv/bin/python -m tests.browser.screenshots

Look at each screenshot before you commit it.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import PLACES, ROOT, WIDTHS, chromium, serving

FOLDER = ROOT / "docs" / "images"
#: Name of the picture → one state of each page. The month is the national page, as visitors see it
#: who have not chosen an académie.
PAGES = {
    "home": PLACES["home"].address,
    "list": "/agenda/?le=2021-01-04&academie=lille",
    "month": "/calendrier/2021/01/?le=2021-01-04",
    "school-year": PLACES["year-academie"].address,
    "poster": "/annee-scolaire/2020-2021/affiche/?le=2021-01-04",
    "event": PLACES["contest"].address,
    "choice": PLACES["choice"].address,
    "selection": PLACES["selection"].address,
    "composer": "/flux/?le=2021-01-04&academie=lille",
    "guide": PLACES["how-to"].address,
    "builder": PLACES["embed-builder"].address,
    "embed": "/embed/agenda/?le=2021-01-04",
    "nothing-left": PLACES["home-nothing"].address,
    "sign-up": PLACES["sign-up"].address,
    "propose": PLACES["propose"].address,
    "help": PLACES["help"].address,
    "site-map": PLACES["site-map"].address,
    "accessibility": PLACES["accessibility"].address,
    "personal-data": PLACES["personal-data"].address,
    "legal-notice": PLACES["legal-notice"].address,
    "not-found": PLACES["not-found"].address,
}
#: The largest size of a picture, in bytes: everybody who clones the project downloads the pictures.
LIMIT = 150_000


def main() -> None:
    """Take each picture and print its size.

    :raises SystemExit: when a picture is larger than :data:`LIMIT`.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        chromium() as browser,
        tempfile.TemporaryDirectory() as instance,
        serving(Path(instance)) as site,
    ):
        for width in WIDTHS:
            page = browser.new_page(
                base_url=site, locale="fr-FR", viewport={"width": width, "height": 640}
            )
            for name, address in PAGES.items():
                page.goto(address)
                picture = with_few_colours(page.screenshot(full_page=True, animations="disabled"))
                path = FOLDER / f"{name}-{width}.png"
                path.write_bytes(picture)
                say(f"{path.relative_to(ROOT)}: {len(picture):,} bytes")
                if len(picture) > LIMIT:
                    sys.exit(f"{path.name} is over {LIMIT:,} bytes")


def say(line: str) -> None:
    """Write a line to the standard output."""
    sys.stdout.write(f"{line}\n")


def with_few_colours(png: bytes, colours: int = 256) -> bytes:
    """Return the picture in few colours, which makes it three times smaller.

    Half of the colours are the most frequent colours of the picture. The other half are the colours
    that are farthest from these; without them, the few green pixels of an opening would turn grey.

    :param colours: the number of colours, 256 at most.
    :param png: a PNG as Chromium writes it: 8 bits a channel, no transparency, not interlaced.
    """
    chunks = list(_chunks(png))
    header = dict(chunks)[b"IHDR"]
    width, height, depth, colour_type, *_, interlaced = struct.unpack(">IIBBBBB", header)
    assert (depth, colour_type, interlaced) == (8, 2, 0), "another kind of PNG than expected"
    data = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    rows = [
        [tuple(row[x : x + 3]) for x in range(0, len(row), 3)] for row in _rows(data, 3 * width)
    ]
    counted = Counter(pixel for row in rows for pixel in row)
    palette = [colour for colour, _ in counted.most_common(colours // 2)]
    gaps = {colour: min(_distance(colour, kept) for kept in palette) for colour in counted}
    while len(palette) < min(colours, len(counted)):
        palette.append(max(gaps, key=gaps.__getitem__))
        gaps = {colour: min(gap, _distance(colour, palette[-1])) for colour, gap in gaps.items()}
    index = {
        colour: min(range(len(palette)), key=lambda n: _distance(colour, palette[n]))
        for colour in counted
    }
    # Every row is stored without a filter (filter 0), which compresses flat areas best.
    packed = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in rows)
    return (
        png[:8]
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", bytes(channel for colour in palette for channel in colour))
        + _chunk(b"IDAT", zlib.compress(packed, 9))
        + _chunk(b"IEND", b"")
    )


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        yield kind, png[position + 8 : position + 8 + length]
        position += length + 12


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def _rows(data: bytes, width: int) -> Iterator[bytearray]:
    """Yield the rows of bytes with their filters undone (PNG specification, section 9)."""
    above = bytearray(width)
    for start in range(0, len(data), width + 1):
        row = bytearray(data[start + 1 : start + 1 + width])
        for x, value in enumerate(row):
            left, corner = (row[x - 3], above[x - 3]) if x >= 3 else (0, 0)
            match data[start]:
                case 0:
                    break
                case 1:
                    guess = left
                case 2:
                    guess = above[x]
                case 3:
                    guess = (left + above[x]) // 2
                case _:
                    straight = left + above[x] - corner
                    guess = min((left, above[x], corner), key=lambda near: abs(straight - near))
            row[x] = (value + guess) % 256
        yield row
        above = row


if __name__ == "__main__":
    try:
        main()
    except pytest.skip.Exception as missing:
        sys.exit(str(missing))
