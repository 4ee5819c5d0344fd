"""« Mon agenda personnel »: the address of one person's own feed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from flask import Blueprint, Response

from calendar_app.feeds.feed import month_edge
from calendar_app.feeds.ical import CONTENT_TYPE
from calendar_app.reminders import personal_agenda
from calendar_app.store.base import db
from calendar_app.web.caching import RELEASE
from calendar_app.web.feed_answers import Rendered, answer_feed, is_known, write_ics
from calendar_app.web.page import page, settings
from calendar_app.web.policies import Policy, policy
from calendar_app.web.visitors import links

bp = Blueprint("agenda", __name__)


@bp.get("/flux/perso/<token>/mon-agenda.ics")
@policy(Policy.LINK_HOLDER)
def feed(token: str) -> Response:
    """Return the feed of a personal agenda: 404 for an address that we never made, 410 for one that
    is over. It is rendered for each request that does not have it yet: after an erasure no cache
    holds it."""
    here, public = page(), settings()
    uid = links().read_agenda(token)
    agenda, person = personal_agenda.of_address(db.session, uid)
    changed_at = max(here.reference.changed_at, agenda.changed_at)
    # What the bytes depend on: whoever has them is answered before anything is rendered.
    depends = (
        *(RELEASE, public.site_name, public.public_url, public.uid_domain),
        *(here.reference.state, month_edge(here.now), agenda.uid, agenda.revision),
    )
    etag = hashlib.sha256(repr(depends).encode()).hexdigest()[:32]
    if is_known(etag, changed_at):
        return answer_feed(Rendered(b"", etag), changed_at, CONTENT_TYPE)
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
    return answer_feed(replace(rendered, etag=etag), changed_at, CONTENT_TYPE)
