"""Hostile and damaged files, read as the service reads them: each gives a text or a refusal."""

from __future__ import annotations

import base64
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.letters import limited_process
from calendar_app.letters.formats import text as letter_text
from calendar_app.letters.formats.letter_text import LetterForm, LetterText
from calendar_app.letters.formats.text import read_text_limited, text_values
from calendar_app.letters.limited_process import OverLimitError, run_limited
from calendar_app.words.errors import UnreadableLetterError
from tests import hostile_files as files
from tests.letters import test_letter_formats as formats
from tests.tools import CAMPAIGN, scaled

#: Each test starts processes that run for one or two seconds.
pytestmark = pytest.mark.long

DAMAGED = (
    "Ce fichier est endommagé ou incomplet. Ouvrez-le, enregistrez-le de nouveau "
    "(au format PDF par exemple), puis redonnez-le."
)
DEFINITIONS = (
    "Ce document contient des définitions qu'aucun traitement de texte n'écrit : il n'est pas lu. "
    "Enregistrez-le au format PDF, puis redonnez-le."
)
TOO_LARGE = (
    "Ce document est beaucoup trop volumineux une fois décompressé. "
    "Enregistrez-le au format PDF, puis redonnez-le."
)
COMPLICATED = (
    "Ce PDF est trop compliqué pour une lettre. Enregistrez-le de nouveau en PDF, ou donnez "
    "la lettre dans un autre format."
)
MUCH_TIME = (
    "La lecture de ce fichier demande trop de temps. "
    "Donnez la lettre dans un autre format, ou seulement les pages utiles."
)
MUCH_MEMORY = (
    "La lecture de ce fichier demande trop de mémoire. "
    "Donnez la lettre dans un autre format, ou seulement les pages utiles."
)
NESTED_MAIL = (
    "Les parties de ce courriel sont emboîtées trop profondément. Copiez le texte de la lettre."
)
HEAD = b"From: a@exemple.fr\r\nMIME-Version: 1.0\r\n"


