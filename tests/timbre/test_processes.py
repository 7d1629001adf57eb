"""Whether a test is shared out: where the processes that trained can be had."""

import pytest
import torch

from timbre.processes import can_be_shared

SLURM = ("SLURM_NTASKS", "SLURM_JOB_NAME", "SLURM_JOB_ID", "WORLD_SIZE")


@pytest.mark.parametrize(
    ("settings", "variables", "n_gpus", "shared"),
    [
        ({"accelerator": "cpu", "devices": 2, "num_nodes": 1}, {}, 0, True),
        ({"accelerator": "cpu", "devices": "2"}, {}, 0, True),
        ({"accelerator": "cpu", "devices": 1}, {}, 0, False),
        ({"accelerator": "auto", "devices": "auto"}, {}, 0, False),
        ({"accelerator": "auto", "devices": "auto"}, {}, 4, True),
        ({"accelerator": "gpu", "devices": -1}, {}, 1, False),
        ({"accelerator": "gpu", "devices": 4}, {}, 4, True),
        ({"accelerator": "gpu", "devices": 4}, {}, 1, False),
        ({"accelerator": "gpu", "devices": [0, 1]}, {}, 2, True),
        ({"accelerator": "cpu", "devices": 2, "num_nodes": 2}, {}, 0, False),
        ({"accelerator": "cpu", "devices": 2, "num_nodes": 2}, {"WORLD_SIZE": "4"}, 0, True),
        ({"accelerator": "cpu", "devices": 2}, {"SLURM_NTASKS": "2", "SLURM_JOB_NAME": "job"}, 0, True),
        ({"accelerator": "cpu", "devices": 2}, {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "job"}, 0, False),
        ({"accelerator": "cpu", "devices": 2}, {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "bash"}, 0, True),
    ],
)
def test_where_the_processes_can_be_had(settings, variables, n_gpus, shared, monkeypatch):
    for name in SLURM:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    assert can_be_shared(settings) == shared
