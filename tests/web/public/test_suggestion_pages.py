"""« Proposer une date »: what the pages take, keep, refuse and answer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

from calendar_app.editing.drafts import item_as_read
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.draft_states import Proposal
from calendar_app.letters.dated_items import ItemKind, Step
from calendar_app.store import limits
from calendar_app.store.base import db
from calendar_app.web.public.suggestion_form import DateKind
from tests.factories import ID, entry, publish
from tests.web.editing.test_editor_pages import enter, make_editor
from tests.web.subscription.test_subscription_pages import dump, jeton, post, words

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
PROPOSE, THANKS, ABOUT = "/proposer/", "/proposer/merci/", f"/proposer/?evenement={ID}"

#: The form as a browser sends it when only the required fields are filled in.
FORM = {
    "titre": "Rallye mathématique du Nord",
    "sorte": "inscriptions",
    "du": "",
    "au": "2021-03-12",
    "pour": "lieu",
    "lieu": "Nord",
    "lien": "https://rallye.example/2021",
    "mots": "",
    "adresse": "",
    "site_web": "",
}
MISTAKE = {"evenement": ID, "date": "", "mots": "Le lien est mort.", "lien": "", "adresse": ""}

DEPARTMENTAL = {
    "kind": "registration_deadline",
    "day": "2021-01-29",
    "scope": {"departments": ["59"]},
}


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        publish(empty_app, entry(milestones=[*entry()["milestones"], DEPARTMENTAL]), now=NOW)
        yield empty_app


@pytest.fixture
def client(site):
    return site.test_client()


def drafts(site) -> list[Draft]:
    with site.app_context():
        return list(db.session.scalars(select(Draft).order_by(Draft.id)))


def report(client, **changes):
    data = MISTAKE | changes | {"jeton": jeton(client, ABOUT, PROPOSE)}
    return client.post(PROPOSE, data=data)


# -- suggesting ------------------------------------------------------------------------------------


def test_from_the_menu_to_the_thanks(site, client):
    assert f'href="{PROPOSE}"' in client.get("/").text.partition("</header>")[0]
    page = client.get(PROPOSE)
    assert "pas de publicité" in words(page)
    assert "Aucun nom d'élève" in words(page)
    full = {"adresse": "prof@ecole.example", "mots": "Par équipes\nde  quatre.", "classe": "cm2"}
    answer = post(client, PROPOSE, FORM | full)
    assert (answer.status_code, answer.headers["Location"]) == (303, THANKS)
    thanks = client.get(THANKS)
    assert "Votre message est arrivé" in words(thanks)
    assert "90 jours après" in words(thanks)
    for shown in (page, answer, thanks):
        assert "Set-Cookie" not in shown.headers
    [draft] = drafts(site)
    item = item_as_read(draft)
    assert (item.title, item.kind, item.step) == (
        FORM["titre"],
        ItemKind.DEADLINE,
        Step.REGISTRATION,
    )
    assert (item.first_day, item.last_day) == (None, date(2021, 3, 12))
    assert (item.academies, item.departments, item.classes) == (("lille",), ("59",), ("cm2",))
    assert (item.sentence, item.url) == ("Par équipes de quatre.", FORM["lien"])
    assert draft.suggested_by == "prof@ecole.example"


@pytest.mark.parametrize(
    ("sorte", "du", "au", "kind", "step", "first", "last"),
    [
        ("envoi", "", "2021-03-12", "deadline", "submission", None, "2021-03-12"),
        ("limite", "2021-03-12", "2021-03-12", "deadline", "unknown", None, "2021-03-12"),
        (
            "inscriptions",
            "2021-02-01",
            "2021-03-12",
            "window",
            "registration",
            "2021-02-01",
            "2021-03-12",
        ),
        ("ouverture", "2021-02-01", "", "window", "unknown", "2021-02-01", None),
        ("ouverture", "", "2021-02-01", "window", "unknown", "2021-02-01", None),
        ("rendez-vous", "2021-02-01", "", "event", None, "2021-02-01", "2021-02-01"),
        ("rendez-vous", "", "2021-02-01", "event", None, "2021-02-01", "2021-02-01"),
        ("rendez-vous", "2021-02-01", "2021-02-05", "event", None, "2021-02-01", "2021-02-05"),
    ],
)
def test_each_kind_of_date_is_read_as_letters_are(
    site, client, sorte, du, au, kind, step, first, last
):
    assert post(client, PROPOSE, FORM | {"sorte": sorte, "du": du, "au": au}).status_code == 303
    item = drafts(site)[0].item
    assert [item[name] for name in ("kind", "step", "first_day", "last_day")] == [
        kind,
        step,
        first,
        last,
    ]


def test_there_is_a_button_for_each_kind_of_date(client):
    page = client.get(PROPOSE).text
    assert set(re.findall('name="sorte" value="([^"]+)"', page)) == {*DateKind}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"titre": "x"}, "titre", "Indiquez le nom"),
        ({"titre": "x" * 200}, "titre", "160 signes"),
        ({"sorte": ""}, "sorte", "Choisissez"),
        ({"sorte": "fete"}, "sorte", "Choisissez"),
        ({"au": ""}, "au", "Indiquez le dernier jour"),
        ({"au": "12 mars"}, "au", "« 12 mars » n'est pas un jour"),
        ({"au": "2020-03-12"}, "au", "Vérifiez l'année"),
        ({"au": "9999-12-31"}, "au", "Vérifiez l'année"),
        ({"au": "0001-01-01"}, "au", "Vérifiez l'année"),
        ({"du": "2021-03-13"}, "au", "vient avant le premier"),
        ({"sorte": "rendez-vous", "au": ""}, "au", "Indiquez le jour"),
        ({"pour": "", "lieu": ""}, "pour", "Indiquez où"),
        ({"lieu": ""}, "lieu", "Indiquez l'académie"),
        ({"lieu": "Atlantide"}, "lieu", "Nous ne connaissons pas"),
        ({"lien": ""}, "lien", "page officielle"),
        ({"lien": "javascript:alert(1)"}, "lien", "https://"),
        ({"lien": "ftp://x.example/"}, "lien", "https://"),
        ({"lien": "https://x.example/" + "a" * 2000}, "lien", "https://"),
        ({"mots": "é" * 2001}, "mots", "2001 signes"),
        ({"adresse": "prof"}, "adresse", "laissez ce champ vide"),
    ],
)
def test_what_is_wrong_is_said_and_everything_typed_is_kept(site, client, changes, field, said):
    typed = FORM | {"mots": "Deux\nlignes", "adresse": "prof@ecole.example"} | changes
    before = dump(site)
    answer = post(client, PROPOSE, typed | {"classe": ["cm2"]})
    assert answer.status_code == 400
    assert said in words(answer)
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    assert dump(site) == before
    for name in ("titre", "du", "au", "lieu", "lien", "adresse"):
        shown = re.search(rf'id="f-{name}"[^>]* value="([^"]*)"', answer.text)[1]
        assert typed[name].startswith(shown[:160]), name
        assert bool(shown) == bool(typed[name])
    assert typed["mots"] in answer.text
    assert 'value="cm2" checked' in answer.text


def test_controls_and_markup_do_no_harm(site, client):
    odd = {"titre": "<b>Rallye</b>\x00\x07 des\tclasses", "mots": "<script>alert(1)</script>\x1b"}
    assert post(client, PROPOSE, FORM | odd).status_code == 303
    item = item_as_read(drafts(site)[0])
    assert item.title == "<b>Rallye</b> des classes"
    assert item.sentence == "<script>alert(1)</script>"
    answer = post(client, PROPOSE, FORM | odd | {"au": ""})
    assert "<script>alert" not in answer.text


def test_what_is_in_the_calendar_is_said_with_a_link_to_it(site, client):
    known = {"titre": "Concours d'essai", "sorte": "limite", "au": "2021-02-11", "pour": "france"}
    before = dump(site, counts=False)
    answer = post(client, PROPOSE, FORM | known)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{THANKS}?deja={ID}")
    page = client.get(answer.headers["Location"])
    assert "Déjà au calendrier" in words(page)
    assert f'href="/evenements/{ID}/"' in page.text
    assert f'href="{ABOUT}"' in page.text
    assert dump(site, counts=False) == before
    assert client.get(f"{THANKS}?deja=rien").status_code == 404


def test_nobody_proposes_for_a_place_without_saying_so(client):
    """A national contest that a teacher of Lille proposes is not a contest of Lille."""
    page = client.get(f"{PROPOSE}?academie=lille").text
    assert re.search(r'id="f-lieu"[^>]* value=""', page)
    assert "checked" not in page.partition("Pour qui")[2].partition("Page officielle")[0]


# -- a mistake -------------------------------------------------------------------------------------


def test_from_an_event_to_the_mistake_in_one_of_its_dates(site, client):
    assert f'href="{ABOUT}"' in client.get(f"/evenements/{ID}/").text
    page = client.get(ABOUT)
    assert "Concours d'essai" in words(page)
    assert set(re.findall('name="date" value="([^"]*)"', page.text)) == {
        "",
        "deadline",
        "registration_deadline",
    }
    there = report(client).headers["Location"]
    assert there == f"{THANKS}?evenement={ID}"
    assert f'href="/evenements/{ID}/"' in client.get(there).text
    assert report(client, date="registration_deadline").status_code == 303
    whole, one = drafts(site)
    assert [(d.proposal, d.event_id) for d in (whole, one)] == [(Proposal.CHANGE, ID)] * 2
    assert [set(d.scope) for d in (whole, one)] == [{"national"}, {"departement/59"}]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mots": " "}, "mots"),
        ({"date": "results"}, "date"),
        ({"lien": "x"}, "lien"),
        ({"adresse": "x"}, "adresse"),
    ],
)
def test_a_message_that_lacks_something_is_kept(site, client, changes, field):
    before = dump(site)
    answer = report(client, **changes)
    assert answer.status_code == 400
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    if field != "mots":
        assert "Le lien est mort." in answer.text
    assert dump(site) == before


@pytest.mark.parametrize("event_id", ["rien-2020-2021", "%00", "a" * 3000])
def test_a_mistake_in_no_event_is_a_404(client, event_id):
    assert client.get(f"{PROPOSE}?evenement={event_id}").status_code == 404


# -- machines, limits ------------------------------------------------------------------------------


@pytest.mark.long
def test_who_fills_the_trap_gets_the_same_thanks_and_leaves_nothing(site, client):
    before = dump(site)
    for answer, there in (
        (post(client, PROPOSE, FORM | {"site_web": "x"}), THANKS),
        (report(client, site_web="x"), f"{THANKS}?evenement={ID}"),
    ):
        assert (answer.status_code, answer.headers["Location"]) == (303, there)
    assert dump(site) == before


def test_the_token_is_of_this_form_and_for_an_hour(site, client):
    token, before = jeton(client, PROPOSE), dump(site)
    elsewhere = jeton(client, "/abonnement/retrouver/")
    for given in ("", elsewhere):
        answer = client.post(PROPOSE, data=FORM | {"jeton": given})
        assert answer.status_code == 400
        assert FORM["titre"] in answer.text
    with time_machine.travel(NOW.replace(hour=11), tick=False):
        assert client.post(PROPOSE, data=FORM | {"jeton": token}).status_code == 400
    assert dump(site) == before


def test_a_network_that_suggests_too_much_is_told_to_wait_and_keeps_its_text(
    site, client, monkeypatch
):
    limit = replace(limits.SUGGESTIONS_A_SOURCE, most=1)
    monkeypatch.setattr(limits, "SUGGESTIONS_A_SOURCE", limit)
    assert post(client, PROPOSE, FORM).status_code == 303
    for answer in (post(client, PROPOSE, FORM | {"titre": "Un autre"}), report(client)):
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
        assert "Réessayez dans 60 minutes" in words(answer)
    assert len(drafts(site)) == 1


def test_an_address_is_used_so_many_times_a_day(site, client, monkeypatch):
    limit = replace(limits.SUGGESTIONS_AN_ADDRESS, most=1)
    monkeypatch.setattr(limits, "SUGGESTIONS_AN_ADDRESS", limit)
    given = {"adresse": "prof@ecole.example"}
    assert report(client, **given).status_code == 303
    answer = report(client, **given)
    assert answer.status_code == 429
    assert "Le lien est mort." in answer.text
    assert report(client).status_code == 303


def test_the_page_on_personal_data_says_what_is_kept_of_a_proposer(client):
    assert "au plus tard 90 jours après l'envoi" in words(client.get("/donnees-personnelles/"))


def test_the_room_shows_the_words_and_never_the_address(site, client):
    given = {"adresse": "prof@ecole.example", "mots": "Par équipes <de> quatre."}
    assert post(client, PROPOSE, FORM | given).status_code == 303
    assert report(client, adresse="prof@ecole.example").status_code == 303
    editor = site.test_client()
    enter(editor, make_editor(site, "administrateur", None))
    room = editor.get("/redaction/")
    assert FORM["titre"] in words(room)
    pages = [editor.get(f"/redaction/propositions/{draft.id}/") for draft in drafts(site)]
    assert [page.status_code for page in pages] == [200, 200]
    assert "Par équipes <de> quatre." in words(pages[0])
    assert "Le lien est mort." in words(pages[1])
    for page in (room, *pages):
        assert "prof@ecole.example" not in page.text
