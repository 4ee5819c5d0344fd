"""Decoding the bytes of a letter."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


#: The charsets of letters in French. Python also has codecs that are no charsets (« zip ») or are
#: slow (« punycode »).
_CHARSETS = re.compile(
    r"utf-(?:7|8|16|32)(?:-[bl]e)?|iso8859-\d+|cp125\d|cp(?:437|850|858)|mac-roman"
)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - nothing is encoded with it
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("cp1252", _as_cp1252)


def decoded(data: bytes, charset: str | None = None) -> str:
    """Return the characters of *data*, without a byte order mark. Wrong bytes become U+FFFD.

    A byte order mark decides. Else bytes that are valid UTF-8 are decoded as UTF-8, whatever
    one-byte charset is declared, because text in such a charset is hardly ever valid UTF-8. Else
    the declared charset is used, or Windows-1252, which also stands for Latin-1, as in browsers.
    Where more characters are UTF-8 than not, only the others are Windows-1252: a program put texts
    together that are not of one charset, or cut a character.

    :param charset: the declared name, in any spelling; an unknown name counts as None.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    name = _charset_name(charset)
    if not name.startswith(("utf-16", "utf-32", "utf-7")):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    if name == "cp1252":
        as_utf8 = data.decode("utf-8", "ignore")
        of_utf8 = len(as_utf8) - len(as_utf8.encode("ascii", "ignore"))
        if of_utf8 > data.decode("utf-8", "replace").count("\ufffd"):
            return data.decode("utf-8", "cp1252")
    return data.decode(name, "replace")


def _charset_name(charset: str | None) -> str:
    try:
        name = codecs.lookup(charset or "").name
    except (LookupError, ValueError):
        return "cp1252"
    if name in ("iso8859-1", "utf-8") or not _CHARSETS.fullmatch(name):
        return "cp1252"
    return name
