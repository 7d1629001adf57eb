"""What cannot be told apart is not, what differs is; flicker is that of noise."""

import torch

from benchmarks.adversarial import JudgedNote, flicker_db, patches, row, told_apart
from synths import ClipFormat

CLIP = ClipFormat(n_samples=32000)
ZERO = torch.zeros(())


def notes(shift, n=12):
    """Noise whose resynthesis is as loud, or `shift` louder in a band of ten."""
    drawn = torch.randn(2, n, 5, 64, 32)
    drawn[1, :, :, 20:30] += shift
    return [JudgedNote(real, made, ZERO, ZERO) for real, made in zip(*drawn, strict=True)]


def test_the_same_is_told_by_chance_and_what_differs_is_told():
    (same, bits), (other, few_bits) = (told_apart(notes(shift), 3, 1, 30) for shift in (0.0, 2.0))
    assert same.shape == (12,) and 0.35 < same.mean() < 0.65 and bits.mean() > 0.9
    assert other.mean() > 0.9 and few_bits.mean() < 0.75


def test_patches_are_where_all_of_it_sounds():
    """32 frames each, 16 apart, in 200; silence is 5 - 9 in powers of ten."""
    sounding = torch.ones(1, 200)
    assert patches(torch.zeros(1, 32000), sounding, CLIP).shape == (11, 64, 32)
    assert (patches(torch.zeros(1, 32000), sounding, CLIP) == -4.0).all()
    sounding[:, 60:] = 0
    assert len(patches(torch.zeros(1, 32000), sounding, CLIP)) == 2


def test_noise_that_moves_flickers_more():
    """Slow swells do not count; noise that is switched on and off every two frames does."""
    f0_hz, sounding = torch.full((1, 200), 400.0), torch.ones(1, 200)
    noise, time_s = torch.rand(1, 32000) * 2 - 1, torch.arange(32000) / 16000
    slow = noise * (1.0 + 0.5 * torch.sin(2 * torch.pi * 0.5 * time_s))
    fast = noise * torch.where(time_s % 0.12 < 0.06, 1.0, 0.1)
    still, swelling, switched = (flicker_db(audio, f0_hz, sounding, CLIP) for audio in (noise, slow, fast))
    assert abs(swelling - still) < 0.2 and switched > still + 2.0


def test_a_row_says_the_difference():
    pair = [JudgedNote(ZERO[None], ZERO[None], torch.tensor(3.0), torch.tensor(2.0))] * 4
    said = row("with", pair, (torch.full((4,), 0.75), torch.full((4,), 0.5)), torch.full((4,), 0.9))
    assert said == "| with | 75 (75–75) | 15 (15–15) | 0.5 (0.5–0.5) | 2 (2–2) | 1 (1–1) |"
