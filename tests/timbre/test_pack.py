"""A run becomes a voice: by name and by file it plays as the run does."""

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile
import torch
import yaml

from lightning_modules.checkpoint import load_model
from studies import voices
from studies.voices import card_of
from timbre import main
from timbre.playable import playable

CONFIGS = Path(__file__).parents[2] / "configs"
BOTTLENECK = CONFIGS / "encoders" / "descriptor_bottleneck.yaml"
CRITIC = CONFIGS / "losses" / "adversarial.yaml"


@pytest.fixture(scope="module")
def instruments(tmp_path_factory, write_tone):
    """Notes of two instruments, a folder each."""
    root = tmp_path_factory.mktemp("instruments")
    for number in range(6):
        for name, f0_hz in (("flute", 440.0), ("cello", 220.0)):
            write_tone(root / name / f"{name}-{number}.wav", f0_hz * 2 ** (number / 12))
    return root


@pytest.fixture(scope="module")
def run(instruments, tiny, tmp_path_factory):
    """A run of both, with a residual and a critic."""
    runs = tmp_path_factory.mktemp("runs")
    parts = ("--model.encoder", str(BOTTLENECK), "--model.reconstruction", str(CRITIC))
    main(["fit", *tiny(instruments, runs), *parts, "--name", "both"])
    return runs / "both"


@pytest.fixture(scope="module")
def packed(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "both.timbre"
    main(["pack", str(run), str(path), "--what", "two instruments", "--licence", "MIT"])
    return path


@pytest.fixture
def shipped(packed, tmp_path, monkeypatch):
    """The voice as the only one of the package and the default, seen from an empty folder."""
    monkeypatch.setattr(voices, "FOLDER", packed.parent)
    monkeypatch.chdir(tmp_path)
    return "both"


def test_a_critic_stays_behind(run, packed):
    """The run has one and plays with it; the voice names none, has none, and plays the same but for its 16 bits."""
    models = [load_model(run / "checkpoints" / "best.ckpt"), load_model(packed)]
    assert [any("critic" in name for name in model.state_dict()) for model in models] == [True, False]
    with ZipFile(packed) as archive:
        assert not any("reconstruction" in name for name in archive.namelist())
        assert b"AdversarialLoss" not in b"".join(map(archive.read, archive.namelist()))
    states = [model.decoder.state_dict() for model in models]
    assert all(value.half().float().equal(states[1][name]) for name, value in states[0].items())


def test_its_card_says_what_was_said(packed):
    card = card_of(packed)
    assert (card.what, card.licence, card.sample_rate, card.presets) == (
        "two instruments",
        "MIT",
        16000,
        ["cello", "flute"],
    )


def test_it_brings_the_envelopes_of_its_instruments(packed):
    """Those that have four training notes, under the name of their preset."""
    about = playable(packed, "both").about
    assert [preset["name"] for preset in about["presets"]] == ["cello", "flute"]
    (bank,) = about["envelopes"]
    assert bank["name"] in ("cello", "flute") and 4 <= len(bank["cells"]) <= 6


def test_what_training_knew_of_its_sounds_is_measured_again(run, packed):
    """To the last bits: the ranges are those of the run, and the covariance too."""
    of_run, of_voice = load_model(run / "checkpoints" / "best.ckpt"), load_model(packed)
    for name in of_run.state_dict():
        if ".range." in name or ".prior." in name:
            torch.testing.assert_close(of_voice.state_dict()[name], of_run.state_dict()[name], msg=name)


def test_it_plays_as_the_run_does(run, shipped, tmp_path, write_tone):
    note = write_tone(tmp_path / "in.wav", 330.0)
    for name, model in (("run", str(run)), ("voice", shipped)):
        main(["render", model, str(note), str(tmp_path / f"{name}.wav"), "--open"])
    of_run, of_voice = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("run", "voice"))
    assert np.square(of_run - of_voice).mean() < 1e-3 * np.square(of_run).mean()


