"""Agendas and news of other sites: what is read in them, and that hostile ones do no harm."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time
from functools import partial

import pytest

from calendar_app.config.settings import data_folder
from calendar_app.editing.followed import outside_feed
from calendar_app.editing.followed.outside_feed import (
    NO_YEAR,
    OutsideReading,
    outside_values,
    read_outside_limited,
)
from calendar_app.editing.rules.source_changes import Identity
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.agendas.left_out import MAX_OCCURRENCES, TOO_MANY
from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, Step
from calendar_app.letters.limited_process import run_limited
from calendar_app.words.errors import UnreadableLetterError
from tests.tools import CAMPAIGN, scaled

TODAY = date(2021, 1, 4)
KNOWLEDGE = knowledge_of_files(data_folder())


def agenda(*events: str, head: str = "") -> bytes:
    """Return an agenda of these components: the lines of a VEVENT, or a whole component."""
    inner = "".join(
        f"{event.strip()}\r\n"
        if event.startswith("BEGIN")
        else f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT\r\n"
        for event in events
    )
    head = f"VERSION:2.0\r\nPRODID:-//Essai//FR\r\n{head}"
    text = f"BEGIN:VCALENDAR\r\n{head}{inner}END:VCALENDAR\r\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def read(data: bytes) -> OutsideReading:
    return read_outside_limited(data, TODAY, KNOWLEDGE)


def told(data: bytes) -> list[tuple]:
    return [
        (uid, at, item.title, item.first_day, item.last_day, item.start_time, item.end_time)
        for (uid, at), item in read(data).items.items()
    ]


def one(data: bytes, **more) -> DatedItem:
    [item] = read_outside_limited(data, TODAY, KNOWLEDGE, **more).items.values()
    return item


def news(data: str | bytes) -> list[tuple]:
    """Return (id, last day, title) of what news announce, read in this process."""
    data = data if isinstance(data, bytes) else data.encode()
    found = outside_values((data, TODAY, KNOWLEDGE, "Europe/Paris", {}))["items"]
    return [(v["uid"], v["item"]["last_day"], v["item"]["title"]) for v in found]


def left_out(data: bytes) -> list[tuple[str, int, list[str]]]:
    return [(part["reason"], part["count"], part["titles"]) for part in read(data).left_out]


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
        ("a", None, "Rencontre", date(2021, 2, 10), date(2021, 2, 10), time(14), time(16)),
        ("b", None, "Atelier", date(2021, 2, 10), date(2021, 2, 10), time(9), time(10)),
        ("c", None, "Journée", date(2021, 2, 11), date(2021, 2, 11), None, None),
        ("d", None, "Soirée", date(2021, 2, 11), date(2021, 2, 11), time(22), None),
        (
            "semaine@x",
            None,
            "Semaine de la lecture",
            date(2021, 3, 15),
            date(2021, 3, 19),
            None,
            None,
        ),
    ]
    items = {uid: item for (uid, _), item in read(data).items.items()}
    week = items["semaine@x"]
    assert (week.place, week.url, week.sentence) == (
        "Lille",
        "https://lecture.example/",
        "Chaque classe choisit un livre.",
    )
    assert items["b"].time_zone == "Indian/Reunion"


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
    item = one(agenda(f"UID:a\nDTSTART;VALUE=DATE:20210210\nSUMMARY:{title}"))
    assert (item.kind, item.step, item.last_day) == (
        kind,
        step,
        date(2021, 2, 10),
    )


@pytest.mark.parametrize(
    ("title", "more", "said", "status"),
    [
        ("Festival", "STATUS:CANCELLED", "Festival", ItemStatus.CANCELLED),
        ("ANNULÉ – Festival", "", "Festival", ItemStatus.CANCELLED),
        ("[Annulée] Festival", "", "Festival", ItemStatus.CANCELLED),
        ("Festival (annulé)", "", "Festival", ItemStatus.CANCELLED),
        ("REPORTÉ : Festival", "", "Festival", ItemStatus.POSTPONED),
        ("Le festival est annulé", "", "Le festival", ItemStatus.CANCELLED),
        ("Festival ANNULÉ", "", "Festival", ItemStatus.CANCELLED),
        ("Festival – annulé (intempéries)", "", "Festival", ItemStatus.CANCELLED),
        ("Festival annulé et reporté", "", "Festival", ItemStatus.POSTPONED),
        ("Annulé/Reporté : Festival", "", "Festival", ItemStatus.POSTPONED),
        ("Festival *annulé*", "", "Festival", ItemStatus.CANCELLED),
        ("Festival !!! ANNULÉ !!!", "", "Festival", ItemStatus.CANCELLED),
        ("Festival annulé pour cause de grève", "", "Festival", ItemStatus.CANCELLED),
        ("Festival (annulé en raison de la neige)", "", "Festival", ItemStatus.CANCELLED),
        ("Festival a été annulé", "", "Festival", ItemStatus.CANCELLED),
        ("Évènement annulé : Festival", "", "Festival", ItemStatus.CANCELLED),
        ("Festival - séance annulée", "", "Festival", ItemStatus.CANCELLED),
        ("SUPPRIMÉ : Festival", "", "Festival", ItemStatus.CANCELLED),
        ("Festival reporté au 20 mars", "", "Festival", ItemStatus.POSTPONED),
        ("Report du festival", "", None, ItemStatus.POSTPONED),
        ("Atelier pas annulé", "", None, ItemStatus.PLANNED),
        ("Visite du report", "", None, ItemStatus.PLANNED),
        ("Parler de son animal supprimé du programme", "", None, ItemStatus.PLANNED),
        ("Annule et remplace : Festival", "", None, ItemStatus.PLANNED),
        ("Annuler sans frais : Festival", "", None, ItemStatus.PLANNED),
        ("Festival", "STATUS:TENTATIVE", "Festival", ItemStatus.PLANNED),
    ],
)
def test_a_state_is_said_by_its_field_or_by_words_of_the_title(title, more, said, status):
    item = one(agenda(f"UID:a\nDTSTART;VALUE=DATE:20210315\nSUMMARY:{title}\n{more}"))
    assert (item.title, item.status) == (said or title, status)


def test_a_calendar_that_cancels_cancels_all_that_it_names():
    data = agenda("UID:a\nDTSTART;VALUE=DATE:20210315\nSUMMARY:S", head="METHOD:CANCEL\r\n")
    assert one(data).status is ItemStatus.CANCELLED


def test_what_comes_back_is_followed_for_24_months_and_an_exception_moves_one():
    data = agenda(
        "UID:club\nDTSTART;VALUE=DATE:20201201\nRRULE:FREQ=MONTHLY\nSUMMARY:Club",
        "UID:club\nRECURRENCE-ID;VALUE=DATE:20210201\nDTSTART;VALUE=DATE:20210203\n"
        "SUMMARY:Club bis",
    )
    found = [entry for entry in told(data) if entry[3] >= TODAY]
    assert found[:2] == [
        ("club", "2021-02-01", "Club bis", date(2021, 2, 3), date(2021, 2, 3), None, None),
        ("club", "2021-03-01", "Club", date(2021, 3, 1), date(2021, 3, 1), None, None),
    ]
    assert (len(found), found[-1][3]) == (24, date(2023, 1, 1))


@pytest.mark.long
@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=WEEKLY;COUNT=3", ["02-01", "02-08", "02-15"]),
        ("RRULE:FREQ=WEEKLY;UNTIL=20210208", ["02-01", "02-08"]),
        ("RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20210208", ["02-01", "02-15"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=2", ["02-01", "03-01"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1;COUNT=2", ["02-01", "02-22", "03-29"]),
        ("RDATE;VALUE=DATE:20210210,20210301", ["02-01", "02-10", "03-01"]),
    ],
)
def test_each_form_of_repetition_is_expanded(rule, days):
    data = agenda(f"UID:a\nDTSTART;VALUE=DATE:20210201\n{rule}\nSUMMARY:Atelier")
    assert [entry[3] for entry in told(data)][: len(days)] == [
        date.fromisoformat(f"2021-{day}") for day in days
    ]
    assert [entry[1] for entry in told(data)][: len(days)] == [f"2021-{day}" for day in days]


@pytest.mark.long
def test_a_change_of_all_that_follow_gives_each_an_identity_of_its_own():
    data = agenda(
        "UID:a\nDTSTART;VALUE=DATE:20210201\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Atelier",
        "UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20210208\n"
        "DTSTART;VALUE=DATE:20210209\nSUMMARY:Atelier",
    )
    assert [(at, first.day) for _, at, _, first, *_ in told(data)] == [
        ("2021-02-01", 1),
        ("2021-02-08", 9),
        ("2021-02-16", 16),
        ("2021-02-23", 23),
    ]


def test_two_sessions_of_one_day_are_two():
    rule = "RRULE:FREQ=DAILY;BYHOUR=9,14;COUNT=2"
    data = agenda(f"UID:a\nDTSTART:20210210T090000\n{rule}\nSUMMARY:Atelier")
    assert [(at, start) for _, at, _, _, _, start, _ in told(data)] == [
        ("2021-02-10T09:00", time(9)),
        ("2021-02-10T14:00", time(14)),
    ]


@pytest.mark.long
@pytest.mark.parametrize(
    "frequency", ["SECONDLY", "MINUTELY", "HOURLY", "DAILY;BYMINUTE=0,9,5,7,8"]
)
def test_what_comes_back_many_times_a_day_is_counted_and_not_followed(frequency):
    data = agenda(
        f"UID:x\nDTSTART:20210110T080000\nRRULE:FREQ={frequency}\nSUMMARY:Trop souvent", WEEK
    )
    assert one(data).title == "Semaine de la lecture"
    assert left_out(data) == [("revient plusieurs fois par jour", 1, ["Trop souvent"])]


@pytest.mark.long
def test_a_feed_has_a_thousand_occurrences_at_most():
    daily = [f"UID:{n}\nDTSTART;VALUE=DATE:20210110\nRRULE:FREQ=DAILY\nSUMMARY:S{n}" for n in "abc"]
    assert len(read(agenda(*daily)).items) == MAX_OCCURRENCES
    [(reason, count, _)] = left_out(agenda(*daily))
    assert (reason, count) == (TOO_MANY, 3 * 752 - MAX_OCCURRENCES)


DAY = "DTSTART;VALUE=DATE:20210210"


def test_nothing_vanishes_without_a_word():
    data = agenda(
        f"{DAY}\nSUMMARY:Sans UID",
        f"UID:deux\n{DAY}\nSUMMARY:Un",
        "UID:deux\nDTSTART;VALUE=DATE:20210211\nSUMMARY:Deux",
        "BEGIN:VTODO\nUID:todo\nDUE:20210212T170000\nSUMMARY:Envoi des productions\nEND:VTODO",
        "UID:vague\nDTSTART:bientôt\nSUMMARY:Illisible",
        "UID:rien\nSUMMARY:Sans jour",
        f"UID:muet\n{DAY}",
        f"UID:secret\n{DAY}\nSUMMARY:Entretien\nCLASS:PRIVATE",
        f"UID:a\n{DAY}\nRRULE:FREQ=PARFOIS\nSUMMARY:Parfois",
        "UID:loin\nDTSTART;VALUE=DATE:20300210\nSUMMARY:Loin",
        f"UID:encore\n{DAY}\nSUMMARY:Sans UID",
        f"BEGIN:VJOURNAL\nUID:note\n{DAY}\nSUMMARY:Mémo\nEND:VJOURNAL",
    )
    assert [entry[:4] for entry in told(data)] == [
        ("deux", "2021-02-10", "Un", date(2021, 2, 10)),
        ("encore", None, "Sans UID", date(2021, 2, 10)),
        ("deux", "2021-02-11", "Deux", date(2021, 2, 11)),
        ("todo", None, "Envoi des productions", None),
    ]
    assert sorted(left_out(data)) == [
        ("dans plus de 24 mois", 1, ["Loin"]),
        ("date illisible", 1, ["Illisible"]),
        ("en double", 1, ["Sans UID"]),
        ("privée", 1, []),
        ("répétition illisible", 1, ["Parfois"]),
        ("sans date", 1, ["Sans jour"]),
        ("sans titre", 1, []),
        ("simple note", 1, ["Mémo"]),
    ]
    todo = read(data).items[Identity("todo")]
    assert (todo.kind, todo.step, todo.end_time) == (ItemKind.DEADLINE, Step.SUBMISSION, time(17))


def test_the_last_day_of_a_rule_of_hours_counts():
    data = agenda(
        "UID:a\nDTSTART;TZID=Europe/Paris:20210201T090000\nRRULE:FREQ=WEEKLY;UNTIL=20210208\n"
        "SUMMARY:Atelier"
    )
    assert [at for _, at, *_ in told(data)] == ["2021-02-01T09:00", "2021-02-08T09:00"]


def test_a_recurrence_id_in_utc_names_the_same_occurrence():
    data = agenda(
        "UID:a\nDTSTART;TZID=Europe/Paris:20210201T090000\nRRULE:FREQ=WEEKLY;COUNT=2\nSUMMARY:S",
        "UID:a\nRECURRENCE-ID:20210208T080000Z\nDTSTART;TZID=Europe/Paris:20210208T140000\n"
        "SUMMARY:S",
    )
    assert [(at, start) for _, at, *_, start, _ in told(data)] == [
        ("2021-02-01T09:00", time(9)),
        ("2021-02-08T09:00", time(14)),
    ]


def test_of_two_versions_the_later_one_counts():
    event = f"UID:a\n{DAY}\nSUMMARY:"
    data = agenda(f"{event}Nouveau\nSEQUENCE:2", f"{event}Ancien\nSEQUENCE:1")
    assert one(data).title == "Nouveau"


# -- dialects --------------------------------------------------------------------------------------


def test_hours_are_on_the_clock_of_those_whom_it_is_for():
    floating = agenda("UID:a\nDTSTART:20210210T090000\nSUMMARY:S")
    utc = agenda("UID:a\nDTSTART:20210210T090000Z\nSUMMARY:S")
    named = "X-WR-TIMEZONE:America/Martinique\r\n"
    of_martinique = agenda("UID:a\nDTSTART:20210210T090000\nSUMMARY:S", head=named)
    found = [
        (item.start_time, item.time_zone)
        for data in (floating, utc, of_martinique)
        for item in (one(data, zone="Indian/Reunion"),)
    ]
    assert found == [
        (time(9), None),
        (time(13), None),
        (time(9), "America/Martinique"),
    ]


def test_from_midnight_to_midnight_is_whole_days():
    item = one(agenda("UID:a\nDTSTART:20210210T000000\nDTEND:20210212T000000\nSUMMARY:S"))
    assert (item.first_day, item.last_day) == (date(2021, 2, 10), date(2021, 2, 11))
    assert (item.start_time, item.end_time, item.time_zone) == (None, None, None)


def test_signs_that_are_written_for_the_web_are_read():
    item = one(agenda(f"UID:a\n{DAY}\nSUMMARY:L&rsquo;atelier &amp; nous\nLOCATION:H&ocirc;tel"))
    assert (item.title, item.place) == ("L’atelier & nous", "Hôtel")


def test_several_calendars_of_one_file_latin_1_and_html():
    both = agenda(f"UID:a\n{DAY}\nSUMMARY:Fête") + agenda(
        "UID:b\nDTSTART;VALUE=DATE:20210211\nSUMMARY:École\nDESCRIPTION:<p>Pour <b>tous</b></p>"
    )
    items = read(both.decode().encode("latin-1")).items
    assert [item.title for item in items.values()] == ["Fête", "École"]
    assert items[Identity("b")].sentence == "Pour tous"
    with pytest.raises(UnreadableLetterError, match="endommag"):
        read(both[:-40])


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


@pytest.mark.parametrize(("feed", "uid"), [(ATOM, "urn:1"), (RSS, "1")])
def test_what_news_announce_is_read_as_in_a_letter(feed, uid):
    [(identity, item)] = read(feed.encode()).items.items()
    assert (identity, item.kind, item.step, item.last_day) == (
        (uid, "#0"),
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


@pytest.mark.parametrize(
    "change",
    [
        lambda feed: f"\n \n{feed}",
        lambda feed: feed.replace("Inscrivez", "\x0bInscrivez"),
        lambda feed: feed.replace("</title><link>", " &eacute; &</title><link>"),
        lambda feed: f'<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://n.example/">{feed}',
        lambda feed: f'<?xml version="1.0" encoding="iso-8859-1"?>{feed}'.encode("latin-1"),
        lambda feed: f'<?xml version="1.0" encoding="utf-8"?>{feed}'.encode("latin-1"),
        lambda feed: f'<?xml version="1.0" encoding="utf-16"?>{feed}'.encode("utf-16"),
        lambda feed: feed.encode().replace(b"</p>", b" \xc9t\xe9</p>"),
        lambda feed: f"Notice: Undefined index in feed.php\n{feed}",
        lambda feed: f"<br />\n<b>Warning</b>: cache\n{feed}",
        lambda feed: f"{feed}\n<script>var t = 1;</script>",
        lambda feed: feed.replace("</item>", ""),
    ],
    ids="blank-lines control entities doctype latin-1 latin-1-said-utf-8 utf-16 two-charsets notice"
    " warning behind no-end-of-item".split(),
)
def test_news_that_are_not_quite_well_formed_are_read(change):
    [(_, day, title)] = news(change(RSS))
    assert day == "2021-02-05"
    assert title.startswith("Concours « Mon école en podcast »")


@pytest.mark.parametrize("told", ["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 02 Jan 2031 09:00:00 GMT"])
def test_an_entry_that_says_an_impossible_instant_has_no_date_of_its_own(told):
    [(_, day, _)] = news(RSS.replace("Sat, 02 Jan 2021 10:00:00 +0100", told))
    assert day == "2021-02-05"


def test_two_entries_of_one_id_are_two():
    item = RSS[RSS.index("<item>") : RSS.index("</channel>")]
    second = item.replace("Mon école", "Notre école").replace("5 février", "9 février")
    found = news(RSS.replace("</channel>", f"{second}{item}</channel>"))
    assert [day for _, day, _ in found] == ["2021-02-05", "2021-02-09"]
    assert len({uid for uid, *_ in found}) == 2
    newer = item.replace("Mon école", "Une école").replace("5 février", "8 février")
    both = RSS.replace("</channel>", f"{second}</channel>")
    assert set(news(both.replace("<item>", f"{newer}<item>", 1))) > set(news(both))


@pytest.mark.parametrize("alone", [False, True])
def test_an_entry_without_a_date_keeps_the_day_on_which_it_was_seen(alone):
    undated = RSS.replace("<pubDate>Sat, 02 Jan 2021 10:00:00 +0100</pubDate>", "")
    item = undated[undated.index("<item>") : undated.index("</channel>")]
    newer = item.replace("Mon école", "Notre école")
    before = undated if alone else undated.replace(item, item + item.replace("Mon ", "Son "))
    first_seen: dict[str, str] = {}
    for day, feed in enumerate((before, before.replace(item, newer + item), before), start=4):
        given = (feed.encode(), date(2021, 1, day), KNOWLEDGE, "Europe/Paris", first_seen)
        first_seen = outside_values(given)["first_seen"]
        seen = sorted(first_seen.values())
        assert seen[: 1 if alone else 2] == ["2021-01-04"] * (1 if alone else 2)
        assert seen[1 if alone else 2 :] == ["2021-01-05"] * (day == 5)


@pytest.mark.parametrize(
    "before",
    [
        "Notice: Undefined index in ical.php\r\n",
        "<br />\n<b>Warning</b>: cache<br />\n\ufeff",
        "\r",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_words_before_an_agenda_are_no_part_of_it(before, charset):
    given = ((before + agenda(WEEK).decode()).encode(charset), TODAY, KNOWLEDGE, "Europe/Paris", {})
    found = outside_values(given)
    assert ([v["uid"] for v in found["items"]], found["is_agenda"]) == (["semaine@x"], True)


def test_captions_and_where_a_text_was_copied_from_are_no_text():
    captions = """<media:content url="a.jpg"><media:title>Le 4 mars 2021</media:title>
