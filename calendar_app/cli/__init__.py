"""``calendar-app``: which service runs when. The messages to people are French.

Start with ``group`` (the list of commands) and ``base`` (the application and its store). The
commands only call functions of the other rooms, and print.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from calendar_app.cli.group import cli, file_error_words
from calendar_app.config.environment import SettingsError
from calendar_app.store.faults import fault_of
from calendar_app.words.errors import CalendarError
from calendar_app.words.text import clean


def main() -> None:
    """Run a command. An expected error ends in a French sentence, not in a traceback."""
    try:
        cli(standalone_mode=False)
    except (SettingsError, CalendarError) as error:
        _fail(str(error))
    except DBAPIError as error:
        _fail(
            f"La base de données ne répond pas comme il faut. {fault_of(error).todo} Elle dit : "
            f"{error.orig}"
        )
    except OSError as error:
        _fail(f"{error.filename or 'Fichier'} : {file_error_words(error)}.")
    except click.exceptions.Abort:
        _fail("Interrompu.")
    except click.ClickException as error:
        _fail(_usage_words(error), error.exit_code)


def _usage_words(error: click.ClickException) -> str:
    """Return in French what click says in English about a wrong command line."""
    match error:
        case click.NoSuchOption():
            said = f"L'option {error.option_name} n'existe pas."
        case click.MissingParameter():
            said = f"Il manque {_parameter(error)}."
        case click.BadParameter():
            said = f"La valeur de {_parameter(error)} ne convient pas."
        case _:
            said = "Cette commande n'existe pas, ou n'est pas complète."
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "…"
    return f"{said} Voyez « {path} --help »."


def _parameter(error: click.BadParameter) -> str:
    return " / ".join(error.param.opts) if error.param else "un paramètre"


def _fail(message: str, code: int = 1) -> NoReturn:
    # The message may quote a file, whose control characters must not reach the terminal.
    click.echo(clean(message), err=True)
    sys.exit(code)
