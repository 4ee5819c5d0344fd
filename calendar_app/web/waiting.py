"""The words and the header for a visitor who asked too often (HTTP 429)."""

from __future__ import annotations

import math
from datetime import timedelta

from flask import Response

from calendar_app.words.french import NBSP


def wait_words(wait: timedelta) -> str:
    """Return a wait in French (« 12 minutes », « 3 heures »), rounded up, at least one minute."""
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    number, unit = (minutes, "minute") if minutes <= 120 else (math.ceil(minutes / 60), "heure")
    return f"{number}{NBSP}{unit}{'s' if number > 1 else ''}"


def too_many(wait: timedelta) -> str:
    """Return the French sentence for a network that asked too often. It promises that the form
    keeps what was typed."""
    return (
        "Trop de demandes sont parties de votre réseau en une heure. Réessayez dans "
        f"{wait_words(wait)} : ce que vous avez écrit est resté."
    )


def retry_after(answer: Response, wait: timedelta) -> Response:
    """Tell programs when they may ask again (RFC 9110, section 10.2.3); return the answer."""
    answer.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return answer
