"""The page of an event: the date that stands first, what one may do about it, and the steps."""

from __future__ import annotations

import re

import pytest

from tests.factories import ID, MID_JUNE, entry, publish
from tests.web.public.test_past import said

OPENING = {"kind": "opening", "day": "2020-10-12"}
REGISTER = {"kind": "registration_deadline", "day": "2021-01-15"}
SEND = {"kind": "submission_deadline", "day": "2021-02-11"}
LONG = {"kind": "session", "first_day": "2020-11-02", "last_day": "2021-05-28"}
MONDAY = "2021-01-04"


def page_of(app, day: str = MONDAY, query: str = "", **changes) -> str:
    publish(app, entry(**changes))
    return app.test_client().get(f"/evenements/{ID}/?le={day}{query}").text


def part(page: str, start: str, end: str) -> str:
    """Return the words between two texts of a page."""
    return said(f"<main{page.partition(start)[2].partition(end)[0]}</main>").strip()


def first_date(page: str) -> str:
    return part(page, '<h2 id="la-date">', "</h2>")


@pytest.mark.parametrize(
    ("day", "dates", "heading"),
    [
        # The next one; what runs for months does not hide what a class has to do.
        (MONDAY, [OPENING, REGISTER, SEND], "Prochaine date Inscriptions jusqu'au vendredi 15"),
        (MONDAY, [LONG, SEND], "Prochaine date Envoi des productions jusqu'au jeudi 11 février"),
        (MONDAY, [LONG], "En ce moment A lieu du 2 novembre 2020 au 28 mai 2021"),
        # A date that was called off is never the next one while another is ahead.
        (MONDAY, [REGISTER | {"cancelled": True}, SEND], "Prochaine date Envoi des productions"),
        (MONDAY, [REGISTER | {"cancelled": True}], "Date prévue Inscriptions jusqu'au vendredi 15"),
        (MONDAY, [MID_JUNE], "Prochaine date Résultats : mi-juin (date approximative)"),
        ("2021-03-01", [OPENING, REGISTER, SEND], "Dernière date Envoi des productions jusqu'au"),
        (
            "2021-03-01",
            [REGISTER, SEND | {"cancelled": True}],
            "Dernière date Inscriptions jusqu'au vendredi 15 janvier 2021 date passée",
        ),
        (MONDAY, [], "Toute l'année"),
    ],
)
def test_the_date_that_matters_stands_first(empty_app, day, dates, heading):
    assert first_date(page_of(empty_app, day, milestones=dates)).startswith(heading)


def test_an_only_date_is_not_said_twice_and_several_are_rows(empty_app):
    page = page_of(empty_app, milestones=[SEND])
    assert said(page).count("Envoi des productions jusqu'au") == 1
    page = page_of(empty_app, milestones=[OPENING, REGISTER, SEND])
    rows = re.findall(r'<div class="row [^"]*">.*?<h3>(.*?)</h3>', page, re.DOTALL)
    words = [said(f"<main{row}</main>").strip() for row in rows]
    assert [row.partition(" 20")[0] for row in words] == [
        "Ouverture : lundi 12 octobre",
        "Inscriptions jusqu'au vendredi 15 janvier",
        "Envoi des productions jusqu'au jeudi 11 février",
    ]
    assert "Toutes ces dates dans un fichier .ics" in page


def test_a_date_for_others_is_shown_as_such_where_none_is_for_the_reader(empty_app):
    lille = REGISTER | {"scope": {"academies": ["lille"]}}
    page = page_of(empty_app, query="&academie=lyon", milestones=[lille])
    panel = part(page, "next-date", "</section>")
    assert "Inscriptions jusqu'au vendredi 15 janvier 2021" in panel
    assert panel.count("académie de Lille") == 1
    assert "Pour d'autres que vous : académie de Lille." in panel
    assert "Ajouter à mon agenda" not in panel


def acts_of(page: str) -> list[str]:
    acts = page.partition('<ul class="event-acts')[2].partition("Signaler une erreur")[0]
    return re.findall(r'class="at-desk">([^<]+)<', acts)


def test_one_may_do_what_makes_sense_on_this_day(empty_app):
    agenda, selection = "Ajouter à mon agenda", "Ajouter à ma sélection"
    tell = "Me prévenir par courriel"
    assert acts_of(page_of(empty_app)) == [tell, agenda, selection]
    assert acts_of(page_of(empty_app, milestones=[])) == [tell, selection]
    assert acts_of(page_of(empty_app, milestones=[MID_JUNE])) == [selection]
    next_time = "Me prévenir de la prochaine édition"
    assert acts_of(page_of(empty_app, "2021-02-12")) == [next_time, selection]
    assert acts_of(page_of(empty_app, cancelled=True)) == [next_time, selection]
    retired = page_of(empty_app, archived=True)
    assert acts_of(retired) == []
    assert "event-acts" not in retired, "the views stay at the bottom of a phone"
    assert first_date(retired).startswith("Date annoncée Date limite")


def test_steps_are_over_next_or_later(empty_app):
    dates = [OPENING, REGISTER, SEND, {"kind": "results", "day": "2021-03-12"}]
    link = {"link": "https://concours.example/"}

    def steps(day: str) -> list[tuple[str, str]]:
        page = page_of(empty_app, day, milestones=dates, **link)
        found = page.partition('<ol class="steps">')[2].partition("</ol>")[0]
        items = re.findall(r'<li class="(\w+)">(.*?)</li>', found, re.DOTALL)
        words = [said(f"<main{item}</main>").strip() for _, item in items]
        return [(state, item[:16]) for (state, _), item in zip(items, words, strict=True)]

    assert steps(MONDAY) == [
        ("now", "Lisez le règlemen"[:16]),
        ("now", "Inscrivez la cla"),
        ("later", "Envoyez la produ"),
        ("later", "Résultats : vend"),
    ]
    # Nobody knows whether the class did it: its day is over, that is all.
    assert [state for state, _ in steps("2021-02-01")] == ["past", "now", "now", "later"]
    page = page_of(empty_app, "2021-02-01", milestones=dates, **link)
    assert "Dernier jour d'inscription : vendredi 15 janvier 2021 (date passée)" in said(page)


def test_an_opening_is_no_step_and_leads_to_the_deadline_that_follows(empty_app):
    page = page_of(empty_app, "2020-10-01", milestones=[OPENING, SEND])
    steps = page.partition('<ol class="steps">')[2].partition("</ol>")[0]
    assert "Envoyez la production" in steps
    assert "Ouverture" not in steps
    panel = said(page).partition("Prochaine date")[2].partition("Ajouter")[0]
    assert "Puis : Envoi des productions jusqu'au" in panel
    # A deadline that comes first says enough.
    later = said(page_of(empty_app, MONDAY, milestones=[OPENING, SEND]))
    assert "Puis :" not in later.partition("Prochaine date")[2].partition("Ajouter")[0]


def test_what_is_known_of_taking_part_stands_alone_and_what_is_not_takes_one_line(empty_app):
    page = page_of(empty_app, participation={"cost": "gratuit", "sending": ["en-ligne"]})
    section = page.partition('id="participer"')[2].partition("</section>")[0]
    assert re.findall(r"<dt>.*?</svg> ([^<]+)</dt>", section) == [
        "Coût",
        "Comment envoyer la production",
    ]
    assert section.count("<p>") == said(page).count("Non précisé par l'annonce") == 1
