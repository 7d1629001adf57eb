"""The run at Weights & Biases that belongs to a run's folder: the same one however often the run is continued."""

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from output.whole_files import write_text
from studies.run_folder import RunFolder


def wandb_logger(folder: RunFolder, name: str, tags: Sequence[str]) -> WandbLogger:
    """A logger that needs no account; `WANDB_MODE=online` sends the run as it goes.

    The project is that of WANDB_PROJECT or `interpretsynth`, the group that of WANDB_RUN_GROUP. All files stay in the
    run's folder.
    """
    os.environ.setdefault("WANDB_DATA_DIR", str(folder.path.resolve()))
    usual = "online" if os.environ.get("WANDB_SWEEP_ID") else "offline"  # an agent is where there is internet
    offline = os.environ.get("WANDB_MODE", usual) in ("offline", "dryrun")
    logger = WandbLogger(
        project=os.environ.get("WANDB_PROJECT", "interpretsynth"),
        name=name,
        save_dir=str(folder.path),
        offline=offline,
        # Said twice: Lightning passes `offline` on by the environment, which W&B reads once in a process, maybe before.
        mode="offline" if offline else None,
        version=_identity(folder),
        resume="allow",
        job_type="train",
        tags=list(tags),
    )
    logger._wandb_init.pop("anonymous")  # Lightning always hands it on, and W&B warns that it has no effect
    return logger


def finish(trainer: Trainer, exit_code: int = 0) -> None:
    """Write what is left; an exit code other than 0 marks the run as stopped, to be resumed."""
    if isinstance(trainer.logger, WandbLogger) and trainer.is_global_zero:
        if exit_code:
            trainer.logger.experiment.mark_preempting()
        trainer.logger.experiment.finish(exit_code=exit_code)


def keep_files(trainer: Trainer, kind: str, files: Sequence[Path], about: Mapping[str, Any]) -> None:
    """Log files as one artifact of the run, named after its folder; the run's page then links what came of what.

    They are not copied: offline, `wandb sync` sends them from where they lie.

    Args:
        kind: model or evaluation
        files: those that are there are kept
        about: metadata
    """
    there = [path for path in files if path.is_file()]
    if not (isinstance(trainer.logger, WandbLogger) and trainer.is_global_zero and there):
        return
    import wandb  # it takes seconds

    run = trainer.logger.experiment
    artifact = wandb.Artifact(f"{_artifact_name(run.name)}-{kind}", kind, metadata=dict(about))
    for path in there:
        artifact.add_file(str(path), policy="immutable")
    run.log_artifact(artifact)


def _artifact_name(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def alert(trainer: Trainer, sentence: str) -> None:
    """Have W&B tell the user, where the run is logged online and the user wants to be told.

    A failure before anything was logged begins no run at W&B.
    """
    import wandb  # it takes seconds

    if isinstance(trainer.logger, WandbLogger) and trainer.is_global_zero and wandb.run is not None:
        wandb.run.alert(title=f"{wandb.run.name} failed", text=sentence, level="ERROR")


def _identity(folder: RunFolder) -> str | None:
    """Id of the W&B run, not its name, which a run elsewhere may share; None lets W&B or its agent choose."""
    if os.environ.get("WANDB_SWEEP_ID") or rank_zero_only.rank != 0:  # type: ignore[attr-defined]
        return None
    if not folder.wandb_id.is_file():
        write_text(folder.wandb_id, secrets.token_hex(4))
    return folder.wandb_id.read_text(encoding="utf-8").strip()
