"""Frames are brought where they are asked, by themselves, with the least change, and what is held holds."""

import pytest
import torch

from projection import FrameProjection, Target, musical_prior
from synths import ClipFormat, FundamentalShare, Layers, Level, Noisiness, OddEvenBalance, Sharpness, SpectralSpread

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)
KNOBS = [kind(CLIP) for kind in (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness)]


def played(n_clips=2, n_frames=3, n_partials=20, n_bands=17, f0_hz=300.0, free=False):
    """Decaying partials over a floor of noise, each frame another."""
    f0 = torch.full((n_clips, n_frames), f0_hz) * (1 + 0.02 * torch.rand(n_clips, n_frames))
    number = torch.arange(1, n_partials + 1)
    hz = f0[..., None] * number * (1 + 2e-3 * number**2).sqrt() if free else f0[..., None] * number
    amplitudes = 0.3 * (-0.15 * number + 0.5 * torch.randn(n_clips, n_frames, n_partials)).exp() * (hz < 8000)
    noise = 0.01 * (0.5 * torch.randn(n_clips, n_frames, n_bands)).exp()
    return Layers(f0, amplitudes, noise, hz if free else None)


def begun(layers, knobs=KNOBS, **others):
    """A projection of layers, and where they are."""
    now = Target(knobs).of_layers(layers)
    tolerance = Target(knobs).tolerance(now.mean(1))
    return FrameProjection(knobs, layers, tolerance, musical_prior(layers, 8000.0), **others), now, tolerance


def other_place(layers, size=0.5):
    """Positions that other layers have: they can be reached."""
    gains = size * torch.randn(*layers.f0_hz.shape, layers.amplitudes.shape[-1] + layers.noise_magnitudes.shape[-1])
    return Target(KNOBS).of_layers(layers.scaled(gains))


@pytest.mark.parametrize("free", [False, True], ids=["harmonics", "partials anywhere"])
def test_a_reachable_request_is_met(free):
    """All five knobs within a hundredth of what can be heard, measured anew on the changed layers."""
    layers = played(free=free)
    projection, now, tolerance = begun(layers)
    goal = other_place(layers)
    assert ((goal - now) / tolerance[:, None]).abs().max() > 1.0
    projection.towards(goal, 25)
    measured = Target(KNOBS).of_layers(layers.scaled(projection.all_gains()))
    assert ((measured - goal) / tolerance[:, None]).abs().max() < 0.0101
    torch.testing.assert_close(projection.all_measured(), measured)


def test_nothing_moves_where_nothing_is_asked():
    """Not by the least bit."""
    projection, now, _ = begun(played())
    projection.towards(now, 5)
    assert not projection.all_gains().any()


def test_the_way_there_and_back_leaves_no_change():
    """The least change for a request that was taken back is nearly none."""
    layers = played()
    projection, now, _ = begun(layers)
    projection.towards(other_place(layers), 15)
    far = projection.all_gains().square().mean()
    for _ in range(10):
        projection.towards(now, 5)
    assert projection.all_gains().square().mean() < 0.2 * far


def test_a_frame_that_cannot_does_not_move_others():
    """Neither one without a number, nor one that is asked for the impossible, nor one that is not to be changed."""
    layers = played(n_clips=1, n_frames=4)
    goal = other_place(layers)
    alone, _, _ = begun(layers)
    alone.towards(goal, 6)
    odd = goal.clone()
    odd[0, 1], odd[0, 2, 0] = torch.nan, 9.0
    together, _, _ = begun(layers, active=torch.tensor([[True, True, True, False]]))
    together.towards(odd, 6)
    gains = together.all_gains()
    torch.testing.assert_close(gains[0, 0], alone.all_gains()[0, 0], rtol=1e-3, atol=1e-4)
    assert not gains[0, 1].any() and gains.isfinite().all()
    assert gains[0, 3].equal(gains[0, 2]), "a frame that is silent goes with its neighbour"


def test_what_is_held_holds_where_the_turned_knob_cannot():
    """A high tone cannot be dull: the others stay within a quarter of what can be heard."""
    layers = played(n_clips=1, f0_hz=2500.0)
    turned = torch.tensor([[False, True, False, False, False]])
    projection, now, tolerance = begun(layers, turned=turned)
    goal = now.clone()
    goal[..., 1] -= 12 * tolerance[:, None, 1]
    for _ in range(6):
        projection.towards(goal, 6)
    off = ((projection.all_measured() - goal) / tolerance[:, None]).abs()
    assert off[..., 1].min() > 1.0, "it is out of reach"
    assert off[..., [0, 2, 3, 4]].max() < 0.25
    dragged, _, _ = begun(layers)
    for _ in range(6):
        dragged.towards(goal, 6)
    assert ((dragged.all_measured() - goal) / tolerance[:, None]).abs()[..., [0, 2, 3, 4]].max() > 0.5


def test_a_batch_is_what_its_clips_are_alone():
    """No clip hears of another."""
    layers = played(n_clips=3)
    goal = other_place(layers)
    together, _, _ = begun(layers)
    together.towards(goal, 5)
    for index in range(3):
        one = Layers(*(None if values is None else values[index : index + 1] for values in layers))
        alone, _, _ = begun(one)
        alone.towards(goal[index : index + 1], 5)
        torch.testing.assert_close(alone.all_gains()[0], together.all_gains()[index], rtol=1e-2, atol=1e-3)


def test_any_knob_of_layers():
    """Also one that nothing was trained on, alone."""
    layers, knobs = played(), [SpectralSpread(CLIP)]
    projection, now, tolerance = begun(layers, knobs)
    projection.towards(now + 2 * tolerance[:, None], 15)
    assert ((projection.all_measured() - now) / tolerance[:, None] - 2).abs().max() < 0.0101


def test_only_some_clips():
    """The others stay as they are."""
    layers = played()
    projection, _, _ = begun(layers)
    projection.towards(other_place(layers), 3, torch.tensor([False, True]))
    assert not projection.all_gains()[0].any() and projection.all_gains()[1].any()
