"""`timbre fit | validate | test | predict`: an experiment from its configuration."""

import logging
import os
import re
import sys
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from jsonargparse import ArgumentError
from lightning import Trainer
from lightning.fabric.plugins.environments import LightningEnvironment, SLURMEnvironment
from lightning.pytorch.callbacks import Callback, LearningRateMonitor, TQDMProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from datamodules import ClipDataModule
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.callbacks import (
    Best,
    BestCheckpoint,
    ControlEvaluation,
    Evaluation,
    Listen,
    ProgressLines,
    SafePoint,
    SliderSweeps,
    Transformation,
    Usage,
    WriteAudio,
)
from lightning_modules.checkpoint import WholeCheckpoints, refuse_unreadable
from lightning_modules.cli import process_rank
from lightning_modules.cli.save_config import SaveConfig, as_written
from lightning_modules.cli.trust import reading, refuse_other_places, without_trust
from lightning_modules.cli.verbs import VERBS
from lightning_modules.cli.wandb_run import finish, wandb_logger
from lightning_modules.examination import ExaminationSettings
from lightning_modules.first_fault import NotFinite
from lightning_modules.run_folder import RunFolder, refuse_no_name
from lightning_modules.run_lock import RunLock
from synths import ClipFormat

CLIP_FIELDS = ("sample_rate", "n_samples", "hop")


class Finished(Exception):
    """There is nothing left to do; says so in a sentence."""


