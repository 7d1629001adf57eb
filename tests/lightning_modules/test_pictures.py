"""Pictures show the sound at the right pitch, time and level, and survive silence and broken runs."""

import math

import librosa
import numpy as np
import pytest
import torch

from lightning_modules.pictures import LOWEST_HZ, N_MELS, log_mel, pair_figure, sweep_figure
from output.pictures import png_bytes, save_png
from synths.clip import ClipFormat

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def clip():
    return ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


@pytest.fixture
def tone(clip):
    time_s = torch.arange(clip.n_samples) / clip.sample_rate
    return torch.sin(2 * math.pi * 1000 * time_s)


def test_a_tone_stands_in_its_band_at_its_level(clip, tone):
    image = log_mel(0.5 * tone, clip)
    middle = image[:, image.shape[1] // 2]
    bands_hz = librosa.mel_frequencies(N_MELS + 2, fmin=LOWEST_HZ, fmax=clip.nyquist_hz)[1:-1]
    assert image.shape[0] == N_MELS
    assert bands_hz[middle.argmax()] == pytest.approx(1000, rel=0.03)
    assert middle.max() == pytest.approx(-6, abs=2)


def test_what_is_not_a_number_is_drawn_as_silence(clip):
    broken = torch.full((clip.n_samples,), torch.nan)
    assert np.isfinite(log_mel(broken, clip)).all()
    assert png_bytes(pair_figure(broken, 0 * tone_like(clip), clip, "broken")).startswith(PNG_SIGNATURE)


def test_pair_shares_one_scale_and_names_its_axes(clip, tone):
    figure = pair_figure(tone, 0.1 * tone, clip, "flute")
    target, output = figure.axes[:2]
    assert target.images[0].get_clim() == output.images[0].get_clim()
    assert target.images[0].get_extent()[:2] == pytest.approx([0.0, 1.0])
    assert (target.get_title(), output.get_title()) == ("target", "resynthesis")
    assert (target.get_xlabel(), target.get_ylabel()) == ("time (s)", "frequency (Hz)")
    assert [label.get_text() for label in target.get_yticklabels()] == ["200", "500", "1k", "2k", "4k", "8k"]


def test_frequency_ticks_stand_where_a_tone_is_drawn(clip, tone):
    axis = pair_figure(tone, tone, clip, "flute").axes[0]
    strongest = axis.images[0].get_array()[:, 50].argmax() + 0.5
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert axis.get_yticks()[labels.index("1k")] == pytest.approx(strongest, abs=1.5)


def test_sweep_draws_asked_and_measured_above_each_sound(tmp_path, clip, tone):
    audios = torch.stack([tone, 0.5 * tone, 0.25 * tone])
    figure = sweep_figure(audios, [0, 0.5, 1], [9.0, math.nan, 20.0], [8.0, 14.0, 21.0], "brightness", "ERB", clip)
    plot, *strip = figure.axes
    asked, measured = plot.lines
    assert list(asked.get_ydata()) == [8.0, 14.0, 21.0]
    assert list(measured.get_ydata())[::2] == [9.0, 20.0]
    assert plot.get_ylabel() == "brightness (ERB)"
    assert sum(bool(axis.images) for axis in strip) >= 3
    save_png(figure, tmp_path / "pictures" / "sweep.png")
    assert (tmp_path / "pictures" / "sweep.png").read_bytes().startswith(PNG_SIGNATURE)


def test_sweep_draws_what_is_not_corrected_beside(clip, tone):
    audios = torch.stack([tone, 0.5 * tone])
    plot = sweep_figure(audios, [0, 1], [8.0, 21.0], [8.0, 21.0], "brightness", "ERB", clip, [9.0, 17.0]).axes[0]
    before, _, measured = plot.lines
    assert list(before.get_ydata()) == [9.0, 17.0] and list(measured.get_ydata()) == [8.0, 21.0]
    assert plot.get_legend().get_texts()[0].get_text() == "as the decoder plays it"


def test_drawing_leaves_no_global_figure_behind(clip, tone):
    from matplotlib import pyplot

    pair_figure(tone, tone, clip, "flute")
    assert pyplot.get_fignums() == []


def tone_like(clip):
    return torch.ones(clip.n_samples)
