"""What a start is going to do, made out from its configuration before anything slow."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jsonargparse import Namespace

from lightning_modules.checkpoint import refuse_unreadable
from studies.run_folder import RunFolder, checkpoint_in, refuse_no_name


class Finished(Exception):
    """There is nothing left to do; says so in a sentence."""


class Plan(NamedTuple):
    """One start of one run.

    Attributes:
        verb: prepare, fit, validate, test or predict
        folder: where everything of the run is
        stem: name of the experiment's file, without its ending
        checkpoint: what it begins with; None for new weights
        resumes: whether a run that is there already is gone on with
        trains: whether there will be a trained run to keep: not after a trial of a few steps
        tests: whether a test follows on the training
    """

    verb: str
    folder: RunFolder
    stem: str
    checkpoint: Path | None
    resumes: bool
    trains: bool
    tests: bool

    def refuse_another_run(self) -> None:
        """Raise ValueError when a training would begin where a run lies."""
        if self.verb == "fit" and self.checkpoint is None and self.folder.is_begun:
            raise ValueError(
                f"{self.folder.path} already holds a run: go on with `timbre fit {self.folder.path} "
                "--resume true`, or choose another --name."
            )


def plan_of(verb: str, config: Namespace, written: Callable[[], Mapping[str, Any]]) -> Plan:
    """Where the run is, and what it begins with.

    Args:
        verb: of the command line
        config: as it was parsed
        written: the configuration as config.yaml holds it

    Raises:
        ValueError: the run's name is none, another run is in the way, or the checkpoint cannot be read
        FileNotFoundError: there is no such checkpoint
        Finished: the run that is asked for is
    """
    given = config.get("config") or []
    stem = Path(str(given[-1])).stem if given else "run"
    name = config.name or _default_name(stem)
    refuse_no_name(name)
    folder = RunFolder(Path(config.runs) / name)
    asks_to_resume, tests = (verb == "fit" and bool(config[key]) for key in ("resume", "test"))
    trains = verb == "fit" and not config.trainer.fast_dev_run
    if asks_to_resume and config.ckpt_path is None:
        checkpoint = _checkpoint_to_resume(folder, written, tests)
        return Plan(verb, folder, stem, checkpoint, asks_to_resume, trains, tests)
    checkpoint = _find_checkpoint(verb, folder, config.ckpt_path)
    plan = Plan(verb, folder, stem, checkpoint, asks_to_resume, trains, tests)
    plan.refuse_another_run()
    return plan


def _default_name(stem: str) -> str:
    """The experiment's, and of a trial of W&B's agent its own."""
    trial = os.environ.get("WANDB_RUN_ID") if os.environ.get("WANDB_SWEEP_ID") else None
    return f"{stem}-{trial}" if trial else stem


def _checkpoint_to_resume(folder: RunFolder, written: Callable[[], Mapping[str, Any]], tests: bool) -> Path | None:
    """The last of the same run, if it was begun."""
    folder.refuse_other_settings(written())
    if folder.is_done(tested=tests):
        raise Finished(f"{folder.path} is finished.")
    return _find_checkpoint("fit", folder, "last") if folder.last.exists() or folder.best.exists() else None


def _find_checkpoint(verb: str, folder: RunFolder, asked: str | None) -> Path | None:
    if asked is None and verb in ("prepare", "fit"):
        return None
    asked = asked or "best"
    path = {"best": folder.best, "last": folder.last}.get(asked, checkpoint_in(Path(asked)))
    if asked == "last" and not path.exists() and folder.best.exists():
        path = folder.best  # killed after its first validation, before its first regular save
    if asked == "best" and not path.exists() and folder.last.exists():
        path = folder.last  # no validation gave a number
    refuse_unreadable(path)
    return path
