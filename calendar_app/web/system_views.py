"""What machines ask: is it alive, is it ready, what may be indexed."""

from __future__ import annotations

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


def _text(body: str, status: int = 200) -> Response:
    return Response(body, status=status, content_type="text/plain; charset=utf-8")
