"""The layers of docs/architecture.md: what each may import, who knows HTTP, and no huge module."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "calendar_app"
LAYERS = """__init__: app
domain:
models: domain
sources: domain
feeds: domain models
mail: domain models feeds
services: domain models sources feeds mail
web: domain models feeds services config
migrations: domain models
environment: domain
memory:
config: environment
app: domain models sources feeds mail services web config memory
cli: services app config cli worker memory
worker: domain services app
__main__: cli
"""
MAY_IMPORT = {row.split(":")[0]: {*row.replace(":", "").split()} for row in LAYERS.splitlines()}


@pytest.mark.parametrize("module", [str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py")])
def test_a_module_keeps_to_its_layer(module):
    layer = module.split("/")[0].removesuffix(".py")
    text, names = (PACKAGE / module).read_text(encoding="utf-8"), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names += [f"{getattr(node, 'module', '')}.{a.name}".strip(".") for a in node.names]
        elif isinstance(node, ast.Attribute):
            names.append(ast.unparse(node))
    assert {n.split(".")[1] for n in names if n.startswith("calendar_app.")} <= MAY_IMPORT[layer]
    assert layer in ("web", "app") or not {"flask.request", "flask.session", "flask.g"} & {*names}
    assert text.count("\n") <= 400, "is it still one room?"
