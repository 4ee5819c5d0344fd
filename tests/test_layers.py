"""The rules for the rooms of docs/architecture.md: the imports of each room, the pure modules, the
modules that know HTTP, and that each name is imported from the module that defines it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.tools import ROOT

PACKAGE = ROOT / "calendar_app"
#: A room imports only itself and the rooms before it.
ROOMS = (
    "memory", "words", "config", "store", "school", "letters", "catalogue", "feeds", "reminders",
    "editing", "web", "app", "worker", "cli", "__main__",
)  # fmt: skip
#: Imports between the folders of one room go one way, too: folder → the folders that it may import.
#: "" stands for the modules directly in the room.
FOLDERS = {
    "web": {"": "", "api": "", "public": "", "subscription": "", "editing": ""},
    "letters": {
        "grammar": "",
        "formats": "",
        "agendas": "formats",
        "layout": "grammar",
        "reading": "formats grammar agendas layout",
    },
}
#: Modules that import neither Flask nor SQLAlchemy, nor a module that does.
PURE = (
    "words", "school", "letters", "catalogue/files", "catalogue/entries",
    "catalogue/file_entries", "catalogue/facts",
    "catalogue/filters", "catalogue/versions", "catalogue/search/reading",
    "catalogue/search/spellings", "catalogue/search/vocabulary", "reminders/rules",
    "editing/rules", "editing/mailbox/envelope", "editing/mailbox/parts",
)  # fmt: skip
#: Not checked: ``calendar_app/__init__.py`` gives a server its application; migrations are history.
OUTSIDE = ("__init__.py", "migrations")
MOST_MODULES = 20
MOST_LINES = 60
#: Allowed longer functions: function → the reason.
LONG: dict[str, str] = {}

MODULES = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in OUTSIDE
)


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of each import of a module; the name is empty for « import module »."""
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def own_imports(module: str) -> Iterator[str]:
    """Yield the modules of calendar_app that a module imports, as paths (« words/text »)."""
    for name, part in imports(module):
        path, _, rest = name.partition(".")
        if path == "calendar_app":
            inner = f"{rest}.{part}".replace(".", "/").strip("/")
            yield inner if inner in MODULES else rest.replace(".", "/") or part


def folder(module: str) -> tuple[str, str]:
    """Return (room, folder) of a module; the folder is empty for a module directly in the room."""
    room, _, rest = module.partition("/")
    return room, rest.partition("/")[0] if "/" in rest else ""


def test_a_module_imports_only_the_rooms_before_its_own():
    found = [(m, name) for m in MODULES for name in own_imports(m) if not may_import(m, name)]
    assert not found


def may_import(module: str, name: str) -> bool:
    """Whether *module* may import *name*, by the order of rooms and of folders in a room."""
    (room, inner), (other, other_inner) = folder(module), folder(name)
    if ROOMS.index(other) > ROOMS.index(room):
        return False
    may = FOLDERS.get(room, {}).get(inner)
    return other != room or may is None or inner == other_inner or other_inner in ("", *may.split())


def test_what_is_pure_knows_no_store_and_no_server():
    servers = {"flask", "flask_sqlalchemy", "sqlalchemy", "alembic", "apscheduler"}
    pure = [module for module in MODULES if module.startswith(PURE)]
    assert not [
        (module, name)
        for module in pure
        for name, _ in imports(module)
        if name.partition(".")[0] in servers
    ]
    known = (*PURE, "config/retention")
    assert not [(m, name) for m in pure for name in own_imports(m) if not name.startswith(known)]


def test_only_the_web_knows_a_request():
    assert not [
        (module, name)
        for module in MODULES
        if not module.startswith(("web/", "app"))
        for source, name in imports(module)
        if source == "flask" and name in ("request", "session", "g")
    ]


def test_a_name_is_imported_from_where_it_is_defined():
    """A re-exported name would be a way around the order of rooms."""
    passed_on = []
    for module in MODULES:
        for name, part in imports(module):
            path = name.removeprefix("calendar_app.").replace(".", "/")
            if name.startswith("calendar_app.") and part and f"{path}/{part}" not in MODULES:
                source = path if path in MODULES else f"{path}/__init__"
                if part not in defined(source):
                    passed_on.append((module, name, part))
    assert not passed_on


def test_an_attribute_of_a_module_is_defined_in_it():
    """``store.health.RateCount``, defined elsewhere, would be another way around the order."""
    assert not [
        (module, ast.unparse(node))
        for module in MODULES
        for node, other in attributes_of_modules(module)
        if f"{other}/{node.attr}" not in MODULES and node.attr not in defined(other)
    ]


def attributes_of_modules(module: str) -> Iterator[tuple[ast.Attribute, str]]:
    """Yield (attribute, path of its module) for each « module.attribute » that a module uses, where
    the module is one of calendar_app."""
    named = {
        alias.asname or alias.name: f"{node.module}.{alias.name}".removeprefix("calendar_app.")
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("calendar_app")
        for alias in node.names
    }
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            other = named.get(node.value.id, "").replace(".", "/")
            if other in MODULES:
                yield node, other


@cache
def defined(module: str) -> frozenset[str]:
    """Return the names that a module defines; imported names are not included."""
    found: set[str] = set()
    for node in parsed(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.For | ast.If | ast.Try):
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return frozenset(found)


def test_the_spine_is_read_in_an_hour():
    """The spine is the numbered files of docs/architecture.md."""
    written = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = [PACKAGE / name for name in re.findall(r"^\d+\. `([\w/.]+)`", written, re.MULTILINE)]
    lines = sum(path.read_text(encoding="utf-8").count("\n") for path in files)
    assert 10 <= len(files) <= 20
    assert lines <= 4000, lines


def test_no_folder_holds_more_than_a_newcomer_reads():
    for path in (PACKAGE, *(p for p in PACKAGE.rglob("*") if p.is_dir())):
        modules = [p for p in path.glob("*.py") if p.name != "__init__.py"]
        assert len(modules) <= MOST_MODULES or "migrations" in path.parts, path


def test_no_function_is_longer_than_a_screen():
    found = {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in MODULES
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for name, lines in found.items() if lines > MOST_LINES} == LONG.keys()
