"""An upgrade, as an installation meets it: a store of each released version under this program, and
a store of a later release."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from calendar_app.app import create_app, letterhead
from calendar_app.catalogue import setup
from calendar_app.catalogue.models.search import is_modelled
from calendar_app.config.settings import data_folder
from calendar_app.editing.drafts import item_as_read
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.store.base import Base, db
from calendar_app.worker import Outage, _guarded
from tests import commands
from tests.conftest import ReadingClient, close, settings_for
from tests.mail_factories import deliveries
from tests.released_stores import (
    EDITOR,
    NOW,
    PASSWORD,
    RELEASES,
    hash_of_migrations,
    make_store,
)
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server
from tests.store.test_health import run_sql, token_of
from tests.test_first_start import PRODUCTION
from tests.tools import CAMPAIGN
from tests.web.editing.test_editor_pages import enter

#: The migrations from the oldest release pass through all others.
TRIED = list(RELEASES) if CAMPAIGN else list(RELEASES)[:1]
#: What the letter of a released store says.
CHORALES = ("Concours de chorales", date(2021, 3, 12))
FEED = "/flux/toutes.ics?depuis=2020-09"


@pytest.mark.parametrize("version", RELEASES)
def test_a_migration_that_was_released_is_never_changed(version):
    revision, known = RELEASES[version]
    assert hash_of_migrations(revision) == known


@pytest.fixture
def released(engine, make_database, drop_database, tmp_path):
    """Return a function that makes an application on the store of a released version."""
    made = []

    def make(version: str):
        url = make_database(engine)
        app = create_app(settings_for(url, tmp_path, CALENDAR_SMTP_RATE="1000"))
        app.test_client_class = ReadingClient
        made.append(app)
        make_store(app, version)
        return app

    yield make
    for app in made:
        close(app)
        drop_database(app.config["SQLALCHEMY_DATABASE_URI"])


@pytest.mark.long
@pytest.mark.parametrize("version", TRIED)
def test_a_store_of_each_release_waits_for_migrate_and_then_goes_on(released, version, caplog):
    app = released(version)
    client = app.test_client()
    with app.app_context():
        uids = db.session.scalars(text("SELECT uid FROM milestone")).all()
        db.session.rollback()
    before = client.get("/readyz")
    assert (before.status_code, before.text) == (
        503,
        "the schema is older: run calendar-app migrate\n",
    )
    for answer in (client.get("/"), client.get(FEED), client.post("/abonnement/", data={})):
        assert (answer.status_code, "calendar-app migrate" in answer.text) == (503, True)
        assert int(answer.headers["Retry-After"]) > 0
    assert "calendar-app migrate" in caplog.text
    with app.app_context():
        setup.make_ready(db.session, data_folder(), NOW)
    check_schema(app)
    # The same process goes on, with what the installation had.
    feed = client.get(FEED).text
    assert feed.count("BEGIN:VEVENT") == len(uids)
    assert all(str(uid).replace("-", "") in feed.replace("-", "") for uid in uids)
    assert "plus long" in feed
    check_people(app)
    check_editor(app, client)


def check_schema(app) -> None:
    """The migrations lead to the models, from here too."""
    with app.app_context(), db.engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_modelled}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def check_people(app) -> None:
    """The mail that was due is sent, to who was subscribed; their old link opens their page."""
    with mail_server() as server:
        assert run(app, server.url, Clock(NOW)).sent == 1
        [mail] = server.mails
    assert mail.recipient == "alice@ecole.example"
    assert deliveries(app) == {("reminder", "sent"): 1}
    with app.app_context():
        people = db.session.scalars(select(Subscriber).order_by(Subscriber.id)).all()
        states = [(person.address_key, person.state.value) for person in people]
        address = f"/abonnement/lien/{letterhead(app).links.token(people[0].uid)}/"
        db.session.rollback()
    assert [name.partition("@")[0] for name, _ in states] == ["alice", "bob", "carole"]
    assert len({state for _, state in states}) == 3
    assert app.test_client().get(address).status_code == 200


def check_editor(app, client) -> None:
    """The account has its password, and what waited for a decision still does."""
    assert enter(client, EDITOR, PASSWORD).status_code == 303
    assert "Zoé Martin" in client.get("/redaction/").text
    with app.app_context():
        waiting = select(Draft).where(Draft.state == DraftState.PENDING).order_by(Draft.id)
        mistake, read = db.session.scalars(waiting).all()
        assert mistake.suggested_by == "ali@ecole.example"
        assert (read.title, item_as_read(read).last_day) == CHORALES
        assert "pour les classes de cycle 3" in read.letter.text
        db.session.rollback()


# -- a store of a later release --------------------------------------------------------------------


def test_a_later_schema_is_left_as_it_is(app, caplog):
    """Who only reads may be answered; nothing is written, migrated, planned or sent."""
    client = app.test_client()
    form = {"jeton": token_of(client.get("/abonnement/").text), "adresse": "a@ecole.example"}
    caplog.set_level(logging.INFO)
    run_sql(
        app,
        "INSERT INTO rate_count (key, count, expires_at)"
        " SELECT version_num, 0, '2030-01-01' FROM alembic_version",
        "UPDATE alembic_version SET version_num = '9999'",
    )
    answer = client.post("/abonnement/", data=form)
    assert (answer.status_code, "version plus récente" in answer.text) == (503, True)
    assert int(answer.headers["Retry-After"]) > 0
    assert "version plus récente" in caplog.text
    worked, outage = [], Outage()
    for _ in range(2):
        _guarded(app, lambda: worked.append(1), outage, writes=True)()
    assert (worked, caplog.text.count("schema (newer)")) == ([], 1)
    run_sql(app, "UPDATE alembic_version SET version_num = (SELECT max(key) FROM rate_count)")
    _guarded(app, lambda: worked.append(1), outage, writes=True)()
    assert (worked, "the store answers again" in caplog.text) == ([1], True)


@pytest.mark.parametrize("command", ["migrate", "events import"])
def test_the_commands_refuse_a_later_schema(app, tmp_path, command):
    run_sql(app, "UPDATE alembic_version SET version_num = '9999'")
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_INSTANCE": str(tmp_path), "PATH": ""}
    process = commands.start(*command.split(), environ=environ)
    out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert err.startswith("Arrêt : la base est d'une version plus récente")
    assert "Traceback" not in err


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite"])
def test_in_production_only_migrate_migrates(released, tmp_path):
    """Other machines may still run the release of before."""
    app = released("0.2.0")
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_INSTANCE": str(tmp_path), "PATH": ""}
    process = commands.start("events", "import", environ=PRODUCTION | environ)
    _, err = process.communicate()
    assert (process.returncode, "version antérieure" in err) == (1, True)
    assert "older" in app.test_client().get("/readyz").text
