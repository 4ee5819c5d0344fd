"""The subject and the text of each mail, compared as a whole, for the content of events.yaml."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from email.headerregistry import Address
from email.policy import default
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.feeds.cards import card
from calendar_app.reminders.mail import messages, other_messages
from calendar_app.reminders.mail.message import Letterhead, Message
from calendar_app.reminders.mail.messages import ReminderLine, WishedEvent
from calendar_app.reminders.rules.deliveries import TO_OTHERS, DeliveryKind
from calendar_app.reminders.rules.personal_links import ClassAnswer, PersonalLinks
from calendar_app.school.leads import Lead
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.words.vocabulary import Certainty, MilestoneKind
from tests import factories
from tests.html_reading import straight_apostrophes
from tests.tools import scaled

URL = "https://concours.example"
SENDER = Address("Concours scolaires", "rappels", "concours.example")
TODAY = date(2021, 1, 18)
TALENT = "ma-classe-a-du-talent-2020-2021"
ROBOTEAM = "roboteam-2020-2021"
CAMP = "camp-num-2020-2021"
FETE = "fete-de-l-apprendre-2020-2021"
ANSWERS = (ClassAnswer.REGISTERED, ClassAnswer.DECLINED)
#: The hour is that of Paris: the mail shows it without a conversion.
UNTIL = datetime(2021, 1, 19, 9, 5, tzinfo=UTC)
ENDS = date(2023, 11, 1)
CANCELLED_AT = datetime(2021, 1, 17, 9, tzinfo=UTC)

MANAGE = f"{URL}/abonnement/lien/camille/"
SIGNATURE = "\n-- \nConcours scolaires\n\n"
WHY = "Vous recevez ce courriel parce que vous avez demandé des rappels sur « Concours scolaires »"
FOOT = f"""
Les liens de ce courriel sont les vôtres : retirez-les si vous le transférez.

Changer ou mettre en pause mes rappels :
{MANAGE}

Me désabonner :
{MANAGE}desabonnement/

Une question ? contact@concours.example
"""

ANSWERED = """\
Vous aviez laissé cette adresse pour avoir une réponse : la voici, et nous effaçons l'adresse.

Une question ? contact@concours.example
"""


@pytest.fixture
def engine() -> str:
    """A mail is the same on both engines."""
    return "sqlite"


@pytest.fixture
def desk(app):
    """A :class:`Desk`, within an application's context."""
    # Tests change loaded objects but never write them: only a service may.
    with app.app_context(), db.session.no_autoflush:
        yield Desk(app)


class Desk:
    """The letterhead, and lines about the events of the store."""

    def __init__(self, app) -> None:
        links = PersonalLinks("une clé d'essai assez longue pour signer", URL)
        contact = "contact@concours.example"
        self.head = Letterhead(app.jinja_env, links, "Concours scolaires", SENDER, contact=contact)
        self.reference = queries.reference(db.session)

    def academy(self, slug):
        return self.reference.academies.get(slug)

    def milestone(self, event_id, kind=None):
        event = queries.event(db.session, event_id)
        return next(m for m in event.milestones if kind in (None, m.kind.value))

    def card(self, milestone, academy=None, today=TODAY):
        if isinstance(milestone, str):
            milestone = self.milestone(milestone)
        viewer = self.academy(academy) if academy else None
        return card(milestone, today, viewer, self.reference, wednesdays=False)

    def line(self, milestone, academy="lille", lead=None, answers=(), today=TODAY):
        return ReminderLine(self.card(milestone, academy, today), lead, answers)

    def each(self) -> dict[DeliveryKind, Message]:
        """One mail of each kind."""
        lille = self.academy("lille")
        line = self.line(TALENT, lead=Lead.month(), answers=tuple(ClassAnswer))
        made = [
            messages.confirmation(self.head),
            messages.link(self.head),
            messages.new_address(self.head),
            messages.goodbye(self.head),
            messages.reminder(self.head, [line], lille),
            messages.moved(self.head, [line]),
            messages.cancelled(self.head, [line]),
            messages.weekly(self.head, [line.card], lille),
            messages.rentree(self.head, ["cm1", "cm2"], lille, SchoolYear(2021), ENDS),
            other_messages.password(self.head, UNTIL, has_password=True),
            other_messages.suggestion(
                self.head, TODAY, (TALENT, "Ma classe"), "Merci ; c'est fait.", accepted=True
            ),
            other_messages.letter(self.head, TODAY, [12], 3, 2, None),
            other_messages.agenda(self.head, "Agenda Canopé", 7, "Le site ne répond pas."),
        ]
        return {message.kind: message for message in made}


class Read(NamedTuple):
    """A mail as a keyboard would write it: plain spaces and straight apostrophes."""

    subject: str
    text: str
    html: str
    headers: dict[str, str]


def read_message(message: Message) -> bytes:
    """Return the bytes that go to the server."""
    return message.fill(
        token="camille",
        recipient="camille@ecole.example",
        message_id="1@concours.example",
        date=datetime(2021, 1, 18, 6, 30, tzinfo=UTC),
        code="048213",
    ).data


def read(message: Message) -> Read:
    """Return a mail, after a look at its apostrophes: every one that a person reads is curly."""
    mail = email.message_from_bytes(read_message(message), policy=default)
    sent = [mail["Subject"], *(mail.get_body((k,)).get_content() for k in ("plain", "html"))]
    assert [straight_apostrophes(part) for part in sent] == [[], [], []]
    read = [re.sub("[\u00a0\u202f]", " ", p).replace("’", "'").replace("\r\n", "\n") for p in sent]
    return Read(*read, {name: str(value) for name, value in mail.items()})


def headings(mail: Read, level: int = 1) -> list[str]:
    """Return the headings of a level in the HTML part."""
    return re.findall(f"<h{level}[^>]*>(.*?)</h{level}>", mail.html)


