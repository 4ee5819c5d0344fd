"""The states, proposals and origins of drafts."""

from __future__ import annotations

from enum import StrEnum


class DraftState(StrEnum):
    """The state of a draft. Only a pending draft waits for an editor."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    #: The calendar already has this date.
    KNOWN = "known"
    #: Another draft already proposes it.
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
    #: Another day for a date of a known event, or the cancellation of that date.
    CHANGE = "change"

    @property
    def words(self) -> str:
        return {
            Proposal.NEW_EVENT: "nouveau",
            Proposal.NEW_DATE: "nouvelle date",
            Proposal.CHANGE: "changement",
        }[self]


class DraftOrigin(StrEnum):
    """The origin of a draft."""

    LETTER = "letter"
    #: An outside feed that an editor follows.
    SOURCE = "source"
    #: A form of the public pages.
    SUGGESTION = "suggestion"
    #: An editor who prepared an event for another editor to publish.
    EDITOR = "editor"

    @property
    def words(self) -> str:
        return {
            DraftOrigin.LETTER: "lettre",
            DraftOrigin.SOURCE: "source suivie",
            DraftOrigin.SUGGESTION: "proposition du public",
            DraftOrigin.EDITOR: "préparé par la rédaction",
        }[self]
