"""Delivery reports become values; any other message is skipped, however odd or hostile."""

from __future__ import annotations

import base64
import contextlib
import os
import quopri
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.reminders.bounces import MAX_BYTES, Bounce, bounces_of, read_bounces
from calendar_app.reminders.mail.smtp_session import TransportError
from calendar_app.words.errors import CalendarError

ORIGINAL = """\
Received: by relais.ac-exemple.fr (Postfix)
Message-ID: <rappel-7@calendrier.example>
Subject: Rappel
From: calendrier@ac-exemple.fr

"""

REPORT = """\
Return-Path: <>
Date: Tue, 24 Nov 2026 07:31:02 +0100 (CET)
From: MAILER-DAEMON@relais.ac-exemple.fr (Mail Delivery System)
To: ne-pas-repondre@calendrier.example
Message-Id: <20261124063102.1A2B3@relais.ac-exemple.fr>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="1A2B3.16/relais"

This is a MIME-encapsulated message.

--1A2B3.16/relais
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry.

Final-Recipient: rfc822; nobody@texte.example

--1A2B3.16/relais
Content-Description: Delivery report
Content-Type: message/delivery-status

{groups}
--1A2B3.16/relais
Content-Description: Undelivered Message
Content-Type: {kind}

{original}
--1A2B3.16/relais--
"""

MAIL = """\
Reporting-MTA: dns; relais.ac-exemple.fr
X-Postfix-Sender: rfc822; ne-pas-repondre@calendrier.example
Arrival-Date: Tue, 24 Nov 2026 07:31:00 +0100 (CET)
"""

UNKNOWN = """\
Final-Recipient: rfc822; Eleve@ac-exemple.fr
Original-Recipient: rfc822;eleve@ac-exemple.fr
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.ac-exemple.fr
Diagnostic-Code: smtp; 550 5.1.1 <eleve@ac-exemple.fr>: Recipient address
    rejected: User unknown
"""

FULL = """\
Final-Recipient: rfc822; prof@ac-exemple.fr
Action: failed
Status: 5.2.2
"""

#: What qmail writes, with the mail that it returns (http://cr.yp.to/proto/qsbmf.txt).
QMAIL = """\
Hi. This is the qmail-send program at mx.ac-exemple.fr.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<Eleve@ac-exemple.fr>:
Sorry, no mailbox here by that name. (#5.1.1)

<prof@ac-exemple.fr>:
The mailbox is over its quota. (#5.2.2)

--- Below this line is a copy of the message.

Return-Path: <ne-pas-repondre@calendrier.example>
Received: (qmail 12 invoked from network); 24 Nov 2026 06:31:00 -0000
Message-ID: <rappel-7@calendrier.example>
To: eleve@ac-exemple.fr
Subject: Rappel

Bonjour
"""

ELEVE = Bounce(
    "<rappel-7@calendrier.example>",
    "eleve@ac-exemple.fr",
    "failed",
    "5.1.1",
    "550 5.1.1 <…>: Recipient address rejected: User unknown",
)
PROF = Bounce("<rappel-7@calendrier.example>", "prof@ac-exemple.fr", "failed", "5.2.2", "")

ORDINARY = """\
Date: Tue, 24 Nov 2026 07:31:02 +0100
From: Alice <alice@ac-exemple.fr>
Subject: Absence
Content-Type: text/plain; charset=utf-8

Je suis absente.
Final-Recipient: rfc822; alice@ac-exemple.fr
Action: failed
Status: 5.1.1
"""


def report(*groups: str, kind: str = "message/rfc822", original: str = ORIGINAL) -> str:
    text = "\n".join((MAIL, *(groups or (UNKNOWN,))))
    return REPORT.format(groups=text, kind=kind, original=original)


def of(text: str | bytes) -> list[Bounce]:
    return list(bounces_of(text.encode() if isinstance(text, str) else text))