class Page(HTMLParser):
    """The links and the elements of an HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.elements: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]


# -- mails that somebody asked for ----------------------------------------------------------------


def test_confirmation(desk):
    mail = read(messages.confirmation(desk.head))
    assert mail.subject == "Concours scolaires : confirmez votre adresse pour recevoir vos rappels"
    assert (
        mail.text
        == f"""\
Bonjour,

Vous avez demandé à « Concours scolaires » de vous écrire avant les dates limites des concours et \
des projets de classe. Confirmez votre adresse, et les rappels commenceront :
{MANAGE}confirmer/

Le lien ne s'ouvre pas ? Recopiez ce code sur la page restée ouverte :
048213

Le lien fonctionne 3 jours, le code 24 heures. Sans confirmation, rien ne vous sera envoyé.

Vous n'avez rien demandé ? Ignorez ce courriel.
{SIGNATURE}\
Votre adresse a été saisie sur « Concours scolaires » ; sans confirmation, elle y est effacée \
7 jours après.

Une question ? contact@concours.example
"""
    )


def test_link(desk):
    mail = read(messages.link(desk.head))
    assert mail.subject == "Concours scolaires : votre lien vers vos rappels"
    assert (
        mail.text
        == f"""\
Bonjour,

Voici le lien vers vos rappels, pour les changer, les mettre en pause ou les arrêter :
{MANAGE}

Le lien ne s'ouvre pas ? Recopiez ce code sur la page restée ouverte, dans les 24 heures :
048213

Vous n'avez rien demandé ? Ignorez ce courriel : rien ne change.
{SIGNATURE}\
{WHY}.
{FOOT}"""
    )


WISHED = (
    WishedEvent(TALENT, "Ma classe a du talent"),
    WishedEvent(ROBOTEAM, "Concours RoboTeam"),
)


def test_confirmation_of_a_wish_for_the_next_edition(desk):
    mail = read(messages.confirmation(desk.head, WISHED[:1]))
    assert mail.subject == "Concours scolaires : confirmez votre adresse pour recevoir vos rappels"
    assert (
        mail.text
        == f"""\
Bonjour,

Vous avez demandé à « Concours scolaires » les rappels de la prochaine édition de \
« Ma classe a du talent ». Confirmez votre adresse, et ils partiront quand elle sera au calendrier :
{MANAGE}confirmer/

Le lien ne s'ouvre pas ? Recopiez ce code sur la page restée ouverte :
048213

Le lien fonctionne 3 jours, le code 24 heures. Sans confirmation, rien ne vous sera envoyé.

Vous n'avez rien demandé ? Ignorez ce courriel.
{SIGNATURE}\
Votre adresse a été saisie sur « Concours scolaires » ; sans confirmation, elle y est effacée \
7 jours après.

Une question ? contact@concours.example
"""
    )
    assert "la prochaine édition de « Ma classe a du talent »" in mail.html


def test_link_of_a_subscriber_with_wishes_for_next_editions(desk):
    mail = read(messages.link(desk.head, WISHED))
    assert mail.subject == "Concours scolaires : votre lien vers vos rappels"
    assert (
        mail.text
        == f"""\
Bonjour,

Vous avez demandé à cette adresse les rappels de la prochaine édition de \
« Ma classe a du talent » et de « Concours RoboTeam ». Cette adresse reçoit déjà des rappels : \
ajoutez ce choix.

Ma classe a du talent :
{MANAGE}evenements/{TALENT}/?reponse=l-an-prochain

Concours RoboTeam :
{MANAGE}evenements/{ROBOTEAM}/?reponse=l-an-prochain

Voici le lien vers vos rappels, pour les changer, les mettre en pause ou les arrêter :
{MANAGE}

Le lien ne s'ouvre pas ? Recopiez ce code sur la page restée ouverte, dans les 24 heures :
048213

Vous n'avez rien demandé ? Ignorez ce courriel : rien ne change.
{SIGNATURE}\
{WHY}.
{FOOT}"""
    )
    for event in WISHED:
        assert f"{MANAGE}evenements/{event.id}/?reponse=l-an-prochain" in Page(mail.html).links


def test_new_address(desk):
    mail = read(messages.new_address(desk.head))
    assert mail.subject == "Concours scolaires : confirmez votre nouvelle adresse"
    assert (
        mail.text
        == f"""\
Bonjour,

Vous avez demandé à « Concours scolaires » d'envoyer vos rappels à cette adresse. Confirmez-la ici :
{URL}/abonnement/adresse/camille/

Sans confirmation, rien ne change : les rappels continuent d'arriver à l'ancienne adresse.

Vous n'avez rien demandé ? Ignorez ce courriel.
{SIGNATURE}\
Ce courriel est le seul que nous envoyons à cette adresse tant qu'elle n'est pas confirmée.

Une question ? contact@concours.example
"""
    )


def test_goodbye(desk):
    mail = read(messages.goodbye(desk.head))
    assert mail.subject == "Concours scolaires : vos rappels sont arrêtés"
    assert (
        mail.text
        == f"""\
Bonjour,

C'est fait : vous ne recevrez plus de rappels. Votre adresse sera effacée 30 jours après.

Vous changez d'avis ? Jusque-là, vous retrouvez vos réglages ici :
{MANAGE}

Merci d'avoir fait un bout de chemin avec nous, et bonne continuation avec vos élèves.
{SIGNATURE}\
Ce courriel est le dernier : il confirme votre désabonnement.

Une question ? contact@concours.example
"""
    )


@pytest.mark.parametrize("has_password", [True, False])
def test_password(desk, has_password):
    mail = read(other_messages.password(desk.head, UNTIL, has_password=has_password))
    assert mail.subject == "Concours scolaires : choisissez votre mot de passe"
    kept = "Votre mot de passe actuel fonctionne tant que vous n'en avez pas choisi un autre.\n"
    assert (
        mail.text
        == f"""\
Bonjour,

Voici le lien pour choisir le mot de passe de votre compte à la rédaction du calendrier :
{URL}/redaction/mot-de-passe/camille/

