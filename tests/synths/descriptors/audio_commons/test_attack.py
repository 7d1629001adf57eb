"""When and how fast a note begins."""

import numpy as np
import pytest

from synths.descriptors.audio_commons.attack import attack, held_envelope, rise


@pytest.mark.parametrize("seconds", [0.005, 0.05])
def test_a_linear_rise_takes_its_time(seconds):
    """From 10 to 80 % of a straight rise: like the reference, without the last step."""
    envelope = np.concatenate([np.zeros(100), np.linspace(0.0, 1.0, round(seconds * 44100)), np.ones(4410)])
    start, length_s = attack(envelope, 44100)
    assert start == pytest.approx(100 + 0.1 * seconds * 44100, abs=2)
    assert length_s == pytest.approx(0.7 * seconds, rel=0.02)


def test_no_longer_than_a_tenth_of_a_second():
    """Swells stop there."""
    assert attack(np.linspace(0.0, 1.0, 44100), 44100)[1] == pytest.approx(0.1, rel=1e-3)


def test_the_envelope_holds_then_falls():
    """After a click: 10 ms at its height, then down within 100 ms."""
    click = np.zeros(8000)
    click[1000] = -0.5
    envelope = held_envelope(click, 44100)
    assert not envelope[:1000].any()
    assert (envelope[1000:1441] == 0.5).all()
    assert envelope[1442 + 2205] == pytest.approx(0.25, abs=1e-3)
    assert envelope[-1] == 0.0


def test_rise_starts_at_the_last_lowest_point():
    """From there to the peak, scaled; nothing where the peak comes first."""
    start, part = rise(np.array([3.0, 1.0, 1.0, 2.0, 5.0, 1.0]))
    assert start == 2
    assert part.tolist() == [0.0, 0.25, 1.0]
    assert not len(rise(np.array([2.0, 1.0]))[1])
