"""What is below hearing is taken out where it matters, and nothing else changes."""

import numpy as np
import pytest
import soundfile

from datamodules import read_audio
from sounds.audio import blocks_of
from sounds.offset import has_offset, without_offset
from synths.clip import ClipFormat

RATE = 16000
CLIP = ClipFormat(sample_rate=RATE, n_samples=RATE, hop=160)
TIME_S = np.arange(3 * RATE) / RATE


def note(f0_hz: float = 440.0) -> np.ndarray:
    """A second of a note with soft ends, and two of silence."""
    ends = np.clip(np.minimum(TIME_S, 1.0 - TIME_S) / 0.02, 0, 1)
    return 0.3 * ends * sum(np.sin(2 * np.pi * f0_hz * k * TIME_S) / k for k in range(1, 8))


def filtered(blocks: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(without_offset(blocks, RATE)))


OFFSETS = {
    "four steps": np.full(len(TIME_S), 4 / 32768),
    "less than nothing": np.full(len(TIME_S), -0.01),
    "large": np.full(len(TIME_S), 0.5),
    "drifting": 0.01 * np.sin(2 * np.pi * 0.2 * TIME_S),
    "in the note alone": np.where(TIME_S < 0.7, 0.01, 0.0),
    "rumble": 0.01 * np.sin(2 * np.pi * 8 * TIME_S),
}


@pytest.mark.parametrize("kind", OFFSETS)
def test_what_was_silent_is_silent_again_and_the_note_is_the_same(kind, tmp_path):
    soundfile.write(tmp_path / "a.wav", note() + OFFSETS[kind], RATE, subtype="FLOAT")
    audio = read_audio(str(tmp_path / "a.wav"), CLIP)
    assert np.abs(audio[round(1.25 * RATE) : round(2.7 * RATE)]).max() < 3e-5, "a third of what has a pitch"
    assert np.sqrt(((audio - note())[3200:RATE] ** 2).mean()) < 1e-3


@pytest.mark.parametrize("f0_hz", [27.5, 41.2, 60.0, 440.0, 3000.0])
@pytest.mark.parametrize("decay", [0.0, 3.0])
def test_a_clean_file_of_16_bits_is_kept_to_the_bit(f0_hz, decay, tmp_path):
    steps = np.rint(20000 * note(f0_hz) * np.exp(-decay * TIME_S)).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", steps, RATE)
    assert np.array_equal(read_audio(str(tmp_path / "a.wav"), CLIP) * 32768, steps)


def test_a_thump_is_no_offset():
    audio = note().astype(np.float32)
    audio[20000:20800] += 0.2 * np.hanning(800)
    assert not has_offset([audio], RATE)


def test_an_offset_below_a_steady_note_is_found():
    steady = 0.3 * np.sin(2 * np.pi * 220 * TIME_S).astype(np.float32)
    assert not has_offset([steady], RATE) and has_offset([steady + np.float32(3e-4)], RATE)


def test_a_low_note_stays():
    low = 0.3 * np.sin(2 * np.pi * 27.5 * TIME_S)
    kept = filtered([(low + 0.1).astype(np.float32)])
    assert np.abs(kept - low)[6400:-6400].max() < 3e-4


@pytest.mark.parametrize("size", [100, 3199, 7000])
def test_blocks_of_any_length_give_the_same(size):
    audio = (note() + 0.01).astype(np.float32)
    whole = filtered([audio])
    blocks = [audio[start : start + size] for start in range(0, len(audio), size)]
    assert filtered(blocks) == pytest.approx(whole, abs=1e-9)
    assert has_offset(blocks, RATE)


def test_a_stretch_is_what_the_whole_file_holds_there(tmp_path):
    soundfile.write(tmp_path / "a.wav", note() + OFFSETS["drifting"], RATE, subtype="PCM_24")
    path = str(tmp_path / "a.wav")
    whole = read_audio(path, CLIP)
    assert np.concatenate(list(blocks_of(path, "mix"))) == pytest.approx(whole, abs=1e-9)
    for start_s, duration_s in ((0.0, 0.5), (0.1, 0.3), (0.8, 1.0), (0.5, None)):
        start, stretch = round(start_s * RATE), read_audio(path, CLIP, start_s, duration_s)
        assert len(stretch) == round((duration_s or 2.5) * RATE)
        assert stretch == pytest.approx(whole[start : start + len(stretch)], abs=1e-9)


@pytest.mark.parametrize("n_samples", [10, 800, 3000])
def test_a_short_file_of_an_offset_alone_is_nothing(n_samples):
    audio = np.full(n_samples, 0.25, np.float32)
    assert has_offset([audio], RATE) and np.abs(filtered([audio])).max() < 1e-9
    assert not has_offset([0 * audio], RATE) and not has_offset([], RATE) and not list(without_offset([], RATE))