def group(**fields: str) -> str:
    given = {"final_recipient": "rfc822; a@b.fr", "action": "failed", "status": "5.1.1"} | fields
    return "".join(f"{n.replace('_', '-').title()}: {v}\n" for n, v in given.items() if v)


def test_a_report_says_which_mail_to_whom_and_why():
    assert of(report()) == [ELEVE]
    assert of(report().replace("\n", "\r\n")) == [ELEVE]
    assert of(report().rpartition("\n--1A")[0].rstrip("\n")) == [ELEVE]


def test_a_report_of_several_recipients():
    assert of(report(UNKNOWN, FULL)) == [ELEVE, PROF]
    # Some servers write blanks in the line between, and two of them.
    assert of(report(UNKNOWN + " \t", "", FULL)) == [ELEVE, PROF]


@pytest.mark.parametrize(
    "kind", ["Message/RFC822", "text/rfc822-headers; charset=utf-8", "message/global-headers"]
)
def test_the_mail_comes_back_whole_or_as_headers(kind):
    assert of(report(kind=kind)) == [ELEVE]


@pytest.mark.parametrize("original", ["", "Subject: x\n", "Message-ID: none\n", "\n<a@b>\n"])
def test_a_mail_that_is_not_returned_is_not_known(original):
    assert of(report(original=original)) == [Bounce(None, *list(vars(ELEVE).values())[1:])]


def from_a_server(*header: str, text: str) -> str:
    first = ["Return-Path: <>", "From: Mail Delivery System <mailer-daemon@mx.ac-exemple.fr>"]
    return "\n".join([*first, *header, "", text])


def known(bounces: list[Bounce]) -> list[tuple[str | None, str, bool]]:
    return [(bounce.message_id, bounce.recipient, bounce.is_permanent) for bounce in bounces]


def test_a_report_in_plain_text():
    """qmail gives a reason for each address, and returns the mail below a separator line."""
    ours = "<rappel-7@calendrier.example>"
    assert known(of(from_a_server("Subject: failure notice", text=QMAIL))) == [
        (ours, "eleve@ac-exemple.fr", True),
        (ours, "prof@ac-exemple.fr", False),
    ]
    alone = QMAIL.partition("--- Below")[0]
    assert known(of(from_a_server(text=alone)))[0] == (None, "eleve@ac-exemple.fr", True)


@pytest.mark.parametrize(
    ("said", "stops"),
    [
        ("550 5.1.1 User unknown", True),
        ("550 No such user here", True),
        ("550 <eleve@ac-exemple.fr>: Recipient address rejected: User unknown in table", True),
        ("550 Utilisateur inconnu", True),
        ("550 could not be successfully delivered: user unknown", True),
        ("550 Cette boîte n'existe plus", True),
        ("554 delivery error: dd This user doesn't have a ac-exemple.fr account", False),
        ("552 Mailbox full: user unknown to have so many mails", False),
        ("550 5.7.1 User unknown or message refused by policy", False),
        ("550 blocked: unknown user or spam", False),
        ("451 try later", False),
        ("Unrouteable address", False),
        ("550 Unrouteable address", True),
    ],
)
def test_a_server_that_gives_no_code_is_read_by_its_words(said, stops):
    """Exim names the address in a header, and quotes the other server's answer in the text."""
    text = f"""\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  eleve@ac-exemple.fr
    host mx.ac-exemple.fr [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<eleve@ac-exemple.fr>:
    {said}
"""
    message = from_a_server("X-Failed-Recipients: eleve@ac-exemple.fr", text=text)
    assert known(of(message)) == [(None, "eleve@ac-exemple.fr", stops)]
    # In its report of several parts, Exim gives the code 5.0.0, which says nothing.
    assert [
        bounce.is_permanent
        for bounce in of(
            report(
                group(
                    final_recipient="rfc822;eleve@ac-exemple.fr",
                    status="5.0.0",
                    diagnostic_code=f"smtp; {said}",
                )
            )
        )
    ] == [stops]


