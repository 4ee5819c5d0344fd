"""What machines ask: is it alive, is it ready, what may be indexed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response
from sqlalchemy.exc import DBAPIError

from calendar_app.models import db, queries
from calendar_app.web.page import settings
from calendar_app.web.policies import Policy, policy

bp = Blueprint("system", __name__)


@bp.get("/livez")
@policy(Policy.PUBLIC)
def livez() -> Response:
    """Whether the process answers; the store is not asked."""
    return _text("ok\n")


@bp.get("/readyz")
@policy(Policy.PUBLIC)
def readyz() -> Response:
    """Whether the store answers and is set up: 200, or 503."""
    try:
        version = queries.catalogue(db.session).version
    except DBAPIError:
        return _text("the store does not answer\n", 503)
    return _text(f"ok, catalogue version {version}\n")


@bp.get("/robots.txt")
@policy(Policy.PUBLIC)
def robots() -> Response:
    """Everything may be read; the pages that should not be indexed say so themselves."""
    return _text(f"User-agent: *\nAllow: /flux/\nAllow: /\n\n# {settings().public_url}\n")


@bp.get("/.well-known/security.txt")
@policy(Policy.PUBLIC)
def security() -> Response:
    """Whom to tell of a hole (RFC 9116). It never expires: each answer is good for a year."""
    contact = settings().contact or f"{settings().public_url}/mentions-legales/"
    where = f"mailto:{contact}" if "@" in contact and "/" not in contact else contact
    expires = (datetime.now(UTC) + timedelta(days=365)).replace(microsecond=0)
    return _text(
        f"Contact: {where}\nExpires: {expires.isoformat()}\nPreferred-Languages: fr, en\n"
        f"Canonical: {settings().public_url}/.well-known/security.txt\n"
    )


def _text(body: str, status: int = 200) -> Response:
    return Response(body, status=status, content_type="text/plain; charset=utf-8")
