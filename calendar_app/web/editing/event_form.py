"""An event as a form: the fields are kept as they were typed, and read like ``events.yaml``.

The rules are those of ``catalogue.entries``; the messages use the words of the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from werkzeug.datastructures import MultiDict

from calendar_app.catalogue.entries import Written
from calendar_app.catalogue.entry_rows import scope_entry
from calendar_app.school import levels
from calendar_app.school.academies import Academies
from calendar_app.web.editing.form_words import in_words_of_the_form
from calendar_app.web.editing.typed_lists import class_text, read_classes, read_scope, scope_text
from calendar_app.web.forms import TypedForm
from calendar_app.web.typed_days import iso_day, iso_hour
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.links import whole_link
from calendar_app.words.text import capital_initial, clean, clean_line, slugify
from calendar_app.words.vocabulary import EventType, MilestoneKind

#: Text fields: name in the form → place in an entry.
TEXTS = {
    "titre": "title",
    "organisateur": "organiser",
    "lien": "link",
    "lieu": "place",
    "resume": "summary",
    "raison": "reason",
    "partie_de": "part_of",
    "source": "source.name",
    "source_lien": "source.link",
    "inscription_ou": "participation.where",
    "inscription_lien": "participation.where_link",
    "cout": "participation.cost",
    "places": "participation.places",
}
#: Lists of check boxes: name in the form → place in an entry.
BOXES = {
    "public": "audience",
    "themes": "themes",
    "inscrit": "participation.registrants",
    "envoi": "participation.sending",
    "donnees": "participation.pupil_data",
}
_REQUIRED = {
    "titre": "Indiquez un titre.",
    "resume": "Indiquez en une ou deux phrases de quoi il s'agit.",
    "organisateur": "Indiquez qui organise (ou « non précisé »).",
    "source": "Indiquez où l'annonce a été lue.",
}
_FIELD_OF = {where: name for name, where in (TEXTS | BOXES).items()} | {
    "type": "type",
    "scope": "pour",
    "classes": "classes",
    "school_year": "annee",
    "id": "annee",
    "series": "titre",
    "source": "source",
    "participation.ien_visa": "visa",
}
_FIELD_OF_DATE = {
    "kind": "nature",
    "day": "premier",
    "first_day": "premier",
    "last_day": "dernier",
    "start_time": "debut",
    "end_time": "fin",
    "phrase": "environ",
    "certainty": "environ",
    "label": "libelle",
    "place": "lieu",
    "scope": "pour",
}
_ROW = re.compile(r"date-(\d{1,3})-(\w+)")
_LONGEST = {"resume": 4000, "lien": 2000, "source_lien": 2000, "inscription_lien": 2000}
_MOST_ROWS = 60


@dataclass
class DateRow:
    """One date of the form, as it was typed.

    :param cle: the key of a date that the event already has; a key never changes.
    :param avant: the first and last day before the date was moved (« 2021-02-11/2021-02-11 »).
    :param fuseau: the date's own IANA time zone, which has no visible field.
    :param deplacee: « oui » when a changed day is a move, « non » when the old day was a mistake.
    """

    cle: str = ""
    nature: str = ""
    premier: str = ""
    dernier: str = ""
    debut: str = ""
    fin: str = ""
    environ: str = ""
    libelle: str = ""
    lieu: str = ""
    pour: str = ""
    fuseau: str = ""
    annulee: bool = False
    retirer: bool = False
    deplacee: str = "oui"
    avant: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.cle or self.nature or self.premier or self.dernier)


#: The readers of days and hours, which may be typed in the French form.
_AS_TYPED = {"premier": iso_day, "dernier": iso_day, "debut": iso_hour, "fin": iso_hour}
#: The fields of a row that a request may set.
_ROW_FIELDS = frozenset(f.name for f in fields(DateRow))


@dataclass
class EventForm(TypedForm):
    """An event as it was typed; the names are those of the form's fields.

    :param event_id: the id of an event that exists; None for a new event.
    """

    event_id: str | None = None
    serie: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    type: str = EventType.CONTEST.value
    annee: str = ""
    pour: str = ""
    classes: str = ""
    visa: str = ""
    complet: bool = False
    annule: bool = False
    archive: bool = False
    dates: list[DateRow] = field(default_factory=list)
    #: The indexes of the rows that were read as dates, in the order of the dates.
    read_rows: list[int] = field(default_factory=list)

    @classmethod
    def of_entry(cls, entry: Written, academies: Academies, event_id: str | None) -> EventForm:
        """Return the form filled in with a written event."""
        return cls(
            event_id=event_id,
            serie=entry.get("series", ""),
            texts={name: _at(entry, where) or "" for name, where in TEXTS.items()},
            boxes={name: list(_at(entry, where) or ()) for name, where in BOXES.items()},
            type=entry.get("type", ""),
            annee=entry.get("school_year", ""),
            pour=_scope_text(entry.get("scope"), academies),
            classes=class_text(entry.get("classes", ())),
            visa=_at(entry, "participation.ien_visa") or "",
            complet=entry.get("full") == "true",
            annule=entry.get("cancelled") == "true",
            archive=entry.get("archived") == "true",
            dates=[_row(m, academies) for m in entry.get("milestones", ())],
        )

    @classmethod
    def posted(cls, form: MultiDict[str, str], event_id: str | None) -> EventForm:
        """Read the form of a request."""
        found = cls(event_id=event_id, serie=clean_line(form.get("serie", ""))[:120])
        for name in TEXTS:
            given = form.get(name, "")
            text = clean(given).strip() if name == "resume" else clean_line(given)
            is_link = name.endswith("lien")
            found.texts[name] = (whole_link(text) if is_link else text)[: _LONGEST.get(name, 400)]
        for name in BOXES:
            found.boxes[name] = [clean_line(value)[:120] for value in form.getlist(name)]
        for name in ("type", "annee", "pour", "classes", "visa"):
            setattr(found, name, clean_line(form.get(name, ""))[:400])
        found.complet, found.annule = "complet" in form, "annule" in form
        found.archive = "archive" in form
        rows: dict[int, DateRow] = {}
        for name, value in form.items():
            if (match := _ROW.fullmatch(name)) and len(rows) < _MOST_ROWS:
                row = rows.setdefault(int(match[1]), DateRow())
                if match[2] in ("annulee", "retirer"):
                    setattr(row, match[2], True)
                elif match[2] in _ROW_FIELDS:
                    typed = clean_line(value)[:400]
                    setattr(row, match[2], _AS_TYPED.get(match[2], str)(typed))
        found.dates = [rows[number] for number in sorted(rows)]
        return found

    @property
    def takes_part(self) -> bool:
        """Whether the form says anything about how to take part."""
        texts = ("inscription_ou", "inscription_lien", "cout", "places")
        lists = ("inscrit", "envoi", "donnees")
        return bool(
            self.visa
            or any(self.texts.get(name) for name in texts)
            or any(self.boxes.get(name) for name in lists)
        )

    def read(self, academies: Academies) -> Written:
        """Return the event as a written entry, and note the problems by field. A value with a
        problem stays as it was typed, or is left out."""
        entry: Written = {"type": self.type, "school_year": self.annee}
        for name, words in _REQUIRED.items():
            if not self.texts.get(name):
                self.problems[name] = words
        for name, where in TEXTS.items():
            _put(entry, where, self.texts.get(name))
        for name, where in BOXES.items():
            _put(entry, where, self.boxes.get(name))
        if not self.boxes.get("public"):
            self.problems["public"] = "Cochez qui participe."
        _put(entry, "participation.ien_visa", self.visa)
        for name, given in (
            ("full", self.complet),
            ("cancelled", self.annule),
            ("archived", self.archive),
        ):
            _put(entry, name, "true" if given else None)
        if scope := self._scope(self.pour, "pour", academies):
            entry["scope"] = scope
        elif "pour" not in self.problems:
            self.problems["pour"] = (
                "Indiquez pour qui : national, ou des académies, des départements."
            )
        classes = self.read_field("classes", lambda: read_classes(self.classes))
        _put(entry, "classes", list(levels.collapse(classes or ())))
        if not re.fullmatch(r"\d{4}-\d{4}", self.annee, re.ASCII):
            self.problems["annee"] = "Écrivez l'année scolaire, par exemple 2020-2021."
        series = self.serie or slugify(self.texts.get("titre", ""))[:80].strip("-") or "evenement"
        entry |= {"series": series, "id": self.event_id or f"{series}-{self.annee}"}
        if milestones := list(self._milestones(academies)):
            entry["milestones"] = milestones
        return entry

    def scope(self, academies: Academies) -> frozenset[str]:
        """Return the scope codes of the event; none when they cannot be read."""
        try:
            return read_scope(self.pour, academies)
        except UnknownValueError:
            return frozenset()

    def note(self, problems: Mapping[str, str]) -> None:
        """Note the problems of an ``EntryError`` at the fields of the form, in the form's words."""
        for where, message in problems.items():
            message = in_words_of_the_form(message)
            parts = where.split(".")
            if parts[0] == "milestones" and len(parts) > 1 and parts[1].isdecimal():
                number = self.read_rows[int(parts[1])]
                name = _FIELD_OF_DATE.get(parts[2] if len(parts) > 2 else "kind", "nature")
                name = f"date-{number}-{name}"
            else:
                name = _FIELD_OF.get(where) or _FIELD_OF.get(parts[0]) or "titre"
            self.problems.setdefault(name, f"{capital_initial(message)}.")

    def note_not_theirs(self, parts: Sequence[str], where: str) -> None:
        """Note the fields with changes that the editor may not publish.

        :param parts: names of facts (``catalogue.facts``).
        :param where: the editor's own scope, in French.
        """
        rows = {row.cle: number for number, row in enumerate(self.dates)}
        for part in parts:
            group, _, key = part.partition(".")
            if part == "scope":
                name = "pour"
                said = f"Votre périmètre : {where}. Écrivez-le ici, ou proposez l'événement."
            elif group == "milestones":
                number = rows.get(key, next((n for k, n in rows.items() if not k), 0))
                name = f"date-{number}-pour"
                said = (
                    f"Votre périmètre : {where}. Indiquez ici que cette date est la vôtre, ou "
                    "proposez le changement."
                )
            else:
                name = _FIELD_OF.get(part) or _FIELD_OF.get(group) or "titre"
                said = "Cette partie n'est pas de votre périmètre : proposez ce changement."
            self.problems.setdefault(name, said)

    def _milestones(self, academies: Academies) -> Iterator[Written]:
        taken = {row.cle for row in self.dates if row.cle}
        self.read_rows = []
        for number, row in enumerate(self.dates):
            if _left_out(row):
                continue
            at = f"date-{number}"
            if row.nature not in set(MilestoneKind):
                self.problems[f"{at}-nature"] = "Indiquez ce qui se passe ce jour-là."
                continue
            first, last = row.premier or row.dernier, row.dernier or row.premier
            is_new_deadline = MilestoneKind(row.nature).is_deadline and not row.cle
            if is_new_deadline and first != last and not row.environ:
                self.problems[f"{at}-dernier"] = (
                    "Une date limite n'a qu'un jour : videz un de ces deux champs, ou choisissez "
                    "autre chose qu'une date limite."
                )
                continue
            if not first:
                self.problems[f"{at}-premier"] = "Indiquez le jour, ou retirez cette date."
                continue
            self.read_rows.append(number)
            milestone: Written = {"kind": row.nature, "key": row.cle or _new_key(row.nature, taken)}
            if row.environ:
                milestone |= {"certainty": "approximate", "phrase": row.environ}
            if first == last and not row.environ:
                milestone["day"] = first
            else:
                milestone |= {"first_day": first, "last_day": last}
            for name, value in (
                ("start_time", row.debut),
                ("end_time", row.fin),
                ("label", row.libelle),
                ("place", row.lieu),
                ("time_zone", row.fuseau),
                ("cancelled", "true" if row.annulee else ""),
                ("scope", self._scope(row.pour, f"{at}-pour", academies)),
            ):
                _put(milestone, name, value)
            before = row.avant.split("/")
            if len(before) == 2 and before != [first, last]:
                milestone["moved_from"] = {"first_day": before[0], "last_day": before[1]}
            yield milestone

    def _scope(self, text: str, name: str, academies: Academies) -> Written | str | None:
        codes = self.read_field(name, lambda: read_scope(text, academies))
        return _written_scope(codes) if codes else None