@pytest.mark.parametrize(
    "header",
    [
        "X-Original-Message-ID: <rappel-7@calendrier.example>",
        "In-Reply-To: <rappel-7@calendrier.example>",
    ],
)
def test_the_mail_is_known_by_the_header_of_its_report(header):
    message = header + "\n" + report(original="").replace("Message-ID", "X-Lost")
    assert of(message) == [ELEVE]


def test_the_mail_is_known_by_its_report():
    """Gmail returns no headers; it writes the Message-ID in the report's per-message fields."""
    ours = "X-Original-Message-ID: <rappel-7@calendrier.example>\n"
    text = report(original="").replace("Reporting-MTA", f"{ours}Reporting-MTA")
    assert of(text) == [ELEVE]


def test_a_report_that_says_mixed_is_one():
    assert of(report().replace("multipart/report", "multipart/mixed")) == [ELEVE]
    person = report().replace("MAILER-DAEMON", "alice").replace("Return-Path: <>\n", "")
    assert of(person) == [ELEVE]
    assert of(person.replace("multipart/report", "multipart/mixed")) == []


def test_opensmtpd_says_error():
    assert of(report(group(action="error")))[0].is_permanent


def test_a_report_inside_another_multipart_is_one():
    """A server on the way added a footer."""
    header, body = report().split("\n\n", 1)
    inner = header[header.index("Content-Type:") :]
    wrapped = (
        f"From: a@b.fr\nContent-Type: multipart/mixed; boundary=x\n\n--x\n{inner}\n\n{body}"
        "\n--x\nContent-Type: text/plain\n\nBonne journée\n--x--\n"
    )
    assert of(wrapped) == [ELEVE]


@pytest.mark.parametrize(
    "message",
    [
        ORDINARY,
        # A colleague who forwards a report has not bounced.
        "From: a@b.fr\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        f"Content-Type: message/rfc822\n\n{report()}\n--x--\n",
        # A colleague who quotes a report has not bounced either.
        f"From: a@b.fr\nSubject: Tr\nContent-Type: text/plain\n\n{QMAIL}",
        report().replace("message/delivery-status", "text/plain"),
        report().replace("boundary=", "border="),
        report().replace("-Recipient: rfc822;", "-Recipient: x400;").replace("@ac-ex", "/ac-ex"),
        report().partition("Content-Description: Delivery")[0],
        "",
    ],
)
def test_what_is_no_report_is_skipped(message):
    assert of(message) == []


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ({"final_recipient": "RFC822;A@B.fr"}, "a@b.fr"),
        ({"final_recipient": "rfc822; <a@b.fr>"}, "a@b.fr"),
        ({"final_recipient": "a@b.fr"}, "a@b.fr"),
        # The recipient forwards the mail to another address, which does not concern us.
        ({"original_recipient": "rfc822;c@d.fr"}, "c@d.fr"),
        ({"original_recipient": "unknown"}, "a@b.fr"),
    ],
)
def test_the_recipient_is_as_we_wrote_it(fields, recipient):
    assert [bounce.recipient for bounce in of(report(group(**fields)))] == [recipient]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "5.1.1 (bad destination)"}, "5.1.1"),
        ({"status": "5.0.0", "diagnostic_code": "smtp; 550 5.1.1 unknown"}, "5.1.1"),
        ({"status": "5.0.0", "diagnostic_code": "smtp; 550 unknown at 5.1.1.7"}, "5.0.0"),
        ({"status": "5.0.0", "diagnostic_code": "smtp; 450 4.2.1 busy"}, "5.0.0"),
        ({"status": "5.2.2", "diagnostic_code": "smtp; 550 5.1.1 unknown"}, "5.2.2"),
        ({"status": "", "diagnostic_code": "smtp; 550 5.1.1 unknown"}, "5.1.1"),
        ({"status": ""}, ""),
        ({"status": "failed"}, ""),
    ],
)
def test_the_status_is_the_most_precise_that_is_said(fields, status):
    assert [bounce.status for bounce in of(report(group(**fields)))] == [status]


