"""The ministry's school calendar, fetched from a server of the test by the real fetcher."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app import worker
from calendar_app.catalogue import file_exchange, holidays_update, queries
from calendar_app.catalogue.holidays_update import AGAIN, MONTHLY, CalendarChange
from calendar_app.catalogue.models.reference import HolidaysUpdate
from calendar_app.cli.content import change_lines
from calendar_app.school.school_calendars import SchoolHoliday, mainland_calendars
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.words.errors import CalendarError
from tests.editing.test_fetcher import fetcher, send, server
from tests.tools import scaled

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
HEADER = "Description;Population;Date de début;Date de fin;Académies;Zones;annee_scolaire"
#: Last day of class, day when classes start again, in the words of the ministry.
CORSE = (
    ("Vacances d'Été", "2026-07-04", "2026-09-01", "2025-2026"),
    ("Vacances de la Toussaint", "2026-10-17", "2026-11-02", "2026-2027"),
    ("Vacances de Noël", "2026-12-19", "2027-01-04", "2026-2027"),
    ("Vacances d'Hiver", "2027-02-13", "2027-03-01", "2026-2027"),
    ("Vacances de Printemps", "2027-04-10", "2027-04-26", "2026-2027"),
    ("Début des Vacances d'Été", "2027-07-03", "2027-07-03", "2026-2027"),
)


def zone_rows() -> Iterator[str]:
    """Yield all holidays of zones A, B and C as rows of the ministry's file."""
    for letter in "ABC":
        for holiday in mainland_calendars()[f"zone-{letter.lower()}"].holidays:
            # A row gives the last day of class, and a Saturday where there is class until Friday.
            eve = holiday.first_day - timedelta(days=1)
            first = eve if 1 <= eve.weekday() <= 3 else holiday.first_day
            end = holiday.last_day + timedelta(days=1)
            year = SchoolYear.of(holiday.first_day).label
            yield f"{holiday.name};-;{first}T00:00:00+02:00;{end};Lyon;Zone {letter};{year}"


def file(corse: Iterable[tuple[str, str, str, str]] = CORSE) -> bytes:
    rows = (f"{name};-;{first};{end};Corse;Corse;{year}" for name, first, end, year in corse)
    return "\r\n".join((HEADER, *zone_rows(), *rows, "")).encode()


class Ministry:
    """A server of the file.

    :param body: what it answers.
    :param asked: how often it was asked.
    """

    def __init__(self, body: bytes) -> None:
        self.body, self.status, self.asked = body, 200, 0
        self.address = ""
        self.download = fetcher().download

    def answer(self, handler) -> None:
        self.asked += 1
        send(handler, self.body, self.status, Content_Type="text/csv")


@contextmanager
def serving(body: bytes) -> Iterator[Ministry]:
    ministry = Ministry(body)
    with server(ministry.answer) as origin:
        ministry.address = f"{origin}/exports/csv?delimiter=%3B"
        yield ministry


@pytest.fixture
def ministry() -> Iterator[Ministry]:
    with serving(file()) as found:
        yield found


@pytest.fixture
def store(empty_app) -> Iterator[Flask]:
    with empty_app.app_context():
        yield empty_app


def update(ministry: Ministry, now: datetime = NOW) -> dict[str, CalendarChange]:
    found = holidays_update.update(db.session, ministry.address, ministry.download, now)
    return {change.label: change for change in found}


def tick(ministry: Ministry, now: datetime) -> object:
    return holidays_update.update_if_due(db.session, ministry.address, ministry.download, now)


def kept() -> tuple[object, ...]:
    """Return what readers see of the calendars, with the version that moves when they change."""
    db.session.rollback()
    return queries.calendars(db.session), queries.catalogue(db.session).version


# -- what a good file changes ----------------------------------------------------------------------


def test_new_days_become_known_and_the_report_says_which(store, ministry):
    before = queries.calendars(db.session)
    found = update(ministry)
    # The library copies the same decrees: a full file changes no day of the zones.
    after = queries.calendars(db.session)
    for slug in mainland_calendars():
        assert after[slug] == before[slug]
        assert not found[before[slug].label].is_change
    corse = found["calendrier de la Corse"]
    assert corse.known_until == date(2027, 7, 31)
    assert after["corse"].knows(date(2026, 9, 1), date(2027, 7, 31))
    assert SchoolHoliday("Vacances de Noël", date(2026, 12, 19), date(2027, 1, 3)) in corse.added
    assert corse.removed == ()
    # Days that the file does not know stay as they were.
    assert after["corse"].holiday_on(date(2021, 2, 20)) == before["corse"].holiday_on(
        date(2021, 2, 20)
    )
    assert after["la-reunion"] == before["la-reunion"]
    state = holidays_update.state(db.session)
    assert (state.tried_at, state.succeeded_at, state.problem) == (NOW, NOW, None)


