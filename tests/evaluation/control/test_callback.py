"""What is examined of a test split, and the files that say what was found."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from evaluation.control import Column, TurnedNote, control_figures, control_rows
from evaluation.control.callback import ControlEvaluation, families_of, write_examination
from evaluation.control.examination import ExaminationSettings
from studies.run_folder import RunFolder
from synths import Clip
from tests.evaluation.control.stand_in import StandIn
from tests.evaluation.control.swept import swept


@pytest.fixture
def clip():
    """Four notes with labels."""
    frames = torch.arange(4.0)[:, None].repeat(1, 5)
    labels = {"instrument_family": torch.tensor([2, 7, 2, 8]), "pitch": torch.arange(4)}
    return Clip(frames.repeat(1, 10), frames, frames, ["a", "b", "c", "d"], labels)


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


def batches_of(notes):
    """Twelve notes in batches of four."""
    return [Clip(*(field[at : at + 4] for field in notes[:4]), {}) for at in (0, 4, 8)]


def a_trainer(folder, mine=(0, 1, 2), world_size=1, rank=0):
    """What the callback sees of a trainer that has these batches."""
    tracker = SimpleNamespace(track=lambda audio, clip: (np.full(50, 440.0, np.float32), np.ones(50, np.float32)))
    words = {"family_label": "", "label_names": {}}
    split = {"batch_size": 4, "test_batches": list(mine), "datasets": {"test": range(12)}}
    place = {"world_size": world_size, "global_rank": rank, "is_global_zero": rank == 0, "callbacks": []}
    strategy = SimpleNamespace(barrier=lambda: None)
    data = SimpleNamespace(tracker=tracker, **words, **split)
    return SimpleNamespace(datamodule=data, strategy=strategy, default_root_dir=str(folder), **place)


def examine(callback, trainer, model, notes):
    """As a trainer would, to the end of its notes."""
    callback.on_test_start(trainer, model)
    for index, number in enumerate(trainer.datamodule.test_batches):
        callback.on_test_batch_end(trainer, model, None, batches_of(notes)[number], index)
    callback.on_test_epoch_end(trainer, model)
    return callback.examined


@pytest.fixture
def settings():
    """Every second note, once through the curves."""
    return ExaminationSettings(n_notes=6, passes=1, renderings=("open",))


def test_notes_are_spread_over_the_split_and_kept_one_by_one(notes, settings, tmp_path):
    """A line per note, whichever batch it comes in; what is to come is told to the progress."""
    callback = ControlEvaluation(settings)
    found = examine(callback, a_trainer(tmp_path), StandIn(notes.audio, notes.f0_hz), notes)
    assert [note.name for note in found.notes] == [f"note{number}" for number in range(0, 12, 2)]
    assert list(callback.keeping.journal.of("turned knobs")) == [str(number) for number in range(0, 12, 2)]
    parts = callback.keeping.progress.parts
    assert (parts["turned knobs"].n, parts["curves, open"].n, parts["figures"].n) == (6, 1, 1)
    assert callback.keeping.n_to_turn == 6


def test_what_was_kept_is_not_rendered_again(notes, settings, tmp_path):
    """And is the same to the bit, whatever was examined before it."""
    model, callback = StandIn(notes.audio, notes.f0_hz), ControlEvaluation(settings)
    whole = examine(callback, a_trainer(tmp_path), model, notes)
    model.put_together = None
    again = examine(ControlEvaluation(settings, callback.keeping), a_trainer(tmp_path), model, notes)
    one, two = (each.answers["open"].measured_readings for each in (again, whole))
    torch.testing.assert_close(one, two, rtol=0, atol=0, equal_nan=True)
    last = examine(ControlEvaluation(settings), a_trainer(tmp_path, [2]), StandIn(notes.audio, notes.f0_hz), notes)
    assert last.answers["open"].own_readings.equal(whole.answers["open"].own_readings[4:])


def test_processes_share_notes_and_curves(notes, tmp_path):
    """Each examines those of its own batches; one journal in two files holds what one process finds."""
    settings = ExaminationSettings(n_notes=12, passes=1, renderings=("open",))
    alone, model = ControlEvaluation(settings), StandIn(notes.audio, notes.f0_hz)
    whole = examine(alone, a_trainer(tmp_path), model, notes)
    curves = alone.keeping.journal.of("curves, open")
    assert list(curves) == ["0", "1"]
    both = [ControlEvaluation(settings) for _ in range(2)]
    for rank, callback in enumerate(both):
        callback.keeping.journal.place(tmp_path / "kept", rank)
        callback.keeping.journal.open({})
    trainers = [a_trainer(tmp_path, mine, 2, rank) for rank, mine in enumerate(([0, 2], [1]))]
    for callback, trainer in zip(both, trainers, strict=True):
        callback.on_test_start(trainer, model)
        for index, number in enumerate(trainer.datamodule.test_batches):
            callback.on_test_batch_end(trainer, model, None, batches_of(notes)[number], index)
    for callback, trainer in zip(both, trainers, strict=True):
        callback.on_test_epoch_end(trainer, model)
        assert [note.name for note in callback.examined.notes] == [note.name for note in whole.notes]
        assert callback.examined.positions.equal(whole.positions)
    both[0].keeping.journal.read()
    shared = both[0].keeping.journal.of("curves, open")
    assert all(shared[batch].equal(curves[batch]) for batch in ("0", "1"))
    mine = (tmp_path / "kept" / "process-1.jsonl").read_text()
    assert mine.count('"turned knobs"') == 4 and mine.count('"curves, open"') == 1