Il sert une seule fois, jusqu'au mardi 19 janvier 2021 à 9 h 05 (heure de Paris).
{kept if has_password else ""}
Vous n'avez rien demandé ? Ignorez ce courriel : rien ne change.
{SIGNATURE}\
Ce lien vous est personnel : ne transférez pas ce courriel.

Une question ? contact@concours.example
"""
    )


def test_suggestion_accepted(desk):
    event, words = (TALENT, "Ma classe a du talent"), "Merci !\n\nC'est pour le 1er degré."
    mail = read(other_messages.suggestion(desk.head, TODAY, event, words, accepted=True))
    assert mail.subject == "Concours scolaires : votre date est publiée"
    assert (
        mail.text
        == f"""\
Bonjour,

Merci : ce que vous nous avez signalé le 18 janvier 2021 est maintenant au calendrier.

Ma classe a du talent :
{URL}/evenements/{TALENT}/

La réponse de la rédaction :

> Merci !
> C'est pour le 1er degré.

Une autre date à proposer ?
{URL}/proposer/
{SIGNATURE}{ANSWERED}"""
    )


def test_suggestion_of_a_mistake_that_was_put_right(desk):
    event = (TALENT, "Ma classe a du talent")
    mail = read(
        other_messages.suggestion(desk.head, TODAY, event, None, accepted=True, of_change=True)
    )
    assert mail.subject == "Concours scolaires : votre signalement est pris en compte"
    first = "Merci : ce que vous nous avez signalé le 18 janvier 2021 est pris en compte."
    assert first in mail.text


def test_suggestion_refused(desk):
    """The mail repeats nothing that a visitor typed: the address may be somebody else's."""
    mail = read(other_messages.suggestion(desk.head, TODAY, None, None, accepted=False))
    assert mail.subject == "Concours scolaires : votre proposition n'a pas été retenue"
    assert (
        mail.text
        == f"""\
Bonjour,

Vous nous avez proposé une date le 18 janvier 2021. La rédaction l'a lue, et ne l'a pas mise au \
calendrier.

Merci d'avoir pris le temps de nous écrire. Une autre date à proposer ?
{URL}/proposer/
{SIGNATURE}{ANSWERED}"""
    )


def test_suggestion_of_a_mistake_that_is_none(desk):
    event = (TALENT, "Ma classe a du talent")
    mail = read(other_messages.suggestion(desk.head, TODAY, event, "C'est exact.", accepted=False))
    assert (
        mail.text
        == f"""\
Bonjour,

Vous nous avez écrit le 18 janvier 2021 au sujet de « Ma classe a du talent ». La rédaction l'a \
lu, et n'a pas changé la fiche :
{URL}/evenements/{TALENT}/

La réponse de la rédaction :

> C'est exact.

Merci d'avoir pris le temps de nous écrire. Une autre date à proposer ?
{URL}/proposer/
{SIGNATURE}{ANSWERED}"""
    )


# -- reminders ------------------------------------------------------------------------------------


def test_reminder_of_a_deadline_in_the_school_holidays(desk):
    friday = date(2021, 1, 15)
    line = desk.line(TALENT, "clermont-ferrand", Lead.class_weeks(3), ANSWERS, friday)
    mail = read(messages.reminder(desk.head, [line], desk.academy("clermont-ferrand")))
    assert mail.subject == "Date limite le 11 février : Ma classe a du talent, 6e édition"
    assert (
        mail.text
        == f"""\
Bonjour,

Une date limite approche.


Ma classe a du talent, 6e édition

Date limite pour participer : jeudi 11 février 2021.
C'est dans 27 jours : il reste 3 semaines de classe (zone A).
Date limite pendant vos vacances. Dernier jour de classe avant cette date : \
vendredi 5 février 2021 (zone A).
Ce rappel part 3 semaines de classe avant la date, comme vous l'avez choisi.

Voir la fiche :
{URL}/evenements/{TALENT}/

Ajouter les dates à mon agenda (.ics) :
{URL}/evenements/{TALENT}.ics

Où en est la classe ?

La classe est inscrite :
{MANAGE}evenements/{TALENT}/?reponse=inscrits

Pas cette année :
{MANAGE}evenements/{TALENT}/?reponse=pas-cette-annee
{SIGNATURE}\
{WHY} (académie de Clermont-Ferrand).
{FOOT}"""
    )
    assert 'class="band"' in mail.html


def about_talent(mail: Read) -> list[str]:
    """Return the lines between the title and the links."""
    return (
        mail.text.partition("\nMa classe a du talent, 6e édition\n\n")[2]
        .partition("\n\nVoir la fiche")[0]
        .splitlines()
    )


def test_reminder_where_the_deadline_is_a_class_day(desk):
    line = desk.line(TALENT, "lille", Lead.class_weeks(3), today=date(2021, 1, 21))
    mail = read(messages.reminder(desk.head, [line], desk.academy("lille")))
    assert about_talent(mail) == [
        "Date limite pour participer : jeudi 11 février 2021.",
        "C'est dans 21 jours : il reste 3 semaines de classe (zone B).",
        "Dernier jour de classe avant cette date : mardi 9 février 2021 (zone B).",
        "Ce rappel part 3 semaines de classe avant la date, comme vous l'avez choisi.",
    ]
    assert 'class="band"' not in mail.html


@pytest.mark.parametrize("lead", [Lead.month(), Lead.class_weeks(1), Lead.last_class_day()])
def test_a_reminder_that_was_moved_or_is_late_says_what_was_chosen_only(desk, lead):
    """18 January is none of these lead days before 11 February."""
    mail = read(messages.reminder(desk.head, [desk.line(TALENT, lead=lead)], None))
    words = lead.words.replace("\u00a0", " ")
    assert about_talent(mail)[-1] == f"Vous avez choisi un rappel {words}."


