"""What the editors' room promises: one test for each promise."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event
from calendar_app.editing import suggestions
from calendar_app.editing.draft_entries import item_of_draft, proposed
from calendar_app.editing.models.letters import Draft
from calendar_app.store.base import db
from calendar_app.web.editing.typed_lists import read_scope, scope_text
from calendar_app.web.typed_days import in_french, iso_day, iso_hour
from tests.editing.test_suggestions import RALLYE
from tests.factories import ID, another, entry, publish
from tests.reminders.test_outbox import Clock, run
from tests.smtp_server import mail_server
from tests.web.editing.conftest import engine
from tests.web.editing.test_editor_pages import propose
from tests.web.editing.test_event_pages import EVENTS, FORM, NEW, ONE, create, fields, save
from tests.web.editing.test_queue_pages import act, logged_in, site
from tests.web.public.test_suggestion_pages import FORM as SUGGESTED
from tests.web.public.test_suggestion_pages import PROPOSE, post
from tests.web.subscription.test_subscription_pages import dump, words

__all__ = ["engine", "site"]

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
LILLE = {"academies": ["lille"]}


# -- the form of an event --------------------------------------------------------------------------


@pytest.mark.long
def test_a_deadline_is_moved_by_one_field(site):
    publish(site, entry(scope=LILLE))
    client = logged_in(site)
    given = fields(client.get(ONE).text, ONE)
    assert given["date-0-dernier"] == [""], "a second day would be left behind"
    assert save(client, **{"date-0-premier": "2021-02-25"}).status_code == 303
    page = words(site.test_client().get(f"/evenements/{ID}/"))
    assert "jeudi 25 février 2021" in page


def test_a_one_day_date_of_any_kind_is_moved_by_one_field(site):
    client = logged_in(site)
    for kind in ("session", "opening", "results"):
        publish(site, entry(scope=LILLE, milestones=[{"kind": kind, "day": "2021-02-11"}]))
        given = fields(client.get(ONE).text, ONE)
        assert (given["date-0-premier"], given["date-0-dernier"]) == (["2021-02-11"], [""])


def test_two_days_for_a_deadline_are_refused_at_their_field_and_kept(site):
    client = logged_in(site)
    answer = create(client, **{"date-0-dernier": "2021-02-12"})
    assert answer.status_code == 400
    assert "Une date limite n'a qu'un jour" in words(answer)
    assert fields(answer.text, NEW)["date-0-dernier"] == ["2021-02-12"]


@pytest.mark.parametrize("action", ["apercu", "ajouter"])
def test_the_reason_survives_every_button(site, action):
    publish(site, entry(scope=LILLE))
    client = logged_in(site)
    page = save(client, action=action, pourquoi="Le « jury » a plus de temps.").text
    assert fields(page, ONE)["pourquoi"] == ["Le « jury » a plus de temps."]
    refused = save(client, titre="", pourquoi="Parce que.").text
    assert fields(refused, ONE)["pourquoi"] == ["Parce que."]


def test_the_leave_warning_survives_every_button(site):
    publish(site, entry(scope=LILLE))
    client = logged_in(site)
    assert 'data-unsaved=""' in client.get(ONE).text
    for action in ("apercu", "ajouter"):
        assert 'data-unsaved="yes"' in save(client, action=action).text
    assert 'data-unsaved="yes"' in save(client, titre="").text


def test_no_other_event_is_answered_once(site):
    publish(site, entry(title=FORM["titre"], scope=LILLE))
    client = logged_in(site)
    assert "Non, c'est un autre événement" in words(create(client))
    shown = create(client, action="apercu", autre="oui").text
    assert fields(shown, NEW)["autre"] == ["oui"]


@pytest.mark.parametrize(("slug", "own"), [("lille", "Lille"), ("la-reunion", "La Réunion")])
def test_the_scope_of_a_new_event_starts_as_ones_own(site, slug, own):
    client = logged_in(site, slug=slug)
    given = fields(client.get(NEW).text, NEW)
    assert given["pour"] == [own]


def test_every_scope_reads_back_as_it_was_shown(site):
    with site.app_context():
        academies = queries.reference(db.session).academies
        codes = [f"academie/{a.slug}" for a in academies]
        codes += [f"departement/{d.code}" for a in academies for d in a.departments]
        codes += [f"region/{slug}" for slug in academies.regions]
        for code in codes:
            assert read_scope(scope_text([code], academies), academies) == {code}, code


def test_a_refusal_says_which_field_to_change(site):
    client = logged_in(site)
    answer = create(client, pour="national")
    page = words(answer)
    assert answer.status_code == 409
    assert "Votre périmètre : académie de Lille. Écrivez-le ici" in page
    assert '<a href="#f-pour">' in answer.text
    assert 'id="p-pour"' in answer.text


def test_a_refused_change_says_which_part_is_anothers(site):
    publish(site, entry(scope="national"))
    client = logged_in(site)
    before = dump(site)
    answer = save(client, titre="Autre titre", **{"date-0-premier": "2021-02-25"})
    assert answer.status_code == 409
    assert set(re.findall(r'id="p-([\w-]+)"', answer.text)) == {"titre", "date-0-pour"}
    assert dump(site) == before
    widened = save(client, EVENTS + f"{ID}/", pour="national", lieu="Lens")
    assert set(re.findall(r'id="p-([\w-]+)"', widened.text)) == {"lieu"}


# -- dates in messages -----------------------------------------------------------------------------

ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


@pytest.mark.parametrize(
    "changes",
    [
        {"date-0-premier": "2021-02-31"},
        {"date-0-premier": "demain"},
        {"date-0-nature": "session", "date-0-dernier": "2021-01-01"},
        {"date-0-premier": "2031-02-05"},
        {"date-0-nature": "session", "date-0-environ": "mi-juin", "date-0-dernier": "2020-09-01"},
    ],
)
def test_dates_in_messages_are_french(site, changes):
    answer = create(logged_in(site), **changes)
    assert answer.status_code == 400
    said = re.findall(r'class="problem">(.*?)</strong>', answer.text)
    assert said
    assert not any(ISO.search(text) for text in said), said


@pytest.mark.parametrize(
    "path",
    [
        "/redaction/journal/?depuis=2021-02-31",
        "/redaction/journal/?jusqu=hier",
    ],
)
def test_addresses_with_a_wrong_day_are_told_so_in_french(site, path):
    answer = logged_in(site).get(path)
    assert answer.status_code == 404
    assert "écrivez par exemple 11/02/2021" in words(answer)


def test_a_day_and_an_hour_may_be_typed_as_people_write_them(site):
    answer = create(logged_in(site), **{"date-0-premier": "5/2/2021", "date-0-fin": "18 h 30"})
    assert answer.status_code == 303
    assert iso_day("5/2/2021") == iso_day("05.02.2021") == "2021-02-05"
    assert [iso_hour(text) for text in ("9h", "18 h 30", "18:30", "midi", "25h")] == [
        "09:00",
        "18:30",
        "18:30",
        "12:00",
        "25h",
    ]
    assert in_french("le 2021-02-11 vient avant") == "le 11/02/2021 vient avant"


# -- suggestions -----------------------------------------------------------------------------------


def suggested(site, **changes) -> None:
    given = replace(RALLYE, departments=(), **changes)
    with site.app_context():
        assert suggestions.suggest(db.session, given, NOW) is None


def decided(client, button: str, **more):
    """Press a button of the card of the first suggestion, as a browser does."""
    shown = client.get("/redaction/").text
    card = re.search(r"<article.*?</article>", shown, re.DOTALL)[0]
    assert 'action="/redaction/propositions/1/refuser/"' in card
    assert card.count('form="reponse-1"') == 2, "both buttons send the answer"
    address = f"/redaction/propositions/1/{button}/"
    token = re.search(
        rf'formaction="{address}" name="jeton" value="([^"]+)"'
        if button == "accepter"
        else r'class="quiet" name="jeton" value="([^"]+)"',
        card,
    )[1]
    revision = re.search(r'name="revision" value="(\d+)"', card)[1]
    return client.post(address, data={"jeton": token, "revision": revision} | more)


@pytest.mark.parametrize("button", ["accepter", "refuser"])
def test_the_answer_to_a_suggestion_goes_out_whether_it_is_accepted_or_refused(site, button):
    suggested(site)
    client = logged_in(site)
    assert decided(client, button, reponse="Merci, belle trouvaille.").status_code == 303
    with site.app_context():
        [draft] = db.session.scalars(select(Draft))
        assert draft.answer == "Merci, belle trouvaille."
        assert draft.answer_delivery_id is not None
    with mail_server() as server:
        run(site, server.url, Clock(NOW + timedelta(minutes=1)))
        [mail] = server.mails
    text = mail.data.replace(b"=\r\n", b"").decode()
    assert "> Merci, belle trouvaille." in text
    accepted = "maintenant au calendrier" in text
    assert accepted == (button == "accepter")


def test_the_answer_goes_out_from_the_whole_form_too(site):
    suggested(site)
    client = logged_in(site)
    place = f"{NEW}?proposition=1"
    assert save(client, place, reponse="Merci !").status_code == 303
    with site.app_context():
        assert db.session.scalar(select(Draft)).answer == "Merci !"


def test_a_suggestions_card_shows_its_link_and_no_percentage(site):
    suggested(site)
    page = logged_in(site).get("/redaction/")
    assert f'<a href="{RALLYE.link}" rel="noopener noreferrer">' in page.text
    card = re.search(r"<article.*?</article>", page.text, re.DOTALL)[0]
    assert "%" not in card
    assert "à relire" not in card


# -- bulk acceptance -------------------------------------------------------------------------------


@pytest.mark.long
def test_bulk_acceptance_redirects(site):
    propose(site, "Concours du Nord", "academie/lille")
    propose(site, "Rallye du Pas-de-Calais", "academie/lille")
    publish(site, another("rallye-du-pas-de-calais", scope=LILLE, title="Autre"))
    client = logged_in(site)
    answer = act(client, "/redaction/lettres/1/", "/redaction/lettres/1/accepter/")
    assert answer.status_code == 303
    before = dump(site)
    for _ in range(2):  # a reload repeats nothing
        page = words(client.get(answer.headers["Location"]))
        assert "1 publiée." in page
        assert "Rallye du Pas-de-Calais : « Autre » existe déjà" in page
    assert dump(site) == before
    forged = client.get("/redaction/lettres/1/?lot=WzFd.xx")
    assert "publiée" not in words(forged)


# -- what is published -----------------------------------------------------------------------------


def test_published_summaries_say_something(site):
    suggested(site)
    with site.app_context():
        [draft] = db.session.scalars(select(Draft))
        summary = proposed(db.session, draft).summary
    assert summary == (
        "Concours « Rallye mathématique du Nord », pour le CM2 et la 6e (académie de Lille). Pour "
        "participer, inscrivez la classe. Signalé par une lectrice ou un lecteur du calendrier."
    )


# -- « Proposer une date » -------------------------------------------------------------------------


def proposed_by_form(site, **changes):
    client = site.test_client()
    return post(client, PROPOSE, SUGGESTED | changes)


def test_proposer_takes_several_dates_an_hour_and_www(site):
    client = site.test_client()
    more = post(
        client, PROPOSE, SUGGESTED | {"action": "ajouter", "lien": "www.concours.example/x"}
    )
    assert more.status_code == 200
    assert 'name="au-2"' in more.text
    answer = proposed_by_form(
        site,
        lien="www.concours.example/x",
        heure="18 h",
        **{"sorte-2": "rendez-vous", "au-2": "15/03/2021", "heure-2": "9h30"},
    )
    assert answer.status_code == 303
    with site.app_context():
        first, second = db.session.scalars(select(Draft).order_by(Draft.id))
        assert (item_of_draft(first).end_time, item_of_draft(first).start_time) == (time(18), None)
        assert item_of_draft(first).url == "https://www.concours.example/x"
        assert (second.first_day, item_of_draft(second).start_time) == (
            date(2021, 3, 15),
            time(9, 30),
        )
        assert first.suggested_by == second.suggested_by
    page = words(logged_in(site, "administrateur", None).get("/redaction/"))
    assert "18\xa0h" in page or "18 h" in page


def test_what_is_wrong_in_a_second_date_is_said_there(site):
    answer = proposed_by_form(
        site, **{"sorte-2": "limite", "au-2": "2021-02-31", "heure-2": "tard"}
    )
    assert answer.status_code == 400
    assert set(re.findall(r'id="p-([\w-]+)"', answer.text)) == {"au-2", "heure-2"}
    assert "« 31/02/2021 » n'est pas un jour" in words(answer)


def test_www_is_taken_wherever_a_link_is_typed(site):
    answer = create(logged_in(site), lien="www.concours.example")
    assert answer.status_code == 303
    with site.app_context():
        found = db.session.scalar(select(Event))
        assert found.link == "https://www.concours.example"


@pytest.mark.long
def test_an_event_is_picked_by_its_title(site):
    publish(site, entry(scope=LILLE), another("semaine", scope=LILLE, title="Semaine des arts"))
    client = logged_in(site)
    page = client.get(ONE).text
    assert '<option value="Semaine des arts (2020-2021)">' in page
    assert "identifiant" not in page
    assert save(client, partie_de="Semaine des arts (2020-2021)").status_code == 303
    with site.app_context():
        assert queries.event(db.session, ID).part_of.id == "semaine-2020-2021"
    shown = fields(client.get(ONE).text, ONE)["partie_de"]
    assert shown == ["Semaine des arts (2020-2021)"]
    assert save(client, titre="Autre titre").status_code == 303
    with site.app_context():
        assert queries.event(db.session, ID).part_of.id == "semaine-2020-2021"


@pytest.mark.long
def test_the_journal_of_an_event_is_asked_for_by_its_title(site):
    publish(site, entry(scope=LILLE))
    client = logged_in(site)
    save(client, titre="Concours des sons")
    create(client)
    for asked in (f"{ID}", "Concours des sons (2020-2021)"):
        page = client.get("/redaction/journal/", query_string={"evenement": asked})
        assert page.text.count('<article class="change"') == 1
        assert 'name="evenement" value="Concours des sons (2020-2021)"' in page.text
        assert "identifiant" not in page.text
