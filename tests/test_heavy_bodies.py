"""The heaviest bodies that a server takes, many at once, and those that it refuses: what they cost
all its processes together, readers of letters among them."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from tests.servers import Answer, Served, exchange, request
from tests.signed_in import Site, served_site

#: Bytes that all processes of the server may hold together.
MOST_MEMORY = 600 * 2**20
AT_ONCE = 32

log = logging.getLogger(__name__)


class Watch:
    """Looks at the memory of a server again and again while the block runs."""

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


def all_at_once(site: Site, requests: Sequence[bytes], seconds: float = 120) -> list[Answer]:
    """Send these requests at once; return what was answered."""
    answers: list[Answer] = []

    def ask(sent: bytes) -> None:
        with suppress(OSError):
            answers.append(exchange(site.served.port, sent, seconds))

    asking = [threading.Thread(target=ask, args=(sent,)) for sent in requests]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return answers


@pytest.fixture(scope="module")
def site(make_database, templates, tmp_path_factory) -> Iterator[Site]:
    store = make_database("sqlite", templates["sqlite", "content"])
    with served_site("serve", tmp_path_factory.mktemp("served"), store) as site:
        yield site


FORM_LIMIT, PASTED_LIMIT, UPLOAD_LIMIT = 64 * 1024, 256 * 1024, 20 * 2**20


def test_x(site):
    idle = site.served.memory()
    print("idle", idle / 2**20)
    text = "Le concours « Défi » se termine le 12 février 2021 à Lille. \n".encode() * 400_000
    kinds = {
        "uploads": [site.dropped(text[: UPLOAD_LIMIT - 10])] * AT_ONCE,
        "pasted": [site.posted("/redaction/lettres/", texte="é" * 40_000)] * AT_ONCE,
        "pasted2": [
            site.posted("/redaction/lettres/", texte=("le 12 février 2021. " * 12000)[:170_000])
        ]
        * AT_ONCE,
        "kept": [
            request(
                "POST",
                "/redaction/connexion/",
                site.served.port,
                {
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Sec-Fetch-Site": "same-origin",
                },
                b"a=" + b'"' * (PASTED_LIMIT - 3),
            )
        ]
        * AT_ONCE,
        "kept2": [
            request(
                "POST",
                "/redaction/lettres/",
                site.served.port,
                {
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Sec-Fetch-Site": "same-origin",
                },
                b"a=1&" * 998 + b"a=" + b'"' * (PASTED_LIMIT - 5000),
            )
        ]
        * AT_ONCE,
        "event": [
            site.posted(
                "/redaction/evenements/nouveau/",
                **{f"date-{n}-nature": "limite" for n in range(900)},
            )
        ]
        * AT_ONCE,
        "8MB": [
            request(
                "POST",
                "/abonnement/",
                site.served.port,
                {"Content-Type": "application/x-www-form-urlencoded"},
                b"a=1&" * 2_000_000,
            )
        ]
        * 8,
    }
    for name, requests in kinds.items():
        with Watch(site.served) as watch:
            answers = all_at_once(site, requests)
        print(
            name,
            len(requests[0]),
            Counter(a.status for a in answers),
            len(answers),
            "most",
            watch.most / 2**20,
            "after",
            site.served.memory() / 2**20,
        )
