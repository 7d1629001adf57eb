"""The log-attack time of attacks whose length is known."""

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.log_attack_time import LogAttackTime

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]


def note(clip, attack_s, start_s=0.2, f0_hz=441.0):
    """(1, N) tone that rises in a line and then decays with a time constant of half a second."""
    time_s = torch.arange(clip.n_samples) / clip.sample_rate - start_s
    envelope = (time_s / attack_s).clamp(0, 1) * torch.exp(-(time_s - attack_s).clamp_min(0) / 0.5)
    return (envelope * torch.sin(2 * torch.pi * f0_hz * time_s))[None]


def attack_ms(clip, audio):
    """What 20 to 90 % take."""
    return 1e3 * 10 ** LogAttackTime(clip).measure(audio, torch.zeros(1, clip.n_frames)).item()


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
@pytest.mark.parametrize(("attack_s", "tolerance"), [(0.01, 0.25), (0.05, 0.08), (0.2, 0.05), (0.4, 0.05)])
def test_linear_attack(attack_s, tolerance, sample_rate, hop):
    """Seven tenths of the rise, less exact where the window is as long: 7 ms may read 9."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    assert attack_ms(clip, note(clip, attack_s)) == pytest.approx(700 * attack_s, rel=tolerance)


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
@pytest.mark.parametrize("start_s", [0.0, 0.2003, 0.5])
def test_instant_attack_is_the_window(start_s, sample_rate, hop):
    """A pluck, a millisecond long, wherever it starts: 2 to 6 ms, above what silence has."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    assert 1.8 < attack_ms(clip, note(clip, 1e-3, start_s)) < 6.0


@pytest.mark.parametrize("start_s", [0.0, 0.1, 2.5])
def test_silence_before_the_note_does_not_count(start_s):
    """However long the wait."""
    clip = ClipFormat(16000, 48000, 160)
    assert attack_ms(clip, note(clip, 0.1, start_s)) == pytest.approx(70.0, rel=0.06)


def test_silence_is_a_millisecond(second):
    """Less than any sound."""
    assert attack_ms(second, torch.zeros(1, 16000)) == pytest.approx(1.0)


def test_the_gradient_finds_a_requested_attack(second):
    """From 30 ms to the 100 ms asked for, by way of the measure's slope alone."""
    time_s = torch.arange(16000) / 16000 - 0.1
    log_attack_s = torch.tensor(0.03).log().requires_grad_()
    optimiser = torch.optim.Adam([log_attack_s], 0.05)
    module, carrier = LogAttackTime(second), torch.sin(2 * torch.pi * 441.0 * time_s)
    for _ in range(120):
        optimiser.zero_grad()
        audio = ((time_s / log_attack_s.exp()).clamp(0, 1) * carrier)[None]
        (module.measure(audio, torch.zeros(1, 100)) + 1.0).square().sum().backward()
        optimiser.step()
    assert attack_ms(second, audio.detach()) == pytest.approx(100.0, rel=0.01)
    assert 0.7 * log_attack_s.exp().item() == pytest.approx(0.1, rel=0.05)
