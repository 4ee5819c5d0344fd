"""What somebody typed while their session ended: the log-in page carries it, and gives it back.

Nothing of it is stored. It travels in the pages themselves, behind the form token of this browser;
after the log-in the person sends it again, with one button.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from calendar_app.web import editor_session

_PLACE, _FIELDS = "suite", "suite_champs"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where somebody was going, and what they sent there.

    :param place: a path of the room, with its query.
    :param fields: names and texts, in their order; none of a page that was only to be looked at.
    """

    place: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def fields_text(self) -> str:
        """The fields as one text, for a hidden field."""
        return json.dumps(self.fields, ensure_ascii=False)

    def token(self) -> str | None:
        """Return a form token for where this goes; None where nothing can be sent."""
        urls = current_app.url_map.bind(request.host, path_info="/")
        try:
            endpoint, values = urls.match(self.place.partition("?")[0], method="POST")
        except HTTPException:
            return None
        return editor_session.form_token(endpoint, **values)


def of_this_request() -> KeptForm:
    """Return what this request, which nobody may make without a session, was about."""
    place = request.full_path.rstrip("?")
    if request.method != "POST":
        return KeptForm(place)
    if not _is_ours():
        return KeptForm(place)
    fields = request.form.items(multi=True)
    return KeptForm(place, tuple((name, text) for name, text in fields if name != "jeton"))


def _is_ours() -> bool:
    """Return whether a page of this site sent the form: another site's must not be given back as
    what somebody typed. (Browsers say so in one of these headers with every POST.)"""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def carried() -> KeptForm | None:
    """Return what the log-in page carried, or None."""
    place = request.values.get(_PLACE, "")
    if not place.startswith(editor_session.PATH):
        return None
    try:
        text = request.form.get(_FIELDS, "[]")
        fields = tuple((str(name), str(value)) for name, value in json.loads(text))
        "".join(value for pair in fields for value in pair).encode()  # half a character is none
    except (ValueError, TypeError, RecursionError):
        return KeptForm(place)
    return KeptForm(place, fields)
