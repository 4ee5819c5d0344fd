"""How the log is written: one line an event, with time, level, logger and request, as text or JSON.

Nothing in a line tells who somebody is: what looks like an address, a personal link or an IP
address is masked, whoever wrote it. That is the second guard; the first is not to log it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

#: The name of the request that is answered; empty outside of a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_MASKED = "…"
#: What stands before and after « @ »; a token of ours in an address of the site (40 signs or more);
#: IPv4; IPv6, whole or shortened (« :: »).
_PRIVATE = re.compile(
    r"[^\s<>\"'()=,;:]+@[^\s<>\"'(),;]+"
    r"|(?<=/)[A-Za-z0-9._~-]{40,}"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,7}:(?![\w:])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){1,6}:(?:[0-9a-fA-F]{1,4}:){0,5}[0-9a-fA-F]{1,4}(?![\w:])"
)


def masked(text: str) -> str:
    """Return a text without mail addresses, personal links and IP addresses."""
    return _PRIVATE.sub(_MASKED, text)


class _Lines(logging.Formatter):
    """Writes an event as one line of text."""

    def format(self, record: logging.LogRecord) -> str:
        words = self._facts(record)
        named = f" [{words['request']}]" if words["request"] else ""
        said = str(words["message"]).replace("\r", "\\r").replace("\n", "\\n")
        return f"{words['time']} {words['level']} {words['logger']}{named} {said}"

    def _facts(self, record: logging.LogRecord) -> dict[str, Any]:
        said = record.getMessage()
        if record.exc_info:
            said = f"{said}\n{self.formatException(record.exc_info)}"
        at = datetime.fromtimestamp(record.created, UTC)
        return {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": request_id.get(),
            "message": masked(said),
        }


class _JsonLines(_Lines):
    """Writes an event as one JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self._facts(record), ensure_ascii=False)


def set_up(form: str) -> None:
    """Write the log of this process to its standard error: warnings of everybody, and what our own
    modules tell. A second call changes the form only.

    :param form: ``text`` or ``json``.
    """
    root = logging.getLogger()
    ours = next((h for h in root.handlers if isinstance(h.formatter, _Lines)), None)
    if ours is None:
        ours = logging.StreamHandler(sys.stderr)
        root.addHandler(ours)
    ours.setFormatter(_JsonLines() if form == "json" else _Lines())
    logging.getLogger("calendar_app").setLevel(logging.INFO)
