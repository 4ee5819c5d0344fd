"""The pages behind a personal link: change, pause, new address, copy of the data, end, erasure.

A person who holds the link acts for the subscriber to whom the link was sent. A GET changes
nothing. Every POST brings a form token, except the one-click unsubscription of RFC 8058.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from calendar_app.config.retention import silence_ends
from calendar_app.editing import suggestions
from calendar_app.editing.mailbox import forgetting
from calendar_app.feeds.links import webcal
from calendar_app.reminders import follows, personal_agenda, personal_data, subscriptions
from calendar_app.reminders.models.subscriptions import Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import SubscriberState
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.subscribers import (
    SUBSCRIBED,
    ConfirmationExpiredError,
    NotSubscribedError,
    find,
)
from calendar_app.school.local_time import paris_day
from calendar_app.store.base import AnySession, db
from calendar_app.web import forms
from calendar_app.web.page import get_event, page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.subscription.personal_copy import in_words
from calendar_app.web.subscription.subscription_views import (
    check_mailbox,
    confirmed_page,
    mails_spent,
    may_mail,
    show,
)
from calendar_app.web.visitors import ledger, links
from calendar_app.words.mail_addresses import MailAddress

bp = Blueprint("personal", __name__, url_prefix="/abonnement/lien/<token>")

#: The French sentence that says what was done, by the value of the parameter ``fait``.
DONE = {
    "choix": "Vos choix sont enregistrés.",
    "pause": "Vos rappels sont en pause : nous ne vous écrivons plus jusqu'à la reprise.",
    "continuer": "C'est noté : vos rappels continuent.",
    "reprise": "Vos rappels reprennent.",
    "retour": "Vos rappels reprennent, avec les mêmes réglages qu'avant.",
    "adresse": "Votre adresse est changée. Les liens envoyés à l'ancienne ne fonctionnent plus.",
    "adresse-demandee": "Un courriel part vers votre nouvelle adresse : ouvrez-le pour confirmer. "
    "D'ici là, rien ne change.",
    "reponse": "C'est noté.",
}

#: The same, for the personal agenda.
AGENDA_DONE = {
    "agenda-cree": "Votre agenda personnel est prêt : ajoutez-le à votre agenda.",
    "agenda-renouvele": "Votre agenda personnel a une autre adresse. L'ancienne ne fonctionne "
    "plus : ajoutez la nouvelle à votre agenda.",
    "agenda-avec-vacances": "Votre agenda personnel montre aussi les vacances scolaires.",
    "agenda-sans-vacances": "Votre agenda personnel ne montre plus les vacances scolaires.",
    "agenda-arrete": "Votre agenda personnel est arrêté : son adresse ne fonctionne plus.",
}

#: The buttons of the personal agenda: the value of ``faire`` → what it does, and what is then said.
AGENDA_VERBS: dict[str, tuple[Callable[[AnySession, uuid.UUID, datetime], None], str]] = {
    "creer": (personal_agenda.start, "agenda-cree"),
    "renouveler": (personal_agenda.renew, "agenda-renouvele"),
    "avec-vacances": (partial(personal_agenda.show_holidays, wanted=True), "agenda-avec-vacances"),
    "sans-vacances": (partial(personal_agenda.show_holidays, wanted=False), "agenda-sans-vacances"),
    "arreter": (personal_agenda.stop, "agenda-arrete"),
}

#: The answers about an event that are not a ``ClassAnswer``.
PICK, UNPICK, TAKE_BACK = "prevenir", "ne-plus-prevenir", "effacer"


@bp.before_request
def _prepare() -> None:
    page().noindex = True


@bp.errorhandler(NotSubscribedError)
def _another_state(_error: NotSubscribedError) -> BaseResponse:
    """Redirect to the personal page, which shows what is possible in the subscriber's state."""
    return _back()


@bp.route("/", methods=["GET", "POST"])
@policy(Policy.LINK_HOLDER)
def preferences(token: str) -> Any:
    """Show the choices of a subscriber in one form, and all other actions; POST changes them."""
    person, here = _person(token), page()
    if request.method != "POST":
        return _preferences(token, person)
    typed = forms.WishesForm.posted(request.form)
    if not forms.is_fresh():
        return _preferences(token, person, 400, wishes=typed, notice=forms.TOO_OLD)
    wishes = typed.read(here.reference)
    if wishes is None:
        return _preferences(token, person, 400, wishes=typed)
    subscriptions.change(db.session, person.uid, wishes, here.now)
    return _back("choix")


