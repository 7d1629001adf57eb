"""Ten turned recordings as spectrograms: as recorded, turned, and what was added; by 1 and by 4 JNDs.

    python -m benchmarks.turn_spectrograms IOWA docs/turned.png

IOWA holds the University of Iowa's notes in folders, as they were cut for SpectMorph (public domain). Each pair of
lines is one recording and one knob. Prints what was asked and what is measured.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

import interpretsynth as its
from output.pictures import save_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATE, SECONDS, BEFORE_S = 16000, 0.8, 0.05
WINDOW, STEP = 512, 128
FLOOR_DB, SHADE_DB = -80.0, 4.0
"""What is drawn below the loudest, and in which steps: a picture of few colours is a small file."""
JNDS = (1.0, 4.0)
TURNED = {
    "alto-flute/alto-flute_072": ("sharpness", 1),
    "alto-saxophone/alto-saxophone_059": ("noisiness", 1),
    "bassoon/bassoon_048": ("sharpness", -1),
    "clarinet/clarinet_067": ("odd_even_balance", -1),
    "trumpet/trumpet_062": ("fundamental_share", 1),
    "tenor-trombone/tenor-trombone_051": ("log_attack_time", -1),
    "violin/violin-e_077": ("noisiness", 1),
    "cello/cello-g_044": ("sharpness", 1),
    "double-bass/double-bass_029": ("odd_even_balance", 1),
    "voice-1-ah/voice-1-ah_052": ("level", -1),
}
"""Recording -> the knob that is turned, and which way."""


def read(path: Path) -> np.ndarray:
    """(n,) the first moments of the sound in a file, and what is just before it."""
    audio, rate = soundfile.read(path, always_2d=True)
    mono = soxr.resample(audio.mean(1), rate, RATE)
    begins = int(np.argmax(np.abs(mono) > 0.01 * np.abs(mono).max()))
    start = max(0, begins - round(BEFORE_S * RATE))
    return mono[start : start + round(SECONDS * RATE)]


def levels_db(audio: np.ndarray) -> np.ndarray:
    """(bins, frames) of a spectrogram, a full-scale sine 0 dB."""
    window = np.hanning(WINDOW + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(audio, WINDOW // 2), WINDOW)[::STEP]
    return 20.0 * np.log10(2.0 * np.abs(np.fft.rfft(frames * window)).T / window.sum() + 1e-9)


def draw(axes: Sequence["Axes"], own: np.ndarray, turned: np.ndarray, title: str) -> None:
    """As recorded, turned, and what was added."""
    before, after, added = (SHADE_DB * np.round(levels_db(each) / SHADE_DB) for each in (own, turned, turned - own))
    top = before.max()
    for axis, levels in zip(axes, (before, after, added), strict=True):
        extent = (0.0, SECONDS, 0.0, RATE / 2000.0)
        axis.imshow(
            *(levels, "magma"),
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            extent=extent,
            vmin=top + FLOOR_DB,
            vmax=top,
        )
        axis.set(xticks=[], yticks=[])
    axes[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=5)


def main() -> None:
    """Draw all."""
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    figure = Figure(figsize=(6.4, 8.4), layout="constrained")
    axes = figure.subplots(len(TURNED) * len(JNDS), 3)
    for axis, heading in zip(axes[0], ("as recorded", "turned", "what was added"), strict=True):
        axis.set_title(heading, fontsize=8)
    rows = iter(axes)
    for name, (knob, way) in TURNED.items():
        own = read(given.folder / f"{name}.flac")
        for jnds in JNDS:
            turned = its.turn(own, RATE, nudge={knob: f"{way * jnds:+g}jnd"})
            met = turned.table[knob]
            held = max(abs(each.off) for each in turned.table.values() if not each.turned)
            moved = (met.got - met.was) / (met.jnd or 1.0)
            print(f"{Path(name).name:24} {knob:18} {way * jnds:+.0f} JND: moved {moved:+.2f}, others within {held:.2f}")
            draw(next(rows), own, turned.audio, f"{Path(name).name}\n{knob} {way * jnds:+g} JND")
    axes[-1][0].set(xticks=[0.0, SECONDS], yticks=[0.0, RATE / 2000.0])
    axes[-1][0].tick_params(labelsize=5)
    axes[-1][0].set_xlabel("s, kHz", fontsize=6)
    save_png(figure, given.output)


if __name__ == "__main__":
    main()
