"""Renews the school calendars from the ministry's file on the web, each month.

1. The store decides whether the file is due: who claims it postpones it by a day, so that a second
   worker does not fetch it, and a failure of any kind is tried again on the next day.
2. The file is fetched (``download`` is handed in) and read outside of any transaction.
3. A file that is damaged, or that knows less of this school year and later than the last good copy,
   changes nothing; the reason is stored.
4. Else its days replace those of the store, as in an import, and the next file is due in a month.

A library or a file of ours may know days that the ministry's file does not know: they stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calendar_app.catalogue import queries
from calendar_app.catalogue.files.ministry_csv import HolidaysFileError, read_ministry_csv
from calendar_app.catalogue.models.reference import HolidaysUpdate
from calendar_app.catalogue.references import renew_calendars
from calendar_app.school.local_time import paris_day
from calendar_app.school.school_calendars import (
    SchoolCalendar,
    SchoolHoliday,
    Span,
    each_day,
    mainland_calendars,
    without_spans,
)
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import AnySession, insert_new, reading, writing
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import list_words

#: The time from a success to the next try, and from a failure to the next try.
MONTHLY, AGAIN = timedelta(days=30), timedelta(days=1)

#: Fetches the file at an address; raises a ``CalendarError`` when it cannot.
Download = Callable[[str], bytes]

_INTERRUPTED = "L'essai n'est pas allé jusqu'au bout : la cause est dans le journal du programme."
_KEPT = "les vacances connues sont gardées"
#: A damaged file may have a problem in each of its lines.
_PROBLEMS = 3
_ROW = 1


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What a file changed in one school calendar.

    :param label: « zone A », « calendrier de la Corse ».
    :param known_until: the last known day; None when none is known.
    :param new_days: the number of days that were unknown before.
    :param added: the holidays that are new or begin, end or are named otherwise, by day.
    :param removed: the holidays that are no more, or that *added* replaces, by day.
    """

    label: str
    known_until: date | None
    new_days: int
    added: tuple[SchoolHoliday, ...]
    removed: tuple[SchoolHoliday, ...]

    @property
    def is_change(self) -> bool:
        return bool(self.new_days or self.added or self.removed)


@dataclass(frozen=True, slots=True)
class UpdateState:
    """The last try to fetch the school calendars; all instants are aware (UTC).

    :param problem: why it failed, in French; None when it succeeded.
    """

    tried_at: datetime
    succeeded_at: datetime | None
    problem: str | None


def state(session: AnySession) -> UpdateState | None:
    """Return what became of the last try; None before the first one."""
    with reading(session):
        row = session.get(HolidaysUpdate, _ROW)
        return UpdateState(row.tried_at, row.succeeded_at, row.problem) if row else None


def update_if_due(
    session: AnySession, address: str, download: Download, now: datetime
) -> tuple[CalendarChange, ...] | None:
    """Do what :func:`update` does when the file is due; else return None. Of several workers at
    once, one fetches the file.

    :raises CalendarError: as :func:`update`.
    """
    return _renew(session, address, download, now) if _claim(session, now, due=True) else None


def update(
    session: AnySession, address: str, download: Download, now: datetime
) -> tuple[CalendarChange, ...]:
    """Renew the school calendars from the ministry's file, due or not.

    :param address: where the CSV file is.
    :returns: what the file changed, for each of its calendars, in the order of their slugs.
    :raises CalendarError: when the file cannot be fetched or read, or knows less than the last good
        copy. Nothing is changed then, and the sentence is stored.
    """
    _claim(session, now, due=False)
    return _renew(session, address, download, now)


def _claim(session: AnySession, now: datetime, *, due: bool) -> bool:
    """Note that a try begins at *now*, and return True.

    :param due: return False, and note nothing, when the file is not due.
    """
    begun = {"next_at": now + AGAIN, "tried_at": now, "problem": _INTERRUPTED}
    with writing(session, now):
        new = insert_new(session, HolidaysUpdate).values(id=_ROW, known={}, **begun)
        if session.scalar(new.returning(HolidaysUpdate.id)):
            return True
        row = _row(session)
        if due and row.next_at > now:
            return False
        row.next_at, row.tried_at, row.problem = now + AGAIN, now, _INTERRUPTED
        return True


