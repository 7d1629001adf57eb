"""Whether the decoder listens: stand-ins that do, and that do not."""

from types import SimpleNamespace

import pytest
import torch

from lightning_modules.callbacks import Usage
from lightning_modules.encoders import Encoding


class StandIn:
    """One knob, one residual number; the sound is a constant made of them, and the knob is measured on it."""

    noise, ceiling = 0.1, float("inf")

    def __init__(self, knob_gain, residual_gain):
        self.knob_gain, self.residual_gain = knob_gain, residual_gain
        self.encoder = self
        self.knobs, self.judged_every = ["warmth"], 2

    def __call__(self, audio, f0_hz):
        """Every clip has its own position and residual."""
        of_clip = torch.linspace(0.1, 0.9, len(audio))[:, None, None].expand(-1, f0_hz.shape[1], 1)
        return Encoding(of_clip, of_clip**2, {})

    def put_together(self, f0_hz, encoding):
        """Weighted sum, with noise."""
        frames = self.knob_gain * encoding.controls + self.residual_gain * encoding.residual
        return SimpleNamespace(audio=frames[..., 0] + self.noise * torch.randn(frames.shape[:2]))

    def sounding(self, audio, every):
        """Everywhere."""
        return torch.ones(len(audio), audio.shape[1] // every)

    def knob_positions(self, audio, f0_hz, every):
        """The knob is the sound itself."""
        return audio[:, ::every, None].clamp_max(self.ceiling)

    def reconstruction(self, output, target):
        """Mean distance."""
        return (output - target).abs().mean()


def used(knob_gain, residual_gain, n_clips=4):
    """What is logged of such a model."""
    audio = torch.zeros(n_clips, 20)
    return Usage().usage(StandIn(knob_gain, residual_gain), audio, torch.full((n_clips, 20), 220.0))


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0])
def test_a_knob_is_used_as_far_as_it_moves_the_sound(gain):
    """Measured over asked change, whatever the noise, which is the same before and after."""
    assert used(gain, 0.3)["warmth"].item() == pytest.approx(gain, abs=1e-5)


def test_a_knob_is_moved_to_where_there_is_room():
    """One near the upper end goes down: the end of the range is not taken for disobedience."""
    model = StandIn(1.0, 0.0)
    model.noise, model.ceiling = 0.0, 1.0
    used_ = Usage().usage(model, torch.zeros(4, 20), torch.full((4, 20), 220.0))
    assert used_["warmth"].item() == pytest.approx(1.0, abs=1e-5)


def test_a_residual_is_used_as_far_as_it_changes_the_sound():
    """None, all, and something in between."""
    assert used(1.0, 0.0)["residual"] == 0.0
    assert used(0.0, 1.0)["residual"].item() == pytest.approx(1.0)
    assert 0.2 < used(1.0, 1.0)["residual"] < 0.8


def test_one_clip_has_no_other_residual():
    """Nothing to exchange."""
    assert set(used(1.0, 1.0, n_clips=1)) == {"warmth"}


def test_random_numbers_are_left_alone():
    """Validation draws the same with and without it."""
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    used(1.0, 1.0)
    assert torch.rand(1).equal(expected)


def test_only_the_first_batch_of_the_first_process_is_logged():
    """Under usage/; others may have batches of other sizes, and would wait for what the first does not log."""
    logged = {}
    model = StandIn(1.0, 1.0)
    model.log_dict = lambda values, **_: logged.update(values)
    batch = SimpleNamespace(audio=torch.zeros(4, 20), f0_hz=torch.full((4, 20), 220.0))
    first, second = SimpleNamespace(is_global_zero=True), SimpleNamespace(is_global_zero=False)
    Usage().on_validation_batch_end(first, model, None, batch, 1)
    Usage().on_validation_batch_end(second, model, None, batch, 0)
    assert not logged
    Usage().on_validation_batch_end(first, model, None, batch, 0)
    assert set(logged) == {"usage/warmth", "usage/residual"}
