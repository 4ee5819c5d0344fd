"""Making the store ready: its schema, its reference values and, the first time, its content."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import flask_migrate

from calendar_app.models import queries
from calendar_app.models.base import AnySession
from calendar_app.services.reference import load_reference
from calendar_app.sources.holidays_file import read_holidays_yaml
from calendar_app.sources.reference_files import read_academies, read_themes


def upgrade_schema() -> None:
    """Bring the schema of the current application's store to its newest revision.

    Harmless to repeat, and to run in several processes at once: the first one locks.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate.upgrade()


def load_reference_files(session: AnySession, data_folder: Path, now: datetime) -> None:
    """Bring the store in line with the reference files of *data_folder*."""

    def text(name: str) -> str:
        return (data_folder / name).read_text(encoding="utf-8")

    load_reference(
        session,
        read_academies(text("academies.yaml")),
        read_themes(text("themes.yaml")),
        read_holidays_yaml(text("school_holidays.yaml")),
        now,
    )


def is_empty(session: AnySession) -> bool:
    """Whether the store has no event yet."""
    return not queries.school_years(session)


def catalogue_version(session: AnySession) -> int:
    """Return the counter that moves with every visible change."""
    return queries.catalogue(session).version
