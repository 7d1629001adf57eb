"""The configuration of model, data and trainer, from files and options."""

import os
import re
from collections.abc import Mapping
from typing import Any, Literal

from jsonargparse.typing import NonNegativeInt
from lightning import LightningModule
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from datamodules import ClipDataModule
from evaluation.control.examination import ExaminationSettings
from lightning_modules.autoencoder import TimbreAutoencoder
from synths import ClipFormat
from timbre.save_config import SaveConfig
from timbre.trust import reading, without_trust
from timbre.verbs import VERBS

CLIP_FIELDS = ("sample_rate", "n_samples", "hop")
_TRUST = "A configuration may name known classes only; --trust lifts that for one whose author you trust."


class Configured(LightningCLI):
    """LightningCLI with one clip format for model and data, and names and places of a run.

    Args:
        verb: whose options there are
        args: options of the command line
        hyperparameters: values by dotted key that a sweep varies, for the logger
    """

    model_class: type[LightningModule] = TimbreAutoencoder

    def __init__(self, verb: str, args: list[str], hyperparameters: Mapping[str, Any] | None = None) -> None:
        self.verb = verb
        args, self.trusted = without_trust(args)
        with reading(self.trusted):
            self._read(args, hyperparameters or {})

    def _read(self, args: list[str], hyperparameters: Mapping[str, Any]) -> None:
        super().__init__(
            self.model_class,
            ClipDataModule,
            subclass_mode_data=True,
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False, "hyperparameters": hyperparameters},
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
            "--init_from",
            type=str | None,
            default=None,
            help="begin a training with the weights of a voice, run or checkpoint, on other sounds (fine-tuning)",
        )
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
        if self.verb == "predict":
            parser.add_argument(
                "--open", type=bool, default=False, help="write what the decoder plays, its knobs not corrected"
            )
            parser.add_argument(
                "--also",
                type=list[str],
                default=[],
                help="descriptors that the model was not trained on, turned in every clip: [warmth=+5points]",
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
        parser.add_argument(
            "--fitted_notes",
            type=NonNegativeInt,
            default=24,
            help="to how many test notes the synth is fitted, spread over the split, to say what it could do without a "
            "network and what its noise costs; 0 for none. One of two seconds takes 1.4 s of one core, once for all "
            "models that are tested on it",
        )
        parser.add_argument(
            "--patience",
            type=int | None,
            default=None,
            help="end a training when so many validations in a row were no better; null never does",
        )
        parser.add_class_arguments(ClipFormat, "clip")
        parser.add_class_arguments(ExaminationSettings, "control")
        for field in CLIP_FIELDS:
            parser.link_arguments(f"clip.{field}", f"model.clip.{field}")
            parser.link_arguments(f"clip.{field}", f"data.init_args.clip.{field}")


class ModelAlone(Configured):
    """The model of a configuration, and nothing else of it."""

    def instantiate_classes(self) -> None:
        """Build it; no data is looked for, and no folder made."""
        self.model = self.parser.instantiate_classes(self.config).model


def readable_error(message: str) -> str:
    """The parser's report of a wrong key or value, without its layout."""
    found = _UNION.search(message)
    lines = [line.strip(" -") for line in (found[1] if found else message).splitlines()]
    lines = [line for line in lines if line and not line.startswith(("Given value", "Subtypes:", "Errors:"))]
    said = "configuration: " + " ".join(lines)
    wants_experiment = "arguments are required" in said or 'Key "data" is required' in said  # newer and older parsers
    given = said.rstrip(".")
    return f"{given}. An experiment gives them: -c configs/experiments/NAME.yaml." if wants_experiment else said


_UNION = re.compile(r"Does not validate against any of the Union subtypes.*?Errors:\s*-\s*(.*?)\n\s*-\s*Expected", re.S)
"""What the parser says of a value that may also be null: the part that tells what is wrong."""
