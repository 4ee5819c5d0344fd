"""The map of the académies: each has its tile, and tiles lie to each other as the académies do."""

from __future__ import annotations

from itertools import combinations, pairwise

from calendar_app.config.settings import data_folder
from calendar_app.school.academy_map import MAINLAND, WIDTH, mainland_tiles, overseas_tiles
from calendar_app.school.reference_files import read_academies

#: Slug → latitude and longitude of the town of its rectorat (of Rouen and Caen, and of Nancy and
#: Metz, the middle), in degrees.
TOWNS = {
    "aix-marseille": (43.5, 5.4),
    "amiens": (49.9, 2.3),
    "besancon": (47.2, 6.0),
    "bordeaux": (44.8, -0.6),
    "clermont-ferrand": (45.8, 3.1),
    "corse": (41.9, 8.7),
    "creteil": (48.8, 2.5),
    "dijon": (47.3, 5.0),
    "grenoble": (45.2, 5.7),
    "lille": (50.6, 3.1),
    "limoges": (45.8, 1.3),
    "lyon": (45.8, 4.8),
    "montpellier": (43.6, 3.9),
    "nancy-metz": (48.9, 6.2),
    "nantes": (47.2, -1.6),
    "nice": (43.7, 7.3),
    "normandie": (49.3, 0.4),
    "orleans-tours": (47.9, 1.9),
    "paris": (48.9, 2.4),
    "poitiers": (46.6, 0.3),
    "reims": (49.3, 4.0),
    "rennes": (48.1, -1.7),
    "strasbourg": (48.6, 7.8),
    "toulouse": (43.6, 1.4),
    "versailles": (48.8, 2.1),
}


ACADEMIES = read_academies((data_folder() / "academies.yaml").read_text(encoding="utf-8"))

#: Slug → row and column, as the map says them.
PLACES = {
    slug: (row, first + n)
    for row, (first, slugs) in enumerate(MAINLAND)
    for n, slug in enumerate(slugs)
}


def test_every_academie_has_one_tile():
    mainland, overseas = mainland_tiles(ACADEMIES), overseas_tiles(ACADEMIES)
    slugs = [tile.academy.slug for tile in (*mainland, *overseas)]
    assert sorted(slugs) == sorted(academy.slug for academy in ACADEMIES)
    assert {tile.academy.slug for tile in mainland} == TOWNS.keys() == PLACES.keys()
    assert all(tile.academy.time_zone == "Europe/Paris" for tile in mainland)
    assert all(tile.academy.time_zone != "Europe/Paris" for tile in overseas)
    assert [t.academy.collectivity for t in overseas] == [False] * 5 + [True] * 6


def test_tiles_lie_to_each_other_as_their_academies_do():
    """No tile is above one that lies farther north, nor to the left of one that lies more than a
    degree (80 km) farther west."""
    for one, other in combinations(PLACES, 2):
        (row, column), (other_row, other_column) = PLACES[one], PLACES[other]
        (north, east), (other_north, other_east) = TOWNS[one], TOWNS[other]
        if row < other_row:
            assert north >= other_north, (one, other)
        if column < other_column:
            assert east < other_east + 1, (one, other)
        elif row == other_row:
            assert east > other_east, (one, other)


def test_each_row_begins_below_the_row_before():
    """A browser places a tile in the next row only when its column is taken or lies behind."""
    firsts = [t.first_column for t in mainland_tiles(ACADEMIES) if t.first_column]
    assert firsts == [first for first, _ in MAINLAND]
    for (first, slugs), (next_first, _) in pairwise(MAINLAND):
        assert first + len(slugs) - 1 >= next_first
    assert max(column for _, column in PLACES.values()) == WIDTH


def test_a_name_with_its_breaks_is_the_name():
    for tile in (*mainland_tiles(ACADEMIES), *overseas_tiles(ACADEMIES)):
        assert tile.breaking_name.replace("\u00ad", "") == tile.academy.name
        # A part that is longer would stick out of a tile on a phone.
        parts = tile.breaking_name.replace("-", "\u00ad").replace(" ", "\u00ad").split("\u00ad")
        assert max(map(len, parts)) <= 7, tile.breaking_name
