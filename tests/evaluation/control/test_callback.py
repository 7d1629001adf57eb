"""What is examined of a test split, and the files that say what was found."""

import csv
import json

import numpy as np
import pytest
import torch

from evaluation.control import Column, TurnedNote, control_figures, control_rows
from evaluation.control.callback import families_of, some_of, write_examination
from studies.run_folder import RunFolder
from synths import Clip
from tests.evaluation.control.swept import swept


@pytest.fixture
def clip():
    """Four notes with labels."""
    frames = torch.arange(4.0)[:, None].repeat(1, 5)
    labels = {"instrument_family": torch.tensor([2, 7, 2, 8]), "pitch": torch.arange(4)}
    return Clip(frames.repeat(1, 10), frames, frames, ["a", "b", "c", "d"], labels)


def test_some_of_a_batch(clip):
    """Every field of the chosen notes, in order."""
    some = some_of(clip, [3, 1])
    assert some.name == ["d", "b"] and some.labels["pitch"].tolist() == [3, 1]
    assert some.audio[:, 0].tolist() == some.f0_hz[:, 0].tolist() == some.confidence[:, 0].tolist() == [3.0, 1.0]


def test_families_in_words(clip):
    """By the data's list for the label that it names; all alike where it has none."""
    names = {"instrument_family": "bass brass flute guitar keyboard mallet organ reed string".split()}
    assert families_of(clip, "instrument_family", names) == ["flute", "reed", "flute", "string"]
    of_pitch = clip._replace(labels={"pitch": clip.labels["pitch"]})
    assert families_of(of_pitch, "pitch", {"pitch": ["a", "b", "c", "d"]}) == ["a", "b", "c", "d"]
    assert families_of(clip, "pitch", names) == families_of(clip._replace(labels={}), "pitch", {}) == ["all"] * 4


def test_files(tmp_path):
    """All figures with null for what is undefined, cross-talk, mean sweeps; a line per note and knob."""
    columns = [
        Column("level", "dB", -60.0, 0.0, 1.0),
        Column("warmth", "1", 0.0, 1.0, None),
        Column("f0", "cents", 0, 1200, 10),
    ]
    positions = np.linspace(0, 1, 11)
    measured = np.zeros((2, 2, 11, 3))
    measured[..., 2] = np.nan
    measured[:, 0, :, 0] = -60 + 60 * positions
    measured[:, 1, :, 1] = positions
    asked = np.broadcast_to(np.stack([-60 + 60 * positions, positions]), (2, 2, 11))
    notes = [TurnedNote("a", "flute", "low"), TurnedNote("b", "reed", "high")]
    sweeps = swept(notes, columns, 2, positions, asked, np.zeros((2, 3)), measured, np.ones((2, 2, 11), dtype=bool))
    rows = control_rows(sweeps)
    write_examination(RunFolder(tmp_path), {"run": "r"}, [sweeps], rows, control_figures(rows, columns))
    report = json.loads((tmp_path / "control.json").read_text())
    assert report["knobs"] == ["level", "warmth"] and report["facts"] == {"run": "r"}
    assert report["crosstalk"]["columns"] == ["level", "warmth", "f0"]
    assert report["crosstalk"]["change"][0][0] == pytest.approx(1.0) and report["crosstalk"]["drift_jnd"][0][1] is None
    assert report["sweeps"][0]["measured"] == pytest.approx((-60 + 60 * positions).tolist())
    perfect = next(f for f in report["figures"] if f["name"] == "ordering" and f["knob"] == "level")
    assert perfect["value"] == 1.0
    lines = list(csv.DictReader((tmp_path / "control.csv").open()))
    assert [(line["note"], line["knob"]) for line in lines] == [(n, k) for n in "ab" for k in ("level", "warmth")]
