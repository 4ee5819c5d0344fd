"""The events of ``data/events.yaml``, as frozen and checked values (pydantic models).

The whole file, with its series and rules, is ``file_entries.EventsFile``.

``files.events_file`` reads them from a file and ``files.events_writer`` writes them.

The order of the fields is the order in which the file has them. A rule between the fields of one
entry is a validator of the last of these fields: it sees the earlier fields that are right, so one
wrong field does not hide another. The rules between entries are in ``files.events_checks``. The
descriptions are French, because text editors show them as help.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from calendar_app.catalogue.files.events_fields import (
    Day,
    DepartmentCode,
    Flag,
    Hour,
    Instant,
    Link,
    ListedSlug,
    MilestoneKey,
    Number,
    OnceEach,
    Paragraphs,
    SchoolClass,
    SchoolYearLabel,
    Slug,
    TimeZone,
    Title,
    Words,
    wrong,
)
from calendar_app.school.academies import NATIONAL
from calendar_app.words.vocabulary import (
    Audience,
    Certainty,
    EventType,
    MilestoneKind,
    PupilData,
    Registrant,
    Sending,
)

#: An entry, or a part of one, as texts, lists and dicts, as ``files.yaml_tree`` reads them.
Written = dict[str, Any]


class Entry(BaseModel):
    """The base of all entries: frozen, no unknown keys; an empty value counts as a missing key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_values(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class ScopeEntry(Entry):
    """The scope of an event or a date. ``scope: national`` stands alone; the other keys may be
    combined."""

    national: Flag = False
    regions: Annotated[tuple[ListedSlug, ...], OnceEach] = Field(
        default=(), description="Régions académiques, par exemple [hauts-de-france]."
    )
    academies: Annotated[tuple[ListedSlug, ...], OnceEach] = Field(
        default=(), description="Académies, par exemple [lille, clermont-ferrand]."
    )
    departments: Annotated[tuple[DepartmentCode, ...], OnceEach] = Field(
        default=(), description='Départements, entre guillemets : ["01", "2A"].'
    )

    @model_validator(mode="before")
    @classmethod
    def _from_one_word(cls, data: Any) -> Any:
        if data == NATIONAL:
            return {"national": True}
        if not isinstance(data, dict | ScopeEntry):
            raise wrong(
                "écrivez national, ou par exemple {academies: [lille]}, "
                'avec les clés regions, academies ou departments: ["63"]'
            )
        return data

    @model_validator(mode="after")
    def _says_something(self) -> ScopeEntry:
        parts = self.regions or self.academies or self.departments
        if self.national and parts:
            raise wrong("national comprend déjà toutes les académies : écrivez l'un ou l'autre")
        if not self.national and not parts:
            raise wrong("il faut au moins une région, une académie ou un département")
        return self

    def codes(self) -> tuple[str, ...]:
        """Return the sorted scope codes (see ``school.academies``)."""
        if self.national:
            return (NATIONAL,)
        regions = [f"region/{slug}" for slug in self.regions]
        academies = [f"academie/{slug}" for slug in self.academies]
        departments = [f"departement/{code}" for code in self.departments]
        return tuple(sorted(regions + academies + departments))


class SourceEntry(Entry):
    """The document in which an event was announced."""

    name: Words = Field(description="Le document où l'annonce a été lue.")
    link: Link | None = Field(default=None, description="Son adresse.")


class ParticipationEntry(Entry):
    """How to take part, as far as the source says it."""

    registrants: Annotated[tuple[Registrant, ...], OnceEach] = Field(
        default=(), description="Qui inscrit la classe."
    )
    ien_visa: Flag | None = Field(
        default=None, description="Le visa de l'IEN est-il demandé ? Rien si ce n'est pas dit."
    )
    where: Words | None = Field(default=None, description="Où s'inscrire, en mots.")
    where_link: Link | None = Field(default=None, description="L'adresse où s'inscrire.")
    cost: Words | None = Field(default=None, description="Le coût, par exemple « gratuit ».")
    places: Words | None = Field(default=None, description="Les places, par exemple « 6 classes ».")
    sending: Annotated[tuple[Sending, ...], OnceEach] = Field(
        default=(), description="Comment envoyer la production."
    )
    pupil_data: Annotated[tuple[PupilData, ...], OnceEach] = Field(
        default=(), description="Les données personnelles d'élèves qui sont demandées."
    )


class MovedFromEntry(Entry):
    """The days of a date before it was first moved."""

    first_day: Day = Field(description="Le premier jour d'avant.")
    last_day: Day = Field(description="Le dernier jour d'avant, compris.")

    @field_validator("last_day")
    @classmethod
    def _after_the_first(cls, last_day: date, info: ValidationInfo) -> date:
        _check_order(info.data.get("first_day"), last_day)
        return last_day


class MilestoneEntry(Entry):
    """One dated item of an event."""

    kind: MilestoneKind = Field(description="Ce qui se passe ce jour-là.")
    key: MilestoneKey = Field(
        default_factory=lambda found: str(found["kind"]),
        description="Son nom dans l'événement, qui ne change plus ; par défaut, « kind ».",
    )
    day: Day | None = Field(default=None, description="Le jour (2021-02-11), ou bien first_day…")
    first_day: Day | None = Field(default=None, description="Le premier jour…")
    last_day: Day | None = Field(
        default=None, validate_default=True, description="… et le dernier, compris."
    )
    start_time: Hour | None = Field(
        default=None, description="L'heure de début (09:00) ; jamais d'une date limite."
    )
    end_time: Hour | None = Field(
        default=None, description="L'heure de fin d'un événement, ou l'heure limite (18:00)."
    )
    label: Title | None = Field(default=None, description="Ses propres mots : « Finale ».")
    place: Words | None = Field(
        default=None, description="Le lieu, s'il n'est pas celui de l'événement."
    )
    certainty: Certainty = Field(
        default=Certainty.DAY, description="approximate : le jour n'est pas dit (« mi-juin »)."
    )
    phrase: Title | None = Field(
        default=None,
        validate_default=True,
        description="Avec certainty: approximate, comment la date est dite : « mi-juin ».",
    )
    scope: ScopeEntry | None = Field(
        default=None, description="Pour qui, quand c'est plus étroit que l'événement."
    )
    time_zone: TimeZone | None = Field(
        default=None, description="Le fuseau horaire, par exemple Indian/Reunion."
    )
    cancelled: Flag = Field(default=False, description="Cette date est annulée.")
    cancelled_at: Instant | None = Field(
        default=None, description="Quand elle l'a été. Écrit par l'export : n'y touchez pas."
    )
    announced_at: Instant | None = Field(
        default=None, description="Quand elle a été annoncée ici. Écrit par l'export."
    )
    changed_at: Instant | None = Field(
        default=None, description="Quand elle a changé. Écrit par l'export."
    )
    moved_from: MovedFromEntry | None = Field(
        default=None, description="Où cette date se trouvait avant d'être déplacée."
    )

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day, inclusive."""
        if self.day:
            return self.day, self.day
        if self.first_day and self.last_day:
            return self.first_day, self.last_day
        raise ValueError("an entry without days is refused when it is made")

    def scope_codes(self) -> tuple[str, ...]:
        """Return the sorted codes of the date's own scope; empty when its event's scope counts."""
        return self.scope.codes() if self.scope else ()

    @field_validator("last_day")
    @classmethod
    def _days_are_said_once(cls, last_day: date | None, info: ValidationInfo) -> date | None:
        if not {"day", "first_day"} <= info.data.keys():
            return last_day  # one of the two is wrong and was reported
        day, first_day = info.data["day"], info.data["first_day"]
        if day and (first_day or last_day):
            raise wrong("écrivez day, ou bien first_day et last_day, mais pas les deux")
        if not day and not (first_day and last_day):
            raise wrong("il manque le jour : écrivez day, ou bien first_day et last_day")
        _check_order(first_day, last_day)
        return last_day

    @field_validator("start_time")
    @classmethod
    def _a_deadline_does_not_start(cls, start_time: time, info: ValidationInfo) -> time:
        kind = info.data.get("kind")
        if kind and kind.is_deadline:
            raise wrong("l'heure d'une date limite s'écrit avec end_time")
        return start_time

    @field_validator("end_time")
    @classmethod
    def _the_end_follows_the_start(cls, end_time: time, info: ValidationInfo) -> time:
        kind, start_time = info.data.get("kind"), info.data.get("start_time")
        if kind in (MilestoneKind.OPENING, MilestoneKind.RESULTS):
            raise wrong("une ouverture ou des résultats n'ont que start_time")
        day, first, last = (info.data.get(key) for key in ("day", "first_day", "last_day"))
        on_one_day = day or (first and first == last)
        if on_one_day and start_time and end_time < start_time:
            raise wrong(f"la fin ({end_time:%H:%M}) vient avant le début ({start_time:%H:%M})")
        return end_time

    @field_validator("phrase")
    @classmethod
    def _an_approximate_date_has_its_words(
        cls, phrase: str | None, info: ValidationInfo
    ) -> str | None:
        certainty = info.data.get("certainty")
        if certainty is Certainty.APPROXIMATE and not phrase:
            raise wrong("une date approximate se dit : ajoutez par exemple phrase: mi-juin")
        if certainty is Certainty.APPROXIMATE and info.data.get("day"):
            raise wrong("une date approximate n'a pas de jour : bornez-la, first_day et last_day")
        if certainty is Certainty.DAY and phrase:
            raise wrong("phrase ne va qu'avec certainty: approximate")
        return phrase

    @field_validator("moved_from")
    @classmethod
    def _moved_from_elsewhere(cls, moved: MovedFromEntry, info: ValidationInfo) -> MovedFromEntry:
        first = info.data.get("first_day") or info.data.get("day")
        last = info.data.get("last_day") or info.data.get("day")
        if (moved.first_day, moved.last_day) == (first, last):
            raise wrong("la date n'a pas changé : retirez moved_from, ou corrigez l'une des deux")
        return moved


class RecordEntry(Entry):
    """The revision and instants that an export notes: a fresh store then gives the same feeds."""

    revision: Number = Field(description="Le nombre de versions publiées.")
    changed_at: Instant = Field(description="Le dernier changement visible.")
    cancelled_at: Instant | None = Field(default=None, description="Quand il a été annulé.")
    by_rule: Flag = Field(
        default=False, description="La règle de sa série l'a créé, puis la rédaction l'a modifié."
    )


class EventEntry(Entry):
    """One edition of a series, in one school year."""

    id: Slug = Field(description="<série>-<année scolaire> : roboteam-2020-2021. Ne change plus.")
    series: ListedSlug = Field(description="La série, déclarée en haut du fichier.")
    title: Title = Field(description="Le titre, sur une ligne.")
    school_year: SchoolYearLabel = Field(description="L'année scolaire : 2020-2021.")
    type: EventType = Field(description="La nature de l'événement.")
    audience: Annotated[tuple[Audience, ...], Field(min_length=1), OnceEach] = Field(
        description="Qui participe."
    )
    classes: Annotated[tuple[SchoolClass, ...], OnceEach] = Field(
        default=(), description="Classes, cycles ou degrés ; rien si ce n'est pas dit."
    )
    themes: Annotated[tuple[ListedSlug, ...], OnceEach] = Field(
        default=(), description="Thèmes de data/themes.yaml."
    )
    scope: ScopeEntry = Field(description="Pour qui : national, ou des régions, académies…")
    organiser: Words = Field(description="Qui organise.")
    link: Link | None = Field(default=None, description="L'adresse officielle.")
    place: Words | None = Field(default=None, description="Le lieu.")
    part_of: ListedSlug | None = Field(
        default=None, description="L'identifiant de l'événement dont il fait partie."
    )
    summary: Paragraphs = Field(description="Nos propres phrases, jamais celles de la source.")
    source: SourceEntry = Field(description="Où l'annonce a été lue.")
    participation: ParticipationEntry = Field(
        default=ParticipationEntry(), description="Pour participer : ce que dit la source."
    )
    full: Flag = Field(default=False, description="Complet.")
    cancelled: Flag = Field(default=False, description="L'événement est annulé.")
    reason: Words | None = Field(
        default=None,
        description="Pourquoi une date a changé ou s'annule : dit sur la fiche et par courriel.",
    )
    archived: Flag = Field(
        default=False, description="Retiré des listes, des flux et des rappels ; sa page reste."
    )
    milestones: tuple[MilestoneEntry, ...] = Field(
        default=(), description="Ses dates ; rien pour un projet à l'année."
    )
    record: RecordEntry | None = Field(
        default=None, description="Écrit par l'export : n'y touchez pas."
    )

    def scope_codes(self) -> tuple[str, ...]:
        """Return the sorted scope codes of the event (see ``school.academies``)."""
        return self.scope.codes()


def _check_order(first_day: date | None, last_day: date | None) -> None:
    if first_day and last_day and last_day < first_day:
        raise wrong(f"le dernier jour ({last_day}) vient avant le premier ({first_day})")
