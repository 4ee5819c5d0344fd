"""Reading the text of an environment variable: what a value may be.

A function that reads a value raises ValueError for a value that it refuses; the sentence that the
operator reads stands beside the field (``config.settings``).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from email.headerregistry import Address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from calendar_app.words.text import clean_line

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Value = TypeVar("_Value")
_Default = TypeVar("_Default")
_Number = TypeVar("_Number", int, float)

_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.IGNORECASE)
MAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@{DOMAIN.pattern}", re.IGNORECASE)


class SettingsError(Exception):
    """The program cannot start; ``str(error)`` is French, one sentence a line."""


def one_of(*choices: str) -> Callable[[str], str]:
    """Read one of *choices*, whatever its case."""
    return lambda text: choices[choices.index(text.lower())]


def number(kind: Callable[[str], _Number], low: _Number, high: _Number) -> Callable[[str], _Number]:
    """Read an ``int`` or a ``float`` (*kind*) from *low* to *high*, both included."""

    def parse(text: str) -> _Number:
        value = kind(text)
        if not low <= value <= high:  # so, and not the other way round: NaN is refused too
            raise ValueError(text)
        return value

    return parse


def matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    """Read a text that *pattern* describes from end to end."""

    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return parse


def short_line(text: str) -> str:
    """Read a line of 200 characters at most."""
    line = clean_line(text)
    if not line or len(line) > 200:
        raise ValueError(text)
    return line


def reachable(text: str) -> str:
    """Read a line of 200 characters at most with a telephone number of at least nine digits."""
    line = short_line(text)
    if not re.search(r"(?<!\d)(\+|0)\d([\s.-]?\d){7,}", line):
        raise ValueError(text)
    return line


def web_page(text: str) -> str:
    """Read the address of a web page."""
    if not (re.fullmatch(r"https?://\S+", text) and urlsplit(text).hostname):
        raise ValueError(text)
    return text


def web_page_or_nothing(text: str) -> str | None:
    """Read the address of a web page; None for an empty text."""
    return web_page(text) if text else None


def mail_or_web_page(text: str) -> str:
    """Read an e-mail or a web address."""
    return web_page(text) if text.startswith("http") else matching(MAIL)(text)


def sender(text: str) -> Address:
    """Read « Nom <adresse> », or the address alone; the name may hold a comma, quoted or not.

    (``email.utils.parseaddr`` takes what stands before a comma for an address.)
    """
    name, bracket, address = text.rpartition("<")
    if bracket:
        address = matching(re.compile(r"[^>]+>"))(address)[:-1]
    return Address(clean_line(name).strip('" '), addr_spec=matching(MAIL)(address))


def host_of(url: str) -> str:
    """Return the host of a web address as a Host header has it: lower case, IPv6 in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def site_url(text: str) -> str:
    """Read ``scheme://host[:port]``; a path has no place, since ours are fixed from the root."""
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment:
        raise ValueError(text)
    if "@" in parts.netloc or parts.port == 0:
        raise ValueError(text)
    host = host_of(text)
    if host.startswith("["):
        ipaddress.IPv6Address(host.strip("[]"))
    else:
        # Written as browsers send it, or no request would have the host that we trust.
        host = matching(DOMAIN)(host.encode("idna").decode("ascii"))
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def smtp_url(text: str, *, production: bool) -> str:
    """Read ``smtp://[user:password@]host[:port]``, or ``smtps://``.

    Before *production* also ``console:``, and ``file:`` for what is done without any setting.
    """
    if not production and text.lower() in ("console:", "file:"):
        return text.lower()
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.port == 0:
        raise ValueError(text)
    # What follows the host is mostly the end of a password with a sign that wants its %code.
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(text)
    return text


def mailbox_url(text: str) -> str:
    """Read ``imaps://user:password@host[:port][/folder]``; without TLS (``imap://``), only on this
    machine."""
    parts = urlsplit(text)
    host = parts.hostname
    if parts.scheme not in ("imaps", "imap") or not host or parts.port == 0:
        raise ValueError(text)
    if not parts.username or not parts.password or parts.query or parts.fragment:
        raise ValueError(text)
    if parts.scheme == "imap" and host not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(text)
    return text


def database_url(text: str, folder: Path) -> str:
    """Read the address of a SQLite or PostgreSQL store; a relative path starts from *folder*.

    Flask-SQLAlchemy and Alembic each have a folder of their own for relative paths.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ValueError(text) from error
    name = url.database
    if name and url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        url = url.set(drivername="postgresql+psycopg")
    # A store in memory would be another one in each worker, and empty at each start.
    elif name and url.drivername == "sqlite" and not name.startswith((":", "file:")):
        url = url.set(database=str(folder / name))
    else:
        raise ValueError(text)
    return url.render_as_string(hide_password=False)


def networks(text: str) -> tuple[Network, ...]:
    """Read networks (« 10.1.0.0/16 ») or addresses, between commas or spaces."""
    return tuple(ipaddress.ip_network(part) for part in re.split(r"[,\s]+", text) if part)
