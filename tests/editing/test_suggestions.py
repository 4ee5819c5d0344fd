"""Suggestions of the public: the draft, the answer, and the erasure of the address."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from calendar_app.catalogue.facts import facts_of, written_from
from calendar_app.config.retention import PROPOSER
from calendar_app.editing import drafts as drafts_
from calendar_app.editing import events, moderation, suggestions
from calendar_app.editing.draft_entries import item_of_draft, proposed
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import DraftOrigin, DraftState, Proposal
from calendar_app.editing.suggestions import Mistake, SuggestedDay, Suggestion
from calendar_app.letters.dated_items import ItemKind, Step
from calendar_app.reminders import outbox_status
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.rules.deliveries import DOUBT
from calendar_app.store.base import db, writing
from calendar_app.words.errors import NotFoundError
from calendar_app.words.mail_addresses import MailAddress
from tests.editing.test_events import editor
from tests.factories import ID, another, entry, publish
from tests.mail_factories import deliveries
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server, scripted_server
from tests.web.subscription.test_subscription_pages import dump

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ADDRESS = "prof@ecole.example"
PROF = MailAddress.read(ADDRESS)
LINK = "https://rallye.example/2021"

DAY_OF_RALLYE = SuggestedDay(
    kind=ItemKind.DEADLINE,
    step=Step.REGISTRATION,
    first_day=None,
    last_day=date(2021, 3, 12),
)
RALLYE = Suggestion(
    title="Rallye mathématique du Nord",
    dates=(DAY_OF_RALLYE,),
    academies=("lille",),
    departments=("59",),
    classes=("cm2", "6e"),
    link=LINK,
    words="Par équipes de quatre.",
    address=PROF,
)
#: A suggestion of what the content of :func:`site` already says.
KNOWN = replace(
    RALLYE,
    title="Concours d'essai",
    dates=(replace(DAY_OF_RALLYE, step=Step.UNKNOWN, last_day=date(2021, 2, 11)),),
    academies=(),
    departments=(),
)
MISTAKE = Mistake(event_id=ID, key=None, words="Le lien est mort.", address=PROF)

DEPARTMENTAL = {
    "kind": "registration_deadline",
    "day": "2021-01-29",
    "scope": {"departments": ["59"]},
}


@pytest.fixture
def site(make_app):
    app = make_app("empty", CALENDAR_SMTP_RATE="1000")
    publish(app, entry(milestones=[*entry()["milestones"], DEPARTMENTAL]), now=NOW - DAY)
    return app


@pytest.fixture
def session(site):
    with site.app_context():
        yield db.session


def drafts(session) -> list[Draft]:
    session.expire_all()
    return list(session.scalars(select(Draft).order_by(Draft.id)))


def decide(session, state: DraftState, draft: Draft | None = None, now=NOW + DAY, **given) -> None:
    """Decide a draft as an editor does."""
    with writing(session, now):
        found = session.get(Draft, draft.id) if draft else session.scalar(select(Draft))
        found.state, found.decided_at = state, now
        for name, value in given.items():
            setattr(found, name, value)
        suggestions.answer(session, found, now)


# -- what is kept ----------------------------------------------------------------------------------


def test_a_suggestion_is_a_draft_for_those_who_may_publish_it(session):
    assert suggestions.suggest(session, RALLYE, NOW) is None
    [draft] = drafts(session)
    assert (draft.origin, draft.state, draft.proposal) == (
        DraftOrigin.SUGGESTION,
        DraftState.PENDING,
        Proposal.NEW_EVENT,
    )
    assert set(draft.scope) == {"departement/59"}
    assert (draft.first_day, draft.last_day, draft.created_at) == (None, date(2021, 3, 12), NOW)
    assert draft.suggested_by == ADDRESS
    item = item_of_draft(draft)
    assert (item.title, item.sentence, item.url) == (RALLYE.title, RALLYE.words, LINK)
    assert item.classes == ("cm2", "6e")
    # The acceptance of all certain drafts at once never includes a suggestion.
    assert draft.confidence == 0
    assert ADDRESS not in str(draft.item)
    seen = {
        place: drafts_.pending_drafts(session, frozenset({place}))
        for place in ("departement/59", "academie/lyon")
    }
    assert [len(found) for found in seen.values()] == [1, 0]


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({}, {"departement/59"}),
        ({"departments": ()}, {"academie/lille"}),
        ({"departments": (), "academies": ()}, {"national"}),
    ],
)
def test_whom_it_takes_to_publish_it(session, given, scope):
    suggestions.suggest(session, replace(RALLYE, **given), NOW)
    assert set(drafts(session)[0].scope) == scope


def test_what_the_calendar_says_already_is_told_and_not_kept(site, session):
    before = dump(site)
    assert suggestions.suggest(session, KNOWN, NOW) == ID
    assert dump(site) == before


def test_another_day_of_a_known_contest_is_a_change_to_it(session):
    suggestions.suggest(
        session, replace(KNOWN, dates=(replace(KNOWN.dates[0], last_day=date(2021, 2, 18)),)), NOW
    )
    [draft] = drafts(session)
    assert (draft.proposal, draft.event_id) == (Proposal.CHANGE, ID)
    assert draft.known_last_day == date(2021, 2, 11)


def test_what_waits_already_waits_once(session):
    suggestions.suggest(session, RALLYE, NOW)
    suggestions.suggest(session, replace(RALLYE, title="Rallye mathématique du nord !"), NOW)
    first, second = drafts(session)
    assert (second.state, second.same_as_id) == (DraftState.REPEATED, first.id)
    assert len(drafts_.pending_drafts(session, None)) == 1


@pytest.mark.parametrize(
    ("key", "scope"), [(None, {"national"}), ("registration_deadline", {"departement/59"})]
)
def test_a_mistake_is_a_change_without_a_day(session, key, scope):
    suggestions.report(session, replace(MISTAKE, key=key), NOW)
    [draft] = drafts(session)
    assert (draft.origin, draft.proposal, draft.event_id) == (
        DraftOrigin.SUGGESTION,
        Proposal.CHANGE,
        ID,
    )
    assert draft.milestone == (next((m for m in draft.event.milestones if m.key == key), None))
    assert (draft.first_day, draft.last_day, set(draft.scope)) == (None, None, scope)
    assert item_of_draft(draft).sentence == "Le lien est mort."


@pytest.mark.parametrize("wrong", [{"event_id": "rien-2020-2021"}, {"key": "results"}])
def test_a_mistake_in_nothing_is_none(site, session, wrong):
    before = dump(site)
    with pytest.raises(NotFoundError):
        suggestions.report(session, replace(MISTAKE, **wrong), NOW)
    assert dump(site) == before


# -- the answer ------------------------------------------------------------------------------------


def answer_to(site, *, now=NOW + DAY) -> tuple[str, str]:
    """Send the one answer that waits; return (recipient, text)."""
    with mail_server() as server:
        assert run(site, server.url, Clock(now)).sent == 1
        assert run(site, server.url, Clock(now)).sent == 0
        [mail] = server.mails
    text = mail.data.replace(b"=\r\n", b"").decode()
    return mail.recipient, text


def test_the_proposer_hears_once_and_is_then_forgotten(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    assert suggestions.clean(session, NOW + DAY) == 0
    publish(site, entry(), another("rallye", title="Le rallye officiel"), now=NOW)
    decide(session, DraftState.ACCEPTED, event_id="rallye-2020-2021", answer="Bravo.")
    decide(session, DraftState.ACCEPTED)  # once more changes nothing
    assert deliveries(site) == {("suggestion", "pending"): 1}
    assert suggestions.clean(session, NOW + DAY) == 0
    recipient, text = answer_to(site)
    assert recipient == ADDRESS
    assert "/evenements/rallye-2020-2021/" in text
    assert "> Bravo." in text
    assert RALLYE.title not in text
    revision = drafts(session)[0].revision
    assert suggestions.clean(session, NOW + DAY) == 1
    assert drafts(session)[0].revision == revision
    assert suggestions.clean(session, NOW + DAY) == 0
    assert ADDRESS not in str(dump(site))


def test_nothing_that_a_visitor_typed_is_in_a_refusal(site, session):
    """The visitor may have typed somebody else's address."""
    spam = replace(
        RALLYE, title="Achetez chez nous", words="Moins cher", link="https://spam.example"
    )
    suggestions.suggest(session, spam, NOW)
    decide(session, DraftState.REFUSED, answer="Pas de publicité.")
    recipient, text = answer_to(site)
    assert recipient == ADDRESS
    assert not re.search("Achetez|Moins|spam", text)
    assert "> Pas de publicit" in text