<media:description>Le 5 mars 2021</media:description></media:content>
<source url="https://s.example/">Journal du 6 mars 2021</source></item>"""
    figure = "<figure><img><figcaption>Finale du 8 mars 2021</figcaption></figure></p>]]>"
    spoken = RSS.replace("</item>", captions).replace("</p>]]>", figure)
    spoken = spoken.replace("<rss ", '<rss xmlns:media="http://search.yahoo.com/mrss/" ')
    assert news(spoken) == news(RSS)
    other = spoken.replace("media:", "m:").replace("xmlns:media", "xmlns:m")
    assert news(other) == news(RSS)
    press = '<div class="wp-caption x"><p class="wp-caption-text">Le 9 mars 2021</p></div><p>'
    assert news(RSS.replace("<p>", press)) == news(RSS)


def test_of_the_two_dates_of_atom_the_first_counts():
    late = ATOM.replace("<link", "<updated>2021-11-30T10:00:00Z</updated><link")
    undated = late.replace("5 février 2021", "5 février")
    assert one(undated.encode()).last_day == date(2021, 2, 5)


def test_an_entry_without_a_date_is_dated_by_when_it_was_first_seen():
    undated = RSS.replace("<pubDate>Sat, 02 Jan 2021 10:00:00 +0100</pubDate>", "").encode()
    first = read(undated)
    assert [item.last_day for item in first.items.values()] == [date(2021, 2, 5)]
    assert first.first_seen == {"1": "2021-01-04"}
    later = date(2021, 2, 8)
    again = read_outside_limited(undated, later, KNOWLEDGE, first_seen=first.first_seen)
    assert (again.items, again.first_seen) == ({}, first.first_seen)
    never_seen = read_outside_limited(undated, date(2021, 4, 20), KNOWLEDGE)
    assert never_seen.items == {}
    assert [part["reason"] for part in never_seen.left_out] == [NO_YEAR]


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
        (b"<html><body>non</body></html>", "montre une page web"),
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
    found = OutsideReading({})
    with suppress(UnreadableLetterError):
        found = read(agenda(event, WEEK))
    assert len(found.items) <= MAX_OCCURRENCES
    for item in found.items.values():
        assert len(item.title) <= 160
        assert (item.first_day or item.last_day) <= item.last_day


@pytest.mark.long
def test_a_huge_agenda_ends_within_its_limits():
    event = "UID:{}\nDTSTART;VALUE=DATE:20210110\nRRULE:FREQ=DAILY\nSUMMARY:S"
    data = agenda(*(event.format(n) for n in range(scaled(20_000))))
    with pytest.raises(UnreadableLetterError):
        read(data)


def test_what_a_child_answers_is_made_of_json():
    values = outside_values((agenda(WEEK), TODAY, KNOWLEDGE, "Europe/Paris", {}))
    assert [(v["uid"], v["recurrence"]) for v in values["items"]] == [("semaine@x", None)]
