"""``calendar-app letters`` in its own process, as a person runs it: the output, the exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import event
from sqlalchemy.pool import Pool

from calendar_app.cli import cli
from calendar_app.editing.mailbox import waiting_room
from tests.cli.test_cli import ROOT, environ, run

__all__ = ["environ", "run"]

LETTER = """# La lettre des lanternes

## Prix des lanternes

Dans l'académie de Lille, les inscriptions sont ouvertes du 12 octobre 2020 au 30 avril 2021.

## Fête des lanternes

La fête nationale des lanternes aura lieu le mardi 18 mai 2021 de 14 h à 16 h 30.

## Concours national des lanternes

Les productions sont attendues avant le 3 mars 2021.
"""
ISSUED = ("--issued", "2021-01-05")


@pytest.fixture
def letter(tmp_path) -> Path:
    path = tmp_path / "lettre.md"
    path.write_text(LETTER, encoding="utf-8")
    return path


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def table(path: Path) -> str:
    return f"""{path} : La lettre des lanternes
Lettre du 5 janv. 2021 (date : donnée avec la lettre), 3 éléments datés.

  du 12 oct. 2020 au 30 avril 2021   ouvert du… au…, inscription          Prix des lanternes              académie de Lille  85 %
      Dans l'académie de Lille, les inscriptions sont ouvertes « du 12 octobre 2020 au 30 avril 2021 ».

  18 mai 2021, de 14 h à 16 h 30     événement                            Fête des lanternes              national           70 %
      La fête nationale des lanternes aura lieu « le mardi 18 mai 2021 de 14 h à 16 h 30 ».
      En doute : Pour qui : la lettre ne dit pas pour qui.

  jusqu'au 3 mars 2021               date limite, envoi des productions   Concours national des lanternes  national           78 %
      Les productions sont attendues « avant le 3 mars 2021 ».
      Attention : « Avant le 3 mars » : ce jour est-il compris ?
      En doute : Jour : « avant le » peut exclure ce jour.

