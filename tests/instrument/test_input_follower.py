"""A live input followed: its level as the knob `Level` reads it, a gate with two thresholds, pitch held."""

import math

import pytest
import torch

from instrument.input_follower import InputFollower, LevelNow
from synths import ClipFormat, Level


def sine(rms_db, hz=1000.0, n=16000, rate=16000):
    """So many dB below full scale."""
    return 10.0 ** (rms_db / 20.0) * torch.sin(2.0 * math.pi * hz * torch.arange(n) / rate)


CLIP = ClipFormat(16000, 16000, 160)


def follower(clip=CLIP):
    """As it is exported."""
    return torch.jit.script(InputFollower(clip).eval())


def heard(follower, sound, hop=160):
    """What is said, hop by hop."""
    said = []
    for part in sound.split(hop):
        follower.hear(part)
        said.append(follower())
    return said


@pytest.mark.parametrize(("rate", "hop"), [(16000, 160), (44100, 441)])
def test_level_is_that_of_the_knob(rate, hop):
    """A steady sound of two partials: the descriptor's own reading, within 0.1 dB."""
    clip = ClipFormat(rate, rate // hop * hop, hop)
    sound = sine(-20.0, 440.0, rate, rate) + sine(-30.0, 1320.0, rate, rate)
    expected = Level(clip).measure(sound[None, : clip.n_samples], torch.full((1, clip.n_frames), 440.0))[0, 50]
    assert float(LevelNow(clip)(sound)) == pytest.approx(float(expected), abs=0.1)
    assert heard(follower(clip), sine(-20.0, n=rate, rate=rate), hop)[-1][1] == pytest.approx(-20.0, abs=0.1)


def test_the_gate_opens_higher_than_it_closes():
    """-55 dB opens nothing, and closes nothing; silence ends it, in less than 0.1 s."""
    one = follower()
    assert {f0_hz for f0_hz, _ in heard(one, sine(-55.0))} == {0.0}
    assert heard(one, sine(-45.0))[-1][0] == pytest.approx(1000.0, rel=1e-3)
    assert heard(one, sine(-55.0))[-1] == pytest.approx((1000.0, -55.0), rel=2e-3)
    falling = heard(one, torch.zeros(1600))
    assert falling[0][0] > 0.0 and falling[-1][0] == 0.0
    assert [level for _, level in falling] == sorted((level for _, level in falling), reverse=True)


def test_pitch_is_held_where_it_is_unsure():
    """Noise in a note keeps the note's pitch and takes its level; noise alone opens nothing."""
    one, noise = follower(), 0.2 * torch.randn(8000, generator=torch.Generator().manual_seed(0))
    assert {f0_hz for f0_hz, _ in heard(one, noise)} == {0.0}
    heard(one, sine(-10.0, 300.0))
    f0_hz, level_db = heard(one, noise)[-1]
    assert f0_hz == pytest.approx(300.0, rel=1e-2) and level_db == pytest.approx(-11.0, abs=1.0)


def test_what_is_no_number_is_silence_and_reset_forgets():
    one = follower()
    heard(one, sine(-10.0))
    assert heard(one, torch.full((4800,), torch.nan))[-1][0] == 0.0
    heard(one, sine(-10.0))
    one.reset()
    assert one()[0] == 0.0
