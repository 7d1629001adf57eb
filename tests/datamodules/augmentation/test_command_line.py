"""Augmentations can be named in YAML, on the command line, and by the text of a file."""

from abc import ABC
from pathlib import Path

import lightning as L
import pytest
from lightning.pytorch.cli import LightningArgumentParser

from datamodules.augmentation import AUGMENTATIONS, Augmentation, Level, SpectralTilt

CONFIGS = sorted((Path(__file__).parents[3] / "configs" / "augmentations").glob("*.yaml"))


class AnyData(L.LightningDataModule, ABC):
    """A data module that takes augmentations as data sets do."""

    def __init__(self, augmentations: list[Augmentation] | None = None) -> None:
        super().__init__()
        self.augmentations = augmentations


class SomeData(AnyData):
    """A data set."""


@pytest.fixture
def parse():
    parser = LightningArgumentParser(parser_mode="omegaconf")
    parser.add_subclass_arguments(AnyData, "data")
    name = f"{__name__}.SomeData"
    return lambda *arguments: (
        parser.instantiate_classes(parser.parse_args(["--data", name, *arguments])).data.augmentations
    )


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_ready_list_can_be_given(config, parse):
    assert {type(each) for each in parse("--data.augmentations", config.read_text())} == set(AUGMENTATIONS)


def test_a_list_is_read_from_yaml():
    parser = LightningArgumentParser(parser_mode="omegaconf")
    parser.add_argument("--augmentations", type=list[Augmentation])
    named = "[{class_path: datamodules.augmentation.SpectralTilt, init_args: {lowest_db: -2, highest_db: 3}}, Level]"
    tilt, level = parser.instantiate_classes(parser.parse_args(["--augmentations", named])).augmentations
    assert isinstance(tilt, SpectralTilt) and tilt.tilt_db == (-2.0, 3.0) and isinstance(level, Level)


def test_a_short_name_is_enough(parse):
    (only,) = parse("--data.augmentations+", "SpectralTilt")
    assert isinstance(only, SpectralTilt) and parse() is None
