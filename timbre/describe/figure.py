"""A picture of a description: the sound above, the course of each descriptor below it, on one time axis."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from lightning_modules.pictures import ASKED, MEASURED, draw_log_mel
from synths import ClipFormat, Descriptor
from synths.descriptors.describe import Description
from timbre.describe.tables import printed

SPECTROGRAM_INCHES, PANEL_INCHES = 2.4, 0.8
SILENCE = "#e6e6e6"
LEAST_SPAN = 0.02
"""Share of a descriptor's usual range: what moves less than this is drawn as a steady line, as it is heard."""


def description_figure(
    description: Description, audio: Tensor, clip: ClipFormat, kinds: Sequence[type[Descriptor]], title: str
) -> Figure:
    """(N,) audio and its description -> log-mel spectrogram, and a panel per descriptor that moves; silence is grey.

    The dashed line is the number for the whole sound.
    """
    moving = [kind for kind in kinds if kind.name in description.frames]
    inches = [SPECTROGRAM_INCHES, *[PANEL_INCHES] * len(moving)]
    figure = Figure(figsize=(9.0, sum(inches) + 1.0), layout="constrained")
    figure.suptitle(title, fontsize=12)
    axes = figure.subplots(len(inches), sharex=True, height_ratios=inches, squeeze=False)[:, 0]
    draw_log_mel(axes[0], audio, clip)
    for axis, kind in zip(axes[1:], moving, strict=True):
        _draw_course(axis, description, kind, clip.hop / clip.sample_rate)
    axes[-1].set_xlim(0.0, len(audio) / clip.sample_rate)
    axes[-1].set_xlabel("time (s)")
    return figure


def _draw_course(axis: Axes, description: Description, kind: type[Descriptor], hop_s: float) -> None:
    """Draw one descriptor over time, paler and on grey where nothing sounds."""
    course, sounding = description.frames[kind.name].numpy(), description.sounding.numpy()
    time_s = np.arange(len(course)) * hop_s
    for start, end in _silences(sounding):
        axis.axvspan((start - 0.5) * hop_s, (end - 0.5) * hop_s, color=SILENCE, linewidth=0)
    axis.plot(time_s, course, color=MEASURED, linewidth=0.9, alpha=0.35)
    axis.plot(time_s, np.where(sounding, course, np.nan), color=MEASURED, linewidth=1.3)
    axis.set_ylim(_limits(course[sounding] if sounding.any() else course, kind))
    whole = description.numbers[kind.name]
    if whole is not None:
        _mark_whole(axis, whole, printed(description, kind).replace("-", "−"))
    unit = "" if kind.unit == "1" else f"\n({kind.unit})"
    axis.set_ylabel(f"{kind.name}{unit}", rotation=0, ha="right", va="center", fontsize=9)
    axis.yaxis.set_label_coords(-0.09, 0.5)
    axis.yaxis.set_major_locator(MaxNLocator(nbins=3))
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def _mark_whole(axis: Axes, whole: float, label: str) -> None:
    """Draw the number for the whole sound as a dashed line, or where it would be off the axis, an arrow towards it."""
    low, high = axis.get_ylim()
    arrow = "↑ " if whole > high else "↓ " if whole < low else ""
    axis.axhline(whole, color=ASKED, linestyle="--", linewidth=0.9)
    place = min(max(whole, low), high)
    axis.text(1.012, place, arrow + label, transform=axis.get_yaxis_transform(), va="center", fontsize=9)


def _silences(sounding: np.ndarray) -> np.ndarray:
    """(F,) -> (n, 2) first frame and end of each stretch that is not sounding."""
    return np.flatnonzero(np.diff(~sounding, prepend=False, append=False)).reshape(-1, 2)


def _limits(course: np.ndarray, kind: type[Descriptor]) -> tuple[float, float]:
    """Ends of the axis: around all but the wildest frames, never a narrow span, hardly below zero without need."""
    low, high = np.percentile(course, (2.0, 98.0))
    least = LEAST_SPAN * (kind.default_span[1] - kind.default_span[0])
    margin = max(0.15 * (high - low), 0.5 * (least - (high - low)))
    bottom = low - margin if course.min() < 0.0 else max(low - margin, -0.1 * (high + margin))
    return bottom, high + margin
