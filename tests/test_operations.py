"""docs/operations.md and deploy/ say what the program does: settings, commands, faults, and
measures."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from calendar_app.cli.group import cli
from calendar_app.config.settings import Settings
from calendar_app.store.faults import Fault
from calendar_app.web import metrics
from tests import commands, settings_page
from tests.test_first_start import PRODUCTION
from tests.tools import ROOT

PAGE = settings_page.PAGE.read_text(encoding="utf-8")
DEPLOY = {
    path.name: path.read_text(encoding="utf-8")
    for path in (ROOT / "deploy").iterdir()
    if path.name != "nginx.conf"
}


def test_the_table_of_settings_is_that_of_the_code():
    """If this fails, run: python -m tests.settings_page"""
    assert settings_page.written(PAGE) == PAGE


def typed(text: str) -> set[str]:
    """Return the commands that a text writes as code."""
    code = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in code for line in block.splitlines()]
    lines += re.findall(r"`(calendar-app [^`]+)`", text)
    lines += re.findall(r"(?:^ExecStart=|CMD |command: )(.*calendar-app.*)$", text, re.MULTILINE)
    return {f"calendar-app {found}" for line in lines for found in re.findall(COMMAND, line)}


COMMAND = r"calendar-app ((?:[\w./@=:-]|…| |\"[^\"]*\")+)"


@pytest.mark.parametrize("text", [PAGE, *DEPLOY.values()], ids=["operations.md", *DEPLOY])
def test_each_command_exists_with_its_options(text):
    for line in typed(text):
        words = shlex.split(line)[1:]
        command: click.Command = cli
        context = click.Context(cli)
        while isinstance(command, click.Group) and words:
            found = command.get_command(context, words[0])
            assert found is not None, line
            command, words = found, words[1:]
        known = [(*param.opts, *param.secondary_opts) for param in command.params]
        options = {name for names in known for name in names}
        for word in words:
            if word.startswith("--") and word != "--help":
                assert word.partition("=")[0] in options, line


def test_each_variable_exists():
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    known |= {f"{name}_FILE" for name in Settings.secret_variables()}
    for text in (PAGE, *DEPLOY.values()):
        assert set(re.findall(r"\bCALENDAR_[A-Z_]+\b", text)) <= known


def test_each_fault_has_what_to_do():
    said = PAGE.partition("## What to do when")[2]
    for fault in Fault:
        if fault is not Fault.OTHER:
            assert f"… {fault}`" in said or f"answer: {fault}`" in said, fault


def test_each_measure_exists():
    source = (ROOT / "calendar_app" / "web" / "metrics.py").read_text(encoding="utf-8")
    assert metrics.CONTENT_TYPE
    for name in re.findall(r"`calendar_(\w+)(?:\{[^`]*)?`", PAGE):
        assert f'"{name.removesuffix("_age_seconds")}"' in source, name


def test_the_commands_of_the_first_day_run(tmp_path):
    """In production, in the order of the page."""
    block = re.search(r"<!-- run -->\n```sh\n(.*?)```", PAGE, re.DOTALL)[1]
    own = {"CALENDAR_INSTANCE": str(tmp_path / "instance"), "PATH": os.environ["PATH"]}
    environ = PRODUCTION | own
    for line in block.splitlines():
        name, *arguments = shlex.split(line)
        assert name == "calendar-app"
        arguments = [str(tmp_path / Path(a).name) if a.endswith(".gz") else a for a in arguments]
        process = commands.start(*arguments, environ=environ)
        _, err = process.communicate()
        assert (process.returncode, "Traceback" in err) == (0, False), (line, err)


def test_the_units_hold_what_is_promised():
    for name in ("calendar-web@.service", "calendar-worker@.service", "calendar-backup.service"):
        unit = DEPLOY[name]
        for line in ("User=calendar", "ProtectSystem=strict", "NoNewPrivileges=true"):
            assert f"\n{line}\n" in unit
        runs = name != "calendar-backup.service"
        assert ("Restart=always" in unit) == ("KillMode=mixed" in unit) == runs
        # A secret comes as a file, and only so.
        for secret in Settings.secret_variables():
            assert f"{secret}=" not in unit
    assert "USER 10001" in DEPLOY["Containerfile"]
    for name in ("Containerfile", "compose.yaml"):
        assert "ntried" in DEPLOY[name]


def sourced() -> dict[str, str]:
    """Return what a shell makes of deploy/settings."""
    script = "set -a; . deploy/settings; env -0"
    told = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=ROOT, env={}, check=True, capture_output=True, text=True
    )
    assert not told.stderr
    pairs = (line.split("=", 1) for line in told.stdout.split("\0") if line)
    return {name: value for name, value in pairs if name.startswith("CALENDAR_")}


def test_the_settings_of_the_example_start_the_program_with_the_three_secrets(tmp_path):
    own = sourced()
    # systemd reads the same lines: a value stands in double quotes, or has no space.
    for line in DEPLOY["settings"].splitlines():
        assert re.fullmatch(r'#.*|[A-Z_]+=("[^"\\$`]*"|[^"\s\\$`\']*)', line), line
    environ = {name: PRODUCTION[name] for name in ("CALENDAR_SECRET_KEY", "CALENDAR_SMTP_URL")}
    environ["CALENDAR_DATABASE_URL"] = f"sqlite:///{tmp_path / 'calendar.sqlite3'}"
    settings = Settings.from_environment(own | environ, instance=tmp_path)
    assert settings.organisation == own["CALENDAR_ORGANISATION"]


def test_root_gives_the_program_what_the_units_give_it():
    command, unit = DEPLOY["calendar-app"], DEPLOY["calendar-worker@.service"]
    assert os.access(ROOT / "deploy" / "calendar-app", os.X_OK)
    subprocess.run(["sh", "-n", ROOT / "deploy" / "calendar-app"], check=True)
    credentials = re.findall(r"^(?:# )?LoadCredential=(\w+):(\S+)$", unit, re.MULTILINE)
    assert len(credentials) == len(Settings.secret_variables())
    (names,) = re.findall(r"^for name in (.*); do$", command, re.MULTILINE)
    assert names.split() == [name for name, _ in credentials]
    for name, path in credentials:
        assert path == f"/etc/calendar/{name}"
        file = f"CALENDAR_{name.upper()}_FILE"
        assert f"{file}=%d/{name}" in unit
        assert re.search(rf'{file}="?\$secrets/{name}\b', command)
    (program,) = re.findall(r"^ExecStart=(\S+)", unit, re.MULTILINE)
    assert f'{program} "$@"' in command
    for line in ("User=calendar", "EnvironmentFile=/etc/calendar/settings"):
        assert line in unit.splitlines()
    assert "setpriv --reuid=calendar --regid=calendar" in command
    assert ". /etc/calendar/settings" in command