"""  # noqa: E501 (a row of the table)


def test_a_table_shows_each_date_in_its_sentence_and_no_store_is_made(run, environ, letter):
    code, out, err = run("letters", "read", *ISSUED, str(letter))
    assert (code, err) == (0, "")
    # The width of the columns does not matter here.
    assert re.sub("  +", "  ", plain(out)) == re.sub("  +", "  ", table(letter))
    assert not Path(environ["CALENDAR_INSTANCE"]).exists()


def test_the_columns_stand_under_each_other(run, letter):
    _, out, _ = run("letters", "read", *ISSUED, str(letter))
    rows = [line for line in out.splitlines() if line.endswith("\u00a0%")]
    assert len(rows) == 3
    titles = ("Prix des", "Fête des", "Concours national")
    assert len({row.index(title) for row, title in zip(rows, titles, strict=True)}) == 1
    assert len({len(row) for row in rows}) == 1


def test_what_was_seen_and_not_kept_is_told_with_its_reason(run, tmp_path):
    path = tmp_path / "lettre.txt"
    path.write_text(
        "Prix du roman\n\nInscriptions jusqu'au 31 novembre 2025.\n\n"
        "Voir le BO n° 10 du 7 mars 2024. Nous répondrons avant le 12 décembre 2025.\n",
        encoding="utf-8",
    )
    code, out, _ = run("letters", "read", "--issued", "2025-10-06", str(path))
    assert code == 0
    assert "ce jour n’existe pas" in out
    assert "  2 jours vus, non retenus :" in out
    assert "« 7 mars 2024 » : date d'un texte officiel" in out
    assert "« avant le 12 décembre 2025 » : ce jour regarde l'organisateur" in out


def test_json_is_one_array_of_the_documented_items(run, letter, tmp_path):
    code, out, _ = run("letters", "read", "--format", "json", *ISSUED, str(letter))
    assert code == 0
    window, event, deadline = json.loads(out)
    assert list(deadline)[:16] == (
        "title kind step first_day last_day start_time end_time certainty academies place classes "
        "url phrase sentence offset confidence".split()
    )
    assert (window["academies"], window["first_day"], window["last_day"]) == (
        ["lille"],
        "2020-10-12",
        "2021-04-30",
    )
    assert (event["start_time"], event["end_time"]) == ("14:00", "16:30")
    assert (deadline["kind"], deadline["step"]) == ("deadline", "submission")
    assert LETTER[deadline["offset"] :].startswith(deadline["phrase"])
    assert "file" not in deadline

    twin = tmp_path / "jumelle.md"
    twin.write_text(LETTER, encoding="utf-8")
    _, out, _ = run("letters", "read", "--format", "json", *ISSUED, str(letter), str(twin))
    assert json.loads(out) == [
        item | {"file": str(path)} for path in (letter, twin) for item in (window, event, deadline)
    ]


def test_nothing_dated_is_said(run, tmp_path):
    path = tmp_path / "vide.txt"
    path.write_text("Bonjour à toutes et à tous.\n", encoding="utf-8")
    assert run("letters", "read", "--format", "json", *ISSUED, str(path))[:2] == (0, "[]\n")
    assert "aucun élément daté." in run("letters", "read", *ISSUED, str(path))[1]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(run, letter, tmp_path):
    absent, image, large = (tmp_path / name for name in ("absent.pdf", "affiche.png", "grand.txt"))
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with large.open("wb") as file:
        file.truncate(20 * 2**20 + 1)
    files = [str(path) for path in (absent, image, letter, tmp_path, large)]
    for command in (("read",), ("read", "--format", "json"), ("import",)):
        code, out, err = run("letters", *command, *ISSUED, *files)
        assert code == 1
        said = err.splitlines()
        assert [line.partition(" : ")[0] for line in said] == [files[0], files[1], *files[3:]]
        assert said[0] == f"{absent} : ce fichier n'existe pas."
        assert said[2] == f"{tmp_path} : c'est un dossier, pas un fichier."
        assert said[3].startswith(f"{large} : Ce fichier dépasse 20 Mio.")
        assert all(line.endswith(".") for line in said)
        assert "Prix des lanternes" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("read",), "Il manque"),
        (("read", "--issued", "demain", "x"), "La valeur de --issued ne convient pas."),
        (("read", "--format", "xml", "x"), "La valeur de --format ne convient pas."),
        (("lire", "x"), "Cette commande n'existe pas"),
    ],
)
def test_what_goes_wrong_ends_in_a_sentence(run, arguments, said):
    code, out, err = run("letters", *arguments)
    assert (code != 0, out) == (True, "")
    assert said in err


def test_the_commands_are_all_listed(run):
    code, out, _ = run("--help")
    assert code == 0
    listed = re.findall(r"^  (\w+)  +[A-ZÀ-Ý]", out, re.MULTILINE)
    expected = """
    backup bounces doctor editors events holidays journal letters migrate reminders restore sending
    serve static store worker
    """
    assert listed == expected.split()


def test_an_import_says_what_is_new_what_changes_and_what_is_known(run, letter, tmp_path):
    run("events", "import")
    other = tmp_path / "autre.md"
    other.write_text(
        """# La lettre du talent

## Concours national « Ma classe a du talent »

Envoyez vos vidéos jusqu'au 18 février 2021.

## Camp@Num

La rencontre nationale a lieu du 17 au 19 mai 2021.

## Concours national des lanternes

