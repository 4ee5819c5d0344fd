"""What each process of an installation does first."""

from __future__ import annotations

from collections.abc import Mapping

from calendar_app import memory
from calendar_app.config import log_lines
from calendar_app.config.settings import Settings


def begin(environ: Mapping[str, str]) -> Settings:
    """Read the settings of this process, and set up its memory and its log.

    :raises SettingsError: when a setting is wrong.
    """
    memory.give_back()
    settings = Settings.from_environment(environ)
    log_lines.set_up(settings.log)
    return settings
