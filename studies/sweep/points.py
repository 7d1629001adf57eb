"""The points of a sweep, each a function of the file and its index alone."""

from collections.abc import Iterator, Mapping
from itertools import islice, product

from studies.sweep.axis import Value
from studies.sweep.definition import SweepFile


def point(sweep: SweepFile, index: int) -> dict[str, Value]:
    """Values by name; of a grid in the order of nested loops, the last setting innermost.

    Raises:
        ValueError: the points follow from results
    """
    if sweep.method == "grid":
        values = next(islice(product(*(setting.choices for setting in sweep.settings)), index, None))
        return dict(zip((setting.name for setting in sweep.settings), values, strict=True))
    if sweep.method == "random":
        from studies.sweep.drawing import random_point  # Optuna takes a second, and a grid needs none

        return random_point(sweep.settings, index)
    raise ValueError(f"{sweep.path}: method bayes learns from results: say --storage journal, or use wandb sweep.")


def telling_points(sweep: SweepFile) -> Iterator[dict[str, Value]]:
    """As few points as hold every choice and both ends of every range."""
    for index in range(max(len(setting.extremes) for setting in sweep.settings)):
        yield {setting.name: setting.extremes[index % len(setting.extremes)] for setting in sweep.settings}


def flags(values: Mapping[str, Value]) -> list[str]:
    """Values -> options, written as W&B's agent writes them."""
    return [f"--{name}={value}" for name, value in values.items()]
