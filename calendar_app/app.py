"""The application: settings in, a Flask application out; and what it hands to the rooms."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

from flask import Flask
from flask_migrate import Migrate

from calendar_app.catalogue import setup
from calendar_app.config import retention
from calendar_app.config.settings import Settings, data_folder, templates_folder
from calendar_app.config.start import begin
from calendar_app.editing import accounts, other_mails
from calendar_app.feeds.date_block import date_block, full_pill, pill
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.reminders import asked
from calendar_app.reminders.keeping.ledger import Ledger
from calendar_app.reminders.mail.message import Letterhead
from calendar_app.reminders.mail.transport import Transport, open_transport
from calendar_app.reminders.rules import personal_links
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.reminders.sending import Sender
from calendar_app.school import levels
from calendar_app.store.base import AnySession, db, engine_options
from calendar_app.web import caching, editor_session, static_files, typography
from calendar_app.web.api import views as api_views
from calendar_app.web.editing import (
    editor_views,
    event_views,
    journal_views,
    letter_views,
    mailbox_views,
    queue_views,
    source_views,
)
from calendar_app.web.editing.room import ask_to_log_in
from calendar_app.web.head import head_of
from calendar_app.web.icons import icon
from calendar_app.web.policies import hold_to_policies
from calendar_app.web.public import (
    calendar_views,
    choice_views,
    composer_views,
    embed_views,
    feed_views,
    legal_views,
    style_views,
    suggestion_views,
    system_views,
)
from calendar_app.web.security import protect
from calendar_app.web.subscription import agenda_views, personal_views, subscription_views
from calendar_app.words import french, vocabulary


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application.

    :param settings: with settings, no connection is opened and no file of the store is read. With
        None, the settings come from the environment, as for a server that just starts; outside
        production, the SQLite store is then created or upgraded, and filled if it is empty.
    :raises SettingsError: when a setting in the environment is wrong.
    :raises RuntimeError: when a view does not declare who may open it.
    """
    if settings is not None:
        return _assembled(settings)
    settings = begin(os.environ)
    app = _assembled(settings)
    if not settings.production and settings.database_url.startswith("sqlite"):
        with app.app_context():
            setup.first_start(db.session, data_folder(), settings.instance, datetime.now(UTC))
    return app


def _assembled(settings: Settings) -> Flask:
    app = Flask("calendar_app", template_folder=str(templates_folder()))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    db.init_app(app)
    Migrate(app, db, directory=f"{app.root_path}/migrations")
    _prepare_templates(app, settings)
    editor_session.configure(app, settings)
    protect(app, settings)
    app.after_request(caching.finish)
    static_files.serve(app)
    for views in (
        calendar_views,
        choice_views,
        composer_views,
        feed_views,
        embed_views,
        api_views,
        subscription_views,
        personal_views,
        agenda_views,
        suggestion_views,
        editor_views,
        queue_views,
        letter_views,
        event_views,
        source_views,
        mailbox_views,
        journal_views,
        legal_views,
        style_views,
        system_views,
    ):
        app.register_blueprint(views.bp)
    hold_to_policies(app, ask_to_log_in)
    return app


def _prepare_templates(app: Flask, settings: Settings) -> None:
    app.jinja_options = typography.JINJA_OPTIONS
    app.jinja_env.filters.update(
        day=french.day_words,
        span=french.span_words,
        short_span=french.short_span_words,
        month_words=french.month_words,
        of_month_words=french.of_month_words,
        level=levels.name,
        fr=french.typography,
        duration=retention.duration_words,
        date_block=date_block,
        pill=pill,
        full_pill=full_pill,
    )
    app.jinja_env.globals.update(
        settings=settings,
        head_of=head_of,
        icon=icon,
        CLASSES=levels.CLASSES,
        GROUPS=levels.GROUPS,
        EventType=vocabulary.EventType,
        MilestoneKind=vocabulary.MilestoneKind,
        WEEKDAYS=french.WEEKDAYS,
        retention=retention,
        CODE_LIFE=personal_links.CODE_LIFE,
        CONFIRMATION_LIFE=personal_links.CONFIRMATION_LIFE,
    )


def settings_of(app: Flask) -> Settings:
    """Return the settings from which an application was made."""
    return cast(Settings, app.config["SETTINGS"])


def store_session(app: Flask) -> AnySession:
    """Return the session of the application's store; each context has its own behind it."""
    return db.session


def letterhead(app: Flask) -> Letterhead:
    """Return what all mails of the installation share."""
    settings = settings_of(app)
    return Letterhead(
        environment=app.jinja_env,
        links=PersonalLinks(settings.secret_key, settings.public_url),
        site_name=settings.site_name,
        sender=settings.mail_from,
        unsubscribe_mailbox=settings.unsubscribe_mailbox,
        contact=settings.contact,
    )


def ledger_of(app: Flask) -> Ledger:
    """Return where departures are noted, so that a restored backup keeps to them."""
    return Ledger(settings_of(app).ledger, letterhead(app).links)


def letter_knowledge() -> LetterKnowledge:
    """Return what a reader of letters and of outside feeds must know."""
    return knowledge_of_files(data_folder())


def transport(app: Flask) -> Transport:
    """Return the way to the mail server of the settings. No connection is opened yet."""
    settings = settings_of(app)
    host = urlsplit(settings.public_url).hostname
    return open_transport(settings.smtp_url, settings.instance / "outbox", host)


def answer_requests(app: Flask, now: datetime) -> int:
    """Answer the requests made by typing an address (see :func:`asked.answer`). The mail of a
    forgotten password is handed in: editing knows whose it is."""
    links, mail_password = letterhead(app).links, accounts.mail_forgotten_password
    return asked.answer(store_session(app), links, now, mail_password)


def make_sender(
    app: Flask,
    owner: str,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    pause: Callable[[float], object] = time.sleep,
) -> Sender:
    """Return the sender of one worker; the parameters are those of :class:`Sender`."""
    return Sender(
        store_session(app),
        letterhead(app),
        transport(app),
        other_mails,
        owner,
        settings_of(app).smtp_rate,
        clock,
        pause,
    )
