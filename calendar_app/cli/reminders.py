"""The commands about reminders: plan, send, rehearse, and decide about mails in the outbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from calendar_app.app import (
    answer_requests,
    ledger_of,
    letterhead,
    make_sender,
    settings_of,
    store_session,
)
from calendar_app.catalogue import holidays_update, queries
from calendar_app.cli.base import NO_WORKER, entered, paris_time, store_as_it_is
from calendar_app.cli.group import FILE, cli
from calendar_app.editing.mailbox import deciding
from calendar_app.editing.mailbox.deciding import MailboxFacts
from calendar_app.reminders import outbox_status, planning, rehearsal
from calendar_app.reminders.keeping import hold
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS, SchoolKind
from calendar_app.school.local_time import PARIS, paris_day
from calendar_app.school.unknown_holidays import unknown_holidays_words
from calendar_app.store.base import AnySession
from calendar_app.store.health import Health
from calendar_app.words.errors import CalendarError
from calendar_app.words.french import counted
from calendar_app.worker import worker_name

#: Said while nothing is sent because the store was restored.
HELD = (
    "L'envoi est suspendu depuis une restauration : aucun courriel ne part. Reprenez-le par "
    "« calendar-app sending on », qui dit d'abord combien de courriels attendent."
)

#: The French names of the states of a mail.
STATES = {
    "pending": "en attente",
    "claimed": "en cours d'envoi",
    "in_doubt": "en doute",
    "parked": "à trancher",
    "sent": "envoyés",
    "failed": "refusés",
    "expired": "trop tard",
    "cancelled": "sans objet",
}


class InstantParameter(click.ParamType[datetime]):
    """A day and an hour (ISO 8601), read on the clock of Paris if there is no offset.

    The result is aware, in UTC.
    """

    name = "AAAA-MM-JJTHH:MM"

    def convert(self, value: object, param: object, ctx: object) -> datetime:
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            raise CalendarError(
                f"--now {value} : écrivez un jour et une heure, par exemple 2021-01-11T07:30."
            ) from None
        return (found if found.tzinfo else found.replace(tzinfo=PARIS)).astimezone(UTC)


NOW = click.option(
    "--now", type=InstantParameter(), help="Faire comme si c'était cet instant (heure de Paris)."
)
IDS = click.argument("ids", type=int, nargs=-1)
PARKED = click.option("--parked", is_flag=True, help="Tous ceux qui sont à trancher.")


def _instant(now: datetime | None) -> datetime:
    return now or datetime.now(UTC)


def _clock(now: datetime | None) -> Callable[[], datetime]:
    """Return a clock that starts at *now* and goes on, or the clock of the machine for None."""
    if now is None:
        return lambda: datetime.now(UTC)
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


@cli.group("reminders")
def reminders_group() -> None:
    """Planifie, envoie et répète les courriels de rappel."""


@reminders_group.command("plan")
@NOW
def reminders_plan(now: datetime | None) -> None:
    """Planifie tout ce qui est dû ; sans effet si c'est déjà fait."""
    with store_as_it_is() as session:
        made = planning.plan_due(session, _instant(now))
    click.echo(
        f"{counted(made.deliveries, 'courriel')} et {counted(made.reminders, 'rappel planifié')}."
    )


@reminders_group.command("send")
@NOW
def reminders_send(now: datetime | None) -> None:
    """Envoie tout ce qui est dû, puis s'arrête."""
    with entered() as app:
        if not settings_of(app).sending:
            raise CalendarError("CALENDAR_SENDING=off : l'envoi est suspendu, rien n'est parti.")
        if hold.state(store_session(app)):
            raise CalendarError(HELD)
        answer_requests(app, _instant(now))
        sender = make_sender(app, worker_name(), clock=_clock(now))
        done = sender.run()
    click.echo(
        f"{done.sent} envoyés, {done.deferred} remis à plus tard, {done.failed} refusés, "
        f"{done.in_doubt} en doute, {done.dropped} sans objet."
    )
    if sender.note:
        raise CalendarError(f"Le serveur de courriel ne prend rien pour le moment ({sender.note}).")


@reminders_group.command("status")
@click.option(
    "--check",
    is_flag=True,
    help="Se termine par 1 si la base ne s'écrit pas, si aucun ouvrier ne donne signe de vie, si "
    "l'envoi est suspendu depuis une restauration, ou si la place des courriels d'expéditeurs "
    "inconnus manque.",
)
@NOW
def reminders_status(now: datetime | None, check: bool) -> None:
    """Montre l'état des courriels : combien, depuis quand, et ce qui est à trancher."""
    at = _instant(now)
    with entered() as app:
        session = store_session(app)
        found = outbox_status.status(session, at)
        _show(found)
        _show_hold(session)
        _show_holidays(session, settings_of(app).holidays_url, at)
        mailbox = deciding.facts(session)
        _show_mailbox(mailbox, settings_of(app).letters_mailbox is not None)
        broken = [_DEGRADED[name] for name in Health().degraded(session, at)] if check else []
        if check and hold.state(session):
            broken.append(HELD)
        if check and mailbox.room.warning:
            broken.append(mailbox.room.warning)
    if broken:
        raise CalendarError("\n".join(broken))


_DEGRADED = {
    "write": "La base ne s'écrit pas : vérifiez le disque et les droits, ou un verrou qui dure.",
    "worker": NO_WORKER,
}


