"""Tools for tests: the programs that some tests need, the number of cases, and waiting.

``make test`` needs only Python: a test whose program is missing is skipped, with the reason. With
``CALENDAR_TEST_NO_SKIP=1`` (as in ``.ci/run``) such a test fails, so that nothing stays unchecked.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

#: Whether this is ``make campaign``: the same tests, with ten times the cases.
CAMPAIGN = os.environ.get("CALENDAR_TEST_CAMPAIGN") == "1"
#: Whether this is ``make quick``: fewer cases, only SQLite, no browser, no other programs.
QUICK = os.environ.get("CALENDAR_TEST_QUICK") == "1"
NO_SKIP = os.environ.get("CALENDAR_TEST_NO_SKIP") == "1"

#: Seconds after which a test stops waiting. No test measures time with a wall clock: a busy machine
#: may take long, and a fast machine almost no time.
PATIENCE = 300

T = TypeVar("T")

#: The checkout.
ROOT = Path(__file__).parents[1]

NODE_FOLDER = ROOT / "tests" / "node"

#: tool → (the names of its program, its Debian package)
_TOOLS = {
    # The headless shell prepares no window, so it opens a page in half the time.
    "chromium": (
        ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
        "chromium-headless-shell",
    ),
    "node": (("node", "nodejs"), "nodejs"),
    "npm": (("npm",), "npm"),
    "java": (("java",), "default-jre-headless"),
    "cc": (("cc", "gcc", "clang"), "gcc"),
    "pkg-config": (("pkg-config", "pkgconf"), "pkg-config"),
    "dovecot": (("dovecot",), "dovecot-imapd"),
    "nginx": (("nginx",), "nginx-light"),
}


#: Linux keeps the files of this folder in memory. A database of PostgreSQL is 300 files: made on a
#: disk, the stores of all tests took a quarter of ``make test``.
_MEMORY = Path("/dev/shm")  # noqa: S108 (names in it are made by mkdtemp)
_OURS = "calendar-tests-"


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Yield a folder for the stores of this process, and remove it at the end: in memory where
    there is room, else where temporary files are. What a run that was killed left is removed."""
    is_there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    for left in _MEMORY.glob(f"{_OURS}*/lock") if is_there else ():
        # Nobody holds the lock of a run that has ended. (A process number would say less: a run in
        # a container has other ones.)
        with suppress(OSError), left.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left.parent, ignore_errors=True)
    has_room = is_there and shutil.disk_usage(_MEMORY).free > 2 * 2**30
    made = Path(tempfile.mkdtemp(prefix=_OURS, dir=_MEMORY if has_room else None))
    # When root runs the tests, PostgreSQL runs as another user.
    made.chmod(0o711)
    try:
        with (made / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder = made / "stores"
            folder.mkdir(0o700)
            yield folder
    finally:
        shutil.rmtree(made, ignore_errors=True)


def scaled(cases: int, share: int = 10) -> int:
    """Return how many of *cases* to try, at least 1: all in a campaign, else one in *share* (in
    ``make quick`` a tenth of that)."""
    return cases if CAMPAIGN else max(1, cases // (10 * share if QUICK else share))


def drawn_on(engine: str, cases: int) -> int:
    """Return how many of the *cases* that a test draws to try on an engine, at least 1: outside a
    campaign a quarter on PostgreSQL, where a case takes twice the time. Each engine draws its own.
    """
    return max(1, cases // 4) if engine == "postgresql" and not CAMPAIGN else cases


def starts_programs() -> None:
    """Skip the calling test in ``make quick``."""
    if QUICK:
        pytest.skip("make quick starts no other programs")


def wait_for(condition: Callable[[], T], goes_on: Callable[[], bool] = lambda: True) -> T:
    """Call *condition* until its result is true; return this result.

    :param goes_on: whether the program that the test waits for is still running.
    :raises AssertionError: when *goes_on* is false, or after :data:`PATIENCE` seconds.
    """
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert goes_on(), "what is waited for has ended; its words are above"
        assert time.monotonic() < end, f"it did not happen within {PATIENCE} s"
        time.sleep(0.05)
    return found


def first_answer(address: str, goes_on: Callable[[], bool]) -> tuple[int, bytes]:
    """Return (status, body) of the first answer of a server.

    :param goes_on: whether the server is still running.
    """

    def ask() -> tuple[int, bytes] | None:
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return None

    answer = wait_for(ask, goes_on)
    assert answer
    return answer


#: Below the ports that Linux gives to whoever asks for any (32768 to 60999), so that no connection
#: and no other server of a test takes one between the moment it is found and the moment it is used.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now, and that no other test of this machine is given
    as long as this process lives."""
    folder = Path(tempfile.gettempdir()) / "calendar-tests-ports"
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o777)
    first = random.Random().randrange(len(_PORTS))
    # From any port on, and round: drawing the order of all of them took ten milliseconds.
    for port in (*_PORTS[first:], *_PORTS[:first]):
        try:
            lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except PermissionError:  # another user's
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.create_server(("127.0.0.1", port)):
                return port  # the lock stays open
        except OSError:
            os.close(lock)
    raise AssertionError("no port is free")


def need(tool: str, why: str) -> str:
    """Return the path of *tool* (a key of ``_TOOLS``), or skip the calling test.

    :param why: what is not checked without it, as a noun (« the accessibility of the pages »).
    """
    names, package = _TOOLS[tool]
    # Debian installs servers in /usr/sbin, which is not in the PATH of an ordinary account.
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    path = next(filter(None, (shutil.which(name, path=folders) for name in names)), None)
    if not path:
        _do_without(f"{why} skipped: needs {tool} (apt-get install {package})")
    return path


def node_modules(why: str, node: Path = NODE_FOLDER) -> Path:
    """Return the ``node_modules`` of a folder with the packages of its package.json, installed if
    missing.

    Skip the calling test without node or npm, or when npm cannot install.

    :param why: as for :func:`need`.
    """
    need("node", why)
    npm = need("npm", why)
    folder = node / "node_modules"
    with (node / "package.json").open("rb") as lock:
        # Tests may run in parallel, and two npm processes in one folder break each other's work.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = json.loads((node / "package.json").read_text())["dependencies"]
        if any(_installed_version(folder / name) != wanted[name] for name in wanted):
            # "npm install" may write to the lock file of the repository.
            verb = "ci" if (node / "package-lock.json").exists() else "install"
            done = subprocess.run(
                [npm, verb, "--no-audit", "--no-fund"],
                cwd=node,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                _do_without(f"{why} skipped: npm {verb} failed in {node}\n{done.stderr}")
    return folder


def c_program(name: str, library: str, why: str) -> Path:
    """Compile ``tests/c/<name>.c`` with a library that pkg-config knows; return the program's path.

    Skip the calling test without a compiler or the library's headers.

    :param why: as for :func:`need`.
    """
    compiler, pkg_config = need("cc", why), need("pkg-config", why)
    flags = subprocess.run(
        [pkg_config, "--cflags", "--libs", library], capture_output=True, text=True
    )
    if flags.returncode:
        _do_without(f"{why} skipped: needs {library} (apt-get install {library}-dev)")
    program = Path(tempfile.mkdtemp(prefix="calendar-c-")) / name
    source = ROOT / "tests" / "c" / f"{name}.c"
    atexit.register(shutil.rmtree, program.parent, ignore_errors=True)
    command = [compiler, "-Wall", "-Wextra", "-o", str(program), str(source)]
    subprocess.run([*command, *flags.stdout.split()], check=True)
    return program


def _installed_version(module: Path) -> str | None:
    described = module / "package.json"
    return json.loads(described.read_text())["version"] if described.exists() else None


def _do_without(reason: str) -> NoReturn:
    if NO_SKIP:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
