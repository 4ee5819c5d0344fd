"""The editors' room: log-in, log-out, password, and the page « À vérifier »."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from calendar_app.editing import accounts
from calendar_app.editing.followed import agendas
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.service.state import read_state
from calendar_app.reminders import asked
from calendar_app.reminders.rules.deliveries import DeliveryState
from calendar_app.school.local_time import paris_day
from calendar_app.store import limits
from calendar_app.store.base import db
from calendar_app.store.health import has_worker
from calendar_app.web import bodies, editor_session, forms
from calendar_app.web.editing import kept_forms, kept_words, queue_views
from calendar_app.web.editing.room import log_in_page, room_blueprint, show, the_editor
from calendar_app.web.forms import AddressForm
from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.visitors import links, network
from calendar_app.web.waiting import retry_after, too_many, wait_words
from calendar_app.words.text import clean_line

bp = room_blueprint("editor", __name__)

#: The states of a mail that editors are told of, with the words of that page.
_MAILS = {
    DeliveryState.PENDING: "en attente",
    DeliveryState.CLAIMED: "en cours d'envoi",
    DeliveryState.IN_DOUBT: "peut-être partis : nous vérifions",
    DeliveryState.PARKED: "à trancher par l'administration du site",
    DeliveryState.SENT: "envoyés",
    DeliveryState.FAILED: "refusés par leur serveur",
}


@bp.get("/")
@policy(Policy.EDITOR)
def room() -> Response:
    """« À vérifier »: show the drafts that wait for the editor who is logged in."""
    return queue_views.room()


@bp.get("/service/")
@policy(Policy.EDITOR)
def service() -> Response:
    """« État du service »: whether mails go, and what is known of sources and holidays."""
    state = read_state(db.session, page().now)
    counts = [(words, state.count(kind)) for kind, words in _MAILS.items()]
    return show(
        "service.html",
        state=state,
        mails=counts,
        sending=settings().sending,
        worker=has_worker(db.session, page().now),
        reason=any(note for _, note in state.mails.workers.values()),
        sources=agendas.sources_of(db.session, the_editor()),
        local_day=paris_day,
    )


@bp.route("/connexion/", methods=["GET", "POST"])
@policy(Policy.PUBLIC_UNCACHED)
@bodies.takes(bodies.PASTED_LETTER)
def log_in() -> Any:
    """Log in, and go on to the page to which the editor was going. A refusal never tells whether
    the address is known."""
    if request.method != "POST":
        return _log_in(AddressForm())
    form = AddressForm(clean_line(request.form.get("adresse", ""))[:320])
    password = request.form.get("mot_de_passe", "")
    if not editor_session.is_fresh():
        return _log_in(form, 400, notice=editor_session.NOT_FRESH)
    if not form.typed:
        form.problems["adresse"] = "Écrivez votre adresse."
    if not password:
        form.problems["mot_de_passe"] = "Écrivez votre mot de passe."
    if form.problems:
        return _log_in(form, 400)
    try:
        begun = accounts.log_in(db.session, form.typed, password, network(), links(), page().now)
    except accounts.TooManyLoginsError as error:
        notice = f"{error} Réessayez dans {wait_words(error.wait)}."
        return retry_after(_log_in(form, 429, notice=notice), error.wait)
    except accounts.LoginError as error:
        form.problems["adresse"] = str(error)
        return _log_in(form, 400)
    kept = kept_forms.carried()  # it is bound to the session that ends here
    editor_session.begin(begun)
    if kept and kept.words:
        return show("resume.html", kept=kept, told=kept_words.form_lines(kept))
    return redirect(kept.place if kept else url_for(".room"), 303)


@bp.post("/deconnexion/")
@policy(Policy.EDITOR)
def log_out() -> Any:
    """Log the editor out of this browser."""
    if not editor_session.is_fresh():
        return queue_views.room(400, editor_session.NOT_FRESH)
    editor_session.end()
    return redirect(url_for(".log_in", fait="deconnexion"), 303)


@bp.route("/mot-de-passe/", methods=["GET", "POST"])
@policy(Policy.PUBLIC_UNCACHED)
def forgotten() -> Any:
    """« Mot de passe oublié »: mail a link. The answer is the same for every address."""
    if request.method != "POST":
        return show("forgotten.html", form=forms.AddressForm())
    form, now = forms.AddressForm.posted(request.form), page().now
    if not editor_session.is_fresh():
        return show("forgotten.html", 400, form=form, notice=editor_session.NOT_FRESH)
    address = form.read()
    if address is None:
        return show("forgotten.html", 400, form=form)
    limit, source = limits.PASSWORD_MAILS_A_SOURCE, network()
    if not limits.take(db.session, limit, source, now):
        wait = limits.wait(db.session, limit, source, now)
        return retry_after(show("forgotten.html", 429, form=form, notice=too_many(wait)), wait)
    fingerprint = links().fingerprint(f"password/{address.mailbox}")
    if limits.take(db.session, limits.PASSWORD_MAILS_AN_ADDRESS, fingerprint, now):
        asked.password(db.session, address, now)
    return redirect(url_for(".log_in", fait="lien"), 303)


@bp.route("/mot-de-passe/<token>/", methods=["GET", "POST"])
@policy(Policy.LINK_HOLDER)
def password(token: str) -> Any:
    """Set a password, behind a single-use link. A GET does not use the link up, because mail
    scanners follow links."""
    now = page().now
    editor = accounts.of_link(db.session, token, now)
    if request.method != "POST":
        return _password(token, editor)
    if not forms.is_fresh():
        return _password(token, editor, 400, notice=forms.TOO_OLD)
    wanted = request.form.get("mot_de_passe", "")
    if wanted != request.form.get("encore", ""):
        problems = {"encore": "Les deux mots de passe ne sont pas les mêmes."}
        return _password(token, editor, 400, problems=problems)
    try:
        accounts.set_password(db.session, token, wanted, now)
    except accounts.PasswordError as error:
        problems = {"mot_de_passe": str(error)}
        return _password(token, accounts.of_link(db.session, token, now), 400, problems=problems)
    return redirect(url_for(".log_in", fait="mot-de-passe"), 303)


# -- the pages -------------------------------------------------------------------------------------


def _log_in(form: AddressForm, status: int = 200, notice: str | None = None) -> Response:
    return log_in_page(form, status, notice, kept_forms.carried())


def _password(
    token: str,
    editor: Editor,
    status: int = 200,
    notice: str | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    shown = {"token": token, "editor": editor, "notice": notice, "problems": problems or {}}
    shortest, longest = accounts.PASSWORD_LENGTH
    body = render_template(
        "editing/password.html", page=page(), shortest=shortest, longest=longest, **shown
    )
    return make_response(body, status)
