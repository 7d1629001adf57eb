"""config.yaml is the run's at every start, config.first.yaml the first's; the logger gets both hashes."""

import shutil
from types import SimpleNamespace

import pytest
import yaml

from studies.run_folder import settings_hash
from timbre.experiment import Experiment
from timbre.save_config import SaveConfig, as_written


@pytest.fixture
def experiment(tones, tmp_path, tiny):
    """More options -> a run that is ready to begin, with nothing trained."""

    def build(*more):
        return Experiment("fit", [*tiny(tones, tmp_path), "--trainer.logger", "false", "--name", "flute", *more])

    return build


@pytest.fixture
def save(tmp_path):
    """Save the configuration of an experiment, as Lightning does; what the logger gets."""

    def run(experiment, stage="fit", factors=(), labels=("pitch",), **swept):
        logged = []
        data = SimpleNamespace(
            data_hash=lambda: "f00d", datasets={"train": [SimpleNamespace(labels=dict.fromkeys(labels, 0.0))]}
        )
        trainer = SimpleNamespace(
            default_root_dir=str(experiment.folder.path), datamodule=data,
            logger=SimpleNamespace(log_hyperparams=logged.append),
        )  # fmt: skip
        module = SimpleNamespace(encoder=SimpleNamespace(factors=list(factors)))
        SaveConfig(experiment.parser, experiment.config, swept).save_config(trainer, module, stage)
        return logged

    return run


def test_the_first_configuration_is_kept_and_the_last_is_the_runs(experiment, save, trained):
    begun = experiment()
    save(begun)
    first = begun.folder.config.read_text()
    assert begun.folder.first_config.read_text() == first
    begun.folder.last.parent.mkdir()
    shutil.copy(trained / "checkpoints" / "last.ckpt", begun.folder.last)
    save(experiment("--data.num_workers", "3", "--resume", "true"))
    assert begun.folder.first_config.read_text() == first
    assert yaml.safe_load(begun.folder.config.read_text())["data"]["init_args"]["num_workers"] == 3
    assert not list(begun.folder.path.rglob("*.partial"))


def test_the_logger_gets_the_configuration_under_one_key(experiment, save):
    begun = experiment()
    (logged,) = save(begun, **{"model.turned.share": 0.5})
    written = yaml.safe_load(begun.folder.config.read_text())
    assert logged["config"] == written and logged["model.turned.share"] == 0.5
    assert (logged["config_hash"], logged["data_hash"]) == (settings_hash(written), "f00d")
    assert logged["git"] and logged["version"] and "model" not in logged


def test_another_place_is_the_same_hash_and_another_setting_is_not(experiment):
    def hashed(*more):
        built = experiment(*more)
        return settings_hash(as_written(built.parser, built.config))

    here = hashed()
    assert hashed("--data.cache", "elsewhere", "--data.copy_to", "disk", "--resume", "true", "--test", "true") == here
    assert hashed("--seed_everything", "1") != here


def test_how_a_start_was_asked_for_is_not_written(experiment, tmp_path):
    """Every verb must be able to read it, on another machine too."""
    built = experiment("--resume", "true", "--test", "true", "--data.copy_to", str(tmp_path))
    written = as_written(built.parser, built.config)
    assert not {"resume", "test"} & set(written) and written["data"]["init_args"]["copy_to"] is None
    assert built.config.resume is True, "what is running stays as it is"


@pytest.mark.parametrize("stage", ["validate", "predict"])
def test_what_only_looks_writes_nothing(experiment, save, stage):
    built = experiment()
    assert save(built, stage=stage) == [] and not built.folder.config.exists()


def test_a_test_of_weights_that_lie_elsewhere_says_what_it_was_of(experiment, save):
    """Its reports are read like a run's; where a run is, its own configuration stays."""
    tested = experiment()
    assert save(tested, stage="test") == [] and not tested.folder.first_config.exists()
    assert yaml.safe_load(tested.folder.config.read_text(encoding="utf-8"))["clip"]["sample_rate"] == 16000
    tested.folder.last.parent.mkdir(parents=True)
    tested.folder.last.touch()
    tested.folder.config.write_text("a run's", encoding="utf-8")
    save(tested, stage="test")
    assert tested.folder.config.read_text(encoding="utf-8") == "a run's"


def test_a_factor_that_is_no_label_is_refused_before_anything_is_written(experiment, save):
    built = experiment()
    with pytest.raises(ValueError, match=r"factors names shape, but the data's labels are pitch\."):
        save(built, factors=["shape"])
    assert not built.folder.config.exists()


def test_a_configuration_is_there_whole_or_as_it_was(experiment, save, monkeypatch):
    begun = experiment()
    save(begun)
    before = begun.folder.config.read_bytes()

    def torn(path, text, **options):
        path.write_bytes(text[:40].encode())
        raise OSError(28, "No space left on device")

    again = experiment("--data.num_workers", "3", "--resume", "true")
    monkeypatch.setattr("pathlib.Path.write_text", torn)
    with pytest.raises(OSError, match="No space"):
        save(again)
    assert begun.folder.config.read_bytes() == before
