"""Benchmark of whole answers: a feed answered 304, and 200 gzipped, beside its peers in one run.

Each server runs alone on one processor and the load on another one; the rounds alternate between
the servers. What counts is the processor time that a server spends on one answer (all of its
processes, from ``/proc``): answers a second also depend on the load. Needs Linux, ``taskset``, a C
compiler, nginx and gunicorn; on a busy machine the times are worth nothing, the ratios little.

    python bench/answers.py [SECONDS]      # of each round; 3 by default
"""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from calendar_app.app import create_app
from calendar_app.catalogue import setup
from calendar_app.catalogue.import_export import import_events
from calendar_app.config.settings import Settings, data_folder
from calendar_app.store.base import db

sys.path.insert(0, str(Path(__file__).parents[1]))  # to import the helpers of the tests

from bench.feeds import NOW, content
from tests.servers import fetch, nginx
from tests.tools import free_port

FEED = "/flux/toutes.ics"
SERVER_CORE, LOAD_CORE = "0", "1"
ROUNDS = 3

#: (words, connections, whether each request has a new connection)
LOADS = (
    ("32 connections", 32, False),
    ("1,000 connections", 1_000, False),
    ("new connections", 32, True),
)

#: The peers in Python: a Flask hello, and the feed's bytes in memory with ``make_conditional``.
PEERS = """
import gzip, hashlib, pathlib
from flask import Flask, Response, request
app = Flask(__name__)
data = gzip.compress(pathlib.Path("feed.ics").read_bytes(), mtime=0)
etag = hashlib.sha256(data).hexdigest()[:32]

@app.get("/hello")
def hello():
    return "Hello, World!"

@app.get("/feed")
def feed():
    answer = Response(data, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = "public, max-age=900"
    answer.set_etag(etag)
    return answer.make_conditional(request)
"""

STATIC = """
worker_processes 1; error_log stderr emerg; pid {folder}/static.pid; daemon off; {user}
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    types {{ text/calendar ics; }}
    server {{ listen 127.0.0.1:{port} backlog=2048; root {folder}; gzip_static on; }}
}}
"""


