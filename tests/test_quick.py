"""``make quick`` leaves out the tests that its rules name; ``make test`` leaves out no test, but
further cases on PostgreSQL."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from tests.tools import ROOT, starts_programs


def names_of(path: Path) -> list[str]:
    """Return the names of all tests in a file, at any depth; a name may be repeated."""
    return [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]


def test_no_test_is_written_where_pytest_does_not_look():
    for path in (ROOT / "tests").rglob("*.py"):
        names = Counter(names_of(path))
        assert not names or path.name.startswith("test_"), path
        # Of two tests with the same name in a file, the second hides the first.
        assert not names or names.most_common(1)[0][1] == 1, (path, names.most_common(1))


BROWSER, LONG, STORED, _, PURE = FILES = (
    "tests/browser/test_embed.py",
    "tests/letters/test_hostile_letters.py",
    "tests/catalogue/test_catalogue.py",
    "tests/store/test_store.py",
    "tests/catalogue/test_versions.py",
)


@cache
def collected(quick: str = "0", campaign: str = "0") -> frozenset[str]:
    """Return the ids of the tests of :data:`FILES` that pytest would run.

    :param quick: the value of ``CALENDAR_TEST_QUICK``: "1" or "0".
    :param campaign: the same for ``CALENDAR_TEST_CAMPAIGN``.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", *FILES],
        cwd=ROOT,
        env=os.environ | {"CALENDAR_TEST_QUICK": quick, "CALENDAR_TEST_CAMPAIGN": campaign},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return frozenset(line for line in done.stdout.splitlines() if "::" in line)


def test_quick_leaves_out_browsers_postgresql_what_is_long_and_many_cases():
    starts_programs()
    whole, quick = collected(), collected(quick="1")
    assert quick < whole
    assert {name for name in whole if name.startswith(PURE)} < quick
    assert not any(name.startswith((BROWSER, LONG)) for name in quick)
    assert not any("postgresql" in name.partition("[")[2] for name in quick)
    # Every other test is kept, with exactly one of its cases.
    cases = Counter(name.partition("[")[0] for name in quick if name.startswith(STORED))
    assert cases.keys() == {name.partition("[")[0] for name in whole if name.startswith(STORED)}
    assert {
        cases[n.partition("[")[0]] for n in quick if n.startswith(STORED) and "sqlite" in n
    } == {1}


def test_make_test_leaves_out_further_cases_on_postgresql_alone():
    starts_programs()
    whole, campaign = collected(), collected(campaign="1")
    left_out = campaign - whole
    assert whole < campaign
    assert all("postgresql" in name for name in left_out)
    # One of four cases is left of each test, and all cases of a test with the mark « sql ».
    for test in {name.partition("[")[0] for name in left_out}:
        on_postgresql = [n for n in campaign if n.startswith(f"{test}[") and "postgresql" in n]
        kept = [name for name in on_postgresql if name in whole]
        assert len(kept) == -(-len(on_postgresql) // 4), test
    assert not any("the_store_refuses_a_broken_milestone" in name for name in left_out)
