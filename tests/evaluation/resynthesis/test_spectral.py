"""Spectral distances forgive phases and count decibels."""

import math

import pytest
import torch

from evaluation.resynthesis import SNR, LogSpectralDistance, MagnitudeSNR, MultiResolutionSTFT
from evaluation.resynthesis.waveform import CAP_DB
from synths.clip import ClipFormat


@pytest.mark.parametrize(
    ("metric", "perfect"), [(MagnitudeSNR, CAP_DB), (MultiResolutionSTFT, 0.0), (LogSpectralDistance, 0.0)]
)
def test_identical_notes_are_perfect_and_a_silent_target_undefined(metric, perfect, clip, noise, pair_of):
    audio = torch.cat([noise(0), noise(1)])
    assert metric(clip)(pair_of(audio, audio)).tolist() == [perfect, perfect]
    assert metric(clip)(pair_of(0 * audio, audio)).isnan().all()


@pytest.mark.parametrize("metric", [MagnitudeSNR, MultiResolutionSTFT, LogSpectralDistance])
def test_a_flipped_sign_is_not_heard(metric, clip, noise, pair_of):
    pair, flipped = pair_of(noise(), noise()), pair_of(noise(), -noise())
    assert metric(clip)(flipped).item() == metric(clip)(pair).item()
    assert SNR(clip)(flipped).item() == pytest.approx(-6.02, abs=0.01)


def test_magnitude_snr_survives_a_phase_shift_that_snr_does_not(clip, tone, pair_of):
    pair = pair_of(tone(440.0), tone(440.0, phase=math.pi / 2))
    assert MagnitudeSNR(clip)(pair).item() > 20
    assert SNR(clip)(pair).item() < 0


def test_half_the_amplitude_is_six_decibels(clip, noise, pair_of):
    pair = pair_of(noise(), noise() / 2)
    assert MagnitudeSNR(clip)(pair).item() == pytest.approx(6.02, abs=0.01)
    assert LogSpectralDistance(clip)(pair).item() == pytest.approx(6.02, abs=0.01)


def test_log_spectral_distance_stops_at_the_floor(clip, noise, pair_of):
    distance_db = LogSpectralDistance(clip)(pair_of(noise(), torch.zeros(1, clip.n_samples))).item()
    assert 60 < distance_db <= 80


def test_multi_resolution_distance_is_per_note_and_in_logarithms(clip, noise, pair_of):
    target = torch.cat([noise(0), noise(1)])
    output = torch.cat([noise(0), noise(1) / 2])
    same, halved = MultiResolutionSTFT(clip)(pair_of(target, output)).tolist()
    linear = math.log(2)
    assert same == 0.0
    assert halved > linear


def test_windows_last_as_long_at_every_sample_rate(pair_of):
    scores = []
    for sample_rate in (16000, 32000):
        clip = ClipFormat(sample_rate, sample_rate, sample_rate // 100)
        time_s = torch.arange(sample_rate) / sample_rate
        target, output = (torch.sin(2 * math.pi * f0_hz * time_s)[None] for f0_hz in (1000.0, 1010.0))
        scores.append(MagnitudeSNR(clip)(pair_of(target, output)).item())
    assert scores[0] == pytest.approx(scores[1], abs=0.2)
