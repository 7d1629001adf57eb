"""Each threshold of a clean note decides by itself."""

import numpy as np
import pytest

from datamodules.synth1b1.controls import N_POINTS, Tones
from datamodules.synth1b1.notes import CLEAN, NOT_SILENT, PITCHED, CleanNote, hz_to_midi
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=64000, hop=160)


def note(midi=60.0, spread=0.0, level=0.5, other=0.0, noise=0.0, audible_s=4.0) -> Tones:
    """A sine that glides a little, beside the other oscillator and noise."""
    is_on = np.arange(N_POINTS) < audible_s * N_POINTS / 4
    pitch = np.linspace(midi, midi + spread, N_POINTS)
    return Tones(
        np.stack([pitch, np.full(N_POINTS, 100.0)])[None],
        np.stack([is_on * part for part in (level, other, noise)])[None],
    )


def meets(sound: Tones, rule: CleanNote = CLEAN, clip: ClipFormat = CLIP) -> bool:
    return bool(rule.are_met(sound, clip)[0])


@pytest.mark.parametrize(
    "met, not_met",
    [
        ({"midi": hz_to_midi(41)}, {"midi": hz_to_midi(39)}),
        ({"midi": hz_to_midi(1990)}, {"midi": hz_to_midi(2010)}),
        ({"spread": 0.49}, {"spread": 0.51}),
        ({"other": 0.049}, {"other": 0.051}),
        ({"noise": 0.049}, {"noise": 0.051}),
        ({"audible_s": 1.05}, {"audible_s": 0.95}),
        ({"level": 0.0035}, {"level": 0.0028}),
    ],
)
def test_a_clean_note_is_within_every_threshold(met, not_met):
    assert meets(note(**met)) and not meets(note(**not_met))


def test_what_is_inaudible_does_not_count():
    fading = note(spread=2.0)
    fading.level[0, :, N_POINTS // 5 :] = 1e-4
    assert not meets(fading) and meets(fading, CleanNote(audible_s=0.7))


def test_only_the_time_of_a_clip_counts():
    gliding = note(spread=0.8)
    assert not meets(gliding) and meets(gliding, clip=ClipFormat(16000, 32000, 160))
    short = ClipFormat(16000, 3200, 160)
    assert meets(note(), clip=short) and not meets(note(audible_s=0.1), clip=short)


def test_the_other_modes_ask_for_less():
    noisy = note(midi=95, spread=0.9, other=0.3, audible_s=0.6)
    assert meets(noisy, PITCHED) and not meets(note(midi=97), PITCHED) and not meets(note(midi=35), PITCHED)
    assert not meets(note(audible_s=0.4), PITCHED)
    assert meets(note(level=0, noise=0.001), NOT_SILENT) and not meets(note(level=5e-5), NOT_SILENT)


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match=r"500 to 400 Hz: choose"):
        CleanNote(lowest_hz=500, highest_hz=400)
