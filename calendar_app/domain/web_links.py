"""What counts as the address of a page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def is_link(text: str) -> bool:
    """Return whether a text is the address of a page: http or https, with a host, and nothing that
    would end it where it is shown."""
    try:
        parts = urlsplit(text)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # a port that is no number is only found when it is asked for
    except ValueError:
        complete = False
    return complete and not re.search(r"[\s<>\"\\]", text)
