"""A melody as a picture: the notes above the knobs, asked and measured."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melodies.player_hand import note_name
from output.pictures import save_png
from synths import Descriptor
from timbre.render_melody import PlayedPart
from timbre.requests import spoken_unit

COLOURS = ("#00609a", "#d1495b", "#2e8b57", "#8a5a00", "#6a4c93", "#4a5560")
ASKED = "#9aa3ad"
MOST_INCHES = 22.0


def save_picture(parts: Sequence[PlayedPart], path: Path, title: str) -> None:
    """Draw the parts of a melody that have sounded, and write them as PNG."""
    save_png(melody_figure(parts, title), path)


def melody_figure(parts: Sequence[PlayedPart], title: str) -> Figure:
    """Piano roll, and below it an axis for each knob."""
    knobs = {knob.name: knob for part in parts for knob in part.followed.descriptors}
    end_s = max(float(voice.time_s[-1]) for part in parts for voice in part.followed.voices)
    width = min(MOST_INCHES, max(8.0, 4.0 + 0.5 * end_s))
    figure = Figure(figsize=(width, 2.6 + 1.25 * len(knobs)), layout="constrained")
    ratios = [2.2, *[1.0] * len(knobs)]
    axes = figure.subplots(1 + len(knobs), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    _roll(axes[0], parts)
    for axis, knob in zip(axes[1:], knobs.values(), strict=True):
        _curves(axis, knob, parts)
    axes[0].set_xlim(0.0, end_s)
    axes[-1].set_xlabel("seconds; grey: asked, dots: measured where a window hears nothing but one note")
    axes[0].set_title(title, fontsize=11, loc="left")
    return figure


def _roll(axis: Axes, parts: Sequence[PlayedPart]) -> None:
    """A bar for each note, the stronger the darker."""
    pitches = []
    for number, part in enumerate(parts):
        colour, hop_s = COLOURS[number % len(COLOURS)], part.cast.instrument.played.hop_s
        for voice in part.voices:
            for note in voice.notes:
                start_s = voice.start_s + note.frame * hop_s
                n_frames = (len(voice.f0_hz) if note.released is None else note.released) - note.frame
                alpha = 0.35 + 0.65 * min(1.0, max(0.0, note.velocity))
                axis.barh(note.midi, n_frames * hop_s, 0.8, start_s, color=colour, alpha=alpha, linewidth=0)
                pitches.append(note.midi)
        axis.plot([], [], color=colour, linewidth=5, label=part.cast.name)
    if len(parts) > 1:
        axis.legend(loc="upper left", fontsize=8, ncols=min(4, len(parts)))
    low, high = min(pitches) - 2, max(pitches) + 2
    every = max(1, round((high - low) / 8))
    ticks = np.arange(np.ceil(low), high + 1, every)
    axis.set(ylim=(low, high), yticks=ticks, yticklabels=[note_name(tick) for tick in ticks])
    axis.grid(axis="y", linewidth=0.4, alpha=0.5)


def _curves(axis: Axes, knob: Descriptor, parts: Sequence[PlayedPart]) -> None:
    unit = spoken_unit(knob)
    lows, highs = [], []
    for number, part in enumerate(parts):
        names = [each.name for each in part.followed.descriptors]
        if knob.name not in names:
            continue
        index, colour = names.index(knob.name), COLOURS[number % len(COLOURS)]
        for voice in part.followed.voices:
            asked, measured = voice.asked[:, index] * unit.n, voice.measured[:, index] * unit.n
            axis.plot(voice.time_s, np.where(voice.steady, asked, np.nan), color=ASKED, linewidth=3.5, zorder=1)
            axis.plot(voice.time_s[voice.steady], measured[voice.steady], ".", color=colour, markersize=3.2, zorder=2)
            both = np.concatenate([asked[voice.steady], measured[voice.steady]])
            lows.append(float(both.min()))
            highs.append(float(both.max()))
    axis.set_ylabel(f"{knob.name.replace('_', chr(10))}\n({unit.word})", fontsize=8)
    least = 4.0 * (knob.jnd or 0.0) * unit.n
    low, high = min(lows), max(highs)
    room = max(0.08 * (high - low), 0.5 * (least - (high - low)))
    axis.set_ylim(low - room, high + room)
    if knob.jnd:
        _one_jnd(axis, knob.jnd * unit.n, unit.word)
    axis.grid(linewidth=0.4, alpha=0.5)


def _one_jnd(axis: Axes, height: float, unit: str) -> None:
    """A mark at the right, one least audible difference high."""
    low, high = axis.get_ylim()
    middle = 0.5 * (low + high)
    axis.plot(
        [1.006] * 2,
        [middle - height / 2, middle + height / 2],
        color="black",
        linewidth=1.5,
        clip_on=False,
        transform=axis.get_yaxis_transform(),
    )
    axis.text(1.012, middle, "1 JND", transform=axis.get_yaxis_transform(), fontsize=7, va="center")
