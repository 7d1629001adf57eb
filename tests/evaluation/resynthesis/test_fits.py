"""Fits hang on note and synth alone, are made once, and what is remembered is read or made again."""

import math

import numpy as np
import pytest
import torch

from evaluation.resynthesis import LoudnessL1, MultiResolutionSTFT
from evaluation.resynthesis import fits as module
from evaluation.resynthesis.fits import NoteFits, fitted_sounds, why_not_fitted
from lightning_modules.losses import MultiResolution
from synths import Clip, ClipFormat, FilteredNoise, Harmonics, Part, Reverb, SMSSynth

CLIP = ClipFormat(16000, 8000, 160)
F0_HZ = torch.full((1, CLIP.n_frames), 220.0)


class Told:
    """Hears 220 Hz."""

    lowest_hz, highest_hz, identity = 50.0, 2000.0, "told"

    def track(self, audio, clip):
        n_frames = len(audio) // clip.hop
        return np.full(n_frames, 220.0, np.float32), np.ones(n_frames, np.float32)


def synth(room=0.0):
    """A small one, whose room has learnt something."""
    built = SMSSynth(CLIP, [lambda clip: Harmonics(clip, 8), lambda clip: FilteredNoise(clip, 9)], [Reverb])
    with torch.no_grad():
        for values in built.effects.parameters():
            values += room
    return built


@pytest.fixture
def note():
    """A tone with noise."""
    time_s = torch.arange(CLIP.n_samples) / CLIP.sample_rate
    tone = sum(torch.sin(2 * math.pi * 220.0 * k * time_s) / k**2 for k in range(1, 7))
    audio = (0.2 * tone + 0.005 * torch.randn(CLIP.n_samples))[None]
    return Clip(audio, F0_HZ, torch.ones_like(F0_HZ), ["note"], {})


def test_a_fit_is_near_and_knows_no_room(note):
    """Whatever the effects have learnt, and whoever draws random numbers: the same sounds, with noise that differs."""
    sounds = fitted_sounds(synth(), note.audio, note.f0_hz, 5)
    before = torch.get_rng_state()
    again = fitted_sounds(synth(room=0.5), note.audio, note.f0_hz, 5)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one, other) for one, other in zip(sounds, again, strict=True))
    distance = MultiResolution(CLIP)
    silence, seeds = distance(torch.zeros_like(note.audio), note.audio), distance(sounds.second, sounds.first)
    for sound in sounds:
        assert distance(sound, note.audio) < 0.3 * silence
    assert 0.0 < seeds < distance(sounds.first, note.audio)
    assert not torch.equal(sounds.with_own, sounds.first)


def test_a_fit_is_made_once_for_all_models(note, tmp_path, monkeypatch):
    """Another room is no other fit; another note, or another synth, is. A damaged file is as good as none."""
    metrics, made = [MultiResolutionSTFT(CLIP), LoudnessL1(CLIP)], []
    real = module.fitted_sounds

    def counted(*given):
        made.append(given)
        return real(*given, n_steps=1)

    monkeypatch.setattr(module, "fitted_sounds", counted)
    rows = NoteFits(synth(), metrics, Told(), tmp_path).rows(note)
    assert [row.rendering for row in rows] == ["fit", "two seeds"] and rows[0].note == "note"
    assert 0 < rows[1].values["loudness_l1"] < rows[0].values["multi_resolution_stft"] < 2
    assert NoteFits(synth(room=0.5), metrics, Told(), tmp_path).rows(note) == rows and len(made) == 1
    (path,) = tmp_path.iterdir()
    for content in (b"", path.read_bytes()[:-40], b"[1]", b'{"fit": 1, "two seeds": {}}'):
        path.write_bytes(content)
        assert NoteFits(synth(), metrics, Told(), tmp_path).rows(note) == rows
    assert len(made) == 5
    NoteFits(synth(), metrics, Told(), tmp_path).rows(note._replace(audio=note.audio / 2))
    larger = SMSSynth(CLIP, [lambda clip: Harmonics(clip, 9), lambda clip: FilteredNoise(clip, 9)])
    NoteFits(larger, metrics, Told(), tmp_path).rows(note)
    assert len(made) == 7 and len(list(tmp_path.iterdir())) == 3


def test_a_silent_note_has_no_values_and_they_are_remembered(tmp_path, monkeypatch):
    silent = Clip(torch.zeros(1, CLIP.n_samples), F0_HZ, torch.ones_like(F0_HZ), ["silent"], {})
    fits = NoteFits(synth(), [LoudnessL1(CLIP)], Told(), tmp_path)
    assert math.isnan(fits.rows(silent)[0].values["loudness_l1"])
    monkeypatch.setattr(module, "fitted_sounds", None)
    assert math.isnan(fits.rows(silent)[0].values["loudness_l1"])


def test_what_cannot_be_fitted_says_why():
    class Click(Part):
        sizes = {"level": 1}

        def __init__(self, clip):
            super().__init__()

    assert why_not_fitted(synth()) == ""
    assert "Click cannot play" in why_not_fitted(SMSSynth(CLIP, [Click], []))
    assert "0.1 s are too short" in why_not_fitted(SMSSynth(ClipFormat(16000, 1600, 160)))
