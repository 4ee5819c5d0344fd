"""A line of the log is one line, says when and what, and never who."""

from __future__ import annotations

import io
import ipaddress
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.config import log_lines
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.store.faults import Fault, fault_of
from calendar_app.worker import Outage, Rest

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789.+-_", min_size=1, max_size=20)
LINKS = PersonalLinks("k" * 40, "https://calendrier.example")


@pytest.fixture
def written(monkeypatch):
    """Return a function that logs with a form, and returns what was written."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])

    def write(form: str, *arguments: object, **more: object) -> str:
        into = io.StringIO()
        monkeypatch.setattr("sys.stderr", into)
        root.handlers.clear()
        log_lines.set_up(form)
        logging.getLogger("calendar_app.essai").error(*arguments, **more)
        return into.getvalue()

    yield write
    root.handlers.clear()


def test_a_line_says_when_what_and_of_which_request(written):
    token = log_lines.request_id.set("a1b2c3d4")
    try:
        time, level, logger, request, said = written("text", "ligne une\nligne deux").split(" ", 4)
        found = json.loads(written("json", "perdu : %s", "l'été"))
    finally:
        log_lines.request_id.reset(token)
    assert datetime.now(UTC) - datetime.fromisoformat(time) < timedelta(minutes=5)
    assert (level, logger, request) == ("ERROR", "calendar_app.essai", "[a1b2c3d4]")
    assert said == "ligne une\\nligne deux\n"
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "ERROR",
        "logger": "calendar_app.essai",
        "request": "a1b2c3d4",
        "message": "perdu : l'été",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_one_line_too(written, form):
    try:
        raise ValueError("à marie@ecole.example\net 192.0.2.7")
    except ValueError:
        line = written(form, "échec", exc_info=True)
    assert line.count("\n") == 1
    assert "ValueError" in line
    assert "marie" not in line
    assert "192.0.2.7" not in line


@given(NAMES, NAMES, st.ip_addresses(), st.uuids())
def test_nobody_is_named(name, host, network, uid):
    """The loopback of IPv6 and « :: » have too few signs to be told from a time of day."""
    address = f"{name}@{host}.example"
    token = LINKS.token(uid)
    said = f"<{address}> de {network} à {LINKS.unsubscribe(token)}"
    found = log_lines.masked(said)
    assert address not in found
    assert token not in found
    if network.version == 4 or network not in ipaddress.IPv6Network("::/96"):
        assert f" {network} " not in found


@pytest.mark.parametrize("said", ["à 12:30:45, 3 fichiers", "roboteam-2020-2021 version 0.3.0"])
def test_what_is_private_to_nobody_stays(said):
    assert log_lines.masked(said) == said


def test_a_worker_says_when_it_rests_and_when_it_resumes(caplog):
    caplog.set_level(logging.INFO, "calendar_app")
    rest, until = Rest(), datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    for why, at in ((None, None), ("connect : refused", until), ("connect : refused", until)):
        rest.tell(why, at)
    rest.tell(None, None)
    assert [record.getMessage() for record in caplog.records] == [
        "sends nothing until 2026-11-30T08:00:00+00:00: connect : refused",
        "sends again",
    ]


def test_a_worker_says_a_fault_once_and_when_it_is_over(caplog):
    caplog.set_level(logging.INFO, "calendar_app")
    outage = Outage()
    for fault in (None, "full (Error)", "full (Error)", "locked (Error)", None, None):
        outage.tell(fault)
    assert [record.getMessage() for record in caplog.records] == [
        "the store did not answer: full (Error)",
        "the store did not answer: locked (Error)",
        "the store answers again",
    ]


def test_every_fault_says_what_to_do():
    assert all(fault.todo.endswith(".") for fault in Fault)
    assert fault_of(RuntimeError("anything")) is Fault.OTHER
