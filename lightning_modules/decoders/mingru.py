"""A recurrent decoder whose recurrence is linear, which gives all frames at once."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lightning_modules.decoders.decoder import Decoder, State
from lightning_modules.decoders.scan import linear_scan

LONGEST_MEMORY_FRAMES = 400.0


class MinGruDecoder(Decoder):
    """Remembers with minimal gated recurrent units, whose gates do not see the past (Feng et al. 2024, section 3.1).

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter
        width: units of each layer
        n_layers: recurrent layers; the state is one vector for each
    """

    def __init__(
        self, n_controls: int, residual_size: int, sizes: dict[str, int], width: int = 256, n_layers: int = 2
    ) -> None:
        super().__init__(n_controls, residual_size, sizes, width)
        if n_layers < 1:
            raise ValueError(f"the decoder's n_layers is {n_layers}: it needs at least 1.")
        self.layers = nn.ModuleList(_MinGru(width) for _ in range(n_layers))

    def remember(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F, width) features, one (B, width) hidden state per layer -> (B, F, width)."""
        after = {}
        for i, unit in enumerate(self.units()):
            hidden, after[f"hidden_{i}"] = unit(features, state[f"hidden_{i}"])
            features = features + hidden
        return features, after

    def initial_state(self, batch: int) -> State:
        """Per layer, (B, width) zeros."""
        weight = self.heads.weight
        return {f"hidden_{i}": weight.new_zeros(batch, weight.shape[1]) for i in range(len(self.layers))}

    def state_limits(self) -> dict[str, float]:
        """Means of candidates are no larger than the largest candidate."""
        return {f"hidden_{i}": unit.largest_candidate() for i, unit in enumerate(self.units())}

    def units(self) -> "Iterator[_MinGru]":
        """The recurrent layers, typed."""
        for unit in self.layers:
            assert isinstance(unit, _MinGru)
            yield unit


class _MinGru(nn.Module):
    """h[t] = (1 - z[t]) h[t - 1] + z[t] c[t], gate z and candidate c from the normalised input alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.gate_and_candidate = nn.Linear(width, 2 * width)
        with torch.no_grad():
            # z is about 1 / memory: units begin with memories from 2 frames to a whole note, evenly in octaves
            memory_frames = torch.exp(torch.linspace(math.log(2.0), math.log(LONGEST_MEMORY_FRAMES), width))
            self.gate_and_candidate.bias[:width] = torch.logit(1.0 / memory_frames)

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        # In bfloat16 a decay is 1 or 0.996: no memory between 256 frames and for ever.
        gate, candidate = self.gate_and_candidate(self.norm(x)).to(hidden.dtype).chunk(2, dim=-1)
        gate = gate.sigmoid()
        states = linear_scan(1.0 - gate, gate * candidate, hidden)
        return states, states[:, -1]

    def largest_candidate(self) -> float:
        """No input has a larger one: a normalised vector is as long as the root of its width, then scaled and moved."""
        width = self.norm.weight.numel()
        length = math.sqrt(width) * self.norm.weight.abs().max() + self.norm.bias.norm()
        weight, bias = self.gate_and_candidate.weight[width:], self.gate_and_candidate.bias[width:]
        return float((weight.norm(dim=1) * length + bias.abs()).max())
