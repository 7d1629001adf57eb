"""Every file of sweeps/: sound, and every point of it is another model that the command line can build."""

import dataclasses
import hashlib
from pathlib import Path

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command_args

from studies.sweep import point, read_sweep, telling_points
from timbre.experiment import experiment_of
from timbre.sweep import build_model

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "sweeps").glob("*.yaml"))
SWEEPS = [read_sweep(path) for path in FILES]
every_sweep = pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.name)


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    """Where the paths in a sweep's file hold."""
    monkeypatch.chdir(ROOT)


def options_of(sweep, values):
    """A point as W&B's agent hands it over."""
    command = {"args": {name: {"value": value} for name, value in values.items()}}
    return [*sweep.options, *create_sweep_command_args(command)["args"]]


def build(sweep, values):
    """The model of a point."""
    return build_model(options_of(sweep, values))


def fingerprint(model):
    """What makes a model: its modules, every plain number or word in them, and its weights."""
    digest = hashlib.sha256(str(model).encode())
    for name, module in model.named_modules():
        plain = {key: value for key, value in vars(module).items() if is_plain(value)}
        digest.update(f"{name} {sorted(plain.items())}".encode())
    for name, weights in model.state_dict().items():
        digest.update(name.encode() + weights.cpu().numpy().tobytes())
    return digest.hexdigest()


def is_plain(value):
    return isinstance(value, (bool, int, float, str)) or dataclasses.is_dataclass(value)


def test_there_are_grids_and_ranges():
    """The tests below are not void."""
    assert {"grid", "random"} <= {sweep.method for sweep in SWEEPS} and len(SWEEPS) >= 6
    assert any(not setting.choices for sweep in SWEEPS for setting in sweep.settings)


@every_sweep
def test_asks_a_question(sweep):
    assert sweep.question.endswith("?")


@every_sweep
def test_its_experiment_and_files_exist(sweep):
    paths = [word for word in sweep.options if word.endswith(".yaml")]
    paths += [choice for setting in sweep.settings for choice in setting.choices if str(choice).endswith(".yaml")]
    assert paths and all((ROOT / path).is_file() for path in paths)


@every_sweep
def test_an_agent_that_takes_over_goes_on(sweep):
    assert ("--resume", "true") in zip(sweep.options, sweep.options[1:], strict=False)


@every_sweep
def test_every_value_makes_another_model(sweep):
    """All other settings at their first value."""
    first = {setting.name: setting.extremes[0] for setting in sweep.settings}
    for setting in sweep.settings:
        models = [fingerprint(build(sweep, first | {setting.name: value})) for value in setting.extremes]
        assert len(set(models)) == len(setting.extremes), setting.name


def test_the_same_values_make_the_same_model():
    """The oracle above sees no differences of its own making."""
    values = point(SWEEPS[0], 0)
    assert fingerprint(build(SWEEPS[0], values)) == fingerprint(build(SWEEPS[0], values))


@every_sweep
def test_the_command_line_makes_the_same_model_ready_to_train(sweep, tmp_path):
    values = point(sweep, sweep.n_points - 1)
    experiment = experiment_of("fit", [*options_of(sweep, values), "--runs", str(tmp_path)])
    assert fingerprint(experiment.model) == fingerprint(build(sweep, values)) and experiment.config.test


@pytest.mark.slow
@every_sweep
def test_every_point_can_be_built_and_no_two_are_the_same_model(sweep):
    indices = range(sweep.n_points if sweep.method == "grid" else 10)
    assert len({fingerprint(build(sweep, point(sweep, index))) for index in indices}) == len(indices)


def test_an_encoder_is_what_its_file_says_and_keeps_nothing_of_the_experiment():
    (families,) = [sweep for sweep in SWEEPS if sweep.name == "encoder_families"]
    for values in telling_points(families):
        asked = yaml.safe_load((ROOT / values["model.encoder"]).read_text())
        encoder = build(families, values).encoder
        residual = (asked["init_args"].get("residual") or {"class_path": ".NoneType"})["class_path"]
        assert type(encoder).__name__ == asked["class_path"].rsplit(".", 1)[-1]
        found = getattr(encoder, "residual", None)
        assert type(found).__name__ == residual.rsplit(".", 1)[-1]
