"""Subscriptions, from the sign-up to the erasure, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from calendar_app.app import create_app
from calendar_app.config import retention
from calendar_app.editing import accounts, suggestions
from calendar_app.editing.suggestions import Mistake
from calendar_app.reminders import asked, follows, personal_data, subscriptions
from calendar_app.reminders.models.outbox import Delivery, DeliveryAttempt
from calendar_app.reminders.models.subscriptions import AddressRequest, Subscriber, Subscription
from calendar_app.reminders.rules.deliveries import AttemptOutcome, DeliveryKind, SubscriberState
from calendar_app.reminders.rules.personal_links import (
    CODE_LIFE,
    CONFIRMATION_LIFE,
    BadLinkError,
    ClassAnswer,
    PersonalLinks,
)
from calendar_app.reminders.rules.reminder_plan import SchoolKind
from calendar_app.reminders.subscribers import (
    CONSENT,
    AddressTakenError,
    ConfirmationExpiredError,
    NotSubscribedError,
    SignUp,
    Wishes,
    WrongCodeError,
    find,
)
from calendar_app.store import limits
from calendar_app.store.base import db, writing
from calendar_app.store.limits import CODE_TRIES
from calendar_app.store.models import RateCount
from calendar_app.words.mail_addresses import AddressError, MailAddress
from tests import commands
from tests.conftest import close, settings_for
from tests.factories import ID, another, entry, publish

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2021, 1, 4)

LINKS = PersonalLinks("k" * 40, "https://calendrier.example")
ALICE = MailAddress.read("Alice@Ecole.example")
BOB = MailAddress.read("bob@ecole.example")

CM2 = Wishes(
    academy_slug="lille",
    school=SchoolKind.ECOLE,
    classes=frozenset(("cm1", "cm2")),
    themes=frozenset(),
    leads=frozenset(("class_weeks:3", "last_class_day")),
)
ALL = Wishes(
    academy_slug="lille",
    school=SchoolKind.COLLEGE,
    classes=frozenset(("6e", "ulis")),
    themes=frozenset(("robotique",)),
    leads=frozenset(("month",)),
    follows_all=True,
    weekly=True,
)
NATIONAL_ONLY = Wishes(
    academy_slug=None,
    school=SchoolKind.ECOLE,
    classes=frozenset(("cm2", "ulis")),
    themes=frozenset(),
    leads=frozenset(("month",)),
    follows_all=True,
)


@pytest.fixture
def session(empty_app):
    """The session of an application with two contests."""
    publish(empty_app, entry(), another("autre", title="Autre concours"))
    with empty_app.app_context():
        yield db.session


def worker_answers(session, now: datetime) -> int:
    """Answer the requests that wait, as the worker does."""
    return asked.answer(session, LINKS, now, accounts.mail_forgotten_password)


def sign_up(session, request: SignUp, now: datetime) -> None:
    """Sign up as the page does, then answer the request as the worker does."""
    asked.sign_up(session, request, now)
    worker_answers(session, now)


def send_link(session, address: MailAddress, now: datetime) -> None:
    """Ask for a link (« Retrouver mon lien »), and queue the mail as the worker does."""
    asked.link(session, address, now)
    worker_answers(session, now)


def of(session, address: MailAddress) -> Subscriber | None:
    session.rollback()
    session.expire_all()
    return session.scalar(select(Subscriber).where(Subscriber.address_key == address.key))


def mails(session, address: MailAddress = ALICE) -> list[DeliveryKind]:
    """The mails that were queued for somebody, oldest first."""
    found = of(session, address)
    query = select(Delivery.kind).where(Delivery.subscriber_id == found.id).order_by(Delivery.id)
    return list(session.scalars(query))


def subscribed(session, address: MailAddress = ALICE, wishes: Wishes = CM2) -> Subscriber:
    """Return a subscriber who confirmed an hour before NOW."""
    sign_up(session, SignUp(address, wishes), NOW - HOUR)
    return subscriptions.confirm(session, of(session, address).uid, "lien", NOW - HOUR)


def columns(person: Subscriber) -> dict:
    return {c.name: getattr(person, c.key) for c in Subscriber.__table__.columns}


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Alice.B@Ecole.EXAMPLE ", "Alice.B@ecole.example"),
        ("a@écôle.example", "a@xn--cle-9la0d.example"),
        ("a+concours@ac-x.example", "a+concours@ac-x.example"),
    ],
)
def test_an_address_is_kept_as_mails_are_sent_to_it(typed, address):
    assert MailAddress.read(typed) == MailAddress(address, address.casefold())


@pytest.mark.parametrize(
    "typed",
    ["", "alice", "alice@", "a@b", "é@ecole.example", "a@b.example\nBcc: x", "a b@c.example"],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(AddressError):
        MailAddress.read(typed)


# -- signing up ------------------------------------------------------------------------------------


def test_a_sign_up_waits_for_its_confirmation(session):
    sign_up(session, SignUp(ALICE, CM2, event_ids=(ID,)), NOW)
    found = of(session, ALICE)
    assert found.address == "Alice@ecole.example"
    assert (found.state, found.confirmed_at) == (SubscriberState.UNCONFIRMED, None)
    assert {name: getattr(found, name) for name in Wishes.__slots__} == {
        name: getattr(CM2, name) for name in Wishes.__slots__
    }
    assert (found.consent_wording, found.consent_at, found.consent_means) == (CONSENT, NOW, None)
    assert [(s.event_id, s.picked, s.since) for s in found.subscriptions] == [(ID, True, NOW)]
    assert mails(session) == [DeliveryKind.CONFIRMATION]
    assert found.code_at == NOW


def test_the_case_of_an_address_makes_no_second_person(session):
    for typed in ("alice@ecole.example", "ALICE@ecole.example"):
        sign_up(session, SignUp(MailAddress.read(typed), CM2), NOW)
    assert session.scalar(select(func.count(Subscriber.id))) == 1


def test_an_unconfirmed_sign_up_is_replaced_and_keeps_what_was_picked(session):
    sign_up(session, SignUp(ALICE, CM2, event_ids=(ID,)), NOW)
    sign_up(session, SignUp(ALICE, ALL, event_ids=("autre-2020-2021",)), NOW + HOUR)
    found = of(session, ALICE)
    assert found.classes == ALL.classes
    assert {s.event_id for s in found.subscriptions} == {ID, "autre-2020-2021"}
    assert mails(session) == [DeliveryKind.CONFIRMATION] * 2
    assert found.code_at == NOW + HOUR


@pytest.mark.parametrize("paused", [False, True])
def test_a_stranger_who_types_the_address_of_a_subscriber_changes_nothing(session, paused):
    person = subscribed(session)
    if paused:
        subscriptions.pause(session, person.uid, NOW)
    before = columns(of(session, ALICE))
    sign_up(session, SignUp(ALICE, ALL, event_ids=(ID,)), NOW)
    after = columns(of(session, ALICE))
    assert {n for n in after if after[n] != before[n]} == {"code_at"}
    assert of(session, ALICE).subscriptions == []
    assert mails(session) == [DeliveryKind.CONFIRMATION, DeliveryKind.LINK]


@pytest.mark.parametrize("state", [SubscriberState.UNSUBSCRIBED, SubscriberState.REFUSED])
def test_who_ended_it_signs_up_anew(session, state):
    person = subscribed(session)
    follows.answer(session, person.uid, ID, ClassAnswer.DECLINED, NOW)
    with writing(session, NOW):
        found = find(session, person.uid, for_update=True)
        found.state, found.state_at = state, NOW
    sign_up(session, SignUp(ALICE, ALL, event_ids=(ID,)), NOW + DAY)
    found = of(session, ALICE)
    assert (found.state, found.follows_all) == (SubscriberState.UNCONFIRMED, True)
    [followed] = found.subscriptions
    assert (followed.event_id, followed.declined_at, followed.picked) == (ID, None, True)


def _sign_up_alice(url, instance, barrier, failures):
    app = create_app(settings_for(url, instance))
    try:
        with app.app_context():
            for n in range(5):
                who = MailAddress.read(f"alice{n}@ecole.example")
                barrier.wait(60)
                sign_up(db.session, SignUp(who, CM2), NOW)
    except Exception as error:
        failures.put(repr(error))
    finally:
        close(app)


def _in_processes(target, number, *args):
    context = commands.processes()
    failures, barrier = context.Queue(), context.Barrier(number)
    started = [
        context.Process(target=target, args=(*args, barrier, failures)) for _ in range(number)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert failures.empty(), failures.get()
    assert [process.exitcode for process in started] == [0] * number


def test_one_address_typed_in_several_processes_at_once_is_one_person(session, empty_app, tmp_path):
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    session.rollback()
    _in_processes(_sign_up_alice, 3, url, tmp_path)
    # When two workers meet the same new address, one request is left for the next tick.
    worker_answers(session, NOW)
    assert session.scalar(select(func.count(Subscriber.id))) == 5
    assert session.scalar(select(func.count(Delivery.id))) == 15


# -- confirming ------------------------------------------------------------------------------------


def test_the_link_confirms_and_notes_how(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    later = NOW + CONFIRMATION_LIFE - timedelta(seconds=1)
    subscriptions.confirm(session, of(session, ALICE).uid, "lien", later)
    found = of(session, ALICE)
    assert found.state is SubscriberState.ACTIVE
    assert {found.confirmed_at, found.since, found.consent_at, found.state_at} == {later}
    assert (found.consent_wording, found.consent_means) == (CONSENT, "lien")


def test_to_confirm_twice_changes_nothing_more(session):
    person = subscribed(session)
    before = columns(of(session, ALICE))
    subscriptions.confirm(session, person.uid, "lien", NOW)
    # The click counts as a sign of life.
    assert columns(of(session, ALICE)) == before | {"heard_at": NOW}


def test_an_old_link_confirms_nothing_until_it_is_sent_again(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    uid, late = of(session, ALICE).uid, NOW + CONFIRMATION_LIFE
    with pytest.raises(ConfirmationExpiredError):
        subscriptions.confirm(session, uid, "lien", late)
    assert of(session, ALICE).state is SubscriberState.UNCONFIRMED
    subscriptions.resend_confirmation(session, uid, late)
    assert mails(session) == [DeliveryKind.CONFIRMATION] * 2
    subscriptions.confirm(session, uid, "lien", late + HOUR)
    assert of(session, ALICE).state is SubscriberState.ACTIVE


def test_nothing_is_sent_again_to_who_confirmed(session):
    person = subscribed(session)
    with pytest.raises(NotSubscribedError):
        subscriptions.resend_confirmation(session, person.uid, NOW)


def code_of(session, address=ALICE) -> str:
    found = of(session, address)
    return LINKS.code(found.uid, found.code_at)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_code_confirms_and_notes_how(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    code = code_of(session)
    assert subscriptions.check_code(session, ALICE, code, LINKS, NOW + HOUR)[1] is True
    found = of(session, ALICE)
    assert (found.state, found.consent_means) == (SubscriberState.ACTIVE, "code")
    # A second click of the same button is no error.
    assert subscriptions.check_code(session, ALICE, code, LINKS, NOW + HOUR)[1] is False


def test_five_wrong_codes_spend_the_code_and_another_mail_brings_another(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    code = code_of(session)
    for _ in range(CODE_TRIES):
        with pytest.raises(WrongCodeError):
            subscriptions.check_code(session, ALICE, wrong(code), LINKS, NOW)
    with pytest.raises(WrongCodeError):
        subscriptions.check_code(session, ALICE, code, LINKS, NOW)
    send_link(session, ALICE, NOW + HOUR)
    assert code_of(session) != code
    assert subscriptions.check_code(session, ALICE, code_of(session), LINKS, NOW + HOUR)[1]


def test_the_right_code_is_no_try(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    for _ in range(CODE_TRIES + 1):
        assert subscriptions.check_code(session, ALICE, code_of(session), LINKS, NOW)


def test_what_was_asked_is_answered_once_and_forgotten(session):
    agreed = NOW - HOUR
    asked.sign_up(session, SignUp(ALICE, CM2, event_ids=(ID,)), agreed)
    asked.link(session, BOB, agreed)
    assert of(session, ALICE) is None
    assert session.scalar(select(func.count(AddressRequest.id))) == 2
    assert [worker_answers(session, NOW) for _ in range(2)] == [2, 0]
    assert session.scalar(select(func.count(AddressRequest.id))) == 0
    found = of(session, ALICE)
    # The code is valid from when it is sent; the consent dates from the press of the button.
    assert (found.code_at, found.consent_at) == (NOW, agreed)


def test_what_no_worker_looked_at_is_forgotten_after_a_day(session):
    asked.link(session, ALICE, NOW)
    assert asked.clean(session, NOW + retention.ASKED - HOUR) == 0
    assert asked.clean(session, NOW + retention.ASKED) == 1
    assert worker_answers(session, NOW + retention.ASKED) == 0


@pytest.mark.parametrize(
    ("typed", "mailbox"),
    [
        ("Cible+1@Ecole.example", "cible@ecole.example"),
        ("cible+1+2@ecole.example", "cible@ecole.example"),
        ("a.b@ecole.example", "a.b@ecole.example"),
        ("A.b.c+x@googlemail.com", "abc@gmail.com"),
        ("+x@ecole.example", "+x@ecole.example"),
    ],
)
def test_addresses_of_one_mailbox_count_as_one_and_stay_themselves(typed, mailbox):
    address = MailAddress.read(typed)
    assert (address.mailbox, address.key) == (mailbox, typed.casefold())


@pytest.mark.parametrize("code", ["", "é", "1234567", "00000"])
def test_what_is_no_code_is_a_wrong_one(session, code):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    with pytest.raises(WrongCodeError):
        subscriptions.check_code(session, ALICE, code, LINKS, NOW)


def test_an_old_code_and_the_code_of_nobody_are_wrong(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    code = code_of(session)
    with pytest.raises(WrongCodeError):
        subscriptions.check_code(session, ALICE, code, LINKS, NOW + CODE_LIFE)
    with pytest.raises(WrongCodeError):
        subscriptions.check_code(session, BOB, code, LINKS, NOW)
    assert of(session, ALICE).state is SubscriberState.UNCONFIRMED


def test_a_link_is_sent_to_whom_it_belongs_only(session):
    send_link(session, BOB, NOW)
    assert of(session, BOB) is None
    assert session.scalar(select(func.count(Delivery.id))) == 0
    sign_up(session, SignUp(BOB, CM2), NOW)
    send_link(session, BOB, NOW)
    assert mails(session, BOB) == [DeliveryKind.CONFIRMATION] * 2
    person = subscribed(session)
    send_link(session, ALICE, NOW)
    assert mails(session)[1:] == [DeliveryKind.LINK]
    subscriptions.unsubscribe(session, person.uid, NOW)
    send_link(session, ALICE, NOW)
    assert mails(session)[2:] == [DeliveryKind.GOODBYE]


# -- with a personal link --------------------------------------------------------------------------


def test_leads_that_passed_before_a_change_do_not_fire(session):
    person = subscribed(session)
    assert of(session, ALICE).since == NOW - HOUR
    subscriptions.change(session, person.uid, CM2, NOW)
    assert of(session, ALICE).since == NOW - HOUR
    subscriptions.change(session, person.uid, ALL, NOW)
    found = of(session, ALICE)
    assert (found.since, found.weekly, found.themes) == (NOW, True, ALL.themes)


def test_a_pause_ends_where_it_is_ended(session):
    person = subscribed(session)
    subscriptions.pause(session, person.uid, NOW)
    assert (of(session, ALICE).state, of(session, ALICE).since) == ("paused", NOW - HOUR)
    subscriptions.pause(session, person.uid, NOW + HOUR)
    assert of(session, ALICE).state_at == NOW
    subscriptions.resume(session, person.uid, NOW + DAY)
    assert (of(session, ALICE).state, of(session, ALICE).since) == ("active", NOW + DAY)


def test_a_new_address_is_confirmed_and_voids_the_links_in_the_old_mailbox(session):
    person = subscribed(session)
    old = person.uid
    subscriptions.ask_new_address(session, old, BOB, NOW)
    assert (of(session, ALICE).new_address, of(session, BOB)) == ("bob@ecole.example", None)
    assert mails(session)[1:] == [DeliveryKind.NEW_ADDRESS]
    fingerprint = LINKS.fingerprint("bob@ecole.example")
    subscriptions.confirm_new_address(session, old, fingerprint, LINKS, NOW)
    moved = of(session, BOB)
    assert (moved.address, moved.new_address) == ("bob@ecole.example", None)
    assert moved.uid != old
    assert of(session, ALICE) is None
    for verb in (subscriptions.pause, subscriptions.unsubscribe):
        with pytest.raises(BadLinkError):
            verb(session, old, NOW)
    with pytest.raises(BadLinkError):
        subscriptions.erase(session, old, NOW, suggestions.forget)
    with pytest.raises(BadLinkError):
        subscriptions.confirm_new_address(session, moved.uid, fingerprint, LINKS, NOW)


def test_only_the_latest_new_address_may_be_confirmed(session):
    person = subscribed(session)
    for address in (BOB, MailAddress.read("carol@ecole.example")):
        subscriptions.ask_new_address(session, person.uid, address, NOW)
    with pytest.raises(BadLinkError):
        subscriptions.confirm_new_address(
            session, person.uid, LINKS.fingerprint(BOB.address), LINKS, NOW
        )
    assert of(session, ALICE) is not None


def test_nobody_moves_to_the_address_of_another_subscriber(session):
    person, _ = subscribed(session), subscribed(session, BOB)
    subscriptions.ask_new_address(session, person.uid, BOB, NOW)
    with pytest.raises(AddressTakenError):
        subscriptions.confirm_new_address(
            session, person.uid, LINKS.fingerprint(BOB.address), LINKS, NOW
        )
    assert of(session, ALICE).uid == person.uid
    assert of(session, BOB).state is SubscriberState.ACTIVE


def test_who_moves_replaces_a_sign_up_that_waits_at_that_address(session):
    person = subscribed(session)
    sign_up(session, SignUp(BOB, ALL, event_ids=(ID,)), NOW)
    subscriptions.ask_new_address(session, person.uid, BOB, NOW)
    subscriptions.confirm_new_address(
        session, person.uid, LINKS.fingerprint(BOB.address), LINKS, NOW
    )
    moved = of(session, BOB)
    assert (moved.state, moved.classes) == (SubscriberState.ACTIVE, CM2.classes)
    assert session.scalar(select(func.count(Subscription.event_id))) == 0


def test_one_unsubscribes_once_and_may_come_back_for_thirty_days(session):
    person = subscribed(session)
    follows.pick(session, person.uid, ID, NOW)
    for _ in range(2):
        subscriptions.unsubscribe(session, person.uid, NOW)
    assert of(session, ALICE).state is SubscriberState.UNSUBSCRIBED
    assert mails(session)[1:] == [DeliveryKind.GOODBYE]
    for verb in (subscriptions.pause, subscriptions.resume):
        with pytest.raises(NotSubscribedError):
            verb(session, person.uid, NOW)
    with pytest.raises(NotSubscribedError):
        subscriptions.come_back(session, person.uid, NOW + 30 * DAY)
    subscriptions.come_back(session, person.uid, NOW + 29 * DAY)
    found = of(session, ALICE)
    assert (found.state, found.since) == (SubscriberState.ACTIVE, NOW + 29 * DAY)
    assert (found.consent_at, found.consent_means) == (NOW + 29 * DAY, "lien")
    assert [s.event_id for s in found.subscriptions] == [ID]


def test_an_unconfirmed_sign_up_ends_without_a_goodbye(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    subscriptions.unsubscribe(session, of(session, ALICE).uid, NOW)
    assert of(session, ALICE).state is SubscriberState.UNSUBSCRIBED
    assert mails(session) == [DeliveryKind.CONFIRMATION]


def test_erasing_leaves_no_row_of_that_person_and_every_row_of_another(session):
    person, other = subscribed(session), subscribed(session, BOB)
    for uid in (person.uid, other.uid):
        follows.pick(session, uid, ID, NOW)
    subscriptions.erase(session, person.uid, NOW, suggestions.forget)
    assert of(session, ALICE) is None
    assert [s.event_id for s in of(session, BOB).subscriptions] == [ID]
    for noun in (Subscriber, Subscription, Delivery):
        assert session.scalar(select(func.count()).select_from(noun)) == 1


def test_cleaning_deletes_what_may_not_be_kept_and_nothing_else(session):
    carol, dave = MailAddress.read("carol@e.example"), MailAddress.read("dave@e.example")
    subscribed(session)
    sign_up(session, SignUp(BOB, CM2), NOW)
    subscriptions.unsubscribe(session, subscribed(session, carol).uid, NOW)
    person = subscribed(session, dave)
    subscriptions.ask_new_address(session, person.uid, MailAddress.read("d@e.example"), NOW)
    limits.take(session, limits.MAILS_AN_ADDRESS, "x", NOW)

    nothing = subscriptions.Cleaned(unconfirmed=0, ended=0, counts=0, new_addresses=0)
    second = timedelta(seconds=1)
    assert subscriptions.clean(session, NOW + DAY - second) == nothing
    done = subscriptions.clean(session, NOW + 7 * DAY)
    assert (done.unconfirmed, done.ended, done.counts, done.new_addresses) == (1, 0, 1, 1)
    assert subscriptions.clean(session, NOW + 30 * DAY - second) == nothing
    assert subscriptions.clean(session, NOW + 30 * DAY).ended == 1
    assert (of(session, BOB), of(session, carol)) == (None, None)
    assert of(session, dave).new_address is None
    assert of(session, ALICE) is not None


# -- what one follows ------------------------------------------------------------------------------


def test_to_pick_an_event_twice_keeps_the_first_instant(session):
    person = subscribed(session)
    follows.pick(session, person.uid, ID, NOW)
    follows.pick(session, person.uid, ID, NOW + DAY)
    [followed] = follows.followed_events(session, of(session, ALICE))
    assert (followed.picked, followed.since) == (True, NOW)
    follows.unpick(session, person.uid, ID, NOW + DAY)
    assert follows.followed_events(session, of(session, ALICE)) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (ClassAnswer.REGISTERED, "registered_at"),
        (ClassAnswer.SUBMITTED, "submitted_at"),
        (ClassAnswer.DECLINED, "declined_at"),
        (ClassAnswer.NEXT_YEAR, "next_year"),
    ],
)
def test_each_answer_notes_one_thing_and_can_be_taken_back(session, said, field):
    person = subscribed(session)
    answers = ("registered_at", "submitted_at", "declined_at", "next_year")
    for now in (NOW, NOW + DAY):
        follows.answer(session, person.uid, ID, said, now)
        [followed] = follows.followed_events(session, of(session, ALICE))
        noted = {n: getattr(followed, n) for n in answers if getattr(followed, n)}
        assert noted == {field: True if field == "next_year" else NOW}
    follows.take_back(session, person.uid, ID, NOW)
    assert follows.followed_events(session, of(session, ALICE)) == []


def test_who_changes_their_mind_is_told_again(session):
    person = subscribed(session)
    follows.pick(session, person.uid, ID, NOW)
    follows.answer(session, person.uid, ID, ClassAnswer.DECLINED, NOW)
    assert follows.due_soon(session, of(session, ALICE), TODAY).followed == ()
    follows.pick(session, person.uid, ID, NOW + DAY)
    [followed] = follows.followed_events(session, of(session, ALICE))
    assert (followed.declined_at, followed.since) == (None, NOW + DAY)
    assert len(follows.due_soon(session, of(session, ALICE), TODAY).followed) == 1


def test_nothing_is_noted_for_who_is_not_subscribed(session):
    sign_up(session, SignUp(ALICE, CM2), NOW)
    with pytest.raises(NotSubscribedError):
        follows.pick(session, of(session, ALICE).uid, ID, NOW)


def test_what_is_due_soon_is_of_ones_place_classes_and_picks(empty_app):
    publish(
        empty_app,
        entry(title="Pour tous"),
        another("cm", title="Pour les CM", classes=["cm2"]),
        another("lycee", title="Pour le second degré", classes=["second-degre"]),
        another("ulis", title="Pour les ULIS", classes=["ulis"]),
    )
    with empty_app.app_context():
        session = db.session

        def titles(cards) -> list[str]:
            return sorted(card.event.title for card in cards)

        subscribed(session, BOB, NATIONAL_ONLY)
        every = follows.due_soon(session, of(session, BOB), TODAY)
        # The contest of the second degré is left out, although ULIS is among its classes.
        assert titles(every.followed) == ["Pour les CM", "Pour les ULIS", "Pour tous"]
        assert every.others == ()

        person = subscribed(session)
        follows.pick(session, person.uid, "lycee-2020-2021", NOW)
        mine = follows.due_soon(session, of(session, ALICE), TODAY)
        assert titles(mine.followed) == ["Pour le second degré"]
        assert titles(mine.others) == ["Pour les CM", "Pour tous"]
        assert len(follows.due_soon(session, of(session, ALICE), TODAY, 1).others) == 1
        past = follows.due_soon(session, of(session, ALICE), date(2021, 2, 12))
        assert (past.followed, past.others) == ((), ())


def test_the_export_says_all_that_is_kept(session):
    person = subscribed(session, wishes=ALL)
    follows.answer(session, person.uid, ID, ClassAnswer.REGISTERED, NOW)
    data = personal_data.export(
        session, of(session, ALICE), suggestions.kept_of(session, ALICE.key)
    )
    assert data["adresse"] == "Alice@ecole.example"
    assert (data["academie"], data["classes"]) == ("lille", ["6e", "ulis"])
    assert data["consentement"] == {
        "texte": CONSENT,
        "le": "2021-01-04T08:00:00+00:00",
        "par": "lien",
    }
    assert [(e["titre"], e["inscrits_le"]) for e in data["evenements"]] == [
        ("Concours d'essai", "2021-01-04T09:00:00+00:00")
    ]
    assert [m["sorte"] for m in data["courriels"]] == ["confirmation"]
    # Columns that identify rows inside the store are of no use outside it.
    silent = {"id", "uid", "address_key"}
    assert len(data) >= len(Subscriber.__table__.columns) - len(silent)


def test_the_export_has_the_tries_to_send_each_mail_and_what_was_suggested(session):
    person = subscribed(session)
    for address in (MailAddress.read("alice@ecole.example"), BOB):
        mistake = Mistake(event_id=ID, key=None, words="Une erreur", address=address)
        suggestions.report(session, mistake, NOW)
    with writing(session, NOW):
        [mail] = session.scalars(select(Delivery).where(Delivery.subscriber_id == person.id))
        for code, outcome in ((450, AttemptOutcome.DEFERRED), (250, AttemptOutcome.SENT)):
            session.add(
                DeliveryAttempt(
                    delivery_id=mail.id,
                    epoch=1,
                    owner="worker-1",
                    at=NOW,
                    outcome=outcome,
                    stage="body",
                    code=code,
                    reply=f"{code} réponse",
                )
            )
    data = personal_data.export(
        session, of(session, ALICE), suggestions.kept_of(session, ALICE.key)
    )
    assert [(p["titre"], p["etat"]) for p in data["propositions"]] == [
        ("Concours d'essai", "pending")
    ]
    [mail] = data["courriels"]
    at = {"le": "2021-01-04T09:00:00+00:00", "etape": "body"}
    assert mail["essais"] == [
        at | {"issue": "deferred", "code": 450, "reponse": "450 réponse"},
        at | {"issue": "sent", "code": 250, "reponse": "250 réponse"},
    ]
    # Ids of rows and names of workers are nobody's personal data; the form is shared by mails. (For
    # an issue of the weekly mail, the export lists its dates.)
    inside = {"id", "subscriber_id", "owner", "epoch", "lease_until", "form_key", "issue"}
    assert len(mail) - 1 == len(set(Delivery.__table__.columns.keys()) - inside)
    inside = {"id", "delivery_id", "owner", "epoch"}
    assert len(mail["essais"][0]) == len(set(DeliveryAttempt.__table__.columns.keys()) - inside)


# -- limits ----------------------------------------------------------------------------------------


def test_a_limit_holds_for_its_window_and_for_one_key(session):
    limit = limits.MAILS_AN_ADDRESS
    assert [limits.take(session, limit, "a", NOW) for _ in range(4)] == [True] * 3 + [False]
    assert limits.take(session, limit, "b", NOW)
    assert limits.is_spent(session, limit, "a", NOW)
    assert not limits.is_spent(session, limit, "b", NOW)
    assert limits.wait(session, limit, "a", NOW + HOUR) == 23 * HOUR
    assert not limits.take(session, limit, "a", NOW + DAY - timedelta(seconds=1))
    assert limits.take(session, limit, "a", NOW + DAY)
    assert limits.wait(session, limit, "a", NOW + DAY) == DAY


def test_a_count_can_be_forgotten(session):
    limit = limits.MAILS_AN_ADDRESS
    for who in "aaab":
        limits.take(session, limit, who, NOW)
    limits.forget(session, limit, "a", NOW)
    assert not limits.wait(session, limit, "a", NOW)
    assert limits.wait(session, limit, "b", NOW) == DAY
    assert [limits.take(session, limit, "a", NOW) for _ in range(4)] == [True] * 3 + [False]


def test_limits_of_different_names_count_apart(session):
    names = [limit.name for limit in vars(limits).values() if isinstance(limit, limits.Limit)]
    assert len(names) == len(set(names)) > 5
    one, other = limits.Limit("un", 1, DAY), limits.Limit("deux", 1, DAY)
    assert limits.take(session, one, "a", NOW)
    assert limits.take(session, other, "a", NOW)
    assert not limits.take(session, one, "a", NOW)


def _ask(url, instance, answers, barrier, failures):
    app = create_app(settings_for(url, instance))
    try:
        with app.app_context():
            barrier.wait(60)
            for _ in range(40):
                answers.put(limits.take(db.session, limits.WRONG_CODES_A_SOURCE, "x", NOW))
    except Exception as error:
        failures.put(repr(error))
    finally:
        close(app)


def test_a_limit_holds_across_processes(session, empty_app, tmp_path):
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    session.rollback()
    answers = commands.processes().Manager().Queue()
    _in_processes(_ask, 4, url, tmp_path, answers)
    given = [answers.get() for _ in range(160)]
    assert given.count(True) == 60
    assert session.scalar(select(RateCount.count)) == 160
