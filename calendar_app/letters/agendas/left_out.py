"""What is not taken of what an agenda or a news feed says: counted, with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: How many months ahead an agenda is read, and how many dates at most.
MONTHS = 24
MAX_OCCURRENCES = 1_000

NO_DAY = "sans date"
BAD_DAY = "date illisible"
NO_TITLE = "sans titre"
PRIVATE = "privée"
TOO_OFTEN = "revient plusieurs fois par jour"
BAD_RULE = "répétition illisible"
TOO_MANY = f"au-delà des {MAX_OCCURRENCES} premières dates"
TOO_FAR = f"dans plus de {MONTHS} mois"
DOUBLE = "en double"
NOTE = "simple note"
OTHER = "ni événement ni tâche"
NEVER_HERE = "annulée, et jamais annoncée ici"

_TITLES = 5
#: The reasons that are not the same of several entries.
_OF_SEVERAL = {
    BAD_DAY: "dates illisibles",
    PRIVATE: "privées",
    TOO_OFTEN: "reviennent plusieurs fois par jour",
    BAD_RULE: "répétitions illisibles",
    NOTE: "simples notes",
    OTHER: "ni événements ni tâches",
    NEVER_HERE: "annulées, et jamais annoncées ici",
}


@dataclass(slots=True)
class LeftOut:
    """What was not taken: the reason (French) → how many entries, and some of their titles."""

    counts: dict[str, int] = field(default_factory=dict)
    titles: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, title: str = "") -> None:
        """Count one more; a title of a private entry is never given."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        known = self.titles.setdefault(reason, [])
        if title and title not in known and len(known) < _TITLES:
            known.append(title[:80])

    def values(self) -> list[dict[str, Any]]:
        """Return JSON values: the reason, in the number of its count, the count and the titles."""
        return [
            {
                "reason": _OF_SEVERAL.get(reason, reason) if count > 1 else reason,
                "count": count,
                "titles": self.titles[reason],
            }
            for reason, count in self.counts.items()
        ]
