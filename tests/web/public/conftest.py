"""Pages are tested on SQLite alone."""

from __future__ import annotations

import pytest


@pytest.fixture
def engine() -> str:
    """Pages are rendered the same from any store: SQLite is enough here."""
    return "sqlite"