def test_the_same_file_again_changes_nothing(store, ministry):
    update(ministry)
    once = kept()
    assert not any(change.is_change for change in update(ministry, NOW + MONTHLY).values())
    assert kept() == once
    assert holidays_update.state(db.session).succeeded_at == NOW + MONTHLY


def test_a_day_that_the_ministry_moves_is_told_in_french(store, ministry):
    update(ministry)
    ministry.body = ministry.body.replace(
        b"2026-12-19;2027-01-04;Corse", b"2026-12-19;2027-01-05;Corse"
    )
    change = update(ministry)["calendrier de la Corse"]
    assert list(change_lines(change)) == [
        "  calendrier de la Corse : connu jusqu'au 2027-07-31.",
        "    + Vacances de Noël : du 2026-12-19 au 2027-01-04",
        "    - Vacances de Noël : du 2026-12-19 au 2027-01-03",
    ]
    (same,) = change_lines(update(ministry)["calendrier de la Corse"])
    assert same == "  calendrier de la Corse : connu jusqu'au 2027-07-31, rien ne change."


# -- what a bad answer leaves ----------------------------------------------------------------------


def cut(share: float) -> Callable[[bytes], bytes]:
    """Cut a file after a share of its lines."""

    def shorter(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        return b"".join(lines[: int(len(lines) * share)])

    return shorter


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b" \r\n", "Le fichier est vide"),
    "html": (lambda _: b"\n<!DOCTYPE html><html>503</html>", "mène à une page web"),
    "latin": (lambda body: body.decode().encode("latin-1"), "n'est pas en UTF-8 (octet 32)"),
    "json": (lambda _: b'{"results": []}', "la colonne « Description » manque."),
    "other columns": (lambda body: body.replace(b"Zones", b"Zone", 1), "« Zones » manque."),
    "header": (lambda body: body.splitlines()[0], "aucune ligne de vacances"),
    "cut in a row": (lambda body: body[:-30], "ne se lit pas"),
    "cut after a row": (cut(0.999), "dit moins qu'avant (calendrier de la Corse)"),
    "cut before a zone": (cut(0.6), "ne dit pas 2026-2027 pour chacune des zones"),
    "without Corse": (lambda _: file(()), "dit moins qu'avant (calendrier de la Corse)"),
    "a year less": (
        lambda body: b"".join(
            line for line in body.splitlines(True) if b"Zone B;2027-2028" not in line
        ),
        "dit moins qu'avant (zone B)",
    ),
    "all rows wrong": (lambda body: body.replace(b"Zone A", b"Zone D"), "autres."),
    "NUL": (lambda body: body.replace(b"Zone C", b"\0", 1), "ne se lit pas"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_bad_file_changes_nothing_and_the_reason_is_kept(store, ministry, case):
    update(ministry)
    good = kept()
    change, words = BROKEN[case]
    ministry.body = change(ministry.body)
    later = NOW + MONTHLY
    with pytest.raises(CalendarError, match="vacances connues sont gardées") as refused:
        update(ministry, later)
    assert words in str(refused.value)
    assert kept() == good
    state = holidays_update.state(db.session)
    assert (state.tried_at, state.succeeded_at, state.problem) == (later, NOW, str(refused.value))


def test_wherever_the_file_is_cut_no_known_day_is_lost(store, ministry):
    update(ministry)
    good, whole, chance = kept(), ministry.body, random.Random(16)
    for _ in range(scaled(60)):
        part = whole[: chance.randrange(len(whole))]
        with suppress(CalendarError):
            holidays_update.update(db.session, ministry.address, lambda _, part=part: part, NOW)
        assert kept() == good


@pytest.mark.parametrize(
    ("status", "words"), [(404, "erreur (404)"), (500, "erreur (500)"), (304, "erreur (304)")]
)
def test_an_error_of_the_server_is_told(store, ministry, status, words):
    ministry.status = status
    good = kept()
    with pytest.raises(CalendarError, match="erreur") as refused:
        update(ministry)
    assert words in str(refused.value)
    assert kept() == good
    state = holidays_update.state(db.session)
    assert (state.succeeded_at, state.problem) == (None, str(refused.value))


def test_an_answer_that_is_cut_or_too_large_is_none(store, ministry):
    ministry.body = bytes(3 * 2**20)
    with pytest.raises(CalendarError, match="trop volumineux"):
        update(ministry)

    def cut_short(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(file()[:50000])

    with server(cut_short) as origin, pytest.raises(CalendarError, match="pas répondu"):
        holidays_update.update(db.session, origin, fetcher().download, NOW)


def test_the_network_of_the_installation_is_not_asked(store):
    with pytest.raises(CalendarError, match="il faut une adresse publique"):
        holidays_update.update(db.session, "http://127.0.0.1/", fetcher().download, NOW)


def test_before_the_first_good_copy_all_zones_must_be_in_the_file(store, ministry):
    good = kept()
    ministry.body = cut(0.5)(ministry.body)
    with pytest.raises(CalendarError, match="pour chacune des zones A, B et C"):
        update(ministry)
    assert kept() == good


def test_what_the_file_lost_of_past_years_does_not_matter(store, ministry):
    update(ministry)
    ministry.body = b"".join(
        line for line in ministry.body.splitlines(True) if b"2017-2018" not in line
    )
    assert not any(change.is_change for change in update(ministry).values())


def test_who_imports_a_file_by_hand_accepts_what_it_lost(store, ministry, tmp_path):
    update(ministry)
    ministry.body = file(())
    path = tmp_path / "calendrier.csv"
    path.write_bytes(ministry.body)
    file_exchange.import_holidays_file(db.session, path, NOW)
    good = kept()
    update(ministry)
    assert kept() == good
    assert holidays_update.state(db.session).problem is None


# -- when it is done -------------------------------------------------------------------------------


def test_each_month_and_after_a_failure_on_the_next_day(store, ministry):
    assert tick(ministry, NOW)
    assert tick(ministry, NOW + MONTHLY - timedelta(seconds=1)) is None
    ministry.status = 503
    failed_at = NOW + MONTHLY
    with pytest.raises(CalendarError):
        tick(ministry, failed_at)
    assert tick(ministry, failed_at + AGAIN - timedelta(seconds=1)) is None
    assert ministry.asked == 2
    ministry.status = 200
    assert tick(ministry, failed_at + AGAIN)
    assert tick(ministry, failed_at + AGAIN + AGAIN) is None
    assert ministry.asked == 3


def test_a_try_that_was_interrupted_is_told_and_tried_again(store, ministry):
    class OurMistakeError(Exception):
        pass

    def mistaken(_address: str) -> bytes:
        raise OurMistakeError

    with pytest.raises(OurMistakeError):
        holidays_update.update_if_due(db.session, ministry.address, mistaken, NOW)
    assert "pas allé jusqu'au bout" in holidays_update.state(db.session).problem
    assert tick(ministry, NOW + AGAIN)
    assert holidays_update.state(db.session).problem is None


def test_of_two_workers_at_once_one_fetches(store, ministry):
    start, found = threading.Barrier(2), []

    def work() -> None:
        with store.app_context():
            start.wait()
            found.append(tick(ministry, NOW))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert sorted(answer is None for answer in found) == [False, True]
    assert ministry.asked == 1
    assert len(db.session.scalars(select(HolidaysUpdate)).all()) == 1


def test_the_worker_renews_what_is_due_and_notes_a_failure(make_app, ministry, monkeypatch, caplog):
    monkeypatch.setattr(worker, "Fetcher", fetcher)
    app = make_app("empty", CALENDAR_HOLIDAYS_URL=ministry.address)
    with app.app_context():
        ministry.status = 500
        worker._renew_holidays(app)
        assert "erreur (500)" in holidays_update.state(db.session).problem
        assert "erreur (500)" in caplog.text
        worker._renew_holidays(app)
        assert ministry.asked == 1


def test_the_worker_asks_nobody_when_it_is_switched_off(make_app, monkeypatch):
    monkeypatch.setattr(worker, "Fetcher", None)
    app = make_app("empty", CALENDAR_HOLIDAYS_URL="")
    with app.app_context():
        worker._renew_holidays(app)
        assert holidays_update.state(db.session) is None
