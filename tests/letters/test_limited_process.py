"""A function in a limited child process: its answers, and that each of its limits works; also where
the child is forked from a process that has loaded the function."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from calendar_app.letters import limited_process
from calendar_app.letters.limited_process import OverLimitError, run_limited
from calendar_app.letters.prepared_process import many_readings
from calendar_app.words.errors import CalendarError, UnreadableLetterError
from tests import hostile_files as functions

#: Each test starts a process, which takes half a second.
pytestmark = pytest.mark.long

TIME = (
    "La lecture de ce fichier demande trop de temps. "
    "Donnez la lettre dans un autre format, ou seulement les pages utiles."
)
MEMORY = TIME.replace("de temps", "de mémoire")
EITHER = TIME.replace("de temps", "de temps ou de mémoire")
CRASH = (
    "La lecture de ce fichier a échoué : il est peut-être endommagé. "
    "Ouvrez-le et enregistrez-le de nouveau, ou donnez la lettre dans un autre format."
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limits that only Linux holds")


@pytest.fixture(autouse=True)
def _leaves_nothing_behind():
    """Check that every child is reaped and every pipe closed, whatever the outcome."""
    before = descriptors(), children()
    yield
    assert (descriptors(), children()) == before


@pytest.fixture(params=["new", "prepared"])
def way(request, _leaves_nothing_behind):
    """Where the child comes from: a new interpreter, or a process that is prepared for many."""
    if request.param == "new":
        yield request.param
        return
    with many_readings([functions.__name__]):
        yield request.param
        # Whatever became of one child, the next one works.
        assert run_limited(functions.give_back, "next") == "next"


both = pytest.mark.usefixtures("way")


def descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def children() -> list[str]:
    """Return the ids of the child processes of this process (Linux); other tests may keep some."""
    found = []
    for process in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = process.read_text()
            if text.rpartition(")")[2].split()[1] == str(os.getpid()):
                found.append(text.partition(" ")[0])
    return sorted(found)


@both
@pytest.mark.parametrize(
    "value",
    [
        None,
        "« É » 🧢 \ud800 \u2028",
        {"text": "a\r\n\0b", "numbers": [1, -2.5, True], "none": None},
        "a" * 15 * 2**20,
    ],
    ids=["none", "any character", "nested", "long"],
)
def test_a_value_comes_back_as_it_was(value):
    assert run_limited(functions.give_back, value) == value


@both
def test_bytes_go_in_whole():
    assert run_limited(len_of, b"\0\xff" * 10 * 2**20) == 20 * 2**20


def len_of(data: bytes) -> int:
    return len(data)


@both
def test_what_a_library_prints_is_no_answer():
    assert run_limited(functions.chat, "the answer") == "the answer"


def refusal(function, argument, **limits) -> CalendarError:
    with pytest.raises(CalendarError) as caught:
        run_limited(function, argument, **limits)
    return caught.value


@both
def test_a_refusal_comes_back_in_its_words():
    error = refusal(functions.refuse, "Ce fichier n'est pas une lettre.")
    assert type(error) is UnreadableLetterError
    assert str(error) == "Ce fichier n'est pas une lettre."


@both
def test_any_other_exception_is_a_sentence_and_its_words_stay_in_the_child(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    error = refusal(functions.fail, "words of the letter")
    assert (type(error), str(error)) == (UnreadableLetterError, CRASH)
    [record] = caplog.records
    assert record.getMessage().startswith(
        "reading a file failed in its process: KeyError hostile_files.py:"
    )
    assert "words of the letter" not in caplog.text
    assert capfd.readouterr() == ("", "")


@both
@linux
@pytest.mark.parametrize("function", [functions.allocate, functions.allocate_bit_by_bit])
def test_memory_is_limited(function):
    error = refusal(function, 2**30)
    assert (type(error), str(error)) == (OverLimitError, MEMORY)


@both
def test_memory_below_the_limit_is_given():
    assert run_limited(functions.allocate, 2**27) == 2**27


@pytest.fixture
def without_clock(monkeypatch):
    """Let only processor time end a child, so that a busy machine changes nothing."""
    monkeypatch.setattr(limited_process, "PATIENCE", 1000)


@linux
def test_a_loop_ends_after_its_seconds_of_cpu(without_clock):
    before = cpu_of_children()
    error = refusal(functions.loop, None, seconds=1)
    assert (type(error), str(error)) == (OverLimitError, TIME)
    # The system counts in ticks, so the second may be measured a little short.
    assert round(cpu_of_children() - before) == 1


def cpu_of_children() -> float:
    """Return the processor time of the children that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@both
