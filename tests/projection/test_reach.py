"""How far knobs go while others hold: the same ends as trying all sounds of a small synth."""

import pytest
import torch

from projection import Target
from projection.reach import reach
from synths import ClipFormat, Level, Sharpness
from synths.layers import Layers

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


@pytest.fixture
def knobs():
    return [Level(CLIP), Sharpness(CLIP)]


def layers_of(amplitudes):
    """(n, 2) amplitudes -> two harmonics of 1 kHz and no noise, (1, n)."""
    n = len(amplitudes)
    return Layers(torch.full((1, n), 1000.0), amplitudes[None], torch.zeros(1, n, 9))


def positions(knobs, layers):
    return Target(knobs).of_layers(layers)[0]


def every_sound(knobs):
    """Positions of all pairs of amplitudes from 90 dB below the loudest up to it."""
    grid = 2.0 * 10.0 ** torch.linspace(-4.5, 0.0, 250)
    return positions(knobs, layers_of(torch.cartesian_prod(grid, grid)))


@pytest.mark.parametrize("start", [(0.2, 0.1), (0.9, 1.9)])
def test_the_ends_are_those_of_all_sounds(knobs, start):
    """The knob's own end, among the sounds in which the other is held as closely as a grid can say."""
    layers = layers_of(torch.tensor([start]))
    home = positions(knobs, layers)
    tolerance = Target(knobs).tolerance(home)
    farthest = torch.stack([-home[0], 1.5 - home[0]], dim=-1)
    farthest[0, 0] = -0.4  # near silence, neighbours on a grid are far apart
    prior = torch.eye(11)[None]
    found = reach(knobs, layers, home[None], farthest, tolerance, prior)[0]
    sounds = every_sound(knobs)
    for knob, other in ((0, 1), (1, 0)):
        held = (sounds[:, other] - home[0, other]).abs() <= 0.25 * tolerance[0, other]
        reached = (sounds[held, knob] - home[0, knob]).clamp(*farthest[knob].tolist())
        off = (found[knob] - torch.stack([reached.min(), reached.max()])) / tolerance[0, knob]
        assert off.abs().max() < 0.6
    assert (found[1, 0] > farthest[1, 0]) and (found[:, 1] < farthest[:, 1]).all(), "these ends are the synth's"


def test_each_frame_is_searched_for_by_itself(knobs):
    layers = layers_of(torch.tensor([[0.2, 0.1], [0.9, 1.9]]))
    home = positions(knobs, layers)
    tolerance, prior = Target(knobs).tolerance(home.mean(0)[None]), torch.eye(11)[None]
    farthest = torch.tensor([[-0.2, 0.1], [-0.3, 0.3]])
    both = reach(knobs, layers, home[None], farthest, tolerance, prior)
    for frame in (0, 1):
        alone = layers.frames(lambda values, frame=frame: values[:, frame : frame + 1])
        single = reach(knobs, alone, home[None, frame : frame + 1], farthest, tolerance, prior)
        torch.testing.assert_close(both[frame : frame + 1], single, atol=2e-3, rtol=0)
    assert (both[..., 0] <= 0).all() and (both[..., 1] >= 0).all()
    assert (both >= farthest[:, :1] - 1e-6).all() and (both <= farthest[:, 1:] + 1e-6).all()


def test_nothing_to_move_by_is_no_move(knobs):
    layers = layers_of(torch.tensor([[0.2, 0.1]]))
    home = positions(knobs, layers)
    none = reach(knobs, layers, home[None], torch.zeros(2, 2), Target(knobs).tolerance(home), torch.eye(11)[None])
    assert not none.any()


def test_one_partial_alone_cannot_get_sharper(knobs):
    """What a frame cannot do is no reach: the level goes down, the sharpness stays where it is."""
    layers = Layers(torch.full((1, 1), 1000.0), torch.full((1, 1, 1), 0.1), torch.zeros(1, 1, 9))
    home = Target(knobs).of_layers(layers)
    farthest = torch.tensor([[-0.3, 0.1], [-0.3, 0.3]])
    found = reach(knobs, layers, home, farthest, Target(knobs).tolerance(home[0]), torch.eye(10)[None])[0]
    jnds = found / Target(knobs).tolerance(home[0])[0][:, None]
    assert jnds[1].abs().max() < 1.0