@bp.route("/confirmer/", methods=["GET", "POST"])
@policy(Policy.LINK_HOLDER)
def confirm(token: str) -> Any:
    """Show the button that confirms a sign-up, or that asks for another mail when the link is too
    old. POST confirms."""
    person, here = _person(token), page()
    if person.state in SUBSCRIBED and request.method != "POST":
        return _back()
    if person.state not in (SubscriberState.UNCONFIRMED, *SUBSCRIBED):
        return _back()
    if request.method != "POST":
        return _confirm(token, person)
    if not forms.is_fresh():
        return _confirm(token, person, 400, notice=forms.TOO_OLD)
    try:
        return confirmed_page(subscriptions.confirm(db.session, person.uid, "lien", here.now))
    except ConfirmationExpiredError as error:
        return _confirm(token, person, 410, notice=str(error))


@bp.post("/renvoyer/")
@policy(Policy.LINK_HOLDER)
def resend(token: str) -> Any:
    """Send the confirmation mail again."""
    person, here = _person(token), page()
    if not forms.is_fresh():
        return _confirm(token, person, 400, notice=forms.TOO_OLD)
    address = _address(person)
    if (wait := mails_spent()) is not None:
        return _confirm(token, person, 429, wait)
    if may_mail(address):
        subscriptions.resend_confirmation(db.session, person.uid, here.now)
    return check_mailbox(address.address)


@bp.post("/pause/")
@policy(Policy.LINK_HOLDER)
def pause(token: str) -> Any:
    """Pause the reminders (``etat=pause``), say that they are still wanted (``etat=continuer``), or
    resume them, even after an unsubscription (``etat=reprise``)."""
    person, here = _person(token), page()
    if not forms.is_fresh():
        return _preferences(token, person, 400, notice=forms.TOO_OLD)
    if request.form.get("etat") == "pause":
        subscriptions.pause(db.session, person.uid, here.now)
        return _back("pause")
    if person.state is SubscriberState.UNSUBSCRIBED:
        subscriptions.come_back(db.session, person.uid, here.now)
        return _back("retour")
    subscriptions.resume(db.session, person.uid, here.now)
    return _back("continuer" if request.form.get("etat") == "continuer" else "reprise")


@bp.post("/adresse/")
@policy(Policy.LINK_HOLDER)
def address(token: str) -> Any:
    """Ask a new address to confirm that the subscriber moves to it."""
    person, here = _person(token), page()
    form = forms.AddressForm.posted(request.form, "nouvelle")
    if not forms.is_fresh():
        return _preferences(token, person, 400, form=form, notice=forms.TOO_OLD)
    wanted = form.read("nouvelle")
    if wanted is None:
        return _preferences(token, person, 400, form=form)
    if (wait := mails_spent()) is not None:
        return _preferences(token, person, 429, wait, form=form)
    if may_mail(wanted):
        subscriptions.ask_new_address(db.session, person.uid, wanted, here.now)
    return _back("adresse-demandee")


@bp.post("/agenda/")
@policy(Policy.LINK_HOLDER)
def agenda(token: str) -> Any:
    """Make the personal agenda (``faire=creer``), give it another address (``renouveler``), show
    school holidays in it or not (``avec-vacances``, ``sans-vacances``), or end it (``arreter``)."""
    person, here = _person(token), page()
    if not forms.is_fresh():
        return _preferences(token, person, 400, notice=forms.TOO_OLD)
    found = AGENDA_VERBS.get(request.form.get("faire", ""))
    if found is None:
        return _preferences(token, person, 400, notice="Choisissez un des boutons.")
    verb, done = found
    verb(db.session, person.uid, here.now)
    return _back(done, "mon-agenda")


@bp.get("/donnees/")
@policy(Policy.LINK_HOLDER)
def data(token: str) -> BaseResponse:
    """Show all data that is kept about a subscriber, in words (RGPD, article 12.1)."""
    person = _person(token)
    found = _kept_of(person)
    return show("copy.html", token=token, copy=in_words(found, page().reference))


