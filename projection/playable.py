"""What a search for exact knobs works on: a sound whose partials and noise bands can be given gains."""

from typing import Protocol

from torch import Tensor

from synths.layers import Layers


class Played(Protocol):
    """B sounds that are played from log gains: a model's decoded parameters, or a recording taken apart.

    Attributes:
        f0_hz: (B, F) pitch in Hz
        every: gains and knobs are known in every so-many-th frame
        unchanged: (B, N) the audio where no gain changes anything
    """

    f0_hz: Tensor
    every: int
    unchanged: Tensor

    def play(self, log_gains: Tensor, rows: Tensor) -> Tensor:
        """(R, F / every, P) log gains on the (R,) sounds of these numbers -> their (R, N) audio."""
        ...


class Playable(Played, Protocol):
    """The same, where what is played is known as layers."""

    def layers(self) -> Layers:
        """What it plays in (B, F / every) frames without a gain: slopes are taken there."""
        ...

    def prior(self, layers: Layers) -> Tensor:
        """(B, P, P) which log gains on these layers are likely together: partials, then bands."""
        ...
