"""What a browser brings to a site: the cookie of an editor who logged in, and the tokens of forms.
They are made with the site's own key, so that thousands of requests need no page to be read
first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select, update

from calendar_app.app import create_app
from calendar_app.editing.models.editors import Editor
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.store.base import db, writing
from calendar_app.web import forms
from tests.conftest import close, settings_for
from tests.servers import SERVERS, Served, request
from tests.web.editing.test_editor_pages import make_editor

FORM = "application/x-www-form-urlencoded"

#: What the form tokens of our editors' sessions are bound to.
KEY = "clé d'essai"


def cookie(site: Flask, address: str | None) -> str:
    """Return the session cookie of an editor who is logged in, or of somebody who is about to.

    :param site: an application with the key and the store of the one that is asked.
    """
    held: dict[str, Any] = {"_permanent": True, "key": KEY}
    if address:
        with site.app_context():
            editor = db.session.scalars(select(Editor).where(Editor.address == address)).one()
            held |= {"editor": editor.uid.hex, "epoch": editor.session_epoch}
    made = cast(SecureCookieSessionInterface, site.session_interface).get_signing_serializer(site)
    assert made
    return f"redaction={made.dumps(held)}"


def heard_of_today(site: Flask) -> None:
    """Let everybody of a store have been heard of today: those whom tests make are of 2021, and the
    worker of a server ends what was silent for years."""
    now = datetime.now(UTC)
    with site.app_context(), writing(db.session, now):
        db.session.execute(update(Editor).values(used_at=now))
        db.session.execute(update(Subscriber).values(heard_at=now))


def token(site: Flask, path: str) -> str:
    """Return the token of the form that is posted to this path; empty where none is."""
    with site.test_request_context():
        try:
            endpoint, values = site.url_map.bind("127.0.0.1").match(path, method="POST")
        except Exception:  # whatever makes it no address of ours
            return ""
        if path.startswith("/redaction/") and endpoint != "editor.password":
            values = {**values, "session": KEY}
        return forms.form_token(endpoint, **values)


def multipart(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return a body of these fields (names and contents), with « b » between them."""
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair for pair in fields
    )
    return b"".join((*parts, b"--b--\r\n"))


class Site:
    """A site with the real content and an editor, which is served.

    :param app: with its key and its store.
    """

    def __init__(self, served: Served, app: Flask, store: str) -> None:
        self.served, self.app, self.store = served, app, store
        address = make_editor(app)
        heard_of_today(app)
        self.cookie = cookie(app, address)

    def posted(self, path: str, **fields: str) -> bytes:
        """Return the request that posts a form of the site."""
        fields["jeton"] = token(self.app, path)
        headers = {"Cookie": self.cookie, "Content-Type": FORM}
        return request("POST", path, self.served.port, headers, urlencode(fields).encode())

    def dropped(self, letter: bytes) -> bytes:
        """Return the request that drops a letter."""
        path = "/redaction/lettres/"
        body = multipart(
            [
                (b"jeton", token(self.app, path).encode()),
                (b"envoyee", b"2021-01-04"),
                (b'fichier"; filename="lettre.eml', letter),
            ]
        )
        headers = {"Cookie": self.cookie, "Content-Type": "multipart/form-data; boundary=b"}
        return request("POST", path, self.served.port, headers, body)


@contextmanager
def served_site(server: str, folder: Path, store: str, **environ: str) -> Iterator[Site]:
    """Serve a store; yield the site.

    :param server: a name of :data:`tests.servers.SERVERS`.
    :param folder: for its instance folder and its log.
    :param store: the address of an SQLite store.
    """
    app = create_app(settings_for(store, folder / "instance", **environ))
    with SERVERS[server](folder, CALENDAR_DATABASE_URL=store, **environ) as served:
        yield Site(served, app, store.removeprefix("sqlite:///"))
    close(app)
