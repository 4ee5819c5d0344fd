"""The headers of every answer, and the pages that errors become."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, abort, current_app, render_template, request
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import (
    Conflict,
    Gone,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
)
from werkzeug.http import parse_date
from werkzeug.middleware.proxy_fix import ProxyFix

from calendar_app.catalogue import setup
from calendar_app.config import log_lines
from calendar_app.config.settings import Settings
from calendar_app.store.base import db
from calendar_app.store.connections import hurry
from calendar_app.store.faults import log_words
from calendar_app.web import bodies, error_leads
from calendar_app.web.error_leads import WayOn, leads_from
from calendar_app.words.errors import CalendarError, GoneError, NotFoundError

log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

#: Beginning of the paths that other sites may show in a frame. The path decides, not the view, so
#: that an error page there can be shown in the frame too.
EMBED_PATH = "/embed/"
_EMBED_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors *",
    )
)
#: X-Frame-Options has no value that allows every site: embeds are sent without the header.
_EMBED_HEADERS = {
    name: value
    for name, value in HEADERS.items()
    if name not in ("X-Frame-Options", "Cross-Origin-Opener-Policy")
} | {"Content-Security-Policy": _EMBED_POLICY}

#: A personal link gives access to everything of its person: no other site learns the address, no
#: search engine lists it. (No cache keeps the page: ``web/caching.py``.)
PERSONAL_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
PERSONAL_FEED_PATH = "/flux/perso/"
PERSONAL_PATHS = (
    PERSONAL_FEED_PATH,
    "/abonnement/lien/",
    "/abonnement/adresse/",
    "/abonnement/code/",
    "/redaction/",
)

#: The open data: programs of any site may read it, and its errors are for programs (RFC 9457). The
#: page that presents it is a page as others are.
API_PATH = "/api/v1/"
_API_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
    "Access-Control-Max-Age": "86400",
}

_PLAIN = "text/plain; charset=utf-8"

#: Seconds after which a client may ask again when the store did not answer.
RETRY_AFTER = 120

_TITLES = {
    400: "Demande refusée",
    403: "Action réservée",
    404: "Page introuvable",
    405: "Action impossible ici",
    410: "Adresse arrêtée",
    413: "Envoi trop long",
    414: "Adresse trop longue",
    429: "Trop de demandes",
    500: "Une erreur de notre côté",
    503: "Service momentanément indisponible",
}
_TEXTS = {
    400: "Cette adresse n'est pas celle de ce site, ou la demande est incomplète.",
    403: "Votre rôle de rédaction ne permet pas d'ouvrir cette page.",
    404: "Rien ne se trouve à cette adresse. Elle a peut-être été mal recopiée.",
    405: "Cette adresse ne s'ouvre pas ainsi. Revenez à la page précédente.",
    413: "Ce qui a été envoyé est trop long pour cette page. Revenez à la page précédente, et "
    "envoyez moins de texte ou un fichier plus petit.",
    414: "Cette adresse porte trop de choix. Enlevez quelques filtres ou quelques événements.",
    429: "Trop de demandes sont parties de votre réseau (dans un établissement, tout le monde a le "
    "même). Réessayez dans une heure.",
    500: "L'erreur est notée. Réessayez dans quelques minutes.",
    503: "Le calendrier ne répond pas pour le moment. Réessayez dans quelques minutes : "
    "les agendas abonnés gardent leurs dates.",
}

#: The text for a status code that has no text of its own.
_OTHER = "La demande n'a pas pu être lue. Revenez à la page précédente, et recommencez."

_BUSY = (
    "Beaucoup de personnes envoient quelque chose en ce moment. Rien n'a été enregistré : revenez "
    "à la page précédente, et envoyez à nouveau dans dix secondes."
)

_ERASED = (
    "Ce que vous regardiez vient d'être effacé. Revenez à l'accueil pour repartir de ce qui existe."
)


#: What SQLAlchemy says of a connection that it has given up, and its code for a transaction that
#: was on such a connection (« Can't reconnect until invalid transaction is rolled back »).
_CLOSED, _NOT_RECONNECTED = "this connection is closed", "8s2b"


def protect(app: Flask, settings: Settings) -> None:
    """Set the headers, limits, error pages and trusted proxies of the application."""
    app.before_request(_name_request)
    app.before_request(_check_host)
    app.before_request(_forget_days_that_are_none)
    if not settings.trusted_proxies:
        app.before_request(_warn_of_proxy)
    bodies.bound(app)
    # A person waits for the page: a store that does not answer becomes a 503 within seconds.
    app.before_request(lambda: hurry())
    app.before_request(_refuse_another_schema)
    app.teardown_appcontext(_end_session)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotFoundError, _not_found)
    app.register_error_handler(GoneError, _gone)
    app.register_error_handler(CalendarError, _refused)
    app.register_error_handler(ObjectDeletedError, _erased)
    app.register_error_handler(DBAPIError, _no_store)
    app.register_error_handler(PoolTimeoutError, _no_store)
    app.register_error_handler(InvalidRequestError, _lost_connection)
    app.register_error_handler(IntegrityError, _our_fault)
    app.register_error_handler(Exception, _our_fault)
    if hops := settings.trusted_proxies:
        known = _with_a_web_scheme(app.wsgi_app)
        proxied = ProxyFix(known, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    if settings.public_url.startswith("https://"):
        app.after_request(_ask_for_https)


def _with_a_web_scheme(application: WSGIApplication) -> WSGIApplication:
    """Replace any scheme but http and https by http. Werkzeug writes a proxy's X-Forwarded-Proto
    into redirects unchecked, before any view runs."""

    def called(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["wsgi.url_scheme"] not in ("http", "https"):
            environ["wsgi.url_scheme"] = "http"
        return application(environ, start_response)

    return called


def _name_request() -> None:
    """Give the request a name, by which all lines of the log about it are found."""
    log_lines.request_id.set(secrets.token_hex(4))


#: What a supervisor asks, by whatever name it knows this machine.
_ANY_NAME = ("system.livez", "system.readyz", "system.metrics")


def _check_host() -> None:
    """Refuse a foreign Host header: no address may be built with the name of another site. The
    health checks and measures of a supervisor may use any name. (Werkzeug's own check knows no IPv6
    address.)"""
    is_trusted = is_trusted_host(request.host, current_app.config["SETTINGS"].trusted_hosts)
    if not is_trusted and request.endpoint not in _ANY_NAME:
        abort(400)


def is_trusted_host(host: str, trusted: Collection[str]) -> bool:
    """Return whether a Host header names this site, with any port.

    :param trusted: the names of the site (``Settings.trusted_hosts``).
    """
    return re.sub(r":[0-9]+$", "", host.lower()) in trusted


def _forget_days_that_are_none() -> None:
    """Drop the date headers on which Werkzeug fails: its ``parse_date`` raises ``OverflowError``
    for the year 99999999999999999999. A field that is no date is ignored (RFC 9110, section
    13.1.3)."""
    for name in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE"):
        try:
            parse_date(request.environ.get(name))
        except OverflowError:
            del request.environ[name]


def _refuse_another_schema() -> Response | None:
    """Answer 503 to what may write into the schema of another release. Who only reads is answered
    as far as the schema allows it."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    # A store that does not answer is no problem of its schema: the error goes to its handler, since
    # this session could no longer be used.
    todo = setup.PROBLEMS.get(setup.schema_state(db.session))
    return _cannot_serve(todo) if todo else None


