"""A turned sound as a file like the one it came from, whole or not at all."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Literal, NamedTuple

import numpy as np
import soundfile

from output.whole_files import written_whole
from sounds.sound_file import SUFFIXES_OF
from turning.sound_in import SoundIn

FULL_SCALE = 0.999
BLOCK = 1 << 20
HOLDS_MORE = ("FLOAT", "DOUBLE")
"""Kinds of samples that may lie above full scale."""
WRITTEN = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".ogg", ".opus", ".w64", ".wav")
Peak = Literal["lower", "keep"]


class FileKind(NamedTuple):
    """Container and kind of samples, in soundfile's words."""

    container: str
    subtype: str


class Delivered(NamedTuple):
    """A file that was written: by how many dB it was lowered, and by how many its peak rose, that not counted."""

    lowered_db: float
    rise_db: float


def kind_of(path: Path, like: soundfile.SoundFile, peak: Peak) -> FileKind:
    """How a file of this name is written, as like another as it can be.

    Raises:
        ValueError: no such file can be written
    """
    suffix = path.suffix.lower()
    if suffix not in WRITTEN:
        raise ValueError(f"{path} ends in '{path.suffix}': write one of {', '.join(WRITTEN)}.")
    names = {end: container for container, ends in SUFFIXES_OF.items() for end in ends}
    container = names.get(suffix, suffix[1:].upper())
    # The broader headers of one container hold the same samples.
    own = like.format if like.format in ("WAVEX", "RF64") and container == "WAV" else container
    subtype = "FLOAT" if peak == "keep" else "OPUS" if suffix == ".opus" else like.subtype
    if peak == "keep" and not soundfile.check_format(own, "FLOAT"):
        raise ValueError(f"--peak keep: {suffix} holds nothing above full scale: write a .wav.")
    if soundfile.check_format(own, subtype):
        return FileKind(own, subtype)
    if soundfile.check_format(container, "PCM_24"):
        return FileKind(container, "PCM_24")
    return FileKind(container, soundfile.default_subtype(container))


def copied(source: Path, path: Path) -> None:
    """The very bytes of a file."""
    with written_whole(path) as partial:
        shutil.copyfile(source, partial)


def delivered(sound: SoundIn, changes: Iterable[np.ndarray], paths: Sequence[Path], kind: FileKind) -> list[Delivered]:
    """Write a sound with each of the things that are added to it; where one would clip, all are lowered alike.

    Args:
        sound: as it was
        changes: (R, n, channels) after (R, n, channels), all of it
        paths: of R files
        kind: of the files

    Raises:
        OSError: one cannot be written
    """
    with ExitStack() as stack:
        raws = [stack.enter_context(TemporaryFile(dir=path.parent)) for path in paths]
        before, peaks = _add(sound, changes, raws)
        highest = float(peaks.max())
        gain = min(1.0, FULL_SCALE / highest) if highest > 1.0 and kind.subtype not in HOLDS_MORE else 1.0
        for raw, path in zip(raws, paths, strict=True):
            _write(raw, sound, path, kind, gain)
    lowered_db = -20.0 * float(np.log10(gain))
    return [Delivered(lowered_db, 20.0 * float(np.log10(peak / max(before, 1e-9)))) for peak in peaks]


def _add(sound: SoundIn, changes: Iterable[np.ndarray], raws: Sequence[IO[bytes]]) -> tuple[float, np.ndarray]:
    """Sound and changes, as float64 to R files; the peak of the sound, and (R,) those of what became of it."""
    start, before, peaks = 0, 0.0, np.zeros(len(raws))
    for change in changes:
        own = sound.read(start, start + change.shape[1])
        turned = own + change
        before = max(before, float(np.abs(own).max(initial=0.0)))
        peaks = np.maximum(peaks, np.abs(turned).max(axis=(1, 2), initial=0.0))
        for raw, one in zip(raws, turned, strict=True):
            raw.write(one.tobytes())
        start += change.shape[1]
    return before, peaks


def _write(raw: IO[bytes], sound: SoundIn, path: Path, kind: FileKind, gain: float) -> None:
    shape = sound.rate, sound.n_channels, kind.subtype
    with written_whole(path) as partial, soundfile.SoundFile(partial, "w", *shape, format=kind.container) as file:
        for block in _blocks(raw, sound.n_channels):
            file.write(block if gain == 1.0 else gain * block)


def _blocks(raw: IO[bytes], n_channels: int) -> Iterator[np.ndarray]:
    raw.seek(0)
    while content := raw.read(8 * n_channels * BLOCK):
        yield np.frombuffer(content).reshape(-1, n_channels)
