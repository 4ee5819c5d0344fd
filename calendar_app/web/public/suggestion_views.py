"""« Proposer une date »: anybody suggests a date or reports a mistake, without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from calendar_app.catalogue.models.events import Event
from calendar_app.editing import suggestions
from calendar_app.store import limits
from calendar_app.store.base import db
from calendar_app.web import forms
from calendar_app.web.page import get_event, page
from calendar_app.web.policies import Policy, policy
from calendar_app.web.public.suggestion_form import (
    MOST_DATES,
    TITLE_LENGTH,
    WORDS_LENGTH,
    DateKind,
    MistakeForm,
    SuggestionForm,
)
from calendar_app.web.visitors import links, network
from calendar_app.web.waiting import retry_after, too_many
from calendar_app.words.mail_addresses import MailAddress

bp = Blueprint("suggestion", __name__, url_prefix="/proposer")

_ADDRESS_SPENT = (
    "Cette adresse a déjà servi à beaucoup de propositions aujourd'hui. Réessayez demain, ou "
    "envoyez sans adresse : ce que vous avez écrit est resté."
)


@bp.route("/", methods=["GET", "POST"])
@policy(Policy.PUBLIC_UNCACHED)
def propose() -> Any:
    """Suggest a date or, with ``?evenement=``, report a mistake in that event."""
    event_id = request.values.get("evenement", "").strip()
    return _mistake(get_event(event_id)) if event_id else _date()


@bp.get("/merci/")
@policy(Policy.PUBLIC)
def thanks() -> Response:
    """Show what happens next. ``?deja=`` names the event that already has the suggested dates,
    ``?evenement=`` the event in which a mistake was reported."""
    known, reported = (request.args.get(name, "").strip() for name in ("deja", "evenement"))
    here = page()
    here.noindex = True
    return _show(
        "thanks.html",
        known=get_event(known) if known else None,
        reported=get_event(reported) if reported else None,
    )


def _date() -> Any:
    here = page()
    if request.method != "POST":
        return _form(SuggestionForm())
    form = SuggestionForm.posted(request.form)
    if not forms.is_fresh():
        return _form(form, 400, forms.TOO_OLD)
    if request.form.get("action") == "ajouter":
        form.add_date()
        return _form(form)
    suggestion = form.read(here.reference, here.today)
    if suggestion is None:
        return _form(form, 400)
    known = None
    if not forms.is_trapped():
        if refused := _spent(suggestion.address):
            return retry_after(_form(form, 429, refused[0]), refused[1])
        known = suggestions.suggest(db.session, suggestion, here.now)
    return redirect(url_for(".thanks") + page().query_with(deja=known, evenements=None), 303)


def _mistake(event: Event) -> Any:
    if request.method != "POST":
        return _form(MistakeForm(), event=event)
    form = MistakeForm.posted(request.form)
    if not forms.is_fresh():
        return _form(form, 400, forms.TOO_OLD, event)
    mistake = form.read(event)
    if mistake is None:
        return _form(form, 400, event=event)
    if not forms.is_trapped():
        if refused := _spent(mistake.address):
            return retry_after(_form(form, 429, refused[0], event), refused[1])
        suggestions.report(db.session, mistake, page().now)
    there = page().query_with(evenement=event.id, evenements=None)
    return redirect(url_for(".thanks") + there, 303)


def _spent(address: MailAddress | None) -> tuple[str, timedelta] | None:
    """Count one more suggestion.

    :returns: the French sentence to show and how long the visitor must wait, when a limit is
        exceeded; None when none is.
    """
    now, source = page().now, network()
    if not limits.take(db.session, limits.SUGGESTIONS_A_SOURCE, source, now):
        wait = limits.wait(db.session, limits.SUGGESTIONS_A_SOURCE, source, now)
        return too_many(wait), wait
    if address is None:
        return None
    fingerprint = links().fingerprint(f"suggestion/{address.mailbox}")
    if limits.take(db.session, limits.SUGGESTIONS_AN_ADDRESS, fingerprint, now):
        return None
    wait = limits.wait(db.session, limits.SUGGESTIONS_AN_ADDRESS, fingerprint, now)
    return _ADDRESS_SPENT, wait


def _form(
    form: SuggestionForm | MistakeForm,
    status: int = 200,
    notice: str | None = None,
    event: Event | None = None,
) -> Response:
    template = "mistake.html" if event else "form.html"
    cards = [page().card(m) for m in event.milestones] if event else []
    dates = [(c.milestone.key, f"{c.lead_in} {c.when}") for c in cards]
    return _show(template, status, form=form, notice=notice, event=event, dates=dates)


def _show(template: str, status: int = 200, **context: Any) -> Response:
    body = render_template(
        f"public/suggestion/{template}",
        page=page(),
        KINDS=tuple(DateKind),
        title_length=TITLE_LENGTH,
        words_length=WORDS_LENGTH,
        most_dates=MOST_DATES,
        **context,
    )
    return make_response(body, status)