def _end_session(_error: BaseException | None) -> None:
    """End the transaction of a request, still with the short time-out. The answer is already made:
    a store that no longer answers does not change it."""
    try:
        db.session.remove()
    except (DBAPIError, InvalidRequestError):
        log.warning("the store did not answer at the end of a request")
        db.session.registry.clear()
    finally:
        hurry(None)
        log_lines.request_id.set("")


def _warn_of_proxy() -> None:
    """Log once that requests come through a proxy that the settings do not declare. All visitors
    then share its address, and one person who types wrong passwords locks all editors out."""
    if has_undeclared_proxy() and "undeclared_proxy" not in current_app.extensions:
        current_app.extensions["undeclared_proxy"] = True
        log.warning(
            "X-Forwarded-For arrives while CALENDAR_TRUSTED_PROXIES is 0: all visitors share the"
            " address of the proxy, and with it the limits on log-ins. Set the number of proxies."
        )


def has_undeclared_proxy() -> bool:
    """Return whether this request came through a proxy that the settings do not declare."""
    is_trusted = current_app.config["SETTINGS"].trusted_proxies > 0
    return "X-Forwarded-For" in request.headers and not is_trusted


def _add_headers(answer: Response) -> Response:
    if request.method == "POST" or request.path.startswith(PERSONAL_PATHS):
        answer.headers.update(PERSONAL_HEADERS)
    shown_elsewhere = request.path.startswith(EMBED_PATH)
    for name, value in (_EMBED_HEADERS if shown_elsewhere else HEADERS).items():
        answer.headers.setdefault(name, value)
    if _is_for_programs():
        answer.headers.update(_API_HEADERS)
    if answer.status_code >= 500:
        # Whoever tells us of the error can name it.
        answer.headers["X-Request-ID"] = log_lines.request_id.get()
    return answer


