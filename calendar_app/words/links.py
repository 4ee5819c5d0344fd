"""What counts as the address of a page, and how it is written for programs."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import quote, urlsplit, urlunsplit

# RFC 3986: what may stand as it is in a path; in a query and a fragment; and before the host.
_PATH = "!$&'()*+,;=:@/%"
_QUERY = _PATH + "?"
_USER = "!$&'()*+,;=:%"
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def is_link(text: str) -> bool:
    """Return whether a text is the address of a page: http or https, with a host, and nothing that
    would end it where it is shown."""
    try:
        parts = urlsplit(text)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # a port that is no number is only found when it is asked for
    except ValueError:
        complete = False
    return complete and not re.search(r"[\s<>\"\\]", text)


def uri(link: str) -> str:
    """Return the address of a page as RFC 3986 writes it, for programs that know nothing else: the
    host in punycode, whatever else is no plain ASCII in percent."""
    try:
        parts = urlsplit(link)
        user, at, host = parts.netloc.rpartition("@")
        netloc = _quoted(user, _USER) + at + _host(host)
    except ValueError:
        return _quoted(link, _QUERY)
    return urlunsplit(
        (
            parts.scheme,
            netloc,
            _quoted(parts.path, _PATH),
            _quoted(parts.query, _QUERY),
            _quoted(parts.fragment, _QUERY),
        )
    )


def _host(host: str) -> str:
    """Return a host, with its port, in punycode; one that is no name of a machine, in percent."""
    if host.startswith("["):
        return host  # an IPv6 address
    name, colon, port = host.partition(":")
    with suppress(UnicodeError):
        name = name.encode("idna").decode("ascii")
    return _quoted(name, _USER.replace(":", "")) + colon + port


def _quoted(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe)


def whole_link(text: str) -> str:
    """Return the address that somebody typed, with « https:// » where they left it out before
    « www. », as browsers show it."""
    return f"https://{text}" if text[:4].lower() == "www." else text
