"""The pinned versions match pyproject.toml, and anybody can install them."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tools import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
#: file → the requirements from which `make lock` makes it
FILES = {
    "requirements.txt": [*PYPROJECT["project"]["dependencies"], *EXTRAS["postgres"]],
    "requirements-dev.txt": [
        *PYPROJECT["project"]["dependencies"],
        *EXTRAS["postgres"],
        *EXTRAS["dev"],
    ],
}


def pins(file: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return name → (version, hashes) of a requirements file; fail on a line that is not a pin."""
    found = {}
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            pin = Requirement(requirement)
            [specifier] = pin.specifier
            assert specifier.operator == "==", line
            # A package may have one pin for old and one for new Python versions.
            name = f"{pin.name}; {pin.marker}" if pin.name in found else pin.name
            assert name not in found, f"{name} is pinned twice"
            found[name] = (specifier.version, frozenset(map(str.strip, hashes)))
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_dependency_is_pinned_to_a_version_it_allows(file):
    pinned = pins(file)
    for text in FILES[file]:
        wanted = Requirement(text)
        version, _ = pinned[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), f"{text} is pinned to {version}: make lock"
        if wanted.name == "psycopg":
            assert pinned["psycopg-binary"][0] == version, "its C library is another package"


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_its_hashes(file):
    for name, (_, hashes) in pins(file).items():
        assert hashes, name
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", value) for value in hashes), name


def test_work_on_the_code_uses_the_versions_that_serve():
    served, worked_on = pins("requirements.txt"), pins("requirements-dev.txt")
    assert served.items() <= worked_on.items()


@pytest.mark.parametrize("file", FILES)
def test_no_address_of_a_machine_is_kept(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not re.search(r"://|--(index|extra-index|find-links|trusted)|^-[a-z]", text, re.M)
    assert not re.search(r"(?<![\w.])/\w", text), "an absolute path"
    assert not re.search(r"\b[\w-]+\.(org|com|net|io|dev|fr|local|internal)\b", text), "a host name"


def test_the_build_is_pinned_to_the_version_that_the_tests_build_with():
    [build] = PYPROJECT["build-system"]["requires"]
    assert Requirement(build).specifier == f"=={pins('requirements-dev.txt')['hatchling'][0]}"
