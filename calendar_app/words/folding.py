"""Folding a text so that every character keeps its place."""

from __future__ import annotations

from calendar_app.words.text import fold


def _letter(character: str) -> str:
    folded = fold(character)
    return folded if len(folded) == 1 else character.lower()


_TABLE = {code: _letter(chr(code)) for code in range(0x41, 0x250)} | {
    ord("’"): "'",
    ord("ᵉ"): "e",
    ord("ʳ"): "r",
    **dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011"), "-"),
}


def fold_in_place(text: str) -> str:
    """Return *text* without accents or case, as long as it was (« œ » stays one character)."""
    return text.translate(_TABLE)
