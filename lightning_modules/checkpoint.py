"""Checkpoints: plain data alone, looked through before anything is made of it; refused in one sentence if not ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jsonargparse import ArgumentError, ArgumentParser

from lightning_modules.checkpoint_contents import problem_of
from lightning_modules.known_classes import COMPONENTS, class_names, only_known
from lightning_modules.presets import set_preset
from lightning_modules.timbre_model import TimbreModel
from lightning_modules.voice_file import read_voice
from studies.checkpoint_file import refuse_no_checkpoint
from studies.voices import is_voice


def refuse_unreadable(path: Path) -> None:
    """Raise FileNotFoundError or ValueError when a checkpoint is missing or was not written by this project."""
    read_checkpoint(path)


def load_model(path: Path, preset: str | None = None) -> TimbreModel:
    """The model of a checkpoint or voice, ready to render. Nothing in a file can make it run other code than ours.

    Args:
        path: of the file
        preset: the instrument of the voice that is to be played, whatever is heard; None: what is heard decides

    Raises:
        FileNotFoundError: there is no such file
        ValueError: it is not a checkpoint of this project, or of another version of its model; or has no such preset
    """
    checkpoint = read_checkpoint(path)
    if is_performer(checkpoint):
        raise ValueError(f"{path} plays notes and makes no sound: give it to timbre render as --performer.")
    with only_known(class_names(*COMPONENTS)) as refused:
        try:
            model = _built(checkpoint["hyper_parameters"])
            model.remember(checkpoint)
            model.load_state_dict(checkpoint["state_dict"])
        except (RuntimeError, TypeError, KeyError, ValueError, AttributeError, IndexError, ArgumentError) as error:
            if refused:
                raise ValueError(
                    f"{path} names {refused[0]}, which is not a class of a model: do not use it."
                ) from error
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(f"{path} does not fit this version of the model ({first}): train it again.") from error
    if preset is not None:
        set_preset(model, model.presets, preset)
    return model.eval()


def is_performer(checkpoint: Mapping[str, Any]) -> bool:
    """Whether a checkpoint that was read is one of `performing`, which says how notes are played."""
    return "instruments" in checkpoint["interpretsynth"]


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a checkpoint or a voice holds: plain data, looked through.

    Raises:
        FileNotFoundError: there is no such file
        ValueError: it is not a checkpoint of this project
    """
    refuse_no_checkpoint(path)
    checkpoint = read_voice(path) if is_voice(path) else _saved_by_torch(path)
    if not isinstance(checkpoint, dict) or "interpretsynth" not in checkpoint:
        raise ValueError(f"{path} is a checkpoint of another model, not of InterpretSynth.")
    problem = problem_of(checkpoint, class_names(*COMPONENTS))
    if problem:
        raise ValueError(f"{path} {problem}: use another checkpoint.")
    return checkpoint


def _saved_by_torch(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch raise whatever its bytes come to
        if isinstance(error, OSError) and error.filename:  # may not be opened; torch raises others of a file cut short
            raise
        raise ValueError(f"{path} is not a checkpoint that can be read with weights only.") from error


def _built(settings: Mapping[str, Any]) -> TimbreModel:
    """The model of a checkpoint's settings, its weights new, built as Lightning does, which takes seconds to load."""
    given = {key: value for key, value in settings.items() if key != "_instantiator"}
    if "_instantiator" not in settings:
        return TimbreModel(**given)
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(TimbreModel, "model", fail_untyped=False)
    model: TimbreModel = parser.instantiate_classes(parser.parse_object({"model": given})).model
    return model
