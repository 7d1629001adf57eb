"""Metrics judge what sounds: silence around a note changes no figure, however long it is."""

import math

import pytest
import torch
from auraloss.freq import MultiResolutionSTFTLoss

from evaluation.resynthesis import (
    METRICS,
    SNR,
    CentroidL1,
    LogSpectralDistance,
    LoudnessL1,
    MultiResolutionSTFT,
    Pair,
    StraySound,
    TemporalCentroidL1,
    ViSQOL,
)
from evaluation.resynthesis.frames import Sounding, mean_where_heard
from synths import ClipFormat

RATE, HOP = 16000, 160


def a_note(seed=0, noise_db=-20.0):
    """(1, N) half a second of a decaying tone, silent at both ends, and the same with noise."""
    time_s = torch.arange(RATE // 2, dtype=torch.float64) / RATE
    swell = torch.sin(math.pi * time_s / 0.5).square()
    tone = sum(torch.sin(2 * math.pi * 220 * k * time_s) / k for k in range(1, 9)) * swell * 0.2
    noise = torch.randn(len(tone), generator=torch.Generator().manual_seed(seed)).double() * swell
    noise = noise * (tone.square().mean() / noise.square().mean()).sqrt() * 10 ** (noise_db / 20)
    return tone.float()[None], (tone + noise).float()[None]


def figures_of(before, after, pair=None):
    """Every metric of a note within so many samples of silence before and after it."""
    target, output = (torch.nn.functional.pad(audio, (before, after)) for audio in (pair or a_note()))
    clip = ClipFormat(RATE, target.shape[-1], HOP)
    f0_hz = torch.full((1, clip.n_frames), 220.0)
    sure = torch.zeros_like(f0_hz)
    sure[:, -(-before // HOP) : (before + RATE // 2) // HOP] = 1.0
    return {m.name: m(clip)(Pair(target, output, f0_hz, 1.01 * f0_hz, sure, sure)).item() for m in METRICS}


@pytest.mark.parametrize(("before", "after"), [(0, 8000), (0, 160), (16000, 0), (1600, 72000), (8000, 40000)])
def test_silence_around_a_note_changes_no_figure(before, after):
    assert figures_of(before, after) == pytest.approx(figures_of(0, 0), rel=2e-3, abs=1e-3)


@pytest.mark.parametrize("before", [37, 100, 1234])
def test_nor_does_silence_that_is_no_whole_frame(before):
    """Windows then lie elsewhere in the note: the figures differ as little as between any two takes."""
    assert figures_of(before, 160 - before % 160) == pytest.approx(figures_of(0, 0), rel=0.04, abs=0.02)


def test_two_notes_in_a_clip_are_judged_as_one():
    """What is judged are the sounding frames, wherever they are: a pause between them is none."""
    note = a_note()
    twice = [torch.cat([audio, torch.zeros(1, 24000), audio], dim=-1) for audio in note]
    once = figures_of(0, 0)
    both = figures_of(0, 0, twice)
    for name in ("multi_resolution_stft", "log_spectral_distance", "loudness_l1", "snr", "si_sdr", "magnitude_snr"):
        assert both[name] == pytest.approx(once[name], rel=0.02, abs=0.02), name
    assert both["visqol"] == pytest.approx(once["visqol"], abs=0.1)


def test_a_known_degradation_has_a_known_value_within_any_silence():
    """Half the amplitude: ln 2 in logarithms, 6.02 dB; noise 20 dB down: 20 dB."""
    target, noisy = a_note()
    for pad in (0, 48000):
        halved, noised = figures_of(0, pad, (target, target / 2)), figures_of(0, pad, (target, noisy))
        assert halved["loudness_l1"] == pytest.approx(6.02, abs=0.02)
        assert halved["magnitude_snr"] == halved["snr"] == pytest.approx(6.02, abs=0.02)
        assert noised["snr"] == pytest.approx(20.0, abs=0.1)
        assert noised["temporal_centroid_l1"] < 1e-3 and noised["stray_sound"] < -59.0


def test_the_multi_resolution_distance_is_auralosses(clip, noise, pair_of):
    """Where everything sounds; at the ends, silence stands in for its reflection."""
    theirs = MultiResolutionSTFTLoss(
        fft_sizes=[2048, 1024, 512, 256, 128, 64],
        hop_sizes=[512, 256, 128, 64, 32, 16],
        win_lengths=[2048, 1024, 512, 256, 128, 64],
        w_sc=0.0,
        w_log_mag=1.0,
        w_lin_mag=1.0,
    )
    target, output = noise(0), 0.5 * noise(1)
    expected = theirs(output[:, None], target[:, None]).item()
    assert MultiResolutionSTFT(clip)(pair_of(target, output)).item() == pytest.approx(expected, rel=0.05)
    halved = MultiResolutionSTFT(clip)(pair_of(target, target / 2)).item()
    expected = theirs(target[:, None] / 2, target[:, None]).item()
    assert halved == pytest.approx(expected, rel=0.05) and halved > math.log(2)


def test_where_a_target_sounds(clip, tone):
    """Within 40 dB of its loudest frame: 39 dB down counts, 41 dB down does not."""
    loudness_db = torch.tensor([0.0, -20.0, -39.0, -41.0, -60.0, -120.0])
    audio = tone(1000.0) * (10 ** (loudness_db / 20)).repeat_interleave(16000 // 6 + 1)[:16000]
    middles = torch.arange(6) * 16 + 8
    assert Sounding(clip).frames(audio)[0, middles].tolist() == [True, True, True, False, False, False]
    assert not Sounding(clip).frames(1e-4 * tone(1000.0)).any()


def test_samples_and_windows_are_those_of_their_frames(clip, tone):
    target = tone(1000.0)
    target[:, 8000:] = 0.0
    sounding = Sounding(clip)
    frames, samples = sounding.frames(target)[0], sounding.samples(target)[0]
    assert samples[::160].equal(frames) and samples[80].item() == frames[1].item()
    assert sounding.windows(target, 160)[0, :100].equal(frames)
    assert sounding.windows(target, 64).shape == (1, 251)


@pytest.mark.parametrize("down_db", [35.0, 38.0])
def test_loudness_counts_frames_down_to_forty_decibels(down_db, clip, tone, pair_of):
    """Quiet parts of a note are judged: half of it, so far down and 20 dB wrong, is 10 dB in the mean."""
    target = tone(1000.0)
    target[:, 8000:] *= 10 ** (-down_db / 20)
    output = target.clone()
    output[:, 8000:] *= 0.1
    assert LoudnessL1(clip)(pair_of(target, output)).item() == pytest.approx(10.0, abs=1.0)


def test_loudness_does_not_count_frames_below(clip, tone, pair_of):
    target = tone(1000.0)
    target[:, 8000:] *= 10 ** (-45 / 20)
    output = target.clone()
    output[:, 8000:] *= 0.1
    assert LoudnessL1(clip)(pair_of(target, output)).item() < 0.5


@pytest.mark.parametrize("level_db", [-50.0, -30.0, -10.0])
def test_stray_sound_is_its_energy_over_the_notes(level_db, clip, tone, pair_of):
    """A tone through half a clip, and through the other half what should not be there."""
    target = tone(1000.0)
    target[:, 8000:] = 0.0
    stray = tone(1000.0) - target
    output = target + stray * 10 ** (level_db / 20)
    assert StraySound(clip)(pair_of(target, output)).item() == pytest.approx(level_db, abs=0.6)
    assert LoudnessL1(clip)(pair_of(target, output)).item() < 0.7  # where it sounds, nothing is wrong
    assert StraySound(clip)(pair_of(target, target)).item() == -60.0
    assert StraySound(clip)(pair_of(0 * target, output)).isnan().all()


@pytest.mark.parametrize("metric", [CentroidL1])
def test_to_be_silent_does_not_pay(metric, clip, tone, pair_of):
    """An output that sounds in a few frames only, and rightly there, has no value; one that misses a few has one."""
    target = tone(440.0)
    shorter, mute = target.clone(), target.clone()
    shorter[:, 15000:] = 0.0
    mute[:, 4000:] = 0.0
    assert metric(clip)(pair_of(target, shorter)).isfinite().all()
    assert metric(clip)(pair_of(target, mute)).isnan().all()


def test_the_mean_over_what_is_heard():
    counts = torch.tensor([[True] * 10 + [False] * 10] * 3)
    heard = counts.clone()
    heard[1, :1], heard[2, :2] = False, False
    means = mean_where_heard(counts, heard, torch.arange(20.0).expand(3, -1))
    assert means[:2].tolist() == [4.5, 5.0] and means[2].isnan()


def test_definitions_say_where_they_judge():
    for metric in (MultiResolutionSTFT, LogSpectralDistance, ViSQOL, SNR, LoudnessL1, CentroidL1):
        assert "where the target sounds" in metric.definition
    assert "whole clip" in TemporalCentroidL1.definition
