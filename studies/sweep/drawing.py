"""Axes as Optuna's distributions, and points drawn from them."""

from collections.abc import Sequence

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from studies.sweep.axis import SweptSetting, Value


def distributions(settings: Sequence[SweptSetting]) -> dict[str, BaseDistribution]:
    """By name, in order."""
    return {setting.name: _distribution(setting) for setting in settings}


def _distribution(setting: SweptSetting) -> BaseDistribution:
    if setting.choices:
        return CategoricalDistribution(setting.choices)
    if setting.distribution == "int_uniform":
        return IntDistribution(int(setting.low), int(setting.high))
    return FloatDistribution(
        setting.low, setting.high, log=setting.distribution == "log_uniform_values", step=setting.step
    )


def random_point(settings: Sequence[SweptSetting], index: int) -> dict[str, Value]:
    """The same point for the same index, whatever was drawn before."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=index))
    return study.ask(distributions(settings)).params
