"""Limits on the body of a request, and on how many requests may send a body at the same time.

Bytes and fields are limited before they are parsed, and threads before they wait. Feeds and pages
are requested without a body: half of the threads stay free for them, whatever the clients that
send a body do.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar

from flask import Flask, current_app, g, request
from werkzeug.exceptions import (
    ClientDisconnected,
    RequestEntityTooLarge,
    RequestURITooLarge,
    ServiceUnavailable,
)

from calendar_app.store.base import THREADS

View = TypeVar("View", bound=Callable[..., Any])

#: Maximum size of a form, in bytes.
FORM: Final = 64 * 1024
#: Maximum size of a form with a pasted letter, in bytes.
PASTED_LETTER: Final = 256 * 1024
#: Maximum number of fields of a form, and of parameters of an address.
MAX_FIELDS: Final = 1000
#: Maximum number of parts of a form that may carry a file.
MAX_UPLOAD_PARTS: Final = 16
#: Maximum size of a query string, in bytes: « Ma sélection » with about 300 events.
MAX_QUERY: Final = 16 * 1024

#: How many bytes of a body that is too large are read and thrown away.
DRAINED: Final = 64 * 1024 * 1024
_CHUNK = 256 * 1024

#: Seconds after which a client that a full gate refused may try again.
BUSY_SECONDS: Final = 10


class Gate:
    """A limit on how many threads do the same thing at once.

    Further threads are refused, because a thread that waits is a thread in use.

    :param places: how many threads are let in, in each process.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self, seconds: float = 0) -> Iterator[None]:
        """Hold a place while the block runs.

        :param seconds: how long to wait for a place.
        :raises ServiceUnavailable: when no place is free, with ``Retry-After``.
        """
        if not self._places.acquire(timeout=seconds):
            raise ServiceUnavailable(retry_after=BUSY_SECONDS)
        try:
            yield
        finally:
            self._places.release()


#: The gate for requests with a body, from the first byte to the answer, whatever the request waits
#: for: its client (the servers that we run under have no time-out for a body: a client that stops
#: in the middle of one keeps a thread until it disconnects), a letter being read, a password being
#: verified, the transaction of another writer.
SENDING: Final = Gate(THREADS // 2)
#: The gate for reading letters: each takes a file in memory, and a process of its own that may use
#: a quarter of a gigabyte (``letters`` reads within 256 MiB).
LETTERS: Final = Gate(1)
#: Seconds that a request with a letter waits for the letters before it.
LETTER_WAITS: Final = 30


def takes(limit: int) -> Callable[[View], View]:
    """Let a view take a body of *limit* bytes (a decorator); other views take :data:`FORM`.

    Beyond :data:`PASTED_LETTER`, only uploaded files may use the limit.
    """

    def declare(view: View) -> View:
        view.body_limit = limit  # type: ignore[attr-defined]
        return view

    return declare


def bound(app: Flask) -> None:
    """Limit the requests of the application. Call this before any hook that reads a request."""
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    """Refuse a request that is too large, and read the body of any other request.

    :raises ClientDisconnected: when the body is incomplete (400).
    :raises RequestURITooLarge: when the query string is too long (414).
    :raises RequestEntityTooLarge: when there are too many bytes or fields (413).
    :raises ServiceUnavailable: when too many other clients are sending (503).
    """
    query = request.query_string
    if len(query) > MAX_QUERY or query.count(b"&") >= MAX_FIELDS:
        raise RequestURITooLarge
    view = current_app.view_functions.get(request.endpoint or "")
    limit = getattr(view, "body_limit", FORM)
    text = min(limit, PASTED_LETTER)
    is_multipart = request.mimetype == "multipart/form-data"
    request.max_content_length = limit if is_multipart else text
    # Werkzeug limits the bytes of each part, not their sum: a form with files gets few parts.
    request.max_form_memory_size = text
    request.max_form_parts = MAX_UPLOAD_PARTS if limit > text else MAX_FIELDS
    if request.method in ("GET", "HEAD", "OPTIONS"):
        # A body has no meaning with these methods (RFC 9110, section 9.3.1). It is not read, so a
        # client that sends it slowly keeps no thread.
        request.environ.update({"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"})
        return
    g.places = ExitStack()
    g.places.enter_context(SENDING.place())
    try:
        if is_multipart:
            _bound_texts(text)
        else:
            _read_text()
    except RequestEntityTooLarge:
        _throw_rest_away()
        raise


def _throw_rest_away() -> None:
    """Read the rest of a body that is too large: a browser that is still sending would show a
    broken connection instead of our answer."""
    stream, left = request.environ["wsgi.input"], DRAINED
    while left > 0 and (chunk := stream.read(_CHUNK)):
        left -= len(chunk)


def _bound_texts(most: int) -> None:
    """Read a form with files.

    :raises RequestEntityTooLarge: when its text fields have more than *most* bytes together.
    """
    texts = (text for _, text in request.form.items(multi=True))
    if sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) > most:
        for _, file in request.files.items(multi=True):
            file.close()
        raise RequestEntityTooLarge


def _read_text() -> None:
    """Read a body that is not a multipart form.

    :raises RequestEntityTooLarge: when there are too many bytes or fields.
    :raises ClientDisconnected: when the body is shorter than announced: half a form is not used.
    """
    data = request.get_data(cache=True, parse_form_data=False)
    if data.count(b"&") >= MAX_FIELDS:
        raise RequestEntityTooLarge
    if request.content_length is not None and len(data) < request.content_length:
        raise ClientDisconnected


def _leave(_error: BaseException | None) -> None:
    if "places" in g:
        g.pop("places").close()
