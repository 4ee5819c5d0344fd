"""The académies as lists show them: by région académique."""

from __future__ import annotations

from calendar_app.school.academies import Academies, Academy
from calendar_app.words.text import fold


def regions(academies: Academies) -> list[tuple[str, list[Academy]]]:
    """Return the académies by région académique, in the order of their names; overseas
    collectivities last."""
    found: dict[str, list[Academy]] = {}
    for academy in academies:
        found.setdefault(academy.region or "Collectivités d'outre-mer", []).append(academy)
    return sorted(found.items(), key=lambda pair: (pair[1][0].collectivity, fold(pair[0])))
