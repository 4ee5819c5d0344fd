"""The tests of this folder write, so each module has its own site instead of the shared site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import serving


@pytest.fixture(scope="module")
def instance(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("site") / "instance"


@pytest.fixture(scope="module")
def site(instance) -> Iterator[str]:
    """The address of a running site with the real content, which only one module uses."""
    with serving(instance) as address:
        yield address
