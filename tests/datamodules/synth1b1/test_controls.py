"""Control signals tell what is in the audio: its pitch, its level, which oscillator is heard."""

import numpy as np
import pytest

from datamodules.synth1b1.controls import N_POINTS, SAMPLES_PER_POINT, Tones, pitch_of, tones
from datamodules.synth1b1.voice import N_SAMPLES, SAMPLE_RATE, Voice
from synths.clip import ClipFormat
from synths.signal import midi_to_hz

CLIP = ClipFormat(sample_rate=44100, n_samples=176400, hop=441)
SILENT = np.zeros(N_POINTS)


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice(pitched=False)


def hz(midi: float) -> np.ndarray:
    """The same pitch in every frame."""
    return np.full(CLIP.n_frames, midi_to_hz(midi))


def steady(midi=(69.0, 69.0), level=(0.5, 0.0, 0.0)) -> Tones:
    """One sound that does not change."""
    return Tones(
        np.repeat(np.array(midi)[None, :, None], N_POINTS, axis=2),
        np.repeat(np.array(level)[None, :, None], N_POINTS, axis=2),
    )


def test_a_sine_made_of_the_control_signals_is_the_sound(voice):
    ids = list(range(32))
    sounds, audio = tones(voice, ids), voice.render(ids)
    energy = (sounds.level**2).sum(axis=-1)
    rest = np.sqrt((energy[:, 1] + energy[:, 2]) / energy[:, 0])
    initial_phase = voice.in_units(voice.parameters(ids))["vco_1.initial_phase"]
    position = np.arange(N_SAMPLES) / SAMPLES_PER_POINT
    # Where a pitch meets the highest there is, between two points of time, the phase slips.
    mostly_sine = np.flatnonzero((rest < 0.3) & (np.ptp(sounds.midi[:, 0], axis=1) < 12))
    assert len(mostly_sine) > 8 and np.ptp(sounds.midi[mostly_sine, 0], axis=1).max() > 5
    for row in mostly_sine:
        pitch_hz = midi_to_hz(np.interp(position, np.arange(N_POINTS), sounds.midi[row, 0]))
        phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE + initial_phase[row]
        made = np.sqrt(2) * np.interp(position, np.arange(N_POINTS), sounds.level[row, 0]) * np.cos(phase)
        # What is left of the sound without it is the other oscillator and the noise.
        left = np.sqrt(((made - audio[row]) ** 2).mean() / (made**2).mean())
        assert left == pytest.approx(rest[row], rel=0.1, abs=0.02)


@pytest.mark.parametrize("pitched", [False, True])
def test_levels_are_those_of_the_audio(pitched):
    voice = Voice(pitched)
    ids = list(range(0, 640, 20))
    told_db = 10 * np.log10((tones(voice, ids).level ** 2).mean(axis=2).sum(axis=1))
    heard_db = 10 * np.log10((voice.render(ids).astype(np.float64) ** 2).mean(axis=1))
    difference_db = np.abs(told_db - heard_db)[heard_db > -60]
    # Unlike their powers, parts of nearly one frequency do not add up.
    assert np.median(difference_db) < 0.1 and difference_db.max() < 2


def test_pitch_is_that_of_the_oscillator_with_more_energy():
    assert pitch_of(steady((60, 72), (0.5, 0.1, 0)), 0, CLIP).f0_hz == pytest.approx(hz(60))
    assert pitch_of(steady((60, 72), (0.1, 0.5, 0)), 0, CLIP).f0_hz == pytest.approx(hz(72))


def test_confidence_is_the_share_of_the_power_and_none_in_silence():
    assert pitch_of(steady(level=(0.3, 0.1, 0.1)), 0, CLIP).confidence.mean() == pytest.approx(9 / 11, rel=1e-3)
    assert pitch_of(steady(level=(0, 0, 0.1)), 0, CLIP).confidence.max() == 0
    pitch = pitch_of(steady(level=(1e-6, 0, 0)), 0, CLIP)
    assert pitch.confidence.max() < 0.01 and (pitch.f0_hz > 0).all()


def test_frames_are_where_the_clip_has_them():
    ramp = np.linspace(50, 60, N_POINTS)
    sound = Tones(np.stack([ramp, ramp])[None], np.stack([np.full(N_POINTS, 0.5), SILENT, SILENT])[None])
    clip = ClipFormat(16000, 96000, 160)
    pitch = pitch_of(sound, 0, clip)
    assert pitch.f0_hz.shape == (600,) and pitch.f0_hz.dtype == pitch.confidence.dtype == np.float32
    time_s = np.arange(400) / 100
    assert 69 + 12 * np.log2(pitch.f0_hz[:400] / 440) == pytest.approx(50 + 10 * time_s / 4, abs=1e-3)
    assert (pitch.confidence[:400] > 0.99).all() and (pitch.confidence[400:] == 0).all()


def test_what_a_clip_cannot_hold_is_not_heard():
    high = steady((60, 125), (0.1, 0.5, 0))
    assert pitch_of(high, 0, CLIP).f0_hz == pytest.approx(hz(125))
    assert pitch_of(high, 0, ClipFormat(16000, 64000, 160)).f0_hz == pytest.approx(hz(60))
    late = steady((60, 72), (0.1, 0, 0))
    late.level[0, 1, N_POINTS // 2 :] = 0.5
    assert late.heard(CLIP).dominant() == [1] and late.heard(ClipFormat(16000, 16000, 160)).dominant() == [0]
