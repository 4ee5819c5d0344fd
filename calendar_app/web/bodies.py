"""What a request may bring, and how many may be at work at once.

What is scarce is bounded before anything is built of it: bytes and fields before they are parsed,
threads before they wait. Feeds and pages are read without a body: whatever those who send one do,
half of the threads stay free for them.
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

#: Bytes of a form.
FORM: Final = 64 * 1024
#: Bytes of a form in which a letter is pasted.
PASTED_LETTER: Final = 256 * 1024
#: Fields of a form, and parameters of an address.
MAX_FIELDS: Final = 1000
#: Parts of a form with which a file comes.
MAX_UPLOAD_PARTS: Final = 16
#: Bytes of the parameters of an address: « Ma sélection » with some three hundred events.
MAX_QUERY: Final = 16 * 1024

#: Bytes that are read and thrown away of what is too large.
DRAINED: Final = 64 * 1024 * 1024
_CHUNK = 256 * 1024

#: Seconds after which somebody who found no place may try again.
BUSY_SECONDS: Final = 10


class Gate:
    """Lets a number of threads in at once; one more is sent away, for waiting takes a thread, too.

    :param places: how many, in each process.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def place(self, seconds: float = 0) -> Iterator[None]:
        """Hold a place for the time of the block.

        :param seconds: how long to wait for one.
        :raises ServiceUnavailable: when there is none, with ``Retry-After``.
        """
        if not self._places.acquire(timeout=seconds):
            raise ServiceUnavailable(retry_after=BUSY_SECONDS)
        try:
            yield
        finally:
            self._places.release()


#: Reading bodies. No server that we run under has a time-out for a body: a client that stops in the
#: middle of one keeps a thread until it leaves.
READING: Final = Gate(THREADS // 4)
#: From the first byte of a body to the answer, whatever it waits for: a letter being read, a
#: password being verified, another writer.
SENDING: Final = Gate(THREADS // 2)
#: Reading letters: a file in memory, and a process of its own that may take half a gigabyte.
LETTERS: Final = Gate(1)
#: Seconds that somebody who dropped a letter waits for those before them.
LETTER_WAITS: Final = 30


def takes(limit: int) -> Callable[[View], View]:
    """Let a view take a body of *limit* bytes; the others take :data:`FORM`. Only files that are
    uploaded count beyond :data:`PASTED_LETTER`."""

    def declare(view: View) -> View:
        view.body_limit = limit  # type: ignore[attr-defined]
        return view

    return declare


def bound(app: Flask) -> None:
    """Bound the requests of the application; call it before anything that reads one."""
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    """Refuse what is too large, and read the body of what is not.

    :raises ClientDisconnected: for half a body (400).
    :raises RequestURITooLarge: for too long an address (414).
    :raises RequestEntityTooLarge: for too many bytes or fields (413).
    :raises ServiceUnavailable: when too many others are sending (503).
    """
    query = request.query_string
    if len(query) > MAX_QUERY or query.count(b"&") >= MAX_FIELDS:
        raise RequestURITooLarge
    view = current_app.view_functions.get(request.endpoint or "")
    limit = getattr(view, "body_limit", FORM)
    text = min(limit, PASTED_LETTER)
    is_multipart = request.mimetype == "multipart/form-data"
    request.max_content_length = limit if is_multipart else text
    # Werkzeug bounds the bytes of each part: where a file may come, there are few parts.
    request.max_form_memory_size = text
    request.max_form_parts = MAX_UPLOAD_PARTS if limit > text else MAX_FIELDS
    if request.method in ("GET", "HEAD", "OPTIONS"):
        # A body has no meaning there (RFC 9110, section 9.3.1): whoever sends one slowly holds
        # nobody up.
        request.environ.update({"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"})
        return
    g.places = ExitStack()
    g.places.enter_context(SENDING.place())
    with READING.place():
        try:
            if is_multipart:
                _bound_texts(text)
            else:
                _read_text()
        except RequestEntityTooLarge:
            _throw_rest_away()
            raise


def _throw_rest_away() -> None:
    """Read what is left of a body that is too large: a browser that is still sending would show
    that the connection broke, and not what we answer."""
    stream, left = request.environ["wsgi.input"], DRAINED
    while left > 0 and (chunk := stream.read(_CHUNK)):
        left -= len(chunk)


def _bound_texts(most: int) -> None:
    """Read a form with files.

    :raises RequestEntityTooLarge: when its texts have more than *most* bytes together.
    """
    texts = (text for _, text in request.form.items(multi=True))
    if sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) > most:
        for _, file in request.files.items(multi=True):
            file.close()
        raise RequestEntityTooLarge


def _read_text() -> None:
    """Read a body that is no upload.

    :raises RequestEntityTooLarge: for too many bytes or fields.
    :raises ClientDisconnected: for one that ends before its end: half a form is none.
    """
    data = request.get_data(cache=True, parse_form_data=False)
    if data.count(b"&") >= MAX_FIELDS:
        raise RequestEntityTooLarge
    if request.content_length is not None and len(data) < request.content_length:
        raise ClientDisconnected


def _leave(_error: BaseException | None) -> None:
    if "places" in g:
        g.pop("places").close()
