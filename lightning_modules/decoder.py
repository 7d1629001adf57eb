"""From pitch, controls and residual to one named tensor per synth parameter."""

import torch
from torch import Tensor, nn

from synths.signal import hz_to_midi


class Decoder(nn.Module):
    """A recurrent decoder after DDSP (Engel et al. 2020, appendix B.2), small enough for a CPU.

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter, as the synth states them
        width: units of each layer
    """

    def __init__(self, n_controls: int, residual_size: int, sizes: dict[str, int], width: int = 256) -> None:
        super().__init__()
        self.sizes = sizes
        n_inputs = 1 + n_controls + residual_size
        self.before = _layer(n_inputs, width // 2)
        self.gru = nn.GRU(width // 2, width, batch_first=True)
        self.after = _layer(width + n_inputs, width)
        self.heads = nn.Linear(width, sum(sizes.values()))
        # Raw gains are linear in decibels, and so are loudness knobs: a straight way spares the network learning that.
        self.straight = nn.Linear(n_inputs, sum(sizes.values()), bias=False)

    def forward(self, f0_hz: Tensor, controls: Tensor, residual: Tensor) -> dict[str, Tensor]:
        """(B, F) pitch, (B, F, C) controls, (B, F, D) residual -> raw (B, F, size) parameters by name."""
        # Pitch enters as an octave-linear number of order 1: MIDI 21..108 maps to about -1..1
        pitch = (hz_to_midi(f0_hz)[..., None] - 64.0) / 44.0
        inputs = torch.cat([pitch, 2.0 * controls - 1.0, residual], dim=-1)
        hidden, _ = self.gru(self.before(inputs))
        parameters = self.heads(self.after(torch.cat([hidden, inputs], dim=-1))) + self.straight(inputs)
        return dict(zip(self.sizes, parameters.split(list(self.sizes.values()), dim=-1), strict=True))


def _layer(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, n_outputs), nn.LayerNorm(n_outputs), nn.LeakyReLU())