ABOUT_THE_ADDRESS = ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1"]
ABOUT_ANYTHING_ELSE = (
    "5.0.0 5.1.5 5.1.7 5.1.8 5.1.9 5.2.0 5.2.2 5.2.3 5.2.4 5.3.4 5.4.4 5.4.7 5.5.0 5.6.1 5.7.1"
    " 4.1.1 4.2.1 2.1.5"
).split()


def test_only_what_is_about_the_address_stops_it():
    for status in [*ABOUT_THE_ADDRESS, *ABOUT_ANYTHING_ELSE, ""]:
        stops = status in ABOUT_THE_ADDRESS
        assert Bounce(None, "a@b.fr", "failed", status, "").is_permanent == stops
        for action in ("delayed", "delivered", "relayed", "expanded", ""):
            assert not Bounce(None, "a@b.fr", action, status, "").is_permanent
        # A server that refuses at once is judged by the same rule.
        error = TransportError("rcpt", "", code=550, status=status, permanent=True)
        assert error.refuses_address == stops


def test_a_diagnostic_is_a_short_line_without_addresses():
    said = f"smtp; 550 no a@b.fr mailto:%61%40b.fr {'x' * 300}"
    [bounce] = of(report(group(diagnostic_code=said)))
    assert bounce.diagnostic == f"550 no … mailto:… {'x' * 300}"[:200]


@pytest.mark.parametrize(
    ("encoding", "encode", "bounces"),
    [
        ("base64", base64.encodebytes, [ELEVE]),
        ("Quoted-Printable", quopri.encodestring, [ELEVE]),
        ("8bit", bytes, [ELEVE]),
        ("base64", lambda plain: b"A", []),
    ],
)
def test_an_encoded_report_is_decoded(encoding, encode, bounces):
    """RFC 6533 allows a transfer encoding for a report in UTF-8."""
    plain = "\n".join((MAIL, UNKNOWN)).encode()
    head, tail = report().encode().split(b"\n" + plain)
    assert (
        of(
            b"%s\nContent-Transfer-Encoding: %s\n\n%s"
            % (head.removesuffix(b"\n"), encoding.encode(), encode(plain) + tail)
        )
        == bounces
    )


# Mailboxes


def test_a_message_an_mbox_and_a_maildir_say_the_same(tmp_path):
    eml, mbox, maildir = tmp_path / "un.eml", tmp_path / "mbox", tmp_path / "maildir"
    eml.write_text(report())
    envelope = "From MAILER-DAEMON Tue Nov 24 07:31:02 2026\n"
    body = "\n\n>From ici\nFrom là, sans ligne vide\n"
    mbox.write_text(f"{envelope}{ORDINARY}{body}\n{envelope}{report()}\n{envelope}{report(FULL)}")
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    (maildir / "new" / "1.prof").write_text(report(FULL))
    (maildir / "cur" / "2.eleve:2,S").write_text(report())
    (maildir / "cur" / "1.alice").write_text(ORDINARY)
    (maildir / "cur" / ".hidden").write_text(report())
    (maildir / "cur" / "folder").mkdir()
    (maildir / "tmp" / "half").write_text(report())
    assert list(read_bounces(eml)) == [ELEVE]
    assert list(read_bounces(mbox)) == [ELEVE, PROF]
    assert list(read_bounces(maildir)) == [ELEVE, PROF]


def test_an_mbox_of_another_system(tmp_path):
    path = tmp_path / "mbox"
    text = f"From a\n{report()}\nFrom b\n{report(FULL)}"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert list(read_bounces(path)) == [ELEVE, PROF]


