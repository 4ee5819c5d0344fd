"""The group of all commands, and what is said of files. It loads nothing that a command may not
need: the application and its store take half a second."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

FILE = click.Path(path_type=Path)

#: Which module adds which command to the group.
MODULES = {
    "bounces": "reminders",
    "editors": "editors",
    "events": "content",
    "holidays": "content",
    "journal": "journal",
    "letters": "letters",
    "migrate": "running",
    "reminders": "reminders",
    "serve": "running",
    "worker": "running",
}


class Commands(click.Group):
    """A group whose commands are loaded when they are asked for."""

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
    """Say in French why a file cannot be used, without its name and full stop."""
    return _FILE_ERRORS.get(type(error), str(error))


_FILE_ERRORS: dict[type[OSError], str] = {
    FileNotFoundError: "ce fichier n'existe pas",
    IsADirectoryError: "c'est un dossier, pas un fichier",
    NotADirectoryError: "ce chemin passe par un fichier, pas par un dossier",
    PermissionError: "les droits manquent pour lire ou écrire ce fichier",
}
