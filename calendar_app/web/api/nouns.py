"""What the open data says of the calendar's nouns: pydantic models, from which its answers and its
description are both made.

The names are those of ``data/events.yaml``. The descriptions are French, because the page of the
open data shows them. Only what pages show is here; a mail address that stands in a text of an event
is left out, because whoever takes the whole catalogue may do with it what they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from calendar_app.catalogue.models import events as rows
from calendar_app.school import academies as places
from calendar_app.school import levels
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

#: The licence of all that is said here, and where its text stands.
LICENCE = "Licence Ouverte 2.0"
LICENCE_ADDRESS = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
#: Its name in the SPDX list.
LICENCE_SPDX = "etalab-2.0"

# With a dot after the « @ », which « Camp@Num » has not, and no slash before it: a name in a link
# (« https://social.example/@classe.verte ») is part of it. The first condition makes a long text
# without spaces be read once.
_ADDRESS = re.compile(r"(?<![^\s<>\"'()=,;:@/])[^\s<>\"'()=,;:@/]+@[\w-]+(?:\.[\w-]+)+")


def without_addresses(text: str) -> str:
    """Return a text with « … » in place of each mail address."""
    return _ADDRESS.sub("…", text)


#: A text of an event.
Text = Annotated[str, AfterValidator(without_addresses)]
#: An hour, to the minute.
Hour = Annotated[
    time,
    PlainSerializer(lambda at: at.isoformat(timespec="minutes"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"}),
]


class Noun(BaseModel):
    """The base of all models: frozen, and complete: an answer says each field, null included."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _told(words: str) -> ConfigDict:
    """Return the configuration of a model that these French words describe."""
    return ConfigDict(json_schema_extra={"description": words})


class Scope(Noun):
    """The scope of an event or a date."""

    model_config = _told("Pour qui : toute la France, ou des régions, académies et départements.")

    national: bool = Field(description="Pour toute la France ; les listes sont alors vides.")
    regions: tuple[str, ...] = Field(description="Régions académiques, comme « hauts-de-france ».")
    academies: tuple[str, ...] = Field(description="Académies : leur identifiant.")
    departments: tuple[str, ...] = Field(description="Départements : leur code, comme « 2A ».")

    @classmethod
    def of(cls, codes: Iterable[str]) -> Scope:
        """Return the scope that these codes say (see ``school.academies``)."""
        parts = sorted(code.partition("/")[::2] for code in codes)

        def named(kind: str) -> tuple[str, ...]:
            return tuple(name for one, name in parts if one == kind)

        return cls(
            national=(NATIONAL, "") in parts,
            regions=named("region"),
            academies=named("academie"),
            departments=named("departement"),
        )


class Days(Noun):
    """Two days, inclusive."""

    model_config = _told("Deux jours, tous deux compris.")

    first_day: date = Field(description="Le premier jour.")
    last_day: date = Field(description="Le dernier jour, compris.")


