"""The legal pages are true and complete: each duration is the one that the worker uses, and nothing
that the law requires is missing."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from calendar_app import worker
from calendar_app.catalogue import queries
from calendar_app.config import retention
from calendar_app.config.retention import duration_words
from calendar_app.config.settings import templates_folder
from calendar_app.reminders.rules.personal_links import CODE_LIFE, CONFIRMATION_LIFE
from calendar_app.reminders.send_days import Mornings, ReminderPlace
from calendar_app.store import limits
from calendar_app.store.base import db
from calendar_app.web import editor_session
from calendar_app.web.public import legal_views
from tests.browser.conftest import PLACES
from tests.config.test_settings import PRODUCTION
from tests.tools import ROOT, scaled
from tests.web.subscription.test_subscription_pages import (
    clock,
    personal,
    personal_token,
    site,
    words,
)

__all__ = ["clock", "site"]

PRIVACY, NOTICE, STATEMENT = "/donnees-personnelles/", "/mentions-legales/", "/accessibilite/"

#: Constant of :mod:`calendar_app.config.retention` → the sentence of the page that says it.
SAID = {
    "ASKED": "effacé {} après dans tous les cas",
    "UNCONFIRMED": "sans confirmation, est effacé {} après",
    "ENDED": "tout est effacé {} après",
    "MAILS": "La trace de chaque courriel envoyé est effacée {} après l'envoi",
    "WEEKLY": "a annoncé d'une date est effacé {} après elle",
    "STRANGE_MAIL": "au plus tard {} après son arrivée",
    "PROPOSER": "au plus tard {} après l'envoi",
    "COUNTS_OF_NETWORK": "celle de votre adresse IP est oubliée {} après",
    "COUNTS_OF_ADDRESS": "celle de votre adresse de courriel {} après",
    "LEDGER": "ne vous écrive pas : elle est effacée {} après",
    "CLEANED_EVERY": "({} de retard au plus)",
    "SILENT_YEARS": "sur votre page personnelle pendant {}",
    "TOLD_BEFORE": "au moins {} avant",
    "IDLE_ACCOUNT_YEARS": "Un compte sans connexion est désactivé {} après",
    "DISABLED_ACCOUNT_YEARS": "d'un compte désactivé sont effacés {} après",
}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_every_duration_that_we_keep_is_said(client):
    durations = {
        name for name, value in vars(retention).items() if isinstance(value, timedelta | int)
    }
    assert durations == set(SAID)
    page = words(client.get(PRIVACY))
    for name, sentence in SAID.items():
        assert plain(sentence.format(duration_words(getattr(retention, name)))) in page, name
    assert f"tient la connexion {plain(duration_words(editor_session.LIFE))}" in page


def test_every_duration_that_is_said_moves_with_its_constant(client, monkeypatch):
    """Each number of days, hours or years on the page comes from a constant."""
    for name in SAID:
        other = 41 if isinstance(getattr(retention, name), int) else timedelta(days=4321)
        monkeypatch.setattr(retention, name, other)
    monkeypatch.setattr(legal_views, "LIFE", timedelta(days=4321))
    main = words(client.get(PRIVACY)).partition(" Lire le calendrier ne demande rien")[2]
    said = re.findall(r"(\S+) (?:jours?|heures?|ans?)\b", main)
    numbers = [word for word in said if word.isdigit() or word in NUMBERS]
    assert set(numbers) == {"4321", "41"}, numbers


NUMBERS = "un une deux trois quatre cinq six sept huit dix trente vingt quatre-vingt-dix".split()


def test_no_template_writes_a_duration_by_hand():
    """Every page and mail takes its durations of storage and of links from the constants."""
    by_hand = re.compile(
        rf"(effac|supprim|oubli|lien|code|connexion)[^.<]*?\b(\d+|{'|'.join(NUMBERS)})"
        r"(&nbsp;| |\u00a0)(jours|heures|ans)\b"
    )
    for path in sorted(templates_folder().rglob("*.*")):
        assert not by_hand.search(path.read_text(encoding="utf-8")), path


def test_counts_are_kept_no_longer_than_said():
    for name, limit in vars(limits).items():
        if isinstance(limit, limits.Limit):
            of_network = name.endswith("_A_SOURCE")
            kept = retention.COUNTS_OF_NETWORK if of_network else retention.COUNTS_OF_ADDRESS
            assert limit.span <= kept, name


def test_the_worker_cleans_as_often_as_said():
    assert retention.CLEANED_EVERY.total_seconds() == worker.CLEAN


@pytest.mark.parametrize(
    ("state", "rest", "said"),
    [
        ("active", "", "Tout est effacé {ended} après."),
        ("active", "desabonnement/", "Tout est effacé {ended} après."),
        ("unsubscribed", "", "Tout est effacé {ended} après."),
        ("unsubscribed", "", "Pendant {ended}, vous retrouvez vos réglages"),
        ("unconfirmed", "confirmer/", "sans confirmation, tout est effacé {unconfirmed} après"),
    ],
)
def test_personal_pages_say_the_same(site, state, rest, said):
    from calendar_app.reminders.rules.deliveries import SubscriberState

    token = personal_token(site, SubscriberState(state))
    page = words(site.test_client().get(personal(token, rest)))
    spans = {"ended": retention.ENDED, "unconfirmed": retention.UNCONFIRMED}
    assert said.format(**{n: plain(duration_words(s)) for n, s in spans.items()}) in page


def test_lives_of_links_are_said_as_they_are():
    assert (duration_words(CONFIRMATION_LIFE), duration_words(CODE_LIFE)) == (
        "3\u00a0jours",
        "24\u00a0heures",
    )


# -- names and sources -----------------------------------------------------------------------------


@pytest.fixture
def law(make_app):
    said = {n: v for n, v in PRODUCTION.items() if n.split("_", 1)[1] in NAMED}
    return make_app("content", **said).test_client(), said


NAMED = ("ORGANISATION", "PUBLISHER", "HOSTING", "CONTROLLER", "DPO", "CONTACT", "MAIL_RELAY")


def test_the_notice_names_publisher_director_and_host_with_their_telephone(law):
    client, said = law
    page = words(client.get(NOTICE))
    for name in ("ORGANISATION", "PUBLISHER", "HOSTING", "CONTACT"):
        assert said[f"CALENDAR_{name}"] in page, name


def test_everybody_who_receives_data_is_named(law):
    client, said = law
    page = words(client.get(PRIVACY))
    for name in ("CONTROLLER", "DPO", "CONTACT", "HOSTING", "MAIL_RELAY"):
        assert said[f"CALENDAR_{name}"] in page, name
    assert "À personne d'autre que les entreprises qui travaillent pour nous" in page


def test_each_use_has_its_legal_basis(client):
    """Every part about stored data begins with its legal basis."""
    main = client.get(PRIVACY).text.partition("<main")[2]
    parts = {
        re.sub(r"<[^>]+>|\s+", " ", part.partition("</h2>")[0]).strip(): part
        for part in main.split("<h2>")[1:]
    }
    for title, part in parts.items():
        if title not in ("Qui les reçoit", "Vos droits"):
            assert "<p>Base&nbsp;:" in part, title


def test_every_calendar_of_the_store_is_credited(client):
    with client.application.test_request_context():
        calendars = queries.reference(db.session).calendars.values()
        sources = {(c.label, c.source) for c in calendars}
    page = words(client.get(NOTICE))
    assert "OpenHolidays, ODbL 1.0" in {source for _, source in sources}
    for label, source in sources:
        assert label in page
        assert source == "PyPI holidays" or source in page
    # ODbL 1.0, section 4.3, requires the notice, with the address of the licence.
    assert "contient des informations de la base de données OpenHolidays" in page
    links = client.get(NOTICE).text
    for address in (
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        "https://data.education.gouv.fr/explore/dataset/fr-en-calendrier-scolaire/",
    ):
        assert f'href="{address}"' in links


def test_a_list_of_holidays_leads_to_its_credits(client):
    for academy in ("la-reunion", "lille"):
        page = client.get(f"/annee-scolaire/2020-2021/?academie={academy}").text
        assert 'href="/mentions-legales/#sources"' in page
    assert 'id="sources"' in client.get(NOTICE).text


# -- the accessibility statement -------------------------------------------------------------------


def test_the_statement_has_every_part_of_its_model(client):
    page = client.get(STATEMENT).text
    titles = [re.sub(r"<[^>]+>", "", t).strip() for t in re.findall(r"<h[1-3].*?</h[1-3]>", page)]
    for title in (
        "Déclaration d'accessibilité",
        "État de conformité",
        "Résultats des tests",
        "Contenus non accessibles",
        "Non-conformités",
        "Dérogations pour charge disproportionnée",
        "Contenus non soumis à l'obligation d'accessibilité",
        "Établissement de cette déclaration d'accessibilité",
        "Technologies utilisées pour la réalisation du site",
        "Environnement de test",
        "Outils pour évaluer l'accessibilité",
        "Pages du site qui ont fait l'objet de la vérification",
        "Retour d'information et contact",
        "Voies de recours",
    ):
        assert title in titles, title
    said = words(client.get(STATEMENT))
    assert "Cette procédure est à utiliser dans le cas suivant" in said
    assert "09 69 39 00 00" in said
    assert 'href="tel:+33969390000"' in page
    assert "Schéma pluriannuel de mise en accessibilité et plan d'actions : non publiés" in said
    assert "même quand" not in said
    assert date(2026, 11, 29) <= legal_views.STATEMENT_OF


def test_the_statement_names_the_plan_where_there_is_one(make_app):
    plan = "https://ac-exemple.fr/accessibilite"
    client = make_app("empty", CALENDAR_ACCESSIBILITY_PLAN=plan).test_client()
    assert f'href="{plan}"' in client.get(STATEMENT).text


def test_the_pages_said_to_be_verified_are_those_that_a_browser_looks_at(client):
    listed = client.get(STATEMENT).text.partition("fait l'objet de la vérification")[2]
    addresses = re.findall(r'<li><a href="([^"]+)"', listed.partition("</ul>")[0])
    assert len(addresses) == len(legal_views.VERIFIED)
    looked_at = {place.address.partition("?")[0] for place in PLACES.values()}
    for address in addresses:
        assert address in looked_at, address


# -- promises on other pages and in the documentation ----------------------------------------------


#: File → the promise in it → the test that checks the promise. When you change the sentence of a
#: promise, look at its test.
PROMISES = {
    "templates/subscription/form.html": {
        "Un matin de classe de votre académie ; un matin de semaine, si vous ne l'indiquez pas ou "
        "si ses vacances ne sont pas encore connues": (
            "test_promises.test_reminders_leave_on_a_morning_of_class_or_at_least_of_the_week"
        ),
        "Un autre courriel si le jour change, ou si la date s'annule": (
            "test_news.test_a_cancelled_or_moved_date_is_told_to_whoever_counts_on_it"
        ),
        "Quand ses dates y seront, vos rappels partiront avant elles": (
            "test_next_edition.test_a_newcomer_is_told_of_the_next_edition"
        ),
    },
    "templates/mail/link/body.txt": {
        "Ignorez ce courriel : rien ne change": (
            "test_next_edition.test_a_subscriber_adds_the_wish_with_the_link_of_the_mail_alone"
        ),
    },
    "templates/public/pages/aide.html": {
        "arrivent un matin de classe de votre académie, donc jamais pendant ses vacances": (
            "test_promises.test_reminders_leave_on_a_morning_of_class_or_at_least_of_the_week"
        ),
        "trois semaines de classe avant la date, ou le dernier jour de classe avant elle": (
            "test_one_count.test_on_an_unmoved_lead_day_of_n_class_weeks_the_count_is_n"
        ),
        "vous y demandez les rappels de la prochaine édition": (
            "test_past_events.test_the_one_first_button_asks_for_the_next_edition"
        ),
        "le choix suit de page en page, et reste dans l'adresse": (
            "test_choice_pages.test_what_was_chosen_stands_on_every_page"
        ),
        "Un événement qui ne dit pas ses classes reste affiché": (
            "test_class_fit.test_the_five_ways_agree_on_what_fits_a_class"
        ),
        "un clic l'enlève": "test_choice_pages.test_each_filter_is_a_chip_that_takes_itself_away",
        "une date reportée s'y déplace": (
            "test_feed_rules.test_a_moved_date_keeps_its_uid_and_says_that_it_moved"
        ),
        "tient dans une adresse": (
            "test_choice_pages.test_a_selection_is_a_page_a_feed_a_poster_and_a_message"
        ),
        "l'ancienne est dite sur la fiche de l'événement": (
            "test_pages.test_moved_and_cancelled_dates_say_so"
        ),
        "pour une école, jamais un mercredi": (
            "test_class_days.test_an_ecole_is_never_given_a_wednesday"
        ),
    },
    "calendar_app/reminders/subscribers.py": {
        "Je peux tout arrêter à tout moment, par un lien présent dans chaque courriel.": (
            "test_subscription_pages.test_one_click_unsubscribes_and_says_so_without_a_redirect"
        ),
    },
    "docs/reliability.md": {
        "again after 5, 15, 30 minutes, 1, 2, 4 hours": (
            "test_outbox.test_the_back_off_is_5_15_30_minutes_1_2_and_4_hours"
        ),
    },
    "README.md": {
        "reminders go out at 7 h 30 of class days, on the académie's own clock": (
            "test_promises.test_reminders_leave_on_a_morning_of_class_or_at_least_of_the_week"
        ),
        "A feed goes three months back": (
            "test_feed_rules.test_the_past_edge_moves_on_the_first_of_the_month_in_paris"
        ),
    },
}


@pytest.mark.parametrize("place", PROMISES)
def test_what_is_promised_stands_where_it_stood_and_has_its_test(place):
    written = unescape((ROOT / place).read_text(encoding="utf-8"))
    text = re.sub(r"[\s\u00a0\u202f]+", " ", written)
    text = text.replace('" "', "")  # a string literal that continues in the next line
    for promise, test in PROMISES[place].items():
        assert promise in text, promise
        file, _, name = test.partition(".")
        texts = [p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob(f"{file}.py")]
        assert any(f"def {name}(" in text for text in texts), test


def test_reminders_leave_on_a_morning_of_class_or_at_least_of_the_week(app):
    """True in every académie and without an académie, in an école and in a collège, in years with
    known and with unknown holidays."""
    with app.app_context():
        reference = queries.reference(db.session)
    places = [ReminderPlace(None, wednesdays=True), ReminderPlace(None, wednesdays=False)]
    places += [ReminderPlace(a, wednesdays=w) for a in reference.academies for w in (True, False)]
    drawn = random.Random(15)
    for place in places:
        days = reference.class_days(place.academy, wednesdays=place.wednesdays)
        found = Mornings(place, reference)
        for _ in range(scaled(200)):
            deadline = date(2020, 9, 15) + timedelta(days=drawn.randrange(2500))
            for reminder in found.planned(deadline):
                at = reminder.send_at.astimezone(ZoneInfo(place.time_zone))
                told = (place.slug, place.wednesdays, deadline, at)
                assert (at.hour, at.minute) == (7, 30), told
                assert at.weekday() < 5, told
                if days.knows(deadline - timedelta(days=300), deadline):
                    assert days.is_class_day(at.date()), told
