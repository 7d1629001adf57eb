"""The order of training clips: every clip once per epoch, and taken up again where it was left."""

from itertools import islice

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from datamodules.clip_dataset import collate
from datamodules.training_loader import EpochOrder, ResumableDataModule, TrainingLoader
from synths.clip import Clip

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*many workers", "ignore:.*callbacks used to create", "ignore:.*is not empty", "ignore:.*LeafSpec"
)
workers = pytest.mark.parametrize("n_workers", [0, 2])
N_CLIPS, BATCH_SIZE = 11, 2
N_STEPS = N_CLIPS // BATCH_SIZE
"""Steps of an epoch: one clip is left out."""


class Numbers(Dataset[Clip]):
    def __init__(self, n_clips: int = N_CLIPS) -> None:
        self.n_clips = n_clips

    def __len__(self) -> int:
        return self.n_clips

    def __getitem__(self, index: int) -> Clip:
        return Clip(torch.zeros(4), torch.ones(1), torch.ones(1), str(index), {})


def loader(n_workers=0, seed=0, n_clips=N_CLIPS, batch_size=BATCH_SIZE, rank=0, world_size=1) -> TrainingLoader:
    """As a data module builds it."""
    return TrainingLoader(
        Numbers(n_clips), batch_size, sampler=EpochOrder(n_clips, seed, rank, world_size),
        drop_last=n_clips // world_size > batch_size, num_workers=n_workers, persistent_workers=n_workers > 0,
        collate_fn=collate,
    )  # fmt: skip


def names(batches) -> list[list[str]]:
    return [batch.name for batch in batches]


def flat(batches) -> list[str]:
    return [name for batch in batches for name in batch]


def in_one_go(n_steps: int, seed: int = 0) -> list[list[str]]:
    """Names of the first steps of a run that nothing interrupts."""
    whole, steps = loader(seed=seed), []
    while len(steps) < n_steps:
        steps += names(whole)
    return steps[:n_steps]


def test_every_clip_once_per_epoch_and_each_epoch_anew():
    training = loader(n_clips=10)
    first, second = names(training), names(training)
    assert sorted(flat(first)) == sorted(flat(second)) == sorted(str(n) for n in range(10)) and first != second
    assert names(loader(n_clips=10)) == first and names(loader(n_clips=10, seed=1)) != first


def test_the_clip_that_is_left_out_is_another_one_in_every_epoch():
    training = loader()
    left_out = [{str(n) for n in range(N_CLIPS)} - set(flat(names(training))) for _ in range(20)]
    assert all(len(names) == 1 for names in left_out) and len(set.union(*left_out)) > 5


