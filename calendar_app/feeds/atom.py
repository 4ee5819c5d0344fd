"""The Atom writer (RFC 4287)."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree as ET

from calendar_app.feeds.news import Bulletin

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_NAMESPACE = "http://www.w3.org/2005/Atom"

#: XML 1.0 section 2.2 has no place for these, escaped or not.
_OUTSIDE_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(news: Bulletin) -> bytes:
    """Return the feed as UTF-8 bytes."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "fr"})
    _text(root, "id", news.feed.address)
    _text(root, "title", news.title)
    _text(root, "subtitle", news.subtitle)
    _text(root, "updated", _instant(news.changed_at))
    author = ET.SubElement(root, "author")
    _text(author, "name", news.title.partition(" – ")[0])
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=news.feed.address)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=news.feed.home)
    for item in news.items:
        entry = ET.SubElement(root, "entry")
        _text(entry, "id", item.id)
        _text(entry, "title", item.title)
        _text(entry, "published", _instant(item.published_at))
        _text(entry, "updated", _instant(item.changed_at))
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=item.page)
        if item.link:
            ET.SubElement(entry, "link", rel="related", href=item.link)
        for tag in item.tags:
            ET.SubElement(entry, "category", term=_OUTSIDE_XML.sub("", tag))
        _text(entry, "content", item.text).set("type", "text")
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = _OUTSIDE_XML.sub("", text)
    return child


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
