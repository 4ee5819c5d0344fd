"""The closed lists of the calendar, with the French name of each value on screen.

A value is written identically in ``data/events.yaml``, in the store and in URLs.
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """The type of an event (filter ``type``)."""

    CONTEST = "concours"
    YEAR_PROJECT = "projet"
    WEEK_OR_DAY = "semaine"
    MEETING = "rencontre"
    TRAINING = "formation"

    @property
    def words(self) -> str:
        return {
            EventType.CONTEST: "concours",
            EventType.YEAR_PROJECT: "projet à l'année",
            EventType.WEEK_OR_DAY: "semaine ou journée",
            EventType.MEETING: "rencontre",
            EventType.TRAINING: "formation",
        }[self]


class Audience(StrEnum):
    """The people who take part."""

    PUPILS = "eleves"
    TEACHERS = "enseignants"

    @property
    def words(self) -> str:
        return {Audience.PUPILS: "élèves", Audience.TEACHERS: "enseignants"}[self]


class MilestoneKind(StrEnum):
    """The kind of a milestone: what happens on its day."""

    OPENING = "opening"
    REGISTRATION_DEADLINE = "registration_deadline"
    SUBMISSION_DEADLINE = "submission_deadline"
    DEADLINE = "deadline"
    SESSION = "session"
    RESULTS = "results"

    @property
    def is_deadline(self) -> bool:
        return self in _DEADLINES

    @property
    def words(self) -> str:
        """The name of the day itself (« Dernier jour d'inscription »)."""
        return {
            MilestoneKind.OPENING: "Ouverture",
            MilestoneKind.REGISTRATION_DEADLINE: "Dernier jour d'inscription",
            MilestoneKind.SUBMISSION_DEADLINE: "Dernier jour d'envoi des productions",
            MilestoneKind.DEADLINE: "Date limite",
            MilestoneKind.SESSION: "Jour de l'événement",
            MilestoneKind.RESULTS: "Résultats",
        }[self]

    @property
    def until(self) -> str | None:
        """The words before the day (« Inscriptions jusqu'au »); None if there are none."""
        return {
            MilestoneKind.REGISTRATION_DEADLINE: "Inscriptions jusqu'au",
            MilestoneKind.SUBMISSION_DEADLINE: "Envoi des productions jusqu'au",
        }.get(self)


_DEADLINES = frozenset(
    (
        MilestoneKind.REGISTRATION_DEADLINE,
        MilestoneKind.SUBMISSION_DEADLINE,
        MilestoneKind.DEADLINE,
    )
)


class Certainty(StrEnum):
    """How certain a date is. An approximate date (« mi-juin ») is never shown as a plain day."""

    DAY = "day"
    APPROXIMATE = "approximate"


class Registrant(StrEnum):
    """The person who registers the class."""

    TEACHER = "enseignant"
    SCHOOL_HEAD = "directeur"
    PRINCIPAL = "chef-d-etablissement"

    @property
    def words(self) -> str:
        return {
            Registrant.TEACHER: "l'enseignante ou l'enseignant",
            Registrant.SCHOOL_HEAD: "la direction de l'école",
            Registrant.PRINCIPAL: "la direction de l'établissement",
        }[self]


class PupilData(StrEnum):
    """The personal data of pupils that taking part requires."""

    NONE = "aucune"
    IMAGE_OR_VOICE = "image-ou-voix"
    ACCOUNT = "compte-eleve"

    @property
    def words(self) -> str:
        return {
            PupilData.NONE: "aucune donnée d'élève",
            PupilData.IMAGE_OR_VOICE: "image ou voix des élèves : demandez les autorisations",
            PupilData.ACCOUNT: "un compte pour chaque élève",
        }[self]


class Sending(StrEnum):
    """The way in which the production is sent."""

    ONLINE = "en-ligne"
    POST = "par-courrier"

    @property
    def words(self) -> str:
        return {Sending.ONLINE: "en ligne", Sending.POST: "par courrier postal"}[self]


#: What a letter does not say is said so, and never guessed.
UNSAID = "non précisé"
