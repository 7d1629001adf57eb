"""Sound files to mono audio at the rate of the run, or one sentence on why not."""

import os
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr

from synths.clip import ClipFormat

Channel = int | Literal["mix"] | None
"""Which channel of a file to hear: a number from 0, "mix" for their mean, None to insist on mono files."""

SILENT_DB = -80.0
UNKNOWN_SIZE = 2**32 - 1
"""What a WAV file says of its size if it was written to a pipe."""


class UnusableAudio(ValueError):
    """A sound file cannot become a clip: its message names the file, what is wrong and the mend."""


def read_clip(path: str, clip: ClipFormat, start_s: float = 0.0, channel: Channel = None) -> np.ndarray:
    """One clip of a sound file, its end padded with silence.

    Args:
        path: a WAV, FLAC, OGG or MP3 file at any rate
        clip: the format of the run
        start_s: where in the file the clip starts
        channel: which channel to hear of a file that has several

    Returns:
        (N,) float32 in -1..1

    Raises:
        UnusableAudio: if the file cannot be read, is empty, too short, silent, not finite or has too many channels
    """
    return _as_clip(read_audio(path, clip, start_s, _reach_s(clip), channel), clip)


def read_wav(content: bytes, label: str, clip: ClipFormat, stated_rate: int | None = None) -> np.ndarray:
    """One clip of a mono WAV file whose bytes are in memory, its end padded with silence.

    Args:
        content: the whole file
        label: what messages call it
        clip: the format of the run
        stated_rate: the sample rate that its data set says it has, Hz; None if it says nothing

    Returns:
        (N,) float32 in -1..1

    Raises:
        UnusableAudio: as `read_clip`, and if the file is cut off or has another rate
    """
    if content[:4] == b"RIFF" and len(content) + 1 < int.from_bytes(content[4:8], "little") + 8 < UNKNOWN_SIZE:
        raise UnusableAudio(f"{label} is cut off: download or unpack the data set again.")
    audio, file_rate = _read_file(label, 0.0, _reach_s(clip), BytesIO(content))
    if stated_rate not in (None, file_rate):
        raise UnusableAudio(
            f"{label} is sampled at {file_rate} Hz but its data set says {stated_rate} Hz: "
            "its pitch and length cannot be trusted; mend the file or its entry."
        )
    return _as_clip(_usable(label, audio, file_rate, clip, 0.0, None), clip)


def read_audio(
    path: str, clip: ClipFormat, start_s: float = 0.0, duration_s: float | None = None, channel: Channel = None
) -> np.ndarray:
    """A stretch of a sound file at the rate of the run, (N,) float32, as long as it is there.

    Args:
        path: a WAV, FLAC, OGG or MP3 file at any rate
        clip: the format of the run
        start_s: where in the file to start
        duration_s: how much to read; None is to the end
        channel: which channel to hear of a file that has several

    Raises:
        UnusableAudio: if the file cannot be read, is empty, too short, silent, not finite or has too many channels
    """
    if not Path(path).is_file():
        raise UnusableAudio(f"{path} does not exist: restore it or remove it from the index of the data set.")
    return _usable(path, *_read_file(path, start_s, duration_s, path), clip, start_s, channel)


def duration_s(path: str) -> float:
    """How long a sound file is, from its header alone.

    Raises:
        UnusableAudio: if the header cannot be read or the file is empty
    """
    try:
        header = soundfile.info(os.fsencode(path))
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise unreadable(path) from error
    if header.frames == 0:
        raise UnusableAudio(f"{path} is empty (no samples): record it again or remove it.")
    return float(header.frames) / float(header.samplerate)


def _reach_s(clip: ClipFormat) -> float:
    """Half a sample more than a clip, so that rounding in the resampler never leaves a clip one sample short."""
    return clip.duration_s + 0.5 / clip.sample_rate


def _as_clip(audio: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(any,) -> (N,), cut or padded with silence."""
    audio = audio[: clip.n_samples]
    return np.pad(audio, (0, clip.n_samples - len(audio)))


def _read_file(path: str, start_s: float, duration_s: float | None, content: str | BytesIO) -> tuple[np.ndarray, int]:
    """Samples of a stretch, (N, channels) float32 at the file's own rate, and that rate."""
    try:
        with soundfile.SoundFile(os.fsencode(content) if isinstance(content, str) else content) as file:
            file.seek(min(round(start_s * file.samplerate), file.frames))
            n_wanted = -1 if duration_s is None else int(np.ceil(duration_s * file.samplerate))
            audio, n_in_file = file.read(n_wanted, dtype="float32", always_2d=True), file.frames
            file_rate = int(file.samplerate)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise unreadable(path) from error
    if n_in_file == 0:
        raise UnusableAudio(f"{path} is empty (no samples): record it again or remove it.")
    return audio, file_rate


def _usable(
    path: str, audio: np.ndarray, file_rate: int, clip: ClipFormat, start_s: float, channel: Channel
) -> np.ndarray:
    """(N, channels) at the rate of the file -> (N,) at the rate of the run; raises UnusableAudio."""
    audio = one_channel(path, audio, channel)
    if not np.isfinite(audio).all():
        raise UnusableAudio(f"{path} holds samples that are not finite numbers: export it again from its source.")
    audio = _resampled(audio, file_rate, clip.sample_rate)
    if len(audio) < clip.hop:
        raise UnusableAudio(
            f"{path} has {len(audio)} samples at {clip.sample_rate} Hz from {start_s:g} s on, less than one control "
            f"frame ({clip.hop}): use a longer recording."
        )
    if np.abs(audio).max() < 10 ** (SILENT_DB / 20):
        raise UnusableAudio(f"{path} is silent (below {SILENT_DB:g} dBFS) from {start_s:g} s on: remove or replace it.")
    return audio


def unreadable(path: str) -> UnusableAudio:
    """What a file that is no sound is refused with."""
    return UnusableAudio(f"{path} cannot be read as sound: convert it to WAV, FLAC, OGG or MP3.")


def one_channel(path: str, audio: np.ndarray, channel: Channel) -> np.ndarray:
    """(N, channels) -> (N,) of the channel asked for; raises UnusableAudio if there is none such."""
    n_channels = audio.shape[1]
    if channel == "mix":
        return audio.mean(axis=1)
    if channel is None and n_channels > 1:
        raise UnusableAudio(
            f"{path} has {n_channels} channels and the data set wants mono: "
            "set data.channel to 0 (the first) or mix (their mean)."
        )
    if channel is not None and not 0 <= channel < n_channels:
        raise UnusableAudio(
            f"{path} has {n_channels} channel(s) and data.channel asks for number {channel}: "
            f"choose 0 to {n_channels - 1} or mix."
        )
    return audio[:, channel or 0]


def _resampled(audio: np.ndarray, file_rate: int, sample_rate: int) -> np.ndarray:
    if file_rate == sample_rate:
        return np.ascontiguousarray(audio, dtype=np.float32)
    return soxr.resample(audio, file_rate, sample_rate).astype(np.float32)