def _left_out(row: DateRow) -> bool:
    return row.retirer or row.is_blank


def _new_key(kind: str, taken: set[str]) -> str:
    key, number = kind, 1
    while key in taken:
        number += 1
        key = f"{kind}-{number}"
    taken.add(key)
    return key


def _at(entry: Written, where: str) -> Any:
    part, _, name = where.rpartition(".")
    return (entry.get(part, {}) if part else entry).get(name)


def _put(entry: Written, where: str, value: object) -> None:
    if value in (None, "", []):
        return
    part, _, name = where.rpartition(".")
    (entry.setdefault(part, {}) if part else entry)[name] = value


def _written_scope(codes: frozenset[str]) -> Written | str:
    names = scope_entry(codes)
    if names.national:
        return "national"
    lists = {
        "regions": list(names.regions),
        "academies": list(names.academies),
        "departments": list(names.departments),
    }
    return {name: values for name, values in lists.items() if values}


def _scope_text(scope: object, academies: Academies) -> str:
    if not isinstance(scope, dict):
        return str(scope or "")
    kinds = (("regions", "region"), ("academies", "academie"), ("departments", "departement"))
    codes = [f"{kind}/{value}" for name, kind in kinds for value in scope.get(name, ())]
    return scope_text(codes, academies)


def _row(milestone: Written, academies: Academies) -> DateRow:
    day, moved = milestone.get("day"), milestone.get("moved_from")
    return DateRow(
        cle=milestone.get("key") or milestone["kind"],
        nature=milestone["kind"],
        premier=day or milestone.get("first_day", ""),
        dernier="" if day else milestone.get("last_day", ""),
        debut=milestone.get("start_time", ""),
        fin=milestone.get("end_time", ""),
        environ=milestone.get("phrase", ""),
        libelle=milestone.get("label", ""),
        lieu=milestone.get("place", ""),
        pour=_scope_text(milestone.get("scope"), academies),
        fuseau=milestone.get("time_zone", ""),
        annulee=milestone.get("cancelled") == "true",
        avant=f"{moved['first_day']}/{moved['last_day']}" if moved else "",
    )
