"""The two servers that the README promises, in separate processes, and raw connections to them. The
servers are ``calendar-app serve``, and gunicorn behind nginx with ``deploy/nginx.conf``."""

from __future__ import annotations

import os
import re
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools import ROOT, free_port, need

NGINX_CONF = ROOT / "deploy" / "nginx.conf"

#: Seconds after which a client gives up; calendars on phones wait that long for a feed.
PATIENCE = 10.0
#: The usual limit of open files for a process that does not ask for more.
USUAL_FILES = 1024


@dataclass
class Served:
    """A running site.

    :param port: the port for visitors, on 127.0.0.1.
    :param processes: the server processes of the application, without their child processes.
    :param log: the file with the output of the processes.
    """

    port: int
    processes: list[subprocess.Popen[bytes]]
    log: Path

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        """Return the process ids of the application, child processes included."""
        found = [process.pid for process in self.processes]
        for pid in found:
            found += _children(pid)
        return found

    def memory(self) -> int:
        """Return the bytes of memory of all processes; shared memory counts once."""
        return sum(map(held_bytes, self.pids()))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # the process has ended meanwhile
            continue
    return found


def held_bytes(pid: int) -> int:
    """Return the proportional memory (PSS) of a process in bytes; 0 when the process has ended."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss: +(\d+) kB", told, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


@contextmanager
def calendar_app_serve(folder: Path, *options: str, **environ: str) -> Iterator[Served]:
    """Run ``calendar-app serve`` with its worker.

    :param folder: the folder for the instance folder and the log.
    :param options: more options of the command.
    :param environ: settings of the application.
    """
    port = free_port()
    command = [sys.executable, "-m", "calendar_app", "serve", *options]
    with _running(command, folder, port, environ) as process:
        served = Served(port, [process], folder / "log")
        _wait_for(served)
        yield served


@contextmanager
def gunicorn_behind_nginx(folder: Path, **environ: str) -> Iterator[Served]:
    """Run gunicorn as ``deploy/nginx.conf`` says, behind nginx with this file.

    :param folder: the folder for the instance folder and the logs; the logs of nginx are
        ``access.log`` and ``error.log``.
    :param environ: settings of the application.
    """
    behind = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "16",
        "--limit-request-line", "0",
        "--no-control-socket", "--bind", f"127.0.0.1:{behind}", "wsgi:app",
    ]  # fmt: skip
    environ = {"CALENDAR_TRUSTED_PROXIES": "1"} | environ
    with _running(command, folder, behind, environ) as process, nginx(folder, behind) as port:
        served = Served(port, [process], folder / "log")
        _wait_for(served)
        yield served


@contextmanager
def nginx(folder: Path, behind: int, *, tls: bool = False) -> Iterator[int]:
    """Run nginx with ``deploy/nginx.conf``, with other ports, folders and account; yield its port.

    :param behind: the port of the application.
    :param tls: whether to speak https, with a certificate of the moment, as the file does.
    """
    program = need("nginx", "gunicorn behind nginx")
    port = free_port()
    conf = folder / "nginx.conf"
    written = _moved(NGINX_CONF.read_text(encoding="utf-8"), folder, port, behind)
    conf.write_text(written if tls else _without_tls(written))
    if tls:
        _make_certificate(folder)
    command = [program, "-e", f"{folder}/start.log", "-p", str(folder), "-c", str(conf)]
    subprocess.run([*command, "-t", "-q", "-g", f"pid {folder}/tried.pid;"], check=True)
    with subprocess.Popen(
        [*command, "-g", f"daemon off; pid {folder}/nginx.pid;"], stdin=subprocess.DEVNULL
    ) as process:
        try:
            # nginx binds its socket before it writes its pid file.
            while not (folder / "nginx.pid").exists() and process.poll() is None:
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            _end(process)


def _moved(conf: str, folder: Path, port: int, behind: int) -> str:
    """Return the nginx configuration changed so that any account can run it beside other tests."""
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    changes = {
        "user www-data;": "user root;" if os.geteuid() == 0 else "",
        "worker_processes auto;": "worker_processes 1;",
        "/var/log/nginx/": f"{folder}/",
        "/var/cache/nginx/": f"{folder}/",
        "/var/www/": f"{folder}/",
        "/etc/letsencrypt/live/calendrier.example/": f"{folder}/",
        " buffer=32k flush=5s;": ";",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "        listen [::]:80;\n": "",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "        listen [::]:443 ssl;\n": "",
        "127.0.0.1:8000": f"127.0.0.1:{behind}",
        "http {\n": f"http {{\n{temporary}\n",
    }
    for old, new in changes.items():
        assert old in conf, f"deploy/nginx.conf has no « {old} » any more"
        conf = conf.replace(old, new)
    return conf


def _without_tls(conf: str) -> str:
    return re.sub(r"^ +ssl_.*\n", "", conf.replace(" ssl;", ";"), flags=re.MULTILINE)


def _make_certificate(folder: Path) -> None:
    """Write a key and a certificate that it signed itself, valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = (
        made.not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))


