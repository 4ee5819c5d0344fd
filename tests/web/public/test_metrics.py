"""``/metrics`` says how the service stands, to its own network and to nobody else."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

import pytest

from calendar_app.reminders import outbox_status
from calendar_app.store.base import db, writing
from calendar_app.store.models import SendingHold
from calendar_app.web.answer_cache import AnswerCache
from tests.factories import ID, entry, publish
from tests.mail_factories import SIGNED_UP, plan, sign_up, subscriber
from tests.reminders.test_outbox import NOW
from tests.web.editing.test_editor_pages import enter, make_editor

LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


def measured(app) -> dict[str, float]:
    answer = app.test_client().get("/metrics", environ_base=LOCAL)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    found = dict(line.rsplit(" ", 1) for line in lines)
    assert len(found) == len(lines)
    # The text format of Prometheus: a name, perhaps labels, a number.
    assert all(re.fullmatch(r'[a-z_]+(\{[a-z]+="[a-z_]+"\})?', name) for name in found)
    return {name: float(value) for name, value in found.items()}


def test_the_measures_are_those_of_the_store(make_app):
    app = make_app("empty")
    publish(app, entry(), now=SIGNED_UP - timedelta(days=1))
    sign_up(app, *(subscriber(f"n{n}") for n in range(3)), picks=(ID,))
    plan(app, NOW)
    now = datetime.now(UTC)
    with app.app_context():
        outbox_status.beat(db.session, "worker-1", now, None, now)
    found = measured(app)
    assert found['calendar_mails{state="pending"}'] == found["calendar_mails_due"] == 3
    waited = (now - NOW).total_seconds()
    assert found["calendar_oldest_due_mail_seconds"] == pytest.approx(waited, rel=1e-3)
    assert 0 <= found["calendar_worker_heartbeat_age_seconds"] < 300
    assert found["calendar_catalogue_age_seconds"] > waited
    assert (found["calendar_workers"], found["calendar_sending_held"]) == (1, 0)
    assert found["calendar_sources_failing"] == found["calendar_letters_waiting"] == 0
    assert found["calendar_holidays_age_seconds"] == math.inf  # never fetched


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_new_store_has_every_measure(make_app):
    """An alert compares: of a measure that is missing it hears nothing."""
    app = make_app("empty")
    answer = app.test_client().get("/metrics", environ_base=LOCAL).text
    told = set(re.findall(r"^# TYPE (\w+) gauge$", answer, re.MULTILINE))
    assert told == {name.partition("{")[0] for name in measured(app)}
    for name in ("worker_heartbeat", "holidays"):
        assert f"\ncalendar_{name}_age_seconds +Inf\n" in answer


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("remote", "header", "status"),
    [
        ("127.0.0.1", None, 200),
        ("10.1.2.3", None, 200),
        ("10.2.0.1", None, 404),
        ("192.0.2.7", None, 404),
        ("127.0.0.1", "X-Forwarded-For", 404),
        ("127.0.0.1", "Forwarded", 404),
        ("127.0.0.1", "Via", 404),
    ],
)
@pytest.mark.parametrize("proxies", ["0", "1"])
def test_only_its_networks_read_it_and_never_through_a_proxy(
    make_app, remote, header, status, proxies
):
    networks = {"CALENDAR_METRICS_NETWORKS": "127.0.0.0/8, 10.1.0.0/16"}
    app = make_app("empty", CALENDAR_TRUSTED_PROXIES=proxies, **networks)
    headers = {header: "127.0.0.1"} if header else {}
    asked = {"environ_base": {"REMOTE_ADDR": remote}, "headers": headers}
    answer = app.test_client().get("/metrics", **asked)
    assert answer.status_code == status
    # By whatever name the machine is called.
    answer = app.test_client().get("/metrics", base_url="http://node-7:9000", **asked)
    assert answer.status_code == status


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_cache_keeps_it_for_others(make_app):
    """As it is served: behind the layer that keeps whole answers."""
    app = make_app("empty")
    app.wsgi_app = AnswerCache(app)
    client = app.test_client()
    answer = client.get("/metrics", environ_base=LOCAL)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    for header in ("X-Forwarded-For", "Via"):
        answer = client.get("/metrics", environ_base=LOCAL, headers={header: "x"})
        assert answer.status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_editor_sees_how_the_service_stands(make_app):
    app = make_app("empty")
    client = app.test_client()
    assert client.get("/redaction/service/").status_code == 303
    enter(client, make_editor(app))
    page = client.get("/redaction/service/").text
    assert "ne donne plus signe de vie" in page
    assert "Nous ne connaissons pas" in page or "sont connues partout" in page
    now = datetime.now(UTC)
    with app.app_context():
        outbox_status.beat(db.session, "worker-1", now, None, now)
    assert "Ils partent." in client.get("/redaction/service/").text
    with app.app_context(), writing(db.session, now):
        db.session.add(SendingHold(restored_at=now, backed_up_at=now))
    assert "une sauvegarde a été restaurée" in client.get("/redaction/service/").text
    assert measured(app)["calendar_sending_held"] == 1
