"""What programs write as iCalendar: charsets, folds, versions, what is private, odd repetitions.
All of it is taken, or counted; and no fault of one entry spoils another one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.letters.agendas.calendar_file import AgendaEntry, agenda_name, read_agenda
from calendar_app.letters.agendas.left_out import (
    BAD_RULE,
    DOUBLE,
    NO_DAY,
    OTHER,
    PRIVATE,
    TOO_OFTEN,
    LeftOut,
)
from calendar_app.letters.dated_items import ItemStatus
from calendar_app.letters.formats.charsets import decoded
from calendar_app.letters.formats.detection import is_agenda
from tests.editing.test_outside_feed import agenda

TODAY = date(2021, 1, 4)
DAY = "DTSTART;VALUE=DATE:20210210"
AT_NINE = "UID:a\nDTSTART;TZID=Europe/Paris:20210201T090000"
WEEKLY = f"{AT_NINE}\nDTEND;TZID=Europe/Paris:20210201T110000\nRRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:S"
SECOND = "UID:a\nRECURRENCE-ID;TZID=Europe/Paris:20210208T090000"


def read(data: bytes, today: date = TODAY) -> tuple[list[AgendaEntry], dict[str, int]]:
    """Return the dates of an agenda, and what was left out: reason → count."""
    left_out = LeftOut()
    return list(read_agenda(data, today, "Europe/Paris", left_out)), left_out.counts


def told(*parts: str, head: str = "") -> list[tuple]:
    found, _ = read(agenda(*parts, head=head))
    return [(e.recurrence, e.item.title, e.item.first_day.day, e.item.start_time) for e in found]


# -- lines and characters --------------------------------------------------------------------------

FULL = agenda(
    f"UID:a\n{DAY}\nSUMMARY:Fête de l'école\nLOCATION:Hôtel « Été »\nDESCRIPTION:Voilà – un cœur",
    head="X-WR-CALNAME:Académie\n",
)


def folded_anywhere(data: bytes) -> bytes:
    """Fold as a program does that counts bytes: also within characters."""
    begin, *lines = data.split(b"\r\n")
    folded = [
        b"\r\n ".join(line[at : at + 7] for at in range(0, len(line) or 1, 7)) for line in lines
    ]
    return b"\r\n".join([begin, *folded])


@pytest.mark.parametrize(
    "written",
    [
        lambda data: data.decode().encode("cp1252"),
        lambda data: data.decode().encode("utf-16"),
        lambda data: b"\xef\xbb\xbf\r\n" + data,
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: data.replace(b"\r\n", b"\r"),
        lambda data: data.replace(b"\r\n", b"\r\r\n"),
        lambda data: data.replace(b"\r\n", b"\r\n\r\n"),
        lambda data: data.replace(b"\r\n", b"  \r\n"),
        lambda data: data + b"<!-- page made in 2 s -->\r\n",
        lambda data: data.replace(b"END:VCALENDAR", b"cut\r\nEND:VCALENDAR"),
        lambda data: data.replace("Hôtel".encode(), b"H\xf4tel"),
        folded_anywhere,
    ],
    ids="cp1252 utf-16 bom lf cr crcrlf blank spaces behind nonsense mixed folds".split(),
)
def test_an_agenda_is_read_however_it_is_written(written):
    data = written(FULL)
    assert is_agenda(data)
    [entry], left_out = read(data)
    item = entry.item
    assert (item.title, item.place, item.sentence, left_out) == (
        "Fête de l'école",
        "Hôtel « Été »",
        "Voilà – un cœur",
        {},
    )
    assert agenda_name(data) == "Académie"


def test_a_line_that_nobody_folded_goes_on_with_the_one_before():
    [entry], _ = read(FULL.replace(b"DESCRIPTION:", b"DESCRIPTION:Venez\r\nnombreux\r\n  et "))
    assert entry.item.sentence == "Venez nombreux et Voilà – un cœur"


@given(st.text("aé«œ–À\xa0É", max_size=40), st.lists(st.sampled_from("éàÉ"), max_size=3))
def test_characters_of_two_charsets_are_told_apart(text, strange):
    """A few bytes of Latin-1 in a text of UTF-8 spoil nothing but themselves."""
    more = [char for char in text if char > "\x7f"]
    if len(strange) < len(more):
        data = text.encode() + b" ".join(char.encode("latin-1") for char in ["x", *strange])
        assert decoded(data) == text + " ".join(["x", *strange])


@pytest.mark.parametrize(
    ("written", "title", "sentence"),
    [
        ("SUMMARY:<b>Fête</b> &amp; jeu", "Fête & jeu", "Fête & jeu"),
        ("SUMMARY:S\nDESCRIPTION:<h1>Jeu</h1><img src=x>&nbsp\\;3", "S", "# Jeu 3"),
        ("SUMMARY:S\nDESCRIPTION:L&rsquo\\;&eacute\\;cole : 3 &lt\\; 4", "S", "L’école : 3 < 4"),
        ("SUMMARY:S\nX-ALT-DESC;FMTTYPE=text/html:<p>Là <b>seul</b></p>", "S", "Là seul"),
    ],
)
def test_html_is_read_as_text(written, title, sentence):
    [entry], _ = read(agenda(f"UID:a\n{DAY}\n{written}"))
    assert (entry.item.title, entry.item.sentence) == (title, sentence)


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART:20210210T000000Z\nDTEND:20210211T000000Z",
        "DTSTART;TZID=Europe/Paris:20210210T000000\nDTEND;TZID=Europe/Paris:20210210T235900",
        "DTSTART:20210210T000000\nDTEND:20210210T235959",
        "DTSTART:20210210T000000",
        "DTSTART:20210209T230000Z\nDTEND:20210210T230000Z",
    ],
)
def test_a_whole_day_in_hours_is_a_whole_day(times):
    [entry], _ = read(agenda(f"UID:a\n{times}\nSUMMARY:S"))
    item = entry.item
    assert (item.first_day, item.last_day) == (date(2021, 2, 10), date(2021, 2, 10))
    assert (item.start_time, item.end_time) == (None, None)


@pytest.mark.parametrize(
    "written",
    [
        "DTSTART:2021-02-10T09:00:00",
        "DTSTART:2021-02-10 09:00",
        "DTSTART: 20210210T090000",
        "DTSTART:20210210T0900",
        "DTSTART;TZID=Europe/Paris:2021-02-10T09:00",
        "DTSTART:2021-02-10T08:00:00Z",
        "DTSTART;TZID=GMT+01:00:20210210T090000",
        "DTSTART;TZID=tzone://Microsoft/Custom:20210210T090000",
        'DTSTART;TZID="(UTC+01:00) Brussels, Copenhagen, Madrid, Paris":20210210T090000',
    ],
)
def test_a_time_that_a_program_writes_in_its_own_way_is_read(written):
    [entry], left_out = read(agenda(f"UID:a\n{written}\nRRULE:FREQ=DAILY; COUNT=1\nSUMMARY:S"))
    item = entry.item
    assert (item.first_day, item.start_time, item.time_zone) == (date(2021, 2, 10), time(9), None)
    assert left_out == {}


@pytest.mark.parametrize("name", ["VFREEBUSY", "VAVAILABILITY", "X-POLL"])
def test_what_is_no_date_of_an_agenda_is_counted(name):
    part = f"BEGIN:{name}\nUID:b\nDTSTART:20210201T090000Z\nSUMMARY:Occupé\nEND:{name}"
    found, left_out = read(agenda(f"UID:a\n{DAY}\nSUMMARY:S", part))
    assert ([entry.uid for entry in found], left_out) == (["a"], {OTHER: 1})


def test_a_task_without_a_due_time_may_have_a_length():
    task = "BEGIN:VTODO\nUID:b\nDTSTART;VALUE=DATE:20210201\nDURATION:P3D\nSUMMARY:S\nEND:VTODO"
    [entry], _ = read(agenda(task))
    assert (entry.item.first_day, entry.item.last_day) == (None, date(2021, 2, 4))


def test_a_letter_that_quotes_an_agenda_is_a_letter():
    assert not is_agenda(b"Bonjour, voici un fichier :\r\n" + FULL)


# -- what is private -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["PRIVATE", "private", " Confidential ", "X-SECRET"])
def test_what_is_not_for_others_is_never_taken(name):
    """RFC 5545, 3.8.1.3: a value that we do not know is private."""
    assert read(agenda(f"UID:a\n{DAY}\nCLASS:{name}\nSUMMARY:S")) == ([], {PRIVATE: 1})


def test_an_exception_is_as_private_as_its_series():
    moved = f"{SECOND}\nDTSTART;TZID=Europe/Paris:20210208T140000\nSUMMARY:Moved"
    assert read(agenda(f"{WEEKLY}\nCLASS:PRIVATE", moved)) == ([], {PRIVATE: 2})
    assert [at for at, *_ in told(f"{WEEKLY}\nCLASS:PRIVATE", f"{moved}\nCLASS:PUBLIC")] == [
        "2021-02-08T09:00"
    ]


@pytest.mark.parametrize(
    ("why", "reason"), [(f"{SECOND[6:]}\nCLASS:PRIVATE", PRIVATE), (SECOND[6:], NO_DAY)]
)
def test_an_exception_that_is_not_taken_takes_its_day_away(why, reason):
    """The day does not take place as the rule says, and how it does is not known."""
    day = "DTSTART;TZID=Europe/Paris:20210208T140000\n" if reason is PRIVATE else ""
    found, left_out = read(agenda(WEEKLY, f"UID:a\n{why}\n{day}SUMMARY:X"))
    assert [entry.item.first_day.day for entry in found] == [1, 15]
    assert left_out == {reason: 1}


# -- identities ------------------------------------------------------------------------------------


def test_two_things_under_one_uid_at_one_moment_are_two():
    """Some programs give all entries one UID."""
    found, _ = read(agenda(f"UID:a\n{DAY}\nSUMMARY:Un", f"UID:a\n{DAY}\nSUMMARY:Deux"))
    assert [entry.item.title for entry in found] == ["Un", "Deux"]
    assert len({(entry.uid, entry.recurrence) for entry in found}) == 2


def test_an_earlier_version_that_said_something_else_is_counted():
    old = "UID:a\nDTSTART;VALUE=DATE:20210215\nSUMMARY:Autre\nSEQUENCE:1"
    found, left_out = read(agenda(f"UID:a\n{DAY}\nSUMMARY:S\nSEQUENCE:2", old))
    assert ([entry.item.title for entry in found], left_out) == (["S"], {DOUBLE: 1})


@pytest.mark.parametrize("latest_first", [True, False])
@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (f"{DAY}\nCLASS:PRIVATE", PRIVATE),
        (f"{DAY}\nRRULE:FREQ=NEVER", BAD_RULE),
        (f"{DAY}\nRRULE:FREQ=HOURLY", TOO_OFTEN),
        ("COMMENT:sans jour", NO_DAY),
    ],
)
def test_where_the_latest_version_is_not_taken_no_earlier_one_stands(written, reason, latest_first):
    versions = [f"UID:a\n{DAY}\nSUMMARY:S\nSEQUENCE:0", f"UID:a\n{written}\nSUMMARY:S\nSEQUENCE:1"]
    versions = versions[::-1] if latest_first else versions
    assert read(agenda(*versions)) == ([], {reason: 1})
    # Nor does an earlier one that was not taken hide it.
    other_way = [part.replace("SEQUENCE:1", "SEQUENCE:-") for part in versions]
    [entry], left_out = read(agenda(*(p.replace("SEQUENCE:0", "SEQUENCE:2") for p in other_way)))
    assert (entry.item.title, left_out) == ("S", {})


def test_of_a_thing_that_became_private_no_earlier_title_is_told():
    left_out = LeftOut()
    old, new = f"UID:a\n{DAY}\nSUMMARY:Entretien de Zoé", f"UID:a\n{DAY}\nCLASS:PRIVATE\nSUMMARY:S"
    list(
        read_agenda(
            agenda(f"{old}\nSEQUENCE:0", f"{new}\nSEQUENCE:1"), TODAY, "Europe/Paris", left_out
        )
    )
    assert "Zoé" not in str(left_out.values())


def test_a_moment_that_is_private_under_one_title_is_so_under_each():
    told, hidden = f"UID:a\n{DAY}\nSUMMARY:Conseil", f"UID:a\n{DAY}\nSUMMARY:Occupé\nCLASS:PRIVATE"
    assert read(agenda(told, hidden)) == read(agenda(hidden, told)) == ([], {PRIVATE: 1})


def test_one_calendar_of_a_file_may_call_off_what_another_one_says():
    event = f"UID:a\n{DAY}\nSUMMARY:S\nSEQUENCE:"
    both = agenda(f"{event}0") + agenda(f"{event}1", head="METHOD:CANCEL\n")
    [entry], left_out = read(both)
    assert (entry.item.status, left_out) == (ItemStatus.CANCELLED, {})


def test_a_state_may_have_the_american_spelling():
    [entry], _ = read(agenda(f"UID:a\n{DAY}\nSUMMARY:S\nSTATUS:CANCELED"))
    assert entry.item.status is ItemStatus.CANCELLED


# -- repetitions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "without",
    [
        "EXDATE;TZID=Europe/Paris:20210208T090000",
        "EXDATE;TZID=Europe/London:20210208T080000",
        "EXDATE:20210208T080000Z",
        "EXDATE:20210208T090000",
        "EXDATE;VALUE=DATE:20210208",
        "EXDATE:20210208",
    ],
)
def test_an_exdate_of_any_kind_takes_its_day_away(without):
    assert [day for _, _, day, _ in told(f"{WEEKLY}\n{without}")] == [1, 15]


@pytest.mark.parametrize(
    "more",
    [
        "RDATE;TZID=Europe/Paris:20210210T090000,20210212T090000",
        "RDATE:20210210T080000Z\nRDATE;TZID=Europe/Paris:20210212T090000",
        "RDATE;VALUE=DATE:20210210,20210212",
        "RDATE;VALUE=PERIOD:20210210T080000Z/20210210T100000Z,20210212T080000Z/PT2H",
    ],
)
def test_an_rdate_of_any_kind_adds_its_days(more):
    found, _ = read(agenda(WEEKLY.replace("RRULE:FREQ=WEEKLY;COUNT=3", more)))
    assert [(e.recurrence, e.item.start_time, e.item.end_time) for e in found] == [
        (f"2021-02-{day}T09:00", time(9), time(11)) for day in ("01", "10", "12")
    ]


@pytest.mark.parametrize(
    "which",
    [
        "RECURRENCE-ID;TZID=Europe/Paris:20210208T090000",
        "RECURRENCE-ID:20210208T080000Z",
        "RECURRENCE-ID:20210208T090000",
        "RECURRENCE-ID;VALUE=DATE:20210208",
    ],
)
@pytest.mark.parametrize("more", ["", "\nEXDATE;TZID=Europe/Paris:20210208T090000"])
def test_an_exception_stands_for_its_day_however_it_is_named(which, more):
    """Also where its program took the day out of the rule as well."""
    moved = f"UID:a\n{which}\nDTSTART;TZID=Europe/Paris:20210209T140000\nSUMMARY:Moved"
    assert told(moved, f"{WEEKLY}{more}") == [
        ("2021-02-01T09:00", "S", 1, time(9)),
        ("2021-02-08T09:00", "Moved", 9, time(14)),
        ("2021-02-15T09:00", "S", 15, time(9)),
    ]


def test_hours_of_a_whole_day_that_returns_name_its_days():
    rule = f"UID:a\n{DAY}\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20210217T000000\nSUMMARY:S"
    assert [at for at, *_ in told(rule)] == ["2021-02-10", "2021-02-24"]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "D1 0600 1200 #5",
        "MP6 1+ MO #5 D1 #5",
        "W1 TU TH #3",
        "W1 LU #3",
        "MP1 #12",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1;COUNT=3",
        "FREQ=MONTHLY;BYDAY=9MO",
        "FREQ=WEEKLY;BYDAY=LU",
        "FREQ=DAILY;BYHOUR=30",
        "FREQ=WEEKLY;BYSETPOS=0",
        "FREQ=WEEKLY;UNTIL=bientôt",
        "FREQ=WEEKLY;UNTIL=20201231",
        "FREQ=DAILY;INTERVAL=99999999999",
        "FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=BACKWARD;BYMONTHDAY=31;COUNT=3",
        "FREQ=MONTHLY;RSCALE=HEBREW;COUNT=3",
        "FREQ=WEEKLY;COUNT=4\nEXRULE:FREQ=NEVER",
    ],
)
def test_a_rule_that_is_none_is_counted_and_spoils_no_other_entry(rule):
    good = f"UID:b\n{DAY}\nRRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:Bon"
    found, left_out = read(agenda(f"{AT_NINE}\nRRULE:{rule}\nSUMMARY:S", good))
    assert ([entry.uid for entry in found], left_out) == (["b", "b"], {BAD_RULE: 1})


# -- what is older than RFC 5545, or newer ---------------------------------------------------------


@pytest.mark.parametrize("start", ["DTSTART;VALUE=DATE:20210201", AT_NINE[6:]])
@pytest.mark.parametrize(
    ("without", "days"),
    [
        ("FREQ=WEEKLY;INTERVAL=2", [8, 22]),
        ("FREQ=WEEKLY;COUNT=2", [15, 22]),
        ("FREQ=WEEKLY;UNTIL=20210208", [15, 22]),
        ("FREQ=DAILY;BYMONTHDAY=8,15", [1, 22]),
        ("FREQ=YEARLY;BYMONTH=3", [1, 8, 15, 22]),
        ("FREQ=WEEKLY;INTERVAL=2\nEXRULE:FREQ=DAILY;BYMONTHDAY=8", [22]),
        ("W2 #2", [8, 22]),
    ],
)
def test_a_rule_may_take_days_away(start, without, days):
    """EXRULE, which RFC 5545 took out."""
    found, left_out = read(
        agenda(f"UID:a\n{start}\nRRULE:FREQ=WEEKLY;COUNT=4\nEXRULE:{without}\nSUMMARY:S")
    )
    assert ([entry.item.first_day.day for entry in found], left_out) == (days, {})


def test_an_exception_stands_where_a_rule_takes_its_day_away():
    exrule = "EXRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20210301T080000Z"
    moved = f"{SECOND}\nDTSTART;TZID=Europe/Paris:20210209T140000\nSUMMARY:Moved"
    assert [day for _, _, day, _ in told(f"{WEEKLY}\n{exrule}", moved)] == [9]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;RSCALE=GREGORIAN;COUNT=2", ["02-28", "03-07"]),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=2", ["02-28", "03-28"]),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;BYDAY=-1SU;COUNT=2", ["02-28", "03-28"]),
        (
            "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;BYMONTHDAY=28,30;COUNT=3",
            ["02-28", "03-28", "03-30"],
        ),
    ],
)
def test_the_calendar_of_everybody_may_be_named(rule, days):
    """RSCALE=GREGORIAN (RFC 7529) means no more than its absence."""
    found, left_out = read(agenda(f"UID:a\nDTSTART;VALUE=DATE:20210228\nRRULE:{rule}\nSUMMARY:S"))
    assert ([f"{e.item.first_day:%m-%d}" for e in found], left_out) == (days, {})


OLD = b"""BEGIN:VCALENDAR\r
VERSION:1.0\r
TZ:+01\r
BEGIN:VEVENT\r
CATEGORIES:MEETING\r
DTSTART:%s\r
RRULE:%s\r
EXDATE:20210222T090000;20210223T090000\r
AALARM;TYPE=X-EPOCSOUND:20210201T085500;;0;\r
SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:F=EAte de l'=E9cole, =\r
caf=E9: jeux=0D=0Aet d=E9fi\r
LOCATION;QUOTED-PRINTABLE;CHARSET=UTF-8:H=C3=B4tel\r
DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Voil=C3=A0=\r
=21\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_an_export_of_an_old_phone_is_read():
    found, left_out = read(OLD % (b"20210201T090000", b"W1 MO 20210308T000000Z"))
    item = found[0].item
    assert (item.title, item.place, item.sentence) == (
        "Fête de l'école, café: jeux et défi",
        "Hôtel",
        "Voilà!",
    )
    days = [(f"{e.item.first_day:%m-%d}", e.item.start_time) for e in found]
    assert days == [(day, time(9)) for day in ("02-01", "02-08", "02-15", "03-01", "03-08")]
    assert left_out == {}


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("D1 #3", ["02-01", "02-02", "02-03"]),
        ("D10 20210221T235959Z", ["02-01", "02-11", "02-21"]),
        ("W2", ["02-01", "02-15"]),
        ("W1 MO WE 20210208", ["02-01", "02-03", "02-08"]),
        ("MP1 1+ MO #3", ["02-01", "03-01", "04-05"]),
        ("MP1 1- MO 2+ TU 20210331T000000", ["02-09", "03-09", "03-29"]),
        ("MD1 1 #3", ["02-01", "03-01", "04-01"]),
        ("MD1 3- 20210401", ["02-26", "03-29"]),
        ("md1  LD  20210401", ["02-28", "03-31"]),
        ("YM1 2 #2", ["02-01", "02-01"]),
        ("YD1 32 #2", ["02-01", "02-01"]),
    ],
)
def test_the_repetitions_of_vcalendar_are_read(rule, days):
    found, left_out = read(OLD % (b"20210201", rule.encode()))
    told_days = [f"{entry.item.first_day:%m-%d}" for entry in found]
    # Where the first day is not one of the rule, it takes place all the same.
    assert (told_days[-len(days) :], left_out) == (days, {})
    assert len(found) - len(days) in (0, 1)


