"""Fetching an address that somebody typed, without becoming their way into our network (SSRF).

1. An address is http or https, on port 80 or 443, without a user.
2. Its name is resolved once, and every answer is checked
   (``editing.followed.network_addresses``): one that is denied denies all.
3. The connection goes to the address that was checked; Host and SNI stay the name's, whose
   certificate is verified. So a name that resolves otherwise a moment later changes nothing.
4. A redirect begins again at 1: three at most, and never from https to http.
5. Ten seconds in all, whatever the server does; 2 MiB at most, after decompression.

What is denied and what does not answer are told with one sentence each: nothing of our network.
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
#: What a resolver says of a name that certainly has no address (EAI_NODATA is not everywhere).
_NO_SUCH_NAME = frozenset((socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)))
_MOVED = frozenset((301, 302, 303, 307, 308))

#: Host name → the addresses that it has.
Resolver = Callable[[str, int], Sequence[str]]


class FetchError(CalendarError):
    """An address could not be fetched.

    :param permanent: whether trying again will not help: somebody must correct the address.
    """

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        self.permanent = permanent
        super().__init__(sentence)


class DeniedError(FetchError):
    """An address that is never asked, whatever the reason: it is not told."""

    def __init__(self) -> None:
        super().__init__(
            "Cette adresse n'est pas acceptée. Donnez l'adresse publique d'un agenda, qui commence "
            "par https://.",
            permanent=True,
        )


class UnknownHostError(FetchError):
    """No such name."""

    def __init__(self) -> None:
        super().__init__("Ce nom de site n'existe pas.", permanent=False)


class TooLargeError(FetchError):
    """More than is read."""

    def __init__(self) -> None:
        super().__init__("Cet agenda est trop volumineux : 2 Mio au plus.", permanent=True)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer.

    :param status: 200, 304 (nothing new since *etag* or *last_modified*), or an error's.
    :param address: where it came from, after redirects.
    """

    status: int
    body: bytes
    etag: str | None
    last_modified: str | None
    content_type: str
    address: str


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether a link leads somewhere: None when nobody can tell.

    :param reason: French words, of a dead one.
    """

    alive: bool | None
    reason: str | None = None


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name, as the system finds them.

    :raises OSError: when it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _public_trust() -> ssl.SSLContext:
    """What a browser trusts. Loading it takes 30 ms."""
    return ssl.create_default_context()


class Fetcher:
    """Fetches addresses.

    :param resolve: finds the addresses of a name.
    :param denied: says which of them are never asked.
    :param ports: those that may be asked.
    :param trust: the authorities that may vouch for a certificate; None for the system's.
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
        """Return what stands at an address.

        :param etag: with *last_modified*, what the last good answer said of itself.
        :raises DeniedError: for an address that is never asked.
        :raises UnknownHostError, TooLargeError: as they say.
        :raises FetchError: when nobody answers in time, or not in HTTP.
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

    def check_link(self, address: str) -> LinkState:
        """Return whether a link leads somewhere. Only what is certain makes it dead."""
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
        """Return one answer, and where it leads when it is a redirect."""
        parts, host, port = self._accepted(address)
        ip = self._checked(host, port, deadline)
        trust = self._trust if parts.scheme == "https" else None
        connection = _Pinned(host, port, ip, trust, deadline)
        with _closed_at(connection, deadline):
            try:
                # French sites have accents in their addresses (RFC 3987).
                target = quote(parts.path or "/", safe=_SAFE)
                target += f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
                connection.request("GET", target, headers=headers | {"Connection": "close"})
                answer = connection.getresponse()
                onward = answer.headers.get("Location") if answer.status in _MOVED else None
                # Of an error only the status counts.
                body = b"" if onward or answer.status >= 400 else _body(answer)
                _left(deadline)  # a body that we cut ourselves may look like its end
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
        """Resolve a name once; return the address to connect to."""
        pool = ThreadPoolExecutor(1)
        try:
            found = pool.submit(self._resolve, host, port).result(_left(deadline))
        except (FutureTimeoutError, UnicodeError):
            raise FetchError("Ce site ne répond pas.", permanent=False) from None
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
                raise UnknownHostError from None
            # Our own resolver, or our own machine, is out: the name may well exist.
            raise FetchError("Ce site ne répond pas.", permanent=False) from None
        finally:
            pool.shutdown(wait=False)
        if not found:
            raise UnknownHostError
        if any(self._denied(ip) for ip in found):
            raise DeniedError
        return found[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, in the name of its host."""

    def __init__(
        self, host: str, port: int, ip: str, trust: ssl.SSLContext | None, deadline: float
    ) -> None:
        super().__init__(host, port, timeout=_left(deadline))
        self._ip = ip
        self._deadline = deadline
        self._trust = trust
        #: The socket: ``sock`` is forgotten as soon as an answer says that it ends with it.
        self.line: socket.socket | None = None
        # What goes into « Host »: the port only where it is not the scheme's own.
        self.default_port = 443 if trust else 80

    def connect(self) -> None:
        self.line = self.sock = socket.create_connection((self._ip, self.port), self.timeout)
        if self._trust:
            # The handshake comes later: it is the wrapped socket that the deadline must cut.
            self.line = self.sock = self._trust.wrap_socket(
                self.sock, server_hostname=self.host.rstrip("."), do_handshake_on_connect=False
            )
            self.sock.settimeout(_left(self._deadline))
            self.sock.do_handshake()
        _left(self._deadline)


@contextlib.contextmanager
def _closed_at(connection: _Pinned, deadline: float) -> Iterator[None]:
    """Cut a connection at the deadline: no timeout stops a server that sends a byte at times."""

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
    """A header comes as Latin-1 (RFC 9110), and is UTF-8 where it has accents."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError("Ce site met trop de temps à répondre.", permanent=False)
    return left


def _body(answer: http.client.HTTPResponse) -> bytes:
    """Read a body, decompressed, up to the limit."""
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    inflate: Any = None
    if encoding in ("gzip", "x-gzip", "deflate"):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, as the bytes say
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
