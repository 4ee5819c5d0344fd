"""The form of an event: it shows all that an event says, and reads it back unchanged."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from calendar_app.catalogue import queries
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import EntryError, facts_of
from calendar_app.catalogue.models.events import Event
from calendar_app.editing import events, overview
from calendar_app.letters.reading.title_words import without_edition
from calendar_app.store.base import db
from calendar_app.web.editing.event_form import EventForm
from calendar_app.web.editing.moved_days import remember_moves
from tests.factories import MID_JUNE, entry, publish


def sent(form: EventForm) -> MultiDict:
    """Return what a browser sends of a form that was shown and not touched."""
    found = MultiDict(form.texts)
    for name, values in form.boxes.items():
        for value in values:
            found.add(name, value)
    for name in ("type", "annee", "pour", "classes", "visa", "serie"):
        found.add(name, getattr(form, "serie" if name == "serie" else name))
    for name in ("complet", "annule", "archive"):
        if getattr(form, name):
            found.add(name, "oui")
    for number, row in enumerate(form.dates):
        for name, value in vars(row).items():
            if value is True:
                found.add(f"date-{number}-{name}", "oui")
            elif value is not False:
                found.add(f"date-{number}-{name}", value)
    return found


def everything() -> dict:
    return entry(
        scope={"regions": ["hauts-de-france"], "departments": ["63"]},
        classes=["cycle-3", "segpa"],
        themes=["musique"],
        link="https://concours.example/",
        place="Lens",
        participation={
            "registrants": ["enseignant", "directeur"],
            "ien_visa": "false",
            "where": "sur le site",
            "where_link": "https://concours.example/inscription",
            "cost": "gratuit",
            "places": "6 classes",
            "sending": ["en-ligne"],
            "pupil_data": ["image-ou-voix"],
        },
        source={"name": "Lettre d'essai", "link": "https://lettre.example/"},
        full="true",
        cancelled="true",
        reason="La salle est fermée.",
        milestones=[
            {
                "kind": "deadline",
                "day": "2021-02-25",
                "end_time": "18:00",
                "moved_from": {"first_day": "2021-02-11", "last_day": "2021-02-11"},
            },
            {
                "kind": "deadline",
                "key": "somme",
                "day": "2021-02-01",
                "scope": {"departments": ["80"]},
                "cancelled": "true",
            },
            {
                "kind": "session",
                "first_day": "2021-03-01",
                "last_day": "2021-03-05",
                "start_time": "09:00",
                "end_time": "16:30",
                "label": "Finale",
                "place": "Arras",
                "time_zone": "Indian/Reunion",
            },
            MID_JUNE,
        ],
    )


def test_a_form_that_is_not_touched_changes_nothing(app):
    publish(app, everything())
    with app.app_context():
        academies = queries.reference(db.session).academies
        for event in db.session.scalars(select(Event)).unique():
            before = event_entry(event, academies)
            shown = EventForm.of_entry(events.written_entry(before), academies, event.id)
            form = EventForm.posted(sent(shown), event.id)
            written = form.read(academies)
            assert form.problems == {}
            remember_moves(written, form, facts_of(before))
            after = events.check_entry(db.session, written)
            assert facts_of(after) == facts_of(before)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"titre": ""}, "titre", "Indiquez un titre."),
        ({"resume": ""}, "resume", "Indiquez en une ou deux phrases de quoi il s'agit."),
        ({"pour": ""}, "pour", "Indiquez pour qui : national, ou des académies, des départements."),
        ({"pour": "Lile"}, "pour", "Vouliez-vous dire « Lille » ?"),
        ({"classes": "CM3"}, "classes", "Nous ne connaissons pas la classe « CM3 »."),
        ({"annee": "2020"}, "annee", "Écrivez l'année scolaire, par exemple 2020-2021."),
        ({"lien": "concours.example"}, "lien", "commence par http:// ou https://"),
        ({"partie_de": "rien-2020-2021"}, "partie_de", "n'existe pas"),
        ({"date-0-premier": "", "date-0-dernier": ""}, "date-0-premier", "Indiquez le jour"),
        ({"date-0-premier": "2021-02-31"}, "date-0-premier", "n'existe pas"),
        (
            {"date-0-nature": "session", "date-0-dernier": "2021-02-01"},
            "date-0-dernier",
            "Le dernier jour (1er\u00a0février 2021) vient avant le premier (11\u00a0février 2021)",
        ),
        ({"date-0-nature": ""}, "date-0-nature", "Indiquez ce qui se passe ce jour-là."),
        (
            {"date-0-premier": "2021-02-26", "date-0-dernier": "2021-02-11"},
            "date-0-dernier",
            "Le dernier jour (11\u00a0février 2021) vient avant le premier (26\u00a0février 2021).",
        ),
        ({"type": "fete"}, "type", "La valeur « fete » n'existe pas : choisissez dans la liste."),
        ({"visa": "peut-être"}, "visa", "écrivez oui ou non"),
        ({"classes": "6ème, CM 2, sixième B"}, "classes", "la classe « sixième B »"),
        ({"date-0-debut": "09:00"}, "date-0-debut", "s'écrit avec l'heure de fin"),
        ({"date-0-pour": "Lyon"}, "date-0-pour", "Plus large que l'événement, ou ailleurs"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_in_words_of_the_form(empty_app, changes, field, said):
    with empty_app.app_context():
        academies = queries.reference(db.session).academies
        given = entry(
            scope={"academies": ["lille"]},
            milestones=[{"kind": "deadline", "day": "2021-02-11", "key": "deadline"}],
        )
        shown = EventForm.of_entry(given, academies, None)
        posted = sent(shown)
        for name, value in changes.items():
            posted.setlist(name, [value])
        form = EventForm.posted(posted, None)
        try:
            events.check_entry(db.session, form.read(academies))
        except EntryError as error:
            form.note(error.problems)
        assert said in form.problems[field]
        for name, value in changes.items():
            assert posted[name] == value


def test_a_new_date_gets_a_key_of_its_own(empty_app):
    with empty_app.app_context():
        academies = queries.reference(db.session).academies
        shown = EventForm.of_entry(entry(), academies, None)
        posted = sent(shown)
        for number in (1, 2):
            posted.add(f"date-{number}-nature", "deadline")
            posted.add(f"date-{number}-premier", f"2021-03-0{number}")
        posted.add("date-3-nature", "")
        written = EventForm.posted(posted, None).read(academies)
        assert [m["key"] for m in written["milestones"]] == [
            "deadline",
            "deadline-2",
            "deadline-3",
        ]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2021, 2, 11), date(2022, 2, 10)),  # a Thursday
        (date(2021, 1, 20), date(2022, 1, 19)),  # a Wednesday
        (date(2020, 2, 29), date(2021, 2, 27)),  # a Saturday
        (date(2020, 10, 12), date(2021, 10, 11)),  # a Monday
        (date(2023, 5, 1), date(2024, 4, 29)),  # a Monday; a leap year moves by two
    ],
)
def test_a_year_later_is_the_same_weekday(day, expected):
    assert overview.a_year_later(day) == expected
    assert expected.weekday() == day.weekday()


def test_the_next_edition_is_provisional(empty_app):
    publish(empty_app, everything())
    with empty_app.app_context():
        event = db.session.scalar(select(Event))
        found = overview.next_edition(event_entry(event, queries.reference(db.session).academies))
        # The source of the next edition is not known yet.
        assert "source" not in found
        new = events.check_entry(db.session, found | {"source": {"name": "Une lettre"}})
    assert (new.id, new.school_year) == ("essai-2021-2022", "2021-2022")
    assert (new.full, new.cancelled) == (False, False)
    assert [(m.key, m.phrase, m.days) for m in new.milestones] == [
        (
            "deadline",
            "vers le 24\u00a0février 2022, à confirmer",
            (date(2022, 2, 17), date(2022, 3, 3)),
        ),
        (
            "session",
            "vers la période du 28\u00a0février au 4\u00a0mars 2022, à confirmer",
            (date(2022, 2, 21), date(2022, 3, 11)),
        ),
        (
            "results",
            "vers la période du 9 au 19\u00a0juin 2022, à confirmer",
            (date(2022, 6, 2), date(2022, 6, 26)),
        ),
    ]
    assert all(m.certainty == "approximate" and not m.moved_from for m in new.milestones)


def test_the_next_edition_repeats_nothing_of_the_edition_that_it_follows(empty_app):
    summary = (
        "Les classes écrivent un conte. La planète Mars est le sujet de cette édition. "
        "Il y a des lots à gagner.\n\nLa 6e édition a réuni 300 classes en 2020."
    )
    final = {"kind": "session", "day": "2021-03-01", "label": "Finale de la 6e édition"}
    publish(
        empty_app,
        entry(title="Ma classe a du talent, 6e édition", summary=summary, milestones=[final]),
    )
    with empty_app.app_context():
        event = db.session.scalar(select(Event))
        found = overview.next_edition(event_entry(event, queries.reference(db.session).academies))
    assert found["title"] == "Ma classe a du talent"
    assert found["summary"] == "Les classes écrivent un conte. Il y a des lots à gagner."
    assert [m["label"] for m in found["milestones"]] == ["Finale"]
    assert "2021-" not in str(found["milestones"][0].get("phrase"))


@pytest.mark.parametrize(
    ("title", "of_any"),
    [
        ("Camp@Num, 2e édition", "Camp@Num"),
        ("Prix des lecteurs 2020-2021", "Prix des lecteurs"),
        ("Dixième édition du prix Ada", "Prix Ada"),
        ("Rallye (édition 2021)", "Rallye"),
        ("1re édition : le grand défi", "Le grand défi"),
        ("Semaine de la presse, XXXIIe édition", "Semaine de la presse"),
        ("Code 2021/2022 – nouvelle édition", "Code"),
        ("La 3ème édition", ""),
        ("Les 24 h de Lens", "Les 24 h de Lens"),
        ("Concours Castor", "Concours Castor"),
        ("De la Terre à la Lune", "De la Terre à la Lune"),
    ],
)
def test_a_title_without_its_edition(title, of_any):
    assert without_edition(title) == of_any
