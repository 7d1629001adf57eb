"""What a folder of recordings holds, before anything is prepared: how much sounds, how long notes are, how high up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datamodules.recordings.cutting import cut_at_hops, sound_s
from datamodules.recordings.listening import Contents, File, Listener
from datamodules.recordings.recordings import recording_files
from sounds.audio import UnusableAudio, blocks_of, header_of

MOST_LOOKED_AT = 16
"""Files whose spectrum is taken, spread over the folder."""
LONGEST_LOOK_S = 20.0
HEARD_DB = 60.0
"""A sixth of an octave so far below the loudest one is not worth a higher sample rate."""
ABOVE_NOISE_DB = 6.0
LOUD_DB, PAUSE_SHARE = 30.0, 0.05
MOST_FRAMES = 80.0
"""Percentile of frames: a phrase has a partial in a band in some of them only."""
NOISE_FLATNESS = 0.3
"""Quiet frames whose spectrum is flatter are noise, not the end of a note. White noise has 0.56."""
LOWEST_TRIM_DB, TRIM_DB = 30.0, 60.0
WINDOW_S = 0.046


class Material(NamedTuple):
    """Recordings of a folder.

    Attributes:
        contents: name of each file that can be used -> its stretches that sound
        unusable: name of each other one -> a sentence on why
        rate: samples per second of most files
        bandwidth_hz: up to where a quarter of the files has sound above its noise
        trim_db: what is so far below the loudest of a file does not sound
        n_stereo: files of several channels
    """

    contents: dict[str, Contents]
    unusable: dict[str, str]
    rate: int
    bandwidth_hz: float
    trim_db: float
    n_stereo: int

    @property
    def sounding_s(self) -> float:
        """Seconds that sound, in all files."""
        return sum(span.end_s - span.start_s for contents in self.contents.values() for span in contents.sounding)

    @property
    def stretches_s(self) -> np.ndarray:
        """How long each stretch between two silences is, rising: notes, or phrases."""
        spans = [span for contents in self.contents.values() for span in contents.sounding]
        return np.sort([span.end_s - span.start_s for span in spans])

    def n_clips(self, clip_s: float) -> int:
        """Clips of a length, as `Recordings` cuts them."""
        return sum(len(cut_at_hops(contents, clip_s, clip_s)) for contents in self.contents.values())

    def sounding_share(self, clip_s: float) -> float:
        """How much of all clips of a length sounds, 0 to 1; the rest is padding and pauses."""
        cut = [
            (contents, span) for contents in self.contents.values() for span in cut_at_hops(contents, clip_s, clip_s)
        ]
        return sum(sound_s(contents, span) for contents, span in cut) / max(len(cut) * clip_s, 1e-9)


class Look(NamedTuple):
    """One file's spectrum: up to where it sounds, and how far down its noise is (inf: none)."""

    bandwidth_hz: float
    noise_db: float


def material_of(root: str, cache: str) -> Material:
    """What a folder holds; what was heard is kept in the cache, where `Recordings` finds it.

    Raises:
        OSError: the cache cannot be written
    """
    files = recording_files(root)
    looks = list(_looks(files))
    noise_db = float(np.median([look.noise_db for look in looks])) if looks else np.inf
    trim_db = float(np.clip(np.floor(noise_db - ABOVE_NOISE_DB), LOWEST_TRIM_DB, TRIM_DB))
    heard = Listener("mix", trim_db).listen_to_all(files, cache)
    contents = {name: what for name, what in heard.items() if isinstance(what, Contents)}
    rates = Counter(header_of(str(Path(root) / name)).rate for name in contents)
    bandwidth_hz = float(np.percentile([look.bandwidth_hz for look in looks], 75)) if looks else 0.0
    return Material(
        contents,
        {name: what for name, what in heard.items() if isinstance(what, str)},
        rates.most_common(1)[0][0] if rates else 0,
        bandwidth_hz,
        trim_db,
        sum(what.n_channels > 1 for what in contents.values()),
    )


def _looks(files: Sequence[File]) -> Iterator[Look]:
    """The spectra of some files; what cannot be read is told when it is listened to."""
    for file in files[:: max(1, len(files) // MOST_LOOKED_AT)]:
        try:
            yield look_at(file.path)
        except UnusableAudio:
            continue


def look_at(path: str) -> Look:
    """The spectrum of the first seconds of a recording; raises UnusableAudio."""
    rate = header_of(path).rate
    audio = np.zeros(0, np.float32)
    for block in blocks_of(path, "mix"):
        audio = np.concatenate([audio, block])
        if len(audio) >= LONGEST_LOOK_S * rate:
            break
    size = round(WINDOW_S * rate)
    if len(audio) < 2 * size:
        return Look(rate / 2, np.inf)
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[:: size // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2
    level_db = 10.0 * np.log10(power.sum(axis=1) + 1e-20)
    loud = power[level_db >= level_db.max() - LOUD_DB]
    pause = np.median(power[level_db <= np.quantile(level_db, PAUSE_SHARE)], axis=0)
    noise_db = level_db.max() - float(10.0 * np.log10(pause.sum() + 1e-20))
    is_noise = pause.sum() > 0 and noise_db > LOWEST_TRIM_DB and _flatness(pause, rate) > NOISE_FLATNESS
    highest_hz = _highest_hz(loud, pause if is_noise else np.zeros_like(pause), rate)
    return Look(highest_hz, noise_db if is_noise else np.inf)


def _highest_hz(power: np.ndarray, noise: np.ndarray, rate: int) -> float:
    """Upper edge of the highest sixth of an octave within reach of the loudest, and above the noise.

    Args:
        power: (frames, bins)
        noise: (bins,)
        rate: samples per second
    """
    edges_hz = 1000.0 * 2.0 ** (np.arange(-20, 32) / 6)
    edges_hz = edges_hz[edges_hz < rate / 2]
    bands = np.searchsorted(np.linspace(0.0, rate / 2, power.shape[1]), edges_hz)
    # Not the mean of the frames: a click at the edge of a note has all frequencies.
    level = np.percentile(np.add.reduceat(power, bands, axis=1), MOST_FRAMES, axis=0)
    floor = np.add.reduceat(noise, bands)
    counts = (level > level.max() * 10 ** (-HEARD_DB / 10)) & (level > floor * 10 ** (ABOVE_NOISE_DB / 10))
    highest = int(np.flatnonzero(counts).max(initial=0))
    return float(edges_hz[highest + 1]) if highest + 1 < len(edges_hz) else rate / 2


def _flatness(power: np.ndarray, rate: int) -> float:
    """Geometric over arithmetic mean of what lies between 500 Hz and 8 kHz."""
    frequency_hz = np.linspace(0.0, rate / 2, len(power))
    middle = power[(frequency_hz > 500.0) & (frequency_hz < 8000.0)] + 1e-20
    return float(np.exp(np.log(middle).mean()) / middle.mean())
