"""Which notes train and which judge, what is trained, and how it is judged."""

import json
from functools import partial

import numpy as np
import pytest
import soundfile
import torch

from benchmarks import fine_tuning
from benchmarks.fine_tuning import JudgedTuning, judged, row, shared_out, train
from lightning_modules.encoders import DescriptorEncoder
from lightning_modules.timbre_model import TimbreModel
from synths import Clip, ClipFormat, Level


@pytest.fixture
def notes(tmp_path):
    """Ten notes of two seconds."""
    for number in range(10):
        soundfile.write(tmp_path / f"note-{number}.wav", np.zeros(32000), 16000)
    return sorted(tmp_path.glob("*.wav"))


def test_as_many_as_the_seconds_hold_are_trained_on_spread_over_all(notes):
    trained, others = shared_out(notes, 8.0)
    assert [path.stem for path in trained] == ["note-0", "note-3", "note-6", "note-9"]
    assert sorted([*trained, *others]) == notes


def test_too_many_are_refused(notes):
    with pytest.raises(ValueError, match="of 10 notes 1 are left to judge by: lower --seconds"):
        shared_out(notes, 18.0)


def test_a_training_goes_on_and_is_not_repeated(tmp_path, monkeypatch):
    """Its CPU seconds are those of all starts."""
    told, spent = [], iter([1.0, 4.0, 10.0, 15.0])
    monkeypatch.setattr(fine_tuning, "run", lambda program, **_: told.append(program[4:]))
    monkeypatch.setattr(fine_tuning, "_children_s", lambda: next(spent))
    (tmp_path / "tuned" / "checkpoints").mkdir(parents=True)
    assert train(tmp_path / "notes", tmp_path, "tuned", ["--x", "1"]) == 3.0
    assert told[0][0] == "-c" and told[0][-2:] == ["--x", "1"] and str(tmp_path / "notes") in told[0]
    (tmp_path / "tuned" / "checkpoints" / "last.ckpt").touch()
    assert train(tmp_path / "notes", tmp_path, "tuned", ["--x", "1"]) == 8.0
    assert told[1] == [str(tmp_path / "tuned"), "--ckpt_path", "last"]
    (tmp_path / "tuned" / "DONE").touch()
    assert train(tmp_path / "notes", tmp_path, "tuned", ["--x", "1"]) == 8.0 and len(told) == 2
    assert json.loads((tmp_path / "tuned" / "cpu_s.json").read_text()) == 8.0


def test_a_model_that_plays_what_is_asked_is_off_by_nothing(harmonic_tone, monkeypatch):
    """One that plays every position as the note itself is off by the mean of how far it was asked to go."""
    clip = ClipFormat(n_samples=8000)
    model = TimbreModel(clip, partial(DescriptorEncoder, descriptors=[Level])).eval()
    audio, f0_hz = harmonic_tone(clip, 220.0), torch.full((1, clip.n_frames), 220.0)
    note = Clip(audio, f0_hz, torch.ones_like(f0_hz), ["a"], {})

    def louder(f0_hz, encoding):
        level = next(model.encoder.each_descriptor())
        more_db = (encoding.controls - encoding.own).mean(1) * (level.span[1] - level.span[0])
        return type("Sound", (), {"audio": audio.repeat(len(f0_hz), 1) * 10 ** (more_db / 20)})

    monkeypatch.setattr(fine_tuning, "mss", lambda model, notes: 0.5)
    monkeypatch.setattr(model, "put_together", louder)
    result = judged(model, [note])
    assert result.mss == 0.5 and result.control_error < 0.2 and list(result.by_knob) == ["level"]
    monkeypatch.setattr(
        model, "put_together", lambda f0_hz, encoding: louder(f0_hz, encoding._replace(own=encoding.controls))
    )
    own = float(model.encoder.knob_positions(audio, f0_hz).mean())
    away_db = np.abs(np.array([0.1, 0.3, 0.5, 0.7, 0.9]) - own).mean() * 80.0
    assert judged(model, [note]).control_error == pytest.approx(away_db, rel=0.05)


def test_a_row_says_all():
    said = row("tuned", 12.34, JudgedTuning(0.81234, 0.456, {"level": 0.1, "sharpness": 0.812}))
    assert said == "| tuned | 12 | 0.812 | 0.46 | level 0.10, sharpness 0.81 |"
