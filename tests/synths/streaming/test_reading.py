"""One transform hears what each window by itself would."""

import math

import pytest
import torch

from synths import ClipFormat, Strings
from synths.descriptors.harmonic_lines import harmonic_lines
from synths.descriptors.line_spectra import LineSpectra
from synths.streaming.reading import WindowEars

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


@pytest.mark.parametrize("strings", [None, Strings(CLIP, stiffness=1e-3)], ids=["harmonic", "stiff"])
@pytest.mark.parametrize("f0_hz", [31.0, 47.0, 83.0, 97.0, 151.0, 233.0, 811.0, 3001.0])
def test_every_window_hears_as_by_itself(f0_hz, strings):
    """Partials and noise at eight pitches, two for each window: its own spectrum around the same sample, read.

    Also where it listens for strings, whatever sounds.
    """
    spectra = LineSpectra(CLIP)
    spectra.listen_for(strings)
    half_frames = [math.ceil(window.spectrum.n_fft / 2 / CLIP.hop) for window in spectra.windows]
    listening = WindowEars(spectra, half_frames, CLIP.hop)
    time_s = torch.arange(listening.n_samples) / CLIP.sample_rate
    torch.manual_seed(0)
    partials = [0.3 / k * torch.sin(2 * math.pi * f0_hz * k * time_s) for k in range(1, 40) if k * f0_hz < 7000.0]
    sound, pitch = (sum(partials) + 0.01 * torch.rand(len(time_s)))[None], torch.tensor([[f0_hz]])
    which = sum(f0_hz < window.lowest_hz for window in spectra.windows[:-1])
    heard = listening(sound, pitch, torch.tensor([which]))

    def power_in(index):
        spectrum = spectra.windows[index].spectrum
        middle = listening.n_samples - half_frames[index] * CLIP.hop
        frame = sound[:, middle - spectrum.n_fft // 2 : middle + spectrum.n_fft // 2]
        return torch.fft.rfft(frame * spectrum.window).abs().square()[:, None]

    window = spectra.windows[which]
    stiffness = spectra.stiffness_of(pitch)
    expected = harmonic_lines(power_in(which), pitch, window.spectrum.frequency_hz, window.reach, stiffness)
    n_harmonics = expected.harmonics.shape[-1]
    torch.testing.assert_close(heard.power, power_in(0), atol=1e-6, rtol=1e-3)
    own, beyond = heard.lines.harmonics.split([n_harmonics, heard.lines.harmonics.shape[-1] - n_harmonics], dim=-1)
    torch.testing.assert_close(own, expected.harmonics, atol=1e-7, rtol=1e-4)
    torch.testing.assert_close(heard.lines.noise, expected.noise, atol=0, rtol=0.02)
    assert (beyond == 0.0).all()
