"""The map of the académies: a tile each, about where it lies.

The tiles stand row by row, from north to south, and from west to east in a row. No row has a gap:
a page need only know in which column a row begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calendar_app.school.academies import Academies, Academy

#: The rows of metropolitan France: the column of the first tile, counted from 1, and the slugs.
MAINLAND = (
    (3, ("lille",)),
    (2, ("normandie", "amiens", "reims")),
    (1, ("rennes", "versailles", "paris", "creteil", "nancy-metz", "strasbourg")),
    (2, ("nantes", "orleans-tours", "dijon", "besancon")),
    (2, ("poitiers", "limoges", "clermont-ferrand", "lyon", "grenoble")),
    (2, ("bordeaux", "toulouse", "montpellier", "aix-marseille", "nice")),
    (6, ("corse",)),
)

#: The number of columns.
WIDTH = 6

#: Where a long name may break, with « | », for the small tiles of a phone.
_BREAKS = {
    "aix-marseille": "Aix-Mar|seille",
    "besancon": "Besan|çon",
    "bordeaux": "Bor|deaux",
    "clermont-ferrand": "Cler|mont-Fer|rand",
    "grenoble": "Gre|noble",
    "guadeloupe": "Guade|loupe",
    "martinique": "Marti|nique",
    "montpellier": "Mont|pellier",
    "normandie": "Nor|mandie",
    "nouvelle-caledonie": "Nou|velle-Calé|donie",
    "orleans-tours": "Orlé|ans-Tours",
    "poitiers": "Poi|tiers",
    "polynesie-francaise": "Poly|nésie fran|çaise",
    "saint-barthelemy": "Saint-Barthé|lemy",
    "saint-martin": "Saint-Martin",
    "saint-pierre-et-miquelon": "Saint-Pierre-et-Mique|lon",
    "strasbourg": "Stras|bourg",
    "toulouse": "Tou|louse",
    "versailles": "Ver|sailles",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """An académie on the map.

    :param first_column: the column, counted from 1, when the tile begins a row of metropolitan
        France; None for the tiles that follow, and overseas.
    """

    academy: Academy
    first_column: int | None = None

    @property
    def breaking_name(self) -> str:
        """The name, with soft hyphens (U+00AD) where it may break."""
        return _BREAKS.get(self.academy.slug, self.academy.name).replace("|", "\u00ad")


def mainland_tiles(academies: Academies) -> tuple[Tile, ...]:
    """Return the tiles of metropolitan France, row by row."""
    return tuple(_mainland({academy.slug: academy for academy in academies}))


def _mainland(by_slug: dict[str, Academy]) -> Iterator[Tile]:
    for first_column, slugs in MAINLAND:
        for n, slug in enumerate(slugs):
            if slug in by_slug:
                yield Tile(by_slug[slug], None if n else first_column)


def overseas_tiles(academies: Academies) -> tuple[Tile, ...]:
    """Return the tiles of all other académies by name, then those of the collectivities."""
    mainland = {slug for _, slugs in MAINLAND for slug in slugs}
    others = [academy for academy in academies if academy.slug not in mainland]
    return tuple(map(Tile, sorted(others, key=lambda academy: academy.collectivity)))
