"""Yin hears what is known to sound: weak fundamentals, fast passages, noise, both ends of its range."""

from functools import partial

import numpy as np
import pytest

from datamodules import NoPitch, Yin
from sounds.yin import presence
from synths.clip import ClipFormat

RATES = (16000, 44100, 48000)
EVEN = {k: 1 / k for k in range(1, 16)}
SOUNDS = {
    "sine": {1: 1.0},
    "saw": EVEN,
    "square": {k: 1 / k for k in range(1, 16, 2)},
    "pulses": dict.fromkeys(range(1, 16), 1.0),
    "no fundamental": {k: 1 / k for k in range(2, 16)},
    "no first two": {k: 1 / k for k in range(3, 16)},
    "strong second": EVEN | {1: 0.01, 2: 1.0},
    "strong third": EVEN | {1: 0.01, 3: 1.0},
    "odd ones 30 dB down": {k: 1 / k if k % 2 == 0 else 0.03 for k in range(1, 16)},
}


def clip_of(sample_rate: int) -> ClipFormat:
    return ClipFormat(sample_rate, sample_rate, sample_rate // 100)


def tone(f0_hz, sample_rate: int, partials=EVEN, snr_db=np.inf, duration_s: float = 0.6) -> np.ndarray:
    """A tone of rms 0.1 whose partials end at 0.45 of the rate, in white noise."""
    f0_hz = np.broadcast_to(f0_hz, round(sample_rate * duration_s))
    phase = 2 * np.pi * np.cumsum(f0_hz) / sample_rate
    parts = [gain * np.sin(k * phase + k) * (k * f0_hz < 0.45 * sample_rate) for k, gain in partials.items()]
    sound = np.sum(parts, axis=0)
    sound *= 0.1 / np.sqrt(np.mean(sound**2))
    noise = np.random.default_rng(0).standard_normal(len(sound))
    return (sound + 0.1 * 10 ** (-snr_db / 20) * noise).astype(np.float32)


def right(audio: np.ndarray, true_hz, sample_rate: int, margin: int = 8) -> float:
    """Share of frames, without those at the ends, that are within 50 cents and sure."""
    f0_hz, confidence = Yin().track(audio, clip_of(sample_rate))
    hop = sample_rate // 100
    true_hz = np.broadcast_to(true_hz, len(audio))[::hop][: len(f0_hz)]
    is_right = (np.abs(1200 * np.log2(f0_hz / true_hz)) < 50) & (confidence >= 0.5)
    return float(is_right[margin:-margin].mean())


@pytest.mark.parametrize("snr_db", [np.inf, 20.0])
@pytest.mark.parametrize("sound", SOUNDS)
def test_every_spectrum_is_heard_at_its_period(sound, snr_db):
    for sample_rate in RATES:
        for f0_hz in (41.2, 82.4, 110.0, 233.0, 440.0, 880.0):
            share = right(tone(f0_hz, sample_rate, SOUNDS[sound], snr_db), f0_hz, sample_rate)
            assert share > 0.95, (sample_rate, f0_hz, share)


@pytest.mark.parametrize("sample_rate", RATES)
def test_all_of_the_range_is_heard(sample_rate):
    for f0_hz in (27.5, 30.87, 36.7, 49.0, 61.7, 125.0, 250.0, 2093.0, 2349.0, 3136.0, 3729.3, 4186.0, 4350.0):
        share = right(tone(f0_hz, sample_rate, snr_db=40, duration_s=1.0), f0_hz, sample_rate, margin=12)
        assert share > 0.95, (f0_hz, share)


@pytest.mark.parametrize("partials", [{1: 1.0}, EVEN], ids=["sine", "saw"])
@pytest.mark.parametrize("sample_rate", RATES)
def test_what_lies_outside_has_no_pitch_rather_than_another(sample_rate, partials):
    for f0_hz in (8.0, 14.0, 20.0, 25.0, 4700.0, 5000.0, 5919.9, 7040.0, 9000.0, 12000.0):
        if f0_hz < 0.45 * sample_rate:
            with pytest.raises(NoPitch):
                Yin().track(tone(f0_hz, sample_rate, partials), clip_of(sample_rate))


def test_a_narrower_range_refuses_what_the_wider_hears():
    audio = tone(440.0, 16000)
    for refused in (Yin(lowest_hz=450), Yin(highest_hz=430)):
        with pytest.raises(NoPitch):
            refused.track(audio, ClipFormat())
    assert np.median(Yin(lowest_hz=430, highest_hz=450).track(audio, ClipFormat()).f0_hz) == pytest.approx(
        440, rel=1e-3
    )


def test_a_hum_beneath_a_whistle_is_not_its_pitch():
    whistle = tone(9000.0, 44100, {1: 1.0}) + 0.02 * tone(50.0, 44100)
    with pytest.raises(NoPitch):
        Yin().track(whistle, clip_of(44100))


def passage(steps, each_s: float, sample_rate: int) -> np.ndarray:
    """(N,) pitches of 2 s of notes in turn, so many semitones above middle C."""
    number = (np.arange(2 * sample_rate) / sample_rate // each_s).astype(int)
    return 261.63 * 2 ** (np.array(steps)[number % len(steps)] / 12)


@pytest.mark.parametrize("steps", [[0, 12], [0, 24], [0, 19], [0, 4, 7, 12], [-12, 0], [12, 24]])
@pytest.mark.parametrize("each_s, least", [(0.08, 0.75), (0.1, 0.8), (0.15, 0.88), (0.3, 0.92)])
def test_fast_notes_are_heard_one_by_one(steps, each_s, least):
    true_hz = passage(steps, each_s, 44100)
    assert right(tone(true_hz, 44100, duration_s=2.0), true_hz, 44100) > least


def test_vibrato_glides_and_decays_are_followed():
    for sample_rate in (16000, 48000):
        t = np.arange(round(1.2 * sample_rate)) / sample_rate
        vibrato = 440 * 2 ** (np.sin(2 * np.pi * 6 * t) / 12)
        glide = 110 * 2 ** (3 * t / t[-1])
        hear = partial(right, sample_rate=sample_rate)
        assert hear(tone(vibrato, sample_rate, duration_s=1.2), vibrato) > 0.97
        assert hear(tone(glide, sample_rate, duration_s=1.2), glide) > 0.97
        decaying = tone(196.0, sample_rate, duration_s=1.2) * 10 ** (-40 * t / 20)
        assert hear(decaying.astype(np.float32), np.full(len(t), 196.0)) > 0.97


def test_noise_alone_does_not_make_the_pitch_lower():
    """Half the power at 10 dB: all windows hear the same band, so that twice the period is no better."""
    for f0_hz in (73.4, 330.0, 587.0, 880.0, 1175.0, 2000.0):
        assert right(tone(f0_hz, 48000, snr_db=10), f0_hz, 48000) > 0.9


@pytest.mark.parametrize("hop", [32, 64, 160, 441])
def test_frames_of_any_width_hear_the_same(hop):
    audio = tone(311.1, 16000, duration_s=1.0)
    f0_hz = Yin().track(audio, ClipFormat(16000, hop * 10, hop)).f0_hz
    assert len(f0_hz) == -(-16000 // hop) and np.abs(1200 * np.log2(f0_hz / 311.1)).max() < 20


def test_a_constant_moves_nothing():
    audio = tone(220.0, 16000)
    plain, moved = (Yin().track(sound, ClipFormat()) for sound in (audio, audio + 0.5))
    assert np.abs(1200 * np.log2(plain.f0_hz / moved.f0_hz))[5:-5].max() < 2
    with pytest.raises(NoPitch):
        Yin().track(np.full(16000, 0.3, np.float32), ClipFormat())


@pytest.mark.parametrize("audio", [[], [0.0], [0.5], np.zeros(7), np.full(2000, np.nan), np.full(50, 0.1)])
def test_what_is_too_short_or_no_sound_has_no_pitch(audio):
    with pytest.raises(NoPitch):
        Yin().track(np.asarray(audio, np.float32), ClipFormat())


def test_presence_is_where_the_sound_is():
    audio = np.zeros(16000, np.float32)
    audio[4000:8000] = tone(220.0, 16000, duration_s=0.25)
    there = presence(audio, 16000, np.arange(100) / 100)
    assert (there[26:49] == 1).all() and not there[:23].any() and not there[52:].any()


def test_former_identities_are_recalled_with_their_range():
    former = Yin.recalled("yin librosa 0.11.0 32.7-4200 Hz")
    assert (former.lowest_hz, former.highest_hz) == (32.7, 4200.0)
    assert Yin.recalled(Yin(lowest_hz=60).identity).identity == Yin(lowest_hz=60).identity
    assert Yin.recalled("yin librosa 0.11.0 16-8000 Hz").identity == Yin(20, 7500).identity
    assert Yin.recalled("swift-f0 0.3.0") is None


@pytest.mark.parametrize("ends", [(19, 400), (500, 400), (27, 7501)])
def test_a_range_beyond_what_is_sought_is_refused(ends):
    with pytest.raises(ValueError, match="choose 20 <= lowest_hz < highest_hz <= 7500"):
        Yin(*ends)
