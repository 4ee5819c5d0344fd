"""Random acts of editors, with valid form tokens: an editor never reads or changes anything of
another académie."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from werkzeug.routing import Rule

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.editing import events, letter_room
from calendar_app.editing.models.journal import Change, ChangeScope
from calendar_app.editing.models.letters import Draft, Letter
from calendar_app.editing.models.sources import Source
from calendar_app.store.base import db, writing
from calendar_app.web import forms
from tests.editing.test_events import editor, facts, wanted
from tests.editing.test_moderation import KNOWLEDGE, LETTER
from tests.factories import another, publish
from tests.tools import scaled
from tests.web.editing.test_queue_pages import act, logged_in

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
PLACES = {"lille": "Lille", "lyon": "Lyon"}
OTHER = {"lille": "lyon", "lyon": "lille"}
#: A word that stands in every text of one académie, and in no other text.
MARK = {"lille": "ZZBEFFROI", "lyon": "ZZTRABOULE"}

#: The actors: (role, académie).
ACTORS = [(role, slug) for slug in PLACES for role in ("redacteur", "responsable")]
METHODS = ("GET", "POST")


def world(app: Flask) -> None:
    """Give each académie an event, a letter with drafts, a source and a change."""
    publish(
        app,
        *(
            another(
                slug,
                title=f"Concours {MARK[slug]}",
                summary=f"{MARK[slug]} pour tous.",
                scope={"academies": [slug]},
            )
            for slug in PLACES
        ),
        now=NOW,
    )
    with app.app_context():
        for slug, name in PLACES.items():
            who = editor("responsable", f"academie/{slug}")
            text = LETTER.replace("Lille", name).replace("podcast", MARK[slug])
            letter_room.drop(db.session, who, text.encode(), f"{slug}.txt", None, NOW, KNOWLEDGE)
            seen = facts(f"{slug}-2020-2021")
            new = wanted(seen, place=f"{MARK[slug]} place")
            events.save(db.session, who, new, seen, NOW, why=MARK[slug])
            with writing(db.session, NOW):
                source = Source(
                    name=MARK[slug],
                    address=f"https://{slug}.example/",
                    created_at=NOW,
                    next_fetch_at=NOW,
                    failures=0,
                    copy=[],
                )
                source.scope = {f"academie/{slug}"}
                db.session.add(source)


def rows_of(app: Flask, slug: str) -> dict[str, list[str]]:
    """Return all rows that belong to one académie."""
    mark, code = MARK[slug], f"academie/{slug}"
    with app.app_context(), db.engine.connect() as connection:

        def rows(query: Any) -> list[str]:
            return sorted(map(repr, connection.execute(query)))

        events = select(Event.id).where(Event.title.contains(mark))
        letters = select(Letter.id).where(Letter.text.contains(mark))
        of_change = select(ChangeScope.change_id).where(ChangeScope.code == code)
        return {
            "event": rows(select(Event.__table__).where(Event.id.in_(events))),
            "milestone": rows(select(Milestone.__table__).where(Milestone.event_id.in_(events))),
            "letter": rows(select(Letter.__table__).where(Letter.id.in_(letters))),
            "draft": rows(select(Draft.__table__).where(Draft.letter_id.in_(letters))),
            "source": rows(select(Source.__table__).where(Source.name == mark)),
            "change": rows(select(Change.__table__).where(Change.id.in_(of_change))),
        }


class Room(RuleBasedStateMachine):
    """Every actor sends every request, about any object."""

    app: Flask
    clients: dict[tuple[str, str], Any]
    routes: list[Rule]

    @initialize()
    def start(self) -> None:
        self.before = {slug: rows_of(self.app, slug) for slug in PLACES}
        self.actor: tuple[str, str] | None = None

    @rule(
        actor=st.sampled_from(ACTORS),
        which=st.integers(0, 10_000),
        method=st.sampled_from(METHODS),
        number=st.integers(1, 9),
        event=st.sampled_from([f"{slug}-2020-2021" for slug in PLACES]),
        field=st.fixed_dictionaries(
            {},
            optional={
                "revision": st.sampled_from(["1", "2", "3"]),
                "evenement": st.sampled_from(
                    ["", "lille-2020-2021", "lyon-2020-2021/deadline", "lyon-2020-2021"]
                ),
                "etat": st.sampled_from(["annule", "archive", "complet", "retabli"]),
                "proposition": st.sampled_from(["1", "3", "5"]),
                "titre": st.just("Titre"),
                "nature": st.just("limite"),
                "dernier_jour": st.just("2021-02-12"),
                "pour": st.sampled_from(["Lille", "Lyon", "national", ""]),
                "action": st.sampled_from(["publier", "proposer", "apercu"]),
                "pourquoi": st.just("pour voir"),
                "reponse": st.just("non"),
            },
        ),
    )
    def press(self, actor, which, method, number, event, field) -> None:
        self.actor = actor
        client, rule_ = self.clients[actor], self.routes[which % len(self.routes)]
        values = {name: event if name == "event_id" else number for name in rule_.arguments}
        with self.app.test_request_context():
            address = self.app.url_map.bind("localhost").build(rule_.endpoint, values)
        if method == "POST":
            with client.session_transaction("/redaction/") as session:
                key = session.get("key", "")
            with self.app.test_request_context():
                token = forms.form_token(rule_.endpoint, session=key, **values)
            answer = client.post(address, data=field | {"jeton": token})
        else:
            answer = client.get(address, query_string=field)
        assert answer.status_code < 500, (method, address)
        assert MARK[OTHER[actor[1]]] not in answer.text, (actor, method, address)
        answer.close()

    @invariant()
    def nothing_of_others_changed(self) -> None:
        if getattr(self, "actor", None) is None:
            return
        _, slug = self.actor
        other = OTHER[slug]
        assert rows_of(self.app, other) == self.before[other]
        self.before[slug] = rows_of(self.app, slug)


@pytest.fixture
def engine():
    """Rights are the same on either engine."""
    return "sqlite"


@pytest.mark.long
def test_nothing_of_one_academie_is_read_or_changed_by_another(empty_app):
    with time_machine.travel(NOW, tick=False):
        world(empty_app)
        Room.app = empty_app
        Room.clients = {actor: logged_in(empty_app, *actor) for actor in ACTORS}
        # An act has an effect where it is allowed; otherwise the rest would prove nothing.
        letter, refuse = "/redaction/lettres/1/", "/redaction/propositions/3/refuser/"
        zoe = Room.clients["responsable", "lille"]
        before = rows_of(empty_app, "lille")
        assert act(zoe, letter, refuse).status_code == 303
        assert rows_of(empty_app, "lille") != before
        Room.routes = [
            rule_
            for rule_ in empty_app.url_map.iter_rules()
            if rule_.rule.startswith("/redaction/")
            and not {"token"} & rule_.arguments
            and rule_.endpoint not in ("editor.log_in", "editor.log_out", "sources.read_again")
        ]
        run_state_machine_as_test(
            Room,
            settings=settings(
                max_examples=scaled(2000, 40),
                stateful_step_count=5,
                suppress_health_check=list(HealthCheck),
            ),
        )
