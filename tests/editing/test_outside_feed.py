"""Agendas and news of other sites: what is read in them, and that hostile ones do no harm."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time
from functools import partial

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.editing.followed import outside_feed
from calendar_app.editing.followed.outside_feed import (
    MAX_OCCURRENCES,
    OutsideReading,
    outside_values,
    read_outside_limited,
)
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.dated_items import ItemKind, ItemStatus, Step
from calendar_app.letters.limited_process import run_limited
from calendar_app.words.errors import UnreadableLetterError
from tests.tools import CAMPAIGN

TODAY = date(2021, 1, 4)
KNOWLEDGE = knowledge_of_files(data_folder())


def agenda(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Essai//FR\r\n{inner}END:VCALENDAR\r\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def read(data: bytes) -> OutsideReading:
    return read_outside_limited(data, TODAY, KNOWLEDGE)


def told(data: bytes) -> list[tuple]:
    return [
        (i.id, i.item.title, i.item.first_day, i.item.last_day, i.item.start_time, i.item.end_time)
        for i in read(data).items
    ]


WEEK = """UID:semaine@x
DTSTART;VALUE=DATE:20210315
DTEND;VALUE=DATE:20210320
SUMMARY:Semaine de la lecture
LOCATION:Lille
URL:https://lecture.example/
DESCRIPTION:Chaque classe choisit un livre."""


def test_days_are_inclusive_and_hours_are_local():
    data = agenda(
        WEEK,
        "UID:a\nDTSTART:20210210T130000Z\nDTEND:20210210T150000Z\nSUMMARY:Rencontre",
        "UID:b\nDTSTART;TZID=Indian/Reunion:20210210T090000\n"
        "DTEND;TZID=Indian/Reunion:20210210T100000\nSUMMARY:Atelier",
        "UID:c\nDTSTART;VALUE=DATE:20210211\nSUMMARY:Journée",
        "UID:d\nDTSTART:20210211T220000\nDTEND:20210212T000000\nSUMMARY:Soirée",
        "UID:e\nDTSTART;VALUE=DATE:20201201\nSUMMARY:Passé",
    )
    assert told(data) == [
        ("a/2021-02-10", "Rencontre", date(2021, 2, 10), date(2021, 2, 10), time(14), time(16)),
        ("b/2021-02-10", "Atelier", date(2021, 2, 10), date(2021, 2, 10), time(9), time(10)),
        ("c/2021-02-11", "Journée", date(2021, 2, 11), date(2021, 2, 11), None, None),
        ("d/2021-02-11", "Soirée", date(2021, 2, 11), date(2021, 2, 11), time(22), None),
        (
            "semaine@x/2021-03-15",
            "Semaine de la lecture",
            date(2021, 3, 15),
            date(2021, 3, 19),
            None,
            None,
        ),
    ]
    items = {i.id: i.item for i in read(data).items}
    week = items["semaine@x/2021-03-15"]
    assert (week.place, week.url, week.sentence) == (
        "Lille",
        "https://lecture.example/",
        "Chaque classe choisit un livre.",
    )
    assert items["b/2021-02-10"].time_zone == "Indian/Reunion"


@pytest.mark.long
@pytest.mark.parametrize(
    ("title", "kind", "step"),
    [
        ("Date limite d'inscription au défi", ItemKind.DEADLINE, Step.REGISTRATION),
        ("Clôture : envoi des productions", ItemKind.DEADLINE, Step.SUBMISSION),
        ("Dernier jour pour participer", ItemKind.DEADLINE, Step.UNKNOWN),
        ("Finale du défi", ItemKind.EVENT, None),
    ],
)
def test_a_deadline_is_known_by_its_words(title, kind, step):
    [found] = read(agenda(f"UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:{title}")).items
    assert (found.item.kind, found.item.step, found.item.last_day) == (
        kind,
        step,
        date(2021, 2, 10),
    )


@pytest.mark.long
def test_what_is_cancelled_and_what_changed_is_known():
    first = read(agenda(WEEK)).items[0]
    again = read(agenda(WEEK)).items[0]
    moved = read(agenda(WEEK.replace("20210320", "20210321"))).items[0]
    off = read(agenda(WEEK + "\nSTATUS:CANCELLED")).items[0]
    assert first == again
    assert moved.id == off.id == first.id
    assert len({first.fingerprint, moved.fingerprint, off.fingerprint}) == 3
    assert off.item.status is ItemStatus.CANCELLED


def test_what_comes_back_is_followed_for_24_months_and_an_exception_moves_one():
    data = agenda(
        "UID:club\nDTSTART;VALUE=DATE:20201201\nRRULE:FREQ=MONTHLY\nSUMMARY:Club",
        "UID:club\nRECURRENCE-ID;VALUE=DATE:20210201\nDTSTART;VALUE=DATE:20210203\n"
        "SUMMARY:Club bis",
    )
    found = told(data)
    assert found[:2] == [
        ("club/2021-02-01", "Club bis", date(2021, 2, 3), date(2021, 2, 3), None, None),
        ("club/2021-03-01", "Club", date(2021, 3, 1), date(2021, 3, 1), None, None),
    ]
    assert (len(found), found[-1][2]) == (24, date(2023, 1, 1))


@pytest.mark.long
@pytest.mark.parametrize("frequency", ["SECONDLY", "MINUTELY", "HOURLY", "DAILY;BYHOUR=8,9"])
def test_nothing_below_daily_is_followed(frequency):
    data = agenda(
        f"UID:x\nDTSTART:20210110T080000\nRRULE:FREQ={frequency}\nSUMMARY:Trop souvent", WEEK
    )
    found = read(data)
    assert [i.item.title for i in found.items] == ["Semaine de la lecture"]
    assert found.warnings == (
        "« Trop souvent » est laissé de côté : il revient plusieurs fois par jour.",
    )


@pytest.mark.long
def test_a_feed_has_a_thousand_occurrences_at_most():
    daily = [f"UID:{n}\nDTSTART;VALUE=DATE:20210110\nRRULE:FREQ=DAILY\nSUMMARY:S{n}" for n in "abc"]
    found = read(agenda(*daily))
    assert len(found.items) == MAX_OCCURRENCES
    assert found.warnings == ("Seules les 1000 premières dates sont lues.",)


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Actualités</title>
<entry><id>urn:1</id><title>Concours « Mon école en podcast »</title>
<link href="https://podcast.example/"/><published>2021-01-02T10:00:00+01:00</published>
<content type="html">&lt;p&gt;Inscrivez vos classes de l'académie de Lille jusqu'au
&lt;b&gt;5 février 2021&lt;/b&gt;.&lt;/p&gt;</content></entry>
<entry><id>urn:2</id><title>Bilan</title><published>2021-01-02T10:00:00Z</published>
<content>Le concours du 12 mai 2020 a réuni 300 classes.</content></entry></feed>"""
RSS = """<rss version="2.0"><channel><title>Actualités</title><item><guid>1</guid>
<title>Concours « Mon école en podcast »</title><link>https://podcast.example/</link>
<pubDate>Sat, 02 Jan 2021 10:00:00 +0100</pubDate>
<description><![CDATA[<p>Inscrivez vos classes de l'académie de Lille jusqu'au 5 février.</p>]]>
</description></item></channel></rss>"""


