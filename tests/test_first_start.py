"""The first start of an installation with each server; in production it makes no store."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from calendar_app.app import create_app
from tests import commands
from tests.conftest import close
from tests.ical_reading import vevents
from tests.tools import ROOT, first_answer, free_port

BIN = Path(sys.executable).parent

PRODUCTION = {
    "CALENDAR_ENV": "production",
    "CALENDAR_PUBLIC_URL": "http://127.0.0.1",
    "CALENDAR_SECRET_KEY": "k" * 48,
    "CALENDAR_SMTP_URL": "smtp://127.0.0.1:1",
    "CALENDAR_ORGANISATION": "Rectorat d'Exemple, 1 rue de l'Essai, 75000 Paris, 01 00 00 00 00",
    "CALENDAR_MAIL_RELAY": "Postier d'Exemple, France",
    "CALENDAR_PUBLISHER": "Une directrice",
    "CALENDAR_HOSTING": "Un hébergeur, 1 rue des Écoles, 01 23 45 67 89",
    "CALENDAR_CONTROLLER": "Un rectorat",
    "CALENDAR_DPO": "dpo@rectorat.example",
    "CALENDAR_CONTACT": "contact@rectorat.example",
}

#: Each documented way to start the application, with two processes where this is possible.
STARTS = {
    "flask-wsgi": ("flask", "--app", "wsgi", "run", "--port"),
    "flask-package": ("flask", "--app", "calendar_app", "run", "--port"),
    "gunicorn": ("gunicorn", "--workers", "2", "--bind"),
    "gunicorn-preload": ("gunicorn", "--preload", "--workers", "2", "--bind"),
    "granian": ("granian", "--interface", "wsgi", "--workers", "2", "--port"),
}


@contextmanager
def started(start: str, folder: Path, **environ: str) -> Iterator[str]:
    """Start the application with its instance in *folder*; yield its address once it answers."""
    port = free_port()
    where = f"127.0.0.1:{port}"
    program, *arguments = STARTS[start]
    arguments.append(where if program == "gunicorn" else str(port))
    if program != "flask":
        arguments.append("wsgi:app")
    given = {n: value for n, value in os.environ.items() if not n.startswith("CALENDAR_")}
    given |= {"CALENDAR_INSTANCE": str(folder / "instance"), "PORT": str(port), **environ}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [str(BIN / program), *arguments],
            cwd=ROOT,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as server,
    ):
        try:
            first_answer(f"http://{where}/livez", lambda: server.poll() is None)
            yield f"http://{where}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("start", STARTS)
def test_a_fresh_clone_shows_the_real_content(start, tmp_path):
    with started(start, tmp_path) as address:
        for _ in range(4):  # several requests, so that each process is likely to answer one
            status, feed = get(f"{address}/flux/toutes.ics?depuis=2020-09&journees=0")
            assert status == 200
            assert len(vevents(feed.encode())) == 5
        assert get(f"{address}/")[0] == 200
        assert get(f"{address}/readyz")[0] == 200
    with sqlite3.connect(tmp_path / "instance" / "calendar.sqlite3") as store:
        of_the_letter = "SELECT count(*), max(revision) FROM event WHERE school_year = 2020"
        assert store.execute(of_the_letter).fetchone() == (11, 1)
    store.close()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_production_makes_no_store_and_names_the_command(tmp_path):
    with started("gunicorn", tmp_path, **PRODUCTION) as address:
        assert get(f"{address}/readyz") == (
            503,
            "the schema is missing: run calendar-app migrate\n",
        )
        for page in ("/", "/abonnement/", "/redaction/connexion/"):
            status, body = get(address + page)
            assert (status, "calendar-app migrate" in body) == (503, True)
    assert "calendar-app migrate" in (tmp_path / "log").read_text()
    assert not (tmp_path / "instance" / "calendar.sqlite3").exists()


@pytest.fixture
def run(tmp_path):
    """Run ``calendar-app`` in production; return (exit code, output)."""

    def run(*arguments: str) -> tuple[int, str]:
        environ = {"CALENDAR_INSTANCE": str(tmp_path / "instance"), "PATH": os.environ["PATH"]}
        command = commands.start(*arguments, environ=environ | PRODUCTION)
        out, err = command.communicate()
        assert "Traceback" not in err
        return command.returncode, out + err

    return run


@pytest.mark.parametrize(
    "command",
    [
        ("serve",),
        ("events", "import"),
        ("editors", "add", "--role", "administrateur", "chef@ac.example", "Chef"),
        ("holidays", "export"),
        ("reminders", "status"),
        ("journal", "export"),
        ("editors", "list"),
    ],
    ids=" ".join,
)
def test_no_command_but_migrate_makes_a_store_in_production(run, tmp_path, command):
    code, said = run(*command)
    assert code == 1
    assert "calendar-app migrate" in said
    assert not (tmp_path / "instance" / "calendar.sqlite3").exists()


@pytest.mark.parametrize("kind", ["no tables", "other tables", "no events"])
def test_what_is_empty_stays_empty_in_production(run, tmp_path, kind):
    """A store that was copied without its journal is empty; a file may be of another program."""
    path = tmp_path / "instance" / "calendar.sqlite3"
    if kind == "no events":
        assert run("migrate")[0] == 0
    else:
        path.parent.mkdir()
        with sqlite3.connect(path) as store:
            if kind == "other tables":
                store.execute("CREATE TABLE other (id INTEGER)")
        store.close()
    with started("gunicorn", tmp_path, **PRODUCTION) as address:
        assert get(f"{address}/")[0] == (200 if kind == "no events" else 503)
    with sqlite3.connect(path) as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
        if "event" in tables:
            assert store.execute("SELECT count(*) FROM event").fetchone() == (0,)
    store.close()
    assert ("event" in tables) == (kind == "no events")


@pytest.mark.long
def test_the_application_can_be_made_without_arguments(tmp_path, monkeypatch):
    monkeypatch.setenv("CALENDAR_INSTANCE", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("CALENDAR_TEST")]:
        monkeypatch.delenv(name)
    app = create_app()
    assert app.test_client().get("/readyz").status_code == 200
    close(app)
