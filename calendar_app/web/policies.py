"""Who may open which view: every view declares its policy, and one hook enforces it.

A view without a policy stops the application from starting. What an editor may do to one object is
decided where the object is read (``editing.rules.roles.may``): an object outside the editor's scope
is a 404.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote_from_bytes

from flask import Flask, abort, current_app, request
from werkzeug.wrappers import Response

from calendar_app.editing.rules.roles import EditorRole
from calendar_app.web import editor_session

View = TypeVar("View", bound=Callable[..., Any])


class Policy(Enum):
    """Who may open a view."""

    #: Anybody, and the answer is the same for everybody: caches may keep it (``web/caching.py``).
    PUBLIC = "public"
    #: Anybody, but the answer is for who asked: a form with its token, or what is true just now.
    PUBLIC_UNCACHED = "public, uncached"
    #: A person with a working link; the view reads the link, and answers 404 to any other.
    LINK_HOLDER = "link holder"
    #: Any editor.
    EDITOR = "editor"
    #: An editor who may publish: responsable de publication or administrateur.
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


_ROLES = {
    Policy.EDITOR: frozenset(EditorRole),
    Policy.PUBLISHER: frozenset((EditorRole.PUBLISHER, EditorRole.ADMINISTRATOR)),
    Policy.ADMINISTRATOR: frozenset((EditorRole.ADMINISTRATOR,)),
}


def policy(declared: Policy) -> Callable[[View], View]:
    """Declare who may open a view (a decorator)."""

    def declare(view: View) -> View:
        view.policy = declared  # type: ignore[attr-defined]
        return view

    return declare


def policy_of(app: Flask, endpoint: str) -> Policy:
    """Return the policy of a view.

    :raises RuntimeError: when the view declares none.
    """
    declared = getattr(app.view_functions[endpoint], "policy", None)
    if not isinstance(declared, Policy):
        raise RuntimeError(
            f"the view {endpoint!r} declares no policy: write @policy(Policy.…) above it"
            " (calendar_app/web/policies.py)"
        )
    return declared


def hold_to_policies(app: Flask, ask_to_log_in: Callable[[], Response]) -> None:
    """Enforce the policies of all views from now on. Call this when all views are registered.

    :param ask_to_log_in: makes the answer for a person who opens an editors' page and is not logged
        in.
    :raises RuntimeError: when a view declares no policy.
    """
    for rule in app.url_map.iter_rules():
        policy_of(app, rule.endpoint)
    app.before_request(_make_readable)
    app.before_request(partial(_hold, ask_to_log_in))


def _make_readable() -> None:
    """Percent-encode the bytes of the query string when they are not UTF-8: Werkzeug fails on such
    bytes where they stand raw."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        request.query_string = quote_from_bytes(request.query_string, string.printable).encode()


def _hold(ask_to_log_in: Callable[[], Response]) -> Response | None:
    """Ask a person without a session to log in; answer 403 to an editor without the role."""
    if request.endpoint is None:
        return None  # unknown address, or a method that it does not have
    roles = _ROLES.get(policy_of(current_app, request.endpoint))
    if roles is None:
        return None
    editor = editor_session.editor()
    if editor is None:
        return ask_to_log_in()
    if editor.role not in roles:
        abort(403)
    return None
