"""Whichever way a text comes in, it is stored without invisible characters. When a spreadsheet
opens it or a terminal shows it, it stays text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from calendar_app import letters
from calendar_app.catalogue import file_exchange
from calendar_app.config.settings import data_folder
from calendar_app.editing import accounts, drafts
from calendar_app.editing.followed.outside_feed import outside_values
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.roles import EditorRole
from calendar_app.store.base import Base, db
from calendar_app.words.spreadsheets import table
from calendar_app.words.text import clean
from tests.catalogue.test_holidays_file import HEADER
from tests.factories import entry, publish
from tests.tools import scaled
from tests.web.editing.test_event_pages import ONE, save
from tests.web.editing.test_queue_pages import logged_in
from tests.web.public.test_suggestion_pages import FORM, report
from tests.web.subscription.test_subscription_pages import post

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
TODAY = date(2021, 1, 4)

#: Marks of direction, characters without width, commands of a terminal, line ends, a joiner alone,
#: and a letter in two characters. YAML and XML cannot contain some of these unescaped.
HOSTILE = (
    "\u202e\u2066\u200f\u061c\u200b\u2060\u00ad\ufe00\u3164\U000e0041\u2028\x85\x9b31m\u200de\u0301"
)
CONTROLS = "\x1b[31m\x07\x0b\ufeff"


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture
def site(empty_app):
    with time_machine.travel(NOW, tick=False):
        yield empty_app


def hostile(text: str, signs: str = HOSTILE + CONTROLS) -> str:
    """Return a text with all of these signs within each of its words."""
    return re.sub(r"(?<=\w)(?=\w\b)", lambda _: signs, text)


def texts(value: object) -> Iterator[str]:
    """Yield every text within a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from texts(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from texts(part)


def stored(site) -> set[str]:
    """Return every text of the store."""
    with site.app_context(), db.engine.connect() as connection:
        rows = [
            row
            for table in Base.metadata.sorted_tables
            for row in connection.execute(select(table))
        ]
        return {text for row in rows for text in texts(tuple(row))}


def assert_all_seen(found: set[str], *words: str) -> None:
    """Check that every text is clean, and that each of these words was stored."""
    assert [ascii(text) for text in found if clean(text) != text] == []
    for word in words:
        assert any(word in text for text in found), word


def test_a_file_of_events(site, tmp_path):
    told = entry(
        title=hostile("Concours caché"),
        organiser=hostile("Une association"),
        summary=hostile("Un concours.\n\nDeux paragraphes."),
        place=hostile("Lens"),
        source={"name": hostile("Lettre"), "link": "https://lettre.example/"},
        participation={"where": hostile("en ligne"), "cost": hostile("gratuit")},
        milestones=[{"kind": "deadline", "day": "2021-02-11", "label": hostile("Envoi")}],
    )
    path = tmp_path / "events.yaml"
    # JSON is valid YAML. Unescaped, some of the signs are refused; escaped, all are accepted.
    raw = re.sub(r"[\x85\u2028\x9b\ufeff]", "", json.dumps(told, ensure_ascii=False))
    for text in (raw, json.dumps(told).replace(r"\udb40\udc41", r"\U000e0041")):
        path.write_text(f'{{"series": {{"essai": "Essai"}}, "events": [{text}]}}', encoding="utf-8")
        with site.app_context():
            file_exchange.import_events_file(db.session, path, NOW)
        assert_all_seen(stored(site), "paragraphe", "Len")


def test_files_of_school_holidays(site, tmp_path):
    name, label = hostile("Vacances de carnaval"), hostile("calendrier de la Corse")
    yaml = tmp_path / "vacances.yaml"
    yaml.write_text(
        f"calendars:\n  - slug: corse\n    label: {json.dumps(label)}\n"
        f"    source: {json.dumps(name)}\n    known: [[2030-09-01, 2031-07-31]]\n"
        f"    holidays: [[2030-10-20, 2030-11-03, {json.dumps(name)}]]\n"
    )
    table = tmp_path / "vacances.csv"
    row = f"{hostile('Vacances de Carnaval')};-;2031-02-15;2031-03-03;Corse;Guyane;2030-2031"
    table.write_text(f"{HEADER}\n{row.replace(chr(0x0B), '')}\n", encoding="utf-8")
    with site.app_context():
        file_exchange.import_holidays_file(db.session, yaml, NOW)
        file_exchange.import_holidays_file(db.session, table, NOW)
    assert_all_seen(stored(site), "Cors", "carnava")


LETTER = "Lettre de janvier 2021\n\nConcours des Alouettes : inscriptions jusqu'au 12 mars 2021.\n"


@pytest.mark.parametrize("form", ["txt", "md", "html", "eml"])
def test_letters(site, form):
    text = LETTER.replace("Alouettes", hostile("Alouettes", HOSTILE + "\x0b\ufeff"))
    head = {
        "md": "# Titre\n\n",
        "html": "<!doctype html><html><body><p>",
        "eml": "From: a@x.example\nMessage-ID: <a@x>\nSubject: Lettre\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
    }.get(form, "")
    with site.app_context():
        known = letters.knowledge_of_files(data_folder())
        name = hostile(f"lettre de janvier.{form}")
        drafts.import_letter(db.session, (head + text).encode(), name, None, NOW, known)
        assert db.session.scalars(select(Draft)).all()
    assert_all_seen(stored(site), "Alouette")


def test_others_agendas_and_news():
    knowledge = letters.knowledge_of_files(data_folder())
    title = hostile("Rallye des balises", HOSTILE)
    agenda = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//FR\r\nBEGIN:VEVENT\r\n"
        f"UID:{hostile('abc', HOSTILE)}\r\nDTSTART;VALUE=DATE:20210315\r\nSUMMARY:{title}\r\n"
        f"LOCATION:{title}\r\nDESCRIPTION:{title}\r\nURL:https://x.example/{HOSTILE}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    news = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry>'
        f"<id>{hostile('abc', HOSTILE)}</id><title>{title}</title>"
        f'<link href="https://x.example/{HOSTILE}"/>'
        f"<content>{title} : inscriptions jusqu'au 12 mars 2021.</content>"
        "<published>2021-01-04T08:00:00Z</published></entry></feed>"
    )
    for data in (agenda, news):
        found = outside_values((data.encode(), TODAY, knowledge, "Europe/Paris", {}))
        assert found["items"]
        assert_all_seen(set(texts(found)), "balise")


