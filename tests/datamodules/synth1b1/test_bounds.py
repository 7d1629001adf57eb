"""What the knobs alone tell is never wrong, and is worth asking."""

import numpy as np
import pytest

from datamodules.synth1b1.bounds import can_be_met, is_surely_met
from datamodules.synth1b1.controls import Tones, tones
from datamodules.synth1b1.notes import CLEAN, NOT_SILENT, PITCHED, CleanNote
from datamodules.synth1b1.voice import PACKET, Voice
from synths.clip import ClipFormat

N_SOUNDS = 960
LOUD = CleanNote(1.0, np.inf, -np.inf, np.inf, 0.3, audible_db=-6)
CLIPS = (ClipFormat(16000, 64000, 160), ClipFormat(44100, 88200, 441), ClipFormat(16000, 3200, 160))


def knobs_and_tones(pitched: bool) -> tuple[dict[str, np.ndarray], Tones]:
    voice = Voice(pitched)
    packets = [tones(voice, range(first, first + PACKET)) for first in range(0, N_SOUNDS, PACKET)]
    return voice.in_units(voice.parameters(range(N_SOUNDS))), Tones(*map(np.concatenate, zip(*packets, strict=True)))


@pytest.fixture(scope="module")
def corpus():
    return knobs_and_tones(pitched=False)


@pytest.fixture(scope="module")
def variant():
    return knobs_and_tones(pitched=True)


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: f"{clip.duration_s:g} s")
@pytest.mark.parametrize("rule", [CLEAN, CleanNote(100, 400, 10, 3, 0.5), NOT_SILENT, PITCHED, LOUD])
def test_the_knobs_are_never_wrong(rule, clip, corpus, variant):
    for knob, sounds in (corpus, variant):
        met = rule.are_met(sounds, clip)
        assert not (met & ~can_be_met(rule, knob, clip)).any()
        assert not (is_surely_met(rule, knob, clip) & ~met).any()


def test_the_knobs_decide_most_of_what_is_listed_in_great_numbers(corpus, variant):
    for (knob, _), rule, least in ((variant, PITCHED, 0.9), (corpus, NOT_SILENT, 0.8), (corpus, CLEAN, 0.3)):
        is_open = can_be_met(rule, knob, CLIPS[0]) & ~is_surely_met(rule, knob, CLIPS[0])
        assert is_open.mean() < 1 - least