@pytest.fixture(autouse=True, scope="module")
def _without_clock():
    """Let only processor time end a process that reads, so that a busy machine changes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limited_process, "PATIENCE", 1000)
        yield


def outcome(data: bytes) -> LetterText | str:
    """Return the text of a letter, or the sentence that refuses the letter."""
    try:
        return read_text_limited(data)
    except UnreadableLetterError as error:
        return str(error)


def check(ended: LetterText | str) -> None:
    """Check that a text or a refusal may be shown to an editor."""
    if isinstance(ended, str):
        assert ended.endswith(".")
        assert ended[0].isupper()
        assert not {"Traceback", "Error", "None", "File "} & {*ended.split()}
    else:
        assert ended.text.encode().strip()


@pytest.fixture(autouse=True)
def _nothing_unforeseen(caplog):
    """``limited_process`` logs unexpected errors of a reader; no file may cause such an error."""
    caplog.set_level(logging.WARNING)
    yield
    assert caplog.messages == []


@pytest.mark.parametrize("make", [files.docx, files.odt])
def test_a_zip_bomb_is_not_unzipped(make):
    bomb = make(" " * 64 * 2**20)
    assert len(bomb) < 100_000
    assert outcome(bomb) == TOO_LARGE


def test_a_bomb_beside_the_document_is_not_touched():
    body = "<w:p><w:r><w:t>le 3 mai</w:t></w:r></w:p>"
    parts = {"word/document.xml": f"<w:document {files.W}>{body}</w:document>"}
    bomb = files.zipped(parts | {"word/media/image1.png": b"\0" * 200_000_000})
    assert outcome(bomb) == LetterText("le 3 mai", LetterForm.DOCX, None)


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
ENTITY_BOMB = f'<!DOCTYPE a [<!ENTITY e0 "lol">{ENTITIES}]><a>&e11;</a>'
OUTER_ENTITY = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'


@pytest.mark.parametrize("text", [ENTITY_BOMB, OUTER_ENTITY])
def test_entities_are_refused(text):
    assert outcome(files.zipped({"word/document.xml": text})) == DEFINITIONS
    mimetype = "application/vnd.oasis.opendocument.text"
    assert outcome(files.zipped({"mimetype": mimetype, "content.xml": text})) == DEFINITIONS


DEEP = 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"<html>" + b"<div>" * DEEP + b"mot",
        b"<html>" + b"<b><i>" * DEEP + b"mot" + b"</p>" * DEEP,
        b"<html>" + b"<table><tr><td>" * DEEP + b"mot",
        b"<html>" + b"<ul><li>" * DEEP + b"mot",
        files.docx(f"{'<w:sdt>' * DEEP}<w:p><w:r><w:t>mot</w:t></w:r></w:p>{'</w:sdt>' * DEEP}"),
        files.docx(f"{'<w:tbl><w:tr><w:tc>' * DEEP}<w:p><w:r><w:t>mot</w:t></w:r></w:p>"
                   f"{'</w:tc></w:tr></w:tbl>' * DEEP}"),
        files.odt(f"<text:p>{'<text:span>' * DEEP}mot{'</text:span>' * DEEP}</text:p>"),
    ],
    ids=["div", "inline", "tables", "lists", "docx", "docx tables", "odt"],
)  # fmt: skip
def test_a_hundred_thousand_nested_elements_are_read(data):
    letter = outcome(data)
    assert isinstance(letter, LetterText), letter
    assert letter.text.strip("-* ") == "mot"


def page_tree(kids: str, *more: str) -> bytes:
    return files.pdf(["<</Type /Catalog /Pages 2 0 R>>", f"<</Type /Pages /Kids [{kids}]>>", *more])


# Made by the test that reads them: they take two seconds, and each worker imports this file.
@pytest.mark.parametrize(
    ("make", "sentences"),
    [
        (lambda: page_tree("2 0 R"), {DAMAGED, COMPLICATED}),
        (
            lambda: page_tree("3 0 R", "<</Type /Pages /Kids [2 0 R 3 0 R]>>"),
            {DAMAGED, COMPLICATED},
        ),
        (lambda: files.pdf_pages(b" " * 200_000_000), {COMPLICATED, MUCH_MEMORY}),
        (lambda: files.pdf_pages(b"q " * 20_000_000), {COMPLICATED, MUCH_MEMORY}),
        (
            lambda: files.pdf_pages(b"BT (" + b"a" * 50_000_000 + b") Tj ET"),
            {COMPLICATED, MUCH_MEMORY},
        ),
        (files.slow_pdf, {COMPLICATED, MUCH_MEMORY}),
    ],
    ids=["loop", "longer loop", "spaces", "operators", "text", "slow"],
)
def test_a_pdf_that_loops_or_swells_is_refused(make, sentences, request, monkeypatch):
    data = make()
    assert len(data) < 250_000
    if not CAMPAIGN and "slow" not in request.node.name:  # one case keeps the real limit
        monkeypatch.setattr(letter_text, "run_limited", partial(run_limited, seconds=3))
    assert outcome(data) in {*sentences, MUCH_TIME}


def test_forms_in_forms_end():
    letter = outcome(files.pdf_of_forms())
    assert letter in (COMPLICATED, DAMAGED) or set(letter.text) <= {"a", "\n", " "}


def nested_mail(depth: int) -> bytes:
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return HEAD + heads + b"\r\nmot"


def forwarded_mail(depth: int) -> bytes:
    return (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * depth + HEAD + b"\r\nmot"


def encoded_mail(depth: int) -> bytes:
    data = HEAD + b"\r\nmot"
    for _ in range(depth):
        encoded = base64.encodebytes(data)
        data = HEAD + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        data += encoded
    return data


@pytest.mark.parametrize(
    ("data", "endings"),
    [
        (nested_mail(5), {"mot"}),
        (nested_mail(100), {NESTED_MAIL}),
        (nested_mail(5000), {NESTED_MAIL, DAMAGED}),
        (forwarded_mail(5), {"mot"}),
        (forwarded_mail(5000), {DAMAGED}),
        (HEAD + b"Subject: " + b"=?utf-8?q?=" * 100_000 + b"\r\n\r\nmot", None),
        (HEAD + b"Subject: " + b"=?utf-8?b?w6k=?= " * 100_000 + b"\r\n\r\nmot", None),
        (HEAD + b"Content-Type: multipart/mixed; " + b";" * 30_000 + b"\r\n\r\nmot", {"mot"}),
        (HEAD + b"Content-Type: text/plain; charset=" + b"a" * 1_000_000 + b"\r\n\r\nmot", {"mot"}),
        (HEAD + b"X: y\r\n" * 200_000 + b"\r\nmot", {"mot"}),
        (HEAD + b"Date: " + b"(" * 500_000 + b"\r\n\r\nmot", {"mot"}),
        (HEAD + b"Content-Type: text/html\r\n\r\n" + b"<b>" * 500_000 + b"mot", {"**mot**"}),
    ],
    ids=range(12),
)
def test_a_mail_of_nonsense(data, endings):
    ended = outcome(data)
    check(ended)
    said = ended if isinstance(ended, str) else ended.text
    assert said in endings if endings else said.endswith("\n\nmot")


def test_what_takes_too_long_is_stopped():
    """The time of the standard library's mail parser is quadratic in the parameters of a header."""
    data = HEAD + b"Content-Type: multipart/mixed; " + b";" * 2_000_000 + b"\r\n\r\nmot"
    with pytest.raises(OverLimitError) as caught:
        run_limited(text_values, data, seconds=1)
    assert str(caught.value).startswith("La lecture de ce fichier demande trop de temps")


LETTERS = {
    "pdf": formats.PDF,
    "docx": formats.DOCX,
    "odt": formats.ODT,
    "html": formats.NEWSLETTER.encode(),
    "eml": formats.with_letter("Ci-joint.", formats.PDF).as_bytes(),
}


@pytest.mark.parametrize("name", LETTERS)
def test_a_file_that_is_cut_short(name):
    data = LETTERS[name]
    step = 1 if CAMPAIGN else 2
    cuts = [data[: len(data) * twentieth // 20] for twentieth in range(0, 21, step)]
    with ThreadPoolExecutor(4) as threads:
        ended = [*threads.map(outcome, cuts)]
    for one in ended:
        check(one)
    assert isinstance(ended[-1], LetterText)
    assert isinstance(ended[0], str)


BYTES = st.binary(max_size=300)
STARTS = st.sampled_from(
    [b"%PDF-1.7\n", b"PK\x03\x04", b"From: a\nDate: b\n\n", b"<html>", b"\xff\xfe", b"\xef\xbb\xbf"]
)


@settings(max_examples=scaled(1000, 50))
@given(st.builds(lambda start, data: start + data, STARTS | st.just(b""), BYTES))
def test_any_bytes(data):
    check(outcome(data))


@settings(max_examples=scaled(1000, 50))
@given(
    st.sampled_from([*LETTERS]),
    st.lists(
        st.tuples(st.integers(0, 2**16), st.integers(0, 40), st.binary(max_size=8)),
        min_size=1,
        max_size=6,
    ),
)
def test_a_letter_with_some_bytes_changed(name, changes):
    data = LETTERS[name]
    for place, length, other in changes:
        place %= len(data)
        data = data[:place] + other + data[place + length :]
    check(outcome(data))
