"""The order of training clips: every clip once per epoch, and taken up again where it was left."""

import pytest
import torch
from torch.utils.data import Dataset

from datamodules.clip_dataset import collate
from datamodules.training_loader import EpochOrder, TrainingLoader
from synths.clip import Clip


class Numbers(Dataset[Clip]):
    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Clip:
        return Clip(torch.zeros(4), torch.ones(1), torch.ones(1), str(index), {})


def loader(n_workers: int = 0, seed: int = 0) -> TrainingLoader:
    return TrainingLoader(
        Numbers(), 2, sampler=EpochOrder(10, seed), drop_last=True, num_workers=n_workers, collate_fn=collate
    )


def names(batches) -> list[str]:
    return [name for batch in batches for name in batch.name]


def test_every_clip_once_per_epoch_and_each_epoch_anew():
    training = loader()
    first, second = names(training), names(training)
    assert sorted(first) == sorted(second) == sorted(str(n) for n in range(10)) and first != second
    assert names(loader()) == first and names(loader(seed=1)) != first


@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize("n_batches", [1, 3, 5])
def test_left_in_the_middle_and_taken_up_again(n_workers, n_batches):
    """What was left of the epoch, then the next epoch, as without the interruption."""
    whole = loader()
    expected = names(whole) + names(whole)
    cut = loader(n_workers)
    batches = iter(cut)
    before = names(next(batches) for _ in range(n_batches))
    resumed = loader(n_workers)
    resumed.load_state_dict(cut.state_dict())
    after = names(resumed) + names(resumed)
    assert before + after == expected
