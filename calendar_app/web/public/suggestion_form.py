"""The two forms of « Proposer une date »: their fields as they were typed, and as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from werkzeug.datastructures import MultiDict

from calendar_app.catalogue.models.events import Event
from calendar_app.catalogue.queries import Reference
from calendar_app.editing.suggestions import Mistake, SuggestedDay, Suggestion
from calendar_app.letters.dated_items import ItemKind, Step
from calendar_app.school import levels
from calendar_app.school.school_year import SchoolYear
from calendar_app.web.forms import TypedForm
from calendar_app.web.typed_days import EXAMPLE, any_day, in_french, iso_day, iso_hour, read_hour
from calendar_app.words.french import NBSP
from calendar_app.words.links import is_link, whole_link
from calendar_app.words.mail_addresses import MailAddress
from calendar_app.words.text import clean, clean_line

#: Maximum lengths, in characters.
TITLE_LENGTH, LINK_LENGTH, WORDS_LENGTH, ADDRESS_LENGTH, PLACE_LENGTH = 160, 2000, 2000, 320, 320

#: Maximum number of dates in one suggestion.
MOST_DATES = 6

#: Number of school years after the current one for which a date may be suggested.
_YEARS_AHEAD = 2


class DateKind(StrEnum):
    """What happens on a suggested date, in everyday words."""

    REGISTRATION = "inscriptions"
    SUBMISSION = "envoi"
    DEADLINE = "limite"
    SESSION = "rendez-vous"
    OPENING = "ouverture"

    @property
    def words(self) -> str:
        return {
            DateKind.REGISTRATION: "Inscrire la classe, au plus tard",
            DateKind.SUBMISSION: "Envoyer la production, au plus tard",
            DateKind.DEADLINE: "Date limite, sans autre précision",
            DateKind.SESSION: "L'événement a lieu ce jour, ou ces jours",
            DateKind.OPENING: "Ouverture : on peut participer à partir de ce jour",
        }[self]

    @property
    def step(self) -> Step | None:
        """The step that must be done by then; None for a session."""
        return {
            DateKind.REGISTRATION: Step.REGISTRATION,
            DateKind.SUBMISSION: Step.SUBMISSION,
            DateKind.SESSION: None,
        }.get(self, Step.UNKNOWN)

    @property
    def is_deadline(self) -> bool:
        """Whether the last day is the one that counts."""
        return self in (DateKind.REGISTRATION, DateKind.SUBMISSION, DateKind.DEADLINE)


@dataclass
class _Answered(TypedForm):
    """The fields of both forms: words, a link, and an address for the answer."""

    lien: str = ""
    mots: str = ""
    adresse: str = ""

    def _read_link(self, *, required: bool) -> str | None:
        if not self.lien:
            if required:
                self.problems["lien"] = (
                    "Indiquez l'adresse de la page officielle : elle sert à vérifier la date."
                )
            return None
        self.lien = whole_link(self.lien)
        if len(self.lien) > LINK_LENGTH or not is_link(self.lien):
            self.problems["lien"] = (
                "Recopiez l'adresse entière de la page, qui commence par https:// ou http://."
            )
        return self.lien

    def _read_words(self) -> str:
        if len(self.mots) > WORDS_LENGTH:
            self.problems["mots"] = (
                f"Ce texte a {len(self.mots)}{NBSP}signes : gardez-en {WORDS_LENGTH} au plus."
            )
        return clean_line(self.mots)

    def _read_address(self) -> MailAddress | None:
        if not self.adresse:
            return None
        return self.read_field(
            "adresse", lambda: MailAddress.read(self.adresse), "Ou laissez ce champ vide."
        )


@dataclass
class SuggestedDate:
    """One date of a suggestion, as it was typed.

    :param suffix: the end of its fields' names: empty for the first date, then « -2 », « -3 »…
    """

    suffix: str = ""
    sorte: str = ""
    du: str = ""
    au: str = ""
    heure: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.sorte or self.du or self.au or self.heure)


def _dates(form: MultiDict[str, str]) -> list[SuggestedDate]:
    suffixes = ["", *(f"-{number}" for number in range(2, MOST_DATES + 1))]
    return [
        SuggestedDate(
            suffix,
            sorte=form.get(f"sorte{suffix}", ""),
            du=iso_day(_line(form, f"du{suffix}", 20)),
            au=iso_day(_line(form, f"au{suffix}", 20)),
            heure=iso_hour(_line(form, f"heure{suffix}", 20)),
        )
        for suffix in suffixes
        if not suffix or f"au{suffix}" in form
    ]


def _line(form: MultiDict[str, str], name: str, length: int) -> str:
    """Return a field, cut one character after its maximum, so that its length is a problem."""
    return clean_line(form.get(name, ""))[: length + 1]


@dataclass
class SuggestionForm(_Answered):
    """A suggestion as it was typed; the names are those of the form's fields.

    :param pour: « france », or « lieu » when *lieu* names the place.
    """

    titre: str = ""
    dates: list[SuggestedDate] = field(default_factory=lambda: [SuggestedDate()])
    pour: str = ""
    lieu: str = ""
    classes: frozenset[str] = frozenset()

    @classmethod
    def posted(cls, form: MultiDict[str, str]) -> SuggestionForm:
        """Read the form of a request."""
        return cls(
            titre=_line(form, "titre", TITLE_LENGTH),
            dates=_dates(form),
            pour=form.get("pour", ""),
            lieu=_line(form, "lieu", PLACE_LENGTH),
            classes=frozenset(form.getlist("classe")) & levels.CLASSES.keys(),
            lien=_line(form, "lien", LINK_LENGTH),
            mots=clean(form.get("mots", "")).strip(),
            adresse=_line(form, "adresse", ADDRESS_LENGTH),
        )

    def read(self, reference: Reference, today: date) -> Suggestion | None:
        """Return the suggestion, or None with the problems noted in the order of the fields."""
        if len(self.titre) < 3:
            self.problems["titre"] = "Indiquez le nom de l'événement."
        elif len(self.titre) > TITLE_LENGTH:
            self.problems["titre"] = f"Indiquez un nom de {TITLE_LENGTH} signes au plus."
        dates = [self._read_date(row, today) for row in self.dates]
        academies, departments = self._read_place(reference)
        found = Suggestion(
            title=self.titre,
            dates=tuple(day for day in dates if day),
            academies=academies,
            departments=departments,
            classes=levels.collapse(self.classes),
            link=self._read_link(required=True),
            words=self._read_words(),
            address=self._read_address(),
        )
        return None if self.problems else found

    def add_date(self) -> None:
        """Add one more blank date to the form, up to :data:`MOST_DATES`."""
        if len(self.dates) < MOST_DATES:
            self.dates.append(SuggestedDate(f"-{len(self.dates) + 1}"))

    def _read_date(self, row: SuggestedDate, today: date) -> SuggestedDay | None:
        if row.is_blank and row.suffix:
            return None
        kind = DateKind(row.sorte) if row.sorte in set(DateKind) else None
        if kind is None:
            self.problems[f"sorte{row.suffix}"] = (
                "Choisissez ce que l'on doit faire, ou ce qui a lieu."
            )
        first, last = self._read_days(row, kind, today)
        hour = read_hour(row.heure) if row.heure else None
        if row.heure and hour is None:
            self.problems[f"heure{row.suffix}"] = (
                f"« {row.heure} » n'est pas une heure : écrivez par exemple 18:00."
            )
        ends = kind is not None and kind.is_deadline
        return SuggestedDay(
            # A deadline with a first day is the end of a window.
            kind=_item_kind(kind, first),
            step=kind.step if kind else None,
            first_day=first,
            last_day=last,
            start_time=None if ends else hour,
            end_time=hour if ends else None,
        )

    def _read_days(
        self, row: SuggestedDate, kind: DateKind | None, today: date
    ) -> tuple[date | None, date | None]:
        first, last = self._read_day(row, "du", today), self._read_day(row, "au", today)
        until = f"au{row.suffix}"
        if self.problems.keys() & {f"du{row.suffix}", until}:
            return None, None
        if kind and kind.is_deadline:
            if last is None:
                self.problems[until] = "Indiquez le dernier jour."
            elif first == last:
                first = None
        elif first is None and last is None:
            self.problems[until] = "Indiquez le jour."
        elif first is None:
            first, last = last, None
        if first and last and first > last:
            self.problems[until] = "Le dernier jour vient avant le premier : vérifiez les deux."
        if kind is DateKind.SESSION:
            last = last or first
        return first, last

    def _read_day(self, row: SuggestedDate, part: str, today: date) -> date | None:
        typed = getattr(row, part)
        if not typed:
            return None
        day, name = any_day(typed), f"{part}{row.suffix}"
        if day is None:
            self.problems[name] = (
                f"« {in_french(typed)} » n'est pas un jour : écrivez par exemple {EXAMPLE}."
            )
            return None
        year, now = SchoolYear.of(day).start, SchoolYear.of(today).start
        if not now <= year <= now + _YEARS_AHEAD:
            self.problems[name] = (
                "Vérifiez l'année : le calendrier prend les dates de cette année scolaire et des "
                f"{_YEARS_AHEAD} suivantes."
            )
        return day

    def _read_place(self, reference: Reference) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return slugs of académies and codes of départements; both are empty for the nation."""
        if self.pour == "france":
            return (), ()
        if self.pour != "lieu" and not self.lieu:
            self.problems["pour"] = "Indiquez où : toute la France, ou une académie."
            return (), ()
        if not self.lieu:
            self.problems["lieu"] = "Indiquez l'académie ou le département."
            return (), ()
        found = self.read_field("lieu", lambda: reference.academies.find(self.lieu))
        if found is None:
            return (), ()
        academy, department = found
        return (academy.slug,), (department.code,) if department else ()


