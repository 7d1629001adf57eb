"""Who may import whom, and what the folders must not contain."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_SEE: dict[str, set[str]] = {
    "output": set(),
    "synths": {"output"},
    "projection": {"synths"},
    "sounds": {"output", "synths"},
    "datamodules": {"output", "synths", "sounds"},
    "studies": {"output"},
    "lightning_modules": {"output", "synths", "projection", "studies"},
    "evaluation": {"output", "synths", "projection", "studies", "lightning_modules"},
    "instrument": {"output", "synths", "projection", "lightning_modules"},
    "turning": {"output", "synths", "projection", "sounds"},
    "performing": {"output", "synths", "lightning_modules", "evaluation", "instrument"},
    "melodies": {"output", "synths", "projection", "lightning_modules", "instrument", "performing"},
    "timbre": {
        *("output", "synths", "projection", "sounds", "datamodules", "studies", "lightning_modules", "evaluation"),
        *("instrument", "turning", "performing", "melodies"),
    },
    "interpretsynth": {
        *("output", "synths", "projection", "sounds", "studies", "lightning_modules", "instrument", "turning"),
        "timbre",
    },
}
"""Room -> the rooms below it. The command line and the Python front are the doors where data and model meet."""
LARGEST_SHARE = 0.25
"""The share of all lines that one room may hold: a larger one is a city, and wants walls."""
SLOW = {"torch", "lightning", "librosa", "matplotlib", "scipy", "sklearn"}
"""They take long to import. A verb that only reads runs starts without them."""

SOURCES = sorted(path for package in MAY_SEE for path in (ROOT / package).rglob("*.py"))


def room(path: Path) -> str:
    """Room of a source file."""
    return path.relative_to(ROOT).parts[0]


def imported(source: str) -> set[str]:
    """Top-level packages that a source imports, at any depth; relative imports stay in the room."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


def rooms_seen(source: str) -> set[str]:
    """Those of our top-level folders that a source imports."""
    return imported(source) & {*MAY_SEE, "tests", "configs", "sweeps", "slurm", "benchmarks"}


def test_reads_imports():
    """The reader sees imports inside functions and of submodules, and leaves others' packages alone."""
    source = (
        "import torch\nfrom synths.clip import Clip\ndef f():\n    import datamodules.pitch as p\nfrom . import x\n"
    )
    assert rooms_seen(source) == {"synths", "datamodules"}
    assert imported(source) == {"torch", "synths", "datamodules"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_downwards_only(path):
    """A file imports only from the rooms its own may see."""
    forbidden = rooms_seen(path.read_text(encoding="utf-8")) - MAY_SEE[room(path)] - {room(path)}
    assert not forbidden, f"{room(path)} must not import {', '.join(sorted(forbidden))}"


def test_there_is_no_circle_of_rooms():
    """Whatever a room sees was named above it."""
    named: set[str] = set()
    for name, seen in MAY_SEE.items():
        assert seen <= named, name
        named.add(name)


def test_every_room_is_read():
    """The rule is not void: each room has sources."""
    assert {room(path) for path in SOURCES} == set(MAY_SEE)


@pytest.mark.parametrize("name", MAY_SEE)
def test_no_room_is_a_city(name):
    """Lines are counted as they stand in the files."""
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    share = sum(n for path, n in lines.items() if room(path) == name) / sum(lines.values())
    assert share <= LARGEST_SHARE, f"{name} holds {share:.0%}"


@pytest.mark.parametrize("path", [path for path in SOURCES if room(path) == "studies"], ids=lambda path: path.name)
def test_who_reads_runs_needs_no_torch(path):
    """So `timbre compare` and `timbre sweep` start at once."""
    assert not imported(path.read_text(encoding="utf-8")) & {"torch", "lightning", "librosa"}


@pytest.mark.parametrize("verb", ["compare", "report", "sweep", "dashboard"])
def test_a_verb_that_reads_runs_starts_without_torch(verb):
    """In a process that imports nothing else."""
    program = f"import sys, timbre.{verb}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {name.split(".")[0] for name in said.split()} & SLOW


@pytest.mark.parametrize("folder", ["configs", "sweeps", "slurm", "tests", "voices"])
def test_is_not_a_package(folder):
    """No __init__.py: a package `sweeps` exists elsewhere, and `tests/synths` would shadow `synths`."""
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_no_vague_names():
    """A file is named after what it holds."""
    assert not [str(path.relative_to(ROOT)) for path in SOURCES if path.name in ("utils.py", "base.py", "helpers.py")]
