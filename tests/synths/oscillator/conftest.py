"""What the backends are held against: the definition, evaluated plainly in float64."""

import math

import pytest
import torch

from synths.oscillator import oscillator_bank


@pytest.fixture(params=["torch", "numba"])
def backend(request):
    """Each backend that runs on a CPU."""
    if request.param != "torch":
        pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def pitch():
    """Shape, clips, frames -> (B, F) pitch in Hz, each clip a fifth above the one before."""

    def build(shape, batch, n_frames):
        t = torch.linspace(0, 1, n_frames, dtype=torch.float64)
        curve = {
            "steady": torch.full_like(t, 220.0),
            "glide": 80.0 * 20**t,
            "vibrato": 300 * 2 ** (torch.sin(2 * math.pi * 5 * t) / 12),
            "through zero": (400.0 * (0.6 - t)).clamp_min(0.0),
            "through Nyquist": 3000.0 + 30000.0 * t,
            "steps": torch.where(t < 0.5, 100.0, 900.0).double(),
        }[shape]
        return (curve * 1.5 ** torch.arange(batch)[:, None]).float()

    return build


@pytest.fixture
def between():
    """Linear interpolation from frames to samples, (B, F, ...) -> (B, F * hop, ...)."""
    return _between


@pytest.fixture
def plain():
    """The definition: sum_k a_k[n] sin(2 pi k phase[n]), sample by sample, partial by partial."""
    return _plain


@pytest.fixture
def compare():
    """Inputs, backend -> relative errors of the output and of the gradients to amplitudes and pitch."""

    def errors(f0_hz, amplitudes, hop, sample_rate, backend, window=None):
        results = []
        for bank, dtype in ((oscillator_bank, torch.float32), (_plain, torch.float64)):
            f0, a = f0_hz.to(dtype).requires_grad_(), amplitudes.to(dtype).requires_grad_()
            given = (backend,) if bank is oscillator_bank else ()
            audio = bank(f0, a, hop, sample_rate, window, *given)
            weight = torch.randn(audio.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
            gradients = torch.autograd.grad((audio * weight.to(audio.device)).sum(), [a, f0])
            results.append([audio.detach().cpu(), *(gradient.cpu() for gradient in gradients)])
        return [_relative(ours, reference) for ours, reference in zip(*results, strict=True)]

    return errors


def _relative(value, reference):
    """Largest error, relative to the largest value."""
    return ((value.double() - reference).abs().max() / reference.abs().max()).item()


def _held(values):
    """Values at the far end of each hop: the next frame's, the last one held."""
    return torch.cat([values[:, 1:], values[:, -1:]], dim=1)


def _between(values, hop, window=None):
    ramp = torch.arange(hop, dtype=values.dtype) / hop if window is None else window.to(values.dtype)
    ramp = ramp.reshape(1, 1, hop, *[1] * (values.ndim - 2)).to(values.device)
    return (values[:, :, None] * (1 - ramp) + _held(values)[:, :, None] * ramp).flatten(1, 2)


def _plain(f0_hz, amplitudes, hop, sample_rate, window=None):
    k = torch.arange(1, amplitudes.shape[-1] + 1, dtype=torch.float64, device=f0_hz.device)
    reaches = f0_hz.detach()[..., None] * k >= sample_rate / 2
    before, after = torch.cat([reaches[:, :1], reaches[:, :-1]], dim=1), _held(reaches)
    amplitudes = amplitudes * ~(reaches | before | after)
    per_sample = _between(f0_hz, hop) / sample_rate
    phase = torch.cumsum(per_sample, dim=1) - per_sample
    return (_between(amplitudes, hop, window) * torch.sin(2 * math.pi * k * phase[..., None])).sum(-1)
