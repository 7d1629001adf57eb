"""What a knob says does not change with the level of the sound."""

import pytest

from synths import Brightness


@pytest.mark.parametrize("level_db", [-20, -40, -60, -70])
def test_brightness_of_a_tone_holds_down_to_the_floor(second, sine, level_db):
    """Within 0.1 ERB of full scale, 10 dB above the floor of loudness."""
    loud, quiet = (Brightness(second).measure(sine(second, 1000.0, 10 ** (db / 20)))[0, 50] for db in (0, level_db))
    assert abs(loud - quiet) < 0.1
