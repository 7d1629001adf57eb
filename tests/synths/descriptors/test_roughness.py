"""Roughness against its definition, against MoSQITo and against finite differences."""

import math

import pytest
import torch
from torch import Tensor

from synths import ClipFormat
from synths.descriptors.roughness import Roughness

FULL_SCALE_PASCAL = 2.0  # what a sample of 1 is where an rms of 1 has 100 dB SPL


def modulated(clip: ClipFormat, modulation_hz: float, depth: float = 1.0, level_db: float = 60.0) -> Tensor:
    """(1, N) tone of 1 kHz, modulated in amplitude, with a given level in dB SPL as a whole."""
    time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
    tone = torch.sin(2 * math.pi * 1000 * time_s) * (1 + depth * torch.sin(2 * math.pi * modulation_hz * time_s))
    return tone[None] * 10 ** ((level_db - clip.full_scale_db_spl) / 20) / tone.square().mean().sqrt()


def pooled(clip: ClipFormat, audio: Tensor) -> float:
    """Roughness of a sound as a whole, in float64."""
    return Roughness(clip).double().pooled(audio.double(), torch.ones(1, 1)).item()


def measured(descriptor: Roughness, audio: Tensor) -> Tensor:
    """(B, F) roughness, which no pitch is needed for."""
    return descriptor.measure(audio, torch.ones(len(audio), audio.shape[-1] // descriptor.clip.hop))


def test_unit(second: ClipFormat) -> None:
    """A fully modulated 1 kHz tone of 60 dB, 70 times a second, has 1 asper, to 3 %: a fifth of what is heard."""
    assert pooled(second, modulated(second, 70)) == pytest.approx(1.0, abs=0.03)


def test_depth_of_the_modulation(second: ClipFormat) -> None:
    """Roughness grows as the depth to the power 1.6."""
    half, whole = (pooled(second, modulated(second, 70, depth)) for depth in (0.5, 1.0))
    assert math.log2(whole / half) == pytest.approx(1.6, abs=0.1)


def test_greatest_at_70_hz(second: ClipFormat) -> None:
    """Slower is fluctuation, faster is a chord: both less rough."""
    slowest, slow, greatest, fast, fastest = (pooled(second, modulated(second, hz)) for hz in (20, 45, 70, 100, 150))
    assert slowest < slow < greatest > fast > fastest
    assert max(slowest, fastest) < greatest / 2


def test_steady_tone_is_smooth(second: ClipFormat, sine) -> None:
    """Without modulation there is no roughness but what the window makes of it."""
    assert pooled(second, sine(second, 1000.0, 0.014)) < 0.01


def test_beating_partials_are_rough(second: ClipFormat, sine) -> None:
    """Two tones within one channel beat; two that are an octave apart do not."""
    low, near, far = (sine(second, hz, 0.05) for hz in (1000.0, 1070.0, 2000.0))
    assert pooled(second, low + near) > 20 * pooled(second, low + far)


def test_little_change_with_level(second: ClipFormat) -> None:
    """Ten decibels more make it less than a third rougher; the calibration of the clip sets the level."""
    levels = [pooled(second, modulated(second, 70, level_db=level_db)) for level_db in (50, 60, 70)]
    assert levels == sorted(levels) and max(levels[2] / levels[1], levels[1] / levels[0]) < 1.34
    louder = ClipFormat(second.sample_rate, second.n_samples, second.hop, full_scale_db_spl=110.0)
    assert pooled(louder, modulated(second, 70, level_db=50)) == pytest.approx(levels[1], rel=1e-6)


@pytest.mark.parametrize("sample_rate", [16000, 22050, 44100, 48000])
def test_agrees_with_mosqito(sample_rate: int) -> None:
    """The mean of MoSQITo's two frames to 1e-4 asper, in both precisions: AM tone, noise, low and high beats."""
    roughness_dw = pytest.importorskip("mosqito.sq_metrics").roughness_dw
    clip = ClipFormat(sample_rate, sample_rate // 50 * 16, sample_rate // 50)
    time_s = torch.arange(clip.n_samples, dtype=torch.float64) / sample_rate
    beats = 0.5 * torch.sin(2 * math.pi * 61.3 * time_s) + 0.5 * torch.sin(2 * math.pi * 28 * time_s) + 0.1
    highest = sum(0.2 * torch.sin(2 * math.pi * (0.48 * sample_rate - hz) * time_s) for hz in (0, 70))
    sounds = [modulated(clip, 70)[0], 0.1 * torch.randn(clip.n_samples, dtype=torch.float64), beats, highest]
    expected = [roughness_dw(FULL_SCALE_PASCAL * sound.numpy(), sample_rate)[0].mean() for sound in sounds]
    for dtype in (torch.float32, torch.float64):
        ours = Roughness(clip).to(dtype).pooled(torch.stack(sounds).to(dtype), torch.ones(4, 16))
        assert ours.dtype == dtype and ours.tolist() == pytest.approx(expected, abs=1e-4)


def test_measured_where_it_happens(second: ClipFormat) -> None:
    """The first half is smooth, the second rough; the change takes about one frame."""
    half = second.n_samples // 2
    audio = torch.cat([modulated(second, 70, depth)[:, :half] for depth in (0.0, 1.0)], -1)
    values = measured(Roughness(second).double(), audio)[0]
    assert values.shape == (second.n_frames,)
    assert values[:40].max() < 0.02 and values[61:].min() > 0.9


def test_fewer_frames_keep_their_values(second: ClipFormat) -> None:
    """What is measured in three frames of a clip is what all nine say there."""
    audio = modulated(second, 70) * torch.linspace(0, 1, second.n_samples)
    every, few = (measured(Roughness(second, n_frames=n).double(), audio)[0] for n in (None, 3))
    centres = [20, 50, 80]  # of frames 1, 4 and 7, in control frames of 10 ms
    torch.testing.assert_close(few[centres], every[centres])
    torch.testing.assert_close(few[35], few[[20, 50]].mean())
    assert few[0] == few[20] and few[-1] == few[80]
    assert (few - every).abs().max() > 1e-3


def test_one_frame_or_less(second: ClipFormat) -> None:
    """A single frame is held; a clip shorter than a frame is followed by silence."""
    audio = modulated(second, 70)
    one = measured(Roughness(second, n_frames=1).double(), audio)
    assert one.unique().numel() == 1 and one[0, 0] > 0.9
    short = measured(Roughness(second).double(), audio[:, : second.hop])
    assert short.shape == (1, 1) and short.isfinite().all()
    with pytest.raises(ValueError, match="n_frames is 0"):
        Roughness(second, n_frames=0)


def test_alone_as_in_a_batch(second: ClipFormat) -> None:
    """A clip alone gives the value it has in a batch, whatever is beside it."""
    descriptor = Roughness(second)
    batch = torch.cat([modulated(second, 70), torch.zeros(1, second.n_samples), modulated(second, 40)]).float()
    alone = torch.cat([measured(descriptor, clip) for clip in batch.split(1)])
    torch.testing.assert_close(measured(descriptor, batch), alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("level_db", [60.0, 130.0])
def test_gradient(clip_format: ClipFormat, level_db: float) -> None:
    """The gradient agrees with central differences along random directions, also where the slopes are level."""
    descriptor = Roughness(clip_format).double()
    audio = modulated(clip_format, 70, 0.7, level_db) + modulated(clip_format, 50, 0.3, level_db).roll(7)
    audio.requires_grad_()
    (gradient,) = torch.autograd.grad(measured(descriptor, audio).sum(), audio)
    for _ in range(4):
        step = 1e-7 * torch.randn_like(audio) * audio.detach().std()
        with torch.no_grad():
            ahead, behind = (measured(descriptor, audio + sign * step).sum() for sign in (1, -1))
        torch.testing.assert_close((gradient * step).sum(), (ahead - behind) / 2, rtol=1e-4, atol=1e-13)


def test_silence(second: ClipFormat) -> None:
    """Silence is not rough and has no gradient, and leaves the gradient of a sound beside it finite."""
    audio = torch.cat([torch.zeros(1, second.n_samples), modulated(second, 70).float()]).requires_grad_()
    values = measured(Roughness(second), audio)
    (gradient,) = torch.autograd.grad(values.sum(), audio)
    assert (values[0] == 0).all() and (gradient[0] == 0).all()
    assert gradient.isfinite().all() and gradient[1].any()


def test_descent_on_the_depth(second: ClipFormat) -> None:
    """Through the sound alone, the depth of a modulation is found that has the roughness asked for."""
    clip = ClipFormat(second.sample_rate, 4800, second.hop)
    descriptor, steady, full = Roughness(clip), modulated(clip, 70, 0.0).float(), modulated(clip, 70).float()
    depth = torch.tensor(0.3, requires_grad=True)
    optimiser = torch.optim.Adam([depth], lr=0.03)
    for _ in range(50):
        optimiser.zero_grad()
        roughness = measured(descriptor, steady + depth * (full - steady)).mean()
        (roughness - 0.5).square().backward()
        optimiser.step()
    assert roughness.item() == pytest.approx(0.5, abs=0.01)
