"""Onsets of melodies that were written note by note."""

import numpy as np
import pytest

from datamodules.recordings.onsets import find_onsets_s

RATE = 22050
TOLERANCE_S = 0.05
N_NOTES = 34


def plucked(time_s, f0_hz, length_s):
    return np.sin(2 * np.pi * f0_hz * time_s) * np.exp(-4 * time_s) * faded(time_s, length_s, 0.004, 0.02)


def blown_softly(time_s, f0_hz, length_s):
    return harmonics(2 * np.pi * f0_hz * time_s) * faded(time_s, length_s, 0.06, 0.05)


def repeated(time_s, f0_hz, length_s):
    return harmonics(2 * np.pi * 262 * time_s) * faded(time_s, length_s, 0.01, 0.03)


def sung_with_vibrato(time_s, f0_hz, length_s):
    phase = 2 * np.pi * f0_hz * (time_s + 0.029 / (2 * np.pi * 6) * np.sin(2 * np.pi * 6 * time_s))
    tremolo = 1 - 0.15 * (1 + np.sin(2 * np.pi * 5.5 * time_s))
    return harmonics(phase) * tremolo * faded(time_s, length_s, 0.03, 0.03)


def with_rests(time_s, f0_hz, length_s):
    return harmonics(2 * np.pi * f0_hz * time_s) * faded(time_s, 0.6 * length_s, 0.03, 0.05)


def joined(time_s, f0_hz, length_s):
    return harmonics(2 * np.pi * f0_hz * time_s) * faded(time_s, length_s, 0.015, 0.015)


TIMBRES = (plucked, blown_softly, repeated, sung_with_vibrato, with_rests, joined)


def harmonics(phase):
    return sum(np.sin(number * phase) / number for number in range(1, 13)) / 2


def faded(time_s, length_s, attack_s, release_s):
    return np.clip(np.minimum(time_s / attack_s, (length_s - time_s) / release_s), 0, 1)


def melody(timbre, n_notes=N_NOTES, rate=RATE):
    """Audio (N,) with a noise floor at -70 dB, and where its notes begin in seconds."""
    random = np.random.default_rng(3)
    audio, known_s = [np.zeros(rate // 4)], []
    pitches = np.cumsum(random.choice([-4, -3, 2, 5], n_notes)) % 14
    for pitch in pitches:
        known_s.append(sum(map(len, audio)) / rate)
        length_s = random.uniform(0.2, 0.9)
        time_s = np.arange(round(length_s * rate)) / rate
        audio.append(random.uniform(0.2, 0.7) * timbre(time_s, 196 * 2 ** (pitch / 12), length_s))
    whole = np.concatenate([*audio, np.zeros(rate // 4)])
    return (whole + 3e-4 * random.standard_normal(len(whole))).astype(np.float32), known_s


def found_in(audio, rate=RATE, block_s=60):
    blocks = [audio[first : first + block_s * rate] for first in range(0, len(audio), block_s * rate)]
    return find_onsets_s(blocks, rate, loudest=float(np.abs(audio).max()) / 2, shortest_s=0.1)


def matched(found, known):
    """How many known onsets have a found one of their own within 50 ms."""
    left = list(found)
    for onset in known:
        near = [candidate for candidate in left if abs(candidate - onset) <= TOLERANCE_S]
        if near:
            left.remove(min(near, key=lambda candidate: abs(candidate - onset)))
    return len(found) - len(left)


@pytest.mark.parametrize("timbre", TIMBRES)
def test_at_least_nine_of_ten_notes_are_found_and_hardly_anything_else(timbre):
    audio, known = melody(timbre)
    found = found_in(audio)
    assert matched(found, known) >= 0.9 * len(known)
    assert matched(found, known) >= 0.95 * len(found)


def test_of_two_hundred_notes_nineteen_in_twenty_are_found():
    n_found = n_matched = n_known = 0
    for timbre in TIMBRES:
        audio, known = melody(timbre)
        found = found_in(audio)
        n_found, n_matched, n_known = n_found + len(found), n_matched + matched(found, known), n_known + len(known)
    assert n_known > 200 and n_matched >= 0.95 * n_known and n_matched >= 0.97 * n_found


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_times_are_right_at_any_rate_even_after_minutes(rate):
    audio, known = melody(blown_softly, n_notes=10, rate=rate)
    silence = np.zeros(150 * rate, np.float32)
    late = found_in(np.concatenate([silence, audio]), rate)
    assert matched(late, [150 + onset for onset in known]) >= 9 and len(late) <= 10


def test_blocks_leave_no_trace():
    audio, _ = melody(joined)
    assert found_in(audio, block_s=1) == pytest.approx(found_in(audio))


def test_a_steady_tone_begins_once():
    time_s = np.arange(5 * RATE) / RATE
    assert found_in((0.5 * np.sin(2 * np.pi * 330 * time_s)).astype(np.float32)) == [0.0]


def test_nothing_is_found_in_next_to_nothing():
    assert find_onsets_s([], RATE, 1.0, 0.1) == []
    assert find_onsets_s([np.zeros(100, np.float32)], RATE, 1.0, 0.1) == []
    assert find_onsets_s([np.full(RATE, 1e-6, np.float32)], RATE, 1.0, 0.1) == []


def test_a_soft_attack_is_traced_back_to_its_beginning():
    audio, known = melody(blown_softly)
    found = np.array(found_in(audio))
    late_s = [found[np.abs(found - onset).argmin()] - onset for onset in known]
    assert np.median(late_s) == pytest.approx(0, abs=0.02) and np.mean(np.abs(late_s)) < 0.02
