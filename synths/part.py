"""What every layer of the synth promises."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:  # the streaming forms know the parts
    from synths.streaming import StreamingPart


class Part(nn.Module):
    """One additive layer: it names the parameters it wants per frame and renders them.

    `sizes` maps each parameter to its width. Parameters arrive raw, straight from a network, and each part squashes
    its own: so the decoder needs to know nothing but the sizes. A part that sets `wants_noise` takes `white_noise`,
    (B, F, hop) and uniform in -1..1, from its parameters where they hold it, and else draws it afresh.
    """

    sizes: dict[str, int]
    wants_noise: ClassVar[bool] = False

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """(B, F) pitch and raw (B, F, size) parameters -> (B, N) audio; what `play` makes of its layers."""
        return self.play(f0_hz, self.layers(f0_hz, parameters), parameters.get("white_noise"))

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """What it plays as numbers, by their names in `Layers`.

        `amplitudes` alone are those of the harmonics of f0_hz, sines that start in phase; with `frequencies_hz` of the
        same shape they are partials anywhere. `noise_magnitudes` are gains on white noise.

        Raises:
            NotImplementedError: its sound is neither partials nor noise bands
        """
        raise NotImplementedError(f"{type(self).__name__} cannot say what it plays: measure its sound.")

    def play(self, f0_hz: Tensor, played: dict[str, Tensor], white_noise: Tensor | None = None) -> Tensor:
        """(B, F) pitch and numbers as `layers` gives them -> (B, N) audio.

        Args:
            f0_hz: (B, F)
            played: by their names in `Layers`
            white_noise: (B, F, hop) in -1..1 for a part that wants noise, which is drawn where there is none

        Raises:
            NotImplementedError: it renders its parameters only
        """
        raise NotImplementedError(f"{type(self).__name__} cannot play other numbers than its parameters.")

    def start(self, tone: float, noise: float, noise_rise: float) -> dict[str, Tensor]:
        """Raw (size,) parameters at which all that it has can be heard: where a search for a sound begins.

        Args:
            tone: raw gain of its partials, where it has one
            noise: raw gain of its noise, where it has one
            noise_rise: of the raw gain of noise, from the lowest to the highest band
        """
        return {name: torch.zeros(size) for name, size in self.sizes.items()}

    def calibrate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Take from training clips what is measured rather than learnt; most parts take nothing, and hear none.

        Args:
            batches: (B, N) audio and its (B, F) pitch in Hz
        """

    def streaming(self) -> "StreamingPart":
        """The part as it is now, block by block.

        Every class says it for itself: what a subclass changes would not be heard in its parent's streaming form.

        Raises:
            NotImplementedError: it has no streaming form
        """
        raise NotImplementedError(f"{type(self).__name__} has no streaming form.")


class Share(NamedTuple):
    """What one part takes of a synth's parameters.

    Attributes:
        names: its own name of a parameter -> the synth's
        noise: its place among the parts that want noise and how many they are; None if it wants none
    """

    names: dict[str, str]
    noise: tuple[int, int] | None

    def of(self, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """The synth's parameters, `white_noise` (B, F, hop for each part that wants it) included -> the part's."""
        own = {name: parameters[given] for name, given in self.names.items()}
        noise = self.noise_of(parameters)
        return own if noise is None else own | {"white_noise": noise}

    def noise_of(self, parameters: dict[str, Tensor]) -> Tensor | None:
        """(B, F, hop) its share of the synth's `white_noise`, if both have to do with noise."""
        if self.noise is None or "white_noise" not in parameters:
            return None
        place, n_parts = self.noise
        noise = parameters["white_noise"]
        return noise if n_parts == 1 else noise.chunk(n_parts, dim=-1)[place]


def shares_of(parts: Sequence[Part]) -> list[Share]:
    """What each part takes; of parts that want the same parameter, the second finds it as NAME_2."""
    taken: list[str] = []
    shares: list[Share] = []
    noisy = [part for part in parts if part.wants_noise]
    for part in parts:
        names = {name: free_name(name, taken) for name in part.sizes}
        taken += names.values()
        place = next((place for place, each in enumerate(noisy) if each is part), None)
        shares.append(Share(names, None if place is None else (place, len(noisy))))
    return shares


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, or the first of NAME_2, NAME_3, ... that is not taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
