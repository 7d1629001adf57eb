"""How far partials are off, and which notes training heard the instrument of."""

import json

import torch

from benchmarks.partials import groups_of, harmonic_error_db, leakage
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import DescriptorEncoder
from synths import Clip, ClipFormat

CLIP = ClipFormat(n_samples=16000)


def tone(gains):
    """(1, N) harmonics of 250 Hz."""
    time_s = torch.arange(CLIP.n_samples, dtype=torch.float64) / CLIP.sample_rate
    return sum(gain * torch.sin(2 * torch.pi * 250.0 * (k + 1) * time_s) for k, gain in enumerate(gains))[None].float()


def test_the_error_is_the_mean_of_what_is_within_40_db():
    """One of four partials is 6.02 dB off; a fifth, 60 dB down, does not count, nor do frames that do not sound."""
    f0_hz, sounding = torch.full((1, 100), 250.0), torch.zeros(1, 100)
    sounding[:, 20:80] = 1
    target, output = tone([0.2, 0.1, 0.1, 0.05, 0.0002]), tone([0.2, 0.2, 0.1, 0.05, 0.1])
    error = harmonic_error_db(target, output, f0_hz, sounding, CLIP)
    torch.testing.assert_close(error, torch.tensor(6.0206 / 4), atol=0.02, rtol=0)


def notes_of(names):
    """Clips of these names."""
    pitch = torch.full((1, 100), 250.0)
    return [Clip(tone([0.2 / (1 + n), 0.1]), pitch, pitch, [name], {}) for n, name in enumerate(names)]


def test_notes_are_grouped_by_what_training_heard(tmp_path):
    """By instrument; flutes that it heard once more."""
    (tmp_path / "nsynth-train").mkdir()
    heard = {"a": {"instrument_str": "flute_acoustic_001"}, "b": {"instrument_str": "reed_acoustic_002"}}
    (tmp_path / "nsynth-train" / "examples.json").write_text(json.dumps(heard))
    names = ["flute_acoustic_001-060-075", "reed_acoustic_002-040-025", "flute_acoustic_003-060-075"]
    groups = groups_of(notes_of(names), tmp_path)
    found = {name: [note.name[0] for note in notes] for name, notes in groups.items()}
    assert found == {"heard": names[:2], "not heard": names[2:], "flutes": names[:1]}


def test_a_residual_of_nothing_leaks_nothing():
    """No numbers, no leakage."""
    found = leakage(TimbreAutoencoder(CLIP, DescriptorEncoder).eval(), notes_of(["a", "b", "c", "d", "e", "f"]))
    assert not found.residual.value.any() and not found.beyond_pitch.value.any()
