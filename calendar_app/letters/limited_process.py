"""Run a function of this package on bytes from outside, in a child process with limits.

A hostile file may make a parser loop, use too much memory or crash the interpreter. Here this only
ends the child process. The steps:

1. The parent starts a new interpreter (no fork, because the parent may have threads). The child
   receives the module path, the function's name and the limits. Of the environment, which holds the
   secret key, it receives only LD_LIBRARY_PATH.
2. The child sets its limits, and only then reads the pickled argument from its standard input. The
   child may trust this pickle, because the parent made it.
3. The child answers in JSON. The parent never unpickles data of the child; it limits the size of
   the answer and the time that it waits.
4. The parent always kills and reaps the child, also when the parent is interrupted.

Where many files are read in a row, ``prepared_process`` forks the children from a process that has
loaded the reader; all else is the same.

Threads, server workers and scheduled jobs may call this module: it changes no signal handler, no
working directory and no global state. Linux enforces every limit. Other systems skip the limits
that they do not know (RLIMIT_AS has no effect on macOS), and enforce the others and the time-out.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import pickle
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any, Final, NoReturn, Protocol, TypeVar, cast

from calendar_app.words.errors import UnreadableLetterError

#: The limit of an answer, in bytes of JSON.
MAX_ANSWER: Final = 16 * 2**20
#: Seconds of real time that the child may take for each allowed second of CPU.
PATIENCE = 3

#: What a child is to do: a module, the name of a function in it, the limits.
Task = dict[str, Any]

P = TypeVar("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)
_PACKAGE_ROOT = str(Path(__file__).parents[2])
#: -S and the path of the parent: otherwise the child would read every .pth file at each start.
#: -B: the child may write no file.
_START = (sys.executable, "-I", "-S", "-B", "-c")
_CODE = (
    "import json, sys; task = json.loads(sys.argv[1]); sys.path[:] = task['path'];"
    "from calendar_app.letters.limited_child import {name} as run; run({arguments})"
)
_CHUNK = 2**16


class OverLimitError(UnreadableLetterError):
    """The work was stopped, because it needed more time, memory or text than is allowed."""


def run_limited(
    function: Callable[[P], R], argument: P, *, seconds: float = 10, memory: int = 256 * 2**20
) -> R:
    """Return ``function(argument)``, computed in a child process with limits.

    The child imports the module of *function* and all that this module imports: a module with few
    imports gives a quick answer.

    :param function: a module-level function of this package. It returns JSON values (dict with text
        keys, list, str, int, float, bool, None); a tuple comes back as a list.
    :param argument: a value that pickle can write.
    :param seconds: the limit of CPU time, rounded up to whole seconds. The limit of real time is
        :data:`PATIENCE` times as long.
    :param memory: the limit of address space, in bytes. The interpreter itself takes some 30 MiB.
    :raises UnreadableLetterError: when the function raised a CalendarError, with its sentence; when
        the function raised another error or the child crashed, with a sentence that says that the
        file may be damaged.
    :raises OverLimitError: when a limit stopped the child.
    """
    task: Task = {
        "module": function.__module__,
        "name": function.__qualname__,
        "seconds": math.ceil(seconds),
        "memory": memory,
    }
    fork = _fork.get()
    child = fork(task) if fork else _Started(task)
    try:
        deadline = time.monotonic() + PATIENCE * seconds
        text, status = _exchange(child, pickle.dumps(argument), deadline)
    finally:
        child.end()
    return cast(R, _value(text, status))


class Child(Protocol):
    """A limited child process, and the descriptors of our ends of its input and output."""

    @property
    def input(self) -> int: ...

    @property
    def output(self) -> int: ...

    def close_input(self) -> None:
        """Close our end of its input, if it is open."""

    def wait(self, seconds: float) -> int:
        """Return its exit status; that of a child that a signal ended is negative.

        :raises TimeoutError: when it still runs after *seconds*.
        """

    def end(self) -> None:
        """Kill it if it still runs, reap it, and close our ends."""


#: Inside ``prepared_process.many_readings``: starts the children of this thread.
_fork: ContextVar[Callable[[Task], Child] | None] = ContextVar("fork", default=None)


@contextlib.contextmanager
def children_from(fork: Callable[[Task], Child]) -> Iterator[None]:
    """Let *fork* start the children of this thread."""
    before = _fork.set(fork)
    try:
        yield
    finally:
        _fork.reset(before)


def start(name: str, values: Task, arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start a new interpreter that runs a function of ``limited_child``.

    :param arguments: the arguments of this function, as code that may read *values* as ``task``.
    """
    task = {"path": [_PACKAGE_ROOT, *(entry for entry in sys.path if entry)], **values}
    return subprocess.Popen(  # noqa: S603 - our own interpreter, and no name from outside
        [*_START, _CODE.format(name=name, arguments=arguments), json.dumps(task)],
        # A traceback may quote the letter. The answer of the child says what went wrong.
        stderr=subprocess.DEVNULL,
        # A Python outside the folders of the system may need this variable to find its library.
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
        **options,
    )


