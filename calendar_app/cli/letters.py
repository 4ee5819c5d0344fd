"""The commands about letters: show their dated items, or import these as drafts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from calendar_app import letters
from calendar_app.cli.group import FILE, cli, file_error_words
from calendar_app.config.settings import data_folder
from calendar_app.editing.letter_lines import (
    ItemLine,
    change_words,
    item_line,
    passed_over_words,
    short_day,
)
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.letters.as_json import contract
from calendar_app.letters.dated_items import LetterReading
from calendar_app.letters.doubts import PassedOver
from calendar_app.letters.formats.letter_text import MAX_BYTES, letter_bytes
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.school.local_time import paris_day
from calendar_app.words.errors import CalendarError
from calendar_app.words.text import clean_line

if TYPE_CHECKING:
    from calendar_app.editing.drafts import DraftLine, LetterReport

R = TypeVar("R")

FILES = click.argument("files", metavar="FILE…", type=FILE, nargs=-1, required=True)
ISSUED = click.option(
    "--issued",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="AAAA-MM-JJ",
    help="Le jour où la lettre est partie ; sinon il est cherché dans la lettre.",
)

COLOURS = {"deadline": "red", "window": "cyan", "event": "green"}

_MANY = {
    "nouveau": "nouveaux",
    "nouvelle date": "nouvelles dates",
    "changement": "changements",
    "déjà proposé": "déjà proposés",
}


@cli.group("letters")
def letters_group() -> None:
    """Lit des lettres d'information : ce qui y est daté."""


@letters_group.command("read")
@ISSUED
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Un tableau à lire, ou du JSON pour un programme.",
)
@FILES
def letters_read(issued: datetime | None, form: str, files: tuple[Path, ...]) -> None:
    """Montre ce qui est daté dans chaque FILE ; n'écrit rien et n'a besoin d'aucune base.

    PDF, .docx, .odt, courriel (.eml), HTML, texte ou Markdown.
    """
    knowledge, now = letters.knowledge_of_files(data_folder()), datetime.now(UTC)

    def read(path: Path) -> LetterReading:
        return letters.read(letter_bytes(path), _day(issued), now, knowledge)

    found = _each(files, read)
    if form == "json":
        several = len(files) > 1
        items = [
            contract(item) | ({"file": click.format_filename(path)} if several else {})
            for path, reading in found
            if not isinstance(reading, str)
            for item in reading.items
        ]
        click.echo(json.dumps(items, ensure_ascii=False, indent=2))
    for path, reading in found:
        if isinstance(reading, str):
            click.echo(reading, err=True)
        elif form == "table":
            lines = [item_line(item, knowledge.academies) for item in reading.items]
            _show_heading(path, reading, len(lines))
            _show_items(lines)
            _show_passed_over(reading.passed_over)
    _end(found)


@letters_group.command("import")
@ISSUED
@FILES
def letters_import(issued: datetime | None, files: tuple[Path, ...]) -> None:
    """Apporte des brouillons, « à vérifier », de chaque FILE ; rien n'est publié.

    La même lettre n'ajoute rien une seconde fois.
    """
    # Slow to load, and needed only by this command.
    from calendar_app.cli.base import ready_store
    from calendar_app.editing import drafts

    knowledge = letters.knowledge_of_files(data_folder())
    with ready_store() as session:

        def bring(path: Path) -> LetterReport:
            data = letter_bytes(path)
            now = datetime.now(UTC)
            return drafts.import_letter(session, data, path.name, _day(issued), now, knowledge)

        found = _each(files, bring)
    for path, report in found:
        if isinstance(report, str):
            click.echo(report, err=True)
        else:
            _show_report(path, report, knowledge)
    _end(found)


#: Exit codes of sysexits.h, by which a mail server knows what to do with a message.
_EX_DATAERR, _EX_TEMPFAIL = 65, 75


