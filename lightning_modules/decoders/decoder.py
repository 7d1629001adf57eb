"""What every decoder promises: one named tensor per synth parameter, from the past only, whole or block by block."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from synths.signal import hz_to_midi

State = dict[str, Tensor]


class Decoder(nn.Module):
    """Pitch, controls and residual to raw synth parameters; the kinds differ in what remembers the past.

    A layer per frame, a memory over frames, a layer per frame that also sees the inputs (after Engel et al. 2020,
    appendix B.2). A whole clip is one block that starts from silence: playing live is the same computation.

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter, as the synth states them
        width: units of each layer
        before_width: units of the layer before the memory
    """

    def __init__(
        self, n_controls: int, residual_size: int, sizes: dict[str, int], width: int, before_width: int | None = None
    ) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"the decoder's width is {width}: it needs at least 1 unit.")
        self.sizes = sizes
        n_inputs = 1 + n_controls + residual_size
        self.before = layer(n_inputs, before_width or width)
        self.after = layer(width + n_inputs, width)
        self.heads = nn.Linear(width, sum(sizes.values()))
        # Raw gains are linear in decibels, and so are loudness knobs: a straight way spares the network learning that.
        self.straight = nn.Linear(n_inputs, sum(sizes.values()), bias=False)

    def forward(self, f0_hz: Tensor, controls: Tensor, residual: Tensor) -> dict[str, Tensor]:
        """(B, F) pitch, (B, F, C) controls, (B, F, D) residual -> raw (B, F, size) parameters by name."""
        return self.stream(f0_hz, controls, residual, self.initial_state(len(f0_hz)))[0]

    def stream(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, state: State
    ) -> tuple[dict[str, Tensor], State]:
        """Go on from a state: the next block of any number of frames, as `forward` takes them, and the state after."""
        # Pitch enters as an octave-linear number of order 1: MIDI 21..108 maps to about -1..1
        pitch = (hz_to_midi(f0_hz)[..., None] - 64.0) / 44.0
        inputs = torch.cat([pitch, 2.0 * controls - 1.0, residual], dim=-1)
        hidden, state = self.remember(self.before(inputs), state)
        hidden = self.after(torch.cat([hidden, inputs], dim=-1))
        # Under mixed precision too: bfloat16 has 8 bits, and a knob turned a little would be lost in their steps.
        with torch.autocast(f0_hz.device.type, enabled=False):
            parameters = self.heads(hidden.to(inputs.dtype)) + self.straight(inputs)
        named = zip(self.sizes, parameters.split(list(self.sizes.values()), dim=-1), strict=True)
        return dict(named), state

    def remember(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F, before_width) features and the state before them -> (B, F, width) and the state after."""
        raise NotImplementedError

    def initial_state(self, batch: int) -> State:
        """What is remembered before the first frame: nothing. Named tensors whose first dimension is the batch."""
        raise NotImplementedError

    def state_limits(self) -> dict[str, float]:
        """Greatest size that a number of the state can have, by name, where it is known."""
        return {}


DecoderRecipe = Callable[[int, int, dict[str, int]], Decoder]
"""A decoder in a configuration: told C, D and the synth's sizes, it builds itself. A class is its own recipe."""


def layer(n_inputs: int, n_outputs: int) -> nn.Module:
    """Linear, normalised, rectified."""
    return nn.Sequential(nn.Linear(n_inputs, n_outputs), nn.LayerNorm(n_outputs), nn.LeakyReLU())
