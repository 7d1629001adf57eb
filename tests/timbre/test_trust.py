"""What is loaded never runs code: crafted files of many kinds end in a sentence, and what they would do is not done."""

import shutil
import sys
from pathlib import Path

import pytest
import soundfile
import torch
import yaml

from tests.lightning_modules.crafted import checkpoints, configurations, healthy, linear, shell
from timbre import main
from timbre.experiment import Experiment
from timbre.trust import without_trust

KINDS_OF_CHECKPOINT = [*checkpoints(Path("x"))]
KINDS_OF_CONFIGURATION = [*configurations(Path("x"))]


@pytest.fixture
def ran(tmp_path):
    """What a crafted file would leave."""
    return tmp_path / "ran"


@pytest.fixture
def laid_over(tones, tiny, tmp_path, monkeypatch):
    """A file's text -> options of an experiment with that file laid over it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIMBRE_TEST_SECRET", "hunter2")

    def build(text):
        (tmp_path / "over.yaml").write_text(text, encoding="utf-8")
        return [*tiny(tones, tmp_path / "runs"), "-c", "over.yaml"]

    return build


def test_a_healthy_checkpoint_is_read(tmp_path, capsys):
    torch.save(healthy(), tmp_path / "healthy.ckpt")
    main(["knobs", str(tmp_path / "healthy.ckpt")])
    assert "sharpness" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS_OF_CHECKPOINT)
def test_no_checkpoint_runs_anything(kind, ran, tmp_path, refuses):
    crafted = tmp_path / "crafted.ckpt"
    torch.save(checkpoints(ran)[kind], crafted)
    modules = {*sys.modules}
    assert "crafted.ckpt" in refuses("knobs", crafted)
    assert [path.name for path in tmp_path.iterdir()] == ["crafted.ckpt"]
    assert not {"antigravity", "webbrowser"} & ({*sys.modules} - modules)


@pytest.mark.parametrize("verb", ["render", "export", "test", "validate", "fit"])
def test_no_verb_runs_a_checkpoint(verb, ran, trained, tmp_path, refuses):
    """Nor a shared run whose last checkpoint was exchanged."""
    run = tmp_path / "run"
    shutil.copytree(trained, run, ignore=shutil.ignore_patterns("wandb"))
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    checkpoint["hyper_parameters"]["reconstruction"] = linear(ran)
    for name in ("last", "best"):
        torch.save(checkpoint, run / "checkpoints" / f"{name}.ckpt")
    (run / "DONE").unlink()
    soundfile.write(tmp_path / "in.wav", [0.1, -0.1] * 8000, 16000)  # a sound is looked at before the checkpoint
    there = [tmp_path / "in.wav", tmp_path / "out.wav"]
    more = {"render": there, "export": [tmp_path / "out.onnx"], "fit": ["--resume", "true"]}
    assert "torch.nn.Linear" in refuses(verb, run, *more.get(verb, []))
    assert not ran.exists()


def test_a_checkpoint_does_not_say_what_is_deleted(trained, tmp_path):
    """Lightning removes, with all that is in it, what a checkpoint says was the best before."""
    from lightning_modules.callbacks import BestCheckpoint

    state = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)["callbacks"]
    (saved,) = (value for key, value in state.items() if key.startswith("BestCheckpoint"))
    best = BestCheckpoint(tmp_path / "run" / "checkpoints")
    elsewhere = {"x/..": torch.tensor(9.0)}
    best.load_state_dict({**saved, "best_k_models": elsewhere, "kth_best_model_path": "x/.."})
    here = str(tmp_path / "run" / "checkpoints" / "best.ckpt")
    assert [*best.best_k_models] == [here] and best.kth_best_model_path == here


@pytest.mark.parametrize("kind", KINDS_OF_CONFIGURATION)
def test_no_configuration_runs_anything(kind, ran, laid_over, refuses, tmp_path):
    sentence = refuses("fit", *laid_over(configurations(ran)[kind]))
    assert "hunter2" not in sentence and "internal fault" not in sentence and len(sentence) < 1200
    assert {path.name for path in tmp_path.iterdir()} == {"over.yaml"}


def test_a_module_is_not_imported_to_see_what_it_is(laid_over, refuses, tmp_path, monkeypatch):
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "planted.py").write_text("open('imported', 'w')\nclass Thing: pass\n")
    monkeypatch.syspath_prepend(modules)
    for key in ("callbacks", "plugins"):
        refuses("fit", *laid_over(yaml.safe_dump({"trainer": {key: [{"class_path": "planted.Thing"}]}})))
    assert "planted.Thing" in refuses("fit", *laid_over("model: {reconstruction: planted.Thing}"))
    assert not (tmp_path / "imported").exists() and "planted" not in sys.modules


def test_nor_by_a_file_that_a_file_names_nor_on_the_command_line(ran, laid_over, refuses, tmp_path):
    (tmp_path / "part.yaml").write_text(yaml.safe_dump(linear(ran)))
    (tmp_path / "list.yaml").write_text(yaml.safe_dump([shell(ran)]))
    assert "torch.nn.Linear" in refuses("fit", *laid_over("model: {reconstruction: part.yaml}"))
    assert "torch.nn.Linear" in refuses("fit", *laid_over("{}"), "--model.reconstruction", "part.yaml")
    said = refuses("fit", *laid_over("{}"), "--data.augmentations", "list.yaml")
    assert "subprocess.Popen" in said or 'key "augmentations"' in said  # jsonargparse 4.40 reads no list from a file
    assert "subprocess.Popen" in refuses("fit", *laid_over("{}"), "--trainer.callbacks+=subprocess.Popen")
    assert "subprocess.Popen" in refuses("fit", *laid_over("{}"), "--model.encoder.help", "subprocess.Popen")
    assert not ran.exists()


@pytest.mark.parametrize("verb", ["test", "validate", "predict", "fit", "prepare"])
def test_no_verb_runs_a_shared_run(verb, ran, trained, tmp_path, refuses):
    run = tmp_path / "run"
    shutil.copytree(trained, run, ignore=shutil.ignore_patterns("wandb"))
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["trainer"]["callbacks"] = [shell(ran)]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    assert "subprocess.Popen" in refuses(verb, run)
    assert not ran.exists()


def test_trust_lifts_it_for_a_configuration(laid_over, tmp_path, monkeypatch):
    """Not more than that: it is said on the command line."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "mine.py").write_text("from lightning import Callback\nclass Mine(Callback): pass\n")
    monkeypatch.syspath_prepend(modules)
    options = laid_over("{name: '${oc.env:TIMBRE_TEST_SECRET}', trainer: {callbacks: [{class_path: mine.Mine}]}}")
    built = Experiment("validate", ["--trust", *options, "--ckpt_path", str(_saved(tmp_path))])
    assert type(built.trainer.callbacks[0]).__module__ == "mine" and built.config.name == "hunter2"


