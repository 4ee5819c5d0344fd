"""The credentials of a signed-in browser: the session cookie of an editor, and form tokens. They
are made with the site's own key, so that thousands of requests need not read a page first."""

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

#: The session key to which the form tokens of the test editors are bound.
KEY = "clé d'essai"


def cookie(site: Flask, address: str | None) -> str:
    """Return the session cookie of an editor.

    :param site: an application with the key and the store of the site that gets the requests.
    :param address: the mail address of the editor; None: the cookie of a visitor before the login.
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
    """Mark every editor and subscriber of a store as active today. Tests make them in 2021, and the
    worker of a running server ends accounts and subscriptions that were silent for years."""
    now = datetime.now(UTC)
    with site.app_context(), writing(db.session, now):
        db.session.execute(update(Editor).values(used_at=now))
        db.session.execute(update(Subscriber).values(heard_at=now))


def token(site: Flask, path: str) -> str:
    """Return the token of the form that is posted to this path; empty when no form is."""
    with site.test_request_context():
        try:
            endpoint, values = site.url_map.bind("127.0.0.1").match(path, method="POST")
        except Exception:  # not an address of the site
            return ""
        if path.startswith("/redaction/") and endpoint != "editor.password":
            values = {**values, "session": KEY}
        return forms.form_token(endpoint, **values)


def sign_up_form(token: str, address: str) -> dict[str, str]:
    """Return the fields with which somebody in Lille asks for all reminders at « /abonnement/ »."""
    return {
        "jeton": token,
        "adresse": address,
        "lieu": "lille",
        "etablissement": "ecole",
        "suivre": "tout",
        "delai": "class_weeks:3",
        "accord": "1",
    }


def multipart(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return a multipart body of these (name, content) fields, with the boundary « b »."""
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair for pair in fields
    )
    return b"".join((*parts, b"--b--\r\n"))


class Site:
    """A running site with the real content and an editor.

    :param app: an application with the key and the store of the running site.
    :param store: the path of its SQLite file.
    """

    def __init__(self, served: Served, app: Flask, store: str) -> None:
        self.served, self.app, self.store = served, app, store
        address = make_editor(app)
        heard_of_today(app)
        self.cookie = cookie(app, address)

    def posted(self, path: str, **fields: str) -> bytes:
        """Return the bytes of a request that posts a form of the site, with its token."""
        fields["jeton"] = token(self.app, path)
        headers = {"Cookie": self.cookie, "Content-Type": FORM}
        return request("POST", path, self.served.port, headers, urlencode(fields).encode())

    def dropped(self, letter: bytes) -> bytes:
        """Return the bytes of a request that uploads a letter."""
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
    """Run a site on a store; yield the site.

    :param server: a key of :data:`tests.servers.SERVERS`.
    :param folder: the folder for the instance folder and the log.
    :param store: the address of an SQLite store.
    """
    app = create_app(settings_for(store, folder / "instance", **environ))
    with SERVERS[server](folder, CALENDAR_DATABASE_URL=store, **environ) as served:
        yield Site(served, app, store.removeprefix("sqlite:///"))
    close(app)