class Milestone(Noun):
    """One dated item of an event (``catalogue.models.events.Milestone``)."""

    model_config = _told("Une date d'un événement.")

    key: str = Field(description="Son nom dans l'événement ; il ne change pas.")
    uid: UUID = Field(description="Son identifiant, le même dans tous les calendriers.")
    kind: MilestoneKind = Field(description="Ce qui se passe ce jour-là.")
    label: Text | None = Field(description="Ses propres mots, comme « Finale ».")
    first_day: date = Field(description="Le premier jour.")
    last_day: date = Field(description="Le dernier jour, compris.")
    start_time: Hour | None = Field(description="L'heure de début ; null si elle n'est pas dite.")
    end_time: Hour | None = Field(description="L'heure de fin, ou l'heure limite.")
    time_zone: str = Field(description="Le fuseau horaire de ces heures, comme « Europe/Paris ».")
    certainty: Certainty = Field(
        description="« approximate » : le jour n'est pas dit ; first_day et last_day le bornent."
    )
    phrase: Text | None = Field(description="Les mots d'une date approximative : « mi-juin ».")
    place: Text | None = Field(description="Le lieu, s'il n'est pas celui de l'événement.")
    scope: Scope = Field(description="Pour qui est cette date.")
    moved_from: Days | None = Field(description="Les jours annoncés avant que la date ne change.")
    cancelled: bool = Field(description="La date, ou tout l'événement, est annulée.")
    announced_at: datetime = Field(description="Quand elle a été annoncée ici.")
    changed_at: datetime = Field(description="Quand elle a changé pour la dernière fois.")

    @classmethod
    def of(cls, row: rows.Milestone) -> Milestone:
        """Return what is said of a date of the store."""
        first, last = row.moved_from_first_day, row.moved_from_last_day
        return cls(
            key=row.key,
            uid=row.uid,
            kind=row.kind,
            label=row.label,
            first_day=row.first_day,
            last_day=row.last_day,
            start_time=row.start_time,
            end_time=row.end_time,
            time_zone=row.time_zone,
            certainty=row.certainty,
            phrase=row.phrase,
            place=row.place,
            scope=Scope.of(row.scope),
            moved_from=Days(first_day=first, last_day=last) if first and last else None,
            cancelled=row.is_cancelled,
            announced_at=row.announced_at,
            changed_at=row.changed_at,
        )


class Participation(Noun):
    """How to take part, as far as the source says it."""

    model_config = _told("Pour participer, d'après l'annonce : null ou vide si elle ne le dit pas.")

    registrants: tuple[Registrant, ...] = Field(description="Qui inscrit la classe.")
    ien_visa: bool | None = Field(description="Le visa de l'IEN est demandé.")
    where: Text | None = Field(description="Où s'inscrire, en mots.")
    where_link: str | None = Field(description="L'adresse de la page où s'inscrire.")
    cost: Text | None = Field(description="Le coût.")
    places: Text | None = Field(description="Les places.")
    sending: tuple[Sending, ...] = Field(description="Comment envoyer la production.")
    pupil_data: tuple[PupilData, ...] = Field(
        description="Les données personnelles d'élèves qui sont demandées."
    )


class Source(Noun):
    """The document in which an event was announced."""

    model_config = _told("Le document où l'événement a été annoncé.")

    name: Text = Field(description="Son nom.")
    link: str | None = Field(description="Son adresse.")


class Event(Noun):
    """One edition of a series, in one school year (``catalogue.models.events.Event``)."""

    model_config = _told("Un événement : une édition, dans une année scolaire.")

    id: str = Field(description="Son identifiant ; il ne change pas.")
    page: str = Field(description="L'adresse de sa fiche sur ce site.")
    series: str = Field(description="La série dont il est une édition.")
    title: Text = Field(description="Son titre.")
    school_year: str = Field(description="L'année scolaire, comme « 2026-2027 ».")
    type: EventType = Field(description="Sa nature.")
    audience: tuple[Audience, ...] = Field(description="Qui participe.")
    classes: tuple[str, ...] = Field(
        description="Classes, cycles ou degrés ; vide si l'annonce ne le dit pas."
    )
    themes: tuple[str, ...] = Field(description="Ses thèmes.")
    scope: Scope = Field(description="Pour qui il est.")
    organiser: Text = Field(description="Qui l'organise.")
    link: str | None = Field(description="L'adresse officielle.")
    place: Text | None = Field(description="Le lieu.")
    part_of: str | None = Field(description="L'événement dont il fait partie.")
    summary: Text = Field(description="Quelques phrases qui le présentent.")
    source: Source = Field(description="Où l'annonce a été lue.")
    participation: Participation = Field(description="Pour participer.")
    full: bool = Field(description="Il n'y a plus de place.")
    cancelled: bool = Field(description="Il est annulé.")
    reason: Text | None = Field(description="Pourquoi une date a changé, ou s'annule.")
    archived: bool = Field(description="Retiré du calendrier ; sa fiche reste.")
    by_rule: bool = Field(description="Une journée qui revient par une règle.")
    revision: int = Field(ge=1, description="Le nombre de versions publiées.")
    changed_at: datetime = Field(description="Quand il a changé pour la dernière fois.")
    milestones: tuple[Milestone, ...] = Field(description="Ses dates.")

    @classmethod
    def of(cls, row: rows.Event, page: str, dates: Iterable[rows.Milestone]) -> Event:
        """Return what is said of an event of the store.

        :param page: the address of its page.
        :param dates: those of its dates that are said.
        """
        return cls(
            id=row.id,
            page=page,
            series=row.series_id,
            title=row.title,
            school_year=row.year.label,
            type=row.type,
            audience=tuple(map(Audience, row.audience)),
            classes=levels.collapse(row.classes),
            themes=tuple(sorted(row.themes)),
            scope=Scope.of(row.scope),
            organiser=row.organiser,
            link=row.link,
            place=row.place,
            part_of=row.part_of_id,
            summary=row.summary,
            source=Source(name=row.source_name, link=row.source_link),
            participation=Participation(
                registrants=tuple(map(Registrant, row.registrants)),
                ien_visa=row.ien_visa,
                where=row.register_where,
                where_link=row.register_link,
                cost=row.cost,
                places=row.places,
                sending=tuple(map(Sending, row.sending)),
                pupil_data=tuple(map(PupilData, row.pupil_data)),
            ),
            full=row.full,
            cancelled=row.cancelled_at is not None,
            reason=row.reason,
            archived=row.archived_at is not None,
            by_rule=row.by_rule,
            revision=row.revision,
            changed_at=row.changed_at,
            milestones=tuple(map(Milestone.of, dates)),
        )