def test_reminder_overseas_says_no_hour_that_the_source_does_not_give(desk):
    line = desk.line(TALENT, "la-reunion", Lead.class_weeks(3))
    mail = read(messages.reminder(desk.head, [line], desk.academy("la-reunion")))
    assert about_talent(mail) == [
        "Date limite pour participer : jeudi 11 février 2021.",
        "C'est dans 24 jours : il reste 3 semaines de classe (calendrier de La Réunion).",
        "Dernier jour de classe avant cette date : mardi 9 février 2021 "
        "(calendrier de La Réunion).",
        "Ce rappel part 3 semaines de classe avant la date, comme vous l'avez choisi.",
    ]
    tahiti = desk.line(TALENT, "polynesie-francaise")
    mail = read(messages.reminder(desk.head, [tahiti], desk.academy("polynesie-francaise")))
    assert "L'heure n'est pas précisée. À Tahiti, comptez jusqu'au mercredi 10 février 2021.\n" in (
        mail.text
    )
    assert "23 h 59" not in mail.text


def test_reminder_overseas_says_the_local_hour(desk):
    milestone = desk.milestone(TALENT)
    milestone.end_time = time(23)
    line = desk.line(milestone, "la-reunion")
    mail = read(messages.reminder(desk.head, [line], desk.academy("la-reunion")))
    assert "23 h à Paris, soit 2 h le lendemain à La Réunion.\n" in mail.text


def test_reminder_without_an_academie_says_nothing_of_any(desk):
    line = desk.line(TALENT, None)
    mail = read(messages.reminder(desk.head, [line], None))
    assert f"{WHY}.\n" in mail.text
    assert "dans au moins une des zones A, B et C" in mail.text
    assert "Ce rappel part" not in mail.text


def test_reminder_of_the_last_day_never_says_it_in_the_subject(desk):
    """The mail may be read a day late."""
    line = desk.line(TALENT, today=date(2021, 2, 11))
    mail = read(messages.reminder(desk.head, [line], desk.academy("lille")))
    assert mail.subject == "Date limite le 11 février : Ma classe a du talent, 6e édition"
    assert "C'est aujourd'hui.\n" in mail.text


def test_reminder_of_three_contests_opens_with_the_most_urgent(desk):
    lines = [
        desk.line(desk.milestone(ROBOTEAM, "deadline"), answers=ANSWERS),
        desk.line(TALENT, answers=ANSWERS),
        desk.line(FETE),
    ]
    mail = read(messages.reminder(desk.head, lines, desk.academy("lille")))
    assert (
        mail.subject
        == "3 dates approchent, à partir du 20 janvier : La Fête de l'Apprendre et 2 autres"
    )
    titles = re.findall("\n\n\n(.+)\n\n", mail.text)
    assert titles == [
        "La Fête de l'Apprendre",
        "Ma classe a du talent, 6e édition",
        "Concours RoboTeam",
    ]
    # For a contest without possible answers, the mail asks no question.
    assert mail.text.count("Où en est la classe ?") == 2
    assert headings(mail) == ["3 dates approchent"]
    assert headings(mail, 2) == titles


def test_reminder_of_two_deadlines(desk):
    lines = [desk.line(desk.milestone(ROBOTEAM, "deadline")), desk.line(TALENT)]
    mail = read(messages.reminder(desk.head, lines, None))
    assert mail.subject == (
        "2 dates limites approchent, à partir du 11 février : Ma classe a du… et Concours RoboTeam"
    )


def of_essai(app, *milestones, **changes):
    """Publish an event and return its milestones."""
    factories.publish(app, factories.entry(milestones=list(milestones), **changes))
    db.session.rollback()  # the letterhead's transaction began before
    return queries.event(db.session, factories.ID).milestones


def test_reminder_of_two_dates_of_one_contest_is_one_block(app, desk):
    found = of_essai(
        app,
        {"kind": "registration_deadline", "day": "2021-03-01"},
        {"kind": "submission_deadline", "day": "2021-03-01"},
    )
    lines = [desk.line(m, answers=ANSWERS) for m in found]
    mail = read(messages.reminder(desk.head, lines, None))
    assert mail.subject == "2 dates limites le 1er mars : Concours d'essai"
    assert mail.text.count("Concours d'essai\n") == 1
    assert mail.text.count("La classe est inscrite") == 1
    assert "Inscrivez la classe au plus tard le lundi 1er mars 2021.\n" in mail.text
    assert "Envoyez la production au plus tard le lundi 1er mars 2021.\n" in mail.text


@pytest.mark.parametrize(
    ("milestone", "subject", "sentence"),
    [
        (
            {"kind": "registration_deadline", "day": "2021-02-11"},
            "Inscriptions jusqu'au 11 février",
            "Inscrivez la classe au plus tard le jeudi 11 février 2021.",
        ),
        (
            {"kind": "submission_deadline", "day": "2021-02-11"},
            "Envoi des productions jusqu'au 11 février",
            "Envoyez la production au plus tard le jeudi 11 février 2021.",
        ),
        (
            {"kind": "deadline", "day": "2021-02-11", "label": "Dépôt des dossiers"},
            "Dépôt des dossiers le 11 février",
            "Dépôt des dossiers : jeudi 11 février 2021.",
        ),
        (
            {"kind": "session", "day": "2021-02-11", "label": "Finale", "place": "Lens"},
            "Finale le 11 février",
            "Finale : a lieu le jeudi 11 février 2021, Lens.",
        ),
        (
            {"kind": "session", "first_day": "2021-02-11", "last_day": "2021-02-12"},
            "A lieu à partir du 11 février",
            "A lieu du 11 au 12 février 2021.",
        ),
        (factories.MID_JUNE, "Résultats, mi-juin", "Résultats : mi-juin (date approximative)."),
    ],
)
def test_a_subject_names_the_date_exactly(app, desk, milestone, subject, sentence):
    (found,) = of_essai(app, milestone)
    mail = read(messages.reminder(desk.head, [desk.line(found)], None))
    assert mail.subject == f"{subject} : Concours d'essai"
    assert f"\n{sentence}\n" in mail.text


# -- what changed ---------------------------------------------------------------------------------


def moved_from(desk, day: date):
    milestone = desk.milestone(TALENT)
    milestone.moved_from_first_day = milestone.moved_from_last_day = day
    return milestone


