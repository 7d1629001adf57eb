"""A note begins faster or more slowly, lasts longer or fades, by what was asked; the other knobs hold."""

import numpy as np
import pytest
import torch

from synths.descriptors.request import KnobRequest
from turning.bend import BENDS, why_not_bent
from turning.listened import Listened
from turning.shape import attack_gain, sustain_gain
from turning.sound_in import ArrayIn
from turning.turn import asked_of, changes

RATE = 16000


def note(make_tone, attack_s=0.05, fall_s=0.0, f0_hz=220.0, seconds=0.8):
    """(n,) a tone that begins in a line after 50 ms, and falls to 1 / e in so long."""
    audio = make_tone(f0_hz, seconds)
    time_s = np.arange(len(audio)) / RATE - 0.05
    envelope = np.clip(time_s / attack_s, 0.0, 1.0)
    return audio * envelope * (np.exp(-np.maximum(time_s - attack_s, 0.0) / fall_s) if fall_s else 1.0)


def listened_to(audio):
    return Listened(ArrayIn(audio, RATE))


def turned(audio, knob, value, unit):
    """What a knob reads before and after a move, and the largest JNDs that the others are off."""
    listened = listened_to(audio)
    asked = asked_of(listened, [[KnobRequest(knob, value, unit, moves=True)]])
    (change,) = changes(listened, asked)
    sound = ArrayIn(audio + change[0, :, 0], RATE)
    got = listened.mean(listened.readings([type(each) for each in asked.knobs], sound) - asked.own)
    steps = torch.tensor([float(each.span[1] - each.span[0]) / each.jnd for each in asked.knobs])
    return asked.bend.was, listened.pooled(asked.bend.bend.kind, sound), float((got * steps).abs().max())


@pytest.mark.parametrize("move", [-15.0, 30.0])
def test_attack_time_moves_by_milliseconds(make_tone, move):
    was, got, held = turned(note(make_tone), "attack_time", move, "ms")
    assert was == pytest.approx(35.0, abs=2.0), "70 % of 50 ms"
    assert got == pytest.approx(was + move, abs=0.3) and held < 0.05


def test_log_attack_time_is_the_same_in_decades(make_tone):
    was, got, held = turned(note(make_tone), "log_attack_time", 2.0, "jnd")
    assert got == pytest.approx(was + 0.2, abs=0.006) and held < 0.05


@pytest.mark.parametrize("move", [-0.05, 0.05])
def test_a_plucked_note_sustains_as_asked(make_tone, move):
    was, got, held = turned(note(make_tone, 0.01, 0.3), "sustain", move, "s")
    assert got == pytest.approx(was + move, abs=0.003) and held < 0.05


def test_a_sound_without_a_pitch_has_a_shape_too():
    hiss = 0.1 * np.random.default_rng(0).standard_normal(9600)
    was, got, held = turned(hiss * np.exp(-np.arange(9600) / 3200), "sustain", -0.05, "s")
    assert got == pytest.approx(was - 0.05, abs=0.003) and held < 0.1


def test_gains_of_nothing_are_one_and_the_rest_of_the_note_stays(make_tone):
    """A slower attack is softer at first and as it was later, a faster one louder."""
    listened = listened_to(note(make_tone))
    recording = listened.recording(listened.passages[0])
    assert (attack_gain(recording, 0.0) - 1.0).abs().max() < 1e-6
    assert (sustain_gain(recording, 0.0) - 1.0).abs().max() < 1e-6
    slower, faster = attack_gain(recording, 0.3), attack_gain(recording, -0.3)
    middle, later = round(0.08 * RATE), slice(round(0.25 * RATE), None)
    assert slower[middle] < 0.8 and faster[middle] > 1.2
    assert max((gain[later] - 1.0).abs().max() for gain in (slower, faster)) < 0.02
    sustained = sustain_gain(recording, 0.5)
    assert float(sustained[-1]) == pytest.approx(np.exp(0.5), rel=0.01) and float(sustained[0]) == pytest.approx(1.0)


def test_what_no_window_tells_is_refused():
    pitch = torch.full((9,), 220.0)
    assert "5 ms of any shorter one" in why_not_bent(BENDS["attack_time"], pitch, 20.0, 4.0)
    assert "5 ms of any shorter one" in why_not_bent(BENDS["log_attack_time"], pitch, -1.7, -2.4)
    assert why_not_bent(BENDS["attack_time"], pitch, 3.0, 4.0) == ""
    assert "more than 0 s" in why_not_bent(BENDS["sustain"], pitch, 0.3, -0.1)


def test_a_file_that_begins_in_the_sound_is_faded_in(make_tone):
    """Its attack is the shortest that is heard: 330 Hz, cut."""
    was, got, held = turned(make_tone(330.0, 0.5), "attack_time", 20.0, "ms")
    assert was < 8.0 and got == pytest.approx(was + 20.0, abs=0.3) and held < 0.05
