"""What a checkpoint of ours holds: plain numbers, words and tensors, under names that are known."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from lightning_modules.encoders.preset import Preset
from lightning_modules.losses.turned_knobs import TurnedKnobs
from synths import ClipFormat

PLAIN = (type(None), bool, int, float, str, dict, OrderedDict, list, tuple, Tensor, ClipFormat, TurnedKnobs, Preset)
DEEPEST = 32
"""Levels of nesting; a model's settings have a dozen."""

INSTANTIATOR = "lightning.pytorch.cli.instantiate_module"
OF_THE_LOOP = (
    *("pytorch-lightning_version", "loops", "callbacks", "optimizer_states", "lr_schedulers", "MixedPrecision"),
    *("hparams_name", "hparams_type", "datamodule_hparams_name", "datamodule_hparams_type"),
    *("datamodule_hyper_parameters",),
)
"""Lightning's keys that may be missing, and that nothing is made of but the state of a run that goes on."""

PLACE_IN_THE_DATA = {"seed", "n_clips", "epoch", "n_done"}


def problem_of(checkpoint: Mapping[str, Any], known: Collection[str]) -> str:
    """What is wrong with a checkpoint, as the end of a sentence that begins with its name; "" if nothing is.

    Args:
        checkpoint: read with weights only
        known: dotted paths of the classes that its settings may name
    """
    problem = _not_plain(checkpoint) or _problem_of_settings(checkpoint.get("hyper_parameters"), known)
    if problem:
        return problem
    wrong = next((key for key, is_right in _NEEDED.items() if not is_right(checkpoint.get(key))), None)
    if wrong:
        return f"has no {wrong}, or a damaged one"
    other = next((key for key, value in checkpoint.items() if not _is_known(key, value)), None)
    if other is not None:
        return f"holds {str(other)[:40]!r}, which no checkpoint of ours does"
    return ""


def _not_plain(checkpoint: Mapping[str, Any]) -> str:
    """Without recursion: what is nested without end must not end the process."""
    level: list[Any] = [checkpoint]
    for _ in range(DEEPEST):
        odd = next((value for value in level if type(value) not in PLAIN or _is_odd_tensor(value)), None)
        if odd is not None:
            return f"holds something that is not plain data ({type(odd).__name__})"
        level = [part for value in level for part in _parts(value)]
        if not level:
            return ""
    return "holds data that is nested too deeply"


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list | tuple) else ()


def _is_odd_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) and (value.layout != torch.strided or value.is_meta or value.is_quantized)


def _is_state(state: Any) -> bool:
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        return False
    return all(bool(torch.isfinite(value).all()) for value in state.values())


def _is_origin(origin: Any) -> bool:
    if not isinstance(origin, dict) or not isinstance(origin.get("f0_tracker"), str | None):
        return False
    knobs = origin.get("knobs")
    return isinstance(knobs, list) and all(isinstance(knob, str) for knob in knobs)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


_NEEDED: Mapping[str, Callable[[Any], bool]] = {
    "state_dict": _is_state,
    "interpretsynth": _is_origin,
    "epoch": _is_count,
    "global_step": _is_count,
}


def _is_known(key: Any, value: Any) -> bool:
    """The place in the data goes by the name of the data's class, which the model does not know."""
    if key in (*_NEEDED, *OF_THE_LOOP, "hyper_parameters"):
        return True
    if key == "presets":  # of a voice
        return isinstance(value, dict) and all(type(preset) is Preset for preset in value.values())
    return isinstance(value, dict) and value.keys() <= PLACE_IN_THE_DATA and all(map(_is_count, value.values()))


def _problem_of_settings(settings: Any, known: Collection[str]) -> str:
    if not isinstance(settings, dict):
        return "has no settings of a model, or damaged ones"
    if settings.get("_instantiator", INSTANTIATOR) != INSTANTIATOR:
        return "wants to be put together by something that is not Lightning's own"
    clip = settings.get("clip")
    numbers = vars(clip) if isinstance(clip, ClipFormat) else clip
    if not isinstance(numbers, dict) or any(type(number) not in (int, float) for number in numbers.values()):
        return "has a clip format that is not numbers"
    named = [*_named({key: value for key, value in settings.items() if key != "_instantiator"})]
    unknown = next((name for name in named if name not in known), None)
    return "" if unknown is None else f"names {str(unknown)[:80]}, which is not a class of a model"


def _named(value: Any) -> Iterator[Any]:
    """What stands where a class is named, at any depth, however the key is written."""
    if isinstance(value, dict):
        for key, part in value.items():
            if "class_path" in str(key).casefold():
                yield part if isinstance(part, str) else repr(part)
            else:
                yield from _named(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part)
