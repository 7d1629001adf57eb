"""The clip format refuses what cannot work, and says what would."""

import pytest

from synths import ClipFormat


def test_derived_sizes():
    """Frames, rate, duration and Nyquist follow from the three numbers."""
    clip = ClipFormat(48000, 96000, 480)
    assert (clip.n_frames, clip.frame_rate_hz, clip.duration_s, clip.nyquist_hz) == (200, 100.0, 2.0, 24000.0)


@pytest.mark.parametrize("sample_rate", [8000, 15999, 48001, 96000])
def test_rate_out_of_range(sample_rate):
    """16000 to 48000 Hz."""
    with pytest.raises(ValueError, match=f"clip.sample_rate is {sample_rate} Hz"):
        ClipFormat(sample_rate=sample_rate)


@pytest.mark.parametrize(("n_samples", "hop", "advice"), [(64001, 160, 64000), (100, 160, 160), (0, 160, 160)])
def test_length_is_a_multiple_of_hop(n_samples, hop, advice):
    """The message names a length that works."""
    with pytest.raises(ValueError, match=f"for instance {advice}"):
        ClipFormat(n_samples=n_samples, hop=hop)
    assert ClipFormat(n_samples=advice, hop=hop).n_frames >= 1


@pytest.mark.parametrize("hop", [0, -160])
def test_hop_is_positive(hop):
    """A hop of nothing is refused before anything is divided by it."""
    with pytest.raises(ValueError, match=r"clip\.hop"):
        ClipFormat(hop=hop)
