"""The partials of a recording: each brought to 0 Hz, smoothed, and brought back."""

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.carriers import WINDOW_BLOCKS, Carriers


def envelopes(audio: Tensor, carriers: Carriers) -> Tensor:
    """Amplitudes of the carriers in a sound, at the edges of the blocks.

    A Hann window around each edge weighs what there is: at the ends of a file, half of it.

    Args:
        audio: (N,), N within the blocks

    Returns:
        (M + 1, 2 K), in lines between the edges and times the carriers the partials of the sound
    """
    n_blocks, _, block = carriers.waves.shape
    padded = F.pad(audio, (0, n_blocks * block - len(audio))).reshape(n_blocks, 1, block)
    inside = F.pad(torch.ones_like(audio), (0, n_blocks * block - len(audio))).reshape(n_blocks, 1, block)
    sums = _smoothed(carriers.waves * padded)
    weight = _smoothed(inside)
    return 2.0 * sums / weight * carriers.audible.repeat(1, 2)


def _smoothed(products: Tensor) -> Tensor:
    """(M, C, D) -> (M + 1, C) Hann-weighted sums around each edge."""
    block = products.shape[-1]
    window = torch.hann_window(WINDOW_BLOCKS * block).to(products).reshape(WINDOW_BLOCKS, block)
    parts = products @ window.T  # (M, C, 8): each block under each part of the window
    half, n_blocks = WINDOW_BLOCKS // 2, len(products)
    sums = products.new_zeros(n_blocks + 1, products.shape[1])
    for part in range(WINDOW_BLOCKS):
        # Around edge m, part p of the window lies on block m - 4 + p.
        shift = part - half
        first, last = max(0, -shift), min(n_blocks + 1, n_blocks - shift)
        if first < last:
            sums[first:last] += parts[first + shift : last + shift, :, part]
    return sums
