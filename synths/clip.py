"""The format every clip of a run shares, and the batch that carries clips through the house."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:  # torch takes seconds, and a format is only numbers
    from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True)
class ClipFormat:
    """Sample rate, length and hop, which fix every size in the system, and what full scale means to the ear.

    Args:
        sample_rate: samples per second, 16000 to 48000 Hz
        n_samples: samples per clip, a multiple of hop
        hop: samples per control frame
        full_scale_db_spl: sound pressure level of a signal whose rms is 1; descriptors of hearing depend on it
    """

    sample_rate: int = 16000
    n_samples: int = 64000
    hop: int = 160
    full_scale_db_spl: float = 100.0

    def __post_init__(self) -> None:
        if not 16000 <= self.sample_rate <= 48000:
            raise ValueError(f"clip.sample_rate is {self.sample_rate} Hz: choose 16000 to 48000.")
        if self.hop < 1 or self.n_samples < self.hop or self.n_samples % self.hop:
            raise ValueError(
                f"clip.n_samples ({self.n_samples}) must be a positive multiple of clip.hop ({self.hop}): "
                f"for instance {max(1, self.n_samples // max(1, self.hop)) * max(1, self.hop)}."
            )

    @property
    def n_frames(self) -> int:
        """F, control frames per clip."""
        return self.n_samples // self.hop

    @property
    def frame_rate_hz(self) -> float:
        """Control frames per second."""
        return self.sample_rate / self.hop

    @property
    def duration_s(self) -> float:
        """Length of a clip."""
        return self.n_samples / self.sample_rate

    @property
    def nyquist_hz(self) -> float:
        """Half the sample rate."""
        return self.sample_rate / 2


Recipe = Callable[[ClipFormat], T]
"""How a component is named in a configuration: given the format, it builds itself. A class is its own recipe."""


class Clip(NamedTuple):
    """A batch of sound with its pitch; every data set fills every field.

    Shapes: audio (B, N), full scale is 1, which resampling and taking an offset out may exceed; f0_hz (B, F), always
    positive; confidence (B, F) in 0..1, how sure the tracker is; name: B strings; labels: what the data set knows of
    each clip, a (B,) tensor per label; untouched: (B, N) the sounds that a device made `audio` of, where the data set
    has pairs.
    """

    audio: "Tensor"
    f0_hz: "Tensor"
    confidence: "Tensor"
    name: list[str]
    labels: "dict[str, Tensor]"
    untouched: "Tensor | None" = None