def _item_kind(kind: DateKind | None, first: date | None) -> ItemKind:
    if kind is DateKind.SESSION:
        return ItemKind.EVENT
    return ItemKind.WINDOW if first else ItemKind.DEADLINE


@dataclass
class MistakeForm(_Answered):
    """The report of a mistake in an event, as it was typed.

    :param date: key of one of the event's dates; empty for the event as a whole.
    """

    date: str = ""

    @classmethod
    def posted(cls, form: MultiDict[str, str]) -> MistakeForm:
        """Read the form of a request."""
        return cls(
            date=form.get("date", ""),
            lien=_line(form, "lien", LINK_LENGTH),
            mots=clean(form.get("mots", "")).strip(),
            adresse=_line(form, "adresse", ADDRESS_LENGTH),
        )

    def read(self, event: Event) -> Mistake | None:
        """Return the mistake, or None with the problems noted in the order of the fields."""
        if self.date and self.date not in {m.key for m in event.milestones}:
            self.problems["date"] = "Cette date a changé entre-temps : choisissez-la à nouveau."
        words = self._read_words()
        if not words:
            self.problems["mots"] = "Indiquez ce qui ne va pas, et ce qu'il faudrait écrire."
        found = Mistake(
            event_id=event.id,
            key=self.date or None,
            words=words,
            link=self._read_link(required=False),
            address=self._read_address(),
        )
        return None if self.problems else found
