"""The calendar that gets a class to every contest in time (see docs/architecture.md)."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Return ``create_app``, for ``flask --app calendar_app``.

    Loading the application takes half a second, and some commands do not need it.
    """
    if name != "create_app":
        raise AttributeError(name)
    from calendar_app.app import create_app

    return create_app
