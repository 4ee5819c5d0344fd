"""The memory that the heaviest bodies cost, many at once, and bodies that a server refuses: for all
its processes together, with those that read letters."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from calendar_app.app import create_app
from calendar_app.letters.formats.letter_text import MAX_BYTES
from calendar_app.web import bodies
from tests import hostile_files, signed_in
from tests.conftest import close, settings_for
from tests.random_requests import Site
from tests.servers import Answer, Served, exchange, request
from tests.signed_in import FORM, multipart, served_site
from tests.tools import CAMPAIGN
from tests.web.test_random_requests import furnish

#: The most bytes that all processes of a server may hold together.
MOST_MEMORY = 600 * 2**20
AT_ONCE = 32
#: Bytes of a body that is refused; parsed, it would take many times as much.
REFUSED = 8_000_000

LETTER = "Le concours « Défi » se termine le 12 février 2021 à Lille. \n".encode()

log = logging.getLogger(__name__)


class Watch:
    """Reads the memory of a server again and again while the block runs.

    ``most`` is the greatest value that was read, in bytes.
    """

    def __init__(self, served: Served) -> None:
        self._served, self._over = served, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, self._served.memory())


@dataclass(frozen=True, slots=True)
class Furnished:
    """A site that is served, and what its forms are."""

    served: Served
    found: Site


@pytest.fixture(scope="module")
def site(make_database, template, tmp_path_factory) -> Iterator[Furnished]:
    folder = tmp_path_factory.mktemp("served")
    store = make_database("sqlite", template("sqlite", "content"))
    app = create_app(settings_for(store, folder / "instance"))
    found = furnish(app)
    close(app)
    with served_site("serve", folder, store) as served:
        yield Furnished(served.served, found)


def all_at_once(site: Furnished, requests: Sequence[bytes]) -> list[Answer]:
    """Send these requests at once; return what was answered."""
    answers: list[Answer] = []

    def ask(sent: bytes) -> None:
        with suppress(OSError):
            answers.append(exchange(site.served.port, sent, 120))

    asking = [threading.Thread(target=ask, args=(sent,)) for sent in requests]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return answers


def heaviest(site: Furnished) -> Mapping[str, Sequence[bytes]]:
    """Return the heaviest requests of each kind."""
    found, port = site.found, site.served.port
    app, cookie = found.app, found.cookies[-1]
    actions = sorted({form.action.partition("?")[0] for form in found.forms})

    def filled(path: str, who: str, limit: int, as_files: bool) -> bytes:
        """Return a form with as many fields as allowed, and a text that grows most when escaped."""
        token = signed_in.token(app, path).encode()
        fields = [(b"jeton", token), *[(b"a", b"")] * (bodies.MAX_FIELDS - 10)]
        if as_files:
            room = limit - len(multipart(fields)) - 200
            fields.append((b"texte", b'"' * min(room, limit // 2)))
            kind, body = "multipart/form-data; boundary=b", multipart(fields)
        else:
            body = b"&".join(b"%s=%s" % pair for pair in fields) + b"&texte="
            kind, body = FORM, body + b'"' * (limit - len(body))
        headers = {"Content-Type": kind, "Cookie": who, "Sec-Fetch-Site": "same-origin"}
        return request("POST", path, port, headers, body)

    letters = "/redaction/lettres/"
    text = (LETTER * (MAX_BYTES // len(LETTER)))[:MAX_BYTES]

    def dropped(letter: bytes) -> bytes:
        token = signed_in.token(app, letters).encode()
        body = multipart([(b"jeton", token), (b'fichier"; filename="a.txt', letter)])
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": cookie}
        return request("POST", letters, port, headers, body)

    return {
        "forms": [filled(path, cookie, bodies.FORM, False) for path in actions],
        "forms of nobody": [filled(path, "", bodies.FORM, False) for path in actions],
        "forms in parts": [filled(path, cookie, bodies.FORM, True) for path in actions],
        "log-ins": [filled("/redaction/connexion/", "", bodies.PASTED_LETTER, False)],
        "pasted letters": [filled(letters, cookie, bodies.PASTED_LETTER, False)],
        "letters in parts": [filled(letters, cookie, bodies.PASTED_LETTER, True)],
        "letters of nobody": [filled(letters, "", bodies.PASTED_LETTER, False)],
        "long letters": [dropped(text)],
        "letters that swell": [dropped(hostile_files.slow_pdf())],
    }


def check(kind: str, answers: Sequence[Answer], sent: int, watch: Watch) -> None:
    log.warning(
        "%s: %s; at most %d MiB", kind, Counter(a.status for a in answers), watch.most >> 20
    )
    assert len(answers) == sent, kind
    for answer in answers:
        assert answer.status < 500 or (answer.status == 503 and "retry-after" in answer.headers)
    assert watch.most < MOST_MEMORY, f"{kind}: {watch.most >> 20} MiB"


@pytest.mark.long
def test_the_heaviest_bodies_at_once(site):
    kinds = heaviest(site)
    if not CAMPAIGN:
        # One request of each kind and form, without long letters: each of these takes ten seconds
        # of processor time.
        some = [one for kind, of_it in kinds.items() if kind != "long letters" for one in of_it]
        kinds = {"all": some}
    for kind, requests in kinds.items():
        for begin in range(0, len(requests), AT_ONCE):
            some = requests[begin : begin + AT_ONCE]
            if CAMPAIGN:
                some = (list(some) * AT_ONCE)[:AT_ONCE]
            with Watch(site.served) as watch:
                answers = all_at_once(site, some)
            check(kind, answers, len(some), watch)


@pytest.mark.long
@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_costs_nothing(site, chunked):
    pairs = b"a=1&" * (REFUSED // 4)
    whole = request("POST", "/abonnement/", site.served.port, {"Content-Type": FORM}, pairs)
    if chunked:
        head = whole.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
        whole = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(pairs), pairs)
    before = site.served.memory()
    with Watch(site.served) as watch:
        answers = all_at_once(site, [whole] * 8)
    check("8 MB of fields", answers, 8, watch)
    # A quarter of the threads read a body at once; the others are told to come back.
    assert 413 in {answer.status for answer in answers} <= {413, 503}
    assert max(len(answer.body) for answer in answers) < 20_000
    assert watch.most - before < 8 * REFUSED / 2