def test_a_day_that_is_none_keeps_no_news_from_being_read():
    never = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
    strange = RSS.replace("Sat, 02 Jan 2021 10:00:00 +0100", never)
    assert read(strange.replace("5 février", "5 février 2021").encode()).items


@pytest.mark.parametrize(("feed", "id_"), [(ATOM, "urn:1#0"), (RSS, "1#0")])
def test_what_news_announce_is_read_as_in_a_letter(feed, id_):
    [found] = read(feed.encode()).items
    item = found.item
    assert (found.id, item.kind, item.step, item.last_day) == (
        id_,
        ItemKind.DEADLINE,
        Step.REGISTRATION,
        date(2021, 2, 5),
    )
    assert (item.title, item.academies, item.url) == (
        "Concours « Mon école en podcast »",
        ("lille",),
        "https://podcast.example/",
    )
    assert "jusqu'au" in item.phrase


BILLION = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 9))
    + "]><rss><channel><item><title>&a8;</title></item></channel></rss>"
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ni un agenda"),
        (b"\x00\x01\x02", "ni un agenda"),
        (b"<html><body>non</body></html>", "pas un fil d'actualit"),
        (b"<rss><channel>", "endommag"),
        (BILLION.encode(), "DOCTYPE"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "endommag"),
    ],
    ids=["empty", "bytes", "page", "cut", "billion", "cut-agenda"],
)
def test_what_is_no_feed_is_refused_with_a_sentence(data, said):
    with pytest.raises(UnreadableLetterError, match=said):
        read(data)


@pytest.mark.long
@pytest.mark.parametrize(
    "event",
    [
        "UID:x\nDTSTART;VALUE=DATE:20210110\nRRULE:FREQ=DAILY;COUNT=1000000000\nSUMMARY:S",
        "UID:x\nDTSTART;VALUE=DATE:00010101\nRRULE:FREQ=YEARLY\nSUMMARY:S",
        "UID:x\nDTSTART;VALUE=DATE:20210110\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nSUMMARY:S",
        "UID:x\nDTSTART;VALUE=DATE:20210110\nRDATE:" + ",".join(["20210110T080000"] * 5000),
        "UID:x\nDTSTART:nonsense\nSUMMARY:S",
        "UID:x\nDTSTART;TZID=Nowhere/Land:20210110T080000\nSUMMARY:S",
        "UID:x\nDTSTART;VALUE=DATE:20210110\nDURATION:P999999999D\nSUMMARY:S",
        "UID:x\nDTSTART;VALUE=DATE:20210110\nDTEND;VALUE=DATE:20200101\nSUMMARY:S",
        "UID:x\nSUMMARY:Sans jour",
        "DTSTART;VALUE=DATE:20210110\nSUMMARY:\x00\x1f\ud83d".encode("utf-8", "ignore").decode(),
        "UID:" + "u" * 100_000 + "\nDTSTART;VALUE=DATE:20210110\nSUMMARY:" + "s" * 100_000,
    ],
)
def test_a_hostile_agenda_ends_in_values_or_a_sentence(event, monkeypatch):
    if not CAMPAIGN:  # the test of a huge agenda keeps the real limit
        monkeypatch.setattr(outside_feed, "run_limited", partial(run_limited, seconds=3))
    found = OutsideReading((), ())
    with suppress(UnreadableLetterError):
        found = read(agenda(event, WEEK))
    assert len(found.items) <= MAX_OCCURRENCES
    for item in found.items:
        assert len(item.item.title) <= 160
        assert (item.item.first_day or item.item.last_day) <= item.item.last_day


@pytest.mark.long
def test_a_huge_agenda_ends_within_its_limits():
    event = "UID:{}\nDTSTART;VALUE=DATE:20210110\nRRULE:FREQ=DAILY\nSUMMARY:S"
    data = agenda(*(event.format(n) for n in range(20_000)))
    with pytest.raises(UnreadableLetterError):
        read(data)


def test_what_a_child_answers_is_made_of_json():
    values = outside_values((agenda(WEEK), TODAY, KNOWLEDGE))
    assert [v["id"] for v in values["items"]] == ["semaine@x/2021-03-15"]
