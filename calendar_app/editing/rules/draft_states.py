"""What may become of a draft, and what it proposes."""

from __future__ import annotations

from enum import StrEnum


class DraftState(StrEnum):
    """Where a draft stands. Only a pending one waits for an editor."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    #: The calendar already said so when the letter was read.
    KNOWN = "known"
    #: Another pending draft already proposes it.
    REPEATED = "repeated"

    @property
    def words(self) -> str:
        return {
            DraftState.PENDING: "à vérifier",
            DraftState.ACCEPTED: "accepté",
            DraftState.REFUSED: "refusé",
            DraftState.KNOWN: "déjà au calendrier",
            DraftState.REPEATED: "déjà proposé",
        }[self]


class Proposal(StrEnum):
    """What accepting a draft would do."""

    NEW_EVENT = "new_event"
    #: A date that a known event does not have yet.
    NEW_DATE = "new_date"
    #: Another day for a date of a known event, or its end.
    CHANGE = "change"

    @property
    def words(self) -> str:
        return {
            Proposal.NEW_EVENT: "nouveau",
            Proposal.NEW_DATE: "nouvelle date",
            Proposal.CHANGE: "changement",
        }[self]


class DraftOrigin(StrEnum):
    """Where a draft comes from."""

    LETTER = "letter"
    #: An outside feed.
    SOURCE = "source"
    #: The public.
    SUGGESTION = "suggestion"
    #: An editor who prepared an event for somebody else to publish.
    EDITOR = "editor"

    @property
    def words(self) -> str:
        return {
            DraftOrigin.LETTER: "lettre",
            DraftOrigin.SOURCE: "agenda suivi",
            DraftOrigin.SUGGESTION: "suggestion",
            DraftOrigin.EDITOR: "préparé par la rédaction",
        }[self]
