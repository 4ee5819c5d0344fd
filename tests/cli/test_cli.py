"""The commands, each in its own process: the output and the exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from calendar_app.config.settings import data_folder
from tests import commands
from tests.ical_reading import vevents
from tests.test_first_start import PRODUCTION
from tests.tools import PATIENCE, ROOT, first_answer, free_port

SEED = data_folder() / "events.yaml"


@pytest.fixture
def environ(tmp_path) -> dict[str, str]:
    # gunicorn needs PATH; the settings of the calling process are not passed on.
    return {"CALENDAR_INSTANCE": str(tmp_path / "instance"), "PATH": os.environ["PATH"]}


@pytest.fixture
def run(environ):
    """Run ``calendar-app``; return (exit code, standard output, standard error)."""

    def run(*arguments: str, **more: str) -> tuple[int, str, str]:
        process = commands.start(*arguments, environ=environ | more)
        out, err = process.communicate()
        assert "Traceback" not in err
        return process.returncode, out, err

    return run


def test_import_then_import_again(run):
    code, out, _ = run("events", "import")
    assert (code, "11 créés, 0 modifiés, 0 inchangés, 0 en conflit" in out) == (0, True)
    code, out, _ = run("events", "import")
    assert (code, "0 créés, 0 modifiés, 11 inchangés, 0 en conflit" in out) == (0, True)


def test_check_writes_nothing_and_needs_no_store(run, environ):
    code, out, _ = run("events", "check")
    assert (code, "11 événements, aucune erreur" in out) == (0, True)
    with sqlite3.connect(Path(environ["CALENDAR_INSTANCE"]) / "calendar.sqlite3") as found:
        assert found.execute("SELECT name FROM sqlite_master").fetchall() == []
    found.close()
    assert "11 créés" in run("events", "import")[1]


def test_every_error_names_file_line_and_key_and_nothing_is_imported(run, tmp_path):
    path = tmp_path / "faux.yaml"
    text = SEED.read_text(encoding="utf-8")
    text = text.replace("academies: [lille]", "academies: [lile]", 1)
    text = text.replace("day: 2021-02-11", "day: 11/02/2021", 1)
    path.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    code, out, err = run("events", "import", str(path))
    assert (code, out) == (1, "")
    found = dict(re.findall(rf"{re.escape(str(path))}, ligne (\d+), clé « (.+?) » : ", err))
    assert len(found) == 2
    for line, key in found.items():
        assert "lile" in lines[int(line) - 1] or "11/02/2021" in lines[int(line) - 1]
        assert key.startswith("events.")
    assert "lille" in err
    assert "2021-02-11" in err
    assert "11 créés" in run("events", "import")[1]


def test_export_writes_what_an_import_reads(run, tmp_path):
    run("events", "import")
    path = tmp_path / "export.yaml"
    code, out, err = run("events", "export", str(path))
    assert (code, out, err) == (0, "", f"{path} écrit.\n")
    assert run("events", "export")[1] == path.read_text(encoding="utf-8")
    assert "11 inchangés" in run("events", "import", str(path))[1]
    assert list(tmp_path.glob(".*")) == []


def test_static_files_are_written_for_another_server(run, environ, tmp_path):
    folder = tmp_path / "public" / "static"
    code, out, _ = run("static", str(folder))
    written = {path.name for path in folder.iterdir()}
    assert (code, "fichiers écrits dans" in out) == (0, True)
    styles = {name for name in written if re.fullmatch(r"app\.[\w-]{4}\.css(\.gz)?", name)}
    assert len(styles) == 2
    assert run("static", str(folder))[0] == 0
    assert {path.name for path in folder.iterdir()} == written
    (tmp_path / "file").touch()
    code, _, err = run("static", str(tmp_path / "file" / "static"))
    assert (code, "Traceback" in err) == (1, False)
    assert "passe par un fichier" in err
    # Root writes them, with no settings: no store or key of root's is left anywhere.
    assert not Path(environ["CALENDAR_INSTANCE"]).exists()


def test_the_journal_is_exported(run, tmp_path):
    run("events", "import")
    path = tmp_path / "journal.json"
    assert run("journal", "export", "--format", "json", str(path))[0] == 0
    assert path.read_text(encoding="utf-8") == "[]\n"  # an import is not a change by an editor
    assert run("journal", "export")[1].startswith("\ufeffnumero,instant,qui,quoi,")


def test_a_conflict_says_what_to_do(run, environ, tmp_path):
    run("events", "import")
    with sqlite3.connect(Path(environ["CALENDAR_INSTANCE"]) / "calendar.sqlite3") as store:
        store.execute("UPDATE event SET title = 'Autre', revision = 2 WHERE id LIKE 'robot%'")
    store.close()
    code, out, _ = run("events", "import")
    assert code == 0
    assert "conflit   roboteam-2020-2021" in out
    assert "calendar-app events export" in out


def test_the_schema_is_the_committed_one(run):
    committed = (data_folder() / "events.schema.json").read_text(encoding="utf-8")
    assert run("events", "schema")[1] == committed
    assert json.loads(committed)["properties"].keys() >= {"events", "series"}


def test_holidays_that_cannot_be_fetched_are_told_by_the_status(run):
    address = {"CALENDAR_HOLIDAYS_URL": "http://127.0.0.1/calendrier.csv"}
    code, out, err = run("holidays", "update", **address)
    assert (code, out) == (1, "")
    assert "il faut une adresse publique" in err
    code, out, _ = run("reminders", "status", "--now", "2026-11-30T08:00", **address)
    assert code == 0
    assert "Vacances scolaires : pas encore obtenues.\nEssai du " in out
    assert "sans succès. Cette adresse n'est pas acceptée" in out
    unknown = re.findall(r"toutes les vacances scolaires de (.+) pour : (.+)\.", out)
    assert [years for years, _ in unknown] == ["2026-2027 et 2027-2028"]
    assert "Corse" in unknown[0][1]
    assert "Lille" not in unknown[0][1]


def test_holidays_are_not_fetched_when_that_is_switched_off(run):
    off = {"CALENDAR_HOLIDAYS_URL": ""}
    code, out, err = run("holidays", "update", **off)
    assert (code, out) == (1, "")
    assert "holidays import FICHIER" in err
    assert "l'ouvrier ne les cherche pas" in run("reminders", "status", **off)[1]


def test_the_holidays_of_the_ministry_renew_the_calendars(run, tmp_path):
    path = tmp_path / "calendrier.csv"
    spans = {
        "Vacances d'Été": ("2028-07-04T22", "2028-09-03T22", "2027-2028"),
        "Vacances de la Toussaint": ("2028-10-20T22", "2028-11-05T23", "2028-2029"),
        "Vacances de Noël": ("2028-12-22T23", "2029-01-07T23", "2028-2029"),
        "Vacances d'Hiver": ("2029-02-16T23", "2029-03-04T23", "2028-2029"),
        "Vacances de Printemps": ("2029-04-13T22", "2029-04-29T22", "2028-2029"),
        "Vacances d'Été ": ("2029-07-06T22", "2029-09-02T22", "2028-2029"),
    }
    rows = ["Description;Population;Date de début;Date de fin;Académies;Zones;annee_scolaire"]
    for name, (first, last, year) in spans.items():
        hours = f"{first}:00:00+00:00;{last}:00:00+00:00"
        rows.append(f"{name.strip()};-;{hours};Lille;Zone B;{year}")
    path.write_text("\ufeff" + "\n".join(rows) + "\n", encoding="utf-8")
    code, out, err = run("holidays", "import", str(path))
    assert (code, err) == (0, "")
    assert re.search(r"zone B : connu jusqu'au 2029-0[789]-\d\d", out)
    exported = run("holidays", "export")[1]
    assert "Vacances de Noël" in exported
    again = tmp_path / "again.yaml"
    again.write_text(exported, encoding="utf-8")
    assert run("holidays", "import", str(again))[0] == 0
    assert run("holidays", "export")[1] == exported


def test_a_morning_of_reminders_is_shown_lead_by_lead(run):
    run("events", "import")
    code, out, err = run("reminders", "preview", "--on", "2021-01-11", "--academy", "lille")
    assert (code, err) == (0, "")
    assert out.replace("\u00a0", " ") == (
        "2021-01-11, académie de Lille, école (pas de classe le mercredi)\n"
        "\nun mois avant la date\n"
        "  Ma classe a du talent, 6e édition : "
        "Date limite pour participer : jeudi 11 février 2021. "
        "Envoi le 2021-01-11 07:30 (heure de Paris).\n"
        "\n3 semaines de classe avant la date\n  rien\n"
        "\n1 semaine de classe avant la date\n  rien\n"
        "\nle dernier jour de classe avant la date\n  rien\n"
    )
    code, _, err = run("reminders", "preview", "--on", "2021-01-11", "--academy", "lile")
    assert (code, "« Lille »" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "environ_more", "said"),
    [
        (("events", "import", "absent.yaml"), {}, "absent.yaml : ce fichier n'existe pas."),
        (("events", "check", "tests"), {}, "tests : c'est un dossier, pas un fichier."),
        (("events", "export", "absent/a.yaml"), {}, "calendar-app migrate"),
        (("fete",), {}, "Cette commande n'existe pas"),
        (("events", "check", "--vite"), {}, "L'option --vite n'existe pas. Voyez"),
        (("reminders", "preview", "--on", "demain", "--academy", "lille"), {}, "La valeur de --on"),
        (("reminders", "preview", "--on", "2021-01-11"), {}, "Il manque --academy."),
        (("serve", "--port", "70000"), {}, "La valeur de --port ne convient pas."),
        (("migrate",), {"CALENDAR_PUBLIC_URL": "ftp://x"}, "CALENDAR_PUBLIC_URL"),
        (("migrate",), {"CALENDAR_ENV": "production"}, "CALENDAR_SECRET_KEY"),
        (("migrate",), {"CALENDAR_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "base de données"),
        (("serve", "--port", "1", "--host", "192.0.2.1"), {}, "Impossible d'écouter"),
    ],
)
def test_what_goes_wrong_ends_in_a_sentence(run, arguments, environ_more, said):
    code, _, err = run(*arguments, **environ_more)
    assert code != 0
    assert said in err
    assert "Error" not in err.replace("OperationalError", "")


def test_a_large_file_shows_a_bar_in_a_terminal(environ, tmp_path):
    path = tmp_path / "grand.yaml"
    block = """  - id: essai{n}-2020-2021
    series: essai{n}
    title: Concours d'essai {n}
    school_year: 2020-2021
    type: concours
    audience: [eleves]
    scope: national
    organiser: Une association
    summary: Un concours pour les essais.
    source: {{name: Lettre d'essai}}
"""
    series = "".join(f"  essai{n}: Essai {n}\n" for n in range(300))
    events = "".join(block.format(n=n) for n in range(300))
    path.write_text(f"series:\n{series}events:\n{events}", encoding="utf-8")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "calendar_app", "events", "import", str(path)],
        env=environ | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=follower,
        cwd=ROOT,
    )
    os.close(follower)
    drawn = b""
    while True:
        ready, _, _ = select.select([leader], [], [], PATIENCE)
        try:
            chunk = os.read(leader, 65536) if ready else b""
        except OSError:  # the program has closed its end of the terminal
            break
        if not chunk:
            break
        drawn += chunk
    os.close(leader)
    out, _ = process.communicate(timeout=PATIENCE)
    assert "300 créés" in out.decode()
    for label in ("Lecture", "Import"):
        assert re.search(rf"{label} +\[#+-*\]", drawn.decode())
        assert re.search(rf"{label} +\[#+\] +100%", drawn.decode())


@pytest.mark.parametrize("server", ["serve", "serve --port", "granian", "gunicorn"])
def test_it_serves_the_letter_and_logs_no_address(run, environ, server):
    port = free_port()
    command = {
        "serve": [sys.executable, "-m", "calendar_app", "serve"],
        "serve --port": [sys.executable, "-m", "calendar_app", "serve", "--port", str(port)],
        "granian": [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "wsgi:app",
        ],
        "gunicorn": [
            sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4",
            "--no-control-socket", "wsgi:app",
        ],
    }[server]  # fmt: skip
    if not server.startswith("serve"):
        run("events", "import")
    if server != "serve --port":
        environ |= {"PORT": str(port)}
    process = subprocess.Popen(
        command,
        env=environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        site = f"http://127.0.0.1:{port}"
        goes_on = lambda: process.poll() is None  # noqa: E731
        lille = f"{site}/flux/academie-de-lille.ics?depuis=2020-09&journees=0"
        _, feed = first_answer(lille, goes_on)
        assert len(vevents(feed)) == 2
        # The addresses that teachers get are those of the running server.
        assert f"URI:http://127.0.0.1:{port}/flux/" in feed.decode().replace("\r\n ", "")
        assert "Prochaines dates" in first_answer(f"{site}/", goes_on)[1].decode()
        assert "Aucune date" in first_answer(f"{site}/?q=secret", goes_on)[1].decode()
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE)
    log = output.decode()
    assert "secret" not in log
    assert "/flux/" not in log
    if server.startswith("serve"):
        assert f"http://127.0.0.1:{port}/" in log
        assert "événements importés" in log


@pytest.fixture
def served_lines(environ):
    """Start ``calendar-app serve`` until it answers; return what it says to open: words → value."""

    def lines(*arguments: str, **more: str) -> dict[str, str]:
        port = free_port()
        process = commands.start(
            "serve", "--no-worker", *arguments, environ=environ | {"PORT": str(port)} | more
        )
        try:
            first_answer(f"http://127.0.0.1:{port}/livez", lambda: process.poll() is None)
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate()
        assert err == ""
        assert "Traceback" not in out
        shown = out.partition("Ouvrez :\n")[2].replace(str(port), "PORT").splitlines()
        columns = {re.search(r"(?<=\S)  +(?=\S)", line).end() for line in shown}
        assert len(columns) == 1  # the values are aligned
        return dict(re.split(r"  +", line.strip(), maxsplit=1) for line in shown)

    return lines


def test_it_says_where_to_begin(served_lines, run):
    site = "http://127.0.0.1:PORT"
    opened = {
        "le calendrier, aujourd'hui": f"{site}/",
        "le même, en janvier 2021": f"{site}/?le=2021-01-15",
        "la rédaction": f"{site}/redaction/",
    }
    # The tests set CALENDAR_INSTANCE: without it, the command would make an account elsewhere.
    add = 'editors add --role administrateur ADRESSE "NOM" (avec les mêmes variables CALENDAR_…)'
    assert served_lines() == opened | {"son premier compte": f"PORT=PORT calendar-app {add}"}
    run("editors", "add", "--role", "administrateur", "chef@ac.example", "Chef")
    assert served_lines("--host", "localhost") == opened


def test_in_production_it_says_the_public_address_and_where_it_listens(served_lines, run):
    assert run("migrate", **PRODUCTION)[0] == 0
    assert run("events", "import", **PRODUCTION)[0] == 0
    site = PRODUCTION["CALENDAR_PUBLIC_URL"]
    assert served_lines(**PRODUCTION) == {
        "le calendrier, aujourd'hui": f"{site}/",
        "la rédaction": f"{site}/redaction/",
        "son premier compte": (
            'calendar-app editors add --role administrateur ADRESSE "NOM" '
            "(avec les mêmes variables CALENDAR_…)"
        ),
        "le serveur écoute sur": "http://127.0.0.1:PORT",
    }


def test_a_port_that_is_taken_is_said(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("serve", PORT=str(taken.getsockname()[1]))
    assert code == 1
    assert "un autre programme occupe ce port" in err


def test_editors_from_the_command_line(run):
    link = r"http://127\.0\.0\.1:8000/redaction/mot-de-passe/[\w-]{43}/\n"
    transmit = "Lien à transmettre à cette personne seule, valable 3 jours et une fois :\n"
    zoe = ("zoe@ac-lille.example", "Zoé Martin")
    code, out, _ = run("editors", "add", "--role", "redacteur", "--academy", "lille", *zoe)
    said = "Le compte de zoe@ac-lille.example est enregistré : rédaction.\n"
    assert code == 0
    assert re.fullmatch(re.escape(said + transmit) + link, out)
    code, out, _ = run("editors", "add", "--role", "responsable", "--department", "59", *zoe)
    assert code == 0
    code, out, _ = run("editors", "reset", zoe[0])
    assert re.fullmatch(re.escape(transmit) + link, out)
    shown = "  ".join((*zoe, "responsable de publication", "département 59 (académie de Lille)"))
    assert run("editors", "list")[1] == f"{shown}  sans mot de passe\n"
    mailed = "Un lien valable 3 jours et une fois part par courriel à zoe@ac-lille.example.\n"
    assert run("editors", "reset", "--mail", zoe[0])[1] == mailed
    role = ("--role", "responsable", "--department", "59")
    saved = "Le compte de zoe@ac-lille.example est enregistré : responsable de publication.\n"
    assert run("editors", "add", "--mail", *role, *zoe)[1] == saved + mailed
    assert run("editors", "disable", zoe[0])[1] == "zoe@ac-lille.example : désactivé.\n"
    assert run("editors", "list")[1] == f"{shown}  désactivé\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "--role", "chef", "a@b.example", "A"), "La valeur de --role ne convient pas."),
        (("add", "--role", "redacteur", "a@b.example", "A"), "au moins une académie"),
        (
            ("add", "--role", "redacteur", "--academy", "lile", "a@b.example", "A"),
            "Vouliez-vous dire « Lille » ?",
        ),
        (("add", "--role", "administrateur", "a", "A"), "Écrivez une adresse complète"),
        (("reset", "a@b.example"), "Personne n'a de compte à cette adresse."),
    ],
)
def test_what_an_operator_got_wrong_about_an_editor_is_said(run, arguments, said):
    run("migrate")
    code, out, err = run("editors", *arguments)
    assert (code != 0, out) == (True, "")
    assert said in err