class Series(Noun):
    """What comes back every year."""

    model_config = _told("Une série : ce qui revient chaque année.")

    id: str = Field(description="Son identifiant ; il ne change pas.")
    title: Text = Field(description="Son titre.")
    events: tuple[str, ...] = Field(description="Ses éditions, la plus ancienne d'abord.")

    @classmethod
    def of(cls, row: rows.Series, editions: Iterable[str]) -> Series:
        """Return what is said of a series of the store.

        :param editions: the ids of its events.
        """
        return cls(id=row.id, title=row.title, events=tuple(editions))


class Department(Noun):
    """A département, or a collectivity with the number of one."""

    model_config = _told("Un département.")

    code: str = Field(description="Son code, comme « 59 » ou « 2A ».")
    name: str = Field(description="Son nom.")


class Academy(Noun):
    """An académie or an overseas collectivity (``school.academies.Academy``)."""

    model_config = _told("Une académie, ou une collectivité d'outre-mer.")

    slug: str = Field(description="Son identifiant, la valeur du filtre « academie ».")
    name: str = Field(description="Son nom.")
    of_name: str = Field(description="Son nom après « académie » : « de Lille », « d'Amiens ».")
    collectivity: bool = Field(description="Une collectivité plutôt qu'une académie.")
    region: str | None = Field(description="Sa région académique.")
    departments: tuple[Department, ...] = Field(description="Ses départements.")
    holiday_calendar: str = Field(description="Son calendrier scolaire, comme « zone-a ».")
    time_zone: str = Field(description="Son fuseau horaire.")
    former_names: tuple[str, ...] = Field(description="Ses anciens noms.")

    @classmethod
    def of(cls, academy: places.Academy) -> Academy:
        """Return what is said of an académie."""
        return cls(
            slug=academy.slug,
            name=academy.name,
            of_name=academy.of_name,
            collectivity=academy.collectivity,
            region=academy.region,
            departments=tuple(Department(code=d.code, name=d.name) for d in academy.departments),
            holiday_calendar=academy.holiday_calendar,
            time_zone=academy.time_zone,
            former_names=academy.former_names,
        )


# -- The answers -----------------------------------------------------------------------------------


class Answer(Noun):
    """The base of all answers: each says its licence."""

    licence: str = Field(default=LICENCE, description="La licence de ces données.")
    licence_link: str = Field(default=LICENCE_ADDRESS, description="Le texte de la licence.")


