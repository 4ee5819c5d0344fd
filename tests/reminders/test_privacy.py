"""A stranger learns nothing about an address, and nothing is left of one that was erased."""

from __future__ import annotations

import http.client
import logging
import os
import random
import re
import sqlite3
import stat
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import MetaData, event, func, insert, inspect, select

from calendar_app.app import answer_requests, create_app, make_sender
from calendar_app.catalogue import file_exchange, setup
from calendar_app.catalogue.models.search import is_modelled
from calendar_app.config import record, retention
from calendar_app.config.retention import duration_words
from calendar_app.config.settings import Settings
from calendar_app.editing import accounts, suggestions
from calendar_app.editing.mailbox import forgetting, receiving, senders
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.editing.suggestions import Mistake
from calendar_app.reminders import asked, subscriptions, traces
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.reminders.subscribers import SignUp
from calendar_app.store.base import db, writing
from calendar_app.store.models import RateCount
from calendar_app.web.forms import form_token
from calendar_app.words.mail_addresses import MailAddress
from tests.browser.conftest import serving
from tests.conftest import close
from tests.editing.test_events import editor
from tests.editing.test_mailbox import mail
from tests.editing.test_moderation import KNOWLEDGE
from tests.factories import ID, entry, publish
from tests.reminders.test_subscriptions import CM2
from tests.tools import CAMPAIGN, scaled
from tests.web.editing.test_editor_pages import LOG_IN, make_editor
from tests.web.public.test_suggestion_pages import MISTAKE
from tests.web.subscription.test_subscription_pages import (
    FORM,
    jeton,
    personal,
    personal_token,
    post,
    words,
    worker_answers,
)

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
#: A contest of which only the next edition may be asked for.
PAST = "passe-2019-2020"
FORGOTTEN = "/redaction/mot-de-passe/"


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        past = entry(id=PAST, series="passe", school_year="2019-2020", milestones=[])
        publish(empty_app, entry(), past, now=NOW)
        yield empty_app


# -- a known address and an unknown one ------------------------------------------------------------


def sign_up_page(client, address):
    return "/abonnement/", FORM | {"adresse": address, "evenement": ID}


def next_edition_page(client, address):
    return "/abonnement/", FORM | {"adresse": address, "evenement": PAST}


def find_page(client, address):
    return "/abonnement/retrouver/", {"adresse": address}


def mistake_page(client, address):
    return f"/proposer/?evenement={ID}", MISTAKE | {"adresse": address}


def forgotten_page(client, address):
    return FORGOTTEN, {"adresse": address}


def log_in_page(client, address):
    return LOG_IN, {"adresse": address, "mot_de_passe": "ce n'est pas la bonne phrase"}


def statements(site, client, path: str, data: dict) -> tuple[int, list[str]]:
    """Send a form; return the status and every SQL statement that the answer needed."""
    found: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        found.append(f"{statement} × {len(parameters) if executemany else 1}")

    with site.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        return client.post(path, data=data).status_code, found
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.long
@pytest.mark.parametrize(
    "page", [sign_up_page, next_edition_page, find_page, mistake_page, forgotten_page, log_in_page]
)
def test_a_known_address_costs_the_statements_of_an_unknown_one(site, page):
    client = site.test_client()
    known = [f"{state.value}@ecole.example" for state in SubscriberState]
    for state, address in zip(SubscriberState, known, strict=True):
        personal_token(site, state, address)
    known += [make_editor(site), make_editor(site, slug="lyon")]
    with site.app_context():
        accounts.disable(db.session, known[-1], NOW)
    path, data = page(client, "premiere@ecole.example")
    token = jeton(client, path, path.partition("?")[0])
    client.post(path, data=data | {"jeton": token})  # a first request has costs of its own
    costs = {}
    for address in (*known, "personne@ecole.example"):
        _, data = page(client, address)
        costs[address] = statements(site, client, path, data | {"jeton": token})
    # The requests were acted on, and each address costs the same statements.
    assert len(costs["personne@ecole.example"][1]) > 3
    for address in known:
        assert costs[address] == costs["personne@ecole.example"], address