def test_moved(desk):
    line = desk.line(moved_from(desk, date(2021, 2, 4)))
    mail = read(messages.moved(desk.head, [line]))
    assert mail.subject == "Date prolongée jusqu'au 11 février : Ma classe a du talent, 6e édition"
    assert (
        mail.text
        == f"""\
Bonjour,

Une date a changé ; vos rappels suivent la nouvelle date.


Ma classe a du talent, 6e édition

Date limite : jeudi 11 février 2021.
Date prolongée : c'était le 4 février 2021.
C'est dans 24 jours : il reste 3 semaines de classe (zone B).
Dernier jour de classe avant cette date : mardi 9 février 2021 (zone B).

Voir la fiche :
{URL}/evenements/{TALENT}/

Ajouter les dates à mon agenda (.ics) :
{URL}/evenements/{TALENT}.ics
{SIGNATURE}\
{WHY}.
{FOOT}"""
    )


def test_moved_earlier_and_moved_session(desk):
    line = desk.line(moved_from(desk, date(2021, 3, 1)))
    mail = read(messages.moved(desk.head, [line]))
    assert mail.subject == "Date avancée au 11 février : Ma classe a du talent, 6e édition"
    assert "Date avancée : c'était le 1er mars 2021.\n" in mail.text
    camp = desk.milestone(CAMP)
    camp.moved_from_first_day, camp.moved_from_last_day = date(2021, 4, 5), date(2021, 4, 7)
    mail = read(messages.moved(desk.head, [desk.line(camp, "clermont-ferrand")]))
    assert mail.subject == "Date reportée au 17 mai : Camp@Num, 2e édition"
    assert "Date reportée : c'était du 5 au 7 avril 2021.\n" in mail.text
    both = read(messages.moved(desk.head, [desk.line(camp, "clermont-ferrand"), line]))
    assert both.subject == (
        "2 dates ont changé : Ma classe a du talent, 6e édition et Camp@Num, 2e édition"
    )
    assert "Des dates ont changé ; vos rappels suivent les nouvelles dates.\n" in both.text


def test_moved_back_to_the_first_day(desk):
    mail = read(messages.moved(desk.head, [desk.line(TALENT)]))
    assert mail.subject == "Nouvelle date : Ma classe a du talent, 6e édition"
    assert "c'était" not in mail.text


def test_cancelled(desk):
    milestone = desk.milestone(TALENT)
    milestone.event.cancelled_at = CANCELLED_AT
    line = desk.line(milestone, lead=Lead.month(), answers=(ClassAnswer.NEXT_YEAR,))
    mail = read(messages.cancelled(desk.head, [line]))
    assert mail.subject == "Événement annulé : Ma classe a du talent, 6e édition"
    assert (
        mail.text
        == f"""\
Bonjour,

Un événement est annulé. Vous n'avez rien à faire : plus aucun rappel ne \
partira pour lui.


Ma classe a du talent, 6e édition

Annulé. La date prévue était : jeudi 11 février 2021.

Voir la fiche :
{URL}/evenements/{TALENT}/

Et l'an prochain ?

Prévenez-moi de la prochaine édition :
{MANAGE}evenements/{TALENT}/?reponse=l-an-prochain
{SIGNATURE}\
{WHY}.
{FOOT}"""
    )


def test_cancelled_date_of_an_event_that_takes_place(desk):
    opening, deadline = desk.milestone(ROBOTEAM, "opening"), desk.milestone(ROBOTEAM, "deadline")
    opening.cancelled_at = deadline.cancelled_at = CANCELLED_AT
    mail = read(messages.cancelled(desk.head, [desk.line(deadline)]))
    assert mail.subject == "Date limite annulée : Concours RoboTeam"
    assert (
        "\nDate limite annulée. La date prévue était : vendredi 30 avril 2021. "
        "L'événement lui-même n'est pas annulé.\n" in mail.text
    )
    both = read(messages.cancelled(desk.head, [desk.line(deadline), desk.line(opening)]))
    assert both.subject == "2 dates annulées : Concours RoboTeam"
    assert "\nOuverture annulée. La date prévue était : lundi 12 octobre 2020." in both.text
    assert "Des dates sont annulées." in both.text
    assert headings(mail) == ["Une date est annulée"]
    talent = desk.milestone(TALENT)
    talent.cancelled_at = CANCELLED_AT
    two = read(messages.cancelled(desk.head, [desk.line(deadline), desk.line(talent)]))
    both_titles = "Ma classe a du talent, 6e édition et Concours RoboTeam"
    assert two.subject == f"2 dates annulées : {both_titles}"
    talent.event.cancelled_at = deadline.event.cancelled_at = CANCELLED_AT
    two = read(messages.cancelled(desk.head, [desk.line(deadline), desk.line(talent)]))
    assert two.subject == f"Événements annulés : {both_titles}"
    assert "Des événements sont annulés." in two.text


# -- the week, the year ---------------------------------------------------------------------------


def test_weekly(app, desk):
    found = of_essai(
        app,
        {"kind": "results", "day": "2021-01-22"},
        {"kind": "opening", "day": "2021-01-21", "start_time": "09:00"},
        {"kind": "registration_deadline", "day": "2021-01-22", "end_time": "18:00"},
    )
    cards = [desk.card(m, "clermont-ferrand") for m in (*found, desk.milestone(FETE))]
    cards.insert(0, desk.card(TALENT, "clermont-ferrand"))
    mail = read(messages.weekly(desk.head, cards, desk.academy("clermont-ferrand")))
    assert mail.subject == (
        "Le point de la semaine : 2 dates limites, 1 événement, 1 ouverture et des résultats"
    )
    assert (
        mail.text
        == f"""\
Bonjour,

Voici les dates à venir (académie de Clermont-Ferrand).


Dates limites

Concours d'essai
Inscriptions jusqu'au vendredi 22 janvier 2021 à 18 h, dans 4 jours
{URL}/evenements/{factories.ID}/

Ma classe a du talent, 6e édition
Jeudi 11 février 2021, dans 24 jours
Date limite pendant vos vacances
{URL}/evenements/{TALENT}/


Ce qui a lieu

La Fête de l'Apprendre
Du 20 au 24 janvier 2021, dans 2 jours
{URL}/evenements/{FETE}/


Ouvertures

Concours d'essai
Jeudi 21 janvier 2021, à partir de 9 h, dans 3 jours
{URL}/evenements/{factories.ID}/


Résultats

Concours d'essai
Vendredi 22 janvier 2021, dans 4 jours
{URL}/evenements/{factories.ID}/
{SIGNATURE}\
Vous recevez ce courriel parce que vous avez choisi « Le point de la semaine » sur « Concours \
scolaires ».
{FOOT}"""
    )


