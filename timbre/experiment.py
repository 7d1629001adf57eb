"""`timbre fit | validate | test | predict`: an experiment from its configuration."""

import hashlib
import logging
import os
import shlex
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import yaml
from jsonargparse import ArgumentError
from lightning import Trainer
from lightning.fabric.plugins.environments import LightningEnvironment, SLURMEnvironment
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from evaluation.control.callback import ControlEvaluation
from evaluation.control.slider_sweeps import SliderSweeps
from evaluation.keeping import Keeping, KeepingEnds
from evaluation.resynthesis.callback import Evaluation
from evaluation.transformation.callback import Transformation
from lightning_modules.callbacks import (
    Best,
    BestCheckpoint,
    EndBehind,
    Listen,
    NoBetter,
    ProgressBar,
    ProgressLines,
    SafePoint,
    TrainingCurves,
    Usage,
    WriteAudio,
)
from lightning_modules.checkpoint import read_checkpoint
from lightning_modules.first_fault import NotFinite
from lightning_modules.warm_start import begin_from
from lightning_modules.whole_checkpoints import WholeCheckpoints
from studies.prospects import prospects
from studies.run_curves import read_curves
from studies.run_folder import RunFolder, checkpoint_in
from studies.run_lock import RunLock
from synths import Descriptor
from synths.descriptors.describe import descriptor_kinds
from synths.descriptors.request import KnobRequest
from timbre import process_rank
from timbre.configured import Configured, readable_error
from timbre.plan import Finished, Plan, plan_of
from timbre.processes import can_be_shared
from timbre.requests import parsed_beside
from timbre.save_config import as_written
from timbre.start import configurations, with_run_folder
from timbre.trust import refuse_other_places
from timbre.wandb_run import alert, finish, keep_files, wandb_logger


class Experiment(Configured):
    """A run of one experiment, in a folder of its own."""

    plan: Plan
    first_weights: Mapping[str, Any]
    again = ""  # the command that goes on after an interruption
    is_step = False  # whether another command does this as one of its steps

    @cached_property
    def lock(self) -> RunLock:
        """The lock of the run's folder."""
        return RunLock(self.folder.path)

    @property
    def folder(self) -> RunFolder:
        """Where everything of the run is."""
        return self.plan.folder

    @cached_property
    def shared(self) -> bool:
        """Whether the processes that are configured do this together: a training, and a test where they can be had."""
        trainer = self.config_init["trainer"]
        return self.verb == "fit" or (self.verb == "test" and can_be_shared(trainer.as_dict()))

    @property
    def evaluation(self) -> Evaluation:
        """What judges the resyntheses, or has judged them."""
        return next(callback for callback in _callbacks_of(self) if isinstance(callback, Evaluation))

    def before_instantiate_classes(self) -> None:
        """Plan the start, and name the run after its experiment."""
        if not self.trusted:
            refuse_other_places(self.config.trainer.as_dict())
        self.plan = plan_of(self.verb, self.config, lambda: as_written(self.parser, self.config))
        if self.verb == "fit" and self.config.init_from:
            self.first_weights = read_checkpoint(checkpoint_in(Path(self.config.init_from)))
        self.config.name, self.config.ckpt_path = self.folder.path.name, None
        set_matmul_precision(self.config.matmul_precision)

    def instantiate_classes(self) -> None:
        """Build all, and begin with another model's weights where that is asked and nothing is gone on with."""
        super().instantiate_classes()
        if self.verb == "fit" and self.config.init_from and self.plan.checkpoint is None:
            begin_from(self.model, self.first_weights, self.config.init_from)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer, writing to the run's folder; all but training and tests is done by one process."""
        trainer_config = self.config_init["trainer"]
        if self.verb != "prepare":
            self.folder.path.mkdir(parents=True, exist_ok=True)
        if self.verb == "fit" and process_rank() == 0:
            self.lock.take()
            if not self.plan.resumes:
                self.plan.refuse_another_run()  # it may have been begun, and finished, meanwhile
            print(f"Writing to {self.folder.path}", flush=True)
        if not self.shared:
            kwargs |= {"devices": 1, "num_nodes": 1, "strategy": "auto"}
        if self.verb == "prepare":  # wherever the model will be trained, this needs no accelerator
            kwargs |= {"accelerator": "cpu", "logger": False}
        elif trainer_config.get("logger") in (None, True):
            logged = self.plan.trains or self.verb == "test"
            kwargs["logger"] = wandb_logger(self.folder, self.config.name, self._tags()) if logged else False
        kwargs["plugins"] = [*(trainer_config.get("plugins") or []), *self._plugins()]
        if trainer_config.get("enable_model_summary") is None:
            kwargs["enable_model_summary"] = False
        kwargs["use_distributed_sampler"] = False  # the data deals clips out to the processes itself, resumably
        progress = self._progress()
        if not any(isinstance(callback, ProgressBar) for callback in progress):
            kwargs["enable_progress_bar"] = False
        own = [*(self._callbacks() if self.plan.trains else self._judging()), SafePoint(self.folder.path)]
        callbacks = [*(trainer_config.get("callbacks") or []), *progress, *own]
        return super().instantiate_trainer(default_root_dir=str(self.folder.path), callbacks=callbacks, **kwargs)

    def _plugins(self) -> list[Any]:
        plugins: list[Any] = [WholeCheckpoints()]
        if not self.shared:
            plugins.append(LightningEnvironment())  # in a SLURM job too, whatever its number of tasks
        elif SLURMEnvironment.detect():
            plugins.append(SLURMEnvironment(auto_requeue=False))  # SafePoint and the job's script do that
        return plugins

    def _progress(self) -> list[Callback]:
        """A bar for a person; lines for a file. A test shows its own."""
        if self.verb == "test" or self.config_init["trainer"].get("enable_progress_bar") is False:
            return []
        return [ProgressBar()] if _has_lines() else [ProgressLines()]

    def _callbacks(self) -> list[Callback]:
        # Without a logger there is nothing to monitor the rate for.
        rate = [LearningRateMonitor("step")] if self.config_init["trainer"].get("logger") in (None, True) else []
        patience = self.config.get("patience")
        return [
            Listen(),
            Usage(),
            Best(),
            TrainingCurves(),
            NoBetter(patience),
            *rate,
            BestCheckpoint(self.folder.best.parent),
        ]

    def _judging(self) -> list[Callback]:
        is_open, also = bool(self.config.get("open")), self.config.get("also") or []
        if is_open and also:
            raise ValueError("--also turns what the decoder does not know: leave out --open.")
        settings = self.config_init["control"]
        said = {
            "control": settings,
            "matmul_precision": self.config.matmul_precision,
            "fitted_notes": self.config.fitted_notes,
            "clip": self.config.clip.as_dict(),
        }
        shown = self.config_init["trainer"].get("enable_progress_bar") is not False
        keeping = Keeping(self.plan.checkpoint, said, shown)
        return [
            keeping,
            Evaluation(settings.renderings, keeping, self.config.fitted_notes),
            Transformation(keeping=keeping),
            ControlEvaluation(settings, keeping),
            SliderSweeps(renderings=settings.renderings, keeping=keeping),
            KeepingEnds(keeping),
            WriteAudio(not is_open, _beside(also)),
        ]

    def _tags(self) -> list[str]:
        """What a run is found by: data set, encoder and experiment."""
        names = [str(part.class_path).rpartition(".")[2] for part in self._components() if "class_path" in part]
        return [*names, *([self.plan.stem] if self.plan.stem != "config" else [])]

    def _components(self) -> list[Any]:
        return [self.config.data, self.config.model.encoder]

    @staticmethod
    def reports(folder: RunFolder) -> list[Path]:
        """What a test writes."""
        return [folder.metrics, folder.notes, folder.control, folder.control_rows, folder.transformation]


