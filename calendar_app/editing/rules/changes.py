"""What the journal notes: of what, and what was done to it."""

from __future__ import annotations

from enum import StrEnum


class ChangeSubject(StrEnum):
    """What a change is of."""

    EVENT = "event"
    DRAFT = "draft"
    SOURCE = "source"

    @property
    def words(self) -> str:
        return {
            ChangeSubject.EVENT: "événement",
            ChangeSubject.DRAFT: "proposition",
            ChangeSubject.SOURCE: "source",
        }[self]


class ChangeAction(StrEnum):
    """What was done."""

    CREATED = "created"
    EDITED = "edited"
    #: « prolongé », « avancé » or « reporté ».
    MOVED = "moved"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    FULL = "full"
    ARCHIVED = "archived"
    #: Of a draft: what a letter said was put right by hand.
    CORRECTED = "corrected"
    REFUSED = "refused"
    #: Of a draft: it belongs to an event that the calendar has.
    ATTACHED = "attached"
    #: An earlier change was taken back.
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
            ChangeAction.UNDONE: "changement défait",
        }[self]
