"""A decoder of dilated causal convolutions: all frames at once."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lightning_modules.decoders.decoder import Decoder, State

KERNEL = 3


class TcnDecoder(Decoder):
    """Remembers the frames within the reach of stacked dilated convolutions (Bai et al. 2018).

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter
        width: channels of each layer
        n_layers: the reach is 2 (2^n_layers - 1) frames
    """

    def __init__(
        self, n_controls: int, residual_size: int, sizes: dict[str, int], width: int = 128, n_layers: int = 8
    ) -> None:
        super().__init__(n_controls, residual_size, sizes, width)
        if n_layers < 1:
            raise ValueError(f"the decoder's n_layers is {n_layers}: it needs at least 1.")
        self.layers = nn.ModuleList(_DilatedConvolution(width, 2**i) for i in range(n_layers))

    def remember(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F, width) features and the frames that each layer still sees -> (B, F, width)."""
        after = {}
        for i, convolution in enumerate(self.layers):
            features, after[f"layer_{i}"] = convolution(features, state[f"layer_{i}"])
        return features, after

    def initial_state(self, batch: int) -> State:
        """Per layer, (B, 2 dilation, width) zeros."""
        weight = self.heads.weight
        return {
            f"layer_{i}": weight.new_zeros(batch, (KERNEL - 1) * 2**i, weight.shape[1]) for i in range(len(self.layers))
        }

    def state_limits(self) -> dict[str, float]:
        """What is normalised is no larger than the root of its width, then scaled and moved."""
        limits = {}
        for i, convolution in enumerate(self.layers):
            assert isinstance(convolution, _DilatedConvolution)
            weight, bias = convolution.norm.weight.detach(), convolution.norm.bias.detach()
            limits[f"layer_{i}"] = float((math.sqrt(len(weight)) * weight.abs() + bias.abs()).max())
        return limits


class _DilatedConvolution(nn.Module):
    """x + f(convolution of the normalised x): (B, F, width) -> the same, and the frames the next block will need."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        # One product over the taps side by side: as fast as a convolution in training, and three times so in a block.
        self.taps = nn.Linear(KERNEL * width, width)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        n_frames = x.shape[1]
        seen = torch.cat([past, self.norm(x)], dim=1)
        taps = [seen[:, tap * self.dilation :][:, :n_frames] for tap in range(KERNEL)]
        return x + F.leaky_relu(self.taps(torch.cat(taps, dim=-1))), seen[:, n_frames:]
