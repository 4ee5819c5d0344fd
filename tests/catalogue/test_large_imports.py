"""A large import lets others write, and is finished by another run when it was interrupted."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from calendar_app.catalogue import file_exchange, import_export, queries
from calendar_app.catalogue.import_export import import_events
from calendar_app.catalogue.models.events import Event
from calendar_app.config.settings import data_folder
from calendar_app.store.base import db, writing
from tests.conftest import IMPORTED_AT, JANUARY
from tests.factories import another, events_file, many, publish
from tests.old_years import counted

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


@pytest.mark.long
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


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_transaction_reads_its_events_and_series_at_once(empty_app):
    cost = []
    with empty_app.app_context():
        for count in (5, import_export.BATCH):
            file = events_file(*many(count, lambda n: [{"kind": "deadline", "day": "2021-02-11"}]))
            import_events(db.session, file, IMPORTED_AT)
            with counted(empty_app) as reading:
                import_events(db.session, file, IMPORTED_AT)
            cost.append(reading.queries)
    assert cost[0] == cost[1]


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


@pytest.mark.long
def test_what_a_large_file_does_not_have_is_absent_once(empty_app):
    with empty_app.app_context():
        import_events(db.session, events_file(another("autre")), IMPORTED_AT)
        report = import_events(db.session, large_file(), IMPORTED_AT)
        assert (report.absent, len(report.created)) == (("autre-2020-2021",), COUNT)


@pytest.mark.long
def test_a_large_export_is_files_that_an_import_takes_back(app, make_app, tmp_path, monkeypatch):
    """In their order: what an event is part of stands before it."""
    publish(app, another("tout"), another("partie", part_of="tout-2020-2021", title="A"))
    with app.app_context():
        [whole] = file_exchange.export_events_texts(db.session)
        monkeypatch.setattr(file_exchange, "MAX_BYTES", 5_000)
        texts = file_exchange.export_events_texts(db.session)
    assert len(texts) > 2
    assert max(len(text.encode()) for text in texts) <= 5_000
    fresh, paths = make_app("empty"), file_exchange.numbered(tmp_path / "a.yaml", 12)
    assert paths == sorted(paths)
    assert file_exchange.numbered(paths[0], 1) == [paths[0]]
    left = [tmp_path / name for name in ("a-9.yaml", "a.yaml")]
    for path in (*left, tmp_path / "a-b.yaml", tmp_path / "aa-3.yaml"):
        path.touch()
    assert file_exchange.left_from_before(tmp_path / "a.yaml", 3) == left
    with fresh.app_context():
        known: list[str] = []
        for path, text in zip(paths, texts, strict=False):
            path.write_text(text, encoding="utf-8")
            # Before anything is imported, the files before it are known.
            read = file_exchange.check_events_file(db.session, path, data_folder(), before=known)
            known += [entry.id for entry in read.events]
        for path in paths[: len(texts)]:
            file_exchange.import_events_file(db.session, path, JANUARY)
        monkeypatch.undo()
        assert file_exchange.export_events_texts(db.session) == [whole]
