"""Axes as Optuna's distributions, and points drawn from them."""

from collections.abc import Sequence

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from lightning_modules.sweep.axis import Axis, Value


def distributions(axes: Sequence[Axis]) -> dict[str, BaseDistribution]:
    """By name, in order."""
    return {axis.name: _distribution(axis) for axis in axes}


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.choices:
        return CategoricalDistribution(axis.choices)
    if axis.distribution == "int_uniform":
        return IntDistribution(int(axis.low), int(axis.high))
    return FloatDistribution(axis.low, axis.high, log=axis.distribution == "log_uniform_values", step=axis.step)


def random_point(axes: Sequence[Axis], index: int) -> dict[str, Value]:
    """The same point for the same index, whatever was drawn before."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=index))
    return study.ask(distributions(axes)).params
