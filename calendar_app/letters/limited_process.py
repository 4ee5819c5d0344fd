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

Threads, server workers and scheduled jobs may call this module: it changes no signal handler, no
working directory and no global state. Linux enforces every limit. Other systems skip the limits
that they do not know (RLIMIT_AS has no effect on macOS), and enforce the others and the time-out.
"""

from __future__ import annotations

import contextlib
import importlib
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
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, NoReturn, TypeVar, cast

from calendar_app.words.errors import CalendarError, UnreadableLetterError

#: The limit of an answer, in bytes of JSON.
MAX_ANSWER: Final = 16 * 2**20
#: Seconds of real time that the child may take for each allowed second of CPU.
PATIENCE = 3

P = TypeVar("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)
_PACKAGE_ROOT = str(Path(__file__).parents[2])
#: -S and the path of the parent: otherwise the child would read every .pth file at each start.
#: -B: the child may write no file.
_COMMAND = (
    sys.executable,
    "-I",
    "-S",
    "-B",
    "-c",
    "import json, sys; task = json.loads(sys.argv[1]); sys.path[:] = task['path'];"
    "from calendar_app.letters.limited_process import answer; answer(task)",
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
    task = {
        "path": [_PACKAGE_ROOT, *(entry for entry in sys.path if entry)],
        "module": function.__module__,
        "name": function.__qualname__,
        "seconds": math.ceil(seconds),
        "memory": memory,
    }
    child = subprocess.Popen(  # noqa: S603 - our own interpreter, and no name from outside
        [*_COMMAND, json.dumps(task)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A traceback may quote the letter. The answer of the child says what went wrong.
        stderr=subprocess.DEVNULL,
        # A Python outside the folders of the system may need this variable to find its library.
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
    )
    try:
        text = _exchange(child, pickle.dumps(argument), time.monotonic() + PATIENCE * seconds)
    finally:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            # Closing a pipe flushes it, which fails when the child has ended.
            with contextlib.suppress(OSError):
                cast(IO[bytes], pipe).close()
        child.wait()
    return cast(R, _value(text, child.returncode))


def _exchange(child: subprocess.Popen[bytes], argument: bytes, deadline: float) -> bytes:
    """Return the answer of the child when it has ended; the argument is written meanwhile.

    Writing and reading alternate as the child is ready, so that neither side waits for ever.

    :param deadline: on the monotonic clock, in seconds.
    """
    stdin, stdout = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
    os.set_blocking(stdin.fileno(), False)
    os.set_blocking(stdout.fileno(), False)
    left, answered = memoryview(argument), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stdin, selectors.EVENT_WRITE)
        selector.register(stdout, selectors.EVENT_READ)
        while stdout in {key.fileobj for key in selector.get_map().values()}:
            ready = selector.select(max(0, deadline - time.monotonic()))
            if not ready or time.monotonic() >= deadline:
                _too_long()
            for key, _ in ready:
                if key.fileobj is stdin:
                    try:
                        left = left[os.write(stdin.fileno(), left[:_CHUNK]) :]
                    except BrokenPipeError:
                        left = left[:0]
                    if not left:
                        selector.unregister(stdin)
                        stdin.close()
                elif chunk := os.read(stdout.fileno(), _CHUNK):
                    answered += chunk
                    if len(answered) > MAX_ANSWER:
                        raise OverLimitError(
                            "Ce fichier contient beaucoup trop de texte pour une lettre. "
                            "Donnez-en seulement les pages utiles."
                        )
                else:
                    selector.unregister(stdout)
    try:
        child.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        _too_long()
    return bytes(answered)


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


def answer(task: dict[str, Any]) -> None:
    """Run *task* in the child and write the answer to the standard output.

    :param task: the path, module, name, seconds and memory that :func:`run_limited` wrote.
    """
    _limit(task["seconds"], task["memory"])
    # The output of a library must not mix with the answer.
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Written in advance: while an error is handled, the memory is still full.
    no_memory = _json("memory", None)
    try:
        function = getattr(importlib.import_module(task["module"]), task["name"])
        # Only our parent can write to this pipe.
        argument = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
        text = _json("value", function(argument))
    except CalendarError as error:
        text = _json("refused", str(error))
    except MemoryError:
        text = no_memory
    # A parser may raise any exception on a hostile file. The parent must learn its name.
    except BaseException as error:
        text = _json("crash", f"{type(error).__name__} {_where(error)}")
    with os.fdopen(output, "wb") as stream:
        stream.write(text)


def _json(kind: str, value: object) -> bytes:
    return json.dumps({"kind": kind, "value": value}, allow_nan=False).encode("ascii")


def _where(error: BaseException) -> str:
    """Return the last three lines of code that *error* passed, innermost first (« pdf.py:41 »)."""
    lines, frame = [], error.__traceback__
    while frame is not None:
        lines.append(f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}")
        frame = frame.tb_next
    return " < ".join(lines[:-4:-1])


def _limit(seconds: int, memory: int) -> None:
    """Set the limits of this process, which cannot be raised afterwards.

    :param seconds: of CPU time.
    :param memory: bytes of address space.
    """
    import resource

    limits = {
        # SIGXCPU ends the process at the soft limit; the hard limit kills it in any case.
        "RLIMIT_CPU": (seconds, seconds + 1),
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NOFILE": (32, 32),
        # No new process and no new thread. (This limit does not apply to root.)
        "RLIMIT_NPROC": (0, 0),
    }
    for name, limit in limits.items():
        try:
            number = getattr(resource, name)
            _, hard = resource.getrlimit(number)
            if hard != resource.RLIM_INFINITY:
                limit = (min(limit[0], hard), min(limit[1], hard))
            resource.setrlimit(number, limit)
        except (AttributeError, ValueError, OSError):
            if sys.platform == "linux":
                raise
