"""What can be told of a checkpoint without torch, which takes seconds to load."""

from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from studies.run_folder import RunFolder, checkpoint_in
from studies.voices import is_voice, voice_names


def refuse_no_checkpoint(place: Path) -> None:
    """Refuse what is neither a checkpoint or voice nor the folder of a run that has one.

    Raises:
        FileNotFoundError: there is none
        ValueError: the folder is not a run's, or the file is not a checkpoint
    """
    path = checkpoint_in(place)
    if is_voice(path):
        return
    if place.is_dir() and not path.is_file() and not RunFolder(place).config.is_file():
        raise ValueError(f"{place} is not a run: it has no config.yaml. Name the folder of a run, or a checkpoint.")
    if not path.is_file():
        named = f", or a voice: {', '.join(voice_names())}" if voice_names() else ""
        raise FileNotFoundError(
            f"there is no checkpoint {path}: train first, or name a file of runs/NAME/checkpoints{named}."
        )
    with open(path, "rb") as file:
        if not _is_saved_by_torch(file):
            raise ValueError(f"{path} is not a checkpoint that can be read with weights only.")


def _is_saved_by_torch(file: IO[bytes]) -> bool:
    try:
        with ZipFile(file) as archive:
            return any(name.endswith("/data.pkl") for name in archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False
