"""Scripts that are run by hand break silently when a name moves: every name that they take must be there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted([*ROOT.glob("docs/results/*.py"), *ROOT.glob("tests/benchmarks/*.py")])


def taken(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Find (module, name) of all that a script takes of gliobench, by import or as an attribute."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gliobench"):
            for alias in node.names:
                yield str(node.module), alias.name
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id, "")
            if is_module(module):
                yield module, node.attr


def is_module(name: str) -> bool:
    try:
        return bool(name) and find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("script", SCRIPTS, ids=[str(path.relative_to(ROOT)) for path in SCRIPTS])
def test_every_name_that_a_script_takes_is_there(script: Path) -> None:
    pytest.importorskip("torch", reason="the extra `train` is not installed")

    gone = [
        f"{module}.{name}"
        for module, name in taken(ast.parse(script.read_text(encoding="utf-8")))
        if not hasattr(import_module(module), name) and not is_module(f"{module}.{name}")
    ]

    assert gone == []
