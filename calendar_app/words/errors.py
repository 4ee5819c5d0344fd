"""The refusals of the calendar. Their text is French: it is shown to the person who can act."""

from __future__ import annotations

#: How much of a typed value an error repeats.
_SHOWN = 60


def shortened(value: str) -> str:
    """Return a typed value as an error repeats it: not whole, where it is long."""
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"


class CalendarError(Exception):
    """Something was refused; ``str(error)`` is a French sentence that says what to correct."""


class NotFoundError(CalendarError):
    """What was asked for does not exist (HTTP 404)."""


class DeadLinkError(NotFoundError):
    """A link from a mail that was cut, is too old or has been used."""


class ParameterError(NotFoundError):
    """A value that stands in an address is none that may stand there.

    :param sentence: what may stand there, in French.
    :param value: the value as it was typed.
    :param nearest: the value that was probably meant, as an address carries it, or None.
    :param name: the same as a person says it (« CM2 » for ``cm2``); *nearest* where none is given.
    """

    def __init__(
        self, sentence: str, value: str, nearest: str | None = None, name: str | None = None
    ) -> None:
        self.value = value
        self.nearest = nearest
        self.name = name or nearest
        super().__init__(sentence)


class UnknownValueError(ParameterError):
    """A value is not in a closed list.

    :param what: what the value names, in French with its article (« l'académie », « le thème »).
    """

    def __init__(
        self, what: str, value: str, nearest: str | None = None, name: str | None = None
    ) -> None:
        hint = f" Vouliez-vous dire « {name or nearest} » ?" if nearest else ""
        sentence = f"Nous ne connaissons pas {what} « {shortened(value)} ».{hint}"
        super().__init__(sentence, value, nearest, name)
        self.what = what


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