class Experiment(LightningCLI):
    """LightningCLI with one clip format for model and data, and one folder per run."""

    def __init__(self, verb: str, args: list[str]) -> None:
        self.verb = verb
        args, self.trusted = without_trust(args)
        with reading(self.trusted):
            self._read(args)

    @cached_property
    def lock(self) -> RunLock:
        """The lock of the run's folder."""
        return RunLock(self.folder.path)

    def _read(self, args: list[str]) -> None:
        super().__init__(
            TimbreAutoencoder,
            ClipDataModule,
            subclass_mode_data=True,
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False},
            seed_everything_default=0,
            parser_kwargs={
                "parser_mode": "omegaconf",
                "prog": f"timbre {self.verb}",
                "description": f"{VERBS[self.verb].description} {_TRUST}",
                "exit_on_error": False,
            },
            args=args,
            run=False,
            auto_configure_optimizers=False,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """The run's name and place, the checkpoint, and the clip format that model and data share."""
        parser.add_argument("--name", type=str | None, default=None, help="of the run; by default the experiment's")
        parser.add_argument(
            "--runs",
            type=str,
            default=os.environ.get("TIMBRE_RUNS", "runs"),
            help="folder that holds the runs; by default that of the environment variable TIMBRE_RUNS, or runs",
        )
        parser.add_argument("--ckpt_path", type=str | None, default=None, help="last, best, or a checkpoint's path")
        parser.add_argument(
            "--matmul_precision",
            type=Literal["highest", "high", "medium"],
            default="highest",
            help="of float32 matrix products in the networks: high and medium may round to TF32 or bfloat16, faster",
        )
        if self.verb == "fit":
            parser.add_argument(
                "--resume",
                type=bool,
                default=False,
                help="begin the run, or go on with it where it stopped; a finished one is left as it is",
            )
            parser.add_argument("--test", type=bool, default=False, help="test the best checkpoint after training")
        if self.verb == "prepare":
            parser.add_argument("--slice", type=str, default="1/1", help="which part of the work, such as 3/16")
            parser.add_argument(
                "--manifest",
                type=bool,
                default=False,
                help="write ampspace.jsonl, to inspect and mend; prepare nothing",
            )
            parser.add_argument("--verify", type=bool, default=False, help="read all shards again, compare checksums")
        parser.add_class_arguments(ClipFormat, "clip")
        parser.add_class_arguments(ExaminationSettings, "control")
        for field in CLIP_FIELDS:
            parser.link_arguments(f"clip.{field}", f"model.clip.{field}")
            parser.link_arguments(f"clip.{field}", f"data.init_args.clip.{field}")

    @property
    def folder(self) -> RunFolder:
        """Where everything of the run is."""
        return RunFolder(Path(self.config.runs) / self.config.name)

    def before_instantiate_classes(self) -> None:
        """Name the run after its experiment, and find the checkpoint before anything slow."""
        given = self.config.get("config") or []
        self.stem = Path(str(given[-1])).stem if given else "run"
        if not self.config.name:
            trial = os.environ.get("WANDB_RUN_ID") if os.environ.get("WANDB_SWEEP_ID") else None
            self.config.name = f"{self.stem}-{trial}" if trial else self.stem
        refuse_no_name(self.config.name)
        if not self.trusted:
            refuse_other_places(self.config.trainer.as_dict())
        asked, self.config.ckpt_path = self.config.ckpt_path, None
        if self.verb == "fit" and self.config.resume and asked is None:
            self.checkpoint = self._checkpoint_to_resume()
        else:
            self.checkpoint = self._find_checkpoint(asked)
            self._refuse_another_run()
        set_matmul_precision(self.config.matmul_precision)

    def _refuse_another_run(self) -> None:
        if self.verb == "fit" and self.checkpoint is None and self.folder.is_begun:
            raise ValueError(
                f"{self.folder.path} already holds a run: go on with `timbre fit {self.folder.path} "
                "--resume true`, or choose another --name."
            )

    def _checkpoint_to_resume(self) -> Path | None:
        """Of the same run, if it was begun."""
        folder = self.folder
        folder.refuse_other_settings(as_written(self.parser, self.config))
        if folder.is_done(tested=self.config.test):
            raise Finished(f"{folder.path} is finished.")
        return self._find_checkpoint("last") if folder.last.exists() or folder.best.exists() else None

    def _find_checkpoint(self, asked: str | None) -> Path | None:
        if asked is None and self.verb in ("prepare", "fit"):
            return None
        asked, folder = asked or "best", self.folder
        path = {"best": folder.best, "last": folder.last}.get(asked, Path(asked))
        if asked == "last" and not path.exists() and folder.best.exists():
            path = folder.best  # killed after its first validation, before its first regular save
        if asked == "best" and not path.exists() and folder.last.exists():
            path = folder.last  # no validation gave a number
        refuse_unreadable(path)
        return path

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer, writing to the run's folder; all but training is done by one process."""
        trainer_config = self.config_init["trainer"]
        self.training = training = self.verb == "fit" and not trainer_config.get("fast_dev_run")
        if self.verb != "prepare":
            self.folder.path.mkdir(parents=True, exist_ok=True)
        if self.verb == "fit" and process_rank() == 0:
            self.lock.take()
            if not self.config.resume:
                self._refuse_another_run()  # it may have been begun, and finished, meanwhile
        if self.verb != "fit":
            kwargs |= {"devices": 1, "num_nodes": 1, "strategy": "auto"}
        if self.verb == "prepare":  # wherever the model will be trained, this needs no accelerator
            kwargs |= {"accelerator": "cpu", "logger": False}
        elif trainer_config.get("logger") in (None, True):
            logged = training or self.verb == "test"
            kwargs["logger"] = wandb_logger(self.folder, self.config.name, self._tags()) if logged else False
        kwargs["plugins"] = [*(trainer_config.get("plugins") or []), *self._plugins()]
        kwargs["use_distributed_sampler"] = False  # the data deals clips out to the processes itself, resumably
        callbacks = [*(trainer_config.get("callbacks") or []), *self._progress(kwargs)]
        self.evaluation = Evaluation()
        callbacks += [*(self._callbacks() if training else self._judging()), SafePoint(self.folder.path)]
        return super().instantiate_trainer(default_root_dir=str(self.folder.path), callbacks=callbacks, **kwargs)

    def _plugins(self) -> list[Any]:
        plugins: list[Any] = [WholeCheckpoints()]
        if self.verb != "fit":
            plugins.append(LightningEnvironment())  # in a SLURM job too, whatever its number of tasks
        elif SLURMEnvironment.detect():
            plugins.append(SLURMEnvironment(auto_requeue=False))  # SafePoint and the job's script do that
        return plugins

    def _progress(self, kwargs: dict[str, Any]) -> list[Callback]:
        """A bar for a person; lines for a file."""
        if self.config_init["trainer"].get("enable_progress_bar") is False:
            return []
        if sys.stdout.isatty():
            return [TQDMProgressBar(refresh_rate=5)]
        kwargs["enable_progress_bar"] = False
        return [ProgressLines()]

    def _callbacks(self) -> list[Callback]:
        # Without a logger there is nothing to monitor the rate for.
        rate = [LearningRateMonitor("step")] if self.config_init["trainer"].get("logger") in (None, True) else []
        return [Listen(), Usage(), Best(), *rate, BestCheckpoint(self.folder.best.parent)]

    def _judging(self) -> list[Callback]:
        control = ControlEvaluation(self.config_init["control"])
        return [self.evaluation, Transformation(), control, SliderSweeps(), WriteAudio()]

    def _tags(self) -> list[str]:
        """What a run is found by: data set, encoder and experiment."""
        components = (self.config.data, self.config.model.encoder)
        names = [str(part.class_path).rpartition(".")[2] for part in components if "class_path" in part]
        return [*names, *([self.stem] if self.stem != "config" else [])]


_TRUST = "A configuration may name known classes only; --trust lifts that for one whose author you trust."


def run(verb: str, args: list[str]) -> None:
    """Run one of the verbs of an experiment."""
    run_experiment(verb, args)


