"""After years of silence, reminders and accounts end, and names leave the journal."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from calendar_app import worker
from calendar_app.app import ledger_of, letterhead
from calendar_app.config import retention
from calendar_app.editing import accounts, journal, other_mails, silence
from calendar_app.editing.journal import JournalFilter
from calendar_app.editing.models.editors import Editor
from calendar_app.editing.models.journal import Change
from calendar_app.editing.rules.roles import EditorRights, EditorRole
from calendar_app.reminders import follows, subscriptions
from calendar_app.reminders.composing import Composer
from calendar_app.reminders.models.outbox import Delivery
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.outbox import claim
from calendar_app.reminders.rules.deliveries import DeliveryKind, DeliveryState, SubscriberState
from calendar_app.reminders.rules.personal_links import ClassAnswer
from calendar_app.store.base import Base, db, writing
from tests.editing.test_journal import change, of_lille
from tests.factories import ID, entry, publish
from tests.mail_factories import sign_up, subscriber
from tests.reminders.test_subscriptions import CM2

HEARD = datetime(2020, 9, 1, 10, 0, tzinfo=UTC)
#: The first 1 November after three years of silence, and the mail of the rentrée before it.
ENDS = datetime(2023, 11, 1, 9, 0, tzinfo=UTC)
RENTREE = datetime(2023, 9, 4, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = datetime(2016, 1, 4, 9, 0, tzinfo=UTC)

DAYS = st.dates(date(1950, 1, 1), date(2150, 1, 1))


@given(DAYS, DAYS)
def test_silence_ends_on_one_day_read_from_both_sides(heard, today):
    ends = retention.silence_ends(heard, heard)
    last, since = retention.silence_ended(today)
    assert last <= today < last.replace(year=last.year + 1)
    assert (ends <= today) == (ends <= last) == (heard <= since)
    # The day that is said today is the first such day still ahead.
    said = retention.silence_ends(heard, today)
    assert said == ends if ends > today else today < said == last.replace(year=last.year + 1)
    years = retention.SILENT_YEARS
    assert (ends.month, ends.day) == (11, 1)
    assert (heard.year + years, heard.timetuple()[1:3]) <= (ends.year, (11, 1))
    assert (heard.year + years + 1, heard.timetuple()[1:3]) > (ends.year, (11, 1))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=30), "30\u00a0jours"),
        (timedelta(hours=24), "24\u00a0heures"),
        (timedelta(hours=1), "1\u00a0heure"),
        (timedelta(days=2), "2\u00a0jours"),
        (3, "3\u00a0ans"),
        (1, "1\u00a0an"),
    ],
)
def test_a_duration_is_said(span, words):
    assert retention.duration_words(span) == words


# -- reminders -------------------------------------------------------------------------------------


@pytest.fixture
def store(empty_app):
    publish(empty_app, entry(), now=HEARD)
    [who] = sign_up(empty_app, subscriber(), now=HEARD)
    with empty_app.app_context():
        yield who


def told(who: int, at: datetime = RENTREE, state: DeliveryState = DeliveryState.SENT) -> None:
    with writing(db.session, at):
        mail = Delivery(
            subscriber_id=who,
            kind=DeliveryKind.RENTREE,
            day=at.date(),
            occurrence=1,
            state=state,
            due_at=at,
            expires_at=at + DAY,
            created_at=at,
            finished_at=at,
        )
        db.session.add(mail)


def state(who: int) -> SubscriberState:
    db.session.expire_all()
    return db.session.get(Subscriber, who).state


def test_reminders_that_nobody_answers_end_on_the_day_that_the_rentree_said(store):
    told(store)
    assert silence.clean(db.session, ENDS - DAY).subscriptions == 0
    assert state(store) is SubscriberState.ACTIVE
    assert silence.clean(db.session, ENDS).subscriptions == 1
    assert state(store) is SubscriberState.UNSUBSCRIBED
    assert silence.clean(db.session, ENDS).subscriptions == 0
    # The row is kept for as long as after any other unsubscription, and then deleted.
    last = ENDS + retention.ENDED
    assert subscriptions.clean(db.session, last - DAY).ended == 0
    assert subscriptions.clean(db.session, last).ended == 1


@pytest.mark.parametrize(
    "untold",
    [
        lambda who: None,
        lambda who: told(who, state=DeliveryState.EXPIRED),
        lambda who: told(who, at=HEARD - DAY),
        lambda who: told(who, at=ENDS - retention.TOLD_BEFORE + DAY),
    ],
    ids=["no mail", "a mail that did not go", "before the last click", "too late"],
)
def test_nothing_ends_that_was_not_told_in_time(store, untold):
    untold(store)
    assert silence.clean(db.session, ENDS).subscriptions == 0
    # The mail of the next rentrée names the next 1 November, and no earlier day counts.
    assert retention.silence_ends(HEARD.date(), RENTREE.date() + 366 * DAY) == date(2024, 11, 1)
    with writing(db.session, ENDS):
        db.session.execute(delete(Delivery))
    told(store, at=RENTREE.replace(year=2024))
    assert silence.clean(db.session, ENDS.replace(year=2024) - DAY).subscriptions == 0
    assert silence.clean(db.session, ENDS.replace(year=2024)).subscriptions == 1


@pytest.mark.parametrize(
    "sign",
    [
        lambda uid, at: subscriptions.resume(db.session, uid, at),
        lambda uid, at: subscriptions.change(db.session, uid, CM2, at),
        lambda uid, at: follows.answer(db.session, uid, ID, ClassAnswer.REGISTERED, at),
        lambda uid, at: follows.pick(db.session, uid, ID, at),
    ],
    ids=["continue", "change", "answer", "pick"],
)
def test_a_click_is_a_sign_of_life(store, sign):
    told(store)
    sign(db.session.get(Subscriber, store).uid, ENDS - DAY)
    assert silence.clean(db.session, ENDS).subscriptions == 0
    told(store, at=ENDS + 700 * DAY)
    later = retention.silence_ends((ENDS - DAY).date(), ENDS.date())
    assert later == date(2026, 11, 1)
    at = datetime.combine(later, ENDS.timetz())
    assert silence.clean(db.session, at - DAY).subscriptions == 0
    assert silence.clean(db.session, at).subscriptions == 1


def test_a_pause_ends_without_a_mail_since_its_page_says_so(store):
    uid = db.session.get(Subscriber, store).uid
    subscriptions.pause(db.session, uid, HEARD)
    assert silence.clean(db.session, ENDS - DAY).subscriptions == 0
    assert silence.clean(db.session, ENDS).subscriptions == 1


def test_an_end_by_silence_is_noted_for_restored_backups(make_app, tmp_path):
    """As the worker cleans."""
    app = make_app("empty", CALENDAR_LEDGER=str(tmp_path / "ledger"))
    publish(app, entry(), now=HEARD)
    [who] = sign_up(app, subscriber(), now=HEARD)
    with app.app_context():
        told(who)
        worker._clean(app, ENDS)
        assert state(who) is SubscriberState.UNSUBSCRIBED
        ledger, key = ledger_of(app), db.session.get(Subscriber, who).address_key
        ledger.backed_up("0123456789abcdef", ENDS)
        assert ledger.since("0123456789abcdef", ENDS).left == {ledger.hash_of(key)}


def test_the_last_mail_says_why(store, empty_app):
    told(store)
    silence.clean(db.session, ENDS)
    mails = claim(db.session, "worker", ENDS, 10)
    [goodbye] = Composer(letterhead(empty_app), other_mails).prepare(db.session, mails, ENDS)
    assert b"Sans un clic de votre part depuis 3" in goodbye.filled.data.replace(b"=\r\n", b"")


# -- editors ---------------------------------------------------------------------------------------


@pytest.fixture
def account(empty_app):
    publish(empty_app, of_lille(), now=OLD)
    with empty_app.app_context():
        scope = frozenset({"academie/lille"})
        accounts.add(db.session, "zoe@x.example", "Zoé Martin", EditorRole.PUBLISHER, scope, OLD)
        yield db.session.scalar(select(Editor))


def years_after(at: datetime, years: int) -> datetime:
    return at.replace(year=at.year + years)


def test_an_account_that_nobody_uses_is_disabled(account):
    idle = years_after(OLD, retention.IDLE_ACCOUNT_YEARS)
    assert silence.clean(db.session, idle - DAY).disabled == 0
    assert silence.clean(db.session, idle).disabled == 1
    assert silence.clean(db.session, idle).disabled == 0
    assert [line.disabled for line in accounts.everybody(db.session)] == [True]


def test_a_log_in_keeps_an_account(account, empty_app):
    links, late = letterhead(empty_app).links, years_after(OLD, 1)
    phrase = "une phrase que personne ne devine"
    token = accounts.reset(db.session, "zoe@x.example", OLD)
    accounts.set_password(db.session, token, phrase, OLD)
    accounts.log_in(db.session, "zoe@x.example", phrase, "réseau", links, late)
    idle = years_after(late, retention.IDLE_ACCOUNT_YEARS)
    assert silence.clean(db.session, idle - DAY).disabled == 0
    assert silence.clean(db.session, idle).disabled == 1


def test_a_name_leaves_the_journal_and_every_change_stays(account, empty_app):
    change(account, title="Un autre titre")
    before = [(c.id, c.at, c.editor_id, c.title, c.before) for c in every()]
    left = datetime(2021, 1, 5, 9, 0, tzinfo=UTC)
    accounts.disable(db.session, "zoe@x.example", left)
    gone = years_after(left, retention.DISABLED_ACCOUNT_YEARS)
    assert silence.clean(db.session, gone - DAY).erased == 0
    assert silence.clean(db.session, gone).erased == 1
    assert silence.clean(db.session, gone).erased == 0
    db.session.expire_all()
    assert [(c.id, c.at, c.editor_id, c.title, c.before) for c in every()] == before
    assert [c.editor.name for c in every() if c.editor] == [retention.ERASED_NAME]
    assert accounts.everybody(db.session) == ()
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            assert "zoe" not in repr(connection.execute(select(table)).all()).casefold(), table
    # The address is free again: a new editor of the same name is another person.
    scope = frozenset({"academie/lille"})
    accounts.add(db.session, "zoe@x.example", "Zoé Martin", EditorRole.PREPARER, scope, gone)
    assert len(accounts.everybody(db.session)) == 1


def every() -> list[Change]:
    return [c for page in journal.whole(db.session) for c in page]


def test_who_filters_the_journal_still_finds_what_they_did(account):
    change(account, title="Un autre titre")
    accounts.disable(db.session, "zoe@x.example", OLD)
    silence.clean(db.session, years_after(OLD, 20))
    rights = EditorRights(EditorRole.ADMINISTRATOR, None)
    chosen = JournalFilter(editor_id=account.id)
    assert len(journal.changes(db.session, rights, None, chosen, limit=9)) == 1