def test_a_repetition_of_vcalendar_without_end_goes_on():
    found, left_out = read(OLD % (b"20210201", b"W1 MO TU #0"))
    assert len(found) > 200
    assert left_out == {}


def test_a_repetition_that_is_over_or_wholly_taken_away_is_no_fault():
    over = "UID:b\nDTSTART;VALUE=DATE:20190210\nRRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:S"
    none = f"UID:c\n{DAY}\nRRULE:FREQ=WEEKLY;COUNT=1\nEXDATE;VALUE=DATE:20210210\nSUMMARY:S"
    assert read(agenda(over, none)) == ([], {})


@given(st.integers(), st.sampled_from(["Europe/Paris", "Indian/Reunion", None]))
def test_each_date_of_a_repetition_is_told_or_taken_away(seed, zone):
    """Rules, further days, exceptions and days taken away, drawn at random, against days that are
    counted by hand."""
    random = Random(seed)
    clock = ZoneInfo(zone) if zone else None
    start = datetime(2021, 1, 5, 9, tzinfo=clock) + timedelta(days=random.randrange(40))

    def after(days: int) -> datetime:  # wall-clock time stays
        return start + timedelta(days=days)

    weeks = [after(7 * n) for n in range(random.randrange(2, 8))]
    rest = weeks[1:]
    random.shuffle(rest)
    gone, moved = set(rest[:1]), dict.fromkeys(rest[1:3])
    more = {after(7 * random.randrange(8) + 3)} if seed % 2 else set()

    def component() -> icalendar.Event:
        event = icalendar.Event()
        event.add("uid", "a")
        return event

    master = component()
    for name, value in (("dtstart", start), ("summary", "S")):
        master.add(name, value)
    master.add("rrule", {"freq": "weekly", "count": len(weeks)})
    if gone:
        master.add("exdate", list(gone))
    if more:
        master.add("rdate", list(more))
    parts = [master]
    for number, at in enumerate(moved):
        moved[at] = at + timedelta(days=1, hours=number)
        part = component()
        in_utc = random.random() < 0.5 and clock is not None
        part.add("recurrence-id", at.astimezone(ZoneInfo("UTC")) if in_utc else at)
        part.add("dtstart", moved[at])
        part.add("summary", "S")
        parts.append(part)
    random.shuffle(parts)
    file = icalendar.Calendar()
    for part in parts:
        file.add_component(part)
    found, left_out = read(file.to_ical())
    expected = {
        at.replace(tzinfo=None).isoformat(timespec="minutes"): (moved.get(at) or at).date()
        for at in {*weeks, *more} - gone
    }
    assert {entry.recurrence: entry.item.first_day for entry in found} == expected
    assert left_out == {}


