"""The wheel is complete: installed without the checkout, it starts with its templates and data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.tools import PATIENCE, ROOT, first_answer, free_port


def run(*command: str, cwd: Path, **environ: str) -> str:
    """Run a program to its end; return its standard output. Its errors go to the test's output."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=clean_environ() | environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def clean_environ() -> dict[str, str]:
    """Return the environment without the settings of the application, and without variables that
    lead to the checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CALENDAR_") and name not in ("PORT", "PYTHONPATH")
    }


def build(target: str, source: Path, folder: Path) -> Path:
    """Build a ``wheel`` or ``sdist`` of *source* in *folder*, with the tools that are installed."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder), cwd=source)
    [built] = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--quiet")
    run(*pip, "--wheel-dir", str(folder), str(ROOT), cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder where the wheel alone is installed; its dependencies come from the environment."""
    folder = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet")
    run(*pip, "--target", str(folder), str(wheel), cwd=folder)
    return folder


def test_the_wheel_has_every_file_of_the_package_the_templates_and_the_data(wheel):
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = files(ROOT / "calendar_app", "calendar_app")
    for folder in ("templates", "data"):
        wanted |= files(ROOT / folder, f"calendar_app/_bundled/{folder}")
    assert shipped == wanted


def files(folder: Path, prefix: str) -> set[str]:
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_source_archive_makes_the_same_wheel(wheel, tmp_path):
    archive = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()
    again = build("wheel", source, tmp_path / "wheel")
    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


def test_it_serves_from_another_folder(installed, tmp_path):
    place = "import calendar_app.app; print(calendar_app.app.__file__)"
    where = run(sys.executable, "-c", place, cwd=tmp_path, PYTHONPATH=str(installed))
    assert Path(where.strip()) == installed / "calendar_app" / "app.py"
    port = free_port()
    with subprocess.Popen(
        [installed / "bin" / "calendar-app", "serve", "--no-worker"],
        cwd=tmp_path,
        env=clean_environ() | {"PYTHONPATH": str(installed), "PORT": str(port)},
        stdin=subprocess.DEVNULL,
    ) as server:
        try:
            # The home page needs a template, and the dates that the first start imported.
            for path in ("/livez", "/"):
                address = f"http://127.0.0.1:{port}{path}"
                status, _ = first_answer(address, lambda: server.poll() is None)
                assert status == 200
            server.terminate()
            assert server.wait(timeout=PATIENCE) in (0, -signal.SIGTERM), "it did not stop well"
        finally:
            server.kill()
    assert (tmp_path / "instance" / "calendar.sqlite3").exists()
