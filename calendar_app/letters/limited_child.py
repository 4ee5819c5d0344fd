"""The child's side of ``limited_process`` and ``prepared_process``: limits first, then the work."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import socket
import sys
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from calendar_app.words.errors import CalendarError

#: Bytes of a number that the prepared process tells: the id of a child, or its exit status.
NUMBER: Final = 8
#: The most bytes of a task.
_TASK = 2**16


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


# -- many children of one prepared process --------------------------------------------------------


def serve(descriptor: int, modules: list[str]) -> None:
    """Import *modules*, then fork a child for each task that comes, until nobody sends one any more
    (``prepared_process`` says how both sides talk).

    :param descriptor: of the socket to the parent. No byte of a letter comes this way.
    """
    for module in modules:
        importlib.import_module(module)
    # Otherwise the first collection of each child would write to all objects, and so copy them.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as line:
        while True:
            text, ends, _, _ = socket.recv_fds(line, _TASK, 2)
            if not text:
                return
            child = os.fork()
            if not child:
                line.close()
                _work(json.loads(text), ends)
            for end in ends:
                os.close(end)
            line.sendall(number(child))
            # Without WNOHANG there is a result.
            ended = cast("os.waitid_result", os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT))
            killed = ended.si_code != os.CLD_EXITED
            line.sendall(number(-ended.si_status if killed else ended.si_status))
            line.recv(1)  # the parent knows: it will not kill this id, which may be another's soon
            os.waitpid(child, 0)


def number(value: int) -> bytes:
    """Return a number as the prepared process tells it."""
    return value.to_bytes(NUMBER, "big", signed=True)


def _work(task: dict[str, Any], ends: list[int]) -> NoReturn:
    """Do a task in a child that was forked: the ends of two pipes become its input and output."""
    try:
        for standard, end in enumerate(ends):
            os.dup2(end, standard)
            os.close(end)
        answer(task)
    finally:
        os._exit(0)  # what is left to do at an exit is the prepared process's
