"""The model that a command takes: a checkpoint, a run, or the name of a voice."""

import argparse
from pathlib import Path

from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import checkpoint_in
from studies.voices import DEFAULT, card_of, is_voice

MODEL = "a voice by its name (timbre voices), a .ckpt or .timbre file, or the folder of a run (its best checkpoint)"


def add_model(parser: argparse.ArgumentParser) -> None:
    """Let a command take a model, the default voice where none is named, and a preset of it."""
    parser.add_argument(
        "checkpoint", type=Path, nargs="?", default=Path(DEFAULT), help=f"{MODEL}; without one the voice {DEFAULT}"
    )
    parser.add_argument("--preset", metavar="NAME", help="the instrument that a voice plays, such as violin")


def refuse_wrong_model(given: argparse.Namespace) -> None:
    """Refuse a model that is not there or has no such preset; torch is not needed to see that.

    Raises:
        FileNotFoundError: it is not there
        ValueError: it is something else, or has no such preset
    """
    refuse_no_checkpoint(given.checkpoint)
    path = checkpoint_in(given.checkpoint)
    presets = card_of(path).presets if is_voice(path) else []
    if given.preset is not None and given.preset not in presets:
        mend = f"choose {', '.join(presets)}" if presets else "leave it out"
        raise ValueError(f"--preset {given.preset}: {given.checkpoint} has no preset of that name: {mend}.")
