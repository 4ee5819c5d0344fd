"""A mail in two parts: the form that many people share, and the values of one person.

Thousands of mails of a morning share one form. The outbox, which keeps a mail while it is in doubt,
keeps the form once and the few values of each mail, and gets the same bytes again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

#: A line break that the reader's mail program removes (RFC 2045, section 6.7).
SOFT_BREAK = b"=\r\n"
#: The bytes of a value on one line: quoted-printable allows 76, with the mark of a soft break.
_PIECE = 70


@dataclass(frozen=True)
class Form:
    """Pieces of bytes, of which every second one is the name of a value: ``token`` in a header,
    ``=token`` in a body, where the value stands on lines of its own."""

    pieces: tuple[bytes, ...]

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Return the mail with these values by name; names and values are ASCII."""
        found: dict[bytes, bytes] = {}
        for name, text in values.items():
            value = text.encode("ascii")
            found[name.encode()] = value
            found[b"=" + name.encode()] = value if len(value) <= _PIECE else _broken(value)
        pieces = list(self.pieces)
        pieces[1::2] = [found[name] for name in pieces[1::2]]
        return b"".join(pieces)

    @cached_property
    def key(self) -> str:
        """A key of 32 characters: equal forms have the same key, different forms have different
        keys."""
        return hashlib.sha256(self._written).hexdigest()[:32]

    @cached_property
    def stored(self) -> bytes:
        """The form as the store keeps it."""
        return zlib.compress(self._written)

    @cached_property
    def _written(self) -> bytes:
        return json.dumps([piece.decode("ascii") for piece in self.pieces]).encode()

    @classmethod
    def read(cls, stored: bytes) -> Form:
        """Return the form that is stored as *stored*."""
        return cls(tuple(piece.encode("ascii") for piece in json.loads(zlib.decompress(stored))))


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A whole mail. The same form and values give the same bytes."""

    form: Form
    values: Mapping[str, str]

    @property
    def data(self) -> bytes:
        """The bytes of the mail: ASCII, CRLF, no line over 998 characters."""
        return self.form.fill(self.values)


def _broken(value: bytes) -> bytes:
    return SOFT_BREAK.join(value[at : at + _PIECE] for at in range(0, len(value), _PIECE))