def test_an_empty_mailbox_says_nothing(tmp_path):
    (tmp_path / "mbox").touch()
    (tmp_path / "maildir" / "new").mkdir(parents=True)
    assert list(read_bounces(tmp_path / "mbox")) == []
    assert list(read_bounces(tmp_path / "maildir")) == []


def test_a_message_that_is_too_large_is_skipped(tmp_path):
    large = report(original=ORIGINAL + "x" * MAX_BYTES)
    lines = report(original=ORIGINAL + "x\n" * (MAX_BYTES // 2))
    (tmp_path / "eml").write_text(large)
    (tmp_path / "mbox").write_text(f"From a\n{large}\nFrom b\n{lines}\nFrom c\n{report()}")
    (tmp_path / "maildir" / "cur").mkdir(parents=True)
    (tmp_path / "maildir" / "cur" / "1").write_text(large)
    assert list(read_bounces(tmp_path / "eml")) == []
    assert list(read_bounces(tmp_path / "mbox")) == [ELEVE]
    assert list(read_bounces(tmp_path / "maildir")) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04", "Le fichier « {} » n'est ni un message (.eml) ni une boîte mbox."),
        (b"date: 2021\n", "Le fichier « {} » n'est ni un message (.eml) ni une boîte mbox."),
        (b"\n\n", "Le fichier « {} » n'est ni un message (.eml) ni une boîte mbox."),
        ("folder", "Le dossier « {} » n'est pas une boîte Maildir : il n'a ni « cur » ni « new »."),
    ],
)
def test_a_file_of_another_kind_is_named(content, sentence, tmp_path):
    path = tmp_path / "courrier"
    if content == "folder":
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(CalendarError) as caught:
        list(read_bounces(path))
    assert str(caught.value) == sentence.format(path)


def test_a_file_that_is_not_there_is_the_callers(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read_bounces(tmp_path / "courrier"))


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CalendarError, match="n'est ni un fichier ni un dossier"):
        list(read_bounces(tmp_path / "pipe"))


# Hostile messages


def nested(levels: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(levels)
    )


HOSTILE = {
    "nested": nested(15_000),
    "many parts": b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n" * 250_000,
    "the same boundary": b"Content-Type: multipart/report; boundary=b\n\n--b\n" * 20_000,
    "semicolons": b'Content-Type: multipart/report; boundary="' + b";" * 1_000_000,
    "a folded header": b"From: a\n" + b" x\n" * 340_000,
    "one header": b"Subject: " + b"x" * 1_000_000,
    "many headers": b"A: b\n" * 200_000,
    "blank lines": report().encode().replace(b"Action", b"\n" * 1_000_000 + b"Action"),
    "blanks": report().encode().replace(b"Action", b" \n" * 500_000 + b"Action"),
    "a long word": report(group(diagnostic_code="smtp; " + "x" * 1_000_000)).encode(),
    "long words": report(*[group(diagnostic_code="x" * 2000)] * 480).encode(),
    "many recipients": report(*["Final-Recipient: a@b\n"] * 45_000).encode(),
    "an open quote": b'Content-Type: multipart/report; boundary="b\n\n--b\n' * 20_000,
    "no newline": b"Content-Type: multipart/report; boundary=b",
}


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_over_soon(name):
    started = time.process_time()
    list(bounces_of(HOSTILE[name]))
    assert time.process_time() - started < 5


@given(st.binary(max_size=400), st.integers(0, len(report())), st.integers(0, 60))
def test_a_damaged_report_ends_well(noise, place, cut):
    text = report(UNKNOWN, FULL).encode()
    for bounce in bounces_of(text[:place] + noise + text[place + cut :]):
        assert "@" in bounce.recipient
        assert "\n" not in bounce.diagnostic
        assert len(bounce.diagnostic) <= 200


@given(st.binary(max_size=2000))
def test_any_file_ends_well(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "courrier"
    path.write_bytes(content)
    with contextlib.suppress(CalendarError):
        assert list(read_bounces(path)) == []
