"""How long an answer may be kept and by whom, and what a client is told that has it already.

The answers of a view that is :attr:`Policy.PUBLIC` are the same for everybody: browsers and caches
keep them. All others, and errors, are ``private, no-store``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from importlib.metadata import version
from operator import itemgetter
from typing import Any
from urllib.parse import unquote_plus

from flask import Response, current_app, request
from werkzeug.http import parse_date, parse_etags

from calendar_app.school.local_time import PARIS
from calendar_app.web.compression import GZIPPED, compress
from calendar_app.web.page import instant
from calendar_app.web.policies import Policy

#: The release: another one may write other bytes.
RELEASE = version("calendar-app")

#: A feed. Its reader may keep it for 900 s. A shared cache asks after 60 s whether it changed; it
#: answers with what it has for 600 s more while it asks, and for a week while nobody answers.
FEED_CACHE = "public, max-age=900, s-maxage=60, stale-while-revalidate=600, stale-if-error=604800"

#: A file whose address holds its hash: it never changes (RFC 8246).
FILE_CACHE = "public, max-age=31536000, immutable"

#: The parameters that some public page or feed reads; deploy/nginx.conf names them too.
PARAMETERS = frozenset(
    "academie alarmes apres date deja departement depuis evenement evenements fenetres flux format "
    "hauteur journees le lieu maxheight maxwidth niveau nombre page papier partie q rappels "
    "theme type url vacances".split()
)

#: Seconds for which a browser, and a shared cache before it, keep a page: an editor soon sees what
#: was published.
PAGE_SECONDS = 10

_KEPT_BY_NOBODY = "private, no-store"

#: The answers of public views that may be kept: the page, that it did not change, where it is.
KEPT_STATUSES = frozenset((200, 301, 302, 304, 308))


def page_cache(now: datetime) -> str:
    """Return the Cache-Control of a page that is answered at an instant (aware).

    Pages count down to dates, so no copy outlives the day of their place, which is Paris for all. A
    browser may keep a page for its whole ``max-age`` after a shared cache has kept it for its whole
    ``s-maxage``: both together end at midnight.
    """
    today = now.astimezone(PARIS).date()
    midnight = datetime.combine(today + timedelta(days=1), time.min, PARIS)
    left = int(midnight.timestamp() - now.timestamp())
    seconds = min(PAGE_SECONDS, left // 2)
    return f"public, max-age={seconds}, s-maxage={seconds}, stale-if-error={left - 2 * seconds}"


def ends_at_midnight(cache_control: str) -> bool:
    """Return whether a Cache-Control is one that :func:`page_cache` made."""
    return cache_control not in (FEED_CACHE, FILE_CACHE)


def counted_query(query: str) -> str:
    """Return a query string without the parameters that nobody reads, in the order of their names;
    the order of the values of one parameter stays."""
    pairs = [(unquote_plus(piece.partition("=")[0]), piece) for piece in query.split("&")]
    return "&".join(piece for name, piece in sorted(pairs, key=itemgetter(0)) if name in PARAMETERS)


def etag_of(data: bytes) -> str:
    """Return the ETag of these bytes without compression, without its quotes."""
    return hashlib.sha256(RELEASE.encode() + b"\n" + data).hexdigest()[:32]


def is_known(environ: Mapping[str, Any], etag: str | None, moved_at: datetime | None) -> bool:
    """Return whether the client has this version. If-None-Match wins over If-Modified-Since
    (RFC 9110, section 13.2.2). The ETag of either variant counts: both hold the same text.

    :param environ: the WSGI environment of the request.
    :param etag: that of either variant, without its quotes; None when there is none.
    :param moved_at: the Last-Modified (aware), if there is one.
    """
    if "HTTP_IF_NONE_MATCH" in environ:
        if (asked := environ["HTTP_IF_NONE_MATCH"]) == f'"{etag}"':
            return True  # nearly always
        plain, tags = (etag or "").removesuffix(GZIPPED), parse_etags(asked)
        return bool(plain) and any(tags.contains_weak(e) for e in (plain, f"{plain}{GZIPPED}"))
    if moved_at is None or "HTTP_IF_MODIFIED_SINCE" not in environ:
        return False
    try:
        since = parse_date(environ["HTTP_IF_MODIFIED_SINCE"])
    except OverflowError:  # the year 99999999999999999999
        return False
    return since is not None and moved_at <= since


def finish(answer: Response) -> Response:
    """Say how long an answer may be kept, compress it, and leave its bytes out where the client has
    them. (It runs after each request.)"""
    if not _is_for_everybody(answer):
        answer.headers["Cache-Control"] = _KEPT_BY_NOBODY
        return compress(answer)
    answer.headers.setdefault("Cache-Control", page_cache(instant()))
    if answer.status_code == 200:
        if "ETag" not in answer.headers:
            answer.set_etag(etag_of(answer.get_data()))
        answer = compress(answer)
        answer.vary.add("Accept-Encoding")
        if is_known(request.environ, answer.get_etag()[0], answer.last_modified):
            answer.status_code = 304
            answer.set_data(b"")
            for name in ("Content-Type", "Content-Length", "Content-Encoding"):
                answer.headers.pop(name, None)
    return answer


def _is_for_everybody(answer: Response) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return (
        getattr(view, "policy", None) is Policy.PUBLIC
        and request.method in ("GET", "HEAD")
        and answer.status_code in KEPT_STATUSES
    )
