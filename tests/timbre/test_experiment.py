"""fit, validate, test, predict: one run from its configuration to its numbers."""

import csv
import json
import os
import re
import signal
from pathlib import Path

import pytest
import soundfile
import torch
import yaml

from evaluation.resynthesis import METRICS, QUICK_METRICS
from lightning_modules.checkpoint import load_model
from lightning_modules.decoders import TcnDecoder
from timbre import main

KNOBS = ["level", "sharpness", "fundamental_share", "odd_even_balance", "noisiness"]
EXPERIMENTS = Path(__file__).parents[2] / "configs" / "experiments"


def test_a_run_keeps_everything_in_its_folder(trained):
    assert {path.name for path in (trained / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    config = yaml.safe_load((trained / "config.yaml").read_text())
    assert config["clip"]["n_samples"] == 16000 and config["model"]["decoder"]["init_args"]["width"] == 16
    assert list((trained / "wandb").glob("offline-run-*")), "W&B logs without an account"
    assert len(list((trained / "samples").glob("*.wav"))) == len(list((trained / "samples").glob("*.png"))) * 2 > 0
    assert not list(trained.rglob("*.partial"))


def test_wandb_has_audio_pictures_and_configuration(trained):
    logs = (trained / "wandb").glob("offline-run-*")
    media = [path.suffix for log in logs for path in (log / "files" / "media").rglob("*") if path.is_file()]
    assert ".wav" in media and ".png" in media


def test_the_checkpoint_says_what_made_it(trained):
    checkpoint = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    made_by = checkpoint["interpretsynth"]
    assert [kind.split()[0] for kind in made_by["knobs"]] == KNOBS
    assert made_by["f0_tracker"].startswith("yin") and made_by["git"] and made_by["version"]
    assert checkpoint["global_step"] == 4
    assert checkpoint["state_dict"]["encoder.calibrated"]


def test_test_writes_every_metric(trained, capsys):
    main(["test", str(trained), "--control.n_notes", "2", "--control.passes", "1"])
    report = json.loads((trained / "metrics.json").read_text())
    opened, quick = [metric.name for metric in METRICS], [metric.name for metric in QUICK_METRICS]
    for rendering, names in (("open", opened), ("exact", quick), ("live", [])):
        assert [each["name"] for each in report["metrics"] if each["rendering"] == rendering] == names
    assert report["facts"]["steps"] == 4
    rows = list(csv.DictReader((trained / "notes.csv").open()))
    assert len(rows) == 4 * report["n_notes"] >= 4
    assert {row["rendering"] for row in rows} == {"open", "exact", "fit", "two seeds"}
    beside = {each["model"]["name"]: each for each in report["bounds"]}
    assert list(beside) == opened and beside["visqol"]["fit"]["n"] == report["n_notes"]
    assert beside["multi_resolution_stft"]["two_seeds"]["value"] < 1.0
    assert list((trained.parent / ".fitted").glob("*.json"))
    control = json.loads((trained / "control.json").read_text())
    assert control["knobs"] == KNOBS and control["facts"]["steps"] == 4
    assert all(len(sweep["measured"]) == len(sweep["asked"]) == 11 for sweep in control["sweeps"])
    named = {figure["name"] for figure in control["figures"]}
    assert {"frave_score", "frave_floor", "ordering", "error_jnd", "off_target_drift_jnd", "leakage", "mig"} <= named
    assert {figure["rendering"] for figure in control["figures"]} == {"open", "exact", "live"}
    lines = list(csv.DictReader((trained / "control.csv").open()))
    assert [line["knob"] for line in lines] == KNOBS * (len(lines) // len(KNOBS)) and lines
    sounds = json.loads((trained / "sliders" / "sliders.json").read_text())["sliders"]
    assert {slider["rendering"] for slider in sounds} == {"exact"}
    printed = capsys.readouterr().out
    assert "visqol" in printed and "sharpness" in printed
    run_ids = {path.name.rsplit("-", 1)[-1] for path in (trained / "wandb").glob("offline-run-*")}
    assert len(run_ids) == 1, "fit and test are one run of W&B"


def test_predict_writes_sounds_and_validate_the_losses(trained, capsys):
    sounds = {}
    for option in ("true", "false"):
        main(["predict", str(trained), "--open", option])
        written = sorted((trained / "predictions").rglob("*.wav"))
        assert written and soundfile.info(written[0]).frames == 16000
        sounds[option] = soundfile.read(written[0])[0]
        printed = capsys.readouterr().out
        assert f"Written: {trained / 'predictions'} ({len(written)} WAV files)" in printed
        found = re.search(r"Knobs are off by ([0-9.]+) JND in the mean; ([0-9.]+) as the decoder", printed)
        assert bool(found) == (option == "false")
    assert float(found[1]) < 0.3 * float(found[2])
    assert abs(sounds["true"] - sounds["false"]).max() > 1e-3
    main(["predict", str(trained), "--also", "[spectral_spread=+20Hz]"])
    assert re.search(r"spectral_spread: met in \d+ clips", capsys.readouterr().out)
    main(["validate", str(trained)])
    assert "validation/reconstruction" in capsys.readouterr().out


def test_an_interrupted_run_goes_on(tones, tmp_path, tiny):
    """Stopped by an exception after 3 of 8 steps, then continued: the step count is whole, the weights moved on."""
    main(["fit", *tiny(tones, tmp_path, steps=8), "--name", "cut", "--trainer.max_steps", "3"])
    first = torch.load(tmp_path / "cut" / "checkpoints" / "last.ckpt", weights_only=True)
    main(["fit", str(tmp_path / "cut"), "--ckpt_path", "last", "--trainer.max_steps", "8"])
    second = torch.load(tmp_path / "cut" / "checkpoints" / "last.ckpt", weights_only=True)
    assert (first["global_step"], second["global_step"]) == (3, 8)
    moved = [key for key in first["state_dict"] if not torch.equal(first["state_dict"][key], second["state_dict"][key])]
    assert any(key.startswith("decoder.") for key in moved)
    assert torch.equal(
        first["state_dict"]["encoder.descriptors.1.range.span"],
        second["state_dict"]["encoder.descriptors.1.range.span"],
    )


@pytest.mark.parametrize("experiment", sorted(path.name for path in EXPERIMENTS.glob("*.yaml")))
def test_every_experiment_parses(experiment, tmp_path, monkeypatch):
    from timbre.experiment import Experiment

    monkeypatch.chdir(tmp_path)
    config = EXPERIMENTS / experiment
    built = Experiment("prepare", ["-c", str(config), "--runs", str(tmp_path), "--model.decoder.width", "16"])
    assert built.folder.path == tmp_path / Path(experiment).stem
    assert built.model.clip == built.datamodule.clip


@pytest.mark.parametrize("encoder", sorted(path.name for path in (EXPERIMENTS.parent / "encoders").glob("*.yaml")))
def test_every_encoder_parses(encoder, tmp_path):
    from timbre.experiment import Experiment

    config, chosen = EXPERIMENTS / "demo.yaml", EXPERIMENTS.parent / "encoders" / encoder
    built = Experiment("prepare", ["-c", str(config), "--runs", str(tmp_path), "--model.encoder", str(chosen)])
    written = yaml.safe_load(chosen.read_text())["init_args"]["descriptors"]
    assert len(built.model.encoder.knobs) == len(written) and built.model.encoder.knobs[0] == "level"


def test_a_second_fit_does_not_overwrite_the_first(trained, tones, refuses, tiny):
    sentence = refuses("fit", *tiny(tones, trained.parent), "--name", "tones")
    assert "already holds a run" in sentence and "--resume true" in sentence


def test_data_that_is_not_there_is_named(tmp_path, refuses, tiny):
    sentence = refuses("fit", *tiny(tmp_path / "nowhere", tmp_path))
    assert "nowhere" in sentence and "data.root" in sentence


def test_an_empty_folder_is_named(tmp_path, refuses, tiny):
    (tmp_path / "empty").mkdir()
    assert "empty" in refuses("fit", *tiny(tmp_path / "empty", tmp_path / "runs"))


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--model.decoder_widht", "32", "decoder_widht"),
        ("--model.decoder.width", "wide", "width"),
        ("--data.rot", "x", "rot"),
        ("--clip.hop", "7", "clip.hop"),
        ("--clip.sample_rate", "8000", "clip.sample_rate"),
        ("--model.encoder.descriptors", "[Sharpnes]", "Sharpnes"),
        ("--model.encoder.init_args.descriptors", "[synths.Brilliance]", "exports a class synths.Brilliance"),
        ("--model.encoder.descriptors", "[synths.SpectralDescriptor]", "SpectralDescriptor, a knob without a range"),
        ("--model.encoder.descriptors", "[synths.Hardness]", "hardness cannot be a knob"),
        ("--model.encoder.residual", "synths.Level", "subclass of"),
        ("--model.encoder.residual", "lightning_modules.encoders.Botleneck", "Botleneck"),
        (
            "--model.encoder",
            "{class_path: AdversarialEncoder, init_args: {residual: BottleneckResidual, strength: -1}}",
            "strength -1",
        ),
        ("--model.encoder", "{class_path: DisentangledEncoder, init_args: {kl_wieght: 1}}", "kl_wieght"),
        ("--model.turned.share", "3", "turned.share"),
        ("--model.turned.weight", "-1", "turned.weight"),
        ("--model.turned.wieght", "1", "turned.wieght"),
        ("--model.turned.how_many", "few", "turned.how_many"),
        ("--model.residual_dropout", "1", "model.residual_dropout"),
        ("--model.knob_weight", "-1", "model.knob_weight"),
        ("--trainer.accelerator", "abacus", "abacus"),
    ],
)
def test_a_wrong_key_or_value_is_named(option, value, named, tones, tmp_path, refuses, tiny):
    assert named in refuses("fit", *tiny(tones, tmp_path), option, value)
    assert not list(tmp_path.rglob("config.yaml"))


def test_a_missing_configuration_is_named(tmp_path, refuses):
    assert "no-such.yaml" in refuses("fit", "-c", tmp_path / "no-such.yaml")


def test_without_an_experiment_one_is_asked_for(tmp_path, refuses):
    """With no configuration, and with one that does not say all that is needed."""
    assert "fit needs an experiment: timbre fit -c" in refuses("fit")
    (tmp_path / "named.yaml").write_text("name: alone\n")
    said = refuses("fit", "-c", tmp_path / "named.yaml")
    assert "data" in said and said.strip().endswith("An experiment gives them: -c configs/experiments/NAME.yaml.")


def test_a_missing_checkpoint_is_named(trained, refuses):
    assert "nothing.ckpt" in refuses("test", trained, "--ckpt_path", "nothing.ckpt")


def test_a_folder_that_is_no_run_is_named(tmp_path, refuses):
    assert "config.yaml" in refuses("test", tmp_path)


def test_runs_that_cannot_be_written_are_named(tones, tmp_path, refuses, tiny):
    (tmp_path / "file").write_text("in the way")
    assert str(tmp_path / "file") in refuses("fit", *tiny(tones, tmp_path / "file"), "--name", "x")


def test_another_tracker_is_refused(trained, refuses):
    sentence = refuses("test", trained, "--data.tracker", "{class_path: datamodules.Yin, init_args: {lowest_hz: 60}}")
    assert "60-" in sentence and "data.tracker" in sentence


def test_a_checkpoint_of_another_shape_is_refused(trained, refuses):
    assert "does not fit" in refuses("test", trained, "--model.decoder.width", "24")


@pytest.fixture(scope="module")
def uninterrupted(tones, tiny, tmp_path_factory):
    """Last checkpoint of a run of seven steps."""
    runs = tmp_path_factory.mktemp("uninterrupted")
    main(["fit", *tiny(tones, runs, steps=7), "--name", "whole"])
    return torch.load(runs / "whole" / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.parametrize("step", [3, 4, 5])
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.usefixtures("in_a_terminal")
def test_an_interruption_leaves_no_trace(step, number, uninterrupted, tones, tmp_path, tiny, monkeypatch):
    """A signal in the middle of a step, or at the end of an epoch: continued, the same weights to the bit."""
    from lightning_modules.autoencoder import TimbreAutoencoder

    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    plain = TimbreAutoencoder.training_step

    def interrupted(module, batch, batch_idx):
        if module.global_step == step - 1:
            os.kill(os.getpid(), number)
        return plain(module, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(TimbreAutoencoder, "training_step", interrupted)
        with pytest.raises(SystemExit) as stop:
            main(["fit", *tiny(tones, tmp_path, steps=7), "--name", "cut"])
    assert stop.value.code == 128 + number
    last = tmp_path / "cut" / "checkpoints" / "last.ckpt"
    assert torch.load(last, weights_only=True)["global_step"] == step
    assert (tmp_path / "cut" / "REQUEUE").exists() and not (tmp_path / "cut" / "DONE").exists()
    main(["fit", *tiny(tones, tmp_path, steps=7), "--name", "cut", "--resume", "true"])
    cut = torch.load(last, weights_only=True)
    assert uninterrupted["global_step"] == cut["global_step"] == 7
    for name, weights in uninterrupted["state_dict"].items():
        assert torch.equal(weights, cut["state_dict"][name]), name
    assert (tmp_path / "cut" / "DONE").exists() and not (tmp_path / "cut" / "REQUEUE").exists()


def test_rounded_matrix_products_are_asked_for_and_said(tmp_path, monkeypatch):
    """Exact by default; `--matmul_precision medium` says what it does."""
    from timbre.experiment import Experiment

    said = []
    monkeypatch.setattr("timbre.experiment.say", said.append)
    arguments = ["-c", str(EXPERIMENTS / "descriptor_recordings.yaml"), "--runs", str(tmp_path)]
    try:
        Experiment("prepare", [*arguments, "--matmul_precision", "medium"])
        assert torch.get_float32_matmul_precision() == "medium" and "bfloat16" in said[0]
    finally:
        Experiment("prepare", arguments)
    assert torch.get_float32_matmul_precision() == "highest" and len(said) == 1


def test_a_checkpoint_knows_its_components(tones, tmp_path, tiny):
    """A decoder, a synth and knobs other than the default are rebuilt from the checkpoint alone."""
    other = ["--model.decoder", "TcnDecoder", "--model.decoder.width", "8", "--model.decoder.n_layers", "3"]
    arguments = [value for value in tiny(tones, tmp_path, steps=1) if value not in ("--model.decoder.width", "16")]
    knobs = ["--model.encoder.descriptors", "[synths.Sharpness]", "--model.synth.effects", "[]"]
    main(["fit", *arguments, *other, *knobs, "--name", "other"])
    model = load_model(tmp_path / "other" / "checkpoints" / "last.ckpt")
    assert isinstance(model.decoder.decoder, TcnDecoder) and len(model.decoder.decoder.layers) == 3
    assert model.encoder.knobs == ["sharpness"] and not model.synth.effects


def test_a_factor_that_the_data_lacks_is_refused_before_there_is_a_run(tones, tmp_path, refuses, tiny):
    encoder = str(EXPERIMENTS.parent / "encoders" / "disentangled.yaml")
    options = [*tiny(tones, tmp_path), "--name", "factors", "--model.encoder", encoder, "--trainer.logger", "false"]
    sentence = refuses("fit", *options, "--model.encoder.factors", "[vco_2.shape]")
    assert "vco_2.shape" in sentence and "labels are none" in sentence
    assert not (tmp_path / "factors" / "config.yaml").exists()


def test_clips_are_shared_out_by_the_data_not_by_the_trainer(tones, tmp_path, tiny):
    from timbre.experiment import Experiment

    built = Experiment("fit", [*tiny(tones, tmp_path), "--trainer.logger", "false"])
    assert built.trainer._accelerator_connector.use_distributed_sampler is False


def test_training_stops_at_the_first_value_that_is_not_finite(tones, tmp_path, tiny, refuses, monkeypatch):
    """The checkpoint of before stays, none is written after, and a run that goes on from it ends well."""
    from lightning_modules.autoencoder import TimbreAutoencoder
    from lightning_modules.encoders import Term

    options, run = [*tiny(tones, tmp_path, steps=6), "--name", "bad", "--trainer.logger", "false"], tmp_path / "bad"
    plain = TimbreAutoencoder.knob_terms

    def spoilt(module, *args):
        terms = plain(module, *args)
        return terms | {"knobs": Term(terms["knobs"].value * float("nan"))} if module.global_step == 4 else terms

    main(["fit", *options, "--trainer.max_steps", "3"])
    before = {path: path.read_bytes() for path in run.glob("checkpoints/*")}
    (run / "DONE").unlink()
    go_on = ["fit", run, "--ckpt_path", "last", "--trainer.max_steps", "6", "--trainer.val_check_interval", "6"]
    with monkeypatch.context() as patch:
        patch.setattr(TimbreAutoencoder, "knob_terms", spoilt)
        sentence = refuses(*go_on)
    assert (run / "FAILED").read_text().startswith("in step 5 of training, the term knobs was not finite")
    assert "in step 5 of training, the term knobs was not finite" in sentence and "last.ckpt" in sentence
    assert {path: path.read_bytes() for path in run.glob("checkpoints/*")} == before and not (run / "DONE").exists()
    main([str(option) for option in go_on])
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 6
    assert not (run / "FAILED").exists()


def test_weights_that_are_not_finite_are_never_written(tones, tmp_path, tiny, refuses, monkeypatch):
    """A gradient may be none where the loss still is a number."""
    from lightning_modules.autoencoder import TimbreAutoencoder

    def spoil(module, *_):
        next(module.decoder.parameters()).data[0] = float("nan")

    monkeypatch.setattr(TimbreAutoencoder, "on_before_zero_grad", spoil, raising=False)
    monkeypatch.setattr(TimbreAutoencoder, "validation_step", lambda *_: None)
    options = [*tiny(tones, tmp_path, steps=1), "--name", "bad", "--trainer.logger", "false"]
    assert "not finite" in refuses("fit", *options) and not list(tmp_path.rglob("*.ckpt"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--model.learning_rate", value) for value in (".inf", "-.inf", ".nan", "nan", "0", "-1")),
        *(("--data.batch_size", value) for value in ("0", "-1")),
        ("--data.num_workers", "-1"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_there_is_a_folder(option, value, tones, tmp_path, tiny, refuses):
    sentence = refuses("fit", *tiny(tones, tmp_path / "runs"), option, value)
    assert option.rpartition(".")[2] in sentence and len(sentence) < 300 and not (tmp_path / "runs").exists()


def test_a_start_that_failed_is_in_nobodys_way(tones, tmp_path, tiny, refuses, monkeypatch):
    """It had no checkpoint: the mended command begins anew, and what it began with is forgotten."""
    from lightning_modules.autoencoder import TimbreAutoencoder

    def fails(*_):
        raise ValueError("no")

    options = [*tiny(tones, tmp_path, steps=1), "--name", "run", "--trainer.logger", "false"]
    for resume in ("false", "true"):
        with monkeypatch.context() as patch:
            patch.setattr(TimbreAutoencoder, "on_fit_start", fails)
            refuses("fit", *options, "--resume", resume)
        assert (tmp_path / "run" / "config.yaml").exists()
    main(["fit", *options, "--model.knob_weight", "2", "--resume", "true"])
    assert yaml.safe_load((tmp_path / "run" / "config.first.yaml").read_text())["model"]["knob_weight"] == 2.0


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b", "a\nb"])
def test_a_name_is_that_of_one_folder(name, tones, tmp_path, tiny, refuses):
    assert "not the name of one folder" in refuses("fit", *tiny(tones, tmp_path), f"--name={name or '.'}")
