"""Sound files, opened and read to where their samples really end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import soundfile

from sounds.ffmpeg import FFMPEG_SUFFIXES, decoded, is_for_ffmpeg
from sounds.headers import UnusableAudio, refuse_cut_off, refuse_early_end, refuse_implausible, refuse_no_file

BLOCK_S = 60.0
SUFFIXES_OF: dict[str, tuple[str, ...]] = {
    "AIFF": (".aif", ".aiff", ".aifc"),
    "AU": (".au", ".snd"),
    "IRCAM": (".ircam", ".sf"),
    "MP3": (".mp3", ".mp2"),
    "NIST": (".nist", ".sph"),
    "OGG": (".ogg", ".oga", ".opus"),
    "SVX": (".svx", ".8svx", ".iff"),
    "WAV": (".wav", ".wave", ".bwf"),
    # Tables, and samples without a header: not looked for.
    "MAT4": (),
    "MAT5": (),
    "RAW": (),
}
_KINDS = soundfile.available_formats()
SUFFIXES = tuple(
    sorted({*FFMPEG_SUFFIXES, *(name for kind in _KINDS for name in SUFFIXES_OF.get(kind, (f".{kind.lower()}",)))})
)
"""Endings of the files that folders are searched for: all that the installed libsndfile or ffmpeg reads."""


@dataclass(frozen=True)
class SoundFile:
    """A sound file that is open, its header plausible."""

    path: str
    file: soundfile.SoundFile
    raw: IO[bytes]

    @property
    def rate(self) -> int:
        """Samples per second."""
        return int(self.file.samplerate)

    @property
    def n_channels(self) -> int:
        """As its header says."""
        return int(self.file.channels)

    @property
    def n_frames(self) -> int:
        """As its header says, which may be more than there are."""
        return int(self.file.frames)

    def blocks(self, start: int = 0, n_frames: int | None = None) -> Iterator[np.ndarray]:
        """A stretch of the file in blocks (N, channels); it ends early where the file does.

        Raises:
            UnusableAudio: if its end is asked for and lies before the one that the header says
        """
        self.file.seek(min(start, self.n_frames))
        # Numbers beyond those of 32 bits are not infinite.
        dtype = "float64" if self.file.subtype == "DOUBLE" else "float32"
        n_read, left = min(start, self.n_frames), n_frames
        # By blocks, because a header may claim more than memory holds.
        while left is None or left > 0:
            block = self.file.read(min(round(BLOCK_S * self.rate), left or 2**62), dtype=dtype, always_2d=True)
            if not len(block):
                break
            yield block
            n_read, left = n_read + len(block), None if left is None else left - len(block)
        if n_frames is None:
            refuse_early_end(self.path, self.file, n_read, self.raw)


@contextmanager
def opened(path: str, content: bytes | None = None) -> Iterator[SoundFile]:
    """Open a sound file.

    Args:
        path: where it is, or what messages call it
        content: all of it, if it is in memory

    Raises:
        UnusableAudio: if it cannot be read, now or later, is cut off or empty, or its header cannot be true
    """
    if content is None:
        refuse_no_file(path)
    is_sound = False
    try:
        with _raw(path) if content is None else BytesIO(content) as raw, soundfile.SoundFile(raw) as file:
            is_sound = True
            refuse_cut_off(path, file, raw)
            refuse_implausible(path, file)
            yield SoundFile(path, file, raw)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        reason = getattr(error, "error_string", "") or str(error)
        if is_sound or "malformed" in reason:
            raise UnusableAudio(f"{path} is cut off or damaged ({reason.rstrip('.')}): copy it again.") from error
        raise UnusableAudio(f"{path} cannot be read as sound: convert it to WAV, FLAC, OGG or MP3.") from error


def _raw(path: str) -> IO[bytes]:
    if not is_for_ffmpeg(path):
        return open(path, "rb")
    raw = decoded(path)
    raw.seek(0)
    return raw


def sound_files(folder: str) -> list[Path]:
    """All sound files of a folder and the folders in it, sorted; hidden ones are left out."""
    names = [path.relative_to(folder) for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in SUFFIXES]
    return [Path(folder) / name for name in names if not any(part.startswith(".") for part in name.parts)]