def _is_for_programs() -> bool:
    return request.path.startswith(API_PATH) and request.path != API_PATH


def _ask_for_https(answer: Response) -> Response:
    answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    busy = isinstance(error, ServiceUnavailable)
    answer = _page(error.code, _BUSY if busy and not _is_for_programs() else None)
    if busy:
        answer.headers["Retry-After"] = str(bodies.BUSY_SECONDS)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _not_found(error: NotFoundError) -> Any:
    return _page(
        NotFound.code, str(error), title=error_leads.title_of(error), leads=leads_from(error)
    )


def _gone(error: GoneError) -> Any:
    return _page(Gone.code, str(error))


def _erased(_error: ObjectDeletedError) -> Any:
    """Answer 404 when a person or a worker erased an object that this request was changing."""
    return _page(NotFound.code, _ERASED)


def _refused(error: CalendarError) -> Any:
    """Answer 409 to a refusal that no view caught. A view shows the refusals that it expects in its
    own page, but an object may change between the view's check and its act."""
    return _page(Conflict.code, str(error))


def _no_store(error: DBAPIError | PoolTimeoutError | InvalidRequestError) -> Any:
    """Answer 503 when the store is overloaded or does not answer: never an empty 200, which would
    wipe a subscribed calendar."""
    log.error("the store did not answer: %s", log_words(error))
    try:
        db.session.rollback()
    except (DBAPIError, InvalidRequestError):
        db.session.registry.clear()  # the connection is gone: a new session takes another one
    return _cannot_serve(setup.problem(db.session))


def _cannot_serve(todo: str | None) -> Response:
    """Return a 503 that says when to ask again and, if it is known, what the operator has to do."""
    if todo:
        log.error("the store cannot serve: %s", todo)
    answer = _page(503, todo=todo)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


def _lost_connection(error: InvalidRequestError) -> Any:
    """Answer 503 when a connection was lost twice in one request: SQLAlchemy then says that the
    request used a closed connection. Any other error of this class is a mistake of ours."""
    is_lost = error.code == _NOT_RECONNECTED or _CLOSED in str(error).lower()
    return _no_store(error) if is_lost else _our_fault(error)


def _our_fault(error: Exception) -> Any:
    log.exception("unexpected error on %s", request.endpoint)
    return _page(500)


def _page(
    code: int,
    text: str | None = None,
    *,
    title: str | None = None,
    todo: str | None = None,
    leads: Sequence[WayOn] = (),
) -> Response:
    """Return the answer for an error.

    :param text: what went wrong and what to do, in French; None: the usual text of the code.
    :param title: the kind of error, in French; None: the usual title of the code.
    :param todo: what the operator of the site has to do, in French.
    :param leads: links by which the reader goes on.
    """
    title = title or _TITLES.get(code, "Demande refusée")
    text = text or _TEXTS.get(code, _OTHER)
    public_url = current_app.config["SETTINGS"].public_url
    if _is_for_programs():
        problem = {"type": "about:blank", "title": title, "status": code, "detail": text}
        problem["links"] = [f"{public_url}{lead.address}" for lead in leads]
        body, kind = json.dumps(problem, ensure_ascii=False) + "\n", "application/problem+json"
    # Feeds get plain text; 400 too, because a foreign Host gives no address to build links from.
    elif code == 400 or request.path.endswith((".ics", ".atom", ".json")):
        there = [f"{lead.words} : {public_url}{lead.address}" for lead in leads]
        body = "\n".join(filter(None, (f"{title}. {text}", todo, *there))) + "\n"
        kind = _PLAIN
    else:
        embedded = request.path.startswith(EMBED_PATH)
        template = "public/embed/error.html" if embedded else "public/pages/error.html"
        body = render_template(
            template, title=title, text=text, todo=todo, leads=leads, ours=code >= 500
        )
        kind = "text/html; charset=utf-8"
    return Response(body, status=code, content_type=kind)
