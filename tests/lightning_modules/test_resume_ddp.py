"""Runs of two processes, each of which trains on its share of the clips, go on in the order that they were cut in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = '''
"""Train as the arguments say, and write down what each process was trained on."""

import json
import logging
import os
import signal
import sys
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import Dataset

from datamodules.clip_dataset import collate
from datamodules.training_loader import EpochOrder, ResumableDataModule, TrainingLoader
from synths.clip import Clip

N_CLIPS, BATCH_SIZE = 19, 2


class Numbers(Dataset):
    def __len__(self):
        return N_CLIPS

    def __getitem__(self, index):
        return Clip(torch.zeros(4), torch.ones(1), torch.ones(1), str(index), {})


class Data(ResumableDataModule):
    def __init__(self, n_workers):
        super().__init__()
        self.n_workers = n_workers

    def train_dataloader(self):
        order = EpochOrder(N_CLIPS, 0, self.trainer.global_rank, self.trainer.world_size)
        return self.resumable(TrainingLoader(
            Numbers(), BATCH_SIZE, sampler=order, drop_last=True, collate_fn=collate,
            num_workers=self.n_workers, persistent_workers=self.n_workers > 0,
        ))


class Listener(L.LightningModule):
    def __init__(self, killed_at):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.killed_at, self.heard = killed_at, []

    def training_step(self, clip, batch_idx):
        if self.global_step == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        loader = self.trainer.train_dataloader
        self.heard.append([self.global_step, loader.epoch, clip.name])
        self.log("loss", self.weight.detach(), sync_dist=True)
        return (self.weight - 1.0) ** 2

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def fit(folder, name, n_steps, n_workers, devices=2, checkpoint=None, killed_at=None):
    every_third = ModelCheckpoint(folder, name, every_n_train_steps=3, enable_version_counter=False)
    trainer = L.Trainer(
        accelerator="cpu", devices=devices, strategy="ddp" if devices > 1 else "auto", use_distributed_sampler=False,
        max_steps=n_steps, logger=False, callbacks=[every_third], enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder,
    )
    model = Listener(killed_at)
    trainer.fit(model, datamodule=Data(n_workers), ckpt_path=checkpoint and folder / checkpoint, weights_only=True)
    (folder / f"{name}.{trainer.global_rank}.json").write_text(json.dumps(model.heard))


if __name__ == "__main__":
    for settings in json.loads(sys.argv[1]):
        fit(Path(__file__).parent, **settings)
'''
N_PER_STEP, N_STEPS = 4, 4
"""Clips of a step of both processes, and steps of an epoch of 19 clips."""


@pytest.fixture
def train(tmp_path):
    """Settings of runs, one after the other in the same processes -> None; what they heard is in files."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}

    def run(*settings, ends=0):
        command = [sys.executable, "-W", "ignore", str(script), json.dumps(settings)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == ends, done.stderr

    return run


def heard(folder, name, rank):
    """[step, epoch, names] of each batch."""
    return json.loads((folder / f"{name}.{rank}.json").read_text())


def names_of(folder, name, steps=slice(None), ranks=(0, 1)):
    """Names of the clips of some steps, in all processes together."""
    return [clip for rank in ranks for _, _, names in heard(folder, name, rank)[steps] for clip in names]


def check_whole(folder):
    """The uninterrupted run is what it should be: every clip at most once per epoch, in both processes together."""
    for epoch in range(2):
        steps = slice(epoch * N_STEPS, (epoch + 1) * N_STEPS)
        seen = names_of(folder, "whole", steps)
        assert len(set(seen)) == len(seen) == N_STEPS * N_PER_STEP
        assert all(heard(folder, "whole", rank)[steps][i][1] == epoch for rank in (0, 1) for i in range(N_STEPS))


def test_two_processes_share_out_the_clips_and_go_on_with_them(train, tmp_path):
    """From a checkpoint in the middle of an epoch: in each process the order that it would have had."""
    train(
        {"name": "whole", "n_steps": 10, "n_workers": 0},
        {"name": "cut", "n_steps": 5, "n_workers": 0},
        {"name": "resumed", "n_steps": 10, "n_workers": 0, "checkpoint": "cut.ckpt"},
    )
    check_whole(tmp_path)
    for rank in (0, 1):
        assert heard(tmp_path, "cut", rank) == heard(tmp_path, "whole", rank)[:5]
        assert heard(tmp_path, "resumed", rank) == heard(tmp_path, "whole", rank)[3:]


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize(("killed_at", "saved_at"), [(4, 3), (7, 6)])
def test_two_processes_are_killed_and_others_go_on(train, tmp_path, n_workers, killed_at, saved_at):
    """SIGKILL to both, new processes; one process alone goes on in the same order too, and none is lost or twice."""
    train({"name": "whole", "n_steps": 10, "n_workers": n_workers})
    train({"name": "cut", "n_steps": 10, "n_workers": n_workers, "killed_at": killed_at}, ends=-9)
    train({"name": "resumed", "n_steps": 10, "n_workers": n_workers, "checkpoint": "cut.ckpt"})
    train({"name": "alone", "n_steps": 20, "n_workers": n_workers, "checkpoint": "cut.ckpt", "devices": 1})
    check_whole(tmp_path)
    for rank in (0, 1):
        assert heard(tmp_path, "resumed", rank) == heard(tmp_path, "whole", rank)[saved_at:]
    epoch, done = divmod(saved_at, N_STEPS)
    before = names_of(tmp_path, "whole", slice(epoch * N_STEPS, epoch * N_STEPS + done))
    rest = [clip for _, its_epoch, names in heard(tmp_path, "alone", 0) if its_epoch == epoch for clip in names]
    assert len(set(before + rest)) == len(before + rest) == 18, "all of 19 but one, which fills no batch of two"
