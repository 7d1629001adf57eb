"""The decoder: one named tensor per synth parameter, of the past only."""

import pytest
import torch

from lightning_modules.decoder import Decoder
from synths import ClipFormat, SMSSynth

SIZES = {"harmonic_gain": 1, "harmonic_balance": 12, "noise_bands": 5}


@pytest.fixture
def inputs():
    """Controls, residual size -> pitch, controls and residual of 2 clips, 10 frames."""

    def build(n_controls, residual_size):
        return 100 + 300 * torch.rand(2, 10), torch.rand(2, 10, n_controls), torch.randn(2, 10, residual_size)

    return build


@pytest.mark.parametrize(("n_controls", "residual_size"), [(3, 0), (0, 16), (5, 8), (0, 0)])
def test_shapes(n_controls, residual_size, inputs):
    """Whatever the knobs and the residual, every parameter in the synth's size and order."""
    parameters = Decoder(n_controls, residual_size, SIZES, width=16)(*inputs(n_controls, residual_size))
    assert {name: tuple(value.shape) for name, value in parameters.items()} == {
        name: (2, 10, size) for name, size in SIZES.items()
    }
    assert list(parameters) == list(SIZES)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_is_causal(which, inputs):
    """What is heard at a frame does not depend on later ones, so that it could be played live."""
    decoder, given = Decoder(3, 4, SIZES, width=16), list(inputs(3, 4))
    before = decoder(*given)
    given[which] = given[which].clone()
    given[which][:, 6:] *= 1.7
    after = decoder(*given)
    for name in SIZES:
        torch.testing.assert_close(after[name][:, :6], before[name][:, :6])
        assert not after[name][:, 6:].allclose(before[name][:, 6:]), name


def test_remembers_the_past(inputs):
    """A change of the first frame is still heard in the last: it can shape a note's decay."""
    decoder, (f0_hz, controls, residual) = Decoder(3, 0, SIZES, width=16), inputs(3, 0)
    before = decoder(f0_hz, controls, residual)
    after = decoder(f0_hz, torch.cat([1 - controls[:, :1], controls[:, 1:]], dim=1), residual)
    assert all((after[name][:, -1] != before[name][:, -1]).any() for name in SIZES)


def test_clips_do_not_hear_each_other(inputs):
    """A clip decodes the same alone as in a batch."""
    decoder, (f0_hz, controls, residual) = Decoder(3, 4, SIZES, width=16), inputs(3, 4)
    together, alone = decoder(f0_hz, controls, residual), decoder(f0_hz[1:], controls[1:], residual[1:])
    for name in SIZES:
        torch.testing.assert_close(together[name][1:], alone[name])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_control_is_heard(index, inputs):
    """Each knob reaches the parameters, and each has a gradient to learn from."""
    f0_hz, controls, residual = inputs(3, 0)
    controls.requires_grad_()
    total = sum(value.square().sum() for value in Decoder(3, 0, SIZES, width=16)(f0_hz, controls, residual).values())
    (gradient,) = torch.autograd.grad(total, controls)
    assert gradient.isfinite().all() and gradient[..., index].abs().min() > 0


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
def test_fits_a_cpu(sample_rate):
    """Under a million weights by default, at every rate."""
    decoder = Decoder(8, 16, SMSSynth(ClipFormat(sample_rate, 4800, 480)).sizes)
    assert 100_000 < sum(weight.numel() for weight in decoder.parameters()) < 1_000_000


def test_silent_pitch_is_finite(inputs):
    """A pitch of 0 Hz is still a number to the decoder."""
    _, controls, residual = inputs(2, 0)
    parameters = Decoder(2, 0, SIZES, width=16)(torch.zeros(2, 10), controls, residual)
    assert all(value.isfinite().all() for value in parameters.values())
