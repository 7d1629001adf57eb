"""Known noise levels come out as known; gains and silences are handled."""

import math

import pytest
import torch

from evaluation.resynthesis import SISDR, SNR
from evaluation.resynthesis.waveform import CAP_DB


@pytest.mark.parametrize("metric", [SNR, SISDR])
def test_identical_waveforms_reach_the_cap_at_any_level(metric, clip, tone, pair_of):
    audio = torch.cat([tone(440.0), tone(440.0, amplitude=0.001)])
    assert metric(clip)(pair_of(audio, audio)).tolist() == [CAP_DB, CAP_DB]


@pytest.mark.parametrize("noise_db", [-40.0, -20.0, 0.0])
@pytest.mark.parametrize("amplitude", [0.5, 0.002])
def test_snr_is_the_level_of_the_noise(noise_db, amplitude, clip, tone, noise, pair_of):
    target, error = tone(440.0, amplitude), noise()
    error *= target.square().mean().sqrt() / error.square().mean().sqrt() * 10 ** (noise_db / 20)
    assert SNR(clip)(pair_of(target, target + error)).item() == pytest.approx(-noise_db, abs=0.01)


def test_si_sdr_forgives_gain(clip, tone, noise, pair_of):
    target, output = tone(440.0), tone(440.0) + noise()
    loud, quiet = (SISDR(clip)(pair_of(target, gain * output)).item() for gain in (2.0, 0.01))
    assert loud == pytest.approx(quiet, abs=1e-3)


def test_a_wrong_phase_ruins_both(clip, tone, pair_of):
    pair = pair_of(tone(440.0), tone(440.0, phase=math.pi / 2))
    assert SNR(clip)(pair).item() == pytest.approx(-3.01, abs=0.01)
    assert SISDR(clip)(pair).item() < -30


def test_silence(clip, tone, pair_of):
    silence = torch.zeros(1, clip.n_samples)
    assert SNR(clip)(pair_of(tone(440.0), silence)).item() == pytest.approx(0.0, abs=1e-4)
    assert SISDR(clip)(pair_of(tone(440.0), silence)).isnan().all()
    assert SNR(clip)(pair_of(silence, tone(440.0))).isnan().all()
    assert SISDR(clip)(pair_of(silence, tone(440.0))).isnan().all()


def test_the_definitions_warn_of_phases():
    assert "phase" in SNR.definition and "below 0 dB" in SNR.definition
    assert "phase" in SISDR.definition and "below 0 dB" in SISDR.definition
