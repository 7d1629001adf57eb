"""One sound of synth1B1 as a clip: rendered when it is read, its pitch known exactly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soxr

from datamodules.source import Sound
from datamodules.synth1b1.controls import Tones, pitch_of, tones
from datamodules.synth1b1.voice import PACKET, SAMPLE_RATE, torchsynth_version, voice_of_process
from sounds.audio import SILENT_DB, UnusableAudio
from sounds.pitch import Pitch
from synths.clip import ClipFormat


@dataclass(frozen=True)
class Synth1B1Sound(Sound):
    """A sound by its id. Up to 32 are rendered at a time: the whole packet costs what one does.

    Args:
        sound_id: which of the billion
        packet: the ids that are rendered together, this one among them; its company does not change a sound
        pitched: of the variant, not of the corpus
    """

    sound_id: int
    packet: tuple[int, ...]
    pitched: bool

    @property
    def name(self) -> str:
        """As the authors write it: which batch of 128 it is in, and where."""
        return f"{corpus_name(self.pitched)}-{self.sound_id // 128}-{self.sound_id % 128}"

    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, its end cut or padded with silence; raises UnusableAudio if it is silent."""
        audio = self.render(clip)
        if np.abs(audio).max() < 10 ** (SILENT_DB / 20):
            raise UnusableAudio(
                f"{self.name} is silent (below {SILENT_DB:g} dBFS) for the {clip.duration_s:g} s of a clip: "
                "no action is needed, some sounds of the corpus are silent."
            )
        return audio

    def render(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, silent or not."""
        audio = _audio(self.pitched, self.packet)[self.packet.index(self.sound_id)]
        audio = soxr.resample(audio, SAMPLE_RATE, clip.sample_rate)[: clip.n_samples].astype(np.float32)
        return np.pad(audio, (0, clip.n_samples - len(audio)))

    def stamp(self) -> str:
        """Changes with the synthesiser."""
        return f"{corpus_name(self.pitched)} {self.sound_id} torchsynth {torchsynth_version()}"

    @property
    def place(self) -> tuple[str, float]:
        """The corpus, and where in it: those of a packet are neighbours."""
        return corpus_name(self.pitched), float(self.sound_id)

    def pitch(self, clip: ClipFormat) -> Pitch:
        """The pitch of its dominant oscillator, from the control signals of the synthesiser."""
        return pitch_of(_tones(self.pitched, self.packet), self.packet.index(self.sound_id), clip)


class LabelRow(Mapping[str, float]):
    """The 78 parameters of one sound by name, without an object for each: lists have 100,000 sounds.

    Args:
        columns: name -> column
        values: (78,) in 0..1
    """

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: dict[str, int], values: np.ndarray) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, name: str) -> float:
        """The value of one parameter."""
        return float(self._values[self._columns[name]])

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._columns)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._columns)


def sounds_by_id(ids: Sequence[int], pitched: bool) -> list[Synth1B1Sound]:
    """Sounds in packets of neighbours."""
    packets = [tuple(ids[first : first + PACKET]) for first in range(0, len(ids), PACKET)]
    return [Synth1B1Sound(sound_id, packet, pitched) for packet in packets for sound_id in packet]


def corpus_name(pitched: bool) -> str:
    """The authors ask that what differs from the corpus is named so."""
    return "synth1B1-pitched" if pitched else "synth1B1"


@lru_cache(maxsize=2)
def _audio(pitched: bool, packet: tuple[int, ...]) -> np.ndarray:
    return voice_of_process(pitched).render(packet)


@lru_cache(maxsize=2)
def _tones(pitched: bool, packet: tuple[int, ...]) -> Tones:
    return tones(voice_of_process(pitched), packet)
