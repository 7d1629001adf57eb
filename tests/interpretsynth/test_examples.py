"""Every script of docs/examples runs as it stands, on the input that it makes."""

import runpy
import sys
from pathlib import Path

import pytest
import soundfile

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SAYS = {
    "turn_a_note.py": "sharpness moved by 2.0 JND",
    "describe_a_sound.py": "sharpness goes from",
    "render_with_a_model.py": "odd_even_balance",
}


def test_none_is_forgotten():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs(name, run_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, *([str(run_folder)] if "model" in name else [])])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    assert SAYS[name] in capsys.readouterr().out
    assert all(soundfile.info(path).frames >= 16000 for path in tmp_path.glob("*.wav"))
