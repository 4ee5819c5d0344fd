"""Fetches URLs that users typed, without opening our network to them (SSRF).

1. A URL must be http or https, on port 80 or 443, without a user name.
2. Its host name is resolved once, and every IP address in the answer is checked
   (``editing.followed.network_addresses``): one denied IP address denies the URL.
3. The connection goes to the checked IP address. ``Host`` and SNI keep the host name, and the
   certificate is verified against it. A later change in the DNS therefore has no effect.
4. A redirect starts again at step 1; at most three, and never from https to http.
5. At most ten seconds in all, whatever the server does; at most 2 MiB, after decompression.

Each kind of failure has one fixed sentence, which tells nothing about our network.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from calendar_app.editing.followed.network_addresses import is_denied
from calendar_app.words.errors import CalendarError

MAX_BYTES: Final = 2 * 2**20
SECONDS: Final = 10.0
REDIRECTS: Final = 3
USER_AGENT: Final = "CalendrierDesClasses/1 (lecture d'agendas)"

_CHUNK = 2**14
_SAFE = "/%:@!$&'()*+,;=~?-._"
#: The resolver's errors for a name that certainly has no address. (Not every system defines
#: EAI_NODATA.)
_NO_SUCH_NAME = frozenset((socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)))
_MOVED = frozenset((301, 302, 303, 307, 308))

#: Host name and port → IP addresses of the host; raises ``OSError`` when there are none.
Resolver = Callable[[str, int], Sequence[str]]


class FetchError(CalendarError):
    """A URL could not be fetched.

    :param permanent: whether a retry cannot help, because the URL must be corrected.
    """

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        self.permanent = permanent
        super().__init__(sentence)


class DeniedError(FetchError):
    """The URL is not allowed. The sentence does not tell the reason."""

    def __init__(self) -> None:
        super().__init__(
            "Cette adresse n'est pas acceptée. Indiquez l'adresse publique d'un agenda, qui "
            "commence par https://.",
            permanent=True,
        )


class UnknownHostError(FetchError):
    """The host name does not exist."""

    def __init__(self) -> None:
        super().__init__(
            "Ce nom de site n'existe pas, ou cette machine n'a pas d'accès au réseau.",
            permanent=False,
        )


class TooLargeError(FetchError):
    """The body is larger than :data:`MAX_BYTES`."""

    def __init__(self) -> None:
        super().__init__("Cet agenda est trop volumineux : 2 Mio au plus.", permanent=True)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP response.

    :param status: 200, 304 (nothing new since *etag* or *last_modified*), or another status.
    :param body: decompressed; empty for an error status.
    :param content_type: the media type without parameters.
    :param address: the URL of the response, after redirects.
    """

    status: int
    body: bytes
    etag: str | None
    last_modified: str | None
    content_type: str
    address: str


@dataclass(frozen=True, slots=True)
class LinkState:
    """The state of a link.

    :param alive: None when the answer does not tell.
    :param reason: French words for a dead link, else None.
    """

    alive: bool | None
    reason: str | None = None


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses of a host name from the system's resolver, without repetition.

    :raises OSError: when the name has none, or the resolver fails.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _public_trust() -> ssl.SSLContext:
    """Return the system's certificate authorities; cached, because loading them takes 30 ms."""
    return ssl.create_default_context()


