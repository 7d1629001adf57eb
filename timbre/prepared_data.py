"""The sounds that a run was trained on, where they are still at hand."""

from pathlib import Path
from typing import TYPE_CHECKING

from studies.run_folder import RunFolder

if TYPE_CHECKING:  # torch takes seconds
    from datamodules import ClipDataModule


def prepared_data(place: Path) -> "ClipDataModule | None":
    """The data of a run, its training clips opened; None where they are not at hand, or the place is no run."""
    from timbre.experiment import experiment_of

    if not RunFolder(place).config.is_file():
        return None
    try:
        data: ClipDataModule = experiment_of("prepare", [str(place)]).datamodule
        data.datasets["train"] = data.dataset("train")
    except (ValueError, OSError):
        return None
    return data
