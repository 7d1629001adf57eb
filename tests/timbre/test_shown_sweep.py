"""A knob's places on a sound, and the files of a sweep."""

import pytest
import soundfile
import torch

from synths import ClipFormat
from timbre.shown_sweep import ShownSweep, reachable_positions


def test_places_lie_within_what_a_knob_reaches():
    assert reachable_positions(0.0, 1.0) == pytest.approx([0.05, 0.275, 0.5, 0.725, 0.95])
    assert reachable_positions(0.2, 0.4, 3) == pytest.approx([0.21, 0.3, 0.39])


def test_its_sounds_are_written_and_listed(tmp_path):
    audios = torch.stack([torch.full((1600,), 0.25), torch.full((1600,), 0.5)])
    shown = ShownSweep("level", "dB", (0.1, 0.9), (-20.0, -10.0), (-19.0, float("nan")), (), audios)
    low, high = shown.sliders(tmp_path, 16000, "note")
    assert (low.position, low.asked, low.measured, low.rendering) == (0.1, -20.0, -19.0, "exact")
    assert high.measured is None and high.caption == "-10.0 → – dB"
    assert soundfile.read(tmp_path / high.file)[0] == pytest.approx(0.5, abs=1e-3)
    shown.picture(ClipFormat(16000, 1600, 160))
