"""No test measures time with a wall clock: it would fail on a busy or a fast machine."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent

#: The files that may read the clock, and why.
READERS = {
    "tools.py": "a test gives up on what never comes",
    "servers.py": "a client gives up, and tells how long it waited",
    "test_mailbox_imap.py": "the campaign tells how long a mail takes to a phone",
    "test_privacy.py": "whether known addresses are told apart by time is asked in a campaign",
    "test_storm.py": "an answer may be two seconds old, whatever the machine does",
    "test_clocks.py": "it says what is looked for",
}

#: Code that reads a wall clock, or sets Hypothesis's time limit for an example.
READS_THE_CLOCK = re.compile(
    r"\btime\.(time|monotonic|perf_counter)(_ns)?\b|\bfrom time import\b|\bdeadline=\d"
)


def test_only_what_gives_up_reads_the_clock():
    """Tests wait with ``tools.wait_for``, and measure with ``time.process_time`` or by counting."""
    found = {
        f"{path.relative_to(TESTS)}:{number}": line
        for path in TESTS.rglob("*.py")
        if path.name not in READERS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if READS_THE_CLOCK.search(line)
    }
    assert found == {}