def test_trust_does_not_lift_it_for_a_checkpoint(ran, laid_over, refuses, tmp_path):
    torch.save(checkpoints(ran)["a layer with a device"], tmp_path / "crafted.ckpt")
    assert "torch.nn.Linear" in refuses("test", *laid_over("{}"), "--trust", "--ckpt_path", "crafted.ckpt")
    assert not ran.exists()


def _saved(folder):
    torch.save(healthy(), folder / "healthy.ckpt")
    return folder / "healthy.ckpt"


def test_lightnings_harmless_classes_may_be_named(laid_over, tmp_path):
    """By their paths or, on the command line, by their names alone; beside the components of the project."""
    callback = {"class_path": "lightning.pytorch.callbacks.EarlyStopping", "init_args": {"monitor": "train/loss"}}
    logger = {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": "logs"}}
    options = laid_over(yaml.safe_dump({"trainer": {"callbacks": [callback], "logger": logger}}))
    more = ["--trainer.callbacks+=LearningRateMonitor", "--trainer.profiler=SimpleProfiler", "--data.tracker=Yin"]
    parts = ["--model.synth.parts", "[synths.Harmonics]", "--model.synth.effects", "[synths.reverb.Reverb]"]
    built = Experiment("validate", [*options, *more, *parts, "--ckpt_path", str(_saved(tmp_path))])
    names = [type(callback).__name__ for callback in built.trainer.callbacks]
    assert names[:2] == ["EarlyStopping", "LearningRateMonitor"] and type(built.trainer.logger).__name__ == "CSVLogger"
    assert len(built.model.synth.parts) == 1


def test_a_known_variable_is_read(laid_over, tmp_path, monkeypatch):
    monkeypatch.setenv("NSYNTH", "somewhere")
    over = laid_over("data: {init_args: {cache: '${oc.env:NSYNTH}', copy_to: '${oc.env:SCRATCH,null}'}}")
    built = Experiment("prepare", over)
    assert built.config.data.init_args.cache == "somewhere"


def test_a_class_of_ones_own_needs_one_export(laid_over, refuses, monkeypatch):
    """And a slip of the pen is named with what was meant."""
    import synths

    class Mine(synths.Reverb):
        pass

    Mine.__module__, Mine.__qualname__ = "synths.mine", "Mine"
    monkeypatch.setattr(synths, "Mine", Mine, raising=False)
    over = laid_over("model: {synth: {init_args: {effects: [synths.Mine]}}}")
    assert "exports a class synths.Mine" in refuses("prepare", *over)
    monkeypatch.setattr(synths, "__all__", [*synths.__all__, "Mine"])
    assert type(Experiment("prepare", over).model.synth.effects[0]) is Mine
    slip = laid_over("model: {synth: {init_args: {effects: [synths.Rverb]}}}")
    assert "did you mean synths.Reverb?" in refuses("prepare", *slip)


@pytest.mark.parametrize(
    ("given", "kept", "trusted"),
    [
        (["-c", "x"], ["-c", "x"], False),
        (["--trust", "-c", "x"], ["-c", "x"], True),
        (["-c", "x", "--trust=true"], ["-c", "x"], True),
        (["--trust=false", "--trusty"], ["--trusty"], False),
    ],
)
def test_trust_is_an_option_without_a_value(given, kept, trusted):
    assert without_trust(given) == (kept, trusted)


def test_another_value_of_trust_is_refused():
    with pytest.raises(ValueError, match="without a value"):
        without_trust(["--trust=perhaps"])
