"""What every augmentation promises."""

from abc import ABC, abstractmethod

from torch import Tensor

from datamodules.augmentation.draws import Draws
from synths.clip import Clip, ClipFormat


class Augmentation(ABC):
    """One way to change a sound. It keeps silence silent, clips nothing, and changes pitch only where it says so.

    Args:
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, chance: float = 0.5) -> None:
        if not 0 <= chance <= 1:
            raise ValueError(f"{type(self).__name__} has a chance of {chance:g}: choose 0 to 1.")
        self.chance = chance

    @abstractmethod
    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """A batch, and a random number per clip whenever asked -> the batch with every clip changed."""

    def check(self, clip: ClipFormat) -> None:  # noqa: B027  # most have nothing to check
        """Raises ValueError if it makes no sense at this sample rate."""

    def between(self, what: str, lowest: float, highest: float, smallest: float, largest: float) -> tuple[float, float]:
        """Both ends of the range that it draws `what` from.

        Raises:
            ValueError: if they are out of order, or beyond the smallest and largest that make sense
        """
        if not smallest <= lowest <= highest <= largest:
            raise ValueError(
                f"{type(self).__name__} draws {what} from {lowest:g} to {highest:g}: "
                f"choose two in order from {smallest:g} to {largest:g}."
            )
        return float(lowest), float(highest)


def rms(audio: Tensor) -> Tensor:
    """(B, N) audio -> (B, 1) root of its mean square."""
    return audio.square().mean(-1, keepdim=True).sqrt()


def as_loud_as(before: Tensor, audio: Tensor) -> Tensor:
    """(B, N) audio at the rms of another; silence stays silent."""
    return audio * (rms(before) / rms(audio).clamp_min(1e-12))
