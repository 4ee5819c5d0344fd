"""An agenda (.ics) as a letter: in the room, and attached to a mail."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, time
from email.message import EmailMessage

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import ItemKind, Step
from calendar_app.letters.doubts import DOUBT
from calendar_app.letters.formats.mail import mail_parts
from calendar_app.letters.reading.letter import read_letter
from tests.editing.test_outside_feed import WEEK, agenda

TODAY = date(2021, 1, 4)
KNOWLEDGE = knowledge_of_files(data_folder())

AGENDA = agenda(
    WEEK,
    "UID:a\nDTSTART:20210210T090000\nDTEND:20210210T103000\nSUMMARY:Atelier radio\nLOCATION:Lyon",
    "UID:d\nDTSTART;VALUE=DATE:20210205\nSUMMARY:Date limite d'inscription au défi",
    "UID:e\nDTSTART;VALUE=DATE:20201201\nSUMMARY:Passé",
    "UID:f\nDTSTART:bientôt\nSUMMARY:Illisible",
    head="X-WR-CALNAME:Agenda de Canopé\r\n",
)


def test_an_agenda_is_read_as_a_letter_is():
    found = read_letter(AGENDA, None, TODAY, KNOWLEDGE)
    assert (found.title, found.issued) == ("Agenda de Canopé", TODAY)
    assert [(i.title, i.kind, i.step, i.last_day, i.start_time) for i in found.items] == [
        (
            "Date limite d'inscription au défi",
            ItemKind.DEADLINE,
            Step.REGISTRATION,
            date(2021, 2, 5),
            None,
        ),
        ("Atelier radio", ItemKind.EVENT, None, date(2021, 2, 10), time(9)),
        ("Semaine de la lecture", ItemKind.EVENT, None, date(2021, 3, 19), None),
    ]
    for item in found.items:
        assert found.text[item.offset :].startswith(item.phrase)
    assert [item.academies for item in found.items] == [(), ("lyon",), ("lille",)]
    for item in found.items:
        assert item.confidence == item.doubts.least
    assert "« Illisible »" in found.text
    assert "Passé" not in found.text


def test_an_agenda_that_is_attached_to_a_mail_is_a_letter_of_its_own():
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "a@x.example", "Agenda", "<1@x.example>"
    mail.set_content("Voici notre agenda.")
    mail.add_attachment(AGENDA, maintype="text", subtype="calendar", filename="agenda.ics")
    [(name, attached)] = mail_parts(mail.as_bytes()).attached
    assert name == "agenda.ics"
    assert len(read_letter(attached, None, TODAY, KNOWLEDGE).items) == 3
    # The mail itself, dropped as a file, stays the letter.
    assert "Voici notre agenda" in read_letter(mail.as_bytes(), None, TODAY, KNOWLEDGE).text


@pytest.mark.parametrize(
    ("entry", "doubted"),
    [
        ("UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:Atelier radio", set()),
        ("UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:Atelier\nSTATUS:CANCELLED", {"day"}),
        ("UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:Date limite pour le défi", {"kind"}),
        (
            "UID:a\nDTSTART;VALUE=DATE:20210210\nDTEND;VALUE=DATE:20210301\n"
            "SUMMARY:Inscriptions au rallye",
            {"kind"},
        ),
        (f"UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:{'Atelier radio ' * 15}", {"title"}),
        ("UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:Atelier radio\nLOCATION:Lens", set()),
    ],
    ids=["plain", "cancelled", "no-step", "window", "cut", "town"],
)
def test_an_entry_has_the_four_doubts_of_a_letter(entry, doubted):
    [item] = read_letter(agenda(entry), None, TODAY, KNOWLEDGE).items
    sure = asdict(item.doubts)
    # Nothing in this agenda says for whom it is.
    assert {part for part in sure if sure[part] < DOUBT} == doubted | {"place"}
    assert len(item.reasons) == len(doubted) + 1
    assert item.confidence == min(sure.values())
