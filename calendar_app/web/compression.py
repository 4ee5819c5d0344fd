"""Pages, style and scripts travel gzipped: a third of what a telephone pays for."""

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
#: Bytes below which nothing is gained.
_SMALL = 1000


def compress(answer: Response) -> Response:
    """Compress an answer for whoever takes gzip.

    What is somebody's own stays as it is: the length of a compressed page tells whether what an
    attacker had it repeat stands in it twice (BREACH).
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
            # The same page in other bytes.
            answer.set_etag(etag, weak=True)
    return answer
