"""A turned sound as a file like the one it came from, whole or not at all."""

import shutil
from collections.abc import Iterable, Iterator
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
LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
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
    kind: FileKind


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


def delivered(sound: SoundIn, changes: Iterable[np.ndarray], path: Path, kind: FileKind) -> Delivered:
    """Write a sound with what is added to it, lowered where it would clip.

    Args:
        sound: as it was
        changes: (n, channels) after (n, channels), all of it
        path: of the file
        kind: of the file

    Raises:
        OSError: it cannot be written
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=path.parent) as raw:
        before, peak = _add(sound, changes, raw)
        gain = min(1.0, FULL_SCALE / peak) if peak > 1.0 and kind.subtype not in HOLDS_MORE else 1.0
        with (
            written_whole(path) as partial,
            soundfile.SoundFile(
                partial, "w", sound.rate, sound.n_channels, kind.subtype, format=kind.container
            ) as file,
        ):
            for block in _blocks(raw, sound.n_channels):
                file.write(block if gain == 1.0 else gain * block)
    return Delivered(-20.0 * float(np.log10(gain)), 20.0 * float(np.log10(peak / max(before, 1e-9))), kind)


def _add(sound: SoundIn, changes: Iterable[np.ndarray], raw: IO[bytes]) -> tuple[float, float]:
    """Sound and change, as float64 to a file; the peaks of the sound before and after."""
    start, before, peak = 0, 0.0, 0.0
    for change in changes:
        own = sound.read(start, start + len(change))
        turned = own + change
        before, peak = (max(a, float(np.abs(b).max(initial=0.0))) for a, b in ((before, own), (peak, turned)))
        raw.write(turned.tobytes())
        start += len(change)
    return before, peak


def _blocks(raw: IO[bytes], n_channels: int) -> Iterator[np.ndarray]:
    raw.seek(0)
    while content := raw.read(8 * n_channels * BLOCK):
        yield np.frombuffer(content).reshape(-1, n_channels)