@letters_group.command("receive")
def letters_receive() -> None:
    """Prend un courriel sur l'entrée standard, pour un serveur de courriel.

    Pour Postfix : « letters: "|calendar-app letters receive" » dans /etc/aliases. Se termine par 0
    si le courriel est pris ou déjà connu, 65 s'il est refusé, 75 s'il faut réessayer plus tard.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from calendar_app.cli.base import store_as_it_is
    from calendar_app.config.environment import SettingsError
    from calendar_app.editing.mailbox import receiving

    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    # The rest is read as well: a server whose pipe breaks would try again.
    while sys.stdin.buffer.read(2**20):
        pass
    try:
        knowledge = letters.knowledge_of_files(data_folder())
        with store_as_it_is() as session:
            outcome, reason = receiving.receive(session, data, datetime.now(UTC), knowledge)
    except (CalendarError, SQLAlchemyError, SettingsError, OSError):
        click.echo("La base ne répond pas : le courriel est à remettre plus tard.", err=True)
        sys.exit(_EX_TEMPFAIL)
    except Exception as error:
        # Any other exit code would send the mail back, for a fault of ours. The text of the error
        # may quote the mail.
        kind = type(error).__name__
        click.echo(f"Erreur de notre côté ({kind}) : à remettre plus tard.", err=True)
        sys.exit(_EX_TEMPFAIL)
    if outcome is receiving.Outcome.FULL:
        click.echo(f"Courriel à remettre plus tard : {reason}", err=True)
        sys.exit(_EX_TEMPFAIL)
    if outcome is receiving.Outcome.REFUSED:
        click.echo(f"Courriel refusé : {reason}", err=True)
        sys.exit(_EX_DATAERR)
    # What a machine wrote is not refused aloud: the server would write back to the machine.
    click.echo(_RECEIVED[outcome.value], err=True)


#: Value of ``receiving.Outcome`` → what an operator reads.
_RECEIVED = {
    "read": "Courriel lu : ses lettres sont dans la rédaction.",
    "waiting": "Expéditeur inconnu : le courriel attend l'administration du site.",
    "report": "Courriel d'une machine ou d'une liste, sans lettre : il est laissé de côté.",
    "known": "Ce courriel était déjà connu.",
}


def _day(issued: datetime | None) -> date | None:
    return issued.date() if issued else None


def _each(files: Sequence[Path], work: Callable[[Path], R]) -> list[tuple[Path, R | str]]:
    """Return what *work* gives for each file, or the French sentence that says why it failed."""
    found: list[tuple[Path, R | str]] = []
    hidden = len(files) < 2 or not sys.stderr.isatty()
    with click.progressbar(files, label="Lecture", file=sys.stderr, hidden=hidden) as bar:
        for path in bar:
            try:
                found.append((path, work(path)))
            except CalendarError as error:
                found.append((path, f"{click.format_filename(path)} : {error}"))
            except OSError as error:
                words = file_error_words(error)
                found.append((path, f"{click.format_filename(path)} : {words}."))
    return found


def _end(found: Sequence[tuple[Path, object]]) -> None:
    """Exit with status 1 if a file could not be read; the other files were still handled."""
    if any(isinstance(outcome, str) for _, outcome in found):
        sys.exit(1)


def _show_heading(path: Path, read: LetterReading | LetterReport, count: int) -> None:
    click.echo(f"{click.style(click.format_filename(path), bold=True)} : {clean_line(read.title)}")
    many = "s" if count > 1 else ""
    number = f"{count or 'aucun'} élément{many} daté{many}"
    click.echo(f"Lettre du {short_day(read.issued)} (date : {read.issued_from}), {number}.")


def _show_items(lines: Sequence[ItemLine]) -> None:
    """Print a row for each item and, below the row, its sentence with the date phrase marked."""
    rows = _aligned([(line.days, line.what, line.title, line.where) for line in lines])
    for line, (days, what, title, where) in zip(lines, rows, strict=True):
        what = click.style(what, fg=COLOURS[line.kind.value])
        click.echo(f"\n  {days}  {what}  {title}  {where}  {line.confidence}")
        click.echo(f"      {line.before}{_phrase(line.phrase)}{line.after}")
        _show_warnings(line.warnings)
        _show_doubts(line.doubts)
    click.echo()


def _show_passed_over(passed: Sequence[PassedOver]) -> None:
    """Print the dates of a letter that gave no item, each with its reason."""
    if words := passed_over_words(passed):
        click.echo(f"  {words} :")
    for each in passed:
        click.echo(f"      « {clean_line(each.phrase)} » : {clean_line(each.reason)}")


def _show_report(path: Path, report: LetterReport, knowledge: LetterKnowledge) -> None:
    """Print the outcome of each item of a letter."""
    if not report.is_new:
        day = short_day(paris_day(report.imported_at))
        count = sum(draft.proposal is not None for draft in report.drafts)
        many = "s" if count > 1 else ""
        name = click.format_filename(path)
        click.echo(f"{name} : déjà importée le {day} : {count or 'aucun'} brouillon{many}.")
        return
    _show_heading(path, report, len(report.drafts))
    counts = Counter(_outcome(draft) for draft in report.drafts)
    if counts:
        said = (f"{n} {_MANY.get(words, words) if n > 1 else words}" for words, n in counts.items())
        click.echo(f"{', '.join(said)}.")
    lines = [item_line(draft.item, knowledge.academies) for draft in report.drafts]
    rows = _aligned(
        [
            (_outcome(draft), _days(draft, line), clean_line(draft.event_title or line.title))
            for draft, line in zip(report.drafts, lines, strict=True)
        ]
    )
    for draft, line, cells in zip(report.drafts, lines, rows, strict=True):
        seen = f"  (lettre « {clean_line(draft.first_seen)} »)" if draft.first_seen else ""
        click.echo(f"  {'  '.join(cells)}  {line.confidence}{seen}")
        if draft.proposal is not None:
            _show_warnings(line.warnings)
            _show_doubts(line.doubts)
    _show_passed_over(report.passed_over)
    click.echo()


def _outcome(draft: DraftLine) -> str:
    """Return the outcome of an item: « nouveau », « changement », « déjà au calendrier »…"""
    waits = draft.state is DraftState.PENDING and draft.proposal
    return draft.proposal.words if waits and draft.proposal else draft.state.words


def _days(draft: DraftLine, line: ItemLine) -> str:
    if draft.proposal is Proposal.CHANGE:
        return change_words((draft.known_first_day, draft.known_last_day), draft.item)
    return line.days


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return *rows* with each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        tuple(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]


def _phrase(phrase: str) -> str:
    """Return a date phrase marked for its sentence: bold in a terminal, else in guillemets."""
    return click.style(phrase, bold=True) if sys.stdout.isatty() else f"« {phrase} »"


def _show_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        click.echo(click.style(f"      Attention : {warning}", fg="yellow"))


def _show_doubts(doubts: Sequence[str]) -> None:
    if doubts:
        click.echo(f"      En doute : {' '.join(doubts)}")
