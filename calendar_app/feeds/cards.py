"""Build cards: a date as a page or a mail shows it, with its words, countdown and class days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds import wording
from calendar_app.feeds.deadline_days import DeadlineDays, deadline_days
from calendar_app.school.academies import Academy
from calendar_app.school.leads import Lead
from calendar_app.words.errors import CalendarUnknownError
from calendar_app.words.french import class_weeks_words, days_left_words


@dataclass(frozen=True)
class Card:
    """A milestone with all that a page or a mail says about it. Texts are French and plain.

    :param today: the day on which the card is shown.
    :param lead_in: the words before *when*: « Inscriptions jusqu'au », « Date limite : ».
    :param moved: « date prolongée », « date avancée » or « date reportée »; None when the date was
        not moved.
    :param cancelled: « événement annulé », or « date annulée » for this date alone; else None.
    :param local: the local hour and safe day in the reader's time zone; None when not needed.
    :param scope: the audience in words.
    :param elsewhere: the audience in a sentence, when the date is not for the reader; else None.
    :param days: the class days that are used for this date.
    """

    milestone: Milestone
    today: date
    name: str
    lead_in: str
    when: str
    moved: str | None
    cancelled: str | None
    local: str | None
    scope: str
    elsewhere: str | None
    days: DeadlineDays

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
        """Whether the date began before today and is not over. A deadline of several days does not
        run: its last day counts."""
        milestone = self.milestone
        began = milestone.first_day < self.today <= milestone.last_day
        return began and not milestone.kind.is_deadline

    @property
    def shown_day(self) -> date:
        """The day to which a countdown leads: the last day of a deadline, else the first day."""
        milestone = self.milestone
        return milestone.last_day if milestone.kind.is_deadline else milestone.first_day

    @property
    def shown_from(self) -> date:
        """The day under which a list shows the date: its first day, or today for a date that began
        earlier and is not over."""
        first = self.milestone.first_day
        return first if self.is_past else max(first, self.today)

    @property
    def list_order(self) -> tuple[date, bool]:
        """What a list is sorted by: the day, and days by a rule after contests."""
        return self.shown_from, self.milestone.by_rule

    @property
    def countdown(self) -> str | None:
        """« dans 27 jours », « en ce moment »; None for a date that is past, cancelled or
        approximate."""
        milestone = self.milestone
        if self.is_past or milestone.is_cancelled or milestone.is_approximate:
            return None
        if self.is_running:
            return "en ce moment"
        return days_left_words((self.shown_day - self.today).days)

    @property
    def class_weeks(self) -> str | None:
        """« il reste 5 semaines de classe (zone B) », for a deadline after today; without an
        académie, « il reste au plus 5 semaines de classe, selon la zone »: the weeks in which at
        least one zone has class. None for other dates, and when
        the school holidays are not known."""
        if not self._counts_class_days or self.milestone.last_day == self.today:
            return None
        class_days, day = self.days.class_days, self.milestone.last_day
        try:
            weeks = class_days.weeks_left(self.today, day)
            is_over = not weeks and self.days.latest_origin < self.today
        except CalendarUnknownError:
            return None
        where = class_days.label
        if class_days.is_national and weeks:
            each = "la zone" if where.startswith("zone") else "l'académie"
            return f"{class_weeks_words(weeks, at_most=True)}, selon {each}"
        words = "plus de classe avant cette date" if is_over else class_weeks_words(weeks)
        return f"{words} ({where})"

    @property
    def class_day_sentence(self) -> str | None:
        """Whether there is class on the day of a deadline, and the last class day before it (see
        :meth:`DeadlineDays.sentence`). None for other dates."""
        return self.days.sentence(self.today) if self._counts_class_days else None

    @property
    def is_last_class_day(self) -> bool:
        """Whether today is the last class day before a deadline."""
        return self._counts_class_days and self.days.is_last(self.today)

    @property
    def last_class_day(self) -> str | None:
        """« C'est aujourd'hui le dernier jour de classe avant cette date (zone B) »; None on other
        days."""
        return self.days.last_day_words(self.today) if self.is_last_class_day else None

    @property
    def holiday_badge(self) -> str | None:
        """« Date limite pendant vos vacances »; None when the deadline is not in school
        holidays."""
        return self.days.holiday_words if self._counts_class_days else None

    def falls_today(self, lead: Lead) -> bool:
        """Whether a lead of this date is exactly today: the reminder was not moved and is not late.
        False when the school holidays are not known."""
        day = self.shown_day
        try:
            return self.today <= day and self.days.class_days.falls_on(self.today, day, lead)
        except CalendarUnknownError:
            return False

    @property
    def _counts_class_days(self) -> bool:
        milestone = self.milestone
        return (
            milestone.kind.is_deadline
            and not milestone.is_cancelled
            and not milestone.is_approximate
            and not self.is_past
        )


def card(
    milestone: Milestone,
    today: date,
    viewer: Academy | None,
    reference: Reference,
    *,
    wednesdays: bool | None = None,
    concerned: bool | None = None,
) -> Card:
    """Return the card of a date.

    :param viewer: the reader's académie; None when no académie was chosen.
    :param wednesdays: whether the reader has class on Wednesdays. None when the reader is not
        known: Wednesdays then do not count if an école may take part.
    :param concerned: whether the date is for the reader. None when the reader is not known: the
        date then concerns the reader if it is for the académie *viewer*, or if *viewer* is None.
    """
    days = deadline_days(milestone, viewer, reference, wednesdays=wednesdays, concerned=concerned)
    moved = wording.moved_words(milestone)
    return Card(
        milestone=milestone,
        today=today,
        name=wording.name_words(milestone),
        lead_in=wording.lead_in(milestone),
        when=wording.when_words(milestone),
        moved=f"date {moved}e" if moved else None,
        cancelled=wording.cancelled_words(milestone),
        local=wording.local_words(milestone, viewer),
        scope=wording.where_words(milestone.scope, reference.academies),
        elsewhere=(
            None
            if days.is_concerned
            else wording.elsewhere_words(milestone.scope, reference.academies)
        ),
        days=days,
    )
