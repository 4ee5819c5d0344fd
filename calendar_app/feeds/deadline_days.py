"""Where a deadline falls among the class days of whom it is told to, in words."""

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
    """The class days by which one date is told.

    :param day: the date's last day.
    :param class_days: without Wednesdays where the reader may be in an école.
    :param with_wednesdays: those of a collège or a lycée, where the reader may be in either.
    :param is_own: whether they are those of the reader's own académie.
    :param is_concerned: whether the date is for the reader; where nobody is known, it is.
    :param changed_at: when these school holidays last changed, if they did.
    """

    day: date
    class_days: ClassDays
    with_wednesdays: ClassDays | None
    is_own: bool
    is_concerned: bool
    changed_at: datetime | None

    @property
    def latest_origin(self) -> date:
        """The day until which somebody of these places has class before the deadline, or on it.

        :raises CalendarUnknownError: when the school holidays are not known.
        """
        return (self.with_wednesdays or self.class_days).origin(self.day)

    @property
    def last_days(self) -> tuple[date, date]:
        """The last class day strictly before the deadline, of an école and of a collège where the
        reader may be in either; else one day twice.

        :raises CalendarUnknownError: when the school holidays are not known.
        """
        before = self.class_days.last_before(self.day)
        return before, (
            self.with_wednesdays.last_before(self.day) if self.with_wednesdays else before
        )

    def is_last(self, today: date) -> bool:
        """Whether *today* is the last class day before the deadline, at least for some readers."""
        try:
            return today in self.last_days
        except CalendarUnknownError:
            return False

    @property
    def holiday_words(self) -> str | None:
        """« Date limite pendant vos vacances », or « pendant les vacances de la zone B » where they
        are not the reader's own; None where the deadline is not in school holidays."""
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
        """Return where the deadline falls among the class days, and the last class day before it,
        as it is said on *today* (not after the deadline); None on the day itself, when there is
        class."""
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
            last = f"Le dernier jour de classe avant{where} était le {self._last_words}."
        else:
            last = f"Le dernier jour de classe avant{self._somewhere} : {self._last_words}."
        if self.class_days.is_national:
            last += " Choisissez votre académie pour connaître le sien."
        return f"{why}. {last}" if why else last

    def last_day_words(self, today: date) -> str:
        """Return « C'est aujourd'hui le dernier jour de classe avant cette date (zone B) », of a
        day that is.

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
        """Return what a feed says, which is read on any day: « Dernier jour de classe avant :
        mardi 9 février 2021 (zone B). »; nothing where the school holidays are not known."""
        try:
            why = self._why_words
            last = f"Dernier jour de classe avant{self._somewhere} : {self._last_words}."
        except CalendarUnknownError:
            return ()
        return (f"{why}.", last) if why else (last,)

    @property
    def _why_words(self) -> str | None:
        """Why there is no class on the day of the deadline, as a sentence without its point."""
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
        """Return whose class days they are, and the last one in collèges where it is another."""
        return self._of(f"{of_others} en collège et en lycée" if of_others else "")

    def _of(self, more: str) -> str:
        label = "" if self.class_days.is_national else self.class_days.label
        return " ; ".join(part for part in (label, more) if part)

    @property
    def _somewhere(self) -> str:
        """Said of the nation's class days, which are those of at least one zone."""
        if not self.class_days.is_national:
            return ""
        label = self.class_days.label
        return f", dans au moins {'un' if label.startswith('calendriers') else 'une'} des {label}"


#: Gives the class days by which a date is told for an académie, and whether it is for the reader.
TellDays = Callable[[Milestone, Academy | None, bool], DeadlineDays]


def days_told_in_feed(feed: Feed, milestone: Milestone, tell: TellDays) -> DeadlineDays | None:
    """Return the class days that a feed tells of a date: of a deadline with a day, in a feed for
    one académie; else None."""
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
    """Return the class days by which a date is told: those of the viewer's académie, else of those
    that its scope stays within, else of the nation. A date that is not for the viewer is told by
    its own.

    :param wednesdays: whether the reader has class on Wednesdays; None where the reader is not
        known, and then without them where an école may take part.
    :param concerned: whether the date is for the reader; None: whether it is for the académie.
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
