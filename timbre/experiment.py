"""`timbre fit | validate | test | predict`: an experiment from its configuration."""

import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from jsonargparse import ArgumentError
from lightning import Trainer
from lightning.fabric.plugins.environments import LightningEnvironment, SLURMEnvironment
from lightning.pytorch.callbacks import Callback, LearningRateMonitor, TQDMProgressBar
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from evaluation.control.callback import ControlEvaluation
from evaluation.control.slider_sweeps import SliderSweeps
from evaluation.resynthesis.callback import Evaluation
from evaluation.transformation.callback import Transformation
from lightning_modules.callbacks import Best, BestCheckpoint, Listen, ProgressLines, SafePoint, Usage, WriteAudio
from lightning_modules.checkpoint import WholeCheckpoints
from lightning_modules.first_fault import NotFinite
from studies.run_folder import RunFolder
from studies.run_lock import RunLock
from synths import Descriptor
from synths.descriptors.describe import descriptor_kinds
from synths.descriptors.request import KnobRequest
from timbre import process_rank
from timbre.configured import Configured, readable_error
from timbre.plan import Finished, Plan, plan_of
from timbre.requests import parsed_beside
from timbre.save_config import as_written
from timbre.trust import refuse_other_places
from timbre.wandb_run import finish, wandb_logger


