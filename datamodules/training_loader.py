"""Training clips in an order that an interrupted run can take up again where it was."""

from collections.abc import Iterator
from typing import Any

import lightning as L
import torch
from lightning.pytorch.trainer.states import TrainerFn
from torch.utils.data import DataLoader, DistributedSampler, Sampler

from synths.clip import Clip


class EpochOrder(Sampler[int]):
    """Every clip once per epoch, in an order drawn from seed and epoch alone, shared out among the processes of a run.

    `epoch` and `n_done`, the clips of that epoch that all processes together have been handed, are the same in every
    process. A run that goes on with another number of processes goes on in the same order.

    Args:
        n_clips: how many there are
        seed: of the orders
        rank: of this process
        world_size: processes of the run; what is left of an epoch when each has had its equal share is left out
    """

    def __init__(self, n_clips: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        if n_clips < world_size:
            raise ValueError(
                f"{n_clips} training clips cannot be shared out among {world_size} processes: lower trainer.devices."
            )
        self.n_clips = n_clips
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.n_done = 0

    def __len__(self) -> int:
        """Clips of a whole epoch, of this process."""
        return self.n_clips // self.world_size

    def n_left(self) -> int:
        """Clips that are left of this epoch, of this process."""
        return (self.n_clips - self.n_done) // self.world_size

    def __iter__(self) -> Iterator[int]:
        """What is left of this epoch, for this process."""
        generator = torch.Generator().manual_seed(self.seed + 1_000_003 * self.epoch)
        left = torch.randperm(self.n_clips, generator=generator)[self.n_done :]
        yield from left[self.rank :: self.world_size][: self.n_left()].tolist()

    def state_dict(self) -> dict[str, int]:
        """The place in the order, and what the order follows from."""
        return {"seed": self.seed, "n_clips": self.n_clips, "epoch": self.epoch, "n_done": self.n_done}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there.

        Raises:
            ValueError: if the order was another
        """
        if state["n_clips"] != self.n_clips:
            raise ValueError(
                f"the checkpoint was trained on {state['n_clips']} clips, but there are {self.n_clips} now: "
                "go on with the data and the filters that it was trained on, or begin another run."
            )
        if state["seed"] != self.seed:
            raise ValueError(
                f"the checkpoint's order of clips is that of data.seed {state['seed']}, not of {self.seed}: "
                f"go on with data.seed {state['seed']}."
            )
        self.epoch, self.n_done = state["epoch"], state["n_done"]


class TrainingLoader(DataLoader[Clip]):
    """A loader that knows its place in the data; its sampler is an EpochOrder.

    An iteration ends with its epoch; an interrupted iteration is continued by the next one. The `trainer` tells whether
    the model is done with the batch in hand: an interrupted batch is handed out again.
    """

    trainer: L.Trainer | None = None
    _n_trained_before = 0
    _n_in_hand = 0

    @property
    def epoch(self) -> int:
        """Epoch of the batch that was handed out last."""
        return self.sampler.epoch if isinstance(self.sampler, EpochOrder) else 0

    def __iter__(self) -> Any:
        """Batches of what is left of the epoch."""
        if isinstance(self.sampler, DistributedSampler):
            raise ValueError("the training clips are shared out already: set trainer.use_distributed_sampler to false.")
        # Lightning puts a plain sampler in its place for trainer.overfit_batches.
        return self._counted(self.sampler) if isinstance(self.sampler, EpochOrder) else super().__iter__()

    def _counted(self, order: EpochOrder) -> Iterator[Clip]:
        # Not when the last batch was handed out: it may not be trained yet, and Lightning asks for none after it.
        if order.n_left() < ((self.batch_size or 1) if self.drop_last else 1):
            order.epoch, order.n_done = order.epoch + 1, 0
        for batch in super().__iter__():
            # Counted here, not where workers read ahead: a checkpoint has the batches behind it that were trained.
            self._n_in_hand = order.world_size * len(batch.name)
            order.n_done += self._n_in_hand
            self._n_trained_before = self._n_trained()
            yield batch

    def _n_trained(self) -> int:
        if self.trainer is None:
            return 0
        return self.trainer.fit_loop.epoch_loop.batch_progress.total.processed  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, int]:
        """Where in the data the run is, the same in every process; {} without an EpochOrder."""
        if not isinstance(self.sampler, EpochOrder):
            return {}
        state = self.sampler.state_dict()
        if self.trainer is not None and self._n_trained() == self._n_trained_before:
            state["n_done"] -= self._n_in_hand
        return state

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there; raises ValueError if the order was another."""
        if isinstance(self.sampler, EpochOrder) and state:
            self.sampler.load_state_dict(state)


class ResumableDataModule(L.LightningDataModule):
    """A data module whose place in the training clips is part of every checkpoint.

    Lightning keeps the state of loaders too, but does not give it back when an epoch was over or when the length of
    the run was asked for before, and refuses a state only when a checkpoint may be written over.
    """

    def __init__(self) -> None:
        super().__init__()
        self._place: dict[str, int] = {}

    def resumable(self, loader: TrainingLoader) -> TrainingLoader:
        """The loader, where the run is."""
        loader.load_state_dict(self.state_dict())
        loader.trainer = self.trainer
        return loader

    def state_dict(self) -> dict[str, int]:
        """Where in the training clips the run is."""
        loader = self.trainer.train_dataloader if self.trainer is not None else None
        return loader.state_dict() if isinstance(loader, TrainingLoader) else self._place

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Go on from there; raises ValueError if the order was another."""
        self._place = state_dict
        if self.trainer is not None and self.trainer.state.fn == TrainerFn.FITTING:
            self.train_dataloader()

    def teardown(self, stage: str) -> None:
        """Another run begins at the beginning."""
        self._place = {}
