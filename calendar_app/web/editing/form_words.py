"""The problems of an entry of ``events.yaml``, in the words of a form."""

from __future__ import annotations

import re
from datetime import date

from calendar_app.web.typed_days import in_french
from calendar_app.words.french import day_words

_ISO = r"\d{4}-\d\d-\d\d"

#: Keys and words of the file → the words of the form.
_WORDS = {
    "start_time": "l'heure de début",
    "end_time": "l'heure de fin",
    "first_day": "le premier jour",
    "last_day": "le dernier jour",
    "phrase": "les mots de la date approximative",
    "day": "le jour",
    "true (oui) ou false (non)": "oui ou non",
    "cette clé est obligatoire, et elle manque": "il manque une réponse ici",
}


def in_words_of_the_form(message: str) -> str:
    """Return a message about the file in the words of the form: without keys and lists of values,
    and with French days."""
    for word, said in _WORDS.items():
        message = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", said, message)
    message = re.sub(r"(?s)n'existe pas ; .*", "n'existe pas : choisissez dans la liste", message)
    # A day that was typed, or that is an example, stays in figures; any other day becomes words.
    message = re.sub(rf"(?<=« ){_ISO}|(?<=par exemple ){_ISO}", _in_figures, message)
    return re.sub(rf"(?<!\w){_ISO}(?!\w)", _day_words, message)


def _in_figures(match: re.Match[str]) -> str:
    return in_french(match[0])


def _day_words(match: re.Match[str]) -> str:
    try:
        return day_words(date.fromisoformat(match[0]), weekday=False)
    except ValueError:
        return in_french(match[0])
