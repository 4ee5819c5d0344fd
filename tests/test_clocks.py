"""No test compares seconds of the clock on the wall: it would break on a busy or a fast machine."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent

#: Who may read it, and what for.
READERS = {
    "tools.py": "a test gives up on what never comes",
    "servers.py": "a client gives up, and tells how long it waited",
    "test_privacy.py": "whether known addresses are told apart by time is asked in a campaign",
    "test_clocks.py": "it says what is looked for",
}

#: Reading the clock that everybody shares, and hypothesis's limit for an example.
READS_THE_CLOCK = re.compile(
    r"\btime\.(time|monotonic|perf_counter)(_ns)?\b|\bfrom time import\b|\bdeadline=\d"
)


def test_only_what_gives_up_reads_the_clock():
    """Wait with ``tools.wait_for``; measure with ``time.process_time``, or count what happened."""
    found = {
        f"{path.relative_to(TESTS)}:{number}": line
        for path in TESTS.rglob("*.py")
        if path.name not in READERS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if READS_THE_CLOCK.search(line)
    }
    assert found == {}