def test_whoever_left_no_address_gets_no_mail(site, session):
    suggestions.suggest(session, replace(RALLYE, address=None), NOW)
    decide(session, DraftState.REFUSED)
    assert deliveries(site) == {}


def test_whoever_suggested_the_same_hears_the_same(site, session):
    suggestions.suggest(session, replace(RALLYE, address=None), NOW)
    suggestions.suggest(session, RALLYE, NOW)
    suggestions.suggest(session, replace(RALLYE, address=MailAddress.read("b@x.example")), NOW)
    decide(session, DraftState.REFUSED, answer="Déjà passé.")
    with mail_server() as server:
        run(site, server.url, Clock(NOW + DAY))
        assert {mail.recipient for mail in server.mails} == {ADDRESS, "b@x.example"}
        assert all(b"> D=C3=A9j=C3=A0" in mail.data for mail in server.mails)


def test_all_whom_an_acceptance_makes_happy_hear_of_it(site, session):
    """The proposers of the suggestion, of the same one, and of the one that the editor added."""
    addresses = [ADDRESS, "b@x.example", "c@x.example"]
    first, same, other = (replace(RALLYE, address=MailAddress.read(a)) for a in addresses)
    later = replace(DAY_OF_RALLYE, step=Step.SUBMISSION, last_day=date(2021, 3, 26))
    other = replace(other, dates=(later,))
    for suggestion in (first, same, other):
        suggestions.suggest(session, suggestion, NOW)
    found = drafts(session)
    states = [DraftState.PENDING, DraftState.REPEATED, DraftState.PENDING]
    assert [draft.state for draft in found] == states
    facts = facts_of(proposed(session, found[0]))
    facts["milestones.envoi"] = {"kind": "submission_deadline", "day": "2021-03-26"}
    entry = events.check_entry(session, written_from(facts))
    whoever, revision = editor("administrateur"), drafts(session)[0].revision
    event = moderation.accept(session, whoever, found[0].id, revision, NOW + DAY, entry)
    known = [DraftState.ACCEPTED, DraftState.KNOWN, DraftState.KNOWN]
    assert [draft.state for draft in drafts(session)] == known
    with mail_server() as server:
        assert run(site, server.url, Clock(NOW + DAY)).sent == 3
        assert sorted(mail.recipient for mail in server.mails) == sorted(addresses)
        for mail in server.mails:
            assert f"/evenements/{event.id}/".encode() in mail.data.replace(b"=\r\n", b"")
    assert suggestions.clean(session, NOW + DAY) == 3