def _beside(given: Sequence[str]) -> list[tuple[type[Descriptor], KnobRequest]]:
    """The descriptors that the option --also turns, and what it asks of each."""
    kinds = {kind.name: kind for kind in descriptor_kinds()}
    return [(kinds[request.knob], request) for request in parsed_beside(given)]


def run(verb: str, args: list[str]) -> None:
    """Run one of the verbs of an experiment."""
    run_experiment(verb, args)


def run_experiment(
    verb: str, args: list[str], hyperparameters: Mapping[str, Any] | None = None, again: str = ""
) -> Experiment | None:
    """Run one of the verbs of an experiment, and hand back what ran last; None if there was nothing left to do.

    Args:
        verb: fit, validate, test or predict
        args: options of the command line
        hyperparameters: values by dotted key that a sweep varies, for the logger
        again: the command that goes on when it was interrupted, if it is another

    Raises:
        ValueError: a wrong configuration
        SystemExit: a signal stopped the run, which can go on
    """
    try:
        experiment = experiment_of(verb, args, hyperparameters)
        experiment.again, experiment.is_step = again or _again(experiment, args), bool(again)
    except Finished as finished:
        say(str(finished))
        return None
    try:
        return _finished(experiment)
    except Exception as error:
        _say_failed(experiment, error)
        raise
    finally:
        experiment.lock.release()


def _again(experiment: Experiment, args: Sequence[str]) -> str:
    """The command that goes on with what this one began."""
    verb = experiment.verb
    return (
        f"timbre fit {experiment.folder.path} --resume true" if verb == "fit" else f"timbre {verb} {shlex.join(args)}"
    )


def _callbacks_of(experiment: Experiment) -> list[Callback]:
    return experiment.trainer.callbacks  # type: ignore[attr-defined, no-any-return]


def _say_failed(experiment: Experiment, error: Exception) -> None:
    """Leave word for `timbre status`, and for who is away and has W&B's alerts."""
    if experiment.plan.trains and experiment.trainer.is_global_zero:
        sentence = " ".join(str(error).split()) or type(error).__name__
        experiment.folder.say_failed(sentence)
        alert(experiment.trainer, sentence)