def test_forms_of_everybody_and_of_editors(site):
    publish(site, entry())
    client = site.test_client()
    typed = hostile("Rallye des balises")
    assert post(client, "/proposer/", FORM | {"titre": typed, "mots": typed}).status_code == 303
    assert report(client, mots=typed).status_code == 303
    with site.app_context():
        lille = frozenset({"academie/lille"})
        accounts.add(db.session, "neuf@x.example", typed, EditorRole.PREPARER, lille, NOW)
    zoe = logged_in(site, "administrateur", None)
    changed = dict.fromkeys(("titre", "organisateur", "lieu", "pourquoi"), typed)
    changed["resume"] = f"{typed}\n{typed}"
    assert save(zoe, ONE, **changed).status_code == 303
    assert_all_seen(stored(site), "balise")


# -- the ways out ----------------------------------------------------------------------------------

FORMULA = re.compile(r'[\s"]*[=+\-@＝＋－＠]')
TEXT = st.text(
    st.sampled_from(",;\t|\n\r\x0b\x85\"' \u00a0\u200b=+-@＝ax1") | st.characters(), max_size=30
)


def rows_of(text: str, separator: str, quoting: int) -> list[list[str]]:
    lines = re.sub(r"\r\n?|\n", "\n", text)
    if quoting == csv.QUOTE_NONE:
        return [line.split(separator) for line in lines.split("\n")]
    return list(csv.reader(io.StringIO(lines), delimiter=separator, strict=False))


@pytest.mark.long
@settings(max_examples=scaled(3000), deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=3))
def test_the_journal_commands_no_spreadsheet_whatever_separates_its_cells(cells):
    """A French spreadsheet splits at semicolons, whichever separator the file has."""
    text = table([["numero", *cells], [1, *cells]])
    for separator in ",;\t|":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in rows_of(text, separator, quoting):
                for cell in row:
                    assert not FORMULA.match(cell), (separator, quoting, cell)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for read, typed in zip(rows[1][1:], cells, strict=True):
        assert read.replace("'", "") == clean(typed).replace("'", "")