def test_presets_differ_and_a_wrong_one_is_refused(shipped, tmp_path, write_tone, refuses):
    note, sounds = write_tone(tmp_path / "in.wav", 330.0), []
    for options in ([], ["--preset", "flute"], ["--preset", "cello"]):
        main(["render", shipped, str(note), str(tmp_path / "out.wav"), "--open", *options])
        sounds.append(soundfile.read(tmp_path / "out.wav", frames=16000)[0])
    assert all(np.abs(one - other).max() > 1e-5 for one, other in zip(sounds, [*sounds[1:], sounds[0]], strict=True))
    said = refuses("render", shipped, note, tmp_path / "new.wav", "--preset", "kazoo")
    assert said == "timbre: --preset kazoo: both has no preset of that name: choose cello, flute."
    assert not (tmp_path / "new.wav").exists()


def test_without_a_model_the_default_is_meant(shipped, tmp_path, write_tone, monkeypatch, refuses):
    note = write_tone(tmp_path / "in.wav", 330.0)
    (voices.FOLDER / "orchestra.timbre").write_bytes((voices.FOLDER / "both.timbre").read_bytes())
    try:
        main(["render", str(note), "--set", "sharpness=0.5", str(tmp_path / "a.wav")])
        main(["render", "both", str(note), str(tmp_path / "b.wav"), "--set", "sharpness=0.5"])
    finally:
        (voices.FOLDER / "orchestra.timbre").unlink()
    assert np.array_equal(*(soundfile.read(tmp_path / f"{name}.wav")[0] for name in "ab"))
    assert "there is no checkpoint orchestra" in refuses("render", note, tmp_path / "c.wav")


def test_it_can_be_tested_and_predicted_with(run, shipped, tmp_path, tiny, instruments):
    options = [*tiny(instruments, tmp_path / "runs"), "--model.encoder", str(BOTTLENECK)]
    main(["predict", *options, "--name", "x", "--ckpt_path", shipped])
    assert list((tmp_path / "runs" / "x" / "predictions").rglob("*.wav"))


def test_a_training_begins_with_it(shipped, tmp_path, tiny, instruments, refuses):
    """With a rate of next to nothing its weights are those of the voice, but for the knobs' new ranges."""
    options = [*tiny(instruments / "flute", tmp_path / "runs", steps=2), "--model.encoder", str(BOTTLENECK)]
    main(["fit", *options, "--name", "tuned", "--init_from", shipped, "--model.learning_rate", "1e-12"])
    tuned, voice = (
        load_model(tmp_path / "runs" / "tuned" / "checkpoints" / "best.ckpt"),
        load_model(voices.FOLDER / "both.timbre"),
    )
    for name in ("encoder.residual.narrow.weight", "synth.effects.0.shape", "decoder.heads.weight"):
        torch.testing.assert_close(tuned.state_dict()[name], voice.state_dict()[name])
    assert not tuned.state_dict()["encoder.descriptors.1.range.span"].equal(
        voice.state_dict()["encoder.descriptors.1.range.span"]
    )
    assert tuned.trained_steps == 2
    config = (tmp_path / "runs" / "tuned" / "config.yaml").read_text(encoding="utf-8")
    assert "init_from: both\n" in config
    said = refuses(
        "fit",
        *tiny(instruments, tmp_path / "runs"),
        "--name",
        "other",
        "--init_from",
        shipped,
        "--model.decoder.width",
        "8",
    )
    assert said.startswith("timbre: --init_from both: it has") and "take model.decoder of the experiment" in said


def test_an_old_run_has_no_such_key(run):
    assert "init_from" not in (run / "config.yaml").read_text(encoding="utf-8")