def _row(session: AnySession) -> HolidaysUpdate:
    return session.get_one(HolidaysUpdate, _ROW, with_for_update=True)


def _renew(
    session: AnySession, address: str, download: Download, now: datetime
) -> tuple[CalendarChange, ...]:
    try:
        found = _read(download(address))
        with writing(session, now):
            queries.catalogue(session, for_update=True)
            row, before = _row(session), queries.calendars(session)
            _refuse_loss(_spans(row.known), found, SchoolYear.of(paris_day(now)), before)
            renew_calendars(session, found, now)
            keep_copy(session, found)
            after = queries.calendars(session)
            row.next_at, row.succeeded_at, row.problem = now + MONTHLY, now, None
        return tuple(_change(before.get(c.slug), after[c.slug]) for c in found)
    except CalendarError as error:
        with writing(session, now):
            _row(session).problem = str(error)
        raise


def _read(data: bytes) -> tuple[SchoolCalendar, ...]:
    if not data.strip():
        raise CalendarError(f"Le fichier est vide : {_KEPT}.")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise CalendarError(f"L'adresse mène à une page web, pas à un fichier CSV : {_KEPT}.")
    try:
        return read_ministry_csv(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CalendarError(
            f"Le fichier n'est pas en UTF-8 (octet {error.start}) : {_KEPT}."
        ) from error
    except HolidaysFileError as error:
        more = len(error.problems) - _PROBLEMS
        told = " ".join(error.problems[:_PROBLEMS]) + (f" Et {more} autres." if more > 0 else "")
        raise CalendarError(f"Le fichier ne se lit pas, {_KEPT} : {told}") from error


def keep_copy(session: AnySession, found: Iterable[SchoolCalendar]) -> None:
    """Make *found* the last good copy of the ministry's file, inside the caller's transaction; does
    nothing before the first try."""
    if row := session.get(HolidaysUpdate, _ROW, with_for_update=True):
        row.known = {c.slug: [[a.isoformat(), b.isoformat()] for a, b in c.known] for c in found}


def _spans(known: Mapping[str, list[list[str]]]) -> dict[str, list[Span]]:
    """Return what :func:`keep_copy` stored."""
    day = date.fromisoformat
    return {slug: [(day(a), day(b)) for a, b in spans] for slug, spans in known.items()}


def _refuse_loss(
    copy: Mapping[str, Iterable[Span]],
    found: Iterable[SchoolCalendar],
    year: SchoolYear,
    stored: Mapping[str, SchoolCalendar],
) -> None:
    """Refuse a file that knows fewer days than the last good copy, from the start of *year* on.

    A file that was cut knows less. Before the first good copy, it must tell something of *year* for
    each of the zones A, B and C.

    :param copy: slug of a calendar → the days that the last good copy knows.
    :param stored: the calendars of the store, by slug.
    """
    new = {c.slug: c.known for c in found}
    if any(not _since(year, new.get(slug, ())) for slug in mainland_calendars()):
        raise CalendarError(
            f"Le fichier ne dit pas {year.label} pour chacune des zones A, B et C : {_KEPT}."
        )
    lost = [
        stored[slug].label if slug in stored else slug
        for slug, spans in copy.items()
        if without_spans(_since(year, spans), new.get(slug, ()))
    ]
    if lost:
        raise CalendarError(
            f"Le fichier dit moins qu'avant ({list_words(lost)}) : {_KEPT}. S'il a raison, "
            "téléchargez-le et importez-le avec « calendar-app holidays import »."
        )


def _since(year: SchoolYear, spans: Iterable[Span]) -> list[Span]:
    """Return the parts of *spans* from the start of a school year on."""
    return [(max(a, year.first_day), b) for a, b in spans if b >= year.first_day]


def _change(before: SchoolCalendar | None, after: SchoolCalendar) -> CalendarChange:
    old = before.holidays if before else ()
    new_spans = without_spans(after.known, before.known if before else ())
    return CalendarChange(
        label=after.label,
        known_until=max((last for _, last in after.known), default=None),
        new_days=sum(len(list(each_day(*span))) for span in new_spans),
        added=tuple(h for h in after.holidays if h not in old),
        removed=tuple(h for h in old if h not in after.holidays),
    )
