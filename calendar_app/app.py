"""The application: settings in, a Flask application out."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from calendar_app.config import Settings, templates_folder
from calendar_app.domain import french, levels, vocabulary
from calendar_app.models.base import THREADS, db, engine_options
from calendar_app.web import calendar_views, feed_views, system_views
from calendar_app.web.security import protect

__all__ = ["THREADS", "create_app"]

PACKAGE = "calendar_app"


def create_app(settings: Settings) -> Flask:
    """Return the application. It opens no connection and reads no file of the store."""
    app = Flask(PACKAGE, template_folder=str(templates_folder()))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    db.init_app(app)
    Migrate(app, db, directory=f"{app.root_path}/migrations")
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters.update(
        day=french.day_words,
        span=french.span_words,
        month_words=french.month_words,
        level=levels.name,
        fr=french.typography,
    )
    app.jinja_env.globals.update(
        settings=settings,
        CLASSES=levels.CLASSES,
        GROUPS=levels.GROUPS,
        EventType=vocabulary.EventType,
        WEEKDAYS=french.WEEKDAYS,
    )
    protect(app, settings)
    for views in (calendar_views, feed_views, system_views):
        app.register_blueprint(views.bp)
    return app
