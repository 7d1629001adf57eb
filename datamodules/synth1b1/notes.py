"""Which sounds of synth1B1 are wanted: judged by their control signals, without rendering them."""

from dataclasses import dataclass

import numpy as np
from torch.serialization import add_safe_globals

from datamodules.synth1b1.controls import SAMPLES_PER_POINT, Tones
from datamodules.synth1b1.voice import SAMPLE_RATE
from synths.clip import ClipFormat

POINTS_PER_S = SAMPLE_RATE / SAMPLES_PER_POINT


@dataclass(frozen=True)
class CleanNote:
    """What makes a sound a note of one clear pitch: as much of it as a clip has is judged.

    Args:
        lowest_hz: the dominant oscillator never goes lower while it is audible
        highest_hz: nor higher
        dominance_db: by how much its energy exceeds that of the other oscillator and the noise
        spread_semitones: how far its pitch may wander while it is audible
        audible_s: how long it is audible at the least, or for nine tenths of a short clip
        audible_db: the level from which it is, in dB of full scale
    """

    lowest_hz: float = 40.0
    highest_hz: float = 2000.0
    dominance_db: float = 20.0
    spread_semitones: float = 0.5
    audible_s: float = 1.0
    audible_db: float = -50.0

    def __post_init__(self) -> None:
        if not 0 < self.lowest_hz < self.highest_hz:
            raise ValueError(
                f"Clean notes of {self.lowest_hz:g} to {self.highest_hz:g} Hz: choose 0 < lowest_hz < highest_hz."
            )

    @property
    def lowest_midi(self) -> float:
        """The lowest pitch as a MIDI number."""
        return hz_to_midi(self.lowest_hz)

    @property
    def highest_midi(self) -> float:
        """The highest pitch as a MIDI number."""
        return hz_to_midi(self.highest_hz)

    def needed_s(self, clip: ClipFormat) -> float:
        """How long a clip is to be audible."""
        return min(self.audible_s, 0.9 * clip.duration_s)

    def are_met(self, sounds: Tones, clip: ClipFormat) -> np.ndarray:
        """(n,) whether each of the sounds is one."""
        sounds = sounds.heard(clip)
        row, dominant = np.arange(len(sounds.midi)), sounds.dominant()
        power = sounds.level**2
        energy = power.sum(axis=-1)
        rest = energy.sum(axis=-1) - energy[row, dominant]
        audible = power.sum(axis=1) > 10 ** (self.audible_db / 10)
        midi = sounds.midi[row, dominant]
        lowest, highest = np.where(audible, midi, np.inf).min(axis=1), np.where(audible, midi, -np.inf).max(axis=1)
        met: np.ndarray = (
            (audible.sum(axis=1) >= max(1, self.needed_s(clip) * POINTS_PER_S))
            & (energy[row, dominant] >= 10 ** (self.dominance_db / 10) * rest)
            & (lowest >= self.lowest_midi)
            & (highest <= self.highest_midi)
            & (highest - lowest < self.spread_semitones)
        )
        return met


add_safe_globals([CleanNote])  # a checkpoint names its data: it can still be read with weights only


def hz_to_midi(frequency_hz: float) -> float:
    """440 Hz is 69."""
    return float(69 + 12 * np.log2(frequency_hz / 440))


CLEAN = CleanNote()
PITCHED = CleanNote(440 * 2 ** ((36 - 69) / 12), 440 * 2 ** ((96 - 69) / 12), -np.inf, np.inf, audible_s=0.5)
"""One oscillator plays alone and does not move: what is left to ask is where it plays and for how long."""
NOT_SILENT = CleanNote(1.0, np.inf, -np.inf, np.inf, audible_s=0.0, audible_db=-80.0)
