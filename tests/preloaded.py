"""Imported in the process from which commands are forked (tests/commands.py): does once what each
command would otherwise do again, half of its processor time."""

from __future__ import annotations

import gc
from importlib import import_module

from sqlalchemy.orm import configure_mappers

from calendar_app.school.school_calendars import mainland_calendars

import_module("tests.mail_workers")
for command in (
    "content",
    "doctor",
    "editors",
    "journal",
    "keeping",
    "letters",
    "reminders",
    "running",
):
    import_module(f"calendar_app.cli.{command}")

configure_mappers()
mainland_calendars()
# Otherwise the first collection of each forked process writes to all objects, and so copies them.
gc.collect()
gc.freeze()
