"""Sounds as `timbre describe` hears them: any file, near its own rate, with its pitch."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sounds.audio import Channel, header_of, read_audio
from sounds.pitch import NoPitch
from sounds.trackers import TRACKERS
from synths import ClipFormat

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 16000, 48000
FRAMES_PER_SECOND = 100


class DescribedSound(NamedTuple):
    """Audio (N,), f0_hz (F,) or None where there is no clear pitch, n_channels of the file, clip it is measured in."""

    audio: Tensor
    f0_hz: Tensor | None
    n_channels: int
    clip: ClipFormat


def read_sound(path: Path, channel: Channel, f0_hz: float | None, full_scale_db_spl: float) -> DescribedSound:
    """Read a file at its own rate, or the nearest that descriptors are defined for.

    Args:
        path: of the file
        channel: of a file with several
        f0_hz: its pitch; None tracks it
        full_scale_db_spl: level of a signal of rms 1

    Raises:
        UnusableAudio: it cannot be described; the message says why
    """
    header = header_of(str(path))
    clip = format_at(header.rate, full_scale_db_spl)
    audio = torch.from_numpy(read_audio(str(path), clip, channel=channel, option="--channel"))
    pitch = heard_pitch(audio, clip) if f0_hz is None else _steady(f0_hz, audio, clip)
    return DescribedSound(audio, pitch, header.n_channels, clip)


def format_at(rate: int, full_scale_db_spl: float) -> ClipFormat:
    """The format in which a sound of any rate is described."""
    sample_rate = min(max(rate, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)
    hop = round(sample_rate / FRAMES_PER_SECOND)
    return ClipFormat(sample_rate, n_samples=hop, hop=hop, full_scale_db_spl=full_scale_db_spl)


def pitch_source(f0_hz: float | None) -> str:
    """Where the pitch comes from, in words."""
    return "as given" if f0_hz is not None else TRACKERS[0]().identity


def heard_pitch(audio: Tensor, clip: ClipFormat) -> Tensor | None:
    """(N,) audio -> (F,) its pitch in Hz, None where there is no clear one."""
    try:
        return torch.from_numpy(TRACKERS[0]().track(audio.numpy(), clip).f0_hz)
    except NoPitch:
        return None


def _steady(f0_hz: float, audio: Tensor, clip: ClipFormat) -> Tensor:
    return torch.full((-(-len(audio) // clip.hop),), f0_hz)