@contextmanager
def _running(
    command: list[str], folder: Path, port: int, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("CALENDAR_")}
    own = {"CALENDAR_INSTANCE": str(folder / "instance"), "PORT": str(port)}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            ["sh", "-c", f'ulimit -S -n {USUAL_FILES}; exec "$@"', "sh", *command],
            cwd=ROOT,
            env=inherited | own | environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_for(served: Served) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if fetch(served.port, "/readyz").status == HTTPStatus.OK:
                return
        except OSError:
            pass
        if time.monotonic() > deadline or served.processes[0].poll() is not None:
            raise RuntimeError(f"the server did not start:\n{served.log.read_text()}")
        time.sleep(0.1)


# -- clients ---------------------------------------------------------------------------------------


@dataclass
class Answer:
    """The answer of a server.

    :param headers: lower-case name → value; the values of a repeated header are joined.
    :param seconds: the time from the connection to the last byte.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0


def fetch(port: int, path: str, seconds: float = PATIENCE, **headers: str) -> Answer:
    """GET a path; underscores in the names of *headers* become hyphens.

    :raises TimeoutError: when the answer is not complete after *seconds*.
    :raises OSError: when the connection fails.
    """
    return exchange(port, request("GET", path, port, headers), seconds)


def request(
    method: str, path: str, port: int, headers: Mapping[str, str], body: bytes | None = None
) -> bytes:
    """Return the bytes of a request that asks the server to close the connection afterwards."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + (body or b"")


def exchange(port: int, sent: bytes, seconds: float = PATIENCE, *, ends: bool = False) -> Answer:
    """Send these bytes, as far as the server takes them; return the answer of the server.

    :param ends: whether to close the sending side of the connection after the last byte.
    :raises TimeoutError: when the answer is not complete after *seconds*.
    :raises ConnectionError: when there is no answer.
    """
    begun = time.monotonic()
    left, received = memoryview(sent), bytearray()
    with socket.create_connection(("127.0.0.1", port), seconds) as client:
        client.setblocking(False)
        while True:
            wait = max(0, begun + seconds - time.monotonic())
            # poll(), because select() accepts no descriptor above 1,023.
            poll = select.poll()
            poll.register(client, select.POLLIN | (select.POLLOUT if left else 0))
            found = poll.poll(wait * 1000)
            if not found:
                raise TimeoutError(f"no whole answer within {seconds:.0f} s: {bytes(sent[:80])!r}")
            readable = found[0][1] & ~select.POLLOUT
            writable = left and found[0][1] & select.POLLOUT
            if writable:
                try:
                    left = left[client.send(left[: 2**16]) :]
                except ConnectionError:
                    left = left[:0]  # the server takes no more, but its answer may still be read
                if ends and not left:
                    with suppress(OSError):
                        client.shutdown(socket.SHUT_WR)
            if readable:
                try:
                    piece = client.recv(2**16)
                except ConnectionError:
                    piece = b""
                if not piece:
                    break
                received += piece
    return _parsed(bytes(received), time.monotonic() - begun)


def _parsed(received: bytes, seconds: float) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100 "):
        head, _, body = body.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not re.fullmatch(r"HTTP/1\.[01] \d{3}( .*)?", first):
        raise ConnectionError(f"no answer: {received[:80]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers[name] = ", ".join(filter(None, (headers.get(name), value.strip())))
    return Answer(int(first.split()[1]), headers, body, seconds)


def allow_open_files(count: int) -> None:
    """Raise the limit of open files of this process to *count*, or to the hard limit if lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def told(seconds: Iterable[float]) -> str:
    """Return the median and the maximum as a text for a log."""
    in_order = sorted(seconds)
    return f"median {in_order[len(in_order) // 2]:.3f} s, max {in_order[-1]:.3f} s"


SERVERS = {"serve": calendar_app_serve, "gunicorn behind nginx": gunicorn_behind_nginx}
