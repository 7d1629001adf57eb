"""One source read, checked and tracked: what goes into a shard."""

from typing import NamedTuple

import numpy as np

from datamodules.source import Heard, Source
from sounds.audio import UnusableAudio
from sounds.pitch import VOICED, NoPitch, Pitch, PitchTracker
from synths.clip import ClipFormat

FULL_SCALE = 32768
SOUNDING_DB = -60.0
SHORTEST_SOUND_S, SHORTEST_SHARE = 0.1, 0.25
"""The window in which pitch is heard; of clips that are hardly longer, a quarter."""


class Quantised(NamedTuple):
    """Shapes: samples (N,) int16; sound is samples * scale."""

    samples: np.ndarray
    scale: float


class ExaminedClip(NamedTuple):
    """A source that can be used: its sound, its pitch (2, F) as f0_hz and confidence, and what is heard in it."""

    audio: Quantised
    untouched: Quantised | None
    pitch: np.ndarray
    heard: Heard


def examine(source: Source, tracker: PitchTracker, clip: ClipFormat) -> ExaminedClip | str:
    """What a source sounds like, or one sentence on why it cannot be used."""
    try:
        audio = source.sound.read(clip)
        untouched = None if source.untouched is None else source.untouched.read(clip)
        pitch = source.sound.pitch(clip) or tracker.track(audio if untouched is None else untouched, clip)
    except UnusableAudio as error:
        return str(error)
    except NoPitch as error:
        return f"{source.name}: {error}."
    except Exception as error:  # one sound never costs the results of the others
        return f"{source.name} cannot be used ({type(error).__name__}: {error}): convert, mend or remove it."
    return _kept(source, audio, untouched, pitch, clip)


def _kept(
    source: Source, audio: np.ndarray, untouched: np.ndarray | None, pitch: Pitch, clip: ClipFormat
) -> ExaminedClip | str:
    """What goes into the shard, unless hardly anything sounds."""
    found = heard(audio, pitch, clip)
    shortest = min(SHORTEST_SOUND_S / clip.duration_s, SHORTEST_SHARE)
    if found.sounding < shortest:
        return (
            f"{source.name} sounds for {found.sounding * clip.duration_s:.3g} of {clip.duration_s:.3g} s only, too "
            f"little for a pitch ({shortest * clip.duration_s:.3g} s): it is left out."
        )
    return ExaminedClip(
        quantised(audio),
        None if untouched is None else quantised(untouched),
        np.stack([pitch.f0_hz, pitch.confidence]).astype(np.float32),
        found,
    )


def quantised(audio: np.ndarray) -> Quantised:
    """(N,) float -> 16 bits: exact for what came from 16 bits; else the peak uses all of them, whatever its level."""
    steps = audio.astype(np.float64) * FULL_SCALE
    is_exact = bool((steps == np.rint(steps)).all()) and -FULL_SCALE <= steps.min() and steps.max() < FULL_SCALE
    unit = 1.0 if is_exact else float(np.abs(steps).max()) / (FULL_SCALE - 1)
    return Quantised(np.rint(steps / unit).astype(np.int16), float(np.float32(unit / FULL_SCALE)))


def heard(audio: np.ndarray, pitch: Pitch, clip: ClipFormat) -> Heard:
    """What a clip sounds like, in three numbers."""
    voiced = pitch.confidence >= VOICED
    power = (audio[: clip.n_frames * clip.hop].reshape(clip.n_frames, clip.hop) ** 2).mean(axis=1)
    sounding = power > power.max() * 10 ** (SOUNDING_DB / 10)
    median_f0_hz = np.median(pitch.f0_hz[voiced]) if voiced.any() else 0.0
    return Heard(round(float(median_f0_hz), 3), round(float(voiced.mean()), 4), round(float(sounding.mean()), 4))