@pytest.mark.long
def test_a_wrong_code_costs_the_same_whoever_it_is_of(site):
    client = site.test_client()
    known = [f"{state.value}@ecole.example" for state in SubscriberState]
    for state, address in zip(SubscriberState, known, strict=True):
        personal_token(site, state, address)
    with site.test_request_context():
        token = form_token("subscription.code")

    def cost(address: str) -> tuple[int, list[str]]:
        data = {"adresse": address, "code": "000000", "jeton": token}
        return statements(site, client, "/abonnement/code/", data)

    unknown = [cost("personne@ecole.example") for _ in range(7)]
    assert {status for status, _ in unknown} == {400}
    for address in known:
        assert [cost(address) for _ in range(7)] == unknown, address


def test_moving_to_an_address_costs_the_same_whether_it_is_taken(site):
    client = site.test_client()
    tokens = [personal_token(site, address=f"{n}@ecole.example") for n in "ab"]
    personal_token(site, address="prise@ecole.example")
    found = []
    for token, wanted in zip(tokens, ("prise@ecole.example", "libre@ecole.example"), strict=True):
        page = personal(token)
        form = {"nouvelle": wanted, "jeton": jeton(client, page, personal(token, "adresse/"))}
        found.append(statements(site, client, personal(token, "adresse/"), form))
    assert found[0] == found[1]
    assert found[0][0] == 303


def test_addresses_of_one_mailbox_share_one_limit(site):
    client = site.test_client()
    for number in range(4):
        post(client, "/abonnement/", FORM | {"adresse": f"Cible+{number}@ecole.example"})
        post(client, "/abonnement/", FORM | {"adresse": f"ci.ble+{number}@gmail.com"})
    worker_answers(site)
    with site.app_context():
        keys = db.session.scalars(select(Subscriber.address_key).order_by(Subscriber.id)).all()
    # They remain three subscribers each: a shared limit of mails does not make them one person.
    assert sorted(keys) == sorted(
        [f"cible+{n}@ecole.example" for n in range(3)] + [f"ci.ble+{n}@gmail.com" for n in range(3)]
    )


# -- the time of an answer, on a real server -------------------------------------------------------

PAIRS = scaled(400, 40)
#: Measurements of each address: as many as the mails that it may ask for in a day.
EACH = 3


class Attacker:
    """Asks over HTTP, each time from another network, and measures the time of the answer."""

    #: How many networks asked so far, of all attackers of a site.
    network = 0

    def __init__(self, origin: str) -> None:
        where = urlsplit(origin)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        self.cookie = ""
        self.answers: set[int] = set()

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def token(self, path: str) -> str:
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        # The editors' room binds its tokens to a cookie; the other forms set none.
        self.cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        page = answer.read().decode()
        return re.search(r'name="jeton" value="([^"]+)"', page)[1]

    def time(self, path: str, data: dict) -> int:
        number = Attacker.network = Attacker.network + 1
        source = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": source,
            "Cookie": self.cookie,
            "Origin": f"http://{self.connection.host}:{self.connection.port}",
        }
        body = urlencode(data, doseq=True)
        start = time.perf_counter_ns()
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        taken = time.perf_counter_ns() - start
        self.answers.add(answer.status)
        return taken

    def told_apart(self, path: str, token: str, pairs: list[tuple[str, str]], more: dict) -> float:
        """Return the share of pairs (known, unknown) in which the known address took longer. Each
        address is tried three times, in a random order, and its quickest answer counts."""
        right = 0
        for pair in pairs:
            taken: dict[str, int] = {}
            for _ in range(EACH):
                for address in random.sample(pair, 2):
                    one = self.time(path, more | {"adresse": address, "jeton": token})
                    taken[address] = min(one, taken.get(address, one))
            right += taken[pair[0]] > taken[pair[1]]
        return right / len(pairs)


