"""Sound files to mono audio at the rate of the run, or one sentence on why not."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
import soxr

from sounds.headers import UnusableAudio
from sounds.offset import has_offset, reach, without_offset
from sounds.sound_file import SoundFile, opened
from synths.clip import ClipFormat

__all__ = [
    "SILENT_DB",
    "Channel",
    "Choice",
    "Header",
    "UnusableAudio",
    "blocks_at_rate",
    "blocks_of",
    "header_of",
    "read_audio",
    "read_clip",
    "read_wav",
    "refuse_no_channel",
]

Channel = int | Literal["mix"] | None
"""Which channel of a file to hear: a number from 0, "mix" for their mean, None to insist on mono files."""

READING = 2
"""Version of the way in which files are read: when it changes, clips are prepared again."""

SILENT_DB = -80.0
CANCELLED = 0.05
"""A mean so far below its channels (26 dB) is what is left of channels that cancel each other."""
LOUDEST = 32.0
"""30 dB above full scale: nobody mixes so loud, and whole numbers of 8 bits already go beyond it."""
SCALES_BITS = (8, 16, 24, 32)


class Header(NamedTuple):
    """What a sound file says of itself: samples a second, channels."""

    rate: int
    n_channels: int


class Choice(NamedTuple):
    """Which channel to hear, and by which option it was chosen, for messages."""

    channel: Channel
    option: str = "data.channel"


def read_clip(path: str, clip: ClipFormat, start_s: float = 0.0, channel: Channel = "mix") -> np.ndarray:
    """One clip of a sound file, its end padded with silence.

    Args:
        path: a sound file at any rate
        clip: the format of the run
        start_s: where in the file the clip starts
        channel: which channel to hear of a file that has several

    Returns:
        (N,) float32 in -1..1

    Raises:
        UnusableAudio: as `read_audio`
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
        UnusableAudio: as `read_audio`, and if the file has another rate
    """
    with opened(label, content) as file:
        if stated_rate not in (None, file.rate):
            raise UnusableAudio(
                f"{label} is sampled at {file.rate} Hz but its data set says {stated_rate} Hz: "
                "its pitch and length cannot be trusted; mend the file or its entry."
            )
        heard = _stretch(file, 0.0, None, Choice(None))
        return _as_clip(_usable(label, heard[: _n_frames(file, _reach_s(clip))], file.rate, clip, 0.0), clip)


def read_audio(
    path: str,
    clip: ClipFormat,
    start_s: float = 0.0,
    duration_s: float | None = None,
    channel: Channel = "mix",
    option: str = "data.channel",
) -> np.ndarray:
    """A stretch of a sound file at the rate of the run, (N,) float32; it ends early where the file does.

    An offset, and rumble below all hearing, are taken out; a file that has none is read to the bit.

    Args:
        path: a sound file at any rate
        clip: the format of the run
        start_s: where in the file to start
        duration_s: how much to read; None is to the end
        channel: which channel to hear of a file that has several
        option: how users choose the channel, for messages

    Raises:
        UnusableAudio: if the file cannot be read, is cut off, empty, too short or silent, if it has no such channel or
            channels that cancel each other, or holds numbers that are no sound
    """
    with opened(path) as file:
        heard = _stretch(file, start_s, duration_s, Choice(channel, option))
        return _usable(path, heard, file.rate, clip, start_s)


def audio_in_memory(
    audio: np.ndarray, rate: int, clip: ClipFormat, channel: Channel = "mix", label: str = "the sound"
) -> np.ndarray:
    """A sound in memory at the rate of the run, read as `read_audio` reads files.

    Args:
        audio: (n, channels), full scale 1
        rate: samples per second
        clip: the format of the run
        channel: which channel to hear
        label: what messages call it

    Raises:
        UnusableAudio: as `read_audio`
    """
    mono = _joined(_checked([audio], label, Choice(channel, "channel")))
    return _usable(label, _joined(without_offset([mono], rate)) if has_offset([mono], rate) else mono, rate, clip, 0.0)


def header_of(path: str) -> Header:
    """What a sound file says of itself; raises UnusableAudio if it cannot be true."""
    with opened(path) as file:
        return Header(file.rate, file.n_channels)


def blocks_of(path: str, channel: Channel, option: str = "data.channel") -> Iterator[np.ndarray]:
    """A whole recording at its own rate, (N,) after (N,), as `read_audio` reads stretches of it; raises as that."""
    with opened(path) as file:
        choice = Choice(channel, option)
        blocks = _heard(file, choice)
        yield from without_offset(blocks, file.rate) if _file_has_offset(path, _stamp(path), choice) else blocks


def blocks_at_rate(path: str, clip: ClipFormat, channel: Channel, option: str) -> Iterator[np.ndarray]:
    """What `read_audio` reads of a whole file, to the bit, (N,) after (N,), in memory that does not grow with it.

    Args:
        path: a sound file at any rate
        clip: the format of the run
        channel: which channel to hear of a file that has several
        option: how users choose the channel, for messages

    Raises:
        UnusableAudio: as `read_audio`; of a whole file that is silent or too short when all has been read
    """
    rate = header_of(path).rate
    resampler = soxr.ResampleStream(rate, clip.sample_rate, 1, dtype="float32") if rate != clip.sample_rate else None
    n_samples, peak = 0, 0.0
    for block in chain(blocks_of(path, channel, option), [None]):
        audio = np.zeros(0, np.float32) if block is None else np.ascontiguousarray(block, dtype=np.float32)
        if resampler is not None:
            audio = resampler.resample_chunk(audio, last=block is None)
        n_samples, peak = n_samples + len(audio), max(peak, float(np.abs(audio).max(initial=0.0)))
        yield audio
    _refuse_too_little(path, n_samples, peak, clip, 0.0)


def _stretch(file: SoundFile, start_s: float, duration_s: float | None, choice: Choice) -> np.ndarray:
    """(N,) at the rate of the file: with what the filter hears around it, if there is an offset to take out."""
    start = min(round(start_s * file.rate), file.n_frames)
    n_wanted = None if duration_s is None else _n_frames(file, duration_s)
    if start == 0 and (n_wanted is None or n_wanted >= file.n_frames):
        audio = _joined(_heard(file, choice))
        return _joined(without_offset([audio], file.rate)) if has_offset([audio], file.rate) else audio[:n_wanted]
    if not _file_has_offset(file.path, _stamp(file.path), choice):
        return _joined(_heard(file, choice, start, n_wanted))
    first, n_reach = max(0, start - reach(file.rate)), reach(file.rate)
    n_read = None if n_wanted is None else start - first + n_wanted + n_reach
    audio = _joined(without_offset(_heard(file, choice, first, n_read), file.rate))[start - first :]
    return audio[:n_wanted]


def _heard(file: SoundFile, choice: Choice, start: int = 0, n_frames: int | None = None) -> Iterator[np.ndarray]:
    """One channel of a stretch, (N,) after (N,); raises UnusableAudio if that is not sound."""
    return _checked(file.blocks(start, n_frames), file.path, choice)


def _checked(blocks: Iterable[np.ndarray], path: str, choice: Choice) -> Iterator[np.ndarray]:
    """(N, channels) after (N, channels) -> one channel, (N,) after (N,); raises UnusableAudio if that is not sound."""
    spread = np.zeros(2)
    for block in blocks:
        refuse_no_sound(path, block)
        audio = one_channel(path, block, choice)
        spread += audio.var(dtype=np.float64), block.var(axis=0, dtype=np.float64).max()
        yield np.ascontiguousarray(audio, dtype=np.float32)
    mean, loudest = np.sqrt(spread)
    if choice.channel == "mix" and mean < CANCELLED * loudest and loudest > 10 ** (SILENT_DB / 20):
        raise UnusableAudio(
            f"{path} has channels that cancel each other, and their mean is nearly silent: choose one with "
            f"{choice.option} 0."
        )


def refuse_no_sound(path: str, audio: np.ndarray) -> None:
    """Raises UnusableAudio if numbers are not finite, or cannot be a sound whose full scale is 1."""
    if not np.isfinite(audio).all():
        raise UnusableAudio(f"{path} holds samples that are not finite numbers: export it again from its source.")
    peak = float(np.abs(audio).max(initial=0.0))
    is_whole = peak >= 2 and bool((audio == np.rint(audio)).all())
    if peak <= LOUDEST and not is_whole:
        return
    bits = next((bits for bits in SCALES_BITS if peak <= 2.0 ** (bits - 1)), 0)
    if not bits:
        raise UnusableAudio(
            f"{path} holds numbers up to {peak:.2g}, where full scale is 1: that is not sound; export it again."
        )
    raise UnusableAudio(
        f"{path} holds numbers up to {peak:,.0f}, where full scale is 1, as if they were in the scale of {bits} bits: "
        f"divide them by {2 ** (bits - 1)}."
    )


@lru_cache(maxsize=256)
def _file_has_offset(path: str, stamp: str, choice: Choice) -> bool:
    """Decided for the whole file, because all its clips must be read alike; each process looks through a file once."""
    with opened(path) as file:
        return has_offset(_heard(file, choice), file.rate)


def _stamp(path: str) -> str:
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}"


def _joined(blocks: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def _n_frames(file: SoundFile, duration_s: float) -> int:
    return int(np.ceil(duration_s * file.rate))


def _reach_s(clip: ClipFormat) -> float:
    """Half a sample more than a clip, so that rounding in the resampler never leaves a clip one sample short."""
    return clip.duration_s + 0.5 / clip.sample_rate


def _as_clip(audio: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(any,) -> (N,), cut or padded with silence."""
    audio = audio[: clip.n_samples]
    return np.pad(audio, (0, clip.n_samples - len(audio)))