@bp.get("/donnees.json")
@policy(Policy.LINK_HOLDER)
def export(token: str) -> Response:
    """Return all data that is kept about a subscriber, as a JSON file."""
    data = _kept_of(_person(token))
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    answer = Response(text, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="mes-rappels.json"'
    return answer


@bp.post("/effacer/")
@policy(Policy.LINK_HOLDER)
def erase(token: str) -> Any:
    """Erase a subscriber, once they ticked the box that confirms it."""
    person, here = _person(token), page()
    if not forms.is_fresh():
        return _preferences(token, person, 400, notice=forms.TOO_OLD)
    if "oui" not in request.form:
        problems = {"oui": "Cochez la case pour confirmer l'effacement."}
        return _preferences(token, person, 400, problems=problems)
    subscriptions.erase(db.session, person.uid, here.now, forgetting.forget, ledger())
    return show("erased.html")


@bp.route("/desabonnement/", methods=["GET", "POST"])
@policy(Policy.LINK_HOLDER)
def unsubscribe(token: str) -> Any:
    """End all mails with one click (RFC 8058). This is the only POST without a form token, because
    a mail program sends it."""
    person, here = _person(token), page()
    if request.method != "POST" and person.state is not SubscriberState.UNSUBSCRIBED:
        return show("unsubscribe.html", token=token, person=person)
    if request.method == "POST":
        subscriptions.unsubscribe(db.session, person.uid, here.now, ledger())
    return show("ended.html", token=token, person=_person(token))


@bp.route("/evenements/<event_id>/", methods=["GET", "POST"])
@policy(Policy.LINK_HOLDER)
def event(token: str, event_id: str) -> Any:
    """Show, or note, what the class did about an event; ``?reponse=`` puts one button first."""
    person, here = _person(token), page()
    if person.state not in SUBSCRIBED:
        return _back()
    get_event(event_id)
    if request.method != "POST":
        return _event(token, person, event_id)
    if not forms.is_fresh():
        return _event(token, person, event_id, 400, notice=forms.TOO_OLD)
    said, about = request.form.get("reponse", ""), (db.session, person.uid, event_id)
    if said in set(ClassAnswer):
        follows.answer(*about, ClassAnswer(said), here.now)
    elif said in (PICK, UNPICK, TAKE_BACK):
        verbs = {PICK: follows.pick, UNPICK: follows.unpick, TAKE_BACK: follows.take_back}
        verbs[said](*about, here.now)
    else:
        return _event(token, person, event_id, 400, notice="Choisissez une des réponses.")
    return redirect(url_for(".event", token=token, event_id=event_id, fait="reponse"), 303)


# -- the pages -------------------------------------------------------------------------------------


def _person(token: str) -> Subscriber:
    return find(db.session, links().read(token))


def _address(person: Subscriber) -> MailAddress:
    return MailAddress(person.address, person.address_key)


def _back(done: str | None = None, part: str | None = None) -> BaseResponse:
    """Redirect to the personal page, which says what was done; to a part of it, if given."""
    token = (request.view_args or {})["token"]
    return redirect(url_for(".preferences", token=token, fait=done, _anchor=part), 303)


def _done() -> str | None:
    return DONE.get(request.args.get("fait", ""))


def _preferences(
    token: str, person: Subscriber, status: int = 200, wait: Any = None, **context: Any
) -> BaseResponse:
    here = page()
    if person.state is SubscriberState.UNCONFIRMED:
        if status == 200:
            return redirect(url_for(".confirm", token=token), 303)
        told = {name: context[name] for name in ("notice", "problems") if name in context}
        return _confirm(token, person, status, wait, **told)
    if person.state not in SUBSCRIBED:
        return show("ended.html", status, wait, token=token, person=person, **context)
    own = personal_agenda.of_subscriber(db.session, person)
    agenda_address = links().agenda(own.uid) if own else None
    shown = {
        "agenda": own,
        "agenda_address": agenda_address,
        "agenda_webcal": agenda_address and webcal(agenda_address),
        "agenda_done": AGENDA_DONE.get(request.args.get("fait", "")),
        "token": token,
        "person": person,
        "silence_ends": silence_ends(paris_day(person.heard_at), here.today),
        "done": _done(),
        "wishes": forms.WishesForm.of_subscriber(person, here.reference),
        "form": forms.AddressForm(),
        "followed": follows.followed_events(db.session, person),
        "ahead": follows.due_soon(db.session, person, here.today),
    }
    return show("preferences.html", status, wait, **(shown | context))


def _confirm(
    token: str, person: Subscriber, status: int = 200, wait: Any = None, **context: Any
) -> Response:
    wishes = forms.WishesForm.of_subscriber(person, page().reference)
    expired = subscriptions.confirmation_expired(person, page().now)
    return show(
        "confirm.html",
        status,
        wait,
        token=token,
        person=person,
        wishes=wishes,
        expired=expired,
        followed=follows.followed_events(db.session, person),
        next_of=follows.wished_events(db.session, person),
        **context,
    )


def _event(
    token: str, person: Subscriber, event_id: str, status: int = 200, **context: Any
) -> Response:
    wanted, found = request.values.get("reponse", ""), get_event(event_id)
    return show(
        "event.html",
        status,
        token=token,
        person=person,
        event=found,
        cards=follows.event_cards(db.session, person, found, page().today),
        said=db.session.get(Subscription, (person.id, event_id)),
        wanted=ClassAnswer(wanted) if wanted in set(ClassAnswer) else None,
        # A day that returns by a rule asks nothing of a class: there is nothing to answer.
        answers=() if found.by_rule else tuple(ClassAnswer),
        done=_done(),
        **context,
    )


def _kept_of(person: Subscriber) -> dict[str, Any]:
    suggested = suggestions.kept_of(db.session, person.address_key)
    return personal_data.export(db.session, person, suggested)
