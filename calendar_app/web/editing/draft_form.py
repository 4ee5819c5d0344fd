"""The form in which an editor corrects a dated item, on the page that shows the item."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, time

from werkzeug.datastructures import MultiDict

from calendar_app.editing.rules.known_events import scope_of
from calendar_app.letters.dated_items import DatedItem, ItemKind, Step
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.web.editing.typed_lists import class_text, read_classes, read_scope, scope_text
from calendar_app.web.forms import TypedForm
from calendar_app.web.typed_days import EXAMPLE, iso_day, read_day, read_hour
from calendar_app.words.links import whole_link
from calendar_app.words.text import clean_line
from calendar_app.words.vocabulary import Certainty

#: The natures that the form offers: value → (kind, step, French words).
NATURES: dict[str, tuple[ItemKind, Step | None, str]] = {
    "inscription": (ItemKind.DEADLINE, Step.REGISTRATION, "date limite d'inscription"),
    "envoi": (ItemKind.DEADLINE, Step.SUBMISSION, "date limite d'envoi des productions"),
    "limite": (ItemKind.DEADLINE, Step.UNKNOWN, "date limite (étape non précisée)"),
    "inscription-ouverte": (ItemKind.WINDOW, Step.REGISTRATION, "inscriptions ouvertes du… au…"),
    "envoi-ouvert": (ItemKind.WINDOW, Step.SUBMISSION, "envois ouverts du… au…"),
    "ouvert": (ItemKind.WINDOW, Step.UNKNOWN, "ouvert du… au… (étape non précisée)"),
    "rendez-vous": (ItemKind.EVENT, None, "événement (rencontre, semaine, formation…)"),
}

_LONGEST = 300
_TITLE = 160


@dataclass
class DraftForm(TypedForm):
    """One dated item as it was typed; the names are those of the form's fields."""

    titre: str = ""
    nature: str = "limite"
    premier_jour: str = ""
    dernier_jour: str = ""
    debut: str = ""
    fin: str = ""
    approximatif: bool = False
    pour: str = ""
    classes: str = ""
    lieu: str = ""
    lien: str = ""

    @classmethod
    def of_item(cls, item: DatedItem, academies: Academies) -> DraftForm:
        """Return the form filled in with an item."""
        return cls(
            titre=item.title,
            nature=next(n for n, (k, s, _) in NATURES.items() if (k, s) == _nature(item)),
            premier_jour=str(item.first_day or ""),
            dernier_jour=str(item.last_day or ""),
            debut=f"{item.start_time:%H:%M}" if item.start_time else "",
            fin=f"{item.end_time:%H:%M}" if item.end_time else "",
            approximatif=item.certainty is Certainty.APPROXIMATE,
            pour=scope_text(scope_of(item, academies) - {NATIONAL}, academies),
            classes=class_text(item.classes),
            lieu=item.place or "",
            lien=item.url or "",
        )

    @classmethod
    def posted(cls, form: MultiDict[str, str]) -> DraftForm:
        """Read the form of a request."""

        def line(name: str) -> str:
            return clean_line(form.get(name, ""))[: 2000 if name == "lien" else _LONGEST]

        return cls(
            titre=line("titre"),
            nature=form.get("nature", ""),
            premier_jour=iso_day(line("premier_jour")),
            dernier_jour=iso_day(line("dernier_jour")),
            debut=line("debut"),
            fin=line("fin"),
            approximatif="approximatif" in form,
            pour=line("pour"),
            classes=line("classes"),
            lieu=line("lieu"),
            lien=whole_link(line("lien")),
        )

    def read(self, item: DatedItem, academies: Academies) -> DatedItem | None:
        """Return *item* with the values of the form, or None with the problems noted by field."""
        if not self.titre:
            self.problems["titre"] = "Indiquez un titre."
        elif len(self.titre) > _TITLE:
            self.problems["titre"] = f"Ce titre est trop long : {_TITLE} signes au plus."
        if self.nature not in NATURES:
            self.problems["nature"] = "Choisissez ce qui se passe à cette date."
            return None
        kind, step, _ = NATURES[self.nature]
        first, last = self._day("premier_jour"), self._day("dernier_jour")
        start, end = self._hour("debut"), self._hour("fin")
        if kind is ItemKind.DEADLINE:
            start = None
            first = first if self.approximatif else None
            if not last and "dernier_jour" not in self.problems:
                self.problems["dernier_jour"] = "Une date limite a un dernier jour."
        elif not (first or last) and not self.problems.keys() & {"premier_jour", "dernier_jour"}:
            self.problems["premier_jour"] = "Indiquez au moins un jour."
        if first and last and last < first:
            self.problems["dernier_jour"] = "Le dernier jour vient avant le premier."
        if start and end and (first or last) == (last or first) and end < start:
            self.problems["fin"] = "La fin vient avant le début."
        slugs, codes = self._places(academies)
        classes = self._classes()
        if self.lien and not re.fullmatch(r"https?://[^\s<>\"\\]+", self.lien):
            self.problems["lien"] = "Une adresse commence par http:// ou https://."
        if self.problems:
            return None
        return replace(
            item,
            title=self.titre,
            kind=kind,
            step=step,
            first_day=first,
            last_day=last,
            start_time=start,
            end_time=end,
            certainty=Certainty.APPROXIMATE if self.approximatif else Certainty.DAY,
            academies=slugs,
            departments=codes,
            classes=classes,
            place=self.lieu or None,
            url=self.lien or None,
            warnings=(),
            reasons=(),
        )

    def _day(self, name: str) -> date | None:
        text = getattr(self, name)
        if not text:
            return None
        day = read_day(text)
        if day is None:
            self.problems[name] = f"Écrivez un jour, par exemple {EXAMPLE}."
        return day

    def _hour(self, name: str) -> time | None:
        text = getattr(self, name)
        if not text:
            return None
        hour = read_hour(text)
        if hour is None:
            self.problems[name] = "Écrivez une heure, par exemple 14:30."
        return hour

    def _places(self, academies: Academies) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the slugs of the académies (those of the départements too) and the codes of the
        départements."""
        codes = self.read_field("pour", lambda: read_scope(self.pour, academies))
        names = [code.partition("/")[::2] for code in sorted(codes or ())]
        if any(kind == "region" for kind, _ in names):
            self.problems["pour"] = "Écrivez les académies de la région une à une."
        departments = tuple(name for kind, name in names if kind == "departement")
        slugs = [name for kind, name in names if kind == "academie"]
        slugs += [academies.of_department(code).slug for code in departments]
        return tuple(dict.fromkeys(slugs)), departments

    def _classes(self) -> tuple[str, ...]:
        return self.read_field("classes", lambda: read_classes(self.classes)) or ()


def _nature(item: DatedItem) -> tuple[ItemKind, Step | None]:
    if item.kind is ItemKind.EVENT:
        return item.kind, None
    return item.kind, item.step or Step.UNKNOWN
