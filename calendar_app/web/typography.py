"""How templates are compiled: without the lines of their tags, and with curly apostrophes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from calendar_app.words.french import apostrophes


class Apostrophes(Extension):
    """Jinja extension: the French words of a template, in its text and in its literals, get curly
    apostrophes, whether it is a page or a mail. What a template inserts is left alone: there, the
    filter ``fr`` changes what is French."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            is_words = token.type in ("data", "string")
            yield Token(token.lineno, token.type, apostrophes(token.value)) if is_words else token


#: The options of Jinja (``Flask.jinja_options``).
JINJA_OPTIONS: dict[str, Any] = {
    "trim_blocks": True,
    "lstrip_blocks": True,
    "extensions": [Apostrophes],
}
