"""Who may import whom, and what the folders must not contain."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("output", "synths", "datamodules", "lightning_modules")
MAY_SEE = {
    "output": {"output"},
    "synths": {"synths"},
    "datamodules": {"output", "synths", "datamodules"},
    "lightning_modules": {"output", "synths", "lightning_modules"},
    "lightning_modules/cli": {"output", "synths", "lightning_modules", "datamodules"},
}
"""The command line is the one door where data and model meet."""

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def room(path: Path) -> str:
    """Room of a source file, relative to the repository."""
    relative = path.relative_to(ROOT).as_posix()
    return "lightning_modules/cli" if relative.startswith("lightning_modules/cli") else relative.split("/")[0]


def imported(source: str) -> set[str]:
    """Top-level packages of ours that a source imports, at any depth; relative imports stay in their own room."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.split(".")[0] for name in names} & {*PACKAGES, "tests", "configs", "sweeps", "slurm"}


def test_reads_imports():
    """The reader sees imports inside functions and of submodules, and leaves others' packages alone."""
    source = (
        "import torch\nfrom synths.clip import Clip\ndef f():\n    import datamodules.pitch as p\nfrom . import x\n"
    )
    assert imported(source) == {"synths", "datamodules"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_downwards_only(path):
    """A file imports only from the rooms its own may see."""
    forbidden = imported(path.read_text(encoding="utf-8")) - MAY_SEE[room(path)]
    assert not forbidden, f"{room(path)} must not import {', '.join(sorted(forbidden))}"


def test_every_room_is_read():
    """The rule is not void: each room has sources."""
    assert {room(path) for path in SOURCES} >= set(PACKAGES)


@pytest.mark.parametrize("folder", ["configs", "sweeps", "slurm", "tests"])
def test_is_not_a_package(folder):
    """No __init__.py: a package `sweeps` exists elsewhere, and `tests/synths` would shadow `synths`."""
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_no_vague_names():
    """A file is named after what it holds."""
    assert not [str(path.relative_to(ROOT)) for path in SOURCES if path.name in ("utils.py", "base.py", "helpers.py")]
