"""What is remembered of fits outlives a commit that changes nothing about them, and what is out of date goes."""

import math
import os
import time

import pytest

from evaluation.resynthesis import fit_memory as module
from evaluation.resynthesis.fit_memory import FitMemory, code, sources

VALUES = {"fit": {"mss": 0.5, "visqol": math.nan}, "two seeds": {"mss": 0.25, "visqol": 4.0}}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A checkout with one source in each place that decides, and one that does not."""
    for place in (*module.DECIDING, "timbre"):
        path = tmp_path / "tree" / (place if place.endswith(".py") else f"{place}/source.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\n")
    monkeypatch.setattr(module, "ROOT", tmp_path / "tree")
    code.cache_clear()
    yield tmp_path / "tree"
    code.cache_clear()


def coded():
    code.cache_clear()
    return code()


def kept(memory, key=b"key"):
    return memory.kept(key, list(VALUES), ["mss", "visqol"])


def test_it_remembers_by_key(tmp_path):
    memory = FitMemory(tmp_path / ".fitted")
    assert kept(memory) is None
    memory.keep(b"key", VALUES)
    again = kept(FitMemory(tmp_path / ".fitted"))
    assert again["two seeds"] == VALUES["two seeds"] and again["fit"]["mss"] == 0.5
    assert math.isnan(again["fit"]["visqol"]) and kept(memory, b"other") is None


def test_only_what_decides_is_another_code(tree, monkeypatch):
    """Text of a source that decides, a file more, a library's version; not a source elsewhere, nor a file's time."""
    before = coded()
    (tree / "timbre" / "source.py").write_text("2\n")
    os.utime(tree / "synths" / "source.py", (1, 1))
    assert coded() == before
    seen = {before}
    for place in module.DECIDING:
        path = tree / (place if place.endswith(".py") else f"{place}/source.py")
        path.write_text("2\n")
        seen.add(coded())
    (tree / "synths" / "more.py").write_text("1\n")
    seen.add(coded())
    monkeypatch.setattr(module, "version", lambda name: "9.9")
    seen.add(coded())
    assert len(seen) == len(module.DECIDING) + 3


def test_the_places_that_decide_are_there():
    """Whoever moves one of these is to say where it went."""
    found = {path.relative_to(module.ROOT).as_posix() for path in sources()}
    assert {"synths/fitting.py", "evaluation/resynthesis/visqol.py", "sounds/second_tracker.py"} <= found
    assert all(any(name.startswith(place) for name in found) for place in module.DECIDING)


def test_old_files_of_other_code_go(tree, tmp_path):
    """Those of this code stay however old, those of other code for a week; of the earlier naming too."""
    folder = tmp_path / ".fitted"
    FitMemory(folder).keep(b"key", VALUES)
    (own,) = folder.iterdir()
    old, new, before = folder / "01234567-a.json", folder / "01234567-b.json", folder / f"{'0' * 24}.json"
    for path in (old, new, before):
        path.write_text("{}")
    for path in (own, old, before):
        os.utime(path, (time.time() - 8 * 86400,) * 2)
    FitMemory(folder)
    assert set(folder.iterdir()) == {own, new}
    (tree / "synths" / "source.py").write_text("2\n")
    code.cache_clear()
    assert kept(FitMemory(folder)) is None and set(folder.iterdir()) == {new}