def known_editors(store_app, addresses: list[str]) -> None:
    rows = [
        {
            "address": a,
            "address_key": a,
            "uid": uuid.uuid4(),
            "name": "Zoé",
            "role": EditorRole.ADMINISTRATOR,
            "session_epoch": 0,
            "created_at": datetime.now(UTC),
        }
        for a in addresses
    ]
    with store_app.app_context(), writing(db.session, datetime.now(UTC)):
        db.session.execute(insert(Editor), rows)


def known_subscribers(store_app, addresses: list[str]) -> None:
    common = {
        "state": SubscriberState.ACTIVE,
        "academy_slug": "lille",
        "school": CM2.school,
        "classes": CM2.classes,
        "themes": CM2.themes,
        "leads": CM2.leads,
        "follows_all": False,
        "weekly": False,
        "code_at": datetime.now(UTC),
    }
    at = dict.fromkeys(("state_at", "since", "created_at", "confirmed_at"), datetime.now(UTC))
    rows = [common | at | {"address": a, "address_key": a} for a in addresses]
    with store_app.app_context(), writing(db.session, datetime.now(UTC)):
        db.session.execute(insert(Subscriber), rows)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory) -> Iterator[tuple[str, Flask]]:
    """The origin of a running site, and an application on its store."""
    instance = tmp_path_factory.mktemp("attacked") / "instance"
    with serving(instance, CALENDAR_TRUSTED_PROXIES="1") as origin:
        app = create_app(Settings.from_environment({"CALENDAR_PUBLIC_URL": origin}, instance))
        yield origin, app
        close(app)


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/abonnement/retrouver/", {}, 200),
        ("/abonnement/", FORM, 200),
        ("/abonnement/code/", {"code": "000000"}, 400),
        (FORGOTTEN, {}, 303),
    ],
)
def test_the_time_of_an_answer_tells_nothing(attacked, path, more, status):
    """In a campaign, at most 60 % of the pairs may be told apart; chance gives 50 %."""
    origin, app = attacked
    # Each form is asked with other addresses, because an address may ask only a few times.
    form = path.strip("/").replace("/", ".")
    pairs = [
        (f"connu.{n:04}.{form}@ecole.example", f"autre.{n:04}.{form}@ecole.example")
        for n in range(PAIRS)
    ]
    known_subscribers(app, [known for known, _ in pairs])
    known_editors(app, [known for known, _ in pairs])
    with app.test_request_context():
        code_token = form_token("subscription.code")
    with app.app_context():
        before = db.session.scalar(select(func.count(RateCount.key)))
    with Attacker(origin) as attacker:
        token = code_token if path == "/abonnement/code/" else attacker.token(path)
        share = attacker.told_apart(path, token, pairs, more)
    with app.app_context():
        counted = db.session.scalar(select(func.count(RateCount.key))) - before
    # Each try was counted, so none was refused before its address was looked up.
    assert attacker.answers == {status}
    assert counted > 2 * EACH * PAIRS
    logging.getLogger(__name__).warning("%s: %.0f %% of %d pairs", path, 100 * share, PAIRS)
    if CAMPAIGN:
        assert 0.4 <= share <= 0.6


# -- what was erased -------------------------------------------------------------------------------


@pytest.fixture
def private(tmp_path):
    """An installation that writes mails as files, and whose store is outside its folder."""
    old = os.umask(0o022)
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_SMTP_RATE": "1000"}
    app = create_app(Settings.from_environment(environ, tmp_path / "instance"))
    with app.app_context():
        setup.upgrade_schema()
        setup.load_reference_files(db.session, Path("data"), NOW)
        db.session.remove()
    publish(app, entry(), now=NOW)
    yield app
    close(app)
    os.umask(old)