@workers
@pytest.mark.parametrize("n_batches", [1, 3, 5, 7])
def test_left_in_the_middle_and_taken_up_again(n_workers, n_batches):
    """What was left of the epoch, then the next epoch, as without the interruption; the epoch is that of the batch."""
    cut, before = loader(n_workers), []
    while len(before) < n_batches:
        before += names(islice(cut, n_batches - len(before)))
    resumed = loader(n_workers)
    resumed.load_state_dict(cut.state_dict())
    after = [(resumed.epoch, batch.name) for _ in range(3) for batch in resumed]
    expected = in_one_go(n_batches + len(after))
    assert before + [name for _, name in after] == expected
    assert [epoch for epoch, _ in after] == [step // N_STEPS for step in range(n_batches, len(expected))]


@workers
def test_an_iteration_that_is_broken_off_is_gone_on_with(n_workers):
    """As Lightning does between its own epochs; what workers have read ahead is not lost."""
    training = loader(n_workers)
    assert names(islice(training, 3)) + names(islice(training, 1)) + names(training) == in_one_go(N_STEPS)


@pytest.mark.parametrize("world_size", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
@pytest.mark.parametrize("n_clips", [3, 4, 7, 12])
def test_every_process_has_as_many_batches_and_none_has_the_same_clip(n_clips, batch_size, world_size):
    """At least one, of equal sizes; a step takes from the order what one process takes with the same clips per step."""
    ranks = [loader(n_clips=n_clips, batch_size=batch_size, rank=r, world_size=world_size) for r in range(world_size)]
    epochs = [names(training) for training in ranks]
    assert {len(training) for training in ranks} == {len(epoch) for epoch in epochs} == {max(1, len(epochs[0]))}
    steps = [[batch[step] for batch in epochs] for step in range(len(ranks[0]))]
    assert all(len({len(batch) for batch in step}) == 1 for step in steps)
    assert len(set(flat(flat(steps)))) == len(flat(flat(steps)))
    one = names(loader(n_clips=n_clips, batch_size=len(flat(steps[0]))))[: len(steps)]
    assert [sorted(flat(step)) for step in steps] == [sorted(step) for step in one]
    assert n_clips - len(flat(flat(steps))) < world_size * batch_size
    assert len({str(training.state_dict()) for training in ranks}) == 1


def test_processes_without_a_clip_are_refused():
    with pytest.raises(ValueError, match=r"2 training clips cannot be shared out among 3 processes: lower trainer"):
        EpochOrder(2, 0, rank=0, world_size=3)


@pytest.mark.parametrize(("before", "after"), [((2, 2), (1, 2)), ((1, 2), (2, 2)), ((2, 2), (1, 4)), ((1, 3), (3, 2))])
def test_another_number_of_processes_goes_on_in_the_same_order(before, after):
    """Pairs of processes and clips per batch: none twice, and none lost but what does not fill a last step."""
    n_clips, n_steps = 25, 3
    ranks = [loader(n_clips=n_clips, batch_size=before[1], rank=r, world_size=before[0]) for r in range(before[0])]
    seen = flat(flat(names(islice(training, n_steps)) for training in ranks))
    resumed = [loader(n_clips=n_clips, batch_size=after[1], rank=r, world_size=after[0]) for r in range(after[0])]
    for training in resumed:
        training.load_state_dict(ranks[0].state_dict())
    left = flat(flat(names(training) for training in resumed))
    assert len(set(seen + left)) == len(seen + left) > n_clips - after[0] * after[1]
    one = flat(names(loader(n_clips=n_clips, batch_size=1)))
    assert set(seen) == set(one[: len(seen)]) and set(left) == set(one[len(seen) : len(seen) + len(left)])


def test_a_place_in_another_order_is_refused():
    """One sentence with the mend."""
    state = loader().state_dict()
    with pytest.raises(ValueError, match=r"trained on 11 clips, but there are 12 now: go on with the data and the fil"):
        loader(n_clips=12).load_state_dict(state)
    with pytest.raises(ValueError, match=r"that of data\.seed 0, not of 1: go on with data\.seed 0"):
        loader(seed=1).load_state_dict(state)


def test_clips_are_not_shared_out_twice():
    """Lightning wraps the order in a distributed sampler unless it is told not to."""
    twice = DistributedSampler(Numbers(), num_replicas=2, rank=0)
    with pytest.raises(ValueError, match=r"set trainer\.use_distributed_sampler to false"):
        iter(TrainingLoader(Numbers(), 2, sampler=twice, collate_fn=collate))


class Data(ResumableDataModule):
    def __init__(self, n_workers: int = 0, seed: int = 0) -> None:
        super().__init__()
        self.n_workers, self.seed, self.epochs = n_workers, seed, []

    def train_dataloader(self) -> TrainingLoader:
        return self.resumable(loader(self.n_workers, self.seed))

    def val_dataloader(self) -> DataLoader[Clip]:
        return DataLoader(Numbers(), 4, collate_fn=collate)

    def on_after_batch_transfer(self, clips: Clip, dataloader_idx: int) -> Clip:
        """Where augmentation needs to know the epoch."""
        if self.trainer.training:
            self.epochs.append(self.trainer.train_dataloader.epoch)
        return clips


class Listener(L.LightningModule):
    """Remembers what it was trained on."""

    def __init__(self, interrupted_at: int | None = None, asks_length: bool = False) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.interrupted_at, self.asks_length, self.heard = interrupted_at, asks_length, []

    def training_step(self, clips: Clip, batch_idx: int) -> torch.Tensor:
        if len(self.heard) == self.interrupted_at:
            raise KeyboardInterrupt
        self.heard.append(clips.name)
        return (self.weight - 1.0) ** 2

    def validation_step(self, clips: Clip, batch_idx: int) -> None: ...

    def configure_optimizers(self) -> torch.optim.Optimizer:
        if self.asks_length:
            assert self.trainer.estimated_stepping_batches
        return torch.optim.SGD(self.parameters(), 0.1)


class Save(Callback):
    """A checkpoint at each of the moments when ours are written, named after moment and step."""

    def __init__(self, folder) -> None:
        self.folder = folder

    def _save(self, trainer, moment):
        trainer.save_checkpoint(self.folder / f"{moment} {trainer.global_step}.ckpt")

    def on_train_batch_end(self, trainer, *_):
        self._save(trainer, "step")

    def on_validation_end(self, trainer, _):
        if not trainer.sanity_checking:
            self._save(trainer, "validation")

    def on_train_epoch_end(self, trainer, _):
        self._save(trainer, "epoch")


def trainer_for(folder, *callbacks, limit, **more) -> L.Trainer:
    settings = {"check_val_every_n_epoch": None, "val_check_interval": 4, "num_sanity_val_steps": 0, **limit, **more}
    return L.Trainer(
        accelerator="cpu", devices=1, logger=False, enable_checkpointing=bool(callbacks), callbacks=list(callbacks),
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder, log_every_n_steps=1,
        use_distributed_sampler=False, **settings,
    )  # fmt: skip


def fit(trainer, model, data=None, checkpoint=None) -> list[list[str]]:
    """What the model was trained on."""
    trainer.fit(model, datamodule=data or Data(), ckpt_path=checkpoint, weights_only=checkpoint and True)
    return model.heard


STEPS, EPOCHS = {"max_steps": 3 * N_STEPS}, {"max_epochs": 3}


@workers
@pytest.mark.parametrize("limit", [STEPS, EPOCHS], ids=["steps", "epochs"])
def test_a_trainer_sees_every_epoch_and_knows_which(n_workers, limit, tmp_path):
    """The loader's is the epoch of the batch in hand, also at its borders; Lightning counts the same, none empty."""
    trainer, data = trainer_for(tmp_path, limit=limit), Data(n_workers)
    assert fit(trainer, Listener(), data) == in_one_go(3 * N_STEPS)
    assert data.epochs == [0] * N_STEPS + [1] * N_STEPS + [2] * N_STEPS
    assert trainer.current_epoch == 3


@pytest.mark.parametrize(("limit", "asks_length"), [(STEPS, False), (EPOCHS, True)], ids=["steps", "epochs"])
def test_a_killed_run_goes_on_from_each_of_its_checkpoints(limit, asks_length, tmp_path):
    """After a step, a validation or an epoch: the order, and the epochs, from there on are those of the first time."""
    expected = fit(trainer_for(tmp_path, Save(tmp_path), limit=limit), Listener(asks_length=asks_length))
    checkpoints = list(tmp_path.glob("*.ckpt"))
    assert len(checkpoints) == 15 + 3 + 3
    for path in checkpoints:
        step, data = int(path.stem.split()[1]), Data()
        assert fit(trainer_for(tmp_path, limit=limit), Listener(asks_length=asks_length), data, path) == expected[step:]
        assert data.epochs == [n // N_STEPS for n in range(step, len(expected))]


@pytest.mark.parametrize(("n_workers", "n_first"), [(0, 3), (2, 3), (0, N_STEPS), (0, N_STEPS + 2)])
@pytest.mark.parametrize("prolonged", [STEPS, EPOCHS], ids=["steps", "epochs"])
def test_a_run_that_came_to_its_end_is_prolonged(n_workers, n_first, prolonged, tmp_path):
    """Lightning holds the epoch in which it stopped for finished: its other clips come all the same."""
    trainer = trainer_for(tmp_path, limit={"max_steps": n_first})
    first = fit(trainer, Listener(), Data(n_workers))
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    more = fit(trainer_for(tmp_path, limit=prolonged), Listener(), Data(n_workers), tmp_path / "last.ckpt")
    assert more and first + more == in_one_go(n_first + len(more))


def test_a_run_is_prolonged_twice(tmp_path):
    """As above, from a checkpoint of the prolonged run."""
    heard = []
    for max_steps in (3, 4, 7, 13):
        trainer = trainer_for(tmp_path, limit={"max_steps": max_steps})
        heard += fit(trainer, Listener(), checkpoint=tmp_path / "last.ckpt" if heard else None)
        trainer.save_checkpoint(tmp_path / "last.ckpt")
    assert heard == in_one_go(13)


def last(folder) -> ModelCheckpoint:
    return ModelCheckpoint(folder, "last", every_n_train_steps=3, save_on_exception=True, enable_version_counter=False)


@pytest.mark.parametrize(
    ("n_workers", "interrupted_at", "limit"),
    [(0, 2, STEPS), (2, 2, STEPS), (0, 3, EPOCHS), (0, N_STEPS, STEPS), (0, N_STEPS + 1, {**STEPS, **EPOCHS})],
)
def test_a_batch_that_was_interrupted_comes_again(n_workers, interrupted_at, limit, tmp_path):
    """Ctrl-C in the middle of a step: the model has not learnt from its batch; also the first of an epoch."""
    model = Listener(interrupted_at)
    with pytest.raises(SystemExit):
        fit(trainer_for(tmp_path, last(tmp_path), limit=limit), model, Data(n_workers))
    resumed = trainer_for(tmp_path, limit=limit)
    more = fit(resumed, Listener(), Data(n_workers), tmp_path / "last.ckpt")
    assert model.heard + more == in_one_go(3 * N_STEPS)


def test_a_refused_checkpoint_is_not_written_over(tmp_path):
    """Another seed by mistake costs nothing."""
    fit(trainer_for(tmp_path, last(tmp_path), limit={"max_steps": 3}), Listener())
    kept = (tmp_path / "last.ckpt").read_bytes()
    with pytest.raises(ValueError, match=r"go on with data\.seed 0"):
        fit(trainer_for(tmp_path, last(tmp_path), limit=STEPS), Listener(), Data(seed=1), tmp_path / "last.ckpt")
    assert (tmp_path / "last.ckpt").read_bytes() == kept


def test_a_new_run_with_the_same_data_begins_at_the_beginning(tmp_path):
    data = Data()
    trainer = trainer_for(tmp_path, limit={"max_steps": 3})
    fit(trainer, Listener(), data)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    fit(trainer_for(tmp_path, limit={"max_steps": 4}), Listener(), data, tmp_path / "last.ckpt")
    assert fit(trainer_for(tmp_path, limit={"max_steps": 2}), Listener(), data) == in_one_go(2)


@pytest.mark.parametrize("more", [{"limit_train_batches": 2}, {"reload_dataloaders_every_n_epochs": 1}])
def test_lightnings_epochs_do_not_break_the_order(more, tmp_path):
    """Shorter ones, or a new loader for each."""
    heard = fit(trainer_for(tmp_path, limit={"max_steps": 8}, **more), Listener())
    assert heard == in_one_go(8)


@pytest.mark.filterwarnings("ignore:.*requested to overfit", "ignore:.*You are trying to `self.log", "ignore:.*not res")
def test_overfitting_takes_the_same_batches_again(tmp_path):
    heard = fit(trainer_for(tmp_path, limit={"max_steps": 4}, overfit_batches=1), Listener())
    assert heard == [heard[0]] * 4
