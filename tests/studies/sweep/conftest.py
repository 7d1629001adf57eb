"""A sweep's file, written and broken at will."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from studies.sweep import SweepFile, read_sweep

CONTENT = {
    "method": "grid",
    "metric": {"name": "test/frave_score", "goal": "maximize"},
    "run_cap": 6,
    "command": ["${env}", "timbre", "fit", "--config", "x.yaml", "--test", "true", "${args}"],
    "parameters": {"model.a": {"values": [1, 2]}, "model.b": {"values": ["u", "v", "w"]}},
}
RANGES = {
    "share": {"values": ["low", "high"]},
    "weight": {"distribution": "log_uniform_values", "min": 0.1, "max": 10.0},
    "dropout": {"distribution": "uniform", "min": 0.0, "max": 0.5},
    "size": {"distribution": "int_uniform", "min": 2, "max": 9},
    "step": {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.25},
}


@pytest.fixture
def content() -> dict[str, Any]:
    """A sound grid of six points, to break."""
    return yaml.safe_load(yaml.safe_dump(CONTENT))


@pytest.fixture
def write_sweep(tmp_path: Path) -> Callable[..., SweepFile]:
    """Changes to a sound file -> the sweep, read."""

    def write(**changes: Any) -> SweepFile:
        path = tmp_path / "question.yaml"
        path.write_text("# Why?\n" + yaml.safe_dump(CONTENT | changes, sort_keys=False))
        return read_sweep(path)

    return write


@pytest.fixture
def grid(write_sweep: Callable[..., SweepFile]) -> SweepFile:
    """Six points."""
    return write_sweep()


@pytest.fixture
def drawn(write_sweep: Callable[..., SweepFile]) -> SweepFile:
    """A random sweep with every kind of setting."""
    return write_sweep(method="random", run_cap=40, parameters=RANGES)
