"""Pitch is judged by a tracker that did not tell it, and no note costs the others their numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from evaluation.renderings import Way
from evaluation.resynthesis import callback
from evaluation.resynthesis.callback import Evaluation
from evaluation.resynthesis.summary import NoteRow
from synths.clip import Clip
from tests.evaluation.resynthesis.told import CLIP, Told, sounds

ONE_BATCH = {"batch_size": 1, "test_batches": [0], "datasets": {"test": [None]}}


class NeverAsked:
    """The tracker that told the pitch must not judge it."""

    def track(self, audio, clip):
        raise AssertionError


def test_notes_are_measured_as_every_way_renders_them(monkeypatch):
    """Told what sounds and that nothing is turned; without ViSQOL; the open notes are those that are counted."""
    told = []

    def exact(f0_hz, encoding, sounding, turned):
        told.append((encoding, sounding.tolist(), turned.tolist()))
        return SimpleNamespace(audio=sounds(440.0))

    opened, way = Way("open", exact, exact), Way("exact", exact, exact)
    monkeypatch.setattr(callback, "ways_of", lambda module, renderings: ([opened, way], []))
    encoder = SimpleNamespace(controls=["level"], judged_every=4, sounding=lambda audio, every: torch.ones(1, 3))
    module = SimpleNamespace(clip=CLIP, device=torch.device("cpu"), encoder=encoder)
    trainer = SimpleNamespace(datamodule=SimpleNamespace(second_tracker=Told(), **ONE_BATCH), world_size=1)
    ones = torch.ones(1, CLIP.n_frames)
    batch = Clip(sounds(440.0), 440.0 * ones, ones, ["note"], {})
    evaluation = Evaluation()
    evaluation.on_test_start(trainer, module)
    evaluation.on_test_batch_end(trainer, module, SimpleNamespace(audio=sounds(220.0), encoding="as it was"), batch, 0)
    assert told == [("as it was", [[1.0, 1.0, 1.0]], [[False]])]
    evaluation.on_test_epoch_end(trainer, module)
    first, second = evaluation.rows
    assert (first.rendering, second.rendering) == ("open", "exact")
    assert first.values["f0_l1"] == pytest.approx(12, abs=0.01) and second.values["f0_l1"] == pytest.approx(0, abs=0.01)
    assert {*first.values} - {*second.values} == {"visqol"}


@pytest.mark.parametrize(
    ("told_hz", "target_hz", "output_hz", "semitones"),
    [
        (440, 440, 440, 0),
        (880, 440, 880, 12),
        (440, 440, 220, 12),
        (880, 440, 440, 0),
        (2500, 1250, 1250, None),
        (40, 80, 80, None),
    ],
)
def test_both_sides_are_heard_by_the_second_tracker_within_its_range(told_hz, target_hz, output_hz, semitones):
    """An octave that the first tracker got wrong and the model played is seen; what the second cannot hear is not."""
    evaluation, module = Evaluation(["open"]), SimpleNamespace(clip=CLIP)
    trainer = SimpleNamespace(
        datamodule=SimpleNamespace(tracker=NeverAsked(), second_tracker=Told(), **ONE_BATCH), world_size=1
    )
    ones = torch.ones(1, CLIP.n_frames)
    batch = Clip(sounds(target_hz), told_hz * ones, ones, ["note"], {})
    evaluation.on_test_start(trainer, module)
    evaluation.metrics = [metric for metric in evaluation.metrics if metric.name == "f0_l1"]
    evaluation.on_test_batch_end(trainer, module, SimpleNamespace(audio=sounds(output_hz)), batch, 0)
    evaluation.on_test_epoch_end(trainer, module)
    (row,) = evaluation.rows
    if semitones is None:
        assert np.isnan(row.values["f0_l1"])
    else:
        assert row.values["f0_l1"] == pytest.approx(semitones, abs=1e-3)


def test_some_notes_are_fitted_once_and_what_was_kept_stands(monkeypatch):
    """Every second of four; the model's own row, the fit's and that of two seeds come together by note."""
    fitted = []

    class Fits:
        def __init__(self, synth, metrics, tracker, memory):
            assert memory.name == ".fitted"

        def rows(self, note):
            fitted.append(note.name[0])
            return [NoteRow(note.name[0], {}, rendering=rendering) for rendering in ("fit", "two seeds")]

    monkeypatch.setattr(callback, "NoteFits", Fits)
    monkeypatch.setattr(callback, "why_not_fitted", lambda synth: "")
    monkeypatch.setattr(callback, "METRICS", ())
    monkeypatch.setattr(callback, "ways_of", lambda module, renderings: ([], []))
    data = SimpleNamespace(second_tracker=Told(), batch_size=4, test_batches=[0], datasets={"test": [None] * 4})
    trainer = SimpleNamespace(datamodule=data, world_size=1, default_root_dir="runs/run", callbacks=[])
    module, ones = SimpleNamespace(clip=CLIP, synth=None), torch.ones(4, CLIP.n_frames)
    batch = Clip(sounds(440.0, 330.0, 220.0, 110.0), 440.0 * ones, ones, list("abcd"), {})
    evaluation = Evaluation(["open"], fitted_notes=2)
    for _ in range(2):
        evaluation.on_test_start(trainer, module)
        evaluation.on_test_batch_end(trainer, module, SimpleNamespace(audio=batch.audio), batch, 0)
    evaluation.on_test_epoch_end(trainer, module)
    assert fitted == ["a", "c"] and len(evaluation.rows) == 4
    assert [[row.note for row in note] for note in evaluation.fitted] == [["a"] * 3, ["c"] * 3]
    assert [row.rendering for row in evaluation.fitted[0]] == ["open", "fit", "two seeds"]
