"""The data that is kept about a subscriber, in words: the answer to a request for access (RGPD,
articles 12.1 and 15), beside the file that ``reminders.personal_data.export`` gives.

Every key of that export has a label here, and every state has words;
``tests/web/subscription/test_personal_copy.py`` finds what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from calendar_app.catalogue.queries import Reference
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.reminders.rules.deliveries import (
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
    News,
    ReminderState,
    SubscriberState,
)
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.school import levels
from calendar_app.school.leads import Lead
from calendar_app.school.local_time import PARIS
from calendar_app.words.french import day_words, hour_words, list_words

LABELS = {
    "adresse": "Adresse de courriel",
    "nouvelle_adresse": "Nouvelle adresse, à confirmer",
    "etat": "État",
    "etat_depuis": "Dans cet état depuis le",
    "academie": "Académie",
    "etablissement": "Où vous enseignez",
    "classes": "Classes",
    "themes": "Thèmes",
    "delais": "Quand vous voulez un rappel",
    "tous_les_concours": "Tous les concours qui conviennent à votre classe",
    "point_de_la_semaine": "Le point de la semaine",
    "choix_depuis": "Choix en vigueur depuis le",
    "inscription": "Première demande",
    "confirmation": "Confirmation",
    "dernier_signe": "Votre dernier clic",
    "dernier_code_le": "Dernier code envoyé",
    "consentement": "Votre accord",
    "texte": "Texte",
    "le": "Le",
    "par": "Par",
    "agenda_personnel": "Mon agenda personnel",
    "adresse_donnee_le": "Son adresse donnée le",
    "change_le": "Changé par vous le",
    "nombre_de_changements": "Nombre de vos changements",
    "vacances_scolaires": "Avec les vacances scolaires",
    "evenements": "Événements que vous suivez",
    "id": "Nom dans les adresses du site",
    "titre": "Titre",
    "me_prevenir": "Rappels demandés",
    "depuis": "Depuis le",
    "inscrits_le": "Classe inscrite",
    "envoye_le": "Travail envoyé",
    "pas_cette_annee_le": "Pas cette année",
    "ne_plus_prevenir_le": "Plus de rappel demandé le",
    "l_an_prochain": "Prévenir de la prochaine édition",
    "rappels": "Rappels prévus ou envoyés",
    "evenement": "Événement",
    "date": "Date rappelée",
    "delai": "Délai",
    "prevu_le": "Prévu le",
    "motif": "Raison",
    "propositions": "Ce que vous avez proposé",
    "courriels": "Courriels",
    "sorte": "Sorte",
    "jour": "Jour",
    "rang_du_jour": "Rang ce jour-là",
    "demande_le": "Demandé le",
    "a_envoyer_le": "À envoyer le",
    "au_plus_tard_le": "Au plus tard le",
    "fini_le": "Fini le",
    "nombre_d_essais": "Nombre d'essais",
    "nombre_de_doutes": "Nombre de fois en doute",
    "gardes_pour_un_second_envoi": "Gardé pour un second envoi",
    "essais": "Essais d'envoi",
    "dates_annoncees": "Dates annoncées",
    "prochaine_edition_de": "Rappels demandés, de",
    "issue": "Issue",
    "etape": "Étape",
    "code": "Code du serveur",
    "reponse": "Réponse du serveur",
}

#: The words for the values of closed lists, by the key or the part of the export.
STATES: dict[str, Mapping[str, str]] = {
    "abonnement": {
        SubscriberState.UNCONFIRMED: "à confirmer",
        SubscriberState.ACTIVE: "rappels en cours",
        SubscriberState.PAUSED: "en pause",
        SubscriberState.UNSUBSCRIBED: "rappels arrêtés",
        SubscriberState.REFUSED: "l'adresse refuse nos courriels",
    },
    "rappels": {
        ReminderState.PLANNED: "prévu",
        ReminderState.SENT: "envoyé",
        ReminderState.SUPERSEDED: "remplacé par un rappel plus pressant",
        ReminderState.CANCELLED: "annulé",
        ReminderState.EXPIRED: "trop tard pour partir",
    },
    "courriels": {
        DeliveryState.PENDING: "en attente",
        DeliveryState.CLAIMED: "en cours d'envoi",
        DeliveryState.IN_DOUBT: "en doute (le serveur n'a pas répondu)",
        DeliveryState.SENT: "envoyé",
        DeliveryState.FAILED: "refusé",
        DeliveryState.PARKED: "mis de côté (envoi incertain)",
        DeliveryState.EXPIRED: "trop tard pour partir",
        DeliveryState.CANCELLED: "annulé",
    },
    "propositions": {state: state.words for state in DraftState},
    "sorte": {
        DeliveryKind.CONFIRMATION: "demande de confirmation",
        DeliveryKind.LINK: "votre lien",
        DeliveryKind.NEW_ADDRESS: "confirmation de la nouvelle adresse",
        DeliveryKind.REMINDER: "rappel",
        DeliveryKind.WEEKLY: "le point de la semaine",
        DeliveryKind.MOVED: "date changée",
        DeliveryKind.CANCELLED: "date annulée",
        DeliveryKind.RENTREE: "courriel de rentrée",
        DeliveryKind.GOODBYE: "fin des rappels",
        DeliveryKind.PASSWORD: "mot de passe",
        DeliveryKind.SUGGESTION: "réponse à une proposition",
        DeliveryKind.LETTER: "réponse à l'envoi d'une lettre",
        DeliveryKind.AGENDA: "agenda suivi, à regarder",
    },
    "issue": {
        AttemptOutcome.IN_DOUBT: "en doute (le serveur n'a pas répondu)",
        AttemptOutcome.SENT: "accepté par le serveur",
        AttemptOutcome.DEFERRED: "refusé pour le moment",
        AttemptOutcome.REFUSED: "refusé pour de bon",
        AttemptOutcome.STOPPED: "arrêté avant l'envoi",
    },
    "etablissement": {kind: kind.words for kind in SchoolKind},
    "par": {"lien": "le lien du courriel", "code": "le code du courriel"},
    "delai": {
        News.MOVED: "quand la date change",
        News.CANCELLED: "quand la date est annulée",
        News.RESTORED: "quand la date est rétablie",
    },
    "etape": {
        "gate": "avant l'envoi",
        "connect": "connexion",
        "greeting": "accueil du serveur",
        "ehlo": "présentation",
        "starttls": "chiffrement",
        "auth": "identification",
        "mail": "expéditeur",
        "rcpt": "destinataire",
        "data": "avant le texte",
        "body": "texte",
    },
}

_INSTANTS = ("inscription", "confirmation", "fini_le", "envoye_le", "dernier_signe")


@dataclass(frozen=True, slots=True)
class Line:
    """One value: its label and its words."""

    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the copy: its lines, and the parts within it.

    :param title: the name of the part; for an item of a list, the subject of the item.
    """

    title: str
    lines: tuple[Line, ...]
    parts: tuple[Part, ...]