class OneEvent(Answer):
    """One event."""

    model_config = _told("Un événement, avec toutes ses dates.")

    event: Event


class EventList(Answer):
    """A part of the events."""

    model_config = _told(
        "Une partie des événements, chacun avec celles de ses dates qu'on demande."
    )

    events: tuple[Event, ...] = Field(description="Les événements, dans l'ordre des identifiants.")
    next: str | None = Field(description="L'adresse de la suite ; null à la fin.")


class ChangeList(Answer):
    """A part of what changed."""

    model_config = _told("Une partie des événements qui ont changé, chacun avec toutes ses dates.")

    events: tuple[Event, ...] = Field(
        description="Les événements, le changement le plus ancien d'abord. Celui qui est "
        "« archived » est à retirer d'une copie."
    )
    next: str = Field(
        description="L'adresse de la suite. Si « complete » est vrai, gardez-la : demandée plus "
        "tard, elle dit ce qui a changé entre-temps."
    )
    complete: bool = Field(description="Rien d'autre n'a changé pour le moment.")


class SeriesList(Answer):
    """A part of the series."""

    model_config = _told("Une partie des séries.")

    series: tuple[Series, ...] = Field(description="Les séries, dans l'ordre des identifiants.")
    next: str | None = Field(description="L'adresse de la suite ; null à la fin.")


class AcademyList(Answer):
    """All académies."""

    model_config = _told("Toutes les académies et collectivités.")

    academies: tuple[Academy, ...] = Field(description="Les académies, dans l'ordre des noms.")


class CatalogueHead(Answer):
    """What the dump says before the events."""

    changes: str = Field(
        description="L'adresse qui dit, plus tard, ce qui a changé depuis cette copie."
    )
    academies: tuple[Academy, ...] = Field(description="Toutes les académies.")
    series: tuple[Series, ...] = Field(description="Toutes les séries.")


class WholeCatalogue(CatalogueHead):
    """The dump. (It is written piece by piece: ``dumps``.)"""

    model_config = _told("Tout le calendrier, toutes années comprises, sans ce qui est archivé.")

    events: tuple[Event, ...] = Field(description="Tous les événements, avec toutes leurs dates.")


class Problem(Noun):
    """An error (RFC 9457); ``web.security`` writes it."""

    model_config = _told("Une demande refusée, ou une erreur de notre côté (RFC 9457).")

    type: str = Field(description="Toujours « about:blank » : le statut dit tout.")
    title: str = Field(description="Ce que c'est, en peu de mots.")
    status: int = Field(ge=400, le=599, description="Le statut HTTP.")
    detail: str = Field(description="Ce qui ne va pas, et que faire.")
    links: tuple[str, ...] = Field(description="Des adresses corrigées ; souvent vide.")


# -- As a table ------------------------------------------------------------------------------------


def columns(noun: type[Noun] = Event, before: str = "") -> Iterator[str]:
    """Yield the names of the columns of a table: « participation.cost », « milestones.first_day ».

    A row holds an event with one of its dates.
    """
    for name, field in noun.model_fields.items():
        inner = _noun_in(field.annotation)
        if inner is None:
            yield before + name
        else:
            yield from columns(inner, f"{before}{name}.")


def cells(noun: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield (column, cell) of a dumped noun. Lists are separated by spaces; null is empty."""
    for name, value in noun.items():
        if isinstance(value, dict):
            yield from cells(value, f"{before}{name}.")
        elif isinstance(value, list):
            yield before + name, " ".join(map(str, value))
        elif isinstance(value, bool):
            yield before + name, "true" if value else "false"
        else:
            yield before + name, "" if value is None else str(value)


def _noun_in(annotation: Any) -> type[Noun] | None:
    """Return the noun that an annotation is, may be, or is a list of; None without one."""
    if isinstance(annotation, type) and issubclass(annotation, Noun):
        return annotation
    inner = map(_noun_in, getattr(annotation, "__args__", ()))
    return next((noun for noun in inner if noun), None)
