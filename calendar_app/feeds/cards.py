"""One date as a page or a mail shows it: its words, its countdown and its class-day sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendar_app.domain.academies import Academy
from calendar_app.domain.class_days import ClassDays
from calendar_app.domain.errors import CalendarUnknownError
from calendar_app.domain.french import class_weeks_words, day_words, days_left_words
from calendar_app.domain.levels import has_ecole, has_second_degre
from calendar_app.feeds import wording
from calendar_app.models import Event, Milestone
from calendar_app.models.queries import Reference


@dataclass(frozen=True)
class Card:
    """A milestone with everything that is said about it. Texts are French, plain.

    :param class_days: the reader's; without Wednesdays where they may be in an école.
    :param with_wednesdays: the same for a collège or a lycée, where the reader may be in either.
    """

    milestone: Milestone
    today: date
    name: str
    lead_in: str
    when: str
    moved: str | None
    local: str | None
    scope: str
    class_days: ClassDays
    with_wednesdays: ClassDays | None = None

    @property
    def event(self) -> Event:
        return self.milestone.event

    @property
    def kind(self) -> str:
        return self.milestone.kind.value

    @property
    def levels(self) -> str:
        """« cycle 3 », or « classes non précisées »."""
        return wording.class_words(self.event)

    @property
    def is_past(self) -> bool:
        return self.milestone.last_day < self.today

    @property
    def is_running(self) -> bool:
        """A session that has begun and is not over."""
        return self.milestone.first_day < self.today <= self.milestone.last_day

    @property
    def countdown(self) -> str | None:
        """« dans 27 jours », for what is ahead and not approximate."""
        milestone = self.milestone
        if self.is_past or milestone.is_cancelled or milestone.is_approximate:
            return None
        if self.is_running:
            return "en ce moment"
        day = milestone.last_day if milestone.kind.is_deadline else milestone.first_day
        return days_left_words((day - self.today).days)

    @property
    def class_weeks(self) -> str | None:
        """« il reste 5 semaines de classe (zone B) », for a deadline ahead; of no académie, the
        weeks in which at least one zone has class."""
        if not self._counts_class_days or self.milestone.last_day == self.today:
            return None
        try:
            weeks = self.class_days.weeks_left(self.today, self.milestone.last_day)
        except CalendarUnknownError:
            return None
        where = "dans au moins une zone" if self.class_days.is_national else self.class_days.label
        return f"{class_weeks_words(weeks)} ({where})"

    @property
    def class_day_sentence(self) -> str | None:
        """Where a deadline falls among the class days, and the last class day before it."""
        if not self._counts_class_days:
            return None
        day = self.milestone.last_day
        try:
            why = self.class_days.why_without_class(day)
            before = self.class_days.last_before(day)
            others = self.with_wednesdays.last_before(day) if self.with_wednesdays else before
        except CalendarUnknownError:
            return (
                "Jours de classe non précisés : nous ne connaissons pas encore les vacances "
                f"scolaires de ces dates ({self.class_days.label})."
            )
        where = self.class_days.label
        if others != before:
            where += f" ; {day_words(others)} en collège et en lycée"
        last = f"Le dernier jour de classe avant : {day_words(before)} ({where})."
        if self.class_days.is_national:
            last = (
                f"Le dernier jour de classe avant, dans au moins une des {self.class_days.label} : "
                f"{day_words(before)}. Choisissez votre académie pour connaître le sien."
            )
        if why is None:
            return last
        return f"{_badge(why) or f'Ce jour-là : {why}'}. {last}"

    @property
    def holiday_badge(self) -> str | None:
        """« Date limite pendant vos vacances », when it is so."""
        if not self._counts_class_days:
            return None
        try:
            why = self.class_days.why_without_class(self.milestone.last_day)
        except CalendarUnknownError:
            return None
        return _badge(why)

    @property
    def _counts_class_days(self) -> bool:
        milestone = self.milestone
        return (
            milestone.kind.is_deadline
            and not milestone.is_cancelled
            and not milestone.is_approximate
            and not self.is_past
        )


def _badge(why_without_class: str | None) -> str | None:
    in_holidays = why_without_class and "vacances" in why_without_class
    return "Date limite pendant vos vacances" if in_holidays else None


def card(
    milestone: Milestone,
    today: date,
    viewer: Academy | None,
    reference: Reference,
    *,
    wednesdays: bool | None = None,
) -> Card:
    """Return the card of a date, told for the académie *viewer* (None: for nobody's in particular).

    :param wednesdays: whether the reader has class on Wednesdays; None where the reader is not
        known, and then without them where an école may take part.
    """
    classes = milestone.event.classes
    either = wednesdays is None and has_ecole(classes) and has_second_degre(classes)
    return Card(
        milestone=milestone,
        today=today,
        name=wording.name_words(milestone),
        lead_in=wording.lead_in(milestone),
        when=wording.when_words(milestone),
        moved=wording.moved_words(milestone),
        local=wording.local_words(milestone, viewer),
        scope=wording.scope_words(milestone.scope, reference.academies),
        class_days=class_days_for(milestone, viewer, reference, wednesdays),
        with_wednesdays=class_days_for(milestone, viewer, reference, True) if either else None,
    )


def class_days_for(
    milestone: Milestone,
    viewer: Academy | None,
    reference: Reference,
    wednesdays: bool | None = None,
) -> ClassDays:
    """Return the class days by which a date is told: those of the viewer's académie, else of the
    one its scope stays within, else of the nation. A date that is not for the viewer's académie is
    told by its own."""
    places = reference.academies
    if viewer and places.scope_of_academy(viewer.slug).isdisjoint(milestone.scope):
        viewer = None
    if wednesdays is None:
        wednesdays = not has_ecole(milestone.event.classes)
    return reference.class_days(viewer or places.of_scope(milestone.scope), wednesdays=wednesdays)
