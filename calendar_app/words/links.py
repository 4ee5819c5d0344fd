"""Recognising the link to a web page, and writing it as RFC 3986 demands."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import quote, urlsplit, urlunsplit

# RFC 3986: the characters that stay as they are in a path, in a query or fragment, and in the user
# information before the host.
_PATH = "!$&'()*+,;=:@/%"
_QUERY = _PATH + "?"
_USER = "!$&'()*+,;=:%"
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def is_link(text: str) -> bool:
    """Whether a text is a link to a web page.

    Such a link has http or https, a host, and no character that would end the link where it is
    shown (white space, a double quote, an angle bracket, a backslash).
    """
    try:
        parts = urlsplit(text)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # urlsplit checks the port only when the port is read
    except ValueError:
        complete = False
    return complete and not re.search(r"[\s<>\"\\]", text)


def uri(link: str) -> str:
    """Return a link as RFC 3986 writes it, for programs that accept nothing else.

    The host is written in punycode; all other characters outside ASCII are percent-encoded.
    """
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
    """Return a host with its port in punycode; percent-encoded when punycode cannot hold it."""
    if host.startswith("["):
        return host  # an IPv6 address needs no punycode
    name, colon, port = host.partition(":")
    with suppress(UnicodeError):
        name = name.encode("idna").decode("ascii")
    return _quoted(name, _USER.replace(":", "")) + colon + port


def _quoted(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe)


def whole_link(text: str) -> str:
    """Return a typed link, with « https:// » added before « www. », as browsers show links."""
    return f"https://{text}" if text[:4].lower() == "www." else text
