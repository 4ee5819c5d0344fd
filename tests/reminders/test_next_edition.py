"""« Me prévenir de la prochaine édition »: from the page of a past contest to the mail of the next
one, for an address that we know and for one that we do not."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import func, select

from calendar_app.app import answer_requests
from calendar_app.reminders import personal_data
from calendar_app.reminders.models.outbox import LinkWish
from calendar_app.reminders.models.subscriptions import AddressRequest, Subscriber, Subscription
from calendar_app.store.base import db, writing
from tests.factories import ID, entry, publish
from tests.mail_factories import SIGNED_UP, plan, sign_up, subscriber
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server

#: The contest is over since 11 February.
MARCH = datetime(2021, 3, 1, 9, 0, tzinfo=UTC)
PUBLISHED = datetime(2021, 9, 20, 8, 0, tzinfo=UTC)
#: 7 h 31 in Lille, three class weeks before 3 February 2022.
THREE_WEEKS = datetime(2022, 1, 13, 6, 31, tzinfo=UTC)

ALICE = "alice@ecole.example"
FORM = {
    "adresse": ALICE,
    "lieu": "Lille",
    "etablissement": "ecole",
    "delai": ["class_weeks:3", "last_class_day"],
    "suivre": "choix",
}


class Teacher:
    """A person with a browser and a mailbox."""

    def __init__(self, app: Any) -> None:
        self.app, self.client = app, app.test_client()

    def open(self, address: str, now: datetime) -> str:
        with time_machine.travel(now, tick=False):
            answer = self.client.get(address)
        assert answer.status_code == 200, address
        return answer.text

    def send(self, address: str, now: datetime, form: dict[str, Any], action: str = "") -> str:
        """Send a form of a page, with its hidden fields."""
        page = self.open(address, now)
        action = action or urlsplit(address).path
        shown = re.search(
            rf'<form[^>]*action="{re.escape(action)}[^"]*".*?</form>', page, re.DOTALL
        )
        assert shown, f"no form to {action} on {address}"
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown[0])
        with time_machine.travel(now, tick=False):
            answer = self.client.post(action, data=dict(hidden) | form, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return words(answer.text)

    def mails(self, now: datetime, to: str = ALICE) -> list[str]:
        """Answer the requests, plan and send; return the texts of the mails to an address."""
        with self.app.app_context():
            answer_requests(self.app, now)
        plan(self.app, now)
        with mail_server() as server:
            run(self.app, server.url, Clock(now))
            found = [message_from_bytes(mail.data, policy=default) for mail in server.mails]
        return [
            mail.get_body(("plain",)).get_content().replace("’", "'")
            for mail in found
            if mail["To"] == to
        ]

    def ask(self) -> str:
        """Ask for the next edition, from the first button of the past contest's page."""
        page = self.open(f"/evenements/{ID}/", MARCH)
        button = re.search(r'class="button" href="([^"]+)"', page.partition("<main")[2])
        return self.send(html.unescape(button[1]), MARCH, FORM)


