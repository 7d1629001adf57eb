"""Checkpoints: read with weights only, refused in one sentence when they are not ours."""

import pickle
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.whole_files import written_whole


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that appear whole or not at all, even if the process or the machine dies meanwhile.

    Lightning's own writes them to the system's folder for temporary files and moves them: on another disk that is a
    copy, and a process that is killed in the middle of it leaves half a checkpoint in the place of a whole one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write beside, then rename; raises OSError."""
        with written_whole(Path(path)) as partial, open(partial, "wb") as file:
            torch.save(checkpoint, file)


def refuse_unreadable(path: Path) -> None:
    """Raise FileNotFoundError or ValueError when a checkpoint is missing or was not written by this project."""
    _read(path)


def load_model(path: Path) -> TimbreAutoencoder:
    """The model of a checkpoint, ready to render.

    Raises:
        FileNotFoundError: there is no such file
        ValueError: it is not a checkpoint of this project, or of another version of its model
    """
    _read(path)
    try:
        model = TimbreAutoencoder.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    except (RuntimeError, TypeError, KeyError) as error:
        first = str(error).splitlines()[0]
        raise ValueError(f"{path} does not fit this version of the model ({first}): train it again.") from error
    return model.eval()


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}: train first, or name a file of runs/NAME/checkpoints.")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        if isinstance(error, OSError) and error.filename:  # may not be opened; torch raises others of a file cut short
            raise
        raise ValueError(f"{path} is not a checkpoint that can be read with weights only.") from error
    if not isinstance(checkpoint, dict) or "interpretsynth" not in checkpoint:
        raise ValueError(f"{path} is a checkpoint of another model, not of InterpretSynth.")
    return checkpoint