def _finished(experiment: Experiment) -> Experiment:
    """Run it, and what is to follow on a training."""
    _run(experiment)
    if experiment.verb == "test":
        _keep_evaluation(experiment)
    tests, first = experiment.plan.tests, experiment.trainer.is_global_zero
    if experiment.plan.trains:
        _keep_model(experiment)
    if experiment.plan.trains and _is_behind(experiment):
        if first:
            print(f"Ended early after {experiment.trainer.global_step} steps: behind the sweep's other points.")
            experiment.folder.say_ended_early()
    elif experiment.plan.trains and (first or (tests and can_be_shared(experiment.config_init["trainer"].as_dict()))):
        folder = experiment.folder
        if first:
            _say_trained(experiment)
        if tests:
            again = f"timbre fit {folder.path} --resume true --test true"
            experiment = run_experiment("test", [str(folder.path)], again=again) or experiment
        if first:
            folder.say_done(tests)
    finish(experiment.trainer)
    return experiment


def _is_behind(experiment: Experiment) -> bool:
    """Whether the other points of its sweep have left it behind; all processes know."""
    return any(isinstance(callback, EndBehind) and callback.is_behind for callback in _callbacks_of(experiment))


def _keep_model(experiment: Experiment) -> None:
    """Log what came of a training."""
    folder = experiment.folder
    about = {"step": experiment.trainer.global_step, "sha256": _sha256(folder.best)}
    keep_files(experiment.trainer, "model", [folder.best, folder.config, folder.first_config, folder.curves], about)


def _keep_evaluation(experiment: Experiment) -> None:
    """Log what a test said, and of which weights."""
    folder, checkpoint = experiment.folder, experiment.plan.checkpoint
    keep_files(experiment.trainer, "evaluation", experiment.reports(folder), {"sha256": _sha256(checkpoint)})


def _sha256(path: Path | None) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None and path.is_file() else ""


def experiment_of(verb: str, args: list[str], hyperparameters: Mapping[str, Any] | None = None) -> Experiment:
    """An experiment, ready to run; arguments as those of `run_experiment`.

    Raises:
        ValueError: a wrong configuration
        Finished: there is nothing left to do
    """
    quieten()
    try:
        args = with_run_folder(args)
        return _kind_of(args)(verb, args, hyperparameters)
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


def _kind_of(args: Sequence[str]) -> type[Experiment]:
    """The experiment that configurations on a command line want: of a timbre model, or what they say they learn."""
    for given in configurations(args):
        path = Path(given)
        told = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
        if isinstance(told, dict) and told.get("learns") is not None:
            from timbre.performer_experiment import PerformerExperiment

            return PerformerExperiment
    return Experiment


def _run(experiment: Experiment) -> None:
    trainer, folder = experiment.trainer, experiment.folder
    try:
        getattr(trainer, experiment.verb)(
            experiment.model, datamodule=experiment.datamodule, ckpt_path=experiment.plan.checkpoint, weights_only=True
        )
    except SystemExit as stop:  # Ctrl-C or another signal, after the checkpoint or what was tested was saved
        finish(trainer, exit_code=1)
        if experiment.verb == "test":
            if trainer.is_global_zero:
                print(f"Interrupted; what was tested is kept. Go on with: {experiment.again}")
            if isinstance(stop.__context__, KeyboardInterrupt):
                raise SystemExit(130) from stop
        if experiment.plan.trains and experiment.trainer.is_global_zero:
            print(f"Interrupted at step {trainer.global_step}. Go on with: {experiment.again}")
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


def _say_trained(experiment: Experiment) -> None:
    """How far it came, and what comes next."""
    folder, n_steps = experiment.folder, experiment.trainer.global_step
    print(f"Trained {n_steps} steps. {prospects(read_curves(folder))}".rstrip())
    if experiment.plan.tests:
        print("Testing.")
    elif not experiment.is_step:
        print(f"Next: timbre test {folder.path}")


def _has_lines() -> bool:
    """Whether a person watches, at a terminal that says its size: a bar hides on one that does not."""
    return sys.stdout.isatty() and os.get_terminal_size(sys.stdout.fileno()).lines > 0


def say(sentence: str) -> None:
    """Print it, in the first process alone."""
    if process_rank() == 0:
        print(sentence, flush=True)


def set_matmul_precision(precision: str) -> None:
    """Trade exactness of the networks' matrix products for speed, and say so; the synth and the loss stay exact."""
    torch.set_float32_matmul_precision(precision)
    if precision != "highest":
        rounded = {"high": "TF32 or two bfloat16", "medium": "bfloat16"}[precision]
        say(f"matmul precision: {precision} (the networks' float32 products may be rounded to {rounded})")


def quieten() -> None:
    """Lightning's words on devices, seeds and accounts, and its advice on loaders, do not concern these runs."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
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
        "sync_dist=True",  # what is logged of the first process' clips says so
    ):
        warnings.filterwarnings("ignore", message=f".*{phrase}.*")
