"""What a configuration may name and read, unless its user says `--trust`."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

from lightning.pytorch import callbacks, loggers, profilers, strategies
from omegaconf import OmegaConf
from omegaconf.resolvers import oc

from lightning_modules.known_classes import COMPONENTS, class_names, only_known

PACKAGES = ("synths", "datamodules", "lightning_modules")
DATA = (
    *("datamodules", "datamodules.augmentation", "datamodules.amp_space"),
    *("datamodules.nsynth", "datamodules.recordings", "datamodules.synth1b1"),
)
LIGHTNING: tuple[type, ...] = (
    *(callbacks.DeviceStatsMonitor, callbacks.EarlyStopping, callbacks.GradientAccumulationScheduler),
    *(callbacks.LearningRateMonitor, callbacks.ModelSummary, callbacks.RichModelSummary, callbacks.RichProgressBar),
    *(callbacks.StochasticWeightAveraging, callbacks.TQDMProgressBar),
    *(loggers.CSVLogger, loggers.TensorBoardLogger, profilers.AdvancedProfiler, profilers.SimpleProfiler),
    *(strategies.DDPStrategy, strategies.SingleDeviceStrategy),
)
"""Classes of Lightning that run and delete nothing, whatever they are given."""

VARIABLES = (
    *("NSYNTH", "AMP_SPACE", "RECORDINGS", "SYNTH1B1", "TIMBRE_RUNS", "HOME", "USER", "TMPDIR"),
    *("SCRATCH", "PROJECT", "SLURM_TMPDIR", "SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID"),
)
"""Environment variables that a configuration may read: places and numbers of jobs, nothing secret."""

END_BEHIND = "lightning_modules.callbacks.EndBehind"
"""The one callback of ours that a configuration names: a sweep gives it to its points."""

OPTION = "--trust"


def without_trust(args: Sequence[str]) -> tuple[list[str], bool]:
    """Options -> the others, and whether `--trust` is among them; no file can say it."""
    kept, trusted, words = [], False, iter(args)
    for word in words:
        option, _, value = word.partition("=")
        if option != OPTION:
            kept.append(word)
        elif value.lower() in ("", "true"):
            trusted = True
        elif value.lower() != "false":
            raise ValueError(f"{word}: write {OPTION}, without a value.")
    return kept, trusted


@contextmanager
def reading(trusted: bool) -> Iterator[None]:
    """Meanwhile configurations name known classes and read known variables only.

    Raises:
        ValueError: one of them names something else
    """
    if trusted:
        yield
        return
    with _known_variables() as secret, only_known(known_names()) as refused:
        try:
            yield
        except Exception as error:
            told = _told(error)
            sentences = [*map(_of_a_class, refused), *map(_of_a_variable, secret)]
            for name, sentence in zip([*refused, *secret], sentences, strict=True):
                if name in told:
                    raise ValueError(f"configuration: {sentence}") from error
            raise


def _of_a_class(name: str) -> str:
    if name.split(".")[0] in PACKAGES:
        meant = get_close_matches(name, class_names(*COMPONENTS, *DATA), 1, 0.75)
        return f"no package of ours exports a class {name}" + (f": did you mean {meant[0]}?" if meant else ".")
    return (
        f"{name} is none of the classes that a configuration may name (those that our packages export, and a few of "
        f"Lightning's): if you trust all that it names, add {OPTION}."
    )


def _of_a_variable(name: str) -> str:
    return (
        f"{name} is none of the environment variables that a configuration may read: write its value, or, if you trust "
        f"all that is read, add {OPTION}."
    )


def _told(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def known_names() -> frozenset[str]:
    """Every dotted path that a configuration may name."""
    lightning = {f"{kind.__module__}.{kind.__qualname__}" for kind in LIGHTNING}
    lightning |= {f"{_exporter(kind)}.{kind.__qualname__}" for kind in LIGHTNING}
    return class_names(*COMPONENTS, *DATA) | lightning | {END_BEHIND}


def _exporter(kind: type) -> str:
    return ".".join(kind.__module__.split(".")[:3])


def refuse_other_places(trainer: Any) -> None:
    """Raise ValueError when something that a trainer's configuration names would write beyond the current folder."""
    for value in _strings(trainer, within_class=False):
        path = PurePath(value)
        if path.is_absolute() or ".." in path.parts or value.startswith("~"):
            raise ValueError(
                f"configuration: trainer would write to {value}, outside its folder: leave that out, or add {OPTION}."
            )


def _strings(value: Any, within_class: bool) -> Iterator[str]:
    """The strings that classes of a configuration are given, at any depth."""
    if isinstance(value, str):
        yield from [value] if within_class else []
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part, within_class or "class_path" in value)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part, within_class)


@contextmanager
def _known_variables() -> Iterator[list[str]]:
    """Meanwhile `${oc.env:NAME}` reads known variables only; gives a list of what was refused."""
    refused: list[str] = []

    def known_variable(name: str, *default: Any) -> Any:
        if name not in VARIABLES:
            refused.append(name)
            raise ValueError(f"{name} is none of the environment variables that a configuration may read")
        return oc.env(name, *default)

    _register(known_variable)
    try:
        yield refused
    finally:
        _register(oc.env)


def _register(resolver: Callable[..., Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the new name means something else in the oldest version that is supported
        OmegaConf.register_new_resolver("oc.env", resolver, replace=True)
