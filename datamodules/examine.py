"""One source read, checked and tracked: what goes into a shard."""

from typing import NamedTuple

import numpy as np

from datamodules.audio import UnusableAudio
from datamodules.pitch import VOICED, NoPitch, Pitch, PitchTracker
from datamodules.source import Heard, Source
from synths.clip import ClipFormat

FULL_SCALE = 32768
SOUNDING_DB = -60.0


class Quantised(NamedTuple):
    """Shapes: samples (N,) int16; sound is samples * scale."""

    samples: np.ndarray
    scale: float


class Examined(NamedTuple):
    """A source that can be used: its sound, its pitch (2, F) as f0_hz and confidence, and what is heard in it."""

    audio: Quantised
    untouched: Quantised | None
    pitch: np.ndarray
    heard: Heard


def examine(source: Source, tracker: PitchTracker, clip: ClipFormat) -> Examined | str:
    """What a source sounds like, or one sentence on why it cannot be used."""
    try:
        audio = source.sound.read(clip)
        untouched = None if source.untouched is None else source.untouched.read(clip)
        pitch = source.sound.pitch(clip) or tracker.track(audio if untouched is None else untouched, clip)
    except UnusableAudio as error:
        return str(error)
    except NoPitch as error:
        return f"{source.name}: {error}."
    return Examined(
        quantised(audio),
        None if untouched is None else quantised(untouched),
        np.stack([pitch.f0_hz, pitch.confidence]).astype(np.float32),
        heard(audio, pitch, clip),
    )


def quantised(audio: np.ndarray) -> Quantised:
    """(N,) float -> 16 bits; exact for what came from 16 bits, and scaled instead of clipped beyond full scale."""
    peak = float(np.abs(audio).max())
    scale = 1 / FULL_SCALE if peak * FULL_SCALE < FULL_SCALE - 0.5 else peak / (FULL_SCALE - 1)
    return Quantised(np.rint(audio / scale).astype(np.int16), float(np.float32(scale)))


def heard(audio: np.ndarray, pitch: Pitch, clip: ClipFormat) -> Heard:
    """What a clip sounds like, in three numbers."""
    voiced = pitch.confidence >= VOICED
    power = (audio[: clip.n_frames * clip.hop].reshape(clip.n_frames, clip.hop) ** 2).mean(axis=1)
    sounding = power > power.max() * 10 ** (SOUNDING_DB / 10)
    median_f0_hz = np.median(pitch.f0_hz[voiced]) if voiced.any() else 0.0
    return Heard(round(float(median_f0_hz), 3), round(float(voiced.mean()), 4), round(float(sounding.mean()), 4))
