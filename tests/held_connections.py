"""Many connections that stay open and do almost nothing. A server meets them on an ordinary morning
(browsers keep connections that they do not use) and in a denial-of-service attack."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

#: Seconds between two bytes of a slow request.
PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Kind:
    """How a connection is held.

    :param begins: the bytes that are sent at once.
    :param goes_on: the bytes that are sent again every :data:`PAUSE` seconds; empty: nothing.
    :param reads: whether the client reads the answers.
    """

    begins: bytes
    goes_on: bytes = b""
    reads: bool = True


_HOST = b"Host: 127.0.0.1\r\n"
_FORM = _HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
_FILE = _HOST + b"Content-Type: multipart/form-data; boundary=b\r\n"

KINDS: Mapping[str, Kind] = {
    "idle": Kind(b""),
    # A browser does the same after a page.
    "idle after an answer": Kind(b"GET /livez HTTP/1.1\r\n" + _HOST + b"\r\n"),
    "slow headers": Kind(b"GET /flux/national.ics HTTP/1.1\r\n" + _HOST + b"X-Slow: ", b"a"),
    "slow request line": Kind(b"GET /flux/", b"a"),
    "slow body": Kind(
        b"POST /abonnement/ HTTP/1.1\r\n" + _FORM + b"Content-Length: 60000\r\n\r\nlieu=", b"a"
    ),
    "slow body in chunks": Kind(
        b"POST /proposer/ HTTP/1.1\r\n" + _FORM + b"Transfer-Encoding: chunked\r\n\r\n",
        b"1\r\na\r\n",
    ),
    "slow upload": Kind(
        b"POST /redaction/lettres/ HTTP/1.1\r\n"
        + _FILE
        + b"Content-Length: 15000000\r\n\r\n--b\r\n"
        b'Content-Disposition: form-data; name="fichier"; filename="a.txt"\r\n\r\n',
        b"a",
    ),
    "answers that are not read": Kind(
        b"".join(
            b"GET /flux/toutes.ics?depuis=2020-09 HTTP/1.1\r\n" + _HOST + b"\r\n" for _ in "1234"
        ),
        reads=False,
    ),
}


class HeldConnections:
    """Hold connections while the block runs; a connection that the server closes is opened again.

    :param counts: key of :data:`KINDS` → number of connections.
    :param headers: further headers of every request: lines that end with CR LF.
    """

    def __init__(self, port: int, counts: Mapping[str, int], headers: bytes = b"") -> None:
        self._port, self._counts, self._headers = port, counts, headers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        #: By kind: how many connections are open now, and how many have been opened so far.
        self.open = dict.fromkeys(counts, 0)
        self.opened = dict.fromkeys(counts, 0)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(60)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self) -> None:
        """Open the connections; return half a second after each connection has been open once."""
        self._tasks = [
            asyncio.create_task(self._hold(name))
            for name, count in self._counts.items()
            for _ in range(count)
        ]
        while any(self.opened[name] < count for name, count in self._counts.items()):
            await asyncio.sleep(0.05)
        await asyncio.sleep(PAUSE)

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hold(self, name: str) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._hold_once(name)
            await asyncio.sleep(PAUSE)

    async def _hold_once(self, name: str) -> None:
        kind = KINDS[name]
        # The receive buffer is small, so that unread answers fill it.
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        try:
            await self._loop.sock_connect(connection, ("127.0.0.1", self._port))
            self.opened[name] += 1
            self.open[name] += 1
            try:
                begins = kind.begins.replace(_HOST, _HOST + self._headers)
                await self._loop.sock_sendall(connection, begins)
                await self._keep(connection, kind)
            finally:
                self.open[name] -= 1
        finally:
            connection.close()

    async def _keep(self, connection: socket.socket, kind: Kind) -> None:
        """Hold a connection until the server closes it."""
        for piece in itertools.repeat(kind.goes_on):
            if not kind.reads:
                await asyncio.sleep(3600)
            with contextlib.suppress(TimeoutError):
                reading = self._loop.sock_recv(connection, 4096)
                # A connection that sends nothing more only waits for answers.
                if not await asyncio.wait_for(reading, PAUSE if piece else None):
                    return
            await self._loop.sock_sendall(connection, piece)
