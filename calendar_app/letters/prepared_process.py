"""Many readings in a row, each in a limited child process of its own that has nothing to load.

A new interpreter loads the reader of letters in a third of a second of processor time, ten times
what a mail takes to be read. So the children are forked from one process that has loaded it:

1. The first reading starts the *prepared* process: a new interpreter, with the environment that
   ``limited_process`` gives, which imports the reader and waits for tasks. It has one thread, and
   no byte from outside ever comes to it: a fault of one file cannot reach the next one.
2. For each file the parent makes two pipes, and passes their far ends with the task. The prepared
   process forks, and tells the id of the child; the child sets its limits and works as in
   ``limited_process``.
3. The prepared process tells how the child ended, and reaps it only when the parent knows: until
   then the id is no other process's, and the parent may kill it.
4. A prepared process that ended (the system's memory was full) is replaced at the next file.

At the end of the block, and also when the parent dies, the prepared process ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence

from calendar_app.letters.limited_child import NUMBER
from calendar_app.letters.limited_process import Child, Task, children_from, start

#: Seconds that the prepared process may take to load the reader, or a child to die of SIGKILL.
_SLOW = 60


@contextlib.contextmanager
def many_readings(modules: Sequence[str]) -> Iterator[None]:
    """Inside this block, ``run_limited`` forks the children of this thread from one process.

    :param modules: what the process imports before the first fork.
    """
    prepared = _Prepared(modules)
    try:
        with children_from(prepared.fork):
            yield
    finally:
        prepared.close()


class _Prepared:
    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = list(modules)
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def fork(self, task: Task) -> Child:
        """Return a child that works on *task*; a process that ended meanwhile is started anew."""
        try:
            return _Forked(self._line or self._started(), task)
        except OSError:
            self.close()
        return _Forked(self._started(), task)

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        self._line = ours
        with theirs:
            # A session of its own: Ctrl-C ends the worker after the mail in hand, and not before.
            self._process = start(
                "serve",
                {"modules": self._modules},
                f"{theirs.fileno()}, task['modules']",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        return ours

    def close(self) -> None:
        """End the process."""
        if self._line:
            self._line.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None


class _Forked:
    """A child of the prepared process.

    :raises OSError: when there is no such process any more.
    """

    def __init__(self, line: socket.socket, task: Task) -> None:
        self._line = line
        self._status: int | None = None
        theirs, self.input = os.pipe()
        self.output, their_output = os.pipe()
        self._open = {self.input, self.output}
        try:
            socket.send_fds(line, [json.dumps(task).encode()], [theirs, their_output])
            self._id = self._told(_SLOW)
        except BaseException:
            self._close()
            raise
        finally:
            os.close(theirs)
            os.close(their_output)

    def close_input(self) -> None:
        if self.input in self._open:
            self._open.remove(self.input)
            os.close(self.input)

    def wait(self, seconds: float) -> int:
        if self._status is None:
            self._status = self._told(max(seconds, 0.001))
            with contextlib.suppress(OSError):
                self._line.sendall(b"k")  # it may be reaped
        return self._status

    def end(self) -> None:
        self._close()
        if self._status is None:
            # When nobody tells how it ended, the prepared process is gone, and its child is killed.
            with contextlib.suppress(OSError):
                os.kill(self._id, signal.SIGKILL)
                self.wait(_SLOW)

    def _close(self) -> None:
        for end in self._open:
            os.close(end)
        self._open.clear()

    def _told(self, seconds: float) -> int:
        """Return the next number that the prepared process tells.

        :raises TimeoutError: when it tells none within *seconds*.
        """
        self._line.settimeout(seconds)
        told = self._line.recv(NUMBER)
        if len(told) < NUMBER:
            raise ConnectionResetError
        return int.from_bytes(told, "big", signed=True)