class Experiment(Configured):
    """A run of one experiment, in a folder of its own."""

    plan: Plan

    @cached_property
    def lock(self) -> RunLock:
        """The lock of the run's folder."""
        return RunLock(self.folder.path)

    @property
    def folder(self) -> RunFolder:
        """Where everything of the run is."""
        return self.plan.folder

    @property
    def evaluation(self) -> Evaluation:
        """What judges the resyntheses, or has judged them."""
        callbacks: list[Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        return next(callback for callback in callbacks if isinstance(callback, Evaluation))

    def before_instantiate_classes(self) -> None:
        """Plan the start, and name the run after its experiment."""
        if not self.trusted:
            refuse_other_places(self.config.trainer.as_dict())
        self.plan = plan_of(self.verb, self.config, lambda: as_written(self.parser, self.config))
        self.config.name, self.config.ckpt_path = self.folder.path.name, None
        set_matmul_precision(self.config.matmul_precision)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer, writing to the run's folder; all but training is done by one process."""
        trainer_config = self.config_init["trainer"]
        if self.verb != "prepare":
            self.folder.path.mkdir(parents=True, exist_ok=True)
        if self.verb == "fit" and process_rank() == 0:
            self.lock.take()
            if not self.plan.resumes:
                self.plan.refuse_another_run()  # it may have been begun, and finished, meanwhile
        if self.verb != "fit":
            kwargs |= {"devices": 1, "num_nodes": 1, "strategy": "auto"}
        if self.verb == "prepare":  # wherever the model will be trained, this needs no accelerator
            kwargs |= {"accelerator": "cpu", "logger": False}
        elif trainer_config.get("logger") in (None, True):
            logged = self.plan.trains or self.verb == "test"
            kwargs["logger"] = wandb_logger(self.folder, self.config.name, self._tags()) if logged else False
        kwargs["plugins"] = [*(trainer_config.get("plugins") or []), *self._plugins()]
        kwargs["use_distributed_sampler"] = False  # the data deals clips out to the processes itself, resumably
        progress = self._progress()
        if not any(isinstance(callback, TQDMProgressBar) for callback in progress):
            kwargs["enable_progress_bar"] = False
        own = [*(self._callbacks() if self.plan.trains else self._judging()), SafePoint(self.folder.path)]
        callbacks = [*(trainer_config.get("callbacks") or []), *progress, *own]
        return super().instantiate_trainer(default_root_dir=str(self.folder.path), callbacks=callbacks, **kwargs)

    def _plugins(self) -> list[Any]:
        plugins: list[Any] = [WholeCheckpoints()]
        if self.verb != "fit":
            plugins.append(LightningEnvironment())  # in a SLURM job too, whatever its number of tasks
        elif SLURMEnvironment.detect():
            plugins.append(SLURMEnvironment(auto_requeue=False))  # SafePoint and the job's script do that
        return plugins

    def _progress(self) -> list[Callback]:
        """A bar for a person; lines for a file."""
        if self.config_init["trainer"].get("enable_progress_bar") is False:
            return []
        return [TQDMProgressBar(refresh_rate=5)] if sys.stdout.isatty() else [ProgressLines()]

    def _callbacks(self) -> list[Callback]:
        # Without a logger there is nothing to monitor the rate for.
        rate = [LearningRateMonitor("step")] if self.config_init["trainer"].get("logger") in (None, True) else []
        return [Listen(), Usage(), Best(), *rate, BestCheckpoint(self.folder.best.parent)]

    def _judging(self) -> list[Callback]:
        control = ControlEvaluation(self.config_init["control"])
        renderings = control.settings.renderings
        judging = [Evaluation(renderings), Transformation(), control, SliderSweeps(renderings=renderings)]
        is_open, also = bool(self.config.get("open")), self.config.get("also") or []
        if is_open and also:
            raise ValueError("--also turns what the decoder does not know: leave out --open.")
        return [*judging, WriteAudio(not is_open, _beside(also))]

    def _tags(self) -> list[str]:
        """What a run is found by: data set, encoder and experiment."""
        components = (self.config.data, self.config.model.encoder)
        names = [str(part.class_path).rpartition(".")[2] for part in components if "class_path" in part]
        return [*names, *([self.plan.stem] if self.plan.stem != "config" else [])]


def _beside(given: Sequence[str]) -> list[tuple[type[Descriptor], KnobRequest]]:
    """The descriptors that the option --also turns, and what it asks of each."""
    kinds = {kind.name: kind for kind in descriptor_kinds()}
    return [(kinds[request.knob], request) for request in parsed_beside(given)]


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
    try:
        experiment = experiment_of(verb, args, hyperparameters)
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
    if experiment.plan.trains and experiment.trainer.is_global_zero:
        folder = experiment.folder
        print(f"Trained {experiment.trainer.global_step} steps. {_next_step(experiment)}")
        tests = experiment.plan.tests
        if tests:
            experiment = run_experiment("test", [str(folder.path)]) or experiment
        folder.say_done(tests)
    finish(experiment.trainer)
    return experiment


def experiment_of(verb: str, args: list[str], hyperparameters: Mapping[str, Any] | None = None) -> Experiment:
    """An experiment, ready to run; arguments as those of `run_experiment`.

    Raises:
        ValueError: a wrong configuration
        Finished: there is nothing left to do
    """
    _quieten()
    try:
        return Experiment(verb, _expand_run_folder(args), hyperparameters)
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
            experiment.model, datamodule=experiment.datamodule, ckpt_path=experiment.plan.checkpoint, weights_only=True
        )
    except SystemExit:  # Ctrl-C or another signal, after the checkpoint was saved
        finish(trainer, exit_code=1)
        if experiment.plan.trains and experiment.trainer.is_global_zero:
            print(f"Interrupted at step {trainer.global_step}. Go on with: timbre fit {folder.path} --resume true")
        raise
    except NotFinite as error:
        if not trainer.is_global_zero:  # all met it, and the first says so; whoever fails has the others killed
            raise SystemExit(0) from error
        good = next((path for path in (folder.last, folder.best) if path.exists()), None)
        saved = f"as it was is {good}" if good else "there is none yet"
        raise ValueError(
            f"{error}. The last good checkpoint: {saved}. Lower --model.learning_rate or --trainer.gradient_clip_val."
        ) from error
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        raise ValueError(
            f"{experiment.plan.checkpoint} does not fit this model ({str(error).splitlines()[1].strip()}): "
            "use the run's own config.yaml."
        ) from error
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _next_step(experiment: Experiment) -> str:
    return "Testing." if experiment.plan.tests else f"Next: timbre test {experiment.folder.path}"


def set_matmul_precision(precision: str) -> None:
    """Trade exactness of the networks' matrix products for speed, and say so; the synth and the loss stay exact."""
    torch.set_float32_matmul_precision(precision)
    if precision != "highest":
        rounded = {"high": "TF32 or two bfloat16", "medium": "bfloat16"}[precision]
        rank_zero_info(f"matmul precision: {precision} (the networks' float32 products may be rounded to {rounded})")


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
