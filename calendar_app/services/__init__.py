"""The verbs: each public function is one transaction and takes ``now`` (an aware instant)."""

from calendar_app.domain.errors import CalendarError

__all__ = ["CalendarError"]
