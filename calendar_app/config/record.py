"""The record of processing (RGPD, article 30): what is kept of whom, where, why and how long.

The page « Registre des traitements » shows it. Durations are the constants of
``config.retention``, by which the worker deletes. A test asks that each table of the store stands
here or among those that hold nothing about a person, so that a new table is thought about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_CONSENT = "le consentement (article 6, paragraphe 1, point a)"
_MISSION = "la mission d'intérêt public (article 6, paragraphe 1, point e)"
_INTEREST = "l'intérêt légitime (article 6, paragraphe 1, point f)"


@dataclass(frozen=True, slots=True)
class Processing:
    """One processing of personal data; its texts are French.

    :param purpose: what it is for.
    :param basis: what makes it lawful.
    :param people: whose data it is.
    :param data: what is kept.
    :param readers: who sees it.
    :param tables: the tables of the store that hold it.
    :param kept: (until when, the name of the constant of ``config.retention``).
    """

    title: str
    purpose: str
    basis: str
    people: str
    data: str
    readers: str
    tables: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]


RECORD: Final = (
    Processing(
        title="Rappels par courriel",
        purpose="écrire aux personnes abonnées avant les dates qu'elles suivent",
        basis=_CONSENT,
        people="les personnes qui s'abonnent",
        data="adresse de courriel, académie, type d'établissement, classes, thèmes, concours "
        "suivis et réponses, accord donné, courriels envoyés, agenda personnel",
        readers="personne, hors l'hébergeur et qui achemine les courriels",
        tables=(
            *("subscriber", "subscription", "personal_agenda", "address_request"),
            *("delivery", "delivery_attempt", "reminder", "link_wish", "mail_form"),
        ),
        kept=(
            ("une demande que le programme n'a pas traitée", "ASKED"),
            ("un abonnement ou une nouvelle adresse sans confirmation", "UNCONFIRMED"),
            ("après la fin des rappels", "ENDED"),
            ("sans un clic, avant que les rappels s'arrêtent", "SILENT_YEARS"),
            ("la trace d'un courriel, après son envoi", "MAILS"),
            ("ce que « Le point de la semaine » a annoncé, après la date", "WEEKLY"),
        ),
    ),
    Processing(
        title="Propositions de dates",
        purpose="répondre à qui propose une date ou signale une erreur",
        basis=_CONSENT,
        people="les personnes qui laissent une adresse avec leur proposition",
        data="adresse de courriel",
        readers="les personnes de la rédaction qui répondent",
        tables=("draft",),
        kept=(("au plus, après l'envoi", "PROPOSER"),),
    ),
    Processing(
        title="Lettres reçues par courriel",
        purpose="publier les dates que les lettres d'information annoncent",
        basis=_MISSION,
        people="les personnes qui envoient une lettre",
        data="adresse de l'expéditeur, sujet et contenu du courriel tant que personne n'a décidé ; "
        "adresse d'un expéditeur déclaré",
        readers="l'administration du site",
        tables=("received_mail", "declared_sender"),
        kept=(("au plus, après l'arrivée du courriel", "STRANGE_MAIL"),),
    ),
    Processing(
        title="Comptes de la rédaction",
        purpose="savoir qui prépare et publie des dates, et qui en répond",
        basis=_MISSION,
        people="les personnes qui préparent ou publient des dates",
        data="nom, adresse de courriel, rôle, périmètre, empreinte du mot de passe, dernière "
        "connexion ; au journal, ce que chaque compte a changé",
        readers="la rédaction, dans son périmètre",
        tables=(
            *("editor", "editor_scope", "password_link", "letter_drop", "source"),
            *("change", "change_scope"),
        ),
        kept=(
            ("sans connexion, avant que le compte soit désactivé", "IDLE_ACCOUNT_YEARS"),
            ("nom et adresse d'un compte désactivé", "DISABLED_ACCOUNT_YEARS"),
        ),
    ),
    Processing(
        title="Sécurité du site",
        purpose="empêcher que quelqu'un abuse du site ou remplisse une boîte avec notre aide",
        basis=_INTEREST,
        people="les personnes qui envoient un formulaire",
        data="une empreinte chiffrée de l'adresse IP et de l'adresse de courriel",
        readers="personne",
        tables=("rate_count",),
        kept=(
            ("l'empreinte de l'adresse IP", "COUNTS_OF_NETWORK"),
            ("l'empreinte de l'adresse de courriel", "COUNTS_OF_ADDRESS"),
        ),
    ),
    Processing(
        title="Registre des départs",
        purpose="n'écrire à aucune personne partie, si une sauvegarde est restaurée",
        basis=_INTEREST,
        people="les personnes qui se désabonnent ou font effacer leurs données",
        data="une empreinte chiffrée de l'adresse de courriel, hors de la base",
        readers="personne",
        tables=(),
        kept=(("après le départ", "LEDGER"),),
    ),
)

#: The tables that hold nothing about a person.
WITHOUT_PEOPLE: Final = frozenset(
    (
        *("academy", "catalogue", "department", "draft_scope", "event", "event_class"),
        *("event_scope", "event_theme", "holidays_update", "letter", "link_check"),
        *("mailbox_state", "milestone", "milestone_scope", "past_date", "received_letter"),
        *("received_scope", "school_calendar", "send_day", "sender_scope", "sending_hold"),
        *("search_word", "series", "series_rule", "source_scope", "store_file", "theme"),
        *("weekly_date", "worker_heartbeat"),
    )
)
