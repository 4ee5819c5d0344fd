"""``calendar-app doctor`` says what is to be mended, and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.app import ledger_of, settings_of
from calendar_app.cli import dns_texts, doctor
from calendar_app.reminders import outbox_status
from calendar_app.store.base import db
from tests import commands
from tests.smtp_server import mail_server
from tests.tools import free_port

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def found(app, name: str, now: datetime = NOW) -> list[str]:
    with app.app_context():
        return list(doctor._CHECKS[name](app, now))


@pytest.fixture
def app(make_app, tmp_path):
    with time_machine.travel(NOW, tick=False):
        yield make_app("empty", CALENDAR_LEDGER=str(tmp_path / "ledger"))


def test_a_store_that_is_well_has_nothing_to_mend(app):
    assert found(app, "Base de données") == []
    assert found(app, "Disques") == []
    assert found(app, "Serveur de courriel") == []
    assert found(app, "Noms du DNS") == []


def test_a_worker_that_is_silent_is_told(app):
    assert "Aucun ouvrier" in found(app, "Ouvrier")[0]
    with app.app_context():
        outbox_status.beat(db.session, "one", NOW, None, NOW)
    assert found(app, "Ouvrier") == []
    assert len(found(app, "Ouvrier", NOW + timedelta(minutes=3))) == 1


def test_what_a_store_that_does_not_answer_hides_is_not_called_well(tmp_path):
    url = f"postgresql+psycopg://a:b@127.0.0.1:{free_port()}/store"
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_INSTANCE": str(tmp_path), "PATH": ""}
    process = commands.start("doctor", environ=environ)
    out, err = process.communicate()
    told = dict(re.split(r"  +", line) for line in out.splitlines())
    assert told["Base de données"] == "à réparer"
    assert {told[name] for name in ("Horloge", "Ouvrier", "Vacances et sources")} == {"pas vu"}
    assert (process.returncode, "Aucun ouvrier" in err) == (1, False)


def test_a_clock_that_was_ahead_is_told(app):
    with app.app_context():
        later = NOW + timedelta(hours=2)
        outbox_status.beat(db.session, "one", later, None, later)
    assert "instant à venir" in found(app, "Horloge")[-1]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_files_that_others_read_are_told(app):
    key = settings_of(app).instance / "secret_key"
    key.chmod(0o644)
    assert any(str(key) in line for line in found(app, "Droits des fichiers"))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_mail_server_that_takes_nobody_is_told(make_app):
    app = make_app("empty", CALENDAR_SMTP_URL=f"smtp://127.0.0.1:{free_port()}")
    assert "ne nous prend pas" in found(app, "Serveur de courriel")[0]
    with mail_server() as server:
        app = make_app("empty", CALENDAR_SMTP_URL=server.url)
        assert found(app, "Serveur de courriel") == []
        assert server.mails == []


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_backup_that_is_old_or_missing_is_told(app):
    assert "aucune sauvegarde" in found(app, "Sauvegardes")[0]
    with app.app_context():
        kept = ledger_of(app)
        kept.backed_up("0123456789abcdef", NOW - timedelta(days=5))
    assert found(app, "Sauvegardes") == ["La dernière sauvegarde a 5 jours."]
    with app.app_context():
        kept.backed_up("fedcba9876543210", NOW)
        # Old lines go, and the newest backup stays known.
        kept.forget_old(NOW + timedelta(days=399))
        assert kept.last_backup() == NOW
    assert found(app, "Sauvegardes") == []


def test_the_command_ends_with_1_and_says_all_at_once(tmp_path):
    environ = {"CALENDAR_INSTANCE": str(tmp_path / "none"), "PATH": os.environ["PATH"]}
    process = commands.start("doctor", environ=environ)
    out, err = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "Base de données       à réparer" in out
    assert "La base est vide" in err
    assert "CALENDAR_LEDGER est vide" in err
    assert not Path(tmp_path / "none" / "calendar.sqlite3").exists()


class Resolver:
    """A DNS server on 127.0.0.1 that knows these TXT records, each as its strings."""

    def __init__(self, known: dict[str, list[list[bytes]]], code: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        self._known, self._code = known, code
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            asked, peer = self._socket.recvfrom(512)
            name, at = [], 12
            while asked[at]:
                name.append(asked[at + 1 : at + 1 + asked[at]].decode())
                at += asked[at] + 1
            records = self._known.get(".".join(name))
            code = 3 if records is None and not self._code else self._code
            answer = asked[:2] + struct.pack("!5H", 0x8180 | code, 1, len(records or ()), 0, 0)
            answer += asked[12 : at + 5]
            for strings in records or ():
                data = b"".join(bytes([len(s)]) + s for s in strings)
                answer += b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(data)) + data
            self._socket.sendto(answer, peer)


def test_records_that_the_domain_of_the_sender_misses_are_told():
    domain = "ac-exemple.fr"
    spf, dmarc = [[b"other"], [b"v=spf1 a ", b"-all"]], [[b"v=DMARC1; p=none"]]
    well = Resolver({domain: spf, f"_dmarc.{domain}": dmarc})
    assert dns_texts.texts(domain, well.address) == ["other", "v=spf1 a -all"]
    assert list(doctor.records_of(domain, well.address)) == []
    bare = Resolver({domain: [[b"other"]]})
    assert [line.partition(" : ")[0] for line in doctor.records_of(domain, bare.address)] == [
        "Le DNS de ac-exemple.fr n'a pas d'enregistrement SPF",
        "Le DNS de _dmarc.ac-exemple.fr n'a pas d'enregistrement DMARC",
    ]
    # A resolver that fails says nothing about the domain.
    assert list(doctor.records_of(domain, Resolver({}, code=2).address)) == []
    assert list(doctor.records_of("localhost", bare.address)) == []


@given(st.binary(max_size=80))
def test_an_answer_that_is_none_is_no_record(data):
    with contextlib.suppress(struct.error, IndexError, UnicodeError):
        found = dns_texts._read(data, 1, 12)
        assert found is None or all(isinstance(text, str) for text in found)


def test_the_resolvers_are_those_of_the_machine(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# one\nsearch x.example\nnameserver 192.0.2.53\nnameserver ::1\nnameserver no\n"
    )
    assert dns_texts.resolvers(path) == [("192.0.2.53", 53), ("::1", 53)]
    assert dns_texts.resolvers(tmp_path / "none") == []
