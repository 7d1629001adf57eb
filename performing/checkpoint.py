"""A performer from its checkpoint, which is plain data."""

from pathlib import Path

from lightning_modules.checkpoint import is_performer, read_checkpoint
from performing.performer import Performer
from synths import ClipFormat


def load_performer(path: Path) -> Performer:
    """The performer of a checkpoint, in eval mode.

    Raises:
        FileNotFoundError: there is no such file
        ValueError: it is no checkpoint of a performer
    """
    checkpoint = read_checkpoint(path)
    if not is_performer(checkpoint):
        raise ValueError(f"{path} is a model and no performer: train one with a configs/experiments/performer_*.yaml.")
    settings = {key: value for key, value in checkpoint["hyper_parameters"].items() if key != "_instantiator"}
    try:
        if isinstance(settings["clip"], dict):  # of a configuration
            settings["clip"] = ClipFormat(**settings["clip"])
        performer = Performer(**settings)
        performer.remember(checkpoint)
        performer.load_state_dict(checkpoint["state_dict"])
    except (RuntimeError, TypeError, KeyError, ValueError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} does not fit this version of the performer ({first}): train it again.") from error
    return performer.eval()
