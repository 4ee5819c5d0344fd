"""The kinds of changes in the journal: the kind of object, and the action."""

from __future__ import annotations

from enum import StrEnum


class ChangeSubject(StrEnum):
    """The kind of object that a change is about."""

    EVENT = "event"
    DRAFT = "draft"
    SOURCE = "source"
    #: The rule by which a series returns.
    SERIES = "series"

    @property
    def words(self) -> str:
        return {
            ChangeSubject.EVENT: "événement",
            ChangeSubject.DRAFT: "proposition",
            ChangeSubject.SOURCE: "source",
            ChangeSubject.SERIES: "série",
        }[self]


class ChangeAction(StrEnum):
    """The action of a change."""

    CREATED = "created"
    EDITED = "edited"
    #: A date was moved: « prolongé », « avancé » or « reporté ».
    MOVED = "moved"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    FULL = "full"
    ARCHIVED = "archived"
    #: An editor corrected what was read in a draft.
    CORRECTED = "corrected"
    REFUSED = "refused"
    #: A draft was attached to an event of the calendar, or detached from it.
    ATTACHED = "attached"
    #: A series does not return any more.
    ENDED = "ended"
    #: An earlier change was undone.
    UNDONE = "undone"

    @property
    def words(self) -> str:
        return {
            ChangeAction.CREATED: "créé",
            ChangeAction.EDITED: "modifié",
            ChangeAction.MOVED: "déplacé",
            ChangeAction.CANCELLED: "annulé",
            ChangeAction.RESTORED: "rétabli",
            ChangeAction.FULL: "marqué complet",
            ChangeAction.ARCHIVED: "archivé",
            ChangeAction.CORRECTED: "corrigé",
            ChangeAction.REFUSED: "refusé",
            ChangeAction.ATTACHED: "rattaché",
            ChangeAction.ENDED: "terminé",
            ChangeAction.UNDONE: "changement défait",
        }[self]
