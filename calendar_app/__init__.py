"""The calendar that gets a class to every contest in time (see docs/architecture.md)."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Give ``create_app`` to ``flask --app calendar_app``; loading the application takes half a
    second, which the commands that need none of it must not wait for."""
    if name != "create_app":
        raise AttributeError(name)
    from calendar_app.app import create_app

    return create_app