def test_without_its_sounds_the_run_is_packed_as_it_is(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("datamodules.Recordings.dataset", lambda self, split: (_ for _ in ()).throw(ValueError("gone")))
    main(["pack", str(run), str(tmp_path / "x.timbre")])
    assert "not at hand" in capsys.readouterr().out
    assert card_of(tmp_path / "x.timbre").presets == []


@pytest.mark.parametrize(
    ("output", "said"), [("x.ckpt", "ends in '.ckpt': write .timbre"), ("no/x.timbre", "does not exist")]
)
def test_a_wrong_place_is_refused(run, tmp_path, output, said, refuses):
    assert said in refuses("pack", run, tmp_path / output)


def test_what_is_no_run_is_refused(instruments, tmp_path, refuses):
    assert "is not a run: it has no config.yaml" in refuses("pack", instruments, tmp_path / "x.timbre")


@pytest.fixture(scope="module")
def examined(packed, instruments, tiny, tmp_path_factory):
    """A test of the voice on its data, in a folder of its name."""
    runs = tmp_path_factory.mktemp("examined")
    options = [*tiny(instruments, runs), "--model.encoder", str(BOTTLENECK), "--trainer.logger", "false"]
    few = ["--control.n_notes", "1", "--control.renderings", "[open]", "--fitted_notes", "0"]
    main(
        ["test", *options, *few, "--trainer.limit_test_batches", "1", "--ckpt_path", str(packed), "--name", "examined"]
    )
    return runs / "examined"


def test_a_test_of_a_voice_is_a_run_for_all_that_read_one(packed, examined, tmp_path, capsys):
    config = yaml.safe_load((examined / "config.yaml").read_text(encoding="utf-8"))
    assert config["clip"]["n_samples"] == 16000
    main(["status", str(examined), "--json"])
    status = json.loads(capsys.readouterr().out)
    assert (status["state"], status["step"], status["steps"]) == ("tested", 4, 4)
    main(["report", str(examined)])
    assert "timbre render" not in (examined / "report.html").read_text(encoding="utf-8")
    main(["compare", str(examined), "--out", str(tmp_path / "compare")])
    assert "examined" in (tmp_path / "compare" / "compare.md").read_text(encoding="utf-8")


def test_a_run_s_own_configuration_is_no_test_s(run, tiny, instruments):
    before = (run / "config.yaml").read_bytes()
    options = ["--trainer.logger", "false", "--control.n_notes", "0", "--control.renderings", "[open]"]
    few = ["--data.batch_size", "1", "--trainer.limit_test_batches", "1", "--fitted_notes", "0"]
    main(["test", str(run), *options, *few])
    assert (run / "config.yaml").read_bytes() == before


def test_a_voice_takes_the_figures_of_another_test_with_its_numbers_as_they_were(packed, examined, tmp_path, capsys):
    other = tmp_path / "other.timbre"
    main(["pack", str(packed), str(other), "--examined", str(examined), "--licence", "CC0"])
    assert f"{other}: " in capsys.readouterr().out
    with ZipFile(packed) as before, ZipFile(other) as after:
        assert before.namelist() == after.namelist()
        assert all(before.read(name) == after.read(name) for name in before.namelist() if name != "voice.json")
    was, now = card_of(packed), card_of(other)
    assert (now.what, now.presets, now.licence) == (was.what, was.presets, "CC0") and not was.examined
    assert {"error_jnd", "error_jnd_in_reach"} <= {figure.name for figure in now.examined}
    main(["voices", str(other)])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("    in reach ") for line in lines) and max(map(len, lines)) <= 80


def test_of_a_voice_something_is_to_be_another(packed, tmp_path, refuses):
    for options in ([], ["--checkpoint", "last", "--what", "x"]):
        assert "is a voice already: say what is to be another" in refuses(
            "pack", packed, tmp_path / "x.timbre", *options
        )


def test_the_test_of_other_weights_is_refused(packed, examined, tmp_path, refuses):
    other = tmp_path / "runs" / "other"
    other.mkdir(parents=True)
    for name in ("config.yaml", "control.json", "control.csv", "notes.csv"):
        (other / name).write_bytes((examined / name).read_bytes())
    report = json.loads((examined / "metrics.json").read_text(encoding="utf-8"))
    report["facts"]["steps"] = 5
    (other / "metrics.json").write_text(json.dumps(report), encoding="utf-8")
    said = refuses("pack", packed, tmp_path / "x.timbre", "--examined", other)
    assert "a test of weights of 5 steps, and both has 4" in said and not (tmp_path / "x.timbre").exists()
