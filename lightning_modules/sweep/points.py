"""The points of a sweep, each a function of the file and its index alone."""

from collections.abc import Iterator, Mapping
from itertools import islice, product

from lightning_modules.sweep.axis import Value
from lightning_modules.sweep.definition import Sweep


def point(sweep: Sweep, index: int) -> dict[str, Value]:
    """Values by name; of a grid in the order of nested loops, the last axis innermost.

    Raises:
        ValueError: the points follow from results
    """
    if sweep.method == "grid":
        values = next(islice(product(*(axis.choices for axis in sweep.axes)), index, None))
        return dict(zip((axis.name for axis in sweep.axes), values, strict=True))
    if sweep.method == "random":
        from lightning_modules.sweep.drawing import random_point  # Optuna takes a second, and a grid needs none

        return random_point(sweep.axes, index)
    raise ValueError(f"{sweep.path}: method bayes learns from results: say --storage journal, or use wandb sweep.")


def telling_points(sweep: Sweep) -> Iterator[dict[str, Value]]:
    """As few points as hold every choice and both ends of every range."""
    for index in range(max(len(axis.extremes) for axis in sweep.axes)):
        yield {axis.name: axis.extremes[index % len(axis.extremes)] for axis in sweep.axes}


def flags(values: Mapping[str, Value]) -> list[str]:
    """Values -> options, written as W&B's agent writes them."""
    return [f"--{name}={value}" for name, value in values.items()]
