"""« La première heure »: what an editors' room needs to be of use, and what is done of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from calendar_app.editing.rules.roles import RIGHTS, EditorAction, EditorRights, EditorRole
from calendar_app.school.academies import Academy
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.french import list_words

#: Most académies whose names are said.
_NAMED = 4

_HOW_TO_ADD = (
    "L'administration du site ajoute celles qui manquent, par la commande « calendar-app holidays "
    "update » ou « calendar-app holidays import »."
)


class FirstStep(StrEnum):
    """A step of the first hour, in the order in which people take them."""

    LETTER = "letter"
    MAILBOX = "mailbox"
    AGENDA = "agenda"
    HOLIDAYS = "holidays"
    COLLEAGUE = "colleague"

    @property
    def words(self) -> str:
        return {
            FirstStep.LETTER: "Une première lettre",
            FirstStep.MAILBOX: "Les lettres par courriel",
            FirstStep.AGENDA: "Un agenda à suivre",
            FirstStep.HOLIDAYS: "Les vacances de cette année",
            FirstStep.COLLEAGUE: "Un autre compte",
        }[self]


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What the store says about the room of one editor.

    :param letters: whether there is a letter that the editor may read.
    :param mailbox: whether a letter that the editor may read came by mail.
    :param agendas: whether an agenda is followed within the editor's scope.
    :param colleagues: whether somebody else has an account that is not disabled.
    :param year: this school year.
    :param academies: the académies of the editor's scope.
    :param unknown: those of *academies* whose holidays are not all known in *year*.
    """

    letters: bool
    mailbox: bool
    agendas: bool
    colleagues: bool
    year: SchoolYear
    academies: Sequence[Academy]
    unknown: Sequence[Academy]


@dataclass(frozen=True, slots=True)
class StepState:
    """A step of the first hour, as the store has it.

    :param sentence: French: what is done; or what the step brings, and who takes it when the editor
        may not.
    """

    step: FirstStep
    done: bool
    sentence: str


def steps_of(own: EditorRights, facts: RoomFacts) -> tuple[StepState, ...]:
    """Return the steps of the first hour for an editor, done or open, in the order of
    :class:`FirstStep`. Only an administrateur is asked for a colleague."""
    steps = [
        StepState(
            FirstStep.LETTER,
            facts.letters,
            "Une lettre de votre périmètre est lue."
            if facts.letters
            else "Déposez une lettre d'information : chaque date y est repérée dans sa phrase, et "
            "rien n'est publié avant votre accord.",
        ),
        StepState(FirstStep.MAILBOX, facts.mailbox, _mailbox_words(own, facts)),
        StepState(FirstStep.AGENDA, facts.agendas, _agenda_words(own, facts)),
        StepState(FirstStep.HOLIDAYS, not facts.unknown, _holidays_words(facts)),
    ]
    if own.role is EditorRole.ADMINISTRATOR:
        steps.append(
            StepState(
                FirstStep.COLLEAGUE,
                facts.colleagues,
                "Une autre personne a un compte de la rédaction."
                if facts.colleagues
                else "Pour préparer et publier à plusieurs : la commande qui ouvre un compte se "
                "lance sur le serveur, et écrit le lien à donner à cette personne.",
            )
        )
    return tuple(steps)


def _mailbox_words(own: EditorRights, facts: RoomFacts) -> str:
    if facts.mailbox:
        return "Les lettres de votre périmètre arrivent par courriel, et sont lues seules."
    if own.role in RIGHTS[EditorAction.DECLARE_SENDER].roles:
        return (
            "Transférez une lettre à la boîte du site, ou déclarez qui vous les envoie : chacune "
            "est lue à son arrivée."
        )
    return "Transférez une lettre à la boîte du site : une réponse vous dit ce qui y est daté."


def _agenda_words(own: EditorRights, facts: RoomFacts) -> str:
    if facts.agendas:
        return "Un agenda de votre périmètre est relu quatre fois par jour."
    if own.role in RIGHTS[EditorAction.FOLLOW_SOURCE].roles:
        return "Indiquez l'adresse de l'agenda d'un partenaire : ses dates nouvelles viendront ici."
    return (
        "C'est aux responsables de publication de votre périmètre de suivre l'agenda d'un "
        "partenaire : donnez-lui son adresse."
    )


def _holidays_words(facts: RoomFacts) -> str:
    """Return for which académies this year's holidays are known, and who adds those that are not.
    (Which they are is the sentence of ``school.unknown_holidays``.)"""
    known = [academy.name for academy in facts.academies if academy not in facts.unknown]
    if len(known) <= _NAMED:
        names = list_words(known)
    else:
        names = f"{len(known)} académies et collectivités"
    said = f"Celles de {facts.year.label} sont connues pour {names}. " if known else ""
    return (said + (_HOW_TO_ADD if facts.unknown else "")).rstrip()
