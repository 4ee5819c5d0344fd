"""A whole public answer that is kept, and what a view declares of its answers."""

from __future__ import annotations

from werkzeug.datastructures import Headers
from werkzeug.http import parse_date, unquote_etag

from calendar_app.store.reads import Statement
from calendar_app.web import caching
from calendar_app.web.policies import View

#: Bytes that an answer takes beside its body, and for each parameter of what it read.
_AROUND, _OF_A_PARAMETER = 4096, 80

#: The headers of a 304 beside Cache-Control (RFC 9110, section 15.4.5).
_OF_A_304 = (
    "Access-Control-Allow-Origin",
    "ETag",
    "Last-Modified",
    "Strict-Transport-Security",
    "Vary",
)


#: What a look found: the state of the catalogue, and at the end the day.
Seen = tuple[object, ...]


def never_kept_here(view: View) -> View:
    """Declare that the answers of a view are too large for memory (a decorator). Caches with a disk
    keep them."""
    view.is_large = True  # type: ignore[attr-defined]
    return view


def shows_what_it_reads(view: View) -> View:
    """Declare that an answer of a view depends on the day, on the reference values and on what this
    very request reads of the store (a decorator): not on a memory of the process, nor on the
    version of the catalogue itself."""
    view.shows_what_it_reads = True  # type: ignore[attr-defined]
    return view


#: What an answer was made of: the catalogue's state, and the values that have to stay the same.
Found = tuple[object, bytes]
Sources = tuple[object, Found | None]


class Kept:
    """A whole answer to GET.

    :ivar lasts: its Cache-Control; None for a page, whose life gets shorter towards midnight.
    :ivar seen: the look in whose state it is good.
    :ivar asked_at: when it was last asked for (``time.monotonic``).
    :ivar statements: what its making read, by which one learns that it stands in a later state.
    :ivar found: what they found then; None when one cannot learn that.
    """

    __slots__ = (
        *("asked_at", "body", "etag", "found", "headers", "lasts", "moved_at", "seen", "size"),
        *("statements", "status", "unchanged"),
    )

    def __init__(self, status: str, told: list[tuple[str, str]], body: bytes, seen: Seen) -> None:
        headers = Headers(told)
        lasts = headers.pop("Cache-Control", "")
        is_public = lasts.startswith("public") and "Set-Cookie" not in headers
        self.status, self.headers, self.body = status, tuple(headers), body
        self.unchanged = tuple(pair for pair in headers if pair[0] in _OF_A_304)
        self.etag = unquote_etag(headers.get("ETag"))[0] if is_public else None
        self.moved_at = parse_date(headers.get("Last-Modified"))
        self.lasts = None if is_public and caching.ends_at_midnight(lasts) else lasts
        # What is not public has no room in the cache.
        self.size = len(body) + _AROUND if is_public else 2**63
        self.seen, self.asked_at = seen, 0.0
        self.statements: list[Statement] = []
        self.found: Found | None = None

    def note(self, statements: list[Statement], found: Found | None) -> None:
        """Note what it was made of."""
        self.statements, self.found = statements, found
        self.size += sum(len(sql) + _OF_A_PARAMETER * len(given) for sql, given in statements)
