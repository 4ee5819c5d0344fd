"""The patterns that search whole letters take time linear in its length."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator

# How a pattern is built is told only by the parser of ``re``, which has no public name.
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

from calendar_app import letters

REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT)
#: Patterns that only search a title, a subject or the few words between two dates.
OF_SHORT_TEXT = {"_PREFIX", "_LEAD", "_SCHOOL_YEAR", "_LAST", "_OF_CONTEST"}
#: A run of letters that is no word for it is another token, as a whole.
TAKES_THE_RUN = {"_TOKEN"}


def tries_again(pattern: Iterable) -> bool:
    """Whether a pattern starts with a repetition without end, after which it may fail: a search
    then reads a long run once from each of its characters."""
    parts = list(pattern)
    for at, (op, value) in enumerate(parts):
        if op in REPEATS:
            least, most, repeated = value
            if most is ops.MAXREPEAT:
                return not all(o in REPEATS and v[0] == 0 for o, v in parts[at + 1 :])
            if least or tries_again(repeated):
                return tries_again(repeated)
        elif op is ops.SUBPATTERN:
            return tries_again(value[-1])
        elif op is ops.BRANCH:
            return any(map(tries_again, value[1]))
        else:
            return False
    return False


def searched() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the patterns of the letters' modules that are searched for, with their names."""
    for found in pkgutil.walk_packages(letters.__path__, f"{letters.__name__}."):
        module = importlib.import_module(found.name)
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            is_text = isinstance(value, re.Pattern) and isinstance(value.pattern, str)
            if is_text and re.search(rf"\b{name}\.(?:search|finditer|findall|sub|split)\(", source):
                yield f"{found.name}.{name}", value


def test_the_check_knows_such_a_pattern():
    assert tries_again(parser.parse(r"[\w-]+\.example\b"))
    assert not tries_again(parser.parse(r"(?<=[\w-])\.example\b"))
    assert not tries_again(parser.parse(r"[\w-]+"))


def test_no_search_reads_a_long_run_once_from_each_of_its_characters():
    patterns = dict(searched())
    assert len(patterns) > 100
    found = {n for n, p in patterns.items() if tries_again(parser.parse(p.pattern, p.flags))}
    assert {name.rpartition(".")[2] for name in found} <= OF_SHORT_TEXT | TAKES_THE_RUN, found
