"""A panel per descriptor on one time axis, its limits set by what sounds."""

import numpy as np
import pytest
import torch

from synths import ClipFormat, Level, Sharpness, SpectralFlatness, TemporalCentroid
from synths.descriptors.describe import Description, describe
from timbre.describe.figure import description_figure

CLIP = ClipFormat(sample_rate=16000, n_samples=160, hop=160)
MOVING = [Level, Sharpness, SpectralFlatness]


@pytest.fixture
def audio(second, sine):
    """Half a second of tone, half a second of nothing."""
    return torch.cat([sine(second, 440.0, 0.1)[0, :8000], torch.zeros(8000)])


@pytest.fixture
def description(audio):
    return describe(audio, None, CLIP, [*MOVING, TemporalCentroid])


def test_one_panel_per_descriptor_that_moves(description, audio):
    """Under the spectrogram, in order, on its time axis, with name and unit, the number at the right."""
    figure = description_figure(description, audio, CLIP, [*MOVING, TemporalCentroid], "tone.wav")
    top, *panels = figure.axes
    assert [panel.get_ylabel() for panel in panels] == ["level\n(dB)", "sharpness\n(acum)", "spectral_flatness"]
    assert top.images and {axis.get_xlim() for axis in (top, *panels)} == {(0.0, 1.0)}
    assert panels[0].texts[0].get_text() == f"−{abs(description.numbers['level']):.1f}"
    assert figure.get_suptitle() == "tone.wav" and panels[-1].get_xlabel() == "time (s)"


def test_time_axes_are_aligned(description, audio):
    """The colour scale takes nothing from the width of the spectrogram."""
    figure = description_figure(description, audio, CLIP, MOVING, "tone.wav")
    figure.draw_without_rendering()
    boxes = [axis.get_position() for axis in figure.axes]
    assert np.ptp([box.x0 for box in boxes]) < 1e-6 and np.ptp([box.x1 for box in boxes]) < 1e-6


def test_silence_is_grey_and_sets_no_limits(description, audio):
    """Level is -25 dB and falls to -80 in silence; the axis stays with the tone."""
    panel = description_figure(description, audio, CLIP, [Level], "tone.wav").axes[1]
    (grey,) = panel.patches
    assert grey.get_x() == pytest.approx(0.5, abs=0.02) and grey.get_x() + grey.get_width() == pytest.approx(
        1.0, abs=0.01
    )
    assert -60.0 < panel.get_ylim()[0] < -25.0 < panel.get_ylim()[1] < 0.0


def test_wild_frames_do_not_flatten_the_rest():
    """One frame in a hundred is a million: the axis holds the others."""
    level = torch.linspace(-40.0, -20.0, 100)
    level[0] = 1e6
    description = Description({"level": -30.0}, {"level": level}, torch.ones(100, dtype=torch.bool))
    low, high = description_figure(description, torch.randn(16000), CLIP, [Level], "").axes[1].get_ylim()
    assert -60.0 < low < -39.0 and -21.0 < high < 0.0


def test_a_number_off_the_axis_has_an_arrow():
    """And does not widen it."""
    steady = torch.full((100,), -20.0)
    description = Description({"level": -70.0}, {"level": steady}, torch.ones(100, dtype=torch.bool))
    panel = description_figure(description, torch.randn(16000), CLIP, [Level], "").axes[1]
    assert panel.texts[0].get_text() == "↓ −70.0"
    assert panel.get_ylim()[0] <= panel.texts[0].get_position()[1] <= panel.get_ylim()[1]
    assert panel.get_ylim()[1] - panel.get_ylim()[0] == pytest.approx(1.6)


def test_no_descriptor_that_moves_leaves_the_spectrogram(audio):
    """A sound has its picture whatever is chosen."""
    description = describe(audio, None, CLIP, [TemporalCentroid])
    (top,) = description_figure(description, audio, CLIP, [TemporalCentroid], "tone.wav").axes
    assert top.get_xlabel() == "time (s)"
