"""Signing up for reminders: the pages for everybody. The pages behind a personal link are in
``web.subscription.personal_views``.

A GET never changes anything, because mail scanners follow every link: the page shows a button, and
its POST acts. The answers for known and unknown addresses are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event
from calendar_app.catalogue.returning import followable
from calendar_app.feeds.wording import next_edition_words
from calendar_app.reminders import asked, follows, subscriptions
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS, SchoolKind
from calendar_app.reminders.subscribers import CONSENT, AddressTakenError, SignUp, WrongCodeError
from calendar_app.school.local_time import paris_day
from calendar_app.store import limits
from calendar_app.store.base import db
from calendar_app.web import forms
from calendar_app.web.page import get_event, page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.visitors import links, network
from calendar_app.web.waiting import retry_after, too_many
from calendar_app.words.mail_addresses import MailAddress

bp = Blueprint("subscription", __name__, url_prefix="/abonnement")

#: Maximum number of events in one sign-up: a class takes part in a few.
MOST_EVENTS = 50


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {
        "form_token": forms.form_token,
        "CLASS_GROUPS": forms.CLASS_GROUPS,
        "LEADS": OFFERED_LEADS,
        "SCHOOLS": tuple(SchoolKind),
        "CONSENT": CONSENT,
        "local_day": paris_day,
        "next_edition_words": _next_edition_words,
    }


def _next_edition_words(events: Iterable[Event]) -> str:
    return next_edition_words(event.series.title for event in events)


@bp.route("/", methods=["GET", "POST"])
@policy(Policy.PUBLIC_UNCACHED)
def sign_up() -> Any:
    """« Rappels par courriel »: show the form; POST signs up and answers « Vérifiez… »."""
    here = page()
    ids = dict.fromkeys(map(str.strip, request.values.getlist("evenement")))
    events = [get_event(event_id) for event_id in ids if event_id][:MOST_EVENTS]
    if request.method != "POST" and not events:  # « Ma sélection »
        events = queries.picked_events(db.session, here.filter)[:MOST_EVENTS]
    follow = followable(db.session, events, here.today)
    if request.method != "POST":
        blank = forms.WishesForm.of_page(here, picked=bool(follow.now or follow.next_time))
        return show("form.html", form=forms.AddressForm(), wishes=blank, follow=follow)
    form = forms.AddressForm.posted(request.form)
    typed = forms.WishesForm.posted(request.form)
    if not forms.is_fresh():
        return show("form.html", 400, form=form, wishes=typed, follow=follow, notice=forms.TOO_OLD)
    address, wishes = form.read(), typed.read(here.reference)
    if address is None or wishes is None:
        return show("form.html", 400, form=form, wishes=typed, follow=follow)
    if not forms.is_trapped():
        if (wait := mails_spent()) is not None:
            return show("form.html", 429, wait, form=form, wishes=typed, follow=follow)
        if may_mail(address):
            picked, wished = (tuple(e.id for e in of) for of in (follow.now, follow.next_time))
            wanted = SignUp(address, wishes, picked, wished)
            asked.sign_up(db.session, wanted, here.now)
    return check_mailbox(address.address, wishes=typed, follow=follow)


@bp.post("/code/")
@policy(Policy.PUBLIC_UNCACHED)
def code() -> Any:
    """Check the six digits of a mail, for people whose school mail rewrites links."""
    here, form = page(), forms.AddressForm.posted(request.form)
    typed = forms.read_code(request.form)
    if not forms.is_fresh():
        return check_mailbox(form.typed, 400, code=typed, notice=forms.TOO_OLD)
    address = form.read()
    if address is None:
        return check_mailbox(form.typed, 400, code=typed, problems=form.problems)
    source = network()
    limit = limits.WRONG_CODES_A_SOURCE
    if limits.is_spent(db.session, limit, source, here.now):
        wait = limits.wait(db.session, limit, source, here.now)
        return check_mailbox(form.typed, 429, wait, code=typed)
    try:
        subscriber, confirmed = subscriptions.check_code(
            db.session, address, typed, links(), here.now
        )
    except WrongCodeError as error:
        limits.take(db.session, limit, source, here.now)
        return check_mailbox(form.typed, 400, code=typed, problems={"code": str(error)})
    if confirmed:
        return confirmed_page(subscriber)
    token = links().token(subscriber.uid)
    return redirect(url_for("personal.preferences", token=token), 303)


@bp.get("/code/")
@policy(Policy.PUBLIC_UNCACHED)
def no_code() -> BaseResponse:
    """Redirect a GET of the page for the six digits: a person reloaded it or kept its address."""
    return redirect(url_for(".find_link"), 303)


@bp.route("/retrouver/", methods=["GET", "POST"])
@policy(Policy.PUBLIC_UNCACHED)
def find_link() -> Any:
    """« Retrouver mon lien »: mail the link. No answer tells whether the address is known."""
    here = page()
    if request.method != "POST":
        return show("find.html", form=forms.AddressForm())
    form = forms.AddressForm.posted(request.form)
    if not forms.is_fresh():
        return show("find.html", 400, form=form, notice=forms.TOO_OLD)
    address = form.read()
    if address is None:
        return show("find.html", 400, form=form)
    if not forms.is_trapped():
        if (wait := mails_spent()) is not None:
            return show("find.html", 429, wait, form=form)
        if may_mail(address):
            asked.link(db.session, address, here.now)
    return check_mailbox(address.address)


@bp.route("/adresse/<token>/", methods=["GET", "POST"])
@policy(Policy.LINK_HOLDER)
def new_address(token: str) -> Any:
    """Confirm the new address of a subscriber, behind the link that was mailed to that address."""
    here, (uid, fingerprint) = page(), links().read_new_address(token)
    here.noindex = True
    address = subscriptions.waiting_new_address(db.session, uid, fingerprint, links())
    if request.method != "POST":
        return show("new_address.html", token=token, address=address)
    if not forms.is_fresh():
        return show("new_address.html", 400, token=token, address=address, notice=forms.TOO_OLD)
    try:
        moved = subscriptions.confirm_new_address(db.session, uid, fingerprint, links(), here.now)
    except AddressTakenError as error:
        return show("new_address.html", 409, token=token, address=address, notice=str(error))
    token = links().token(moved.uid)
    return redirect(url_for("personal.preferences", token=token, fait="adresse"), 303)


# -- shared with the personal pages ----------------------------------------------------------------


def show(
    template: str, status: int = 200, wait: timedelta | None = None, **context: Any
) -> Response:
    """Answer with a page of ``templates/subscription/``.

    :param wait: for status 429, how long the visitor must wait.
    """
    if wait is not None:
        context["notice"] = too_many(wait)
    body = render_template(f"subscription/{template}", page=page(), **context)
    answer = make_response(body, status)
    return answer if wait is None else retry_after(answer, wait)


def check_mailbox(
    address: str, status: int = 200, wait: timedelta | None = None, **context: Any
) -> Response:
    """Answer « Vérifiez votre courriel », with the form for the six digits."""
    page().noindex = True
    return show("check_mailbox.html", status, wait, address=address, **context)


def confirmed_page(subscriber: Subscriber) -> Response:
    """Answer « C'est confirmé », with the next dates for this subscriber."""
    here = page()
    here.noindex = True
    ahead = follows.due_soon(db.session, subscriber, here.today)
    token = links().token(subscriber.uid)
    next_of = follows.wished_events(db.session, subscriber)
    return show("confirmed.html", subscriber=subscriber, token=token, ahead=ahead, next_of=next_of)


def mails_spent() -> timedelta | None:
    """Count one more mail that is asked for from this network.

    :returns: how long the visitor must wait when the limit is exceeded; None when it is not.
    """
    now, source, limit = page().now, network(), limits.MAILS_A_SOURCE
    if limits.take(db.session, limit, source, now):
        return None
    return limits.wait(db.session, limit, source, now)


def may_mail(address: MailAddress) -> bool:
    """Count one more mail to a mailbox; return whether it may be sent. No answer tells this."""
    fingerprint = links().fingerprint(f"address/{address.mailbox}")
    return limits.take(db.session, limits.MAILS_AN_ADDRESS, fingerprint, page().now)
