"""A synth that plays block by block and meets its knobs."""

from collections.abc import Callable, Sequence
from operator import itemgetter

import torch
from torch import Tensor, nn

from lightning_modules.frame_gains import Projection
from projection.target import projectable
from synths.descriptors.descriptor import Descriptor
from synths.descriptors.line_spectra import LineSpectra
from synths.layers import layers_together, parts_scaled
from synths.sms import SMSSynth
from synths.streaming.part import State, owned_by, prefixed
from synths.streaming.sms import StreamingSynth

Sounded = Callable[[Tensor, dict[str, Tensor], Tensor, State], tuple[Tensor, State]]
"""(B, F) pitch, raw parameters, openness, state -> (B, F * hop) audio and what has changed of the state."""


class MetKnobs(nn.Module):
    """Changes what a synth is about to play, a frame at a time, to what was asked of its knobs.

    Args:
        knobs: all of the model's, in the order of its controls; what only sound can tell follows the decoder
        synth: the trained synth
        streaming: the same, block by block

    Raises:
        ValueError: no knob can be met, or a part cannot say what it plays
    """

    def __init__(self, knobs: Sequence[Descriptor], synth: SMSSynth, streaming: StreamingSynth) -> None:
        super().__init__()
        self.indices = [index for index, knob in enumerate(knobs) if projectable(knob)]
        if not self.indices:
            raise ValueError("the model has no knob that can be met: leave exact away.")
        one_hz = torch.full((1, 1), 220.0)
        parameters = {name: torch.zeros(1, 1, size) for name, size in synth.sizes.items()}
        try:
            played = streaming.played(one_hz, parameters)
            streaming.raw(played)
        except NotImplementedError as error:
            raise ValueError(f"{str(error).removesuffix('.')}: leave exact away.") from None
        layers = layers_together(one_hz, played)
        spectra = LineSpectra(synth.clip)
        spectra.listen_for(synth.strings)
        self.projection = Projection(
            [knobs[index] for index in self.indices],
            synth.clip,
            spectra,
            layers.amplitudes.shape[-1],
            layers.noise_magnitudes.shape[-1],
            streaming.latency_frames,
        )
        self.names = [knobs[index].name for index in self.indices]

    def initial_state(self, batch: int) -> State:
        """The projection's."""
        return prefixed("projection", self.projection.initial_state(batch))

    def state_limits(self) -> dict[str, float]:
        """The projection's."""
        return {f"projection.{name}": limit for name, limit in self.projection.state_limits().items()}

    def forward(
        self,
        synth: StreamingSynth,
        sounded: Sounded,
        f0_hz: Tensor,
        parameters: dict[str, Tensor],
        controls: Tensor,
        openness: Tensor,
        state: State,
    ) -> tuple[Tensor, State]:
        """The next block.

        Args:
            synth: that plays
            sounded: what makes sound of its parameters
            f0_hz: (B, F) pitch
            parameters: raw (B, F, size), as the decoder gives them; white noise, if it is given
            controls: (B, F, C) asked
            openness: (B, F) 1 where there is a pitch
            state: before the block

        Returns:
            (B, F * hop) audio and what has changed of the state
        """
        heard, following = [], dict(state)
        played = synth.played(f0_hz, parameters)
        layers, asked = layers_together(f0_hz, played), controls[..., self.indices]
        directions, tolerance = self.projection.directions(layers), self.projection.target.tolerance(asked)
        for index in range(f0_hz.shape[1]):
            frame = slice(index, index + 1)
            gains, after = self.projection(
                layers.frames(itemgetter((slice(None), frame))),
                *(values[:, index] for values in (directions, asked, tolerance)),
                openness[:, frame],
                owned_by("projection", following),
            )
            own = {name: values[:, frame] for name, values in parameters.items()}
            each = [{name: values[:, frame] for name, values in numbers.items()} for numbers in played]
            own |= synth.raw(parts_scaled(each, gains))
            audio, kept = sounded(f0_hz[:, frame], own, openness[:, frame], following)
            following |= kept | prefixed("projection", self.projection.heard(audio, after))
            heard.append(audio)
        return torch.cat(heard, dim=1), following
