"""Training clips in an order that an interrupted run can take up again where it was."""

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Sampler

from synths.clip import Clip


class EpochOrder(Sampler[int]):
    """Every clip once per epoch, in an order drawn from seed and epoch alone.

    Args:
        n_clips: how many there are
        seed: of the orders
    """

    def __init__(self, n_clips: int, seed: int) -> None:
        self.n_clips = n_clips
        self.seed = seed
        self.epoch = 0
        self.n_done = 0

    def __len__(self) -> int:
        """Clips of a whole epoch."""
        return self.n_clips

    def __iter__(self) -> Iterator[int]:
        """What is left of this epoch."""
        generator = torch.Generator().manual_seed(self.seed + 1_000_003 * self.epoch)
        yield from torch.randperm(self.n_clips, generator=generator)[self.n_done :].tolist()


class TrainingLoader(DataLoader[Clip]):
    """A loader whose place in the data is part of every checkpoint; its sampler is an EpochOrder."""

    def __iter__(self) -> Any:
        """Batches of what is left of the epoch."""
        order = self.sampler
        for batch in super().__iter__():
            # Counted before it is handed out: a checkpoint written after this batch has it behind it.
            if isinstance(order, EpochOrder):
                order.n_done += len(batch.name)
            yield batch
        if isinstance(order, EpochOrder):
            order.epoch, order.n_done = order.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """Where in the data the run is."""
        order = self.sampler
        return {"epoch": order.epoch, "n_done": order.n_done} if isinstance(order, EpochOrder) else {}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there."""
        if isinstance(self.sampler, EpochOrder) and state:
            self.sampler.epoch, self.sampler.n_done = state["epoch"], state["n_done"]
