"""The resolved configuration of a run: into its folder, and to its logger."""

from collections.abc import Mapping
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace
from lightning import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback

from datamodules import ClipDataModule
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.provenance import provenance
from output.whole_files import write_text
from studies.run_folder import RunFolder, settings_hash


class SaveConfig(SaveConfigCallback):
    """Writes config.yaml at every start and config.first.yaml at the first; logs both configuration and its hash.

    `hyperparameters` are values by dotted key that a sweep varies: logged one by one, for W&B's tables and axes.
    """

    def __init__(
        self, parser: Any, config: Namespace, hyperparameters: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(parser, config, **options)
        self.hyperparameters = hyperparameters or {}

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write it whole or not at all."""
        if stage != "fit":
            return
        data: ClipDataModule = trainer.datamodule  # type: ignore[attr-defined]
        if isinstance(pl_module, TimbreAutoencoder):
            _refuse_unknown_factors(data, pl_module)  # before there is a run that goes by this configuration
        folder, config = RunFolder(trainer.default_root_dir), as_written(self.parser, self.config)
        text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
        first = folder.is_begun and folder.first_config.exists()
        for path in (folder.config, *([] if first else [folder.first_config])):
            write_text(path, text)
        if trainer.logger is not None:
            hashes = {"config_hash": settings_hash(config), "data_hash": data.data_hash()}
            trainer.logger.log_hyperparams({"config": config, **hashes, **provenance(), **self.hyperparameters})


def as_written(parser: ArgumentParser, config: Namespace) -> dict[str, Any]:
    """The configuration as config.yaml holds it: every verb can read it, on another machine too."""
    written: dict[str, Any] = yaml.safe_load(parser.dump(config, skip_none=False))
    for key in ("resume", "test"):
        written.pop(key, None)
    for key in ("init_from", "patience"):
        if written.get(key) is None:
            written.pop(key, None)  # as in runs of before there was such a key
    data = (written.get("data") or {}).get("init_args") or {}
    if "copy_to" in data:
        data["copy_to"] = None  # the disk of a machine, in a job's own folder
    return written


def _refuse_unknown_factors(data: ClipDataModule, module: TimbreAutoencoder) -> None:
    labels = data.datasets["train"][0].labels
    for factor in module.encoder.factors:
        if factor not in labels:
            known = ", ".join(sorted(labels)) or "none"
            raise ValueError(f"model.encoder.factors names {factor}, but the data's labels are {known}.")
