"""Who may do what: random editors do random things by functions, by forms, and by forms that are
given back after the log-in. A second table of rights, written here, says what must happen.

``test_who_asks.py`` checks that no function is left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from calendar_app import letters
from calendar_app.catalogue import queries, renewal
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import facts_of, written_from
from calendar_app.catalogue.file_entries import RuleEntry
from calendar_app.catalogue.models.rules import SeriesRule
from calendar_app.config.settings import data_folder
from calendar_app.editing import (
    accounts,
    events,
    letter_room,
    moderation,
    proposals,
    series_rules,
    undo,
)
from calendar_app.editing.draft_entries import item_of_draft
from calendar_app.editing.followed import agendas
from calendar_app.editing.followed.fetcher import Fetcher
from calendar_app.editing.mailbox import deciding, receiving, senders
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft, Letter, LetterDrop
from calendar_app.editing.models.mailbox import DeclaredSender, ReceivedMail
from calendar_app.editing.models.sources import Source
from calendar_app.editing.rules.roles import RIGHTS, EditorAction, EditorRole
from calendar_app.store.base import db, writing
from calendar_app.web import forms
from calendar_app.web.editing import kept_forms
from calendar_app.web.editing.event_form import EventForm
from calendar_app.web.editing.typed_lists import scope_text
from calendar_app.words.errors import CalendarError
from tests.editing.test_editors import HASHED
from tests.factories import another, publish
from tests.signed_in import cookie
from tests.tools import CAMPAIGN, drawn_on, scaled
from tests.web.editing.test_editor_pages import LOG_IN, PASSWORD, hidden
from tests.web.editing.test_editor_pages import propose as put_draft

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
KNOWLEDGE = letters.knowledge_of_files(data_folder())
OURS = {"Sec-Fetch-Site": "same-origin"}

# -- the second table of rights --------------------------------------------------------------------

#: Code → the places that it contains.
PLACES = {
    "departement/59": {"59"},
    "departement/62": {"62"},
    "academie/lille": {"59", "62"},
    "academie/amiens": {"02", "60", "80"},
    "academie/lyon": {"01", "42", "69"},
    "region/hauts-de-france": {"59", "62", "02", "60", "80"},
    "national": {"59", "62", "02", "60", "80", "01", "42", "69", "elsewhere"},
}
EVERYWHERE = PLACES["national"]
SCOPES: tuple[tuple[str, ...], ...] = (
    ("academie/lille",),
    ("academie/lyon",),
    ("departement/59",),
    ("departement/59", "departement/62"),
    ("academie/lille", "academie/amiens"),
    ("academie/lille", "academie/lyon"),
    ("national",),
)
#: The scope of an event or an agenda may be a région; a letter never names one.
WIDER = (*SCOPES, ("region/hauts-de-france",))
#: (role, scope) of the people who try.
PEOPLE = (
    *((role, scope) for role in ("redacteur", "responsable") for scope in SCOPES[:5] if scope),
    ("administrateur", ()),
)


def places(scope: tuple[str, ...]) -> set[str]:
    return set().union(*(PLACES[code] for code in scope))


@dataclass(frozen=True)
class Try:
    """One attempt of an editor to do something.

    :param scope: the scope of the object.
    :param other: the scope of a second object that the act touches.
    :param is_maker: whether the editor made the object, at a time when their scope was another one.
    """

    verb: str
    role: str
    own: tuple[str, ...]
    scope: tuple[str, ...]
    other: tuple[str, ...]
    is_maker: bool
    is_disabled: bool

    @property
    def covers(self) -> set[str]:
        return EVERYWHERE if self.role == "administrateur" else places(self.own)

    def within(self, scope: tuple[str, ...] | None = None) -> bool:
        """All départements of an académie together give no right to the académie itself."""
        scope = self.scope if scope is None else scope
        by_department = all(code.startswith("departement/") for code in self.own)
        if self.role != "administrateur" and by_department:
            return set(scope) <= set(self.own)
        return places(scope) <= self.covers

    def concerns(self, scope: tuple[str, ...] | None = None) -> bool:
        return bool(places(self.scope if scope is None else scope) & self.covers)

    @property
    def publishes(self) -> bool:
        return self.role != "redacteur"


def always(t: Try) -> bool:
    return True


def to_publish(t: Try) -> bool:
    return t.publishes and t.within()


def to_prepare(t: Try) -> bool:
    return t.within()


def to_decide_or_own(t: Try) -> bool:
    return t.is_maker or to_publish(t)


#: verb → the rule that says who may do it.
TABLE: dict[str, Callable[[Try], bool]] = {
    "drop a letter": always,
    "publish an event": to_publish,
    "change an event": to_publish,
    "archive an event": to_publish,
    "add one's own date": lambda t: t.publishes and t.within() and t.concerns(t.other),
    "prepare an event": Try.concerns,
    "prepare a change": Try.concerns,
    "accept a draft": to_publish,
    "accept all that is certain": to_publish,
    "accept what was prepared": to_publish,
    "refuse a draft": to_publish,
    "refuse what was prepared": to_decide_or_own,
    "correct a draft": to_prepare,
    "correct what was prepared": lambda t: False,
    "attach a draft": lambda t: t.within() and t.concerns(t.other),
    "follow an agenda": to_publish,
    "declare a sender": to_publish,
    "withdraw a sender": to_publish,
    "read a strange mail": lambda t: t.role == "administrateur",
    "refuse a strange mail": lambda t: t.role == "administrateur",
    "stop following": to_publish,
    "follow again": to_publish,
    "read an agenda": to_publish,
    "end a series": to_publish,
    "take back an end": to_publish,
    "take back a change": to_publish,
    "take back an acceptance": lambda t: to_publish(t) and t.within(t.other),
    "take back a refusal": to_publish,
    "take back what was prepared": to_decide_or_own,
    "take back a correction": to_prepare,
    "take back following": to_publish,
    "take back stopping": to_publish,
}


# -- the world -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """How an attempt is made: by the service itself, or by the form of a page.

    :param endpoint: the view that takes the form; *values* and *data* fill it.
    """

    service: Callable[[Editor], Any]
    endpoint: str
    values: dict[str, Any]
    data: dict[str, Any]


class World:
    """A store in which each attempt finds an object of its own."""

    def __init__(self, app: Flask, seed: int) -> None:
        self.app, self.random = app, random.Random(seed)
        self.ids: dict[tuple[str, tuple[str, ...]], int] = {}
        with app.app_context():
            for role, scope in (*PEOPLE, ("administrateur", ("chief",))):
                self.ids[role, scope] = self._person(role, scope)

    def _person(self, role: str, scope: tuple[str, ...]) -> int:
        address = f"{role}-{'-'.join(scope)}@x.example".replace("/", "-")
        codes = frozenset() if role == "administrateur" else frozenset(scope)
        accounts.add(db.session, address, "Zoé", EditorRole(role), codes, NOW)
        with writing(db.session, NOW):
            editor = db.session.scalar(select(Editor).where(Editor.address == address))
            editor.password_hash = HASHED
            return editor.id

    @property
    def chief(self) -> Editor:
        return db.session.get_one(Editor, self.ids["administrateur", ("chief",)])

    def word(self) -> str:
        return "".join(self.random.choices("bcdfglmnprstv", k=9))

    @contextmanager
    def in_charge(self, who: Editor) -> Iterator[Editor]:
        """Make an editor an administrateur for a while; the objects made then stay theirs."""
        role, scope = who.role, set(who.scope)
        with writing(db.session, NOW):
            who.role, who.scope = EditorRole.ADMINISTRATOR, set()
        yield who
        with writing(db.session, NOW):
            who.role, who.scope = role, scope

    # -- objects

    def event(self, scope: tuple[str, ...]) -> str:
        slug = self.word()
        kinds = {"academie": "academies", "departement": "departments", "region": "regions"}
        written: Any = "national"
        if scope != ("national",):
            written = {}
            for code in scope:
                kind, _, name = code.partition("/")
                written.setdefault(kinds[kind], []).append(name)
        publish(self.app, another(slug, title=slug, scope=written), now=NOW)
        db.session.rollback()  # another session wrote it
        return f"{slug}-2020-2021"

    def entry(self, event_id: str) -> EventEntry:
        reference = queries.reference(db.session)
        return event_entry(queries.event(db.session, event_id), reference.academies)

    def new(self, scope: tuple[str, ...]) -> EventEntry:
        """Return a new event that is not published yet."""
        known = self.event(scope)
        slug = self.word()
        entry = self.entry(known)
        update = {"id": f"{slug}-2020-2021", "series": slug, "title": slug, "record": None}
        return entry.model_copy(update=update)

    def draft(self, scope: tuple[str, ...], **more: Any) -> Draft:
        title = f"{self.word()} {self.word()}"
        put_draft(self.app, title, *scope, **more)
        db.session.rollback()  # another session wrote it
        return db.session.scalars(select(Draft).where(Draft.title == title)).one()

    def prepared(self, scope: tuple[str, ...], who: Editor) -> Draft:
        with self.in_charge(who):
            return proposals.propose(db.session, who, self.new(scope), None, NOW)

    def source(self, scope: tuple[str, ...], who: Editor) -> Source:
        address = f"http://127.0.0.1/{self.word()}.ics"
        with self.in_charge(who):
            return agendas.add(db.session, who, "Agenda", address, frozenset(scope), NOW)

    def last_change(self) -> int:
        made = select(func.max(Change.id)).where(Change.editor_id.is_not(None))
        return db.session.scalar(made)

    # -- what is tried

    def act(self, t: Try, who: Editor) -> Act:
        """Make the object of an attempt; return how the attempt is made."""
        maker = who if t.is_maker else self.chief
        return getattr(self, t.verb.replace(" ", "_").replace("'", ""))(t, maker)

    def drop_a_letter(self, t: Try, maker: Editor) -> Act:
        text = f"Concours {self.word()} : s'inscrire avant le 5 février 2021."
        return Act(
            lambda who: letter_room.drop(
                db.session, who, text.encode(), "a.txt", date(2021, 1, 4), NOW, KNOWLEDGE
            ),
            "letters.index",
            {},
            {"texte": text, "envoyee": "2021-01-04"},
        )

    def _form(self, entry: EventEntry, event_id: str | None) -> dict[str, Any]:
        academies = queries.reference(db.session).academies
        form = EventForm.of_entry(events.written_entry(entry), academies, event_id)
        data: dict[str, Any] = {**form.texts, **form.boxes, "autre": "oui"}
        data |= {"pour": form.pour, "type": form.type, "annee": form.annee, "serie": form.serie}
        for number, row in enumerate(form.dates):
            names = ("cle", "nature", "premier", "dernier", "pour")
            data |= {f"date-{number}-{name}": getattr(row, name) for name in names}
        return data

    def _saved(self, entry: EventEntry, seen: Any, action: str) -> Act:
        data = self._form(entry, entry.id if seen else None) | {"action": action}
        endpoint = "editing.edit" if seen else "editing.new"
        values = {"event_id": entry.id} if seen else {}

        def service(who: Editor) -> Any:
            do = events.save if action == "publier" else proposals.propose
            return do(db.session, who, entry, seen, NOW)

        return Act(service, endpoint, values, data)

    def publish_an_event(self, t: Try, maker: Editor) -> Act:
        return self._saved(self.new(t.scope), None, "publier")

    def prepare_an_event(self, t: Try, maker: Editor) -> Act:
        return self._saved(self.new(t.scope), None, "proposer")

    def _changed(self, t: Try, action: str) -> Act:
        entry = self.entry(self.event(t.scope))
        changed = entry.model_copy(update={"title": self.word()})
        return self._saved(changed, facts_of(entry), action)

    def change_an_event(self, t: Try, maker: Editor) -> Act:
        return self._changed(t, "publier")

    def prepare_a_change(self, t: Try, maker: Editor) -> Act:
        return self._changed(t, "proposer")

    def archive_an_event(self, t: Try, maker: Editor) -> Act:
        entry = self.entry(self.event(t.scope))
        seen = facts_of(entry)
        gone = events.check_entry(db.session, written_from(seen | {"archived": "true"}))
        values = {"event_id": entry.id}
        return Act(
            lambda who: events.save(db.session, who, gone, seen, NOW),
            "editing.change_state",
            values,
            {"etat": "archive"},
        )

    def add_ones_own_date(self, t: Try, maker: Editor) -> Act:
        entry = self.entry(self.event(t.other))
        seen, academies = facts_of(entry), queries.reference(db.session).academies
        data = self._form(entry, entry.id) | {"action": "publier"}
        more = {
            "nature": "deadline",
            "premier": "2021-03-05",
            "pour": scope_text(t.scope, academies),
        }
        data |= {f"date-1-{name}": value for name, value in more.items()}
        with self.app.test_request_context():
            form = EventForm.posted(MultiDict(data), entry.id)
            wanted = events.check_entry(db.session, form.read(academies))
        return Act(
            lambda who: events.save(db.session, who, wanted, seen, NOW),
            "editing.edit",
            {"event_id": entry.id},
            data,
        )

    def end_a_series(self, t: Try, maker: Editor) -> Act:
        series = self.event(t.scope).removesuffix("-2020-2021")
        entry = self.entry(f"{series}-2020-2021")
        with writing(db.session, NOW):
            content = renewal.rule_content(
                RuleEntry(
                    series=series,
                    since=2015,
                    every="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=9",
                    audience=entry.audience,
                    scope=entry.scope,
                    organiser="Organisateur",
                    summary="Résumé.",
                    source=entry.source,
                )
            )
            db.session.add(SeriesRule(series_id=series, content=content))
        return Act(
            lambda who: series_rules.end(db.session, who, series, True, NOW),
            "editing.change_rule",
            {"event_id": entry.id},
            {"etat": "terminee"},
        )

    def take_back_an_end(self, t: Try, maker: Editor) -> Act:
        return self._after(maker, self.end_a_series(t, maker))

    def _of_draft(self, draft: Draft, endpoint: str, service: Any, **data: Any) -> Act:
        id_, seen = draft.id, draft.revision
        return Act(
            lambda who: service(db.session, who, id_, seen),
            f"drafts.{endpoint}",
            {"draft_id": id_},
            {"revision": str(seen)} | data,
        )

    def _accept(self, draft: Draft) -> Act:
        def service(session: Any, who: Editor, id_: int, seen: int) -> Any:
            return moderation.accept(session, who, id_, seen, NOW)

        return self._of_draft(draft, "accept", service)

    def _refuse(self, draft: Draft) -> Act:
        def service(session: Any, who: Editor, id_: int, seen: int) -> Any:
            return moderation.refuse(session, who, id_, seen, "non", NOW)

        return self._of_draft(draft, "refuse", service, reponse="non")

    def accept_a_draft(self, t: Try, maker: Editor) -> Act:
        return self._accept(self.draft(t.scope))

    def accept_all_that_is_certain(self, t: Try, maker: Editor) -> Act:
        letter = Letter(
            checksum=f"{self.random.getrandbits(256):064x}",
            title="Une lettre",
            file_name="lettre.txt",
            issued=date(2020, 12, 15),
            issued_from="écrite",
            text="",
            imported_at=NOW,
        )
        id_ = self.draft(t.scope, letter=letter).letter_id

        def service(who: Editor) -> None:
            # Drafts that the editor may not accept are left out without a word.
            if not moderation.accept_certain(db.session, who, id_, NOW):
                raise CalendarError("rien")

        return Act(service, "letters.accept_certain", {"letter_id": id_}, {})

    def accept_what_was_prepared(self, t: Try, maker: Editor) -> Act:
        return self._accept(self.prepared(t.scope, maker))

    def refuse_a_draft(self, t: Try, maker: Editor) -> Act:
        return self._refuse(self.draft(t.scope))

    def refuse_what_was_prepared(self, t: Try, maker: Editor) -> Act:
        return self._refuse(self.prepared(t.scope, maker))

    def _correct(self, draft: Draft, item: Any) -> Act:
        def service(session: Any, who: Editor, id_: int, seen: int) -> Any:
            return moderation.correct(session, who, id_, seen, item, NOW)

        pour = scope_text(set(draft.scope) - {"national"}, queries.reference(db.session).academies)
        data = {"titre": item.title, "nature": "inscription", "dernier_jour": "2021-02-12"}
        return self._of_draft(draft, "correct", service, pour=pour, **data)

    def correct_a_draft(self, t: Try, maker: Editor) -> Act:
        draft = self.draft(t.scope)
        return self._correct(draft, replace(item_of_draft(draft), title=f"{draft.title} bis"))

    def correct_what_was_prepared(self, t: Try, maker: Editor) -> Act:
        item = item_of_draft(self.draft(t.scope))
        return self._correct(self.prepared(t.scope, maker), item)

    def attach_a_draft(self, t: Try, maker: Editor) -> Act:
        event_id = self.event(t.other)

        def service(session: Any, who: Editor, id_: int, seen: int) -> Any:
            return moderation.attach(session, who, id_, seen, event_id, None, NOW)

        return self._of_draft(self.draft(t.scope), "attach", service, evenement=event_id)

    def follow_an_agenda(self, t: Try, maker: Editor) -> Act:
        address = f"http://127.0.0.1/{self.word()}.ics"
        pour = scope_text(t.scope, queries.reference(db.session).academies) or "national"
        return Act(
            lambda who: agendas.add(db.session, who, "Nom", address, frozenset(t.scope), NOW),
            "sources.index",
            {},
            {"nom": "Nom", "adresse": address, "pour": pour},
        )

    def _paused(self, source: Source, paused: bool) -> Act:
        id_ = source.id
        return Act(
            lambda who: agendas.pause(db.session, who, id_, paused, NOW),
            "sources.pause",
            {"source_id": id_},
            {"suivre": "non" if paused else "oui"},
        )

    def stop_following(self, t: Try, maker: Editor) -> Act:
        return self._paused(self.source(t.scope, maker), True)

    def _stopped(self, t: Try, maker: Editor) -> Source:
        source = self.source(t.scope, maker)
        with self.in_charge(maker):
            return agendas.pause(db.session, maker, source.id, True, NOW)

    def follow_again(self, t: Try, maker: Editor) -> Act:
        return self._paused(self._stopped(t, maker), False)

    def read_an_agenda(self, t: Try, maker: Editor) -> Act:
        id_ = self.source(t.scope, maker).id

        def service(who: Editor) -> None:
            # The fetcher refuses this private address, and the refusal is noted.
            agendas.refresh(db.session, id_, Fetcher(), KNOWLEDGE, NOW, editor=who)

        return Act(service, "sources.read_again", {"source_id": id_}, {})

    def declare_a_sender(self, t: Try, maker: Editor) -> Act:
        typed = f"{self.word()}@x.example"
        return Act(
            lambda who: senders.declare(db.session, who, typed, frozenset(t.scope), NOW),
            "mailbox.index",
            {},
            {"expediteur": typed, "pour": self._typed(t.scope)},
        )

    def withdraw_a_sender(self, t: Try, maker: Editor) -> Act:
        typed = f"{self.word()}@x.example"
        with self.in_charge(maker):
            id_ = senders.declare(db.session, maker, typed, frozenset(t.scope), NOW)
        return Act(
            lambda who: senders.withdraw(db.session, who, id_, NOW),
            "mailbox.withdraw",
            {"sender_id": id_},
            {},
        )

    def _strange_mail(self) -> int:
        data = f"From: {self.word()}@x.example\n\nConcours avant le 5 février 2021.".encode()
        receiving.receive(db.session, data, NOW, KNOWLEDGE)
        return db.session.scalar(select(func.max(ReceivedMail.id)))

    def read_a_strange_mail(self, t: Try, maker: Editor) -> Act:
        id_, scope = self._strange_mail(), frozenset(t.scope)
        return Act(
            lambda who: deciding.read_as(db.session, who, id_, scope, NOW, KNOWLEDGE),
            "mailbox.read",
            {"mail_id": id_},
            {f"pour-{id_}": self._typed(t.scope)},
        )

    def refuse_a_strange_mail(self, t: Try, maker: Editor) -> Act:
        id_ = self._strange_mail()
        return Act(
            lambda who: deciding.refuse(db.session, who, id_, NOW),
            "mailbox.refuse",
            {"mail_id": id_},
            {},
        )

    def _typed(self, scope: tuple[str, ...]) -> str:
        return scope_text(scope, queries.reference(db.session).academies)

    def _taken_back(self) -> Act:
        id_ = self.last_change()
        return Act(
            lambda who: undo.undo(db.session, who, id_, None, NOW),
            "journal.take_back",
            {"change_id": id_},
            {"pourquoi": "une erreur"},
        )

    def _after(self, maker: Editor, made: Act) -> Act:
        with self.in_charge(maker):
            made.service(maker)
        return self._taken_back()

    def take_back_a_change(self, t: Try, maker: Editor) -> Act:
        return self._after(maker, self.change_an_event(t, maker))

    def take_back_an_acceptance(self, t: Try, maker: Editor) -> Act:
        """The draft may have another scope than the event that was published from it."""
        draft, entry = self.draft(t.other), self.new(t.scope)
        with self.in_charge(maker):
            moderation.accept(db.session, maker, draft.id, draft.revision, NOW, entry)
        return self._taken_back()

    def take_back_a_refusal(self, t: Try, maker: Editor) -> Act:
        return self._after(maker, self.refuse_a_draft(t, maker))

    def take_back_what_was_prepared(self, t: Try, maker: Editor) -> Act:
        self.prepared(t.scope, maker)
        return self._taken_back()

    def take_back_a_correction(self, t: Try, maker: Editor) -> Act:
        return self._after(maker, self.correct_a_draft(t, maker))

    def take_back_following(self, t: Try, maker: Editor) -> Act:
        self.source(t.scope, maker)
        return self._taken_back()

    def take_back_stopping(self, t: Try, maker: Editor) -> Act:
        self._stopped(t, maker)
        return self._taken_back()

    # -- the three ways

    def trace(self) -> tuple[int, ...]:
        """Return counts; each act of an editor moves at least one of them."""
        tried = select(func.count(Source.id)).where(Source.tried_at.is_not(None))
        nouns = (Change, Draft, LetterDrop, DeclaredSender)
        waiting = select(func.count(ReceivedMail.id)).where(ReceivedMail.data.is_not(None))
        counts = [*(select(func.count()).select_from(noun) for noun in nouns), waiting]
        with self.app.app_context():
            return tuple(db.session.scalar(query) for query in (*counts, tried))

    def by_service(self, act: Act, editor_id: int) -> bool:
        """Return whether the service refused the act."""
        try:
            act.service(db.session.get_one(Editor, editor_id))
        except CalendarError:
            return True
        return False

    def place(self, act: Act) -> str:
        return self.app.url_map.bind("localhost").build(act.endpoint, act.values, method="POST")

    def by_form(self, act: Act, address: str) -> bool:
        client = self.app.test_client()
        page = client.get(LOG_IN)
        self._enter(client, address, page)
        with client.session_transaction(path="/redaction/") as session:
            key = session["key"]
        with self.app.test_request_context():
            token = forms.form_token(act.endpoint, session=key, **act.values)
        answer = client.post(self.place(act), data=act.data | {"jeton": token}, headers=OURS)
        return self._refused(act, answer)

    def given_back(self, act: Act, address: str) -> bool:
        client = self.app.test_client()
        kept = client.post(self.place(act), data=act.data | {"jeton": "x"}, headers=OURS)
        if act.endpoint not in kept_forms.GIVEN_BACK:
            assert kept.status_code == 303
            return True
        assert kept.status_code == 403
        page = self._enter(client, address, kept)
        if page.status_code != 200:
            return True
        answer = client.post(self.place(act), data=hidden(page), headers=OURS)
        return self._refused(act, answer)

    def _enter(self, client: Any, address: str, page: Any) -> Any:
        network = ".".join(str(self.random.randint(1, 250)) for _ in range(4))
        data = hidden(page) | {"adresse": address, "mot_de_passe": PASSWORD}
        return client.post(LOG_IN, data=data, environ_overrides={"REMOTE_ADDR": network})

    def _refused(self, act: Act, answer: Any) -> bool:
        assert answer.status_code < 500
        if answer.status_code == 303:
            return bool(answer.location.startswith(LOG_IN))
        # The page answers 409 when an agenda was read with an error; the trace shows that it was.
        return act.endpoint != "sources.read_again" or answer.status_code in (403, 404)


@pytest.fixture
def world(empty_app):
    seed = random.randrange(10**9)
    with time_machine.travel(NOW, tick=False):
        yield seed, World(empty_app, seed)


def draw(chance: random.Random) -> Try:
    role, own = chance.choice(PEOPLE)
    verb = chance.choice(sorted(TABLE))
    wide = any(word in verb for word in ("event", "agenda", "following", "follow", "stopping"))
    scope, other = chance.choice(WIDER if wide else SCOPES), chance.choice(SCOPES)
    if own and chance.random() < 0.4:
        scope = own  # otherwise most acts are refused for their scope alone
    if verb == "add one's own date":  # the scope of a date is within its event's
        other = ("national",)
        scope = chance.choice(SCOPES[:-1])
    return Try(
        verb, role, own, scope, other, chance.random() < 0.3, is_disabled=chance.random() < 0.1
    )


@pytest.mark.long
def test_what_happens_is_what_the_table_says(world, engine):
    seed, world = world
    chance, seen = random.Random(seed), {}
    for number in range(drawn_on(engine, scaled(2_000, 20))):
        t, way = draw(chance), chance.choice(("service", "form", "given back"))
        told = f"seed {seed}, draw {number}: {way}: {t}"
        with world.app.app_context():
            who = db.session.get_one(Editor, world.ids[t.role, t.own])
            act, address, editor_id = world.act(t, who), who.address, who.id
            is_kept = act.endpoint in kept_forms.GIVEN_BACK
            if t.is_disabled:
                with writing(db.session, NOW):
                    who.disabled_at = NOW
        before = world.trace()
        if way == "service":
            with world.app.app_context():
                refused = world.by_service(act, editor_id)
        elif way == "form":
            refused = world.by_form(act, address)
        else:
            refused = world.given_back(act, address)
        wanted = TABLE[t.verb](t) and not t.is_disabled and (is_kept or way != "given back")
        assert (not refused, world.trace() != before) == (wanted, wanted), told
        seen[t.verb, wanted] = told
        with world.app.app_context(), writing(db.session, NOW):
            db.session.get_one(Editor, editor_id).disabled_at = None
    if CAMPAIGN:
        never = {"correct what was prepared"}
        assert seen.keys() == {(v, w) for v in TABLE for w in (True, False)} - {
            (v, True) for v in never
        }


#: What is read → (the act that makes it, the rule that says who may read it).
READ: dict[str, tuple[str, Callable[[Try], bool]]] = {
    "event": ("editing.edit", Try.concerns),
    "draft": ("drafts.draft", Try.within),
    "prepared": ("drafts.draft", lambda t: t.is_maker or t.within()),
    "source": ("sources.source", Try.within),
    "change": ("journal.change", lambda t: t.is_maker or t.within()),
}


def address_of(world: World, t: Try, maker: Editor) -> str:
    """Make an object that may be read, and return the address of its page."""
    endpoint = READ[t.verb][0]
    match t.verb:
        case "event":
            values: dict[str, Any] = {"event_id": world.event(t.scope)}
        case "draft":
            values = {"draft_id": world.draft(t.scope).id}
        case "prepared":
            values = {"draft_id": world.prepared(t.scope, maker).id}
        case "source":
            values = {"source_id": world.source(t.scope, maker).id}
        case _:
            with world.in_charge(maker):
                world.change_an_event(t, maker).service(maker)
            values = {"change_id": world.last_change()}
    return world.app.url_map.bind("localhost").build(endpoint, values)


@pytest.mark.long
def test_what_is_read_is_what_the_table_says(world, engine):
    """An object that an editor may not read does not exist for them: 404."""
    seed, world = world
    chance = random.Random(seed)
    for number in range(drawn_on(engine, scaled(1_000, 20))):
        t = replace(draw(chance), verb=chance.choice(sorted(READ)))
        if t.verb in ("draft", "prepared"):
            t = replace(t, scope=t.scope if t.scope in SCOPES else SCOPES[0])
        told = f"seed {seed}, draw {number}: {t}"
        with world.app.app_context():
            who = db.session.get_one(Editor, world.ids[t.role, t.own])
            maker = who if t.is_maker else world.chief
            address, page = who.address, address_of(world, t, maker)
        client = world.app.test_client()
        client.set_cookie("redaction", cookie(world.app, address).partition("=")[2])
        wanted = 200 if READ[t.verb][1](t) else 404
        assert client.get(page).status_code == wanted, told


def test_the_table_names_every_action():
    assert RIGHTS.keys() == set(EditorAction)