def run_experiment(verb: str, args: list[str], hyperparameters: Mapping[str, Any] | None = None) -> Experiment | None:
    """Run one of the verbs of an experiment, and hand back what ran last; None if there was nothing left to do.

    Args:
        verb: fit, validate, test or predict
        args: options of the command line
        hyperparameters: values by dotted key that a sweep varies, for the logger

    Raises:
        ValueError: a wrong configuration
        SystemExit: a signal stopped the run, which can go on
    """
    SaveConfig.hyperparameters = hyperparameters or {}
    try:
        experiment = experiment_of(verb, args)
    except Finished as finished:
        rank_zero_info(str(finished))
        return None
    try:
        return _finished(experiment)
    finally:
        experiment.lock.release()


def _finished(experiment: Experiment) -> Experiment:
    """Run it, and what is to follow on a training."""
    _run(experiment)
    if experiment.training and experiment.trainer.is_global_zero:
        folder = experiment.folder
        print(f"Trained {experiment.trainer.global_step} steps. {_next_step(experiment)}")
        tested = experiment.config.test
        if tested:
            experiment = run_experiment("test", [str(folder.path)]) or experiment
        folder.say_done(tested)
    finish(experiment.trainer)
    return experiment


def experiment_of(verb: str, args: list[str]) -> Experiment:
    """An experiment, ready to run.

    Raises:
        ValueError: a wrong configuration
        Finished: there is nothing left to do
    """
    _quieten()
    try:
        return Experiment(verb, _expand_run_folder(args))
    except (ArgumentError, MisconfigurationException) as error:
        raise ValueError(readable_error(str(error))) from error
    except ValueError as error:
        if "Does not validate" not in str(error):
            raise
        raise ValueError(readable_error(str(error))) from error
    except RuntimeError as error:
        if "--ntasks" not in str(error):
            raise
        raise ValueError(str(error)) from error


def _run(experiment: Experiment) -> None:
    trainer, folder = experiment.trainer, experiment.folder
    try:
        getattr(trainer, experiment.verb)(
            experiment.model, datamodule=experiment.datamodule, ckpt_path=experiment.checkpoint, weights_only=True
        )
    except SystemExit:  # Ctrl-C or another signal, after the checkpoint was saved
        finish(trainer, exit_code=1)
        if experiment.training and experiment.trainer.is_global_zero:
            print(f"Interrupted at step {trainer.global_step}. Go on with: timbre fit {folder.path} --resume true")
        raise
    except NotFinite as error:
        saved = f"as it was is {folder.last}" if folder.last.exists() else "there is none yet"
        raise ValueError(
            f"{error}. The last good checkpoint: {saved}. Lower --model.learning_rate or --trainer.gradient_clip_val."
        ) from error
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        raise ValueError(
            f"{experiment.checkpoint} does not fit this model ({str(error).splitlines()[1].strip()}): "
            "use the run's own config.yaml."
        ) from error
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _next_step(experiment: Experiment) -> str:
    return "Testing." if experiment.config.test else f"Next: timbre test {experiment.folder.path}"


def set_matmul_precision(precision: str) -> None:
    """Trade exactness of the networks' matrix products for speed, and say so; the synth and the loss stay exact."""
    torch.set_float32_matmul_precision(precision)
    if precision != "highest":
        rounded = {"high": "TF32 or two bfloat16", "medium": "bfloat16"}[precision]
        rank_zero_info(f"matmul precision: {precision} (the networks' float32 products may be rounded to {rounded})")


def readable_error(message: str) -> str:
    """The parser's report of a wrong key or value, without its layout."""
    found = _UNION.search(message)
    lines = [line.strip(" -") for line in (found[1] if found else message).splitlines()]
    lines = [line for line in lines if line and not line.startswith(("Given value", "Subtypes:", "Errors:"))]
    return "configuration: " + " ".join(lines)


_UNION = re.compile(r"Does not validate against any of the Union subtypes.*?Errors:\s*-\s*(.*?)\n\s*-\s*Expected", re.S)
"""What the parser says of a value that may also be null: the part that tells what is wrong."""


def _expand_run_folder(args: list[str]) -> list[str]:
    """`runs/flute ...` -> the configuration, name and place of that run."""
    if not args or args[0].startswith("-"):
        return args
    folder = Path(args[0])
    config = folder / "config.yaml"
    if not config.is_file():
        raise FileNotFoundError(f"{folder} is not a run: it has no config.yaml.")
    if folder.name in ("", ".."):  # not resolved in general: a link to a run has its own name
        folder = Path(os.path.abspath(folder))
    return ["-c", str(config), "--name", folder.name, "--runs", str(folder.parent), *args[1:]]


def _quieten() -> None:
    """Lightning's advice on loaders, cores and accounts does not concern these runs."""
    logging.getLogger("lightning.pytorch.utilities.rank_zero").addFilter(lambda record: "Tip:" not in record.msg)
    for phrase in (
        "LightningCLI's args",
        "does not have many workers",
        "isinstance.treespec",
        "not resumable",
        "is not empty",
        "callbacks used to create",
        "command is available on your system",
        "smaller than the logging interval",
        "already in progress",
    ):
        warnings.filterwarnings("ignore", message=f".*{phrase}.*")