def holding(folder: Path, words: str) -> set[str]:
    """Return the names of the files whose bytes contain these words, in any case."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and words.lower().encode() in path.read_bytes().lower()
    }


SECRET = "Adresse.Tres.Secrete"
PLANTED = MailAddress.read(f"{SECRET}@ecole.example")


def plant(site: Flask, people: int) -> None:
    """Leave an address in every form and mailbox that takes one, as a subscriber in the end.

    :param people: how many sign up, before and after; their rows move within the pages when one is
        erased.
    """
    for number in range(people):
        who = PLANTED if number == people // 2 else MailAddress.read(f"n{number}@ecole.example")
        asked.sign_up(db.session, SignUp(who, CM2, event_ids=(ID,)), NOW)
    answer_requests(site, NOW)
    mistake = Mistake(event_id=ID, key=None, words="Une erreur", address=PLANTED)
    suggestions.report(db.session, mistake, NOW)
    strange = mail(From=PLANTED.address, to="letters@x.example")
    receiving.receive(db.session, strange, NOW, KNOWLEDGE)
    chief = editor("administrateur")
    senders.declare(db.session, chief, PLANTED.address, frozenset({"academie/lille"}), NOW)
    make_sender(site, "worker-test", clock=lambda: NOW).run()
    subscriptions.confirm(db.session, planted_uid(), "lien", NOW)
    subscriptions.ask_new_address(db.session, planted_uid(), PLANTED, NOW)
    asked.link(db.session, PLANTED, NOW)
    answer_requests(site, NOW)
    make_sender(site, "worker-test", clock=lambda: NOW).run()
    # What is asked last is still to be answered.
    asked.link(db.session, PLANTED, NOW)


def planted_uid() -> uuid.UUID:
    query = select(Subscriber.uid).where(Subscriber.address_key == PLANTED.key)
    return db.session.scalars(query).one()


def erase_planted(ledger: Ledger | None = None) -> None:
    uid = planted_uid()
    subscriptions.erase(db.session, uid, NOW, forgetting.forget, ledger)


def tables_holding(words: str) -> set[str]:
    """Return the tables of the store, as the database lists them, that hold these words in any
    column, in any case."""
    found, every = set(), MetaData()
    with db.engine.connect() as connection:
        every.reflect(connection)
        for name, table in every.tables.items():
            for row in connection.execute(select(table)):
                if any(words.lower() in _as_text(value).lower() for value in row):
                    found.add(name)
    return found


def _as_text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def test_each_table_is_in_the_record_of_processing_or_holds_nobody(empty_app):
    """A new table fails here until somebody has said what of a person it holds."""
    with empty_app.app_context():
        tables = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    # The index of a search is made of the events alone.
    tables = {name for name in tables if is_modelled(None, name)}
    recorded = [table for processing in record.RECORD for table in processing.tables]
    assert len(recorded) == len(set(recorded))
    assert not record.WITHOUT_PEOPLE & set(recorded)
    assert tables == record.WITHOUT_PEOPLE | set(recorded)


@pytest.mark.long
def test_an_erased_address_is_in_no_table_no_log_and_no_ledger(site, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with site.app_context():
        kept = Ledger(tmp_path / "ledger", PersonalLinks("k" * 40, "http://127.0.0.1"))
        plant(site, 3)
        db.session.rollback()
        holding_before = tables_holding(SECRET)
        # The record of processing knows each table that holds an address.
        known = {table for processing in record.RECORD for table in processing.tables}
        assert holding_before <= known
        assert {"subscriber", "draft", "received_mail", "declared_sender"} <= holding_before
        assert "address_request" in holding_before
        erase_planted(kept)
        db.session.rollback()
        assert tables_holding(SECRET) == set()
        assert db.session.scalar(select(func.count(Subscriber.id))) == 2
    assert kept.path.read_text().split()[1] == "erased"
    assert SECRET.lower() not in kept.path.read_text().lower()
    ours = [line for line in caplog.records if line.name.startswith("calendar_app")]
    assert not [line for line in ours if SECRET.lower() in line.getMessage().lower()]


def test_the_record_says_each_duration(site):
    page = words(site.test_client().get("/donnees-personnelles/registre/"))
    names = [name for processing in record.RECORD for _, name in processing.kept]
    for name in names:
        assert duration_words(getattr(retention, name)).replace("\u00a0", " ") in page
    # All durations of storage, but how often the worker cleans, and how long before it warns.
    durations = {n for n, v in vars(retention).items() if isinstance(v, timedelta | int)}
    assert set(names) == durations - {"CLEANED_EVERY", "TOLD_BEFORE"}


@pytest.mark.long
def test_nothing_is_left_of_an_erased_address_a_day_later(private, tmp_path):
    with private.app_context():
        plant(private, 60)
        assert len(holding(tmp_path, SECRET)) > 3
        erase_planted()
        outbox, written = tmp_path / "instance" / "outbox", datetime.now(UTC)
        # The worker's next hourly cleaning empties the log, the last one of the day the outbox.
        traces.wipe(db.session, outbox, written)
        assert all(name.endswith(".eml") for name in holding(tmp_path, SECRET))
        assert len(holding(outbox, SECRET)) == 3
        traces.wipe(db.session, outbox, written + traces.MAIL_FILES_KEPT)
        assert holding(tmp_path, SECRET) == set()
        # The other subscribers are still there.
        assert db.session.scalar(select(func.count(Subscriber.id))) == 59
    assert traces.MAIL_FILES_KEPT + timedelta(hours=1) < DAY


@pytest.mark.long
def test_a_reader_who_holds_the_log_is_waited_for_until_the_next_hour(private, tmp_path):
    outbox = tmp_path / "instance" / "outbox"
    path = tmp_path / "elsewhere.sqlite3"
    log = path.with_name(f"{path.name}-wal")
    with sqlite3.connect(path) as reader, private.app_context():
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM subscriber").fetchone()
        asked.link(db.session, MailAddress.read("alice@ecole.example"), NOW)
        traces.wipe(db.session, outbox, NOW)
        assert log.stat().st_size > 0
        reader.rollback()
        traces.wipe(db.session, outbox, NOW)
        assert log.stat().st_size == 0
        asked.link(db.session, MailAddress.read("alice@ecole.example"), NOW)
    reader.close()


@pytest.mark.long
def test_whatever_names_people_is_for_its_owner_alone(private, tmp_path):
    with private.app_context():
        asked.sign_up(db.session, SignUp(MailAddress.read("alice@ecole.example"), CM2), NOW)
        answer_requests(private, NOW)
        make_sender(private, "worker-test", clock=lambda: NOW).run()
        file_exchange.write_whole(tmp_path / "journal.csv", "Zoé", private=True)
        (tmp_path / "known.csv").write_text("before")
        file_exchange.write_whole(tmp_path / "known.csv", "Zoé", private=True)
        file_exchange.write_whole(tmp_path / "events.yaml", "events: []")
        found = {
            path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
            for path in tmp_path.rglob("*")
        }
    public = {"events.yaml": 0o644}
    assert {"elsewhere.sqlite3", "elsewhere.sqlite3-wal", "elsewhere.sqlite3-shm"} <= found.keys()
    assert {"instance/secret_key", "journal.csv", "known.csv"} <= found.keys()
    assert any(name.endswith(".eml") for name in found)
    for name, mode in found.items():
        folder = (tmp_path / name).is_dir()
        assert mode == public.get(name, 0o700 if folder else 0o600), name


def test_a_store_that_others_could_read_is_theirs_no_more(tmp_path):
    path = tmp_path / "old.sqlite3"
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o644)
    url = f"sqlite:///{path}"
    app = create_app(Settings.from_environment({"CALENDAR_DATABASE_URL": url}, tmp_path / "i"))
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    close(app)
