"""All personal data of a subscriber, as an export (RGPD, articles 15 and 20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.reminders import personal_agenda
from calendar_app.reminders.follows import subscriptions_of
from calendar_app.reminders.models.outbox import Delivery, LinkWish, Reminder, WeeklyDate
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.store.base import AnySession

#: A JSON object: texts, numbers, lists and objects by name.
Data = dict[str, Any]


def export(session: AnySession, subscriber: Subscriber, suggested: Sequence[Data]) -> Data:
    """Return all data that is kept about a subscriber, for JSON. Instants are UTC (ISO 8601).

    :param suggested: what the person suggested for the calendar; the editing room keeps it.
    """
    return {
        "adresse": subscriber.address,
        "nouvelle_adresse": subscriber.new_address,
        "etat": subscriber.state.value,
        "etat_depuis": _iso(subscriber.state_at),
        "academie": subscriber.academy_slug,
        "etablissement": subscriber.school.value,
        "classes": sorted(subscriber.classes),
        "themes": sorted(subscriber.themes),
        "delais": sorted(subscriber.leads),
        "tous_les_concours": subscriber.follows_all,
        "point_de_la_semaine": subscriber.weekly,
        "choix_depuis": _iso(subscriber.since),
        "inscription": _iso(subscriber.created_at),
        "confirmation": _iso(subscriber.confirmed_at),
        "dernier_signe": _iso(subscriber.heard_at),
        "dernier_code_le": _iso(subscriber.code_at),
        "consentement": {
            "texte": subscriber.consent_wording,
            "le": _iso(subscriber.consent_at),
            "par": subscriber.consent_means,
        },
        "agenda_personnel": _agenda(session, subscriber),
        "evenements": _followed(session, subscriber),
        "rappels": _reminders(session, subscriber),
        "propositions": list(suggested),
        "courriels": _mails(session, subscriber),
    }


def _agenda(session: AnySession, subscriber: Subscriber) -> Data | None:
    """Return that there is a personal agenda, without its address: who has it reads the agenda, and
    a file is passed on more easily than one thinks."""
    agenda = personal_agenda.of_subscriber(session, subscriber)
    if agenda is None:
        return None
    return {
        "adresse_donnee_le": _iso(agenda.created_at),
        "change_le": _iso(agenda.changed_at),
        "nombre_de_changements": agenda.revision,
        "vacances_scolaires": agenda.holidays,
    }


def _followed(session: AnySession, subscriber: Subscriber) -> list[Data]:
    return [
        {
            "id": s.event_id,
            "titre": s.event.title,
            "me_prevenir": s.picked,
            "depuis": _iso(s.since),
            "inscrits_le": _iso(s.registered_at),
            "envoye_le": _iso(s.submitted_at),
            "pas_cette_annee_le": _iso(s.declined_at),
            "ne_plus_prevenir_le": _iso(s.unpicked_at),
            "l_an_prochain": s.next_year,
        }
        for s in subscriptions_of(session, subscriber)
    ]


def _reminders(session: AnySession, subscriber: Subscriber) -> list[Data]:
    reminders = session.execute(
        select(Reminder, Milestone)
        .join(Milestone)
        .where(Reminder.subscriber_id == subscriber.id)
        .order_by(Reminder.id)
    ).unique()
    return [
        {
            "evenement": milestone.event_id,
            "titre": milestone.event.title,
            "date": reminder.day.isoformat(),
            "delai": reminder.lead,
            "prevu_le": _iso(reminder.send_at),
            "etat": reminder.state.value,
            "motif": reminder.reason,
        }
        for reminder, milestone in reminders
    ]


def _mails(session: AnySession, subscriber: Subscriber) -> list[Data]:
    mails = session.scalars(
        select(Delivery)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(Delivery.id)
        .options(selectinload(Delivery.attempts))
    ).all()
    told = _told_by_week(session, [mail.issue for mail in mails if mail.issue is not None])
    wished = _wished_by_mail(session, subscriber)
    return [
        {
            "sorte": mail.kind.value,
            "jour": mail.day.isoformat(),
            "rang_du_jour": mail.occurrence,
            "etat": mail.state.value,
            "motif": mail.reason,
            "demande_le": _iso(mail.created_at),
            "a_envoyer_le": _iso(mail.due_at),
            "au_plus_tard_le": _iso(mail.expires_at),
            "fini_le": _iso(mail.finished_at),
            "nombre_d_essais": mail.tries,
            "nombre_de_doutes": mail.doubts,
            "gardes_pour_un_second_envoi": mail.form_values,
            "essais": [
                {
                    "le": _iso(attempt.at),
                    "issue": attempt.outcome.value,
                    "etape": attempt.stage,
                    "code": attempt.code,
                    "reponse": attempt.reply,
                }
                for attempt in mail.attempts
            ],
        }
        | ({"prochaine_edition_de": wished[mail.id]} if mail.id in wished else {})
        | ({"dates_annoncees": told[mail.issue]} if mail.issue in told else {})
        for mail in mails
    ]


def _told_by_week(session: AnySession, issues: list[int]) -> dict[int, list[dict[str, str]]]:
    """Return the dates that each issue of « Le point de la semaine » told, as long as they are
    kept."""
    rows = session.execute(
        select(WeeklyDate.issue, Event.id, Event.title, WeeklyDate.day)
        .join(Milestone, Milestone.id == WeeklyDate.milestone_id)
        .join(Event, Event.id == Milestone.event_id)
        .where(WeeklyDate.issue.in_(issues))
        .order_by(WeeklyDate.day, Event.id)
    )
    found: dict[int, list[dict[str, str]]] = {}
    for issue, event_id, title, day in rows:
        told = {"evenement": event_id, "titre": title, "date": day.isoformat()}
        found.setdefault(issue, []).append(told)
    return found


def _wished_by_mail(session: AnySession, subscriber: Subscriber) -> dict[int, list[Data]]:
    """Return the events that each mail with a personal link asked about."""
    rows = session.execute(
        select(LinkWish.delivery_id, Event.id, Event.title)
        .join(Delivery, Delivery.id == LinkWish.delivery_id)
        .join(Event, Event.id == LinkWish.event_id)
        .where(Delivery.subscriber_id == subscriber.id)
        .order_by(Event.id)
    )
    found: dict[int, list[Data]] = {}
    for delivery_id, event_id, title in rows:
        found.setdefault(delivery_id, []).append({"evenement": event_id, "titre": title})
    return found


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
