"""How many processes a configuration asks for, and whether they can be had here."""

import os
from collections.abc import Mapping
from typing import Any

import torch
from lightning.fabric.plugins.environments import SLURMEnvironment


def can_be_shared(trainer: Mapping[str, Any]) -> bool:
    """Whether a test can be shared out among the processes that its trainer's configuration asks for.

    A run that was trained on many is often tested elsewhere, by one: then one process tests.

    Args:
        trainer: settings of the trainer
    """
    nodes, devices = trainer.get("num_nodes") or 1, _n_devices(trainer)
    if nodes * devices < 2:
        return False
    if SLURMEnvironment.detect():
        return int(os.environ.get("SLURM_NTASKS", 1)) == nodes * devices
    return nodes == 1 or int(os.environ.get("WORLD_SIZE", 1)) == nodes * devices


def _n_devices(trainer: Mapping[str, Any]) -> int:
    """Processes per node; 1 where there are not so many devices."""
    devices, has_cuda = trainer.get("devices"), torch.cuda.is_available()
    on_cuda = trainer.get("accelerator") in ("gpu", "cuda") or (trainer.get("accelerator") == "auto" and has_cuda)
    here = torch.cuda.device_count() if on_cuda else None
    if isinstance(devices, list):
        n_devices = len(devices)
    elif str(devices).isdecimal():
        n_devices = int(devices)  # type: ignore[arg-type]
    else:  # auto, -1: all of them; of processors one
        n_devices = here or 1
    return n_devices if here is None or n_devices <= here else 1
