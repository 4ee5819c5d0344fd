"""« Mon agenda personnel »: the address of one person's own feed."""

from __future__ import annotations

from flask import Blueprint, Response

from calendar_app.feeds.ical import CONTENT_TYPE
from calendar_app.reminders import personal_agenda
from calendar_app.store.base import db
from calendar_app.web.feed_answers import Rendered, answer_feed, write_ics
from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.security import PERSONAL_FEED_CACHE
from calendar_app.web.visitors import links

bp = Blueprint("agenda", __name__)


@bp.get("/flux/perso/<token>/mon-agenda.ics")
@policy(Policy.LINK_HOLDER)
def feed(token: str) -> Response:
    """Return the feed of a personal agenda: 404 for an address that we never made, 410 for one that
    is over. It is rendered for each request: after an erasure no cache holds it."""
    here, public = page(), settings()
    uid = links().read_agenda(token)
    agenda, person = personal_agenda.of_address(db.session, uid)
    found = personal_agenda.personal_feed(
        db.session,
        here.reference,
        agenda,
        person,
        here.now,
        site_name=public.site_name,
        address=links().agenda(uid),
    )
    rendered = Rendered.of(write_ics(found, wednesdays=person.school.wednesdays))
    changed_at = max(here.reference.changed_at, agenda.changed_at)
    return answer_feed(rendered, changed_at, CONTENT_TYPE, PERSONAL_FEED_CACHE)
