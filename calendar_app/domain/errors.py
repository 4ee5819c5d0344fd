"""The refusals of the calendar. Their text is French: it is shown to the person who can act."""

from __future__ import annotations


class CalendarError(Exception):
    """Something was refused; ``str(error)`` is a French sentence that says what to correct."""


class NotFoundError(CalendarError):
    """What was asked for does not exist (HTTP 404)."""


class UnknownValueError(NotFoundError):
    """A value is not in a closed list.

    :param what: what the value names, in French with its article (« l'académie », « le thème »).
    :param value: the value as it was typed.
    :param nearest: the closest value of the list, or None when nothing is close.
    """

    def __init__(self, what: str, value: str, nearest: str | None = None) -> None:
        self.what = what
        self.value = value
        self.nearest = nearest
        hint = f" Vouliez-vous dire « {nearest} » ?" if nearest else ""
        super().__init__(f"Nous ne connaissons pas {what} « {value} ».{hint}")


class UnclearPlaceError(UnknownValueError):
    """What was typed for a place names no académie and no département, but says what was meant.

    :param sentence: what to write instead, in French.
    :param choices: names of académies among which the person has to choose; empty where what was
        typed is a number that has not its form.
    """

    def __init__(self, sentence: str, value: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__("le lieu", value)
        self.choices = choices
        self.args = (sentence,)


class CalendarUnknownError(CalendarError):
    """The school holidays of these days are not known: nothing can be said about class days."""


class UnreadableLetterError(CalendarError):
    """A letter's file cannot be read: the sentence says what to do with it."""
