"""What every effect of the synth promises."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:  # the streaming forms know the effects
    from synths.streaming import StreamingEffect


class Effect(nn.Module):
    """What the sum of the parts passes through; `enabled = False` lets the sound pass unchanged.

    `SMSSynth.dry` switches all effects of a synth off for a while.
    """

    def __init__(self) -> None:
        super().__init__()
        self.enabled = True

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, N) audio with the effect, or unchanged if it is switched off."""
        return self.affected(audio) if self.enabled else audio

    def affected(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, N) audio with the effect."""
        raise NotImplementedError

    @property
    def tail_samples(self) -> int:
        """Samples that it may ring on after its input has ended."""
        return 0

    def streaming(self, hop: int) -> "StreamingEffect":
        """The effect as it is now, block by block, for frames of `hop` samples.

        Every class says it for itself: what a subclass changes would not be heard in its parent's streaming form.

        Raises:
            NotImplementedError: it has no streaming form
        """
        raise NotImplementedError(f"{type(self).__name__} has no streaming form.")
