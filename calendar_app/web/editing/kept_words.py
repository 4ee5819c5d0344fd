"""A form that is given back after the log-in, in words: the button there sends all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from calendar_app.web.editing.draft_form import NATURES
from calendar_app.web.editing.kept_forms import KeptForm
from calendar_app.web.page import page
from calendar_app.words.vocabulary import (
    Audience,
    EventType,
    MilestoneKind,
    PupilData,
    Registrant,
    Sending,
)

#: The labels of the fields in which an editor writes or chooses, by field name. For a date of an
#: event, the name is the part after « date-2- ».
_FIELDS = {
    "action": "Ce que vous demandiez",
    "titre": "Titre",
    "resume": "En une ou deux phrases",
    "type": "Nature",
    "nature": "Ce qui se passe",
    "annee": "Année scolaire",
    "organisateur": "Qui organise",
    "lieu": "Lieu",
    "lien": "Lien officiel",
    "public": "Qui participe",
    "pour": "Pour qui",
    "classes": "Classes et cycles",
    "themes": "Thèmes",
    "premier": "Jour, ou premier jour",
    "premier_jour": "Premier jour",
    "dernier": "Dernier jour",
    "dernier_jour": "Dernier jour",
    "debut": "Heure de début",
    "fin": "Heure de fin, ou heure limite",
    "environ": "Date approximative",
    "approximatif": "Date approximative",
    "libelle": "Nom propre de la date",
    "deplacee": "Annoncer que la date a changé",
    "annulee": "Date annulée",
    "retirer": "Retirer cette date",
    "annule": "Événement annulé",
    "complet": "Événement complet",
    "archive": "Événement retiré du calendrier",
    "inscrit": "Qui inscrit la classe",
    "visa": "Visa de l'IEN",
    "inscription_ou": "Où s'inscrire",
    "inscription_lien": "Adresse où s'inscrire",
    "cout": "Coût",
    "places": "Places",
    "envoi": "Envoi des productions",
    "donnees": "Données des élèves",
    "source": "Document où l'annonce a été lue",
    "source_lien": "Adresse de ce document",
    "partie_de": "Fait partie de",
    "pourquoi": "Pourquoi ce changement",
    "texte": "Texte de la lettre",
    "envoyee": "Envoyée le",
    "reponse": "Réponse",
    "nom": "Nom",
    "adresse": "Adresse",
}

#: The words for the values of a choice: field → value → French words.
_CHOICES: dict[str, dict[str, str]] = {
    "action": {
        "publier": "publier",
        "proposer": "proposer à la publication",
        "ajouter": "ajouter une date au formulaire",
        "apercu": "voir l'aperçu",
    },
    "type": {m.value: m.words for m in EventType},
    "nature": {m.value: m.words for m in MilestoneKind}
    | {value: words for value, (_, _, words) in NATURES.items()},
    "public": {m.value: m.words for m in Audience},
    "inscrit": {m.value: m.words for m in Registrant},
    "envoi": {m.value: m.words for m in Sending},
    "donnees": {m.value: m.words for m in PupilData},
    "visa": {"true": "demandé", "false": "pas demandé"},
}

_OF_DATE = re.compile(r"date-([0-9]{1,3})-(\w+)")


def form_lines(kept: KeptForm) -> Iterator[tuple[str, str]]:
    """Yield (label, value in words) for each field of a form that is not empty, uncut."""
    themes = page().reference.themes
    for name, text in kept.fields:
        date_ = _OF_DATE.fullmatch(name)
        field = date_[2] if date_ else name
        if field not in _FIELDS or not text.strip():
            continue
        words = (themes if field == "themes" else _CHOICES.get(field, {})).get(text, text)
        yield (f"Date {int(date_[1]) + 1} – {_FIELDS[field]}" if date_ else _FIELDS[field]), words
