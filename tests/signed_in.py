"""What a browser brings to a site: the cookie of an editor who logged in, and the tokens of forms. They
are made with the site's own key, so that thousands of requests need no page to be read first."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select

from calendar_app.models import Editor, db
from calendar_app.web import forms

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