def test_what_is_left_out_is_said_in_its_number():
    left_out = LeftOut()
    for reason in (PRIVATE, PRIVATE, BAD_RULE, NO_DAY, NO_DAY):
        left_out.add(reason)
    said = [(line["count"], line["reason"]) for line in left_out.values()]
    assert said == [(2, "privées"), (1, "répétition illisible"), (2, "sans date")]


NAMES = """
EXRULE SUMMARY;ENCODING=QUOTED-PRINTABLE
DTSTART DTSTART;VALUE=DATE DTSTART;TZID=Europe/Paris DTEND DURATION DUE RRULE RDATE EXDATE
RDATE;VALUE=PERIOD EXDATE;VALUE=DATE EXDATE;VALUE=PERIOD RECURRENCE-ID RECURRENCE-ID;VALUE=DATE
RECURRENCE-ID;RANGE=THISANDFUTURE SEQUENCE STATUS CLASS UID SUMMARY LOCATION URL""".split()
VALUES = """
W1_MO D1_#3 20210210T090000;20210211
20210210 20210210T090000 20210210T090000Z 20210230 00010101 99991231T235959Z PT1H -P1D P9W
bientôt 20210210T090000Z/PT1H 20210210T090000/20210210T080000 20210210,20210211T090000Z 7 -1 a b
FREQ=WEEKLY;COUNT=3 FREQ=DAILY;UNTIL=20210301 FREQ=WEEKLY;BYDAY=9MO FREQ=DAILY;COUNT=x PRIVATE
FREQ=YEARLY;UNTIL=99991231T235959Z CANCELLED \x00 <b> , ; : \\""".split()


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([*VALUES, ""])), max_size=7),
        max_size=3,
    )
)
def test_whatever_an_entry_says_the_others_are_read(entries):
    good = f"UID:good\n{DAY}\nSUMMARY:Bon"
    lines = [[(name, value.replace("_", " ")) for name, value in entry] for entry in entries]
    parts = ["\n".join(f"{name}:{value}" for name, value in entry) for entry in lines]
    found, _ = read(agenda(*[part for part in parts if part], good))
    assert "good" in {entry.uid for entry in found}
