"""Comparing titles: « Lancement de la 6e édition du concours « Ma classe a du talent » » and « Ma
classe a du talent, 5e édition » name the same contest."""

from __future__ import annotations

import re

from calendar_app.words.french import MONTHS, WEEKDAYS
from calendar_app.words.text import capital_initial, fold

#: Two titles with at least this :func:`closeness` are taken for the same.
SAME_TITLE = 0.7

_CONTAINS_NAME = 0.8
_IS_CONTAINED = 0.75
# A name of one word is looked for within a longer title only from this length on: « art » and
# « lire » prove nothing.
_TELLING_LETTERS = 5

_QUOTED = re.compile(r"[«“\"]\s*([^«»“”\"]{2,}?)\s*[»”\"]")
_WORD = re.compile(r"[a-z0-9]+(?:@[a-z0-9]+)*")
_NUMBER = re.compile(r"[0-9]+(?:er|ere|re|e|eme|nd|nde)?")

# Words that stand in the announcement of any contest and identify none. « Semaine », « prix » and
# « rallye » are not listed: they distinguish the rallye mathématique from the olympiades.
_PLAIN = frozenset(
    fold(word)
    for word in (
        *"a à au aux avec ce ces cet cette chez d dans de des du elle en entre est et il ils j je "
        "l la le les leur leurs lors m ma mes mon n ne nos notre nous on ou où par pas pour qu que "
        "qui s sa se ses son sont sous sur t ta tes ton un une vers vos votre vous y "
        "académie académique annonce année annuel annuelle appel avant clôture concours "
        "date dates départemental départementale dépôt édition éditions envoi inscription "
        "inscriptions jusqu jury lancement limite lycée national nationale nationales nouveau "
        "nouvelle ouverture participation participer participez prochain prochaine rappel "
        "régional régionale report reporté reportée prolongation prolongé prolongée scolaire "
        "première deuxième troisième quatrième cinquième sixième septième huitième neuvième "
        "dixième".split(),
        *MONTHS,
        *WEEKDAYS,
    )
)


# « 6e édition », « 2020-2021 »: the words that change from one edition to the next.
_YEARS = r"(?:19|20|21)\d\d(?:\s*[-–/]\s*(?:19|20|21)?\d\d)?"
_RANK = (
    r"(?:\d+\s*(?:ère|ere|re|ème|eme|er|e)|[ivxlc]+\s?e|premi[eè]re|seconde|nouvelle|derni[eè]re"
    r"|\w+i[eè]me)"
)
_EDITION = re.compile(
    rf"\b(?:{_RANK}\s+[ée]dition(?:\s+{_YEARS})?|[ée]dition\s+(?:n°\s*)?\d+(?:\s*[-–/]\s*\d+)?"
    rf"|(?:ann[ée]e\s+scolaire\s+)?{_YEARS})(?!\w)",
    re.IGNORECASE,
)
# The words and marks that join these words to the title: « , la », « (… ) », « – ».
_JOINT = r"[\s,;:·–-]*(?:\(\s*)?(?:\b(?:la|de\s+la|pour\s+la|pour\s+sa)\s+)?"


def without_edition(title: str) -> str:
    """Return a title without its edition and its year, or nothing when no other word is left.

    « Ma classe a du talent, 6e édition » becomes « Ma classe a du talent ».
    """
    shorter = re.sub(rf"{_JOINT}{_EDITION.pattern}\s*\)?", " ", title, flags=re.IGNORECASE)
    tidy = re.sub(r"\s+", " ", shorter).strip(" ,;:·–-")
    if tidy != title:  # « Dixième édition du prix Ada »
        tidy = re.sub(r"^(?:de\s+la|de\s+l['’]|du|des|de|d['’])\s*", "", tidy)
        tidy = "" if tidy.casefold() in ("la", "le", "les", "une") else capital_initial(tidy)
    return tidy


def tells_of_an_edition(text: str) -> bool:
    """Whether a text speaks of one edition, so that the text is wrong for the next edition."""
    return bool(_EDITION.search(text) or re.search(r"\b[ée]ditions?\b", text, re.IGNORECASE))


def closeness(one: str, other: str) -> float:
    """Return how close two titles are: 0 for no common word, 1 for the same words.

    Where both titles have quotation marks, only the quoted names are compared. *other* is the
    known name: the result is a little higher when *other* stands whole in *one* than the other way
    round.
    """
    quoted = _QUOTED.findall(one), _QUOTED.findall(other)
    ones = quoted[0] if all(quoted) else [*quoted[0], one]
    others = quoted[1] if all(quoted) else [*quoted[1], other]
    return max(_alike(_words(a), _words(b)) for a in ones for b in others)


def _words(title: str) -> tuple[str, ...]:
    found = (w for w in _WORD.findall(fold(title)) if w not in _PLAIN)
    return tuple(_singular(w) for w in found if not _NUMBER.fullmatch(w))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if not one or not other:
        return 0.0
    a, b = set(one), set(other)
    share = 2 * len(a & b) / (len(a) + len(b))
    if _within(other, one) and (len(other) > 1 or len(other[0]) >= _TELLING_LETTERS):
        share = max(share, _CONTAINS_NAME)
    if _within(one, other) and len(one) > 1:
        share = max(share, _IS_CONTAINED)
    return share


def _within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    size = len(part)
    return any(whole[n : n + size] == part for n in range(len(whole) - size + 1))
