"""The pinned fetcher: what it never connects to, and how it copes with difficult servers."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from calendar_app.editing.followed.fetcher import (
    DeniedError,
    Fetcher,
    FetchError,
    LinkState,
    TooLargeError,
    UnknownHostError,
)
from calendar_app.editing.followed.network_addresses import is_denied
from tests.tools import PATIENCE, wait_for

#: The one loopback address that a test's own server may have.
OPEN = "127.0.0.2"


class Canary:
    """Listeners on loopback that note who connects."""

    def __init__(self) -> None:
        self.met: list[str] = []
        self._sockets = []
        first = socket.create_server(("127.0.0.1", 0))
        self.port = first.getsockname()[1]
        self._sockets.append(first)
        with contextlib.suppress(OSError):  # without IPv6 there is nothing to be reached there
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for listener in self._sockets:
            threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, origin = listener.accept()
            except OSError:
                return
            self.met.append(str(origin))
            connection.close()

    def close(self) -> None:
        for listener in self._sockets:
            listener.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.close()


@contextmanager
def server(answer) -> Iterator[str]:
    """Serve on the open address; *answer* is given each request's handler."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_) -> None:
            pass

    with http.server.ThreadingHTTPServer((OPEN, 0), Handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://{OPEN}:{running.server_port}"
        running.shutdown()


class AnyPort(frozenset):
    """All ports, so that only the address can be the reason of a refusal."""

    def __contains__(self, port: object) -> bool:
        return bool(port)


def fetcher(**more) -> Fetcher:
    """A fetcher that may ask the test's own server, and nothing else that is denied."""
    given = {"denied": lambda ip: ip != OPEN and is_denied(ip), "ports": AnyPort()}
    return Fetcher(**(given | more))


def send(handler, body: bytes = b"", status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


# -- what is never asked ---------------------------------------------------------------------------

#: Ways to write 127.0.0.1, and names that may resolve to it.
LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0177.1", "0x7f.0.0.1", "0x7f000001", "0x7f.1",
    "2130706433", "017700000001", "127.0.0.01", "0.0.0.0", "0",  # noqa: S104 (asked, not bound)
    "127.255.255.254", "127.0.0.53",
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "１２７.０.０.１", "127。0。0。1",
    "ⓛocalhost",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[::7f00:1]", "[0000::1]", "[::ffff:0:127.0.0.1]",
]  # fmt: skip
INSIDE = [
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1.254",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "100.64.0.1", "100.127.255.255", "168.63.129.16",
    "192.0.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "0.0.0.1",
    "[fe80::1]", "[fe80::1%25eth0]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]",
    "[ff02::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::169.254.169.254]", "[64:ff9b:1::7f00:1]", "[2001::7f00:1]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2001:db8::1]", "[100::1]", "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[::10.0.0.1]", "[2001:10::1]", "[2001:2::1]",
]  # fmt: skip
WRONG = [
    "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "dict://127.0.0.1:11211/",
    "javascript:alert(1)", "data:text/plain,x", "//127.0.0.1/", "http:127.0.0.1", "http:///x", "",
    "http://user@127.0.0.1/", "http://user:pass@127.0.0.1/", "http://exemple.fr@127.0.0.1/",
    "http://127.0.0.1\\@exemple.fr/", "http://exemple.fr\\@127.0.0.1/", "http://127.0.0.1 .fr/",
    "http://127.0.0.1\t/", "http://127.0.0.1\r\nHost: x/", "http://[::1/", "http://::1/",
    "http://127.0.0.1:port/", "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "HTTP://",
    "http://%31%32%37.0.0.1/", "http://127.0.0.1%00.fr/", "http://.../", "unix:/run/x.sock",
]  # fmt: skip
#: Answers of a resolver; in each, at least one address is denied.
ANSWERS = [
    ["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"],
    ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"],
    ["2606:2800:220:1::1", "fe80::1%lo"], ["93.184.216.34", "::1"], ["100.64.0.1"], ["0.0.0.0"],  # noqa: S104
    ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["rien"], ["224.0.0.1"], ["fd00::1"],
]  # fmt: skip


def hostile(port: int) -> list[tuple[str, list[str] | None]]:
    """Return pairs (address, IP addresses of its name; None to ask the system's resolver)."""
    names = [*LOOPBACK, *INSIDE]
    found: list[tuple[str, list[str] | None]] = [
        (f"{scheme}://{name}:{port}/", None)
        for scheme, name in itertools.product(("http", "https"), names)
    ]
    found += [(address.replace("127.0.0.1/", f"127.0.0.1:{port}/"), None) for address in WRONG]
    found += [(f"http://agenda.example:{port}/", answers) for answers in ANSWERS]
    # Redirects, from a server that the fetcher may ask.
    found += [(f"redirect:http://{name}:{port}/", None) for name in names if name.isascii()]
    return found


@pytest.mark.long
def test_no_hostile_address_reaches_anything(canary):
    tried = hostile(canary.port)
    assert len(tried) >= 250
    leads = {}
    with server(lambda h: send(h, status=302, Location=leads[h.path])) as origin:
        for number, (address, answers) in enumerate(tried):
            resolve = {} if answers is None else {"resolve": lambda *_, found=answers: found}
            if address.startswith("redirect:"):
                leads[f"/{number}"] = address.removeprefix("redirect:")
                address = f"{origin}/{number}"
            with pytest.raises(FetchError) as refused:
                fetcher(seconds=3, **resolve).get(address)
            assert type(refused.value) in (DeniedError, UnknownHostError), address
            assert "127" not in str(refused.value)
    assert canary.met == []


def test_the_canary_sings(canary):
    """This shows that the test above can fail."""
    with pytest.raises(FetchError):
        Fetcher(denied=lambda _: False, ports=AnyPort()).get(f"http://127.0.0.1:{canary.port}/")
    wait_for(lambda: canary.met)
    assert len(canary.met) == 1
    canary.met.clear()


def test_a_name_that_resolves_otherwise_a_moment_later_changes_nothing(canary):
    answers = iter([[OPEN], ["127.0.0.1"], ["127.0.0.1"]])
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with server(lambda h: send(h, h.headers["Host"].encode())) as origin:
        port = origin.rpartition(":")[2]
        found = fetcher(resolve=resolve).get(f"http://agenda.example:{port}/")
    assert (found.body.decode(), asked) == (f"agenda.example:{port}", ["agenda.example"])
    assert canary.met == []


@pytest.mark.parametrize("port", [22, 25, 3306, 5432, 6379, 8080])
def test_other_ports_are_not_asked(port):
    with pytest.raises(DeniedError):
        Fetcher(denied=lambda _: False).get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("ip", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_of_the_internet_is_not_denied(ip):
    assert not is_denied(ip)


# -- how it copes with servers ---------------------------------------------------------------------


def test_what_is_not_new_is_not_sent_again():
    def answer(handler) -> None:
        if handler.headers.get("If-None-Match") == '"1"':
            send(handler, status=304)
        else:
            send(handler, b"agenda", ETag='"1"', Last_Modified="hier", Content_Type="text/calendar")

    with server(answer) as origin:
        first = fetcher().get(f"{origin}/a.ics?x=1")
        again = fetcher().get(f"{origin}/a.ics?x=1", first.etag, first.last_modified)
    assert (first.status, first.body, first.etag, first.content_type) == (
        200,
        b"agenda",
        '"1"',
        "text/calendar",
    )
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(("steps", "arrives"), [(3, True), (4, False)])
def test_a_few_redirects_are_followed(steps, arrives):
    def answer(handler) -> None:
        step = int(handler.path[1:])
        if step:
            send(handler, status=301, Location=f"/{step - 1}")
        else:
            send(handler, b"la")

    with server(answer) as origin:
        if arrives:
            found = fetcher().get(f"{origin}/{steps}")
            assert (found.body, found.address) == (b"la", f"{origin}/0")
        else:
            with pytest.raises(FetchError, match="trop souvent"):
                fetcher().get(f"{origin}/{steps}")


@pytest.mark.parametrize("zipped", [False, True])
def test_what_is_too_large_is_not_read(zipped):
    body = bytes(3 * 2**20)
    headers = {"Content_Encoding": "gzip"} if zipped else {}

    def answer(handler) -> None:
        with contextlib.suppress(OSError):  # the fetcher hangs up, as it should
            send(handler, gzip.compress(body) if zipped else body, **headers)

    with server(answer) as origin, pytest.raises(TooLargeError):
        fetcher().get(f"{origin}/")


def test_a_compressed_answer_is_read():
    with server(lambda h: send(h, gzip.compress(b"agenda"), Content_Encoding="gzip")) as origin:
        assert fetcher().get(f"{origin}/").body == b"agenda"


@pytest.mark.long
@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_is_left_at_the_deadline(part):
    left = threading.Event()

    def answer(handler) -> None:
        try:
            if part == "body":
                handler.send_response(200)
                handler.end_headers()
            # The answer never ends by itself.
            while True:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            left.set()

    with server(answer) as origin:
        with pytest.raises(FetchError):
            fetcher(seconds=0.7).get(f"{origin}/")
        assert left.wait(PATIENCE)


def test_a_body_that_is_cut_is_no_answer():
    def answer(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"BEGIN:VCALENDAR")

    with server(answer) as origin, pytest.raises(FetchError):
        fetcher().get(f"{origin}/")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, LinkState(True)),
        (404, LinkState(False, "cette page n'existe plus")),
        (410, LinkState(False, "cette page n'existe plus")),
        (403, LinkState(None)),
        (429, LinkState(None)),
        (500, LinkState(None)),
    ],
)
def test_only_what_is_certain_makes_a_link_dead(status, state):
    with server(lambda h: send(h, status=status)) as origin:
        assert fetcher().check_link(f"{origin}/") == state