def test_weekly_says_what_changed(desk):
    moved = moved_from(desk, date(2021, 2, 4))
    robot = desk.milestone(ROBOTEAM, "deadline")
    robot.cancelled_at = CANCELLED_AT
    mail = read(messages.weekly(desk.head, [desk.card(moved), desk.card(robot)], None))
    assert "Jeudi 11 février 2021, dans 24 jours (date prolongée)\n" in mail.text
    assert "Vendredi 30 avril 2021 (date annulée)\n" in mail.text
    assert "académie" not in mail.text


def test_weekly_of_an_empty_week(desk):
    mail = read(messages.weekly(desk.head, [], None))
    assert mail.subject == "Le point de la semaine"
    assert "Aucune date cette semaine : bonne semaine avec vos élèves.\n" in mail.text


def test_rentree(desk):
    mail = read(
        messages.rentree(desk.head, ["cm2", "cm1"], desk.academy("lille"), SchoolYear(2021), ENDS)
    )
    assert mail.subject == "Vos rappels 2021-2022 : toujours en CM1 et CM2 ?"
    assert (
        mail.text
        == f"""\
Bonjour, et bonne rentrée.

Pour 2021-2022, vos rappels sont réglés sur :
Classes : CM1 et CM2
Académie : Lille

Une autre classe, une autre académie ? Changez-les. Rien n'a changé ? Confirmez-le d'un clic :
{MANAGE}

Sans un clic de votre part sur cette page, les rappels s'arrêteront le mercredi 1er novembre 2023. \
Pour les arrêter tout de suite :
{MANAGE}desabonnement/
{SIGNATURE}\
{WHY}.
{FOOT}"""
    )


@pytest.mark.parametrize(
    ("classes", "subject"),
    [
        ("6e", "Vos rappels 2021-2022 : toujours en 6e ?"),
        ("cm1 cm2 6e", "Vos rappels 2021-2022 : toujours en cycle 3 ?"),
        (
            "tps ps ms gs cp ce1 ce2 cm1 cm2 ulis upe2a",
            "Vos rappels 2021-2022 : toujours dans le premier degré ?",
        ),
        (
            "tps ps ms gs cp ce1 ce2 cm1 cm2 ulis upe2a 6e",
            "Vos rappels 2021-2022 : toujours dans le premier degré et en 6e ?",
        ),
    ],
)
def test_rentree_names_classes_as_the_staff_room_does(desk, classes, subject):
    mail = read(messages.rentree(desk.head, classes.split(), None, SchoolYear(2021), ENDS))
    assert mail.subject == subject
    assert "Académie : non précisée\n" in mail.text


# -- all of them ----------------------------------------------------------------------------------


@pytest.fixture
def mails(desk) -> dict[DeliveryKind, Read]:
    return {kind: read(message) for kind, message in desk.each().items()}


def test_there_is_a_mail_of_each_kind(mails):
    assert set(mails) == set(DeliveryKind)


def test_every_link_leads_to_the_public_url(mails):
    for kind, mail in mails.items():
        page = Page(mail.html)
        in_text = re.findall(r"\S*://\S*", mail.text)
        assert in_text, kind
        assert sorted({*page.links}) == sorted({*in_text}), kind
        for link in in_text:
            assert link.startswith(f"{URL}/"), kind
            assert f"\n{link}\n" in mail.text, "a line of its own"


def test_html_is_a_plain_page_that_fetches_nothing(mails):
    for kind, mail in mails.items():
        page = Page(mail.html)
        assert not {"img", "link", "script", "iframe", "form", "input", "svg"} & {*page.elements}
        assert not re.search(r"url\(|@import|@font-face|//", mail.html.replace(URL, "")), kind
        assert mail.html.startswith('<!doctype html>\n<html lang="fr">')
        assert page.elements.count("h1") == 1
        (title,) = re.findall("<title>(.*?)</title>", mail.html)
        assert title == mail.subject


def test_sizes_are_in_pixels_and_buttons_bring_their_own_style(mails):
    for kind, mail in mails.items():
        assert not re.search(r"[0-9]r?em\b", mail.html), kind
        for button in re.findall('<a class="button[^>]*>', mail.html):
            for words in ("padding: 10px", "color: #", "text-decoration: none"):
                assert words in button


def without_style(html: str) -> str:
    """Return an HTML part as the webmails show it that drop ``<style>``."""
    return re.sub("<style>.*?</style>", "", html, flags=re.DOTALL)


def test_a_mail_keeps_its_look_where_its_style_is_dropped(mails):
    """Headings, links and what has a ground of its own bring their style."""
    for kind, mail in mails.items():
        html = without_style(mail.html)
        bare = [
            tag
            for tag in re.findall("<(?:h1|h2|a|section|table)\\b[^>]*>", html)
            if " style=" not in tag
        ]
        assert bare == [], kind
        assert 'style="margin: 0; padding: 0; background: #' in html, kind


