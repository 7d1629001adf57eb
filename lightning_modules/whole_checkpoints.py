"""Checkpoints that appear whole or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from lightning_modules.voice_file import read_voice
from output.whole_files import written_whole
from studies.voices import is_voice


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

    def load_checkpoint(self, path: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """Read one, or a voice, which has no training to go on with."""
        if is_voice(Path(path)):
            return read_voice(Path(path))
        loaded: dict[str, Any] = super().load_checkpoint(path, *args, **options)
        return loaded
