"""A whole file of events: the titles of its series, the rules of series, and the events."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from calendar_app.catalogue.entries import Entry, EventEntry, ScopeEntry, SourceEntry
from calendar_app.catalogue.files.events_fields import (
    WEEKDAY_NAMES,
    CalendarYear,
    Flag,
    HolidayName,
    Link,
    ListedSlug,
    OnceEach,
    Ordinal,
    Paragraphs,
    Recurrence,
    SchoolClass,
    Slug,
    Title,
    WeekdayName,
    Words,
    wrong,
)
from calendar_app.school.yearly_rules import AfterHolidays, ByRecurrence, RuleError, YearlyRule
from calendar_app.words.vocabulary import Audience


class AfterHolidaysEntry(Entry):
    """A weekday after the school holidays of zones A, B and C."""

    holidays: HolidayName = Field(description="Les vacances qui viennent avant.")
    weekday: WeekdayName = Field(description="Le jour de la semaine, s'il y a classe.")
    ordinal: Ordinal = Field(default=1, description="1 : le premier après ces vacances.")


class RuleEntry(Entry):
    """The rule by which a series returns every year, and what each of its editions says.

    The type of these editions is always « semaine ou journée », their only date a session.
    """

    series: ListedSlug = Field(description="La série, déclarée en haut du fichier.")
    since: CalendarYear = Field(description="L'année civile depuis laquelle elle revient : 2001.")
    every: Recurrence | None = Field(
        default=None, description="Une RRULE, par exemple FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9…"
    )
    after_holidays: AfterHolidaysEntry | None = Field(
        default=None, validate_default=True, description="… ou bien un jour après des vacances."
    )
    audience: Annotated[tuple[Audience, ...], Field(min_length=1), OnceEach] = Field(
        description="Qui participe."
    )
    classes: Annotated[tuple[SchoolClass, ...], OnceEach] = Field(
        default=(), description="Classes, cycles ou degrés ; rien pour toutes."
    )
    themes: Annotated[tuple[ListedSlug, ...], OnceEach] = Field(
        default=(), description="Thèmes de data/themes.yaml."
    )
    scope: ScopeEntry = Field(description="Pour qui : national, ou des régions, académies…")
    organiser: Words = Field(description="Qui l'a instituée ou l'organise.")
    link: Link | None = Field(default=None, description="L'adresse officielle.")
    summary: Paragraphs = Field(description="Nos propres phrases, jamais celles de la source.")
    source: SourceEntry = Field(description="La loi, la circulaire ou la résolution.")
    ended: Flag = Field(default=False, description="La série ne revient plus.")

    @property
    def rule(self) -> YearlyRule:
        """The rule itself."""
        if self.every:
            return ByRecurrence(self.every, self.since)
        after = self.after_holidays
        if after is None:
            raise ValueError("an entry without a rule is refused when it is made")
        return AfterHolidays(after.holidays, WEEKDAY_NAMES.index(after.weekday), after.ordinal)

    def scope_codes(self) -> tuple[str, ...]:
        """Return the sorted scope codes of the editions (see ``school.academies``)."""
        return self.scope.codes()

    @field_validator("every")
    @classmethod
    def _a_readable_recurrence(cls, every: str, info: ValidationInfo) -> str:
        if "since" in info.data:
            try:
                ByRecurrence(every, info.data["since"])
            except RuleError as error:
                raise wrong(str(error)) from error
        return every

    @field_validator("after_holidays")
    @classmethod
    def _one_rule(
        cls, after: AfterHolidaysEntry | None, info: ValidationInfo
    ) -> AfterHolidaysEntry | None:
        if "every" in info.data and bool(after) == bool(info.data["every"]):
            raise wrong("il faut every, ou bien after_holidays, mais pas les deux")
        return after


class EventsFile(Entry):
    """A whole file: the titles of the series by slug, their rules, and the events in the order of
    the file."""

    series: dict[Slug, Title] = Field(
        default_factory=dict, description="Ce qui revient chaque année : identifiant et titre."
    )
    rules: tuple[RuleEntry, ...] = Field(
        default=(), description="Les règles des séries qui reviennent d'elles-mêmes."
    )
    events: tuple[EventEntry, ...] = Field(description="Les éditions, une par année scolaire.")
