"""A mail without what is each person's, and what is.

Thousands of mails of a morning share one form. Whoever must keep a mail for a while (the outbox,
while it is in doubt) keeps the form once and the few values of each mail, and gets the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

#: A line break that the reader takes out again (RFC 2045, section 6.7).
SOFT_BREAK = b"=\r\n"
#: The bytes of a value on one line: quoted-printable allows 76, with the mark of a soft break.
_PIECE = 70


@dataclass(frozen=True)
class Form:
    """Pieces of bytes, and between them (every other one) the names of values: in a header
    « token », in a body « =token », which stands on lines of its own."""

    pieces: tuple[bytes, ...]

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Return the mail with these values, whose names are in ASCII and so are they."""
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
        """The same for the same form, and for no other: 32 characters."""
        return hashlib.sha256(self._written).hexdigest()[:32]

    @cached_property
    def stored(self) -> bytes:
        """The form as it is kept."""
        return zlib.compress(self._written)

    @cached_property
    def _written(self) -> bytes:
        return json.dumps([piece.decode("ascii") for piece in self.pieces]).encode()

    @classmethod
    def read(cls, stored: bytes) -> Form:
        """Return the form that is kept as *stored*."""
        return cls(tuple(piece.encode("ascii") for piece in json.loads(zlib.decompress(stored))))


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A whole mail. The same form and values give the same bytes."""

    form: Form
    values: Mapping[str, str]

    @property
    def data(self) -> bytes:
        """The mail: ASCII, CRLF, no line over 998 characters."""
        return self.form.fill(self.values)


def _broken(value: bytes) -> bytes:
    return SOFT_BREAK.join(value[at : at + _PIECE] for at in range(0, len(value), _PIECE))
