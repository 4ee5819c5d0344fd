"""A form that was sent after its session had ended: the log-in page carries it and gives it back.

Nothing of the form is stored. It travels in the pages themselves, signed for this browser: only a
form that a page of this site sent can come back, never one of another site. After the log-in the
editor sees the form and sends it again with one button. The view that acts checks the right to it,
as always.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException

from calendar_app.web import editor_session
from calendar_app.words.text import clean_line

#: The views whose forms are given back (those in which an editor writes) → what the form is, in
#: French. A mere button is not kept: the editor presses it again.
GIVEN_BACK: dict[str, str] = {
    "editing.new": "la fiche d'un nouvel événement",
    "editing.edit": "la fiche d'un événement",
    "letters.index": "une lettre à lire",
    "drafts.correct": "la correction d'une proposition",
    "drafts.refuse": "le refus d'une proposition",
    "sources.index": "un agenda à suivre",
    "journal.take_back": "un changement à défaire",
}

_PLACE, _FORM = "suite", "suite_champs"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """The page to which a person was going, and the form that they sent there.

    :param place: a path of the editors' room, with its query.
    :param fields: names and texts, in their order; empty for a page that was only opened.
    """

    place: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def signed(self) -> str:
        """The form as one signed text: only this site can make it, and for this browser only."""
        return _signature(editor_session.browser_key()).dumps([self.place, self.fields])

    @property
    def words(self) -> str | None:
        """What the form is, in French; None when no form is given back."""
        found = _matched(self.place, "POST")
        return GIVEN_BACK.get(found[0]) if found and self.fields else None

    def token(self) -> str | None:
        """Return a form token for the view of the form; None when no form is given back."""
        found = _matched(self.place, "POST")
        if found is None or self.words is None:
            return None
        endpoint, values = found
        return editor_session.form_token(endpoint, **values)


def of_this_request() -> KeptForm:
    """Return the place and the form of this request, which was made without a session."""
    place = request.full_path.rstrip("?")
    if request.method != "POST" or request.endpoint not in GIVEN_BACK or not _is_ours():
        return KeptForm(place)
    fields = request.form.items(multi=True)
    return KeptForm(place, tuple((name, text) for name, text in fields if name != "jeton"))


def carried() -> KeptForm | None:
    """Return what the log-in page carried: a form that this site kept for this browser, else the
    page to which the person was going, or None."""
    if kept := _kept(request.form.get(_FORM, "")):
        return kept
    place = request.values.get(_PLACE, "")
    # A place goes into a header: it must be one line, and browsers must read it as it stands.
    if clean_line(place) == place and place.startswith(editor_session.PATH):
        return KeptForm(place) if _matched(place, "GET") else None
    return None


def is_of_another_site() -> bool:
    """Return whether a page of another site sent this request, as far as the browser tells."""
    site, host = request.headers.get("Sec-Fetch-Site"), _origin()
    if site is not None:
        return site in ("cross-site", "same-site")
    # Our own pages with the referrer policy « no-referrer » send « null ».
    return host not in (None, "null", request.host)


def _is_ours() -> bool:
    """Return whether a page of this site sent the form: a form of another site must not be given
    back as if the editor had typed it. (Browsers send one of these headers with every POST.)"""
    site = request.headers.get("Sec-Fetch-Site")
    return site == "same-origin" if site is not None else _origin() == request.host


def _origin() -> str | None:
    """Return the host in the header Origin, or « null » as it stands there; None without it."""
    origin = request.headers.get("Origin")
    return None if origin is None else origin.rpartition("://")[2]


def _matched(place: str, method: str) -> tuple[str, dict[str, str]] | None:
    """Return the view that answers at a place, and its arguments; None when no view does."""
    urls = current_app.url_map.bind("localhost")
    try:
        endpoint, values = urls.match(place.partition("?")[0], method=method)
    except HTTPException:
        return None
    return endpoint, dict(values)


def _kept(text: str) -> KeptForm | None:
    key = editor_session.known_key()
    if not text or key is None:
        return None
    try:
        place, fields = _signature(key).loads(
            text, max_age=int(editor_session.LIFE.total_seconds())
        )
    except BadData:
        return None
    return KeptForm(place, tuple((name, value) for name, value in fields))


def _signature(key: str) -> URLSafeTimedSerializer:
    secret = current_app.config["SETTINGS"].secret_key
    return URLSafeTimedSerializer(secret, salt=f"kept-form/{key}")
