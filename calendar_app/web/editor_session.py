"""The session of an editor: a signed cookie that browsers send to ``/redaction/`` only.

The cookie carries the editor's uid, the session epoch (the session ends when the account gets
another epoch), and a random key to which the form tokens of this session are bound. The session
ends eight hours after the log-in, whatever the editor did in between.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from typing import Any

from flask import Flask, g, session

from calendar_app.config.settings import Settings
from calendar_app.editing import accounts
from calendar_app.editing.models.editors import Editor
from calendar_app.store.base import db
from calendar_app.web import forms

PATH = "/redaction/"
LIFE = timedelta(hours=8)

NOT_FRESH = (
    "Cette page était ouverte depuis plus d'une heure, ou votre navigateur refuse les cookies : "
    "vérifiez et envoyez à nouveau. Rien n'a été changé."
)

_WHO, _EPOCH, _KEY = "editor", "epoch", "key"


def configure(app: Flask, settings: Settings) -> None:
    """Configure the session cookie."""
    app.config.update(
        SESSION_COOKIE_NAME="redaction",
        SESSION_COOKIE_PATH=PATH,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production or settings.public_url.startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LIFE,
    )


def begin(begun: accounts.EditorSession) -> None:
    """Begin the session of an editor who logged in; nothing of an earlier session stays."""
    session.clear()
    session.permanent = True
    session.update({_WHO: begun.uid.hex, _EPOCH: begun.epoch, _KEY: secrets.token_urlsafe(16)})
    g.pop("editor", None)


def end() -> None:
    """End the session: the cookie is deleted."""
    session.clear()
    g.pop("editor", None)


def editor() -> Editor | None:
    """Return the editor who is logged in, or None. The store is asked once a request."""
    if "editor" not in g:
        g.editor = None
        if who := session.get(_WHO):
            claimed = accounts.EditorSession(uuid.UUID(who), session[_EPOCH])
            g.editor = accounts.of_session(db.session, claimed)
    found: Editor | None = g.editor
    return found


def form_token(endpoint: str, **values: str) -> str:
    """Return the token of a form that only this browser may post to a view.

    :param values: the arguments of the view.
    """
    browser_key()
    return forms.form_token(endpoint, **_bound(), **values)


def browser_key() -> str:
    """Return the random key of this browser's session; a key is made where there is none."""
    if _KEY not in session:
        # Before a log-in too: else another site could log a visitor in to a foreign account.
        session.permanent = True
        session[_KEY] = secrets.token_urlsafe(16)
    return str(session[_KEY])


def known_key() -> str | None:
    """Return the key that this browser sent, or None."""
    found: str | None = session.get(_KEY)
    return found


def is_fresh() -> bool:
    """Return whether this request brings the token of its own form, shown to this browser less than
    an hour ago."""
    return _KEY in session and forms.is_fresh(**_bound())


def _bound() -> dict[str, Any]:
    return {"session": session[_KEY]}
