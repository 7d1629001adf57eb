"""Sounds as `timbre describe` hears them: any file, near its own rate, with its pitch."""

from pathlib import Path
from typing import NamedTuple

import soundfile
import torch
from torch import Tensor

from datamodules import TRACKERS, NoPitch, UnusableAudio, read_audio
from datamodules.audio import Channel, duration_s
from synths import ClipFormat

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 16000, 48000
FRAMES_PER_SECOND = 100


class Sound(NamedTuple):
    """Audio (N,), f0_hz (F,) or None where there is no clear pitch, n_channels of the file, clip it is measured in."""

    audio: Tensor
    f0_hz: Tensor | None
    n_channels: int
    clip: ClipFormat


def sound_files(folder: Path) -> list[Path]:
    """All sound files of a folder and the folders in it, sorted; hidden ones are left out.

    Raises:
        ValueError: there is none
    """
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    paths = [folder / name for name in names if not any(part.startswith(".") for part in name.parts)]
    if not paths:
        raise ValueError(f"there is no sound in {folder}: it holds no {', '.join(SUFFIXES[:-1])} file.")
    return paths


def read_sound(path: Path, channel: Channel, f0_hz: float | None, full_scale_db_spl: float) -> Sound:
    """Read a file at its own rate, or the nearest that descriptors are defined for.

    Args:
        path: of the file
        channel: of a file with several
        f0_hz: its pitch; None tracks it
        full_scale_db_spl: level of a signal of rms 1

    Raises:
        UnusableAudio: it cannot be described; the message says why
    """
    duration_s(str(path))  # before its header is looked at: raises in one sentence where there is none
    header = soundfile.info(str(path))
    if isinstance(channel, int) and channel >= header.channels:
        raise UnusableAudio(f"{path} has {header.channels} channel(s) and no number {channel}: choose 0 or mix.")
    sample_rate = min(max(header.samplerate, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)
    hop = round(sample_rate / FRAMES_PER_SECOND)
    clip = ClipFormat(sample_rate, n_samples=hop, hop=hop, full_scale_db_spl=full_scale_db_spl)
    audio = torch.from_numpy(read_audio(str(path), clip, channel=channel))
    return Sound(audio, _pitch(audio, clip) if f0_hz is None else _steady(f0_hz, audio, clip), header.channels, clip)


def pitch_source(f0_hz: float | None) -> str:
    """Where the pitch comes from, in words."""
    return "as given" if f0_hz is not None else TRACKERS[0]().identity


def _pitch(audio: Tensor, clip: ClipFormat) -> Tensor | None:
    try:
        return torch.from_numpy(TRACKERS[0]().track(audio.numpy(), clip).f0_hz)
    except NoPitch:
        return None


def _steady(f0_hz: float, audio: Tensor, clip: ClipFormat) -> Tensor:
    return torch.full((-(-len(audio) // clip.hop),), f0_hz)
