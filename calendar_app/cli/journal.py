"""The command about the journal of the editors' room."""

from __future__ import annotations

from pathlib import Path

import click

from calendar_app.cli.base import OPTIONAL_FILE, store_as_it_is, write
from calendar_app.cli.group import cli
from calendar_app.editing import journal
from calendar_app.editing.journal_export import as_csv, as_json


@cli.group("journal")
def journal_group() -> None:
    """Lit le journal de la rédaction."""


@journal_group.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv")
@OPTIONAL_FILE
def journal_export(form: str, file: Path | None) -> None:
    """Écrit tout le journal dans FILE, ou sur la sortie standard."""
    with store_as_it_is() as session:
        found = journal.whole(session)
        parts = as_csv(session, found) if form == "csv" else as_json(found)
        write("".join(parts), file, private=True)