def test_a_date_is_a_leaf_in_the_colour_and_with_the_shape_of_its_kind(app, desk):
    kinds = [kind.value for kind in MilestoneKind]
    found = of_essai(app, *({"kind": kind, "day": "2021-03-01"} for kind in kinds))
    looks = set()
    for milestone in found:
        html = read(messages.weekly(desk.head, [desk.card(milestone)], None)).html
        [cell] = re.findall(r'<td class="leaf" aria-hidden="true".*?</td>', html, re.DOTALL)
        lines = [line.strip() for line in re.sub("<[^>]*>", "", cell).split("\n") if line.strip()]
        shape, weekday = lines[0].split()
        assert (weekday, *lines[1:]) == ("lun.", "1", "mars")
        looks.add((shape, re.findall('background: (#[0-9a-f]+)">[^<]*lun', cell)[0]))
    assert len({shape for shape, _ in looks}) == len({colour for _, colour in looks}) == len(kinds)


def test_the_number_of_a_cancelled_date_is_struck(desk):
    milestone = desk.milestone(TALENT)
    assert "line-through" not in read(messages.moved(desk.head, [desk.line(milestone)])).html
    milestone.cancelled_at = CANCELLED_AT
    assert "line-through" in read(messages.cancelled(desk.head, [desk.line(milestone)])).html


LONG = st.text("abc é-", min_size=1, max_size=160).filter(str.strip) | st.just("a" * 160)


