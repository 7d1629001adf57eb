"""How the envelopes fluctuate in the channels of the ear."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from synths.descriptors.hearing.channel_gain import N_CHANNELS, NEPER_PER_DB, ChannelGain

_LEAST_POWER = 1e-12
_STEP = {"cpu": 2}  # frames worked on together, whose buffers, one per channel, stay in the cache of a core
_STEP_ELSEWHERE = 32


class EnvelopeSpectra(torch.autograd.Function):
    """(F, bins) spectrum, their gain, samples n per frame, K -> (F, 47, K) lowest bins of the channels' envelopes.

    A channel's wave is the real part of the sum of its components; its envelope is that rectified. The Fourier
    transforms of the two steps are each other's adjoint. Few frames at a time, for the cache, and none of their waves
    is kept: they are computed again for the gradient. What nobody hears is left out.
    """

    @staticmethod
    def forward(ctx: Any, spectrum: Tensor, gain: ChannelGain, n_samples: int, n_modulations: int) -> Tensor:
        envelopes = spectrum.new_zeros(len(spectrum), N_CHANNELS, n_modulations)
        for part in _heard_parts(spectrum, gain):
            envelope = _wave(part.gain * _one_sided(part.components)[:, None], n_samples).abs_()
            envelopes[part.frames, part.channels] = torch.fft.rfft(envelope)[..., :n_modulations]
        ctx.save_for_backward(spectrum)
        ctx.gain, ctx.n_samples = gain, n_samples
        return envelopes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None]:
        (spectrum,) = ctx.saved_tensors
        grad_spectrum = torch.zeros_like(spectrum)
        for part in _heard_parts(spectrum, ctx.gain):
            grad_wave = _wave(part.gain * _one_sided(part.components)[:, None], ctx.n_samples).sign_()
            grad_wave *= _wave(_one_sided(grad_outputs[0][part.frames, part.channels]), ctx.n_samples)
            n_bins = part.components.shape[-1]
            grad = torch.fft.rfft(grad_wave)[..., :n_bins] * part.gain
            grad_spectrum[part.frames, :n_bins] = grad.sum(1) + _by_way_of_level(grad, part, ctx.gain)
        return grad_spectrum, None, None, None


class _HeardPart(NamedTuple):
    """Some frames, C channels: their (F, bins) lowest components, up to the last that is heard, (F, C, bins) gain."""

    frames: slice
    channels: slice
    components: Tensor
    level_db: Tensor
    gain: Tensor


def _heard_parts(spectrum: Tensor, gain: ChannelGain) -> Iterator[_HeardPart]:
    """(F, bins) spectrum -> what is heard of it, a few frames at a time; nothing for silence."""
    step = _STEP.get(spectrum.device.type, _STEP_ELSEWHERE)
    level_db = 10.0 * spectrum.abs().square().clamp_min(_LEAST_POWER).log10()
    for start in range(0, len(spectrum), step):
        frames = slice(start, start + step)
        n_bins = _extent(gain.heard(level_db[frames]).any(0)).stop
        weight = gain(level_db[frames, :n_bins])
        channels = _extent(weight.sum((0, 2)))
        if channels.stop:
            yield _HeardPart(
                frames, channels, spectrum[frames, :n_bins], level_db[frames, :n_bins], weight[:, channels]
            )


def _by_way_of_level(grad: Tensor, part: _HeardPart, gain: ChannelGain) -> Tensor:
    """(F, C, bins) gradient of components, times their gain -> (F, bins) what their gain changes with their level."""
    components = part.components
    by_rise = (gain.rise_bark[part.channels, : components.shape[-1]] * grad).sum(1)
    grad_level = (components.conj() * by_rise).real * gain.change_per_db(part.level_db)
    return grad_level * components / (NEPER_PER_DB * components.abs().square().clamp_min(_LEAST_POWER))


def _one_sided(spectrum: Tensor) -> Tensor:
    """What an inverse real transform wants for a wave that is the real part of the sum of the bins' waves."""
    halved = 0.5 * spectrum
    halved[..., 0] *= 2.0
    return halved


def _wave(one_sided: Tensor, n_samples: int) -> Tensor:
    """(..., bins) -> (..., n), the adjoint of the first bins of rfft."""
    return torch.fft.irfft(one_sided, n_samples, norm="forward")


def _extent(used: Tensor) -> slice:
    """Range of the indices that are not zero."""
    index = used.nonzero()
    return slice(int(index[0]), int(index[-1]) + 1) if len(index) else slice(0, 0)
