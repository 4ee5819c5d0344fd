"""The verbs: each public function is one transaction and takes ``now`` (an aware instant)."""

from calendar_app.domain.errors import CalendarError
from calendar_app.domain.local_time import PARIS
from calendar_app.domain.text import clean

__all__ = ["PARIS", "CalendarError", "clean"]