def words(text: str) -> str:
    body = re.sub(r"<(script|style|title).*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL)
    return re.sub(r"[\s\u202f\u00a0]+", " ", html.unescape(body))


def path_in(mail: str, end: str) -> str:
    """Return the path of the link of a mail that ends so."""
    [link] = set(
        re.findall(rf"^https?://\S+{re.escape(end)}$", mail.replace("\r", ""), re.MULTILINE)
    )
    return link.partition("//")[2].partition("/")[2].join(("/", ""))


@pytest.fixture
def teacher(make_app) -> Teacher:
    app = make_app("empty", CALENDAR_SMTP_RATE="1000")
    publish(app, entry(title="6e concours d'essai"), now=SIGNED_UP - timedelta(days=1))
    return Teacher(app)


def publish_next(app: Any) -> None:
    publish(
        app,
        entry(
            id="essai-2021-2022",
            school_year="2021-2022",
            milestones=[{"kind": "deadline", "day": "2022-02-03"}],
        ),
        now=PUBLISHED,
    )


WISH = "la prochaine édition de « 6e concours d'essai »"


@pytest.mark.long
def test_a_newcomer_is_told_of_the_next_edition(teacher):
    sign_up(teacher.app, subscriber("bob"))
    asked = teacher.ask()
    assert f"Vous recevrez ensuite les rappels de {WISH}, quand elle sera au calendrier." in asked
    [mail] = teacher.mails(MARCH)
    assert f"les rappels de {WISH}. Confirmez votre adresse," in words(mail)
    confirm = path_in(mail, "/confirmer/")
    assert f"Et aussi {WISH}" in words(teacher.open(confirm, MARCH))
    confirmed = teacher.send(confirm, MARCH, {})
    assert f"Vous recevrez les rappels de {WISH}, quand elle sera au calendrier." in confirmed
    assert "Rien à rendre" not in confirmed
    assert teacher.mails(PUBLISHED) == []
    publish_next(teacher.app)
    assert teacher.mails(PUBLISHED + timedelta(hours=1)) == []
    [mail] = teacher.mails(THREE_WEEKS)
    assert "/evenements/essai-2021-2022/" in mail
    assert "jeudi 3 février 2022" in words(mail)
    assert teacher.mails(THREE_WEEKS, "bob@ecole.example") == []


@pytest.mark.long
def test_who_does_not_confirm_is_told_nothing(teacher):
    teacher.ask()
    teacher.mails(MARCH)
    publish_next(teacher.app)
    for now in (PUBLISHED, THREE_WEEKS):
        assert teacher.mails(now) == []


@pytest.mark.long
def test_a_subscriber_adds_the_wish_with_the_link_of_the_mail_alone(teacher):
    sign_up(teacher.app, subscriber("alice"))
    assert f"Vous recevrez ensuite les rappels de {WISH}" in teacher.ask()
    [mail] = teacher.mails(MARCH)
    assert (
        f"avez demandé à cette adresse les rappels de {WISH}. Cette adresse reçoit déjà"
        in words(mail)
    )
    with teacher.app.app_context():
        # What a stranger may type changes nothing; the copy of one's data shows what was asked.
        assert db.session.scalar(select(func.count()).select_from(Subscription)) == 0
        who = db.session.scalar(select(Subscriber))
        copy = personal_data.export(db.session, who, [])
        asked = [{"evenement": ID, "titre": "6e concours d'essai"}]
        assert [m["prochaine_edition_de"] for m in copy["courriels"]] == [asked]
    answer = path_in(mail, f"/evenements/{ID}/?reponse=l-an-prochain")
    told = teacher.send(answer, MARCH, {"reponse": "l-an-prochain"})
    assert "Vous recevrez les rappels de la prochaine édition." in told
    publish_next(teacher.app)
    teacher.mails(PUBLISHED)
    [mail] = teacher.mails(THREE_WEEKS)
    assert "/evenements/essai-2021-2022/" in mail


def test_erasing_a_subscriber_erases_what_was_asked_with_their_address(teacher):
    sign_up(teacher.app, subscriber("alice"))
    teacher.ask()
    [mail] = teacher.mails(MARCH)
    manage = path_in(mail, f"/evenements/{ID}/?reponse=l-an-prochain").partition("evenements")[0]
    teacher.send(manage, MARCH, {"oui": "oui"}, f"{manage}effacer/")
    with teacher.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(LinkWish)) == 0


def test_a_request_that_waited_for_an_upgrade_is_still_answered(teacher):
    """Its form has no word of next editions."""
    teacher.ask()
    with teacher.app.app_context(), writing(db.session, MARCH):
        request = db.session.scalar(select(AddressRequest))
        request.form = {name: v for name, v in request.form.items() if name != "next_of"}
    [mail] = teacher.mails(MARCH)
    assert "de vous écrire avant les dates limites" in words(mail)


def test_a_subscriber_who_asks_for_a_coming_event_gets_the_link_that_follows_it(teacher):
    """The address is known: the form alone may change nothing of what its owner chose."""
    [alice] = sign_up(teacher.app, subscriber(follows_all=False))
    january = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
    teacher.send(f"/abonnement/?evenement={ID}", january, FORM)
    [mail] = teacher.mails(january)
    assert "les rappels de « 6e concours d'essai »" in words(mail)
    with teacher.app.app_context():
        assert db.session.get(Subscription, (alice, ID)) is None
    place = path_in(mail, f"/evenements/{ID}/")
    teacher.send(place, january, {"reponse": "prevenir"})
    with teacher.app.app_context():
        assert db.session.get(Subscription, (alice, ID)).picked