def _show(found: outbox_status.Status) -> None:
    click.echo(f"{'État':<18}{'Courriels':>10}  Le plus ancien")
    for state, words in STATES.items():
        count, oldest = found.states.get(state, (0, None))
        click.echo(f"{words:<18}{count:>10}  {paris_time(oldest) if oldest else ''}".rstrip())
    click.echo(f"\nÀ envoyer maintenant : {found.due}")
    for mail in found.parked:
        click.echo(f"À trancher : courriel {mail.id} ({mail.kind}, {mail.day}) : {mail.reason}")
    if found.parked:
        click.echo("Tranchez avec « calendar-app reminders retry ID » ou « … drop ID ».")
    if not found.workers:
        click.echo(NO_WORKER)
    for owner, (seen_at, note) in found.workers.items():
        click.echo(f"Ouvrier {owner}, vu le {paris_time(seen_at)}{f' : {note}' if note else ''}")


def _show_hold(session: AnySession) -> None:
    held = hold.state(session)
    if held:
        click.echo(f"\n{HELD}")
        click.echo(
            f"La sauvegarde est du {paris_time(held.backed_up_at)}, restaurée le "
            f"{paris_time(held.restored_at)}."
        )
        if held.unknown_since:
            since = paris_time(held.unknown_since)
            click.echo(f"Les départs depuis le {since} ne sont pas connus.")


def _show_holidays(session: AnySession, address: str | None, now: datetime) -> None:
    last = holidays_update.state(session)
    if last is None or last.succeeded_at is None:
        told = "pas encore obtenues"
    else:
        told = f"cherchées le {paris_time(last.succeeded_at)}"
    if address is None:
        told += " ; CALENDAR_HOLIDAYS_URL est vide, l'ouvrier ne les cherche pas"
    click.echo(f"\nVacances scolaires : {told}.")
    if last and last.problem:
        click.echo(f"Essai du {paris_time(last.tried_at)} sans succès. {last.problem}")
    reference = queries.reference(session)
    today = paris_day(now)
    for sentence in unknown_holidays_words(reference.academies, reference.calendars, today):
        click.echo(sentence)


def _show_mailbox(found: MailboxFacts, is_set: bool) -> None:
    """Say when the mailbox of letters was read, without its name, which is an address."""
    if is_set:
        read_at = found.state.read_at if found.state else None
        told = f"lue le {paris_time(read_at)}" if read_at else "pas encore lue"
        click.echo(f"\nBoîte des lettres : {told}.")
        if found.state and found.state.problem and found.state.tried_at:
            when = paris_time(found.state.tried_at)
            click.echo(f"Essai du {when} sans succès. {found.state.problem}")
    if found.waiting:
        many = counted(found.waiting, "courriel")
        click.echo(f"{many} d'expéditeurs inconnus à trancher ({found.room.words}).")


@reminders_group.command("retry")
@IDS
@PARKED
@NOW
def reminders_retry(ids: tuple[int, ...], parked: bool, now: datetime | None) -> None:
    """Envoie une fois de plus des courriels à trancher ou refusés."""
    with store_as_it_is() as session:
        done = outbox_status.retry(session, _chosen(ids, parked), _instant(now))
    click.echo(f"{counted(done, 'courriel remis')} en attente.")


@reminders_group.command("drop")
@IDS
@PARKED
@NOW
def reminders_drop(ids: tuple[int, ...], parked: bool, now: datetime | None) -> None:
    """Abandonne des courriels à trancher ou en attente."""
    with store_as_it_is() as session:
        done = outbox_status.drop(session, _chosen(ids, parked), _instant(now))
    click.echo(f"{counted(done, 'courriel abandonné')}.")


def _chosen(ids: tuple[int, ...], parked: bool) -> tuple[int, ...] | None:
    if bool(ids) == parked:
        raise CalendarError(
            "Indiquez les numéros des courriels, ou --parked ; "
            "« calendar-app reminders status » les montre."
        )
    return None if parked else ids


@reminders_group.command("preview")
@click.option(
    "--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Le jour (AAAA-MM-JJ)."
)
@click.option("--academy", required=True, help="L'académie : lille, la-reunion, …")
@click.option(
    "--school",
    type=click.Choice([kind.value for kind in SchoolKind]),
    default=SchoolKind.ECOLE.value,
    show_default=True,
    help="Où enseigne la personne : le mercredi en dépend.",
)
def reminders_preview(on: datetime, academy: str, school: str) -> None:
    """Montre, délai par délai, les rappels qui partiraient un matin ; n'écrit rien."""
    kind = SchoolKind(school)
    with store_as_it_is() as session:
        found = rehearsal.preview(session, academy, kind, on.date())
    click.echo(f"{on:%Y-%m-%d}, {found.academy.label}, {kind.words}")
    for lead in OFFERED_LEADS:
        click.echo(f"\n{lead.words}")
        lines = [line for line in found.lines if line.planned.lead == lead]
        for line in lines:
            sent = paris_time(line.planned.send_at)
            click.echo(f"  {line.title} : {line.todo} Envoi le {sent} (heure de Paris).")
        if not lines:
            click.echo("  rien")
    for title in found.unknown:
        click.echo(f"\n{title} : vacances scolaires inconnues, aucun rappel ne peut être calculé.")


@cli.group()
def bounces() -> None:
    """Lit les avis de non-remise."""


@bounces.command("read")
@click.argument("file", metavar="BOÎTE|FICHIER", type=FILE)
@NOW
def bounces_read(file: Path, now: datetime | None) -> None:
    """Arrête les adresses que leur serveur refuse pour de bon (RFC 3464).

    Un courriel (.eml), une boîte mbox ou un dossier Maildir.
    """
    with entered() as app:
        links = letterhead(app).links
        found = outbox_status.apply_bounces(
            store_session(app), file, links, _instant(now), ledger_of(app)
        )
    click.echo(
        f"{found.stopped} adresses arrêtées, {found.ignored} avis sans suite, "
        f"{found.unknown} avis qui ne sont pas les nôtres."
    )
