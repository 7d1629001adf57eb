"""What holds for every AudioCommons rating of a note."""

import math

import pytest
import torch

from synths import ClipFormat, Layers, measure_all, measure_all_layers
from synths.descriptors.audio_commons import (
    AudioCommonsRoughness,
    AudioCommonsSharpness,
    Booming,
    Depth,
    Hardness,
    Warmth,
)
from synths.descriptors.audio_commons.din_45631 import Din45631
from synths.descriptors.audio_commons.front_end import LoudnessNormalised

DIFFERENTIABLE = (AudioCommonsSharpness, Booming, Depth, Warmth)
ALL = (*DIFFERENTIABLE, AudioCommonsRoughness, Hardness)
RATES = ((16000, 160), (22050, 225), (44100, 441), (48000, 480))


def pluck(clip, f0_hz=330.0):
    """(1, N) ten partials with a fast attack and a decay, float64; the same at every rate."""
    time_s = torch.arange(clip.n_samples, dtype=torch.float64)[None] / clip.sample_rate
    tone = sum(torch.sin(2 * math.pi * f0_hz * k * time_s + k) / k**2 for k in range(1, 11))
    return 0.2 * tone * torch.exp(-6.0 * time_s) * (1.0 - torch.exp(-200.0 * time_s))


def pitch(n_frames=40, f0_hz=330.0):
    """(1, F) a steady pitch."""
    return torch.full((1, n_frames), f0_hz, dtype=torch.float64)


@pytest.mark.parametrize("kind", ALL)
def test_agrees_between_rates(kind):
    """One number per note at every rate up to 44.1 kHz; at 48 kHz windows of as many samples are shorter."""
    values = []
    for rate, hop in RATES:
        clip = ClipFormat(rate, 40 * hop, hop)
        value = kind(clip).double().measure(pluck(clip), pitch())
        assert value.shape == (1, 1)
        assert value.dtype == torch.float64
        values.append(value.item())
    assert max(values[:3]) - min(values[:3]) < (1.0 if kind is Hardness else 0.1)
    assert abs(values[3] - values[2]) < 3.0


@pytest.mark.parametrize("kind", ALL)
def test_levels_cancel(kind):
    """A note at -80 dB is rated as at 0 dB."""
    clip = ClipFormat(16000, 6400, 160)
    values = [kind(clip).double().measure(gain * pluck(clip), pitch()).item() for gain in (1.0, 1e-4)]
    assert values[0] == pytest.approx(values[1], abs=0.01)


@pytest.mark.parametrize("kind", ALL)
def test_batch_is_alone(kind):
    """A note is rated the same in company."""
    clip = ClipFormat(16000, 6400, 160)
    audio = torch.cat([pluck(clip), torch.zeros(1, 6400), pluck(clip, 220.0)])
    f0_hz = torch.cat([pitch(), pitch(), pitch(f0_hz=220.0)])
    descriptor = kind(clip).double()
    alone = torch.cat([descriptor.measure(audio[i : i + 1], f0_hz[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(descriptor.measure(audio, f0_hz), alone)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("n_samples", [100, 160, 1000])
def test_short_sounds_and_silence_are_finite(kind, n_samples):
    """One frame, or less, is rated; silence is zero where the scale has one."""
    clip = ClipFormat(16000, 6400, 160)
    descriptor, f0_hz = kind(clip), pitch(-(-n_samples // 160)).float()
    assert descriptor.pooled(pluck(clip)[:, :n_samples].float(), f0_hz).isfinite().all()
    silence = descriptor.pooled(torch.zeros(1, n_samples), f0_hz)
    assert silence.isfinite().all()
    if kind not in (Depth, Warmth):
        assert silence.item() == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("kind", DIFFERENTIABLE)
def test_gradient_is_exact(kind):
    """The slope along a random direction is the difference quotient's; silence pulls at nothing."""
    clip = ClipFormat(16000, 6400, 160)
    audio = torch.cat([pluck(clip), torch.zeros(1, 6400)]).requires_grad_()
    f0_hz, descriptor = pitch().expand(2, -1), kind(clip).double()
    descriptor.measure(audio, f0_hz).sum().backward()
    assert not audio.grad[1].any()
    direction = torch.randn(1, 6400, dtype=torch.float64)
    ahead, behind = (
        descriptor.measure(audio[:1].detach() + sign * 1e-8 * direction, f0_hz[:1]).item() for sign in (1, -1)
    )
    assert (audio.grad[:1] * direction).sum().item() == pytest.approx((ahead - behind) / 2e-8, rel=1e-3)


def test_shared_work_is_done_once(monkeypatch):
    """One preparation and one specific loudness; the same values and, with a detached read-out first, gradients."""
    calls = []
    for shared in (LoudnessNormalised, Din45631):
        forward = shared.forward
        monkeypatch.setattr(shared, "forward", lambda *given, forward=forward: calls.append(1) or forward(*given))
    clip = ClipFormat(16000, 6400, 160)
    audio = pluck(clip).float().requires_grad_()
    kinds = [kind(clip) for kind in (Hardness, *DIFFERENTIABLE)]
    together = measure_all(kinds, audio, pitch().float())
    assert len(calls) == 3  # the read-out hears its specific loudness without a graph
    for value, kind in zip(together, kinds, strict=True):
        torch.testing.assert_close(value, kind.measure(audio, pitch().float()))
        assert value.requires_grad == (not kind.not_for_training)


def test_what_is_played_is_not_enough():
    """Ratings are of sound."""
    layers = Layers(pitch(), torch.rand(1, 40, 5), torch.zeros(1, 40, 0))
    with pytest.raises(NotImplementedError, match="from sound only"):
        measure_all_layers([Warmth(ClipFormat(16000, 6400, 160))], layers)


@pytest.mark.parametrize("kind", [AudioCommonsRoughness, Hardness])
def test_read_outs_are_detached(kind):
    """What must not be trained on has no gradient to offer."""
    clip = ClipFormat(16000, 6400, 160)
    assert kind.not_for_training
    assert not kind(clip).measure(pluck(clip).float().requires_grad_(), pitch().float()).requires_grad


def test_unpitched_sounds_have_a_fundamental():
    """Without a positive pitch the fundamental is 100 Hz; otherwise the median of the sounding frames."""
    clip = ClipFormat(16000, 6400, 160)
    audio = torch.cat([pluck(clip)[:, :3200], torch.zeros(1, 3200)], 1)
    depth, steady = Depth(clip).double(), pitch()
    broken = steady.clone()
    broken[:, 21:] = 5000.0
    assert depth.measure(audio, broken).item() == depth.measure(audio, steady).item()
    assert depth.measure(audio, 0.0 * steady).item() == depth.measure(audio, pitch(f0_hz=100.0)).item()