def test_a_refusal_of_the_room_is_told_with_its_answer(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    [draft] = drafts(session)
    whoever = editor("administrateur")
    moderation.refuse(session, whoever, draft.id, draft.revision, "Déjà passé.", NOW + DAY)
    assert "> D=C3=A9j=C3=A0 pass=C3=A9." in answer_to(site)[1]


def test_a_decision_that_is_taken_back_before_the_mail_went_is_not_told(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    decide(session, DraftState.REFUSED)
    with writing(session, NOW):
        session.scalar(select(Draft)).state = DraftState.PENDING
    with mail_server() as server:
        run(site, server.url, Clock(NOW + DAY))
        assert server.mails == []
    assert suggestions.clean(session, NOW + DAY) == 0
    decide(session, DraftState.REFUSED)
    assert answer_to(site)[0] == ADDRESS


def test_an_answer_in_doubt_goes_out_once_more_with_the_same_bytes(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    decide(session, DraftState.REFUSED)
    clock = Clock(NOW + DAY)
    with scripted_server("accepts then closes") as server:
        run(site, server.url, clock)
        assert suggestions.clean(session, clock.now) == 0
        clock.now += DOUBT + MINUTE
        run(site, server.url, clock)
        first, second = server.accepted
        assert first == second
    clock.now += DOUBT + MINUTE
    with mail_server() as server:
        run(site, server.url, clock)
    assert deliveries(site) == {("suggestion", "parked"): 1}


# -- the address -----------------------------------------------------------------------------------


def test_after_90_days_the_address_is_erased_though_nobody_decided(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    assert suggestions.clean(session, NOW + PROPOSER - MINUTE) == 0
    assert suggestions.clean(session, NOW + PROPOSER) == 1
    assert ADDRESS not in str(dump(site))
    [draft] = drafts(session)
    assert draft.state is DraftState.PENDING
    decide(session, DraftState.REFUSED)
    assert deliveries(site) == {}


def test_after_90_days_what_is_parked_forgets_the_address_too(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    decide(session, DraftState.REFUSED)
    with writing(session, NOW):
        kept = {"state": "parked", "doubts": 2, "form_key": "x", "form_values": f'"{ADDRESS}"'}
        session.execute(update(Delivery).values(**kept))
    assert suggestions.clean(session, NOW + PROPOSER) == 1
    assert ADDRESS not in str(dump(site))
    assert deliveries(site) == {("suggestion", "cancelled"): 1}


def test_an_address_that_no_server_takes_is_erased(site, session):
    suggestions.suggest(session, RALLYE, NOW)
    decide(session, DraftState.REFUSED)
    with scripted_server("5xx at RCPT") as server:
        run(site, server.url, Clock(NOW + DAY))
    assert suggestions.clean(session, NOW + DAY) == 1
    # A person who retries the mail sends nothing: it has no recipient any more.
    with site.app_context():
        [mail] = db.session.scalars(select(Delivery.id))
        outbox_status.retry(db.session, [mail], NOW + DAY)
    with mail_server() as server:
        run(site, server.url, Clock(NOW + DAY))
        assert server.mails == []


def test_the_address_is_in_no_log(site, session, caplog):
    caplog.set_level(logging.DEBUG)
    suggestions.suggest(session, RALLYE, NOW)
    decide(session, DraftState.REFUSED)
    answer_to(site)
    suggestions.clean(session, NOW + DAY)
    assert repr(drafts(session)[0])
    # The test server logs what it receives, so its records are left out.
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert ours
    assert ADDRESS not in str(ours)


def test_a_mail_is_to_a_subscriber_or_to_somebody_else_and_the_store_holds_to_it(session):
    wrong = {"day": NOW.date(), "due_at": NOW, "expires_at": NOW, "created_at": NOW}
    with pytest.raises(IntegrityError), writing(session, NOW):
        session.add(Delivery(kind="reminder", **wrong))
