"""Gzip compression of pages, styles and scripts: a phone loads a third of the bytes."""

from __future__ import annotations

import gzip

from flask import Response, request

from calendar_app.web.security import PERSONAL_PATHS

_TYPES = frozenset(
    (
        "application/feed+json",
        "application/json",
        "application/manifest+json",
        "application/xml",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
    )
)
#: The end of the ETag of compressed bytes: each variant has its own.
GZIPPED = "-gzip"

#: Size below which compression gains nothing, in bytes.
_SMALL = 1000


def compress(answer: Response) -> Response:
    """Compress an answer for a client that accepts gzip.

    Personal pages and answers to a POST stay uncompressed. Otherwise an attacker who makes a page
    repeat a guess learns from the compressed length whether the page holds that text (BREACH).
    """
    if answer.mimetype not in _TYPES or answer.status_code != 200:
        return answer
    answer.vary.add("Accept-Encoding")
    if (
        "Content-Encoding" in answer.headers
        or request.method == "POST"
        or request.path.startswith(PERSONAL_PATHS)
        or request.accept_encodings["gzip"] <= 0
    ):
        return answer
    answer.direct_passthrough = False
    data = answer.get_data()
    if len(data) >= _SMALL:
        answer.set_data(gzip.compress(data, 6, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
        if etag := answer.get_etag()[0]:
            answer.set_etag(f"{etag}{GZIPPED}")
    return answer
