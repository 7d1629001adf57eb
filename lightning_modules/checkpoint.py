"""Checkpoints: plain data alone, looked through before anything is made of it; refused in one sentence if not ours."""

import errno
import os
from pathlib import Path
from typing import Any

import torch
from jsonargparse import ArgumentError
from lightning.fabric.plugins import TorchCheckpointIO

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint_contents import problem_of
from lightning_modules.known_classes import COMPONENTS, class_names, only_known
from output.whole_files import written_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that appear whole or not at all, even if the process or the machine dies meanwhile.

    Lightning's own writes them to the system's folder for temporary files and moves them: on another disk that is a
    copy, and a process that is killed in the middle of it leaves half a checkpoint in the place of a whole one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write beside, then rename; raises OSError."""
        with written_whole(Path(path)) as partial, open(partial, "wb") as file:
            try:
                torch.save(checkpoint, file)
            except RuntimeError as error:
                if "inline_container" not in str(error) and "PytorchStreamWriter" not in str(error):
                    raise
                # Torch's word for a write that failed; which one, it does not say.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def refuse_unreadable(path: Path) -> None:
    """Raise FileNotFoundError or ValueError when a checkpoint is missing or was not written by this project."""
    _read(path)


def load_model(path: Path) -> TimbreAutoencoder:
    """The model of a checkpoint, ready to render. Nothing in a checkpoint can make it run other code than ours.

    Raises:
        FileNotFoundError: there is no such file
        ValueError: it is not a checkpoint of this project, or of another version of its model
    """
    _read(path)
    with only_known(class_names(*COMPONENTS)) as refused:
        try:
            model = TimbreAutoencoder.load_from_checkpoint(path, map_location="cpu", weights_only=True)
        except (RuntimeError, TypeError, KeyError, ValueError, AttributeError, IndexError, ArgumentError) as error:
            if refused:
                raise ValueError(
                    f"{path} names {refused[0]}, which is not a class of a model: do not use it."
                ) from error
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(f"{path} does not fit this version of the model ({first}): train it again.") from error
    return model.eval()


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}: train first, or name a file of runs/NAME/checkpoints.")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch raise whatever its bytes come to
        if isinstance(error, OSError) and error.filename:  # may not be opened; torch raises others of a file cut short
            raise
        raise ValueError(f"{path} is not a checkpoint that can be read with weights only.") from error
    if not isinstance(checkpoint, dict) or "interpretsynth" not in checkpoint:
        raise ValueError(f"{path} is a checkpoint of another model, not of InterpretSynth.")
    problem = problem_of(checkpoint, class_names(*COMPONENTS))
    if problem:
        raise ValueError(f"{path} {problem}: use another checkpoint.")
    return checkpoint
