"""The group of all commands, and the words for file errors.

This module loads nothing that a command may not need: the application and its store take half a
second to load.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import click

FILE = click.Path(path_type=Path)

#: Command → the module of this room that adds it to the group.
MODULES = {
    "backup": "keeping",
    "bounces": "reminders",
    "doctor": "doctor",
    "editors": "editors",
    "events": "content",
    "holidays": "content",
    "journal": "journal",
    "letters": "letters",
    "migrate": "running",
    "reminders": "reminders",
    "restore": "keeping",
    "sending": "keeping",
    "serve": "running",
    "static": "running",
    "store": "keeping",
    "worker": "running",
}


class Commands(click.Group):
    """A group that loads the module of a command only when the command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in MODULES:
            importlib.import_module(f"calendar_app.cli.{MODULES[cmd_name]}")
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands)
@click.help_option("-h", "--help", help="Affiche cette aide.")
def cli() -> None:
    """Le calendrier qui mène une classe à temps à chaque concours."""


def file_error_words(error: OSError) -> str:
    """Return in French why a file cannot be used, without its name and without a full stop."""
    return _FILE_ERRORS.get(type(error), str(error))


_FILE_ERRORS: dict[type[OSError], str] = {
    FileNotFoundError: "ce fichier n'existe pas",
    IsADirectoryError: "c'est un dossier, pas un fichier",
    NotADirectoryError: "ce chemin passe par un fichier, pas par un dossier",
    PermissionError: "les droits manquent pour lire ou écrire ce fichier",
}
