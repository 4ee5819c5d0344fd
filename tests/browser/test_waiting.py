"""No browser test looks at a page that has only begun, however slow the server is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

FORM = b"<!doctype html><title>Form</title><form action=/slow><input name=q><button>Send</button>"


class Slow(BaseHTTPRequestHandler):
    """A form, and the page that it opens, whose body and script come long after its head."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.path == "/":
            self.wfile.write(FORM)
            return
        # The browser shows what it has after some kilobytes.
        self.wfile.write(b"<!doctype html><title>Slow</title><style>" + b" " * 8192 + b"</style>")
        self.wfile.flush()
        time.sleep(0.3)
        self.wfile.write(b"<body><script>document.body.textContent = 'whole'</script>")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def slow() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "act",
    [
        lambda page: page.locator("button").click(),
        lambda page: page.locator("input").press("Enter"),
    ],
    ids=["click", "press"],
)
def test_an_act_ends_when_the_page_that_it_opened_is_whole(
    new_page: Callable[..., Page], slow: str, act: Callable[[Page], None]
):
    page = new_page()
    page.goto(slow)
    act(page)
    assert page.evaluate("document.body.textContent") == "whole"
