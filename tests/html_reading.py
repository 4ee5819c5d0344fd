"""The elements of an HTML page, as a parser finds them."""

from __future__ import annotations

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
