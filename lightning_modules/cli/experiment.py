"""`timbre prepare | fit | validate | test | predict`: an experiment from its configuration."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any, Literal

import torch
from jsonargparse import ArgumentError, set_parsing_settings
from lightning import Trainer
from lightning.pytorch.callbacks import Callback, LearningRateMonitor, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from datamodules import AmpSpace, ClipDataModule, Slice
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.callbacks import ControlEvaluation, Evaluation, Listen, Transformation, Usage, WriteAudio
from lightning_modules.checkpoint import refuse_unreadable
from lightning_modules.examination import ExaminationSettings
from lightning_modules.provenance import provenance
from lightning_modules.whole_files import written_whole
from synths import ClipFormat

CLIP_FIELDS = ("sample_rate", "n_samples", "hop")


class SaveConfig(SaveConfigCallback):
    """The resolved configuration, into the run's folder and to the logger."""

    def save_config(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Write config.yaml whole or not at all."""
        if stage != "fit":
            return
        _refuse_unknown_factors(trainer, pl_module)  # before there is a run that goes by this configuration
        folder = Path(trainer.default_root_dir)
        with written_whole(folder / "config.yaml") as partial:
            self.parser.save(self.config, partial, skip_none=False, overwrite=True, multifile=False)
        if trainer.logger is not None:
            trainer.logger.log_hyperparams({"config": self.config.as_dict(), **provenance()})


def _refuse_unknown_factors(trainer: Trainer, module: Any) -> None:
    labels = trainer.datamodule.datasets["train"][0].labels  # type: ignore[attr-defined]
    for factor in module.encoder.factors:
        if factor not in labels:
            known = ", ".join(sorted(labels)) or "none"
            raise ValueError(f"model.encoder.factors names {factor}, but the data's labels are {known}.")


class Experiment(LightningCLI):
    """LightningCLI with one clip format for model and data, and one folder per run."""

    def __init__(self, verb: str, args: list[str]) -> None:
        set_parsing_settings(omegaconf_absolute_to_relative_paths=True)
        self.verb = verb
        super().__init__(
            TimbreAutoencoder,
            ClipDataModule,
            subclass_mode_data=True,
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False},
            seed_everything_default=0,
            parser_kwargs={
                "parser_mode": "omegaconf",
                "prog": f"timbre {verb}",
                "description": _DESCRIPTIONS[verb],
                "exit_on_error": False,
            },
            args=args,
            run=False,
            auto_configure_optimizers=False,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """The run's name and place, the checkpoint, and the clip format that model and data share."""
        parser.add_argument("--name", type=str | None, default=None, help="of the run; by default the experiment's")
        parser.add_argument("--runs", type=str, default="runs", help="folder that holds the runs")
        parser.add_argument("--ckpt_path", type=str | None, default=None, help="last, best, or a checkpoint's path")
        parser.add_argument(
            "--matmul_precision",
            type=Literal["highest", "high", "medium"],
            default="highest",
            help="of float32 matrix products in the networks: high and medium may round to TF32 or bfloat16, faster",
        )
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
    def folder(self) -> Path:
        """Where everything of the run is."""
        return Path(self.config.runs) / self.config.name

    def before_instantiate_classes(self) -> None:
        """Name the run after its experiment, and find the checkpoint before anything slow."""
        if not self.config.name:
            given = self.config.get("config") or []
            self.config.name = Path(str(given[-1])).stem if given else "run"
        self.checkpoint = self._find_checkpoint(self.config.ckpt_path)
        self.config.ckpt_path = None
        set_matmul_precision(self.config.matmul_precision)
        if self.verb == "fit" and self.checkpoint is None and (self.folder / "config.yaml").exists():
            raise ValueError(
                f"{self.folder} already holds a run: go on with `timbre fit {self.folder} --ckpt_path last`, "
                "or choose another --name."
            )

    def _find_checkpoint(self, asked: str | None) -> Path | None:
        if asked is None and self.verb in ("prepare", "fit"):
            return None
        asked = asked or "best"
        folder = self.folder / "checkpoints"
        path = folder / f"{asked}.ckpt" if asked in ("best", "last") else Path(asked)
        if asked == "last" and not path.exists() and (folder / "best.ckpt").exists():
            path = folder / "best.ckpt"  # killed after its first validation, before its first regular save
        refuse_unreadable(path)
        return path

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer, writing to the run's folder."""
        trainer_config = self.config_init["trainer"]
        self.training = training = self.verb == "fit" and not trainer_config.get("fast_dev_run")
        if self.verb != "prepare":
            self.folder.mkdir(parents=True, exist_ok=True)
        if self.verb == "prepare":  # wherever the model will be trained, this needs no accelerator
            kwargs |= {"accelerator": "cpu", "devices": 1, "num_nodes": 1, "strategy": "auto", "logger": False}
        elif trainer_config.get("logger") in (None, True):
            kwargs["logger"] = self._wandb() if training or self.verb == "test" else False
        callbacks: list[Callback] = [*(trainer_config.get("callbacks") or []), TQDMProgressBar(refresh_rate=5)]
        self.evaluation = Evaluation()
        judging = [self.evaluation, Transformation(), ControlEvaluation(self.config_init["control"]), WriteAudio()]
        callbacks += self._callbacks() if training else judging
        kwargs["use_distributed_sampler"] = False  # the data deals clips out to the processes itself, resumably
        return super().instantiate_trainer(default_root_dir=str(self.folder), callbacks=callbacks, **kwargs)

    def _wandb(self) -> WandbLogger:
        """A logger that needs no account; `WANDB_MODE=online` sends the run as it goes."""
        online = os.environ.get("WANDB_MODE", "offline") == "online"
        os.environ.setdefault("WANDB_DATA_DIR", str(self.folder.resolve()))
        latest = self.folder / "wandb" / "latest-run"
        return WandbLogger(
            project="interpretsynth",
            name=self.config.name,
            save_dir=str(self.folder),
            offline=not online,
            # run-DATE_TIME-ID: continued or tested, it stays the same run
            version=latest.resolve().name.rsplit("-", 1)[-1] if latest.exists() else None,
            resume="allow",
        )

    def _callbacks(self) -> list[Callback]:
        folder = self.folder / "checkpoints"
        best = ModelCheckpoint(
            folder, "best", monitor="validation/reconstruction", enable_version_counter=False, save_weights_only=False
        )
        last = ModelCheckpoint(
            folder, "last", every_n_train_steps=50, save_on_exception=True, enable_version_counter=False
        )
        # Without a logger there is nothing to monitor the rate for.
        rate = [LearningRateMonitor("step")] if self.config_init["trainer"].get("logger") in (None, True) else []
        return [best, last, Listen(), Usage(), *rate]


_DESCRIPTIONS = {
    "prepare": "Read and check the data and track its pitch, once; later runs find it beside the audio.",
    "fit": "Train a model; checkpoints, configuration, samples and logs go to runs/NAME.",
    "validate": "Losses of a run on its validation clips.",
    "test": "Judge a run on held-out notes: metrics.json, notes.csv and a table.",
    "predict": "Write the resyntheses of the test notes as WAV.",
}


def run(verb: str, args: list[str]) -> None:
    """Run one of the verbs of an experiment."""
    run_experiment(verb, args)


def run_experiment(verb: str, args: list[str]) -> Experiment:
    """Run one of the verbs of an experiment, and hand back what ran."""
    _quieten()
    try:
        experiment = Experiment(verb, _expand_run_folder(args))
    except (ArgumentError, MisconfigurationException) as error:
        raise ValueError(readable_error(str(error))) from error
    if verb == "prepare":
        _prepare(experiment)
        return experiment
    try:
        getattr(experiment.trainer, verb)(
            experiment.model, datamodule=experiment.datamodule, ckpt_path=experiment.checkpoint, weights_only=True
        )
    except SystemExit as stop:  # Ctrl-C or SIGTERM, after the checkpoint was saved
        if experiment.training:
            step = experiment.trainer.global_step
            print(f"\nInterrupted at step {step}. Go on with: timbre fit {experiment.folder} --ckpt_path last")
        raise SystemExit(stop.code or 143) from None
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        raise ValueError(
            f"{experiment.checkpoint} does not fit this model ({str(error).splitlines()[1].strip()}): "
            "use the run's own config.yaml."
        ) from error
    if experiment.training:
        experiment.trainer.save_checkpoint(experiment.folder / "checkpoints" / "last.ckpt", weights_only=False)
        print(f"Trained {experiment.trainer.global_step} steps. Next: timbre test {experiment.folder}")
    if isinstance(experiment.trainer.logger, WandbLogger):
        experiment.trainer.logger.experiment.finish()
    return experiment


def _prepare(experiment: Experiment) -> None:
    """Bring the shards up to date, and say what there is."""
    data = experiment.datamodule
    if experiment.config.manifest:
        _write_manifest(data)
        return
    part = Slice.parse(experiment.config.slice)
    data.prepare_data(part, listed_anew=True)
    print(data.prepare_report())
    if part.of > 1:
        print(f"Slice {part.number} of {part.of} is done; the last one to finish completes the shards.")
    if experiment.config.verify:
        damaged = data.damaged()
        if damaged:
            raise ValueError(f"{', '.join(damaged)} changed since written: delete them and run timbre prepare again.")
        print("Every shard is as it was written.")


def _write_manifest(data: ClipDataModule) -> None:
    if not isinstance(data, AmpSpace):
        raise ValueError(f"--manifest is for pairs: {type(data).__name__} has none, data.AmpSpace does.")
    for name, reason in data.write_manifest().items():
        print(f"left out {name}: {reason}")
    print(f"Written: {data.root}/ampspace.jsonl. Mend lags, splits and rows in it, then run timbre prepare.")


def set_matmul_precision(precision: str) -> None:
    """Trade exactness of the networks' matrix products for speed, and say so; the synth and the loss stay exact."""
    torch.set_float32_matmul_precision(precision)
    if precision != "highest":
        rounded = {"high": "TF32 or two bfloat16", "medium": "bfloat16"}[precision]
        rank_zero_info(f"matmul precision: {precision} (the networks' float32 products may be rounded to {rounded})")


def readable_error(message: str) -> str:
    """The parser's report of a wrong key or value, without its layout."""
    lines = [line.strip(" -") for line in message.splitlines() if line.strip(" -")]
    return "configuration: " + " ".join(lines)


def _expand_run_folder(args: list[str]) -> list[str]:
    """`runs/flute ...` -> the configuration, name and place of that run."""
    if not args or args[0].startswith("-"):
        return args
    folder = Path(args[0])
    config = folder / "config.yaml"
    if not config.is_file():
        raise FileNotFoundError(f"{folder} is not a run: it has no config.yaml.")
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
    ):
        warnings.filterwarnings("ignore", message=f".*{phrase}.*")
