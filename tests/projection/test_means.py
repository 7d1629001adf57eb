"""Means are moved by all frames together, on layers; what only sound can tell moves by its slopes."""

import pytest
import torch

from projection import FrameProjection, Request, Target, musical_prior
from projection.means import MeanProjection
from synths import ClipFormat, Layers, Level, Noisiness, OddEvenBalance, Sharpness, Warmth

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)
KNOBS = [kind(CLIP) for kind in (Level, Sharpness, OddEvenBalance, Noisiness)]


@pytest.fixture
def means():
    """Two sounds of five frames, the last of which sings a single partial: it has no odd and even."""
    f0_hz = torch.full((2, 5), 300.0)
    number = torch.arange(1, 21)
    amplitudes = 0.3 * (-0.15 * number + 0.3 * torch.randn(2, 5, 20)).exp()
    amplitudes[:, 4, 1:] = 0.0
    layers = Layers(f0_hz, amplitudes, 0.01 * (0.3 * torch.randn(2, 5, 17)).exp())
    asked = Target(KNOBS).of_layers(layers)
    request = Request(Target(KNOBS), asked, torch.ones(2, 5), 1)
    frames = FrameProjection(KNOBS, layers, request.tolerance, musical_prior(layers, 8000.0))
    return MeanProjection(frames, request)


def test_means_move_as_wanted(means):
    """All four, though one frame can do nothing for one of them; the other clip stays, bit for bit."""
    wanted = torch.tensor([[1.0, 2.0, -1.0, 0.5], [3.0, 3.0, 3.0, 3.0]])
    before, going = means.mean(), torch.tensor([True, False])
    for _ in range(3):
        left = wanted - (means.mean() - before) / means.request.tolerance
        means.shift(left, torch.ones(2, 4), going)
    moved = (means.mean() - before) / means.request.tolerance
    torch.testing.assert_close(moved[0], wanted[0], rtol=0, atol=0.03)
    assert not moved[1].any() and not means.frames.gains[means.frames.clip_of == 1].any()


def test_shift_says_how_far_it_came(means):
    """What was wanted and cannot be is not said to have come; a light knob gives way to the others."""
    wanted, weight = torch.tensor([[0.0, -40.0, 0.0, 0.0]] * 2), torch.tensor([[1.0, 0.01, 1.0, 1.0]] * 2)
    before = means.mean()
    moved = means.shift(wanted, weight, torch.ones(2, dtype=torch.bool))
    torch.testing.assert_close(moved, (means.mean() - before) / means.request.tolerance)
    assert (moved[:, 1] > -40.0).all() and moved[:, [0, 2, 3]].abs().max() < 0.5


def test_what_only_sound_can_tell_has_the_slopes_of_its_sound(played):
    """A step along them changes the sound's mean by what they say."""
    target = Target([Level(CLIP), Warmth(CLIP)])
    with torch.no_grad():
        own = target.of_sound(played.unchanged, played.f0_hz, played.every)
    request = Request(target, own, torch.ones(own.shape[:2]), 1)
    layers = played.layers()
    frames = FrameProjection(target.knobs[:1], layers, request.tolerance[:, :1], played.prior(layers))
    means = MeanProjection(frames, request)
    with torch.no_grad():
        means.hear(played, torch.tensor([True, True]))
        step = means.heard_slopes[:, 0]
        step = 0.02 * step / step.norm(dim=-1, keepdim=True).clamp_min(1e-9)
        predicted = torch.zeros(2).index_add(0, frames.clip_of, means.share * (means.heard_slopes[:, 0] * step).sum(-1))
        audio = played.play(frames.everywhere(step), torch.arange(2))
        heard = target.of_sound(audio, played.f0_hz, played.every)
    moved = (request.mean(heard - own) / request.tolerance)[:, 1]
    assert moved.min() > 0.0
    torch.testing.assert_close(predicted, moved, rtol=0.1, atol=0.0)