@dataclass
class Server:
    """A server under load: its port, its process, what is asked of it, and what was measured."""

    name: str
    port: int
    pid: int
    path: str = FEED
    etag: str = ""
    cost: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    rate: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    slow: dict[tuple[str, str], list[float]] = field(default_factory=dict)


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, ended ones included."""
    return sum(processor_parts(pid))


def processor_parts(pid: int) -> tuple[float, float]:
    """Return the processor time of a process and its living children, and that of those that
    ended."""
    found, living, ended = [pid], 0, 0
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, task.read_text().split())
        values = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        living += sum(map(int, values[11:13]))
        ended += sum(map(int, values[13:15]))
    second = os.sysconf("SC_CLK_TCK")
    return living / second, ended / second


@contextmanager
def on_core(command: list[str], folder: Path, **environ: str) -> Iterator[int]:
    """Run a server on its own processor; yield its process id."""
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("CALENDAR_")}
    root = str(Path(__file__).parents[1])
    inherited["PYTHONPATH"] = os.pathsep.join((root, inherited.get("PYTHONPATH", "")))
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command],
            cwd=folder,
            env=inherited | environ,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            process.terminate()


def wait_for(port: int, path: str) -> None:
    for _ in range(600):
        try:
            if fetch(port, path).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"nothing answers on {port}")


def measure(server: Server, load: Path, words: str, count: int, closes: bool, case: str) -> None:
    """Put one load on a server and note what it cost."""
    lines = [f"GET {server.path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"]
    lines.append("Accept-Encoding: gzip")
    if case == "304":
        lines.append(f"If-None-Match: {server.etag}")
    if closes:
        lines.append("Connection: close")
    before = processor_seconds(server.pid)
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, load, str(server.port), str(count), SECONDS, str(int(closes))],
        input="\r\n".join((*lines, "", "")).encode(),
        capture_output=True,
        check=True,
    )
    spent = processor_seconds(server.pid) - before
    whole, unchanged, other, seconds, _, slow = map(float, done.stdout.split())
    answers = unchanged if case == "304" else whole
    if other or not answers or (whole if case == "304" else unchanged):
        raise RuntimeError(f"{server.name}: {done.stdout!r} is not {case} alone")
    server.cost.setdefault((words, case), []).append(spent / answers * 1e6)
    server.rate.setdefault((words, case), []).append(answers / seconds)
    server.slow.setdefault((words, case), []).append(slow / 1000)


SECONDS = sys.argv[1] if len(sys.argv) > 1 else "3"


def start_all(stack: ExitStack, folder: Path) -> list[Server]:
    """Start the product on a store of 2,000 dates, and its peers; return them when they answer."""
    run = stack.enter_context
    python, servers = sys.executable, []

    def add(name: str, port: int, pid: int, path: str) -> None:
        wait_for(port, path)
        etag = fetch(port, path, Accept_Encoding="gzip").headers.get("etag", "")
        servers.append(Server(name, port, pid, path, etag))

    store = {"CALENDAR_INSTANCE": str(folder / "instance")}
    app = create_app(Settings.from_environment({}, folder / "instance"))
    with app.app_context():
        setup.upgrade_schema()
        setup.load_reference_files(db.session, data_folder(), NOW)
        import_events(db.session, content(), NOW)
        db.session.remove()
        db.engine.dispose()
    ours = free_port()
    serve = ["calendar_app", "serve", "--no-worker", "--port", str(ours)]
    pid = run(on_core([python, "-m", *serve], folder, **store))
    add("ours: calendar-app serve", ours, pid, FEED)
    (folder / "feed.ics").write_bytes(fetch(ours, FEED).body)
    packed = gzip.compress((folder / "feed.ics").read_bytes(), mtime=0)
    (folder / "feed.ics.gz").write_bytes(packed)
    (folder / "peers.py").write_text(PEERS)

    cached = run(nginx(folder, ours))
    pid = int((folder / "nginx.pid").read_text())
    pin(pid)
    add("ours behind nginx's cache", cached, pid, FEED)

    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    conf = folder / "static.conf"
    conf.write_text(STATIC.format(folder=folder, port=port, user=user))
    pid = run(on_core(["nginx", "-e", "stderr", "-p", str(folder), "-c", str(conf)], folder))
    add("nginx, a file", port, pid, "/feed.ics")

    commands = {
        "gunicorn": "--threads 16 --no-control-socket --bind 127.0.0.1:{} peers:app",
        "granian": "--interface wsgi --http 1 --blocking-threads 16 --backpressure 10000 --no-ws"
        " --port {} peers:app",
    }
    for server, options in commands.items():
        port = free_port()
        pid = run(on_core([python, "-m", server, *options.format(port).split()], folder))
        add(f"make_conditional, {server}", port, pid, "/feed")
        add(f"Flask hello, {server}", port, pid, "/hello")
    return servers


def pin(pid: int) -> None:
    """Move a server that another module started to the servers' processor."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (str(pid), *children):
        subprocess.run(["taskset", "-cp", SERVER_CORE, each], check=True, capture_output=True)


def cases(server: Server) -> tuple[str, ...]:
    return ("304", "200") if server.etag else ("200",)


def main() -> None:
    missing = [name for name in ("taskset", "cc", "nginx") if not shutil.which(name)]
    if missing or (os.cpu_count() or 1) < 2:
        print(f"Whole answers are not measured: missing {missing or 'a second processor'}")
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        load = folder / "load"
        source = Path(__file__).with_name("load.c")
        subprocess.run(["cc", "-O2", "-o", load, source], check=True)
        servers = start_all(stack, folder)
        busy = os.getloadavg()[0]
        for _ in range(ROUNDS):
            for words, count, closes in LOADS:
                for server in servers:
                    for case in cases(server):
                        measure(server, load, words, count, closes, case)
        print(f"A feed of {len((folder / 'feed.ics').read_bytes()) / 1024:,.0f} KiB, ", end="")
        print(f"medians of {ROUNDS} rounds of {SECONDS} s; load average at the start {busy:.1f}")
        for words, *_ in LOADS:
            show(servers, words)


def show(servers: list[Server], words: str) -> None:
    """Print one table: what an answer costs, as a ratio to ours too."""
    print(f"\n{words:<28} answer  µs of CPU   a second   p99 ms   ÷ ours")
    middle: Callable[[list[float]], float] = statistics.median
    for server in servers:
        for case in cases(server):
            key = words, case
            # A hello-world is held against our 304: both are the least that a server answers.
            against = case if server.etag else "304"
            cost, ours = middle(server.cost[key]), middle(servers[0].cost[words, against])
            print(
                f"  {server.name:<26} {case:>6} {cost:>10.1f} {middle(server.rate[key]):>10,.0f}"
                f" {middle(server.slow[key]):>8.2f} {cost / ours:>8.2f}"
            )


if __name__ == "__main__":
    main()