Les productions sont attendues jusqu'au 3 mars 2021.
""",
        encoding="utf-8",
    )
    code, out, err = run("letters", "import", *ISSUED, str(letter), str(other))
    assert (code, err) == (0, "")
    assert re.sub("  +", "  ", plain(out)) == (
        f"{letter} : La lettre des lanternes\n"
        "Lettre du 5 janv. 2021 (date : donnée avec la lettre), 3 éléments datés.\n"
        "3 nouveaux.\n"
        "  nouveau  du 12 oct. 2020 au 30 avril 2021  Prix des lanternes  85 %\n"
        "  nouveau  18 mai 2021, de 14 h à 16 h 30  Fête des lanternes  70 %\n"
        "  En doute : Pour qui : la lettre ne dit pas pour qui.\n"
        "  nouveau  jusqu'au 3 mars 2021  Concours national des lanternes  78 %\n"
        "  Attention : « Avant le 3 mars » : ce jour est-il compris ?\n"
        "  En doute : Jour : « avant le » peut exclure ce jour.\n"
        "\n"
        f"{other} : La lettre du talent\n"
        "Lettre du 5 janv. 2021 (date : donnée avec la lettre), 3 éléments datés.\n"
        "1 changement, 1 déjà au calendrier, 1 déjà proposé.\n"
        "  changement  11/02 → 18/02  Ma classe a du talent, 6e édition  90 %\n"
        "  déjà au calendrier  du 17 au 19 mai 2021  Camp@Num, 2e édition  85 %\n"
        "  déjà proposé  jusqu'au 3 mars 2021  Concours national des lanternes  90 %"
        "  (lettre « La lettre des lanternes »)\n"
        "\n"
    )
    code, out, _ = run("letters", "import", *ISSUED, str(other))
    assert code == 0
    assert re.fullmatch(
        rf"{re.escape(str(other))} : déjà importée le \d.* \d{{4}} : 2 brouillons\.\n", plain(out)
    )
    # No event of the letters is published.
    assert "11 inchangés" in run("events", "import")[1]


def in_terminal(environ: dict[str, str], *arguments: str) -> str:
    """Run ``calendar-app letters`` in a terminal; return its whole output."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "calendar_app", "letters", *arguments],
        env=environ | {"TERM": "xterm"},
        stdout=follower,
        stderr=follower,
        cwd=ROOT,
    )
    os.close(follower)
    drawn = b""
    while select.select([leader], [], [], 120)[0]:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the program has closed its end of the terminal
            break
        if not chunk:
            break
        drawn += chunk
    os.close(leader)
    assert process.wait(timeout=120) == 0
    return plain(drawn.decode())


def test_in_a_terminal_it_has_colours_and_a_bar(environ, letter, tmp_path):
    twin = tmp_path / "jumelle.md"
    twin.write_text(LETTER.replace("lettre des", "gazette des"), encoding="utf-8")
    shown = in_terminal(environ, "read", *ISSUED, str(letter), str(twin))
    assert re.search(r"Lecture +\[#+\] +100%", shown)
    assert "attendues \x1b[1mavant le 3 mars 2021\x1b[0m." in shown
    assert re.search("\x1b\\[31mdate limite, envoi des productions *\x1b\\[0m", shown)
    assert re.search("\x1b\\[33m +Attention : [^\x1b]+\x1b\\[0m", shown)
    assert shown.index("100%") < shown.index("La lettre des") < shown.index("La gazette des")


def test_a_letter_cannot_command_the_terminal(environ, tmp_path):
    path = tmp_path / "lettre.html"
    path.write_text(
        "<h1>La \x1b]0;x\x07lettre</h1><h2>Prix \x1b[41mrouge</h2>"
        "<p>Les \x1b[42minscriptions sont ouvertes jusqu'au 3 mars 2021.</p>",
        encoding="utf-8",
    )
    for command in ("read", "import"):
        shown = in_terminal(environ, command, *ISSUED, str(path))
        assert "]0;xlettre" in shown
        assert "Prix [41mrouge" in shown
        assert not {"\x1b]", "\x07", "\x1b[41m", "\x1b[42m"} & set(
            re.findall("\x1b\\[[0-9]*m|\x1b.|\x07", shown)
        )


