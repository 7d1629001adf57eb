"""Before torch is loaded: help, and whatever is plainly wrong, in one sentence of 80 columns of a terminal."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile

from timbre.start import refuse_wrong_place, with_run_folder
from timbre.verbs import VERBS

ROOT = Path(__file__).parents[2]
SLOW = {"torch", "lightning", "librosa", "matplotlib", "sklearn", "numba", "wandb", "scipy"}
CONFIG = """model:
  encoder:
    init_args:
      descriptors: [{class_path: synths.Level}, {class_path: synths.OddEvenBalance}]
      factors: [pedal]
"""
WRONG = {
    "render run nosuch.wav out.wav": "nosuch.wav does not exist",
    "render run text.wav out.wav": "text.wav cannot be read as sound",
    "render nosuch in.wav out.wav": "there is no checkpoint nosuch",
    "render empty in.wav out.wav": "empty is not a run: it has no config.yaml",
    "render begun in.wav out.wav": "there is no checkpoint begun/checkpoints/best.ckpt",
    "render text.wav in.wav out.wav": "text.wav is not a checkpoint",
    "render run in.wav out.mp3": "write .wav, .flac or .ogg",
    "render run in.wav nosuch/out.wav": "the folder nosuch does not exist",
    "render run in.wav out.wav --channel 1": "choose 0 to 0 or mix",
    "render run in.wav out.wav --set level": "write --set KNOB=NUMBER",
    "render run in.wav out.wav --set levle=0.5": "no knob 'levle': this model has level, odd_even_balance, pedal",
    "render run in.wav out.wav --nudge sharpness=+1": "there is no knob 'sharpness'",
    "render run in.wav out.wav --curve nosuch.csv": "--curve nosuch.csv cannot be read",
    "render run in.wav out.wav --f0 nosuch.csv": "--f0 nosuch.csv is not a number and cannot be read",
    "render run in.wav out.wav --f0 3": "3 Hz is out of range",
    "knobs nosuch": "there is no checkpoint nosuch",
    "knobs run nosuch.wav": "nosuch.wav does not exist",
    "knobs run in.wav --picture out.jpg": "ends in .png",
    "export run out.txt": "write .html, .onnx, .json, .ts or .nm",
    "export nosuch out.onnx": "there is no checkpoint nosuch",
    "play nosuch": "there is no checkpoint nosuch",
    "play nosuch.html": "nosuch.html does not exist",
    "play run --port 99999": "choose 1 to 65535",
    "turn nosuch.wav out.wav": "nosuch.wav does not exist",
    "turn text.wav out.wav": "text.wav cannot be read as sound",
    "turn in.wav out.txt": "write one of .aif",
    "turn in.wav nosuch/out.wav": "the folder nosuch does not exist",
    "turn in.wav out.wav --channel 3": "asks for number 3",
    "turn in.wav out.wav --like nosuch.wav": "nosuch.wav does not exist",
    "turn in.wav out.wav --nudge level": "write --nudge KNOB=NUMBER",
    "turn in.wav out --steps 1:2 --knob level": "write FIRST:LAST:STEP",
    "turn empty out --steps -4:4:1jnd --knob level": "empty holds no sound files",
    "describe nosuch.wav": "nosuch.wav does not exist",
    "describe text.wav": "text.wav cannot be read as sound",
    "describe empty": "there is no sound in empty",
    "describe in.wav --plot out.txt": "write .png",
    "compare nosuch": "nosuch is not a run",
    "sweep nosuch.yaml": "nosuch.yaml is not a file",
    "dashboard nosuch": "nosuch is not ENTITY/PROJECT",
    "learn nosuch": "there is no folder nosuch",
    "learn in.wav": "in.wav is a file",
    "learn empty": "empty holds no sound files",
    "learn run --minutes 0": "run holds no sound files",
    "fit": "fit needs an experiment: timbre fit -c",
    "fit -c descripter_nsynth": "did you mean {experiments}/descriptor_nsynth.yaml",
    "fit -c zzz.yaml": "choose one of {experiments}: adversarial_nsynth",
    "fit -c empty": "empty is a folder",
    "fit -c torn.yaml": "torn.yaml, line 3: it is not YAML",
    "fit nosuch --resume true": "nosuch is not a run",
    "fit {experiments}/demo.yaml": "is given with -c {experiments}/demo.yaml",
    "prepare": "prepare needs an experiment",
    "test": "test needs a run",
    "test nosuch": "nosuch is not a run",
    "test begun": "there is no checkpoint begun/checkpoints/best.ckpt",
    "predict empty": "empty is not a run",
}
PROGRAM = """
import contextlib, io, json, sys
from timbre import main
for line in json.load(sys.stdin):
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(line.split())
        except SystemExit as stop:
            code = stop.code
    loaded = sorted({name.split(".")[0] for name in sys.modules})
    print(json.dumps([code or 0, out.getvalue(), err.getvalue(), loaded]))
