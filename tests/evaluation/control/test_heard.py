"""What can be met on layers counts only if its sound can be measured there too."""

import pytest
import torch

from evaluation.control.heard import reachable_in_sound
from evaluation.control.reachability import reachable
from synths import ClipFormat, FundamentalShare, Level, LogAttackTime, Noisiness, OddEvenBalance, Sharpness, SMSSynth

CLIP = ClipFormat(16000, 16000, 160)
SYNTH = SMSSynth(CLIP, effects=())
KNOBS = [knob(CLIP) for knob in (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness)]


class Floored(Noisiness):
    """As a window that is too short would read it: in sound there is always noise, on layers there is not."""

    def hear(self, sound):
        value = super().hear(sound)
        return value.clamp_min(-20.0) if hasattr(sound, "audio") else value


class Louder(Level):
    """Sound reads 7 dB more than is played, whatever it is."""

    def hear(self, sound):
        return super().hear(sound) + (7.0 if hasattr(sound, "audio") else 0.0)


def asked_of(descriptors, *rows):
    """Rows of values in the descriptors' units -> (R, C) positions."""
    columns = torch.tensor(rows).unbind(-1)
    return torch.stack([d.position_of(column) for d, column in zip(descriptors, columns, strict=True)], dim=-1)


@pytest.mark.parametrize("f0_hz", [41.2, 65.4, 110.0, 220.0, 880.0])
def test_quiet_breath_can_be_heard(f0_hz):
    """Noisiness down to -45 dB at any pitch, the tone as recordings have it."""
    knobs = [KNOBS[0], *KNOBS[2:]]
    asked = asked_of(knobs, *((-25.0, 0.3, 3.0, db) for db in (-45.0, -30.0, -15.0)))
    assert reachable_in_sound(knobs, SYNTH, torch.full((3,), f0_hz), asked).all()


def test_what_the_sound_cannot_read_is_not_reachable():
    knobs = [Floored(CLIP)]
    asked, f0_hz = asked_of(knobs, (-40.0,), (-24.0,), (-22.0,), (-10.0,)), torch.full((4,), 220.0)
    assert reachable(knobs, SYNTH, f0_hz, asked).reachable.all()
    assert reachable_in_sound(knobs, SYNTH, f0_hz, asked).tolist() == [False, False, True, True]


def test_what_the_sound_adds_is_taken_off_beforehand():
    """A sound that reads 7 dB more is asked for 7 dB less; it is not thought to reach what layers do not."""
    knobs = [Louder(CLIP)]
    asked, f0_hz = asked_of(knobs, (-30.0,), (-10.0,), (25.0,)), torch.full((3,), 1000.0)
    assert reachable_in_sound(knobs, SYNTH, f0_hz, asked).tolist() == [True, True, False]


def test_what_no_layer_meets_no_sound_meets():
    share = [FundamentalShare(CLIP)]
    asked = torch.tensor([[0.5], [1.2]])
    assert reachable_in_sound(share, SYNTH, torch.full((2,), 220.0), asked).tolist() == [True, False]


def test_the_answer_is_always_the_same_and_draws_nothing():
    asked = asked_of(KNOBS, (-25.0, 1.4, 0.3, 3.0, -5.0), (-25.0, 2.9, 0.05, 3.0, 5.0))
    f0_hz = torch.full((2,), 220.0)
    before = torch.random.get_rng_state()
    first = reachable_in_sound(KNOBS, SYNTH, f0_hz, asked)
    assert torch.random.get_rng_state().equal(before)
    torch.rand(3)
    assert reachable_in_sound(KNOBS, SYNTH, f0_hz, asked).equal(first)


def test_knobs_of_the_whole_note_are_judged_by_the_training_notes():
    """As on layers; alone, nothing is played at all."""
    attack = LogAttackTime(CLIP)
    asked = torch.tensor([[0.5], [2.0]])
    assert reachable_in_sound([attack], SYNTH, torch.full((2,), 220.0), asked).tolist() == [True, False]
    both = torch.tensor([[0.5, 0.3], [2.0, 0.3]])
    found = reachable_in_sound([attack, FundamentalShare(CLIP)], SYNTH, torch.full((2,), 220.0), both)
    assert found.tolist() == [True, False]


def test_nothing_asked():
    assert reachable_in_sound(KNOBS, SYNTH, torch.zeros(0), torch.zeros(0, 5)).tolist() == []
    assert reachable_in_sound([], SYNTH, torch.full((2,), 220.0), torch.zeros(2, 0)).tolist() == [True, True]
