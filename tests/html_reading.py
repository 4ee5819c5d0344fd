"""The elements of an HTML page, as a parser finds them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Element:
    """One element, with its text up to the next start tag of any element."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    text: str = ""

    def __getitem__(self, name: str) -> str | None:
        return self.attributes[name]


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Element] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append(Element(tag, dict(attrs)))

    def handle_data(self, data):
        if self.found:
            self.found[-1].text += data


def elements(page: str, tag: str, **wanted: str) -> list[Element]:
    """Return the elements with this tag name and these attributes, in the order of the page."""
    return [
        element
        for element in _Reader(page).found
        if element.tag == tag and wanted.items() <= element.attributes.items()
    ]


#: An apostrophe as a keyboard writes it, between letters, with the words around it.
_STRAIGHT = re.compile(r".{0,30}[^\W\d_]'[^\W\d_].{0,20}")

#: Elements whose text is no French sentence, or was typed by somebody and is given back as it was.
_LEFT_ALONE = frozenset({"script", "style", "code", "textarea"})

#: The text of a letter, as its sender wrote it.
_LETTER = ("section", [("class", "text")])

#: Attributes that a browser shows or a screen reader says, or that other sites show.
_READ = frozenset({"aria-label", "title", "alt", "placeholder", "content"})


class _Seen(HTMLParser):
    """The texts of a page that a person reads or hears."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._left_alone: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in _LEFT_ALONE or (tag, attrs[:1]) == _LETTER:
            self._left_alone = tag
        self.texts += [value or "" for name, value in attrs if name in _READ]

    def handle_endtag(self, tag):
        if tag == self._left_alone:
            self._left_alone = None

    def handle_data(self, data):
        if not self._left_alone:
            self.texts.append(data)


def straight_apostrophes(page: str) -> list[str]:
    """Return where a text that a person reads has a straight apostrophe between letters.

    :param page: HTML, or a plain text.
    """
    return [found[0] for text in _Seen(page).texts for found in _STRAIGHT.finditer(text)]
