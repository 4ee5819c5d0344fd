"""Pages are tested on SQLite alone."""

from __future__ import annotations

import pytest


@pytest.fixture
def engine() -> str:
    """What these pages call is tested on both engines, and the pages are the same from either."""
    return "sqlite"
