"""French words for the changes to an event, a draft or a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.queries import Reference
from calendar_app.catalogue.versions import differences
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeSubject
from calendar_app.editing.rules.draft_states import DraftState, Proposal
from calendar_app.feeds.wording import scope_words
from calendar_app.letters.dated_items import ItemKind, ItemStatus, Step
from calendar_app.school import levels
from calendar_app.school.academies import NATIONAL
from calendar_app.store.base import AnySession
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.french import day_words, hour_words, list_words, span_words
from calendar_app.words.text import small_initial
from calendar_app.words.vocabulary import (
    UNSAID,
    Audience,
    Certainty,
    EventType,
    MilestoneKind,
    PupilData,
    Registrant,
    Sending,
)

_NAMES = {
    "archived": "retiré du calendrier",
    "audience": "qui participe",
    "cancelled": "annulé",
    "classes": "classes",
    "full": "complet",
    "link": "lien officiel",
    "organiser": "organisateur",
    "part_of": "fait partie de",
    "participation.cost": "coût",
    "participation.ien_visa": "visa de l'IEN",
    "participation.places": "places",
    "participation.pupil_data": "données des élèves",
    "participation.registrants": "qui inscrit la classe",
    "participation.sending": "envoi des productions",
    "participation.where": "où s'inscrire",
    "participation.where_link": "adresse où s'inscrire",
    "place": "lieu",
    "reason": "raison du changement",
    "school_year": "année scolaire",
    "scope": "pour qui",
    "series": "série",
    "source.link": "adresse de la source",
    "source.name": "source",
    "summary": "résumé",
    "themes": "thèmes",
    "title": "titre",
    "type": "nature",
    # Parts of a draft.
    "answer": "réponse",
    "certainty": "précision de la date",
    "end_time": "heure de fin",
    "event_id": "événement",
    "first_day": "premier jour",
    "kind": "nature",
    "last_day": "dernier jour",
    "proposal": "proposition",
    "start_time": "heure de début",
    "state": "état",
    "status": "ce que dit l'annonce",
    "step": "étape",
    "url": "lien officiel",
    # Parts of a series.
    "ended": "ne revient plus",
    # Parts of a source.
    "address": "adresse",
    "name": "nom",
    "paused": "en pause",
}
#: Parts that are true or false: a missing value is « non ».
_FLAGS = frozenset(("archived", "cancelled", "ended", "full", "paused"))
_DAY_NAMES = frozenset(("first_day", "last_day"))
_HOUR_NAMES = frozenset(("start_time", "end_time"))

#: Part → the enumeration of its values.
_VOCABULARIES: dict[str, Any] = {
    "audience": Audience,
    "participation.pupil_data": PupilData,
    "participation.registrants": Registrant,
    "participation.sending": Sending,
    "proposal": Proposal,
    "state": DraftState,
    "status": ItemStatus,
    "step": Step,
    "type": EventType,
    "kind": ItemKind,
}
_CERTAINTIES = {Certainty.DAY.value: "un jour", Certainty.APPROXIMATE.value: "approximative"}

#: The facts of a draft that are shown; the other facts only serve to restore the draft.
_OF_A_DRAFT = (
    "state proposal event_id title kind step first_day last_day certainty status answer".split()
)
#: The values of an item, as read or corrected, that are shown and are no facts of the draft.
_OF_AN_ITEM = "start_time end_time place classes url".split()


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """One changed part: its name, and its values before and after, in French words."""

    what: str
    before: str
    after: str


def changed_parts(session: AnySession, changes: Sequence[Change]) -> list[tuple[ChangedPart, ...]]:
    """Return the changed parts of each change, in the order of the changes."""
    reference = queries.reference(session)
    of_drafts = {int(c.subject_id) for c in changes if c.subject is ChangeSubject.DRAFT}
    items: dict[int, Any] = {}
    if of_drafts:
        query = select(Draft.id, Draft.item).where(Draft.id.in_(of_drafts))
        items = dict(session.execute(query).tuples().all())
    return [
        tuple(
            ChangedPart(
                part_name(difference.name),
                value_words(difference.name, difference.before, reference),
                value_words(difference.name, difference.after, reference),
            )
            for difference in differences(*_two_versions(change, items))
        )
        for change in changes
    ]


def prepared_words(session: AnySession, draft: Draft) -> tuple[ChangedPart, ...]:
    """Return the parts of an event that a draft prepared by an editor would change."""
    reference = queries.reference(session)
    return tuple(
        ChangedPart(
            part_name(difference.name),
            value_words(difference.name, difference.before, reference),
            value_words(difference.name, difference.after, reference),
        )
        for difference in differences(draft.base or {}, draft.entry or {})
        if difference.name not in ("id", "series")
    )


def part_name(name: str) -> str:
    """Return the French name of a part: « date limite » for ``milestones.deadline``. A part without
    a French name keeps its own."""
    if name.startswith("milestones."):
        key = name.partition(".")[2]
        kind = next((k for k in MilestoneKind if key == k or key.startswith(f"{k}-")), None)
        if kind is None:
            return f"date « {key} »"
        rest = key.removeprefix(kind).lstrip("-")
        return small_initial(kind.words) + (f" ({rest})" if rest else "")
    return _NAMES.get(name, name)


def value_words(name: str, value: Any, reference: Reference) -> str:
    """Return the value of a part in French words; « non précisé » (« non » for a flag) if empty.

    A value that the reference data no longer has is returned as it was written.
    """
    if value in (None, "", [], {}):
        return "non" if name in _FLAGS else UNSAID
    if name.startswith("milestones."):
        return _date(value, reference)
    if name == "scope":
        return _scope(value, reference)
    if isinstance(value, list):
        return list_words(_one(name, str(item), reference) for item in value)
    return _one(name, str(value), reference)


def _one(name: str, text: str, reference: Reference) -> str:
    if name in _VOCABULARIES:
        vocabulary = _VOCABULARIES[name]
        return str(vocabulary(text).words) if text in set(vocabulary) else text
    if name == "classes" and (text in levels.CLASSES or text in levels.GROUPS):
        return levels.name(text)
    if name == "themes":
        return reference.themes.get(text, text)
    if name == "certainty":
        return _CERTAINTIES.get(text, text)
    if name in _DAY_NAMES:
        return day_words(date.fromisoformat(text))
    if name in _HOUR_NAMES:
        return hour_words(time.fromisoformat(text))
    return {"true": "oui", "false": "non"}.get(text, text)


def _scope(value: Any, reference: Reference) -> str:
    """Return French words for a scope in the form of ``events.yaml``."""
    if value == NATIONAL:
        return NATIONAL
    kinds = {"regions": "region", "academies": "academie", "departments": "departement"}
    codes = [f"{kinds.get(kind, kind)}/{name}" for kind, names in value.items() for name in names]
    try:
        return scope_words(codes, reference.academies)
    except (UnknownValueError, KeyError):
        return list_words(code.partition("/")[2] for code in codes)


def _date(value: Mapping[str, Any], reference: Reference) -> str:
    first = date.fromisoformat(value.get("day") or value["first_day"])
    last = date.fromisoformat(value.get("day") or value["last_day"])
    words = value.get("phrase") or span_words(first, last)
    hours = [
        hour_words(time.fromisoformat(value[n])) for n in ("start_time", "end_time") if value.get(n)
    ]
    if hours:
        words += f", {' – '.join(hours)}"
    notes = {"label": "{}", "place": "à {}", "moved_from": "déplacée", "cancelled": "annulée"}
    for name, said in notes.items():
        if value.get(name):
            words += f", {said.format(value[name])}"
    if value.get("scope"):
        words += f", {_scope(value['scope'], reference)}"
    return str(words)


def _two_versions(
    change: Change, items: Mapping[int, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    before, after = change.before or {}, change.after or {}
    if change.subject is not ChangeSubject.DRAFT:
        return before, after
    read = items.get(int(change.subject_id)) or {}
    return _draft_parts(before, read), _draft_parts(after, read)


def _draft_parts(facts: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    item = facts.get("corrected") or read
    parts = {name: facts[name] for name in _OF_A_DRAFT if name in facts}
    parts |= {name: item[name] for name in _OF_AN_ITEM if item.get(name)}
    scope = {name: item[name] for name in ("academies", "departments") if item.get(name)}
    return parts | ({"scope": scope} if scope else {"scope": NATIONAL} if item else {})