@pytest.mark.parametrize("location", ["http://[", "http://[zz]/", "http://x:port/", "\\\\x"])
def test_a_redirect_to_nowhere_is_refused(location):
    with server(lambda h: send(h, status=302, Location=location)) as origin:
        with pytest.raises(FetchError):
            fetcher().get(f"{origin}/")
        assert fetcher().check_link(f"{origin}/") == LinkState(None)


def test_an_address_with_accents_is_asked_for():
    def answer(handler) -> None:
        if handler.path == "/%C3%A9t%C3%A9?q=%C3%A0":
            send(handler, status=302, Location="/arrivé".encode().decode("latin-1"))
        else:
            send(handler, handler.path.encode())

    with server(answer) as origin:
        assert fetcher().get(f"{origin}/été?q=à").body == b"/arriv%C3%A9"


def test_a_large_page_that_is_gone_is_gone():
    with server(lambda h: send(h, bytes(3 * 2**20), status=404)) as origin:
        assert fetcher().check_link(f"{origin}/").alive is False


def test_a_name_that_does_not_exist_makes_a_link_dead():
    def resolve(*_):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    state = fetcher(resolve=resolve).check_link("http://agenda.example/")
    assert state == LinkState(False, "ce site n'existe plus")


def test_a_file_of_the_settings_is_downloaded_or_refused_in_words_for_an_operator():
    bodies = {"/bon": (b"a;b", 200), "/absent": (b"", 404), "/grand": (bytes(3 * 2**20), 200)}

    def answer(handler) -> None:
        body, status = bodies[handler.path]
        with contextlib.suppress(OSError):  # the fetcher hangs up, as it should
            send(handler, body, status)

    with server(answer) as origin:
        assert fetcher().download(f"{origin}/bon") == b"a;b"
        for path, sentence in (
            ("/absent", "Le site répond par une erreur (404)."),
            ("/grand", "Ce fichier est trop volumineux : 2 Mio au plus."),
        ):
            with pytest.raises(FetchError) as refused:
                fetcher().download(f"{origin}{path}")
            assert str(refused.value) == sentence
    with pytest.raises(FetchError, match="il faut une adresse publique"):
        fetcher().download("http://127.0.0.1/")
