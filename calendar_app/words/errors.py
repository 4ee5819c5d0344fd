"""The errors that the calendar shows. Their text is French, for the person who can correct them."""

from __future__ import annotations

#: Number of characters of a typed value that an error message repeats.
_SHOWN = 60


def as_repeated(value: str) -> str:
    """Return a typed value as an error message repeats it: at most 60 characters, then « … »."""
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"


class CalendarError(Exception):
    """Something was refused; ``str(error)`` is a French sentence that says what to correct."""


class NotFoundError(CalendarError):
    """The page or the value that was asked for does not exist (HTTP 404)."""


class DeadLinkError(NotFoundError):
    """A link from a mail is incomplete, too old or already used."""


class GoneError(CalendarError):
    """There was something at this address, and it is over for good (HTTP 410)."""


class ParameterError(NotFoundError):
    """A value in a URL is not allowed there.

    :param sentence: the message, in French: what is allowed there.
    :param value: the value as it was typed.
    :param nearest: the value that was probably meant, as a URL carries it; None without a guess.
    :param name: the French name of *nearest* (« CM2 » for ``cm2``); None takes *nearest* itself.
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

    :param what: the kind of value, in French with its article (« l'académie », « le thème »).
    """

    def __init__(
        self, what: str, value: str, nearest: str | None = None, name: str | None = None
    ) -> None:
        hint = f" Vouliez-vous dire « {name or nearest} » ?" if nearest else ""
        sentence = f"Nous ne connaissons pas {what} « {as_repeated(value)} ».{hint}"
        super().__init__(sentence, value, nearest, name)
        self.what = what


class UnclearPlaceError(UnknownValueError):
    """A typed place does not lead to one académie or département; the message says what to write.

    :param sentence: the message, in French.
    :param choices: names of the académies among which the person has to choose; empty when the
        place is unknown or its number is malformed.
    """

    def __init__(self, sentence: str, value: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__("le lieu", value)
        self.choices = choices
        self.args = (sentence,)


class CalendarUnknownError(CalendarError):
    """The school holidays of these days are unknown, so nothing can be said about class days."""


class UnreadableLetterError(CalendarError):
    """The file of a letter cannot be read; the message says what to do with the file."""
