"""Descriptors as something to learn from: random synths, and a sound that is moved to what was asked."""

import math

import pytest
import torch

from synths import (
    ClipFormat,
    FilteredNoise,
    Harmonics,
    Noisiness,
    OddEvenBalance,
    Roughness,
    Sharpness,
    SMSSynth,
    measure_all,
)
from synths.descriptors.describe import descriptor_kinds
from synths.oscillator import oscillator_bank

N_SETTINGS = 1000
TRAINABLE = [kind for kind in descriptor_kinds() if not kind.not_for_training]
LONG = {"audio_commons_sharpness", "booming", "warmth"}
CLIP = ClipFormat(16000, 3200, 160)


def random_settings(synth, n_settings):
    """Pitches and raw parameters: from silence to full scale, one partial alone, noise alone, and all between."""
    draw = torch.Generator().manual_seed(1)
    shape = (n_settings, CLIP.n_frames)
    f0_hz = 2.0 ** (torch.rand(n_settings, 1, generator=draw) * 7.0 + 5.0) * torch.ones(shape)
    scale = 10.0 * torch.rand(n_settings, 1, 1, generator=draw)
    raw = {name: scale * torch.randn(*shape, size, generator=draw) for name, size in synth.sizes.items()}
    kind = torch.arange(n_settings) % 5
    for silent, parameters in ((0, raw), (1, ["harmonic_gain"]), (2, ["noise_bands"])):
        for name in parameters:
            raw[name][kind == silent] = -100.0
    raw["harmonic_balance"][kind == 3] = -100.0
    raw["harmonic_balance"][kind == 3, :, 2] = 5.0
    return f0_hz, raw


@pytest.mark.parametrize(
    "descriptor",
    [pytest.param(kind, marks=pytest.mark.slow) if kind.name in LONG else kind for kind in TRAINABLE],
    ids=lambda kind: kind.__name__,
)
def test_gradients_are_finite_on_a_thousand_synths(descriptor):
    """From the descriptor through the synth to every parameter, whatever it is set to."""
    synth, module = SMSSynth(CLIP, [Harmonics, FilteredNoise], []), descriptor(CLIP)
    f0_hz, raw = random_settings(synth, N_SETTINGS)
    for chunk in range(0, N_SETTINGS, 100):
        some = slice(chunk, chunk + 100)
        parameters = {name: value[some].clone().requires_grad_() for name, value in raw.items()}
        value = module(synth(f0_hz[some], parameters), f0_hz[some])
        assert value.isfinite().all()
        gradients = torch.autograd.grad(value.sum(), parameters.values())
        assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("descriptor", TRAINABLE, ids=lambda kind: kind.__name__)
def test_gradients_equal_finite_differences_on_ten_synths(descriptor):
    """In float64, along a random direction of all parameters at once."""
    synth, module = SMSSynth(CLIP, [Harmonics, FilteredNoise], []).double(), descriptor(CLIP).double()
    f0_hz, _ = random_settings(synth, 10)
    f0_hz = f0_hz.double().clamp(60.0, 2000.0)
    names, noise = list(synth.sizes), 2.0 * torch.rand(10, CLIP.n_frames, CLIP.hop, dtype=torch.float64) - 1.0
    raw = [torch.randn(10, CLIP.n_frames, synth.sizes[name], dtype=torch.float64) for name in names]
    direction = [torch.randn_like(value) for value in raw]

    def measured(step):
        parameters = {name: x + step * d for name, x, d in zip(names, raw, direction, strict=True)}
        return module(synth(f0_hz, {**parameters, "white_noise": noise}), f0_hz).sum(-1)

    step = torch.zeros((), dtype=torch.float64, requires_grad=True)
    exact = torch.stack([torch.autograd.grad(value, step, retain_graph=True)[0] for value in measured(step)])
    with torch.no_grad():
        slope = (measured(1e-7) - measured(-1e-7)) / 2e-7
    # A kink may lie within a step: an audible partial of roughness, a masking slope. On nine of ten there is none.
    close = (exact - slope).abs() <= 1e-3 * slope.abs() + 1e-4
    assert close.sum() >= 9


def test_a_sound_is_moved_to_what_was_asked():
    """30 partials, their fluctuation at 70 Hz and some noise reach four requests at once, each within its JND."""
    clip = ClipFormat(16000, 8000, 40)
    n_frames, pitch = clip.n_frames, torch.full((1, clip.n_frames), 180.0)
    modules = [Sharpness(clip), OddEvenBalance(clip), Noisiness(clip), Roughness(clip, n_frames=1)]
    asked = torch.tensor([1.5, 6.0, -15.0, 0.5])
    jnd = torch.tensor([0.08, 3.0, 3.0, 0.17 * 0.5])
    swing = torch.sin(2 * math.pi * 70.0 * torch.arange(n_frames) / clip.frame_rate_hz)
    hiss = FilteredNoise(clip, 33)
    white = 2.0 * torch.rand(1, n_frames, clip.hop) - 1.0
    balance_db = (-6.0 * torch.arange(30).add(1).log2()).requires_grad_()
    depth, noise_db = torch.tensor(-2.0, requires_grad=True), torch.tensor(-50.0, requires_grad=True)
    optimizer = torch.optim.Adam([{"params": [balance_db, noise_db], "lr": 0.7}, {"params": [depth], "lr": 0.05}])

    def measured():
        amplitude = 0.1 * 10 ** (balance_db / 20) * (1 + torch.sigmoid(depth) * swing[:, None])
        tone = oscillator_bank(pitch, amplitude[None], clip.hop, clip.sample_rate)
        audio = tone + hiss.filter(white, (10 ** (noise_db / 20)).expand(1, n_frames, 33))
        return torch.stack([value[0, 40:-40].mean() for value in measure_all(modules, audio, pitch)])

    before = (measured() - asked).detach().abs() / jnd
    for _ in range(150):
        optimizer.zero_grad()
        ((measured() - asked) / jnd).square().mean().sqrt().backward()
        optimizer.step()
    after = (measured() - asked).detach().abs() / jnd
    assert (before > 1.0).all() and (after < 1.0).all(), (before, after)
