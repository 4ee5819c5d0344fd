"""A large import lets others write, and is finished by another run when it was interrupted."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from calendar_app.catalogue import import_export, queries
from calendar_app.catalogue.import_export import import_events
from calendar_app.catalogue.models.events import Event
from calendar_app.store.base import db, writing
from tests.conftest import IMPORTED_AT
from tests.factories import another, events_file, many

COUNT = 130


def large_file():
    """Return a file with more events than two transactions write. The first event is a part of the
    last but one, and that a part of the last."""
    found = many(COUNT, lambda n: [{"kind": "deadline", "day": "2021-02-11"}])
    found[0]["part_of"], found[-2]["part_of"] = found[-2]["id"], found[-1]["id"]
    return events_file(*found)


def stored(session) -> dict[str, str | None]:
    """Return the events of the store: id → the event of which it is a part."""
    return {row.id: row.part_of_id for row in session.execute(select(Event.id, Event.part_of_id))}


def test_others_write_while_a_large_file_is_imported(empty_app):
    seen = []

    def progress(done: int, total: int) -> None:
        assert total == COUNT
        if done % import_export.BATCH == 1:
            with empty_app.app_context():  # another session
                seen.append(db.session.scalar(select(func.count(Event.id))))

    with empty_app.app_context():
        import_events(db.session, large_file(), IMPORTED_AT, progress)
        assert seen == [0, 50, 100], "what was written before is visible, and its lock is free"
        parts = {child: parent for child, parent in stored(db.session).items() if parent}
        ids = [f"essai-{n}-2020-2021" for n in (0, COUNT - 2, COUNT - 1)]
        assert parts == {ids[0]: ids[1], ids[1]: ids[2]}


@pytest.mark.long
@pytest.mark.parametrize("stop", [50, 51, COUNT])
def test_an_interrupted_import_leaves_whole_transactions_and_is_finished_by_another(
    empty_app, stop
):
    def progress(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    file = large_file()
    with empty_app.app_context():
        with pytest.raises(KeyboardInterrupt):
            import_events(db.session, file, IMPORTED_AT, progress)
        written = len(stored(db.session))
        assert written == (stop - 1) // 50 * 50
        with writing(db.session, IMPORTED_AT):
            queries.catalogue(db.session, for_update=True)
        report = import_events(db.session, file, IMPORTED_AT)
        assert (len(report.created), len(report.unchanged)) == (COUNT - written, written)
        assert (report.changed, report.conflicts, report.absent) == ((), (), ())
        again = import_events(db.session, file, IMPORTED_AT)
        assert again.unchanged == tuple(entry.id for entry in file.events)


def test_what_a_large_file_does_not_have_is_absent_once(empty_app):
    with empty_app.app_context():
        import_events(db.session, events_file(another("autre")), IMPORTED_AT)
        report = import_events(db.session, large_file(), IMPORTED_AT)
        assert (report.absent, len(report.created)) == (("autre-2020-2021",), COUNT)
