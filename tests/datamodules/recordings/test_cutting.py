"""Clips begin and end where they should in recordings whose contents are known."""

import numpy as np
import pytest
import soundfile

from datamodules.recordings.cutting import CutSound, cut_at_hops, cut_at_onsets, sound_s
from datamodules.recordings.listening import Contents, Span
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


def starts(spans: list[Span]) -> list[float]:
    return [round(span.start_s, 3) for span in spans]


def sounding(*spans: tuple[float, float], onsets: tuple[float, ...] = ()) -> Contents:
    return Contents([Span(*span) for span in spans], list(onsets))


@pytest.mark.parametrize(
    "end_s, hop_s, expected",
    [
        (0.1, 1.0, [0]),
        (1.24, 1.0, [0]),
        (1.25, 1.0, [0, 1]),
        (3.0, 1.0, [0, 1, 2]),
        (3.3, 1.5, [0, 1.5, 3.0]),
        (3.2, 1.5, [0, 1.5]),
        (2.0, 0.5, [0, 0.5, 1.0]),
        (2.2, 0.5, [0, 0.5, 1.0]),
        (2.3, 0.5, [0, 0.5, 1.0, 1.5]),
    ],
)
def test_hops_hold_all_sound_once_and_no_clip_is_nearly_empty(end_s, hop_s, expected):
    assert starts(cut_at_hops(sounding((0, end_s)), 1.0, hop_s)) == expected


def test_silence_at_both_ends_is_not_cut():
    spans = cut_at_hops(sounding((2.01, 3.0), (4.5, 5.0)), 1.0, 1.0)
    assert starts(spans) == [2, 3, 4]
    assert [sound_s(sounding((2.01, 3.0), (4.5, 5.0)), span) for span in spans] == pytest.approx([0.99, 0, 0.5])


def test_a_note_lasts_to_the_next_or_to_the_end_of_the_clip():
    contents = sounding((0.5, 4.0), onsets=(0.5, 0.9, 3.0))
    spans = cut_at_onsets(contents, 1.0, stop_at_next=True)
    assert np.allclose(spans, [(0.5, 0.9), (0.9, 1.9), (3.0, 4.0)])


def test_without_a_stop_clips_are_whole_and_the_last_is_filled_to_a_quarter():
    contents = sounding((0.5, 2.0), onsets=(0.5, 1.0, 1.7, 1.8))
    spans = cut_at_onsets(contents, 1.0, stop_at_next=False)
    assert np.allclose(spans, [(0.5, 1.5), (1.0, 2.0), (1.7, 2.7)])


def test_what_sounds_before_the_first_onset_is_a_note_and_onsets_in_silence_are_none():
    contents = sounding((0.2, 1.0), (2.0, 3.0), onsets=(0.6, 0.96, 1.4, 2.01, 2.96))
    assert starts(cut_at_onsets(contents, 1.0, stop_at_next=True)) == [0.2, 0.6, 2.01]


def test_onsets_too_near_to_be_two_notes_are_one():
    contents = sounding((0.5, 3.0), onsets=(0.48, 0.55, 1.0, 1.05))
    assert starts(cut_at_onsets(contents, 1.0, stop_at_next=True)) == [0.48, 1.0]


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_note_ends_without_a_click_where_the_next_begins(tmp_path, rate):
    time_s = np.arange(2 * rate) / rate
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 200 * time_s), rate)
    audio = CutSound(str(tmp_path / "a.wav"), 0.3, None, 0.4).read(CLIP)
    known = 0.5 * np.sin(2 * np.pi * 200 * (0.3 + np.arange(16000) / 16000))
    assert audio.shape == (16000,) and audio.dtype == np.float32 and not audio[6400:].any()
    assert np.abs(audio - known)[40:6320].max() < 0.01
    assert np.abs(np.diff(audio))[6320:].max() < 0.05
    assert abs(audio[6399]) < 0.01


def test_a_note_as_long_as_a_clip_is_not_faded(tmp_path):
    soundfile.write(tmp_path / "a.wav", 0.5 * np.cos(np.arange(48000) * np.pi / 4), 16000)
    assert np.abs(CutSound(str(tmp_path / "a.wav"), 1.0, None, 1.0).read(CLIP)[-4:]).max() == pytest.approx(
        0.5, abs=1e-3
    )


def test_a_note_cut_elsewhere_is_another_sound(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(16000, 0.5), 16000)
    stamps = {
        CutSound(str(tmp_path / "a.wav"), *part).stamp() for part in ((0.1, None, 0.2), (0.1, None, 0.3), (0.1, 0, 0.2))
    }
    assert len(stamps) == 3
