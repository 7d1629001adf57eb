"""AudioCommons brightness: frame by frame a closed form, over a sound the model's own value."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.signal
import torch

from synths import ClipFormat
from synths.descriptors.audio_commons import Brightness
from synths.layers import Layers

RATES = ((16000, 160), (22050, 225), (44100, 441), (48000, 480))


def passed(frequency_hz, cutoff_hz, rate=44100):
    """Share of power that three Butterworth high-passes of second order leave: their bilinear closed form."""
    warped = math.tan(math.pi * frequency_hz / rate) / math.tan(math.pi * cutoff_hz / rate)
    return (warped**4 / (1.0 + warped**4)) ** 3


def of_lines(lines):
    """The model's formula for (frequency, power) of a few partials."""
    audible = [(f, p * passed(f, 20.0)) for f, p in lines]
    ratio = sum(p * passed(f, 2000.0) for f, p in audible) / sum(p for _, p in audible)
    centred = [(f, p * passed(f, 100.0)) for f, p in audible]
    centroid_hz = sum(f * p for f, p in centred) / sum(p for _, p in centred)
    return 4.613128018020465 * math.log10(ratio) + 17.378889309312974 * math.log10(centroid_hz) + 17.434733750553022


def reference(audio, rate):
    """The original's steps, with scipy: filtered in time, Hamming spectrograms, ratios averaged by power."""

    def highpass(sound, cutoff_hz):
        for _ in range(3):
            sound = scipy.signal.lfilter(*scipy.signal.butter(2, cutoff_hz / (rate / 2), "high"), sound)
        return sound

    def power(sound):
        return scipy.signal.spectrogram(sound, rate, "hamming", 2048, 1536, 2048, "constant", True, "spectrum")

    audible = highpass(audio, 20.0)
    frequency_hz, _, whole = power(audible)
    bright, centred = power(highpass(audible, 2000.0))[2], power(highpass(audible, 100.0))[2]
    ratio = np.average(bright.sum(0) / whole.sum(0), weights=whole.sum(0))
    centroid_hz = np.average(frequency_hz @ centred / centred.sum(0), weights=centred.sum(0))
    return 4.613128018020465 * np.log10(ratio) + 17.378889309312974 * np.log10(centroid_hz) + 17.434733750553022


def middle(value):
    """The value half way through the first clip."""
    return value[0, value.shape[1] // 2].item()


@pytest.mark.parametrize(("rate", "hop"), RATES)
@pytest.mark.parametrize("frequency_hz", [1000.0, 4000.0])
def test_pure_tone_is_the_closed_form(rate, hop, frequency_hz, sine):
    """One partial: the filter's gain at its frequency, and its frequency, the same at every rate."""
    clip = ClipFormat(rate, 40 * hop, hop)
    expected = of_lines([(frequency_hz, 1.0)])
    assert middle(Brightness(clip).measure(sine(clip, frequency_hz, 0.5), torch.ones(1, 40))) == pytest.approx(
        expected, abs=0.1
    )


def test_two_tones_are_the_closed_form(second, sine):
    """Powers of 1 and 1/9 at 500 Hz and 4 kHz."""
    audio = sine(second, 500.0, 0.3) + sine(second, 4000.0, 0.1)
    expected = of_lines([(500.0, 1.0), (4000.0, 1.0 / 9.0)])
    assert middle(Brightness(second).measure(audio, torch.ones(1, 100))) == pytest.approx(expected, abs=0.05)
    assert Brightness(second).pooled(audio, torch.ones(1, 100)).item() == pytest.approx(expected, abs=0.05)


def test_of_layers_is_that_of_the_sound(second):
    """What a synth plays is measured without making it sound."""
    layers = Layers(torch.full((1, 3), 1000.0), torch.tensor([0.3, 0.0, 0.1]).expand(1, 3, 3), torch.zeros(1, 3, 0))
    expected = of_lines([(1000.0, 9.0), (3000.0, 1.0)])
    assert middle(Brightness(second).measure_layers(layers)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("rate", "hop"), [(44100, 441), (48000, 480)])
def test_pooled_is_the_original(rate, hop, harmonic_tone):
    """A decaying tone, noise, and both: the original's value to 0.01 points."""
    clip = ClipFormat(rate, 50 * hop, hop)
    tone = harmonic_tone(clip, 220.0, -12.0) * torch.linspace(1.0, 0.01, clip.n_samples)
    sounds = torch.cat([tone, torch.randn_like(tone), tone + 0.01 * torch.randn_like(tone)])
    values = Brightness(clip).pooled(sounds, torch.ones(3, 50)).tolist()
    assert values == pytest.approx([reference(sound.double().numpy(), rate) for sound in sounds], abs=0.01)


def test_pooled_agrees_between_rates(harmonic_tone):
    """A tone without partials above 8 kHz is as bright at 16 kHz as at 44.1."""
    clips = [ClipFormat(rate, 50 * hop, hop) for rate, hop in ((16000, 160), (44100, 441))]
    values = []
    for clip in clips:
        time_s = torch.arange(clip.n_samples) / clip.sample_rate
        audio = sum(torch.sin(2 * math.pi * 300.0 * k * time_s) / k for k in range(1, 20))[None]
        values.append(Brightness(clip).pooled(audio, torch.ones(1, 50)).item())
    assert values[0] == pytest.approx(values[1], abs=0.05)


def test_rises_with_the_tilt(second, harmonic_tone):
    """Each 3 dB per octave more is brighter, at the same pitch."""
    brightness = Brightness(second)
    sounds = torch.cat([harmonic_tone(second, 220.0, tilt) for tilt in (-15, -12, -9, -6, -3)])
    assert all(later > earlier + 2.0 for earlier, later in pairwise(brightness.pooled(sounds, torch.ones(5, 100))))


def test_levels_cancel(second, harmonic_tone):
    """A sound at -80 dB is as bright as at 0 dB."""
    audio, f0_hz = harmonic_tone(second, 220.0), torch.full((1, 100), 220.0)
    brightness = Brightness(second)
    torch.testing.assert_close(brightness.measure(1e-4 * audio, f0_hz), brightness.measure(audio, f0_hz))
    torch.testing.assert_close(brightness.pooled(1e-4 * audio, f0_hz), brightness.pooled(audio, f0_hz))


def test_silence_is_zero(second):
    """Nothing is not bright."""
    silence, f0_hz = torch.zeros(1, 16000), torch.ones(1, 100)
    assert Brightness(second).measure(silence, f0_hz).abs().max() < 1e-3
    assert Brightness(second).pooled(silence, f0_hz).abs().max() < 1e-3