@linux
def test_a_loop_that_ignores_the_signal_is_killed(without_clock):
    error = refusal(functions.loop_on_and_on, None, seconds=1)
    assert (type(error), str(error)) == (OverLimitError, EITHER)


@both
def test_a_child_that_waits_is_not_waited_for():
    # A sleeping child uses no processor time, so only the clock can end it.
    error = refusal(functions.sleep, 600, seconds=0.1)
    assert (type(error), str(error)) == (OverLimitError, TIME)


@both
@pytest.mark.parametrize("function", [functions.answer_at_length, functions.flood])
def test_an_answer_of_100_mb_is_not_read(function):
    error = refusal(function, 100_000_000)
    assert isinstance(error, UnreadableLetterError)
    assert str(error) in (
        "Ce fichier contient beaucoup trop de texte pour une lettre. "
        "Donnez-en seulement les pages utiles.",
        MEMORY,
    )


@both
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_a_child_that_a_signal_ends_is_a_damaged_file(number):
    error = refusal(functions.die, number)
    assert (type(error), str(error)) == (UnreadableLetterError, CRASH)


@both
def test_a_child_that_the_system_kills_wanted_too_much():
    error = refusal(functions.die, signal.SIGKILL)
    assert (type(error), str(error)) == (OverLimitError, EITHER)


@both
@pytest.mark.parametrize("status", [0, 1])
def test_a_child_that_leaves_without_a_word_is_a_damaged_file(status):
    assert str(refusal(functions.leave, status)) == CRASH


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'"value"', b'{"kind": "value"}', b"\xff\xfe", b"[" * 100_000, b"1" * 5000],
    ids=["nothing", "list", "empty", "text", "no value", "no text", "deep", "number"],
)
def test_what_a_child_in_other_hands_would_answer_is_a_damaged_file(text):
    with pytest.raises(UnreadableLetterError) as caught:
        limited_process._value(text, 0)
    assert str(caught.value) == CRASH


@both
def test_a_value_that_is_not_of_json_is_no_answer():
    assert str(refusal(functions.give_back, {1, 2})) == CRASH
    assert str(refusal(functions.give_back, float("nan"))) == CRASH


@both
@linux
def test_the_child_sees_no_setting_writes_no_file_and_loads_nothing_heavy(tmp_path, monkeypatch):
    monkeypatch.setenv("CALENDAR_SECRET_KEY", "secret")
    seen = run_limited(functions.surroundings, str(tmp_path))
    # Python itself sets LC_CTYPE when no locale is given.
    seen["environment"] = [name for name in seen["environment"] if name != "LC_CTYPE"]
    assert seen == {"environment": [], "heavy modules": [], "writes": False, "opens": "few"} | {
        "core": [0, 0],
        "processes": [0, 0],
    }


def test_it_runs_from_threads():
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda n: run_limited(functions.give_back, n), range(40))
        assert [*answers] == [*range(40)]


@pytest.fixture
def heeds_sigint():
    """Make this process react to SIGINT: a shell starts background processes with SIGINT ignored,
    and Python keeps it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@both
def test_an_interrupted_parent_leaves_no_child(heeds_sigint):
    timer = threading.Timer(0.5, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_limited(functions.sleep, 60)
    timer.join()


def test_it_works_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the working folder was run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    assert run_limited(functions.give_back, "here") == "here"


def test_one_file_after_the_other_costs_no_interpreter_each():
    with many_readings([functions.__name__]):
        parents = {run_limited(functions.parent, None) for _ in range(20)}
        assert len(parents) == 1
        assert parents != {os.getpid()}
        assert run_limited(functions.parent, None) in parents
    assert run_limited(functions.parent, None) == os.getpid()


def test_what_one_file_leaves_in_memory_does_not_reach_the_next():
    with many_readings([functions.__name__]):
        assert [run_limited(functions.remember, word) for word in ("un", "deux")] == [[], []]


@linux
def test_a_prepared_process_that_ended_is_started_anew():
    with many_readings([functions.__name__]):
        for _ in range(3):
            os.kill(run_limited(functions.parent, None), signal.SIGKILL)
        assert run_limited(functions.give_back, "here") == "here"