def in_words(data: Mapping[str, Any], reference: Reference) -> Part:
    """Return an export as a page shows it: all of it but empty values, with instants in Paris time.

    :param data: the result of ``reminders.personal_data.export``.
    """
    return _part("Vous", data, "abonnement", reference)


def _part(title: str, data: Mapping[str, Any], inside: str, reference: Reference) -> Part:
    lines, parts = [], []
    for key, value in data.items():
        label = LABELS[key]
        if value is None or value == "":
            continue
        if isinstance(value, Mapping):
            parts.append(_part(label, value, key, reference))
        elif _is_list_of_parts(value):
            each = (_part(_title(item), item, key, reference) for item in value)
            parts.append(Part(label, (), tuple(each)))
        else:
            lines.append(Line(label, _words(key, value, inside, reference)))
    return Part(title, tuple(lines), tuple(parts))


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, Sequence) and any(isinstance(item, Mapping) for item in value)


def _title(item: Mapping[str, Any]) -> str:
    """Return the subject of an item of a list."""
    if "titre" in item:
        return str(item["titre"])
    if "sorte" in item:
        day = day_words(date.fromisoformat(item["jour"]))
        return f"{STATES['sorte'][item['sorte']]}, {day}".capitalize()
    return _when(item["le"]) if "le" in item else _day(item["date"])


def _words(key: str, value: Any, inside: str, reference: Reference) -> str:
    if value == []:
        return {"themes": "tous", "delais": "aucun"}.get(key, "rien")
    if key == "gardes_pour_un_second_envoi":
        return "l'adresse, le lien et le code de ce courriel, tant que son envoi est en doute"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if key == "etat":
        return STATES[inside][value]
    if key in ("delai", "delais"):
        codes = value if isinstance(value, list) else [value]
        return list_words(
            STATES["delai"][news] if (news := News.of(code)) else Lead.parse(code).words
            for code in codes
        )
    if key in STATES:
        return STATES[key].get(value, str(value))
    if key == "academie":
        return reference.academies.get(value).name
    if key == "classes":
        return list_words(levels.name(slug) for slug in levels.collapse(value))
    if key == "themes":
        return list_words(reference.themes.get(slug, slug) for slug in value)
    if key in ("date", "jour"):
        return _day(value)
    if key in _INSTANTS or key == "le" or key.endswith(("_le", "depuis")):
        return _when(value)
    return str(value)


def _day(text: str) -> str:
    return day_words(date.fromisoformat(text))


def _when(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(PARIS)
    return f"{day_words(at.date())} à {hour_words(at.time().replace(second=0, microsecond=0))}"
