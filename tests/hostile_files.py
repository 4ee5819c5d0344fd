"""Files in the formats of letters, built with the standard library, and hostile functions.

The functions at the end run in a child process with limits (``letters/limited_process.py``). The
child process imports this module, so this module must import little.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import sys
import time
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from calendar_app.words.errors import CalendarError

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
ODF = " ".join(
    f'xmlns:{prefix}="{_ODF}{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "text": "text",
        "table": "table",
        "style": "style",
        "draw": "drawing",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
    }.items()
)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def docx(body: str, styles: str = "", relations: str = "") -> bytes:
    """Return a Word document with this XML in its ``w:body``, ``w:styles`` and relations."""
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<?xml version="1.0"?><w:document {W} {R} {MC}>'
            f"<w:body>{body}</w:body></w:document>",
            "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
            "word/_rels/document.xml.rels": "<Relationships xmlns="
            '"http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{relations}</Relationships>",
        }
    )


def odt(body: str, automatic: str = "", common: str = "") -> bytes:
    """Return an OpenDocument text with this XML in its ``office:text`` and its styles."""
    xlink = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0"?><office:document-content {ODF} {xlink}>'
            f"<office:automatic-styles>{automatic}</office:automatic-styles>"
            f"<office:body><office:text>{body}</office:text></office:body>"
            "</office:document-content>",
            "styles.xml": f"<office:document-styles {ODF}><office:styles>{common}</office:styles>"
            "</office:document-styles>",
        }
    )


def pdf(objects: Iterable[str | bytes]) -> bytes:
    """Return a PDF of *objects* (object 1 is the PDF catalogue) with its cross-reference table."""
    file = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        content = content.encode("cp1252") if isinstance(content, str) else content
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(places) + 1,
        table,
    )
    return bytes(file)


def stream(content: bytes, more: str = "") -> bytes:
    """Return a compressed stream, with *more* in its dictionary."""
    packed = zlib.compress(content, 9)
    head = f"<</Length {len(packed)} /Filter /FlateDecode {more}>>"
    return head.encode("ascii") + b"\nstream\n" + packed + b"\nendstream"


def column(lines: Iterable[str], left: int = 50) -> bytes:
    """Return the drawing operators of *lines*, from top to bottom, *left* points from the edge."""
    shown = "".join(f"({line}) Tj 0 -14 Td\n" for line in lines)
    return f"BT /F1 11 Tf {left} 800 Td\n{shown}ET\n".encode("cp1252")


#: The font F2 of :func:`pdf_pages`.
BOLD = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding>>"


def drawn(x: float, y: float, text: str, size: float = 11, *, bold: bool = False) -> bytes:
    """Return the drawing of a text at a place of a page, in points from its lower left corner."""
    said = text.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
    font = 2 if bold else 1
    return b"BT /F%d %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET\n" % (font, size, x, y, said)


def pdf_pages(*pages: bytes, links: Mapping[int, Iterable[str]] | None = None) -> bytes:
    """Return a PDF with one page for each drawing, and links (index of the page → addresses)."""
    font = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>"
    objects: list[str | bytes] = ["<</Type /Catalog /Pages 2 0 R>>", "", font]
    kids = []
    for index, drawing in enumerate(pages):
        annotations = "".join(
            "<</Type /Annot /Subtype /Link /Rect [50 700 150 720] "
            f"/A <</S /URI /URI ({address})>>>>"
            for address in (links or {}).get(index, ())
        )
        kids.append(f"{len(objects) + 1} 0 R")
        objects += [
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects) + 2} 0 R "
            f"/Resources <</Font <</F1 3 0 R /F2 {BOLD}>>>> /Annots [{annotations}]>>",
            stream(drawing),
        ]
    objects[1] = f"<</Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}]>>"
    return pdf(objects)


def slow_pdf() -> bytes:
    """Return a PDF of about 10 KiB for which pypdf needs seconds and hundreds of MB."""
    return pdf_pages(b"BT /F1 1 Tf\n" + b"(a)Tj\n" * 1_800_000 + b"ET")


def pdf_of_forms(depth: int = 12, times: int = 4) -> bytes:
    """Return a PDF of forms nested *depth* levels deep: the page draws a form *times* times, and
    each form draws the next form *times* times."""
    names = "".join(f"/X{number} Do " for number in range(times)).encode()
    objects: list[str | bytes] = [
        "<</Type /Catalog /Pages 2 0 R>>",
        "<</Type /Pages /Count 1 /Kids [3 0 R]>>",
    ]

    def resources(of: int) -> str:
        forms = "".join(f"/X{number} {of} 0 R " for number in range(times))
        return (
            f"/Resources <</XObject <<{forms}>> /Font <</F1 <</Type /Font /Subtype /Type1 "
            "/BaseFont /Helvetica>>>>>>"
        )

    objects.append(f"<</Type /Page /Parent 2 0 R /Contents 4 0 R {resources(5)}>>")
    objects.append(stream(names))
    for level in range(depth):
        drawing = names if level < depth - 1 else b"BT /F1 1 Tf (a) Tj ET"
        objects.append(stream(drawing, f"/Type /XObject /Subtype /Form {resources(6 + level)}"))
    return pdf(objects)


# Functions to run in a limited process: some answer, the others misbehave.


def give_back(value: object) -> object:
    return value


def refuse(sentence: str) -> None:
    raise CalendarError(sentence)


def fail(words: str) -> None:
    sys.stderr.write(words)
    raise KeyError(words)


def loop(_: None) -> None:
    while True:
        pass


def loop_on_and_on(_: None) -> None:
    """Loop, and ignore the signal of the limit on processor time."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    loop(None)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def allocate(size: int) -> int:
    return len(bytearray(size))


def allocate_bit_by_bit(_: None) -> int:
    held = []
    while True:
        held.append(" " * 1000)


def answer_at_length(size: int) -> str:
    return "a" * size


def flood(size: int) -> None:
    """Write to every descriptor, to reach the descriptor on which the child answers."""
    for descriptor in range(1, 32):
        try:
            os.write(descriptor, b"x" * size)
        except OSError:
            continue


def parent(_: object) -> int:
    """Return the id of the process that started this one."""
    return os.getppid()


_seen: list[str] = []


def remember(word: str) -> list[str]:
    """Return the words that were given to this process before."""
    before = [*_seen]
    _seen.append(word)
    return before


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def leave(status: int) -> None:
    os._exit(status)


def chat(value: str) -> str:
    sys.stdout.write('{"kind": "value", "value": "printed"}')
    os.write(1, b'{"kind": "value", "value": "written"}')
    return value


def surroundings(folder: str) -> dict[str, object]:
    """Return what the process can see (environment, limits, modules) and do (write, open files)."""
    found: dict[str, object] = {
        "environment": sorted(os.environ),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "processes": resource.getrlimit(resource.RLIMIT_NPROC),
        "heavy modules": sorted({"flask", "sqlalchemy", "pypdf", "pydantic"} & {*sys.modules}),
    }
    try:
        Path(folder, "written").write_text("words")
        found["writes"] = True
    except OSError:
        found["writes"] = Path(folder, "written").exists() and bool(
            Path(folder, "written").stat().st_size
        )
    try:
        opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(100)]
        found["opens"] = len(opened)
    except OSError:
        found["opens"] = "few"
    return found
