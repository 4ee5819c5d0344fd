"""Editing events in the room: create, change, move, cancel, propose; and who may not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import select

from calendar_app.catalogue import queries
from calendar_app.catalogue.models.events import Event
from calendar_app.editing.models.journal import Change
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.editing.rules.draft_states import DraftOrigin, DraftState
from calendar_app.store.base import db
from tests.catalogue.test_renewal import renew, write_rule
from tests.factories import ID, another, entry, publish
from tests.web.editing.test_editor_pages import LOG_IN, PASSWORD, ROOM, hidden
from tests.web.editing.test_queue_pages import act, drop, logged_in
from tests.web.subscription.test_subscription_pages import dump, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
EVENTS = "/redaction/evenements/"
NEW, ONE = f"{EVENTS}nouveau/", f"{EVENTS}{ID}/"

FORM = {
    "titre": "Mon école en podcast",
    "resume": "Un concours de sons.",
    "type": "concours",
    "annee": "2020-2021",
    "organisateur": "Une association",
    "public": "eleves",
    "pour": "Lille",
    "source": "Lettre d'essai",
    "date-0-nature": "registration_deadline",
    "date-0-premier": "2021-02-05",
}
NEW_ID = "mon-ecole-en-podcast-2020-2021"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def site(empty_app, clock):
    return empty_app


def fields(page: str, action: str) -> dict[str, list[str]]:
    """Return what a browser would send of a form that is not touched."""
    form = re.search(rf'action="{re.escape(action)}".*?</form>', page, re.DOTALL)[0]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        given = {k: unescape(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        kind = given.get("type", "text")
        if "name" in given and (kind not in ("checkbox", "radio") or " checked" in tag):
            found.setdefault(given["name"], []).append(given.get("value", ""))
    for name, inner in re.findall(r'<select [^>]*name="([^"]+)".*?>(.*?)</select>', form, re.S):
        options = re.findall(r'value="([^"]*)"( selected)?', inner)
        chosen = [value for value, selected in options if selected]
        found[name] = [unescape((chosen or [options[0][0]])[0])]
    for name, text in re.findall(
        r'<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S
    ):
        found[name] = [unescape(text)]
    return found


def save(client, address: str = ONE, action: str = "publier", **changes):
    """Change some fields of a form and press one of its buttons."""
    page = client.get(address).text
    place = NEW if address.startswith(NEW) or "edition-suivante" in address else address
    given = fields(page, place) | {n.replace("__", "-"): v for n, v in changes.items()}
    return client.post(place, data=given | {"action": action})


def create(client, action: str = "publier", **changes):
    token = fields(client.get(NEW).text, NEW)["jeton"]
    return client.post(NEW, data=FORM | changes | {"jeton": token, "action": action})


def in_store(site, event_id: str = ID) -> Event:
    with site.app_context():
        found = queries.event(db.session, event_id)
        assert found is None or found.milestones is not None
        return found


def of_lille(**changes):
    return entry(scope={"academies": ["lille"]}, **changes)


# -- create ----------------------------------------------------------------------------------------


def test_an_event_is_created_and_published(site):
    client = logged_in(site)
    answer = create(client)
    assert answer.headers["Location"] == f"{EVENTS}{NEW_ID}/?fait=enregistre"
    page = words(client.get(answer.headers["Location"]))
    assert "C'est enregistré et publié." in page
    assert "Inscriptions jusqu'au vendredi 5 février 2021" in page
    assert site.test_client().get(f"/evenements/{NEW_ID}/").status_code == 200
    assert "podcast" in site.test_client().get("/flux/academie-de-lille.ics").text


def test_what_is_wrong_is_said_and_everything_typed_is_kept(site):
    client = logged_in(site)
    before = dump(site)
    answer = create(client, titre="", cout="gratuit", **{"date-0-premier": "2021-02-31"})
    assert answer.status_code == 400
    page = words(answer)
    assert "Indiquez un titre." in page
    assert "Le jour « 31/02/2021 » n'existe pas." in page
    assert 'href="#f-date-0-premier"' in answer.text
    for kept in ('value="gratuit"', 'value="2021-02-31"', "Un concours de sons."):
        assert kept in answer.text
    assert dump(site) == before


def test_another_date_is_a_row_more_and_stores_nothing(site):
    client = logged_in(site)
    before = dump(site)
    answer = create(client, "ajouter", titre="Un titre gardé")
    assert answer.status_code == 200
    assert 'name="date-1-nature"' in answer.text
    assert 'value="Un titre gardé"' in answer.text
    assert dump(site) == before


def test_a_preview_shows_the_page_and_the_agenda_and_stores_nothing(site):
    client = logged_in(site)
    before = dump(site)
    page = words(create(client, "apercu"))
    assert "Aperçu de la page Mon école en podcast Concours · 2020-2021 · académie de Lille" in page
    assert "Dernier jour d'inscription : Mon école en podcast" in page
    token = re.search(r'data-preview-token="([^"]*)"', client.get(NEW).text)[1]
    answer = client.post("/redaction/apercu/", data=FORM | {"jeton": token})
    assert "<html" not in answer.text
    assert "Dernier jour d'inscription : Mon école en podcast" in words(answer)
    assert "Il manque encore" in words(client.post("/redaction/apercu/", data={"jeton": token}))
    assert client.post("/redaction/apercu/", data=FORM).status_code == 400
    assert dump(site) == before


def test_what_looks_alike_is_asked_about_first(site):
    publish(site, of_lille(title="Mon école en podcast"), now=NOW)
    client = logged_in(site)
    answer = create(client, titre="Concours « Mon école en podcast »")
    assert answer.status_code == 400
    assert "Est-ce l'un de ceux-ci ? Mon école en podcast (2020-2021)" in words(answer)
    answer = create(client, titre="Concours « Mon école en podcast »", autre="oui")
    assert answer.status_code == 303


# -- change ----------------------------------------------------------------------------------------


def test_saving_what_was_not_touched_changes_nothing(site):
    publish(site, of_lille(), now=NOW)
    client = logged_in(site)
    assert save(client).status_code == 303
    assert in_store(site).revision == 1


@pytest.mark.long
def test_a_date_that_moved_is_announced_and_a_mistake_is_not(site):
    publish(site, of_lille(), now=NOW)
    client = logged_in(site)
    days = {"date__0__premier": "2021-02-25", "date__0__dernier": "2021-02-25"}
    save(client, pourquoi="Plus de temps", **days)
    [m] = in_store(site).milestones
    assert (m.last_day, m.moved_from_last_day) == (date(2021, 2, 25), date(2021, 2, 11))
    assert "date prolongée" in words(site.test_client().get(f"/evenements/{ID}/?le=2021-01-04"))
    days = {"date__0__premier": "2021-02-26", "date__0__dernier": "2021-02-26"}
    save(client, date__0__deplacee="non", **days)
    [m] = in_store(site).milestones
    assert (m.last_day, m.moved_from_last_day) == (date(2021, 2, 26), date(2021, 2, 11))
    with site.app_context():
        found = [(c.action, c.why) for c in db.session.scalars(select(Change).order_by(Change.id))]
    assert found == [(ChangeAction.MOVED, "Plus de temps"), (ChangeAction.EDITED, None)]


@pytest.mark.parametrize(
    ("state", "shown"),
    [("annule", "Annulé."), ("complet", "complet"), ("archive", "Retiré du calendrier")],
)
def test_an_event_is_cancelled_full_or_archived_by_a_button(site, state, shown):
    publish(site, of_lille(), now=NOW)
    client = logged_in(site)
    answer = act(client, ONE, f"{ONE}etat/", etat=state, pourquoi="Décision du jury")
    assert answer.headers["Location"] == f"{ONE}?fait=etat"
    public = site.test_client().get(f"/evenements/{ID}/?le=2021-01-04")
    assert shown.lower() in words(public).lower()
    back = {"annule": "retabli", "complet": "places", "archive": "remis"}[state]
    act(client, ONE, f"{ONE}etat/", etat=back)
    assert in_store(site).revision == 3
    with site.app_context():
        first, second = db.session.scalars(select(Change).order_by(Change.id))
        assert (first.before, first.why) == (second.after, "Décision du jury")


def test_two_editors_are_shown_both_versions_and_nothing_is_lost(site):
    publish(site, of_lille(), now=NOW)
    one, two = logged_in(site), logged_in(site, "administrateur", None)
    given = fields(two.get(ONE).text, ONE)
    save(one, titre="Titre de Lille", lieu="Lens")
    typed = given | {"titre": ["Titre national"], "cout": ["gratuit"], "action": ["publier"]}
    answer = two.post(ONE, data=typed)
    assert answer.status_code == 409
    page = words(answer)
    assert (
        "Partie titre C'était Concours d'essai Votre version Titre national "
        "L'autre version, déjà publiée Titre de Lille"
    ) in page
    again = fields(answer.text, ONE)
    assert (again["titre"], again["cout"], again["lieu"]) == (
        ["Titre national"],
        ["gratuit"],
        ["Lens"],
    )
    assert two.post(ONE, data=again | {"action": ["publier"]}).status_code == 303
    found = in_store(site)
    assert (found.title, found.cost, found.place) == ("Titre national", "gratuit", "Lens")


def test_a_session_that_ended_keeps_the_form(site, clock):
    publish(site, of_lille(), now=NOW)
    client = logged_in(site)
    given = fields(client.get(ONE).text, ONE)
    clock.shift(timedelta(hours=9))
    typed = given | {"titre": ["Gardé"], "action": ["publier"]}
    ours = {"Origin": "http://localhost"}
    answer = client.post(ONE, data=typed, headers=ours)
    assert answer.status_code == 403
    account = {"adresse": "responsable-lille@x.example", "mot_de_passe": PASSWORD}
    page = client.post(LOG_IN, data=hidden(answer) | account)
    assert "Gardé" in words(page)
    assert in_store(site).title == "Concours d'essai"


def test_the_next_edition_opens_a_form_and_stores_nothing(site):
    publish(site, of_lille(), now=NOW)
    client = logged_in(site)
    before = dump(site)
    page = client.get(f"{ONE}edition-suivante/")
    assert "elles sont approximatives" in words(page)
    assert dump(site) == before
    # Only the editor knows where the next edition is announced.
    assert "Indiquez où l'annonce a été lue." in words(save(client, f"{ONE}edition-suivante/"))
    answer = save(client, f"{ONE}edition-suivante/", source="Lettre n° 30")
    assert answer.headers["Location"] == f"{EVENTS}essai-2021-2022/?fait=enregistre"
    [m] = in_store(site, "essai-2021-2022").milestones
    assert m.is_approximate
    assert client.get(f"{ONE}edition-suivante/").headers["Location"] == f"{EVENTS}essai-2021-2022/"


# -- drafts and proposals --------------------------------------------------------------------------


def test_a_draft_is_completed_in_the_form_and_accepted_by_it(site):
    client = logged_in(site)
    drop(client)
    answer = save(client, f"{NEW}?proposition=1", cout="gratuit", organisateur="La DRANE")
    assert answer.status_code == 303
    event = in_store(site, "concours-mon-ecole-en-podcast-2020-2021")
    assert (event.cost, event.organiser) == ("gratuit", "La DRANE")
    with site.app_context():
        assert db.session.get(Draft, 1).state is DraftState.ACCEPTED
        assert db.session.scalar(select(Change)).draft_id == 1


@pytest.mark.long
def test_completing_a_draft_undoes_nothing_of_others(site):
    publish(site, of_lille(title="Mon école en podcast", milestones=[]), now=NOW)
    one, two = logged_in(site), logged_in(site, "administrateur", None)
    drop(one)
    with site.app_context():
        assert db.session.get(Draft, 1).event_id == ID
    address = f"{NEW}?proposition=1"
    given = fields(one.get(address).text, NEW)
    save(two, lieu="Lens", organisateur="La DRANE")
    answer = one.post(NEW, data=given | {"cout": ["gratuit"], "action": ["publier"]})
    assert answer.status_code == 303
    found = in_store(site)
    assert (found.place, found.organiser, found.cost) == ("Lens", "La DRANE", "gratuit")
    assert [m.kind.value for m in found.milestones] == ["registration_deadline"]
    # Where both changed the same part, nothing is written and both versions are shown.
    given = fields(one.get(f"{NEW}?proposition=2").text, NEW)
    save(two, cout="10 €")
    answer = one.post(NEW, data=given | {"cout": ["5 €"], "action": ["publier"]})
    assert answer.status_code == 409
    assert "Votre version 5 € L'autre version, déjà publiée 10 €" in words(answer)
    assert in_store(site).cost == "10 €"
    again = one.post(NEW, data=fields(answer.text, NEW) | {"action": ["publier"]})
    assert again.status_code == 303
    assert in_store(site).cost == "5 €"


def test_what_is_wrong_in_one_date_is_not_said_of_another(site):
    second = {"date-1-nature": "session", "date-1-premier": "2021-03-01", "date-1-fin": "99 h"}
    answer = create(logged_in(site), **{"date-0-nature": "", **second})
    assert 'href="#f-date-1-fin"' in answer.text
    assert 'href="#f-date-0-nature"' in answer.text
    assert 'href="#f-date-0-fin"' not in answer.text


@pytest.mark.long
def test_a_redacteur_proposes_and_a_responsable_publishes(site):
    publish(site, of_lille(), now=NOW)
    redacteur, zoe = logged_in(site, "redacteur"), logged_in(site)
    page = redacteur.get(ONE).text
    assert 'value="publier"' not in page
    assert save(redacteur, action="publier", titre="Nouveau titre").status_code == 409
    answer = save(redacteur, action="proposer", titre="Nouveau titre")
    assert answer.headers["Location"] == f"{ROOM}?fait=propose"
    assert in_store(site).title == "Concours d'essai"
    with site.app_context():
        draft = db.session.scalar(select(Draft))
        assert (draft.origin, draft.event_id) == (DraftOrigin.EDITOR, ID)
    # Somebody else changes another part meanwhile: both changes stay.
    save(zoe, lieu="Lens")
    act(zoe, ROOM, "/redaction/propositions/1/accepter/")
    found = in_store(site)
    assert (found.title, found.place) == ("Nouveau titre", "Lens")


def test_a_redacteur_withdraws_what_they_proposed(site):
    redacteur = logged_in(site, "redacteur")
    assert create(redacteur, "proposer").status_code == 303
    answer = act(redacteur, ROOM, "/redaction/propositions/1/refuser/")
    assert answer.headers["Location"] == f"{ROOM}?fait=refuse"
    assert in_store(site, NEW_ID) is None


@pytest.mark.long
def test_the_public_reason_is_kept_by_the_preview_and_stands_on_the_page(site):
    publish(site, of_lille(), now=NOW)
    client, reason = logged_in(site), "L'organisateur a besoin de temps : merci de votre patience."
    moved = {"date__0__premier": "2021-02-18", "date__0__dernier": "2021-02-18"}
    shown = save(client, action="apercu", raison=reason, **moved)
    assert fields(shown.text, ONE)["raison"] == [reason]
    assert save(client, raison=reason, **moved).status_code == 303
    page = words(site.test_client().get(f"/evenements/{ID}/"))
    assert f"Des dates ont changé. {reason}" in page
    # The reason typed at the button replaces it; the reason for the journal is never public.
    states = f"{ONE}etat/"
    said = {"raison": "Il n'y a pas assez de classes.", "pourquoi": "appel de Mme Martin"}
    act(client, ONE, states, etat="annule", **said)
    page = words(site.test_client().get(f"/evenements/{ID}/"))
    assert "Annulé. Il n'y a pas assez de classes." in page
    assert "Martin" not in page
    assert fields(client.get(ONE).text, states)["raison"] == ["Il n'y a pas assez de classes."]
    act(client, ONE, states, etat="complet")
    assert in_store(site).reason == "Il n'y a pas assez de classes."
    act(client, ONE, states, etat="retabli", raison="")
    assert in_store(site).reason is None


@pytest.mark.long
def test_an_academie_adds_its_own_date_to_a_national_event(site):
    publish(site, entry(), now=NOW)
    client = logged_in(site)
    assert "Cet événement concerne plus que votre périmètre" in words(client.get(ONE))
    assert save(client, titre="Autre titre").status_code == 409
    own = {
        "date__1__nature": "deadline",
        "date__1__premier": "2021-02-01",
        "date__1__pour": "Nord",
    }
    assert save(client, **own).status_code == 303
    found = in_store(site)
    assert [m.key for m in found.milestones] == ["deadline-2", "deadline"]
    feeds = {n: site.test_client().get(f"/flux/departement-{n}.ics").text for n in ("59", "62")}
    assert [feed.count("BEGIN:VEVENT") for feed in feeds.values()] == [2, 1]


# -- who may not -----------------------------------------------------------------------------------


def test_an_event_of_lille_does_not_exist_for_lyon(site):
    publish(site, of_lille(), another("autre", scope={"academies": ["lyon"]}), now=NOW)
    lyon = logged_in(site, slug="lyon")
    before = dump(site)
    assert re.findall(rf'href="{EVENTS}(\w[\w-]*-2021)/"', lyon.get(EVENTS).text) == [
        "autre-2020-2021"
    ]
    for address in (ONE, f"{ONE}edition-suivante/"):
        assert lyon.get(address).status_code == 404
    for address in (ONE, f"{ONE}etat/"):
        assert lyon.post(address, data=FORM | {"etat": "archive"}).status_code == 404
    assert dump(site) == before


def test_nobody_publishes_for_others_by_the_form(site):
    lyon = logged_in(site, slug="lyon")
    before = dump(site)
    assert create(lyon).status_code == 409
    assert create(lyon, pour="national").status_code == 409
    assert dump(site) == before


# -- found by a later review -----------------------------------------------------------------------


def of_lyon(**changes):
    return another(
        "podcast", title="Mon école en podcast", scope={"academies": ["lyon"]}, **changes
    )


@pytest.mark.parametrize("archived", [{}, {"archived": "true"}])
def test_an_event_of_the_same_name_elsewhere_is_in_nobodys_way(site, archived):
    same = {"id": NEW_ID, "series": "mon-ecole-en-podcast", "title": "Mon école en podcast"}
    publish(site, entry(**same, scope={"academies": ["lyon"]}, **archived), now=NOW)
    answer = create(logged_in(site))
    assert answer.headers["Location"] == (
        f"{EVENTS}mon-ecole-en-podcast-academie-lille-2020-2021/?fait=enregistre"
    )


def test_a_series_of_others_is_not_taken(site):
    publish(site, of_lyon(), now=NOW)
    answer = create(logged_in(site), serie="podcast", annee="2021-2022")
    assert "/podcast-academie-lille-2021-2022/" in answer.headers["Location"]


@pytest.mark.long
def test_an_event_stands_on_no_page_of_others(site):
    publish(site, of_lyon(), now=NOW)
    answer = create(logged_in(site), partie_de="podcast-2020-2021")
    assert answer.status_code == 400
    assert "Cet événement n'est pas de votre périmètre." in words(answer)
    assert 'value="podcast-2020-2021"' in answer.text


def test_two_editors_who_add_a_date_each_keep_both(site):
    publish(site, of_lille(), now=NOW)
    one, two = logged_in(site), logged_in(site, "administrateur", None)
    given = fields(two.get(ONE).text, ONE)
    new = {"date-1-nature": ["session"], "action": ["publier"]}
    save(one, date__1__nature="session", date__1__premier="2021-03-10")
    answer = two.post(ONE, data=given | new | {"date-1-premier": ["2021-04-20"]})
    assert answer.status_code == 303
    days = [(m.key, str(m.first_day), m.moved_from_first_day) for m in in_store(site).milestones]
    assert days == [
        ("deadline", "2021-02-11", None),
        ("session", "2021-03-10", None),
        ("session-2", "2021-04-20", None),
    ]


def test_what_does_not_go_with_what_others_changed_is_said_and_kept(site):
    publish(site, entry(), now=NOW)
    one, two = logged_in(site, "administrateur", None), logged_in(site)
    given = fields(two.get(ONE).text, ONE)
    save(one, pour="Lyon, Lille")
    own = {"date-1-nature": ["deadline"], "date-1-premier": ["2021-02-01"]}
    typed = given | own | {"date-1-pour": ["Somme"], "action": ["publier"]}
    answer = two.post(ONE, data=typed)
    assert answer.status_code == 409
    assert "plus large que l'événement, ou ailleurs que lui" in words(answer)
    assert 'value="Somme"' in answer.text


@pytest.mark.parametrize(
    "given",
    [
        {"vu": "[" * 3000},
        {"vu": '{"x": "\\ud800"}'},
        {"vu": '{"milestones.deadline": "x"}'},
        {"vu": '{"x": NaN}'},
        {"date-0-__class__": "x", "date-0-__dict__": "x", "date-0-__init__": "x"},
        {"proposition": "99999999999999"},
    ],
)
def test_a_crafted_form_breaks_nothing(site, given):
    publish(site, of_lille(), now=NOW)
    client = logged_in(site)
    page = fields(client.get(ONE).text, ONE) | {"action": ["proposer"]}
    assert client.post(ONE, data=page | given).status_code < 500


@pytest.mark.parametrize("place", ["propositions", "journal", "lettres", "sources"])
def test_a_number_that_no_row_has_is_not_found(site, place):
    client = logged_in(site)
    for number in (99999999999, 99999999999999999999, 2147483647):
        assert client.get(f"/redaction/{place}/{number}/").status_code == 404


def test_what_a_redacteur_prepared_is_shown_part_by_part(site):
    publish(site, of_lille(), now=NOW)
    save(logged_in(site, "redacteur"), action="proposer", titre="Nouveau titre", cout="5 €")
    page = words(logged_in(site).get(ROOM))
    assert "non précisé → 5 €" in page
    assert "Concours d'essai → Nouveau titre" in page


# -- a series that returns by a rule ---------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("scope", "role", "who_may"),
    [
        ("national", "administrateur", True),
        ("national", "responsable", False),
        ({"academies": ["lille"]}, "responsable", True),
        ({"academies": ["lille"]}, "redacteur", False),
    ],
)
def test_the_rule_of_a_series_is_read_and_ended_by_whom_it_belongs_to(site, scope, role, who_may):
    write_rule(site, scope=scope)
    renew(site, NOW)
    client = logged_in(site, role, None if role == "administrateur" else "lille")
    one = f"{EVENTS}laicite-2020-2021/"
    page = client.get(one).text
    assert "La règle a créé cette édition" in page
    assert ("La série ne revient plus" in page) is who_may
    if not who_may:
        return
    address = f"{one}serie/"
    ended = act(client, one, address, etat="terminee")
    assert ended.status_code == 303
    assert ended.location.endswith(f"{one}?fait=regle")
    page = client.get(one).text
    assert "La série revient à nouveau" in page
    assert "laicite-2021-2022" not in site.test_client().get("/flux/toutes.ics").text
    journal = words(client.get("/redaction/journal/"))
    assert "terminé" in journal
    act(client, one, address, etat="reprise")
    assert "laicite-2021-2022" in site.test_client().get("/flux/toutes.ics").text
