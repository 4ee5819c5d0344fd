"""Parts of a text that are compressed once, and joined as one gzip file (RFC 1952)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

#: Level 9, gzip's default, takes six tenths more time for six hundredths fewer bytes.
_LEVEL = 6
#: No name, no instant: the same parts give the same bytes.
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: The block of deflate (RFC 1951) that ends a file.
_LAST_BLOCK = b"\x03\x00"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text, compressed without a look at what stands before it.

    :param size: length of the part, in bytes.
    :param crc: its CRC-32.
    :param crc_of_zeros: the CRC-32 of as many zeros.
    :param digest: its SHA-256.
    """

    deflated: bytes
    size: int
    crc: int
    crc_of_zeros: int
    digest: bytes

    @classmethod
    def of(cls, data: bytes) -> Part:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        deflated = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
        size = len(data)
        return cls(deflated, size, zlib.crc32(data), zlib.crc32(bytes(size)), sha256(data).digest())


def joined(parts: Iterable[Part]) -> bytes:
    """Return the gzip file of parts in their order: one member, since some programs read no more
    than the first."""
    crc, size, blocks = 0, 0, [_HEAD]
    for part in parts:
        # The CRC of two texts in a row, without their bytes: CRC-32 is linear.
        crc = zlib.crc32(bytes(part.size), crc) ^ part.crc_of_zeros ^ part.crc
        size += part.size
        blocks.append(part.deflated)
    ends = (_LAST_BLOCK, crc.to_bytes(4, "little"), (size % 2**32).to_bytes(4, "little"))
    return b"".join((*blocks, *ends))
