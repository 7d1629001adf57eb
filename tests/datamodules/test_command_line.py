"""Data sets and trackers can be named in YAML and on the command line."""

from pathlib import Path

import pytest
from lightning.pytorch.cli import LightningArgumentParser

import datamodules
from datamodules import ClipDataModule
from synths.clip import ClipFormat

CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "data").glob("*.yaml"))


@pytest.fixture
def parse(monkeypatch, tmp_path):
    for variable in ("AMP_SPACE", "NSYNTH", "RECORDINGS"):
        monkeypatch.setenv(variable, str(tmp_path))
    parser = LightningArgumentParser(parser_mode="omegaconf")
    parser.add_class_arguments(ClipFormat, "clip")
    parser.add_subclass_arguments(ClipDataModule, "data")
    for number in ("sample_rate", "n_samples", "hop"):
        parser.link_arguments(f"clip.{number}", f"data.init_args.clip.{number}")
    return lambda *arguments: parser.instantiate_classes(parser.parse_args(list(arguments))).data


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_names_a_data_set(config, parse):
    data = parse("--data", str(config), "--clip.hop", "64", "--data.batch_size", "3")
    kind = "recordings" if config.stem in ("piano", "plucked") else config.stem.replace("_", "")
    assert kind.startswith(type(data).__name__.lower())
    assert data.clip == ClipFormat(hop=64) and data.batch_size == 3


def test_the_tracker_is_a_choice(parse, tmp_path):
    (tmp_path / "data.yaml").write_text(
        "class_path: datamodules.NSynth\n"
        "init_args: {root: '${oc.env:NSYNTH}', families: [flute], pitches: [40, 60], "
        "tracker: {class_path: datamodules.Yin, init_args: {lowest_hz: 60}}}\n"
    )
    data = parse("--data", str(tmp_path / "data.yaml"))
    assert data.root == str(tmp_path) and data.tracker.identity == datamodules.Yin(lowest_hz=60).identity
    assert isinstance(
        parse("--data", "Recordings", "--data.root", "x", "--data.tracker", "SwiftF0").tracker, datamodules.SwiftF0
    )


@pytest.mark.parametrize("channel, meant", [("0", 0), ("mix", "mix"), ("null", None)])
def test_a_channel_is_a_number_or_mix(parse, channel, meant):
    assert parse("--data", "Recordings", "--data.root", "x", "--data.channel", channel).channel == meant
