"""Known errors of pitch, loudness, spectrum and time come out as known."""

import librosa
import pytest
import torch

from evaluation.resynthesis import F0L1, CentroidL1, FlatnessL1, LoudnessL1, TemporalCentroidL1
from evaluation.resynthesis.frames import Sounding, mean_where
from synths.clip import ClipFormat

ALL = (F0L1, LoudnessL1, CentroidL1, FlatnessL1, TemporalCentroidL1)


@pytest.mark.parametrize("metric", ALL)
def test_identical_notes_have_no_error(metric, clip, noise, pair_of):
    audio = torch.cat([noise(0), noise(1)])
    assert metric(clip)(pair_of(audio, audio)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("metric", [LoudnessL1, CentroidL1, FlatnessL1, TemporalCentroidL1])
def test_a_silent_target_is_undefined(metric, clip, noise, pair_of):
    silence = torch.zeros(1, clip.n_samples)
    assert metric(clip)(pair_of(silence, noise())).isnan().all()


@pytest.mark.parametrize("metric", [CentroidL1, FlatnessL1, TemporalCentroidL1])
def test_a_silent_output_has_no_spectrum(metric, clip, noise, pair_of):
    assert metric(clip)(pair_of(noise(), torch.zeros(1, clip.n_samples))).isnan().all()


def test_an_octave_is_twelve_semitones(clip, tone, pair_of):
    pair = pair_of(tone(440.0), tone(880.0), 440.0, 880.0)
    assert F0L1(clip)(pair).item() == pytest.approx(12.0)
    assert CentroidL1(clip)(pair).item() == pytest.approx(12.0, abs=0.2)


def test_pitch_counts_only_where_both_trackers_are_sure(clip, tone, pair_of):
    pair = pair_of(tone(440.0), tone(440.0))
    pair.output_f0_hz[:, ::2] = 880.0
    pair.output_confidence[:, ::2] = 0.4
    assert F0L1(clip)(pair).item() == 0.0


def test_an_output_without_pitch_is_judged_where_the_target_has_one(clip, tone, pair_of):
    pair = pair_of(tone(440.0), tone(440.0), 440.0, 220.0)
    unsure = torch.zeros_like(pair.output_confidence)
    assert F0L1(clip)(pair._replace(output_confidence=unsure)).item() == pytest.approx(12.0)
    assert F0L1(clip)(pair._replace(target_confidence=unsure)).isnan().all()
    nothing = pair._replace(output_f0_hz=torch.ones_like(pair.output_f0_hz), output_confidence=0 * unsure)
    assert F0L1(clip)(nothing).item() == pytest.approx(12.0), "no pitch at all is an octave off, whatever stands for it"


def test_half_the_amplitude_is_six_decibels_and_the_same_timbre(clip, noise, pair_of):
    pair = pair_of(noise(), noise() / 2)
    assert LoudnessL1(clip)(pair).item() == pytest.approx(6.02, abs=0.01)
    assert FlatnessL1(clip)(pair).item() == pytest.approx(0.0, abs=1e-5)
    assert CentroidL1(clip)(pair).item() == pytest.approx(0.0, abs=1e-3)


def test_a_silent_output_is_as_far_off_as_the_floor(clip, tone, pair_of):
    pair = pair_of(tone(1000.0, amplitude=1.0), torch.zeros(1, clip.n_samples))
    assert LoudnessL1(clip)(pair).item() == pytest.approx(79.4, abs=0.1)  # 80 but for the frames at the ends


def test_loudness_ignores_what_comes_after_the_note(clip, tone, pair_of):
    target = tone(440.0)
    target[:, 8000:] = 0.0
    hum = target + 1e-3 * tone(60.0)
    assert LoudnessL1(clip)(pair_of(target, hum)).item() < 0.1


def test_flatness_of_noise_and_tone_is_librosas(clip, tone, noise, pair_of):
    target, output = (faded(audio) for audio in (noise(), tone(440.0) + noise(1, amplitude=0.01)))
    sounds = Sounding(clip).frames(target)[0].numpy()
    expected = [_librosa_flatness(audio[0].numpy())[sounds] for audio in (target, output)]
    assert FlatnessL1(clip)(pair_of(target, output)).item() == pytest.approx(
        abs(expected[0] - expected[1]).mean(), abs=1e-4
    )


def test_centroid_is_librosas(clip, tone, noise, pair_of):
    target, output = (faded(audio) for audio in (noise(), tone(440.0) + noise(1, amplitude=0.01)))
    centroids = [
        librosa.feature.spectral_centroid(
            y=audio[0].numpy(), sr=16000, n_fft=1024, hop_length=160, pad_mode="constant"
        )[0, :100]
        for audio in (target, output)
    ]
    expected = 12 * abs(torch.tensor(centroids[0] / centroids[1]).log2())[Sounding(clip).frames(target)[0]]
    assert CentroidL1(clip)(pair_of(target, output)).item() == pytest.approx(expected.mean().item(), abs=1e-3)


def faded(audio):
    """A second of sound that begins and ends within it."""
    return audio * torch.sin(torch.pi * torch.linspace(-0.1, 1.1, audio.shape[-1])).clamp_min(0.0)


@pytest.mark.parametrize("delay_s", [0.1, 0.35])
def test_a_delayed_burst_is_off_by_its_delay(delay_s, clip, noise, pair_of):
    target = noise()
    target[:, 4000:] = 0.0
    output = target.roll(round(delay_s * clip.sample_rate), dims=-1)
    assert TemporalCentroidL1(clip)(pair_of(target, output)).item() == pytest.approx(delay_s, abs=2e-3)


def test_the_window_grows_with_the_sample_rate(pair_of):
    clip = ClipFormat(sample_rate=48000, n_samples=48000, hop=480)
    time_s = torch.arange(48000) / 48000
    low, high = (0.5 * torch.sin(2 * torch.pi * f0_hz * time_s)[None] for f0_hz in (1000.0, 2000.0))
    assert CentroidL1(clip)(pair_of(low, high)).item() == pytest.approx(12.0, abs=0.2)


def test_a_mean_over_no_frames_is_undefined():
    counts = torch.tensor([[True, False], [False, False]])
    means = mean_where(counts, torch.tensor([[2.0, torch.nan], [1.0, 1.0]]))
    assert means[0] == 2.0 and means[1].isnan()


def _librosa_flatness(samples):
    return librosa.feature.spectral_flatness(y=samples, n_fft=1024, hop_length=160, pad_mode="constant", amin=1e-20)[
        0, :100
    ]