def handed_over(environ, data: bytes, **more: str) -> tuple[int, str]:
    """Run ``letters receive`` as a mail server does; return (exit code, standard error)."""
    done = subprocess.run(
        [sys.executable, "-m", "calendar_app", "letters", "receive"],
        input=data,
        capture_output=True,
        env=environ | more,
        cwd=ROOT,
    )
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stderr.decode()


def received(environ, data: bytes) -> tuple[int, str]:
    """Run ``letters receive`` in this process; return (exit code, standard error)."""
    done = CliRunner().invoke(cli, ["letters", "receive"], input=data, env=environ)
    assert done.stdout == ""
    return done.exit_code, done.stderr


def test_a_mail_server_hands_a_letter_over(run, environ):
    head = "From: a@b.example\nTo: letters+lille@x.example\nMessage-ID: <1@b.example>\n\n"
    data = f"{head}Concours des lanternes : s'inscrire avant le 5 mars 2021.\n".encode()
    code, told = received(environ, data)
    assert (code, "remettre plus tard" in told) == (75, True)  # no store yet
    run("migrate")
    assert handed_over(environ, data) == (0, "Courriel lu : ses lettres sont dans la rédaction.\n")
    assert received(environ, data) == (0, "Ce courriel était déjà connu.\n")
    code, told = received(environ, data.replace(b"+lille", b"").replace(b"<1@", b"<2@"))
    assert (code, "Expéditeur inconnu" in told) == (0, True)
    code, told = received(environ, head.replace("<1@", "<3@").encode())
    assert (code, "Courriel refusé : Ce courriel ne contient" in told) == (65, True)
    for number, header in enumerate(("Auto-Submitted: auto-replied", "List-Id: <a.b.example>")):
        machine = f"{header}\n{head}".replace("<1@", f"<{number + 4}@").encode()
        code, told = received(environ, machine)
        assert (code, "d'une machine ou d'une liste" in told) == (0, True)
    code, told = handed_over(environ, data, CALENDAR_DATABASE_URL="mysql://x")
    assert code == 75


def test_a_letter_that_may_not_wait_yet_is_asked_for_again(run, environ, monkeypatch):
    run("migrate")
    data = "List-Id: <a.b.example>\nFrom: a@b.example\n\nConcours : s'inscrire avant le 5 mars.\n"
    with monkeypatch.context() as full:
        full.setattr(waiting_room, "MOST_WAITING", 0)
        result = CliRunner().invoke(cli, ["letters", "receive"], input=data, env=environ)
    assert (result.exit_code, "expéditeurs inconnus" in result.stderr) == (75, True)
    result = CliRunner().invoke(cli, ["letters", "receive"], input=data, env=environ)
    assert (result.exit_code, "Expéditeur inconnu" in result.stderr) == (0, True)


def test_a_fault_of_ours_sends_no_mail_back(monkeypatch):
    def fail(*_args):
        raise RuntimeError("secret of the mail")

    monkeypatch.setattr("calendar_app.letters.knowledge_of_files", fail)
    result = CliRunner().invoke(cli, ["letters", "receive"], input=b"From: a@b.example\n\n")
    assert (result.exit_code, "RuntimeError" in result.stderr) == (75, True)
    assert "secret" not in result.output


@pytest.fixture
def opened() -> Iterator[list[sqlite3.Connection]]:
    """The connections to SQLite that are opened during the test."""
    found: list[sqlite3.Connection] = []

    def note(connection: sqlite3.Connection, _record: object) -> None:
        found.append(connection)

    event.listen(Pool, "connect", note)
    yield found
    event.remove(Pool, "connect", note)


@pytest.mark.long
@pytest.mark.parametrize("command", ["letters receive", "reminders status", "events import"])
def test_a_command_closes_the_connections_that_it_opens(environ, opened, command):
    CliRunner().invoke(cli, ["migrate"], env=environ)
    done = CliRunner().invoke(cli, command.split(), input=b"From: a@b.example\n\n", env=environ)
    assert done.exit_code in (0, 65), done.output
    assert len(opened) > 1
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
