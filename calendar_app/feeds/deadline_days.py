"""The class days around a deadline, for the académie of the reader, in French words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from calendar_app.catalogue.models.events import Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.feed import Feed
from calendar_app.school.academies import Academy
from calendar_app.school.class_days import ClassDays
from calendar_app.school.levels import has_ecole, has_second_degre
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import day_words


@dataclass(frozen=True)
class DeadlineDays:
    """The class days that are used for one date and one reader.

    :param day: the last day of the date.
    :param class_days: the class days; without Wednesdays when the reader may be in an école.
    :param with_wednesdays: the class days of a collège or a lycée, when the date is for these and
        for écoles and the reader's school is not known; else None.
    :param is_own: whether the class days are those of the reader's own académie.
    :param is_concerned: whether the date is for the reader; True when no reader is known.
    :param changed_at: the last change of these school holidays (aware, UTC); None when they never
        changed.
    """

    day: date
    class_days: ClassDays
    with_wednesdays: ClassDays | None
    is_own: bool
    is_concerned: bool
    changed_at: datetime | None

    @property
    def latest_origin(self) -> date:
        """The last class day before the deadline or on it, for the readers who have it latest.

        :raises CalendarUnknownError: when the school holidays are not known.
        """
        return (self.with_wednesdays or self.class_days).origin(self.day)

    @property
    def last_days(self) -> tuple[date, date]:
        """The last class day strictly before the deadline, for an école and for a collège or
        lycée; one day twice when the reader cannot be in both.

        :raises CalendarUnknownError: when the school holidays are not known.
        """
        before = self.class_days.last_before(self.day)
        return before, (
            self.with_wednesdays.last_before(self.day) if self.with_wednesdays else before
        )

    def is_last(self, today: date) -> bool:
        """Whether *today* is the last class day before the deadline, for an école or for a collège.
        False when the school holidays are not known."""
        try:
            return today in self.last_days
        except CalendarUnknownError:
            return False

    @property
    def holiday_words(self) -> str | None:
        """« Date limite pendant vos vacances », or « Date limite pendant les vacances de la
        zone B » when these are not the reader's own holidays. None when the deadline is not in
        school holidays, or when they are not known."""
        try:
            why = self.class_days.why_without_class(self.day)
        except CalendarUnknownError:
            return None
        return self._holiday_words if why and "vacances" in why else None

    @property
    def _holiday_words(self) -> str:
        if self.is_own:
            return "Date limite pendant vos vacances"
        kind, _, whose = self.class_days.label.partition(" ")
        article = {
            "zone": "de la zone ",
            "zones": "des zones ",
            "calendrier": "",
            "calendriers": "",
        }.get(kind)
        of_whom = self.class_days.label if article is None else f"{article}{whose}"
        return f"Date limite pendant les vacances {of_whom}"

    def sentence(self, today: date) -> str | None:
        """Return the sentences, as of *today*, on why there is no class on the day of the deadline
        (if so) and on the last class day before it. None on the day of the deadline when there is
        class.

        :param today: not after the deadline.
        """
        label = self.class_days.label
        try:
            why = self._why_words
            before, _ = self.last_days
        except CalendarUnknownError:
            return (
                "Jours de classe non précisés : nous ne connaissons pas encore les vacances "
                f"scolaires de ces dates ({label})."
            )
        if today == self.day and why is None:
            return None
        if self.is_last(today):
            last = f"{self.last_day_words(today)}."
        elif before < today:
            where = f"{self._somewhere}," if self._somewhere else ""
            last = f"Le dernier jour de classe avant cette date{where} était le {self._last_words}."
        else:
            last = f"Dernier jour de classe avant cette date{self._somewhere} : {self._last_words}."
        if self.class_days.is_national:
            last += " Choisissez votre académie pour connaître le vôtre."
        return f"{why}. {last}" if why else last

    def last_day_words(self, today: date) -> str:
        """Return « C'est aujourd'hui le dernier jour de classe avant cette date (zone B) ».

        :param today: a day for which :meth:`is_last` is True.
        :raises CalendarUnknownError: when the school holidays are not known.
        """
        before, others = self.last_days
        said = "C'est aujourd'hui le dernier jour de classe avant cette date"
        if today < others:
            return f"{said}{self._somewhere} ({self._where(day_words(others))})"
        if before < today:
            said += " en collège et en lycée"
            return f"{said}{self._somewhere} ({self._of(f'en école, {day_words(before)}')})"
        return f"{said}{self._somewhere or f' ({self.class_days.label})'}"

    def absolute_lines(self) -> tuple[str, ...]:
        """Return the sentences for a feed, which may be read on any day: « Dernier jour de classe
        avant : mardi 9 février 2021 (zone B). ». Empty when the school holidays are not known."""
        try:
            why = self._why_words
            last = f"Dernier jour de classe avant{self._somewhere} : {self._last_words}."
        except CalendarUnknownError:
            return ()
        return (f"{why}.", last) if why else (last,)

    @property
    def _why_words(self) -> str | None:
        """Why there is no class on the day of the deadline, without full stop; None on a class
        day."""
        why = self.class_days.why_without_class(self.day)
        return self.holiday_words or (f"Ce jour-là : {why}" if why else None)

    @property
    def _last_words(self) -> str:
        before, others = self.last_days
        if self.class_days.is_national:
            return day_words(before)
        of_others = day_words(others) if others != before else ""
        return f"{day_words(before)} ({self._where(of_others)})"

    def _where(self, of_others: str) -> str:
        """Return the label of the class days, then *of_others* (the last class day in collèges and
        lycées, where it differs)."""
        return self._of(f"{of_others} en collège et en lycée" if of_others else "")

    def _of(self, more: str) -> str:
        label = "" if self.class_days.is_national else self.class_days.label
        return " ; ".join(part for part in (label, more) if part)

    @property
    def _somewhere(self) -> str:
        """The words for class days of at least one zone; empty for the class days of one
        académie."""
        if not self.class_days.is_national:
            return ""
        label = self.class_days.label
        return f", dans au moins {'un' if label.startswith('calendriers') else 'une'} des {label}"


#: A function (date, académie or None, whether the date is for the reader) → its class days.
TellDays = Callable[[Milestone, Academy | None, bool], DeadlineDays]


def days_told_in_feed(feed: Feed, milestone: Milestone, tell: TellDays) -> DeadlineDays | None:
    """Return the class days that a feed shows for a date. None when the date is not a deadline, is
    approximate or cancelled, or when the feed is not for one académie."""
    told = milestone.kind.is_deadline and not milestone.is_approximate
    if feed.viewer is None or not told or milestone.is_cancelled:
        return None
    return tell(milestone, feed.viewer, feed.filter.sees(milestone.scope))


def deadline_days(
    milestone: Milestone,
    viewer: Academy | None,
    reference: Reference,
    *,
    wednesdays: bool | None = None,
    concerned: bool | None = None,
) -> DeadlineDays:
    """Return the class days that are used for a date: those of the académie *viewer*, when the date
    is for the reader; else those of the académies in the scope of the date; else the nation's.

    :param viewer: the reader's académie; None when no académie was chosen.
    :param wednesdays: whether the reader has class on Wednesdays. None when the reader is not
        known: Wednesdays then do not count if an école may take part.
    :param concerned: whether the date is for the reader. None when the reader is not known: the
        date then concerns the reader if it is for the académie *viewer*, or if *viewer* is None.
    """
    places = reference.academies
    if concerned is None:
        concerned = viewer is None or not places.scope_of_academy(viewer.slug).isdisjoint(
            milestone.scope
        )
    own = viewer if concerned else None
    whose = (own,) if own else places.of_scope(milestone.scope)
    classes = milestone.event.classes
    either = wednesdays is None and has_ecole(classes) and has_second_degre(classes)
    if wednesdays is None:
        wednesdays = not has_ecole(classes)
    return DeadlineDays(
        day=milestone.last_day,
        class_days=reference.class_days_of(whose, wednesdays=wednesdays),
        with_wednesdays=reference.class_days_of(whose, wednesdays=True) if either else None,
        is_own=own is not None,
        is_concerned=concerned,
        changed_at=reference.holidays_changed_at(whose),
    )
