"""What a user is told when a package that only some need is missing."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from output.extras import require

ROOT = Path(__file__).parents[2]


def test_what_is_installed_is_no_trouble():
    require("anything", "json", "numpy")


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r"^optuna is not installed: pip install '\.\[study\]' in the project's fold"):
        require("study", "json", "optuna")


def test_a_package_that_lacks_something_itself_is_not_said_to_be_missing(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import what_it_needs\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs"):
        require("study", "half_installed")


def test_every_extra_that_is_asked_for_is_declared_and_holds_its_packages():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rooms = [path.parent for path in ROOT.glob("*/__init__.py")]
    asked = re.findall(
        r'\brequire\("(\w+)"((?:, "\w+")+)\)', "".join(p.read_text() for r in rooms for p in r.rglob("*.py"))
    )
    assert {extra for extra, _ in asked} == {"dashboard", "onnx", "study", "swift", "synth1b1"}
    for extra, packages in asked:
        held = {re.split(r"[>=<\[]", requirement)[0].replace("-", "_") for requirement in declared[extra]}
        assert set(re.findall(r'"(\w+)"', packages)) <= held