class _Started:
    """A child that is an interpreter of its own."""

    def __init__(self, task: Task) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = start("answer", task, "task", **pipes)
        self._stdin = cast(IO[bytes], self._process.stdin)
        self._stdout = cast(IO[bytes], self._process.stdout)
        self.input, self.output = self._stdin.fileno(), self._stdout.fileno()

    def close_input(self) -> None:
        self._stdin.close()

    def wait(self, seconds: float) -> int:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def end(self) -> None:
        self._process.kill()
        for pipe in (self._stdin, self._stdout):
            # Closing a pipe flushes it, which fails when the child has ended.
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()


def _exchange(child: Child, argument: bytes, deadline: float) -> tuple[bytes, int]:
    """Return the answer of the child and its exit status; the argument is written meanwhile.

    Writing and reading alternate as the child is ready, so that neither side waits for ever.

    :param deadline: on the monotonic clock, in seconds.
    """
    os.set_blocking(child.input, False)
    os.set_blocking(child.output, False)
    left, answered = memoryview(argument), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(child.input, selectors.EVENT_WRITE, "input")
        selector.register(child.output, selectors.EVENT_READ, "output")
        while "output" in {key.data for key in selector.get_map().values()}:
            ready = selector.select(max(0, deadline - time.monotonic()))
            if not ready or time.monotonic() >= deadline:
                _too_long()
            for key, _ in ready:
                if key.data == "input":
                    try:
                        left = left[os.write(child.input, left[:_CHUNK]) :]
                    except BrokenPipeError:
                        left = left[:0]
                    if not left:
                        selector.unregister(child.input)
                        child.close_input()
                elif chunk := os.read(child.output, _CHUNK):
                    answered += chunk
                    if len(answered) > MAX_ANSWER:
                        raise OverLimitError(
                            "Ce fichier contient beaucoup trop de texte pour une lettre. "
                            "Donnez-en seulement les pages utiles."
                        )
                else:
                    selector.unregister(child.output)
    try:
        return bytes(answered), child.wait(max(0, deadline - time.monotonic()))
    except TimeoutError:
        _too_long()


def _value(text: bytes, returncode: int) -> Any:
    """Return the value in the child's answer, or raise the error that the child met."""
    if returncode == -signal.SIGXCPU:
        _too_long()
    if returncode == -signal.SIGKILL:  # the hard limit of CPU time, or the system's memory was full
        raise OverLimitError(
            "La lecture de ce fichier demande trop de temps ou de mémoire. "
            "Donnez la lettre dans un autre format, ou seulement les pages utiles."
        )
    try:
        answered = json.loads(text)
        kind, value = answered["kind"], answered["value"]
    except (ValueError, TypeError, KeyError, RecursionError):
        kind, value = "crash", f"exit status {returncode}"
    if kind == "value":
        return value
    if kind == "refused":
        raise UnreadableLetterError(str(value))
    if kind == "memory":
        raise OverLimitError(
            "La lecture de ce fichier demande trop de mémoire. "
            "Donnez la lettre dans un autre format, ou seulement les pages utiles."
        )
    # Only the name of the exception and lines of code: its message may quote the letter.
    _log.warning("reading a file failed in its process: %s", str(value)[:200])
    raise UnreadableLetterError(
        "La lecture de ce fichier a échoué : il est peut-être endommagé. "
        "Ouvrez-le et enregistrez-le de nouveau, ou donnez la lettre dans un autre format."
    )


def _too_long() -> NoReturn:
    raise OverLimitError(
        "La lecture de ce fichier demande trop de temps. "
        "Donnez la lettre dans un autre format, ou seulement les pages utiles."
    )
