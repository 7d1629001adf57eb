"""Which trainings a recipe is, what they are told, and how they are judged."""

from types import SimpleNamespace

import pytest
import torch

from benchmarks import head_to_head, recipes
from benchmarks.head_to_head import TrainingRun, train
from benchmarks.recipes import JudgedTraining, frave_score, mss, planned, row, turned_errors
from lightning_modules.encoders import DescriptorEncoder
from synths import Clip, ClipFormat, Level
from synths.signal import interpolate_frames

CLIP = ClipFormat(n_samples=8000)


def test_a_recipe_has_every_seed():
    """Folders are called by recipe and seed, not by model."""
    (before, after) = planned([["before"], ["after", "model.turned.share=1"]], "descriptor", 2)
    assert [run.name for run in before + after] == ["before-s0", "before-s1", "after-s0", "after-s1"]
    assert before[0].options == () and after[1].options == ("--model.turned.share=1",)
    assert after[0].experiment.name == "descriptor_nsynth.yaml"


def test_a_setting_without_a_value_is_refused():
    with pytest.raises(ValueError, match=r"--recipe after: model\.turned\.share is no KEY=VALUE"):
        planned([["after", "model.turned.share"]], "descriptor", 1)


def test_the_settings_are_trained_with(tmp_path, monkeypatch):
    """Last, and therefore instead of the experiment's; what is trained is not trained again."""
    told = []

    def timbre(verb, arguments, log):
        told.append((verb, arguments))
        (tmp_path / "after-s3").mkdir()
        return 0

    monkeypatch.setattr(head_to_head, "_timbre", timbre)
    run = TrainingRun("descriptor", 3, "after", ("--model.turned.share=1",))
    assert train(run, tmp_path, tmp_path, 50) == train(run, tmp_path, tmp_path, 50) == ""
    ((verb, arguments),) = told
    assert verb == "fit" and arguments[-1] == "--model.turned.share=1" and "after-s3" in arguments


def test_means_over_seeds():
    """By hand; the error of each seed stands beside."""
    first, second = (JudgedTraining(mean, 2.0 * mean, [mean, 0.5], 0.8, 0.9) for mean in (0.5, 0.7))
    assert row("after", [first, second]) == ("| after | 0.600 (0.500, 0.700) | 1.20 | 0.60 | 0.50 | 0.8000 | 0.9000 |")


class Player:
    """Stands for a model with one knob, level: plays the first overtones of the pitch, as loud as asked or as it is.

    Args:
        obeys: plays what is asked
        gain: of a plain resynthesis
    """

    def __init__(self, obeys: bool = True, gain: float = 1.0) -> None:
        self.clip, self.obeys, self.gain = CLIP, obeys, gain
        self.encoder = DescriptorEncoder(CLIP, descriptors=[Level])

    def __call__(self, audio, f0_hz):
        """The recording, as loud as this player plays."""
        return SimpleNamespace(audio=self.gain * audio)

    def put_together(self, f0_hz, encoding):
        """A note of the level that is asked for, or of -40 dB."""
        (level,) = self.encoder.each_descriptor()
        level_db = level.value_at(encoding.controls[..., 0]) if self.obeys else torch.full_like(f0_hz, -40.0)
        return SimpleNamespace(audio=tone(f0_hz, level_db))


def tone(f0_hz, level_db):
    """(b, F) pitch and level in dB -> (b, N)."""
    time = torch.arange(CLIP.n_samples) / CLIP.sample_rate
    swelling = interpolate_frames(level_db[..., None], CLIP.hop, CLIP.n_samples)[..., 0]
    return torch.sin(2 * torch.pi * f0_hz[:, :1] * time) * 10 ** (swelling / 20)


@pytest.fixture
def notes():
    """Eight notes of 1 kHz that rise and fall, each in a course that no other has."""
    time = torch.linspace(0, 1, CLIP.n_frames)
    f0_hz = torch.full((1, CLIP.n_frames), 1000.0)
    courses = [-40.0 + 15.0 * torch.sin(6.3 * (1 + index / 2) * time + index) for index in range(8)]
    return [Clip(tone(f0_hz, course[None]), f0_hz, torch.ones_like(f0_hz), ["note"], {}) for course in courses]


def test_who_follows_the_curves_scores_more_than_who_is_deaf(notes):
    assert frave_score(Player(), notes) > 0.95
    assert 0.4 < frave_score(Player(obeys=False), notes) < 0.6


def test_a_resynthesis_that_is_the_recording_is_at_no_distance(notes):
    """The more it is turned down, the farther away it is."""
    assert mss(Player(), notes) == 0.0
    assert 0.0 < mss(Player(gain=0.9), notes) < mss(Player(gain=0.5), notes)


def test_errors_are_of_the_knob_that_is_turned_and_in_decibels(notes, monkeypatch, tmp_path):
    """A deaf player is off by what was asked, who obeys by what a window smears. Unreachable requests do not count."""
    counted = torch.tensor([True, True, True, True, False] * 8)
    monkeypatch.setattr(recipes, "reachable", lambda *_: (counted, None))
    (level,) = Player().encoder.each_descriptor()
    asked_db = level.value_at(torch.tensor([0.1, 0.3, 0.5, 0.7])).repeat(8)
    off, knob = turned_errors(Player(obeys=False), notes, tmp_path)
    torch.testing.assert_close(off, (asked_db + 40.0).abs(), atol=0.5, rtol=0)
    assert len(off) == 32 and not knob.any()
    assert turned_errors(Player(), notes, tmp_path)[0].max() < 3.0 < off.median()
