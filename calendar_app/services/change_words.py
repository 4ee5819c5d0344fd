"""What changed of an event, in the words of its page."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from calendar_app.domain import levels
from calendar_app.domain.french import hour_words, list_words, span_words
from calendar_app.domain.vocabulary import (
    Audience,
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
    "school_year": "année scolaire",
    "scope": "pour qui",
    "series": "série",
    "source.link": "adresse de la source",
    "source.name": "source",
    "summary": "résumé",
    "themes": "thèmes",
    "title": "titre",
    "type": "nature",
    # Of a draft.
    "answer": "réponse",
    "corrected": "corrigé à la main",
    "event_id": "événement",
    "first_day": "premier jour",
    "kind": "nature",
    "last_day": "dernier jour",
    "state": "état",
    "step": "étape",
}
_WORDS = {
    member.value: member.words
    for values in (EventType, Audience, Registrant, Sending, PupilData)
    for member in values
}
_SCOPES = {"regions": "région", "academies": "académie", "departments": "département"}


def part_name(name: str) -> str:
    """Return what a part of an event is called: « milestones.deadline » is « date limite »."""
    if name.startswith("milestones."):
        key = name.partition(".")[2]
        kind = next((k for k in MilestoneKind if key == k or key.startswith(f"{k}-")), None)
        return f"date « {kind.words.lower() if kind else key} »"
    return _NAMES.get(name, name)


def value_words(value: Any) -> str:
    """Return the value of a part in words; « non précisé » for none."""
    if value in (None, "", [], {}):
        return "non précisé"
    if value in ("true", "false"):
        return "oui" if value == "true" else "non"
    if isinstance(value, list):
        return list_words(_one(item) for item in value)
    if isinstance(value, dict) and "kind" in value and "offset" not in value:
        return _date(value)
    if isinstance(value, dict) and "kind" in value:
        return str(value.get("phrase") or value.get("title"))
    if isinstance(value, dict):
        parts = (f"{_SCOPES.get(n, n)} {list_words(map(str, v))}" for n, v in value.items())
        return list_words(parts)
    return _one(value)


def _one(value: Any) -> str:
    text = str(value)
    if text in levels.CLASSES or text in levels.GROUPS:
        return levels.name(text)
    return _WORDS.get(text, text)


def _date(value: dict[str, Any]) -> str:
    first = date.fromisoformat(value.get("day") or value["first_day"])
    last = date.fromisoformat(value.get("day") or value["last_day"])
    words = span_words(first, last)
    hours = [
        hour_words(time.fromisoformat(value[n])) for n in ("start_time", "end_time") if value.get(n)
    ]
    if hours:
        words += f", {' – '.join(hours)}"
    notes = {"label": "{}", "place": "à {}", "moved_from": "déplacée", "cancelled": "annulée"}
    for name, said in notes.items():
        if value.get(name):
            words += f", {said.format(value[name])}"
    return words
