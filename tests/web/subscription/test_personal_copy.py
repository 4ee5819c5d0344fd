"""The right of access: a page in French for a person, beside the file for a program."""

from __future__ import annotations

import inspect
import json
import re
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Milestone
from calendar_app.editing import suggestions
from calendar_app.editing.rules.draft_states import DraftState
from calendar_app.editing.suggestions import Mistake
from calendar_app.reminders import follows, personal_agenda, personal_data
from calendar_app.reminders.mail import smtp_session, transport
from calendar_app.reminders.models.outbox import Delivery, DeliveryAttempt, LinkWish, Reminder
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.deliveries import (
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
    ReminderState,
    SubscriberState,
)
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.store.base import db, writing
from calendar_app.web.subscription.personal_copy import LABELS, STATES, Part, in_words
from calendar_app.words.mail_addresses import MailAddress
from tests.factories import ID
from tests.web.subscription.test_subscription_pages import (
    ALICE,
    clock,
    personal,
    personal_token,
    site,
    words,
)

__all__ = ["clock", "site"]

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)


def fill(site) -> str:
    """Give Alice an example of all data that is kept; return the token of her link."""
    token = personal_token(site)
    with site.app_context():
        who = db.session.scalar(select(Subscriber))
        follows.answer(db.session, who.uid, ID, ClassAnswer.REGISTERED, NOW)
        personal_agenda.start(db.session, who.uid, NOW)
        mistake = Mistake(
            event_id=ID, key=None, words="Une erreur", address=MailAddress.read(ALICE)
        )
        suggestions.report(db.session, mistake, NOW)
        with writing(db.session, NOW):
            who = db.session.scalar(select(Subscriber))
            who.themes, who.leads = frozenset(("robotique",)), frozenset(("class_weeks:3", "month"))
            who.new_address = "alice@autre.example"
            milestone = db.session.scalars(select(Milestone)).first()
            for place, kind in enumerate(k for k in DeliveryKind if k.to_subscriber):
                mail = Delivery(
                    subscriber_id=who.id,
                    kind=kind,
                    day=date(2021, 1, 21),
                    occurrence=9,
                    state=(DeliveryState.SENT, DeliveryState.FAILED)[place % 2],
                    finished_at=NOW,
                    reason="plus rien à rappeler",
                    due_at=NOW,
                    expires_at=NOW + timedelta(days=2),
                    created_at=NOW,
                )
                db.session.add(mail)
                db.session.flush()
                if kind is DeliveryKind.LINK:
                    db.session.add(LinkWish(delivery_id=mail.id, event_id=ID, next_edition=True))
                for stage in STATES["etape"]:
                    db.session.add(
                        DeliveryAttempt(
                            delivery_id=mail.id,
                            epoch=1,
                            owner="worker-1",
                            at=NOW,
                            outcome=list(AttemptOutcome)[place % len(AttemptOutcome)],
                            stage=stage,
                            code=450,
                            reply="450 plus tard",
                        )
                    )
            leads = ("class_weeks:1", "last_class_day", "month", "moved", "cancelled")
            for lead, state in zip(leads, ReminderState, strict=True):
                db.session.add(
                    Reminder(
                        subscriber_id=who.id,
                        milestone_id=milestone.id,
                        day=date(2021, 2, 11),
                        lead=lead,
                        delivery_id=mail.id,
                        send_at=NOW,
                        state=state,
                    )
                )
    return token


MACHINE = re.compile(
    r"\b(active|sent|pending|planned|class_weeks|last_class_day|month|rcpt|in_doubt|registered"
    r"|true|false|none|null|worker)\b|\+00:00|\dT\d|\b20\d\d-\d\d-\d\d",
    re.IGNORECASE,
)


def test_the_page_says_in_words_all_that_the_file_holds(site):
    token = fill(site)
    client = site.test_client()
    page = words(client.get(personal(token, "donnees/")))
    main = page.partition("Mes données Voici")[2]
    assert not MACHINE.search(main.replace(ID, "")), MACHINE.search(main)
    for said in (
        "alice@autre.example",
        "rappels en cours",
        "Lille",
        "3 semaines de classe avant la date et un mois avant la date",
        "Concours d'essai",
        "lundi 4 janvier 2021 à 10 h",
        "jeudi 11 février 2021",
        "plus rien à rappeler",
        "450 plus tard",
        "courriel de rentrée",
        "chiffrement",
        "Ce que vous avez proposé",
        "Son adresse donnée le",
    ):
        assert said in main, said
    data = json.loads(client.get(personal(token, "donnees.json")).text)
    # The page has one label for each such value of the file.
    assert page.count(LABELS["reponse"]) == sum(len(m["essais"]) for m in data["courriels"])
    assert main.count(LABELS["prevu_le"]) == len(data["rappels"]) == len(ReminderState)


def test_every_value_of_the_file_is_a_line_or_a_part(site):
    fill(site)
    with site.app_context():
        person = db.session.scalar(select(Subscriber))
        suggested = suggestions.kept_of(db.session, person.address_key)
        data = personal_data.export(db.session, person, suggested)
        copy = in_words(data, queries.reference(db.session))

    def leaves(value) -> int:
        if isinstance(value, dict):
            return sum(leaves(inner) for inner in value.values())
        if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            return sum(map(leaves, value))
        return value is not None

    def lines(part: Part) -> int:
        return len(part.lines) + sum(map(lines, part.parts))

    assert lines(copy) == leaves(data)


def test_every_closed_list_has_its_words():
    for key, values in (
        ("abonnement", SubscriberState),
        ("rappels", ReminderState),
        ("courriels", DeliveryState),
        ("propositions", DraftState),
        ("sorte", DeliveryKind),
        ("issue", AttemptOutcome),
        ("etablissement", SchoolKind),
    ):
        assert set(STATES[key]) == set(values), key
    source = "".join(map(inspect.getsource, (transport, smtp_session)))
    stages = set(re.findall(r'(?:_at|_expect|Error)\(\s*"([a-z]+)"', source))
    assert {"rcpt", "body", "connect"} <= stages <= set(STATES["etape"]), stages


def test_the_file_is_readable_too(site):
    token = fill(site)
    answer = site.test_client().get(personal(token, "donnees.json"))
    assert "\\u" not in answer.text
    assert '\n  "adresse": "alice@' in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_somebody_who_has_little_reads_little(site):
    token = personal_token(site)
    with site.app_context(), writing(db.session, NOW):
        db.session.execute(update(Subscriber).values(academy_slug=None))
    page = words(site.test_client().get(personal(token, "donnees/")))
    assert "Événements que vous suivez rien" in page
    assert "Thèmes tous" in page
    assert "None" not in page
    assert "lundi 4 janvier 2021" in page
