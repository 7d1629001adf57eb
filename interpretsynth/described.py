"""What the descriptors read on a sound."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from interpretsynth.sound import frames_of_pitch, samples
from sounds.audio import audio_in_memory
from synths import Descriptor
from synths.descriptors.describe import Description, kinds_named
from synths.descriptors.describe import describe as described
from timbre.describe.sounds import format_at, heard_pitch


@dataclass(frozen=True)
class Quality:
    """One descriptor's readings of a sound.

    Attributes:
        unit: such as acum or dB
        jnd: least audible difference in the unit, None where none is known
        mean: over what sounds, as knobs count it; None where it needs a pitch and there is none
        whole: one reading of the whole sound, as `timbre describe` prints it: pooled as the descriptor's source pools
        curve: (F,) every 10 ms; None of what a whole note has, and where there is no pitch
    """

    unit: str
    jnd: float | None
    mean: float | None
    whole: float | None
    curve: np.ndarray | None = field(repr=False)


@dataclass(frozen=True)
class DescribedQualities:
    """A sound's qualities.

    Attributes:
        readings: name of a descriptor -> its readings; `described["sharpness"]` is one of them
        time_s: (F,) of the curves
        sounding: (F,) True where the sound is within 40 dB of its loudest
        f0_hz: (F,) its pitch, None where none is heard
    """

    readings: dict[str, Quality]
    time_s: np.ndarray = field(repr=False)
    sounding: np.ndarray = field(repr=False)
    f0_hz: np.ndarray | None = field(repr=False)

    def __getitem__(self, name: str) -> Quality:
        """One descriptor's readings; raises KeyError if it was not read."""
        return self.readings[name]


def describe(
    audio: np.ndarray,
    rate: int,
    *,
    only: Sequence[str] | None = None,
    f0_hz: float | np.ndarray | None = None,
    channel: int | Literal["mix"] = "mix",
    full_scale_db_spl: float = 100.0,
) -> DescribedQualities:
    """What every descriptor reads on a sound.

    Args:
        audio: (samples,) or (samples, channels) of floats, full scale 1
        rate: samples per second; sounds below 16 and above 48 kHz are measured at the nearest of these
        only: names of descriptors, and no others
        f0_hz: the pitch where it is known: a number, or an array spread evenly over the sound
        channel: which one is measured, or their mean
        full_scale_db_spl: sound pressure level of rms 1, in dB

    Raises:
        ValueError: it is no such sound, or there is no such descriptor
    """
    kinds = kinds_named([only] if isinstance(only, str) else only)
    clip = format_at(int(rate), full_scale_db_spl)
    heard = torch.from_numpy(audio_in_memory(samples(audio, rate), int(rate), clip, channel))
    pitch = heard_pitch(heard, clip) if f0_hz is None else torch.from_numpy(frames_of_pitch(f0_hz, len(heard), clip))
    read = described(heard, pitch, clip, kinds)
    time_s = np.arange(len(read.sounding)) * clip.hop / clip.sample_rate
    qualities = {kind.name: _quality(kind, read) for kind in kinds}
    return DescribedQualities(qualities, time_s, read.sounding.numpy(), None if pitch is None else pitch.numpy())


def _quality(kind: type[Descriptor], read: Description) -> Quality:
    whole, curve = read.numbers[kind.name], read.frames.get(kind.name)
    if curve is None:
        return Quality(kind.unit, kind.jnd, whole, whole, None)
    mean = float(curve[read.sounding].mean()) if read.sounding.any() else float("nan")
    return Quality(kind.unit, kind.jnd, mean, whole, curve.numpy())
