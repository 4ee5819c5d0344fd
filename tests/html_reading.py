"""The elements of a page, as a browser's parser tells them apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Element:
    """One element, with the text of it until the next tag."""

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
    """Return the elements of this name that have these attributes, in order."""
    return [
        element
        for element in _Reader(page).found
        if element.tag == tag and wanted.items() <= element.attributes.items()
    ]