@settings(
    max_examples=scaled(500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    titles=st.lists(LONG, min_size=1, max_size=4),
    label=st.none() | LONG,
    kind=st.sampled_from(MilestoneKind),
    moved=st.sampled_from([None, date(2021, 2, 1), date(2021, 3, 30)]),
    phrase=st.none() | LONG,
)
def test_no_subject_is_longer_than_a_mailbox_shows(desk, titles, label, kind, moved, phrase):
    """A shortened subject still says what happens, and the day."""
    lines = []
    for number, title in enumerate(titles):
        event = Event(
            id=f"e{number}-2020-2021", title=title, summary="", classes=[], scope={"national"}
        )
        event.cancelled_at = None
        milestone = Milestone(
            event=event,
            event_id=event.id,
            kind=kind,
            label=label,
            first_day=date(2021, 3, 2 + number),
            last_day=date(2021, 3, 2 + number),
            time_zone="Europe/Paris",
            certainty=Certainty.APPROXIMATE if phrase else Certainty.DAY,
            phrase=phrase,
            moved_from_first_day=moved,
            moved_from_last_day=moved,
        )
        lines.append(desk.line(milestone))
    for message in (
        messages.reminder(desk.head, lines, None),
        messages.moved(desk.head, lines),
        messages.cancelled(desk.head, lines),
    ):
        assert len(message.subject) < 90
    if not phrase:
        assert "2\u00a0mars" in messages.reminder(desk.head, lines, None).subject
    if len(titles) == 1:
        lines[0].card.milestone.cancelled_at = datetime(2021, 1, 18, 6, tzinfo=UTC)
        # A date of the event is cancelled, not the event.
        assert "annulée" in messages.cancelled(desk.head, lines).subject.partition(" : ")[0]


def test_text_reads_alone(mails):
    for mail in mails.values():
        assert not re.search(r"<|&\w+;|\n\n\n\n|[ \t]\n(?<!\n-- \n)", mail.text)


def test_headers(mails):
    for kind, mail in mails.items():
        assert mail.headers["From"] == "Concours scolaires <rappels@concours.example>"
        assert mail.headers["To"] == "camille@ecole.example"
        assert mail.headers["Message-ID"] == "<1@concours.example>"
        assert mail.headers["Date"] == "Mon, 18 Jan 2021 06:30:00 +0000"
        assert mail.headers["Auto-Submitted"] == "auto-generated"
        assert mail.headers["Reply-To"] == "contact@concours.example"
        names = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
        assert [mail.headers.get(name) for name in names] == (
            [None, None, None]
            if kind in (DeliveryKind.NEW_ADDRESS, *TO_OTHERS)
            else [
                '"Concours scolaires" <rappels.concours.example>',
                f"<{MANAGE}desabonnement/>",
                "List-Unsubscribe=One-Click",
            ]
        )


def test_who_sees_which_personal_link(mails):
    def holding(words: str) -> set[DeliveryKind]:
        found = {kind for kind, mail in mails.items() if words in mail.text}
        assert found == {kind for kind, mail in mails.items() if words in mail.html}
        return found

    to_strangers = {DeliveryKind.CONFIRMATION, DeliveryKind.NEW_ADDRESS, *TO_OTHERS}
    assert holding("/redaction/mot-de-passe/camille/") == {DeliveryKind.PASSWORD}
    assert holding(f"{MANAGE}confirmer/") == {DeliveryKind.CONFIRMATION}
    assert holding("/abonnement/adresse/") == {DeliveryKind.NEW_ADDRESS}
    assert holding("048213") == {DeliveryKind.CONFIRMATION, DeliveryKind.LINK}
    assert holding("Me désabonner") == set(DeliveryKind) - to_strangers - {DeliveryKind.GOODBYE}
    whole = re.compile(rf"{re.escape(MANAGE)}(?=[\"\n])")
    assert {kind for kind, mail in mails.items() if whole.search(mail.text)} == (
        set(DeliveryKind) - to_strangers
    )
    assert {kind for kind, mail in mails.items() if whole.search(mail.html)} == (
        set(DeliveryKind) - to_strangers
    )
    assert holding("?reponse=") == {
        DeliveryKind.REMINDER,
        DeliveryKind.MOVED,
        DeliveryKind.CANCELLED,
    }


def test_words_that_are_not_ours(mails):
    for mail in mails.values():
        for words in ("clôture", "15 jours", "utilisateur", "!"):
            assert words not in mail.subject + mail.text


def test_french_spaces_stand_in_both_parts(desk):
    for message in desk.each().values():
        for text in (message.subject, message.text, message.html.partition("</style>")[2]):
            assert not re.search(r" [;?!»]|« | :(\s|$)", text), text
    assert "Toujours en CM1 et CM2\u202f?" in desk.each()[DeliveryKind.RENTREE].html


def test_a_title_cannot_become_markup_or_a_header(desk):
    milestone = desk.milestone(TALENT)
    milestone.event.title = "<script>alert(1)</script>\r\nBcc: eve@example.org\n\n-- \n& Cie"
    title = "<script>alert(1)</script> Bcc: eve@example.org -- & Cie"
    line = desk.line(milestone)
    for message, lead_in in (
        (messages.reminder(desk.head, [line], None), "Date limite le 11 février"),
        (messages.moved(desk.head, [line]), "Nouvelle date"),
        (messages.cancelled(desk.head, [line]), "Événement annulé"),
        (messages.weekly(desk.head, [line.card], None), None),
    ):
        mail = read(message)
        assert "script" not in Page(mail.html).elements
        assert (
            "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: eve@example.org -- &amp; Cie" in mail.html
        )
        assert f"\n{title}\n" in mail.text
        assert "Bcc" not in mail.headers
        if lead_in:
            assert mail.subject.startswith(f"{lead_in} : {title}")


def test_a_date_has_an_hour_where_it_has_one(desk):
    milestone = desk.milestone(TALENT)
    milestone.end_time = time(12, 0)
    mail = read(messages.reminder(desk.head, [desk.line(milestone)], None))
    assert about_talent(mail)[0] == ("Date limite pour participer : jeudi 11 février 2021 à midi.")


def test_a_site_without_a_contact_names_none(desk):
    head = Letterhead(desk.head.environment, desk.head.links, "Concours", SENDER)
    mail = read(messages.link(head))
    assert "Une question" not in mail.text + mail.html
    assert mail.text.endswith(f"{MANAGE}desabonnement/\n")


def test_a_mailbox_shows_what_the_subject_does_not_say(desk):
    """The first text of each HTML part is hidden, and shown after the subject."""
    for mail in desk.each().values():
        hidden = re.search(r'<div style="display: none[^>]*>(.*?)</div>', mail.html, re.DOTALL)
        assert hidden[1].strip()
        assert mail.html.index(hidden[0]) < mail.html.index("<header>")
    line = desk.line(TALENT, "lille", Lead.class_weeks(3), today=date(2021, 1, 21))
    mail = read(messages.reminder(desk.head, [line], desk.academy("lille")))
    said = "C'est dans 21 jours : il reste 3 semaines de classe (zone B). Dernier jour de classe"
    assert said in mail.html.replace("\u00a0", " ").partition("<header>")[0]


def test_answers_are_a_list_and_each_says_of_what(desk):
    line = desk.line(TALENT, "lille", Lead.class_weeks(3), ANSWERS)
    html = read(messages.reminder(desk.head, [line], desk.academy("lille"))).html
    [answers] = re.findall(
        r'<ul class="answers".*?>(.*?)</ul>', html.replace("\u00a0", " "), re.DOTALL
    )
    assert re.findall(r'<li[^>]*>\s*<a[^>]* aria-label="(.*?)"', answers) == [
        f"{answer.words} : Ma classe a du talent, 6e édition" for answer in ANSWERS
    ]


def test_a_long_name_of_the_site_leaves_room_for_the_subject(desk):
    head = replace(desk.head, site_name="Calendrier des concours " * 4)
    mail = messages.confirmation(head)
    assert "confirmez votre adresse pour recevoir vos rappels" in mail.subject


FORWARDED = (
    "Ce courriel répond à une lettre envoyée depuis votre adresse. Si vous n'avez rien envoyé, "
    "rien n'est à faire : aucune date n'est publiée sans la rédaction."
)


@pytest.mark.parametrize(
    ("letters", "found", "pending", "reason", "subject", "told", "label", "path"),
    [
        (
            *([12], 3, 2, None, "votre lettre est lue"),
            "Elle est lue : 3 dates, dont 2 à vérifier par vous. Rien n'est publié avant votre "
            "accord.",
            *("Vérifier les dates", "12/"),
        ),
        (
            *([12, 13], 1, 0, None, "votre lettre est lue"),
            "Elle est lue : 1 date, sans rien à vérifier par vous.",
            *("Voir ce qui est lu", ""),
        ),
        (
            *([12], 0, 0, None, "rien de daté dans votre lettre"),
            "Elle est lue, et rien n'y est daté.",
            *("Voir ce qui est lu", "12/"),
        ),
        (
            *([], 0, 0, "Ce fichier est vide.", "votre lettre n'a pas pu être lue"),
            "Nous n'avons pas su la lire : Ce fichier est vide.",
            *("Déposer la lettre autrement", ""),
        ),
    ],
)
def test_letter(desk, letters, found, pending, reason, subject, told, label, path):
    """The mail repeats nothing of the letter, and has one link: anybody may write « From »."""
    mail = read(other_messages.letter(desk.head, TODAY, letters, found, pending, reason))
    assert mail.subject == f"Concours scolaires : {subject}"
    start = "Vous nous avez envoyé une lettre par courriel le 18 janvier 2021."
    assert mail.text.startswith(
        f"Bonjour,\n\n{start} {told}\n\n{label} :\n{URL}/redaction/lettres/{path}\n"
    )
    assert FORWARDED in mail.text
    assert mail.html.count("/redaction/") == 1


def test_letter_of_which_a_part_could_not_be_read(desk):
    mail = read(other_messages.letter(desk.head, TODAY, [12], 3, 2, None, "Ce PDF est vide."))
    assert "accord.\n\nUne partie n'a pas pu être lue : Ce PDF est vide.\n\nVérifier" in mail.text
    assert "Une partie n'a pas pu être lue : Ce PDF est vide." in mail.html


def test_agenda(desk):
    mail = read(other_messages.agenda(desk.head, "Agenda Canopé", 7, "Le site ne répond pas."))
    assert mail.subject == "Concours scolaires : un agenda suivi est à regarder"
    assert mail.text.startswith(
        "Bonjour,\n\nL'agenda « Agenda Canopé », que suit votre rédaction, a un problème.\n\n"
        "Le site ne répond pas.\n\n"
        f"Voir ce qui ne va pas :\n{URL}/redaction/sources/7/\n"
    )
    assert "Aucun autre courriel ne part tant que ce problème dure." in mail.text
    assert mail.html.count("/redaction/") == 1
