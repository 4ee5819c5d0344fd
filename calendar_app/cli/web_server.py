"""The web server: granian with one listening socket, which all of its processes share and which
lives as long as the command. Whoever connects while a process starts, stops or dies waits in the
socket's queue until another accepts; nobody is refused.

By itself granian gives each process a socket of its own on Linux (SO_REUSEPORT). What waits in the
queue of a process that stops is then reset, and between the end of the last old process and the
start of the first new one nothing listens. No waiting time mends that on a machine that is busy.
"""

from __future__ import annotations

import errno
import resource
import socket

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.mp import MPServer

from calendar_app.store.base import THREADS
from calendar_app.words.errors import CalendarError

#: Seconds that the headers of a request may take, and that a connection may be idle.
HEADER_SECONDS = 10

#: Seconds that requests in hand may take when a process stops or is replaced. A letter is read for
#: half a minute at most; the units of deploy/ give a process 60.
STOP_SECONDS = 45

#: Connections that wait until a process accepts them. The system allows 4096 at most by default.
_QUEUE = 4096

#: Limit of open files of a process; each connection is a file. No single site needs more.
_FILES = 65_536
#: The part of these files that is kept for the store, the log and the readers of letters.
_FILES_OF_OURS = 512


class WebServer(MPServer):
    """granian that serves ``calendar_app.cli.base:served_application`` on a socket that is handed
    in.

    :param listening: a socket that listens, on an address of TCP.
    :param workers: how many processes serve; one that ends is replaced.
    """

    def __init__(self, listening: socket.socket, workers: int) -> None:
        host, port = listening.getsockname()[:2]
        self._listening = listening
        super().__init__(
            "calendar_app.cli.base:served_application",
            factory=True,
            workers=workers,
            # Otherwise, the end of one process would be the end of the server.
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_SECONDS,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            log_access=False,
            # HTTP/1 only: granian ends a silent connection only if it need not detect the protocol.
            http=HTTPModes.http1,
            websockets=False,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
            backlog=_QUEUE,
            # Requests handled at once; the store's connection pool has the same size
            # (engine_options).
            blocking_threads=THREADS,
            # A limit of open connections, idle ones included; further connections wait silently.
            backpressure=_connections_allowed(),
            # Granian's warnings are about the number of threads, which is intended.
            log_level=LogLevels.error,
        )

    def _init_shared_socket(self) -> None:
        """Hand our socket to the processes, as granian does on systems other than Linux."""
        is_unix = False
        self._sso = self._listening
        fd = self._listening.fileno()
        # granian's types lack how one is made.
        self._shd = SocketHolder(fd, is_unix, self.backlog)  # type: ignore[call-arg, assignment]
        self._ssp = None


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    :param host: an IP address or a name (« localhost »).
    :raises CalendarError: when nothing can listen there; the message says in French what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # A port that was in use a moment ago counts as free (SO_REUSEADDR).
        listening = socket.create_server((host, port), family=family, backlog=_QUEUE)
    except OSError as error:
        raise CalendarError(
            f"Impossible d'écouter sur {host}:{port} : {_listen_words(error, port)}"
        ) from error
    # Connections inherit it: an answer in two pieces does not wait for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def origin(listening: socket.socket) -> str:
    """Return the origin (RFC 6454) at which a listening socket is reached, by its IP address."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen_words(error: OSError, port: int) -> str:
    """Return in French why the server cannot listen on an address, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            "un autre programme occupe ce port, peut-être ce calendrier, déjà lancé. "
            f"Arrêtez-le, ou choisissez un autre port, par exemple avec PORT={port % 65535 + 1}."
        )
    if error.errno == errno.EACCES:
        return "ce port est réservé au système. Choisissez-en un au-dessus de 1023 (PORT=8000)."
    if isinstance(error, socket.gaierror):
        return "cette adresse n'est pas connue. Écrivez par exemple --host 127.0.0.1."
    return "cette machine n'a pas cette adresse. Écrivez par exemple --host 127.0.0.1."


def _connections_allowed() -> int:
    """Return how many connections may be open, after asking the system for enough open files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(files - _FILES_OF_OURS, THREADS)
