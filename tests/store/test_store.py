"""The store on both engines: transactions, constraints and versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm.exc import StaleDataError

from calendar_app.app import create_app
from calendar_app.catalogue import queries, setup
from calendar_app.catalogue.models.events import Event, EventScope, Milestone, Series
from calendar_app.catalogue.models.search import is_modelled
from calendar_app.config.settings import data_folder
from calendar_app.store.base import Base, Catalogue, db, writing
from tests import commands
from tests.conftest import IMPORTED_AT, close, settings_for
from tests.factories import ID, another, changing, entry, publish
from tests.tools import scaled

PROCESSES, TIMES = 8, max(50, scaled(150))
LATER = IMPORTED_AT + timedelta(days=1)


def _read_modify_write(url: str, instance, times: int, failures) -> None:
    app = create_app(settings_for(url, instance))
    try:
        with app.app_context():
            for _ in range(times):
                with writing(db.session, LATER):
                    event = queries.event(db.session, ID, for_update=True)
                    # A read-modify-write, which loses updates without the right locks.
                    event.places = str(int(event.places or 0) + 1)
                    event.revision += 1
    except Exception as error:
        failures.put(repr(error))


def test_eight_processes_lose_no_update_and_meet_no_lock(empty_app, tmp_path):
    publish(empty_app, entry())
    with empty_app.app_context():
        before = queries.catalogue(db.session).version
        db.session.rollback()
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    context = commands.processes()
    failures = context.Queue()
    workers = [
        context.Process(target=_read_modify_write, args=(url, tmp_path, TIMES, failures))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=240)
    assert failures.empty(), failures.get()
    with empty_app.app_context():
        event = queries.event(db.session, ID)
        assert int(event.places) == PROCESSES * TIMES
        assert event.revision == PROCESSES * TIMES + 1
        assert queries.catalogue(db.session).version == before + PROCESSES * TIMES


def test_a_read_is_one_snapshot(empty_app):
    publish(empty_app, entry())
    with empty_app.app_context():
        titles = select(Event.title)
        assert db.session.scalars(titles).one() == "Concours d'essai"
        with empty_app.app_context(), writing(db.session, LATER):
            db.session.execute(update(Event).values(title="Autre"))
        # The reader still sees the store as it was at the start of its transaction.
        assert db.session.scalars(titles).one() == "Concours d'essai"
        db.session.rollback()
        assert db.session.scalars(titles).one() == "Autre"


def test_a_write_from_an_older_revision_is_refused(empty_app):
    publish(empty_app, entry())

    def overwrite() -> None:
        with writing(db.session, LATER):
            mine = queries.event(db.session, ID)
            # Another editor saves in between, and the session does not notice.
            theirs = update(Event).values(title="Le leur", revision=2)
            db.session.execute(theirs.execution_options(synchronize_session=False))
            mine.title, mine.revision = "Le mien", mine.revision + 1

    with empty_app.app_context(), pytest.raises(StaleDataError):
        overwrite()


def test_an_exception_rolls_the_whole_transaction_back(empty_app):
    publish(empty_app, entry())

    def fail_half_way() -> None:
        with writing(db.session, LATER):
            queries.event(db.session, ID).title = "Perdu"
            db.session.flush()
            raise RuntimeError("half-way")

    with empty_app.app_context():
        before = queries.catalogue(db.session).version
        with pytest.raises(RuntimeError, match="half-way"):
            fail_half_way()
        assert queries.event(db.session, ID).title == "Concours d'essai"
        assert queries.catalogue(db.session).version == before


def test_unsaved_changes_are_not_dragged_into_a_write(empty_app):
    publish(empty_app, entry())
    with empty_app.app_context():
        queries.event(db.session, ID).title = "Pas dans la transaction"
        with pytest.raises(RuntimeError, match="unsaved changes"), writing(db.session, LATER):
            pass


def test_the_catalogue_version_moves_once_a_transaction_with_what_is_visible(empty_app):
    with empty_app.app_context():
        start = queries.catalogue(db.session).version
    publish(empty_app, entry(), another("deuxieme"))
    with empty_app.app_context():
        catalogue = queries.catalogue(db.session)
        assert (catalogue.version, catalogue.changed_at) == (start + 1, IMPORTED_AT)
    publish(empty_app, entry(), another("deuxieme"), now=LATER)
    with empty_app.app_context():
        catalogue = queries.catalogue(db.session)
        assert (catalogue.version, catalogue.changed_at) == (start + 1, IMPORTED_AT)


@pytest.mark.sql
@pytest.mark.parametrize(
    "broken",
    [
        {"last_day": date(2021, 2, 10)},
        {"certainty": "approximate"},
        {"kind": "party"},
        {"moved_from_first_day": date(2021, 1, 1)},
        {"key": "deadline"},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_the_store_refuses_a_broken_milestone(empty_app, broken):
    publish(empty_app, entry())
    good = {
        "event_id": ID,
        "key": "another",
        "uid": UUID(int=0),
        "position": 1,
        "kind": "deadline",
        "first_day": date(2021, 2, 11),
        "last_day": date(2021, 2, 11),
        "time_zone": "Europe/Paris",
        "certainty": "day",
        "announced_at": LATER,
        "changed_at": LATER,
    }

    def insert(columns) -> None:
        names = ", ".join(columns)
        places = ", ".join(f":{name}" for name in columns)
        with empty_app.app_context(), writing(db.session, LATER):
            # bindparams() converts dates; SQLite's driver does not, since Python 3.12.
            db.session.execute(
                text(f"INSERT INTO milestone ({names}) VALUES ({places})").bindparams(**columns)  # noqa: S608
            )

    with pytest.raises(IntegrityError):
        insert(good | broken)
    insert(good)


def test_foreign_keys_hold(empty_app):
    with empty_app.app_context(), pytest.raises(IntegrityError), writing(db.session, LATER):
        db.session.add(EventScope(event_id="nobody-2020-2021", code="national"))


def test_a_scope_code_is_of_a_known_kind(empty_app):
    publish(empty_app, entry())
    with empty_app.app_context(), pytest.raises(IntegrityError), writing(db.session, LATER):
        db.session.add(EventScope(event_id=ID, code="ville/lille"))


def test_an_instant_without_a_zone_is_refused_and_one_of_another_zone_is_kept_as_utc(empty_app):
    publish(empty_app, entry())
    naive = datetime(2021, 1, 1, 12, 0)  # noqa: DTZ001 (the value to refuse)
    with empty_app.app_context():
        with pytest.raises(StatementError, match="time zone"), writing(db.session, LATER):
            queries.event(db.session, ID).cancelled_at = naive
        with changing(empty_app, LATER) as event:
            event.cancelled_at = datetime.fromisoformat("2021-01-01T12:00:00+04:00")
        db.session.rollback()
        db.session.expire_all()
        kept = queries.event(db.session, ID).cancelled_at
        assert (kept, kept.tzinfo) == (datetime(2021, 1, 1, 8, 0, tzinfo=UTC), UTC)


def test_a_reader_cannot_write_on_postgresql(empty_app, engine):
    if engine == "sqlite":
        return  # SQLite has no read-only transactions; BEGIN IMMEDIATE protects its writers
    with empty_app.app_context(), pytest.raises(DBAPIError, match="read-only"):
        db.session.execute(update(Catalogue).values(version=99))


def test_the_migrations_make_exactly_the_models(empty_app):
    with empty_app.app_context(), db.engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_modelled}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.long
def test_migrating_twice_or_back_and_forth_is_harmless(make_database, tmp_path, engine):
    app = create_app(settings_for(make_database(engine), tmp_path))
    with app.app_context():
        setup.upgrade_schema()
        setup.upgrade_schema()
        flask_migrate.downgrade(revision="base")
        setup.upgrade_schema()
        setup.load_reference_files(db.session, data_folder(), IMPORTED_AT)
        assert setup.is_empty(db.session)
    close(app)


@pytest.mark.long
def test_dates_of_an_older_store_get_the_instant_at_which_they_were_dated(empty_app):
    opening = {"kind": "opening", "day": "2021-01-11", "scope": {"departments": ["63"]}}
    deadline, moved = ({"kind": "deadline", "day": f"2021-02-{day}"} for day in (11, 18))
    results = {"kind": "results", "day": "2021-03-01"}
    publish(empty_app, entry(milestones=[opening, deadline, results]))
    publish(empty_app, entry(milestones=[opening, moved, results]), now=LATER)
    with empty_app.app_context():
        session = db.session
        with writing(session, LATER):
            session.execute(
                update(Milestone).where(Milestone.kind == "results").values(dated_at=None)
            )
        session.remove()
        flask_migrate.downgrade(revision="0008")
        setup.upgrade_schema()
        found = session.scalars(select(Milestone).order_by(Milestone.position)).unique().all()
        assert [(m.key, m.announced_at, m.changed_at) for m in found] == [
            ("opening", IMPORTED_AT, IMPORTED_AT),
            ("deadline", IMPORTED_AT, LATER),
            ("results", IMPORTED_AT, IMPORTED_AT),
        ]
        assert found[0].own_scope == {"departement/63"}


def test_processes_that_start_together_migrate_once(make_database, tmp_path, engine):
    url = make_database(engine)
    environ = {"CALENDAR_DATABASE_URL": url, "CALENDAR_INSTANCE": str(tmp_path), "PATH": ""}
    started = [commands.start("migrate", environ=environ) for _ in range(3)]
    for process in started:
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert "La base est à jour" in out
        assert str(make_url(url).database) in out
        assert "(développement)" in out


def test_a_removed_milestone_leaves_nothing_behind(empty_app):
    narrow = {"kind": "deadline", "day": "2021-02-11", "scope": {"departments": ["63"]}}
    publish(empty_app, entry(milestones=[narrow]))
    publish(empty_app, entry(milestones=[]), now=LATER)
    with empty_app.app_context():
        assert db.session.scalars(select(Milestone)).all() == []
        assert db.session.scalars(select(Series.id)).all() == ["essai"]
