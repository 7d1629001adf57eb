"""Fundamental share, odd/even balance and noisiness: closed forms; all knobs from sound and from what a synth plays."""

import math
from functools import partial

import pytest
import torch

from synths import (
    Brightness,
    ClipFormat,
    FilteredNoise,
    FundamentalShare,
    Harmonics,
    Layers,
    Level,
    Loudness,
    Noisiness,
    OddEvenBalance,
    Sharpness,
    SMSSynth,
)

CLIP = ClipFormat(16000, 16000, 160)
TOLERANCE = {
    Level: 0.3,
    Sharpness: 0.08,
    Loudness: 1.5,
    FundamentalShare: 0.01,
    OddEvenBalance: 0.5,
    Noisiness: 2.0,
    Brightness: 1.0,
}


def tone(amplitudes, f0_hz=220.0):
    """(1, N) sum of harmonics of given amplitudes."""
    time_s = torch.arange(CLIP.n_samples, dtype=torch.float64) / CLIP.sample_rate
    harmonic = torch.arange(1, len(amplitudes) + 1)
    return (torch.tensor(amplitudes).double() @ torch.sin(2 * math.pi * f0_hz * harmonic[:, None] * time_s)).float()[
        None
    ]


def layers(amplitudes, f0_hz=220.0, magnitude=0.0):
    """What a synth would play of it, with evenly strong noise."""
    shape = (1, CLIP.n_frames, 1)
    noise = torch.full((1, CLIP.n_frames, 65), magnitude)
    return Layers(torch.full(shape[:2], f0_hz), torch.tensor(amplitudes).expand(1, CLIP.n_frames, -1), noise)


def both_ways(descriptor, amplitudes, f0_hz=220.0):
    """Value half way through, from sound and from the amplitudes."""
    module, pitch = descriptor(CLIP), torch.full((1, CLIP.n_frames), f0_hz)
    heard, played = module.measure(tone(amplitudes, f0_hz), pitch), module.measure_layers(layers(amplitudes, f0_hz))
    return heard[0, 50].item(), played[0, 50].item()


@pytest.mark.parametrize("amplitudes", [[0.4], [0.2, 0.2], [0.4, 0.2, 0.1, 0.1], [0.01, 0.3, 0.1], [0.0, 0.3]])
def test_fundamental_share_is_the_first_amplitude(amplitudes):
    """a1 / sum a: Peeters et al. 2011."""
    expected = amplitudes[0] / sum(amplitudes)
    assert both_ways(FundamentalShare, amplitudes) == pytest.approx((expected, expected), abs=0.01)


@pytest.mark.parametrize(
    ("amplitudes", "expected_db"),
    [
        ([0.5, 0.2, 0.2], 0.0),
        ([0.1, 0.1, 0.2, 0.1, 0.2], 10 * math.log10(0.08 / 0.02)),
        ([0.1, 0.3, 0.1, 0.3], 10 * math.log10(0.01 / 0.18)),
        ([0.5, 0.0, 0.2, 0.0, 0.1], 30.0),
        ([0.5, 0.2, 0.0, 0.1], -30.0),
        ([0.5], 0.0),
    ],
)
def test_odd_even_balance_is_the_ratio_of_powers(amplitudes, expected_db):
    """Without the fundamental; 30 dB at most; a sine has none."""
    assert both_ways(OddEvenBalance, amplitudes) == pytest.approx((expected_db, expected_db), abs=0.3)


@pytest.mark.parametrize("ratio_db", [-30.0, -20.0, -10.0, 0.0, 5.0])
@pytest.mark.parametrize("f0_hz", [110.0, 220.0, 440.0])
def test_noisiness_is_noise_over_tone(ratio_db, f0_hz):
    """White noise at a known ratio to the tone, within 1 dB; from layers exactly."""
    sound = tone([0.2, 0.1, 0.1, 0.05], f0_hz)
    noise = torch.randn(4, CLIP.n_samples)
    noise = noise * 10 ** (ratio_db / 20) * sound.square().mean().sqrt() / noise.square().mean(-1, keepdim=True).sqrt()
    pitch = torch.full((4, CLIP.n_frames), f0_hz)
    heard = Noisiness(CLIP).measure(sound + noise, pitch)[:, 10:-10].mean().item()
    assert heard == pytest.approx(ratio_db, abs=1.0)


def test_noisiness_of_layers_is_exact():
    """Flat bands of gain g are uniform noise of variance g^2 / 3."""
    value = Noisiness(CLIP).measure_layers(layers([0.3, 0.1], magnitude=0.05))[0, 50].item()
    assert value == pytest.approx(10 * math.log10(2 * 0.05**2 / 3 / 0.1), abs=0.05)


@pytest.mark.parametrize("descriptor", [FundamentalShare, OddEvenBalance], ids=lambda cls: cls.__name__)
def test_noise_does_not_move_the_tone(descriptor):
    """Breath 15 dB below the tone leaves share and balance where they were: it is another knob."""
    sound = tone([0.3, 0.1, 0.03])
    noise = torch.randn(1, CLIP.n_samples) * (sound.square().mean() * 10**-1.5).sqrt()
    module, pitch = descriptor(CLIP), torch.full((1, CLIP.n_frames), 220.0)
    clean, breathy = (module.measure(x, pitch)[:, 10:-10].mean() for x in (sound, sound + noise))
    assert abs(clean - breathy) < (0.06 if descriptor is FundamentalShare else 2.0)


def test_silence():
    """No share, no balance, neither tone nor noise."""
    pitch = torch.full((1, CLIP.n_frames), 220.0)
    for descriptor in (FundamentalShare, OddEvenBalance, Noisiness):
        assert not descriptor(CLIP).measure(torch.zeros(1, CLIP.n_samples), pitch).any()


@pytest.mark.parametrize("f0_hz", [98.0, 220.0, 660.0])
@pytest.mark.parametrize("descriptor", TOLERANCE, ids=lambda kind: kind.__name__)
def test_two_ways_of_measuring_agree(descriptor, f0_hz):
    """What a synth plays, and its dry sound: medians over a second of random settings, about within a JND."""
    synth = SMSSynth(CLIP, [partial(Harmonics, n_harmonics=30), FilteredNoise], [])
    pitch = torch.full((6, CLIP.n_frames), f0_hz)
    tilt = torch.arange(30) * -0.1
    parameters = {
        "harmonic_gain": torch.zeros(6, CLIP.n_frames, 1),
        "harmonic_balance": (torch.randn(6, 1, 30) + tilt).expand(-1, CLIP.n_frames, -1),
        "noise_bands": (3.0 + 0.3 * torch.randn(6, 1, synth.sizes["noise_bands"])).expand(-1, CLIP.n_frames, -1),
    }
    module = descriptor(CLIP)
    heard = module.measure(synth(pitch, parameters), pitch)[:, 10:-10].median(1).values
    played = module.measure_layers(synth.layers(pitch, parameters))[:, 10:-10].median(1).values
    torch.testing.assert_close(heard, played, atol=TOLERANCE[descriptor], rtol=0)