def _usable(path: str, audio: np.ndarray, file_rate: int, clip: ClipFormat, start_s: float) -> np.ndarray:
    """(N,) at the rate of the file -> (N,) at the rate of the run; raises UnusableAudio."""
    audio = _resampled(audio, file_rate, clip.sample_rate)
    _refuse_too_little(path, len(audio), float(np.abs(audio).max(initial=0.0)), clip, start_s)
    return audio


def _refuse_too_little(path: str, n_samples: int, peak: float, clip: ClipFormat, start_s: float) -> None:
    """Raises UnusableAudio if what was read at the rate of the run is too short or silent."""
    if n_samples < clip.hop:
        raise UnusableAudio(
            f"{path} has {n_samples} samples at {clip.sample_rate} Hz from {start_s:g} s on, less than one control "
            f"frame ({clip.hop}): use a longer recording."
        )
    if peak < 10 ** (SILENT_DB / 20):
        raise UnusableAudio(
            f"{path} is silent (below {SILENT_DB:g} dBFS, an offset not counted) from {start_s:g} s on: remove or "
            "replace it."
        )


def one_channel(path: str, audio: np.ndarray, choice: Choice) -> np.ndarray:
    """(N, channels) -> (N,) of the channel asked for; raises UnusableAudio if there is none such."""
    channel, n_channels = choice.channel, audio.shape[1]
    if channel == "mix":
        return audio.mean(axis=1) if n_channels > 1 else audio[:, 0]
    refuse_no_channel(path, n_channels, choice)
    return audio[:, channel or 0]


def refuse_no_channel(path: str, n_channels: int, choice: Choice) -> None:
    """Raises UnusableAudio if a file does not have the channel that is asked for."""
    channel, option = choice
    if channel == "mix":
        return
    if channel is None and n_channels > 1:
        raise UnusableAudio(
            f"{path} has {n_channels} channels where mono is wanted: set {option} to 0 (the first) or mix (their mean)."
        )
    if channel is not None and not 0 <= channel < n_channels:
        raise UnusableAudio(
            f"{path} has {n_channels} channel(s) and {option} asks for number {channel}: "
            f"choose 0 to {n_channels - 1} or mix."
        )


def _resampled(audio: np.ndarray, file_rate: int, sample_rate: int) -> np.ndarray:
    if file_rate == sample_rate:
        return np.ascontiguousarray(audio, dtype=np.float32)
    return soxr.resample(audio, file_rate, sample_rate).astype(np.float32)