"""


def told(lines, folder):
    """Command lines -> exit code, output, errors and loaded packages of each, one after the other in one process."""
    command, variables = [sys.executable, "-c", PROGRAM], {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "PATH": ""}
    result = subprocess.run(command, input=json.dumps(lines), cwd=folder, env=variables, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def place(tmp_path):
    """A folder with a sound, what is none, an empty folder, a run, and one that was only begun."""
    soundfile.write(tmp_path / "in.wav", 0.1 * np.sin(np.arange(16000) / 5), 16000)
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "torn.yaml").write_text("a: 1\nb: [\n")
    (tmp_path / "empty").mkdir()
    for name in ("run", "begun"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "config.yaml").write_text(CONFIG)
    with ZipFile(tmp_path / "run" / "checkpoints" / "best.ckpt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    return tmp_path


def test_help_of_every_verb_fits_a_terminal_and_needs_no_torch(tmp_path):
    verbs = ["", *VERBS]
    for verb, (code, out, err, loaded) in zip(verbs, told([f"{verb} --help" for verb in verbs], tmp_path), strict=True):
        assert code == 0 and out.startswith("usage: ") and not err, verb
        assert not SLOW & {*loaded}, verb
        assert max(map(len, out.splitlines())) <= 80, verb


def test_what_is_plainly_wrong_is_told_in_one_sentence_without_torch(place):
    experiments = ROOT / "configs" / "experiments"
    lines = [line.format(experiments=experiments) for line in WRONG]
    for line, said, (code, out, err, loaded) in zip(lines, WRONG.values(), told(lines, place), strict=True):
        assert code == 2 and not out and err.count("\n") == 1, (line, err)
        assert said.format(experiments=experiments) in err, (line, err)
        assert not SLOW & {*loaded}, line
    assert sorted(path.name for path in place.iterdir()) == ["begun", "empty", "in.wav", "run", "text.wav", "torn.yaml"]


@pytest.mark.parametrize(
    "args",
    [
        ["-c", "good.yaml"],
        ["-c=good.yaml"],
        ["--config=good.yaml", "--trainer.max_steps", "3"],
        ["--data", "NSynth"],
        ["--data.class_path=NSynth"],
        ["-c", "{seed_everything: 1}"],
    ],
)
def test_what_may_be_right_is_left_to_the_parser(args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text("name: good\n")
    refuse_wrong_place("fit", args)


def test_a_run_that_was_killed_before_its_best_is_tested_as_it_is(place):
    last = place / "begun" / "checkpoints" / "last.ckpt"
    (place / "run" / "checkpoints" / "best.ckpt").rename(last)
    refuse_wrong_place("test", [str(place / "begun")])
    with pytest.raises(FileNotFoundError, match=r"best\.ckpt"):
        refuse_wrong_place("test", [str(place / "run")])


def test_a_run_stands_for_its_configuration_name_and_place(place):
    folder = place / "run"
    given = ["-c", f"{folder}/config.yaml", "--name", "run", "--runs", str(place), "--resume", "true"]
    assert with_run_folder([str(folder), "--resume", "true"]) == given
    assert with_run_folder(["-c", "x.yaml"]) == ["-c", "x.yaml"]


@pytest.mark.parametrize("asked", [["--help_all"], ["--help", "full"], ["--help=full"]])
def test_the_parser_tells_all_its_options(asked, monkeypatch):
    handed = []
    monkeypatch.setattr("timbre.start.import_module", lambda name: handed.append(name) or Handed(handed))
    from timbre.start import run

    run("fit", asked)
    assert handed == ["timbre.experiment", ("fit", ["--help"])]


class Handed:
    """Stands for the module that runs a verb."""

    def __init__(self, handed):
        self.handed = handed

    def run(self, verb, args):
        """Keep what is handed on."""
        self.handed.append((verb, args))