class Fetcher:
    """Fetches URLs.

    :param resolve: returns the IP addresses of a host name.
    :param denied: whether an IP address must not be connected to.
    :param ports: the allowed ports.
    :param trust: the accepted certificate authorities; None for the system's.
    :param seconds: the time-out of a whole fetch, with its redirects.
    """

    def __init__(
        self,
        resolve: Resolver = system_addresses,
        denied: Callable[[str], bool] = is_denied,
        ports: frozenset[int] = frozenset((80, 443)),
        trust: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._resolve = resolve
        self._denied = denied
        self._ports = ports
        self._trust = trust or _public_trust()
        self._seconds = seconds

    def get(
        self, address: str, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched:
        """Return the response of a URL, after redirects.

        :param etag: with *last_modified*, the validators of the last good response.
        :raises DeniedError: when the URL, or the target of a redirect, is not allowed.
        :raises UnknownHostError: when the host name does not exist.
        :raises TooLargeError: when the body is too large.
        :raises FetchError: when the server does not answer in time or in valid HTTP, or redirects
            too often.
        """
        headers = {"Accept-Encoding": "gzip", "User-Agent": USER_AGENT, "Accept": "*/*"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        deadline = time.monotonic() + self._seconds
        for _ in range(REDIRECTS + 1):
            fetched, onward = self._ask(address, headers, deadline)
            if onward is None:
                return fetched
            if address.lower().startswith("https:") and not onward.lower().startswith("https:"):
                raise DeniedError
            address = onward
        raise FetchError("Cette adresse renvoie trop souvent vers une autre.", permanent=True)

    def download(self, address: str) -> bytes:
        """Return the file at a URL of the settings, after redirects.

        :raises FetchError: as :meth:`get`, and when the server answers with an error. The sentences
            are for an operator.
        """
        try:
            fetched = self.get(address)
        except DeniedError:
            raise FetchError(
                "Cette adresse n'est pas acceptée : il faut une adresse publique, qui commence par "
                "https://.",
                permanent=True,
            ) from None
        except TooLargeError:
            raise FetchError(
                "Ce fichier est trop volumineux : 2 Mio au plus.", permanent=True
            ) from None
        if fetched.status != http.HTTPStatus.OK:
            raise FetchError(f"Le site répond par une erreur ({fetched.status}).", permanent=False)
        return fetched.body

    def check_link(self, address: str) -> LinkState:
        """Return the state of a link. It is dead only if its host name does not exist, or the
        status is 404 or 410."""
        try:
            status = self.get(address).status
        except UnknownHostError:
            return LinkState(False, "ce site n'existe plus")
        except TooLargeError:
            return LinkState(True)
        except FetchError:
            return LinkState(None)
        if status in (404, 410):
            return LinkState(False, "cette page n'existe plus")
        return LinkState(True if status < 400 else None)

    def _ask(
        self, address: str, headers: dict[str, str], deadline: float
    ) -> tuple[Fetched, str | None]:
        """Return one response, and the target URL when it is a redirect."""
        parts, host, port = self._accepted(address)
        ip = self._checked(host, port, deadline)
        trust = self._trust if parts.scheme == "https" else None
        connection = _Pinned(host, port, ip, trust, deadline)
        with _closed_at(connection, deadline):
            try:
                # French sites have accents in their URLs (RFC 3987).
                target = quote(parts.path or "/", safe=_SAFE)
                target += f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
                connection.request("GET", target, headers=headers | {"Connection": "close"})
                # http.client leaves the closing of a response that ends the connection to us.
                with contextlib.closing(connection.getresponse()) as answer:
                    onward = answer.headers.get("Location") if answer.status in _MOVED else None
                    # The body of an error is not needed.
                    body = b"" if onward or answer.status >= 400 else _body(answer)
                _left(deadline)  # a body cut at the deadline may look complete
            except TooLargeError:
                raise
            except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
                raise FetchError(
                    "Ce site n'a pas répondu comme il faut : nous réessaierons.", permanent=False
                ) from error
        fetched = Fetched(
            answer.status,
            body,
            answer.headers.get("ETag"),
            answer.headers.get("Last-Modified"),
            answer.headers.get_content_type(),
            address,
        )
        try:
            return fetched, urljoin(address, _as_utf8(onward)) if onward else None
        except ValueError:
            raise DeniedError from None

    def _accepted(self, address: str) -> tuple[SplitResult, str, int]:
        try:
            parts = urlsplit(address)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
            host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
        except (ValueError, UnicodeError):
            raise DeniedError from None
        plain = address.isprintable() and not any(sign in address for sign in " \\<>\"'")
        if not (plain and host and port in self._ports) or "@" in parts.netloc or "%" in host:
            raise DeniedError
        if parts.scheme not in ("http", "https"):
            raise DeniedError
        return parts, host, port

    def _checked(self, host: str, port: int, deadline: float) -> str:
        """Resolve a host name once, check all its IP addresses, and return the first."""
        pool = ThreadPoolExecutor(1)
        try:
            found = pool.submit(self._resolve, host, port).result(_left(deadline))
        except (FutureTimeoutError, UnicodeError):
            raise FetchError("Ce site ne répond pas.", permanent=False) from None
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
                raise UnknownHostError from None
            # Our own resolver or network fails: the name may exist.
            raise FetchError("Ce site ne répond pas.", permanent=False) from None
        finally:
            pool.shutdown(wait=False)
        if not found:
            raise UnknownHostError
        if any(self._denied(ip) for ip in found):
            raise DeniedError
        return found[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to a checked IP address, with the host name in ``Host`` and SNI."""

    def __init__(
        self, host: str, port: int, ip: str, trust: ssl.SSLContext | None, deadline: float
    ) -> None:
        super().__init__(host, port, timeout=_left(deadline))
        self._ip = ip
        self._deadline = deadline
        self._trust = trust
        #: The socket; http.client clears ``sock`` as soon as a response announces the end of the
        #: connection.
        self.line: socket.socket | None = None
        # Keeps the scheme's own port out of the ``Host`` header.
        self.default_port = 443 if trust else 80

    def connect(self) -> None:
        self.line = self.sock = socket.create_connection((self._ip, self.port), self.timeout)
        if self._trust:
            # The handshake comes later, because the deadline must cut the wrapped socket.
            self.line = self.sock = self._trust.wrap_socket(
                self.sock, server_hostname=self.host.rstrip("."), do_handshake_on_connect=False
            )
            self.sock.settimeout(_left(self._deadline))
            self.sock.do_handshake()
        _left(self._deadline)


@contextlib.contextmanager
def _closed_at(connection: _Pinned, deadline: float) -> Iterator[None]:
    """Cut a connection at the deadline, because a socket's time-out does not stop a server that
    sends one byte from time to time."""

    def cut() -> None:
        with contextlib.suppress(OSError):
            if connection.line:
                connection.line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_left(deadline), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()


def _as_utf8(header: str) -> str:
    """Return a header as UTF-8: http.client decodes it as Latin-1, but accents arrive as UTF-8."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError("Ce site met trop de temps à répondre.", permanent=False)
    return left


def _body(answer: http.client.HTTPResponse) -> bytes:
    """Read a body and decompress it, up to :data:`MAX_BYTES`.

    :raises TooLargeError: beyond the limit.
    :raises ValueError: when the body is cut, or goes on after its end.
    """
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    inflate: Any = None
    if encoding in ("gzip", "x-gzip", "deflate"):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # detects gzip or zlib by the header
    found, size, read = [], 0, 0
    while chunk := answer.read(_CHUNK):
        read += len(chunk)
        if inflate:
            chunk = inflate.decompress(chunk, MAX_BYTES + 1 - size)
        size += len(chunk)
        if size > MAX_BYTES or read > MAX_BYTES or (inflate and inflate.unconsumed_tail):
            raise TooLargeError
        found.append(chunk)
    if inflate and (not inflate.eof or inflate.unused_data):
        raise ValueError("the compressed body is cut, or goes on after its end")
    if answer.length:
        raise ValueError("the body is cut")
    return b"".join(found)
