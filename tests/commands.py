"""Runs ``calendar-app …`` in a separate process, as a person runs it: a test gives arguments and
environment, and gets output and exit code. The process is forked from a process that has already
loaded the program, which takes a tenth of the time; tests/test_wheel.py and tests/cli/test_cli.py
also start the program from scratch.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.tools import PATIENCE, ROOT, starts_programs

# A child that is forked from a process without threads or connections starts in milliseconds.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.preloaded"])


def processes() -> ForkServerContext:
    """Return the context that makes processes and queues; skip the test in ``make quick``."""
    starts_programs()
    return _context


class Command:
    """A running command, with the methods of ``subprocess.Popen`` that tests use."""

    def __init__(self, arguments: tuple[str, ...], environ: Mapping[str, str]) -> None:
        context = processes()
        folder = tempfile.mkdtemp()
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._said = [Path(folder, name) for name in ("stdout", "stderr")]
        self._process = context.Process(
            target=_run, args=(arguments, dict(environ), *map(str, self._said))
        )
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, timeout: float = PATIENCE) -> tuple[str, str]:
        """Wait until the command ends; return its standard output and standard error.

        :param timeout: in seconds.
        :raises subprocess.TimeoutExpired: when the command runs longer; the command is then killed.
        """
        self._process.join(timeout)
        if self.poll() is None:
            self.kill()
            self._process.join()
            raise subprocess.TimeoutExpired("calendar-app", timeout)
        # A command that ends before it opens its files leaves no file.
        out, err = (p.read_text(encoding="utf-8") if p.exists() else "" for p in self._said)
        self._remove()
        return out, err


def start(*arguments: str, environ: Mapping[str, str]) -> Command:
    """Start ``calendar-app`` with these arguments and only this environment."""
    return Command(arguments, environ)


def _run(arguments: tuple[str, ...], environ: dict[str, str], *said: str) -> None:
    for number, path in enumerate((os.devnull, *said)):
        flags = os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["calendar-app", *arguments]
    from calendar_app.cli import main

    main()
