"""``/metrics``: the state of the service as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator
from datetime import datetime

from flask import request

from calendar_app.editing.service.state import ServiceState
from calendar_app.reminders.rules.deliveries import DeliveryState
from calendar_app.web.page import settings

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: A request with one of these came through a proxy, behind which all networks look alike.
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")

#: A measured value: name, help, and its samples (labels as they are written, value).
_Measure = tuple[str, str, list[tuple[str, float]]]


def may_read() -> bool:
    """Whether this request comes straight from a network of ``CALENDAR_METRICS_NETWORKS``."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        remote = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:  # a socket without an address
        return False
    return any(remote in network for network in settings().metrics_networks)


def render(state: ServiceState) -> str:
    """Return the lines of the measures."""
    lines = []
    for name, told, samples in _measures(state):
        full = f"calendar_{name}"
        lines += [f"# HELP {full} {told}", f"# TYPE {full} gauge"]
        lines += [f"{full}{labels} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return "+Inf" if value == math.inf else f"{value:g}"


def _measures(state: ServiceState) -> Iterator[_Measure]:
    yield (
        "mails",
        "Mails of the outbox by state.",
        [(f'{{state="{kind.value}"}}', state.count(kind)) for kind in DeliveryState],
    )
    yield "mails_due", "Mails that are due and wait for a worker.", [("", state.mails.due)]
    due = state.oldest(DeliveryState.PENDING) if state.mails.due else None
    yield (
        "oldest_due_mail_seconds",
        "For how long the oldest mail that is due has waited.",
        [("", max(0.0, _age(state, due)))] if due else [("", 0)],
    )
    yield "workers", "Workers that were seen within a day.", [("", len(state.mails.workers))]
    yield from _aged(state, "worker_heartbeat", "a worker was last seen", state.worker_seen_at)
    yield "sending_held", "1 while nothing is sent since a restore.", [("", bool(state.held))]
    yield "catalogue_version", "Version of the catalogue.", [("", state.version)]
    yield from _aged(state, "catalogue", "something visible last changed", state.changed_at)
    known = state.holidays.succeeded_at if state.holidays else None
    yield from _aged(state, "holidays", "the school holidays were last fetched", known)
    yield (
        "sources_failing",
        "Followed sources that could not be read the last time.",
        [("", len(state.failing_sources))],
    )
    yield (
        "letters_waiting",
        "Mails of unknown senders to decide about.",
        [("", state.mailbox.waiting)],
    )
    yield (
        "letters_room_ratio",
        "How full the room of these mails is, from 0 to 1.",
        [("", state.mailbox.room.share)],
    )
    yield "drafts_waiting", "Drafts that an editor has to decide about.", [("", state.drafts)]


def _aged(state: ServiceState, name: str, what: str, at: datetime | None) -> Iterator[_Measure]:
    """Yield an age in seconds: infinite before the first time, so that an alert above some age also
    tells what never happened (a missing measure would be silent)."""
    age = _age(state, at) if at else math.inf
    yield f"{name}_age_seconds", f"Seconds since {what}; +Inf if never.", [("", age)]


def _age(state: ServiceState, at: datetime) -> float:
    return (state.at - at).total_seconds()
