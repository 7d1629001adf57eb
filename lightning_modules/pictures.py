"""Pictures of sound: log-mel spectrograms side by side, and what turning one knob did."""

import warnings
from collections.abc import Sequence

import librosa
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor

from synths.clip import ClipFormat

N_MELS = 96
LOWEST_HZ = 40.0
RANGE_DB = 70.0
QUIETEST_DB = -120.0
TICKS_HZ = (200, 500, 1000, 2000, 4000, 8000, 16000)
COLOURS = "magma"
ASKED, MEASURED = "#777777", "#0072b2"


def log_mel(audio: Tensor, clip: ClipFormat) -> np.ndarray:
    """(N,) audio -> (N_MELS, frames) mel spectrogram in dB, at most a frame per hop, 0 dB a full-scale sine.

    Samples that are not finite are drawn as silence, so that a run gone wrong still has its picture.
    """
    samples = torch.nan_to_num(audio.detach().cpu().float(), posinf=0.0, neginf=0.0).numpy()
    n_fft = 2048 if clip.sample_rate <= 24000 else 4096
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=clip.sample_rate,
        n_fft=n_fft,
        hop_length=max(clip.hop, n_fft // 16),
        n_mels=N_MELS,
        fmin=LOWEST_HZ,
        norm=None,
        pad_mode="constant",
    )
    # The strongest bin of a full-scale sine under a Hann window is n_fft / 4 in magnitude.
    return librosa.power_to_db(power, ref=(n_fft / 4) ** 2, amin=10 ** (QUIETEST_DB / 10), top_db=None)


def pair_figure(target: Tensor, output: Tensor, clip: ClipFormat, title: str) -> Figure:
    """Target and output (N,) -> their log-mel spectrograms side by side, on one scale in dB."""
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    figure.suptitle(title, fontsize=12)
    axes = figure.subplots(1, 2, sharey=True)
    images = [log_mel(audio, clip) for audio in (target, output)]
    loudest_db = _loudest_db(images)
    for axis, image, label in zip(axes, images, ("target", "resynthesis"), strict=True):
        drawn = _draw(axis, image, loudest_db, target.shape[-1] / clip.sample_rate)
        axis.set_title(label, fontsize=11)
        axis.set_xlabel("time (s)")
    _label_frequency(axes[0], clip)
    figure.colorbar(drawn, ax=axes, pad=0.015, label="level (dB)")
    return figure


def sweep_figure(
    audios: Tensor,
    positions: Sequence[float],
    measured_readings: Sequence[float],
    asked_readings: Sequence[float],
    name: str,
    unit: str,
    clip: ClipFormat,
    open_readings: Sequence[float] = (),
) -> Figure:
    """One note at P positions of one knob: asked and measured values above the log-mel spectrogram of each.

    Args:
        audios: (P, N)
        positions: of the knob, P numbers, 0..1 within the training range
        measured_readings: what the descriptor reads on each audio, in its unit; NaN leaves a gap
        asked_readings: what was asked for, in the same unit
        name: of the knob
        unit: of its descriptor
        clip: format of the audios
        open_readings: what it reads where the sound is not corrected, to be drawn beside
    """
    figure = Figure(figsize=(max(6.0, 2.0 * len(positions)), 5.4), layout="constrained")
    grid = figure.add_gridspec(2, len(positions), height_ratios=(1.1, 1.0))
    _draw_sweep(figure.add_subplot(grid[0, :]), positions, measured_readings, asked_readings, open_readings, name, unit)
    images = [log_mel(audio, clip) for audio in audios]
    loudest_db = _loudest_db(images)
    strip = [figure.add_subplot(grid[1, column]) for column in range(len(positions))]
    for axis, image in zip(strip, images, strict=True):
        drawn = _draw(axis, image, loudest_db, audios.shape[-1] / clip.sample_rate)
        axis.set_xlabel("time (s)")
        axis.set_yticks([])
    _label_frequency(strip[0], clip)
    figure.colorbar(drawn, ax=strip, pad=0.01, label="level (dB)")
    return figure


def draw_log_mel(axis: Axes, audio: Tensor, clip: ClipFormat) -> AxesImage:
    """Draw (N,) audio as a log-mel spectrogram with its frequencies in Hz, and the scale of its levels beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # librosa's, of a sound shorter than the window
        image = log_mel(audio, clip)
    drawn = _draw(axis, image, _loudest_db([image]), len(audio) / clip.sample_rate)
    _label_frequency(axis, clip)
    axis.figure.colorbar(drawn, cax=axis.inset_axes((1.012, 0.0, 0.015, 1.0)), label="level (dB)")
    return drawn


def _loudest_db(images: Sequence[np.ndarray]) -> float:
    """Upper end of the colour scale that the images share; two silences still need a scale."""
    return max(QUIETEST_DB + RANGE_DB, *(float(image.max()) for image in images))


def _draw(axis: Axes, image: np.ndarray, loudest_db: float, duration_s: float) -> AxesImage:
    """Draw one spectrogram, mel bands upwards and seconds to the right."""
    return axis.imshow(
        image,
        origin="lower",
        aspect="auto",
        extent=(0.0, duration_s, 0.0, N_MELS),
        vmin=loudest_db - RANGE_DB,
        vmax=loudest_db,
        cmap=COLOURS,
    )


def _label_frequency(axis: Axes, clip: ClipFormat) -> None:
    """Label mel bands in Hz, at round frequencies."""
    ends_mel = librosa.hz_to_mel(np.array([LOWEST_HZ, clip.nyquist_hz]))
    ticks_hz = np.array([tick for tick in TICKS_HZ if tick <= clip.nyquist_hz])
    bands = np.interp(librosa.hz_to_mel(ticks_hz), ends_mel, (0, N_MELS))
    axis.set_yticks(bands, [f"{tick // 1000}k" if tick >= 1000 else str(tick) for tick in ticks_hz])
    axis.set_ylabel("frequency (Hz)")


def _draw_sweep(
    axis: Axes,
    positions: Sequence[float],
    measured: Sequence[float],
    asked: Sequence[float],
    uncorrected: Sequence[float],
    name: str,
    unit: str,
) -> None:
    """Draw asked against measured, each point above the picture of its sound."""
    columns = range(len(positions))
    if len(uncorrected):
        axis.plot(columns, uncorrected, "x:", color="0.6", markersize=6, label="as the decoder plays it")
    axis.plot(columns, asked, "o--", color=ASKED, markerfacecolor="white", markersize=8, label="asked")
    axis.plot(columns, measured, "o-", color=MEASURED, markersize=6, label="measured")
    axis.set_xticks(columns, [f"{position:.2f}" for position in positions])
    axis.set_xlim(-0.5, len(positions) - 0.5)
    axis.set_xlabel("knob position")
    axis.set_ylabel(f"{name} ({unit})")
    axis.set_title(f"Turning {name}: asked and measured", fontsize=12)
    axis.grid(axis="y", alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
