"""Random numbers that belong to a clip, not to the batch, the process or the machine it meets."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def generator(seed: int, epoch: int, place: int, name: str) -> np.random.Generator:
    """What draws for the augmentation at a place of the list, for one clip in one epoch."""
    key = hashlib.blake2b(f"{seed} {epoch} {place} {name}".encode(), digest_size=16)
    return np.random.default_rng(int.from_bytes(key.digest(), "little"))


class Draws:
    """Random numbers for the clips of a batch, each from a generator of its own, on the batch's device.

    They are drawn by numpy on the CPU: a GPU's generator would give other numbers on another kind of GPU.

    Args:
        generators: one per clip
        device: where the batch is
    """

    def __init__(self, generators: Sequence[np.random.Generator], device: torch.device) -> None:
        self.generators = generators
        self.device = device

    def numbers(self, lowest: float, highest: float) -> list[float]:
        """A number between two ends per clip, known to the CPU."""
        return [float(generator.uniform(lowest, highest)) for generator in self.generators]

    def uniform(self, lowest: float, highest: float) -> Tensor:
        """(B, 1) numbers between two ends."""
        return torch.tensor(self.numbers(lowest, highest))[:, None].to(self.device)

    def frequency_hz(self, lowest_hz: float, highest_hz: float) -> Tensor:
        """(B, 1) frequencies between two ends, every octave as likely as another."""
        return self.uniform(np.log2(lowest_hz), np.log2(highest_hz)).exp2()

    def white_noise(self, n_samples: int) -> Tensor:
        """(B, n_samples) noise in -1..1."""
        each = [generator.random(n_samples, dtype=np.float32) for generator in self.generators]
        noise = torch.from_numpy(np.stack(each)).mul_(2.0).sub_(1.0)
        # From pinned memory a copy to a GPU does not wait for what the GPU is doing.
        return (noise.pin_memory() if self.device.type == "cuda" else noise).to(self.device, non_blocking=True)
