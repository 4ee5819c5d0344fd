"""Running a function of ours on bytes from outside, in a child process that has limits.

Whatever a hostile file does to a parser (loop, eat memory, crash the interpreter), it does it to a
process that dies of it. What crosses the border:

1. The parent starts a fresh interpreter (no fork: the parent may have threads) that is given the
   module path, the function's name and the limits, and nothing of the environment, which holds the
   secret key.
2. The child sets its limits, and only then reads the pickled argument from its standard input. The
   parent made that pickle: the child may trust it.
3. The child answers in JSON. The parent never unpickles what such a child wrote; it caps the size
   of what it reads and the time it waits.
4. The child is always killed and reaped, also when the parent is interrupted.

A caller in a thread, a worker of a server or a scheduled job may use it: it touches no signal, no
working directory and no global state. Linux holds every limit; another system skips those that it
does not know (macOS has no RLIMIT_AS that holds), and keeps the others and the timeout.
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

#: A longer answer is refused: bytes of JSON.
MAX_ANSWER: Final = 16 * 2**20
#: How many seconds may pass on the clock for each second of CPU that is allowed.
PATIENCE = 3

P = TypeVar("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)
_PACKAGE_ROOT = str(Path(__file__).parents[2])
#: Without -S and with no path of its own, the child would read every .pth file at each start; -B,
#: because it may write no file.
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
    """The work was stopped: it wanted more time or memory than it may have."""


def run_limited(
    function: Callable[[P], R], argument: P, *, seconds: float = 10, memory: int = 256 * 2**20
) -> R:
    """Return ``function(argument)``, worked out in a child process with limits.

    The child imports the function's module and what that imports: for a quick answer it is light.

    :param function: a module-level function of this package. Its value is made of what JSON knows
        (dict with text keys, list, str, int, float, bool, None): a tuple comes back as a list.
    :param argument: whatever pickle takes.
    :param seconds: of CPU, rounded up to a whole one; :data:`PATIENCE` times as many may pass on
        the clock.
    :param memory: bytes of address space, of which the interpreter itself takes some 30 MiB.
    :raises UnreadableLetterError: with the sentence of the CalendarError that the function raised;
        or with one that says the file is damaged, when it raised anything else or crashed.
    :raises OverLimitError: when a limit stopped it.
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
        # A traceback may quote the letter; what went wrong comes in the answer.
        stderr=subprocess.DEVNULL,
        # A Python outside the system's folders may need it to find its own library.
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
    )
    try:
        text = _exchange(child, pickle.dumps(argument), time.monotonic() + PATIENCE * seconds)
    finally:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            # Closing flushes: the child may be gone.
            with contextlib.suppress(OSError):
                cast(IO[bytes], pipe).close()
        child.wait()
    return cast(R, _value(text, child.returncode))


def _exchange(child: subprocess.Popen[bytes], argument: bytes, deadline: float) -> bytes:
    """Write the argument and read the answer, both as the child is ready; return when it ended."""
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
    """Return the value that the child answered, or raise what it says or what killed it."""
    if returncode == -signal.SIGXCPU:
        _too_long()
    if returncode == -signal.SIGKILL:  # the hard limit of CPU, or a system out of memory
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
    # The name of an exception and a line of code, never their text: it may quote the letter.
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
    """Do *task* and write what became of it to the standard output: the child's whole life."""
    _limit(task["seconds"], task["memory"])
    # What a library prints is no answer.
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Written now: while an error is handled, all that filled the memory is still there.
    no_memory = _json("memory", None)
    try:
        function = getattr(importlib.import_module(task["module"]), task["name"])
        # Our parent wrote it, and nobody else can.
        argument = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
        text = _json("value", function(argument))
    except CalendarError as error:
        text = _json("refused", str(error))
    except MemoryError:
        text = no_memory
    # Whatever a parser raises on a hostile file, the parent has to hear of it in a sentence.
    except BaseException as error:
        text = _json("crash", f"{type(error).__name__} {_where(error)}")
    with os.fdopen(output, "wb") as stream:
        stream.write(text)


def _json(kind: str, value: object) -> bytes:
    return json.dumps({"kind": kind, "value": value}, allow_nan=False).encode("ascii")


def _where(error: BaseException) -> str:
    """Return the last lines of code that *error* went through: « letter_pdf.py:41 »."""
    lines, frame = [], error.__traceback__
    while frame is not None:
        lines.append(f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}")
        frame = frame.tb_next
    return " < ".join(lines[:-4:-1])


def _limit(seconds: int, memory: int) -> None:
    """Set the limits of this process; none can be raised again."""
    import resource

    limits = {
        # At the soft limit SIGXCPU ends the process; the hard one kills it, whatever it does.
        "RLIMIT_CPU": (seconds, seconds + 1),
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NOFILE": (32, 32),
        # No process and no thread. (It does not bind root.)
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
